package tui

import (
	"strings"
	"testing"
	"time"

	"chrononctl/internal/fleet"
)

// While the causes have the keyboard, the teams above are those that the selected cause touches.
func TestACauseShowsTheTeamsThatItTouches(t *testing.T) {
	t.Parallel()
	story(t, setup{source: troubledFleet(), width: 120, height: 40}, func(c *console) {
		c.pass(time.Second)
		c.sees("core  ", "payments  ", "search  ")
		c.press("tab")
		c.sees("payments    ✔ 4", "1 team")
		c.seesNot("core  ")
		c.press("tab")
		c.sees("core  ", "search  ")
	})
}

// The first causes come from what is known already; what failed tasks said is read after that.
func TestCausesDoNotWaitForWhatFailedTasksSaid(t *testing.T) {
	t.Parallel()
	source := troubledFleet()
	failed := fleet.InstanceRef{DAGID: "chronon_batch_dag_payments", RunID: "scheduled__1999-12-31T00:00:00+00:00", TaskID: "upload__card_stats_v4", MapIndex: -1}
	source.details = fleet.Details{Words: map[fleet.InstanceRef]fleet.Words{
		failed: {Class: "out_of_memory", Message: "java.lang.OutOfMemoryError: Java heap space", Remedy: "give the job more memory"}}}
	story(t, setup{source: source, width: 160, height: 40}, func(c *console) {
		c.pass(500 * time.Millisecond)
		c.sees("upload__card_stats_v4 failed")
		c.pass(2 * time.Second)
		c.sees("OutOfMemoryError")
		c.press("tab", "/")
		c.write("OutOfMemory")
		c.press("enter", "enter")
		c.sees("give the job more memory")
	})
}

func TestACauseThatIsOverSaysSo(t *testing.T) {
	t.Parallel()
	story(t, setup{source: troubledFleet(), width: 120, height: 40}, func(c *console) {
		c.pass(time.Second)
		c.press("tab", "/")
		c.write("upload")
		c.press("enter", "enter")
		c.sees("What it explains", "✖")
		c.source.change(func(f *fakeSource) { f.snap = healthySnapshot(); f.snap.At = epoch.Add(time.Hour) })
		c.pass(12 * time.Second)
		c.sees("over: ")
	})
}

func TestWhyFollowsTheChain(t *testing.T) {
	t.Parallel()
	story(t, setup{source: troubledFleet(), width: 120, height: 40}, func(c *console) {
		c.pass(time.Second)
		c.press("2", "down", "w")
		c.pass(time.Second)
		c.sees("Why batch_dag_payments", "payments.card_stats_v4 upload", "What would end it")
		c.press("esc")
		c.sees("DAGs")
	})
}

// Who asks why begins at what is wrong, and not at the first step, which may be done.
func TestWhyBeginsAtWhatIsWrong(t *testing.T) {
	t.Parallel()
	story(t, setup{source: troubledFleet(), width: 120, height: 40}, func(c *console) {
		c.pass(time.Second)
		c.press("5", "w")
		c.sees("payments.card_stats_v4 kv_load  is done")
		if line := c.cursorLine(); !strings.Contains(line, "is over budget") {
			t.Errorf("the cursor is at %q", line)
		}
		c.press("up", "r")
		c.pass(time.Second)
		if line := c.cursorLine(); !strings.Contains(line, "is done") {
			t.Errorf("a refresh took the cursor from the reader to %q", line)
		}
	})
}

// A team has causes and no steps of its own: what is wrong with it is not nothing.
func TestWhyATeamFailsNamesItsCauses(t *testing.T) {
	t.Parallel()
	story(t, setup{source: troubledFleet(), width: 120, height: 40}, func(c *console) {
		c.pass(time.Second)
		c.press("down", "w")
		c.sees("Why payments", "upload__card_stats_v4 failed", "What would end it")
		c.seesNot("nothing is wrong")
		c.press("enter")
		c.sees("What it explains")
		c.press("1", "up", "w")
		c.sees("nothing is wrong with it")
	})
}
