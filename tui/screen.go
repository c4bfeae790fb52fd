package tui

import (
	"context"
	"time"
)

// screen is one full-size view. Only the one on top of the path receives calls; the others wait, and catch up from the store when they come
// back. A screen keeps identities of what is selected, never row numbers.
type screen interface {
	// title is the screen's part of the path, "payments".
	title() string
	// summary says what is shown, "100 teams · 1,812 DAGs", at the end of the path's line.
	summary() string
	// needs lists what has to be loaded while the screen is visible.
	needs() []need
	// sync takes what the store has.
	sync()
	// setSize gives the room that view may fill.
	setSize(width, height int)
	// view draws at most as many lines as there is room for.
	view() []string
	// detail is one line about what is selected, for the status line; empty: none.
	detail() string
	// bindings lists the keys that work now.
	bindings() []binding
	// mouse handles a click or the wheel, in coordinates of the view.
	mouse(m mouse)
}

// mouse is a click (wheel 0) or a turn of the wheel by some lines, down for a positive number.
type mouse struct {
	x, y  int
	wheel int
}

// need is a question, and how to ask it. The query is its identity: two needs with one query have the same answer.
type need struct {
	query query
	every time.Duration // age at which the answer is asked for again; 0: the console's interval
	once  bool          // the answer will not change: do not ask again
	after time.Time     // do not ask before
	load  func(context.Context, Source) (any, error)
}
