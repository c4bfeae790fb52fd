package airflowclient_test

import (
	"context"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"chrononctl/airflowclient"
)

// released are the versions that the table of capabilities is about: one of each minor, and more where something began within one.
var released = []string{
	"2.6.3", "2.7.0", "2.7.3", "2.8.4", "2.9.3", "2.10.5+astro.4", "2.11.2", "3.0.6", "3.1.5", "3.1.8", "3.2.2", "3.3.0", "3.3.2", "3.4.0.dev0",
}

// since says from which to which version each capability is there, as the OpenAPI documents of the releases have it.
var since = map[string][2]string{
	"SparseFields": {"2.9.3", "2.11.2"}, "Reparse": {"2.10.5+astro.4", ""}, "DAGVersions": {"3.0.6", ""}, "PoolWarnings": {"2.6.3", "2.11.2"},
	"TriggerInterval": {"2.9.3", ""}, "RunsWithoutDate": {"3.0.6", ""},
	"Backfills": {"3.0.6", ""}, "BackfillLatestVersion": {"3.1.8", ""}, "ClearLatestVersion": {"3.1.5", ""}, "ClearMapIndex": {"3.0.6", ""}, "ClearAroundRun": {"2.6.3", ""},
	"ClearStopsRunning": {"3.0.6", ""},
	"RefuseRunning":     {"3.2.2", ""}, "MarkSkipsWaiting": {"3.3.2", ""}, "MaskedValues": {"3.0.6", ""}, "MarkMappedRelated": {"3.0.6", ""}, "MarkMapped": {"3.1.5", ""},
	"TasksByRun": {"2.7.3", ""}, "Tries": {"2.10.5+astro.4", ""}, "Blockers": {"2.10.5+astro.4", ""},
	"NativeXCom": {"2.10.5+astro.4", ""}, "MappedXCom": {"2.7.0", ""},
	"PoolDeferred": {"2.7.0", ""}, "FixedDefaultPool": {"3.0.6", ""}, "EventFilters": {"2.8.4", ""}, "EventRuns": {"2.9.3", ""}, "Settings": {"2.7.0", ""}, "Jobs": {"3.0.6", ""},
}

func TestCapabilitiesFollowTheVersion(t *testing.T) {
	t.Parallel()
	for i, version := range released {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			server, err := newClient(t, newFake(apiOf(version), nil), airflowclient.Config{}).Server(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			have := reflect.ValueOf(server.Capabilities)
			for n := range have.NumField() {
				name := have.Type().Field(n).Name
				span, ok := since[name]
				if !ok {
					t.Fatalf("the table does not know %s", name)
				}
				want := i >= slices.Index(released, span[0]) && (span[1] == "" || i <= slices.Index(released, span[1]))
				if name == "ClearAroundRun" {
					want = version != "3.0.6" // it was lost for a while
				}
				if have.Field(n).Bool() != want {
					t.Errorf("%s: got %v, want %v", name, have.Field(n).Bool(), want)
				}
			}
		})
	}
}

// apiOf is the API of a version.
func apiOf(version string) api {
	if strings.HasPrefix(version, "2.") {
		return api{"v1", "/api/v1", version}
	}
	return api{"v2", "/api/v2", version}
}

// gated are the operations, and options of operations, that not every Airflow has.
var gated = []struct {
	name string
	has  func(airflowclient.Capabilities) bool
	call func(ctx context.Context, c *airflowclient.Client) error
}{
	{"reparse", func(can airflowclient.Capabilities) bool { return can.Reparse }, func(ctx context.Context, c *airflowclient.Client) error {
		return c.Reparse(ctx, "token")
	}},
	{"versions of a DAG", func(can airflowclient.Capabilities) bool { return can.DAGVersions }, func(ctx context.Context, c *airflowclient.Client) error {
		_, err := c.Versions(ctx, "x")
		return err
	}},
	{"source of an old version", func(can airflowclient.Capabilities) bool { return can.DAGVersions }, func(ctx context.Context, c *airflowclient.Client) error {
		_, err := c.Source(ctx, "x", 1)
		return err
	}},
	{"start a backfill", func(can airflowclient.Capabilities) bool { return can.Backfills }, func(ctx context.Context, c *airflowclient.Client) error {
		_, err := c.StartBackfill(ctx, airflowclient.BackfillRequest{DAGID: "x", From: day(1), To: day(2)})
		return err
	}},
	{"list backfills", func(can airflowclient.Capabilities) bool { return can.Backfills }, func(ctx context.Context, c *airflowclient.Client) error {
		_, err := c.Backfills(ctx, "x")
		return err
	}},
	{"read a backfill", func(can airflowclient.Capabilities) bool { return can.Backfills }, func(ctx context.Context, c *airflowclient.Client) error {
		_, err := c.Backfill(ctx, 1)
		return err
	}},
	{"pause a backfill", func(can airflowclient.Capabilities) bool { return can.Backfills }, func(ctx context.Context, c *airflowclient.Client) error {
		_, err := c.PauseBackfill(ctx, 1)
		return err
	}},
	{"resume a backfill", func(can airflowclient.Capabilities) bool { return can.Backfills }, func(ctx context.Context, c *airflowclient.Client) error {
		_, err := c.ResumeBackfill(ctx, 1)
		return err
	}},
	{"cancel a backfill", func(can airflowclient.Capabilities) bool { return can.Backfills }, func(ctx context.Context, c *airflowclient.Client) error {
		_, err := c.CancelBackfill(ctx, 1)
		return err
	}},
	{"a backfill with the latest version", func(can airflowclient.Capabilities) bool { return can.BackfillLatestVersion }, func(ctx context.Context, c *airflowclient.Client) error {
		_, err := c.StartBackfill(ctx, airflowclient.BackfillRequest{DAGID: "x", From: day(1), To: day(2), LatestVersion: true})
		return err
	}},
	{"clear a run with the latest version", func(can airflowclient.Capabilities) bool { return can.ClearLatestVersion }, func(ctx context.Context, c *airflowclient.Client) error {
		_, err := c.ClearRun(ctx, airflowclient.RunClear{DAGID: "x", RunID: "r", LatestVersion: true})
		return err
	}},
	{"clear tasks with the latest version", func(can airflowclient.Capabilities) bool { return can.ClearLatestVersion }, func(ctx context.Context, c *airflowclient.Client) error {
		_, err := c.Clear(ctx, airflowclient.ClearRequest{DAGID: "x", RunID: "r", LatestVersion: true})
		return err
	}},
	{"clear one map index", func(can airflowclient.Capabilities) bool { return can.ClearMapIndex }, func(ctx context.Context, c *airflowclient.Client) error {
		_, err := c.Clear(ctx, airflowclient.ClearRequest{DAGID: "x", RunID: "r", Mapped: []airflowclient.MappedTask{{TaskID: "t", MapIndex: 1}}})
		return err
	}},
	{"clear a run and later ones", func(can airflowclient.Capabilities) bool { return can.ClearAroundRun }, func(ctx context.Context, c *airflowclient.Client) error {
		_, err := c.Clear(ctx, airflowclient.ClearRequest{DAGID: "x", RunID: "r", Future: true})
		return err
	}},
	{"refuse to clear what runs", func(can airflowclient.Capabilities) bool { return can.RefuseRunning }, func(ctx context.Context, c *airflowclient.Client) error {
		_, err := c.Clear(ctx, airflowclient.ClearRequest{DAGID: "x", RunID: "r", RefuseRunning: true})
		return err
	}},
	{"mark one map index and what is behind it", func(can airflowclient.Capabilities) bool { return can.MarkMappedRelated }, func(ctx context.Context, c *airflowclient.Client) error {
		ref := airflowclient.InstanceRef{DAGID: "x", RunID: "r", TaskID: "t", MapIndex: 1}
		_, err := c.MarkTask(ctx, airflowclient.TaskMark{Instance: ref, State: airflowclient.StateSuccess, Downstream: true})
		return err
	}},
	{"tries", func(can airflowclient.Capabilities) bool { return can.Tries }, func(ctx context.Context, c *airflowclient.Client) error {
		_, err := c.Tries(ctx, airflowclient.InstanceRef{DAGID: "x", RunID: "r", TaskID: "t", MapIndex: -1})
		return err
	}},
	{"why a task waits", func(can airflowclient.Capabilities) bool { return can.Blockers }, func(ctx context.Context, c *airflowclient.Client) error {
		_, err := c.Blockers(ctx, airflowclient.InstanceRef{DAGID: "x", RunID: "r", TaskID: "t", MapIndex: -1})
		return err
	}},
	{"the XCom of a mapped task", func(can airflowclient.Capabilities) bool { return can.MappedXCom }, func(ctx context.Context, c *airflowclient.Client) error {
		_, err := c.XComOf(ctx, airflowclient.InstanceRef{DAGID: "x", RunID: "r", TaskID: "t", MapIndex: 1}, "k")
		return err
	}},
	{"a pool that counts deferred tasks", func(can airflowclient.Capabilities) bool { return can.PoolDeferred }, func(ctx context.Context, c *airflowclient.Client) error {
		_, err := c.SetPool(ctx, airflowclient.PoolSettings{Name: "p", Slots: 1, IncludeDeferred: true})
		return err
	}},
	{"events of a DAG", func(can airflowclient.Capabilities) bool { return can.EventFilters }, func(ctx context.Context, c *airflowclient.Client) error {
		_, err := c.Events(ctx, airflowclient.EventQuery{DAGID: "x"})
		return err
	}},
	{"events of a run", func(can airflowclient.Capabilities) bool { return can.EventRuns }, func(ctx context.Context, c *airflowclient.Client) error {
		_, err := c.Events(ctx, airflowclient.EventQuery{RunID: "r"})
		return err
	}},
	{"a setting", func(can airflowclient.Capabilities) bool { return can.Settings }, func(ctx context.Context, c *airflowclient.Client) error {
		_, err := c.Setting(ctx, "core", "parallelism")
		return err
	}},
	{"jobs", func(can airflowclient.Capabilities) bool { return can.Jobs }, func(ctx context.Context, c *airflowclient.Client) error {
		_, err := c.Jobs(ctx)
		return err
	}},
}

// TestWhatAnAirflowLacksIsRefusedBeforeItIsSent is the other side of the table: each operation on each version either changes nothing and
// says which version it would take, or is sent.
func TestWhatAnAirflowLacksIsRefusedBeforeItIsSent(t *testing.T) {
	t.Parallel()
	for _, version := range released {
		for _, op := range gated {
			t.Run(version+" "+op.name, func(t *testing.T) {
				t.Parallel()
				f := newFake(apiOf(version), nil) // answers 404 to all but the version
				c := newClient(t, f, airflowclient.Config{})
				server, err := c.Server(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				err = op.call(t.Context(), c)
				changes := slices.DeleteFunc(f.requests(""), func(r request) bool { return r.Method == http.MethodGet })
				switch {
				case op.has(server.Capabilities) && (airflowclient.IsTooOld(err) || len(f.requests("")) == 0):
					t.Errorf("it was not sent: %v", err)
				case op.has(server.Capabilities):
				case !airflowclient.IsTooOld(err) || len(changes) > 0:
					t.Errorf("got %v after %v", err, changes)
				default:
					if e := asError(t, err); !strings.Contains(e.Detail, "Airflow "+version) || e.Hint() == "" {
						t.Errorf("it says %q, hint %q", e.Detail, e.Hint())
					}
				}
			})
		}
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
