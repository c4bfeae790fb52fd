package airflowclient

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// A backfill can also be made of single runs. On Airflow 2 that is the only way over REST; on Airflow 3 it is one for users who may
// trigger and may not backfill. The difference matters in one case: a run that is triggered for a date before the DAG's start date
// ends at once, green, and no task has run. Such dates are therefore refused here, and the range has to begin later.

// maxBackfillDates bounds a plan: more is a mistake in a date.
const maxBackfillDates = 10_000

// PlanBackfill lists the logical dates that a backfill would run, in its order. Airflow 3 says it itself; for Airflow 2 the dates are
// worked out from the DAG's schedule, which must be a cron expression, a preset or a time delta, and from the runs that are there.
func (c *Client) PlanBackfill(ctx context.Context, r BackfillRequest) ([]time.Time, error) {
	if err := r.check(opPlanBackfill); err != nil {
		return nil, err
	}
	return with(ctx, c, func(d dialect) ([]time.Time, error) { return d.backfillDates(ctx, r) })
}

// RunChange is what became of one item of a change of many.
type RunChange struct {
	LogicalDate time.Time
	Run         Run   // as Airflow answered; zero with an error
	Cleared     bool  // the run was there and runs again
	Err         error // see [IsAmbiguous]
}

// BackfillByRuns does what a backfill does, on any Airflow, by single requests: it triggers a run for each date of [Client.PlanBackfill], or
// clears the run that is there. Requests go out one after the other, each once, and report hears what became of each; see [Each].
// The error says that the whole was not carried out: the plan failed, or it ended early.
//
// Runs get the id prefix + "__" + date, so that a second call whose first one lost an answer ends in conflicts and not in second runs.
// MaxActive is not kept here: the DAG's own limit decides how many run at a time. Dates before the DAG's start date are refused.
func (c *Client) BackfillByRuns(ctx context.Context, r BackfillRequest, prefix string, pace Pace, report func(RunChange)) error {
	details, err := c.Details(ctx, r.DAGID)
	if err != nil {
		return err
	}
	dates, err := c.PlanBackfill(ctx, r)
	if err != nil {
		return err
	}
	if err := allFromStart(details, dates); err != nil {
		return err
	}
	there, err := c.Runs(ctx, RunQuery{DAGIDs: []string{r.DAGID}, LogicalFrom: r.From, LogicalTo: r.To})
	if err != nil {
		return err
	}
	changes := make([]*RunChange, 0, len(dates))
	for _, date := range dates {
		changes = append(changes, &RunChange{LogicalDate: date})
	}
	pace.AtATime = 1 // in the order of the plan
	err = Each(ctx, pace, changes, func(ctx context.Context, change *RunChange) error {
		c.backfillOn(ctx, r, details, prefix, there, change)
		return change.Err
	}, func(change *RunChange, _ error) { report(*change) })
	if err != nil {
		return fmt.Errorf("%s: %w", opStartBackfill, err)
	}
	return nil
}

// backfillOn makes or clears the run of one date.
func (c *Client) backfillOn(ctx context.Context, r BackfillRequest, details DAGDetails, prefix string, there []Run, change *RunChange) {
	date := change.LogicalDate
	if i := slices.IndexFunc(there, func(run Run) bool { return run.LogicalDate.Equal(date) }); i >= 0 {
		change.Cleared = true
		change.Run, change.Err = c.ClearRun(ctx, RunClear{DAGID: r.DAGID, RunID: there[i].ID})
		return
	}
	trigger := TriggerRequest{
		DAGID: r.DAGID, RunID: prefix + "__" + date.Format(time.RFC3339), LogicalDate: date, IntervalFrom: date, IntervalTo: date, Conf: r.Conf,
	}
	if next, err := scheduleOf(details); err == nil {
		trigger.IntervalTo = next(date)
	}
	change.Run, change.Err = c.Trigger(ctx, trigger)
}

// allFromStart refuses dates that Airflow would accept without running anything.
func allFromStart(details DAGDetails, dates []time.Time) error {
	for _, date := range dates {
		if !details.Start.IsZero() && date.Before(details.Start) {
			return &Error{
				Op: opStartBackfill, Kind: KindInvalid,
				Detail: fmt.Sprintf("%s is before the DAG's start date, %s: a run triggered for it would end at once without running a task",
					date.Format(time.DateOnly), details.Start.Format(time.DateOnly)),
				hint: "begin the range at the start date, or move the start date of the DAG back",
			}
		}
	}
	return nil
}

// scheduledDates are the dates of the schedule in the range that are over, in the order of the backfill.
func scheduledDates(details DAGDetails, r BackfillRequest, now time.Time) ([]time.Time, error) {
	invalid := func(detail, hint string) error {
		return &Error{Op: opPlanBackfill, Kind: KindInvalid, Detail: detail, hint: hint}
	}
	next, err := scheduleOf(details)
	switch {
	case err != nil:
		return nil, invalid(r.DAGID+": "+err.Error(), "trigger the runs by their dates")
	case !r.From.Before(now):
		return nil, invalid("the range lies in the future", "")
	}
	var dates []time.Time
	for at := next(r.From.UTC().Add(-time.Second)); !at.After(r.To) && !next(at).After(now); at = next(at) {
		if dates = append(dates, at); len(dates) > maxBackfillDates {
			return nil, invalid(fmt.Sprintf("the range has more than %d dates", maxBackfillDates), "take a part of it at a time")
		}
	}
	if r.Backwards {
		slices.Reverse(dates)
	}
	return dates, nil
}

// without leaves out the dates whose run stays what it is.
func (r BackfillRequest) without(dates []time.Time, there []Run) []time.Time {
	stays := func(run Run) bool {
		switch {
		case run.State != StateSuccess && run.State != StateFailed:
			return true
		case r.Reprocess == ReprocessCompleted:
			return false
		}
		return r.Reprocess != ReprocessFailed || run.State != StateFailed
	}
	return slices.DeleteFunc(dates, func(date time.Time) bool {
		return slices.ContainsFunc(there, func(run Run) bool { return run.LogicalDate.Equal(date) && stays(run) })
	})
}

// scheduleOf is the function from a moment to the first date of the schedule after it. Time deltas have no grid of their own: they count
// from the next data interval, backwards.
func scheduleOf(details DAGDetails) (func(time.Time) time.Time, error) {
	text := details.Schedule
	switch {
	case text == "":
		return nil, errors.New("it has no schedule")
	case strings.HasPrefix(text, "@") || len(strings.Fields(text)) == 5:
		return cronDates(text, details.Timezone)
	case details.NextFrom.IsZero() || !details.NextTo.After(details.NextFrom):
		return nil, fmt.Errorf("the dates of its schedule %q are not known", text)
	}
	step := details.NextTo.Sub(details.NextFrom)
	return func(after time.Time) time.Time {
		steps := after.Sub(details.NextFrom) / step
		at := details.NextFrom.Add(steps * step)
		for ; at.After(after); at = at.Add(-step) {
		}
		for ; !at.After(after); at = at.Add(step) {
		}
		return at
	}, nil
}

// cronDates reads a cron expression as Airflow does, in the DAG's time zone.
func cronDates(text, zone string) (func(time.Time) time.Time, error) {
	location, err := time.LoadLocation(zone)
	if err != nil {
		return nil, fmt.Errorf("its time zone %q is not known here", zone)
	}
	schedule, err := cron.ParseStandard(text)
	if err != nil {
		return nil, fmt.Errorf("its schedule %q is no cron expression", text)
	}
	return func(after time.Time) time.Time { return schedule.Next(after.In(location)).UTC() }, nil
}
