package airflowtest

import (
	"maps"
	"slices"
	"time"
)

// The functions here change the world as a person at Airflow's own pages would, or as fate does.

// SetPaused pauses or unpauses DAGs.
func (a *Airflow) SetPaused(paused bool, dagIDs ...string) {
	defer a.live()()
	for _, id := range dagIDs {
		if d, ok := a.dags[id]; ok {
			a.pause(d, paused)
		}
	}
}

func (a *Airflow) pause(d *dag, paused bool) {
	if d.paused == paused {
		return
	}
	d.paused = paused
	a.audit("paused", d.spec.ID, "")
	a.planNext(d)
	if !paused {
		a.startWaiting(d.spec.ID)
	}
}

// Trigger makes a run by hand, now, for the day (zero: none).
func (a *Airflow) Trigger(dagID, runID string, day time.Time) {
	defer a.live()()
	if d, ok := a.dags[dagID]; ok && a.findRun(dagID, runID) == nil {
		a.makeRun(d, &run{id: runID, kind: "manual", logical: day, from: day, to: day, due: a.now(), byHand: true})
	}
}

// Mark sets the state of a run: success, failed or queued.
func (a *Airflow) Mark(dagID, runID, state string) {
	defer a.live()()
	if r := a.findRun(dagID, runID); r != nil {
		a.mark(r, state)
	}
}

// Clear makes all tasks of a run run again.
func (a *Airflow) Clear(dagID, runID string) {
	defer a.live()()
	if r := a.findRun(dagID, runID); r != nil {
		a.clear(r, r.tasks, true)
	}
}

// Delete deletes a run.
func (a *Airflow) Delete(dagID, runID string) {
	defer a.live()()
	a.delete(dagID, runID)
}

func (a *Airflow) delete(dagID, runID string) {
	if r := a.findRun(dagID, runID); r != nil {
		a.remove(r)
	}
	a.audit("delete_dag_run", dagID, runID)
	a.startWaiting(dagID)
}

// Note writes a note on a run.
func (a *Airflow) Note(dagID, runID, text string) {
	defer a.live()()
	if r := a.findRun(dagID, runID); r != nil {
		r.note, r.updated = text, a.now()
	}
}

// StopScheduler kills the scheduler: nothing is made or started any more, and what runs ends.
func (a *Airflow) StopScheduler() {
	defer a.live()()
	a.stop()
}

// StartScheduler starts a scheduler again that was stopped.
func (a *Airflow) StartScheduler() {
	defer a.live()()
	a.revive()
}

// Forbid takes away the permission to read the DAGs.
func (a *Airflow) Forbid(dagIDs ...string) {
	defer a.live()()
	Deny(dagIDs...).happen(a)
}

// Restart is a restart of the web server: tokens that it gave are worth nothing any more, because its key was random.
func (a *Airflow) Restart() {
	defer a.live()()
	a.tokenKey++
}

func (a *Airflow) audit(event, dagID, runID string) {
	a.log = append(a.log, auditEntry{number: a.serial(), when: a.now(), event: event, dag: dagID, run: runID, owner: a.opts.User})
}

// RunState is what tests compare: a run as the database has it.
type RunState struct {
	DAGID, RunID, State, Note string
	Start, End                time.Time
}

// Runs lists all runs in the order in which they were made.
func (a *Airflow) Runs() []RunState {
	defer a.live()()
	var all []RunState
	for _, r := range a.runs {
		all = append(all, RunState{DAGID: r.dag, RunID: r.id, State: r.state, Note: r.note, Start: r.start, End: r.end})
	}
	return all
}

// DAGIDs lists the DAGs that are in a file, and whether they are paused.
func (a *Airflow) DAGIDs() map[string]bool {
	defer a.live()()
	paused := map[string]bool{}
	for id, d := range a.dags {
		if !d.stale {
			paused[id] = d.paused
		}
	}
	return paused
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
