package airflowtest

import (
	"time"

	"github.com/robfig/cron/v3"
)

// scheduled reports whether runs of the DAG are made by the clock.
func (d DAG) scheduled() bool { return d.Every > 0 || d.Cron != "" }

// read parses the cron expression, once for all ticks.
func (d DAG) read() DAG {
	if schedule, err := cron.ParseStandard(d.Cron); err == nil {
		d.cron = schedule
	}
	return d
}

// tick is the first tick of the schedule after a time. A cron expression that is none never ticks.
func (d DAG) tick(after time.Time) time.Time {
	if d.Every > 0 {
		return after.Truncate(d.Every).Add(d.Every)
	}
	if d.cron == nil {
		return time.Date(9999, time.January, 1, 0, 0, 0, 0, time.UTC)
	}
	return d.cron.Next(after.UTC())
}

// newest is the start of the newest interval that is over: the last tick but one.
func (d DAG) newest(now time.Time) time.Time {
	if d.Every > 0 {
		return now.Truncate(d.Every).Add(-d.Every)
	}
	for back := time.Hour; back < 100*365*24*time.Hour; back *= 2 {
		from := d.tick(now.Add(-back))
		if !d.tick(from).After(now) {
			for !d.tick(d.tick(from)).After(now) {
				from = d.tick(from)
			}
			return from
		}
	}
	return now
}

// before is the last interval that has ended at a time: that of a run which is triggered for it. Without a schedule it has no length.
func (d DAG) before(at time.Time) (from, to time.Time) {
	if !d.scheduled() {
		return at, at
	}
	if d.Every > 0 {
		return at.Add(-d.Every), at
	}
	from = d.newest(at)
	return from, d.tick(from)
}
