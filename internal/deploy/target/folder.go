package target

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
)

// folder is one space of a dir target.
type folder struct {
	open     func() (Disk, error)
	optional bool            // a folder that is not there reads as an empty one
	swept    map[string]bool // folders that were cleared of files that an earlier, interrupted write left behind
}

var (
	_ Reader = (*folder)(nil)
	_ Writer = (*folder)(nil)
)

// with opens the folder for one operation, so that there is nothing to close afterwards.
func (f *folder) with(ctx context.Context, do func(Disk) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	disk, err := f.open()
	if err != nil {
		return err
	}
	return errors.Join(do(disk), disk.Close())
}

// absent says that an error only means that there is nothing to read.
func (f *folder) absent(err error) bool {
	return f.optional && errors.Is(err, fs.ErrNotExist)
}

// Stat implements [Reader]. It reads every file: a dir target has no other way to know a content hash.
func (f *folder) Stat(ctx context.Context, paths []string) (map[string]Entry, error) {
	entries := make(map[string]Entry, len(paths))
	err := f.with(ctx, func(disk Disk) error {
		for _, name := range paths {
			if err := errors.Join(ctx.Err(), CheckPath(name)); err != nil {
				return err
			}
			switch entry, err := stat(disk, name); {
			case err != nil:
				return err
			case entry.Version != Absent:
				entries[name] = entry
			}
		}
		return nil
	})
	if err != nil && !f.absent(err) {
		return nil, err
	}
	return entries, nil
}

// stat describes what is at a path; an entry without a version when that is nothing. A pipe or a device is never opened.
func stat(disk Disk, name string) (Entry, error) {
	info, err := disk.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Entry{}, nil
	case err != nil:
		return Entry{}, err
	case !info.Mode().IsRegular():
		kind := special(info.Mode())
		return Entry{Version: Version(kind), Special: kind}, nil
	}
	data, err := disk.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return Entry{}, nil
	}
	if err != nil {
		return Entry{}, err
	}
	sum := digest(data)
	return Entry{SHA256: sum, Version: Version(sum)}, nil
}

func special(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeSymlink != 0:
		return "a symbolic link"
	default:
		return "not a plain file"
	}
}

// Read implements [Reader].
func (f *folder) Read(ctx context.Context, name string) ([]byte, Version, error) {
	var data []byte
	err := f.with(ctx, func(disk Disk) (err error) {
		if err := CheckPath(name); err != nil {
			return err
		}
		data, err = disk.ReadFile(name)
		return err
	})
	if err != nil {
		return nil, Absent, err
	}
	return data, Version(digest(data)), nil
}

// List implements [Reader].
func (f *folder) List(ctx context.Context, name string) ([]string, error) {
	var names []string
	err := f.with(ctx, func(disk Disk) error {
		if name != "." {
			if err := CheckPath(name); err != nil {
				return err
			}
		}
		entries, err := disk.ReadDir(name)
		for _, entry := range entries {
			if !entry.IsDir() && !isTemp(entry.Name()) {
				names = append(names, entry.Name())
			}
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return names, nil
}

// Write implements [Writer].
func (f *folder) Write(ctx context.Context, name string, data []byte, replaces Version) (Version, error) {
	err := f.with(ctx, func(disk Disk) error {
		if err := expect(disk, name, replaces); err != nil {
			return err
		}
		parent := path.Dir(name)
		if err := disk.MkdirAll(parent); err != nil {
			return err
		}
		if err := f.sweep(disk, parent); err != nil {
			return err
		}
		return place(disk, name, data)
	})
	if err != nil {
		return Absent, fmt.Errorf("write %s: %w", name, err)
	}
	return Version(digest(data)), nil
}

// expect is the check before a change: the path is a fair one, and holds what the caller thinks it does.
// Between it and the rename there is no lock against writers that are no deploy; a file system offers none.
func expect(disk Disk, name string, version Version) error {
	if err := CheckPath(name); err != nil {
		return err
	}
	entry, err := stat(disk, name)
	if err != nil {
		return err
	}
	if entry.Version != version || entry.Special != "" {
		return &ConflictError{Path: name}
	}
	return nil
}

// place writes a file beside its destination and renames it, so that a reader sees the old file or the new one.
func place(disk Disk, name string, data []byte) error {
	parent, base := path.Split(name)
	temp := parent + tempPrefix + base + "-" + rand.Text()[:8] + tempSuffix
	err := disk.Create(temp, data)
	if err == nil {
		err = disk.Rename(temp, name)
	}
	if err != nil {
		_ = disk.Remove(temp) // what stays is swept by the next write into this folder
		return err
	}
	return disk.Sync(path.Dir(name))
}

// sweep removes, once in a session and folder, what an interrupted write left behind. The lock says that nobody is still writing it.
func (f *folder) sweep(disk Disk, name string) error {
	if f.swept[name] {
		return nil
	}
	entries, err := disk.ReadDir(name)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if isTemp(entry.Name()) {
			if err := disk.Remove(path.Join(name, entry.Name())); err != nil {
				return err
			}
		}
	}
	if f.swept == nil {
		f.swept = map[string]bool{}
	}
	f.swept[name] = true
	return nil
}

// Remove implements [Writer]. Folders below the root that it leaves empty go too.
func (f *folder) Remove(ctx context.Context, name string, version Version) error {
	if version == Absent {
		return nil
	}
	err := f.with(ctx, func(disk Disk) error {
		if err := expect(disk, name, version); err != nil {
			return err
		}
		if err := disk.Remove(name); err != nil {
			return err
		}
		return f.shrink(disk, path.Dir(name))
	})
	if err != nil {
		return fmt.Errorf("remove %s: %w", name, err)
	}
	return nil
}

// shrink removes a folder and its parents as long as they are empty, and flushes the first one that stays.
func (f *folder) shrink(disk Disk, name string) error {
	for name != "." {
		if err := f.sweep(disk, name); err != nil {
			return err
		}
		entries, err := disk.ReadDir(name)
		if err != nil {
			return err
		}
		if len(entries) > 0 {
			break
		}
		if err := disk.Remove(name); err != nil {
			return err
		}
		delete(f.swept, name)
		name = path.Dir(name)
	}
	return disk.Sync(name)
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
