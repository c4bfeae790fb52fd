package term

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean makes text from outside (Airflow, confs, logs) fit for one line of a terminal: what could move the cursor, change colours, reorder or hide
// text becomes visible instead. A tab and a line break become a space. Printable text is returned unchanged, without a copy.
//
// The rules follow what kubectl (CVE-2021-25743) and gh (CVE-2026-45803) had to learn: C0 and C1 controls, ESC sequences, bidirectional
// overrides (Trojan Source), zero-width and tag characters, and invalid UTF-8.
func Clean(s string) string {
	if isClean(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 8)
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		b.WriteString(visible(r, size))
		i += size
	}
	return b.String()
}

// CleanLines is Clean for text of several lines: the line breaks stay.
func CleanLines(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i, line := range lines {
		lines[i] = Clean(line)
	}
	return strings.Join(lines, "\n")
}

func isClean(s string) bool {
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c < ' ' || c == 0x7f {
				return false
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if hazardous(r, size) {
			return false
		}
		i += size
	}
	return true
}

// visible is what stands for one rune of a hazardous text.
func visible(r rune, size int) string {
	switch {
	case r == '\t' || r == '\n' || r == '\r':
		return " "
	case r < ' ':
		return "^" + string(r+'@')
	case r == 0x7f:
		return "^?"
	case hazardous(r, size):
		return "\uFFFD"
	default:
		return string(r)
	}
}

func hazardous(r rune, size int) bool {
	switch {
	case r == utf8.RuneError && size <= 1:
		return true
	case r < ' ', r >= 0x7f && r <= 0x9f:
		return true
	case r == '\u2028', r == '\u2029': // line and paragraph separators
		return true
	case r >= 0xE0000 && r <= 0xE007F: // tags
		return true
	}
	return unicode.Is(unicode.Cf, r) && r != '\u00AD' && r != '\u200D'
}
