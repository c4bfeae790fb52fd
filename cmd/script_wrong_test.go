package cmd_test

import (
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// wrongServers are servers that a person may reach by mistake, or that do not let them in.
var wrongServers = map[string]http.HandlerFunc{
	// A login page or another program: a good status, and nothing of Airflow.
	"page": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><title>Welcome to the intranet</title>")
	},
	// Airflow 3 tells its version to everybody, and gives a token for a right password only.
	"airflow3-refusing": func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/v2/version" {
			reply(w, row{"version": "3.3.2"})
			return
		}
		w.WriteHeader(http.StatusUnauthorized)
		reply(w, row{"detail": "Invalid credentials"})
	},
	// Airflow 3 whose database is away.
	"airflow3-failing": func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/v2/version" {
			reply(w, row{"version": "3.3.2"})
			return
		}
		w.WriteHeader(http.StatusInternalServerError)
		reply(w, row{"detail": "the database is away"})
	},
	// Airflow 2 refuses the question itself.
	"airflow2-refusing": func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/api/v1/version":
			reply(w, row{"version": "2.11.2"})
		case strings.HasPrefix(r.URL.Path, "/api/v1/"):
			w.WriteHeader(http.StatusUnauthorized)
			reply(w, row{"title": "Unauthorized", "status": http.StatusUnauthorized})
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	},
}

// wrongServer is the script command "wrong-server KIND": CHRONONCTL_URL leads to such a server until the script ends.
func wrongServer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 || wrongServers[args[0]] == nil {
		ts.Fatalf("usage: wrong-server page|airflow3-refusing|airflow3-failing|airflow2-refusing")
	}
	server := httptest.NewServer(wrongServers[args[0]])
	ts.Defer(server.Close)
	ts.Setenv("CHRONONCTL_URL", server.URL)
}

// useContext is the script command "use-context NAME": the user's file gets a context of that name for CHRONONCTL_URL, whose user is eve and whose
// password is in AIRFLOW_PW.
func useContext(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: use-context NAME")
	}
	file := filepath.Join(ts.Getenv("XDG_CONFIG_HOME"), "chrononctl", "config.yaml")
	ts.Check(os.MkdirAll(filepath.Dir(file), 0o755))
	text := fmt.Sprintf("contexts:\n  %s: {url: '%s', username: eve, password_env: AIRFLOW_PW}\n", args[0], ts.Getenv("CHRONONCTL_URL"))
	ts.Check(os.WriteFile(file, []byte(text), 0o600))
}

// takePort is the script command "take-port": another program listens on the port TAKEN until the script ends.
func takePort(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: take-port")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { listener.Close() })
	_, port, err := net.SplitHostPort(listener.Addr().String())
	ts.Check(err)
	ts.Setenv("TAKEN", port)
}

// leavesNothing is the script command "leaves-nothing DIR": no file is in the folder or below it but locks, which are empty and stay.
func leavesNothing(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: leaves-nothing DIR")
	}
	ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && filepath.Ext(path) != ".lock" {
			return fmt.Errorf("%s was left behind", path)
		}
		return err
	}))
}
