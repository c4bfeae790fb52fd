package table

import (
	"strings"

	"chrononctl/tui/paint"
)

// Look is how a table is drawn: styles and marks come from the caller's theme.
type Look struct {
	Header   paint.Style
	Sorted   paint.Style // title of the column that orders the rows
	Selected paint.Style // laid under the cells of the selected row
	Dim      paint.Style // laid under it in a table that does not have the keyboard
	Mark     string      // stands before the selected row, one column
	Chosen   string      // stands before a marked row, one column
	Marked   paint.Style // of that sign
	Up, Down string      // direction of the sort, one column
	Tail     string      // stands where a text was cut
	Focused  bool
}

// The columns before the first cell, between cells, and after the last one.
const (
	gutter = 2
	gap    = 2
	margin = 1
)

// View draws the header and the rows on the screen, a string a line. There may be fewer lines than the table is high.
func (t *Table[T]) View(look Look) []string {
	if t.width <= 0 || t.height <= 0 {
		return nil
	}
	widths := t.widths()
	lines := make([]string, 0, t.height)
	lines = append(lines, t.header(look, widths))
	var b strings.Builder
	for i := t.top; i < len(t.shown) && len(lines) < t.height; i++ {
		b.Reset()
		t.row(&b, look, widths, t.shown[i])
		lines = append(lines, b.String())
	}
	return lines
}

// Position says which rows are on the screen, counted from 1, of how many.
func (t *Table[T]) Position() (first, last, of int) {
	if len(t.shown) == 0 {
		return 0, 0, 0
	}
	return t.top + 1, min(len(t.shown), t.top+max(1, t.height-1)), len(t.shown)
}

func (t *Table[T]) header(look Look, widths []int) string {
	var b strings.Builder
	b.WriteString(paint.Spaces(gutter))
	first := true
	for c, w := range widths {
		if w == 0 {
			continue
		}
		if !first {
			b.WriteString(paint.Spaces(gap))
		}
		first = false
		title, style := t.spec.Columns[c].Title, look.Header
		if heading := t.spec.Columns[c].Heading; heading != nil {
			title = heading(w)
		}
		if c == t.sort {
			style = look.Sorted
			mark := look.Up
			if t.desc {
				mark = look.Down
			}
			title = paint.Fit(title, w-sortMark, look.Tail) + " " + mark
		}
		write(&b, paint.Fit(title, w, look.Tail), w, t.spec.Columns[c].Align, style, paint.Style{})
	}
	return strings.TrimRight(b.String(), " ")
}

func (t *Table[T]) row(b *strings.Builder, look Look, widths []int, index int) {
	row, id := t.rows[index], t.id(index)
	base, mark := paint.Style{}, " "
	if id == t.cursor {
		base, mark = look.Dim, " "
		if look.Focused {
			base, mark = look.Selected, look.Mark
		}
	}
	base.Write(b, mark)
	if t.marks[id] {
		look.Marked.On(base).Write(b, look.Chosen)
	} else {
		base.Write(b, paint.Spaces(gutter-1))
	}
	used := gutter
	for c, w := range widths {
		if w == 0 {
			continue
		}
		if used > gutter {
			base.Write(b, paint.Spaces(gap))
			used += gap
		}
		t.cell(b, look, c, w, t.content(c, row, w), base)
		used += w
	}
	if !base.IsZero() {
		base.Write(b, paint.Spaces(t.width-used))
	}
}

// content is what stands in a cell.
func (t *Table[T]) content(c int, row T, width int) Cell {
	if fill := t.spec.Columns[c].Fill; fill != nil {
		return fill(row, width)
	}
	return t.spec.Columns[c].Cell(row)
}

// cell draws one cell, made harmless and cut to its column.
func (t *Table[T]) cell(b *strings.Builder, look Look, c, w int, cell Cell, base paint.Style) {
	column, text := t.spec.Columns[c], t.clean(cell.Text)
	wide := paint.Width(text) > w
	parts := cell.Parts
	if wide && cell.Short != "" {
		text, parts = t.clean(cell.Short), cell.ShortParts
	}
	if len(parts) > 0 && paint.Width(text) <= w {
		for _, p := range parts {
			p.Style.On(base).Write(b, t.clean(p.Text))
		}
		base.Write(b, paint.Spaces(w-paint.Width(text)))
		return
	}
	if column.Middle {
		text = paint.FitMiddle(text, w, look.Tail)
	} else {
		text = paint.Fit(text, w, look.Tail)
	}
	write(b, text, w, column.Align, cell.Style, base)
}

func (t *Table[T]) clean(text string) string {
	if t.spec.Clean == nil {
		return text
	}
	return t.spec.Clean(text)
}

// write puts text into a column of w columns, over the style of the row.
func write(b *strings.Builder, text string, w int, align Align, style, base paint.Style) {
	space := paint.Spaces(w - paint.Width(text))
	if align == Right {
		base.Write(b, space)
	}
	style.On(base).Write(b, text)
	if align == Left {
		base.Write(b, space)
	}
}
