package local

import (
	"errors"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/exp/golden"

	"chrononctl/internal/demo/python"
)

// configured is an instance whose every value is fixed.
func configured(version string) *Airflow {
	return &Airflow{
		URL: "http://127.0.0.1:41000", Version: version, Dir: "/instances/100%", DAGs: "/instances/100%/dags",
		ports:    ports{web: 41000, logs: 41001},
		secrets:  secrets{Fernet: "FERNET", Signing: "SIGNING", JWT: "JWT", Password: "PASSWORD"},
		database: &database{sockets: "/tmp/cc 1"},
		env:      python.Env{Dir: "/envs/airflow"},
		options: Options{Parallelism: 4, Refresh: 2 * time.Second, Env: map[string]string{"STORE": "/store"},
			Config: map[string]string{"core.parallelism": "9"},
			Store: &python.Store{Environ: []string{"PATH=/usr/bin", "PYTHONPATH=/elsewhere", "AIRFLOW__CORE__EXECUTOR=CeleryExecutor",
				"AIRFLOW_HOME=/other", "NO_PROXY=intranet", "LANG=C"}}},
	}
}

func TestSettings3(t *testing.T) {
	t.Parallel()
	golden.RequireEqual(t, []byte(configured(Airflow3).settings().ini()))
}

func TestSettings2(t *testing.T) {
	t.Parallel()
	golden.RequireEqual(t, []byte(configured(Airflow2).settings().ini()))
}

func TestEnvironHoldsNothingThatLeadsAstray(t *testing.T) {
	t.Parallel()
	environ := configured(Airflow3).environ()
	for _, wanted := range []string{"PATH=/envs/airflow/bin:/usr/bin", "AIRFLOW_HOME=/instances/100%", "NO_PROXY=intranet,127.0.0.1,localhost",
		"no_proxy=127.0.0.1,localhost", "STORE=/store", "LANG=C"} {
		if !slices.Contains(environ, wanted) {
			t.Errorf("%s is missing in %v", wanted, environ)
		}
	}
	for _, entry := range environ {
		if strings.HasPrefix(entry, "AIRFLOW__") || strings.HasPrefix(entry, "PYTHONPATH=") || entry == "AIRFLOW_HOME=/other" {
			t.Errorf("%s came through", entry)
		}
	}
}

func TestATakenPortThatWasAskedForIsNamed(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	dir := filepath.Join(t.TempDir(), "instance")
	_, err = Start(t.Context(), Options{Dir: dir, Port: port, Store: &python.Store{Dir: t.TempDir()}})
	var named *PortTakenError
	if !errors.As(err, &named) || named.Port != port || named.Hint() == "" {
		t.Errorf("got %v", err)
	}
}

func TestFreePortsAreAskedFor(t *testing.T) {
	t.Parallel()
	next := 5000
	options := Options{FreePort: func() (int, error) { next++; return next, nil }}
	chosen, err := options.choosePorts()
	if err != nil || chosen != (ports{web: 5001, logs: 5002}) {
		t.Errorf("chose %+v, %v", chosen, err)
	}
	options.FreePort = func() (int, error) { return 0, errors.New("none left") }
	if _, err := options.choosePorts(); err == nil || !strings.Contains(err.Error(), "none left") {
		t.Errorf("got %v", err)
	}
}

func TestAnUnknownVersionListsTheKnownOnes(t *testing.T) {
	t.Parallel()
	_, err := Start(t.Context(), Options{Version: "1.10"})
	if err == nil || !strings.Contains(err.Error(), "3.3, 3.0, 2.11, 2.6") {
		t.Errorf("got %v", err)
	}
}
