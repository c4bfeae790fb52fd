package dagspec

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// pyValue is a Python expression of literals and constructor calls: a string, bool, int, float64, pyTuple, pyDict or pyCall. It is the only way for
// text into a generated file.
type pyValue any

// pyTuple is a tuple.
type pyTuple []pyValue

// pyDict is a dictionary of strings, written in the order of its keys.
type pyDict map[string]string

// pyCall is a call of one of our own constructors with keyword arguments; a key may be empty for a positional one.
type pyCall struct {
	name string
	args []pyArg
}

type pyArg struct {
	key   string
	value pyValue
}

// callArgs is room for the keyword arguments of most calls.
const callArgs = 12

// call starts a constructor call with positional arguments.
func call(name string, args ...pyValue) pyCall {
	c := pyCall{name: name, args: make([]pyArg, 0, callArgs)}
	for _, arg := range args {
		c.args = append(c.args, pyArg{value: arg})
	}
	return c
}

// with adds a keyword argument. The call that it is added to is not to be used any more.
func (c pyCall) with(key string, value pyValue) pyCall {
	c.args = append(c.args, pyArg{key, value})
	return c
}

// unless adds a keyword argument where the value is not the constructor's own default.
func (c pyCall) unless(key string, value, standard pyValue) pyCall {
	if value == standard {
		return c
	}
	return c.with(key, value)
}

// pyWidth is how wide a line of a generated file should be.
const pyWidth = 140

// pyWriter writes expressions, each on one line where it fits, else one element per line.
type pyWriter struct {
	out []byte
	err error // the first one
}

func (w *pyWriter) text(s string) { w.out = append(w.out, s...) }

// assign writes "NAME = value".
func (w *pyWriter) assign(name string, value pyValue) {
	w.text(name + " = ")
	w.write(value, 0, len(name)+3, 0)
	w.text("\n")
}

// write puts a value at the present column; after is what must still fit behind it.
func (w *pyWriter) write(value pyValue, indent, column, after int) {
	if room := pyWidth - column - after; atLeast(value, room) <= room {
		begin := len(w.out)
		if w.inline(value); len(w.out)-begin <= room {
			return
		}
		w.out = w.out[:begin]
	}
	switch value := value.(type) {
	case pyCall:
		w.text(value.name)
		w.block("(", ")", indent, len(value.args), func(i int) (string, pyValue) {
			return value.args[i].prefix(), value.args[i].value
		})
	case pyTuple:
		if flat(value) {
			w.fill(value, indent)
			return
		}
		w.block("(", ")", indent, len(value), func(i int) (string, pyValue) { return "", value[i] })
	default: // a long string: nothing to break
		w.inline(value)
	}
}

// prefix is what stands before the value.
func (a pyArg) prefix() string {
	if a.key == "" {
		return ""
	}
	return a.key + "="
}

// atLeast is a length that the value's line cannot fall below. It stops to count beyond room, so that a large value is not written only to see
// that it is too long.
func atLeast(value pyValue, room int) int {
	length := 0
	switch value := value.(type) {
	case string:
		return len(value) // escapes only make it longer
	case pyTuple:
		for i := 0; i < len(value) && length <= room; i++ {
			length += 2 + atLeast(value[i], room-length)
		}
	case pyCall:
		length = len(value.name)
		for i := 0; i < len(value.args) && length <= room; i++ {
			length += 2 + len(value.args[i].key) + atLeast(value.args[i].value, room-length)
		}
	}
	return length
}

// block writes one element per line, indented.
func (w *pyWriter) block(open, end string, indent, n int, element func(int) (string, pyValue)) {
	inner := strings.Repeat(" ", indent+4)
	w.text(open + "\n")
	for i := range n {
		prefix, value := element(i)
		w.text(inner)
		w.text(prefix)
		w.write(value, indent+4, indent+4+len(prefix), 1)
		w.text(",\n")
	}
	w.text(inner[:indent])
	w.text(end)
}

// fill writes short elements, as many on a line as fit.
func (w *pyWriter) fill(values pyTuple, indent int) {
	inner := strings.Repeat(" ", indent+4)
	w.text("(\n" + inner)
	column := len(inner)
	for i, value := range values {
		begin := len(w.out)
		w.inline(value)
		width := len(w.out) - begin + len(",")
		switch {
		case i == 0:
		case column+1+width > pyWidth:
			w.out = slices.Insert(w.out, begin, []byte("\n"+inner)...)
			column = len(inner)
		default:
			w.out = slices.Insert(w.out, begin, ' ')
			column++
		}
		w.text(",")
		column += width
	}
	w.text("\n" + inner[:indent] + ")")
}

// flat says whether a tuple holds short things only: texts and days.
func flat(values pyTuple) bool {
	return !slices.ContainsFunc(values, func(v pyValue) bool {
		switch v := v.(type) {
		case pyTuple, pyDict:
			return true
		case pyCall:
			return v.name != "Ds" && v.name != "Bundled"
		default:
			return false
		}
	})
}

// inline writes a value on one line.
func (w *pyWriter) inline(value pyValue) {
	switch value := value.(type) {
	case string:
		w.literal(value)
	case bool:
		if value {
			w.text("True")
		} else {
			w.text("False")
		}
	case int:
		w.out = strconv.AppendInt(w.out, int64(value), 10)
	case float64:
		w.float(value)
	case pyDict:
		w.text("{")
		for i, key := range slices.Sorted(maps.Keys(value)) {
			w.comma(i)
			w.literal(key)
			w.text(": ")
			w.literal(value[key])
		}
		w.text("}")
	case pyTuple:
		w.text("(")
		for i := range value {
			w.comma(i)
			w.inline(value[i])
		}
		if len(value) == 1 {
			w.text(",")
		}
		w.text(")")
	case pyCall:
		w.text(value.name + "(")
		for i, arg := range value.args {
			w.comma(i)
			w.text(arg.prefix())
			w.inline(arg.value)
		}
		w.text(")")
	default:
		w.fail(fmt.Errorf("a %T is no Python literal", value))
		w.text("None")
	}
}

func (w *pyWriter) comma(i int) {
	if i > 0 {
		w.text(", ")
	}
}

func (w *pyWriter) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// literal writes a string in ASCII. Go's escapes are Python's for valid UTF-8 (FuzzPython compares them with CPython); invalid bytes have no Python
// string and are refused.
func (w *pyWriter) literal(s string) {
	if !utf8.ValidString(s) {
		w.fail(fmt.Errorf("%q is not UTF-8", s))
	}
	w.out = strconv.AppendQuoteToASCII(w.out, s)
}

func (w *pyWriter) float(value float64) {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		w.fail(fmt.Errorf("%v is no Python literal", value))
	}
	begin := len(w.out)
	w.out = strconv.AppendFloat(w.out, value, 'g', -1, 64)
	if !bytes.ContainsAny(w.out[begin:], ".e") {
		w.text(".0")
	}
}

// pyInline is a value on one line; it must be one that a file can hold.
func pyInline(value pyValue) string {
	w := pyWriter{}
	w.inline(value)
	return string(w.out)
}

// pyTexts is a tuple of strings.
func pyTexts(values []string) pyTuple {
	tuple := make(pyTuple, len(values))
	for i, value := range values {
		tuple[i] = value
	}
	return tuple
}
