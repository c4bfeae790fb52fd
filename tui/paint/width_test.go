package paint_test

import (
	"strings"
	"testing"

	"chrononctl/tui/paint"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"
)

// TestWidthIsThatOfUnicode holds what is counted quickly to the rules of Unicode: each character of the planes that terminals draw, alone and beside what
// changes or joins characters.
func TestWidthIsThatOfUnicode(t *testing.T) {
	t.Parallel()
	for r := rune(' '); r < 0x3100; r++ {
		for _, beside := range []string{"%c", "a%cb", "%c\ufe0f", "%c\u0301", "%c\u200d%c", "\x1b[1;38;2;1;2;3m%c\x1b[m", "%c漢"} {
			text := strings.ReplaceAll(beside, "%c", string(r))
			if got, want := paint.Width(text), ansi.StringWidth(text); got != want {
				t.Errorf("%q (%U) is %d columns wide, want %d", text, r, got, want)
			}
		}
	}
}

func TestWidthOfAnyText(t *testing.T) {
	t.Parallel()
	piece := rapid.OneOf(rapid.SampledFrom([]string{"core", "✔ ok", "·", "…", "漢", "\x1b[1m", "\x1b[m", "\x1b[2K", "\x1b]0;t\a", "\t", "\x1b", "[", "\xff", "🇩🇪", "e\u0301"}),
		rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(piece, 0, 6).Draw(t, "pieces"), "")
		if got, want := paint.Width(text), ansi.StringWidth(text); got != want {
			t.Fatalf("%q is %d columns wide, want %d", text, got, want)
		}
	})
}

func TestFitOfPlainTextIsThatOfAnyText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text, width := rapid.StringMatching(`[a-z _]{0,12}`).Draw(t, "text"), rapid.IntRange(1, 14).Draw(t, "width")
		tail := rapid.SampledFrom([]string{"", "…", "..."}).Draw(t, "tail")
		if got, want := paint.Fit(text, width, tail), ansi.Truncate(text, width, tail); got != want {
			t.Fatalf("Fit(%q, %d, %q) = %q, want %q", text, width, tail, got, want)
		}
	})
}

// Budget: 1 µs for a line of a table.
func BenchmarkWidth(b *testing.B) {
	for name, text := range map[string]string{
		"plain": strings.Repeat("payments.checkout ", 6), "styled": strings.Repeat("\x1b[38;2;1;2;3m✔ ok\x1b[m · core  ", 6), "other": strings.Repeat("漢字 ", 20),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				paint.Width(text)
			}
		})
	}
}
