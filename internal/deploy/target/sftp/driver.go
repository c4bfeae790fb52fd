package sftp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"chrononctl/internal/deploy/target"
)

// lookEvery is how old the last look at the lock may be; a look is a few round trips.
const lookEvery = 2 * time.Second

// Options say where a target is. Host and Path are needed.
type Options struct {
	Host   string // name or alias as in `ssh HOST`; user@host and ssh://user@host:port are understood by ssh too
	Port   int    // default: what ssh finds
	User   string // default: what ssh finds
	Path   string // the folder that Airflow scans, absolute on the other machine; it must exist
	Folder string // our folder below it, made by the first deploy; empty: Path itself
	State  string // manifests, lock, contents; default .chrononctl/<name of Path> beside Path, with -<Folder> when there is one
	Config string // another ssh configuration file than the user's, as `ssh -F`
}

// Driver is a folder on another machine.
type Driver struct {
	name   string
	path   string // of the folder that Airflow scans
	folder string
	state  string
	wire   *wire
}

var _ target.Target = (*Driver)(nil)

// New describes a target. It connects to nothing.
func New(opts Options) (*Driver, error) {
	if opts.Host == "" || strings.HasPrefix(opts.Host, "-") {
		return nil, fmt.Errorf("sftp target: %q is not a host", opts.Host)
	}
	if !path.IsAbs(opts.Path) || path.Clean(opts.Path) == "/" {
		return nil, fmt.Errorf("sftp target %s: path %q: it has to be an absolute path below the root", opts.Host, opts.Path)
	}
	dags := path.Clean(opts.Path)
	if opts.Folder != "" {
		if err := target.CheckPath(opts.Folder); err != nil {
			return nil, fmt.Errorf("sftp target %s: folder: %w", opts.Host, err)
		}
	}
	state := opts.State
	if state == "" {
		name := strings.Join(append([]string{path.Base(dags)}, strings.FieldsFunc(opts.Folder, isSlash)...), "-")
		state = path.Join(path.Dir(dags), ".chrononctl", name)
	}
	if !path.IsAbs(state) {
		return nil, fmt.Errorf("sftp target %s: state %q: it has to be an absolute path", opts.Host, state)
	}
	if state = path.Clean(state); state == dags || strings.HasPrefix(state, dags+"/") {
		return nil, &target.StateInsideError{Path: dags, State: state}
	}
	return &Driver{name: "sftp " + opts.Host + ":" + path.Join(dags, opts.Folder), path: dags, folder: opts.Folder, state: state, wire: newWire(opts)}, nil
}

func isSlash(r rune) bool { return r == '/' }

func (d *Driver) String() string { return d.name }

// Capabilities implements [target.Target]. A file system cannot compare and write at once.
func (d *Driver) Capabilities() target.Capabilities { return target.Capabilities{Hashes: true} }

// DAGs implements [target.Target].
func (d *Driver) DAGs() target.Reader { return d.files(path.Join(d.path, d.folder)) }

// State implements [target.Target].
func (d *Driver) State() target.Reader { return d.files(d.state) }

func (d *Driver) files(folder string) target.Files {
	return target.NewFiles(func() (target.Disk, error) { return d.wire.disk(folder) })
}

// Lock implements [target.Target].
func (d *Driver) Lock(ctx context.Context, owner target.Owner) (target.Session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := d.settle(); err != nil {
		return nil, fmt.Errorf("lock %s: %w", d, err)
	}
	lease, err := target.Acquire(ctx, d.lease(), owner)
	if err != nil {
		return nil, err
	}
	dags := d.files(path.Join(d.path, d.folder))
	if err := dags.Clear(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", d, err), lease.Release(ctx))
	}
	return target.NewSession(target.SessionParts{Lease: lease, DAGs: dags, State: d.files(d.state)}), nil
}

// settle makes the folders that are ours. The one that Airflow scans is never created: a path that does not exist is a slip.
func (d *Driver) settle() error {
	client, release, err := d.wire.take()
	if err != nil {
		return err
	}
	defer release()
	if _, err := client.Stat(d.path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return &target.NoFolderError{Path: d.path}
		}
		return d.wire.explain("look at "+d.path, err)
	}
	for _, folder := range []string{path.Join(d.path, d.folder), path.Join(d.state, recordFolder)} {
		if err := client.MkdirAll(folder); err != nil {
			return d.wire.explain("make the folder "+folder, err)
		}
	}
	return nil
}

// Holder implements [target.Target].
func (d *Driver) Holder(ctx context.Context) (target.Owner, error) {
	return target.Holder(ctx, d.record())
}

// Break implements [target.Target].
func (d *Driver) Break(ctx context.Context, id string) error {
	return target.BreakLease(ctx, d.lease(), id)
}

func (d *Driver) lease() target.LeaseOptions {
	return target.LeaseOptions{Target: d.String(), Store: d.record(), LookEvery: lookEvery}
}

func (d *Driver) record() record {
	return record{wire: d.wire, folder: path.Join(d.state, recordFolder)}
}
