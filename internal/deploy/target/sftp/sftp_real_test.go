//go:build real

package sftp_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"chrononctl/internal/deploy/target"
	"chrononctl/internal/deploy/target/servertest"
	"chrononctl/internal/deploy/target/sftp"
	"chrononctl/internal/deploy/target/targettest"
)

func open(t *testing.T, server servertest.SSH, folder string) *sftp.Driver {
	t.Helper()
	path := filepath.Join(folder, "dags")
	driver, err := sftp.New(sftp.Options{Host: "server", Config: server.Config, Path: path, Folder: "chronon"})
	if err != nil {
		t.Fatal(err)
	}
	return driver
}

// place makes an empty DAG folder that the server's account owns.
func place(t *testing.T, server servertest.SSH) string {
	t.Helper()
	folder := server.Folder(t)
	if err := os.Mkdir(filepath.Join(folder, "dags"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(folder, "dags"), 0o777); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestRealConformance(t *testing.T) {
	server := servertest.StartSSH(t)
	var mutex sync.Mutex
	places := map[target.Target]string{}
	fresh := func(t *testing.T) target.Target {
		t.Helper()
		folder := place(t, server)
		driver := open(t, server, folder)
		mutex.Lock()
		defer mutex.Unlock()
		places[driver] = folder
		return driver
	}
	again := func(t *testing.T, first target.Target) target.Target {
		t.Helper()
		mutex.Lock()
		defer mutex.Unlock()
		return open(t, server, places[first])
	}
	t.Run("suite", func(t *testing.T) { targettest.Run(t, fresh, again) })
}

func TestRealFolderThatIsMissingOrForbiddenAndHostThatIsUnknownAreToldApart(t *testing.T) {
	server := servertest.StartSSH(t)
	_, err := open(t, server, "/nowhere").Lock(t.Context(), target.Owner{Since: time.Now()})
	if _, ok := errors.AsType[*target.NoFolderError](err); !ok {
		t.Errorf("missing folder: %v", err)
	}
	forbidden := t.TempDir()
	if err := os.Mkdir(filepath.Join(forbidden, "dags"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(forbidden, 0o755); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 { // the server runs as nobody then, and may not write here
		_, err = open(t, server, forbidden).Lock(t.Context(), target.Owner{Since: time.Now()})
		if _, ok := errors.AsType[*target.DeniedError](err); !ok {
			t.Errorf("forbidden folder: %v", err)
		}
	}
	strangers := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(strangers, []byte("Include "+server.Config+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(filepath.Dir(server.Config), "known_hosts")); err != nil {
		t.Fatal(err)
	}
	_, err = open(t, servertest.SSH{Config: strangers}, "/tmp").DAGs().List(t.Context(), ".")
	if denied, ok := errors.AsType[*target.DeniedError](err); !ok || denied.Hint() == "" {
		t.Errorf("unknown host key: %v", err)
	}
}
