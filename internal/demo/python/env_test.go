package python

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"chrononctl/internal/demo/locks"
)

// lock is a lock file for the fakes.
var lock = locks.Lock{Name: "tool", Text: []byte("six==1.17.0 --hash=sha256:00\n")}

// withUV puts a fake uv into the store. Every call adds a line to the returned file; body runs for what is not "venv".
func (m *machine) withUV(body string) (calls string) {
	m.t.Helper()
	pinned, err := locks.Get("uv")
	if err != nil {
		m.t.Fatal(err)
	}
	dir := filepath.Join(m.store.Dir, "tools", "uv-"+pinned.Digest())
	calls = filepath.Join(m.home, "calls")
	if err := os.MkdirAll(m.home, 0o755); err != nil {
		m.t.Fatal(err)
	}
	m.script(filepath.Join(dir, "bin", "python"), `echo "global.index-url='https://mirror.example/simple'"`)
	m.script(filepath.Join(dir, "bin", "uv"), `echo "$UV_DEFAULT_INDEX $*" >>`+calls+`
for last; do :; done
if [ "$1" = venv ]; then
    /bin/mkdir -p "$last/bin" && echo '#!/bin/sh' >"$last/bin/python" && /bin/chmod +x "$last/bin/python"
    exit
fi
`+body)
	if err := os.WriteFile(filepath.Join(dir, stampName), nil, 0o644); err != nil {
		m.t.Fatal(err)
	}
	return calls
}

func lines(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

func TestEnvInstallsOnceFromTheLock(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	calls := m.withUV("exit 0")
	interpreter := Interpreter{Path: m.python(m.onPath("python3.12"), "3.12.1"), Version: "3.12.1"}
	first, err := m.store.Env(t.Context(), lock, interpreter)
	if err != nil {
		t.Fatal(err)
	}
	second, err := m.store.Env(t.Context(), lock, interpreter)
	if err != nil {
		t.Fatal(err)
	}
	if !first.Installed || second.Installed || first.Python != second.Python {
		t.Errorf("first %+v, second %+v", first, second)
	}
	ran := lines(t, calls)
	if len(ran) != 2 || !strings.Contains(ran[1], "pip sync") || !strings.Contains(ran[1], "--require-hashes") {
		t.Errorf("uv ran %q", ran)
	}
	if !strings.HasPrefix(ran[1], "https://mirror.example/simple ") {
		t.Errorf("pip's index did not reach uv: %q", ran[1])
	}
	requirements, err := os.ReadFile(filepath.Join(first.Dir, "requirements.txt"))
	if err != nil || string(requirements) != string(lock.Text) {
		t.Errorf("installed %q, %v", requirements, err)
	}
}

func TestEnvIsNamedByLockAndInterpreter(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.withUV("exit 0")
	path := m.python(m.onPath("python3.12"), "3.12.1")
	changed := locks.Lock{Name: lock.Name, Text: []byte("six==1.16.0 --hash=sha256:00\n")}
	dirs := map[string]bool{}
	for _, request := range []struct {
		lock    locks.Lock
		version string
	}{{lock, "3.12.1"}, {lock, "3.13.0"}, {changed, "3.12.1"}} {
		env, err := m.store.Env(t.Context(), request.lock, Interpreter{Path: path, Version: request.version})
		if err != nil {
			t.Fatal(err)
		}
		dirs[env.Dir] = true
	}
	if len(dirs) != 3 {
		t.Errorf("%d folders for 3 environments: %v", len(dirs), dirs)
	}
}

func TestEnvIsBuiltOnceByManyAtATime(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	calls := m.withUV("exit 0")
	interpreter := Interpreter{Path: m.python(m.onPath("python3.12"), "3.12.1"), Version: "3.12.1"}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if _, err := m.store.Env(context.WithoutCancel(t.Context()), lock, interpreter); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if ran := lines(t, calls); len(ran) != 2 {
		t.Errorf("uv ran %d times: %q", len(ran), ran)
	}
}

func TestEnvIsBuiltAgain(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(t *testing.T, env Env){
		"when its building was cut short": func(t *testing.T, env Env) {
			t.Helper()
			if err := os.Remove(filepath.Join(env.Dir, stampName)); err != nil {
				t.Fatal(err)
			}
		},
		"when its interpreter is gone": func(t *testing.T, env Env) {
			t.Helper()
			if err := os.Remove(env.Python); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.withUV("exit 0")
			interpreter := Interpreter{Path: m.python(m.onPath("python3.12"), "3.12.1"), Version: "3.12.1"}
			env, err := m.store.Env(t.Context(), lock, interpreter)
			if err != nil {
				t.Fatal(err)
			}
			leftover := filepath.Join(env.Dir, "leftover")
			if err := os.WriteFile(leftover, nil, 0o644); err != nil {
				t.Fatal(err)
			}
			spoil(t, env)
			again, err := m.store.Env(t.Context(), lock, interpreter)
			if err != nil || !again.Installed {
				t.Errorf("%+v, %v", again, err)
			}
			if _, err := os.Stat(leftover); err == nil {
				t.Error("what was left of the spoilt one is still there")
			}
		})
	}
}

func TestAFailedInstallTellsWhyAndWhatNext(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.withUV("echo 'error: Failed to fetch: dns error' >&2; exit 2")
	interpreter := Interpreter{Path: m.python(m.onPath("python3.12"), "3.12.1"), Version: "3.12.1"}
	env, err := m.store.Env(t.Context(), lock, interpreter)
	var install *InstallError
	if !errors.As(err, &install) || !strings.Contains(err.Error(), "dns error") || !strings.Contains(install.Hint(), "PIP_INDEX_URL") {
		t.Fatalf("got %+v, %v", env, err)
	}
	m.withUV("exit 0")
	if env, err := m.store.Env(t.Context(), lock, interpreter); err != nil || !env.Installed {
		t.Errorf("the next try: %+v, %v", env, err)
	}
}

func TestNamedFetchesAPythonWhereNoneFits(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.python(m.onPath("python3"), "3.11.7")
	fetched := filepath.Join(m.store.pythonsDir(), "cpython-3.12.9-linux-x86_64-gnu", "bin", "python3")
	m.withUV(`if [ "$1 $2" = "python install" ]; then
    /bin/mkdir -p ` + filepath.Dir(fetched) + `
    { echo '#!/bin/sh'; echo "` + strings.ReplaceAll(answer(fetched, "3.12.9", "cpython", "final"), `"`, `\"`) + `"; } >` + fetched + `
    /bin/chmod +x ` + fetched + `
fi`)
	env, err := m.store.Named(t.Context(), "airflow-3.3")
	if err != nil || env.Version != "3.12.9" {
		t.Errorf("%+v, %v", env, err)
	}
}

func TestNamedSaysBothThatNoneFitsAndThatNoneCouldBeFetched(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.python(m.onPath("python3"), "3.11.7")
	m.withUV("case $1 in python) echo 'error: no route to host' >&2; exit 1;; esac")
	_, err := m.store.Named(t.Context(), "airflow-3.3")
	var unfit *UnfitError
	if !errors.As(err, &unfit) {
		t.Fatalf("got %v", err)
	}
	for _, wanted := range []string{"3.11.7, refused", "crashes", "none could be fetched", "no route to host"} {
		if !strings.Contains(err.Error(), wanted) {
			t.Errorf("%q is missing in: %v", wanted, err)
		}
	}
	if !strings.Contains(unfit.Hint(), "Airflow 2.11") {
		t.Errorf("hint: %s", unfit.Hint())
	}
	env, err := m.store.Named(t.Context(), "airflow-2.11")
	if err != nil || env.Version != "3.11.7" {
		t.Errorf("Airflow 2.11 on the same machine: %+v, %v", env, err)
	}
}

func TestNamedAddsThePackagesOfFurtherLocks(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.python(m.onPath("python3"), "3.12.9")
	m.withUV("exit 0")
	plain, err := m.store.Named(t.Context(), "airflow-3.3")
	if err != nil {
		t.Fatal(err)
	}
	more, err := m.store.Named(t.Context(), "airflow-3.3", "hive")
	if err != nil || more.Name != "airflow-3.3-hive" || more.Dir == plain.Dir {
		t.Fatalf("%+v, %v", more, err)
	}
	installed, err := os.ReadFile(filepath.Join(more.Dir, "requirements.txt"))
	if err != nil || !strings.Contains(string(installed), "\napache-airflow==3.3") || !strings.Contains(string(installed), "\nhmsclient==") {
		t.Errorf("what is installed lacks one of both: %v", err)
	}
	if _, err := m.store.Named(t.Context(), "airflow-3.3", "pig"); err == nil || !strings.Contains(err.Error(), `no lock file "pig"`) {
		t.Errorf("got %v", err)
	}
}

func TestNamedListsWhatItKnows(t *testing.T) {
	t.Parallel()
	_, err := newMachine(t).store.Named(t.Context(), "airflow-1.10")
	if err == nil || !strings.Contains(err.Error(), "airflow-2.6, airflow-2.11, airflow-3.0, airflow-3.3, chronon, spark, pytest") {
		t.Errorf("got %v", err)
	}
}

func TestPipsConfigurationInTheTermsOfUV(t *testing.T) {
	t.Parallel()
	config := parsePipConfig(`:env:.cert='/env.pem'
global.cert='/global.pem'
global.extra-index-url='\nhttps://a.example/simple\nhttps://b.example/simple'
global.index-url='https://global.example/simple'
install.find-links='/opt/wheels /more'
install.index-url='https://install.example/simple'
list.format='columns'
global.trusted-host='mirror.example'
global.no-index='True'
`)
	got := uvSettings(config, func(string) bool { return false })
	want := map[string]string{
		"SSL_CERT_FILE": "/env.pem", "UV_INDEX": "https://a.example/simple https://b.example/simple",
		"UV_DEFAULT_INDEX": "https://install.example/simple", "UV_FIND_LINKS": "/opt/wheels,/more",
		"UV_INSECURE_HOST": "mirror.example", "UV_NO_INDEX": "1",
	}
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %q, want %q", name, got[name], value)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %v", got)
	}
	folder := uvSettings(map[string]string{"cert": "/certs"}, func(string) bool { return true })
	if folder["SSL_CERT_DIR"] != "/certs" || folder["SSL_CERT_FILE"] != "" {
		t.Errorf("a folder of certificates: %v", folder)
	}
}

func TestWhatIsSetForUVStays(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.withUV("")
	m.store.Environ = append(m.store.Environ, "UV_DEFAULT_INDEX=https://mine.example/simple", "UV_SYSTEM_CERTS=false")
	environ := strings.Join(m.store.uvEnviron(t.Context()), "\n")
	if strings.Contains(environ, "mirror.example") || strings.Contains(environ, "UV_SYSTEM_CERTS=true") {
		t.Errorf("overwritten:\n%s", environ)
	}
}
