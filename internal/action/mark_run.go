package action

import (
	"context"
	"fmt"
	"time"

	"chrononctl/airflowclient"
)

// How a mark is seen to hold of a run that waits or has only just begun. The scheduler may be about to begin it, and then writes its own state over the mark
// (seen on Airflow 2.11): Airflow has answered 200, and the run goes on.
const (
	isYoung   = 30 * time.Second // since the run began
	mostMarks = 5
)

// looksAfter are the pauses before the looks in which a mark must be there.
func looksAfter() []time.Duration {
	return []time.Duration{500 * time.Millisecond, 1500 * time.Millisecond}
}

// markRun sets the state of a run, and sets it again where the scheduler goes on with it.
func (p *Planner) markRun(ctx context.Context, t Target) (string, error) {
	done := "marked as " + string(t.State)
	for range mostMarks {
		run, err := p.Airflow.MarkRun(ctx, t.DAGID, t.RunID, t.State)
		if err != nil {
			return done, err
		}
		if !run.Start.IsZero() && p.serverNow().Sub(run.Start) > isYoung {
			return done, nil
		}
		holds, err := p.markHolds(ctx, t)
		if err != nil {
			return done, fmt.Errorf("run %s was marked as %s, and was not seen to stay so: %w", t.RunID, t.State, err)
		}
		if holds {
			return done, nil
		}
	}
	return "", fmt.Errorf("run %s was marked as %s, and the scheduler goes on with it all the same: mark it again in a while", t.RunID, t.State)
}

// markHolds looks a few times whether a run still has the state that it was given. One that was deleted meanwhile will not run.
func (p *Planner) markHolds(ctx context.Context, t Target) (bool, error) {
	for _, pause := range looksAfter() {
		select {
		case <-ctx.Done():
			return false, context.Cause(ctx)
		case <-time.After(pause):
		}
		run, err := p.Airflow.Run(ctx, t.DAGID, t.RunID)
		if airflowclient.IsNotFound(err) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		if run.State != t.State {
			return false, nil
		}
	}
	return true, nil
}
