package python

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// machine is a made-up machine: a home, a folder on PATH, and a store that looks at nothing else.
type machine struct {
	t     *testing.T
	home  string
	bin   string
	store *Store
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	root := t.TempDir()
	m := &machine{t: t, home: filepath.Join(root, "home"), bin: filepath.Join(root, "bin")}
	// /bin/sh runs the fakes, so PATH needs no system folder.
	m.store = &Store{Dir: filepath.Join(root, "store"), Environ: []string{"HOME=" + m.home, "PATH=" + m.bin}}
	return m
}

// script puts a program where path says.
func (m *machine) script(path, body string) string {
	m.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
		m.t.Fatal(err)
	}
	return path
}

// python puts an interpreter where path says, which answers our question as that version would.
func (m *machine) python(path, version string) string {
	return m.script(path, answer(path, version, "cpython", "final"))
}

func answer(path, version, implementation, release string) string {
	return fmt.Sprintf(`echo '{"path": %q, "version": %q, "implementation": %q, "release": %q}'`, path, version, implementation, release)
}

// onPath, pyenv and uv are where interpreters are found.
func (m *machine) onPath(name string) string { return filepath.Join(m.bin, name) }
func (m *machine) pyenv(version string) string {
	return filepath.Join(m.home, ".pyenv", "versions", version, "bin", "python3")
}
func (m *machine) uv(version string) string {
	return filepath.Join(m.home, ".local", "share", "uv", "python", "cpython-"+version+"-linux-x86_64-gnu", "bin", "python3")
}

// airflow3 is a want with a refusal.
func airflow3() Want {
	return Want{For: "Airflow 3.3", Minors: []string{"3.12", "3.13", "3.10"}, Refused: map[string]string{"3.11": "it crashes"}}
}

func TestFindTakesTheBestThatRuns(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		setup func(*machine) (want string)
	}{
		{"the one on PATH", func(m *machine) string { return m.python(m.onPath("python3.12"), "3.12.4") }},
		{"python3 when it is a fit version", func(m *machine) string { return m.python(m.onPath("python3"), "3.13.1") }},
		{"the most wanted version, not the first found", func(m *machine) string {
			m.python(m.onPath("python3"), "3.10.2")
			m.python(m.onPath("python3.13"), "3.13.0")
			return m.python(m.pyenv("3.12.1"), "3.12.1")
		}},
		{"a worse version in place of a better one that fails", func(m *machine) string {
			m.script(m.onPath("python3.12"), "echo 'pyenv: python3.12: command not found' >&2; exit 127")
			return m.python(m.onPath("python3.10"), "3.10.9")
		}},
		{"what the interpreter says, not what its name says", func(m *machine) string {
			m.python(m.onPath("python3.12"), "3.11.7")
			return m.python(m.onPath("python3.13"), "3.13.2")
		}},
		{"the newest patch of a version manager", func(m *machine) string {
			m.python(m.pyenv("3.12.9"), "3.12.9")
			return m.python(m.pyenv("3.12.10"), "3.12.10")
		}},
		{"one that uv has fetched", func(m *machine) string { return m.python(m.uv("3.12.8"), "3.12.8") }},
		{"CPython, not another implementation", func(m *machine) string {
			m.script(m.onPath("python3.12"), answer("/pypy", "3.12.0", "pypy", "final"))
			return m.python(m.onPath("python3.13"), "3.13.2")
		}},
		{"a release, not a candidate for one", func(m *machine) string {
			m.script(m.onPath("python3.12"), answer("/rc", "3.12.0", "cpython", "candidate"))
			return m.python(m.onPath("python3.10"), "3.10.2")
		}},
		{"the one that a person named, before better ones", func(m *machine) string {
			m.python(m.onPath("python3.12"), "3.12.4")
			named := m.python(filepath.Join(m.home, "mine"), "3.10.1")
			m.store.Environ = append(m.store.Environ, overrideVariable+"="+named)
			return named
		}},
		{"another, when the one that a person named is unfit", func(m *machine) string {
			m.store.Environ = append(m.store.Environ, overrideVariable+"="+m.python(filepath.Join(m.home, "mine"), "3.11.1"))
			return m.python(m.onPath("python3.12"), "3.12.4")
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			want := test.setup(m)
			found, err := m.store.Find(t.Context(), airflow3())
			if err != nil {
				t.Fatal(err)
			}
			if found.Path != want {
				t.Errorf("took %s, want %s", found, want)
			}
		})
	}
}

func TestFindSaysWhatItTried(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.script(m.onPath("python3.12"), "echo 'not installed' >&2; exit 127")
	eleven := m.python(m.pyenv("3.11.2"), "3.11.2")
	if err := os.MkdirAll(m.bin, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(eleven, m.onPath("python3")); err != nil {
		t.Fatal(err)
	}
	m.python(m.onPath("python"), "3.8.1")
	_, err := m.store.Find(t.Context(), airflow3())
	var missing *NotFoundError
	if !errors.As(err, &missing) {
		t.Fatalf("got %v", err)
	}
	for _, wanted := range []string{"no fit Python for Airflow 3.3", "not installed", "is 3.11.2, refused: it crashes", "is 3.8.1, not 3.12 or 3.13 or 3.10"} {
		if !strings.Contains(err.Error(), wanted) {
			t.Errorf("%q is missing in: %v", wanted, err)
		}
	}
	if strings.Count(err.Error(), "3.11.2, refused") != 1 {
		t.Errorf("one interpreter under two names is told twice: %v", err)
	}
	if !strings.Contains(missing.Hint(), "3.12 or 3.13 or 3.10") {
		t.Errorf("hint: %s", missing.Hint())
	}
}

func TestFindLooksPastPyenvsLaunchers(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	root := filepath.Join(m.home, "elsewhere")
	m.script(filepath.Join(root, "shims", "python3.12"), "touch "+filepath.Join(m.home, "launched")+"; exit 127")
	want := m.python(filepath.Join(root, "versions", "3.12.3", "bin", "python3"), "3.12.3")
	m.store.Environ = append(m.store.Environ, "PATH="+filepath.Join(root, "shims")+string(filepath.ListSeparator)+m.bin)
	found, err := m.store.Find(t.Context(), airflow3())
	if err != nil || found.Path != want {
		t.Fatalf("took %v, %v", found, err)
	}
	if _, err := os.Stat(filepath.Join(m.home, "launched")); err == nil {
		t.Error("the launcher was run")
	}
}

func TestFindEndsWithItsContext(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.script(m.onPath("python3.12"), "exec sleep 600")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.store.Find(ctx, airflow3()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestMinor(t *testing.T) {
	t.Parallel()
	if minor := (Interpreter{Version: "3.12.1"}).Minor(); minor != "3.12" {
		t.Errorf("got %q", minor)
	}
}
