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
		{"what is not published is not there", batches},
		{"what is discarded never comes", discards},
		{"many files at once", many},
		{"the lock has one holder and names it", locked},
		{"of sixteen at once one gets the lock", race},
		{"a lock that was broken writes nothing more", broken},
		{"only the id of the holder breaks a lock", breaksByID},
		{"a lock that nobody renews is taken over", expires},
		{"a lock that is renewed stays", renews},
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
	entry := entries["deep/er/a.py"]
	if entry.SHA256 == "" && !tgt.Capabilities().Hashes {
		entry.SHA256 = sum("one") // a target may not know it without fetching the content
	}
	equal(t, entry, target.Entry{SHA256: sum("one"), Version: version})
	names, err := other.DAGs().List(t.Context(), "deep/er")
	check(t, err)
	equal(t, strings.Join(names, " "), "a.py")
	_, err = session.DAGs().Write(t.Context(), "root.py", []byte("two"), target.Absent)
	check(t, err)
	check(t, session.Publish(t.Context(), "a file at the root"))
	names, err = other.DAGs().List(t.Context(), ".")
	check(t, err)
	equal(t, slices.Contains(names, "root.py"), true)
	equal(t, slices.Contains(names, "a.py"), false)
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
	check(t, session.Publish(t.Context(), "remove a file"))
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
	check(t, session.Publish(t.Context(), "a note"))
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

// batches holds a target to what its capabilities say about when a write shows.
func batches(t *testing.T, tgt, other target.Target) {
	t.Helper()
	session := lock(t, tgt)
	for _, path := range []string{"a.py", "b.py"} {
		_, err := session.DAGs().Write(t.Context(), path, []byte("one"), target.Absent)
		check(t, err)
	}
	_, err := session.State().Write(t.Context(), "note", []byte("one"), target.Absent)
	check(t, err)
	entries, err := other.DAGs().Stat(t.Context(), []string{"a.py", "b.py"})
	check(t, err)
	if tgt.Capabilities().AtomicBatch {
		equal(t, len(entries), 0)
	} else {
		equal(t, len(entries), 2)
	}
	check(t, session.Publish(t.Context(), "two files and a note"))
	check(t, session.Publish(t.Context(), "nothing"))
	equal(t, content(t, other, "a.py"), "one")
	equal(t, content(t, other, "b.py"), "one")
	_, _, err = other.State().Read(t.Context(), "note")
	check(t, err)
}

func discards(t *testing.T, tgt, other target.Target) {
	t.Helper()
	session := lock(t, tgt)
	first := write(t, session, "a.py", "one", target.Absent)
	_, err := session.DAGs().Write(t.Context(), "a.py", []byte("two"), first)
	check(t, err)
	session.Discard()
	check(t, session.Publish(t.Context(), "after a discard"))
	want := "two"
	if tgt.Capabilities().AtomicBatch {
		want = "one"
	}
	equal(t, content(t, other, "a.py"), want)
	entries, err := tgt.DAGs().Stat(t.Context(), []string{"a.py"})
	check(t, err)
	write(t, session, "a.py", "three", entries["a.py"].Version)
	equal(t, content(t, other, "a.py"), "three")
}

// many writes with as many goroutines as the target wants, and looks at all files at once.
func many(t *testing.T, tgt, other target.Target) {
	t.Helper()
	session := lock(t, tgt)
	paths := make([]string, 80)
	work := make(chan string, len(paths))
	for i := range paths {
		paths[i] = "folder" + string(rune('a'+i%3)) + "/" + string(rune('a'+i%26)) + string(rune('a'+i/26)) + ".py"
		if i >= 60 { // each in a folder of its own, as confs are
			paths[i] = "own/" + string(rune('a'+i-60)) + "/conf"
		}
		work <- paths[i]
	}
	close(work)
	var group sync.WaitGroup
	for range max(1, tgt.Capabilities().Writers) {
		group.Go(func() {
			for path := range work {
				if _, err := session.DAGs().Write(t.Context(), path, []byte(path), target.Absent); err != nil {
					t.Errorf("write %s: %v", path, err)
				}
			}
		})
	}
	group.Wait()
	check(t, session.Publish(t.Context(), "many files"))
	entries, err := other.DAGs().Stat(t.Context(), append(paths, "foldera/none.py", "none/none.py"))
	check(t, err)
	equal(t, len(entries), len(paths))
	for path, entry := range entries {
		if entry.SHA256 != "" && entry.SHA256 != sum(path) {
			t.Errorf("%s: hash %s is not that of its content", path, entry.SHA256)
		}
	}
	names, err := other.DAGs().List(t.Context(), "foldera")
	check(t, err)
	equal(t, len(names), 20)
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
