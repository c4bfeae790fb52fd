package target

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Names in the state folder of a dir target that are the driver's own.
const (
	lockFile   = "lock"       // held with flock(2) as long as the holder lives
	recordFile = "lock.json"  // who holds it
	mutexFile  = "lock.mutex" // held with flock(2) while the record changes
)

// mutexRetry is the pause between two tries for the mutex, which is held for the time of one write.
const mutexRetry = 5 * time.Millisecond

// namedTries is how often who lost a race looks for the name of the winner.
const namedTries = 40

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
// its content hash. The lock is a [Lease], and besides flock(2) on a file of the state folder, which the kernel gives back when the process ends,
// however it ends: on one machine the lock of a dead deploy is free at once.
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

// StateInsideError says that the state would lie in what Airflow scans: a folder, a branch, a prefix.
type StateInsideError struct {
	Path, State string
}

func (e *StateInsideError) Error() string {
	return fmt.Sprintf("target %s: its state %s is inside of it", e.Path, e.State)
}

// Hint says what to do about it.
func (e *StateInsideError) Hint() string {
	return "name a state that Airflow does not scan"
}

// NoFolderError says that the folder that Airflow scans is not there. It is never created: a DAG folder that does not exist is a slip.
type NoFolderError struct {
	Path string
}

func (e *NoFolderError) Error() string {
	return fmt.Sprintf("the target folder %s does not exist", e.Path)
}

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

// Capabilities implements [Target]. A file system cannot compare and write at once.
func (d *Dir) Capabilities() Capabilities { return Capabilities{Hashes: true} }

// Holder implements [Target].
func (d *Dir) Holder(ctx context.Context) (Owner, error) { return Holder(ctx, d.record()) }

// Lock implements [Target].
func (d *Dir) Lock(ctx context.Context, owner Owner) (Session, error) {
	parts, err := d.Parts(ctx, owner)
	if err != nil {
		return nil, err
	}
	return NewSession(parts), nil
}

// Parts takes the lock and returns what [Dir.Lock] makes a session of, for drivers that keep a folder of their own.
func (d *Dir) Parts(ctx context.Context, owner Owner) (SessionParts, error) {
	if err := ctx.Err(); err != nil {
		return SessionParts{}, err
	}
	if err := os.MkdirAll(d.state, folderMode); err != nil {
		return SessionParts{}, fmt.Errorf("lock %s: %w", d, err)
	}
	alive, err := d.hold(ctx)
	if err != nil {
		return SessionParts{}, err
	}
	parts, err := d.begin(ctx, owner)
	if err != nil {
		return SessionParts{}, errors.Join(err, alive.Close())
	}
	parts.Close = alive.Close
	return parts, nil
}

// hold takes the flock. A file that [Dir.Break] removed while we waited for it is not the lock any more.
func (d *Dir) hold(ctx context.Context) (*flock.Flock, error) {
	name := filepath.Join(d.state, lockFile)
	for {
		lock := flock.New(name, flock.SetPermissions(fileMode))
		switch locked, err := lock.TryLock(); {
		case err != nil:
			return nil, fmt.Errorf("lock %s: %w", d, err)
		case !locked:
			return nil, &LockedError{Target: d.String(), Owner: d.namedHolder(ctx)}
		}
		ours, err := lock.Stat()
		if err == nil {
			if there, statErr := os.Stat(name); statErr == nil && os.SameFile(ours, there) {
				return lock, nil
			}
		}
		if err := errors.Join(err, lock.Close()); err != nil {
			return nil, fmt.Errorf("lock %s: %w", d, err)
		}
	}
}

// namedHolder is who has the flock. Between that and the record, which names its holder, lies a moment. A record that cannot be read is nobody's in particular.
func (d *Dir) namedHolder(ctx context.Context) Owner {
	for range namedTries {
		owner, err := d.Holder(ctx)
		if err == nil && owner != (Owner{}) {
			return owner
		}
		select {
		case <-ctx.Done():
			return Owner{}
		case <-time.After(mutexRetry):
		}
	}
	return Owner{}
}

// begin takes the lease and clears the folder of what an earlier session left on its way.
func (d *Dir) begin(ctx context.Context, owner Owner) (SessionParts, error) {
	lease, err := Acquire(ctx, LeaseOptions{
		Target: d.String(),
		Store:  d.record(),
		Age:    d.record().age,
		Dead:   func(holder Owner) bool { return holder.Host == owner.Host }, // it would hold the flock that we have
	}, owner)
	if err != nil {
		return SessionParts{}, err
	}
	files := d.dags()
	err = d.settle()
	if err == nil {
		err = files.with(ctx, func(disk Disk) error { return files.sweep(disk, ".") })
	}
	if err != nil {
		return SessionParts{}, errors.Join(fmt.Errorf("lock %s: %w", d, err), lease.Release(ctx))
	}
	return SessionParts{Lease: lease, DAGs: files, State: d.memory()}, nil
}

// Break implements [Target]. The flock of a process that hangs goes too: its file is removed, and the next session makes another one.
func (d *Dir) Break(ctx context.Context, id string) error {
	if err := BreakLease(ctx, LeaseOptions{Target: d.String(), Store: d.record()}, id); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(d.state, lockFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("unlock %s: %w", d, err)
	}
	return nil
}

func (d *Dir) record() *dirRecord { return &dirRecord{dir: d, files: d.memory()} }

// dirRecord is the lock record of a dir target.
type dirRecord struct {
	dir   *Dir
	files *folder
}

// ReadRecord implements [LeaseStore].
func (r *dirRecord) ReadRecord(ctx context.Context) ([]byte, Version, time.Duration, error) {
	data, version, err := r.files.Read(ctx, recordFile)
	if err != nil {
		return nil, Absent, 0, err
	}
	var written time.Time
	err = r.files.with(ctx, func(disk Disk) error {
		info, err := disk.Lstat(recordFile)
		if err == nil {
			written = info.ModTime()
		}
		return err
	})
	return data, version, time.Since(written), err
}

// age is how old the record is by the clock of the file system, which a file that is made now tells: a folder may lie on a server whose clock is not this machine's.
func (r *dirRecord) age(ctx context.Context) (age time.Duration, err error) {
	err = r.files.with(ctx, func(disk Disk) error {
		now := tempPrefix + "clock-" + rand.Text()[:8] + tempSuffix
		if err := disk.Create(now, nil); err != nil {
			return err
		}
		made, err := disk.Lstat(now)
		record, recordErr := disk.Lstat(recordFile)
		if err = errors.Join(err, recordErr, disk.Remove(now)); err == nil {
			age = made.ModTime().Sub(record.ModTime())
		}
		return err
	})
	return age, err
}

// WriteRecord implements [LeaseStore]. A file system cannot compare and write at once, so that a second flock makes it one step.
func (r *dirRecord) WriteRecord(ctx context.Context, data []byte, replaces Version) (Version, error) {
	mutex := flock.New(filepath.Join(r.dir.state, mutexFile), flock.SetPermissions(fileMode))
	if _, err := mutex.TryLockContext(ctx, mutexRetry); err != nil {
		return Absent, err
	}
	version, err := r.files.Write(ctx, recordFile, data, replaces)
	return version, errors.Join(err, mutex.Close())
}
