package tui

import (
	"chrononctl/internal/fleet"
	"chrononctl/tui/paint"

	tea "charm.land/bubbletea/v2"
)

// helpDialog lists the keys that work on the screen below it, from the bindings that dispatch them, and what the glyphs mean.
type helpDialog struct {
	*shell
	keys []binding
}

func newHelp(s *shell) *helpDialog { return &helpDialog{shell: s, keys: s.bindings()} }

func (h *helpDialog) start() tea.Cmd { return nil }

func (h *helpDialog) update(msg tea.Msg) (tea.Cmd, bool) {
	if key, ok := msg.(tea.KeyPressMsg); ok {
		switch key.String() {
		case "esc", "?", "q", "enter":
			return nil, false
		}
	}
	return nil, true
}

func (h *helpDialog) view(width, height int) []string {
	left := append(h.section("On this screen", sectionHere), "")
	right := append(h.section("Anywhere", sectionConsole), "")
	left = append(left, h.section("Moving", sectionMove)...)
	right = append(right, h.states()...)
	column := min(widest(left), width-widest(right)-8)
	var lines []string
	for i := range max(len(left), len(right)) {
		var l, r string
		if i < len(left) {
			l = left[i]
		}
		if i < len(right) {
			r = right[i]
		}
		lines = append(lines, paint.Pad(paint.Fit(l, column, h.theme.tail), column)+"   "+r)
	}
	return h.theme.boxed("Keys", lines[:min(len(lines), height-2)])
}

func widest(lines []string) (width int) {
	for _, l := range lines {
		width = max(width, paint.Width(l))
	}
	return width
}

// section lists the keys of a section. A key that does nothing now says why.
func (h *helpDialog) section(title string, of section) []string {
	lines := []string{h.theme.title.Render(title)}
	for _, b := range h.keys {
		if b.section != of {
			continue
		}
		text := h.theme.dim.Render(b.explain())
		if why := b.why(); why != "" {
			text = h.theme.faint.Render(why)
		}
		lines = append(lines, h.theme.key.Render(paint.Pad(b.label, 7))+" "+text)
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
