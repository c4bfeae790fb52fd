// Package targettest holds what every driver of a deploy target has to pass, and a disk that fails when it is told to.
package targettest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"chrononctl/internal/deploy/target"
)

// Run checks that a driver keeps the promises of [target.Target]. Fresh makes an empty target; each call is a handle on a new place.
// Again makes a second handle on the place of the first, as another process would have.
func Run(t *testing.T, fresh func(t *testing.T) target.Target, again func(t *testing.T, first target.Target) target.Target) {
	t.Helper()
	cases := []struct {
		name string
		run  func(t *testing.T, tgt, other target.Target)
	}{
		{"an empty target has nothing", emptyTarget},
		{"what is written can be read", writeAndRead},
		{"a write replaces only the version that it names", conflicts},
		{"a remove takes only the version that it names", removes},
		{"the two spaces do not mix", spaces},
		{"unfit paths are refused", unfitPaths},
		{"a cancelled context writes nothing", cancelled},
		{"the lock has one holder and names it", locked},
		{"of sixteen at once one gets the lock", race},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			first := fresh(t)
			c.run(t, first, again(t, first))
		})
	}
}

func emptyTarget(t *testing.T, tgt, _ target.Target) {
	t.Helper()
	for _, space := range []target.Reader{tgt.DAGs(), tgt.State()} {
		entries, err := space.Stat(t.Context(), []string{"a.py", "deep/b"})
		check(t, err)
		equal(t, len(entries), 0)
		names, err := space.List(t.Context(), "deep")
		check(t, err)
		equal(t, len(names), 0)
		_, _, err = space.Read(t.Context(), "a.py")
		equal(t, errors.Is(err, fs.ErrNotExist), true)
	}
}

func writeAndRead(t *testing.T, tgt, other target.Target) {
	t.Helper()
	session := lock(t, tgt)
	version, err := session.DAGs().Write(t.Context(), "deep/er/a.py", []byte("one"), target.Absent)
	check(t, err)
	check(t, session.Publish(t.Context(), "one file"))
	data, read, err := other.DAGs().Read(t.Context(), "deep/er/a.py")
	check(t, err)
	equal(t, string(data), "one")
	equal(t, read, version)
	entries, err := other.DAGs().Stat(t.Context(), []string{"deep/er/a.py", "deep/er/b.py"})
	check(t, err)
	equal(t, len(entries), 1)
	equal(t, entries["deep/er/a.py"], target.Entry{SHA256: sum("one"), Version: version})
	names, err := other.DAGs().List(t.Context(), "deep/er")
	check(t, err)
	equal(t, strings.Join(names, " "), "a.py")
}

func conflicts(t *testing.T, tgt, other target.Target) {
	t.Helper()
	session := lock(t, tgt)
	first := write(t, session, "a.py", "one", target.Absent)
	_, err := session.DAGs().Write(t.Context(), "a.py", []byte("two"), target.Absent)
	conflict(t, err)
	second := write(t, session, "a.py", "two", first)
	_, err = session.DAGs().Write(t.Context(), "a.py", []byte("three"), first)
	conflict(t, err)
	_, err = session.DAGs().Write(t.Context(), "b.py", []byte("four"), second)
	conflict(t, err)
	equal(t, content(t, other, "a.py"), "two")
}

func removes(t *testing.T, tgt, other target.Target) {
	t.Helper()
	session := lock(t, tgt)
	first := write(t, session, "deep/a.py", "one", target.Absent)
	second := write(t, session, "deep/a.py", "two", first)
	conflict(t, session.DAGs().Remove(t.Context(), "deep/a.py", first))
	equal(t, content(t, other, "deep/a.py"), "two")
	check(t, session.DAGs().Remove(t.Context(), "deep/a.py", second))
	check(t, session.DAGs().Remove(t.Context(), "deep/a.py", target.Absent))
	entries, err := other.DAGs().Stat(t.Context(), []string{"deep/a.py", "deep"})
	check(t, err)
	equal(t, len(entries), 0)
	write(t, session, "deep/a.py", "again", target.Absent)
	equal(t, content(t, other, "deep/a.py"), "again")
}

func spaces(t *testing.T, tgt, other target.Target) {
	t.Helper()
	session := lock(t, tgt)
	_, err := session.State().Write(t.Context(), "notes/a.py", []byte("state"), target.Absent)
	check(t, err)
	entries, err := other.DAGs().Stat(t.Context(), []string{"notes/a.py", "a.py"})
	check(t, err)
	equal(t, len(entries), 0)
	data, _, err := other.State().Read(t.Context(), "notes/a.py")
	check(t, err)
	equal(t, string(data), "state")
}

func unfitPaths(t *testing.T, tgt, _ target.Target) {
	t.Helper()
	session := lock(t, tgt)
	for _, path := range []string{"", ".", "..", "../a.py", "a/../../b.py", "/etc/passwd", "a//b", "a/", `a\b.py`, "a\x00.py", "a\nb.py", "c:a.py", "ü.py", "a b.py"} {
		if _, err := session.DAGs().Write(t.Context(), path, []byte("x"), target.Absent); err == nil {
			t.Errorf("write %q: no error", path)
		}
		if _, _, err := tgt.DAGs().Read(t.Context(), path); err == nil {
			t.Errorf("read %q: no error", path)
		}
		if err := session.DAGs().Remove(t.Context(), path, "some version"); err == nil {
			t.Errorf("remove %q: no error", path)
		}
	}
}

func cancelled(t *testing.T, tgt, other target.Target) {
	t.Helper()
	session := lock(t, tgt)
	version := write(t, session, "a.py", "one", target.Absent)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := session.DAGs().Write(ctx, "a.py", []byte("two"), version)
	equal(t, errors.Is(err, context.Canceled), true)
	equal(t, errors.Is(session.DAGs().Remove(ctx, "a.py", version), context.Canceled), true)
	equal(t, content(t, other, "a.py"), "one")
	check(t, session.Close())
	_, err = tgt.Lock(ctx, target.Owner{})
	equal(t, errors.Is(err, context.Canceled), true)
}

func locked(t *testing.T, tgt, other target.Target) {
	t.Helper()
	owner := target.Owner{Who: "ada", Host: "build-7", PID: 42, Since: time.Date(2026, 11, 23, 4, 15, 0, 0, time.UTC)}
	session, err := tgt.Lock(t.Context(), owner)
	check(t, err)
	_, err = other.Lock(t.Context(), target.Owner{Who: "bob"})
	var held *target.LockedError
	equal(t, errors.As(err, &held), true)
	equal(t, held.Owner, owner)
	check(t, session.Close())
	check(t, session.Close())
	next, err := other.Lock(t.Context(), target.Owner{Who: "bob"})
	check(t, err)
	check(t, next.Close())
}

func race(t *testing.T, tgt, other target.Target) {
	t.Helper()
	handles := []target.Target{tgt, other}
	sessions := make([]target.Session, 16)
	var group sync.WaitGroup
	for i := range sessions {
		group.Go(func() {
			session, err := handles[i%2].Lock(t.Context(), target.Owner{Who: "one of many"})
			if err == nil {
				sessions[i] = session
			} else if _, ok := errors.AsType[*target.LockedError](err); !ok {
				t.Errorf("lock %d: %v", i, err)
			}
		})
	}
	group.Wait()
	sessions = slices.DeleteFunc(sessions, func(s target.Session) bool { return s == nil })
	equal(t, len(sessions), 1)
	check(t, sessions[0].Close())
}

func lock(t *testing.T, tgt target.Target) target.Session {
	t.Helper()
	session, err := tgt.Lock(t.Context(), target.Owner{Who: "suite"})
	check(t, err)
	t.Cleanup(func() { check(t, session.Close()) })
	return session
}

func write(t *testing.T, session target.Session, path, text string, replaces target.Version) target.Version {
	t.Helper()
	version, err := session.DAGs().Write(t.Context(), path, []byte(text), replaces)
	check(t, err)
	check(t, session.Publish(t.Context(), "write "+path))
	return version
}

func content(t *testing.T, tgt target.Target, path string) string {
	t.Helper()
	data, _, err := tgt.DAGs().Read(t.Context(), path)
	check(t, err)
	return string(data)
}

func conflict(t *testing.T, err error) {
	t.Helper()
	if _, ok := errors.AsType[*target.ConflictError](err); !ok {
		t.Fatalf("error is %v, want a conflict", err)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t *testing.T, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("got %v, want %v", got, want)
	}
}

func sum(text string) string {
	digest := sha256.Sum256([]byte(text))
	return hex.EncodeToString(digest[:])
}
