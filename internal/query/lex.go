package query

import "strings"

// word is one term as it was written.
type word struct {
	at      int    // byte offset in the query, of the term with its "!"
	text    string // without "!" and without quotes
	negated bool
	quoted  bool // the whole of it stood in quotes: plain text, whatever it holds
	open    bool // a quote was never closed
}

// split cuts a query at white space outside of double quotes. Quotes may also stand inside of a term: team:"a b".
func split(query string) []word {
	var out []word
	for i := 0; i < len(query); {
		if isSpace(query[i]) {
			i++
			continue
		}
		w, next := readWord(query, i)
		out = append(out, w)
		i = next
	}
	return out
}

func readWord(query string, start int) (word, int) {
	w := word{at: start}
	i := start
	if query[i] == '!' && i+1 < len(query) && !isSpace(query[i+1]) && query[i+1] != '=' {
		w.negated = true
		i++
	}
	w.quoted = query[i] == '"'
	var text strings.Builder
	inside := false
	for ; i < len(query) && (inside || !isSpace(query[i])); i++ {
		switch {
		case inside && query[i] == '\\' && i+1 < len(query) && (query[i+1] == '"' || query[i+1] == '\\'):
			i++
			text.WriteByte(query[i])
		case query[i] == '"':
			inside = !inside
		default:
			text.WriteByte(query[i])
		}
	}
	w.text, w.open = text.String(), inside
	return w, i
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// sign is how a field is compared.
type sign string

const (
	signIs        sign = ":"
	signEqual     sign = "="
	signNotEqual  sign = "!="
	signLess      sign = "<"
	signLessEqual sign = "<="
	signMore      sign = ">"
	signMoreEqual sign = ">="
)

// signs are tried in this order, so that "<=" is not read as "<".
var signs = [...]sign{signNotEqual, signLessEqual, signMoreEqual, signIs, signEqual, signLess, signMore}

// cut takes a term apart into field, sign and value. It is not ok for plain text: a term whose beginning is no possible name of a field.
func cut(text string) (name string, s sign, value string, ok bool) {
	end := strings.IndexFunc(text, func(r rune) bool { return !isNameRune(r) })
	if end <= 0 {
		return "", "", "", false
	}
	for _, s := range signs {
		if value, found := strings.CutPrefix(text[end:], string(s)); found {
			return text[:end], s, value, true
		}
	}
	return "", "", "", false
}

func isNameRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_'
}
