package tui

import (
	"fmt"

	"chrononctl/tui/logpane"

	tea "charm.land/bubbletea/v2"
)

// pager is a log pane with its keys, for the screens that show text.
type pager struct {
	*shell
	pane *logpane.Pane
	lead int // lines above the text

	width, height int
}

func newPager(s *shell, lead int) pager {
	return pager{shell: s, pane: logpane.New(clean, 0), lead: lead}
}

func (p *pager) setSize(width, height int) {
	p.width, p.height = width, height
	p.pane.SetSize(max(0, width-2), max(0, height-p.lead))
}

func (p *pager) mouse(m mouse) { p.pane.Scroll(m.wheel) }

// view draws the lead and the text below it.
func (p *pager) view(lead ...string) []string {
	out := make([]string, p.lead, p.height+1)
	copy(out, lead)
	for _, line := range p.pane.View(p.theme.logLook()) {
		out = append(out, " "+line)
	}
	return out
}

// summary says where in the text we are, and what is looked for.
func (p *pager) summary() string {
	at, of := p.pane.Position()
	text := fmt.Sprintf("%s of %s", grouped(int64(at)), count(of, "line"))
	if q, lines := p.pane.Query(); q != "" {
		text = fmt.Sprintf("/%s  in %s%s%s", clean(q), count(lines, "line"), p.theme.dot, text)
	}
	return text
}

func (p *pager) needs() []need { return nil }

func (p *pager) detail() string { return "" }

func (p *pager) bindings() []binding {
	just := func(f func()) func() tea.Cmd {
		return func() tea.Cmd { f(); return nil }
	}
	pane := p.pane
	query, _ := pane.Query()
	out := []binding{
		{keys: []string{"/"}, label: "/", verb: "search", do: just(func() { p.ask("/", query, pane.Search, nil) })},
		{keys: []string{"w"}, label: "w", verb: toggle(pane.Wrapping(), "cut", "wrap"), help: "break long lines, or cut them",
			do: just(func() { pane.SetWrap(!pane.Wrapping()) })},
		{keys: []string{"up", "k"}, label: "up k", verb: "up", quiet: true, section: sectionMove, do: just(func() { pane.Scroll(-1) })},
		{keys: []string{"down", "j"}, label: "down j", verb: "down", quiet: true, section: sectionMove, do: just(func() { pane.Scroll(1) })},
		{keys: []string{"pgup", "ctrl+b"}, label: "pgup", verb: "page up", quiet: true, section: sectionMove, do: just(func() { pane.Page(-1) })},
		{keys: []string{"pgdown", "ctrl+f", "space"}, label: "pgdn", verb: "page down", quiet: true, section: sectionMove, do: just(func() { pane.Page(1) })},
		{keys: []string{"ctrl+u"}, label: "ctrl+u", verb: "half a page up", quiet: true, section: sectionMove, do: just(func() { pane.Scroll(-p.height / 2) })},
		{keys: []string{"ctrl+d"}, label: "ctrl+d", verb: "half a page down", quiet: true, section: sectionMove, do: just(func() { pane.Scroll(p.height / 2) })},
		{keys: []string{"home", "g"}, label: "g", verb: "top", section: sectionMove, do: just(pane.Top)},
		{keys: []string{"end", "G"}, label: "G", verb: "end", help: "the end, and follow it", section: sectionMove, do: just(pane.Bottom)},
		{keys: []string{"left", "h"}, label: "left", verb: "left, when lines are cut", quiet: true, section: sectionMove, do: just(func() { pane.Shift(-8) })},
		{keys: []string{"right"}, label: "right", verb: "right, when lines are cut", quiet: true, section: sectionMove, do: just(func() { pane.Shift(8) })},
	}
	if query != "" {
		out = append(out,
			binding{keys: []string{"n"}, label: "n", verb: "next", help: "the next line that was found", do: just(func() { pane.Next(1) })},
			binding{keys: []string{"N"}, label: "N", verb: "previous", help: "the line found before", do: just(func() { pane.Next(-1) })},
			binding{keys: []string{"esc"}, label: "esc", verb: "end search", do: just(func() { pane.Search("") })})
	}
	return out
}

func toggle(on bool, yes, no string) string {
	if on {
		return yes
	}
	return no
}

// textScreen shows a text that is there already: the trace of a file that does not import, say.
type textScreen struct {
	pager
	name string
}

func newTextScreen(s *shell, name, text string) *textScreen {
	t := &textScreen{pager: newPager(s, 1), name: name}
	t.pane.Append(text)
	t.pane.Top()
	return t
}

func (t *textScreen) title() string  { return t.name }
func (t *textScreen) sync()          {}
func (t *textScreen) view() []string { return t.pager.view() }
