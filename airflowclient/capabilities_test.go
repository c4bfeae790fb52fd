package airflowclient_test

import (
	"net/http"
	"slices"
	"testing"

	"chrononctl/airflowclient"
)

func TestCapabilitiesFollowTheVersion(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]airflowclient.Capabilities{
		"2.6.0":          {},
		"2.7.0":          {},
		"2.7.1":          {TasksByRun: true},
		"2.9.3":          {TasksByRun: true, SparseFields: true, TriggerInterval: true},
		"2.10.5+astro.4": {TasksByRun: true, SparseFields: true, TriggerInterval: true, NativeXCom: true, Reparse: true},
		"2.11.2":         {TasksByRun: true, SparseFields: true, TriggerInterval: true, NativeXCom: true, Reparse: true},
		"3.0.0":          {TasksByRun: true, TriggerInterval: true, NativeXCom: true, Reparse: true, RunsWithoutDate: true},
		"3.4.0.dev0":     {TasksByRun: true, TriggerInterval: true, NativeXCom: true, Reparse: true, RunsWithoutDate: true},
		"4.0":            {TasksByRun: true, TriggerInterval: true, NativeXCom: true, Reparse: true, RunsWithoutDate: true},
	} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			a := api{prefix: "/api/v1", version: version}
			if version[0] != '2' {
				a.prefix = "/api/v2"
			}
			server, err := newClient(t, newFake(a, nil), airflowclient.Config{}).Server(t.Context())
			if err != nil || server.Capabilities != want {
				t.Errorf("got %+v, %v", server.Capabilities, err)
			}
		})
	}
}

// An old Airflow 2 refuses query parameters that it does not know, and has no batch by run ids.
func TestOldAirflowIsAskedForWhatItKnows(t *testing.T) {
	t.Parallel()
	old := api{"v1", "/api/v1", "2.7.0"}
	f := newFake(old, map[string]http.HandlerFunc{
		"GET /api/v1/dags": answer(200, `{"dags": [], "total_entries": 0}`),
		"GET /api/v1/dags/x/dagRuns/r1/taskInstances": answer(200, `{"total_entries": 2, "task_instances": [
			{"dag_id": "x", "dag_run_id": "r1", "task_id": "b", "state": "failed"}, {"dag_id": "x", "dag_run_id": "r1", "task_id": "a", "state": null}]}`),
		"GET /api/v1/dags/x/dagRuns/r/taskInstances/t/xcomEntries/k": answer(200, `{"value": "{'a': 1}"}`),
		"POST /api/v1/dags/x/dagRuns":                                answer(200, `{"dag_id": "x", "dag_run_id": "r"}`),
	})
	c := newClient(t, f, airflowclient.Config{})
	if _, err := c.DAGs(t.Context(), airflowclient.DAGQuery{}); err != nil || f.requests("/api/v1/dags")[0].Query.Has("fields") {
		t.Errorf("DAGs: %v, %v", err, f.requests("/api/v1/dags"))
	}
	list, err := c.TaskInstances(t.Context(), airflowclient.TaskQuery{
		Runs:   []airflowclient.RunRef{{DAGID: "x", RunID: "gone"}, {DAGID: "x", RunID: "r1"}},
		States: []airflowclient.State{""},
	})
	if err != nil || len(list) != 1 || list[0].TaskID != "a" {
		t.Errorf("task instances: %v, %v", list, err)
	}
	if value, err := c.XCom(t.Context(), "x", "r", "t", "k"); err != nil || string(value) != `"{'a': 1}"` {
		t.Errorf("XCom: %s, %v", value, err)
	}
	if _, err := c.Trigger(t.Context(), airflowclient.TriggerRequest{DAGID: "x", RunID: "r", IntervalFrom: day(1), IntervalTo: day(2)}); err != nil {
		t.Error(err)
	}
	if got := f.requests("/api/v1/dags/x/dagRuns")[0].Body; got != `{"dag_run_id":"r"}`+"\n" {
		t.Errorf("trigger sent %s", got)
	}
	if err := c.Reparse(t.Context(), "f"); !airflowclient.IsTooOld(err) {
		t.Errorf("reparse: %v", err)
	}
}

func TestRawGoesBelowThePrefixOfTheAPI(t *testing.T) {
	t.Parallel()
	for _, a := range bothAPIs {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(a, map[string]http.HandlerFunc{"GET " + a.prefix + "/pools": answer(200, `{"pools": []}`)})
			got, err := newClient(t, f, airflowclient.Config{}).Raw(t.Context(), http.MethodGet, "/pools?limit=1", nil)
			if err != nil || string(got) != `{"pools": []}` || !slices.Equal(f.requests("")[0].Query["limit"], []string{"1"}) {
				t.Errorf("got %s, %v", got, err)
			}
		})
	}
}
