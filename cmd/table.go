package cmd

import (
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"chrononctl/internal/fleet"
	"chrononctl/internal/term"
)

// columnGap separates the columns of a table.
const columnGap = "  "

// writeTable prints rows below a header in aligned columns. Cells may be styled, and must have passed [term.Clean].
func writeTable(w io.Writer, header []string, rows [][]string) {
	all := append([][]string{header}, rows...)
	widths := make([]int, len(header))
	for _, row := range all {
		for i, cell := range row {
			widths[i] = max(widths[i], ansi.StringWidth(cell))
		}
	}
	for _, row := range all {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			if i < len(row)-1 {
				line.WriteString(strings.Repeat(" ", widths[i]-ansi.StringWidth(cell)) + columnGap)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

// writeTSV prints one line of tab-separated values. A tab or a line break inside a value becomes a space.
func writeTSV(w io.Writer, values ...string) {
	for i, v := range values {
		values[i] = term.Clean(v)
	}
	fmt.Fprintln(w, strings.Join(values, "\t"))
}

// healthColor repeats a state in colour, as an ANSI foreground; "" leaves the text as it is.
func healthColor(h fleet.Health) string {
	switch h {
	case fleet.OK:
		return "32"
	case fleet.Running:
		return "36"
	case fleet.Failed:
		return "31"
	case fleet.Restarted, fleet.Unknown, fleet.Breach:
		return "33"
	case fleet.None, fleet.Skipped, fleet.Waiting, fleet.Paused, fleet.Unmeasured:
		return ""
	default:
		return ""
	}
}

// mark is a state as glyph and text, in colour. The writer drops the colour where it cannot be shown.
func (a *app) mark(h fleet.Health, text string) string {
	glyph := h.Glyph()
	if a.Getenv("TERM") == "dumb" {
		glyph = h.ASCII()
	}
	text = glyph + " " + term.Clean(text)
	if c := healthColor(h); c != "" {
		return "\x1b[" + c + "m" + text + "\x1b[m"
	}
	return text
}

// warn says on stderr what the answer on stdout cannot tell.
func (a *app) warn(text string) {
	fmt.Fprintf(a.Streams.Err, "chrononctl: warning: %s\n", term.Clean(text))
}
