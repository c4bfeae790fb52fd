package action_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/internal/action"
)

// failJob makes the newest run of the join's DAG a failed one, and returns it with the id of its job.
func failJob(t *testing.T, w *world) (run airflowclient.Run, task string) {
	t.Helper()
	runs, err := w.Demo.Client.Runs(w.ctx(), airflowclient.RunQuery{DAGIDs: []string{joinDAG}, Limit: 1})
	if err != nil || len(runs) != 1 {
		t.Fatalf("%+v, %v", runs, err)
	}
	task = "backfill__bidding__v1"
	plan, err := w.PlanMark(w.ctx(), action.MarkScope{DAGID: joinDAG, RunID: runs[0].ID, TaskIDs: []string{task}, State: airflowclient.StateFailed})
	if err != nil || len(plan.Targets) != 1 || !strings.HasPrefix(plan.Undo, "chrononctl clear "+joinDAG) {
		t.Fatalf("%+v, %v", plan, err)
	}
	w.do(t, plan, nil)
	return runs[0], task
}

func (w *world) state(t *testing.T, run airflowclient.Run, task string) airflowclient.State {
	t.Helper()
	list, err := w.Demo.Client.TaskInstances(w.ctx(), airflowclient.TaskQuery{Runs: []airflowclient.RunRef{{DAGID: run.DAGID, RunID: run.ID}}, TaskIDs: []string{task}})
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	return list[0].State
}

// TestAQueryClearsAcrossDAGs fails a job by hand, finds it by what it is, and runs it again.
func TestAQueryClearsAcrossDAGs(t *testing.T) {
	t.Parallel()
	onBoth(t, 1, func(t *testing.T, w *world, _ bool) {
		t.Helper()
		run, task := failJob(t, w)
		if got := w.state(t, run, task); got != airflowclient.StateFailed {
			t.Fatalf("marked, it is %s", got)
		}
		ask := action.ClearQuery{Query: "state:failed team:ad* kind:join", Since: 96 * time.Hour}
		plan, err := w.PlanClearQuery(w.ctx(), ask)
		if err != nil || len(plan.Targets) != 1 || plan.Targets[0].TaskID != task || plan.Targets[0].RunID != run.ID {
			t.Fatalf("%+v, %v", plan.Targets, err)
		}
		w.do(t, plan, nil)
		if seen, _ := w.end(t, w.Watch(plan)); seen.Phase != action.Done {
			t.Errorf("cleared, it is %s", seen.Phase)
		}
		if none, err := w.PlanClearQuery(w.ctx(), ask); err != nil || !none.Unchanged() {
			t.Errorf("nothing has failed any more: %+v, %v", none.Targets, err)
		}
		_, err = w.PlanClearQuery(w.ctx(), action.ClearQuery{Query: "stat:failed"})
		refused(t, err, `there is no field "stat" here`, "")
		_, err = w.PlanClearQuery(w.ctx(), action.ClearQuery{Query: " "})
		refused(t, err, "an empty query is every task", "state:failed")
	})
}

func TestAMarkIsTakenBackByRunningIt(t *testing.T) {
	t.Parallel()
	onBoth(t, 1, func(t *testing.T, w *world, _ bool) {
		t.Helper()
		run, task := failJob(t, w)
		entries, err := w.Journal.Entries()
		if err != nil || len(entries) != 1 || entries[0].Done != 1 || entries[0].By != "ana" {
			t.Fatalf("%+v, %v", entries, err)
		}
		plan, err := w.PlanUndo(w.ctx(), entries[0])
		w.do(t, plan, err)
		if seen, _ := w.end(t, w.Watch(plan)); seen.Phase != action.Done || w.state(t, run, task) != airflowclient.StateSuccess {
			t.Errorf("it is %s", seen.Phase)
		}
		if entries, err = w.Journal.Entries(); err != nil || entries[1].UndoneBy != entries[0].ID {
			t.Errorf("%+v, %v", entries, err)
		}
		_, err = w.PlanUndo(w.ctx(), entries[1])
		refused(t, err, "was taken back already", "")
		_, err = w.PlanUndo(w.ctx(), entries[0])
		refused(t, err, "a clear cannot be taken back", "mark "+joinDAG)
		_, err = w.PlanMark(w.ctx(), action.MarkScope{DAGID: joinDAG, RunID: run.ID, State: "skipped", Downstream: true})
		refused(t, err, "2 things are in the way", "name the tasks")
		marked, err := w.PlanMark(w.ctx(), action.MarkScope{DAGID: joinDAG, RunID: run.ID, State: airflowclient.StateFailed})
		if err != nil || len(marked.Targets) != 1 || marked.Targets[0].TaskID != "" || marked.Undo == "" {
			t.Errorf("%+v, %v", marked, err)
		}
	})
}

// TestAPauseIsKnownToAll keeps the reason in Airflow, finds what is due there, and says what unpausing makes.
func TestAPauseIsKnownToAll(t *testing.T) {
	t.Parallel()
	onBoth(t, 1, func(t *testing.T, w *world, _ bool) {
		t.Helper()
		until := w.clock().Add(30 * time.Hour)
		plan, err := w.PlanPauseWith(w.ctx(), action.PauseOptions{Reason: "late events", Until: until}, joinDAG)
		w.do(t, plan, err)
		other := &action.Planner{Airflow: w.Demo.Client, Now: w.clock} // somebody else
		const note = "paused by ana at 2026-11-23 09:30 UTC, until 2026-11-24 15:30 UTC: late events"
		if notes, err := other.PauseNotes(w.ctx()); err != nil || len(notes) != 1 || notes[joinDAG].String() != note {
			t.Errorf("%+v, %v", notes, err)
		}
		if early, err := other.PlanUnpauseDue(w.ctx()); err != nil || !early.Unchanged() {
			t.Errorf("nothing is due yet: %+v, %v", early.Targets, err)
		}
		w.pass(40 * time.Hour)
		due, err := other.PlanUnpauseDue(w.ctx())
		if err != nil || len(due.Targets) != 1 || due.Targets[0].Note != note || due.Cost.Jobs != 2 {
			t.Fatalf("%+v, %v", due, err)
		}
		if effects := strings.Join(due.Effects, " "); !strings.Contains(effects, "makes 2 runs at once, the oldest for 2026-11-23: it catches up") {
			t.Errorf("effects: %s", effects)
		}
		err = other.Apply(w.ctx(), due, func(r action.Result) {
			if r.Err != nil || r.Done != "unpaused" {
				t.Errorf("%+v", r)
			}
		})
		if notes, readErr := other.PauseNotes(w.ctx()); err != nil || readErr != nil || len(notes) != 0 {
			t.Errorf("%+v, %v, %v", notes, err, readErr)
		}
		_, err = w.PlanPauseWith(w.ctx(), action.PauseOptions{Until: w.clock().Add(-time.Minute)}, joinDAG)
		refused(t, err, "is over already", "that is to come")
	})
}

func TestOneConfRunsByItself(t *testing.T) {
	t.Parallel()
	onBoth(t, 2, func(t *testing.T, w *world, _ bool) {
		t.Helper()
		upload, err := w.PlanUpload(w.ctx(), "payments.card_spend.v1", "2026-11-21")
		w.do(t, upload, err)
		if upload.Confirm != "payments.card_spend.v1" || upload.Targets[0].At.Equal(time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("%+v", upload)
		}
		seen, _ := w.end(t, w.Watch(upload))
		if seen.Phase != action.Done || len(seen.Reports) < 2 {
			t.Errorf("%+v", seen)
		}
		for _, r := range seen.Reports {
			if r.Conf != "payments.card_spend.v1" {
				t.Errorf("%s ran too", r.Conf)
			}
		}
		_, err = w.PlanUpload(w.ctx(), "payments.card_spend.v1", "2026-11-01")
		refused(t, err, "green and runs no task", "earlier start date")

		restart, err := w.PlanRestart(w.ctx(), "search.listing_clicks.v1")
		w.do(t, restart, err)
		if effects := strings.Join(restart.Effects, " "); !strings.Contains(effects, "saw it alive as application_") || !strings.Contains(effects, "yarn application -kill application_") {
			t.Errorf("effects: %s", effects)
		}
		if seen, _ := w.end(t, w.Watch(restart)); seen.Phase != action.Done {
			t.Errorf("the tick is %s", seen.Phase)
		}
		if _, err := w.PlanRestart(w.ctx(), "payments.card_spend.v1"); err == nil || !strings.Contains(err.Error(), "no DAG that this user may read on this Airflow has a job of this kind") {
			t.Errorf("a GroupBy without a stream: %v", err)
		}
	})
}

func TestTheJournalSurvives(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "3.3", 1)
	pause, err := w.PlanPause(w.ctx(), true, joinDAG)
	w.do(t, pause, err)
	info, err := os.Stat(w.Journal.Path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	torn, err := os.ReadFile(w.Journal.Path)
	if err != nil {
		t.Fatal(err)
	}
	// A line that was torn, one that somebody else wrote, and one of a change that was cut off.
	more := `{"id": "torn` + "\n" + `[]` + "\n" + `{"id": "cut", "verb": "trigger", "title": "Trigger x", "total": 1}` + "\n" + `{"id": "half`
	if err := os.WriteFile(w.Journal.Path, append(torn, more...), 0o600); err != nil {
		t.Fatal(err)
	}
	unpause, err := w.PlanPause(w.ctx(), false, joinDAG)
	w.do(t, unpause, err)
	entries, err := w.Journal.Entries()
	if err != nil || len(entries) != 3 || entries[0].Verb != action.Unpause || !entries[1].Interrupted() || entries[2].Verb != action.Pause {
		t.Errorf("%+v, %v", entries, err)
	}
	if err := os.WriteFile(w.Journal.Path, []byte(strings.Repeat(`{"id": "old", "title": "x"}`+"\n", 50_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	pause, err = w.PlanPause(w.ctx(), true, joinDAG)
	w.do(t, pause, err)
	if info, err := os.Stat(w.Journal.Path); err != nil || info.Size() > 1<<20 {
		t.Errorf("it has grown to %d bytes, %v", info.Size(), err)
	}
	if entries, err := w.Journal.Entries(); err != nil || entries[0].Verb != action.Pause {
		t.Errorf("%+v, %v", entries[0], err)
	}
}
