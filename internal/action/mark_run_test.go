package action_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/internal/action"
)

// overwritten is an Airflow whose scheduler begins a run just as it is marked, and writes its own state over the first marks.
type overwritten struct {
	action.Airflow
	lost  int // marks to lose
	marks int
}

func (o *overwritten) MarkRun(ctx context.Context, dagID, runID string, state airflowclient.State) (airflowclient.Run, error) {
	if o.marks++; o.marks <= o.lost {
		run, err := o.Run(ctx, dagID, runID)
		run.State = state
		return run, err
	}
	return o.Airflow.MarkRun(ctx, dagID, runID, state)
}

func TestAMarkThatTheSchedulerOverwritesIsSetAgain(t *testing.T) {
	t.Parallel()
	for lost, want := range map[int]string{1: "", 9: "the scheduler goes on with it all the same"} {
		w := newWorld(t, "2.11", 1)
		plan, err := w.PlanBackfill(w.ctx(), action.BackfillRequest{Conf: join, From: "2026-11-01", To: "2026-11-21"})
		w.do(t, plan, err)
		airflow := &overwritten{Airflow: w.Airflow, lost: lost}
		w.Airflow = airflow
		cancel, err := w.PlanSteer(w.ctx(), action.Cancel, ofJoin, "")
		if err != nil {
			t.Fatal(err)
		}
		var said string
		if err := w.Apply(w.ctx(), cancel, func(r action.Result) {
			if r.Err != nil {
				said = r.Err.Error()
			}
		}); err != nil {
			t.Fatal(err)
		}
		if airflow.marks != min(lost+1, 5) || !strings.Contains(said, want) || want == "" && said != "" {
			t.Errorf("%d marks lost: %d sent, %q", lost, airflow.marks, said)
		}
	}
}

// A run whose job was skipped is a success for Airflow, and fills nothing.
func TestABackfillWhoseJobWasSkippedIsNotDone(t *testing.T) {
	t.Parallel()
	onBoth(t, 1, func(t *testing.T, w *world, _ bool) {
		t.Helper()
		plan, err := w.PlanBackfill(w.ctx(), action.BackfillRequest{Conf: join, From: "2026-11-01", To: "2026-11-21"})
		w.do(t, plan, err)
		w.pass(time.Second)
		scope := action.MarkScope{DAGID: plan.Targets[0].DAGID, RunID: plan.Targets[0].RunID, TaskIDs: []string{"backfill__bidding__v1"}, State: airflowclient.StateSkipped}
		skip, err := w.PlanMark(w.ctx(), scope)
		w.do(t, skip, err)
		seen, _ := w.end(t, w.Watch(plan))
		if seen.Phase != action.Failed || seen.Failed != 1 || seen.Done != 0 {
			t.Errorf("it is %s: %+v", seen.Phase, seen)
		}
		list, err := w.Backfills(w.ctx(), ofJoin)
		if err != nil || len(list) != 1 || list[0].State != action.Failed {
			t.Errorf("it is listed as %+v, %v", list, err)
		}
		run, err := w.Airflow.Run(w.ctx(), scope.DAGID, scope.RunID)
		if err != nil || run.State != airflowclient.StateSuccess {
			t.Errorf("the run is %s, %v", run.State, err)
		}
	})
}
