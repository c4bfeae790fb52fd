package bucket

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

const (
	// writers is how many requests are under way at the same time: enough to hide the round trips of a few thousand small objects, far below what a store throttles.
	writers = 16
	// lookEvery is how old the last look at the lock may be: every write is conditional on its own version besides.
	lookEvery = 2 * time.Second
	// recordKey is the lock's object in the state.
	recordKey = "lock.json"
)

// Options say where in a bucket a target is. Store and Path are needed.
type Options struct {
	Store  Store
	Path   string // prefix that Airflow reads, a slash path: "dags"
	Folder string // our folder below it; empty: Path itself
	State  string // prefix of the state, outside of Path; default "chrononctl-state/" with Path and Folder
}

// Driver is a target in a bucket.
type Driver struct {
	store Store
	dags  space
	state space
}

var _ target.Target = (*Driver)(nil)

// New describes a target in a bucket. It asks nothing.
func New(opts Options) (*Driver, error) {
	dags := path.Join(opts.Path, opts.Folder)
	state := opts.State
	if state == "" {
		state = path.Join("chrononctl-state", dags)
	}
	for name, prefix := range map[string]string{"path": opts.Path, "state": state} {
		if err := target.CheckPath(prefix); err != nil {
			return nil, fmt.Errorf("target %s: %s: %w", opts.Store, name, err)
		}
	}
	if opts.Folder != "" {
		if err := target.CheckPath(opts.Folder); err != nil {
			return nil, fmt.Errorf("target %s: folder: %w", opts.Store, err)
		}
	}
	if within(state, opts.Path) {
		return nil, &target.StateInsideError{Path: opts.Path, State: state}
	}
	return &Driver{store: opts.Store, dags: space{opts.Store, dags}, state: space{opts.Store, state}}, nil
}

func within(prefix, of string) bool {
	return prefix == of || strings.HasPrefix(prefix, of+"/")
}

func (d *Driver) String() string { return d.store.String() + "/" + d.dags.prefix }

// Capabilities implements [target.Target].
func (d *Driver) Capabilities() target.Capabilities {
	return target.Capabilities{Conditional: true, Writers: writers}
}

// DAGs implements [target.Target].
func (d *Driver) DAGs() target.Reader { return d.dags }

// State implements [target.Target].
func (d *Driver) State() target.Reader { return d.state }

// Lock implements [target.Target].
func (d *Driver) Lock(ctx context.Context, owner target.Owner) (target.Session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	lease, err := target.Acquire(ctx, d.lease(), owner)
	if err != nil {
		return nil, err
	}
	return target.NewSession(target.SessionParts{Lease: lease, DAGs: d.dags, State: d.state}), nil
}

// Holder implements [target.Target].
func (d *Driver) Holder(ctx context.Context) (target.Owner, error) {
	return target.Holder(ctx, record{d.state})
}

// Break implements [target.Target].
func (d *Driver) Break(ctx context.Context, id string) error {
	return target.BreakLease(ctx, d.lease(), id)
}

func (d *Driver) lease() target.LeaseOptions {
	return target.LeaseOptions{Target: d.String(), Store: record{d.state}, LookEvery: lookEvery}
}

// record is the lock's object.
type record struct{ in space }

// ReadRecord implements [target.LeaseStore].
func (r record) ReadRecord(ctx context.Context) ([]byte, target.Version, time.Duration, error) {
	found, err := r.in.store.Get(ctx, r.in.key(recordKey))
	return found.Data, found.Version, found.Age, err
}

// WriteRecord implements [target.LeaseStore].
func (r record) WriteRecord(ctx context.Context, data []byte, replaces target.Version) (target.Version, error) {
	return r.in.put(ctx, recordKey, data, replaces)
}

// missing tells that an error only means that there is no such object.
func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
