package demo

import (
	"context"
	"fmt"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
	"chrononctl/internal/action"
)

// streamTicks is how many ticks of each streaming DAG belong to a demo: enough to see one stream die and come back.
const streamTicks = 3

// tickEvery is how often the streams of a demo tick by their schedule.
const tickEvery = time.Minute

// settleInterval is how often Settle looks.
const settleInterval = 3 * time.Second

// Settle waits until the backlog is done: no DAG of the sample has a run at work or one that is due, and the streams have ticked a few times. Once
// only ticks are missing it asks for them one after the other, for nobody wants to wait minutes for a schedule.
// progress is told, in a line for people, whenever the picture has changed.
func (d *Demo) Settle(ctx context.Context, progress func(line string)) error {
	said := ""
	for {
		left, err := d.left(ctx)
		if err != nil {
			return fmt.Errorf("demo: wait for the runs: %w", err)
		}
		if left.none() {
			return nil
		}
		if line := left.String(); line != said {
			progress(line)
			said = line
		}
		if err := d.tick(ctx, left); err != nil {
			return fmt.Errorf("demo: ask for a tick of the streams: %w", err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("demo: wait for the runs: %w", ctx.Err())
		case <-d.Airflow.Failed():
			return fmt.Errorf("demo: %w", d.Airflow.Err())
		case <-time.After(settleInterval):
		}
	}
}

// remaining is what a demo still waits for.
type remaining struct {
	done   int // finished runs of the backlog
	active int // runs at work
	due    int // DAGs whose next run is due
	ticks  int // ticks of streams still to come

	idle []string // streaming DAGs that have ticks to come and none under way
}

func (r remaining) none() bool { return r.active == 0 && r.due == 0 && r.ticks == 0 }

func (r remaining) String() string {
	return fmt.Sprintf("%d runs done, %d at work, %d DAGs with days to come, %d ticks of streams to come", r.done, r.active, r.due, r.ticks)
}

// left asks Airflow, in a handful of requests whatever the number of DAGs.
func (d *Demo) left(ctx context.Context) (remaining, error) {
	var r remaining
	dags, err := d.Client.DAGs(ctx, airflowclient.DAGQuery{Tags: []string{dagspec.Tag}})
	if err != nil {
		return r, err
	}
	runs, err := d.Client.Runs(ctx, airflowclient.RunQuery{})
	if err != nil {
		return r, err
	}
	ticks, ticking := map[string]int{}, map[string]bool{}
	for _, run := range runs {
		finished := run.State.Ended()
		switch {
		case d.streaming[run.DAGID]:
			ticking[run.DAGID] = ticking[run.DAGID] || !finished
			if run.State == airflowclient.StateSuccess { // a tick before the first uploads of its team fails, and shows no stream
				ticks[run.DAGID]++
			}
		case finished:
			r.done++
		default:
			r.active++
		}
	}
	now := d.now()
	for _, dag := range dags {
		switch {
		case d.streaming[dag.ID]:
			missing := max(0, streamTicks-ticks[dag.ID])
			r.ticks += missing
			if missing > 0 && !ticking[dag.ID] {
				r.idle = append(r.idle, dag.ID)
			}
		case !dag.NextRunAfter.IsZero() && dag.NextRunAfter.Before(now):
			r.due++
		}
	}
	return r, nil
}

// tick triggers the next tick of the streams when nothing else is left to wait for, as `chrononctl trigger` does: which date a tick has is its rule.
func (d *Demo) tick(ctx context.Context, left remaining) error {
	if left.active > 0 || left.due > 0 {
		return nil
	}
	planner := &action.Planner{Airflow: d.Client, Now: d.now}
	for _, id := range left.idle {
		plan, err := planner.PlanTrigger(ctx, id, "")
		if err != nil {
			return err
		}
		var failed error
		if err := planner.Apply(ctx, plan, func(r action.Result) { failed = r.Err }); err != nil {
			return err
		}
		if failed != nil && !airflowclient.IsConflict(failed) { // the schedule was quicker
			return failed
		}
	}
	return nil
}

// streamingDAGs are the ids of the DAGs that tick.
func streamingDAGs(dags []dagspec.DAG) map[string]bool {
	ids := map[string]bool{}
	for _, dag := range dags {
		if dag.Kind == dagspec.KindStreaming {
			ids[dag.ID] = true
		}
	}
	return ids
}
