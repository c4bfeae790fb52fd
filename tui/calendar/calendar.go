// Package calendar draws days as weeks: a line a week, a cell a day, as many months as there is room for side by side. One day is selected; a
// range of days can be marked from there.
//
// It knows nothing of what the days are: the caller gives each a mark. Days are dates, without a time zone.
package calendar

import (
	"strings"
	"time"

	"chrononctl/tui/paint"
)

// Cell is how a day is drawn.
type Cell struct {
	Mark  string // one column
	Style paint.Style
}

// Look is how a calendar is drawn.
type Look struct {
	Head     paint.Style // names of weekdays
	Label    paint.Style // of weeks
	Selected paint.Style // laid under the selected day
	Range    paint.Style // laid under marked days
	Left     string      // before the selected day, one column
	Right    string      // after it
}

// Calendar is the widget. The zero value has no days.
type Calendar struct {
	cells []Cell    // by day, from the first; those that were not given are blank
	first time.Time // Monday of the first week
	last  time.Time // the last day
	day   time.Time // selected
	from  time.Time // other end of the marked range; zero: none
	top   int       // first week on the screen

	width, height int
}

const (
	labelWidth = 7
	cellWidth  = 3
	blockWidth = labelWidth - 1 + 7*cellWidth
	blockGap   = 3
	week       = 7 * 24 * time.Hour
)

// SetDays replaces the days, YYYY-MM-DD, which are drawn from the first to the last of them without a gap. The selection stays; at the beginning
// it is the last day.
func (c *Calendar) SetDays(days []string, cell func(day string) Cell) {
	c.first, c.last = time.Time{}, time.Time{}
	given := make(map[time.Time]string, len(days))
	for _, d := range days {
		at, err := time.Parse(time.DateOnly, d)
		if err != nil {
			continue
		}
		given[at] = d
		if c.first.IsZero() || at.Before(c.first) {
			c.first = at
		}
		if at.After(c.last) {
			c.last = at
		}
	}
	if c.last.IsZero() {
		c.day, c.from = time.Time{}, time.Time{}
		return
	}
	c.first = monday(c.first)
	c.cells = make([]Cell, c.index(c.last)+1)
	for i := range c.cells {
		c.cells[i].Mark = " "
	}
	for at, d := range given {
		c.cells[c.index(at)] = cell(d)
	}
	if c.day.IsZero() {
		c.day = c.last
	}
	c.day = c.within(c.day)
	c.scroll()
}

// index is the place of a day, counted from the first.
func (c *Calendar) index(day time.Time) int { return int(day.Sub(c.first) / (24 * time.Hour)) }

func monday(at time.Time) time.Time { return at.AddDate(0, 0, -(int(at.Weekday())+6)%7) }

func (c *Calendar) within(day time.Time) time.Time {
	switch {
	case day.Before(c.first):
		return c.first
	case day.After(c.last):
		return c.last
	}
	return day
}

// SetSize sets columns and lines, one of which is the header.
func (c *Calendar) SetSize(width, height int) {
	c.width, c.height = width, height
	c.scroll()
}

// Weeks is how many lines the days take, without the header, when they stand in one block.
func (c *Calendar) Weeks() int {
	if c.last.IsZero() {
		return 0
	}
	return int(c.last.Sub(c.first)/week) + 1
}

// Selected returns the selected day, YYYY-MM-DD; empty when there are no days.
func (c *Calendar) Selected() string { return format(c.day) }

// Select selects a day, YYYY-MM-DD.
func (c *Calendar) Select(day string) {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil || c.last.IsZero() {
		return
	}
	c.day = c.within(at)
	c.scroll()
}

// Move moves the selection by that many days, seven for a week.
func (c *Calendar) Move(days int) {
	if c.last.IsZero() {
		return
	}
	c.day = c.within(c.day.AddDate(0, 0, days))
	c.scroll()
}

// Mark begins a range at the selected day, or takes the range back.
func (c *Calendar) Mark() {
	if c.from.IsZero() {
		c.from = c.day
		return
	}
	c.from = time.Time{}
}

// Range is the marked range, or the selected day alone, as YYYY-MM-DD; both are empty when there are no days.
func (c *Calendar) Range() (from, to string) {
	if c.from.IsZero() {
		return format(c.day), format(c.day)
	}
	if c.day.Before(c.from) {
		return format(c.day), format(c.from)
	}
	return format(c.from), format(c.day)
}

// Marked tells whether a range was begun.
func (c *Calendar) Marked() bool { return !c.from.IsZero() }

// Click selects the day at a column and a line of the view, and tells whether there is one.
func (c *Calendar) Click(x, y int) bool {
	block, in := x/(blockWidth+blockGap), x%(blockWidth+blockGap)
	row := y - 1
	if row < 0 || row >= c.rows() || in < labelWidth-1 || in >= blockWidth || block >= c.blocks() {
		return false
	}
	at := c.first.AddDate(0, 0, 7*(c.top+block*c.rows()+row)+(in-labelWidth+1)/cellWidth)
	if at.After(c.last) {
		return false
	}
	c.day = at
	return true
}

// rows is how many weeks stand below one another, blocks how many such columns there are.
func (c *Calendar) rows() int { return max(1, c.height-1) }

func (c *Calendar) blocks() int { return max(1, (c.width+blockGap)/(blockWidth+blockGap)) }

// scroll keeps the selected week on the screen, the newest at the end.
func (c *Calendar) scroll() {
	if c.last.IsZero() {
		return
	}
	room, at := c.rows()*c.blocks(), int(c.day.Sub(c.first)/week)
	if at < c.top {
		c.top = at
	}
	if at >= c.top+room {
		c.top = at - room + 1
	}
	c.top = max(0, min(c.top, c.Weeks()-room))
}

// View draws the weeks on the screen.
func (c *Calendar) View(look Look) []string {
	if c.last.IsZero() || c.width < blockWidth || c.height < 2 {
		return nil
	}
	rows := min(c.rows(), c.Weeks()-c.top)
	out := make([]string, rows+1)
	for block := range c.blocks() {
		from := c.top + block*c.rows()
		if from >= c.Weeks() {
			break
		}
		c.block(out, look, block, from)
	}
	return out
}

// block appends one column of weeks to the lines.
func (c *Calendar) block(out []string, look Look, block, from int) {
	lead := paint.Spaces(blockGap)
	if block == 0 {
		lead = ""
	}
	out[0] = paint.Pad(out[0], block*(blockWidth+blockGap)-len(lead)) + lead + look.Head.Render(paint.Spaces(labelWidth)+"Mo Tu We Th Fr Sa Su")
	marked := c.marked()
	var b strings.Builder
	for row := 1; row < len(out) && from+row <= c.Weeks(); row++ {
		b.Reset()
		b.WriteString(out[row])
		b.WriteString(lead)
		c.week(&b, look, from+row-1, marked)
		out[row] = b.String()
	}
}

// week draws a week: before each day a blank, the day, and after it a blank. The selected day has signs in their places.
func (c *Calendar) week(b *strings.Builder, look Look, week int, marked span) {
	selected := c.index(c.day)
	look.Label.Write(b, paint.Pad(c.first.AddDate(0, 0, 7*week).Format("Jan _2"), labelWidth-1))
	for day := 7 * week; day < 7*week+7; day++ {
		cell := Cell{Mark: " "}
		if day < len(c.cells) {
			cell = c.cells[day]
		}
		switch {
		case day == selected:
			look.Selected.Write(b, look.Left)
			cell.Style.On(look.Selected).Write(b, cell.Mark)
			look.Selected.Write(b, look.Right)
		case marked.from <= day && day <= marked.to:
			look.Range.Write(b, " ")
			cell.Style.On(look.Range).Write(b, cell.Mark)
			look.Range.Write(b, " ")
		default:
			b.WriteByte(' ')
			cell.Style.Write(b, cell.Mark)
			b.WriteByte(' ')
		}
	}
}

// span is a range of days by their places, both included.
type span struct{ from, to int }

// marked is the marked range; without one, none that holds a day.
func (c *Calendar) marked() span {
	if c.from.IsZero() {
		return span{0, -1}
	}
	from, to := c.index(c.from), c.index(c.day)
	return span{min(from, to), max(from, to)}
}

func format(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.Format(time.DateOnly)
}
