package tui

import (
	"slices"
	"strings"
	"testing"
	"time"

	"chrononctl/internal/fleet"
)

// openFailedLog goes to the log of the failed task.
func openFailedLog(c *console) {
	c.pass(time.Second)
	c.press("2", "down", "enter", "l")
	c.pass(time.Second)
}

func TestAFailedLogSaysWhyAndWhatMendsIt(t *testing.T) {
	t.Parallel()
	source := troubledFleet()
	source.log = logLines()
	story(t, setup{source: source, width: 160, height: 40}, func(c *console) {
		openFailedLog(c)
		c.sees("range failed", "cannot resolve column 'amt_v2'", "mend: the message names the cause")
		c.seesNot("left, done") // a job that has ended has no time left
	})
}

func TestOnlyWhatIsLoudIsShown(t *testing.T) {
	t.Parallel()
	source := troubledFleet()
	source.log = logLines()
	story(t, setup{source: source}, func(c *console) {
		openFailedLog(c)
		c.press("L")
		c.sees("only WARNING and worse", "slot 3 is lost", "3 of 3 lines", "Dataset.ofRows")
		c.seesNot("spark-submit")
		c.press("L")
		c.sees("only ERROR and worse", "2 of 2 lines")
		c.press("L", "T")
		c.sees("9 of 9 lines", "spark-submit")
		c.seesNot("23:52:00")
	})
}

func TestALogIsSavedAsItIsShown(t *testing.T) {
	t.Parallel()
	source := troubledFleet()
	source.log = logLines()
	var name, text string
	save := func(n, what string) (string, error) {
		name, text = n, what
		return "/home/op/" + n, nil
	}
	story(t, setup{source: source, width: 120, height: 40, options: Options{Save: save}}, func(c *console) {
		openFailedLog(c)
		c.press("S")
		c.sees("saved as /home/op/chronon_batch_dag_payments__")
		if !strings.HasSuffix(name, "__upload__card_stats_v4__try2.log") || strings.Count(text, "\n") != 9 || strings.Contains(text, "\x1b") {
			t.Errorf("%s holds %q", name, text)
		}
	})
}

func TestTheLogOfTheTryBefore(t *testing.T) {
	t.Parallel()
	source := troubledFleet()
	source.log = logLines()
	story(t, setup{source: source, width: 120, height: 40}, func(c *console) {
		openFailedLog(c)
		c.sees("try 2")
		c.press("[")
		c.pass(time.Second)
		c.sees("try 1 of 2")
		c.press("[")
		c.sees("there is no such try")
		c.press("]")
		c.pass(time.Second)
		c.seesNot("of 2 ")
	})
}

// A DAG looks after all streams of its team: the log of a stream is that of its own task, whichever of them is worse off.
func TestTheLogOfAStreamIsOneKeyAway(t *testing.T) {
	t.Parallel()
	snap := troubledSnapshot()
	at := slices.IndexFunc(snap.DAGs, func(d fleet.DAG) bool { return d.ID == "chronon_streaming_dag_payments" })
	d := &snap.DAGs[at]
	task := func(run fleet.Run, id string, h fleet.Health) fleet.Task {
		return fleet.Task{DAGID: d.ID, RunID: run.ID, ID: id, State: h.Word(), Health: h, Start: run.Start}
	}
	for i := range d.Runs {
		d.Runs[i].Tasks = []fleet.Task{
			task(d.Runs[i], "keep_alive__other__v1", fleet.Failed), task(d.Runs[i], "keep_alive__card_stream__v1", fleet.OK),
		}
	}
	source := sourceOf(snap)
	source.log = logLines()
	story(t, setup{source: source, width: 160, height: 40}, func(c *console) {
		c.pass(time.Second)
		c.press("3", "/", "c", "a", "r", "d", "enter", "l")
		c.pass(time.Second)
		c.sees("keep_alive__card_stream__v1", "spark-submit")
		c.seesNot("keep_alive__other__v1")
	})
}

// While the run of the next day works, the join that failed yesterday is failed: on the screen of joins as on that of teams.
func TestAJoinWhoseDayFailedIsNotCalledRunning(t *testing.T) {
	t.Parallel()
	snap := healthyFleet().snap
	join := &snap.Calendars[0]
	join.Health, join.Output.State, join.Output.Health, join.Output.Wanted = fleet.Failed, fleet.OutputRunning, fleet.Running, "2000-01-01"
	for i := range join.Days {
		join.Days[i].State = fleet.DayLanded
	}
	join.Days[len(join.Days)-1].State = fleet.DayFailed
	story(t, setup{source: sourceOf(snap), width: 160, height: 40}, func(c *console) {
		c.pass(time.Second)
		c.press("4")
		c.sees("failed", join.Days[len(join.Days)-1].Day+" failed")
	})
}
