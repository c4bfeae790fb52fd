package tui

import (
	"cmp"
	"fmt"
	"strings"

	"chrononctl/tui/paint"
	"chrononctl/tui/table"

	tea "charm.land/bubbletea/v2"
)

// grid is a table of any row type, as far as a listing has to know it.
type grid interface {
	SetSize(width, height int)
	Wanted(priority int) int
	View(table.Look) []string
	Move(rows int)
	Page(screens int)
	Top()
	Bottom()
	Click(line int) bool
	ClickTitle(x int)
	CycleSort()
	SetFilter(text string) error
	Filter() string
	ToggleMark()
	MarkRange()
	MarkShown()
	Unmark()
	Marks() (all, hidden int)
	Len() (all, shown int)
}

// pane is a table with its heading.
type pane struct {
	grid     grid
	title    string                // heading; the first pane of a stack has none
	note     string                // what follows the heading and the number of rows
	blank    string                // what to say when there are no rows
	marks    bool                  // rows can be marked: there is a key that takes many
	complete func(string) []string // what a filter could become; nil: it is plain text
}

// listing is one table, or two of which one has the keyboard. Screens are made of it: it does movement, filter, sort, mouse and layout, so that
// these are the same everywhere.
//
//	┌──────────────┐    ┌───────┬───────┐
//	│ first        │    │ first │ second│   beside, where there is room
//	├ title ───────┤    │       │       │
//	│ second       │    │       │       │
//	└──────────────┘    └───────┴───────┘
//
// Beside the first table a wide terminal has room for all that is known of what is selected.
type listing struct {
	*shell
	panes  []pane
	focus  int
	beside bool                 // two panes may stand side by side on a wide terminal
	narrow int                  // of two that do, columns that the first takes at most; 0: half
	aside  bool                 // something above the panes has the keyboard
	lead   int                  // lines above the panes, which the screen draws itself
	side   func() aboutSelected // what stands at the right side of a wide terminal; nil: nothing
	moved  func()               // called after the cursor may have moved; nil: nobody cares

	width, height int
	places        []rectangle
}

type rectangle struct{ x, y, w, h int }

// wide is the width from which two panes stand side by side.
const wide = 160

// besidePriority is the highest priority number of the columns for which a table takes room from the one beside it.
const besidePriority = 2

// focused is the table that has the keyboard.
func (l *listing) focused() grid { return l.panes[l.focus].grid }

func (l *listing) setSize(width, height int) {
	l.width, l.height = width, height
	l.layout()
}

// layout places the panes. Of a stack the one that has the keyboard takes what its rows need, up to three fifths; the other takes the rest. Of two that
// stand side by side the first takes what its columns need, up to half.
func (l *listing) layout() {
	height := max(0, l.height-l.lead)
	switch {
	case len(l.panes) == 1:
		l.places = []rectangle{{0, l.lead, l.tablesWidth(), height}}
	case l.beside && l.width >= wide:
		first := min(cmp.Or(l.narrow, l.width), l.width/2-1, l.panes[0].grid.Wanted(besidePriority))
		l.places = []rectangle{{0, l.lead, first, height}, {first + 2, l.lead, l.width - first - 2, height}}
	default:
		l.places = l.stack(height)
	}
	for i, p := range l.places {
		l.panes[i].grid.SetSize(p.w, p.h-l.heading(i))
	}
}

func (l *listing) stack(height int) []rectangle {
	_, upper := l.panes[0].grid.Len()
	_, lower := l.panes[1].grid.Len()
	heading := l.heading(0)
	least := l.heading(1) + 1 // of the second: its title, and a sentence or a header with some rows
	if lower > 0 {
		share := 2
		if l.focus == 1 {
			share = 3
		}
		least = max(4, min(lower+3, height*share/5))
	}
	first := heading + max(3, min(upper+1, height-least-1-heading))
	if width := l.tablesWidth(); width < l.width {
		spare := height - 1 - l.heading(1) - 1 - lower // that the rows of the second do not fill
		first = max(first, min(sideHeight, height*3/5), min(spare, height*2/5))
	}
	return []rectangle{{0, l.lead, l.tablesWidth(), first}, {0, l.lead + first + 1, l.width, max(0, height-first-1)}}
}

// heading is how many lines the title of a pane takes.
func (l *listing) heading(i int) int {
	if l.panes[i].title == "" {
		return 0
	}
	return 1
}

// view draws the lead and the panes.
func (l *listing) view(lead ...string) []string {
	out := make([]string, l.height)
	copy(out, lead)
	for i, place := range l.places {
		for n, line := range l.drawPane(i, place) {
			at := place.y + n
			if at >= len(out) {
				break
			}
			if place.x > 0 {
				line = paint.Pad(out[at], place.x) + line
			}
			out[at] = line
		}
	}
	l.drawSide(out)
	return out
}

func (l *listing) drawPane(i int, place rectangle) []string {
	p := l.panes[i]
	var out []string
	if p.title != "" {
		title := p.title
		if all, shown := p.grid.Len(); shown < all {
			title = fmt.Sprintf("%s %d of %d", title, shown, all)
		} else if all > 0 {
			title = fmt.Sprintf("%s %d", title, all)
		} else {
			title = strings.TrimSuffix(title, strings.TrimRight(l.theme.dot, " "))
		}
		if p.note != "" {
			title += " " + p.note
		}
		out = append(out, l.theme.ruled(title, place.w))
	}
	all, shown := p.grid.Len()
	if shown == 0 {
		text := p.blank
		if all > 0 {
			text = fmt.Sprintf("nothing matches %q; esc shows all %s again", p.grid.Filter(), grouped(int64(all)))
		}
		for _, line := range wrap(clean(text), place.w-4) {
			out = append(out, "  "+l.theme.dim.Render(line))
		}
		return out
	}
	return append(out, p.grid.View(l.theme.tableLook(i == l.focus && !l.aside && l.dialog == nil))...)
}

// detail is empty for listings whose rows say it all.
func (l *listing) detail() string { return "" }

// counted says how many rows the first table has, and how many of them the filter shows. Before there is a picture nobody knows.
func (l *listing) counted(one string) string {
	if _, known := l.firstRows(); !known {
		return ""
	}
	return l.tally(one)
}

// tally is counted for rows that do not come from the picture.
func (l *listing) tally(one string) string {
	first := l.panes[0].grid
	all, shown := first.Len()
	text := count(all, one)
	if f := first.Filter(); f != "" {
		text = fmt.Sprintf("/%s  %d of %s", clean(f), shown, text)
	}
	return l.marked() + text
}

// marked says how many rows are marked, and how many of them the filter hides.
func (l *listing) marked() string {
	all, hidden := l.focused().Marks()
	switch {
	case all == 0:
		return ""
	case hidden == 0:
		return fmt.Sprintf("%d marked%s", all, l.theme.dot)
	}
	return fmt.Sprintf("%d marked, %d of them not shown%s", all, hidden, l.theme.dot)
}

func (l *listing) mouse(m mouse) {
	for i, p := range l.places {
		if m.x < p.x || m.x >= p.x+p.w || m.y < p.y || m.y >= p.y+p.h {
			continue
		}
		line := m.y - p.y - l.heading(i)
		switch {
		case m.wheel != 0:
			l.panes[i].grid.Move(m.wheel)
		case line == 0:
			l.panes[i].grid.ClickTitle(m.x - p.x)
		case l.panes[i].grid.Click(line):
			l.give(i)
		}
		l.changed()
	}
}

// give gives a pane the keyboard, and with it the larger part of a stack.
func (l *listing) give(pane int) {
	l.focus = pane
	l.layout()
}

// changed tells the screen that the cursor may have moved.
func (l *listing) changed() {
	if l.moved != nil {
		l.moved()
	}
}

// listBindings are the keys of every listing.
func (l *listing) listBindings() []binding {
	just := func(f func()) func() tea.Cmd {
		return func() tea.Cmd { f(); l.changed(); return nil }
	}
	g := l.focused()
	out := []binding{
		{keys: []string{"/"}, label: "/", verb: "filter", help: "only rows with a text, or as in state:failed age>6h", do: just(l.askFilter)},
		{keys: []string{"s"}, label: "s", verb: "sort", help: "sort by the next column", quiet: true, do: just(g.CycleSort)},
		{keys: []string{"up", "k"}, label: "up k", verb: "up", quiet: true, section: sectionMove, do: just(func() { g.Move(-1) })},
		{keys: []string{"down", "j"}, label: "down j", verb: "down", quiet: true, section: sectionMove, do: just(func() { g.Move(1) })},
		{keys: []string{"pgup", "ctrl+b", "ctrl+u"}, label: "pgup", verb: "page up", quiet: true, section: sectionMove, do: just(func() { g.Page(-1) })},
		{keys: []string{"pgdown", "ctrl+f", "ctrl+d"}, label: "pgdn", verb: "page down", quiet: true, section: sectionMove,
			do: just(func() { g.Page(1) })},
		{keys: []string{"home", "g"}, label: "g", verb: "first", quiet: true, section: sectionMove, do: just(g.Top)},
		{keys: []string{"end", "G"}, label: "G", verb: "last", quiet: true, section: sectionMove, do: just(g.Bottom)},
	}
	if l.panes[l.focus].marks {
		out = append(out, l.markBindings(just)...)
	}
	if g.Filter() != "" {
		out = append(out, binding{keys: []string{"esc"}, label: "esc", verb: "all", help: "end the filter", do: just(func() { _ = l.filter("") })})
	} else if all, _ := g.Marks(); all > 0 {
		out = append(out, binding{keys: []string{"esc"}, label: "esc", verb: "unmark", help: "take all marks back", do: just(g.Unmark)})
	}
	if len(l.panes) > 1 {
		out = append(out, binding{keys: []string{"tab", "shift+tab"}, label: "tab", verb: "other table", help: "go to the other table",
			disabled: l.noOther, do: just(func() { l.give(1 - l.focus) })})
	}
	return out
}

// noOther says why nobody goes to the other table.
func (l *listing) noOther() string {
	all, _ := l.panes[1-l.focus].grid.Len()
	return toggle(all == 0, "the other table is empty", "")
}

// markBindings are the keys that mark rows; what changes something then takes all of them.
func (l *listing) markBindings(just func(func()) func() tea.Cmd) []binding {
	g := l.focused()
	none := func() string {
		_, shown := g.Len()
		return toggle(shown == 0, "there is nothing to mark", "")
	}
	return []binding{
		{keys: []string{"space"}, label: "space", verb: "mark", help: "mark the row, or unmark it", quiet: l.options.ReadOnly, disabled: none,
			do: just(func() { g.ToggleMark(); g.Move(1) })},
		{keys: []string{"V"}, label: "V", verb: "mark range", help: "mark from the last mark to here", quiet: true, disabled: none, do: just(g.MarkRange)},
		{keys: []string{"*"}, label: "*", verb: "mark all", help: "mark all that is shown, or unmark", quiet: true, disabled: none, do: just(g.MarkShown)},
	}
}

// askFilter asks for a filter in the language of the pane's fields; "@name" is a saved one.
func (l *listing) askFilter() {
	complete := l.panes[l.focus].complete
	p := &prompt{before: l.focused().Filter(), change: l.filter}
	p.complete = func(text string) []string {
		saved := l.notes.proposeFilters(text)
		if complete == nil || text == "" {
			return saved
		}
		return append(saved, complete(text)...)
	}
	l.openPrompt("/", l.focused().Filter(), p)
}

// filterNow is the filter of the table that has the keyboard.
func (l *listing) filterNow() string { return l.focused().Filter() }

// filter filters the table that has the keyboard and gives the other one the room that is left. A filter that is wrong changes nothing.
func (l *listing) filter(text string) error {
	if saved, ok := l.notes.filterNamed(strings.TrimPrefix(text, "@")); ok && strings.HasPrefix(text, "@") {
		text = saved
	}
	if err := l.focused().SetFilter(text); err != nil {
		return err
	}
	l.layout()
	l.changed()
	return nil
}
