package airflowtest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"chrononctl/airflowclient/airflowtest"
)

// later is a time of the world's clock.
func (w *world) later(d time.Duration) time.Time { return w.clock.Now().Add(d) }

func (w *world) health() string {
	w.t.Helper()
	_, body := w.ask("GET", map[string]string{version2: "health", version3: "monitor/health"}[w.Version()], "")
	scheduler, _ := body["scheduler"].(map[string]any)
	return fmt.Sprint(scheduler["status"])
}

// TestSchedulerStopsAndComesBack is a death that is planned for a time: what runs ends, nothing follows until it is back.
func TestSchedulerStopsAndComesBack(t *testing.T) {
	t.Parallel()
	bothVersions(t, []airflowtest.DAG{{ID: "x", Unpaused: true, Tasks: []airflowtest.Task{lasting("a", time.Minute, ""), lasting("b", time.Minute, "", "a")}}}, func(w *world) {
		w.Schedule(w.later(30*time.Second), airflowtest.Stop())
		w.Schedule(w.later(10*time.Minute), airflowtest.Revive())
		w.Trigger("x", "r", time.Time{})
		w.clock.Advance(40 * time.Second)
		if got := w.health(); got != "healthy" {
			w.t.Errorf("ten seconds after its death the scheduler is %s", got)
		}
		w.clock.Advance(4 * time.Minute)
		w.want("x", "r", "a success 1", "b  0")
		if got := w.health(); got != "unhealthy" {
			w.t.Errorf("minutes after its death the scheduler is %s", got)
		}
		w.clock.Advance(10 * time.Minute)
		w.want("x", "r", "a success 1", "b success 1")
		if got := w.health(); got != "healthy" {
			w.t.Errorf("the scheduler is %s again", got)
		}
	})
}

// TestRestartKeepsIDsAndForgetsTokens is a server that is away for a minute.
func TestRestartKeepsIDsAndForgetsTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, version3, simple("x"))
	w.Trigger("x", "r", time.Time{})
	w.clock.Advance(time.Minute)
	_, before := w.ask("GET", "dags/x/dagRuns/r/taskInstances/only", "")
	w.Schedule(w.later(time.Second), airflowtest.RestartFor(time.Minute))
	w.clock.Advance(10 * time.Second)
	if err := w.knock(); err == nil {
		t.Error("a server that is away answers")
	}
	w.clock.Advance(time.Minute)
	if status, _ := w.ask("GET", "dags/x", ""); status != http.StatusForbidden {
		t.Errorf("a token from before the restart: %d", status)
	}
	w.login()
	if _, after := w.ask("GET", "dags/x/dagRuns/r/taskInstances/only", ""); after["id"] == nil || after["id"] != before["id"] {
		t.Errorf("id %v, before %v", after["id"], before["id"])
	}
}

// knock sends a request and returns its error.
func (w *world) knock() error {
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, "http://localhost/api/v2/version", http.NoBody)
	if err != nil {
		return err
	}
	resp, err := w.Transport().RoundTrip(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

func TestLagMakesEverythingLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, version3, simple("x"))
	w.Schedule(w.later(0), airflowtest.Lag(time.Minute))
	w.Trigger("x", "r", time.Time{})
	w.clock.Advance(10 * time.Second)
	if _, run := w.ask("GET", "dags/x/dagRuns/r", ""); run["state"] != "queued" {
		t.Errorf("the run is %v", run["state"])
	}
	w.clock.Advance(time.Minute)
	if _, run := w.ask("GET", "dags/x/dagRuns/r", ""); run["state"] != "running" {
		t.Errorf("a minute later it is %v", run["state"])
	}
}

func TestSkewMovesTheServersClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t, version2, simple("x"))
	w.Schedule(w.later(0), airflowtest.Skew(-time.Hour))
	w.clock.Advance(time.Second)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/api/v1/version", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := w.Transport().RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	shown, err := http.ParseTime(resp.Header.Get("Date"))
	if behind := w.clock.Now().Sub(shown); err != nil || behind < 59*time.Minute || behind > 61*time.Minute {
		t.Errorf("the server's clock is %s behind, %v", behind, err)
	}
}

// TestDeniedDAGs leave the lists, and asking for one is refused.
func TestDeniedDAGs(t *testing.T) {
	t.Parallel()
	bothVersions(t, []airflowtest.DAG{simple("x"), simple("y")}, func(w *world) {
		w.Schedule(w.later(0), airflowtest.Deny("x"))
		w.Schedule(w.later(time.Minute), airflowtest.Allow("x"))
		w.clock.Advance(time.Second)
		_, list := w.ask("GET", "dags", "")
		one, _ := w.ask("GET", "dags/x", "")
		none, _ := w.ask("GET", "dags/nobodys", "")
		if list["total_entries"] != 1.0 || one != http.StatusForbidden || none != http.StatusForbidden {
			w.t.Errorf("%v DAGs, %d, one that does not exist: %d", list["total_entries"], one, none)
		}
		w.clock.Advance(time.Minute)
		if one, _ = w.ask("GET", "dags/x", ""); one != http.StatusOK {
			w.t.Errorf("after it was allowed again: %d", one)
		}
	})
}

// TestImportErrorsOfDeniedDAGs are left out, or shown without their trace where the file has a DAG that may be read.
func TestImportErrorsOfDeniedDAGs(t *testing.T) {
	t.Parallel()
	bothVersions(t, nil, func(w *world) {
		files := map[string][]airflowtest.DAG{"both.py": {simple("x"), simple("y")}, "hidden.py": {simple("z")}, "open.py": {simple("o")}}
		for name, dags := range files {
			w.Put(airflowtest.File{Name: name, DAGs: dags})
		}
		w.ParseAll()
		for name := range files {
			w.Put(airflowtest.File{Name: name, Err: "NameError: " + name})
		}
		w.ParseAll()
		w.Forbid("x", "z")
		_, list := w.ask("GET", "importErrors", "")
		got := fmt.Sprint(list)
		if list["total_entries"] != 2.0 || strings.Contains(got, "NameError: both.py") || !strings.Contains(got, "REDACTED") || !strings.Contains(got, "NameError: open.py") {
			w.t.Errorf("got %s", got)
		}
		w.Forbid("y", "o")
		if status, _ := w.ask("GET", "dags", ""); status != http.StatusForbidden {
			w.t.Errorf("the list is %d", status)
		}
	})
}

// TestFaultsHaveTheirTimeAndPlace is a fault of one path, between two times.
func TestFaultsHaveTheirTimeAndPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, version3, simple("x"))
	fault := airflowtest.Answered("importErrors", airflowtest.Forbidden())
	fault.From, fault.Until = w.later(time.Minute), w.later(2*time.Minute)
	w.Break(fault)
	var got []int
	for range 3 {
		broken, _ := w.ask("GET", "importErrors", "")
		other, _ := w.ask("GET", "dags", "")
		got = append(got, broken, other)
		w.clock.Advance(time.Minute)
	}
	if fmt.Sprint(got) != "[200 200 403 200 200 200]" {
		t.Errorf("%v", got)
	}
}

// TestRowsMoveBetweenPages is a DAG that comes first in the list while it is read.
func TestRowsMoveBetweenPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, version3, simple("b"), simple("c"))
	w.Break(airflowtest.Between("/dags", func() {
		w.Put(airflowtest.File{Name: "first.py", DAGs: []airflowtest.DAG{simple("a")}})
		w.ParseAll()
	}))
	seen := ""
	for offset := range 2 {
		_, body := w.ask("GET", fmt.Sprint("dags?limit=1&offset=", offset), "")
		rows, _ := body["dags"].([]any)
		for _, each := range rows {
			dag, _ := each.(map[string]any)
			seen += fmt.Sprint(dag["dag_id"])
		}
	}
	if seen != "bb" {
		t.Errorf("the pages had %s", strings.Join(strings.Split(seen, ""), ", "))
	}
}
