package paint

import (
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Width returns the columns that text takes, with or without styles.
//
// Nearly all text of the console is ASCII with some signs that take one column each and join no other character: these are counted here. Whatever else
// there is, the whole text is left to the rules of Unicode, which cost ten times as much.
func Width(text string) int {
	width := 0
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c >= ' ' && c < 0x7f:
			width++
			i++
		case c == 0x1b:
			n := styleLength(text[i:])
			if n == 0 {
				return ansi.StringWidth(text)
			}
			i += n
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRuneInString(text[i:])
			if !narrow(r) {
				return ansi.StringWidth(text)
			}
			width++
			i += n
		default:
			return ansi.StringWidth(text)
		}
	}
	return width
}

// styleLength is how long the sequence is that text begins with, 0 where it is none that sets a style.
func styleLength(text string) int {
	if len(text) < 3 || text[1] != '[' {
		return 0
	}
	for i := 2; i < len(text); i++ {
		switch c := text[i]; {
		case c == 'm':
			return i + 1
		case c >= '0' && c <= '9', c == ';', c == ':':
		default:
			return 0
		}
	}
	return 0
}

// narrow tells whether a character takes one column whatever stands beside it: letters of Latin-1, and the dashes, dots, arrows, lines, blocks and shapes
// that the console draws with.
func narrow(r rune) bool {
	switch {
	case r == 0xad: // a soft hyphen takes none
		return false
	case r >= 0xa1 && r <= 0xff, r >= 0x2010 && r <= 0x2027, r == 0x203a, r >= 0x2190 && r <= 0x21ff, r >= 0x2500 && r <= 0x25fc:
		return r != 0xa9 && r != 0xae
	case r == 0x2713, r == 0x2714, r == 0x2716: // ✓ ✔ ✖
		return true
	}
	return false
}
