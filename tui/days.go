package tui

import (
	"slices"
	"strings"
	"time"

	"chrononctl/internal/fleet"
	"chrononctl/tui/calendar"
	"chrononctl/tui/paint"
	"chrononctl/tui/table"
)

// dayMarks are the states of a day as calendars and strips draw them, with and without Unicode, and their words.
var dayMarks = [...]struct{ glyph, ascii, word string }{
	fleet.DayUnknown:     {"?", "?", "not known"},
	fleet.DayLanded:      {"■", "#", "landed"},
	fleet.DayRunning:     {"▶", "*", "running"},
	fleet.DayWaiting:     {"◌", "o", "waiting"},
	fleet.DayFailed:      {"✖", "x", "failed"},
	fleet.DayMissing:     {"□", "_", "missing"},
	fleet.DayBeforeStart: {"·", ".", "before the start"},
	fleet.DayNotDue:      {" ", " ", "not due"},
}

// day is a state of a day in one column.
func (t *theme) day(s fleet.DayState) calendar.Cell {
	m := dayMarks[fleet.DayUnknown]
	if int(s) < len(dayMarks) {
		m = dayMarks[s]
	}
	if t.ascii {
		return calendar.Cell{Mark: m.ascii, Style: t.dayStyle(s)}
	}
	return calendar.Cell{Mark: m.glyph, Style: t.dayStyle(s)}
}

func (t *theme) dayStyle(s fleet.DayState) paint.Style {
	switch s {
	case fleet.DayLanded:
		return t.ok
	case fleet.DayRunning:
		return t.run
	case fleet.DayWaiting:
		return t.wait
	case fleet.DayFailed:
		return t.bad
	case fleet.DayMissing, fleet.DayUnknown:
		return t.warn
	case fleet.DayBeforeStart, fleet.DayNotDue:
		return t.faint
	}
	return t.warn
}

// dayLegend explains the marks of those days, a line each; what is drawn blank needs none.
func (t *theme) dayLegend(days []fleet.CalendarDay) []string {
	var lines []string
	for _, s := range []fleet.DayState{
		fleet.DayLanded, fleet.DayRunning, fleet.DayWaiting, fleet.DayFailed, fleet.DayMissing, fleet.DayUnknown, fleet.DayBeforeStart,
	} {
		if !slices.ContainsFunc(days, func(d fleet.CalendarDay) bool { return d.State == s }) {
			continue
		}
		c := t.day(s)
		lines = append(lines, c.Style.Render(c.Mark)+" "+t.dim.Render(dayMarks[s].word))
	}
	return lines
}

// weekShown and fortnight are how many days a strip of days has.
const (
	weekShown = 7
	fortnight = 14
)

// dayCell draws days one after the other, as many as there is room for, each in that many columns.
func (t *theme) dayCell(states []fleet.DayState, columns int) table.Cell {
	var cell table.Cell
	for i, s := range states {
		c := t.day(s)
		text := paint.Pad(c.Mark, columns)
		cell.Text += text
		cell.Parts = append(cell.Parts, table.Part{Text: text, Style: c.Style})
		if i >= len(states)-weekShown {
			cell.Short += text
			cell.ShortParts = append(cell.ShortParts, table.Part{Text: text, Style: c.Style})
		}
	}
	return cell
}

// lastDays are the n days up to that one, oldest first; none for a text that is no day.
func lastDays(day string, n int) []string {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return nil
	}
	out := make([]string, n)
	for i := range out {
		out[i] = at.AddDate(0, 0, i-n+1).Format(time.DateOnly)
	}
	return out
}

// dayHeading writes the days of the month over a strip with three columns a day; of more days than there is room for, the newest.
func dayHeading(days []string, width int) string {
	var b strings.Builder
	for _, d := range days[max(0, len(days)-max(0, width)/dayColumns):] {
		b.WriteString(d[len(d)-2:] + " ")
	}
	return strings.TrimRight(b.String(), " ")
}

// dayColumns is how wide a day is in a grid whose days have a heading.
const dayColumns = 3
