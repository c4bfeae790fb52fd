package tui

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestEveryKeyDoesWhatItSays presses each key that the foot line or the help lists, on every screen where there is nothing, nothing yet, and much, and in
// the states that only one screen has, in every part of it that can have the keyboard. No key panics or spoils the frame; one that does nothing now says why, and one in the foot line does something.
func TestEveryKeyDoesWhatItSays(t *testing.T) {
	t.Parallel()
	for _, v := range slices.Concat(fleetViews(), dagViews(), deployViews()) {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			for _, m := range v.scenes() {
				if m.then == nil && m.set == nil && !slices.Contains([]condition{empty, loading, failures}, m.of) {
					continue
				}
				t.Run(m.name, func(t *testing.T) {
					v.stage(t, m, func(c *console) { walk{c}.screen() })
				})
			}
		})
	}
}

// walk presses keys.
type walk struct{ *console }

// parts is how many parts of a screen can have the keyboard at most.
const parts = 3

// screen walks through the keys of each part.
func (w walk) screen() {
	w.t.Helper()
	w.home(w.place())
	for range parts {
		w.keys()
		if _, more := find(w.root.bindings(), "tab"); !more {
			return
		}
		w.press("tab")
		w.fits("tab")
	}
}

// away are the keys that leave the screen for good: what they open has frames, and keys, of its own.
func away(b binding) bool {
	return b.section == sectionConsole && slices.Contains([]string{"esc", "q", "1", "2", "3", "4", "5", "6", "7"}, b.keys[0])
}

// keys presses each key of the table that is live, as long as it is: one may take another away.
func (w walk) keys() {
	w.t.Helper()
	for _, listed := range w.root.bindings() {
		b, live := find(w.root.bindings(), listed.keys[0])
		if !live || away(b) {
			continue
		}
		w.key(b)
	}
}

// key presses one key, looks at what comes of it, and goes back.
func (w walk) key(b binding) {
	w.t.Helper()
	from, before, why := w.place(), w.styled(), b.why()
	w.source.questions()
	w.press(b.keys[0])
	w.fits(b.keys[0])
	note := w.root.note.text
	w.pass(10 * time.Millisecond) // what it asked for has come
	w.fits(b.keys[0])
	switch {
	case why != "" && w.place() != from:
		w.t.Errorf("%s is disabled (%s), and opens something", b.keys[0], why)
	case why != "" && note != why:
		w.t.Errorf("%s is disabled: it says %q instead of %q", b.keys[0], note, why)
	case why == "" && !b.quiet && b.section != sectionMove && // which may be at the end already
		w.styled() == before && len(w.source.questions()) == 0:
		w.t.Errorf("%s (%s) is in the foot line and does nothing:\n%s", b.keys[0], b.verb, w.plain())
	}
	w.home(from)
}

// place is where the reader is: the visible screen, and what lies over it.
type place struct {
	top    screen
	dialog dialog
	prompt *prompt
}

func (w walk) place() place { return place{w.root.top(), w.root.dialog, w.root.prompt} }

// home goes back to a place, without what lay over it.
func (w walk) home(to place) {
	w.t.Helper()
	for range 6 {
		if w.place() == (place{top: to.top}) {
			return
		}
		w.pass(time.Second) // a dialog that opened by itself takes no key at first
		w.press("esc")
		w.fits("esc")
	}
	w.t.Fatalf("there is no way back:\n%s", w.plain())
}

// fits holds that the frame has the size of the terminal.
func (w walk) fits(key string) {
	w.t.Helper()
	lines := strings.Split(w.styled(), "\n")
	if len(lines) != w.root.height || widest(lines) > w.root.width {
		w.t.Errorf("after %s the frame has %d lines of up to %d columns:\n%s", key, len(lines), widest(lines), w.plain())
	}
}
