package tui

import (
	"slices"
	"strings"
	"testing"
	"time"

	"chrononctl/dagspec"
	"chrononctl/internal/action"
	"chrononctl/internal/fleet"

	tea "charm.land/bubbletea/v2"
)

func TestARefreshBetweenLookingAndPressingCannotChangeTheTarget(t *testing.T) {
	t.Parallel()
	story(t, setup{}, func(c *console) {
		c.pass(time.Second)
		c.press("2", "down")
		before := c.cursorLine()
		c.source.change(func(f *fakeSource) { // a DAG arrives above the cursor
			f.snap.DAGs = append([]fleet.DAG{makeDAG("chronon_batch_dag_ads", "batch", "ads", "", fleet.OK)}, f.snap.DAGs...)
		})
		c.pass(DefaultInterval + time.Second)
		c.sees("batch_dag_ads")
		if after := c.cursorLine(); after != before {
			t.Fatalf("the cursor moved from %q to %q", before, after)
		}
		c.press("t")
		c.sees("Trigger", "chronon_batch_dag_payments")
	})
}

func TestARowThatHasGoneCannotBeActedOn(t *testing.T) {
	t.Parallel()
	story(t, setup{}, func(c *console) {
		c.pass(time.Second)
		c.press("2", "down")
		c.source.change(func(f *fakeSource) {
			f.snap.DAGs = slices.DeleteFunc(slices.Clone(f.snap.DAGs), func(d fleet.DAG) bool { return d.ID == "chronon_batch_dag_payments" })
		})
		c.pass(DefaultInterval + time.Second)
		c.press("t")
		c.sees("no DAG is selected")
		c.press("down", "t")
		c.sees("chronon_batch_dag_search")
	})
}

func TestAFailedRefreshKeepsTheDataAndTheKeyboard(t *testing.T) {
	t.Parallel()
	story(t, setup{}, func(c *console) {
		c.pass(time.Second)
		c.source.change(func(f *fakeSource) { f.err = errRefused })
		c.pass(2 * DefaultInterval)
		c.sees("payments", "connection refused", "no answer", " old")
		c.press("down")
		if got := c.cursorLine(); !strings.HasPrefix(got, "payments") {
			t.Fatalf("the cursor is at %q", got)
		}
		c.press("/")
		c.write("sea")
		c.sees("search", "1 of 3 teams")
		c.source.change(func(f *fakeSource) { f.err = nil })
		c.pass(2 * time.Minute)
		c.sees("/sea")
		c.press("enter")
		c.seesNot("connection refused", "no answer")
	})
}

func TestTheHeadLineSaysWhyThereIsNothingNew(t *testing.T) {
	t.Parallel()
	story(t, setup{}, func(c *console) {
		c.pass(time.Second)
		c.source.change(func(f *fakeSource) { f.latency = time.Hour })
		c.pass(loadLimit + 2*DefaultInterval)
		c.sees("prod ? too slow", "Airflow did not answer within 1 m")
		c.source.change(func(f *fakeSource) { f.latency, f.err = 0, errRefused })
		c.pass(2 * loadLimit)
		c.sees("prod ? no answer", "connection refused")
	})
}

// Where a column is too narrow for how late something is, the hours are enough.
func TestLateIsSaidRoughlyWhereThereIsLittleRoom(t *testing.T) {
	t.Parallel()
	source := troubledFleet()
	source.change(func(f *fakeSource) { f.snap.Calendars[0].Output.Late = 12*time.Hour + 8*time.Minute })
	for width, want := range map[int]string{80: "12 h late", 200: "12 h 08 m late"} {
		story(t, setup{source: source, width: width, height: 24}, func(c *console) {
			c.pass(time.Second)
			c.press("4")
			c.sees(want)
			c.seesNot("12 h 08 m l…", "12 h 08 m la…")
		})
	}
}

// A comparison that measured nothing has no features to count, and is in trouble all the same.
func TestAKindOfWhichNothingCanBeCountedIsNotBlank(t *testing.T) {
	t.Parallel()
	source := healthyFleet()
	source.change(func(f *fakeSource) { f.snap.Teams[0].Cells[dagspec.KindComparison] = fleet.Cell{Health: fleet.Failed} })
	for width, times := range map[int]int{80: 1, 200: 2} { // in the table, and beside it
		story(t, setup{source: source, width: width, height: 24}, func(c *console) {
			c.pass(time.Second)
			if n := strings.Count(c.plain(), "✖ failed"); n != times {
				t.Errorf("at %d columns it is said %d times:\n%s", width, n, c.plain())
			}
		})
	}
}

// Where there is little room, what needs a person loses its words before it is only counted.
func TestTheHeadLineCountsWithoutWordsWhereThereIsLittleRoom(t *testing.T) {
	t.Parallel()
	for width, want := range map[int]string{
		60:  " prod ✔ 3.3.2  ✖ 1  ✖ 1  ▲ 1   +3 more",
		80:  " prod ✔ 3.3.2   ✖ 1 failing  ✖ 1  ▲ 1  ◌ 1  ↻ 1  ‖ 1 ",
		140: "✖ 1 failing   ✖ 1 not importing   ▲ 1 over budget   ◌ 1 late   ↻ 1 restarted   ‖ 1 paused",
	} {
		story(t, setup{source: troubledFleet(), width: width, height: 24}, func(c *console) {
			c.pass(time.Second)
			c.sees(want)
		})
	}
}

func TestAFailingSourceIsAskedLessAndLess(t *testing.T) {
	t.Parallel()
	source := healthyFleet()
	source.err = errRefused
	story(t, setup{source: source}, func(c *console) {
		c.pass(10 * time.Minute)
		if n := len(source.questions()); n < 10 || n > 20 {
			t.Errorf("a source that fails was asked %d times in ten minutes", n)
		}
	})
}

func TestTheKeyForNewDataHasItReadAnew(t *testing.T) {
	t.Parallel()
	story(t, setup{}, func(c *console) {
		c.pass(time.Second)
		c.source.questions()
		c.press("r")
		c.pass(time.Second)
		if asked := c.source.questions(); c.source.anew != 1 || len(asked) != 1 {
			t.Errorf("read anew %d times, asked %q", c.source.anew, asked)
		}
	})
}

// A source may answer with a picture that it did not have to ask for. Its age is that of what it shows.
func TestTheAgeIsThatOfWhatIsShown(t *testing.T) {
	t.Parallel()
	source := healthyFleet()
	source.snap.Read, source.snap.Due = epoch, epoch.Add(15*time.Second)
	story(t, setup{source: source}, func(c *console) {
		c.pass(14 * time.Second)
		c.sees("14 s ago")
		c.pass(40 * time.Second)
		c.sees("54 s old")
	})
}

func TestAFilterSurvivesARefresh(t *testing.T) {
	t.Parallel()
	story(t, setup{}, func(c *console) {
		c.pass(time.Second)
		c.press("2", "/")
		c.write("batch")
		c.press("enter")
		c.sees("/batch  3 of 6 DAGs")
		c.source.change(func(f *fakeSource) {
			f.snap.DAGs = append([]fleet.DAG{makeDAG("chronon_batch_dag_ads", "batch", "ads", "", fleet.OK)}, f.snap.DAGs...)
		})
		c.pass(DefaultInterval + time.Second)
		c.sees("/batch  4 of 7 DAGs")
		c.seesNot("join_payments")
		c.press("1", "2")
		c.sees("/batch  4 of 7 DAGs")
		c.press("esc")
		c.sees("7 DAGs", "join_payments")
	})
}

func TestEscapeTakesAPromptBack(t *testing.T) {
	t.Parallel()
	story(t, setup{}, func(c *console) {
		c.pass(time.Second)
		c.press("/")
		c.write("qqq") // letters are text here, and do not quit
		c.sees(`nothing matches "qqq"`)
		c.press("esc")
		c.sees("core", "payments", "search")
	})
}

func TestADialogThatOpensByItselfIsDeafForAMoment(t *testing.T) {
	t.Parallel()
	story(t, setup{}, func(c *console) {
		c.pass(time.Second)
		c.press("2", "t", "enter")
		c.pass(150 * time.Millisecond) // the plan has just arrived
		c.press("y", "y")
		c.pass(100 * time.Millisecond)
		if len(c.source.applied) != 0 {
			t.Fatal("a key that was on its way confirmed a plan that nobody could have read")
		}
		c.sees("one moment")
		c.pass(2 * time.Second)
		c.sees("y start")
		c.press("y")
		c.pass(time.Second)
		c.sees("run queued")
		if n := len(c.source.applied); n != 1 || c.source.applied[0].Targets[0].Day != "1999-12-31" {
			t.Fatalf("applied %v", c.source.applied)
		}
		if c.source.anew != 1 {
			t.Errorf("the picture was read anew %d times after a change", c.source.anew)
		}
	})
}

func TestALargeChangeAsksForItsNumber(t *testing.T) {
	t.Parallel()
	source := healthyFleet()
	source.targets = 12
	story(t, setup{source: source}, func(c *console) {
		c.pass(time.Second)
		c.press("2", "t", "enter")
		c.pass(3 * time.Second)
		c.press("y", "enter")
		c.sees("type 12 and enter to start")
		c.press("backspace")
		c.write("12")
		c.press("enter")
		c.pass(time.Second)
		if len(source.applied) != 1 {
			t.Fatal("the typed number did not start the change")
		}
	})
}

// What a plan says of itself never pushes its question off the screen: it loses lines of the long commands, and then targets.
func TestAPlanOfManyTargetsKeepsItsQuestion(t *testing.T) {
	t.Parallel()
	source := healthyFleet()
	source.targets = 95
	source.shape = func(p *action.Plan, _ Request) {
		ids := strings.Repeat(" chronon_join_payments__checkout__v2", 95)
		p.Undo, p.Command = "chrononctl unpause"+ids, "chrononctl pause"+ids
		p.Effects = []string{"The scheduler makes no new runs and starts no further task; tasks at work go on to their end.", "Streaming jobs go on, and nobody restarts them."}
	}
	for _, size := range []struct{ width, height int }{{60, 16}, {80, 24}, {120, 40}, {200, 60}} {
		story(t, setup{source: source, width: size.width, height: size.height}, func(c *console) {
			c.pass(time.Second)
			c.press("2", "p")
			c.pass(2 * time.Second)
			c.sees(" more", "undo", "chrononctl unpause", "as a command", "type 95 and enter to start")
		})
	}
}

func TestADayThatIsNoneIsRefusedBeforePlanning(t *testing.T) {
	t.Parallel()
	story(t, setup{}, func(c *console) {
		c.pass(time.Second)
		c.press("2", "t", "backspace", "enter")
		c.sees("a day looks like 2026-11-22")
		if slices.ContainsFunc(c.source.questions(), func(q string) bool { return strings.HasPrefix(q, "plan") }) {
			t.Fatal("it was planned all the same")
		}
	})
}

func TestEscapeAndCtrlCChangeNothing(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"esc", "ctrl+c"} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			story(t, setup{}, func(c *console) {
				c.pass(time.Second)
				c.press("2", "t", "enter")
				c.pass(3 * time.Second)
				c.sees("y start")
				c.press(key)
				c.pass(time.Second)
				if len(c.source.applied) != 0 {
					t.Fatal("something was changed")
				}
			})
		})
	}
}

func TestAReadOnlyConsoleHasNoKeyThatChanges(t *testing.T) {
	t.Parallel()
	story(t, setup{options: Options{ReadOnly: true}}, func(c *console) {
		c.pass(time.Second)
		c.press("2")
		c.sees("READ-ONLY")
		c.seesNot("trigger", "pause ")
		c.press("t", "p", "y", "enter")
		c.pass(time.Second)
		c.press("t", "?")
		c.seesNot("trigger", "unpause", "run a day")
		for _, q := range c.source.questions() {
			if strings.HasPrefix(q, "plan") || strings.HasPrefix(q, "apply") {
				t.Fatalf("a read-only console asked to %s", q)
			}
		}
	})
}

func TestALogFollowsAndAppendsEachPartOnce(t *testing.T) {
	t.Parallel()
	source := troubledFleet()
	source.log = logLines()
	story(t, setup{source: source}, func(c *console) {
		c.pass(time.Second)
		c.press("2", "down", "enter", "l")
		c.pass(time.Second)
		c.sees("9 of 9 lines", "following")
		source.change(func(f *fakeSource) { f.log = append(f.log, fleet.LogLine{Text: "[2/3] a new line"}) })
		c.pass(3 * time.Second)
		c.sees("[2/3] a new line", "10 of 10 lines")
		c.pass(time.Minute)
		c.sees("10 of 10 lines")
		source.change(func(f *fakeSource) { f.logDone = true })
		c.pass(3 * time.Second)
		source.questions()
		c.pass(time.Minute)
		c.sees("complete")
		if slices.ContainsFunc(source.questions(), func(q string) bool { return strings.HasPrefix(q, "log") }) {
			t.Error("a complete log is still asked for")
		}
	})
}

func TestALogIsSearched(t *testing.T) {
	t.Parallel()
	source := troubledFleet()
	source.log = logLines()
	story(t, setup{source: source}, func(c *console) {
		c.pass(time.Second)
		c.press("2", "down", "enter", "l")
		c.pass(time.Second)
		c.press("/")
		c.write("AMT_v2")
		c.press("enter")
		c.sees("/amt_v2  in 1 line")
		c.press("esc")
		c.seesNot("/amt_v2")
		c.sees("upload__card_stats_v4 log")
	})
}

func TestOnlyWhatIsVisibleIsAskedFor(t *testing.T) {
	t.Parallel()
	story(t, setup{}, func(c *console) {
		c.pass(time.Second)
		c.press("2", "enter")
		c.pass(time.Second)
		c.source.questions()
		c.press("esc", "esc")
		c.pass(30 * time.Second)
		for _, q := range c.source.questions() {
			if q != "observe" && q != "explain" {
				t.Errorf("the fleet asked for %q", q)
			}
		}
	})
}

func TestALoadIsCancelledWhenItsScreenLeaves(t *testing.T) {
	t.Parallel()
	source := healthyFleet()
	story(t, setup{source: source}, func(c *console) {
		c.pass(time.Second)
		source.change(func(f *fakeSource) { f.latency = 20 * time.Second })
		c.press("2", "enter")
		c.pass(time.Second)
		c.press("esc")
		c.pass(time.Second)
		if !slices.Contains(source.questions(), "cancelled runs chronon_batch_dag_core") {
			t.Error("the runs are still being read")
		}
	})
}

func TestPassingRunsDoesNotAskForTheirTasks(t *testing.T) {
	t.Parallel()
	story(t, setup{}, func(c *console) {
		c.pass(time.Second)
		c.press("2", "enter")
		c.pass(time.Second)
		c.source.questions()
		c.press("down", "down")
		c.pass(400 * time.Millisecond)
		asked := c.source.questions()
		if slices.Contains(asked, "tasks scheduled__1999-12-30T00:00:00+00:00") {
			t.Error("the tasks of a run that was only passed were asked for")
		}
		if !slices.Contains(asked, "tasks scheduled__1999-12-29T00:00:00+00:00") {
			t.Errorf("the tasks of the run where the cursor stayed were not asked for: %v", asked)
		}
	})
}

func TestPollingSlowsWhileAnotherWindowHasTheKeyboard(t *testing.T) {
	t.Parallel()
	story(t, setup{}, func(c *console) {
		c.pass(time.Second)
		c.source.questions()
		c.pass(time.Minute)
		focused := len(c.source.questions())
		c.program.Send(tea.BlurMsg{})
		c.pass(time.Minute)
		blurred := len(c.source.questions())
		if focused < 20 || blurred < 2 || blurred > 6 {
			t.Errorf("asked %d times a minute with the keyboard and %d times without", focused, blurred)
		}
		c.pass(3 * time.Second)
		if behind := time.Since(c.root.here); behind < heartbeat {
			t.Errorf("without the keyboard frames are drawn as often as with it: the last %v ago", behind)
		}
		c.program.Send(tea.FocusMsg{})
		c.pass(time.Millisecond)
		if behind := time.Since(c.root.here); behind > heartbeat {
			t.Errorf("what is shown is %v old when the reader comes back", behind)
		}
	})
}

func TestAnAnswerToAnOlderQuestionIsDropped(t *testing.T) {
	t.Parallel()
	s := newStore()
	q := query{topic: topicSnapshot}
	old := s.begin(q, func() {})
	newest := s.begin(q, func() {})
	if s.apply(loaded{query: q, gen: old, at: epoch, value: 1}) {
		t.Error("the answer to the older question was taken")
	}
	if !s.apply(loaded{query: q, gen: newest, at: epoch, value: 2}) {
		t.Error("the answer to the newest question was dropped")
	}
	if s.apply(loaded{query: q, gen: newest, at: epoch, value: 3}) {
		t.Error("an answer was taken twice")
	}
	if v, _ := value[int](s, q); v != 2 {
		t.Errorf("the store has %d", v)
	}
}

func TestCausesOpenWhatTheyAreAbout(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		find string
		want []string
	}{
		"a failed task":           {"upload", []string{"batch_dag_payments upload__card_stats_v4 failed", "What it explains"}},
		"a restarted stream":      {"card_stream", []string{"Streaming", "no application of that name was running"}},
		"a feature over budget":   {"amount_sum", []string{"Consistency", "▲ over budget", "4.75 %"}},
		"a file with no import":   {"join_ads", []string{"ImportError: cannot import name 'x'"}},
		"a part that is not read": {"504", []string{"504 gateway timeout"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			story(t, setup{source: troubledFleet()}, func(c *console) {
				c.pass(time.Second)
				c.press("tab", "/")
				c.write(tc.find)
				c.press("enter", "enter")
				c.pass(time.Second)
				c.sees("Fleet ›")
				c.sees(tc.want...)
				c.press("esc")
				c.sees("Causes")
			})
		})
	}
}

func TestMouseSelectsAndScrolls(t *testing.T) {
	t.Parallel()
	story(t, setup{}, func(c *console) {
		c.pass(time.Second)
		c.program.Send(tea.MouseClickMsg{X: 10, Y: bodyTop + 3, Button: tea.MouseLeft})
		c.pass(0)
		if got := c.cursorLine(); !strings.HasPrefix(got, "search") {
			t.Errorf("a click on the third row selected %q", got)
		}
		c.program.Send(tea.MouseWheelMsg{X: 10, Y: bodyTop + 3, Button: tea.MouseWheelUp})
		c.pass(0)
		if got := c.cursorLine(); !strings.HasPrefix(got, "core") {
			t.Errorf("the wheel went to %q", got)
		}
	})
}

// TestHostileTextCannotReachTheTerminal puts escape sequences, bidirectional marks and line breaks into every text of a picture.
func TestHostileTextCannotReachTheTerminal(t *testing.T) {
	t.Parallel()
	const evil = "a\x1b]0;title\x07b\x1b[2J\u202ec\r\nd\te\x9b31m"
	s := troubledSnapshot()
	s.Server.Version, s.Problems = evil, []fleet.Problem{{Text: evil}}
	s.Teams[0].Name, s.Teams[1].Day = evil, evil
	for i := range s.DAGs {
		d := &s.DAGs[i]
		d.ID, d.Team, d.Join, d.Hash = d.ID+evil, d.Team+evil, evil, evil
		for j := range d.Runs {
			d.Runs[j].ID, d.Runs[j].Day, d.Runs[j].Type = d.Runs[j].ID+evil, evil, evil
		}
	}
	for i := range s.Streams {
		s.Streams[i].GroupBy, s.Streams[i].App, s.Streams[i].Reason, s.Streams[i].State, s.Streams[i].Ticks = evil, evil, evil, evil, evil
	}
	s.Joins[0].Join, s.Joins[0].Reason, s.Joins[0].Day, s.Joins[0].Features[0].Name = evil, evil, evil, evil
	s.Broken[0].File, s.Broken[0].Trace = evil, evil
	source := sourceOf(s)
	source.log = []fleet.LogLine{{Level: evil, Text: evil}}
	story(t, setup{width: 200, height: 60, source: source, options: Options{}}, func(c *console) {
		c.pass(time.Second)
		for _, keys := range [][]string{
			{"1"}, {"tab"}, {"enter"}, {"esc", "2"}, {"/", "a", "enter"}, {"esc", "enter"}, {"tab"}, {"l"}, {"/", "b", "enter"}, {"3"}, {"5"}, {"4", "t"}, {"enter"},
		} {
			c.press(keys...)
			c.pass(2 * time.Second)
			frame := sgr.ReplaceAllString(c.styled(), "")
			if i := strings.IndexFunc(frame, func(r rune) bool { return r < ' ' && r != '\n' || r >= 0x7f && r <= 0x9f || r == '\u202e' }); i >= 0 {
				t.Fatalf("after %v: %q", keys, frame[max(0, i-40):min(len(frame), i+20)])
			}
			if n := strings.Count(frame, "\n"); n != 59 {
				t.Fatalf("after %v the frame has %d lines", keys, n+1)
			}
		}
	})
}
