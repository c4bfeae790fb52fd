package tui

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"chrononctl/internal/action"
	"chrononctl/internal/fleet"
)

// A stream flaps at night: the operator sees it without asking, follows it, and restarts it by a plan that names that stream alone.
func TestStoryAStreamFlapsAtNight(t *testing.T) {
	t.Parallel()
	story(t, setup{width: 140, height: 30}, func(c *console) {
		c.pass(time.Second)
		c.seesNot("restarted")
		c.source.change(func(f *fakeSource) { f.snap = troubledSnapshot() })
		c.pass(DefaultInterval + time.Second)
		c.sees("↻ 1 restarted")
		c.press("3", "/")
		c.write("restarts>2")
		c.press("enter")
		c.sees("1 of 3 streams", "payments.card_stream.v1", "↻ restarted")
		c.press("R")
		c.pass(3 * time.Second)
		c.sees("Restart payments.card_stream.v1", "y start")
		c.press("y")
		c.pass(time.Second)
		if n := len(c.source.applied); n != 1 || c.source.applied[0].Verb != action.Restart {
			t.Fatalf("applied %v", c.source.applied)
		}
		c.press("esc", "7")
		c.pass(time.Second)
		c.sees("restart payments.card_stream.v1")
		c.source.change(func(f *fakeSource) { f.snap = healthySnapshot() })
		c.press("3")
		c.pass(DefaultInterval + time.Second)
		c.sees("0 of 2 streams") // the filter stands: nothing flaps any more
	})
}

// Three weeks of a join are computed again: the form checks the days, the plan says what it costs and what it reaches, and asks for the number.
func TestStoryBackfillThreeWeeksOfAJoin(t *testing.T) {
	t.Parallel()
	source := healthyFleet()
	source.shape = func(p *action.Plan, _ Request) {
		p.Effects = []string{"One run computes what is missing of 21 days; partitions that are there stay as they are."}
		p.Cost = action.Cost{Jobs: 21, Each: 6 * time.Minute, Total: 80 * time.Minute, Sample: 9}
		p.Downstream = action.Downstream{Known: true, Confs: []string{"payments.checkout_training.v1"}}
		p.Undo, p.Confirm = "chrononctl backfill cancel payments.checkout.v2", "21"
	}
	story(t, setup{source: source, width: 120, height: 34}, func(c *console) {
		c.pass(time.Second)
		c.press("2", "/")
		c.write("join:payments*")
		c.press("enter", "b")
		c.sees("Backfill", "payments.checkout.v2", "both days are computed")
		c.press("tab", "backspace", "enter")
		c.sees("a day looks like")
		c.press("esc", ":")
		c.write("backfill checkout 1999-12-01..1999-12-21")
		c.press("enter")
		c.pass(3 * time.Second)
		c.sees("21 times 6 m, about 1 h 20 m", "payments.checkout_training.v1", "chrononctl backfill cancel", "type 21 and enter to start")
		c.press("y", "enter")
		c.pass(time.Second)
		if len(source.applied) != 0 {
			t.Fatal("a y started a change that asks for its number")
		}
		c.press("backspace")
		c.write("21")
		c.press("enter")
		c.pass(time.Second)
		if len(source.applied) != 1 {
			t.Fatal("the number did not start it")
		}
	})
}

// A token expires while a plan is being read: the change is refused, nothing was changed, what was read stays, and it can be planned again.
func TestStoryATokenExpiresWhileADialogIsOpen(t *testing.T) {
	t.Parallel()
	expired := errors.New("trigger: 401 the token has expired")
	story(t, setup{width: 120, height: 30}, func(c *console) {
		c.pass(time.Second)
		c.press("2", "t", "enter")
		c.pass(3 * time.Second)
		c.sees("y start")
		c.source.change(func(f *fakeSource) { f.apply, f.err = expired, expired })
		c.press("y")
		c.pass(time.Second)
		c.sees("✖ chronon_batch_dag_core", "401 the token has expired", "r plan again")
		c.press("r")
		c.pass(2 * time.Second)
		c.sees("401 the token has expired")
		c.source.change(func(f *fakeSource) { f.apply, f.err = nil, nil })
		c.press("r")
		c.pass(3 * time.Second)
		c.sees("y start")
		c.press("y")
		c.pass(time.Second)
		c.sees("run queued")
		c.press("esc")
		c.pass(2 * time.Minute)
		c.sees("batch_dag_core", "batch_dag_payments")
		c.seesNot("401")
	})
}

// Marks are made, the list changes under them, and the plan still names exactly what was marked and is still there.
func TestStoryMarkedRowsStayMarkedWhileTheListChanges(t *testing.T) {
	t.Parallel()
	story(t, setup{source: troubledFleet(), width: 120, height: 30}, func(c *console) {
		c.pass(time.Second)
		c.press("2", "space", "space")
		c.sees("2 marked", "●batch_dag_core", "●batch_dag_payments")
		c.source.change(func(f *fakeSource) {
			f.snap.DAGs = append([]fleet.DAG{makeDAG("chronon_batch_dag_ads", "batch", "ads", "", fleet.OK)}, f.snap.DAGs...)
			f.snap.DAGs = slices.DeleteFunc(f.snap.DAGs, func(d fleet.DAG) bool { return d.ID == "chronon_batch_dag_core" })
		})
		c.pass(DefaultInterval + time.Second)
		c.press("s", "/")
		c.write("team:search")
		c.press("enter")
		c.sees("1 marked, 1 of them not shown")
		c.press("p")
		c.pass(2 * time.Second)
		c.sees("Pause chronon_batch_dag_payments")
		for _, q := range c.source.questions() {
			if strings.HasPrefix(q, "plan") && q != "plan pause chronon_batch_dag_payments" {
				t.Errorf("asked to %s", q)
			}
		}
		c.press("esc", "esc")
		c.sees("1 marked")
		c.press("esc")
		c.seesNot("marked")
	})
}

// A backfill of marked joins is for all of them: the form names them, and the plan has each.
func TestABackfillTakesAllMarkedJoins(t *testing.T) {
	t.Parallel()
	story(t, setup{source: manyFailures(), width: 120, height: 30}, func(c *console) {
		c.pass(time.Second)
		c.press("4", "/")
		c.write("team_0")
		c.press("enter", "space", "space", "b")
		c.sees("Backfill", "2 joins: team_00.features.v1, team_01.features.v1")
		c.press("enter")
		c.pass(3 * time.Second)
		c.sees("Backfill 2 joins", "type 2 and enter to start")
		if asked := c.source.questions(); !slices.Contains(asked, "plan backfill team_00.features.v1 team_01.features.v1 1999-12-25") {
			t.Errorf("asked %q", asked)
		}
	})
}

// The journal on disk takes the place of what this session remembers; the cursor stays on its change all the while.
func TestTheActivityCursorStaysWhenTheJournalIsReadAgain(t *testing.T) {
	t.Parallel()
	source := healthyFleet()
	chronicle := &fakeChronicle{fakeSource: source, journal: chronicleJournal()}
	story(t, setup{source: source, width: 120, height: 30, options: Options{Chronicle: chronicle}}, func(c *console) {
		c.pass(time.Second)
		c.press("7")
		c.pass(time.Second)
		c.press("down")
		before := c.cursorLine()
		if !strings.Contains(before, "Clear 3 runs") {
			t.Fatalf("the cursor is at %q", before)
		}
		c.press("2", "p")
		c.pass(3 * time.Second)
		c.press("y")
		c.source.change(func(*fakeSource) {
			chronicle.journal = append([]action.Entry{{ID: "a4", At: epoch, Ended: epoch, Title: "Pause chronon_batch_dag_core", Done: 1}}, chronicle.journal...)
		})
		c.pass(time.Second)
		c.press("esc", "7")
		if now := c.cursorLine(); now != before {
			t.Errorf("before the journal was read again, the cursor went from %q to %q", before, now)
		}
		c.pass(20 * time.Second)
		c.sees("Pause chronon_batch_dag_core")
		if now := c.cursorLine(); now != before {
			t.Errorf("the cursor went from %q to %q", before, now)
		}
	})
}

// The plan of a change names each target in full, however long its name is: that is what the reader says yes to.
func TestStoryTheTargetOfABackfillIsReadInFull(t *testing.T) {
	t.Parallel()
	const run = "chrononctl__backfill__payments.checkout_of_returning_customers.v2__2026-10-05_2026-10-08__1"
	source := healthyFleet()
	source.shape = func(p *action.Plan, _ Request) { p.Targets[0].RunID = run }
	story(t, setup{source: source, width: 80, height: 24}, func(c *console) {
		c.pass(time.Second)
		c.press(":")
		c.write("trigger batch_dag_core 1999-12-31")
		c.press("enter")
		c.pass(3 * time.Second)
		shown := strings.NewReplacer("\n", "", "│", "", " ", "").Replace(c.plain())
		if !strings.Contains(shown, "chronon_batch_dag_core") || !strings.Contains(shown, run[:40]) || !strings.Contains(c.plain(), "10-08__1") {
			t.Errorf("the target is not shown in full:\n%s", c.plain())
		}
	})
}

// What is wrong with Airflow itself stands at the head of every screen, by name.
func TestStoryTheSchedulerDies(t *testing.T) {
	t.Parallel()
	source := healthyFleet()
	source.snap.Server.Health, source.snap.Server.Parts = fleet.Failed, []fleet.Component{{Name: "scheduler", Status: "unhealthy"}, {Name: "triggerer", Status: "unhealthy"}}
	story(t, setup{source: source}, func(c *console) {
		c.pass(time.Second)
		c.sees("✖ 3.3.2 scheduler unhealthy +1")
		c.press("5")
		c.sees("✖ 3.3.2 scheduler unhealthy +1")
	})
}
