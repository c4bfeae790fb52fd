package tui

import (
	"fmt"
	"strings"

	"chrononctl/internal/fleet"
	"chrononctl/internal/joblog"
	"chrononctl/tui/paint"
	"chrononctl/tui/strip"
)

// milestones are what Chronon's own lines in the log say, a line each and as few as there is something to say: how far it is, what it wrote,
// why there was nothing to do, and for a task that failed why, and what would mend it.
func (l *logScreen) milestones() []string {
	var lines []string
	for _, line := range []string{l.progress(), l.writes(), l.idle()} {
		if line != "" {
			lines = append(lines, line)
		}
	}
	lines = append(lines, l.failure()...)
	for i, line := range lines {
		lines[i] = " " + paint.Fit(line, l.width-2, l.theme.tail)
	}
	return lines
}

// gaugeWidth is how wide a gauge of progress is.
const gaugeWidth = 20

// progress says which range is computed, of how many, and when that should be done.
func (l *logScreen) progress() string {
	f, t := l.said, l.theme
	switch {
	case f.Steps == 0 && f.Unfilled == "":
		return ""
	case f.Steps == 0:
		return t.dim.Render("to fill ") + clean(f.Unfilled)
	case hasEnded(l.current()):
		return t.dim.Render(fmt.Sprintf("computed %d of %s: ", len(f.Ranges), count(f.Steps, "range"))) + clean(strings.Join(lastOf(f.Ranges, 3), ", "))
	}
	done := float64(f.Step-1) / float64(f.Steps)
	text := t.run.Render(t.glyph(fleet.Running)+" "+clean(shortRange(strings.Join(lastOf(f.Ranges, 1), "")))) +
		fmt.Sprintf("  [%d/%d]  ", f.Step, f.Steps) + t.run.Render(strip.Gauge(t.strips(), done, gaugeWidth)) + fmt.Sprintf("  %.0f %%", done*100)
	if left, ok := f.Remaining(l.now); ok {
		text += t.dim.Render(fmt.Sprintf("  about %s left, done %s", span(left), l.now.Add(left).UTC().Format("15:04")))
	}
	return text
}

// shownWrites is how many tables the strip names.
const shownWrites = 3

// writes says which tables were written, the newest first.
func (l *logScreen) writes() string {
	var parts []string
	for i := len(l.said.Writes) - 1; i >= 0 && len(parts) < shownWrites; i-- {
		parts = append(parts, l.writeText(l.said.Writes[i]))
	}
	if more := len(l.said.Writes) - len(parts); more > 0 {
		parts = append(parts, l.theme.dim.Render(fmt.Sprintf("%d more", more)))
	}
	return strings.Join(parts, l.theme.faint.Render(l.theme.dot))
}

func (l *logScreen) writeText(w joblog.Write) string {
	t, rows := l.theme, ""
	if w.Rows >= 0 {
		rows = count(int(w.Rows), "row") + " to "
	}
	table := clean(w.Table)
	switch {
	case w.Rows == 0:
		return t.warn.Render(t.glyph(fleet.Unknown) + " wrote " + rows + table)
	case w.Finished:
		return t.ok.Render(t.glyph(fleet.OK)) + t.dim.Render(" wrote "+rows) + table
	}
	return t.run.Render(t.glyph(fleet.Running)) + t.dim.Render(" writing "+rows) + table
}

// idle says why there was nothing to do.
func (l *logScreen) idle() string {
	f, t := l.said, l.theme
	switch {
	case f.Missing != "":
		return t.wait.Render(t.glyph(fleet.Waiting)+" nothing to fill, input is missing: ") + clean(f.Missing)
	case f.Nothing != "" && f.Steps == 0:
		return t.dim.Render("nothing to do: " + clean(f.Nothing))
	}
	return ""
}

// failure is the class of a failure with its line, and its remedy. A log of a task that did not fail has lines that look like failures, too.
func (l *logScreen) failure() []string {
	why, ok := l.said.Failure()
	if task := l.current(); !ok || task.Health != fleet.Failed {
		return nil
	}
	t := l.theme
	lines := []string{t.bad.Render(t.glyph(fleet.Failed)+" "+clean(strings.ReplaceAll(why.Class, "_", " "))) + "  " + clean(why.Message)}
	if why.Remedy != "" {
		lines = append(lines, t.dim.Render("  mend: ")+clean(why.Remedy))
	}
	return lines
}

// lastOf are the last n of some texts.
func lastOf(texts []string, n int) []string { return texts[max(0, len(texts)-n):] }
