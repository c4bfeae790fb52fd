package sftp

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/pkg/sftp"

	"chrononctl/internal/deploy/target"
)

// fileMode is that of files that another account, Airflow's, has to read.
const fileMode = 0o644

// disk is a folder on the other machine.
type disk struct {
	client  *sftp.Client
	wire    *wire
	root    string
	release func()
}

var _ target.Disk = disk{}

func (d disk) at(name string) string { return path.Join(d.root, name) }

func (d disk) Lstat(name string) (fs.FileInfo, error) {
	info, err := d.client.Lstat(d.at(name))
	return info, d.wire.explain("look at "+d.at(name), err)
}

func (d disk) ReadFile(name string) ([]byte, error) {
	data, err := readFile(d.client, d.at(name))
	return data, d.wire.explain("read "+d.at(name), err)
}

func (d disk) ReadDir(name string) ([]fs.DirEntry, error) {
	infos, err := d.client.ReadDir(d.at(name))
	if err != nil {
		return nil, d.wire.explain("list "+d.at(name), err)
	}
	entries := make([]fs.DirEntry, len(infos))
	for i, info := range infos {
		entries[i] = fs.FileInfoToDirEntry(info)
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

func (d disk) MkdirAll(name string) error {
	return d.wire.explain("make the folder "+d.at(name), d.client.MkdirAll(d.at(name)))
}

func (d disk) Create(name string, data []byte) error {
	return d.wire.explain("write "+d.at(name), createFile(d.client, d.at(name), data))
}

func (d disk) Rename(from, to string) error {
	return d.wire.explain("write "+d.at(to), d.client.PosixRename(d.at(from), d.at(to)))
}

func (d disk) Remove(name string) error {
	return d.wire.explain("remove "+d.at(name), d.client.Remove(d.at(name)))
}

// Sync does nothing: the protocol cannot flush a folder.
func (d disk) Sync(string) error { return nil }

// Close leaves the connection to the next operation.
func (d disk) Close() error {
	d.release()
	return nil
}

func readFile(client *sftp.Client, name string) ([]byte, error) {
	file, err := client.Open(name)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(file)
	return data, errors.Join(err, file.Close())
}

// createFile writes a file that must not exist yet, and flushes it.
func createFile(client *sftp.Client, name string, data []byte) error {
	file, err := client.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Chmod(fileMode)
	}
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}
