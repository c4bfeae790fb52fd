package airflowclient

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// v2 speaks /api/v2 of Airflow 3. Unknown query parameters are ignored there and unknown body members refused, so each request
// holds only what 3.0 knows already.
type v2 struct{ rest }

func (d *v2) health(ctx context.Context) (Health, error) {
	call := &call{op: opHealth, read: true, open: true, conn: d.conn}
	got, err := d.conn.do(ctx, call, http.MethodGet, d.prefix()+"/monitor/health", nil, nil)
	if err != nil {
		return Health{}, err
	}
	return readHealth(opHealth, got)
}

func (d *v2) dags(ctx context.Context, q DAGQuery) ([]DAG, error) {
	rows, err := allPages(ctx, pageGET, 0, func(ctx context.Context, offset, size int) (page, error) {
		return d.dagPage(ctx, q, offset, size)
	})
	if err != nil {
		return nil, err
	}
	return decodeRows[wireDAG](d.conn, "DAG", rows, dagKey), nil
}

func (d *v2) dagPage(ctx context.Context, q DAGQuery, offset, size int) (page, error) {
	query := url.Values{"order_by": {"dag_id"}, "exclude_stale": {strconv.FormatBool(!q.IncludeStale)}}
	if len(q.Tags) > 0 {
		query["tags"] = q.Tags
		query.Set("tags_match_mode", "all")
	}
	if q.Pattern != "" {
		query.Set("dag_id_pattern", q.Pattern)
	}
	if q.Paused != nil {
		query.Set("paused", strconv.FormatBool(*q.Paused))
	}
	return d.page(ctx, opDAGs, "/dags", "dags", query, offset, size)
}

func (d *v2) dag(ctx context.Context, id string) (DAG, error) {
	got, err := d.get(ctx, opDAG, escaped("dags", id), nil)
	if err != nil {
		return DAG{}, err
	}
	return decodeOne[wireDAG](d.conn, opDAG, "DAG", got)
}

func (d *v2) tasks(ctx context.Context, dagID string) ([]Task, error) {
	got, err := d.get(ctx, opTasks, escaped("dags", dagID, "tasks"), nil)
	if err != nil {
		return nil, err
	}
	p, err := readPage(opTasks, got, "tasks")
	return decodeRows[wireNode](d.conn, "task", p.rows, taskKey), err
}

// runsV2 is DAGRunsBatchBody.
type runsV2 struct {
	DAGIDs      []string   `json:"dag_ids,omitempty"`
	States      []string   `json:"states,omitempty"`
	LogicalFrom *time.Time `json:"logical_date_gte,omitempty"`
	LogicalTo   *time.Time `json:"logical_date_lte,omitempty"`
	StartedFrom *time.Time `json:"start_date_gte,omitempty"`
	EndedSince  *time.Time `json:"end_date_gte,omitempty"`
	EndedTo     *time.Time `json:"end_date_lte,omitempty"`
	OrderBy     string     `json:"order_by"`
	Offset      int        `json:"page_offset"`
	Size        int        `json:"page_limit"`
}

func (d *v2) runs(ctx context.Context, q RunQuery) ([]Run, error) {
	rows, err := allPages(ctx, pagePOST, q.Limit, func(ctx context.Context, offset, size int) (page, error) {
		return d.runPage(ctx, q, offset, size)
	})
	if err != nil {
		return nil, err
	}
	return decodeRows[wireRun](d.conn, "DAG run", rows, Run.Ref), nil
}

// runPage orders by id, the order of creation, in which rows do not move while pages are read; the newest few need the order by date.
func (d *v2) runPage(ctx context.Context, q RunQuery, offset, size int) (page, error) {
	body := runsV2{
		DAGIDs: q.DAGIDs, States: stateNames(q.States), LogicalFrom: optional(q.LogicalFrom), LogicalTo: optional(q.LogicalTo),
		StartedFrom: optional(q.StartedFrom), EndedSince: optional(q.EndedSince), EndedTo: optional(q.endedTo), OrderBy: "id",
		Offset: offset, Size: size,
	}
	switch {
	case q.byEnd:
		body.OrderBy = "-end_date"
	case q.Limit > 0:
		body.OrderBy = "-run_after"
	}
	got, err := d.find(ctx, opRuns, "/dags/~/dagRuns/list", body)
	if err != nil {
		return page{}, err
	}
	return readPage(opRuns, got, "dag_runs")
}

// endedRunsChanged keeps the order of creation: by time of change, rows would move while pages are read.
func (d *v2) endedRunsChanged(ctx context.Context, since time.Time) ([]Run, error) {
	rows, err := d.list(ctx, opRuns, "/dags/~/dagRuns", "dag_runs", url.Values{
		"updated_at_gte": {since.Format(time.RFC3339)}, "state": stateNames(endStates), "order_by": {"id"},
	}, 0)
	if err != nil {
		return nil, err
	}
	return decodeRows[wireRun](d.conn, "DAG run", rows, Run.Ref), nil
}

func (d *v2) run(ctx context.Context, dagID, runID string) (Run, error) {
	got, err := d.get(ctx, opRun, escaped("dags", dagID, "dagRuns", runID), nil)
	if err != nil {
		return Run{}, err
	}
	return decodeOne[wireRun](d.conn, opRun, "DAG run", got)
}

// instancesBody is TaskInstancesBatchBody of both APIs, as far as it is used.
type instancesBody struct {
	DAGIDs  []string `json:"dag_ids"`
	RunIDs  []string `json:"dag_run_ids"`
	TaskIDs []string `json:"task_ids,omitempty"`
	States  []any    `json:"state,omitempty"`
	OrderBy string   `json:"order_by,omitempty"` // v2 only
	Offset  int      `json:"page_offset"`
	Size    int      `json:"page_limit"`
}

func (d *v2) taskInstances(ctx context.Context, q TaskQuery) ([]TaskInstance, error) {
	body := instancesBody{TaskIDs: q.TaskIDs, States: q.stateFilter(nil), OrderBy: "id"}
	body.DAGIDs, body.RunIDs = q.ids()
	rows, err := allPages(ctx, pagePOST, 0, func(ctx context.Context, offset, size int) (page, error) {
		body.Offset, body.Size = offset, size
		got, err := d.find(ctx, opInstances, "/dags/~/dagRuns/~/taskInstances/list", body)
		if err != nil {
			return page{}, err
		}
		return readPage(opInstances, got, "task_instances")
	})
	if err != nil {
		return nil, err
	}
	return decodeRows[wireTask](d.conn, "task instance", rows, instanceKey), nil
}

func (d *v2) importErrors(ctx context.Context) ([]ImportError, error) {
	rows, err := d.list(ctx, opImportErrors, "/importErrors", "import_errors", url.Values{"order_by": {"id"}}, 0)
	if err != nil {
		return nil, err
	}
	return decodeRows[wireImportError](d.conn, "import error", rows, importErrorKey), nil
}

// triggerV2 is TriggerDAGRunPostBody. The logical date must be there, even as null.
type triggerV2 struct {
	RunID        string         `json:"dag_run_id,omitempty"`
	LogicalDate  *time.Time     `json:"logical_date"`
	IntervalFrom *time.Time     `json:"data_interval_start,omitempty"`
	IntervalTo   *time.Time     `json:"data_interval_end,omitempty"`
	Conf         map[string]any `json:"conf,omitempty"`
	Note         string         `json:"note,omitempty"`
}

func (d *v2) trigger(ctx context.Context, r TriggerRequest) (Run, error) {
	body := triggerV2{RunID: r.RunID, LogicalDate: optional(r.LogicalDate), Conf: r.Conf, Note: r.Note}
	if !r.IntervalFrom.IsZero() && !r.IntervalTo.IsZero() {
		body.IntervalFrom, body.IntervalTo = &r.IntervalFrom, &r.IntervalTo
	}
	got, err := d.change(ctx, opTrigger, http.MethodPost, escaped("dags", r.DAGID, "dagRuns"), nil, body)
	if err != nil {
		return Run{}, err
	}
	return decodeOne[wireRun](d.conn, opTrigger, "DAG run", got)
}

func (d *v2) setPaused(ctx context.Context, dagID string, paused bool) error {
	mask := url.Values{"update_mask": {"is_paused"}}
	_, err := d.change(ctx, opPause, http.MethodPatch, escaped("dags", dagID), mask, map[string]bool{"is_paused": paused})
	return err
}

// reparse takes a conflict as done: the file is queued already.
func (d *v2) reparse(ctx context.Context, fileToken string) error {
	_, err := d.change(ctx, opReparse, http.MethodPut, escaped("parseDagFile", fileToken), nil, nil)
	if IsConflict(err) {
		return nil
	}
	return err
}

// optional is a time for a member that is left out, or null, when the time is not set.
func optional(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}
