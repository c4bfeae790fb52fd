package table

import (
	"slices"

	"chrononctl/tui/paint"
)

// sample is how many rows are looked at to find out how wide a column would like to be.
const sample = 200

// measure learns the widths that the columns would like to have. They only grow while the table keeps its width.
func (t *Table[T]) measure() {
	step := max(1, len(t.rows)/sample)
	for c, column := range t.spec.Columns {
		need := t.needs[c]
		if column.Fill != nil {
			t.needs[c] = column.Max
			continue
		}
		for i := 0; i < len(t.rows); i += step {
			need = max(need, paint.Width(column.Cell(t.rows[i]).Text))
		}
		if need > 0 || !column.Optional {
			need = max(need, paint.Width(column.Title)+sortMark)
		}
		t.needs[c] = need
	}
}

// Wanted is the width at which all that stands in the columns of at most that priority number is there in full, as far as these may grow.
func (t *Table[T]) Wanted(priority int) int {
	width := gutter + margin - gap
	for c, column := range t.spec.Columns {
		if column.Priority <= priority && (t.needs[c] > 0 || !column.Optional) {
			width += gap + min(max(column.Min, column.Max), max(column.Min, t.needs[c]))
		}
	}
	return width
}

// sortMark is the room that the mark of the sort takes beside a title.
const sortMark = 2

// widths returns the columns that each column takes, 0 for one that is left out.
func (t *Table[T]) widths() []int {
	mins, maxs, priorities := make([]int, len(t.needs)), make([]int, len(t.needs)), make([]int, len(t.needs))
	room := t.width - gutter - margin
	spare := room + gap
	for c, column := range t.spec.Columns {
		mins[c], priorities[c] = column.Min, column.Priority
		maxs[c] = min(max(column.Min, column.Max), max(column.Min, t.needs[c]))
		if !column.Optional {
			spare -= maxs[c] + gap
		}
	}
	for c, column := range t.spec.Columns {
		if !column.Optional {
			continue
		}
		if t.needs[c] == 0 || spare < maxs[c]+gap {
			mins[c], maxs[c] = 0, 0
			continue
		}
		spare -= maxs[c] + gap
	}
	return t.whole(mins, maxs, priorities, room)
}

// whole decides for each column that is Min or Max wide which of them it is, and shares the room.
func (t *Table[T]) whole(mins, maxs, priorities []int, room int) []int {
	wanted := slices.Clone(maxs)
	for c, column := range t.spec.Columns {
		if column.Whole > 0 {
			maxs[c] = mins[c]
		}
	}
	out := layout(mins, maxs, priorities, room)
	for c, column := range t.spec.Columns {
		if column.Whole == 0 || out[c] == 0 || wanted[c] == mins[c] {
			continue
		}
		wide, full := slices.Clone(mins), slices.Clone(maxs)
		wide[c], full[c] = wanted[c], wanted[c]
		if with := layout(wide, full, priorities, room); !t.loses(out, with, column.Whole) {
			out, mins, maxs = with, wide, full
		}
	}
	return out
}

// loses tells whether a column of at most that priority number is there before and not after.
func (t *Table[T]) loses(before, after []int, priority int) bool {
	for c := range before {
		if before[c] > 0 && after[c] == 0 && t.spec.Columns[c].Priority <= priority {
			return true
		}
	}
	return false
}

// layout shares the room among columns. Columns leave, highest priority number first (the last of equals first), until the least widths of
// the others fit. What is left over goes, in order of priority and evenly within one, to columns that would like more; the first column never leaves.
func layout(mins, maxs, priorities []int, room int) []int {
	out := make([]int, len(mins))
	used := -gap
	for c, w := range mins {
		if out[c] = w; w > 0 {
			used += w + gap
		}
	}
	for used > room {
		victim := -1
		for c := range out {
			if out[c] > 0 && c > 0 && (victim < 0 || priorities[c] >= priorities[victim]) {
				victim = c
			}
		}
		if victim < 0 {
			out[0] = max(1, room)
			return out
		}
		used -= out[victim] + gap
		out[victim] = 0
	}
	for p := range slices.Max(priorities) + 1 {
		used += grow(out, maxs, priorities, p, room-used)
	}
	return out
}

// grow widens the columns of one priority evenly, until each has what it would like or the room is used, and returns what was used.
func grow(widths, maxs, priorities []int, priority, room int) (used int) {
	for more := true; more; {
		more = false
		for c := range widths {
			if priorities[c] == priority && widths[c] > 0 && widths[c] < maxs[c] && used < room {
				widths[c]++
				used++
				more = true
			}
		}
	}
	return used
}
