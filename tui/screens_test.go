package tui

import (
	"testing"
	"time"
)

func TestASCIIFramesHoldNothingElse(t *testing.T) {
	t.Parallel()
	story(t, setup{width: 120, height: 40, source: troubledFleet(), options: Options{ASCII: true}}, func(c *console) {
		c.pass(time.Second)
		for _, keys := range [][]string{{"1"}, {"2"}, {"down", "enter"}, {"l"}, {"3"}, {"4"}, {"enter"}, {"5"}, {"1", "tab", "w"}, {"1", "down", "enter"}, {"?"}, {"esc", "2", "t"}} {
			c.press(keys...)
			c.pass(time.Second)
			for i, r := range c.plain() {
				if r > '~' {
					t.Fatalf("after %v the frame holds %q at byte %d:\n%s", keys, r, i, c.plain())
				}
			}
		}
		c.press("esc", "1")
		c.matches()
	})
}

func TestSmallTerminalGetsAPlainMessage(t *testing.T) {
	t.Parallel()
	story(t, setup{width: 40, height: 10}, func(c *console) {
		c.pass(time.Second)
		c.sees("chrononctl needs 60 columns and 16", "this terminal has 40 and 10")
	})
}

func TestViewBeforeTheSizeIsKnown(t *testing.T) {
	t.Parallel()
	r := newRoot(t.Context(), Options{Source: healthyFleet()})
	if got := r.View().Content; got != "" {
		t.Errorf("the frame of an unknown size is %q, want nothing", got)
	}
}
