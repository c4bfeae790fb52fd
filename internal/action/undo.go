package action

import (
	"context"
	"fmt"

	"chrononctl/airflowclient"
)

// PlanUndo plans to take a change of the journal back. What can be is planned anew, against what is there now: it is no film that runs backwards.
func (p *Planner) PlanUndo(ctx context.Context, e Entry) (Plan, error) {
	if e.UndoneBy != "" {
		return Plan{}, &RefusedError{Reason: fmt.Sprintf("%s was taken back already", e.ID)}
	}
	var changed []EntryThing
	for _, thing := range e.Targets {
		if thing.Error == "" {
			changed = append(changed, thing)
		}
	}
	if len(changed) == 0 {
		return Plan{}, &RefusedError{Reason: fmt.Sprintf("%s changed nothing", e.ID)}
	}
	plan, err := p.undo(ctx, e, changed)
	if err != nil {
		return Plan{}, err
	}
	plan.Undoes = e.ID
	if e.Total > len(e.Targets) {
		plan.Effects = append(plan.Effects, fmt.Sprintf("The journal names %d of the %d that were changed: the others stay as they are.", len(e.Targets), e.Total))
	}
	return plan, nil
}

func (p *Planner) undo(ctx context.Context, e Entry, changed []EntryThing) (Plan, error) {
	switch e.Verb {
	case Pause, Unpause:
		ids := make([]string, len(changed))
		for i, thing := range changed {
			ids[i] = thing.DAGID
		}
		return p.PlanPause(ctx, e.Verb == Unpause, ids...)
	case Trigger, Restart, Upload, Backfill:
		return p.undoRuns(ctx, e, changed)
	case Mark, Cancel:
		return p.undoMarks(ctx, e, changed)
	case Clear, Rerun:
		return Plan{}, &RefusedError{
			Reason: "a clear cannot be taken back: what ran before is forgotten, and jobs may have begun",
			Next:   "to stop what runs now: " + p.command("mark", changed[0].DAGID, changed[0].RunID, "failed"),
		}
	case Hold, Resume:
		return Plan{}, &RefusedError{Reason: "what a backfill does now decides, and not what it did then", Next: e.Undo}
	default:
		return Plan{}, &RefusedError{Reason: fmt.Sprintf("nobody knows how to take back %q", e.Verb)}
	}
}

// undoRuns ends those of the runs that were made which are still at work.
func (p *Planner) undoRuns(ctx context.Context, e Entry, changed []EntryThing) (Plan, error) {
	plan := Plan{Verb: Mark, Title: "Take back: " + e.Title, Command: p.command("undo", e.ID)}
	ended := 0
	for _, thing := range changed {
		if thing.RunID == "" {
			return Plan{}, &RefusedError{Reason: "Airflow made these runs as one backfill, which is cancelled as one", Next: e.Undo}
		}
		run, err := p.Airflow.Run(ctx, thing.DAGID, thing.RunID)
		if airflowclient.IsNotFound(err) {
			continue
		}
		if err != nil {
			return Plan{}, fmt.Errorf("plan to undo %s: %w", e.ID, err)
		}
		if run.State.Ended() {
			ended++
			continue
		}
		plan.Targets = append(plan.Targets, Target{DAGID: thing.DAGID, RunID: thing.RunID, Day: thing.Day, State: airflowclient.StateFailed})
	}
	if ended > 0 {
		plan.Effects = append(plan.Effects, fmt.Sprintf("%s ended already, and what it wrote stays.", plural(ended, "run")))
	}
	if len(plan.Targets) > 0 {
		plan.Effects = append(plan.Effects, "Runs at work are marked as failed, and Airflow ends their jobs.")
	}
	plan.Confirm = number(len(plan.Targets))
	return plan, nil
}

// undoMarks clears what was marked, so that it runs: what state it had before is not known to anybody.
func (p *Planner) undoMarks(ctx context.Context, e Entry, changed []EntryThing) (Plan, error) {
	plan := Plan{Verb: Clear, Title: "Take back: " + e.Title, Command: p.command("undo", e.ID)}
	for _, thing := range changed {
		if thing.RunID == "" {
			return Plan{}, &RefusedError{Reason: "a backfill of Airflow that was cancelled does not begin again", Next: "start a new one: days that are there are left alone"}
		}
		scope := ClearScope{DAGID: thing.DAGID, RunID: thing.RunID}
		if thing.TaskID != "" {
			scope.TaskIDs = []string{thing.TaskID}
		}
		targets, err := p.wouldClear(ctx, scope)
		if err != nil {
			return Plan{}, fmt.Errorf("plan to undo %s: %w", e.ID, err)
		}
		plan.Targets = append(plan.Targets, targets...)
	}
	plan.Targets = distinct(plan.Targets)
	plan.Effects = []string{"What was marked is cleared, and runs: the state that it had before is not known any more."}
	plan.Confirm = number(len(plan.Targets))
	return plan, nil
}
