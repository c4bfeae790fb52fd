package tui

import (
	"fmt"
	"testing"

	"chrononctl/internal/fleet"

	tea "charm.land/bubbletea/v2"
)

// largeRoot is a console at 200×60 over that many DAGs, with its data, that is not run: messages are handed to it directly.
func largeRoot(b *testing.B, dags int) *root {
	b.Helper()
	snap := healthySnapshot()
	for i := range dags {
		id := fmt.Sprintf("chronon_join_team_%03d__features_%05d", i%100, i)
		snap.DAGs = append(snap.DAGs, makeDAG(id, "join", fmt.Sprintf("team_%03d", i%100), id, fleet.Health(1+i%10)))
	}
	r := newRoot(b.Context(), Options{Source: sourceOf(snap)})
	r.Update(tea.WindowSizeMsg{Width: 200, Height: 60})
	q := query{topic: topicSnapshot}
	r.Update(loaded{query: q, gen: r.store.begin(q, func() {}), at: epoch, value: r.options.Source.(*fakeSource).snap})
	r.home(1)
	return r
}

// Budget: 4 ms from key to frame, and the same for 1,000 as for 10,000 DAGs.
func BenchmarkKeyToFrame(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := largeRoot(b, n)
			for b.Loop() {
				r.Update(keyPress("down"))
				r.View()
			}
		})
	}
}

// Budget: 30 ms for a letter of a filter over 10,000 DAGs.
func BenchmarkFilterKeyToFrame(b *testing.B) {
	r := largeRoot(b, 10_000)
	r.Update(keyPress("/"))
	for b.Loop() {
		r.Update(keyPress("9"))
		r.View()
		r.Update(keyPress("backspace"))
		r.View()
	}
}

// Budget: 100 ms for a whole new picture of 10,000 DAGs, findings and all.
func BenchmarkRefreshToFrame(b *testing.B) {
	r := largeRoot(b, 10_000)
	q := query{topic: topicSnapshot}
	snap := r.options.Source.(*fakeSource).snap
	for b.Loop() {
		r.Update(loaded{query: q, gen: r.store.begin(q, func() {}), at: epoch, value: snap})
		r.View()
	}
}
