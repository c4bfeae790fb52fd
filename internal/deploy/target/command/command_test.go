package command_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"chrononctl/internal/deploy/target"
	"chrononctl/internal/deploy/target/command"
	"chrononctl/internal/deploy/target/targettest"
)

// open makes a target whose tool copies the folder to another place, as a deploy tool does.
func open(t *testing.T, state, place string) *command.Driver {
	t.Helper()
	driver, err := command.New(command.Options{Name: "copy", State: state, Argv: []string{"sh", "-c", `rm -rf "$2" && cp -r "$1" "$2"`, "sh", "{folder}", place}})
	if err != nil {
		t.Fatal(err)
	}
	return driver
}

func TestConformance(t *testing.T) {
	t.Parallel()
	var states sync.Map // of a target
	fresh := func(t *testing.T) target.Target {
		t.Helper()
		state := t.TempDir()
		driver := open(t, state, filepath.Join(t.TempDir(), "dags"))
		states.Store(driver, state)
		return driver
	}
	again := func(t *testing.T, first target.Target) target.Target {
		t.Helper()
		state, _ := states.Load(first)
		return open(t, state.(string), filepath.Join(t.TempDir(), "dags"))
	}
	targettest.Run(t, fresh, again)
}

func lock(t *testing.T, tgt target.Target) target.Session {
	t.Helper()
	session, err := tgt.Lock(t.Context(), target.Owner{Who: "suite", Since: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Close() })
	return session
}

func TestTheToolGetsTheWholeFolderAsItWillBe(t *testing.T) {
	t.Parallel()
	place := filepath.Join(t.TempDir(), "dags")
	session := lock(t, open(t, t.TempDir(), place))
	publish := func(path, text string) target.Version {
		t.Helper()
		version, err := session.DAGs().Write(t.Context(), path, []byte(text), target.Absent)
		if err != nil {
			t.Fatal(err)
		}
		if err := session.Publish(t.Context(), "release"); err != nil {
			t.Fatal(err)
		}
		return version
	}
	first := publish("a.py", "one")
	publish("deep/b.py", "two")
	if got := files(t, place); got != "a.py=one deep/b.py=two" {
		t.Errorf("after two releases the place holds %s", got)
	}
	if err := session.DAGs().Remove(t.Context(), "a.py", first); err != nil {
		t.Fatal(err)
	}
	if err := session.Publish(t.Context(), "release"); err != nil {
		t.Fatal(err)
	}
	if got := files(t, place); got != "deep/b.py=two" {
		t.Errorf("after the removal the place holds %s", got)
	}
}

func TestAToolThatFailsLeavesTheCopyAsItWasAndIsQuoted(t *testing.T) {
	t.Parallel()
	driver, err := command.New(command.Options{State: t.TempDir(), Argv: []string{"sh", "-c", "echo quota exceeded >&2; exit 7", "sh", "{folder}"}})
	if err != nil {
		t.Fatal(err)
	}
	session := lock(t, driver)
	if _, err := session.DAGs().Write(t.Context(), "a.py", []byte("one"), target.Absent); err != nil {
		t.Fatal(err)
	}
	err = session.Publish(t.Context(), "release")
	failed, ok := errors.AsType[*command.FailedError](err)
	if !ok || failed.Status != 7 || failed.Words != "quota exceeded" {
		t.Errorf("error %v, want status 7 and the tool's words", err)
	}
	if names, err := driver.DAGs().List(t.Context(), "."); err != nil || len(names) != 0 {
		t.Errorf("the copy holds %v, %v", names, err)
	}
}

func TestStateAloneDoesNotRunTheTool(t *testing.T) {
	t.Parallel()
	place := filepath.Join(t.TempDir(), "dags")
	driver := open(t, t.TempDir(), place)
	session := lock(t, driver)
	if _, err := session.State().Write(t.Context(), "note", []byte("x"), target.Absent); err != nil {
		t.Fatal(err)
	}
	if err := session.Publish(t.Context(), "note"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(place); err == nil {
		t.Error("the tool ran although no DAG file changed")
	}
}

func TestACommandWithoutAPlaceForTheFolderIsRefused(t *testing.T) {
	t.Parallel()
	_, err := command.New(command.Options{State: t.TempDir(), Argv: []string{"deploy", "--fast"}})
	if _, ok := errors.AsType[*command.NoFolderArgumentError](err); !ok {
		t.Errorf("error %v", err)
	}
}

// files lists a folder as "path=content", in order.
func files(t *testing.T, dir string) string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		rel, relErr := filepath.Rel(dir, path)
		out = append(out, rel+"="+string(data))
		return errors.Join(err, relErr)
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, " ")
}

// A tool that failed, or that was killed with the program, may have done its work all the same. What the target is said to hold is put back at the first chance.
func TestWhatAFailedToolMayHaveDoneIsUndone(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]func(t *testing.T, session target.Session, state, place string) target.Session{
		"by the same session": func(_ *testing.T, session target.Session, _, _ string) target.Session {
			session.Discard()
			return session
		},
		"by the next session": func(t *testing.T, session target.Session, state, place string) target.Session {
			t.Helper()
			if err := session.Close(); err != nil {
				t.Fatal(err)
			}
			return lock(t, open(t, state, place))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state, place := t.TempDir(), filepath.Join(t.TempDir(), "dags")
			session := lock(t, open(t, state, place))
			version, err := session.DAGs().Write(t.Context(), "a.py", []byte("one"), target.Absent)
			if err := errors.Join(err, session.Publish(t.Context(), "release"), session.Close()); err != nil {
				t.Fatal(err)
			}
			failing, err := command.New(command.Options{Name: "copy", State: state, Argv: []string{"sh", "-c", `rm -rf "$2" && cp -r "$1" "$2"; exit 1`, "sh", "{folder}", place}})
			if err != nil {
				t.Fatal(err)
			}
			session = lock(t, failing)
			if _, err := session.DAGs().Write(t.Context(), "a.py", []byte("two"), version); err != nil {
				t.Fatal(err)
			}
			if err := session.Publish(t.Context(), "release"); err == nil || files(t, place) != "a.py=two" {
				t.Fatalf("the place holds %s, %v", files(t, place), err)
			}
			session = next(t, session, state, place)
			_ = session.Publish(t.Context(), "note") // the failing tool fails again, and has done its work again
			if got := files(t, place); got != "a.py=one" {
				t.Errorf("the place holds %s", got)
			}
		})
	}
}
