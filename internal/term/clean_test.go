package term_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"chrononctl/internal/term"
)

func TestClean(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ in, want string }{
		"plain text is untouched":          {"payments.card_stats.v1 ✔ Größe", "payments.card_stats.v1 ✔ Größe"},
		"escape sequences become visible":  {"a\x1b[31mred\x1b]0;title\x07", "a^[[31mred^[]0;title^G"},
		"carriage return cannot overwrite": {"real\rfake", "real fake"},
		"tabs and breaks become spaces":    {"a\tb\nc", "a b c"},
		"c1 controls":                      {"a\u009b31m", "a\uFFFD31m"},
		"bidirectional override":           {"a\u202Eb", "a\uFFFDb"},
		"zero width space":                 {"a\u200Bb", "a\uFFFDb"},
		"byte order mark":                  {"\uFEFFa", "\uFFFDa"},
		"tag characters":                   {"a\U000E0041", "a\uFFFD"},
		"invalid utf-8":                    {"a\xffb", "a\uFFFDb"},
		"delete":                           {"a\x7f", "a^?"},
		"a real replacement character":     {"a\uFFFDb", "a\uFFFDb"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := term.Clean(tc.in); got != tc.want {
				t.Errorf("Clean(%q) = %q, want %q", tc.in, got, tc.want)
			}
		})
	}
}

func TestCleanLinesKeepsLineBreaks(t *testing.T) {
	t.Parallel()
	if got, want := term.CleanLines("a\r\nb\x1b\nc"), "a\nb^[\nc"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\x1b[31m\u202e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		got := term.Clean(s)
		if !utf8.ValidString(got) {
			t.Fatalf("not UTF-8: %q", got)
		}
		if strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || r >= 0x7f && r <= 0x9f || r == '\u202e' }) {
			t.Fatalf("a control character got through: %q", got)
		}
		if again := term.Clean(got); again != got {
			t.Fatalf("not idempotent: %q, then %q", got, again)
		}
	})
}
