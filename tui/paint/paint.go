// Package paint holds what the console's widgets need to put text into cells: a style that is nothing but an opening sequence, and
// the few measurements and cuts that every line goes through.
//
// A [Style] is built once per theme and applied thousands of times per frame, so it costs two string writes and no parsing. Styles carry
// full colour; the terminal's profile (and NO_COLOR) is applied on output by the renderer, in one place.
//
// Text handed to this package is already sanitised: it holds no control character and no escape sequence of its own.
package paint

import (
	"image/color"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Style is a ready-made opening sequence. The zero Style changes nothing.
type Style struct{ open string }

// reset ends every style; each styled piece is closed by itself, because an inner reset would end an outer style.
const reset = "\x1b[m"

// Colour returns a style with this foreground.
func Colour(c color.Color) Style { return Style{ansi.NewStyle().ForegroundColor(c).String()} }

// Background returns a style with this background.
func Background(c color.Color) Style { return Style{ansi.NewStyle().BackgroundColor(c).String()} }

// Raw returns the style of an SGR sequence that the caller has already checked.
func Raw(sequence string) Style { return Style{sequence} }

// Bold returns s in bold.
func (s Style) Bold() Style { return Style{s.open + ansi.NewStyle().Bold().String()} }

// Faint returns s, dimmed.
func (s Style) Faint() Style { return Style{s.open + ansi.NewStyle().Faint().String()} }

// Underline returns s, underlined.
func (s Style) Underline() Style { return Style{s.open + ansi.NewStyle().Underline(true).String()} }

// Reverse returns s with foreground and background exchanged.
func (s Style) Reverse() Style { return Style{s.open + ansi.NewStyle().Reverse(true).String()} }

// On returns s laid over base: what s does not set is base's.
func (s Style) On(base Style) Style { return Style{base.open + s.open} }

// IsZero tells whether s changes nothing.
func (s Style) IsZero() bool { return s.open == "" }

// Render returns text in this style.
func (s Style) Render(text string) string {
	if s.open == "" || text == "" {
		return text
	}
	return s.open + text + reset
}

// Write appends text in this style.
func (s Style) Write(b *strings.Builder, text string) {
	if s.open == "" || text == "" {
		b.WriteString(text)
		return
	}
	b.WriteString(s.open)
	b.WriteString(text)
	b.WriteString(reset)
}

// Fit cuts text to width columns, the last of which is the tail when something was cut.
func Fit(text string, width int, tail string) string {
	switch {
	case width <= 0:
		return ""
	case Width(text) <= width:
		return text
	case isASCII(text) && Width(tail) <= width:
		return text[:width-Width(tail)] + tail
	}
	return ansi.Truncate(text, width, tail)
}

// FitLeft is Fit for text whose end says more than its beginning: it cuts there.
func FitLeft(text string, width int, tail string) string {
	w := Width(text)
	if w <= width {
		return text
	}
	return ansi.TruncateLeft(text, w-width+Width(tail), tail)
}

// FitMiddle is Fit for names whose beginning and end both matter: it cuts in between, and keeps more of the end.
func FitMiddle(text string, width int, tail string) string {
	w := Width(text)
	if w <= width {
		return text
	}
	head := width / 3
	if head == 0 {
		return Fit(text, width, tail)
	}
	return ansi.Truncate(text, head, "") + FitLeft(text, width-head, tail)
}

// Spaces returns n spaces, none for a negative n.
func Spaces(n int) string {
	const blank = "                                                                                "
	switch {
	case n <= 0:
		return ""
	case n <= len(blank):
		return blank[:n]
	}
	return strings.Repeat(" ", n)
}

// Pad fills text with spaces to width columns.
func Pad(text string, width int) string { return text + Spaces(width-Width(text)) }

// Over lays the lines of box over the lines of base, its upper left corner at column x of line y. Both keep their styles.
func Over(base, box []string, x, y int) []string {
	out := append([]string(nil), base...)
	for i, line := range box {
		at := y + i
		if at < 0 || at >= len(out) {
			continue
		}
		under := Pad(out[at], x)
		out[at] = ansi.Truncate(under, x, "") + reset + line + reset + ansi.TruncateLeft(under, x+Width(line), "")
	}
	return out
}

// isASCII tells whether text is printable ASCII, which is as wide as it is long.
func isASCII(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
