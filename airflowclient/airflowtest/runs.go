package airflowtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
)

// runFilter is what lists of runs are narrowed by.
type runFilter struct {
	dags, states, kinds               []string
	logical, start, end, updated, due span
	order                             string
	page                              page
}

// runsBy finds the runs that fit and may be read, in the order of the filter.
func (a *Airflow) runsBy(f runFilter) ([]*run, error) {
	wanted := make(map[string]bool, len(f.dags))
	for _, id := range f.dags {
		wanted[id] = true
	}
	var found []*run
	for _, r := range a.runs {
		if len(wanted) > 0 && !wanted[r.dag] || a.hidden[r.dag] || !among(f.states, r.state) || !among(f.kinds, r.kind) ||
			!f.logical.has(r.logical) || !f.start.has(r.start) || !f.end.has(r.end) || !f.updated.has(r.updated) || !f.due.has(r.due) {
			continue
		}
		found = append(found, r)
	}
	if err := sortRuns(found, f.order); err != nil {
		return nil, badRequest("Ordering with '%s' is disallowed or the attribute does not exist on the model", f.order)
	}
	return found, nil
}

// listRuns is GET dags/{dag or ~}/dagRuns.
func (a *Airflow) listRuns(r *http.Request) (answer, error) {
	q, err := a.query(r, "limit", "offset", "order_by", "state", "fields", "execution_date_gte", "execution_date_lte", "start_date_gte",
		"start_date_lte", "end_date_gte", "end_date_lte", "updated_at_gte", "updated_at_lte")
	if err != nil {
		return answer{}, err
	}
	f := runFilter{states: q["state"], kinds: q["run_type"], order: q.Get("order_by")}
	logical := "execution_date"
	if a.isV2 {
		logical = "logical_date"
	} else {
		f.kinds = nil
	}
	for name, into := range map[string]*span{
		logical: &f.logical, "start_date": &f.start, "end_date": &f.end, "updated_at": &f.updated, "run_after": &f.due,
	} {
		if *into, err = spanOf(q, name); err != nil {
			return answer{}, err
		}
	}
	if id := r.PathValue("dag"); id != "~" {
		if a.dags[id] == nil && a.isV2 {
			return answer{}, notFound(fmt.Sprintf("The DAG with dag_id: `%s` was not found", id))
		}
		f.dags = []string{id}
	}
	if f.page, err = a.pageOf(q); err != nil {
		return answer{}, err
	}
	found, err := a.runsBy(f)
	if err != nil {
		return answer{}, err
	}
	return collection("dag_runs", found, f.page, func(r *run) row { return a.sparse(a.runRow(r), q["fields"]) }), nil
}

// batchBody is the form of POST dags/~/dagRuns/list, of both versions.
type batchBody struct {
	DAGIDs       []string  `json:"dag_ids"`
	States       []string  `json:"states"`
	ExecutionGTE time.Time `json:"execution_date_gte"`
	ExecutionLTE time.Time `json:"execution_date_lte"`
	LogicalGTE   time.Time `json:"logical_date_gte"`
	LogicalLTE   time.Time `json:"logical_date_lte"`
	RunAfterGTE  time.Time `json:"run_after_gte"`
	RunAfterLTE  time.Time `json:"run_after_lte"`
	StartGTE     time.Time `json:"start_date_gte"`
	StartLTE     time.Time `json:"start_date_lte"`
	EndGTE       time.Time `json:"end_date_gte"`
	EndLTE       time.Time `json:"end_date_lte"`
	OrderBy      string    `json:"order_by"`
	Offset       int       `json:"page_offset"`
	Limit        *int      `json:"page_limit"`
}

// findRuns is the batch list of runs. Its pages are as long as they are asked for (2.11 and 3.3 alike).
func (a *Airflow) findRuns(r *http.Request) (answer, error) {
	var body batchBody
	if err := a.readBody(r, &body); err != nil {
		return answer{}, err
	}
	f := runFilter{
		dags: body.DAGIDs, states: body.States, order: body.OrderBy, logical: span{body.ExecutionGTE, body.ExecutionLTE},
		start: span{body.StartGTE, body.StartLTE}, end: span{body.EndGTE, body.EndLTE}, due: span{body.RunAfterGTE, body.RunAfterLTE},
		page: page{limit: 100, offset: body.Offset},
	}
	if a.isV2 {
		f.logical = span{body.LogicalGTE, body.LogicalLTE}
	}
	if body.Limit != nil {
		f.page.limit = min(*body.Limit, a.opts.BatchCap)
	}
	found, err := a.runsBy(f)
	if err != nil {
		return answer{}, err
	}
	return collection("dag_runs", found, f.page, a.runRow), nil
}

func (a *Airflow) runRow(r *run) row {
	conf := r.conf
	if conf == nil {
		conf = row{}
	}
	shown := row{
		"dag_id": r.dag, "dag_run_id": r.id, "state": r.state, "run_type": r.kind, "logical_date": a.when(r.logical),
		"data_interval_start": a.when(r.from), "data_interval_end": a.when(r.to), "start_date": a.when(r.start), "end_date": a.when(r.end),
		"last_scheduling_decision": a.when(r.updated), "note": orNull(r.note), "conf": conf,
	}
	if !a.isV2 {
		shown["execution_date"], shown["external_trigger"] = a.when(r.logical), r.byHand
		return shown
	}
	shown["run_after"], shown["queued_at"], shown["triggered_by"], shown["dag_versions"] = a.when(r.due), a.when(r.queued), "rest_api", a.versionsOf(r)
	shown["duration"] = nil
	if !r.start.IsZero() && !r.end.IsZero() {
		shown["duration"] = r.end.Sub(r.start).Seconds()
	}
	return shown
}

// versionsOf is the versions of the DAG that the task instances of a run were made with.
func (a *Airflow) versionsOf(r *run) []row {
	rows, seen := []row{}, map[*version]bool{}
	for _, ti := range r.tasks {
		if v := ti.version; v != nil && !seen[v] {
			seen[v] = true
			rows = append(rows, a.versionRow(r.dag, v))
		}
	}
	return rows
}

// runOf finds the run of a request.
func (a *Airflow) runOf(r *http.Request) (*run, error) {
	dagID, runID := r.PathValue("dag"), r.PathValue("run")
	if found := a.findRun(dagID, runID); found != nil {
		return found, nil
	}
	return nil, notFound(fmt.Sprintf("The DagRun with dag_id: `%s` and run_id: `%s` was not found", dagID, runID))
}

func (a *Airflow) readRun(r *http.Request) (answer, error) {
	found, err := a.runOf(r)
	if err != nil {
		return answer{}, err
	}
	return answer{body: a.runRow(found)}, nil
}

// triggerRun makes a run by hand. What may be null or left out differs: Airflow 2 takes a missing date for now and refuses null,
// Airflow 3 wants the member and takes null for "no date".
func (a *Airflow) triggerRun(r *http.Request) (answer, error) {
	d, ok := a.dags[r.PathValue("dag")]
	if !ok || d.stale {
		return answer{}, &refusal{status: http.StatusNotFound, title: "DAG not found", detail: fmt.Sprintf("%s with dag_id: '%s' not found", a.word("DAG", "Dag"), r.PathValue("dag"))}
	}
	if d.broken {
		return answer{}, &refusal{status: http.StatusBadRequest, title: "DAG cannot be triggered", detail: fmt.Sprintf("DAG with dag_id: '%s' has import errors", d.spec.ID)}
	}
	var body struct {
		RunID     string          `json:"dag_run_id"`
		Logical   json.RawMessage `json:"logical_date"`
		Execution json.RawMessage `json:"execution_date"`
		From      time.Time       `json:"data_interval_start"`
		To        time.Time       `json:"data_interval_end"`
		RunAfter  *time.Time      `json:"run_after"`
		Conf      map[string]any  `json:"conf"`
		Note      string          `json:"note"`
	}
	if err := a.readBody(r, &body); err != nil {
		return answer{}, err
	}
	if body.Logical == nil {
		body.Logical = body.Execution
	}
	made := &run{id: body.RunID, kind: "manual", from: body.From, to: body.To, due: a.now(), note: body.Note, conf: maps.Clone(body.Conf), byHand: true}
	if err := a.dateOf(body.Logical, made); err != nil {
		return answer{}, err
	}
	if made.id == "" {
		made.id = "manual__" + pythonISO(latest(made.logical, made.due))
	}
	if made.from.IsZero() && !made.logical.IsZero() {
		made.from, made.to = d.spec.before(made.logical)
	}
	same := func(other *run) bool {
		return other.id == made.id || !made.logical.IsZero() && other.logical.Equal(made.logical)
	}
	if slices.ContainsFunc(a.byDAG[d.spec.ID], same) {
		return answer{}, conflict("DAGRun with DAG ID: '%s' and DAGRun ID: '%s' already exists", d.spec.ID, made.id)
	}
	a.makeRun(d, made)
	a.audit("trigger_dag_run", made.dag, made.id)
	return answer{body: a.runRow(made)}, nil
}

// dateOf reads the logical date of a trigger.
func (a *Airflow) dateOf(raw json.RawMessage, made *run) error {
	switch {
	case raw == nil && a.isV2:
		return invalid("missing", "Field required", "body", "logical_date")
	case raw == nil:
		made.logical = a.now()
		return nil
	case string(raw) == "null" && a.isV2:
		return nil
	case string(raw) == "null":
		return badRequest("{'logical_date': ['Field may not be null.']}")
	}
	if err := json.Unmarshal(raw, &made.logical); err != nil {
		if a.isV2 {
			return invalid("datetime_from_date_parsing", "Input should be a valid datetime or date", "body", "logical_date")
		}
		return badRequest("{'logical_date': ['Incorrect datetime argument']}")
	}
	made.logical = made.logical.UTC()
	return nil
}

// patchRun marks a run, and on Airflow 3 writes its note.
func (a *Airflow) patchRun(r *http.Request) (answer, error) {
	found, err := a.runOf(r)
	if err != nil {
		return answer{}, err
	}
	var body struct {
		State string  `json:"state"`
		Note  *string `json:"note"`
	}
	if err := a.readBody(r, &body); err != nil {
		return answer{}, err
	}
	if body.Note != nil && !a.isV2 { // see noteRunV1
		return answer{}, badRequest("{'note': ['Unknown field.']}")
	}
	if !among([]string{"", success, failed, queued}, body.State) {
		if a.isV2 {
			return answer{}, invalid("enum", "Input should be 'queued', 'success' or 'failed'", "body", "state")
		}
		return answer{}, badRequest("'%s' is not one of ['success', 'failed', 'queued']", body.State)
	}
	if body.State != "" {
		a.mark(found, body.State)
	}
	if body.Note != nil {
		found.note, found.updated = *body.Note, a.now()
	}
	return answer{body: a.runRow(found)}, nil
}

// deleteRun refuses, on Airflow 3, to delete a run that runs.
func (a *Airflow) deleteRun(r *http.Request) (answer, error) {
	found, err := a.runOf(r)
	if err != nil {
		return answer{}, err
	}
	if a.isV2 && found.state == running {
		return answer{}, conflict("The DagRun with dag_id: `%s` and run_id: `%s` cannot be deleted in running state", found.dag, found.id)
	}
	a.delete(found.dag, found.id)
	return answer{status: http.StatusNoContent}, nil
}
