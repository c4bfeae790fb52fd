package cmd

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/google/renameio/v2"
	"golang.org/x/sync/errgroup"

	"chrononctl/dagspec"
)

// fileChanges is what has to happen in a folder so that it holds a release.
type fileChanges struct {
	dir    string
	write  []dagspec.File // supporting files first, so that a DAG file never names what is not there
	remove []string       // generated files of an earlier run
}

// foreignFileError is a file in the way that chrononctl did not write.
type foreignFileError struct{ path, hint string }

func (e foreignFileError) Error() string {
	return fmt.Sprintf("generate: %s is in the way and was not written by chrononctl; nothing was written", e.path)
}

func (e foreignFileError) Hint() string { return e.hint }

// foreignFile refuses to touch somebody's file.
func foreignFile(path, hint string) error { return exit(ExitRefused, foreignFileError{path, hint}) }

// planFiles compares a release with a folder, several files at a time. It changes nothing.
func planFiles(dir string, files []dagspec.File) (fileChanges, error) {
	differ := make([]bool, len(files))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, file := range files {
		group.Go(func() error {
			var err error
			differ[i], err = differs(dir, file)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return fileChanges{}, err
	}
	changes := fileChanges{dir: dir}
	wanted := make(map[string]bool, len(files))
	for i, file := range files {
		wanted[file.Path] = true
		if differ[i] {
			changes.write = append(changes.write, file)
		}
	}
	slices.SortStableFunc(changes.write, func(a, b dagspec.File) int {
		return cmp.Compare(min(len(a.DAGs), 1), min(len(b.DAGs), 1))
	})
	var err error
	changes.remove, err = leftovers(dir, wanted)
	return changes, err
}

// differs says whether a file of a folder is missing or another one. It is an error if somebody else wrote it.
func differs(dir string, file dagspec.File) (bool, error) {
	path := filepath.Join(dir, filepath.FromSlash(file.Path))
	present, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, nil
	case err != nil:
		return false, fmt.Errorf("generate: %w", err)
	case bytes.Equal(present, file.Data), file.Path == dagspec.IgnoreFile && ignores(present):
		return false, nil
	case len(file.DAGs) > 0 && !generated(present):
		return false, foreignFile(path, "move it away, or choose another folder")
	case file.Path == dagspec.IgnoreFile:
		return false, foreignFile(path, "add the line "+dagspec.SupportFolder+" to it, or choose another folder")
	default:
		return true, nil
	}
}

// leftovers are the generated DAG files in a folder that are not wanted.
func leftovers(dir string, wanted map[string]bool) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("generate: %w", err)
	}
	var names []string
	for _, entry := range entries {
		if wanted[entry.Name()] || !entry.Type().IsRegular() || filepath.Ext(entry.Name()) != ".py" {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("generate: %w", err)
		}
		if generated(data) {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

// generated says whether a file begins with the line that every generated DAG file has.
func generated(data []byte) bool { return bytes.HasPrefix(data, []byte(dagspec.Header+"\n")) }

// ignores says whether somebody's own ignore file keeps Airflow out of the supporting files.
func ignores(data []byte) bool {
	return slices.ContainsFunc(strings.Split(string(data), "\n"), func(line string) bool { return strings.TrimSpace(line) == dagspec.SupportFolder })
}

// put writes one file: a reader sees the old content or the new one.
func (c fileChanges) put(file dagspec.File) error {
	path := filepath.Join(c.dir, filepath.FromSlash(file.Path))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return renameio.WriteFile(path, file.Data, 0o644)
}
