package git

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
	// lookEvery is how old the last look at the lock may be: a push names the commit that it follows besides.
	lookEvery = 5 * time.Second
	// defaultFresh is how old the last look at the branches may be when something is read.
	defaultFresh = time.Second
	// recordName is the lock's file on its branch.
	recordName = "lock.json"
)

// Options say where a target is. URL, Branch, Path and Cache are needed.
type Options struct {
	URL    string // anything that `git push` takes, without a password in it
	Branch string // that Airflow follows; it must exist
	Path   string // the folder of the branch that Airflow scans, "dags"; "." is the whole branch
	Folder string // our folder below it; empty: Path itself
	State  string // branch of the state; default "chrononctl/" with Branch. The lock is on the branch of that name with "-lock"
	Cache  string // a folder for the bare repository; made when it is missing
	// Fresh is how old the last look at the branches may be when something is read; default one second, below zero: look each time.
	Fresh time.Duration
	Now   func() time.Time // default time.Now
}

// Driver is a branch.
type Driver struct {
	repo   *repository
	name   string
	branch string // refs of the remote
	state  string
	lock   string
	prefix string // of our files on the branch, "" or with a slash at its end
}

var _ target.Target = (*Driver)(nil)

// New describes a target. It runs nothing and creates nothing.
func New(opts Options) (*Driver, error) {
	if err := checkURL(opts.URL); err != nil {
		return nil, err
	}
	if opts.State == "" {
		opts.State = "chrononctl/" + opts.Branch
	}
	for name, branch := range map[string]string{"branch": opts.Branch, "state": opts.State} {
		if err := target.CheckPath(branch); err != nil || strings.HasPrefix(branch, "-") {
			return nil, fmt.Errorf("git target %s: %s: %q is no name of a branch", opts.URL, name, branch)
		}
	}
	if opts.State == opts.Branch {
		return nil, &target.StateInsideError{Path: opts.Branch, State: opts.State}
	}
	folder := path.Join(opts.Path, opts.Folder)
	if folder != "." {
		if err := target.CheckPath(folder); err != nil {
			return nil, fmt.Errorf("git target %s: path: %w", opts.URL, err)
		}
		folder += "/"
	}
	return &Driver{
		repo:   newRepository(opts),
		name:   fmt.Sprintf("git %s %s:%s", opts.URL, opts.Branch, strings.TrimSuffix(folder, "/")),
		branch: "refs/heads/" + opts.Branch,
		state:  "refs/heads/" + opts.State,
		lock:   "refs/heads/" + opts.State + "-lock",
		prefix: strings.TrimPrefix(folder, "."),
	}, nil
}

func (d *Driver) String() string { return d.name }

// Capabilities implements [target.Target].
func (d *Driver) Capabilities() target.Capabilities {
	return target.Capabilities{AtomicBatch: true, Conditional: true, Writers: 1}
}

// DAGs implements [target.Target].
func (d *Driver) DAGs() target.Reader { return d.dags() }

// State implements [target.Target].
func (d *Driver) State() target.Reader { return d.memory() }

func (d *Driver) dags() space {
	return space{repo: d.repo, at: d.look, ref: d.branch, prefix: d.prefix}
}

func (d *Driver) memory() space { return space{repo: d.repo, at: d.look, ref: d.state} }

// look finds out where the branches are.
func (d *Driver) look(ctx context.Context) (tips, error) {
	return d.repo.look(ctx, d.branch, d.state)
}

// Lock implements [target.Target].
func (d *Driver) Lock(ctx context.Context, owner target.Owner) (target.Session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	lease, err := target.Acquire(ctx, d.lease(), owner)
	if err != nil {
		return nil, err
	}
	d.repo.forget()
	tips, err := d.look(ctx)
	if err == nil && tips[d.branch] == "" {
		err = &NoBranchError{URL: d.repo.url, Branch: strings.TrimPrefix(d.branch, "refs/heads/")}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", d, err), lease.Release(ctx))
	}
	open := newBatch(d, tips)
	return target.NewSession(target.SessionParts{
		Lease:   lease,
		DAGs:    open.parts[0].writes,
		State:   open.parts[1].writes,
		Publish: open.publish,
		Discard: open.discard,
	}), nil
}

// Holder implements [target.Target].
func (d *Driver) Holder(ctx context.Context) (target.Owner, error) {
	return target.Holder(ctx, record{d})
}

// Break implements [target.Target].
func (d *Driver) Break(ctx context.Context, id string) error {
	return target.BreakLease(ctx, d.lease(), id)
}

func (d *Driver) lease() target.LeaseOptions {
	return target.LeaseOptions{Target: d.String(), Store: record{d}, LookEvery: lookEvery, Now: d.repo.now}
}

// record is the lock: the file of the newest commit on a branch of its own. Its version is that commit.
type record struct{ driver *Driver }

// ReadRecord implements [target.LeaseStore]. Git has no clock of its own: the age is by the date of the commit, which is its maker's.
func (r record) ReadRecord(ctx context.Context) ([]byte, target.Version, time.Duration, error) {
	repo, ref := r.driver.repo, r.driver.lock
	repo.forget()
	tips, err := repo.look(ctx, ref)
	if err != nil {
		return nil, target.Absent, 0, err
	}
	if tips[ref] == "" {
		return nil, target.Absent, 0, fs.ErrNotExist
	}
	data, err := repo.git(ctx, nil, "cat-file", "blob", tips[ref]+":"+recordName)
	if err != nil {
		return nil, target.Absent, 0, err
	}
	made, err := repo.date(ctx, tips[ref])
	return data, target.Version(tips[ref]), max(0, repo.now().Sub(made)), err
}

// WriteRecord implements [target.LeaseStore].
func (r record) WriteRecord(ctx context.Context, data []byte, replaces target.Version) (target.Version, error) {
	repo, ref := r.driver.repo, r.driver.lock
	commit, err := repo.commit(ctx, string(replaces), "Lock", "", []target.Change{{Path: recordName, Data: data}})
	if err != nil {
		return target.Absent, err
	}
	moved, err := repo.push(ctx, []update{{ref: ref, from: string(replaces), to: commit}})
	switch {
	case moved != "":
		return target.Absent, &target.ConflictError{Path: "the lock"}
	case err != nil:
		return target.Absent, err
	}
	return target.Version(commit), nil
}

// checkURL refuses what git would take for an option, and passwords, which would end up in process lists and logs.
func checkURL(url string) error {
	if url == "" || strings.HasPrefix(url, "-") || strings.Contains(url, "::") {
		return fmt.Errorf("git target: %q is no URL of a repository", url)
	}
	if _, rest, ok := strings.Cut(url, "://"); ok {
		user, _, found := strings.Cut(rest, "@")
		if found && !strings.Contains(user, "/") && strings.Contains(user, ":") {
			return &PasswordError{}
		}
	}
	return nil
}

// PasswordError says that a URL holds a password. The URL is not repeated.
type PasswordError struct{}

func (e *PasswordError) Error() string { return "git target: the URL holds a password" }

// Hint says what to do about it.
func (e *PasswordError) Hint() string {
	return "leave it out and let git find it: `git help credentials`, or an ssh key"
}

// NoBranchError says that a branch does not exist. It is never created: a name that does not exist is a slip.
type NoBranchError struct{ URL, Branch string }

func (e *NoBranchError) Error() string {
	return fmt.Sprintf("git %s has no branch %s", e.URL, e.Branch)
}

// Hint says what to do about it.
func (e *NoBranchError) Hint() string {
	return "check branch in the target's section, or push a first commit to it"
}
