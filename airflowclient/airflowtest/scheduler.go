package airflowtest

import (
	"slices"
	"time"
)

// pickUp is how long the scheduler and a worker take to notice what they have to do.
const pickUp = time.Second

// retryDelay is Airflow's default.
const retryDelay = 5 * time.Minute

// planNext plans the next run of a DAG that has a schedule. Without catch-up it is that of the newest interval that is over.
func (a *Airflow) planNext(d *dag) {
	every := d.spec.Every
	d.plan = a.serial()
	if every == 0 {
		return
	}
	now := a.now()
	newest := now.Truncate(every).Add(-every)
	if d.next.IsZero() {
		d.next = d.spec.Start
	}
	if d.next.IsZero() {
		d.next = newest
	}
	if !d.spec.Catchup && d.next.Before(newest) {
		d.next = newest
	}
	if d.paused || d.stale {
		return
	}
	plan := d.plan
	a.at(latest(d.next.Add(every), now), func() { a.makeNext(d, plan) })
}

// makeNext makes the planned run, unless the plan was given up.
func (a *Airflow) makeNext(d *dag, plan int) {
	if d.plan != plan || d.paused || d.stale || a.stopped {
		return
	}
	from, to := d.next, d.next.Add(d.spec.Every)
	named := from
	if a.isV2 {
		named = to
	}
	id := "scheduled__" + pythonISO(named)
	if a.findRun(d.spec.ID, id) == nil {
		a.makeRun(d, &run{id: id, kind: "scheduled", logical: from, from: from, to: to, due: to})
	}
	d.next = to
	a.planNext(d)
}

// makeRun adds a run with its task instances and has it started.
func (a *Airflow) makeRun(d *dag, r *run) {
	r.number, r.dag, r.state, r.queued, r.updated = a.serial(), d.spec.ID, queued, a.now(), a.now()
	r.beforeStart = !r.logical.IsZero() && r.logical.Before(d.spec.Start)
	if !r.beforeStart {
		for _, t := range d.tasks {
			first, last := -1, -1
			if t.Mapped > 0 {
				first, last = 0, t.Mapped-1
			}
			for index := first; index <= last; index++ {
				r.tasks = append(r.tasks, &instance{number: a.serial(), run: r, task: t, mapIndex: index, maxTries: t.Retries, updated: a.now()})
			}
		}
	}
	a.runs = append(a.runs, r)
	a.byDAG[r.dag] = append(a.byDAG[r.dag], r)
	a.planStart(r)
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
	limit := d.spec.MaxActive
	if limit == 0 {
		limit = 16
	}
	busy := 0
	for _, other := range a.byDAG[r.dag] {
		if other.state == running {
			busy++
		}
	}
	if busy >= limit {
		return
	}
	r.state, r.start, r.updated = running, a.now(), a.now()
	a.advance(r)
}

// startWaiting looks again at the queued runs of a DAG.
func (a *Airflow) startWaiting(dagID string) {
	for _, r := range a.byDAG[dagID] {
		if r.state == queued {
			a.planStart(r)
		}
	}
}

// advance queues the tasks of a run that may start, and ends the run when all have ended.
func (a *Airflow) advance(r *run) {
	if r.state != running || a.stopped {
		return
	}
	for again := true; again; {
		again = false
		for _, ti := range r.tasks {
			if ti.state != none {
				continue
			}
			switch next := a.verdict(ti); next {
			case none:
			case scheduled:
				a.enqueue(ti)
			default:
				a.setState(ti, next)
				ti.end, again = a.now(), true
			}
		}
	}
	if slices.ContainsFunc(r.tasks, func(ti *instance) bool { return !ti.ended() }) {
		return
	}
	a.endRun(r, a.result(r))
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

func (a *Airflow) endRun(r *run, state string) {
	r.state, r.end, r.updated = state, a.now(), a.now()
	a.startWaiting(r.dag)
}

func (a *Airflow) setState(ti *instance, state string) { ti.state, ti.updated = state, a.now() }

// enqueue hands an instance to a worker.
func (a *Airflow) enqueue(ti *instance) {
	a.setState(ti, queued)
	ti.queued = a.now()
	life := ti.life
	a.after(pickUp, func() {
		if ti.life == life && ti.state == queued {
			a.begin(ti)
		}
	})
}

// begin runs the script of an instance; its end is planned.
func (a *Airflow) begin(ti *instance) {
	ti.try++
	a.setState(ti, running)
	ti.start, ti.end, ti.host, ti.xcoms = a.now(), time.Time{}, "worker-1", nil
	try := Attempt{
		DAGID: ti.run.dag, RunID: ti.run.id, TaskID: ti.task.ID, MapIndex: ti.mapIndex, Try: ti.try, Day: ti.run.logical, Start: a.now(),
	}
	var does Outcome
	if ti.task.Do != nil {
		does = ti.task.Do(try)
	}
	if does.Takes == 0 {
		does.Takes = time.Minute
	}
	if does.Ends == "" {
		does.Ends = success
	}
	ti.tries = append(ti.tries, attempt{Attempt: try, Outcome: does, state: running})
	life := ti.life
	a.after(does.Takes, func() {
		if ti.life == life && ti.state == running {
			a.finish(ti, does)
		}
	})
}

// finish ends a try; a failed one is repeated while it may be.
func (a *Airflow) finish(ti *instance, does Outcome) {
	a.closeTry(ti, does.Ends)
	ti.end, ti.xcoms = a.now(), does.XComs
	if does.Ends == failed && ti.try <= ti.maxTries {
		a.setState(ti, upForRetry)
		life := ti.life
		a.after(retryDelay, func() {
			if ti.life == life && ti.state == upForRetry && ti.run.state == running {
				a.enqueue(ti)
			}
		})
		return
	}
	a.setState(ti, does.Ends)
	a.advance(ti.run)
}

// closeTry ends the last try of an instance.
func (a *Airflow) closeTry(ti *instance, state string) {
	if last := len(ti.tries) - 1; last >= 0 && ti.tries[last].end.IsZero() {
		ti.tries[last].end, ti.tries[last].state = a.now(), state
	}
}

func (a *Airflow) findRun(dagID, runID string) *run {
	for _, r := range a.byDAG[dagID] {
		if r.id == runID {
			return r
		}
	}
	return nil
}

func latest(x, y time.Time) time.Time {
	if x.After(y) {
		return x
	}
	return y
}
