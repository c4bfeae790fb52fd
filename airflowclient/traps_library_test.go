package airflowclient_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chrononctl/airflowclient"
)

// The traps of airflow-client-go, each in a test that is named after it; testdata/traps.md has the list.

// peer is a client, the fake Airflow that it talks to, and the test that looks at both.
type peer struct {
	*testing.T
	api    api
	fake   *fake
	client *airflowclient.Client
}

// onBoth runs a test against a fake of each API with routes below its prefix.
func onBoth(t *testing.T, routes map[string]http.HandlerFunc, check func(p peer)) {
	t.Helper()
	for _, a := range bothAPIs {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(a, nil)
			for route, handler := range routes {
				method, path, _ := cutRoute(route)
				f.routes[method+" "+a.prefix+path] = handler
			}
			check(peer{t, a, f, newClient(t, f, airflowclient.Config{})})
		})
	}
}

// bodyOf is the body of the only request at a path.
func bodyOf(t *testing.T, f *fake, path string) map[string]any {
	t.Helper()
	sent := f.requests(path)
	if len(sent) != 1 {
		t.Fatalf("%d requests at %s", len(sent), path)
	}
	var body map[string]any
	if err := json.Unmarshal([]byte(sent[0].Body), &body); err != nil {
		t.Fatal(err)
	}
	return body
}

func TestTrapClosedEnumsLoseNothing(t *testing.T) {
	t.Parallel()
	onBoth(t, map[string]http.HandlerFunc{
		"GET /dags/x/tasks": answer(200, `{"total_entries": 3, "tasks": [
			{"task_id": "a", "trigger_rule": "all_done_min_one_success", "weight_rule": "upstream"},
			{"task_id": "b", "trigger_rule": "always", "weight_rule": "my.company.Strategy"},
			{"task_id": "c", "trigger_rule": "all_success", "weight_rule": {"type": "custom"}}]}`),
		"POST /dags/~/dagRuns/~/taskInstances/list": answer(200, `{"total_entries": 4, "task_instances": [
			{"dag_id": "x", "dag_run_id": "r", "task_id": "a", "state": "awaiting_input", "map_index": -1},
			{"dag_id": "x", "dag_run_id": "r", "task_id": "b", "state": "shutdown", "map_index": -1},
			{"dag_id": "x", "dag_run_id": "r", "task_id": "c", "state": "", "map_index": -1},
			{"dag_id": "x", "dag_run_id": "r", "task_id": "d", "state": null, "map_index": -1}]}`),
		"POST /dags/~/dagRuns/list": answer(200, `{"total_entries": 2, "dag_runs": [
			{"dag_id": "x", "dag_run_id": "1", "state": "restarting", "run_type": "asset_materialization"},
			{"dag_id": "x", "dag_run_id": "2", "state": "success", "run_type": "operator_triggered"}]}`),
		"GET /health":         answer(200, `{"scheduler": {"status": "degraded"}, "triggerer": {"status": null}}`),
		"GET /monitor/health": answer(200, `{"scheduler": {"status": "degraded"}, "triggerer": {"status": null}}`),
		"GET /dagWarnings":    answer(200, `{"total_entries": 1, "dag_warnings": [{"dag_id": "x", "warning_type": "brand new", "message": "m"}]}`),
	}, func(p peer) {
		t, c := p.T, p.client
		ctx := t.Context()
		tasks, err1 := c.Tasks(ctx, "x")
		instances, err2 := c.TaskInstances(ctx, airflowclient.TaskQuery{Runs: []airflowclient.RunRef{{DAGID: "x", RunID: "r"}}})
		runs, err3 := c.Runs(ctx, airflowclient.RunQuery{})
		health, err4 := c.Health(ctx)
		warnings, err5 := c.DAGWarnings(ctx, "")
		if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
			t.Fatal(err)
		}
		got := []any{
			mapped(tasks, func(x airflowclient.Task) string { return x.TriggerRule }),
			mapped(instances, func(x airflowclient.TaskInstance) string { return string(x.State) }),
			mapped(runs, func(x airflowclient.Run) string { return string(x.State) + " " + x.Type }),
			mapped(health.Components, func(x airflowclient.Component) string { return x.Status }), warnings[0].Type,
		}
		want := []any{
			[]string{"all_done_min_one_success", "always", "all_success"}, []string{"awaiting_input", "shutdown", "", ""},
			[]string{"success operator_triggered", "restarting asset_materialization"}, []string{"degraded", ""}, "brand new",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if w := c.Warnings(); len(w) > 0 {
			t.Errorf("warnings: %q", w)
		}
	})
}

func TestTrapSourceIsReadAsTextToo(t *testing.T) {
	t.Parallel()
	dag := answer(200, `{"dag_id": "x", "file_token": "tok"}`)
	for name, source := range map[string]http.HandlerFunc{
		"JSON": answer(200, `{"content": "import this\n"}`), "text": typed(200, "text/plain; charset=utf-8", "import this\n"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, map[string]http.HandlerFunc{"GET /dags/x": dag, "GET /dagSources/tok": source, "GET /dagSources/x": source},
				func(p peer) {
					t, c := p.T, p.client
					if text, err := c.Source(t.Context(), "x", 0); err != nil || text != "import this\n" {
						t.Errorf("got %q, %v", text, err)
					}
				})
		})
	}
}

func TestTrapDryRunIsSaidExplicitly(t *testing.T) {
	t.Parallel()
	run, tasks := answer(200, `{"dag_id": "x", "dag_run_id": "r", "state": "queued"}`), answer(200, `{"task_instances": []}`)
	onBoth(t, map[string]http.HandlerFunc{
		"POST /dags/x/dagRuns/r/clear": run, "POST /dags/x/clearTaskInstances": tasks, "POST /dags/x/updateTaskInstancesState": tasks,
		"PATCH /dags/x/dagRuns/r/taskInstances/t/1": tasks, "PATCH /dags/x/dagRuns/r/taskInstances/t": tasks,
	}, func(p peer) {
		t, a, f, c := p.T, p.api, p.fake, p.client
		ctx := t.Context()
		ref := airflowclient.InstanceRef{DAGID: "x", RunID: "r", TaskID: "t", MapIndex: 1}
		whole := ref
		whole.MapIndex = -1
		_, err1 := c.ClearRun(ctx, airflowclient.RunClear{DAGID: "x", RunID: "r"})
		_, err2 := c.Clear(ctx, airflowclient.ClearRequest{DAGID: "x", RunID: "r"})
		_, err3 := c.MarkTask(ctx, airflowclient.TaskMark{Instance: ref, State: "success"})
		_, err4 := c.MarkTask(ctx, airflowclient.TaskMark{Instance: whole, State: "success"})
		if err := errors.Join(err1, err2, err3, err4); err != nil {
			t.Fatal(err)
		}
		paths := []string{"/dags/x/dagRuns/r/clear", "/dags/x/clearTaskInstances"}
		if a == apiV1 { // Airflow 3 makes a dry run of a mark at another address
			paths = append(paths, "/dags/x/updateTaskInstancesState", "/dags/x/dagRuns/r/taskInstances/t/1")
		}
		for _, path := range paths {
			if said, ok := bodyOf(t, f, a.prefix+path)["dry_run"].(bool); !ok || said {
				t.Errorf("%s: dry_run is %v, said %v", path, said, ok)
			}
		}
	})
}

func TestTrapFiltersThatTheLibraryLacksAreSent(t *testing.T) {
	t.Parallel()
	paused := true
	empty := answer(200, `{"dags": [], "event_logs": [], "xcom_entries": [], "task_instances": [], "total_entries": 0}`)
	onBoth(t, map[string]http.HandlerFunc{
		"GET /dags": empty, "GET /eventLogs": empty, "GET /dags/x/dagRuns/~/taskInstances/~/xcomEntries": empty,
		"POST /dags/~/dagRuns/~/taskInstances/list":              empty,
		"GET /dags/x/dagRuns/r/taskInstances/t/xcomEntries/key1": answer(200, `{"value": "1"}`),
	}, func(p peer) {
		t, a, f, c := p.T, p.api, p.fake, p.client
		ctx := t.Context()
		index := 3
		_, err1 := c.DAGs(ctx, airflowclient.DAGQuery{Paused: &paused})
		_, err2 := c.Events(ctx, airflowclient.EventQuery{DAGID: "x", RunID: "r", TaskID: "t", Event: "e", Owner: "o", After: day(1), Before: day(2)})
		_, err3 := c.XComs(ctx, airflowclient.XComQuery{DAGID: "x", Key: "k", MapIndex: &index})
		_, err4 := c.TaskInstances(ctx, airflowclient.TaskQuery{Runs: []airflowclient.RunRef{{DAGID: "x", RunID: "r"}}, TaskIDs: []string{"t"}})
		_, err5 := c.XComOf(ctx, airflowclient.InstanceRef{DAGID: "x", RunID: "r", TaskID: "t", MapIndex: 3}, "key1")
		if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
			t.Fatal(err)
		}
		for path, names := range map[string]string{
			"/dags": "paused", "/eventLogs": "dag_id run_id task_id event owner after before order_by limit",
			"/dags/x/dagRuns/~/taskInstances/~/xcomEntries": "xcom_key map_index", "/dags/x/dagRuns/r/taskInstances/t/xcomEntries/key1": "map_index",
		} {
			for name := range strings.FieldsSeq(names) {
				if !f.requests(a.prefix + path)[0].Query.Has(name) {
					t.Errorf("%s is asked without %s", path, name)
				}
			}
		}
		body := bodyOf(t, f, a.prefix+"/dags/~/dagRuns/~/taskInstances/list")
		if body["dag_run_ids"] == nil || body["task_ids"] == nil {
			t.Errorf("the batch is asked for with %v", body)
		}
	})
}

func TestTrapEndpointsThatTheLibraryLacksAreReached(t *testing.T) {
	t.Parallel()
	ref := airflowclient.InstanceRef{DAGID: "x", RunID: "r", TaskID: "t", MapIndex: -1}
	calls := map[string]func(ctx context.Context, c *airflowclient.Client) error{
		"PUT /parseDagFile/tok": func(ctx context.Context, c *airflowclient.Client) error { return c.Reparse(ctx, "tok") },
		"GET /dags/x/dagRuns/r/taskInstances/t/tries": func(ctx context.Context, c *airflowclient.Client) error {
			_, err := c.Tries(ctx, ref)
			return err
		},
		"GET /dags/x/dagRuns/r/taskInstances/t/dependencies": func(ctx context.Context, c *airflowclient.Client) error {
			_, err := c.Blockers(ctx, ref)
			return err
		},
		"GET /config/section/core/option/parallelism": func(ctx context.Context, c *airflowclient.Client) error {
			_, err := c.Setting(ctx, "core", "parallelism")
			return err
		},
	}
	all := answer(200, `{"dependencies": [], "sections": [{"options": [{"value": "1"}]}], "task_instances": [
		{"dag_id": "x", "dag_run_id": "r", "task_id": "t", "try_number": 1}]}`)
	for route, call := range calls {
		t.Run(route, func(t *testing.T) {
			t.Parallel()
			onBoth(t, map[string]http.HandlerFunc{route: all}, func(p peer) {
				t, c := p.T, p.client
				if err := call(t.Context(), c); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestTrapNewerMembersAreRead(t *testing.T) {
	t.Parallel()
	onBoth(t, map[string]http.HandlerFunc{
		"GET /pools": answer(200, `{"total_entries": 1, "pools": [{"name": "p", "slots": 9, "deferred_slots": 1, "scheduled_slots": 2, "running_slots": 3,
			"queued_slots": 4, "occupied_slots": 7, "open_slots": 2, "include_deferred": true, "description": null, "team_name": null}]}`),
		"GET /eventLogs": answer(200, `{"total_entries": 1, "event_logs": [{"event_log_id": 1, "when": "2024-01-01T00:00:00Z", "event": "e", "run_id": "r"}]}`),
		"GET /health":    answer(200, `{"dag_processor": {"status": "healthy", "latest_dag_processor_heartbeat": "2024-01-01T00:00:00+00:00"}}`),
		"GET /monitor/health": answer(200,
			`{"dag_processor": {"status": "healthy", "latest_dag_processor_heartbeat": "2024-01-01T00:00:00+00:00"}}`),
	}, func(p peer) {
		t, c := p.T, p.client
		ctx := t.Context()
		pools, err1 := c.Pools(ctx)
		events, err2 := c.Events(ctx, airflowclient.EventQuery{})
		health, err3 := c.Health(ctx)
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		want := []any{
			[]airflowclient.Pool{{Name: "p", Slots: 9, IncludeDeferred: true, Running: 3, Queued: 4, Scheduled: 2, Deferred: 1, Occupied: 7, Open: 2}},
			[]airflowclient.Event{{ID: 1, Time: day(1), Event: "e", RunID: "r"}},
			[]airflowclient.Component{{Name: "dag_processor", Status: "healthy", Heartbeat: day(1)}},
		}
		if diff := cmp.Diff(want, []any{pools, events, health.Components}); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTrapXComMayBeAnyJSON(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		`{"a": [1, 2.5]}`: `{"a": [1, 2.5]}`, `7`: `7`, `null`: `null`, `"plain"`: `"plain"`, `"{\"a\": 1}"`: `{"a": 1}`, `12345678901234567890`: `12345678901234567890`,
	} {
		t.Run(value, func(t *testing.T) {
			t.Parallel()
			route := "GET /dags/x/dagRuns/r/taskInstances/t/xcomEntries/k"
			onBoth(t, map[string]http.HandlerFunc{route: answer(200, `{"key": "k", "value": `+value+`}`)}, func(p peer) {
				t, c := p.T, p.client
				if got, err := c.XCom(t.Context(), "x", "r", "t", "k"); err != nil || string(got) != want {
					t.Errorf("got %s, %v", got, err)
				}
			})
		})
	}
}

func TestTrapNumbersBeyond32Bits(t *testing.T) {
	t.Parallel()
	onBoth(t, map[string]http.HandlerFunc{
		"GET /eventLogs": answer(200, `{"total_entries": 1, "event_logs": [{"event_log_id": 9876543210, "event": "e", "when": "2024-01-01T00:00:00Z"}]}`),
		"GET /dags/x/dagRuns/r/taskInstances/t": answer(200, `{"dag_id": "x", "dag_run_id": "r", "task_id": "t", "map_index": -1, "duration": 123456.789,
			"priority_weight": 9876543210, "pid": 9876543210, "trigger": {"id": 9876543210}}`),
	}, func(p peer) {
		t, c := p.T, p.client
		events, err1 := c.Events(t.Context(), airflowclient.EventQuery{})
		ti, err2 := c.TaskInstance(t.Context(), airflowclient.InstanceRef{DAGID: "x", RunID: "r", TaskID: "t", MapIndex: -1})
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		if events[0].ID != 9876543210 || ti.Duration != 123456789*time.Millisecond {
			t.Errorf("got id %d, duration %s", events[0].ID, ti.Duration)
		}
	})
}

func TestTrapMembersOfAnotherTypeCostNothing(t *testing.T) {
	t.Parallel()
	onBoth(t, map[string]http.HandlerFunc{"GET /dags/x": answer(200, `{"dag_id": "x", "pickle_id": 7, "is_paused": true, "default_view": 5, "scheduler_lock": "no"}`)},
		func(p peer) {
			t, c := p.T, p.client
			d, err := c.DAG(t.Context(), "x")
			if err != nil || !d.Paused || len(c.Warnings()) > 0 {
				t.Errorf("got %+v, %v, %q", d, err, c.Warnings())
			}
		})
}

func TestTrapTimesWithoutZoneAndWithinSeconds(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 1, 2, 3, 4, 5, 678_000_000, time.UTC)
	for _, written := range []string{"2024-01-02T03:04:05.678", "2024-01-02 03:04:05.678", "2024-01-02T03:04:05.678Z", "2024-01-02T05:04:05.678+02:00"} {
		t.Run(written, func(t *testing.T) {
			t.Parallel()
			onBoth(t, map[string]http.HandlerFunc{
				"GET /dags/x/dagRuns/r":           answer(200, `{"dag_id": "x", "dag_run_id": "r", "start_date": "`+written+`"}`),
				"POST /dags/~/dagRuns/list":       answer(200, `{"dag_runs": [], "total_entries": 0}`),
				"POST /dags/x/clearTaskInstances": answer(200, `{"task_instances": []}`),
			}, func(p peer) {
				t, a, f, c := p.T, p.api, p.fake, p.client
				run, err1 := c.Run(t.Context(), "x", "r")
				_, err2 := c.Runs(t.Context(), airflowclient.RunQuery{LogicalTo: at})
				_, err3 := c.Clear(t.Context(), airflowclient.ClearRequest{DAGID: "x", From: at, To: at, DryRun: true})
				if err := errors.Join(err1, err2, err3); err != nil || !run.Start.Equal(at) {
					t.Errorf("got %s, %v", run.Start, err)
				}
				for path, members := range map[string]string{
					"/dags/~/dagRuns/list": map[api]string{apiV1: "execution_date_lte", apiV2: "logical_date_lte"}[a], "/dags/x/clearTaskInstances": "start_date end_date",
				} {
					for member := range strings.FieldsSeq(members) {
						if sent := bodyOf(t, f, a.prefix+path)[member]; sent != "2024-01-02T03:04:05.678Z" {
							t.Errorf("%s: %s is %v", path, member, sent)
						}
					}
				}
			})
		})
	}
}

func TestTrapLogicalDateHasTwoNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"execution_date", "logical_date"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, map[string]http.HandlerFunc{"GET /dags/x/dagRuns/r": answer(200, `{"dag_id": "x", "dag_run_id": "r", "`+name+`": "2024-01-02T00:00:00Z"}`)},
				func(p peer) {
					t, c := p.T, p.client
					if run, err := c.Run(t.Context(), "x", "r"); err != nil || !run.LogicalDate.Equal(day(2)) {
						t.Errorf("got %s, %v", run.LogicalDate, err)
					}
				})
		})
	}
}

// A reference without a map index must not look like one of an instance that is mapped to 0.
func TestTrapReferencesHaveNoMapIndex(t *testing.T) {
	t.Parallel()
	refs := answer(200, `{"task_instances": [{"dag_id": "x", "dag_run_id": "r", "task_id": "m"}, {"dag_id": "x", "dag_run_id": "r", "task_id": "m"}]}`)
	onBoth(t, map[string]http.HandlerFunc{"POST /dags/x/clearTaskInstances": refs}, func(p peer) {
		t, c := p.T, p.client
		list, err := c.Clear(t.Context(), airflowclient.ClearRequest{DAGID: "x", RunID: "r", DryRun: true})
		if diff := cmp.Diff([]airflowclient.TaskInstance{{DAGID: "x", RunID: "r", TaskID: "m", MapIndex: -1}}, list); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
	})
}

// Airflow 2 decodes %2F before it looks for a route, so what has a slash in its name is not found there, and is said to be so.
func TestTrapSlashInAName(t *testing.T) {
	t.Parallel()
	onBoth(t, nil, func(p peer) {
		t, a, f, c := p.T, p.api, p.fake, p.client
		_, run := c.Run(t.Context(), "x", "a/b")
		_, variable := c.Variable(t.Context(), "a/b")
		if !airflowclient.IsNotFound(run) || !airflowclient.IsNotFound(variable) {
			t.Errorf("got %v and %v", run, variable)
		}
		if len(f.requests(a.prefix+"/dags/x/dagRuns/a%2Fb")) != 1 || len(f.requests(a.prefix+"/variables/a%2Fb")) != 1 {
			t.Errorf("sent %v", f.requests(""))
		}
	})
}

func TestTrapFailedCallsGiveNoHalfValues(t *testing.T) {
	t.Parallel()
	half := typed(200, "application/json", `{"dag_id": "x", "dag_run_id": "r", "dags": [{"dag_id"`)
	onBoth(t, map[string]http.HandlerFunc{"GET /dags": half, "GET /dags/x/dagRuns/r": half, "GET /pools": half}, func(p peer) {
		t, c := p.T, p.client
		dags, err1 := c.DAGs(t.Context(), airflowclient.DAGQuery{})
		run, err2 := c.Run(t.Context(), "x", "r")
		pools, err3 := c.Pools(t.Context())
		if err1 == nil || err2 == nil || err3 == nil || dags != nil || pools != nil || run.ID != "" {
			t.Errorf("got %v %v, %v %v, %v %v", dags, err1, run, err2, pools, err3)
		}
	})
}

// The library was built on an oauth2 of 2021. The module takes a newer one.
func TestTrapLibraryPullsOldModules(t *testing.T) {
	t.Parallel()
	module, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(module)) {
		if strings.Contains(line, "golang.org/x/oauth2 v0.0.0") || strings.Contains(line, "google.golang.org/appengine v1.4") {
			t.Errorf("go.mod holds %s", line)
		}
	}
}
