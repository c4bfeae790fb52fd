package action_test

import (
	"strings"
	"testing"
	"time"

	"chrononctl/internal/action"
)

// TestABackfillAsOneJob is planned, started, watched to its end, known afterwards, and cannot be started by the same plan again.
func TestABackfillAsOneJob(t *testing.T) {
	t.Parallel()
	onBoth(t, 1, func(t *testing.T, w *world, _ bool) {
		t.Helper()
		ask := action.BackfillRequest{Conf: join, From: "2026-10-01", To: "2026-10-20", StepDays: 5}
		plan, err := w.PlanBackfill(w.ctx(), ask)
		if err != nil {
			t.Fatal(err)
		}
		const id = "chrononctl__backfill__ads.bidding.v1__2026-10-01_2026-10-20__1"
		if len(plan.Targets) != 1 || plan.Targets[0].RunID != id || plan.Cost.Sample == 0 || plan.Cost.Total < plan.Cost.Each {
			t.Errorf("plan: %+v", plan)
		}
		const conf = `{"chronon":{"start_ds":"2026-10-01","end_ds":"2026-10-20","step_days":5,"confs":["ads.bidding.v1"],"wait":false},"chrononctl":"` + id + `"}`
		if plan.Targets[0].Conf != conf {
			t.Errorf("the run is told %s", plan.Targets[0].Conf)
		}
		if at := plan.Targets[0].At; at.Before(time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)) || at.Second() == 0 {
			t.Errorf("the run is at %s, before the DAG's start or at a date of the schedule", at)
		}
		w.do(t, plan, nil)
		if _, err := w.PlanBackfill(w.ctx(), ask); true {
			refused(t, err, "a backfill of ads.bidding.v1 is under way: "+id, "backfill watch")
		}
		if again := w.do(t, plan, nil); len(again) != 1 || !strings.Contains(again[0], "was there already") {
			t.Errorf("a second time: %v", again)
		}
		seen, said := w.end(t, w.Watch(plan))
		if seen.Phase != action.Done || !strings.Contains(said, "range 7 of 20, about ") || seen.Ended.IsZero() {
			t.Errorf("it ended %+v, after saying\n%s", seen, said)
		}
		if len(seen.Reports) == 0 || seen.Reports[0].Outcome != "landed" {
			t.Errorf("reports %+v", seen.Reports)
		}
		list, err := w.Backfills(w.ctx(), ofJoin)
		if err != nil || len(list) != 1 || list[0].ID != id || list[0].State != action.Done || list[0].From != "2026-10-01" || list[0].To != "2026-10-20" {
			t.Errorf("afterwards: %+v, %v", list, err)
		}
		second, err := w.PlanBackfill(w.ctx(), ask)
		if err != nil || !strings.HasSuffix(second.Targets[0].RunID, "__2") || second.Targets[0].At.Equal(plan.Targets[0].At) {
			t.Errorf("another one: %+v, %v", second.Targets, err)
		}
	})
}

func TestABackfillIsCancelledAndUndone(t *testing.T) {
	t.Parallel()
	onBoth(t, 1, func(t *testing.T, w *world, _ bool) {
		t.Helper()
		plan, err := w.PlanBackfill(w.ctx(), action.BackfillRequest{Conf: join, From: "2026-11-01", To: "2026-11-21"})
		w.do(t, plan, err)
		w.pass(time.Minute)
		cancel, err := w.PlanSteer(w.ctx(), action.Cancel, ofJoin, "")
		w.do(t, cancel, err)
		if seen, _ := w.end(t, w.Watch(plan)); seen.Phase != action.Failed {
			t.Errorf("it is %s", seen.Phase)
		}
		if nothing, err := w.PlanSteer(w.ctx(), action.Cancel, ofJoin, ""); err != nil || !nothing.Unchanged() {
			t.Errorf("cancelled twice: %+v, %v", nothing, err)
		}
		again, err := w.PlanSteer(w.ctx(), action.Rerun, ofJoin, "")
		w.do(t, again, err)
		if seen, _ := w.end(t, w.Watch(again)); seen.Phase != action.Done {
			t.Errorf("run again it is %s", seen.Phase)
		}
	})
}

func TestABackfillByDay(t *testing.T) {
	t.Parallel()
	onBoth(t, 3, func(t *testing.T, w *world, v3 bool) {
		t.Helper()
		ask := action.BackfillRequest{Conf: join, From: "2026-11-20", To: "2026-11-22", ByDay: true, AtOnce: 2}
		none, err := w.PlanBackfill(w.ctx(), ask)
		if err != nil || !none.Unchanged() || !strings.Contains(strings.Join(none.Effects, " "), "3 of the 3 days have a run already") {
			t.Errorf("all days are there: %+v, %v", none, err)
		}
		for _, run := range w.Demo.Airflow.Runs() {
			if run.DAGID == joinDAG {
				w.Demo.Airflow.Delete(joinDAG, run.RunID)
			}
		}
		plan, err := w.PlanBackfill(w.ctx(), ask)
		if err != nil || len(plan.Targets) != 3 || plan.Targets[2].Day != "2026-11-22" {
			t.Fatalf("%+v, %v", plan.Targets, err)
		}
		w.do(t, plan, nil)
		list, err := w.Backfills(w.ctx(), ofJoin)
		if err != nil || len(list) != 1 || !list[0].ByDay || len(list[0].Runs) != 3 || (list[0].Number != 0) != v3 {
			t.Fatalf("%+v, %v", list, err)
		}
		hold, err := w.PlanSteer(w.ctx(), action.Hold, ofJoin, "")
		if v3 {
			w.do(t, hold, err)
			if list, err := w.Backfills(w.ctx(), ofJoin); err != nil || list[0].State != action.Held {
				t.Errorf("held: %+v, %v", list, err)
			}
			resume, err := w.PlanSteer(w.ctx(), action.Resume, ofJoin, "")
			w.do(t, resume, err)
		} else {
			refused(t, err, "which nothing holds but a pause", "cancel it, and start it again")
		}
		seen, said := w.end(t, w.Watch(plan))
		if seen.Phase != action.Done || seen.Done != 3 || !strings.Contains(said, "of 3 done") {
			t.Errorf("it ended %+v, after saying\n%s", seen, said)
		}
	})
}

func TestRangesThatFillNothingAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "3.3", 1)
	for name, tc := range map[string]struct {
		ask          action.BackfillRequest
		reason, next string
	}{
		"the ends the wrong way round": {action.BackfillRequest{From: "2026-11-10", To: "2026-11-01"}, "the range is empty", "first day first"},
		"a range of three years":       {action.BackfillRequest{From: "2023-11-10", To: "2026-11-01"}, "1088 days, more than 1000", "a part of it"},
		"days that are no days":        {action.BackfillRequest{From: "2026-11-31", To: "x; rm -rf /"}, "2 things are in the way", "give a day as 2026-11-22"},
		"today":                        {action.BackfillRequest{From: "2026-11-20", To: "2026-11-23"}, "2026-11-23 is not over", "2026-11-22"},
		"more jobs than days":          {action.BackfillRequest{From: "2026-11-20", To: "2026-11-21", AtOnce: 3}, "3 at a time are more", "fewer"},
		"steps by day":                 {action.BackfillRequest{From: "2026-11-20", To: "2026-11-21", ByDay: true, StepDays: 2}, "belong to one job", "--by-day"},
		"by day before the start":      {action.BackfillRequest{From: "2026-11-01", To: "2026-11-21", ByDay: true}, "green and runs no task", "earlier start date"},
		"parts of a staging query":     {action.BackfillRequest{Conf: "core.customers.v1", From: "2026-11-20", To: "2026-11-21", Parts: []string{"a"}}, "is no join", "--parts"},
	} {
		if tc.ask.Conf == "" {
			tc.ask.Conf = join
		}
		_, err := w.PlanBackfill(w.ctx(), tc.ask)
		if refused(t, err, tc.reason, tc.next); t.Failed() {
			t.Fatal(name)
		}
	}
	before := w.Demo.Airflow.Requests()
	if _, err := w.PlanBackfill(w.ctx(), action.BackfillRequest{Conf: "ads.biddign.v1", From: "2026-11-20", To: "2026-11-21"}); hint(err) != "did you mean ads.bidding.v1?" {
		t.Errorf("got %v, hint %q", err, hint(err))
	}
	if asked := w.Demo.Airflow.Requests() - before; asked > 5 {
		t.Errorf("%d requests to look for a conf", asked)
	}
	w.Demo.Airflow.SetPaused(true, joinDAG)
	_, err := w.PlanBackfill(w.ctx(), action.BackfillRequest{Conf: join, From: "2026-11-20", To: "2026-11-21"})
	refused(t, err, "is paused: a new run would stay queued", "unpause "+joinDAG)
}
