package airflowtest

import (
	"cmp"
	"slices"
	"time"
)

// The backfills of Airflow 3, as models/backfill.py of 3.3 has them.

// Backfill is what a backfill is asked for.
type Backfill struct {
	From, To  time.Time // logical dates, both ends within
	Backwards bool      // the newest first
	Reprocess string    // runs that exist: "none" stay, "failed" or "completed" ones are cleared
	MaxActive int       // runs at the same time; 0: 10
	Conf      map[string]any
}

// backfill is the row of a backfill.
type backfill struct {
	Backfill
	number    int
	dag       string
	paused    bool // nothing more is started
	created   time.Time
	updated   time.Time
	completed time.Time
	made      []backfillRun
}

// backfillRun is a date of a backfill: its run, or why there is none ("in flight", "already exists").
type backfillRun struct {
	logical time.Time
	run     *run
	reason  string
}

// backfillDates are the dates of the schedule in a range whose intervals are over, in the order in which their runs are made.
func (a *Airflow) backfillDates(d *dag, b Backfill) []time.Time {
	var dates []time.Time
	for at := d.spec.tick(b.From.Add(-time.Nanosecond)); !at.After(b.To) && d.spec.tick(at).Before(a.now()); at = d.spec.tick(at) {
		dates = append(dates, at)
	}
	if b.Backwards {
		slices.Reverse(dates)
	}
	return dates
}

// planBackfill is the dry run of a backfill: the dates that get a run.
func (a *Airflow) planBackfill(d *dag, b Backfill) []time.Time {
	return slices.DeleteFunc(a.backfillDates(d, b), func(date time.Time) bool {
		r := a.runOn(d, date)
		return r != nil && b.keeps(r) != ""
	})
}

// keeps says why a run that exists stays what it is; nothing when it is cleared.
func (b Backfill) keeps(r *run) string {
	switch {
	case r.active():
		return "in flight"
	case b.Reprocess == "completed", b.Reprocess == failed && r.state == failed:
		return ""
	}
	return "already exists"
}

// runOn is the newest run of a date.
func (a *Airflow) runOn(d *dag, logical time.Time) *run {
	var found *run
	for _, r := range a.byDAG[d.spec.ID] {
		if r.logical.Equal(logical) && (found == nil || !r.start.Before(found.start)) {
			found = r
		}
	}
	return found
}

// activeBackfill is the backfill of a DAG that is not completed. There is one at most.
func (a *Airflow) activeBackfill(dagID string) *backfill {
	i := slices.IndexFunc(a.backfills, func(b *backfill) bool { return b.dag == dagID && b.completed.IsZero() })
	if i < 0 {
		return nil
	}
	return a.backfills[i]
}

// startBackfill makes the runs of a backfill, all at once and queued. The caller has checked that there are dates, a schedule, and no
// other active backfill. Unlike runs that are triggered, those before the DAG's start do run.
func (a *Airflow) startBackfill(d *dag, asked Backfill) *backfill {
	asked.MaxActive = cmp.Or(asked.MaxActive, 10)
	a.backfillSerial++
	b := &backfill{Backfill: asked, number: a.backfillSerial, dag: d.spec.ID, created: a.now(), updated: a.now()}
	a.backfills = append(a.backfills, b)
	for _, date := range a.backfillDates(d, asked) {
		b.made = append(b.made, a.backfillOn(d, b, date))
	}
	a.audit("create_backfill", d.spec.ID, "")
	a.after(completeBackfills, func() { a.complete(b) })
	return b
}

// backfillOn makes or clears the run of one date.
func (a *Airflow) backfillOn(d *dag, b *backfill, date time.Time) backfillRun {
	if r := a.runOn(d, date); r != nil {
		if reason := b.keeps(r); reason != "" {
			return backfillRun{logical: date, reason: reason}
		}
		r.kind, r.backfill = "backfill", b
		if b.Conf != nil {
			r.conf = b.Conf
		}
		a.clear(r, r.tasks, true)
		return backfillRun{logical: date, run: r}
	}
	to := d.spec.tick(date)
	r := &run{id: "backfill__" + pythonISO(to), kind: "backfill", logical: date, from: date, to: to, due: to, conf: b.Conf, backfill: b}
	a.makeRun(d, r)
	r.start = a.now() // the database has a start before the run has started
	return backfillRun{logical: date, run: r}
}

// completeBackfills is how often the scheduler looks for backfills that are done.
const completeBackfills = 30 * time.Second

// complete ends a backfill whose runs have all ended.
func (a *Airflow) complete(b *backfill) {
	if !b.completed.IsZero() {
		return
	}
	active := slices.ContainsFunc(b.made, func(m backfillRun) bool { return m.run != nil && m.run.active() && m.run.backfill == b })
	if active || a.stopped {
		a.after(completeBackfills, func() { a.complete(b) })
		return
	}
	b.completed, b.updated = a.now(), a.now()
}

// pauseBackfill keeps queued runs of a backfill from being started, or lets them.
func (a *Airflow) pauseBackfill(b *backfill, paused bool) {
	b.paused, b.updated = paused, a.now()
	if !paused {
		a.startWaiting(b.dag)
	}
}

// cancelBackfill fails the runs that were not started, without an end, and completes the backfill. What runs goes on.
func (a *Airflow) cancelBackfill(b *backfill) {
	b.paused = true
	for _, m := range b.made {
		if m.run != nil && m.run.state == queued && m.run.backfill == b {
			m.run.state, m.run.updated = failed, a.now()
		}
	}
	b.completed, b.updated = a.now(), a.now()
}
