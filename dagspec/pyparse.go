package dagspec

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// parsePython reads the assignments of a generated file back: "NAME = value" with the values that pyWriter writes, and nothing else of Python. The
// values of the names come back, and the package that the file imports.
func parsePython(source string) (names map[string]pyValue, runtime string, err error) {
	names = map[string]pyValue{}
	for rest := source; rest != ""; {
		line, tail, _ := strings.Cut(rest, "\n")
		if imported, ok := strings.CutPrefix(line, "from "+runtimePackage("")); ok {
			runtime, _, _ = strings.Cut(imported, " ")
		}
		name, _, assigned := strings.Cut(line, " = ")
		if !assigned || strings.ContainsAny(name, " #(") {
			rest = tail
			continue
		}
		p := &pyParser{rest: rest[len(name)+len(" = "):]}
		names[name] = p.value()
		if p.err != nil {
			at := 1 + strings.Count(source[:len(source)-len(p.rest)], "\n")
			return nil, "", fmt.Errorf("line %d: %w", at, p.err)
		}
		rest = p.rest
	}
	return names, runtime, nil
}

var errNotOurs = errors.New("is no value that chrononctl writes")

// pyParser reads one value. After an error it reads nothing more.
type pyParser struct {
	rest string
	err  error
}

func (p *pyParser) fail(err error) pyValue {
	if p.err == nil {
		p.err = err
	}
	return nil
}

// next tells the next character that is not white space, 0 at the end or after an error.
func (p *pyParser) next() byte {
	p.rest = strings.TrimLeft(p.rest, " \n")
	if p.err != nil || p.rest == "" {
		return 0
	}
	return p.rest[0]
}

// take reads a character if it is the next one.
func (p *pyParser) take(c byte) bool {
	if p.next() != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

func (p *pyParser) value() pyValue {
	switch c := p.next(); {
	case c == '"':
		return p.text()
	case c == '(':
		p.take('(')
		return p.tuple()
	case c == '{':
		p.take('{')
		return p.dict()
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	default:
		return p.word()
	}
}

func (p *pyParser) text() string {
	quoted, err := strconv.QuotedPrefix(p.rest)
	if err != nil {
		p.fail(errNotOurs)
		return ""
	}
	p.rest = p.rest[len(quoted):]
	text, err := strconv.Unquote(quoted)
	if err != nil {
		p.fail(errNotOurs)
	}
	return text
}

func (p *pyParser) tuple() pyTuple {
	var values pyTuple
	for !p.take(')') && p.err == nil {
		values = append(values, p.value())
		p.separator(')')
	}
	return values
}

func (p *pyParser) dict() pyDict {
	values := pyDict{}
	for !p.take('}') && p.err == nil {
		p.next()
		key := p.text()
		if !p.take(':') {
			p.fail(errNotOurs)
		}
		p.next()
		values[key] = p.text()
		p.separator('}')
	}
	return values
}

// separator reads the comma between elements, which the last one may lack.
func (p *pyParser) separator(end byte) {
	if !p.take(',') && p.next() != end {
		p.fail(errNotOurs)
	}
}

func (p *pyParser) number() pyValue {
	end := strings.IndexFunc(p.rest, func(r rune) bool { return !strings.ContainsRune("+-0123456789.e", r) })
	if end < 0 {
		end = len(p.rest)
	}
	digits := p.rest[:end]
	p.rest = p.rest[end:]
	if whole, err := strconv.Atoi(digits); err == nil {
		return whole
	}
	number, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return p.fail(errNotOurs)
	}
	return number
}

// word reads True, False or a call.
func (p *pyParser) word() pyValue {
	name := p.name()
	switch {
	case name == "True":
		return true
	case name == "False":
		return false
	case name == "" || !p.take('('):
		return p.fail(errNotOurs)
	}
	c := pyCall{name: name}
	for !p.take(')') && p.err == nil {
		p.next()
		before := p.rest
		key := p.name()
		if key == "" || !strings.HasPrefix(p.rest, "=") {
			key, p.rest = "", before
		} else {
			p.rest = p.rest[1:]
		}
		c.args = append(c.args, pyArg{key, p.value()})
		p.separator(')')
	}
	return c
}

func (p *pyParser) name() string {
	end := strings.IndexFunc(p.rest, func(r rune) bool {
		return r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	})
	if end < 0 {
		end = len(p.rest)
	}
	name := p.rest[:end]
	p.rest = p.rest[end:]
	return name
}

// arg is the value of a keyword argument, nil if it is not there.
func (c pyCall) arg(key string) pyValue {
	for _, arg := range c.args {
		if arg.key == key {
			return arg.value
		}
	}
	return nil
}

// at is the value of a positional argument, nil if it is not there.
func (c pyCall) at(i int) pyValue {
	if i >= len(c.args) || c.args[i].key != "" {
		return nil
	}
	return c.args[i].value
}

// text, number and texts are arguments of their types, zero where something else stands.
func (c pyCall) text(key string) string { text, _ := c.arg(key).(string); return text }
func (c pyCall) number(key string) int  { number, _ := c.arg(key).(int); return number }

func (c pyCall) texts(key string) []string {
	tuple, _ := c.arg(key).(pyTuple)
	return tuple.texts()
}

func (t pyTuple) texts() []string {
	var texts []string
	for _, value := range t {
		if text, ok := value.(string); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

// calls are the elements of a tuple that are calls.
func (c pyCall) calls(key string) []pyCall {
	tuple, _ := c.arg(key).(pyTuple)
	var calls []pyCall
	for _, value := range tuple {
		if call, ok := value.(pyCall); ok {
			calls = append(calls, call)
		}
	}
	return calls
}
