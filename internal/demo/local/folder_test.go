package local

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAFolderHasOneHolder(t *testing.T) {
	t.Parallel()
	first, err := openFolder(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := first.claim(Airflow3, "env-a"); err != nil {
		t.Fatal(err)
	}
	first.state.URL = "http://127.0.0.1:1234"
	if err := first.save(); err != nil {
		t.Fatal(err)
	}
	_, err = openFolder(t.Context(), first.path)
	var busy *BusyError
	if !errors.As(err, &busy) || busy.PID != os.Getpid() || busy.URL != "http://127.0.0.1:1234" || busy.Hint() == "" {
		t.Errorf("got %v", err)
	}
	if err := first.close(); err != nil {
		t.Fatal(err)
	}
	again, err := openFolder(t.Context(), first.path)
	if err != nil {
		t.Fatalf("a folder that was given up: %v", err)
	}
	if again.state.PID != 0 || again.state.URL != "" || again.state.Airflow != Airflow3 {
		t.Errorf("remembers %+v", again.state)
	}
	if err := again.close(); err != nil {
		t.Error(err)
	}
}

func TestAFolderWaitsForTheProgramsOfAKilledHolder(t *testing.T) {
	t.Parallel()
	a := fakeInstance(t)
	c, err := a.run(shell("postgresql", `trap 'sleep 0.3; echo gone >gone; exit 0' TERM; echo up >up; while :; do sleep 0.05; done`))
	if err != nil {
		t.Fatal(err)
	}
	awaitFile(t, filepath.Join(a.Dir, "up"))
	// The holder dies: its lock is free at once, its programs need a moment.
	if err := a.folder.lock.Close(); err != nil {
		t.Fatal(err)
	}
	c.life.Close()
	next, err := openFolder(t.Context(), a.Dir)
	if err != nil {
		t.Fatal(err)
	}
	defer next.lock.Close()
	if _, err := os.Stat(filepath.Join(a.Dir, "gone")); err != nil {
		t.Error("the folder was handed out while a program still ran in it")
	}
}

func TestAFolderKeepsToItsVersion(t *testing.T) {
	t.Parallel()
	f, err := openFolder(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	if err := f.claim(Airflow2, "env-a"); err != nil {
		t.Fatal(err)
	}
	f.state.Migrated = "env-a"
	if err := f.claim(Airflow2, "env-a"); err != nil || f.state.Migrated != "env-a" {
		t.Errorf("the same environment: migrated %q, %v", f.state.Migrated, err)
	}
	if err := f.claim(Airflow2, "env-b"); err != nil || f.state.Migrated != "" {
		t.Errorf("another environment must migrate again: migrated %q, %v", f.state.Migrated, err)
	}
	err = f.claim(Airflow3, "env-c")
	if err == nil || !strings.Contains(err.Error(), "holds an Airflow 2.11, not 3.3") {
		t.Errorf("got %v", err)
	}
}

func TestATemporaryFolderIsRemoved(t *testing.T) {
	t.Parallel()
	f, err := openFolder(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(f.path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("still there: %v", err)
	}
}

func TestSecretsAreMadeOnceAndPrivate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "secrets.json")
	first, err := loadSecrets(path)
	if err != nil {
		t.Fatal(err)
	}
	second, err := loadSecrets(path)
	if err != nil || first != second {
		t.Errorf("the second start has other secrets (%v)", err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	for name, secret := range map[string]string{"fernet": first.Fernet, "signing": first.Signing, "jwt": first.JWT, "password": first.Password} {
		if len(secret) < 20 {
			t.Errorf("%s is short: %d characters", name, len(secret))
		}
	}
}

func TestOpenToAllLooksAtEveryFolderAbove(t *testing.T) {
	t.Parallel()
	closed := filepath.Join(t.TempDir(), "closed")
	if err := os.MkdirAll(filepath.Join(closed, "open"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	if openToAll(filepath.Join(closed, "open")) {
		t.Error("nobody can pass a folder of mode 0700")
	}
	if !openToAll("/") {
		t.Error("everyone can read the root folder")
	}
}

func TestHealthIsJudgedByHeartbeatsOfThisStart(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	ready := func() health {
		var h health
		h.Database.Status, h.Scheduler.Status, h.DAGProcessor.Status = healthy, healthy, healthy
		h.Scheduler.Heartbeat, h.DAGProcessor.Heartbeat = began.Add(time.Second), began.Add(time.Second)
		return h
	}
	for _, test := range []struct {
		name    string
		change  func(*health)
		missing string
	}{
		{"all have reported", func(*health) {}, ""},
		{"a scheduler of the last run", func(h *health) { h.Scheduler.Heartbeat = began.Add(-time.Second) }, "the scheduler"},
		{"a DAG processor that never ran", func(h *health) { h.DAGProcessor.Status = "" }, "the DAG processor"},
		{"a broken database", func(h *health) { h.Database.Status = "unhealthy" }, "the database"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := ready()
			test.change(&h)
			err := h.missing(began, true, false)
			if test.missing == "" && err != nil || test.missing != "" && (err == nil || !strings.HasPrefix(err.Error(), test.missing)) {
				t.Errorf("got %v", err)
			}
		})
	}
	if err := ready().missing(began, true, true); err == nil {
		t.Error("a triggerer that was asked for and did not report")
	}
}

func TestAShelterEndsWithTheFolderOfItsInstance(t *testing.T) {
	t.Parallel()
	temp, instance := t.TempDir(), t.TempDir()
	shelters := map[string]string{}
	for name, note := range map[string]string{"kept": instance, "swept": filepath.Join(instance, "removed"), "odd": "not a path"} {
		dir, err := makeTemporary(temp)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, shelteredName), []byte(note), 0o600); err != nil {
			t.Fatal(err)
		}
		shelters[name] = dir
	}
	sweepShelters(temp)
	for name, dir := range shelters {
		if _, err := os.Stat(dir); (err == nil) != (name != "swept") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestShelterIsWhereEveryUserCanReachIt(t *testing.T) {
	private := filepath.Join(t.TempDir(), "private")
	if err := os.Mkdir(private, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", private)
	for _, temporary := range []bool{true, false} {
		if parent := shelterParent(temporary); !openToAll(parent) {
			t.Errorf("temporary %v: the shelter would go to %s, which not every user can reach", temporary, parent)
		}
	}
}
