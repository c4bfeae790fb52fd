package airflowtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// address is what a path below a task of a run names: an instance, and what is asked about it.
type address struct {
	task     string
	mapIndex int
	word     string // "", "tries", "setNote", …
}

// addressOf reads a path: a number is a map index, a word is a question.
func addressOf(r *http.Request) address {
	at := address{task: r.PathValue("task"), mapIndex: -1, word: r.PathValue("word")}
	index := r.PathValue("map")
	if index == "" {
		if _, err := strconv.Atoi(at.word); err == nil {
			index, at.word = at.word, ""
		}
	}
	if index != "" {
		at.mapIndex = number(index)
	}
	return at
}

// isMapped reports whether a task of a run has instances with map indexes.
func (r *run) isMapped(task string) bool {
	return slices.ContainsFunc(r.tasks, func(ti *instance) bool { return ti.task.ID == task && ti.mapIndex >= 0 })
}

func (r *run) instance(task string, mapIndex int) *instance {
	i := slices.IndexFunc(r.tasks, func(ti *instance) bool { return ti.task.ID == task && ti.mapIndex == mapIndex })
	if i < 0 {
		return nil
	}
	return r.tasks[i]
}

// readInstance is one instance without a map index.
func (a *Airflow) readInstance(r *http.Request) (answer, error) {
	ti, err := a.instanceAt(r)
	if err != nil {
		return answer{}, err
	}
	return answer{body: a.instanceRow(ti)}, nil
}

// instanceAt finds the instance of a path. A mapped task without an index is not found, with a word about it.
func (a *Airflow) instanceAt(r *http.Request) (*instance, error) {
	at := addressOf(r)
	dagID, runID := r.PathValue("dag"), r.PathValue("run")
	if found := a.findRun(dagID, runID); found != nil {
		if ti := found.instance(at.task, at.mapIndex); ti != nil {
			return ti, nil
		}
		if at.mapIndex < 0 && found.isMapped(at.task) {
			return nil, a.instanceNotFound("Task instance is mapped, add the map_index value to the URL")
		}
	}
	words := fmt.Sprintf("The Task Instance with dag_id: `%s`, run_id: `%s`, task_id: `%s` and map_index: `%d` was not found", dagID, runID, at.task, at.mapIndex)
	return nil, a.instanceNotFound(words)
}

// instanceNotFound has no detail on Airflow 2 where there is nothing more to say than the title.
func (a *Airflow) instanceNotFound(detail string) error {
	return &refusal{status: http.StatusNotFound, title: "Task instance not found", detail: detail}
}

// aboutInstance answers what is asked about an instance or a mapped task.
func (a *Airflow) aboutInstance(r *http.Request) (answer, error) {
	switch addressOf(r).word {
	case "":
		return a.readInstance(r)
	case "listMapped":
		return a.listMapped(r)
	case "tries":
		return a.listTries(r)
	case "dependencies":
		return a.listDependencies(r)
	}
	return answer{}, notFound("Not Found")
}

// listMapped has the order of the map index, which Airflow 2 knows by no name.
func (a *Airflow) listMapped(r *http.Request) (answer, error) {
	run, err := a.runOf(r)
	if err != nil {
		return answer{}, err
	}
	q, err := a.query(r, "limit", "offset", "order_by", "state", "pool", "queue")
	if err != nil {
		return answer{}, err
	}
	p, err := a.pageOf(q)
	if err != nil {
		return answer{}, err
	}
	order := strings.TrimPrefix(q.Get("order_by"), "-")
	if !a.isV2 && !among([]string{"", "state", "duration"}, order) {
		return answer{}, badRequest("Ordering with '%s' is not supported", q.Get("order_by"))
	}
	task := r.PathValue("task")
	if !run.isMapped(task) {
		words := "Task id " + task + " is not mapped"
		if run.instance(task, -1) == nil {
			words = "Task id " + task + " not found"
		}
		return answer{}, &refusal{status: http.StatusNotFound, title: words, detail: words}
	}
	found := slices.DeleteFunc(slices.Clone(run.tasks), func(ti *instance) bool { return ti.task.ID != task })
	return collection("task_instances", found, p, a.instanceRow), nil
}

// listTries is the tries that have ended and the present one. Airflow 2 has an empty list for what does not exist.
func (a *Airflow) listTries(r *http.Request) (answer, error) {
	if !a.since(2, 10, 0) {
		return answer{}, notFound("Not Found")
	}
	at := addressOf(r)
	var ti *instance
	if run := a.findRun(r.PathValue("dag"), r.PathValue("run")); run != nil {
		ti = run.instance(at.task, at.mapIndex)
	}
	if ti == nil {
		if a.isV2 {
			_, err := a.instanceAt(r)
			return answer{}, err
		}
		return answer{body: row{"task_instances": []row{}, "total_entries": 0}}, nil
	}
	var rows []row
	for _, t := range ti.tries {
		if t.Try == ti.try {
			continue // the instance itself says how that one goes
		}
		shown := a.instanceRow(ti)
		shown["try_number"], shown["state"], shown["queued_when"] = t.Try, t.state, a.when(t.queued)
		shown["start_date"], shown["end_date"], shown["duration"] = a.when(t.Start), a.when(t.end), t.end.Sub(t.Start).Seconds()
		rows = append(rows, shown)
	}
	rows = append(rows, a.instanceRow(ti))
	return answer{body: row{"task_instances": rows, "total_entries": len(rows)}}, nil
}

// listDependencies says why an instance does not run, if nothing has happened to it yet.
func (a *Airflow) listDependencies(r *http.Request) (answer, error) {
	if !a.since(2, 10, 0) {
		return answer{}, notFound("Not Found")
	}
	ti, err := a.instanceAt(r)
	if err != nil {
		return answer{}, err
	}
	unmet := []row{}
	add := func(name, reason string) { unmet = append(unmet, row{"name": name, "reason": reason}) }
	if ti.state != none && ti.state != scheduled {
		return answer{body: row{"dependencies": unmet}}, nil
	}
	if d := a.dags[ti.run.dag]; d != nil && d.paused {
		add("Dag Not Paused", fmt.Sprintf("Task's DAG '%s' is paused.", ti.run.dag))
	}
	if ti.run.state != running {
		add("Dagrun Running", fmt.Sprintf("Task instance's dagrun was not in the 'running' state but in the state '%s'.", ti.run.state))
	}
	if a.pools[ti.pool()] == nil {
		add("Pool Slots Available", fmt.Sprintf("Tasks using non-existent pool '%s' will not be scheduled", ti.pool()))
	}
	if ti.state == none {
		add("Task Instance State", "Task is in the 'None' state.")
	}
	return answer{body: row{"dependencies": unmet}}, nil
}

// markBody is the form of a mark, of both versions.
type markBody struct {
	DryRun     *bool           `json:"dry_run"`
	State      *string         `json:"new_state"`
	Note       json.RawMessage `json:"note"`
	Upstream   bool            `json:"include_upstream"`
	Downstream bool            `json:"include_downstream"`
	Past       bool            `json:"include_past"`
	Future     bool            `json:"include_future"`
	TaskID     string          `json:"task_id"`    // of updateTaskInstancesState
	RunID      string          `json:"dag_run_id"` // of updateTaskInstancesState
}

func (b markBody) reach() reach {
	return reach{upstream: b.Upstream, downstream: b.Downstream, past: b.Past, future: b.Future}
}

// checkState refuses states that no instance can be marked with.
func (a *Airflow) checkState(state *string) error {
	if state == nil || slices.Contains([]string{success, failed, skipped}, *state) {
		return nil
	}
	if a.isV2 {
		return invalid("value_error", fmt.Sprintf("Value error, '%s' is not one of ['success', 'failed', 'skipped']", *state), "body", "new_state")
	}
	return badRequest("'%s' is not one of ['success', 'failed', 'skipped'] - 'new_state'", *state)
}

// patchInstance marks an instance or writes its note.
func (a *Airflow) patchInstance(r *http.Request) (answer, error) {
	var body markBody
	if err := a.readBody(r, &body); err != nil {
		return answer{}, err
	}
	if err := a.checkState(body.State); err != nil {
		return answer{}, err
	}
	switch at := addressOf(r); {
	case a.isV2 && (at.word == "" || at.word == "dry_run"):
		return a.patchInstanceV2(r, at, body)
	case !a.isV2 && at.word == "":
		return a.markInstanceV1(r, at, body)
	case !a.isV2 && at.word == "setNote":
		return a.noteInstanceV1(r, body)
	}
	return answer{}, &refusal{status: http.StatusMethodNotAllowed, title: "Method Not Allowed", detail: "Method Not Allowed"}
}

// patchInstanceV2 takes a mapped task without an index for all of its instances, as Airflow does since 3.1.
func (a *Airflow) patchInstanceV2(r *http.Request, at address, body markBody) (answer, error) {
	run, err := a.runOf(r)
	if err != nil {
		return answer{}, err
	}
	index := &at.mapIndex
	if at.mapIndex < 0 && run.isMapped(at.task) && a.since(3, 1, 0) {
		index = nil
	}
	if d := a.dags[run.dag]; d != nil {
		if _, ok := d.task(at.task); !ok {
			return answer{}, notFound(fmt.Sprintf("Task '%s' not found in Dag '%s'", at.task, run.dag))
		}
	}
	named := a.relatives(run, []string{at.task}, index, reach{})
	if len(named) == 0 {
		return answer{}, notFound(fmt.Sprintf("Task Instance not found for dag_id=%s, run_id=%s, task_id=%s", run.dag, run.id, at.task))
	}
	changed := named
	if body.State != nil {
		changed = a.markTasks(run, []string{at.task}, index, *body.State, body.reach(), at.word == "dry_run")
	}
	if body.Note != nil && at.word == "" {
		for _, ti := range named {
			_ = json.Unmarshal(body.Note, &ti.note) // null leaves it
			ti.updated = a.now()
		}
	}
	return collection("task_instances", changed, page{limit: len(changed)}, a.instanceRow), nil
}

// markInstanceV1 answers a mark that was made with an empty object, and one of a mapped task without an index with 404.
func (a *Airflow) markInstanceV1(r *http.Request, at address, body markBody) (answer, error) {
	d, err := a.dagOf(r)
	if err != nil {
		return answer{}, err
	}
	if _, ok := d.task(at.task); !ok {
		return answer{}, &refusal{status: http.StatusNotFound, title: "Task not found", detail: fmt.Sprintf("Task '%s' not found in DAG '%s'", at.task, d.spec.ID)}
	}
	run := a.findRun(d.spec.ID, r.PathValue("run"))
	if run == nil || run.instance(at.task, at.mapIndex) == nil {
		return answer{}, notFound(fmt.Sprintf("Task instance not found for task '%s' on DAG run with ID '%s'", at.task, r.PathValue("run")))
	}
	if body.State == nil {
		return answer{}, badRequest("{'new_state': ['Missing data for required field.']}")
	}
	if body.DryRun != nil && *body.DryRun {
		return answer{body: a.reference(run.instance(at.task, at.mapIndex))}, nil
	}
	a.markTasks(run, []string{at.task}, &at.mapIndex, *body.State, reach{}, false)
	return answer{body: row{}}, nil
}

// markTasksV1 is updateTaskInstancesState, which knows no map index and does not find a mapped task.
func (a *Airflow) markTasksV1(r *http.Request) (answer, error) {
	d, err := a.dagOf(r)
	if err != nil {
		return answer{}, err
	}
	var body markBody
	if err := a.readBody(r, &body); err != nil {
		return answer{}, err
	}
	if err := a.checkState(body.State); err != nil {
		return answer{}, err
	}
	if _, ok := d.task(body.TaskID); !ok {
		return answer{}, &refusal{status: http.StatusNotFound, title: "Task ID " + body.TaskID + " not found"}
	}
	run := a.findRun(d.spec.ID, body.RunID)
	if run == nil || run.instance(body.TaskID, -1) == nil || body.State == nil {
		return answer{}, notFound(fmt.Sprintf("Task instance not found for task '%s' on DAG run with ID '%s'", body.TaskID, body.RunID))
	}
	dryRun := body.DryRun == nil || *body.DryRun
	changed := a.markTasks(run, []string{body.TaskID}, nil, *body.State, body.reach(), dryRun)
	return collection("task_instances", changed, page{limit: len(changed)}, a.reference), nil
}

func (a *Airflow) noteInstanceV1(r *http.Request, body markBody) (answer, error) {
	at := addressOf(r)
	run := a.findRun(r.PathValue("dag"), r.PathValue("run"))
	if run == nil || run.instance(at.task, at.mapIndex) == nil {
		return answer{}, &refusal{status: http.StatusNotFound, title: "Task instance not found"}
	}
	ti := run.instance(at.task, at.mapIndex)
	if err := json.Unmarshal(body.Note, &ti.note); err != nil {
		return answer{}, badRequest("%v", err)
	}
	ti.updated = a.now()
	return answer{body: a.instanceRow(ti)}, nil
}
