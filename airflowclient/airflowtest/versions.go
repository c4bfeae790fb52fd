package airflowtest

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"time"
)

// version is a version of a DAG. Airflow 3 keeps the versions that task instances were made with; a newer parse writes over one that
// has none (SerializedDagModel.write_dag).
type version struct {
	serial  int
	number  int
	created time.Time
	spec    DAG
	source  string // of the file
	used    bool   // task instances were made with it
}

// version is the one that new runs are made with; nil before anything was serialised.
func (d *dag) version() *version {
	if len(d.versions) == 0 {
		return nil
	}
	newest := d.versions[len(d.versions)-1]
	return newest
}

// versionRow is a version as lists and runs show it.
func (a *Airflow) versionRow(dagID string, v *version) row {
	return row{
		"id": fmt.Sprintf("00000000-0000-7000-8000-%012x", v.serial), "version_number": v.number, "dag_id": dagID, "dag_display_name": dagID,
		"bundle_name": "dags-folder", "bundle_version": nil, "bundle_url": nil, "created_at": a.when(v.created),
	}
}

// sourceOr is the text of the file that a version came from.
func (v *version) sourceOr(text string) string {
	if v == nil {
		return text
	}
	return cmp.Or(v.source, text)
}

// serialise writes the structure of a DAG. Runs that have not ended follow it: they get what tasks are new, and what is gone is removed.
func (a *Airflow) serialise(d *dag) {
	d.tasks, d.written = d.spec.Tasks, a.now()
	text := ""
	if file := a.folder[d.file]; file != nil {
		text = file.parsed.Text
	}
	newest := d.version()
	switch {
	case newest == nil || newest.used && !sameDAG(newest.spec, d.spec):
		d.versions = append(d.versions, &version{serial: a.serial(), number: len(d.versions) + 1, created: a.now(), spec: d.spec, source: text})
	case !sameDAG(newest.spec, d.spec):
		newest.spec, newest.source = d.spec, text
	default:
		return
	}
	for _, r := range a.activeOf(d.spec.ID) {
		if !r.beforeStart {
			a.verifyIntegrity(d, r)
		}
	}
}

// sameDAG compares what Airflow serialises of a DAG: all but what its tasks do.
func sameDAG(x, y DAG) bool {
	return reflect.DeepEqual(x.serialised(), y.serialised())
}

func (d DAG) serialised() DAG {
	d.Tasks = slices.Clone(d.Tasks)
	for i := range d.Tasks {
		d.Tasks[i].Do = nil
	}
	return d
}

// verifyIntegrity brings the task instances of a run up to the DAG's tasks (DagRun.verify_integrity).
func (a *Airflow) verifyIntegrity(d *dag, r *run) {
	r.version = d.version()
	have := map[string]bool{}
	for _, ti := range r.tasks {
		have[ti.task.ID] = true
		switch task, ok := d.task(ti.task.ID); {
		case ok:
			ti.task = task
		case !ti.ended() && ti.state != running:
			ti.life++
			a.setState(ti, removed)
		}
	}
	for _, task := range d.tasks {
		if !have[task.ID] {
			r.tasks = append(r.tasks, a.instances(d, r, task)...)
		}
	}
	a.wake(r)
}
