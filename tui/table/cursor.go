package table

// Selected returns the row under the cursor; false when there is none, or when it has gone.
func (t *Table[T]) Selected() (row T, ok bool) {
	if t.at < 0 || t.at >= len(t.shown) {
		return row, false
	}
	if at := t.shown[t.at]; t.id(at) == t.cursor {
		return t.rows[at], true
	}
	return row, false
}

// Cursor returns the identity that the cursor names, whether or not the row is there.
func (t *Table[T]) Cursor() string { return t.cursor }

// Select puts the cursor on the row of that identity and tells whether it is shown.
func (t *Table[T]) Select(id string) bool {
	if !t.place(id) {
		return false
	}
	t.cursor, t.kept = id, ""
	t.scroll()
	return true
}

// Move moves the cursor by that many rows. Where the selected row has gone, the first move only takes the row that stands in its place.
func (t *Table[T]) Move(delta int) {
	if _, ok := t.Selected(); ok {
		t.at += delta
	}
	t.settle()
}

// Page moves the cursor by that many screens.
func (t *Table[T]) Page(screens int) { t.Move(screens * max(1, t.height-2)) }

// Top moves the cursor to the first row.
func (t *Table[T]) Top() {
	t.at = 0
	t.settle()
}

// Bottom moves the cursor to the last row.
func (t *Table[T]) Bottom() {
	t.at = len(t.shown) - 1
	t.settle()
}

// Click selects the row on that line of the view, the header being line 0, and tells whether there is one.
func (t *Table[T]) Click(line int) bool {
	index := t.top + line - 1
	if line < 1 || index >= len(t.shown) {
		return false
	}
	t.at = index
	t.settle()
	return true
}

// ClickTitle sorts by the column whose title is at column x; a second click turns the order round.
func (t *Table[T]) ClickTitle(x int) {
	left := gutter
	for c, w := range t.widths() {
		if w == 0 {
			continue
		}
		if x >= left && x < left+w {
			t.SortBy(c, t.sort == c && !t.desc)
			return
		}
		left += w + gap
	}
}

// settle takes the row at the current place as the reader's choice.
func (t *Table[T]) settle() {
	t.kept = ""
	t.follow()
	t.scroll()
}

// follow makes the cursor name the row where it stands.
func (t *Table[T]) follow() {
	t.at = min(max(0, t.at), len(t.shown)-1)
	if t.at >= 0 {
		t.cursor = t.id(t.shown[t.at])
	}
	t.at = max(0, t.at)
}

// place finds the row of that identity among the shown ones, and makes it the cursor.
func (t *Table[T]) place(id string) bool {
	if id == "" {
		return false
	}
	for i, row := range t.shown {
		if t.id(row) == id {
			t.at, t.cursor = i, id
			return true
		}
	}
	return false
}

// scroll keeps the cursor on the screen and the screen full.
func (t *Table[T]) scroll() {
	lines := max(1, t.height-1)
	if t.at < t.top {
		t.top = t.at
	}
	if t.at >= t.top+lines {
		t.top = t.at - lines + 1
	}
	t.top = max(0, min(t.top, len(t.shown)-lines))
}
