package airflowtest

import (
	"cmp"
	"slices"
	"time"
)

// How long the parts of Airflow take to notice what they have to do.
const (
	pickUp     = time.Second     // scheduler and worker
	noticeKill = 5 * time.Second // a worker, that its task was cleared: the heartbeat of tasks
	retryDelay = 5 * time.Minute // Airflow's default
	maxTasks   = 16              // [core] max_active_tasks_per_dag, of a DAG on Airflow 2 and of a run on Airflow 3
	maxRuns    = 16              // [core] max_active_runs_per_dag
)

// planNext plans the next run of a DAG that has a schedule. Without catch-up it is that of the newest interval that is over.
func (a *Airflow) planNext(d *dag) {
	d.plan = a.serial()
	if !d.spec.scheduled() {
		return
	}
	now := a.now()
	if d.next.IsZero() && !d.spec.Start.IsZero() {
		d.next = d.spec.tick(d.spec.Start.Add(-time.Nanosecond))
	}
	if newest := d.spec.newest(now); d.next.IsZero() || !d.spec.Catchup && d.next.Before(newest) {
		d.next = newest
	}
	if d.paused || d.stale {
		return
	}
	plan := d.plan
	a.at(latest(d.spec.tick(d.next), now), func() { a.makeNext(d, plan) })
}

// makeNext makes the planned run, unless the plan was given up. A DAG that has as many active runs as it may gets it when one has ended.
func (a *Airflow) makeNext(d *dag, plan int) {
	if d.plan != plan || d.paused || d.stale || a.stopped {
		return
	}
	if d.full = a.full(d); d.full {
		return
	}
	d.last = d.next
	from, to := d.next, d.spec.tick(d.next)
	named := from
	if a.isV2 {
		named = to
	}
	id := "scheduled__" + pythonISO(named)
	if a.findRun(d.spec.ID, id) == nil && !a.hasLogical(d.spec.ID, from) {
		a.makeRun(d, &run{id: id, kind: "scheduled", logical: from, from: from, to: to, due: to})
	}
	d.next = to
	if d.full = a.full(d); !d.full {
		a.planNext(d)
	}
}

// full reports whether a DAG has as many active runs as it may have. Those of backfills do not count.
func (a *Airflow) full(d *dag) bool {
	active := 0
	for _, r := range a.activeOf(d.spec.ID) {
		if r.backfill == nil {
			active++
		}
	}
	return active >= cmp.Or(d.spec.MaxActive, maxRuns)
}

// hasLogical reports whether a DAG has a run of the date: a backfill made it, or somebody by hand.
func (a *Airflow) hasLogical(dagID string, logical time.Time) bool {
	return slices.ContainsFunc(a.byDAG[dagID], func(r *run) bool { return r.logical.Equal(logical) })
}

// makeRun adds a run with its task instances and has it started.
func (a *Airflow) makeRun(d *dag, r *run) {
	r.number, r.dag, r.state, r.queued, r.updated = a.serial(), d.spec.ID, queued, a.now(), a.now()
	r.beforeStart = r.backfill == nil && !r.logical.IsZero() && r.logical.Before(d.spec.Start)
	r.version = d.version()
	if !r.beforeStart {
		for _, t := range d.tasks {
			r.tasks = append(r.tasks, a.instances(d, r, t)...)
		}
	}
	a.runs = append(a.runs, r)
	a.byDAG[r.dag] = append(a.byDAG[r.dag], r)
	a.byID[taskOf{r.dag, r.id}] = r
	a.active[r.dag] = append(a.active[r.dag], r)
	a.planStart(r)
}

// activeOf lists the runs of a DAG that have not ended.
func (a *Airflow) activeOf(dagID string) []*run {
	a.active[dagID] = slices.DeleteFunc(a.active[dagID], func(r *run) bool { return !r.active() })
	return a.active[dagID]
}

// remove takes a run out of the database.
func (a *Airflow) remove(r *run) {
	isIt := func(other *run) bool { return other == r }
	a.runs, a.byDAG[r.dag] = slices.DeleteFunc(a.runs, isIt), slices.DeleteFunc(a.byDAG[r.dag], isIt)
	a.active[r.dag] = slices.DeleteFunc(a.active[r.dag], isIt)
	delete(a.byID, taskOf{r.dag, r.id})
	for _, ti := range r.tasks {
		ti.life++
		a.setState(ti, skipped) // it gives its slot back
	}
	a.freeSlots()
}

// instances are the task instances of one task of a run: one, or one for each map index.
func (a *Airflow) instances(d *dag, r *run, t Task) []*instance {
	first, last := -1, -1
	if t.Mapped > 0 {
		first, last = 0, t.Mapped-1
	}
	if r.version != nil {
		r.version.used = true
	}
	var made []*instance
	for index := first; index <= last; index++ {
		made = append(made, &instance{
			number: a.serial(), run: r, task: t, mapIndex: index, maxTries: t.Retries, updated: a.now(), weight: d.weight(t), version: r.version,
		})
	}
	return made
}

// planStart has a queued run started as soon as the scheduler looks.
func (a *Airflow) planStart(r *run) {
	if r.waitsToStart {
		return
	}
	r.waitsToStart = true
	a.after(pickUp, func() {
		r.waitsToStart = false
		a.startRun(r)
	})
}

// startRun starts a queued run if its DAG is not paused and has room for it. One that must wait is looked at again when that changes.
func (a *Airflow) startRun(r *run) {
	d := a.dags[r.dag]
	if r.state != queued || a.stopped || d == nil || d.paused || d.stale || a.findRun(r.dag, r.id) != r {
		return
	}
	limit := cmp.Or(d.spec.MaxActive, maxRuns)
	if r.backfill != nil {
		if r.backfill.paused {
			return
		}
		limit = r.backfill.MaxActive
	}
	busy := 0
	for _, other := range a.activeOf(r.dag) {
		if other.state == running && other.backfill == r.backfill {
			busy++
		}
	}
	if busy >= limit {
		return
	}
	r.state, r.start, r.updated = running, a.now(), a.now()
	a.advance(r)
}

// startWaiting looks again at the queued runs of a DAG, and whether its next run can be made.
func (a *Airflow) startWaiting(dagID string) {
	for _, r := range a.activeOf(dagID) {
		if r.state == queued {
			a.planStart(r)
		}
	}
	if d := a.dags[dagID]; d != nil && d.full {
		d.full = false
		a.planNext(d)
	}
}

// wake looks again at a run that has something new to decide.
func (a *Airflow) wake(r *run) {
	switch r.state {
	case running:
		a.after(pickUp, func() { a.advance(r) })
	case queued:
		a.planStart(r)
	}
}

// advance schedules the tasks of a run that may start, and ends the run when all have ended.
func (a *Airflow) advance(r *run) {
	if r.state != running || a.stopped || a.findRun(r.dag, r.id) != r {
		return
	}
	for again := true; again; {
		again = false
		for _, ti := range r.tasks {
			if !ti.waits(a.now()) {
				continue
			}
			switch next := a.verdict(ti); next {
			case none:
			case scheduled:
				a.schedule(ti)
			default:
				a.force(ti, next)
				again = true
			}
		}
	}
	if slices.ContainsFunc(r.tasks, func(ti *instance) bool { return !ti.ended() }) {
		return
	}
	r.state, r.end, r.updated = a.result(r), a.now(), a.now()
	a.startWaiting(r.dag)
}

// waits reports whether an instance waits for the scheduler: it is new or cleared, or the time of its next try or look has come.
func (ti *instance) waits(now time.Time) bool {
	switch ti.state {
	case none:
		return true
	case upForRetry, upForReschedule, deferred:
		return !ti.due.After(now)
	}
	return false
}

// verdict is what the trigger rule says about an instance: none to wait, scheduled to run, or the state in which it ends without running.
func (a *Airflow) verdict(ti *instance) string {
	bad, passed := false, false
	for _, other := range ti.run.tasks {
		if !slices.Contains(ti.task.Upstream, other.task.ID) {
			continue
		}
		if !other.ended() {
			return none
		}
		bad = bad || other.state == failed || other.state == upstreamFailed
		passed = passed || other.state == skipped
	}
	switch {
	case ti.task.Rule == "all_done":
		return scheduled
	case bad:
		return upstreamFailed
	case passed && ti.task.Rule != "none_failed":
		return skipped
	}
	return scheduled
}

// result is the state of a run whose tasks have ended: that of its leaves.
func (a *Airflow) result(r *run) string {
	for _, ti := range r.tasks {
		isLeaf := !slices.ContainsFunc(r.tasks, func(other *instance) bool { return slices.Contains(other.task.Upstream, ti.task.ID) })
		if isLeaf && (ti.state == failed || ti.state == upstreamFailed) {
			return failed
		}
	}
	return success
}

func (a *Airflow) findRun(dagID, runID string) *run {
	return a.byID[taskOf{dagID, runID}]
}

func latest(x, y time.Time) time.Time {
	if x.After(y) {
		return x
	}
	return y
}
