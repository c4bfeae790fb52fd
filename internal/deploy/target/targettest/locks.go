package targettest

import (
	"errors"
	"testing"
	"time"

	"chrononctl/internal/deploy/target"
)

func locked(t *testing.T, tgt, other target.Target) {
	t.Helper()
	owner := target.Owner{Who: "ada", Host: "build-7", PID: 42, Operation: "deploy", Since: time.Date(2026, 11, 23, 4, 15, 0, 0, time.UTC), TTL: time.Hour}
	free, err := other.Holder(t.Context())
	check(t, err)
	equal(t, free, target.Owner{})
	session, err := tgt.Lock(t.Context(), owner)
	check(t, err)
	owner.ID = session.Owner().ID
	if owner.ID == "" {
		t.Fatal("the lock has no id")
	}
	_, err = other.Lock(t.Context(), target.Owner{Who: "bob"})
	var held *target.LockedError
	equal(t, errors.As(err, &held), true)
	equal(t, held.Owner, owner)
	holder, err := other.Holder(t.Context())
	check(t, err)
	equal(t, holder, owner)
	check(t, session.Close())
	check(t, session.Close())
	free, err = other.Holder(t.Context())
	check(t, err)
	equal(t, free, target.Owner{})
	next, err := other.Lock(t.Context(), target.Owner{Who: "bob"})
	check(t, err)
	check(t, next.Close())
}

// noticed is how long a target may take to notice that its lock was broken: its LookEvery.
const noticed = 5 * time.Second

func broken(t *testing.T, tgt, other target.Target) {
	t.Helper()
	session := lock(t, tgt)
	version := write(t, session, "a.py", "one", target.Absent)
	check(t, other.Break(t.Context(), session.Owner().ID))
	lost(t, session.Publish(t.Context(), "after it was lost"))
	_, err := session.DAGs().Write(t.Context(), "a.py", []byte("two"), version)
	lost(t, err)
	_, err = session.State().Write(t.Context(), "note", []byte("two"), target.Absent)
	lost(t, err)
	lost(t, session.DAGs().Remove(t.Context(), "a.py", version))
	lost(t, session.Check(t.Context()))
	equal(t, content(t, other, "a.py"), "one")

	next, err := other.Lock(t.Context(), target.Owner{Who: "bob", Host: "elsewhere"})
	check(t, err)
	check(t, session.Close()) // gives nothing back that is not its own any more
	holder, err := tgt.Holder(t.Context())
	check(t, err)
	equal(t, holder.ID, next.Owner().ID)
	write(t, next, "a.py", "three", version)
	check(t, next.Close())
}

func breaksByID(t *testing.T, tgt, other target.Target) {
	t.Helper()
	var notHeld *target.NotHeldError
	equal(t, errors.As(other.Break(t.Context(), "nobody"), &notHeld), true)
	session := lock(t, tgt)
	for _, id := range []string{"", "somebody", session.Owner().ID + "x"} {
		equal(t, errors.As(other.Break(t.Context(), id), &notHeld), true)
		equal(t, notHeld.Owner.ID, session.Owner().ID)
	}
	write(t, session, "a.py", "one", target.Absent)
	check(t, session.Close())
	equal(t, errors.As(other.Break(t.Context(), session.Owner().ID), &notHeld), true)
}

// expires waits for a short time to live in real time: the clock is the target's.
func expires(t *testing.T, tgt, other target.Target) {
	t.Helper()
	session, err := tgt.Lock(t.Context(), target.Owner{Who: "ada", Host: "dead", TTL: time.Nanosecond})
	check(t, err)
	check(t, session.(interface{ Abandon() error }).Abandon()) // its process dies
	var next target.Session
	within(t, func() error {
		next, err = other.Lock(t.Context(), target.Owner{Who: "bob", Host: "alive"})
		return err
	})
	lost(t, session.Publish(t.Context(), "after it ran out"))
	_, err = session.State().Write(t.Context(), "note", []byte("late"), target.Absent)
	lost(t, err)
	check(t, next.Close())
	check(t, session.Close())
}

func renews(t *testing.T, tgt, other target.Target) {
	t.Helper()
	session, err := tgt.Lock(t.Context(), target.Owner{Who: "ada", Host: "busy", TTL: 3 * time.Nanosecond})
	check(t, err)
	for range 3 {
		check(t, session.Check(t.Context()))
		write(t, session, "a.py", "one", version(t, other, "a.py"))
	}
	check(t, session.Close())
}

func version(t *testing.T, tgt target.Target, path string) target.Version {
	t.Helper()
	entries, err := tgt.DAGs().Stat(t.Context(), []string{path})
	check(t, err)
	return entries[path].Version
}

// within tries until it succeeds, for as long as an object store's clock of whole seconds needs.
func within(t *testing.T, try func() error) {
	t.Helper()
	deadline := time.After(noticed)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal(err)
		}
	}
}

func lost(t *testing.T, err error) {
	t.Helper()
	if _, ok := errors.AsType[*target.LostError](err); !ok {
		t.Fatalf("error is %v, want that the lock is lost", err)
	}
}
