package tui

import (
	"strings"

	"chrononctl/internal/fleet"
	"chrononctl/internal/joblog"
	"chrononctl/tui/logpane"
	"chrononctl/tui/paint"
	"chrononctl/tui/strip"
	"chrononctl/tui/table"

	"charm.land/lipgloss/v2"
)

// theme is every colour and every glyph of the console. Nothing else knows one, and no state is told by colour alone: [theme.state] gives the
// glyph and the word, and the style only repeats what they say.
type theme struct {
	ascii bool

	text, dim, faint, strong  paint.Style
	head, headDim, accent     paint.Style
	key, title, rule          paint.Style
	ok, run, wait, warn, bad  paint.Style
	selected, selectedUnaware paint.Style
	match, current            paint.Style

	crumb, dot, tail, mark, chosen, up, down, line, none string
	corners                                              [4]string // upper left, upper right, lower left, lower right
	side                                                 string
}

// newTheme builds all styles of a palette. The accent is the context's own colour; empty takes the palette's.
func newTheme(p palette, ascii bool, accent string) *theme {
	if accent == "" || p == noColour {
		accent = p.accent
	}
	bar, selected := background(p.head), background(p.selected).Bold()
	if p.selected == "" {
		selected = paint.Style{}.Reverse()
	}
	t := &theme{
		ascii: ascii,
		dim:   colour(p.dim), faint: colour(p.faint), strong: paint.Style{}.Bold(),
		head: bar, headDim: colour(p.dim).On(bar), accent: colour(accent).Bold(),
		key: colour(p.accent), title: paint.Style{}.Bold(), rule: colour(p.faint),
		ok: colour(p.ok), run: colour(p.run), wait: colour(p.wait), warn: colour(p.warn), bad: colour(p.bad).Bold(),
		selected: selected, selectedUnaware: background(p.unaware),
		match: background(p.match), current: paint.Style{}.Reverse(),
		crumb: " › ", dot: " · ", tail: "…", mark: "▸", chosen: "●", up: "▲", down: "▼", line: "─", none: "–",
		corners: [4]string{"╭", "╮", "╰", "╯"}, side: "│",
	}
	if p.match == "" {
		t.match = paint.Style{}.Underline()
	}
	if ascii {
		t.crumb, t.dot, t.tail, t.mark, t.chosen, t.up, t.down, t.line, t.none = " > ", " - ", "~", ">", "*", "^", "v", "-", "-"
		t.corners, t.side = [4]string{"+", "+", "+", "+"}, "|"
	}
	return t
}

// colour is a foreground, and nothing for no colour.
func colour(c string) paint.Style {
	if c == "" {
		return paint.Style{}
	}
	return paint.Colour(lipgloss.Color(c))
}

func background(c string) paint.Style {
	if c == "" {
		return paint.Style{}
	}
	return paint.Background(lipgloss.Color(c))
}

// glyph is a state in one column.
func (t *theme) glyph(h fleet.Health) string {
	if t.ascii {
		return h.ASCII()
	}
	return h.Glyph()
}

// state is a state as glyph and word.
func (t *theme) state(h fleet.Health) string { return t.glyph(h) + " " + h.Word() }

// paintOf is the style that repeats a state. What is well stays quiet, so that what is not stands out.
func (t *theme) paintOf(h fleet.Health) paint.Style {
	switch h {
	case fleet.OK:
		return t.ok
	case fleet.Running:
		return t.run
	case fleet.Waiting:
		return t.wait
	case fleet.Restarted, fleet.Breach, fleet.Unknown:
		return t.warn
	case fleet.Failed:
		return t.bad
	case fleet.None, fleet.Skipped, fleet.Paused, fleet.Unmeasured:
		return t.dim
	}
	return t.warn
}

// tableLook is how tables are drawn.
func (t *theme) tableLook(focused bool) table.Look {
	return table.Look{
		Header: t.dim, Sorted: t.key, Selected: t.selected, Dim: t.selectedUnaware,
		Mark: t.mark, Chosen: t.chosen, Marked: t.key, Up: t.up, Down: t.down, Tail: t.tail, Focused: focused,
	}
}

// logLook is how logs are drawn. The signs stand by the levels of [joblog.Level].
func (t *theme) logLook() logpane.Look {
	return logpane.Look{
		Match: t.match, Current: t.current, Tail: t.tail, Stamp: t.faint,
		Levels: []logpane.Mark{
			joblog.Warning: {Text: t.glyph(fleet.Breach), Style: t.warn},
			joblog.Error:   {Text: t.glyph(fleet.Failed), Style: t.bad},
		},
	}
}

// strips is what spark lines and gauges are drawn with.
func (t *theme) strips() strip.Look {
	if t.ascii {
		return strip.ASCII
	}
	return strip.Unicode
}

// ruled is a title with a line to the end of the width.
func (t *theme) ruled(title string, width int) string {
	room := width - paint.Width(title) - 3
	if room < 1 {
		return " " + t.title.Render(paint.Fit(title, width-1, t.tail))
	}
	return " " + t.title.Render(title) + " " + t.rule.Render(strings.Repeat(t.line, room))
}

// boxed draws lines in a frame with a title, padded to the longest line.
func (t *theme) boxed(title string, lines []string) []string {
	width := max(paint.Width(title)+2, widest(lines))
	edge := func(left, label, right string) string {
		return t.rule.Render(left+t.line) + label + t.rule.Render(strings.Repeat(t.line, width+1-paint.Width(label))+right)
	}
	out := []string{edge(t.corners[0], " "+t.title.Render(title)+" ", t.corners[1])}
	for _, l := range lines {
		out = append(out, t.rule.Render(t.side)+" "+paint.Pad(l, width)+" "+t.rule.Render(t.side))
	}
	return append(out, edge(t.corners[2], "", t.corners[3]))
}
