package target

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// Names in the state folder of a dir target that are the driver's own.
const (
	lockFile  = "lock"
	ownerFile = "owner.json"
)

// DirOptions says where a dir target is. Only Path is needed.
type DirOptions struct {
	Path   string                            // the folder that Airflow scans; it must exist
	Folder string                            // our folder below it, a slash path, made by the first Lock; empty: Path itself
	State  string                            // default: .chrononctl/<name of Path> beside Path, with -<Folder> when there is one
	Open   func(folder string) (Disk, error) // default: OpenDisk
}

// Dir is a folder on a local or network file system that Airflow scans.
//
// A write goes to a temporary file in the same folder, is flushed, and is renamed into place. The version of a file is
// its content hash. The lock is flock(2) on a file of the state folder: the kernel gives it back when the process ends, however it ends.
type Dir struct {
	path   string
	folder string
	state  string
	open   func(folder string) (Disk, error)
}

var _ Target = (*Dir)(nil)

// NewDir describes a dir target. It creates nothing; a first Lock creates the state folder.
func NewDir(opts DirOptions) (*Dir, error) {
	if opts.Path == "" {
		return nil, errors.New("dir target: no path")
	}
	path, err := resolve(opts.Path)
	if err != nil {
		return nil, fmt.Errorf("dir target %s: %w", opts.Path, err)
	}
	if opts.Folder != "" {
		if err := CheckPath(opts.Folder); err != nil {
			return nil, fmt.Errorf("dir target %s: folder: %w", path, err)
		}
	}
	if opts.State == "" {
		name := strings.Join(append([]string{filepath.Base(path)}, strings.FieldsFunc(opts.Folder, isSlash)...), "-")
		opts.State = filepath.Join(filepath.Dir(path), ".chrononctl", name)
	}
	state, err := resolve(opts.State)
	if err != nil {
		return nil, fmt.Errorf("dir target %s: state folder %s: %w", path, opts.State, err)
	}
	if rel, err := filepath.Rel(path, state); err == nil && filepath.IsLocal(rel) {
		return nil, &StateInsideError{Path: path, State: state}
	}
	if opts.Open == nil {
		opts.Open = OpenDisk
	}
	return &Dir{path: path, folder: opts.Folder, state: state, open: opts.Open}, nil
}

func isSlash(r rune) bool { return r == '/' }

// resolve makes a path absolute, and follows the symbolic links of the part of it that exists.
func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	for rest := ""; ; {
		found, err := filepath.EvalSymlinks(path)
		switch {
		case err == nil:
			return filepath.Join(found, rest), nil
		case !errors.Is(err, fs.ErrNotExist):
			return "", err
		}
		path, rest = filepath.Dir(path), filepath.Join(filepath.Base(path), rest)
	}
}

// StateInsideError says that the state folder would lie in the folder that Airflow scans.
type StateInsideError struct {
	Path, State string
}

func (e *StateInsideError) Error() string {
	return fmt.Sprintf("dir target %s: its state folder %s is inside of it", e.Path, e.State)
}

// Hint says what to do about it.
func (e *StateInsideError) Hint() string {
	return "name a state folder that Airflow does not scan"
}

// NoFolderError says that the folder of a dir target is not there. It is never created: a DAG folder that does not exist is a slip.
type NoFolderError struct {
	Path string
}

func (e *NoFolderError) Error() string { return fmt.Sprintf("dir target: %s does not exist", e.Path) }

// Hint says what to do about it.
func (e *NoFolderError) Hint() string {
	return "check the path of the target against dags_folder of Airflow's configuration, or create the folder"
}

func (d *Dir) String() string { return "dir " + d.Path() }

// Path is the folder that holds our files, absolute and with symbolic links followed.
func (d *Dir) Path() string { return filepath.Join(d.path, filepath.FromSlash(d.folder)) }

// DAGs implements [Target].
func (d *Dir) DAGs() Reader { return d.dags() }

// State implements [Target].
func (d *Dir) State() Reader { return d.memory() }

func (d *Dir) dags() *folder {
	return &folder{optional: true, open: func() (Disk, error) {
		disk, err := d.open(d.Path())
		if !errors.Is(err, fs.ErrNotExist) {
			return disk, err
		}
		if _, missing := os.Stat(d.path); errors.Is(missing, fs.ErrNotExist) {
			return nil, &NoFolderError{Path: d.path}
		}
		return nil, err
	}}
}

// settle makes our folder below the one that Airflow scans.
func (d *Dir) settle() error {
	if d.folder == "" {
		return nil
	}
	disk, err := d.open(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return &NoFolderError{Path: d.path}
	}
	if err != nil {
		return err
	}
	return errors.Join(disk.MkdirAll(d.folder), disk.Close())
}

func (d *Dir) memory() *folder {
	return &folder{optional: true, open: func() (Disk, error) { return d.open(d.state) }}
}

// Lock implements [Target].
func (d *Dir) Lock(ctx context.Context, owner Owner) (Session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(d.state, folderMode); err != nil {
		return nil, fmt.Errorf("lock %s: %w", d, err)
	}
	lock := flock.New(filepath.Join(d.state, lockFile), flock.SetPermissions(fileMode))
	switch locked, err := lock.TryLock(); {
	case err != nil:
		return nil, fmt.Errorf("lock %s: %w", d, err)
	case !locked:
		return nil, &LockedError{Target: d.String(), Owner: d.owner(ctx)}
	}
	session := &dirSession{dir: d, lock: lock, files: d.dags(), memory: d.memory()}
	err := errors.Join(session.sign(ctx, owner), d.settle())
	if err == nil {
		err = session.files.with(ctx, func(disk Disk) error { return session.files.sweep(disk, ".") })
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", d, err), session.Close())
	}
	return session, nil
}

// owner reads who holds the lock. It may be gone or not written yet: then it is nobody in particular.
func (d *Dir) owner(ctx context.Context) Owner {
	data, _, err := d.memory().Read(ctx, ownerFile)
	if err != nil {
		return Owner{}
	}
	var owner Owner
	if json.Unmarshal(data, &owner) != nil {
		return Owner{}
	}
	owner.Who, owner.Host = printable(owner.Who), printable(owner.Host)
	return owner
}

// printable keeps a name from a file on one line of plain text.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f {
			return '?'
		}
		return r
	}, text)
}

// dirSession is a held lock.
type dirSession struct {
	dir    *Dir
	lock   *flock.Flock
	files  *folder
	memory *folder
}

func (s *dirSession) DAGs() Writer  { return s.files }
func (s *dirSession) State() Writer { return s.memory }

// Publish has nothing to do: each rename was visible at once.
func (s *dirSession) Publish(ctx context.Context, _ string) error { return ctx.Err() }

// sign leaves the owner's name for whoever comes second.
func (s *dirSession) sign(ctx context.Context, owner Owner) error {
	data, err := json.Marshal(owner)
	if err != nil {
		return err
	}
	entries, err := s.memory.Stat(ctx, []string{ownerFile})
	if err != nil {
		return err
	}
	_, err = s.memory.Write(ctx, ownerFile, data, entries[ownerFile].Version)
	return err
}

// Close removes the owner's name first, so that nobody reads it from a free lock.
func (s *dirSession) Close() error {
	if !s.lock.Locked() {
		return nil
	}
	_ = s.memory.discard(ownerFile) // a name that stays is overwritten by the next owner
	return s.lock.Close()
}
