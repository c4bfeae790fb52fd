package airflowclient_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"chrononctl/airflowclient"
)

const runAnswer = `{"dag_id": "x", "dag_run_id": "r", "state": "queued"}`

var runValue = airflowclient.Run{DAGID: "x", ID: "r", State: "queued"}

var mappedRef = airflowclient.InstanceRef{DAGID: "x", RunID: "r", TaskID: "t", MapIndex: 4}

// changes are the operations that change something: one request each, said in full.
var changes = []operation{
	{
		name: "marking a run changes its state only",
		v1:   exchange{route: "PATCH /dags/x/dagRuns/r", body: `{"state": "success"}`, answer: runAnswer},
		v2:   exchange{route: "PATCH /dags/x/dagRuns/r", query: "update_mask=state", body: `{"state": "success"}`, answer: runAnswer},
		call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
			return c.MarkRun(ctx, "x", "r", airflowclient.StateSuccess)
		},
		want: runValue,
	},
	{
		name: "the note of a run has an address of its own on 2",
		v1:   exchange{route: "PATCH /dags/x/dagRuns/r/setNote", body: `{"note": "n"}`, answer: runAnswer},
		v2:   exchange{route: "PATCH /dags/x/dagRuns/r", query: "update_mask=note", body: `{"note": "n"}`, answer: runAnswer},
		call: func(ctx context.Context, c *airflowclient.Client) (any, error) { return c.NoteRun(ctx, "x", "r", "n") },
		want: runValue,
	},
	{
		name: "clearing a run says that it is no dry run",
		v1:   exchange{route: "POST /dags/x/dagRuns/r/clear", body: `{"dry_run": false}`, answer: runAnswer},
		v2:   exchange{route: "POST /dags/x/dagRuns/r/clear", body: `{"dry_run": false, "only_failed": false, "run_on_latest_version": false}`, answer: runAnswer},
		call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
			return c.ClearRun(ctx, airflowclient.RunClear{DAGID: "x", RunID: "r"})
		},
		want: runValue,
	},
	{
		name: "deleting a run has no body",
		v1:   exchange{route: "DELETE /dags/x/dagRuns/r", status: 204},
		v2:   exchange{route: "DELETE /dags/x/dagRuns/r", status: 204},
		call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
			return nil, c.DeleteRun(ctx, "x", "r")
		},
	},
	{
		name: "marking one map index",
		v1:   exchange{route: "PATCH /dags/x/dagRuns/r/taskInstances/t/4", body: `{"dry_run": false, "new_state": "skipped"}`, answer: `{}`},
		v2: exchange{
			route:  "PATCH /dags/x/dagRuns/r/taskInstances/t/4",
			body:   `{"new_state": "skipped", "include_upstream": false, "include_downstream": false, "include_past": false, "include_future": false}`,
			answer: `{"total_entries": 1, "task_instances": [{"dag_id": "x", "dag_run_id": "r", "task_id": "t", "map_index": 4}]}`,
		},
		call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
			return c.MarkTask(ctx, airflowclient.TaskMark{Instance: mappedRef, State: airflowclient.StateSkipped})
		},
		want: []airflowclient.TaskInstance{{DAGID: "x", RunID: "r", TaskID: "t", MapIndex: 4}},
	},
	{
		name: "a dry run of a mark with all around it",
		v1: exchange{
			route: "POST /dags/x/updateTaskInstancesState",
			body: `{"dry_run": true, "task_id": "t", "dag_run_id": "r", "new_state": "failed", "include_upstream": true, "include_downstream": true,
				"include_past": true, "include_future": true}`,
			answer: `{"task_instances": [{"dag_id": "x", "dag_run_id": "r", "task_id": "t", "execution_date": "2024-01-01T00:00:00+00:00"}]}`,
		},
		v2: exchange{
			route:  "PATCH /dags/x/dagRuns/r/taskInstances/t/dry_run",
			body:   `{"new_state": "failed", "include_upstream": true, "include_downstream": true, "include_past": true, "include_future": true}`,
			answer: `{"total_entries": 1, "task_instances": [{"dag_id": "x", "dag_run_id": "r", "task_id": "t", "map_index": -1}]}`,
		},
		call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
			return c.MarkTask(ctx, airflowclient.TaskMark{
				Instance: airflowclient.InstanceRef{DAGID: "x", RunID: "r", TaskID: "t", MapIndex: -1}, State: airflowclient.StateFailed,
				Upstream: true, Downstream: true, Past: true, Future: true, DryRun: true,
			})
		},
		want: []airflowclient.TaskInstance{{DAGID: "x", RunID: "r", TaskID: "t", MapIndex: -1}},
	},
	{
		name: "the note of a mapped task instance",
		v1:   exchange{route: "PATCH /dags/x/dagRuns/r/taskInstances/t/4/setNote", body: `{"note": "n"}`, answer: `{}`},
		v2:   exchange{route: "PATCH /dags/x/dagRuns/r/taskInstances/t/4", query: "update_mask=note", body: `{"note": "n"}`, answer: `{"task_instances": []}`},
		call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
			return nil, c.NoteTask(ctx, mappedRef, "n")
		},
	},
	{
		name: "clearing a range with every option of both",
		v1: exchange{
			route: "POST /dags/x/clearTaskInstances",
			body: `{"dry_run": true, "only_failed": false, "only_running": true, "include_subdags": false, "include_parentdag": false, "reset_dag_runs": false,
				"include_upstream": true, "include_downstream": false, "include_past": true, "include_future": true, "task_ids": ["t"],
				"start_date": "2024-01-01T00:00:00Z", "end_date": "2024-01-02T00:00:00Z"}`,
			answer: `{"task_instances": []}`,
		},
		v2: exchange{
			route: "POST /dags/x/clearTaskInstances",
			body: `{"dry_run": true, "only_failed": false, "only_running": true, "reset_dag_runs": false,
				"include_upstream": true, "include_downstream": false, "include_past": true, "include_future": true, "task_ids": ["t"],
				"start_date": "2024-01-01T00:00:00Z", "end_date": "2024-01-02T00:00:00Z"}`,
			answer: `{"task_instances": [], "total_entries": 0}`,
		},
		call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
			return c.Clear(ctx, airflowclient.ClearRequest{
				DAGID: "x", From: day(1), To: day(2), TaskIDs: []string{"t"}, OnlyRunning: true, Upstream: true, Past: true, Future: true, KeepRuns: true, DryRun: true,
			})
		},
		want: []airflowclient.TaskInstance{},
	},
	{
		name: "deleting a pool",
		v1:   exchange{route: "DELETE /pools/p%20q", status: 204},
		v2:   exchange{route: "DELETE /pools/p%20q", status: 204},
		call: func(ctx context.Context, c *airflowclient.Client) (any, error) { return nil, c.DeletePool(ctx, "p q") },
	},
	{
		name: "deleting a variable",
		v1:   exchange{route: "DELETE /variables/k", status: 204},
		v2:   exchange{route: "DELETE /variables/k", status: 204},
		call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
			return nil, c.DeleteVariable(ctx, "k")
		},
	},
}

// newest are operations of Airflow 3, with the options of its newest versions.
var newest = []operation{
	{
		name: "a backfill says all of it",
		v2: exchange{
			route: "POST /backfills",
			body: `{"dag_id": "x", "from_date": "2024-01-01T00:00:00Z", "to_date": "2024-01-02T00:00:00Z", "run_backwards": true, "dag_run_conf": {},
				"reprocess_behavior": "none", "max_active_runs": 10, "run_on_latest_version": true}`,
			answer: `{"id": 7, "dag_id": "x", "from_date": "2024-01-01T00:00:00Z", "to_date": "2024-01-02T00:00:00Z", "reprocess_behavior": "brand new",
				"max_active_runs": 10, "dag_run_conf": null, "is_paused": false, "completed_at": null}`,
		},
		call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
			return c.StartBackfill(ctx, airflowclient.BackfillRequest{DAGID: "x", From: day(1), To: day(2), Backwards: true, LatestVersion: true})
		},
		want: airflowclient.Backfill{ID: 7, DAGID: "x", From: day(1), To: day(2), Reprocess: "brand new", MaxActive: 10},
	},
	{
		name: "a clear of map indexes with the options of 3.2",
		v2: exchange{
			route: "POST /dags/x/clearTaskInstances",
			body: `{"dry_run": false, "only_failed": false, "only_running": false, "reset_dag_runs": true, "include_upstream": false, "include_downstream": false,
				"include_past": false, "include_future": false, "task_ids": ["s", ["t", 4]], "dag_run_id": "r", "run_on_latest_version": true, "prevent_running_task": true}`,
			answer: `{"task_instances": [], "total_entries": 0}`,
		},
		call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
			return c.Clear(ctx, airflowclient.ClearRequest{
				DAGID: "x", RunID: "r", TaskIDs: []string{"s"}, Mapped: []airflowclient.MappedTask{{TaskID: "t", MapIndex: 4}}, LatestVersion: true, RefuseRunning: true,
			})
		},
		want: []airflowclient.TaskInstance{},
	},
	{
		name: "a backfill is paused without a body",
		v2:   exchange{route: "PUT /backfills/7/pause", answer: `{"id": 7, "dag_id": "x", "is_paused": true}`},
		call: func(ctx context.Context, c *airflowclient.Client) (any, error) { return c.PauseBackfill(ctx, 7) },
		want: airflowclient.Backfill{ID: 7, DAGID: "x", Paused: true},
	},
}

func TestChangesSpeakBothDialects(t *testing.T) {
	t.Parallel()
	for _, op := range changes {
		for _, a := range bothAPIs {
			t.Run(op.name+" "+a.name, func(t *testing.T) {
				t.Parallel()
				op.check(t, a)
			})
		}
	}
	for _, op := range newest {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			op.check(t, apiV2)
		})
	}
}

// What a pool and a variable have already is not sent again, and what would be lost is.
func TestStoresAreChangedByWhatDiffers(t *testing.T) {
	t.Parallel()
	pool := answer(200, `{"name": "p", "slots": 3, "description": "d", "include_deferred": false}`)
	variable := answer(200, `{"key": "k", "value": "***", "description": "what for"}`)
	onBoth(t, map[string]http.HandlerFunc{"GET /pools/p": pool, "PATCH /pools/p": pool, "GET /variables/k": variable, "PATCH /variables/k": variable}, func(p peer) {
		if _, err := p.client.SetPool(p.Context(), airflowclient.PoolSettings{Name: "p", Slots: 3, Description: "d"}); err != nil {
			p.Fatal(err)
		}
		if n := len(p.fake.requests(p.api.prefix + "/pools/p")); n != 1 {
			p.Errorf("%d requests for a pool that is as it should be", n)
		}
		if _, err := p.client.SetPool(p.Context(), airflowclient.PoolSettings{Name: "p", Slots: 5, Description: "e"}); err != nil {
			p.Fatal(err)
		}
		sent := p.fake.requests(p.api.prefix + "/pools/p")
		want := map[api]string{apiV1: "update_mask=slots%2Cdescription", apiV2: "update_mask=slots&update_mask=description"}[p.api]
		if got := sent[len(sent)-1].Query.Encode(); got != want {
			p.Errorf("the mask is %s, want %s", got, want)
		}
		if err := p.client.SetVariable(p.Context(), "k", airflowclient.NewSecret("new"), ""); err != nil {
			p.Fatal(err)
		}
		changed := p.fake.requests(p.api.prefix + "/variables/k")
		if got := decoded(p.T, changed[len(changed)-1].Body).(map[string]any); got["value"] != "new" || got["description"] != "what for" {
			p.Errorf("sent %v", got)
		}
	})
}

// TestNoChangeIsSentTwice breaks each change on its way back: it was sent once, and the error says that it may have been made.
func TestNoChangeIsSentTwice(t *testing.T) {
	t.Parallel()
	for _, op := range changes {
		if strings.Contains(op.name, "dry run of") || strings.Contains(op.name, "clearing a range") { // dry runs are reads
			continue
		}
		for _, a := range bothAPIs {
			t.Run(op.name+" "+a.name, func(t *testing.T) {
				t.Parallel()
				f := newFake(a, nil)
				c := newClient(t, lossy{f}, airflowclient.Config{})
				_, err := op.call(t.Context(), c)
				if n := len(f.requests("")); n != 1 || !airflowclient.IsAmbiguous(err) {
					t.Errorf("%d requests, %v", n, err)
				}
			})
		}
	}
}

// lossy hands requests on and loses the answers to all but the question for the version.
type lossy struct{ fake *fake }

func (l lossy) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := l.fake.RoundTrip(req)
	if strings.HasSuffix(req.URL.Path, "/version") {
		return resp, err
	}
	return nil, io.ErrUnexpectedEOF
}
