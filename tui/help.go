package tui

import (
	"fmt"

	"chrononctl/internal/fleet"
	"chrononctl/tui/paint"

	tea "charm.land/bubbletea/v2"
)

// helpDialog lists the keys that work on the screen below it, from the bindings that dispatch them, and what the glyphs mean.
type helpDialog struct {
	*shell
	keys []binding
	top  int // first line that is shown, where there is not room for all
	rest int // lines below what is shown
}

func newHelp(s *shell) *helpDialog { return &helpDialog{shell: s, keys: s.bindings()} }

func (h *helpDialog) start() tea.Cmd { return nil }

func (h *helpDialog) update(msg tea.Msg) (tea.Cmd, bool) {
	if key, ok := msg.(tea.KeyPressMsg); ok {
		switch key.String() {
		case "esc", "?", "q", "enter":
			return nil, false
		case "down", "j":
			h.top += min(1, h.rest)
		case "up", "k":
			h.top = max(0, h.top-1)
		case "pgdown", "space":
			h.top += min(helpPage, h.rest)
		case "pgup":
			h.top = max(0, h.top-helpPage)
		}
	}
	return nil, true
}

// columns are the two columns of the help, with texts broken so that they fit a width.
func (h *helpDialog) columns(width int) (left, right []string) {
	left = append(h.section("On this screen", sectionHere, width), "")
	right = append(h.section("Anywhere", sectionConsole, width), "")
	return append(left, h.section("Moving", sectionMove, width)...), append(right, h.states()...)
}

// helpPage is how far a page of the help goes.
const helpPage = 10

func (h *helpDialog) view(width, height int) []string {
	both := width - 7 // what the frame and the gap leave
	left, right := h.columns(both)
	if widest(left)+widest(right) > both {
		left, right = h.columns(both / 2)
	}
	column := widest(left)
	var lines []string
	for i := range max(len(left), len(right)) {
		var l, r string
		if i < len(left) {
			l = left[i]
		}
		if i < len(right) {
			r = right[i]
		}
		lines = append(lines, paint.Pad(paint.Fit(l, column, h.theme.tail), column)+"   "+paint.Fit(r, both-column, h.theme.tail))
	}
	room := height - 2
	h.top = min(h.top, max(0, len(lines)-room))
	shown := lines[h.top:min(len(lines), h.top+room)]
	h.rest = len(lines) - h.top - len(shown)
	title := "Keys"
	if h.rest > 0 || h.top > 0 {
		title = fmt.Sprintf("Keys %d to %d of %d, up and down", h.top+1, h.top+len(shown), len(lines))
	}
	return h.theme.boxed(title, shown)
}

func widest(lines []string) (width int) {
	for _, l := range lines {
		width = max(width, paint.Width(l))
	}
	return width
}

// helpLabel is the width of a key and the space behind it.
const helpLabel = 8

// section lists the keys of a section. A key that does nothing now says why.
func (h *helpDialog) section(title string, of section, width int) []string {
	lines := []string{h.theme.title.Render(title)}
	for _, b := range h.keys {
		if b.section != of {
			continue
		}
		text, style := b.explain(), h.theme.dim
		if why := b.why(); why != "" {
			text, style = why, h.theme.faint
		}
		label := b.label
		for _, part := range wrap(text, width-helpLabel) {
			lines = append(lines, h.theme.key.Render(paint.Pad(label, helpLabel))+style.Render(part))
			label = ""
		}
	}
	return lines
}

// states is the legend.
func (h *helpDialog) states() []string {
	lines := []string{h.theme.title.Render("States")}
	for s := fleet.OK; s <= fleet.Failed; s += 2 {
		line := h.theme.paintOf(s).Render(paint.Pad(h.theme.state(s), 16))
		if s+1 <= fleet.Failed {
			line += h.theme.paintOf(s + 1).Render(h.theme.state(s + 1))
		}
		lines = append(lines, line)
	}
	return lines
}
