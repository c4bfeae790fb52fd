package airflowtest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// instancesBody is the form of the batch list of task instances.
type instancesBody struct {
	DAGIDs  []string  `json:"dag_ids"`
	RunIDs  []string  `json:"dag_run_ids"`
	TaskIDs []string  `json:"task_ids"`
	States  []string  `json:"state"`
	EndGTE  time.Time `json:"end_date_gte"`
	OrderBy string    `json:"order_by"`
	Offset  int       `json:"page_offset"`
	Limit   *int      `json:"page_limit"`
}

// findInstances answers for the product of all DAG ids and all run ids. Airflow 2 has no order, and before 2.11 no pages. One DAG
// that may not be read refuses the whole request on Airflow 2; Airflow 3 leaves its rows out.
func (a *Airflow) findInstances(r *http.Request) (answer, error) {
	var body instancesBody
	if err := a.readBody(r, &body); err != nil {
		return answer{}, err
	}
	if !a.isV2 && body.OrderBy != "" {
		return answer{}, badRequest("{'order_by': ['Unknown field.']}")
	}
	if !a.isV2 && slices.ContainsFunc(body.DAGIDs, func(id string) bool { return a.hidden[id] }) {
		return answer{}, forbidden()
	}
	for i, state := range body.States { // null, which is read as "", is no state for both
		switch {
		case state != "none":
		case a.isV2:
			return answer{}, invalid("enum", "Input should be 'removed', 'scheduled', 'queued', 'running', 'success', 'restarting'", "body", "state", i)
		default:
			body.States[i] = ""
		}
	}
	var found []*instance
	for _, r := range a.runs {
		if a.hidden[r.dag] || !among(body.DAGIDs, r.dag) || !among(body.RunIDs, r.id) {
			continue
		}
		for _, ti := range r.tasks {
			if among(body.TaskIDs, ti.task.ID) && among(body.States, ti.state) {
				found = append(found, ti)
			}
		}
	}
	p := page{limit: 100, offset: body.Offset}
	if body.Limit != nil {
		p.limit = min(*body.Limit, a.opts.BatchCap)
	}
	if !a.isV2 && !a.pagesInstances() {
		p = page{limit: len(found)}
	}
	return collection("task_instances", found, p, a.instanceRow), nil
}

// pagesInstances reports whether the batch of task instances has pages: since 2.11.
func (a *Airflow) pagesInstances() bool {
	return strings.HasPrefix(a.opts.Version, "2.11")
}

func (a *Airflow) listInstances(r *http.Request) (answer, error) {
	q, err := a.query(r, "limit", "offset", "state", "execution_date_gte", "execution_date_lte", "start_date_gte", "start_date_lte",
		"end_date_gte", "end_date_lte", "updated_at_gte", "updated_at_lte", "pool", "queue", "executor")
	if err != nil {
		return answer{}, err
	}
	run, err := a.runOf(r)
	if err != nil {
		return answer{}, err
	}
	p, err := a.pageOf(q)
	if err != nil {
		return answer{}, err
	}
	updated, err := spanOf(q, "updated_at")
	if err != nil {
		return answer{}, err
	}
	var found []*instance
	for _, ti := range run.tasks {
		if among(q["state"], cmp.Or(ti.state, "none")) && updated.has(ti.updated) {
			found = append(found, ti)
		}
	}
	return collection("task_instances", found, p, a.instanceRow), nil
}

func (a *Airflow) instanceRow(ti *instance) row {
	shown := row{
		"dag_id": ti.run.dag, "dag_run_id": ti.run.id, "task_id": ti.task.ID, "map_index": ti.mapIndex, "state": orNull(ti.state),
		"try_number": ti.try, "max_tries": ti.maxTries, "operator": cmp.Or(ti.task.Operator, "PythonOperator"),
		"pool": cmp.Or(ti.task.Pool, "default_pool"), "pool_slots": 1, "queue": "default", "hostname": ti.host, "unixname": "airflow",
		"queued_when": a.when(ti.queued), "start_date": a.when(ti.start), "end_date": a.when(ti.end), "duration": nil, "note": orNull(ti.note),
		"priority_weight": ti.weight, "rendered_fields": row{}, "pid": nil, "trigger": nil, "triggerer_job": nil,
	}
	if ti.timed {
		shown["duration"] = ti.took.Seconds()
	}
	if a.isV2 {
		shown["id"] = fmt.Sprintf("00000000-0000-7000-8000-%012x", ti.number)
		shown["logical_date"], shown["run_after"], shown["dag_version"] = a.when(ti.run.logical), a.when(ti.run.due), nil
		return shown
	}
	shown["execution_date"], shown["sla_miss"] = a.when(ti.run.logical), nil
	return shown
}

// reference is all that Airflow 2 tells of a cleared instance.
func (a *Airflow) reference(ti *instance) row {
	return row{"dag_id": ti.run.dag, "dag_run_id": ti.run.id, "task_id": ti.task.ID, "execution_date": a.when(ti.run.logical)}
}

// instanceOf finds the instance of a request.
func (a *Airflow) instanceOf(r *http.Request, mapIndex int) (*instance, error) {
	run := a.findRun(r.PathValue("dag"), r.PathValue("run"))
	if run != nil {
		for _, ti := range run.tasks {
			if ti.task.ID == r.PathValue("task") && ti.mapIndex == mapIndex {
				return ti, nil
			}
		}
	}
	return nil, &refusal{status: http.StatusNotFound, title: "TaskInstance not found", detail: "TaskInstance not found"}
}
