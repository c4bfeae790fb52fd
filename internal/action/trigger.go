package action

import (
	"context"
	"fmt"
	"slices"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
)

// runPrefix begins the ids of the runs that we make. One DAG has one run for a logical date, so the id needs nothing more than that.
const runPrefix = "chrononctl__"

// streamingTag is on every streaming DAG that we generate: its runs are ticks, not days.
const streamingTag = dagspec.TagKind + string(dagspec.KindStreaming)

// clockSlack is how far ahead of the server our clock may be: Airflow does not start a run whose logical date is yet to come.
const clockSlack = time.Minute

// PlanTrigger plans a run of the DAG for a day, YYYY-MM-DD; the empty day is the newest that is over. A streaming DAG has no days: it gets a tick now.
//
// What Airflow accepts, or answers with a bare conflict, is refused: a day before the DAG's start, of which Airflow makes a green run without a
// single task; a day that is not over, of which the inputs cannot be complete; a day that has a run, which would have to be cleared instead; and a
// DAG that is paused, of which the run would stay queued.
func (p *Planner) PlanTrigger(ctx context.Context, dagID, day string) (Plan, error) {
	details, err := p.Airflow.Details(ctx, dagID)
	if err != nil {
		return Plan{}, fmt.Errorf("plan to trigger %s: %w", dagID, err)
	}
	var wrong refusals
	target := p.target(details.DAG, day, &wrong)
	p.refuseDAG(details, &wrong)
	if !target.At.IsZero() {
		refuseBeforeStart(details, target.At, &wrong)
	}
	if target.Day != "" {
		if err := p.refuseSecondRun(ctx, target, &wrong); err != nil {
			return Plan{}, err
		}
	}
	if err := wrong.err(); err != nil {
		return Plan{}, err
	}
	plan := Plan{Verb: Trigger, Targets: []Target{target}, Effects: triggerEffects(target), Undo: p.command("mark", dagID, target.RunID, "failed")}
	if target.Day == "" {
		plan.Title = fmt.Sprintf("Trigger %s now", dagID)
		plan.Command = p.command("trigger", dagID)
		return plan, nil
	}
	plan.Title = fmt.Sprintf("Trigger %s for %s", dagID, target.Day)
	plan.Command = p.command("trigger", dagID, "--ds", target.Day)
	plan.Cost = p.costOfRun(ctx, dagID)
	return plan, nil
}

// target is the run that is to be made: of a day, or of this moment for a streaming DAG. Its time is zero when there can be none.
func (p *Planner) target(dag airflowclient.DAG, day string, wrong *refusals) Target {
	if slices.Contains(dag.Tags, streamingTag) {
		if day != "" {
			wrong.add(fmt.Sprintf("%s keeps streams alive: its runs are for a moment and not for a day", dag.ID), p.command("trigger", dag.ID))
			return Target{}
		}
		at := p.tickNow(dag)
		return Target{DAGID: dag.ID, RunID: runPrefix + at.Format(time.RFC3339), At: at}
	}
	if day == "" {
		day = p.yesterday().Format(time.DateOnly)
	}
	at, ok := p.dayOver(day, wrong)
	if !ok {
		return Target{}
	}
	return Target{DAGID: dag.ID, RunID: runPrefix + day, Day: day, At: at}
}

// tickNow is the logical date of a tick that starts at once, whatever our clock is ahead of the server's. As for the ticks of the schedule it is the beginning
// of an interval that ends now: what a tick continues, and which one is the newest, goes by these dates.
func (p *Planner) tickNow(dag airflowclient.DAG) time.Time {
	every := clockSlack
	if !dag.NextRun.IsZero() {
		every = max(every, dag.NextRunAfter.Sub(dag.NextRun))
	}
	return p.serverNow().Add(-every).Truncate(time.Second)
}

func (p *Planner) yesterday() time.Time {
	return p.serverNow().Truncate(24*time.Hour).AddDate(0, 0, -1)
}

// dayOver is the first moment of a day, which must be over.
func (p *Planner) dayOver(day string, wrong *refusals) (time.Time, bool) {
	newest := p.yesterday()
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		wrong.add(fmt.Sprintf("%q is no day", day), "give a day as "+newest.Format(time.DateOnly))
		return time.Time{}, false
	}
	if at.After(newest) {
		wrong.add(fmt.Sprintf("%s is not over: its data is complete at %s at the earliest", day, minute(at.AddDate(0, 0, 1))),
			"the newest day that is over is "+newest.Format(time.DateOnly))
		return time.Time{}, false
	}
	return at, true
}

// refuseSecondRun looks for a run of the day, whenever within the day the DAG's schedule puts it: two runs would compute the same partition. Runs
// that we made for other purposes, a backfill or an upload, carry a conf and are none of the day.
func (p *Planner) refuseSecondRun(ctx context.Context, t Target, wrong *refusals) error {
	there, err := p.runsOfDay(ctx, t.DAGID, t.At)
	if err != nil {
		return fmt.Errorf("plan to trigger %s: %w", t.DAGID, err)
	}
	for _, r := range there {
		if _, chosen := r.Conf[confKey]; !chosen {
			wrong.add(fmt.Sprintf("%s has a run for %s already: %s, %s", t.DAGID, t.Day, r.ID, r.State), "to run it again: "+p.command("clear", t.DAGID, r.ID))
			return nil
		}
	}
	return nil
}

// runsOfDay lists the runs whose logical date lies in the day that begins at.
func (p *Planner) runsOfDay(ctx context.Context, dagID string, at time.Time) ([]airflowclient.Run, error) {
	at = at.UTC().Truncate(24 * time.Hour)
	runs, err := p.Airflow.Runs(ctx, airflowclient.RunQuery{DAGIDs: []string{dagID}, LogicalFrom: at, LogicalTo: at.AddDate(0, 0, 1).Add(-time.Microsecond)})
	return slices.DeleteFunc(runs, func(r airflowclient.Run) bool { return !r.LogicalDate.UTC().Truncate(24 * time.Hour).Equal(at) }), err
}

// refuseDAG refuses DAGs in which no new run would do anything.
func (p *Planner) refuseDAG(dag airflowclient.DAGDetails, wrong *refusals) {
	if dag.Stale {
		wrong.add(fmt.Sprintf("%s is in no DAG file any more, so nothing would run", dag.ID), "deploy it again first")
	}
	if dag.HasImportErrors {
		wrong.add(fmt.Sprintf("the file of %s does not import, so nothing would run", dag.ID), "chrononctl status shows the error")
	}
	if dag.Paused && !dag.Stale {
		wrong.add(fmt.Sprintf("%s is paused: a new run would stay queued until it is unpaused", dag.ID), "first "+p.command("unpause", dag.ID))
	}
}

// refuseBeforeStart refuses the one date that Airflow takes and does nothing for.
func refuseBeforeStart(dag airflowclient.DAGDetails, at time.Time, wrong *refusals) {
	if at.Before(dag.Start) {
		wrong.add(fmt.Sprintf("%s starts on %s: Airflow would make a run for %s that is green and runs no task",
			dag.ID, dag.Start.UTC().Format(time.DateOnly), at.Format(time.DateOnly)),
			"trigger a day from its start on, or deploy it with an earlier start date")
	}
}

func triggerEffects(t Target) []string {
	if t.Day != "" {
		return []string{fmt.Sprintf("Airflow makes a new run of the whole DAG for %s; its tasks wait for their inputs as always.", t.Day)}
	}
	return []string{"Airflow makes a new run of the whole DAG; each stream is looked at, and started if it is down."}
}
