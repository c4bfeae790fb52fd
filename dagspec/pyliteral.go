package dagspec

import (
	"fmt"
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

// call starts a constructor call with positional arguments.
func call(name string, args ...pyValue) pyCall {
	c := pyCall{name: name}
	for _, arg := range args {
		c.args = append(c.args, pyArg{value: arg})
	}
	return c
}

// with adds a keyword argument.
func (c pyCall) with(key string, value pyValue) pyCall {
	c.args = append(slices.Clip(c.args), pyArg{key, value})
	return c
}

// unless adds a keyword argument where the value is not the constructor's own default.
func (c pyCall) unless(key string, value, standard pyValue) pyCall {
	if value == standard {
		return c
	}
	return c.with(key, value)
}

// pyText encodes a string as a Python literal in ASCII. Go's escapes are Python's for valid UTF-8 (deploy.md §4.2: compared with CPython); invalid
// bytes have no Python string and are refused.
func pyText(s string) (string, error) {
	if !utf8.ValidString(s) {
		return "", fmt.Errorf("%q is not UTF-8", s)
	}
	return strconv.QuoteToASCII(s), nil
}

// pyWidth is how wide a line of a generated file should be.
const pyWidth = 140

// pyWriter writes expressions, each on one line where it fits, else one element per line.
type pyWriter struct {
	out strings.Builder
	err error
}

// assign writes "NAME = value".
func (w *pyWriter) assign(name string, value pyValue) {
	w.out.WriteString(name + " = ")
	w.write(value, 0, len(name)+3, 0)
	w.out.WriteByte('\n')
}

// write puts a value at the present column; after is what must still fit behind it.
func (w *pyWriter) write(value pyValue, indent, column, after int) {
	if room := pyWidth - column - after; atLeast(value, room) <= room {
		if line := w.inline(value); len(line) <= room {
			w.out.WriteString(line)
			return
		}
	}
	switch value := value.(type) {
	case pyCall:
		w.out.WriteString(value.name)
		w.block("(", ")", indent, len(value.args), func(i int) (string, pyValue) {
			if value.args[i].key == "" {
				return "", value.args[i].value
			}
			return value.args[i].key + "=", value.args[i].value
		})
	case pyTuple:
		if flat(value) {
			w.fill(value, indent)
			return
		}
		w.block("(", ")", indent, len(value), func(i int) (string, pyValue) { return "", value[i] })
	default: // a long string: nothing to break
		w.out.WriteString(w.inline(value))
	}
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
	w.out.WriteString(open + "\n")
	for i := range n {
		prefix, value := element(i)
		w.out.WriteString(inner + prefix)
		w.write(value, indent+4, indent+4+len(prefix), 1)
		w.out.WriteString(",\n")
	}
	w.out.WriteString(strings.Repeat(" ", indent) + end)
}

// fill writes short elements, as many on a line as fit.
func (w *pyWriter) fill(values pyTuple, indent int) {
	inner := strings.Repeat(" ", indent+4)
	w.out.WriteString("(\n" + inner)
	column := len(inner)
	for i, value := range values {
		element := w.inline(value) + ","
		if i > 0 && column+1+len(element) > pyWidth {
			w.out.WriteString("\n" + inner)
			column = len(inner)
		} else if i > 0 {
			w.out.WriteByte(' ')
			column++
		}
		w.out.WriteString(element)
		column += len(element)
	}
	w.out.WriteString("\n" + strings.Repeat(" ", indent) + ")")
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

// inline is the value on one line.
func (w *pyWriter) inline(value pyValue) string {
	switch value := value.(type) {
	case string:
		literal, err := pyText(value)
		if err != nil && w.err == nil {
			w.err = err
		}
		return literal
	case bool:
		if value {
			return "True"
		}
		return "False"
	case int:
		return strconv.Itoa(value)
	case float64:
		return w.float(value)
	case pyDict:
		keys := make([]string, 0, len(value))
		for key := range value {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		for i, key := range keys {
			keys[i] = w.inline(key) + ": " + w.inline(value[key])
		}
		return "{" + strings.Join(keys, ", ") + "}"
	case pyTuple:
		elements := make([]string, len(value))
		for i := range value {
			elements[i] = w.inline(value[i])
		}
		if len(elements) == 1 {
			return "(" + elements[0] + ",)"
		}
		return "(" + strings.Join(elements, ", ") + ")"
	case pyCall:
		arguments := make([]string, len(value.args))
		for i, arg := range value.args {
			if arg.key != "" {
				arguments[i] = arg.key + "="
			}
			arguments[i] += w.inline(arg.value)
		}
		return value.name + "(" + strings.Join(arguments, ", ") + ")"
	default:
		w.err = fmt.Errorf("a %T is no Python literal", value)
		return "None"
	}
}

func (w *pyWriter) float(value float64) string {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		w.err = fmt.Errorf("%v is no Python literal", value)
		return "None"
	}
	text := strconv.FormatFloat(value, 'g', -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return text
}

// pyTexts is a tuple of strings.
func pyTexts(values []string) pyTuple {
	tuple := make(pyTuple, len(values))
	for i, value := range values {
		tuple[i] = value
	}
	return tuple
}
