package tui

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"chrononctl/internal/fleet"

	tea "charm.land/bubbletea/v2"
)

// large is a console at 200×60 over that many rows of every kind: teams, DAGs, streams, joins with a calendar of six weeks, comparisons, causes, of which
// the first explains as many failures, and tasks of one run. It is not run: messages are handed to it directly. Then keys are pressed.
func large(tb testing.TB, rows int, keys ...string) *root {
	tb.Helper()
	snap := healthySnapshot()
	days := calendarDays(lastDays("1999-12-31", shownDays))
	causes := []fleet.Cause{{ID: "first", Title: "a partition is missing", Health: fleet.Failed}}
	for i := range rows {
		team, name := fmt.Sprintf("team_%03d", i%100), fmt.Sprintf("features_%05d.v1", i)
		dag := fmt.Sprintf("chronon_join_%s__features_%05d", team, i)
		o := fleet.Output{Team: team, Conf: team + "." + name, DAGID: dag, TaskID: "join", Landed: "1999-12-30", Wanted: "1999-12-31", State: fleet.OutputRunning, Health: fleet.Running}
		snap.Outputs = append(snap.Outputs, o)
		snap.Teams = append(snap.Teams, fleet.Team{Name: fmt.Sprintf("team_%05d", i), Cells: snap.Teams[i%3].Cells})
		snap.DAGs = append(snap.DAGs, makeDAG(dag, "join", team, o.Conf, fleet.Health(1+i%10)))
		snap.Streams = append(snap.Streams, fleet.Stream{Team: team, GroupBy: o.Conf, DAGID: dag, Health: fleet.Failed, State: "down", Ticks: "aaaxx"})
		snap.Joins = append(snap.Joins, fleet.Comparison{Team: team, Join: o.Conf, DAGID: dag, Health: fleet.Breach, State: "breach", Over: 1, Total: 9})
		snap.Calendars = append(snap.Calendars, fleet.Calendar{Team: team, Join: o.Conf, DAGID: dag, Days: days, Output: o})
		effect := fleet.Effect{Team: team, DAGID: dag, RunID: "r", TaskID: "t", Health: fleet.Waiting}
		causes[0].Explains = append(causes[0].Explains, effect)
		causes = append(causes, fleet.Cause{ID: fmt.Sprint(i), Title: "a task is failed", Health: fleet.Failed, Explains: []fleet.Effect{effect}})
	}
	source := sourceOf(snap)
	r := newRoot(tb.Context(), Options{Source: source, Changes: source})
	r.Update(tea.WindowSizeMsg{Width: 200, Height: 60})
	answer(r, query{topic: topicSnapshot}, source.snap)
	answer(r, query{topic: topicExplanation}, explained{Explanation: fleet.Explanation{Causes: causes}})
	run := source.snap.DAGs[0].Runs[0]
	tasks := make([]fleet.Task, rows)
	for i := range tasks {
		tasks[i] = fleet.Task{DAGID: run.DAGID, RunID: run.ID, ID: "part", MapIndex: i, State: "success", Health: fleet.OK, Try: 1, Start: run.Start, End: run.End}
	}
	answer(r, query{topic: topicTasks, dag: run.DAGID, run: run.ID}, tasks)
	open(r, keys...)
	return r
}

// open presses keys, from the first home on.
func open(r *root, keys ...string) {
	r.home(0)
	r.homes[0].screen.(*fleetScreen).focus = 0
	for _, k := range keys {
		r.Update(keyPress(k))
		r.View()
	}
}

// lists are the tables of the console, and the keys that open them.
var lists = []struct {
	name string
	keys []string
}{
	{"teams", []string{"1"}}, {"causes", []string{"1", "tab"}}, {"effects", []string{"1", "tab", "enter"}}, {"DAGs", []string{"2"}}, {"streams", []string{"3"}},
	{"joins", []string{"4"}}, {"comparisons", []string{"5"}}, {"tasks", []string{"2", "enter", "tab"}},
}

// moves are keys that move the cursor, down in all.
var moves = []string{"down", "down", "pgdown", "up"}

// TestAFrameCostsWhatItShows holds that the time from a key to its frame does not grow with the rows that are not shown, be they marked. It compares
// ten times as many rows with fewer, by the quickest of many frames, because other tests run beside it.
func TestAFrameCostsWhatItShows(t *testing.T) {
	t.Parallel()
	const fewer, more = 200, 2_000
	few, many := large(t, fewer), large(t, more)
	for _, list := range lists {
		for _, marked := range []bool{false, true} {
			keys := slices.Clone(list.keys)
			if marked {
				keys = append(keys, "*")
			}
			open(few, keys...)
			open(many, keys...)
			a, b := time.Hour, time.Hour
			for tries := 0; tries < 20 || b > 2*a && tries < 400; tries++ {
				a, b = min(a, keyToFrame(few, tries)), min(b, keyToFrame(many, tries))
			}
			t.Logf("%s, marked %v: %v with %d rows, %v with %d", list.name, marked, a, fewer, b, more)
			if b > 2*a {
				t.Errorf("%s, marked %v: a frame takes %v with %d rows, and %v with %d", list.name, marked, a, fewer, b, more)
			}
		}
	}
}

// keyToFrame presses one of the moves, and takes the time until its frame is there.
func keyToFrame(r *root, n int) time.Duration {
	start := time.Now()
	r.Update(keyPress(moves[n%len(moves)]))
	r.View()
	return time.Since(start)
}

// keysToFrames presses keys in turn, each followed by its frame, and reports the time that 99 of 100 stay below.
func keysToFrames(b *testing.B, r *root, keys ...string) {
	b.Helper()
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		r.Update(keyPress(keys[len(took)%len(keys)]))
		r.View()
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "longest-ms")
}

// Budget: 16 ms from key to frame for 99 of 100 on every list, and the same for 1,000 as for 10,000 rows, be all of them marked.
func BenchmarkKeyToFrame(b *testing.B) {
	for _, list := range lists {
		for _, n := range []int{1_000, 10_000} {
			b.Run(fmt.Sprintf("%s/%d", list.name, n), func(b *testing.B) { keysToFrames(b, large(b, n, list.keys...), moves...) })
			b.Run(fmt.Sprintf("%s/%d marked", list.name, n), func(b *testing.B) {
				keysToFrames(b, large(b, n, append(slices.Clone(list.keys), "*")...), moves...)
			})
		}
	}
}

// Budget: 30 ms for a letter of a filter over 10,000 rows of every list, whether it leaves few of them or many.
func BenchmarkFilterKeyToFrame(b *testing.B) {
	for _, list := range lists {
		b.Run(list.name, func(b *testing.B) {
			keysToFrames(b, large(b, 10_000, append(slices.Clone(list.keys), "/")...), "0", "9", "backspace", "backspace")
		})
	}
}

// Budget: 1 ms for a heartbeat of a console that nobody touches, with 3,000 rows of every list: a tenth of a percent of a core.
func BenchmarkHeartbeatToFrame(b *testing.B) {
	for _, list := range lists {
		b.Run(list.name, func(b *testing.B) {
			r := large(b, 3_000, list.keys...)
			at := r.here
			b.ReportAllocs()
			for b.Loop() {
				at = at.Add(heartbeat)
				r.Update(tickMsg{at: at})
				r.View()
			}
		})
	}
}

// Budget: the same inside a join, whatever other joins there are.
func BenchmarkJoinKeyToFrame(b *testing.B) {
	r := large(b, 10_000, "4")
	r.Update(keyPress("enter"))
	keysToFrames(b, r, "up", "left", "right", "down")
}

// Budget: 100 ms for a whole new picture of 10,000 rows, with the list that shows them.
func BenchmarkRefreshToFrame(b *testing.B) {
	for _, list := range lists {
		b.Run(list.name, func(b *testing.B) {
			r := large(b, 10_000, list.keys...)
			snap, _ := r.snapshot()
			for b.Loop() {
				answer(r, query{topic: topicSnapshot}, snap)
				r.View()
			}
		})
	}
}

// Budget: 4 ms for a log of 200,000 lines that is followed.
func BenchmarkLogPartToFrame(b *testing.B) {
	r := newRoot(b.Context(), Options{Source: healthyFleet()})
	r.Update(tea.WindowSizeMsg{Width: 200, Height: 60})
	l := newLogScreen(r.shell, fleet.Task{DAGID: "d", RunID: "r", ID: "t", MapIndex: -1, Try: 1, Health: fleet.Running})
	r.push(l)
	line := fleet.LogLine{Time: epoch, Level: "info", Text: "[2026-11-23 03:07:04] {Join} 610 - Computing join for range: [2026-11-16...2026-11-19]  | [1/1]"}
	give := func(lines int) {
		q := l.query()
		r.Update(loaded{query: q, gen: r.store.begin(q, func() {}), at: epoch,
			value: fleet.LogPart{Lines: slices.Repeat([]fleet.LogLine{line}, lines), Next: l.from + lines}})
	}
	give(200_000)
	for b.Loop() {
		give(20)
		r.View()
	}
}
