package tui

import (
	"fmt"
	"image/color"
	"testing"
	"time"

	"chrononctl/internal/fleet"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/exp/golden"
)

// sizes are those at which every screen has a golden frame.
var sizes = []struct{ width, height int }{{80, 24}, {120, 40}, {200, 60}}

// logLines is a log with all that a frame must show well.
func logLines() []fleet.LogLine {
	return []fleet.LogLine{
		{Time: minutesAgo(8), Level: "info", Text: "Running: spark-submit --class ai.chronon.spark.Driver"},
		{Text: "   Unfilled ranges: [1999-12-29...1999-12-31]"},
		{Time: minutesAgo(8), Text: "\x1b[32mINFO\x1b[0m Computing join for range: [1999-12-29...1999-12-29]  | [1/3]"},
		{Time: minutesAgo(7), Text: "41220 rows requested to be written into table payments.checkout_v2 which has a name that makes this line longer than a terminal of eighty columns"},
		{Time: minutesAgo(5), Text: "Finished writing to payments.checkout_v2"},
		{Time: minutesAgo(5), Level: "info", Text: "Computing join for range: [1999-12-30...1999-12-30]  | [2/3]"},
		{Time: minutesAgo(5), Level: "warning", Text: "slot 3 is lost\tretrying"},
		{Time: minutesAgo(4), Level: "error", Text: "Error handling range [1999-12-30...1999-12-30]: cannot resolve column 'amt_v2'"},
		{Text: "\tat org.apache.spark.sql.Dataset.ofRows(Dataset.scala:100)"},
	}
}

func TestScreens(t *testing.T) {
	t.Parallel()
	withLog := func(f *fakeSource) *fakeSource {
		f.log = logLines()
		return f
	}
	for _, tc := range []struct {
		name   string
		source func() *fakeSource
		act    func(*console)
	}{
		{"fleet loading", func() *fakeSource { f := healthyFleet(); f.latency = time.Hour; return f }, func(*console) {}},
		{"fleet healthy", healthyFleet, func(c *console) { c.pass(time.Second) }},
		{"fleet failures", troubledFleet, func(c *console) { c.pass(time.Second) }},
		{"fleet empty", func() *fakeSource {
			return sourceOf(fleet.Snapshot{At: epoch, Server: fleet.Server{Version: "2.11.2", Health: fleet.OK}})
		}, func(c *console) { c.pass(time.Second) }},
		{"fleet disconnected from the start", func() *fakeSource { f := healthyFleet(); f.err = errRefused; return f },
			func(c *console) { c.pass(time.Second) }},
		{"fleet stale", troubledFleet, func(c *console) {
			c.pass(time.Second)
			c.source.change(func(f *fakeSource) { f.err = errRefused })
			c.pass(40 * time.Second)
		}},
		{"team", troubledFleet, func(c *console) { c.pass(time.Second); c.press("down", "enter") }},
		{"dags", troubledFleet, func(c *console) { c.pass(time.Second); c.press("2") }},
		{"dag failed", troubledFleet, func(c *console) { c.pass(time.Second); c.press("2", "down", "enter"); c.pass(time.Second) }},
		{"dag without runs", func() *fakeSource { f := healthyFleet(); f.runs, f.snap.DAGs[0].Runs = nil, nil; return f },
			func(c *console) { c.pass(time.Second); c.press("2", "enter"); c.pass(time.Second) }},
		{"streams healthy", healthyFleet, func(c *console) { c.pass(time.Second); c.press("3") }},
		{"streams restarted", troubledFleet, func(c *console) { c.pass(time.Second); c.press("3") }},
		{"joins", troubledFleet, func(c *console) { c.pass(time.Second); c.press("4") }},
		{"join", troubledFleet, func(c *console) { c.pass(time.Second); c.press("4", "enter"); c.pass(time.Second) }},
		{"join range", troubledFleet, func(c *console) {
			c.pass(time.Second)
			c.press("4", "enter")
			c.pass(time.Second)
			c.press("up", "space", "down", "left", "left")
		}},
		{"cause", troubledFleet, func(c *console) { c.pass(time.Second); c.press("tab", "enter"); c.pass(time.Second) }},
		{"why", troubledFleet, func(c *console) { c.pass(time.Second); c.press("tab", "w"); c.pass(time.Second) }},
		{"team without permission", func() *fakeSource { f := troubledFleet(); f.denied = true; return f },
			func(c *console) { c.pass(time.Second); c.press("down", "enter"); c.pass(time.Second) }},
		{"dag without permission", func() *fakeSource { f := troubledFleet(); f.denied = true; return f },
			func(c *console) { c.pass(time.Second); c.press("2", "down", "enter"); c.pass(time.Second) }},
		{"log without permission", func() *fakeSource { f := troubledFleet(); f.denied = true; return f },
			func(c *console) { c.pass(time.Second); c.press("2", "down", "enter", "l"); c.pass(time.Second) }},
		{"consistency", troubledFleet, func(c *console) { c.pass(time.Second); c.press("5") }},
		{"log", func() *fakeSource { return withLog(troubledFleet()) },
			func(c *console) { c.pass(time.Second); c.press("2", "down", "enter", "l"); c.pass(time.Second) }},
		{"log of a job at work", func() *fakeSource { return withLog(healthyFleet()) },
			func(c *console) {
				c.pass(time.Second)
				c.press("2", "down", "down", "down", "enter", "l")
				c.pass(time.Second)
			}},
		{"log empty", troubledFleet, func(c *console) { c.pass(time.Second); c.press("2", "down", "enter", "l"); c.pass(time.Second) }},
		{"import error", troubledFleet, func(c *console) { c.pass(time.Second); c.press("tab", "enter") }},
		{"help", troubledFleet, func(c *console) { c.pass(time.Second); c.press("2", "?") }},
		{"trigger form", troubledFleet, func(c *console) { c.pass(time.Second); c.press("2", "t") }},
		{"trigger plan", troubledFleet, func(c *console) { c.pass(time.Second); c.press("2", "t", "enter"); c.pass(time.Second) }},
		{"trigger done", troubledFleet, func(c *console) {
			c.pass(time.Second)
			c.press("2", "t", "enter")
			c.pass(time.Second)
			c.press("y")
			c.pass(200 * time.Millisecond)
		}},
	} {
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s %dx%d", tc.name, size.width, size.height), func(t *testing.T) {
				t.Parallel()
				story(t, setup{width: size.width, height: size.height, source: tc.source()}, func(c *console) {
					tc.act(c)
					c.matches()
				})
			})
		}
	}
}

func TestScreensInColour(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]func(*console){
		"fleet":   func(*console) {},
		"dag":     func(c *console) { c.press("2", "down", "enter"); c.pass(time.Second) },
		"streams": func(c *console) { c.press("3") },
		"join":    func(c *console) { c.press("4", "enter"); c.pass(time.Second) },
		"team":    func(c *console) { c.press("down", "enter"); c.pass(time.Second) },
		"why":     func(c *console) { c.press("tab", "w"); c.pass(time.Second) },
		"log": func(c *console) {
			c.source.change(func(f *fakeSource) { f.log = logLines() })
			c.press("2", "down", "enter", "l")
			c.pass(time.Second)
		},
		"consistency": func(c *console) { c.press("5") },
		"help":        func(c *console) { c.press("?") },
		"light":       func(c *console) { c.program.Send(tea.BackgroundColorMsg{Color: color.White}); c.pass(time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			story(t, setup{source: troubledFleet()}, func(c *console) {
				c.pass(time.Second)
				act(c)
				golden.RequireEqual(t, c.styled()+"\n")
			})
		})
	}
}

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
