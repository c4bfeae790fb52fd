package table_test

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"chrononctl/tui/paint"
	"chrononctl/tui/table"

	"pgregory.net/rapid"
)

type row struct {
	id   string
	n    int
	text string
}

func newTable() *table.Table[row] {
	return table.New(table.Spec[row]{
		ID:     func(r row) string { return r.id },
		Search: func(r row) string { return r.id + " " + r.text },
		Columns: []table.Column[row]{
			{Title: "ID", Min: 6, Max: 20, Cell: func(r row) table.Cell { return table.Cell{Text: r.id} },
				Compare: func(a, b row) int { return strings.Compare(a.id, b.id) }},
			{Title: "N", Min: 4, Max: 8, Align: table.Right, Cell: func(r row) table.Cell { return table.Cell{Text: strconv.Itoa(r.n)} },
				Compare: func(a, b row) int { return cmp.Compare(a.n, b.n) }},
			{Title: "TEXT", Min: 10, Max: 40, Priority: 1, Cell: func(r row) table.Cell { return table.Cell{Text: r.text, Short: "short"} }},
			{Title: "EMPTY", Min: 5, Priority: 2, Optional: true, Cell: func(row) table.Cell { return table.Cell{} }},
		},
	})
}

var look = table.Look{Mark: ">", Up: "^", Down: "v", Tail: "~", Focused: true}

func view(t *table.Table[row]) string {
	lines := t.View(look)
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.Join(lines, "\n")
}

func TestLayoutByWidth(t *testing.T) {
	t.Parallel()
	rows := []row{{"alpha", 1, "a text of some length"}, {"beta", 22, "other"}}
	for name, tc := range map[string]struct {
		width int
		want  string
	}{
		"room for all":              {60, "  ID         N  TEXT\n> alpha      1  a text of some length\n  beta      22  other"},
		"the short form":            {29, "  ID         N  TEXT\n> alpha      1  short\n  beta      22  other"},
		"the last priority leaves":  {22, "  ID         N\n> alpha      1\n  beta      22"},
		"the first column is kept":  {7, "  ID\n> alp~\n  beta"},
		"nothing below one column":  {0, ""},
		"an empty column is no gap": {200, "  ID         N  TEXT\n> alpha      1  a text of some length\n  beta      22  other"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tb := newTable()
			tb.SetSize(tc.width, 5)
			tb.SetRows(rows)
			if got := view(tb); got != tc.want {
				t.Errorf("at %d columns:\n%s\nwant\n%s", tc.width, got, tc.want)
			}
		})
	}
}

func TestAWholeColumnIsAllOrItsLeast(t *testing.T) {
	t.Parallel()
	tb := table.New(table.Spec[row]{
		ID: func(r row) string { return r.id },
		Columns: []table.Column[row]{
			{Title: "ID", Min: 6, Cell: func(r row) table.Cell { return table.Cell{Text: r.id} }},
			{Title: "STRIP", Min: 6, Max: 12, Whole: 1, Heading: func(w int) string { return strings.Repeat("=", w) },
				Cell: func(row) table.Cell {
					return table.Cell{Text: "abcdefghijkl", Short: "ghijkl", ShortParts: []table.Part{{Text: "ghijkl"}}}
				}},
			{Title: "KEPT", Min: 4, Priority: 1, Cell: func(row) table.Cell { return table.Cell{Text: "kept"} }},
			{Title: "GONE", Min: 4, Priority: 2, Cell: func(row) table.Cell { return table.Cell{Text: "gone"} }},
		},
	})
	tb.SetRows([]row{{id: "a"}})
	for width, want := range map[int]string{
		40: "  ID      ============  KEPT  GONE\n> a       abcdefghijkl  kept  gone",
		31: "  ID      ============  KEPT\n> a       abcdefghijkl  kept",
		28: "  ID      ======  KEPT\n> a       ghijkl  kept",
	} {
		tb.SetSize(width, 3)
		if got := view(tb); got != want {
			t.Errorf("at %d:\n%s\nwant\n%s", width, got, want)
		}
	}
}

func TestAtTheWantedWidthNothingIsCut(t *testing.T) {
	t.Parallel()
	tb := newTable()
	tb.SetSize(20, 5)
	tb.SetRows([]row{{"alpha", 1, "a text of some length"}, {"beta", 22, "other"}})
	for priority, want := range map[int]string{
		0: "  ID         N\n> alpha      1\n  beta      22",
		1: "  ID         N  TEXT\n> alpha      1  a text of some length\n  beta      22  other",
		2: "  ID         N  TEXT\n> alpha      1  a text of some length\n  beta      22  other",
	} {
		tb.SetSize(tb.Wanted(priority), 5)
		if got := view(tb); got != want {
			t.Errorf("at the %d columns wanted for priority %d:\n%s\nwant\n%s", tb.Wanted(priority), priority, got, want)
		}
	}
}

func TestNoLineIsWiderThanTheTable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tb := newTable()
		width := rapid.IntRange(4, 90).Draw(t, "width")
		tb.SetSize(width, rapid.IntRange(1, 9).Draw(t, "height"))
		var rows []row
		for i, text := range rapid.SliceOfN(rapid.StringMatching(`[a-zé漢 ]{0,50}`), 0, 20).Draw(t, "texts") {
			rows = append(rows, row{fmt.Sprintf("%s-%d", text, i), i, text})
		}
		tb.SetRows(rows)
		for _, l := range tb.View(look) {
			if w := paint.Width(l); w > width {
				t.Fatalf("%d columns in a table of %d: %q", w, width, l)
			}
		}
	})
}

// TestCursorKeepsItsIdentity drives a table through refreshes, sorts and filters. The cursor may only change where the reader moves it, or where
// the reader's own filter hides its row.
func TestCursorKeepsItsIdentity(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tb := newTable()
		tb.SetSize(40, 6)
		ids := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-c]{1,4}`), 1, 30, rapid.ID[string]).Draw(t, "ids")
		want, filter, origin := "", "", "" // origin is where the cursor was before the first filter
		present := func(id string) bool {
			for _, r := range tb.Rows() {
				if r.id == id {
					return true
				}
			}
			return false
		}
		t.Repeat(map[string]func(*rapid.T){
			"refresh": func(t *rapid.T) {
				var rows []row
				for i, id := range rapid.Permutation(ids).Draw(t, "order") {
					if rapid.IntRange(0, 5).Draw(t, "there") > 0 {
						rows = append(rows, row{id, i, ""})
					}
				}
				tb.SetRows(rows)
				if want == "" {
					want = tb.Cursor()
				}
			},
			"sort": func(t *rapid.T) { tb.SortBy(rapid.IntRange(-1, 3).Draw(t, "column"), rapid.Bool().Draw(t, "desc")) },
			"move": func(t *rapid.T) {
				tb.Move(rapid.IntRange(-9, 9).Draw(t, "rows"))
				want, origin = tb.Cursor(), ""
			},
			"filter": func(t *rapid.T) {
				filter = rapid.StringMatching(`[a-c]{0,2}`).Draw(t, "text")
				before := want
				origin = cmp.Or(origin, before)
				tb.SetFilter(filter)
				if present(before) && strings.Contains(before, filter) && tb.Cursor() != before && tb.Cursor() != origin {
					t.Fatalf("the filter %q took the cursor from %q, which it shows, to %q", filter, before, tb.Cursor())
				}
				want = tb.Cursor()
				if filter == "" {
					origin = ""
				}
			},
			"": func(t *rapid.T) {
				if tb.Cursor() != want {
					t.Fatalf("the cursor went from %q to %q by itself", want, tb.Cursor())
				}
				if r, ok := tb.Selected(); ok && (r.id != want || !strings.Contains(r.id, filter)) {
					t.Fatalf("selected %q under the filter %q, the cursor is at %q", r.id, filter, want)
				}
				if marked := strings.Count(view(tb), "> "); marked > 1 {
					t.Fatalf("%d rows are marked", marked)
				}
			},
		})
	})
}

func TestTakingAFilterBackTakesTheCursorBack(t *testing.T) {
	t.Parallel()
	tb := newTable()
	tb.SetSize(40, 9)
	tb.SetRows([]row{{"a", 1, ""}, {"b", 2, ""}, {"c", 3, ""}})
	tb.Move(2)
	for _, step := range []struct{ filter, cursor string }{{"b", "b"}, {"bx", "b"}, {"", "c"}} {
		tb.SetFilter(step.filter)
		if tb.Cursor() != step.cursor {
			t.Errorf("under %q the cursor is at %q, want %q", step.filter, tb.Cursor(), step.cursor)
		}
	}
}

func TestARowThatLeftIsNotSelected(t *testing.T) {
	t.Parallel()
	tb := newTable()
	tb.SetSize(40, 9)
	tb.SetRows([]row{{"a", 1, ""}, {"b", 2, ""}, {"c", 3, ""}})
	tb.Move(1)
	tb.SetRows([]row{{"a", 1, ""}, {"c", 3, ""}})
	if r, ok := tb.Selected(); ok {
		t.Fatalf("%q is selected though nobody chose it", r.id)
	}
	tb.SetRows([]row{{"a", 1, ""}, {"b", 2, ""}, {"c", 3, ""}})
	if r, _ := tb.Selected(); r.id != "b" {
		t.Errorf("the row came back, and %q is selected", r.id)
	}
	tb.SetRows([]row{{"a", 1, ""}, {"c", 3, ""}})
	tb.Move(1)
	if r, _ := tb.Selected(); r.id != "c" {
		t.Errorf("the first move took %q, want the row in the place of the one that left", r.id)
	}
}

// TestARowIsAskedOnce holds that letters more or less in a filter ask no row again: its identity and its text are kept.
func TestARowIsAskedOnce(t *testing.T) {
	t.Parallel()
	asked := map[string]int{}
	tb := table.New(table.Spec[row]{
		ID:      func(r row) string { asked["identity of "+r.id]++; return r.id },
		Search:  func(r row) string { asked["text of "+r.id]++; return r.id },
		Columns: []table.Column[row]{{Title: "NAME", Min: 8, Cell: func(r row) table.Cell { return table.Cell{Text: r.id} }}},
	})
	tb.SetSize(40, 9)
	tb.SetRows([]row{{"alpha", 1, ""}, {"beta", 2, ""}, {"gamma", 3, ""}})
	for _, filter := range []string{"a", "am", "amm", "a", "", "b"} {
		tb.SetFilter(filter)
		tb.MarkShown()
		tb.View(look)
	}
	for what, times := range asked {
		if times > 1 {
			t.Errorf("the %s was asked for %d times", what, times)
		}
	}
}

func TestClicks(t *testing.T) {
	t.Parallel()
	tb := newTable()
	tb.SetSize(40, 4)
	tb.SetRows([]row{{"a", 3, ""}, {"b", 2, ""}, {"c", 1, ""}})
	if tb.Click(9) || !tb.Click(3) || tb.Cursor() != "c" {
		t.Errorf("a click on line 3 selected %q", tb.Cursor())
	}
	tb.ClickTitle(11)
	if column, desc := tb.Sort(); column != 1 || desc {
		t.Errorf("a click on the title sorts by %d, %v", column, desc)
	}
	tb.ClickTitle(11)
	if _, desc := tb.Sort(); !desc {
		t.Error("a second click does not turn the order round")
	}
}

func many(n int) []row {
	rows := make([]row, n)
	for i := range rows {
		rows[i] = row{fmt.Sprintf("payments.group_by_%05d", i), i * 7919 % n, "✔ some text about it"}
	}
	return rows
}

// Budget: a key costs its frame, however many rows there are; 2 ms at 200×60.
func BenchmarkKeyToFrame(b *testing.B) {
	for _, n := range []int{100, 10_000, 100_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			tb := newTable()
			tb.SetSize(200, 60)
			tb.SetRows(many(n))
			for b.Loop() {
				tb.Move(1)
				tb.View(look)
			}
		})
	}
}

// Budget: 30 ms for 10,000 rows, 5 ms for each further letter.
func BenchmarkFilter(b *testing.B) {
	tb := newTable()
	tb.SetSize(200, 60)
	tb.SetRows(many(10_000))
	for b.Loop() {
		tb.SetFilter("9")
		tb.SetFilter("99")
	}
}

// Budget: 30 ms for 10,000 sorted rows.
func BenchmarkRefreshSorted(b *testing.B) {
	tb := newTable()
	tb.SetSize(200, 60)
	tb.SortBy(1, true)
	rows := many(10_000)
	for b.Loop() {
		tb.SetRows(rows)
	}
}
