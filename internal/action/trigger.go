package action

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"chrononctl/airflowclient"
)

// runPrefix begins the ids of the runs that we make. One DAG has one run for a logical date, so the id needs nothing more than that.
const runPrefix = "chrononctl__"

// streamingTag is on every streaming DAG that we generate: its runs are ticks, not days.
const streamingTag = "kind:streaming"

// clockSlack is how far ahead of the server our clock may be: Airflow does not start a run whose logical date is yet to come.
const clockSlack = time.Minute

// PlanTrigger plans a run of the DAG for a day, YYYY-MM-DD; the empty day is the newest that is over. A streaming DAG has no days: it gets a tick now.
//
// Three requests that Airflow accepts, or answers with a bare conflict, are refused: a day before the DAG's start, of which Airflow makes a
// green run without a single task; a day that is not over, of which the inputs cannot be complete; and a day that has a run, which would have to
// be cleared instead.
func (p *Planner) PlanTrigger(ctx context.Context, dagID, day string) (Plan, error) {
	dag, err := p.Airflow.DAG(ctx, dagID)
	if err != nil {
		return Plan{}, fmt.Errorf("plan to trigger %s: %w", dagID, err)
	}
	target, err := p.target(dag, day)
	if err != nil {
		return Plan{}, err
	}
	start, err := p.startDate(ctx, dagID)
	if err != nil {
		return Plan{}, fmt.Errorf("plan to trigger %s: %w", dagID, err)
	}
	if err := refuseDAG(dag, target.At, start); err != nil {
		return Plan{}, err
	}
	plan := Plan{Verb: Trigger, Targets: []Target{target}, Effects: triggerEffects(dag, target)}
	if target.Day == "" {
		plan.Title = fmt.Sprintf("Trigger %s now", dagID)
		plan.Command = p.command("trigger", dagID)
		return plan, nil
	}
	if err := p.refuseSecondRun(ctx, target); err != nil {
		return Plan{}, err
	}
	plan.Title = fmt.Sprintf("Trigger %s for %s", dagID, target.Day)
	plan.Command = p.command("trigger", dagID, "--ds", target.Day)
	return plan, nil
}

// target is the run that is to be made: of a day, or of this moment for a streaming DAG.
func (p *Planner) target(dag airflowclient.DAG, day string) (Target, error) {
	if slices.Contains(dag.Tags, streamingTag) {
		if day != "" {
			return Target{}, &RefusedError{
				Reason: fmt.Sprintf("%s keeps streams alive: its runs are for a moment and not for a day", dag.ID),
				Next:   p.command("trigger", dag.ID),
			}
		}
		at := p.now().Add(-clockSlack).Truncate(time.Second)
		return Target{DAGID: dag.ID, RunID: runPrefix + at.Format(time.RFC3339), At: at}, nil
	}
	at, err := p.logicalDate(day)
	if err != nil {
		return Target{}, err
	}
	day = at.Format(time.DateOnly)
	return Target{DAGID: dag.ID, RunID: runPrefix + day, Day: day, At: at}, nil
}

// logicalDate is the first moment of the day, which must be over.
func (p *Planner) logicalDate(day string) (time.Time, error) {
	today := p.now().Truncate(24 * time.Hour)
	yesterday := today.AddDate(0, 0, -1)
	if day == "" {
		return yesterday, nil
	}
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return time.Time{}, &RefusedError{Reason: fmt.Sprintf("%q is no day", day), Next: "give a day as " + yesterday.Format(time.DateOnly)}
	}
	if !at.Before(today) {
		return time.Time{}, &RefusedError{
			Reason: fmt.Sprintf("%s is not over: its data is complete at %s at the earliest", day, at.AddDate(0, 0, 1).Format("2006-01-02 15:04 UTC")),
			Next:   "the newest day that is over is " + yesterday.Format(time.DateOnly),
		}
	}
	return at, nil
}

// refuseSecondRun looks for a run of the day, whenever within the day the DAG's schedule puts it: two runs would compute the same partition.
func (p *Planner) refuseSecondRun(ctx context.Context, t Target) error {
	there, err := p.Airflow.Runs(ctx, airflowclient.RunQuery{
		DAGIDs: []string{t.DAGID}, LogicalFrom: t.At, LogicalTo: t.At.AddDate(0, 0, 1).Add(-time.Microsecond),
	})
	if err != nil {
		return fmt.Errorf("plan to trigger %s: %w", t.DAGID, err)
	}
	for _, r := range there {
		if r.LogicalDate.UTC().Format(time.DateOnly) == t.Day {
			return &RefusedError{
				Reason: fmt.Sprintf("%s has a run for %s already: %s, %s", t.DAGID, t.Day, r.ID, r.State),
				Next:   "to run it again: " + p.command("clear", t.DAGID, r.ID),
			}
		}
	}
	return nil
}

// startDate is the day of the DAG's first run; zero when the server does not say. Only the details of a DAG have it, under the same name in both
// APIs (GET /dags/{id}/details).
func (p *Planner) startDate(ctx context.Context, dagID string) (time.Time, error) {
	raw, err := p.Airflow.Raw(ctx, http.MethodGet, "/dags/"+url.PathEscape(dagID)+"/details", nil)
	if err != nil {
		return time.Time{}, err
	}
	var details struct {
		Start *time.Time `json:"start_date"`
	}
	if err := json.Unmarshal(raw, &details); err != nil {
		return time.Time{}, fmt.Errorf("read the start date: %w", err)
	}
	if details.Start == nil {
		return time.Time{}, nil
	}
	return details.Start.UTC(), nil
}

func refuseDAG(dag airflowclient.DAG, at, start time.Time) error {
	switch {
	case dag.Stale:
		return &RefusedError{Reason: fmt.Sprintf("%s is in no DAG file any more, so nothing would run", dag.ID), Next: "deploy it again first"}
	case dag.HasImportErrors:
		return &RefusedError{Reason: fmt.Sprintf("the file of %s does not import, so nothing would run", dag.ID), Next: "chrononctl status shows the error"}
	case at.Before(start):
		return &RefusedError{
			Reason: fmt.Sprintf("%s starts on %s: Airflow would make a run for %s that is green and runs no task",
				dag.ID, start.Format(time.DateOnly), at.Format(time.DateOnly)),
			Next: "trigger a day from its start on, or deploy it with an earlier start date",
		}
	}
	return nil
}

func triggerEffects(dag airflowclient.DAG, t Target) []string {
	effects := []string{"Airflow makes a new run of the whole DAG; each stream is looked at, and started if it is down."}
	if t.Day != "" {
		effects[0] = fmt.Sprintf("Airflow makes a new run of the whole DAG for %s; its tasks wait for their inputs as always.", t.Day)
	}
	if dag.Paused {
		effects = append(effects, "The DAG is paused: the run stays queued until it is unpaused.")
	}
	return effects
}
