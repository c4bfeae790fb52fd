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

import (
	"strings"

	"chrononctl/tui/paint"
)

// DefaultLimit is how many lines are kept when the limit is not set.
const DefaultLimit = 200_000

// lineBytes is how long the lines may be on average before fewer than the limit are kept: twice as long as those of Spark. So what a pane holds has a bound,
// whatever a job writes: 64 MB where the limit is not set.
const lineBytes = 320

// # Levels
//
// A line may have a level, a number whose meaning is the caller's. Lines below a level can be hidden. A line that does not know its own level
// has that of the line before it, so that a trace stays with its error.

// Look is how a pane is drawn.
type Look struct {
	Match   paint.Style // a place where the search text was found
	Current paint.Style // the one that the reader is at
	Stamp   paint.Style // the time of a line
	Levels  []Mark      // the sign before a line, by its level
	Tail    string      // stands where an unwrapped line goes on
}

// Mark is a sign of one column.
type Mark struct {
	Text  string
	Style paint.Style
}

// Pane is the widget. Make it with [New].
type Pane struct {
	clean func(string) string
	limit int

	lines   []line
	bytes   int   // of their texts
	dropped int   // lines that have left
	least   uint8 // level of the quietest lines that are shown; 0: all
	loud    []int // numbers, dropped + index, of the lines that are shown while quiet ones are hidden
	hushed  int   // shown lines that have left since

	top    int // place of the line at the top of the screen, among those that are shown; see first
	row    int // row of that line, when it is wrapped
	left   int // first column shown, when it is not
	wrap   bool
	follow bool
	stamps bool
	signs  bool

	width, height int

	query   string // lower case
	matches int    // shown lines that hold it
	current int    // place of the line where the reader is in the search, or -1
}

// New returns an empty pane that follows the end. The clean function makes one line harmless; limit 0 is [DefaultLimit].
func New(clean func(string) string, limit int) *Pane {
	if limit <= 0 {
		limit = DefaultLimit
	}
	return &Pane{clean: clean, limit: limit, wrap: true, follow: true, current: -1}
}

// Append adds texts at the end. One that holds line breaks becomes several lines.
func (p *Pane) Append(texts ...string) {
	for _, text := range texts {
		for part := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
			p.add(parseLine(Line{Text: part}, p.clean))
		}
	}
	p.appended()
}

// AppendLines adds lines at the end.
func (p *Pane) AppendLines(lines ...Line) {
	for _, l := range lines {
		p.add(parseLine(l, p.clean))
	}
	p.appended()
}

// ReplaceLast puts a line in place of the last one, which was not complete.
func (p *Pane) ReplaceLast(l Line) {
	if n := len(p.lines); n > 0 {
		if p.shown(p.lines[n-1]) {
			p.uncount(p.lines[n-1])
			if p.least > 0 {
				p.loud = p.loud[:len(p.loud)-1]
			}
		}
		p.bytes -= len(p.lines[n-1].text)
		p.lines = p.lines[:n-1]
	}
	p.AppendLines(l)
}

func (p *Pane) add(l line) {
	if n := len(p.lines); l.level == 0 && n > 0 {
		l.level = p.lines[n-1].level
	}
	p.lines = append(p.lines, l)
	p.bytes += len(l.text)
	if !p.shown(l) {
		return
	}
	if p.least > 0 {
		p.loud = append(p.loud, p.dropped+len(p.lines)-1)
	}
	if p.query != "" && l.index(p.query, 0) >= 0 {
		p.matches++
	}
}

func (p *Pane) appended() {
	p.drop()
	if p.follow {
		p.toEnd()
	}
}

// shown tells whether a line is loud enough.
func (p *Pane) shown(l line) bool { return l.level >= p.least }

// uncount takes a line that leaves out of what was found.
func (p *Pane) uncount(l line) {
	if p.query != "" && l.index(p.query, 0) >= 0 {
		p.matches--
	}
}

// first is the place of the oldest line that is shown, end the one after the newest. Places are counted from the first line that ever was shown,
// and stay when lines leave.
func (p *Pane) first() int {
	if p.least > 0 {
		return p.hushed
	}
	return p.dropped
}

func (p *Pane) end() int {
	if p.least > 0 {
		return p.hushed + len(p.loud)
	}
	return p.dropped + len(p.lines)
}

// line returns the line at a place.
func (p *Pane) line(n int) line {
	if p.least > 0 {
		return p.lines[p.loud[n-p.hushed]-p.dropped]
	}
	return p.lines[n-p.dropped]
}

// Reset forgets all lines; search, wrap and follow stay.
func (p *Pane) Reset() {
	p.bytes = 0
	p.lines, p.dropped, p.top, p.row, p.matches, p.current = nil, 0, 0, 0, 0, -1
	p.loud, p.hushed = nil, 0
}

// tooMany is how many of the oldest lines have to go: none, or an eighth of the limit at a time, so that the cost of moving the rest is shared by many
// appends.
func (p *Pane) tooMany() (n int) {
	if len(p.lines) > p.limit+p.limit/8 {
		n = len(p.lines) - p.limit
	}
	room := p.limit * lineBytes
	if p.bytes <= room+room/8 {
		return n
	}
	left := p.bytes
	for i, l := range p.lines[:len(p.lines)-1] {
		if left <= room && i >= n {
			return i
		}
		left -= len(l.text)
	}
	return len(p.lines) - 1
}

// drop lets the oldest lines go where there are too many.
func (p *Pane) drop() {
	n := p.tooMany()
	if n == 0 {
		return
	}
	for _, l := range p.lines[:n] {
		p.bytes -= len(l.text)
		if p.shown(l) {
			p.uncount(l)
		}
	}
	p.lines = append(make([]line, 0, len(p.lines)-n+p.limit/8), p.lines[n:]...)
	p.dropped += n
	gone := 0
	for gone < len(p.loud) && p.loud[gone] < p.dropped {
		gone++
	}
	p.loud, p.hushed = append([]int(nil), p.loud[gone:]...), p.hushed+gone
	if p.top < p.first() {
		p.top, p.row = p.first(), 0
	}
	if p.current < p.first() {
		p.current = -1
	}
}

// SetLeast hides the lines that are quieter than that level; 0 hides none. The line at the top stays there, or the next one that is shown.
func (p *Pane) SetLeast(level uint8) {
	if level == p.least {
		return
	}
	top := 0 // number of the line at the top
	switch {
	case p.top >= p.end():
	case p.least > 0:
		top = p.loud[p.top-p.hushed]
	default:
		top = p.top
	}
	p.least, p.loud, p.hushed = level, nil, 0
	p.top, p.row, p.current, p.matches = p.dropped, 0, -1, 0
	if p.least > 0 {
		p.top = 0
	}
	for i, l := range p.lines {
		if !p.shown(l) {
			continue
		}
		if p.least > 0 {
			p.loud = append(p.loud, p.dropped+i)
		}
		if p.dropped+i < top {
			p.top++
		}
		if p.query != "" && l.index(p.query, 0) >= 0 {
			p.matches++
		}
	}
	p.top = max(p.first(), min(p.top, p.end()-1))
	if p.follow {
		p.toEnd()
	}
}

// Least is the level of the quietest lines that are shown.
func (p *Pane) Least() uint8 { return p.least }

// SetStamps draws the time of each line in front of it.
func (p *Pane) SetStamps(on bool) {
	p.stamps, p.row = on, 0
	if p.follow {
		p.toEnd()
	}
}

// SetSigns leaves room for a sign before each line, which tells its level.
func (p *Pane) SetSigns(on bool) { p.signs = on }

// Stamps tells whether times are drawn.
func (p *Pane) Stamps() bool { return p.stamps }

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

// Text returns the plain text of all lines that are shown, in order.
func (p *Pane) Text() []string {
	out := make([]string, 0, p.end()-p.first())
	for n := p.first(); n < p.end(); n++ {
		out = append(out, p.line(n).text)
	}
	return out
}

// Visible returns the plain text of the lines on the screen, whole.
func (p *Pane) Visible() []string {
	var out []string
	room := p.height + p.row
	for n := p.top; n < p.end() && room > 0; n++ {
		room -= p.height1(n)
		out = append(out, p.line(n).text)
	}
	return out
}
