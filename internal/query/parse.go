package query

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"
)

// Filter is a query that was understood. The zero value lets every row through.
type Filter[T any] struct {
	source string
	terms  []term[T]
}

// term answers for one row: met, or not; known is false where the row cannot tell, and then the opposite is not met either.
type term[T any] struct {
	negated bool
	plain   string // the text that is looked for, in lower case; empty: the term is about something else
	meets   func(T) (met, known bool)
}

// Parse reads a query against a schema. now dates "today" and "-7d". The error is an [*Error] with every mistake in it.
func Parse[T any](schema Schema[T], query string, now time.Time) (Filter[T], error) {
	query = strings.ToValidUTF8(query, "\uFFFD")
	out := Filter[T]{source: strings.TrimSpace(query)}
	var problems []Problem
	for _, w := range split(query) {
		t, problem := parseTerm(schema, w, now)
		if problem != nil {
			problem.At = w.at
			problems = append(problems, *problem)
			continue
		}
		t.negated = w.negated
		out.terms = append(out.terms, t)
	}
	if len(problems) > 0 {
		return Filter[T]{}, &Error{Query: query, Problems: problems}
	}
	return out, nil
}

// String is the query as it was given.
func (f Filter[T]) String() string { return f.source }

// All tells that the filter lets every row through.
func (f Filter[T]) All() bool { return len(f.terms) == 0 }

// Match tells whether a row meets all terms.
func (f Filter[T]) Match(row T) bool {
	for _, t := range f.terms {
		met, known := t.meets(row)
		if !known || met == t.negated {
			return false
		}
	}
	return true
}

// MatchText is Match for a row whose text is known already, as [Schema.Text] makes it: plain text is looked for there, and the row need not be asked.
func (f Filter[T]) MatchText(row T, text string) bool {
	for _, t := range f.terms {
		met, known := t.meetsText(row, text)
		if !known || met == t.negated {
			return false
		}
	}
	return true
}

// meetsText answers for a row, for plain text by the text of the row alone.
func (t term[T]) meetsText(row T, text string) (met, known bool) {
	if t.plain != "" {
		return strings.Contains(text, t.plain), true
	}
	return t.meets(row)
}

func parseTerm[T any](schema Schema[T], w word, now time.Time) (term[T], *Problem) {
	if w.open {
		return term[T]{}, &Problem{Message: "a quote is not closed"}
	}
	pattern, isPattern := strings.CutPrefix(w.text, "re:")
	name, s, value, isField := cut(w.text)
	var (
		meets   func(T) (met, known bool)
		problem *Problem
	)
	switch {
	case !w.quoted && isPattern:
		meets, problem = expression(schema, pattern)
	case !w.quoted && isField:
		meets, problem = parseField(schema, name, s, value, now)
	default:
		return plain(schema, w.text), nil
	}
	return term[T]{meets: meets}, problem
}

// parseField reads a term that compares a field.
func parseField[T any](schema Schema[T], name string, s sign, value string, now time.Time) (func(T) (met, known bool), *Problem) {
	field, ok := schema.field(name)
	if !ok {
		return nil, &Problem{
			Message: fmt.Sprintf("there is no field %q here", name),
			Hint:    suggest(name, schema.names(), "put the term in quotes to look for it as text"),
		}
	}
	if value == "" {
		return nil, &Problem{Message: fmt.Sprintf("%s%s needs a value", name, s)}
	}
	if field.text != nil {
		return compareText(field, s, value)
	}
	return compareNumber(field, s, value, now)
}

// plain looks for a text in every cell that has text.
func plain[T any](schema Schema[T], text string) term[T] {
	text = strings.ToLower(text)
	return term[T]{plain: text, meets: func(row T) (bool, bool) {
		for _, f := range schema.Fields {
			if f.searched() && strings.Contains(strings.ToLower(f.text(row)), text) {
				return true, true
			}
		}
		return false, true
	}}
}

func expression[T any](schema Schema[T], pattern string) (func(T) (met, known bool), *Problem) {
	re, err := regexp.Compile("(?i)" + pattern)
	if err != nil {
		return nil, &Problem{Message: strings.TrimPrefix(err.Error(), "error parsing regexp: "), Hint: "re: takes a regular expression; leave it out to look for text"}
	}
	return func(row T) (bool, bool) {
		for _, f := range schema.Fields {
			if f.searched() && re.MatchString(f.text(row)) {
				return true, true
			}
		}
		return false, true
	}, nil
}

func compareText[T any](field Field[T], s sign, value string) (func(T) (met, known bool), *Problem) {
	negated := s == signNotEqual
	if !negated && s != signIs && s != signEqual {
		return nil, &Problem{Message: fmt.Sprintf("%s is text and does not compare with %s", field.Name, s), Hint: fmt.Sprintf("write %s:%s", field.Name, value)}
	}
	alternatives := strings.Split(value, ",")
	if problem := checkWords(field, alternatives); problem != nil {
		return nil, problem
	}
	is := glob(alternatives)
	if field.each != nil {
		return func(row T) (bool, bool) { return slices.ContainsFunc(field.each(row), is.MatchString) != negated, true }, nil
	}
	return func(row T) (bool, bool) { return is.MatchString(field.text(row)) != negated, true }, nil
}

// checkWords refuses a word that the field can never be: such a filter would show an empty table, which reads like good news.
func checkWords[T any](field Field[T], alternatives []string) *Problem {
	if field.kind != kindWord {
		return nil
	}
	for _, alternative := range alternatives {
		is := glob([]string{alternative})
		if !slices.ContainsFunc(field.words, is.MatchString) {
			return &Problem{
				Message: fmt.Sprintf("%s is never %q", field.Name, alternative),
				Hint:    suggest(alternative, field.words, "it is one of "+strings.Join(field.words, ", ")),
			}
		}
	}
	return nil
}

// glob matches a whole text against any of the alternatives, in any case; a star stands for any run of characters.
func glob(alternatives []string) *regexp.Regexp {
	parts := make([]string, len(alternatives))
	for i, a := range alternatives {
		parts[i] = strings.ReplaceAll(regexp.QuoteMeta(a), `\*`, `.*`)
	}
	return regexp.MustCompile(`(?is)^(?:` + strings.Join(parts, "|") + `)$`)
}

func compareNumber[T any](field Field[T], s sign, value string, now time.Time) (func(T) (met, known bool), *Problem) {
	want, problem := readValue(field, value, now)
	if problem != nil {
		return nil, problem
	}
	return func(row T) (bool, bool) {
		have, known := field.number(row)
		return known && compare(have, s, want), known
	}, nil
}

func compare(have float64, s sign, want float64) bool {
	switch s {
	case signIs, signEqual:
		return have == want
	case signNotEqual:
		return have != want
	case signLess:
		return have < want
	case signLessEqual:
		return have <= want
	case signMore:
		return have > want
	case signMoreEqual:
		return have >= want
	}
	return false
}

func readValue[T any](field Field[T], value string, now time.Time) (float64, *Problem) {
	switch field.kind {
	case kindAge:
		if seconds, ok := readAge(value); ok {
			return seconds, nil
		}
		return 0, &Problem{Message: fmt.Sprintf("%q is not a length of time", value), Hint: "write it like 90s, 30m, 6h or 2d"}
	case kindDay:
		if day, ok := readDay(value, now); ok {
			return day, nil
		}
		return 0, &Problem{Message: fmt.Sprintf("%q is not a day", value), Hint: "write it like 2026-11-21, today, or -7d for a week ago"}
	case kindNumber:
		if n, err := strconv.ParseFloat(strings.TrimSuffix(value, "%"), 64); err == nil {
			if strings.HasSuffix(value, "%") {
				n /= 100
			}
			return n, nil
		}
		return 0, &Problem{Message: fmt.Sprintf("%q is not a number", value), Hint: "write it like 3, 0.05 or 5%"}
	case kindText, kindWord:
	}
	return 0, &Problem{Message: fmt.Sprintf("%s does not compare", field.Name)}
}

// readAge reads Go's durations and whole or broken days, which operators count in.
func readAge(value string) (seconds float64, ok bool) {
	if days, isDays := strings.CutSuffix(value, "d"); isDays {
		n, err := strconv.ParseFloat(days, 64)
		return n * 24 * 60 * 60, err == nil
	}
	d, err := time.ParseDuration(value)
	return d.Seconds(), err == nil
}

// readDay reads a day, or one counted from today in UTC, which is the clock of a `ds`.
func readDay(value string, now time.Time) (float64, bool) {
	today, _ := dayNumber(now.UTC().Format(time.DateOnly))
	if value == "today" {
		return today, true
	}
	if back, ok := strings.CutSuffix(value, "d"); ok && strings.HasPrefix(back, "-") {
		n, err := strconv.Atoi(back)
		return today + float64(n), err == nil
	}
	return dayNumber(value)
}

// suggest names the known word that is nearest, if one is near; otherwise it says what else to do.
func suggest(given string, known []string, otherwise string) string {
	best, distance := "", 2+len(given)/4
	for _, word := range known {
		if d := levenshtein.ComputeDistance(strings.ToLower(given), word); d < distance {
			best, distance = word, d
		}
	}
	if best == "" {
		return otherwise
	}
	return "did you mean " + best + "?"
}
