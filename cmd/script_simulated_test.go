package cmd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"chrononctl/internal/demo/simulated"
)

// pacedClock is the clock of a simulated Airflow whose time passes with the questions that it is asked, so that a script sees the same each time.
type pacedClock struct {
	mu sync.Mutex
	at time.Time
}

func (c *pacedClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *pacedClock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// dagOfRun is a request that makes a run, or sets one to work again.
var dagOfRun = regexp.MustCompile(`^POST /api/v[12]/dags/([^/~]+)/(?:dagRuns|clearTaskInstances)$`)

type runsFailKey struct{}

// runsFail is the script command "runs-fail yes|no": each run that a simulated Airflow is asked for is failed at once, or no longer.
func runsFail(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: runs-fail yes|no")
	}
	ts.Value(runsFailKey{}).(*atomic.Bool).Store(args[0] == "yes")
}

// simulations are the simulated Airflows of all scripts, by the address that the program asks.
var simulations sync.Map

// denies is the script command "denies DAG...": the user of the simulated Airflow may not read these DAGs any more. They leave the lists, and to ask for one is
// forbidden.
func denies(ts *testscript.TestScript, neg bool, args []string) {
	value, ok := simulations.Load(ts.Getenv("CHRONONCTL_URL"))
	if neg || !ok || len(args) == 0 {
		ts.Fatalf("usage: denies DAG..., after simulated")
	}
	value.(*simulated.Demo).Airflow.Forbid(args...)
}

// simulatedAirflow is the script command "simulated VERSION [PACE]": the sample on a simulated Airflow, three days after its deploy, answers until the
// script ends. Each request takes PACE of its time, or none. CHRONONCTL_CONFIG leads to it, $REPO is the sample's repository and $DAGS has its files.
func simulatedAirflow(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 || len(args) > 2 {
		ts.Fatalf("usage: simulated VERSION [PACE]")
	}
	clock := &pacedClock{at: time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)}
	demo, err := simulated.Start(context.Background(), simulated.Options{Airflow: args[0], Days: 3, Now: clock.now})
	ts.Check(err)
	ts.Defer(func() { ts.Check(demo.Stop()) })
	var pace time.Duration
	if len(args) == 2 {
		pace, err = time.ParseDuration(args[1])
		ts.Check(err)
	}
	behind, err := url.Parse(demo.URL)
	ts.Check(err)
	forward := httputil.NewSingleHostReverseProxy(behind)
	fails := ts.Value(runsFailKey{}).(*atomic.Bool)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		clock.pass(pace)
		made := dagOfRun.FindStringSubmatch(r.Method + " " + r.URL.Path)
		if made == nil || !fails.Load() {
			forward.ServeHTTP(w, r)
			return
		}
		text, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(text))
		forward.ServeHTTP(w, r)
		var asked struct {
			RunID  string `json:"dag_run_id"`
			DryRun bool   `json:"dry_run"`
		}
		if json.Unmarshal(text, &asked) == nil && !asked.DryRun {
			demo.Airflow.Mark(made[1], asked.RunID, "failed")
		}
	}))
	ts.Defer(server.Close)
	simulations.Store(server.URL, demo)
	ts.Setenv("CHRONONCTL_URL", server.URL)
	ts.Setenv("CHRONONCTL_USERNAME", demo.Context().Username)
	password, err := os.ReadFile(demo.Context().PasswordFile)
	ts.Check(err)
	ts.Setenv("CHRONONCTL_PASSWORD", strings.TrimSpace(string(password)))
	ts.Setenv("CHRONONCTL_TEST_NOW", clock.now().Format(time.RFC3339))
	ts.Setenv("REPO", demo.Repo)
	ts.Setenv("DAGS", filepath.Join(demo.Dir, "dags", "chronon"))
}
