package tui

import (
	"testing"
	"time"

	"chrononctl/internal/fleet"
)

func TestTheLastPictureIsShownAsCachedUntilTheServerAnswers(t *testing.T) {
	t.Parallel()
	source := troubledFleet()
	source.latency = 4 * time.Second
	old := healthySnapshot()
	old.At, old.Read = epoch.Add(-3*time.Hour), epoch.Add(-3*time.Hour)
	cached := func() (fleet.Snapshot, bool) { return old, true }
	story(t, setup{source: source, width: 110, height: 30, options: Options{Cached: cached}}, func(c *console) {
		c.pass(0)
		c.sees("not reached yet", "cached, 3 h old", "core", "payments")
		c.press("2", "down")
		before := c.cursorLine()
		c.pass(5 * time.Second)
		c.seesNot("cached", "not reached yet")
		c.sees("1 failing")
		if after := c.cursorLine(); after[:20] != before[:20] {
			t.Errorf("the cursor went from %q to %q when live rows came", before, after)
		}
	})
}

func TestACachedPictureStaysMarkedWhenTheServerDoesNotAnswer(t *testing.T) {
	t.Parallel()
	source := healthyFleet()
	source.err = errRefused
	old := healthySnapshot()
	old.Read = epoch.Add(-time.Hour)
	story(t, setup{source: source, options: Options{Cached: func() (fleet.Snapshot, bool) { return old, true }}}, func(c *console) {
		c.pass(10 * time.Second)
		c.sees("cached, 1 h old", "no answer", "connection refused", "core")
	})
}
