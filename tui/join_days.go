package tui

import (
	"strings"

	"chrononctl/internal/fleet"
	"chrononctl/tui/paint"
	"chrononctl/tui/table"
)

// Beside the calendar of a join its days stand one by one, the newest first, where there is room: when the run of each ended, how long it took, and what
// is the matter. The list follows the day that is selected in the calendar.

// dayListWidth is the room that the list needs at least.
const dayListWidth = 50

// newDayList returns the list, without days.
func (j *joinScreen) newDayList() *table.Table[fleet.CalendarDay] {
	dim := func(text string) table.Cell { return table.Cell{Text: text, Style: j.theme.dim} }
	return table.New(table.Spec[fleet.CalendarDay]{
		ID: func(d fleet.CalendarDay) string { return d.Day }, Clean: clean,
		Columns: []table.Column[fleet.CalendarDay]{
			{Title: "DAY", Min: 10, Cell: func(d fleet.CalendarDay) table.Cell { return table.Cell{Text: d.Day} }},
			{Title: "STATE", Min: 11, Max: 18, Cell: func(d fleet.CalendarDay) table.Cell {
				mark := j.theme.day(d.State)
				return table.Cell{Text: mark.Mark + " " + dayMarks[d.State].word, Style: mark.Style}
			}},
			{Title: "ENDED", Min: 11, Cell: func(d fleet.CalendarDay) table.Cell { return dim(clock(j.now, j.runs[d.RunID].End)) }},
			{Title: "TOOK", Min: 9, Align: table.Right, Cell: func(d fleet.CalendarDay) table.Cell {
				r := j.runs[d.RunID]
				return dim(took(j.now, r.Start, r.End))
			}},
			{Title: "WHY", Min: 16, Max: 120, Priority: 1, Optional: true, Cell: func(d fleet.CalendarDay) table.Cell { return dim(d.Reason) }},
		},
	})
}

// listDays gives the list its days, and the runs that stand for them.
func (j *joinScreen) listDays(runs []fleet.Run) {
	j.runs = make(map[string]fleet.Run, len(runs))
	for _, r := range runs {
		j.runs[r.ID] = r
	}
	days := j.join.Days
	newest := make([]fleet.CalendarDay, len(days))
	for i, d := range days {
		newest[len(days)-1-i] = d
	}
	j.list.SetRows(newest)
}

// placeList gives the list what is left of the width beside the calendar, and of the height above the tables.
func (j *joinScreen) placeList(calendar []string) {
	j.listLeft = widest(calendar) + 3
	width, all := j.width-j.listLeft, len(j.join.Days)
	if width < dayListWidth || all == 0 {
		j.list.SetSize(0, 0)
		return
	}
	spare := j.height - 3 - j.tablesHeight()
	j.list.SetSize(width, min(all+1, max(len(calendar), spare)))
}

// tablesHeight is how many lines the tables below would fill.
func (j *joinScreen) tablesHeight() int {
	const title = 2 // of a table: its heading, and that of its columns
	parts, _ := j.parts.Len()
	asked, _ := j.asked.Len()
	if j.width >= wide {
		return max(1, parts, asked) + title
	}
	return max(1, parts) + title + 1 + max(1, asked) + title
}

// withList lays the list beside the calendar.
func (j *joinScreen) withList(calendar []string) []string {
	look := j.theme.tableLook(j.onDays && j.dialog == nil)
	if !j.list.Select(j.days.Selected()) {
		look = j.theme.tableLook(false)
	}
	for i, line := range j.list.View(look) {
		if i == len(calendar) {
			calendar = append(calendar, "")
		}
		calendar[i] = paint.Pad(calendar[i], j.listLeft) + strings.TrimRight(line, " ")
	}
	return calendar
}
