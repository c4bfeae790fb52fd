package action

import (
	"context"
	"fmt"
	"time"

	"chrononctl/airflowclient"
)

// Apply makes the change, target by target, and reports each when it is done. What failed is told in its result. The error says that the plan as a
// whole was not carried out: it was cancelled, after which nothing more is sent. A request that is under way at that moment may have been heard,
// which its result says.
func (p *Planner) Apply(ctx context.Context, plan Plan, report func(Result)) error {
	for _, batch := range batches(plan) {
		if ctx.Err() != nil {
			return fmt.Errorf("%s: %w", plan.Verb, context.Cause(ctx))
		}
		done, err := p.applyBatch(ctx, plan.Verb, batch)
		for _, target := range batch {
			if err != nil {
				report(Result{Target: target, Err: err})
			} else {
				report(Result{Target: target, Done: done})
			}
		}
	}
	return nil
}

// batches are the targets that go in one request: the tasks of a run are cleared together, everything else is a request of its own.
func batches(plan Plan) [][]Target {
	var out [][]Target
	for _, t := range plan.Targets {
		last := len(out) - 1
		if plan.Verb == Clear && last >= 0 && out[last][0].DAGID == t.DAGID && out[last][0].RunID == t.RunID {
			out[last] = append(out[last], t)
			continue
		}
		out = append(out, []Target{t})
	}
	return out
}

func (p *Planner) applyBatch(ctx context.Context, verb Verb, batch []Target) (done string, err error) {
	first := batch[0]
	switch verb {
	case Trigger:
		return p.trigger(ctx, first)
	case Pause:
		return "paused", p.Airflow.SetPaused(ctx, first.DAGID, true)
	case Unpause:
		return "unpaused", p.Airflow.SetPaused(ctx, first.DAGID, false)
	case Clear:
		return p.clear(ctx, batch)
	default:
		return "", fmt.Errorf("a plan to %q cannot be applied", verb)
	}
}

// trigger sends the request once. When the run is there already under our own id, an earlier try was heard, and the change is done.
func (p *Planner) trigger(ctx context.Context, t Target) (string, error) {
	run, err := p.Airflow.Trigger(ctx, airflowclient.TriggerRequest{
		DAGID: t.DAGID, RunID: t.RunID, LogicalDate: t.At, IntervalFrom: t.At, IntervalTo: intervalEnd(t),
	})
	if airflowclient.IsConflict(err) {
		if there, readErr := p.Airflow.Run(ctx, t.DAGID, t.RunID); readErr == nil {
			return fmt.Sprintf("run %s was there already, %s", there.ID, there.State), nil
		}
	}
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("run %s is %s", run.ID, run.State), nil
}

// intervalEnd closes the data interval, which Airflow would otherwise take to be the day before. A tick has an interval of no length.
func intervalEnd(t Target) time.Time {
	if t.Day == "" {
		return t.At
	}
	return t.At.AddDate(0, 0, 1)
}

// clear sends exactly the tasks of the plan, without asking for those around them again.
func (p *Planner) clear(ctx context.Context, batch []Target) (string, error) {
	ids := make([]string, 0, len(batch))
	for _, t := range batch {
		ids = append(ids, t.TaskID)
	}
	if _, err := p.Airflow.Clear(ctx, airflowclient.ClearRequest{DAGID: batch[0].DAGID, RunID: batch[0].RunID, TaskIDs: ids}); err != nil {
		return "", err
	}
	return "cleared", nil
}
