// Package logpane shows a log that may grow while it is read: it keeps the newest lines, draws the ones on the screen, follows the end,
// wraps or shifts long lines, and searches.
//
// # Cost
//
// Nothing depends on how long the log is: a line is measured only while it is on the screen, and the place of the reader is a line and a
// row within it, not a distance from the top. So an append costs its own lines, and a resize costs nothing. Only a search for a new text
// looks at all lines, once, to count.
//
// # What a line may hold
//
// Lines come from programs that the reader does not trust. Simple colours (SGR) are kept; every other escape sequence, control character
// and bidirectional mark is made harmless by the clean function that the caller gives. Tabs become spaces, and of a line that a progress
// bar has written over itself with carriage returns, only the last writing stays, as on a terminal.
package logpane

import "chrononctl/tui/paint"

// DefaultLimit is how many lines are kept when the limit is not set.
const DefaultLimit = 200_000

// Look is how a pane is drawn.
type Look struct {
	Match   paint.Style // a place where the search text was found
	Current paint.Style // the one that the reader is at
	Gone    paint.Style // the note that older lines were dropped
	Tail    string      // stands where an unwrapped line goes on
}

// Pane is the widget. Make it with [New].
type Pane struct {
	clean func(string) string
	limit int

	lines   []line
	dropped int // lines that have left; the number of a line is dropped + its index

	top    int // number of the line at the top of the screen
	row    int // row of that line, when it is wrapped
	left   int // first column shown, when it is not
	wrap   bool
	follow bool

	width, height int

	query   string // lower case
	matches int    // lines that hold it
	current int    // number of the line where the reader is in the search, or -1
}

// New returns an empty pane that follows the end. The clean function makes one line harmless; limit 0 is [DefaultLimit].
func New(clean func(string) string, limit int) *Pane {
	if limit <= 0 {
		limit = DefaultLimit
	}
	return &Pane{clean: clean, limit: limit, wrap: true, follow: true, current: -1}
}

// Append adds lines at the end. A text that holds line breaks becomes several lines.
func (p *Pane) Append(texts ...string) {
	for _, text := range texts {
		p.lines = appendLines(p.lines, text, p.clean, func(l line) {
			if p.query != "" && l.index(p.query, 0) >= 0 {
				p.matches++
			}
		})
	}
	p.drop()
	if p.follow {
		p.toEnd()
	}
}

// Reset forgets all lines; search, wrap and follow stay.
func (p *Pane) Reset() {
	p.lines, p.dropped, p.top, p.row, p.matches, p.current = nil, 0, 0, 0, 0, -1
}

// drop lets the oldest lines go, an eighth of the limit at a time, so that the cost of moving the rest is shared by many appends.
func (p *Pane) drop() {
	if len(p.lines) <= p.limit+p.limit/8 {
		return
	}
	n := len(p.lines) - p.limit
	if p.query != "" {
		for _, l := range p.lines[:n] {
			if l.index(p.query, 0) >= 0 {
				p.matches--
			}
		}
	}
	p.lines = append(make([]line, 0, p.limit+p.limit/4), p.lines[n:]...)
	p.dropped += n
	if p.top < p.dropped {
		p.top, p.row = p.dropped, 0
	}
	if p.current < p.dropped {
		p.current = -1
	}
}

// SetSize sets columns and lines.
func (p *Pane) SetSize(width, height int) {
	if width != p.width {
		p.row = 0
	}
	p.width, p.height = width, height
	if p.follow {
		p.toEnd()
	}
}

// Len returns how many lines are kept and how many were dropped before them.
func (p *Pane) Len() (kept, dropped int) { return len(p.lines), p.dropped }

// Following tells whether new lines move the screen.
func (p *Pane) Following() bool { return p.follow }

// Wrapping tells whether long lines are broken.
func (p *Pane) Wrapping() bool { return p.wrap }

// SetFollow starts or ends following; starting goes to the end.
func (p *Pane) SetFollow(on bool) {
	p.follow = on
	if on {
		p.toEnd()
	}
}

// SetWrap breaks long lines, or cuts them so that [Pane.Shift] can move along them.
func (p *Pane) SetWrap(on bool) {
	p.wrap, p.row, p.left = on, 0, 0
	if p.follow {
		p.toEnd()
	}
}

// Text returns the plain text of all kept lines, in order.
func (p *Pane) Text() []string {
	out := make([]string, len(p.lines))
	for i, l := range p.lines {
		out[i] = l.text
	}
	return out
}
