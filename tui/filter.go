package tui

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"chrononctl/internal/fleet"
	ql "chrononctl/internal/query"
	"chrononctl/tui/table"
)

// matcher reads filters for a table of the fields' rows, in the language of [chrononctl/internal/query].
func matcher[T any](s *shell, fields []ql.Field[T]) table.Matcher[T] {
	schema := ql.Schema[T]{Fields: fields}
	return table.Matcher[T]{Text: schema.Text, Read: func(filter string) (func(T, string) bool, error) {
		read, err := ql.Parse(schema, filter, s.now)
		if err != nil {
			return nil, filterProblem(err)
		}
		return read.MatchText, nil
	}}
}

// completer proposes what a filter over these fields could become.
func completer[T any](fields []ql.Field[T]) func(string) []string {
	schema := ql.Schema[T]{Fields: fields}
	return func(filter string) []string { return ql.Complete(schema, filter) }
}

// filterError is the first mistake of a filter, in a few words: the reader sees the filter itself.
type filterError struct{ message, hint string }

func (e filterError) Error() string { return e.message }

// Hint is what would be right.
func (e filterError) Hint() string { return e.hint }

func filterProblem(err error) error {
	if wrong, ok := errors.AsType[*ql.Error](err); ok && len(wrong.Problems) > 0 {
		return filterError{wrong.Problems[0].Message, wrong.Problems[0].Hint}
	}
	return err
}

// yesNo is a field that is yes or no.
func yesNo[T any](name, help string, get func(T) bool) ql.Field[T] {
	return ql.Word(name, help, []string{"yes", "no"}, func(row T) string {
		if get(row) {
			return "yes"
		}
		return "no"
	})
}

// dagFields are what a list of DAGs can be asked. What other rows can be asked internal/fleet says, for the console and for scripts.
func dagFields(s *shell) []ql.Field[fleet.DAG] {
	return []ql.Field[fleet.DAG]{
		ql.Text("dag", "its id", func(d fleet.DAG) string { return d.ID }),
		ql.Text("team", "who owns it", func(d fleet.DAG) string { return d.Team }),
		ql.Text("kind", "batch, streaming, join, ...", func(d fleet.DAG) string { return string(d.Kind) }),
		ql.Text("join", "the join that it computes", func(d fleet.DAG) string { return d.Join }),
		fleet.StateField(shownHealth),
		yesNo("paused", "whether it is switched off", func(d fleet.DAG) bool { return d.Paused }),
		ql.Day("ds", "the day of its newest run", newestDay),
		fleet.AgeField(s.clock, "age", "how long ago its newest run began", lastStart),
	}
}

// clock is the time by which a filter reckons ages: that of the last message, and not of when the filter was made.
func (s *shell) clock() time.Time { return s.now }

// SavedFilter is a filter with a name.
type SavedFilter struct {
	Name   string `json:"name"`
	Filter string `json:"filter"`
}

// saveFilter keeps a filter under a name, in place of one that had it.
func (n Notebook) saveFilter(name, filter string) Notebook {
	kept := slices.DeleteFunc(slices.Clone(n.Filters), func(f SavedFilter) bool { return f.Name == name })
	if filter != "" {
		kept = append(kept, SavedFilter{Name: name, Filter: filter})
	}
	slices.SortFunc(kept, func(a, b SavedFilter) int { return cmp.Compare(a.Name, b.Name) })
	n.Filters = kept
	return n
}

// filterNamed returns the filter that was saved under a name.
func (n Notebook) filterNamed(name string) (string, bool) {
	for _, f := range n.Filters {
		if f.Name == name {
			return f.Filter, true
		}
	}
	return "", false
}

// proposeFilters completes "@name", which stands for a saved filter.
func (n Notebook) proposeFilters(begun string) []string {
	var out []string
	for _, f := range n.Filters {
		if full := "@" + f.Name; strings.HasPrefix(full, begun) && full != begun {
			out = append(out, full)
		}
	}
	return out
}
