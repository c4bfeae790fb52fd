package git

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"chrononctl/internal/deploy/target"
)

// space is the files below a prefix on a branch.
type space struct {
	repo   *repository
	at     func(context.Context) (tips, error) // the commits to read
	ref    string
	prefix string // "" or with a slash at its end
}

var _ target.Reader = space{}

// tree is what the commit has there.
func (s space) tree(ctx context.Context) (tree, error) {
	tips, err := s.at(ctx)
	if err != nil {
		return nil, err
	}
	return s.repo.tree(ctx, tips[s.ref])
}

// Stat implements [target.Reader]. The version of a file is its blob id; the SHA-256 of its content is not known without it.
func (s space) Stat(ctx context.Context, paths []string) (map[string]target.Entry, error) {
	for _, name := range paths {
		if err := target.CheckPath(name); err != nil {
			return nil, err
		}
	}
	files, err := s.tree(ctx)
	if err != nil {
		return nil, err
	}
	folders := files.folders()
	entries := make(map[string]target.Entry, len(paths))
	for _, name := range paths {
		full := s.prefix + name
		if file, ok := files[full]; ok {
			entries[name] = file.entry()
		} else if folders[full] {
			entries[name] = target.Entry{Version: "a folder", Special: "a folder"}
		}
	}
	return entries, nil
}

// Read implements [target.Reader].
func (s space) Read(ctx context.Context, name string) ([]byte, target.Version, error) {
	if err := target.CheckPath(name); err != nil {
		return nil, target.Absent, err
	}
	files, err := s.tree(ctx)
	if err != nil {
		return nil, target.Absent, err
	}
	file, ok := files[s.prefix+name]
	if !ok {
		return nil, target.Absent, fmt.Errorf("read %s: %w", name, fs.ErrNotExist)
	}
	data, err := s.repo.git(ctx, nil, "cat-file", "blob", file.id)
	if err != nil {
		return nil, target.Absent, fmt.Errorf("read %s: %w", name, err)
	}
	return data, target.Version(file.id), nil
}

// List implements [target.Reader].
func (s space) List(ctx context.Context, folder string) ([]string, error) {
	if folder != "." {
		if err := target.CheckPath(folder); err != nil {
			return nil, err
		}
	}
	files, err := s.tree(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for name := range files {
		if rest, ok := strings.CutPrefix(name, s.prefix); ok && path.Dir(rest) == folder {
			names = append(names, path.Base(rest))
		}
	}
	slices.Sort(names)
	return names, nil
}

// tree is the files of a commit by their path.
type tree map[string]file

// file is one entry of a tree.
type file struct {
	mode string
	id   string
}

func (f file) entry() target.Entry {
	entry := target.Entry{Version: target.Version(f.id)}
	switch f.mode {
	case "100644", "100755":
	case "120000":
		entry.Special = "a symbolic link"
	default:
		entry.Special = "not a plain file"
	}
	return entry
}

func (t tree) folders() map[string]bool {
	out := map[string]bool{}
	for name := range t {
		for folder := path.Dir(name); folder != "." && !out[folder]; folder = path.Dir(folder) {
			out[folder] = true
		}
	}
	return out
}
