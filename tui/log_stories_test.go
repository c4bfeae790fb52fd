package tui

import (
	"strings"
	"testing"
	"time"
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
