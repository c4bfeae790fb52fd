package airflowtest

import (
	"slices"
	"time"
)

// The functions here are what an operator's requests do to runs and task instances, as the sources of 2.11 and 3.3 have it
// (api/common/mark_tasks.py, clear_task_instances of models/taskinstance.py). The world is locked.

// clear makes task instances of one run run again: max_tries grows, start and end stay until the next try begins. One that runs is
// killed and then tried again by 3.x; 2.11 lets it go on, see [airflowclient.Capabilities]. With reset, a run that had ended is queued again; one that
// had not stays what it is.
func (a *Airflow) clear(r *run, tasks []*instance, reset bool) {
	for _, ti := range tasks {
		if ti.state == running {
			if a.isV2 {
				a.kill(ti)
			}
			continue
		}
		ti.life++
		a.closeTry(ti, ti.state)
		ti.maxTries, ti.pokes = ti.try+ti.task.Retries, 0
		a.setState(ti, none)
	}
	a.audit("clear", r.dag, r.id)
	if len(tasks) == 0 {
		return
	}
	switch {
	case r.active():
		a.wake(r)
	case reset:
		a.requeue(r)
	}
}

// kill is what becomes of an instance that 3.x clears while it runs: "restarting" until its process has noticed.
func (a *Airflow) kill(ti *instance) {
	ti.life++
	ti.ends(a.now())
	a.setState(ti, restarting)
	life := ti.life
	a.after(noticeKill, func() {
		if ti.life != life {
			return
		}
		a.closeTry(ti, failed)
		ti.maxTries, ti.pokes = ti.try+ti.task.Retries, 0
		a.setState(ti, none)
		a.freeSlots()
		a.wake(ti.run)
	})
}

// requeue queues a run again, which takes its start and its end away.
func (a *Airflow) requeue(r *run) {
	if !r.active() {
		a.active[r.dag] = append(a.activeOf(r.dag), r)
	}
	r.state, r.queued, r.start, r.end, r.updated = queued, a.now(), time.Time{}, time.Time{}, a.now()
	a.planStart(r)
}

// mark sets the state of a run, as "mark success" and "mark failed" do. Queued only queues the run: it ends again at once when its tasks
// have all ended. What runs is stopped in the same state; what had not begun is skipped, but for success before 3.3.1,
// which makes everything a success, failed tasks too. The end of a run that had ended stays.
func (a *Airflow) mark(r *run, state string) {
	if state == queued {
		a.requeue(r)
		return
	}
	for _, ti := range r.tasks {
		switch {
		case state == success && !a.since(3, 3, 1):
			a.force(ti, success)
		case ti.state == running || ti.state == upForReschedule || ti.state == deferred:
			a.force(ti, state)
		case !ti.ended():
			a.force(ti, skipped)
		}
	}
	if r.active() {
		r.end = a.now()
	}
	r.state, r.updated = state, a.now()
	a.audit("dagrun_"+state, r.dag, r.id)
	a.startWaiting(r.dag)
}

// force writes a state over that of an instance (TaskInstance.set_state): times that it has stay.
func (a *Airflow) force(ti *instance, state string) {
	if ti.state == state {
		return
	}
	ti.life++
	a.closeTry(ti, state)
	if ti.start.IsZero() {
		ti.start = a.now()
	}
	if ti.end.IsZero() {
		ti.ends(a.now())
	}
	a.setState(ti, state)
	a.freeSlots()
}

// reach is which instances of a DAG a mark or a clear means beyond those that it names.
type reach struct{ upstream, downstream, past, future bool }

// relatives is the instances of the tasks and of those related to them, in the run and in those before or after it. No map index means
// all of them.
func (a *Airflow) relatives(r *run, taskIDs []string, mapIndex *int, far reach) []*instance {
	d := a.dags[r.dag]
	if d == nil {
		return nil
	}
	wanted := d.related(taskIDs, far.upstream, far.downstream)
	var found []*instance
	for _, other := range a.byDAG[r.dag] {
		if other != r && !far.covers(r, other) {
			continue
		}
		for _, ti := range other.tasks {
			named := slices.Contains(taskIDs, ti.task.ID)
			if slices.Contains(wanted, ti.task.ID) && (!named || mapIndex == nil || *mapIndex == ti.mapIndex) {
				found = append(found, ti)
			}
		}
	}
	return found
}

// covers reports whether another run of the DAG is meant too.
func (far reach) covers(r, other *run) bool {
	if r.logical.IsZero() || other.logical.IsZero() {
		return false
	}
	return far.past && other.logical.Before(r.logical) || far.future && other.logical.After(r.logical)
}

// markTasks sets the state of instances of tasks, and makes what failed behind them run again. It returns those whose state changes;
// with dryRun nothing does.
func (a *Airflow) markTasks(r *run, taskIDs []string, mapIndex *int, state string, far reach, dryRun bool) []*instance {
	changed := slices.DeleteFunc(a.relatives(r, taskIDs, mapIndex, far), func(ti *instance) bool { return ti.state == state })
	if dryRun {
		return changed
	}
	for _, ti := range changed {
		a.force(ti, state)
	}
	behind := map[*run][]*instance{}
	for _, ti := range a.relatives(r, taskIDs, nil, reach{downstream: true, past: far.past, future: far.future}) {
		if !slices.Contains(taskIDs, ti.task.ID) && (ti.state == failed || ti.state == upstreamFailed) {
			behind[ti.run] = append(behind[ti.run], ti)
		}
	}
	for _, other := range a.byDAG[r.dag] {
		if tasks := behind[other]; len(tasks) > 0 {
			a.clear(other, tasks, true)
		}
		a.wake(other)
	}
	return changed
}

// deleteDAG removes a DAG with its runs. The next parse of its file brings it back, without them.
func (a *Airflow) deleteDAG(id string) {
	if d := a.dags[id]; d != nil {
		a.after(parseAgain, func() { a.parse(d.file) })
	}
	delete(a.dags, id)
	a.ordered = nil
	for _, r := range slices.Clone(a.byDAG[id]) {
		a.remove(r)
	}
	a.audit("delete_dag", id, "")
}
