package table

// ToggleMark marks the selected row, or takes its mark back.
func (t *Table[T]) ToggleMark() {
	if _, ok := t.Selected(); !ok {
		return
	}
	id := t.cursor
	if t.marks[id] {
		t.unmark(id)
	} else {
		t.mark(id)
	}
	t.anchor = id
}

// MarkRange marks the rows that are shown between the one marked last and the selected one. Where the former is not shown, only the latter is marked.
func (t *Table[T]) MarkRange() {
	if _, ok := t.Selected(); !ok {
		return
	}
	from := t.at
	for i, index := range t.shown {
		if t.id(index) == t.anchor {
			from = i
		}
	}
	for i := min(from, t.at); i <= max(from, t.at); i++ {
		t.mark(t.id(t.shown[i]))
	}
	t.anchor = t.cursor
}

// MarkShown marks all rows that are shown; when all of them are marked already, it takes their marks back.
func (t *Table[T]) MarkShown() {
	all := true
	for _, index := range t.shown {
		all = all && t.marks[t.id(index)]
	}
	for _, index := range t.shown {
		if id := t.id(index); all {
			t.unmark(id)
		} else {
			t.mark(id)
		}
	}
}

// Unmark takes all marks back.
func (t *Table[T]) Unmark() {
	clear(t.marks)
	t.anchor = ""
	t.altered()
}

// Marked returns the marked rows that are there, in their order, also those that the filter hides.
func (t *Table[T]) Marked() []T {
	marked := t.counted().rows
	if len(marked) == 0 {
		return nil
	}
	out := make([]T, len(marked))
	for i, index := range marked {
		out[i] = t.rows[index]
	}
	return out
}

// Marks counts the marked rows that are there, and those among them that the filter hides.
func (t *Table[T]) Marks() (all, hidden int) {
	c := t.counted()
	return len(c.rows), c.hidden
}

// tally is which rows are marked. It is made once per change, because frames ask for it and must not walk through all rows.
type tally struct {
	rows   []int // indices
	hidden int   // how many of them the filter hides
}

func (t *Table[T]) counted() tally {
	if t.tally != nil {
		return *t.tally
	}
	c := &tally{}
	if len(t.marks) > 0 {
		for i := range t.rows {
			if t.marks[t.id(i)] {
				c.rows = append(c.rows, i)
			}
		}
		c.hidden = len(c.rows)
		for _, index := range t.shown {
			if t.marks[t.id(index)] {
				c.hidden--
			}
		}
	}
	t.tally = c
	return *c
}

// Chosen returns what a key acts on: the marked rows, or where there are none the selected one.
func (t *Table[T]) Chosen() []T {
	if marked := t.Marked(); len(marked) > 0 {
		return marked
	}
	if row, ok := t.Selected(); ok {
		return []T{row}
	}
	return nil
}

// Choice says which rows are chosen, without naming them: as long as it is the same, so is what [Table.Chosen] returns. Frames ask what a key would act
// on, and thousands of rows may be marked.
type Choice struct {
	version uint64 // of rows and marks
	cursor  string // where nothing is marked
}

// Choice returns the choice of this moment.
func (t *Table[T]) Choice() Choice {
	if len(t.counted().rows) > 0 {
		return Choice{version: t.version}
	}
	return Choice{t.version, t.cursor}
}

// Version counts the changes of rows, of which of them are shown, and of marks: what was made of them is good until it is another one.
func (t *Table[T]) Version() uint64 { return t.version }

// Arranged counts how often other rows were given, or were put in another order: what was made of all of them, with those that a filter hides, is good
// until it is another one.
func (t *Table[T]) Arranged() uint64 { return t.arranged }

// altered notes that other rows are there, shown or marked.
func (t *Table[T]) altered() {
	t.version++
	t.tally = nil
}

func (t *Table[T]) mark(id string) {
	if t.marks == nil {
		t.marks = map[string]bool{}
	}
	t.marks[id] = true
	t.altered()
}

func (t *Table[T]) unmark(id string) {
	delete(t.marks, id)
	t.altered()
}
