package airflowtest

import (
	"cmp"
	"time"
)

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

// begin runs the script of an instance; its end is planned. A look of a sensor after the first one belongs to the same try.
func (a *Airflow) begin(ti *instance) {
	if ti.pokes == 0 {
		ti.xcoms = nil
	}
	a.setState(ti, running)
	ti.start, ti.end, ti.host = a.now(), time.Time{}, "worker-1"
	try := Attempt{
		DAGID: ti.run.dag, RunID: ti.run.id, TaskID: ti.task.ID, MapIndex: ti.mapIndex, Try: ti.try, Poke: ti.pokes, Day: ti.run.logical,
		Start: a.now(), Conf: ti.run.conf,
	}
	var does Outcome
	if ti.task.Do != nil {
		does = ti.task.Do(try)
	}
	does.Takes, does.Ends = cmp.Or(does.Takes, time.Minute), cmp.Or(does.Ends, success)
	a.openTry(ti, try, does)
	life := ti.life
	a.after(does.Takes, func() {
		if ti.life == life && ti.state == running {
			a.finish(ti, does)
		}
	})
}

// openTry notes that a try has begun, or that it goes on: its log goes on too.
func (a *Airflow) openTry(ti *instance, try Attempt, does Outcome) {
	made := attempt{Attempt: try, Outcome: does, state: running, queued: ti.queued}
	if last := len(ti.tries) - 1; ti.pokes > 0 && last >= 0 {
		made.earlier = ti.tries[last].lines(a.now())
		ti.tries[last] = made
		return
	}
	ti.tries = append(ti.tries, made)
}

// finish ends a look or a try; a failed one is repeated while it may be.
func (a *Airflow) finish(ti *instance, does Outcome) {
	ti.ends(a.now())
	switch {
	case does.Ends == upForReschedule || does.Ends == deferred:
		ti.pokes++
		a.setState(ti, does.Ends)
		a.wait(ti, cmp.Or(does.Again, time.Minute))
	case does.Ends == failed && ti.try <= ti.maxTries:
		ti.xcoms = does.XComs
		a.closeTry(ti, failed)
		a.retryLater(ti)
	default:
		ti.xcoms, ti.pokes = does.XComs, 0
		a.closeTry(ti, does.Ends)
		a.setState(ti, does.Ends)
		a.advance(ti.run)
	}
	a.freeSlots()
}

// ends notes when an instance ended, and how long it took.
func (ti *instance) ends(now time.Time) {
	ti.end, ti.took, ti.timed = now, now.Sub(ti.start), true
}

// retryLater has an instance tried again after its delay.
func (a *Airflow) retryLater(ti *instance) {
	ti.pokes = 0
	a.setState(ti, upForRetry)
	a.wait(ti, cmp.Or(ti.task.RetryDelay, retryDelay))
	a.freeSlots()
}

// wait has the scheduler look at an instance again after a while.
func (a *Airflow) wait(ti *instance, d time.Duration) {
	ti.due = a.now().Add(d)
	a.after(d, func() { a.advance(ti.run) })
}

// closeTry ends the last try of an instance.
func (a *Airflow) closeTry(ti *instance, state string) {
	if last := len(ti.tries) - 1; last >= 0 && ti.tries[last].end.IsZero() {
		ti.tries[last].end, ti.tries[last].state = a.now(), state
	}
}
