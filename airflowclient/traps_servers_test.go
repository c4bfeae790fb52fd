package airflowclient_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chrononctl/airflowclient"
	"chrononctl/airflowclient/airflowtest"
)

// The traps of servers, each in a test that is named after it; testdata/traps.md has the list.

func TestTrapRunsWithoutADate(t *testing.T) {
	t.Parallel()
	onBoth(t, map[string]http.HandlerFunc{"POST /dags/~/dagRuns/list": answer(200, `{"total_entries": 2, "dag_runs": [
		{"dag_id": "x", "dag_run_id": "old", "logical_date": "2024-01-01T00:00:00Z", "data_interval_start": null, "data_interval_end": null},
		{"dag_id": "x", "dag_run_id": "none", "logical_date": null, "run_after": "2024-01-05T00:00:00Z", "data_interval_start": null, "start_date": null}]}`)},
		func(p peer) {
			t, c := p.T, p.client
			runs, err := c.Runs(t.Context(), airflowclient.RunQuery{})
			if err != nil || len(runs) != 2 || runs[0].ID != "none" || !runs[0].LogicalDate.IsZero() || len(c.Warnings()) > 0 {
				t.Errorf("got %+v, %v, %q", runs, err, c.Warnings())
			}
		})
}

// A clear of a run answers with task instances when the server takes it for a dry run: nothing was cleared then, and that is no success.
func TestTrapClearAnswersWithAUnion(t *testing.T) {
	t.Parallel()
	onBoth(t, map[string]http.HandlerFunc{
		"POST /dags/x/dagRuns/r/clear": answer(200, `{"total_entries": 1, "task_instances": [{"dag_id": "x", "dag_run_id": "r", "task_id": "t"}]}`),
	}, func(p peer) {
		t, c := p.T, p.client
		if run, err := c.ClearRun(t.Context(), airflowclient.RunClear{DAGID: "x", RunID: "r"}); err == nil {
			t.Errorf("got %+v without an error", run)
		}
	})
}

func TestTrapRunIDsNeedEscaping(t *testing.T) {
	t.Parallel()
	const id, path = "manual__2024-01-02T00:00:00+00:00 é", "/dags/x/dagRuns/manual__2024-01-02T00:00:00+00:00%20%C3%A9"
	onBoth(t, nil, func(p peer) {
		t, a, f, c := p.T, p.api, p.fake, p.client
		if a == apiV1 { // the library escapes ":" and "+" too, which means the same
			f.routes["DELETE "+a.prefix+strings.NewReplacer(":", "%3A", "+", "%2B").Replace(path)] = answer(204, "")
		}
		f.routes["DELETE "+a.prefix+path] = answer(204, "")
		if err := c.DeleteRun(t.Context(), "x", id); err != nil {
			t.Errorf("%v after %v", err, f.requests(""))
		}
	})
}

// A trigger whose answer was lost has made its run all the same. Under an id of our own a second one ends in a conflict, not in a second run.
func TestTrapTriggerWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	for _, a := range bothAPIs {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			clock := &airflowtest.Clock{}
			server := airflowtest.New(airflowtest.Options{Version: a.version, Now: clock.Now})
			server.Put(airflowtest.File{Name: "x.py", DAGs: []airflowtest.DAG{{ID: "x", Tasks: []airflowtest.Task{{ID: "t"}}}}})
			server.ParseAll()
			c := newClient(t, server.Transport(), airflowclient.Config{Auth: airflowclient.Auto(airflowclient.Login{})})
			if _, err := c.Server(t.Context()); err != nil {
				t.Fatal(err)
			}
			server.Break(airflowtest.Fault{Method: http.MethodPost, Path: "dagRuns", Times: 1, Cut: true})
			trigger := airflowclient.TriggerRequest{DAGID: "x", RunID: "mine", LogicalDate: day(2)}
			_, first := c.Trigger(t.Context(), trigger)
			_, second := c.Trigger(t.Context(), trigger)
			if !airflowclient.IsAmbiguous(first) || !airflowclient.IsConflict(second) || len(server.Runs()) != 1 {
				t.Errorf("got %v, then %v, and %d runs", first, second, len(server.Runs()))
			}
		})
	}
}

func TestTrapBatchOfTaskInstancesWithoutPages(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"2.7.3", "2.10.5", "2.11.2", "3.0.6", "3.3.2"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			clock := &airflowtest.Clock{}
			server := airflowtest.New(airflowtest.Options{Version: version, Now: clock.Now, BatchCap: 100})
			server.Put(airflowtest.File{Name: "x.py", DAGs: []airflowtest.DAG{{ID: "x", Unpaused: true, Tasks: []airflowtest.Task{{ID: "m", Mapped: 250}}}}})
			server.ParseAll()
			server.Trigger("x", "r", day(2))
			c := newClient(t, server.Transport(), airflowclient.Config{Auth: airflowclient.Auto(airflowclient.Login{})})
			list, err := c.TaskInstances(t.Context(), airflowclient.TaskQuery{Runs: []airflowclient.RunRef{{DAGID: "x", RunID: "r"}}})
			if err != nil || len(list) != 250 || list[249].MapIndex != 249 {
				t.Errorf("got %d, %v", len(list), err)
			}
		})
	}
}

// Clocks differ. What a backfill takes for over is measured on the server's clock, and so are the marks of the feed.
func TestTrapServerClockIsAhead(t *testing.T) {
	t.Parallel()
	clock := &airflowtest.Clock{} // the beginning of 2026
	server := airflowtest.New(airflowtest.Options{Version: "2.11.2", Now: clock.Now, Skew: 48 * time.Hour})
	server.Put(airflowtest.File{Name: "x.py", DAGs: []airflowtest.DAG{{ID: "x", Cron: "0 0 * * *", Start: day(1), Tasks: []airflowtest.Task{{ID: "t"}}}}})
	server.ParseAll()
	c := newClient(t, server.Transport(), airflowclient.Config{Now: clock.Now})
	from := time.Date(2025, 12, 31, 0, 0, 0, 0, time.UTC)
	dates, err := c.PlanBackfill(t.Context(), airflowclient.BackfillRequest{DAGID: "x", From: from, To: from.AddDate(0, 0, 9)})
	want := []time.Time{from, from.AddDate(0, 0, 1), from.AddDate(0, 0, 2)}
	if diff := cmp.Diff(want, dates); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}
