package tui

import (
	"errors"
	"testing"
	"time"
)

func TestWhatIsSelectedIsCopiedAndOpened(t *testing.T) {
	t.Parallel()
	var opened []string
	options := Options{
		PageOf: func(r Reference) string {
			return "https://airflow/" + r.DAGID + "/" + r.RunID + "/" + r.TaskID + "?" + r.Version
		},
		OpenPage:       func(address string) error { opened = append(opened, address); return nil },
		CommandContext: "prod",
	}
	story(t, setup{source: troubledFleet(), width: 120, height: 30, options: options}, func(c *console) {
		c.pass(time.Second)
		c.press("2", "down", "y")
		c.sees("copied: chronon_batch_dag_payments")
		c.press("Y")
		c.sees("copied: chrononctl runs chronon_batch_dag_payments --context prod")
		c.press("enter")
		c.pass(time.Second)
		c.press("tab", "Y")
		c.sees("copied: chrononctl logs chronon_batch_dag_payments kv_load__card_stats_v4 --run scheduled__1999-12-31T00:00:0")
		c.press("o")
		c.pass(time.Second)
		want := "https://airflow/chronon_batch_dag_payments/scheduled__1999-12-31T00:00:00+00:00/kv_load__card_stats_v4?3.3.2"
		if len(opened) != 1 || opened[0] != want {
			t.Errorf("opened %q, want %s", opened, want)
		}
	})
}

func TestWithoutABrowserTheAddressIsCopied(t *testing.T) {
	t.Parallel()
	options := Options{
		PageOf:   func(r Reference) string { return "https://airflow/" + r.DAGID },
		OpenPage: func(string) error { return errors.New("xdg-open: not found") },
	}
	story(t, setup{width: 120, height: 30, options: options}, func(c *console) {
		c.pass(time.Second)
		c.press("2", "o")
		c.pass(time.Second)
		c.sees("no browser (xdg-open: not found); copied: https://airflow/chronon_batch_dag_core")
	})
}

func TestAClickOnATitleSortsByItsColumn(t *testing.T) {
	t.Parallel()
	story(t, setup{width: 120, height: 30}, func(c *console) {
		c.pass(time.Second)
		c.press("2")
		click := func() { c.click(4, bodyTop) }
		click()
		c.sees("DAG ▲", "▸ batch_dag_core")
		first := c.plain()
		click()
		c.sees("DAG ▼")
		if c.plain() == first {
			t.Error("a second click does not turn the order round")
		}
		c.sees("▸ batch_dag_core") // the cursor stays with its row
	})
}

func TestHelpScrollsWhereThereIsNotRoomForAllOfIt(t *testing.T) {
	t.Parallel()
	story(t, setup{}, func(c *console) {
		c.pass(time.Second)
		c.press("2", "?")
		c.sees("Keys 1 to", "run a day, after its plan")
		for range 40 {
			c.press("down")
		}
		c.sees("✖ failed") // the end of the legend
		c.press("esc")
		c.seesNot("Keys")
	})
}

func TestEscapeLeavesADialogThatIsStillDeaf(t *testing.T) {
	t.Parallel()
	story(t, setup{}, func(c *console) {
		c.pass(time.Second)
		c.press("2", "t", "enter")
		c.pass(150 * time.Millisecond)
		c.sees("one moment")
		c.press("esc")
		c.seesNot("one moment", "Trigger")
	})
}
