package target

import (
	"errors"
	"io/fs"
	"os"
)

// Disk is the file system under one folder, in the few calls that the dir driver makes of it. Names are slash paths
// below the folder, and no call reaches outside of it, through whatever symbolic link.
type Disk interface {
	Lstat(name string) (fs.FileInfo, error)
	ReadFile(name string) ([]byte, error)
	ReadDir(name string) ([]fs.DirEntry, error)
	MkdirAll(name string) error
	// Create writes a file that must not exist yet, and flushes it.
	Create(name string, data []byte) error
	Rename(from, to string) error
	// Remove removes a file, or a folder that is empty.
	Remove(name string) error
	// Sync flushes the entries of a folder, without which a rename may be lost with the power.
	Sync(folder string) error
	Close() error
}

// The modes are those of files that another account, Airflow's, has to read.
const (
	fileMode   = 0o644
	folderMode = 0o755
)

// OpenDisk opens a folder of the real file system. [os.Root] keeps every name inside of it.
func OpenDisk(folder string) (Disk, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	return disk{Root: root}, nil
}

// OpenScratch is [OpenDisk] without flushing anything, for a folder that goes with the program: most of the time of a small deploy is spent on that.
func OpenScratch(folder string) (Disk, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	return disk{Root: root, scratch: true}, nil
}

// disk adds to os.Root the calls that it lacks; the rest is promoted from it.
type disk struct {
	*os.Root

	scratch bool // nothing is flushed
}

func (d disk) ReadDir(name string) ([]fs.DirEntry, error) {
	return fs.ReadDir(d.FS(), name)
}

func (d disk) MkdirAll(name string) error {
	return d.Root.MkdirAll(name, folderMode)
}

func (d disk) Create(name string, data []byte) error {
	file, err := d.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil && !d.scratch {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

func (d disk) Sync(folder string) error {
	if d.scratch {
		return nil
	}
	file, err := d.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
