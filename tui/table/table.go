// Package table is a virtual table: it draws the rows that are on the screen, however many there are, and addresses them by identity.
//
// It knows nothing of what it shows. The caller describes a row type once, as columns with functions, and hands over rows whenever they
// change:
//
//	t := table.New(table.Spec[Team]{
//		ID:      func(t Team) string { return t.Name },
//		Search:  func(t Team) string { return t.Name },
//		Columns: []table.Column[Team]{{Title: "TEAM", Min: 8, Max: 24, Cell: …, Compare: …}, …},
//	})
//	t.SetRows(teams)
//	lines := t.View(theme)
//
// # The cursor is an identity
//
// The cursor names a row; it is not an index. Rows that arrive, leave, or change places under it do not move it to another object. When
// the row that it names has gone, nothing is selected (no key can act on a row that the reader did not choose) until the reader moves,
// which starts from where the row was. Only the reader's own filter may place the cursor, on the first row that is left; taking the
// filter back takes the cursor back.
//
// Marks name rows in the same way: they stay through refreshes, sorts and filters, and a row that comes back is still marked.
//
// # Cost
//
// A frame costs its visible cells. [Table.SetRows] costs one sort and, while a filter is set, one search. Columns are measured on a
// sample of the rows, never on all of them, and never become narrower while the table keeps its size, so that nothing jumps.
package table

import (
	"cmp"
	"slices"
	"strings"

	"chrononctl/tui/paint"
)

// Align says on which side of its column a text stands.
type Align uint8

// The sides.
const (
	Left Align = iota
	Right
)

// Cell is the content of one cell. Short is used where Text does not fit; empty means that Text is cut. Parts and ShortParts, when there are any, are
// drawn one after the other in place of Text and Short, which must be the same texts in one piece.
type Cell struct {
	Text       string
	Short      string
	Style      paint.Style
	Parts      []Part
	ShortParts []Part
}

// Part is a piece of a cell with a style of its own.
type Part struct {
	Text  string
	Style paint.Style
}

// Column describes one column over rows of type T.
type Column[T any] struct {
	Title    string
	Heading  func(width int) string // what is drawn in place of the title, over that many columns; nil: the title
	Min      int                    // columns that it takes at least
	Max      int                    // columns that it takes at most; 0 is Min
	Priority int                    // 0 is always shown; the highest leaves first where there is not enough room
	Align    Align
	Whole    int  // not 0: the column is Min or Max wide and nothing between; Max where that costs only columns of a higher priority number
	Optional bool // left out while all of its cells are empty, and where the others would like its room
	Middle   bool // texts are cut in the middle: names whose two ends say more
	Cell     func(T) Cell
	Fill     func(row T, width int) Cell // in place of Cell, for a cell that fills as many columns as there are; nil: Cell
	Compare  func(a, b T) int            // order by this column; nil: the column cannot be sorted
}

// Spec describes a table. Columns and ID are needed.
type Spec[T any] struct {
	Columns []Column[T]
	ID      func(T) string // identity, unique among the rows
	Search  func(T) string // what a filter looks into that is plain text; nil: it finds nothing

	// Match reads a filter; the error says what is wrong with it. nil: a filter is plain text.
	Match func(filter string) (func(T) bool, error)
	Clean func(string) string // makes the text of every cell harmless; nil: it is already
}

// Table is the widget. Make it with [New].
type Table[T any] struct {
	spec Spec[T]

	rows  []T      // as given, in order of the sort
	found []string // lower-case search text of rows; nil until a filter needs it
	shown []int    // indices into rows that pass the filter

	filter string
	match  func(T) bool // the filter as Spec.Match read it; nil: it is plain text
	sort   int          // column, or -1 for the order given
	desc   bool
	given  []T

	cursor string // identity of the selected row
	at     int    // index into shown where the cursor is or was
	kept   string // identity to go back to when the reader widens the filter again

	marks   map[string]bool // identities, of rows that are there or may come back
	tally   *tally          // of the marks; nil: something changed since it was made
	version uint64          // counts the changes of rows and marks
	anchor  string          // identity that was marked last, where a range begins

	top           int // first visible index of shown
	width, height int
	needs         []int // measured width of each column, 0 for an optional one that is empty
}

// New returns an empty table of that description.
func New[T any](spec Spec[T]) *Table[T] {
	return &Table[T]{spec: spec, sort: -1, needs: make([]int, len(spec.Columns))}
}

// SetRows replaces the rows. Cursor, filter, sort and scroll position stay.
func (t *Table[T]) SetRows(rows []T) {
	t.given = rows
	t.arrange()
}

// SetSize sets columns and lines, one of which is the header.
func (t *Table[T]) SetSize(width, height int) {
	if width != t.width {
		clear(t.needs)
	}
	t.width, t.height = width, height
	t.measure()
	t.scroll()
}

// SetFilter shows only the rows that pass a filter. A filter that cannot be read changes nothing; the error says what is wrong with it.
func (t *Table[T]) SetFilter(filter string) error {
	if filter == t.filter {
		return nil
	}
	match, err := t.read(filter)
	if err != nil {
		return err
	}
	if t.kept == "" {
		t.kept = t.cursor
	}
	t.filter, t.match = filter, match
	t.sift()
	if !t.place(t.kept) && !t.place(t.cursor) {
		t.at = 0
		t.follow()
	}
	if filter == "" {
		t.kept = ""
	}
	t.scroll()
	return nil
}

// read makes a filter ready; nil stands for plain text and for none.
func (t *Table[T]) read(filter string) (func(T) bool, error) {
	if filter == "" || t.spec.Match == nil {
		return nil, nil //nolint:nilnil // nothing to read
	}
	return t.spec.Match(filter)
}

// Filter returns the filter as it was given.
func (t *Table[T]) Filter() string { return t.filter }

// SortBy orders by a column, descending or not; -1 takes the order given. Equal rows are ordered by identity.
func (t *Table[T]) SortBy(column int, desc bool) {
	if column >= len(t.spec.Columns) || column >= 0 && t.spec.Columns[column].Compare == nil {
		return
	}
	t.sort, t.desc = column, desc
	t.arrange()
}

// Sort returns the column of the order and whether it is descending.
func (t *Table[T]) Sort() (column int, desc bool) { return t.sort, t.desc }

// CycleSort goes to the next column that is shown and can be sorted, and after the last to the order given.
func (t *Table[T]) CycleSort() {
	for c := t.sort + 1; c < len(t.spec.Columns); c++ {
		if t.spec.Columns[c].Compare != nil && t.widths()[c] > 0 {
			t.SortBy(c, false)
			return
		}
	}
	t.SortBy(-1, false)
}

// Len returns how many rows there are, and how many the filter shows.
func (t *Table[T]) Len() (all, shown int) { return len(t.rows), len(t.shown) }

// arrange sorts what was given, applies the filter and finds the cursor again.
func (t *Table[T]) arrange() {
	t.rows = slices.Clone(t.given)
	if t.sort >= 0 {
		by, sign := t.spec.Columns[t.sort].Compare, 1
		if t.desc {
			sign = -1
		}
		slices.SortStableFunc(t.rows, func(a, b T) int {
			return cmp.Or(sign*by(a, b), cmp.Compare(t.spec.ID(a), t.spec.ID(b)))
		})
	}
	t.found = nil
	if match, err := t.read(t.filter); err == nil {
		t.match = match // read again: a filter may speak of today
	}
	t.sift()
	if t.cursor == "" {
		t.at = 0
		t.follow()
	} else {
		t.place(t.cursor)
	}
	t.measure()
	t.scroll()
}

// sift finds the rows that pass the filter.
func (t *Table[T]) sift() {
	passes := t.passes()
	t.altered()
	t.shown = t.shown[:0]
	for i := range t.rows {
		if passes(i) {
			t.shown = append(t.shown, i)
		}
	}
}

// passes tells of each row whether the filter shows it.
func (t *Table[T]) passes() func(row int) bool {
	switch {
	case t.filter == "":
		return func(int) bool { return true }
	case t.match != nil:
		return func(i int) bool { return t.match(t.rows[i]) }
	case t.spec.Search == nil:
		return func(int) bool { return false }
	}
	if t.found == nil {
		t.found = make([]string, len(t.rows))
		for i, row := range t.rows {
			t.found[i] = strings.ToLower(t.spec.Search(row))
		}
	}
	text := strings.ToLower(t.filter)
	return func(i int) bool { return strings.Contains(t.found[i], text) }
}

// Rows returns the rows in their order, with those that the filter hides. They must not be changed.
func (t *Table[T]) Rows() []T { return t.rows }

// Shown returns the rows that the filter lets through, in their order.
func (t *Table[T]) Shown() []T {
	out := make([]T, len(t.shown))
	for i, index := range t.shown {
		out[i] = t.rows[index]
	}
	return out
}
