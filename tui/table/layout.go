package table

import "chrononctl/tui/paint"

// sample is how many rows are looked at to find out how wide a column would like to be.
const sample = 200

// measure learns the widths that the columns would like to have. They only grow while the table keeps its width.
func (t *Table[T]) measure() {
	step := max(1, len(t.rows)/sample)
	for c, column := range t.spec.Columns {
		need := t.needs[c]
		for i := 0; i < len(t.rows); i += step {
			need = max(need, paint.Width(column.Cell(t.rows[i]).Text))
		}
		if need > 0 || !column.Optional {
			need = max(need, paint.Width(column.Title)+sortMark)
		}
		t.needs[c] = need
	}
}

// sortMark is the room that the mark of the sort takes beside a title.
const sortMark = 2

// widths returns the columns that each column takes, 0 for one that is left out.
func (t *Table[T]) widths() []int {
	mins, maxs, priorities := make([]int, len(t.needs)), make([]int, len(t.needs)), make([]int, len(t.needs))
	for c, column := range t.spec.Columns {
		if column.Optional && t.needs[c] == 0 {
			continue
		}
		mins[c] = column.Min
		maxs[c] = min(max(column.Min, column.Max), max(column.Min, t.needs[c]))
		priorities[c] = column.Priority
	}
	return layout(mins, maxs, priorities, t.width-gutter-margin)
}

// layout shares the room among columns. Columns leave, highest priority number first (the last of equals first), until the least widths of
// the others fit. What is left over goes, in order of priority, to columns that would like more; the first column never leaves.
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
	for p := 0; used < room; p++ {
		later := false
		for c := range out {
			later = later || priorities[c] > p
			if out[c] == 0 || priorities[c] != p {
				continue
			}
			more := min(maxs[c]-out[c], room-used)
			out[c] += more
			used += more
		}
		if !later {
			break
		}
	}
	return out
}
