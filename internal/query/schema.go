package query

import (
	"strings"
	"time"
)

// Schema is what rows of type T can be asked. The zero value has no fields and takes plain text only, which then meets nothing.
type Schema[T any] struct {
	Fields []Field[T]
}

// Field is one question that a row can answer. It is made by [Text], [Texts], [Word], [Number], [Age] or [Day].
type Field[T any] struct {
	Name string // lower case, letters and underscores; what stands before the sign
	Help string // for help pages and completion, a few words

	kind   kind
	words  []string
	text   func(T) string
	each   func(T) []string // of a field with several values: one of them is enough
	number func(T) (float64, bool)
}

// kind says how the value after the sign is read.
type kind uint8

const (
	kindText kind = iota
	kindWord
	kindNumber
	kindAge
	kindDay
)

// Text is a field of free text. An empty text is a value like any other.
func Text[T any](name, help string, get func(T) string) Field[T] {
	return Field[T]{Name: name, Help: help, kind: kindText, text: get}
}

// Texts is a field of several texts, any of which may meet the value; the opposite is met when none does.
func Texts[T any](name, help string, get func(T) []string) Field[T] {
	return Field[T]{Name: name, Help: help, kind: kindText, each: get, text: func(row T) string { return strings.Join(get(row), " ") }}
}

// Word is a field with a closed set of values, which are checked and completed.
func Word[T any](name, help string, words []string, get func(T) string) Field[T] {
	return Field[T]{Name: name, Help: help, kind: kindWord, words: words, text: get}
}

// Number is a field that compares as a number; false: the value is not known.
func Number[T any](name, help string, get func(T) (float64, bool)) Field[T] {
	return Field[T]{Name: name, Help: help, kind: kindNumber, number: get}
}

// Age is a field that compares as a length of time; false: the value is not known.
func Age[T any](name, help string, get func(T) (time.Duration, bool)) Field[T] {
	return Field[T]{Name: name, Help: help, kind: kindAge, number: func(row T) (float64, bool) {
		d, ok := get(row)
		return d.Seconds(), ok
	}}
}

// Day is a field that holds a day as YYYY-MM-DD; empty: the day is not known. Days written like this sort like text, and are compared as numbers of days.
func Day[T any](name, help string, get func(T) string) Field[T] {
	return Field[T]{Name: name, Help: help, kind: kindDay, number: func(row T) (float64, bool) {
		return dayNumber(get(row))
	}}
}

// Over makes fields of a part of a row fields of the row.
func Over[T, P any](fields []Field[P], part func(T) P) []Field[T] {
	out := make([]Field[T], len(fields))
	for i, f := range fields {
		out[i] = Field[T]{Name: f.Name, Help: f.Help, kind: f.kind, words: f.words}
		if f.text != nil {
			out[i].text = func(row T) string { return f.text(part(row)) }
		}
		if f.each != nil {
			out[i].each = func(row T) []string { return f.each(part(row)) }
		}
		if f.number != nil {
			out[i].number = func(row T) (float64, bool) { return f.number(part(row)) }
		}
	}
	return out
}

// dayNumber counts the days since 1970-01-01.
func dayNumber(day string) (float64, bool) {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return 0, false
	}
	return float64(t.Unix() / (24 * 60 * 60)), true
}

// Text is all that plain text is looked for in: the texts of a row, in lower case, each ended by a NUL. Who asks the same rows again and again keeps it;
// see [Filter.MatchText].
func (s Schema[T]) Text(row T) string {
	var b strings.Builder
	for _, f := range s.Fields {
		if f.searched() {
			b.WriteString(f.text(row))
			b.WriteByte(0)
		}
	}
	return strings.ToLower(b.String())
}

// searched tells whether plain text and regular expressions look at the field.
func (f Field[T]) searched() bool { return f.text != nil }

func (s Schema[T]) field(name string) (Field[T], bool) {
	for _, f := range s.Fields {
		if f.Name == strings.ToLower(name) {
			return f, true
		}
	}
	return Field[T]{}, false
}

func (s Schema[T]) names() []string {
	out := make([]string, len(s.Fields))
	for i, f := range s.Fields {
		out[i] = f.Name
	}
	return out
}
