package airflowtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// clearBody is the form of clearTaskInstances with the defaults of the version.
type clearBody struct {
	DryRun        bool              `json:"dry_run"`
	OnlyFailed    bool              `json:"only_failed"`
	OnlyRunning   bool              `json:"only_running"`
	ResetRuns     bool              `json:"reset_dag_runs"`
	TaskIDs       []json.RawMessage `json:"task_ids"` // names; on Airflow 3 also pairs of name and map index
	RunID         string            `json:"dag_run_id"`
	From          *time.Time        `json:"start_date"`
	To            *time.Time        `json:"end_date"`
	Upstream      bool              `json:"include_upstream"`
	Downstream    bool              `json:"include_downstream"`
	Past          bool              `json:"include_past"`
	Future        bool              `json:"include_future"`
	IncludeSub    *bool             `json:"include_subdags"`       // Airflow 2 only
	IncludeParent *bool             `json:"include_parentdag"`     // Airflow 2 only
	Latest        *bool             `json:"run_on_latest_version"` // 3.1 and later
	RefuseRunning *bool             `json:"prevent_running_task"`  // 3.2 and later
}

// unknown names the member that the version does not know.
func (b clearBody) unknown(a *Airflow) string {
	switch {
	case a.isV2 && b.IncludeSub != nil:
		return "include_subdags"
	case a.isV2 && b.IncludeParent != nil:
		return "include_parentdag"
	case b.Latest != nil && !a.since(3, 1, 0):
		return "run_on_latest_version"
	case b.RefuseRunning != nil && !a.since(3, 2, 0):
		return "prevent_running_task"
	}
	return ""
}

// chosenTask is a task of a clear, or one instance of it.
type chosenTask struct {
	id       string
	mapIndex *int
}

// tasks reads the names and the pairs.
func (b clearBody) tasks(a *Airflow) ([]chosenTask, error) {
	var chosen []chosenTask
	for i, raw := range b.TaskIDs {
		var id string
		var index int
		pair := []any{&id, &index}
		switch {
		case json.Unmarshal(raw, &id) == nil:
			chosen = append(chosen, chosenTask{id: id})
		case a.isV2 && json.Unmarshal(raw, &pair) == nil && len(pair) == 2:
			chosen = append(chosen, chosenTask{id: id, mapIndex: &index})
		case a.isV2:
			return nil, invalid("string_type", "Input should be a valid string", "body", "task_ids", i)
		default:
			return nil, badRequest("%s is not of type 'string' - 'task_ids.%d'", raw, i)
		}
	}
	return chosen, nil
}

// check refuses what contradicts itself.
func (b clearBody) check(a *Airflow) error {
	var words string
	switch {
	case b.OnlyFailed && b.OnlyRunning:
		words = "only_failed and only_running both are set to True"
	case b.RunID != "" && (b.From != nil || b.To != nil):
		words = "Exactly one of dag_run_id or (start_date and end_date) must be provided"
	case b.TaskIDs != nil && len(b.TaskIDs) == 0 && !a.isV2:
		return badRequest("[] should be non-empty - 'task_ids'")
	case b.TaskIDs != nil && len(b.TaskIDs) == 0:
		words = "task_ids list should have at least 1 element."
	default:
		return nil
	}
	switch {
	case a.since(3, 3, 2):
		return invalid("value_error", "Value error, "+words, "body")
	case a.isV2: // pydantic's error cannot be raised like that
		return &refusal{status: http.StatusInternalServerError, detail: "Internal Server Error"}
	}
	return badRequest("{'_schema': ['%s']}", words)
}

func (a *Airflow) clearTasks(r *http.Request) (answer, error) {
	d, err := a.dagOf(r)
	if err != nil {
		return answer{}, err
	}
	body := clearBody{DryRun: true, OnlyFailed: true, ResetRuns: a.isV2}
	if err := a.readBody(r, &body); err != nil {
		return answer{}, err
	}
	if member := body.unknown(a); member != "" {
		if a.isV2 {
			return answer{}, invalid("extra_forbidden", "Extra inputs are not permitted", "body", member)
		}
		return answer{}, badRequest("{'%s': ['Unknown field.']}", member)
	}
	if err := body.check(a); err != nil {
		return answer{}, err
	}
	chosen, err := a.cleared(d, body)
	if err != nil {
		return answer{}, err
	}
	if body.RefuseRunning != nil && *body.RefuseRunning {
		if i := slices.IndexFunc(chosen, func(ti *instance) bool { return ti.state == running }); i >= 0 {
			return answer{}, conflict("Task '%s' is running, stopping attempt to clear. If you want to clear it anyway, set prevent_running_task to False", chosen[i].task.ID)
		}
	}
	if !body.DryRun {
		a.clearChosen(d, chosen, body.ResetRuns)
	}
	show := a.reference
	if a.isV2 {
		show = a.instanceRow
	}
	return collection("task_instances", chosen, page{limit: len(chosen)}, show), nil
}

// clearChosen clears instances, run by run.
func (a *Airflow) clearChosen(d *dag, chosen []*instance, reset bool) {
	byRun := map[*run][]*instance{}
	for _, ti := range chosen {
		byRun[ti.run] = append(byRun[ti.run], ti)
	}
	for _, run := range slices.Clone(a.byDAG[d.spec.ID]) {
		if tasks := byRun[run]; len(tasks) > 0 {
			a.clear(run, tasks, reset)
		}
	}
}

// cleared is the instances that a clear means.
func (a *Airflow) cleared(d *dag, body clearBody) ([]*instance, error) {
	runs, err := a.clearedRuns(d, body)
	if err != nil {
		return nil, err
	}
	named, err := body.tasks(a)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, t := range named {
		ids = append(ids, t.id)
	}
	tasks := d.related(ids, body.Upstream, body.Downstream)
	var chosen []*instance
	for _, run := range runs {
		for _, ti := range run.tasks {
			bad := ti.state == failed || ti.state == upstreamFailed
			if among(tasks, ti.task.ID) && ti.among(named) && (!body.OnlyFailed || bad) && (!body.OnlyRunning || ti.state == running) {
				chosen = append(chosen, ti)
			}
		}
	}
	return chosen, nil
}

// among reports whether the named tasks leave an instance in: only one that is named with another index is out.
func (i *instance) among(named []chosenTask) bool {
	mentioned := false
	for _, t := range named {
		if t.id != i.task.ID {
			continue
		}
		if t.mapIndex == nil || *t.mapIndex == i.mapIndex {
			return true
		}
		mentioned = true
	}
	return !mentioned
}

// clearedRuns is the runs that a clear means: one, with those before and after it, or those of a range, or all.
func (a *Airflow) clearedRuns(d *dag, body clearBody) ([]*run, error) {
	var of *run
	if body.RunID != "" {
		words := fmt.Sprintf("Dag Run id %s not found in dag %s", body.RunID, d.spec.ID)
		switch of = a.findRun(d.spec.ID, body.RunID); {
		case of == nil:
			return nil, &refusal{status: http.StatusNotFound, title: words, detail: words}
		case a.isV2 && !a.since(3, 1, 0) && (body.Past || body.Future):
			return nil, badRequest("Cannot use include_past or include_future when dag_run_id is provided because logical_date is not applicable.")
		case of.logical.IsZero() && (body.Past || body.Future):
			return nil, badRequest("Cannot use include_past or include_future with no logical_date(e.g. manually or asset-triggered).")
		}
	}
	return slices.DeleteFunc(slices.Clone(a.byDAG[d.spec.ID]), func(run *run) bool {
		switch {
		case of != nil:
			return run != of && (!body.Past || !run.logical.Before(of.logical)) && (!body.Future || !run.logical.After(of.logical))
		case body.From != nil && run.logical.Before(*body.From):
			return true
		}
		return body.To != nil && run.logical.After(*body.To)
	}), nil
}

// clearRunV1 clears a whole run; a dry run, the default, lists the instances.
func (a *Airflow) clearRunV1(r *http.Request) (answer, error) {
	found, err := a.runOf(r)
	if err != nil {
		return answer{}, err
	}
	body := struct {
		DryRun bool `json:"dry_run"`
	}{DryRun: true}
	if err := a.readBody(r, &body); err != nil {
		return answer{}, err
	}
	if body.DryRun {
		return collection("task_instances", found.tasks, page{limit: len(found.tasks)}, a.reference), nil
	}
	a.clear(found, found.tasks, true)
	return answer{body: a.runRow(found)}, nil
}

// clearRunV2 is the same for Airflow 3, which can leave out what did not fail.
func (a *Airflow) clearRunV2(r *http.Request) (answer, error) {
	found, err := a.runOf(r)
	if err != nil {
		return answer{}, err
	}
	body := struct {
		DryRun     bool  `json:"dry_run"`
		OnlyFailed bool  `json:"only_failed"`
		Latest     *bool `json:"run_on_latest_version"` // 3.1 and later
	}{DryRun: true}
	if err := a.readBody(r, &body); err != nil {
		return answer{}, err
	}
	if body.Latest != nil && !a.since(3, 1, 0) {
		return answer{}, invalid("extra_forbidden", "Extra inputs are not permitted", "body", "run_on_latest_version")
	}
	tasks := slices.DeleteFunc(slices.Clone(found.tasks), func(ti *instance) bool {
		return body.OnlyFailed && ti.state != failed && ti.state != upstreamFailed
	})
	if body.DryRun {
		return collection("task_instances", tasks, page{limit: len(tasks)}, a.instanceRow), nil
	}
	a.clear(found, tasks, true)
	return answer{body: a.runRow(found)}, nil
}

// noteRunV1 writes the note of a run.
func (a *Airflow) noteRunV1(r *http.Request) (answer, error) {
	found, err := a.runOf(r)
	if err != nil {
		return answer{}, err
	}
	var body struct {
		Note string `json:"note"`
	}
	if err := a.readBody(r, &body); err != nil {
		return answer{}, err
	}
	found.note, found.updated = body.Note, a.now()
	return answer{body: a.runRow(found)}, nil
}
