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

// partly is a fleet of which nothing is known yet but that there are these DAGs.
func partly(dags int) fleet.Snapshot {
	whole := troubledFleet().snap
	s := fleet.Snapshot{At: epoch, Partial: true, Server: fleet.Server{Version: "3.3.2", Health: fleet.Unknown}}
	for _, d := range whole.DAGs[:dags] {
		s.DAGs = append(s.DAGs, fleet.DAG{ID: d.ID, Kind: d.Kind, Team: d.Team, Join: d.Join, Health: fleet.Unknown})
	}
	for _, team := range whole.Teams {
		s.Teams = append(s.Teams, fleet.Team{Name: team.Name})
	}
	return s
}

// The first rows are there before the server has told everything, and nothing is said of them that nobody knows.
func TestTheFirstRowsAreShownWhileTheRestIsRead(t *testing.T) {
	t.Parallel()
	source := troubledFleet()
	whole := source.snap
	source.snap, source.latency = partly(3), 300*time.Millisecond
	story(t, setup{source: source, width: 110, height: 30}, func(c *console) {
		c.pass(350 * time.Millisecond)
		c.sees("reading, 3 DAGs so far", "core", "payments", "looking for causes")
		c.seesNot("failing", "nothing failed", "Nothing needs")
		c.press("3")
		c.seesNot("no stream")
		source.change(func(f *fakeSource) { f.snap = whole })
		c.pass(700 * time.Millisecond) // it is asked again at once, and not at the next interval
		c.press("1")
		c.seesNot("reading")
		c.sees("1 failing")
	})
}

func TestTheFirstRowsDoNotReplaceWhatIsCached(t *testing.T) {
	t.Parallel()
	source := troubledFleet()
	source.snap, source.latency = partly(2), 300*time.Millisecond
	old := healthySnapshot()
	old.At, old.Read = epoch.Add(-time.Hour), epoch.Add(-time.Hour)
	story(t, setup{source: source, width: 110, height: 30, options: Options{Cached: func() (fleet.Snapshot, bool) { return old, true }}}, func(c *console) {
		c.pass(time.Second)
		c.sees("cached, 1 h old", count(len(old.DAGs), "DAG"))
		c.seesNot("so far")
	})
}
