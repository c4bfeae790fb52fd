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
	cells map[string]Cell // by day
	first time.Time       // Monday of the first week
	last  time.Time       // the last day
	day   time.Time       // selected
	from  time.Time       // other end of the marked range; zero: none
	top   int             // first week on the screen

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
	c.cells = make(map[string]Cell, len(days))
	c.first, c.last = time.Time{}, time.Time{}
	for _, d := range days {
		at, err := time.Parse(time.DateOnly, d)
		if err != nil {
			continue
		}
		c.cells[d] = cell(d)
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
	if c.day.IsZero() {
		c.day = c.last
	}
	c.day = c.within(c.day)
	c.scroll()
}

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
	for row := 1; row < len(out); row++ {
		if from+row > c.Weeks() {
			return
		}
		out[row] += lead + c.week(look, c.first.AddDate(0, 0, 7*(from+row-1)))
	}
}

// week draws a week: before each day a blank, the day, and after it a blank. The selected day has signs in their places.
func (c *Calendar) week(look Look, start time.Time) string {
	var b strings.Builder
	b.WriteString(look.Label.Render(paint.Pad(start.Format("Jan _2"), labelWidth-1)))
	for i := range 7 {
		day := start.AddDate(0, 0, i)
		cell, ok := c.cells[format(day)]
		if !ok {
			cell.Mark = " "
		}
		switch {
		case day.Equal(c.day):
			b.WriteString(look.Selected.Render(look.Left) + cell.Style.On(look.Selected).Render(cell.Mark) + look.Selected.Render(look.Right))
		case c.inRange(day):
			b.WriteString(look.Range.Render(" ") + cell.Style.On(look.Range).Render(cell.Mark) + look.Range.Render(" "))
		default:
			b.WriteString(" " + cell.Style.Render(cell.Mark) + " ")
		}
	}
	return b.String()
}

func (c *Calendar) inRange(day time.Time) bool {
	if c.from.IsZero() {
		return false
	}
	from, to := c.from, c.day
	if to.Before(from) {
		from, to = to, from
	}
	return !day.Before(from) && !day.After(to)
}

func format(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.Format(time.DateOnly)
}
