package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"chrononctl/internal/action"
	"chrononctl/internal/fleet"

	tea "charm.land/bubbletea/v2"
	"pgregory.net/rapid"
)

// drawPicture is a picture of some of twelve DAGs, each in any state.
func drawPicture(t *rapid.T) fleet.Snapshot {
	s := fleet.Snapshot{At: epoch, Server: fleet.Server{Version: "3.3.2", Health: fleet.OK}}
	for i := range 12 {
		if rapid.IntRange(0, 4).Draw(t, "there") == 0 {
			continue
		}
		team := rapid.SampledFrom([]string{"core", "payments"}).Draw(t, "team")
		s.DAGs = append(s.DAGs, makeDAG(fmt.Sprintf("chronon_batch_dag_%02d", i), "batch", team, "", fleet.Health(rapid.IntRange(0, 10).Draw(t, "health"))))
	}
	return s
}

// TestMarksAndCursorKeepTheirIdentities refreshes, sorts, filters, moves and marks in any order. The marks are the set that the reader made, the cursor
// moves by the reader's keys alone, and a plan is made for exactly what is chosen.
func TestMarksAndCursorKeepTheirIdentities(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		source := healthyFleet()
		source.latency = 0
		r := newRoot(t.Context(), Options{Source: source, Changes: source})
		r.Update(tea.WindowSizeMsg{Width: 100, Height: 20})
		q := query{topic: topicSnapshot}
		refresh := func(s fleet.Snapshot) {
			r.Update(loaded{query: q, gen: r.store.begin(q, func() {}), at: epoch, value: s})
		}
		refresh(drawPicture(t))
		r.home(1)
		table := r.top().(*dagsScreen).dags
		marks := map[string]bool{}
		t.Repeat(map[string]func(*rapid.T){
			"refresh": func(t *rapid.T) {
				before := table.Cursor()
				refresh(drawPicture(t))
				if after := table.Cursor(); before != "" && after != before {
					t.Fatalf("a refresh moved the cursor from %s to %s", before, after)
				}
			},
			"sort": func(t *rapid.T) {
				before := table.Cursor()
				r.Update(keyPress("s"))
				if after := table.Cursor(); after != before {
					t.Fatalf("a sort moved the cursor from %s to %s", before, after)
				}
			},
			"filter": func(t *rapid.T) {
				text := rapid.SampledFrom([]string{"", "team:core", "state:failed", "!state:ok", "0", "re:1$"}).Draw(t, "filter")
				if err := r.top().(*dagsScreen).filter(text); err != nil {
					t.Fatal(err)
				}
			},
			"move": func(t *rapid.T) {
				r.Update(keyPress(rapid.SampledFrom([]string{"down", "up", "g", "G"}).Draw(t, "key")))
			},
			"mark": func(*rapid.T) {
				if d, ok := table.Selected(); ok {
					marks[d.ID] = !marks[d.ID]
				}
				table.ToggleMark()
			},
			"mark all": func(*rapid.T) {
				all := true
				for _, d := range table.Shown() {
					all = all && marks[d.ID]
				}
				for _, d := range table.Shown() {
					marks[d.ID] = !all
				}
				r.Update(keyPress("*"))
			},
			"": func(t *rapid.T) { checkTargets(t, r, source, marks) },
		})
	})
}

// checkTargets presses the key of a change: the plan names the marked DAGs that are there, or without marks the selected one, and nothing else.
func checkTargets(t *rapid.T, r *root, source *fakeSource, marks map[string]bool) {
	table := r.top().(*dagsScreen).dags
	var want []string
	for _, d := range table.Rows() {
		if marks[d.ID] {
			want = append(want, d.ID)
		}
	}
	selected, ok := table.Selected()
	if len(want) == 0 && ok {
		want = []string{selected.ID}
	}
	r.Update(keyPress("p"))
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
		got = append(got, target.DAGID)
	}
	if slices.Sort(want); !slices.Equal(slices.Sorted(slices.Values(got)), want) {
		t.Fatalf("the plan is for %v; marked or selected are %v", got, want)
	}
	dialog.cancel()
	r.Update(plannedMsg{dialog, plan, nil})
	frame := sgr.ReplaceAllString(r.View().Content, "")
	for i, target := range plan.Targets {
		if i < 3 && !strings.Contains(frame, target.DAGID) {
			t.Fatalf("the plan does not show %s:\n%s", target.DAGID, frame)
		}
	}
	if plan.Verb != action.Pause && plan.Verb != action.Unpause {
		t.Fatalf("p planned to %s", plan.Verb)
	}
	r.Update(keyPress("esc"))
	if r.dialog != nil {
		t.Fatal("escape did not leave the plan")
	}
}
