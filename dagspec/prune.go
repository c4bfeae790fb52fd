package dagspec

import (
	"encoding/json"
	"reflect"
	"strings"
	"sync"
)

// Nearly all of a conf is what a schedule does not depend on: selects, aggregations, and in a join each of its GroupBys once more. encoding/json looks
// at every byte of it twice. So a conf is cut down first, in one pass, to the members that document reads, and what is left is decoded as ever.
// The cut decodes to the same as the whole, and invalid JSON is not cut at all: FuzzPrune holds it to both.

// shape says which members of a JSON object are read, and what of their values. A nil shape is all of a value.
type shape struct {
	members map[string]*shape
}

// documentShape is the shape of [document].
var documentShape = sync.OnceValue(func() *shape {
	return shapeOf(reflect.TypeFor[document](), map[reflect.Type]*shape{})
})

// shapeOf is the shape of what a type is decoded from; a list has that of its elements. A type that decodes itself gets all of its value.
func shapeOf(t reflect.Type, known map[reflect.Type]*shape) *shape {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		if reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
			return nil
		}
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return nil
	}
	if s, ok := known[t]; ok {
		return s // a type that holds itself
	}
	s := &shape{members: map[string]*shape{}}
	known[t] = s
	for field := range t.Fields() {
		if name := field.Tag.Get("json"); name != "" {
			s.members[name] = shapeOf(field.Type, known)
		}
	}
	return s
}

// member finds what is read of a member by its key as it stands in the file. encoding/json takes a key in any letter case, and what this cannot
// tell cheaply is kept.
func (s *shape) member(key []byte) (of *shape, kept bool) {
	if of, ok := s.members[string(key)]; ok {
		return of, true
	}
	for _, c := range key {
		if c == '\\' || c >= 0x80 {
			return nil, true
		}
	}
	for name := range s.members {
		if len(name) == len(key) && strings.EqualFold(name, string(key)) {
			return nil, true
		}
	}
	return nil, false
}

// prune cuts a JSON text down to a shape. It says false where the text is not valid JSON, or is nested deeper than any conf.
func prune(text []byte, s *shape) ([]byte, bool) {
	p := pruner{in: text, out: make([]byte, 0, len(text)/8)}
	p.space()
	if !p.value(s) {
		return nil, false
	}
	p.space()
	return p.out, p.at == len(p.in)
}

// pruneDepth is how deeply JSON may be nested; encoding/json refuses what is deeper than 10,000.
const pruneDepth = 500

// pruner walks over a JSON text. Its methods say false where the text is not valid; at is then anywhere.
type pruner struct {
	in, out []byte
	at      int
	depth   int
}

// value copies the value at the present place, cut to the shape.
func (p *pruner) value(s *shape) bool {
	if p.at == len(p.in) {
		return false
	}
	switch c := p.in[p.at]; {
	case s == nil || c != '{' && c != '[':
		start := p.at
		ok := p.skip()
		p.out = append(p.out, p.in[start:p.at]...)
		return ok
	case c == '{':
		p.out = append(p.out, '{')
		empty := len(p.out)
		ok := p.elements('}', func() bool { return p.pruneMember(s, empty) })
		p.out = append(p.out, '}')
		return ok
	default:
		p.out = append(p.out, '[')
		empty := len(p.out)
		ok := p.elements(']', func() bool {
			p.comma(empty)
			return p.value(s)
		})
		p.out = append(p.out, ']')
		return ok
	}
}

// pruneMember copies a member of an object, or leaves it out. empty is the length of the output of the object without members.
func (p *pruner) pruneMember(s *shape, empty int) bool {
	key, ok := p.key()
	if !ok {
		return false
	}
	of, kept := s.member(key[1 : len(key)-1])
	if !kept {
		return p.skip()
	}
	p.comma(empty)
	p.out = append(append(p.out, key...), ':')
	return p.value(of)
}

func (p *pruner) comma(empty int) {
	if len(p.out) > empty {
		p.out = append(p.out, ',')
	}
}

// elements goes over what stands between brackets, with commas between.
func (p *pruner) elements(end byte, element func() bool) bool {
	p.at++
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > pruneDepth {
		return false
	}
	if p.space(); p.at < len(p.in) && p.in[p.at] == end {
		p.at++
		return true
	}
	for {
		if p.space(); !element() {
			return false
		}
		p.space()
		switch {
		case p.at == len(p.in):
			return false
		case p.in[p.at] == end:
			p.at++
			return true
		case p.in[p.at] != ',':
			return false
		}
		p.at++
	}
}

// key goes over a member's key and colon, and returns the key with its quotes.
func (p *pruner) key() ([]byte, bool) {
	start := p.at
	if p.at == len(p.in) || p.in[p.at] != '"' || !p.text() {
		return nil, false
	}
	key := p.in[start:p.at]
	if p.space(); p.at == len(p.in) || p.in[p.at] != ':' {
		return nil, false
	}
	p.at++
	p.space()
	return key, true
}

// skip goes over a value.
func (p *pruner) skip() bool {
	if p.at == len(p.in) {
		return false
	}
	switch p.in[p.at] {
	case '"':
		return p.text()
	case '{':
		return p.elements('}', func() bool {
			_, ok := p.key()
			return ok && p.skip()
		})
	case '[':
		return p.elements(']', p.skip)
	case 't':
		return p.word("true")
	case 'f':
		return p.word("false")
	case 'n':
		return p.word("null")
	default:
		return p.number()
	}
}

func (p *pruner) word(word string) bool {
	ok := len(p.in)-p.at >= len(word) && string(p.in[p.at:p.at+len(word)]) == word
	p.at += len(word)
	return ok
}

// plain are the bytes of a JSON string that stand for themselves.
var plain = func() (table [256]bool) {
	for c := range table {
		table[c] = c >= ' ' && c != '"' && c != '\\'
	}
	return table
}()

// text goes over a string.
func (p *pruner) text() bool {
	in, i := p.in, p.at+1
	for i < len(in) {
		switch c := in[i]; {
		case plain[c]:
			i++
		case c == '"':
			p.at = i + 1
			return true
		case c != '\\' || i+1 == len(in):
			return false
		case in[i+1] == 'u':
			if len(in)-i < 6 || !isHex(in[i+2]) || !isHex(in[i+3]) || !isHex(in[i+4]) || !isHex(in[i+5]) {
				return false
			}
			i += 6
		case strings.IndexByte(`"\/bfnrt`, in[i+1]) < 0:
			return false
		default:
			i += 2
		}
	}
	return false
}

func isHex(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// number goes over a number: -?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?
func (p *pruner) number() bool {
	if p.next('-'); p.next('0') {
		// nothing may follow a leading zero
	} else if !p.digits() {
		return false
	}
	if p.next('.') && !p.digits() {
		return false
	}
	if p.next('e') || p.next('E') {
		_ = p.next('+') || p.next('-')
		return p.digits()
	}
	return true
}

// next goes over a byte if it is c.
func (p *pruner) next(c byte) bool {
	if p.at < len(p.in) && p.in[p.at] == c {
		p.at++
		return true
	}
	return false
}

// digits goes over one digit or more.
func (p *pruner) digits() bool {
	start := p.at
	for p.at < len(p.in) && isDigit(p.in[p.at]) {
		p.at++
	}
	return p.at > start
}

func (p *pruner) space() {
	for p.at < len(p.in) {
		switch p.in[p.at] {
		case ' ', '\n', '\t', '\r':
			p.at++
		default:
			return
		}
	}
}
