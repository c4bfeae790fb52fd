package targettest

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"sync"
	"time"

	"chrononctl/internal/deploy/target"
)

// unflushed is the real file system, without the flushes that only matter when the power goes.
type unflushed struct {
	target.Disk
	root *os.Root
}

func openUnflushed(folder string) (target.Disk, error) {
	disk, err := target.OpenDisk(folder)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, errors.Join(err, disk.Close())
	}
	return unflushed{disk, root}, nil
}

func (d unflushed) Create(name string, data []byte) error {
	if _, err := d.root.Lstat(name); err == nil {
		return fs.ErrExist
	}
	return d.root.WriteFile(name, data, 0o644)
}

func (d unflushed) Sync(string) error { return nil }

func (d unflushed) Close() error { return errors.Join(d.Disk.Close(), d.root.Close()) }

// Memory is a file system in memory with every folder that it is asked for: for tests that run through thousands of operations, and in which time is not
// the machine's. It is safe for concurrent use.
type Memory struct {
	mutex   sync.Mutex
	folders map[string]map[string]node // by absolute path, and by the name in it
	ticks   time.Duration              // so that no two writes have one time
}

// node is a file, or a folder.
type node struct {
	name    string
	data    []byte
	written time.Time
	folder  bool
}

// Open is the Open of [target.DirOptions].
func (m *Memory) Open(folder string) (target.Disk, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.folders == nil {
		m.folders = map[string]map[string]node{}
	}
	if m.folders[folder] == nil {
		m.folders[folder] = map[string]node{}
	}
	return memoryDisk{m, folder}, nil
}

type memoryDisk struct {
	*Memory
	root string
}

// parent is the folder that a name is in, nil when there is none, and the last element of the name. The caller holds the mutex.
func (d memoryDisk) parent(name string) (in map[string]node, base string) {
	folder, base := path.Split(name)
	if folder == "" {
		return d.folders[d.root], base
	}
	return d.folders[d.root+"/"+folder[:len(folder)-1]], base
}

func failed(op, name string, err error) error { return &fs.PathError{Op: op, Path: name, Err: err} }

func (d memoryDisk) Lstat(name string) (fs.FileInfo, error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	in, base := d.parent(name)
	found, ok := in[base]
	switch {
	case name == ".":
		return info{node{name: name, folder: true}}, nil
	case !ok:
		return nil, failed("lstat", name, fs.ErrNotExist)
	}
	return info{found}, nil
}

func (d memoryDisk) ReadFile(name string) ([]byte, error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	in, base := d.parent(name)
	found, ok := in[base]
	if !ok || found.folder {
		return nil, failed("read", name, fs.ErrNotExist)
	}
	return bytes.Clone(found.data), nil
}

func (d memoryDisk) ReadDir(name string) ([]fs.DirEntry, error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	folder, ok := d.folders[path.Join(d.root, name)]
	if !ok {
		return nil, failed("readdir", name, fs.ErrNotExist)
	}
	entries := make([]fs.DirEntry, 0, len(folder))
	for _, name := range slices.Sorted(maps.Keys(folder)) {
		entries = append(entries, fs.FileInfoToDirEntry(info{folder[name]}))
	}
	return entries, nil
}

func (d memoryDisk) MkdirAll(name string) error {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	for ; name != "."; name = path.Dir(name) {
		at := path.Join(d.root, name)
		if d.folders[at] == nil {
			d.folders[at] = map[string]node{}
		}
		up := path.Dir(at)
		if d.folders[up] == nil {
			d.folders[up] = map[string]node{}
		}
		d.folders[up][path.Base(at)] = node{name: path.Base(at), folder: true}
	}
	return nil
}

func (d memoryDisk) Create(name string, data []byte) error {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	in, base := d.parent(name)
	switch _, there := in[base]; {
	case in == nil:
		return failed("create", name, fs.ErrNotExist)
	case there:
		return failed("create", name, fs.ErrExist)
	}
	d.ticks++
	in[base] = node{name: base, data: bytes.Clone(data), written: time.Now().Add(d.ticks)}
	return nil
}

func (d memoryDisk) Rename(from, to string) error {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	source, base := d.parent(from)
	dest, newBase := d.parent(to)
	moved, ok := source[base]
	if !ok || moved.folder || dest == nil || dest[newBase].folder {
		return failed("rename", from+" to "+to, fs.ErrInvalid)
	}
	delete(source, base)
	moved.name = newBase
	dest[newBase] = moved
	return nil
}

func (d memoryDisk) Remove(name string) error {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	in, base := d.parent(name)
	found, ok := in[base]
	at := path.Join(d.root, name)
	switch {
	case !ok:
		return failed("remove", name, fs.ErrNotExist)
	case found.folder && len(d.folders[at]) > 0:
		return failed("remove", name, errors.New("folder not empty"))
	case found.folder:
		delete(d.folders, at)
	}
	delete(in, base)
	return nil
}

func (d memoryDisk) Sync(string) error { return nil }
func (d memoryDisk) Close() error      { return nil }

// info tells of a node.
type info struct{ node }

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return int64(len(i.data)) }
func (i info) ModTime() time.Time { return i.written }
func (i info) IsDir() bool        { return i.folder }
func (i info) Sys() any           { return nil }
func (i info) Mode() fs.FileMode {
	if i.folder {
		return fs.ModeDir | 0o755
	}
	return 0o644
}
