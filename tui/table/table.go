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
// A frame costs its visible cells. [Table.SetRows] costs one sort and, while a filter is set, one search. A row is asked for its identity and its text once:
// both are kept, so that a letter more in a filter costs one look into each text. Columns are measured on a sample of the rows, never on all of them, and
// never become narrower while the table keeps its size, so that nothing jumps.
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
	ID      func(T) string      // identity, unique among the rows
	Search  func(T) string      // what a filter looks into that is plain text; nil: it finds nothing
	Match   Matcher[T]          // reads filters that are more than plain text
	Clean   func(string) string // makes the text of every cell harmless; nil: it is already
}

// Matcher is a language of filters. Where it is the zero value, a filter is plain text that is looked for in Spec.Search.
type Matcher[T any] struct {
	// Text is what of a row can be looked for. The table asks for it once a row, and keeps it.
	Text func(T) string
	// Read makes a filter ready, which is then given a row and its text. The error says what is wrong with it.
	Read func(filter string) (func(row T, text string) bool, error)
}

// Table is the widget. Make it with [New].
type Table[T any] struct {
	spec Spec[T]

	rows  []T      // as given, in order of the sort
	ids   []string // of rows, as far as they were asked for; see id
	texts []string // of rows, what a filter looks into; nil until there is one
	shown []int    // indices into rows that pass the filter

	filter string
	match  func(row T, text string) bool // the filter as Spec.Match read it; nil: it is plain text
	sort   int                           // column, or -1 for the order given
	desc   bool
	given  []T

	cursor string // identity of the selected row
	at     int    // index into shown where the cursor is or was
	kept   string // identity to go back to when the reader widens the filter again

	marks  map[string]bool // identities, of rows that are there or may come back
	tally  *tally          // of the marks; nil: something changed since it was made
	anchor string          // identity that was marked last, where a range begins

	version  uint64 // see Version
	arranged uint64 // see Arranged

	top           int // first visible index of shown
	width, height int
	needs         []int // measured width of each column, 0 for an optional one that is empty
}

// New returns an empty table of that description.
func New[T any](spec Spec[T]) *Table[T] {
	return &Table[T]{spec: spec, sort: -1, needs: make([]int, len(spec.Columns))}
}

// SetRows replaces the rows, which must not be changed afterwards. Cursor, filter, sort and scroll position stay.
func (t *Table[T]) SetRows(rows []T) {
	t.given = rows
	t.arrange()
}

// SetSize sets columns and lines, one of which is the header.
func (t *Table[T]) SetSize(width, height int) {
	if width != t.width {
		clear(t.needs)
		t.measure()
	}
	t.width, t.height = width, height
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
func (t *Table[T]) read(filter string) (func(T, string) bool, error) {
	if filter == "" || t.spec.Match.Read == nil {
		return nil, nil //nolint:nilnil // nothing to read
	}
	return t.spec.Match.Read(filter)
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
	t.rows, t.ids, t.texts = t.given, make([]string, len(t.given)), nil
	t.arranged++
	if t.sort >= 0 {
		t.sortRows()
	}
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

// sortRows puts the rows in the order of the column. It moves numbers about: rows are large.
func (t *Table[T]) sortRows() {
	by, sign := t.spec.Columns[t.sort].Compare, 1
	if t.desc {
		sign = -1
	}
	order := make([]int, len(t.rows))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		if c := by(t.rows[a], t.rows[b]); c != 0 {
			return sign * c
		}
		return cmp.Or(strings.Compare(t.id(a), t.id(b)), a-b)
	})
	rows, ids := make([]T, len(order)), make([]string, len(order))
	for i, from := range order {
		rows[i], ids[i] = t.rows[from], t.ids[from]
	}
	t.rows, t.ids = rows, ids
}

// id is the identity of a row. It is asked for once: making it may cost more than comparing it.
func (t *Table[T]) id(row int) string {
	if t.ids[row] == "" {
		t.ids[row] = t.spec.ID(t.rows[row])
	}
	return t.ids[row]
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
	text := t.spec.Search
	if t.match != nil {
		text = t.spec.Match.Text
	}
	switch {
	case t.filter == "":
		return func(int) bool { return true }
	case text == nil:
		return func(int) bool { return false }
	case t.texts == nil:
		t.texts = make([]string, len(t.rows))
		for i, row := range t.rows {
			t.texts[i] = strings.ToLower(text(row))
		}
	}
	if t.match != nil {
		return func(i int) bool { return t.match(t.rows[i], t.texts[i]) }
	}
	wanted := strings.ToLower(t.filter)
	return func(i int) bool { return strings.Contains(t.texts[i], wanted) }
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
