package target_test

import (
	"context"
	"errors"
	"io/fs"
	"strconv"
	"testing"
	"time"

	"chrononctl/internal/deploy/target"
)

// records is a lock record whose writes can fail, before or after they happened.
type records struct {
	data     []byte
	version  int
	age      time.Duration
	reads    int
	before   error
	after    error
	conflict bool // of a write that happened: a retry below saw the first try's success
}

func (r *records) ReadRecord(context.Context) ([]byte, target.Version, time.Duration, error) {
	r.reads++
	if r.version == 0 {
		return nil, target.Absent, 0, fs.ErrNotExist
	}
	return r.data, target.Version(strconv.Itoa(r.version)), r.age, nil
}

func (r *records) WriteRecord(_ context.Context, data []byte, replaces target.Version) (target.Version, error) {
	current := target.Absent
	if r.version > 0 {
		current = target.Version(strconv.Itoa(r.version))
	}
	if replaces != current {
		return target.Absent, &target.ConflictError{Path: "lock"}
	}
	if r.before != nil {
		return target.Absent, r.before
	}
	r.data, r.age = data, 0
	r.version++
	if r.conflict {
		return target.Absent, &target.ConflictError{Path: "lock"}
	}
	return target.Version(strconv.Itoa(r.version)), r.after
}

func acquire(t *testing.T, store *records, change func(*target.LeaseOptions)) *target.Lease {
	t.Helper()
	opts := target.LeaseOptions{Target: "test", Store: store}
	if change != nil {
		change(&opts)
	}
	lease, err := target.Acquire(t.Context(), opts, target.Owner{Who: "ada", TTL: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return lease
}

func TestLeaseIsTakenOverOnlyAfterItsTimeToLive(t *testing.T) {
	t.Parallel()
	store := &records{}
	first := acquire(t, store, nil)
	for _, age := range []time.Duration{-time.Hour, 0, time.Minute} {
		store.age = age
		_, err := target.Acquire(t.Context(), target.LeaseOptions{Store: store}, target.Owner{Who: "bob"})
		if _, ok := errors.AsType[*target.LockedError](err); !ok {
			t.Errorf("at %s: %v", age, err)
		}
	}
	store.age = time.Minute + 1
	acquire(t, store, nil)
	err := first.Check(t.Context())
	if lost, ok := errors.AsType[*target.LostError](err); !ok || lost.To.Who != "ada" {
		t.Errorf("the first holder: %v", err)
	}
}

func TestLeaseOfADeadHolderIsTakenAtOnce(t *testing.T) {
	t.Parallel()
	store := &records{}
	acquire(t, store, nil)
	acquire(t, store, func(o *target.LeaseOptions) { o.Dead = func(holder target.Owner) bool { return holder.Who == "ada" } })
}

func TestLeaseSettlesWritesOfUnknownOutcome(t *testing.T) {
	t.Parallel()
	timeout := errors.New("timeout")
	for name, store := range map[string]*records{"timeout": {after: timeout}, "conflict with itself": {conflict: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := acquire(t, store, nil).Check(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	_, err := target.Acquire(t.Context(), target.LeaseOptions{Store: &records{before: timeout}}, target.Owner{})
	if !errors.Is(err, timeout) {
		t.Errorf("a write that did not happen: %v", err)
	}
}

func TestLeaseIsRenewedInTime(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	store := &records{}
	lease := acquire(t, store, func(o *target.LeaseOptions) { o.Now, o.LookEvery = func() time.Time { return now }, time.Second })
	for _, step := range []struct {
		after           time.Duration
		reads, versions int
	}{{0, 0, 0}, {time.Second, 1, 0}, {18 * time.Second, 1, 0}, {time.Second, 0, 1}, {-time.Hour, 0, 1}} {
		reads, version := store.reads, store.version
		now = now.Add(step.after)
		if err := lease.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		if store.reads-reads != step.reads || store.version-version != step.versions {
			t.Errorf("after %s: %d reads, %d writes; want %d, %d", step.after, store.reads-reads, store.version-version, step.reads, step.versions)
		}
	}
	if err := lease.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if lease.Check(t.Context()) == nil {
		t.Error("a lock that was given back is still good")
	}
}
