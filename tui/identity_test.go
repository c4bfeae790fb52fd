package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"chrononctl/dagspec"
	"chrononctl/internal/action"
	"chrononctl/internal/fleet"
	"chrononctl/tui/table"

	tea "charm.land/bubbletea/v2"
	"pgregory.net/rapid"
)

// listed is a table with rows that a key changes, whatever its rows are.
type listed struct {
	refresh func(*rapid.T)              // some rows arrive, some leave, some change
	key     string                      // plans a change of what is chosen
	target  func(action.Target) string  // the row of which a target is
	cursor  func() string               // identity
	chosen  func() (id string, ok bool) // the selected row
	rows    func() []string             // all of them, whatever the filter
	shown   func() []string
	filter  func(string) error
}

// listedOf is the table of a screen.
func listedOf[T any](tb *table.Table[T], id func(T) string, filter func(string) error) listed {
	ids := func(rows []T) []string {
		out := make([]string, len(rows))
		for i, r := range rows {
			out[i] = id(r)
		}
		return out
	}
	return listed{
		cursor: tb.Cursor, filter: filter,
		chosen: func() (string, bool) { row, ok := tb.Selected(); return id(row), ok },
		rows:   func() []string { return ids(tb.Rows()) },
		shown:  func() []string { return ids(tb.Shown()) },
	}
}

// someOf draws which of twelve objects are there, each in any state.
func someOf(t *rapid.T, add func(i int, team string, h fleet.Health)) {
	for i := range 12 {
		if drawn := rapid.IntRange(0, 54).Draw(t, "object"); drawn > 10 {
			add(i, []string{"core", "payments"}[drawn%2], fleet.Health(drawn%11))
		}
	}
}

// drawPicture is a picture of some DAGs, joins and streams.
func drawPicture(t *rapid.T) fleet.Snapshot {
	s := fleet.Snapshot{At: epoch, Server: fleet.Server{Version: "3.3.2", Health: fleet.OK}}
	someOf(t, func(i int, team string, h fleet.Health) {
		id, join := fmt.Sprintf("chronon_join_%02d", i), fmt.Sprintf("%s.j%02d.v1", team, i)
		s.DAGs = append(s.DAGs, fleet.DAG{ID: id, Kind: dagspec.KindJoin, Team: team, Join: join, Health: h})
		s.Calendars = append(s.Calendars, fleet.Calendar{Team: team, Join: fmt.Sprintf("j%02d.v1", i), DAGID: id, Health: h})
		s.Streams = append(s.Streams, fleet.Stream{Team: team, GroupBy: fmt.Sprintf("core.s%02d.v1", i), Health: h, State: h.String()})
	})
	return s
}

// drawRuns are some runs of one DAG.
func drawRuns(t *rapid.T) []fleet.Run {
	var runs []fleet.Run
	someOf(t, func(i int, _ string, h fleet.Health) {
		runs = append(runs, fleet.Run{DAGID: "d", ID: fmt.Sprintf("run_%02d", i), Day: fmt.Sprintf("1999-12-%02d", 30-i), State: h.String(), Health: h})
	})
	return runs
}

// listedScreens open a screen each.
var listedScreens = map[string]func(*root) listed{
	"DAGs": func(r *root) listed {
		r.home(1)
		s := r.top().(*dagsScreen)
		l := listedOf(s.dags, func(d fleet.DAG) string { return d.ID }, s.filter)
		l.key, l.target = "p", func(t action.Target) string { return t.DAGID }
		return l
	},
	"joins": func(r *root) listed {
		r.home(3)
		s := r.top().(*joinsScreen)
		l := listedOf(s.joins, func(j *joinRow) string {
			if j == nil {
				return ""
			}
			return j.Join
		}, s.filter)
		l.key, l.target = "p", func(t action.Target) string { return strings.Replace(t.DAGID, "chronon_join_", "j", 1) + ".v1" }
		return l
	},
	"streams": func(r *root) listed {
		r.home(2)
		s := r.top().(*streamsScreen)
		l := listedOf(s.streams, func(st fleet.Stream) string { return st.GroupBy }, s.filter)
		l.key, l.target = "R", func(t action.Target) string { return t.DAGID }
		return l
	},
	"runs": func(r *root) listed {
		s := newDAGScreen(r.shell, "d")
		r.push(s)
		l := listedOf(s.runs, func(run fleet.Run) string { return run.ID }, s.filter)
		l.key, l.target = "x", func(t action.Target) string { return t.RunID }
		l.refresh = func(t *rapid.T) { answer(r, s.runsQuery(), drawRuns(t)) }
		return l
	},
}

// answer hands an answer to a question to the console.
func answer(r *root, q query, value any) {
	r.Update(loaded{query: q, gen: r.store.begin(q, func() {}), at: epoch, value: value})
}

// TestMarksAndCursorKeepTheirIdentities refreshes, sorts, filters, moves and marks in any order. The marks are the set that the reader made, the cursor
// moves by the reader's keys alone, and a plan is made for exactly what is chosen, and shows it.
func TestMarksAndCursorKeepTheirIdentities(t *testing.T) {
	t.Parallel()
	for name, open := range listedScreens {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) { keepIdentities(t, open) })
		})
	}
}

func keepIdentities(t *rapid.T, open func(*root) listed) {
	source := &fakeSource{}
	r := newRoot(t.Context(), Options{Source: source, Changes: source})
	r.Update(tea.WindowSizeMsg{Width: 100, Height: 20})
	answer(r, query{topic: topicSnapshot}, drawPicture(t))
	l := open(r)
	if l.refresh == nil {
		l.refresh = func(t *rapid.T) { answer(r, query{topic: topicSnapshot}, drawPicture(t)) }
	}
	l.refresh(t)
	marks := map[string]bool{}
	still := func(t *rapid.T, what string, do func()) {
		before := l.cursor()
		do()
		if after := l.cursor(); before != "" && after != before {
			t.Fatalf("a %s moved the cursor from %s to %s", what, before, after)
		}
	}
	t.Repeat(map[string]func(*rapid.T){
		"refresh": func(t *rapid.T) { still(t, "refresh", func() { l.refresh(t) }) },
		"sort":    func(t *rapid.T) { still(t, "sort", func() { r.Update(keyPress("s")) }) },
		"filter": func(t *rapid.T) {
			if err := l.filter(rapid.SampledFrom([]string{"", "state:failed", "!state:ok", "0", "re:1"}).Draw(t, "filter")); err != nil {
				t.Fatal(err)
			}
		},
		"move": func(t *rapid.T) {
			r.Update(keyPress(rapid.SampledFrom([]string{"down", "up", "g", "G"}).Draw(t, "key")))
		},
		"mark": func(*rapid.T) {
			if id, ok := l.chosen(); ok {
				marks[id] = !marks[id]
			}
			r.Update(keyPress("space"))
		},
		"mark all": func(*rapid.T) {
			some := slices.ContainsFunc(l.shown(), func(id string) bool { return !marks[id] })
			for _, id := range l.shown() {
				marks[id] = some
			}
			r.Update(keyPress("*"))
		},
		"": func(t *rapid.T) { checkTargets(t, r, l, source, marks) },
	})
}

// checkTargets presses the key of a change: the plan is for the marked rows that are there, or without marks for the selected one, and for nothing else,
// and the dialog shows these.
func checkTargets(t *rapid.T, r *root, l listed, source *fakeSource, marks map[string]bool) {
	want := slices.DeleteFunc(slices.Clone(l.rows()), func(id string) bool { return !marks[id] })
	if selected, ok := l.chosen(); len(want) == 0 && ok {
		want = []string{selected}
	}
	r.Update(keyPress(l.key))
	dialog, open := r.dialog.(*planDialog)
	if !open {
		if len(want) > 0 {
			t.Fatalf("no plan for %v", want)
		}
		return
	}
	plan, err := dialog.make(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, target := range plan.Targets {
		got = append(got, l.target(target))
	}
	slices.Sort(got)
	if slices.Sort(want); !slices.Equal(got, want) {
		t.Fatalf("the plan is for %v; marked or selected are %v", got, want)
	}
	dialog.cancel()
	r.Update(plannedMsg{dialog, plan, nil})
	box := strings.Join(dialog.view(100, 40), "\n")
	for _, target := range plan.Targets {
		if !strings.Contains(box, targetText(target)) {
			t.Fatalf("the plan does not show %s:\n%s", targetText(target), box)
		}
	}
	r.Update(keyPress("esc"))
	if r.dialog != nil {
		t.Fatal("escape did not leave the plan")
	}
}
