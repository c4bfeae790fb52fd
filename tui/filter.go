package tui

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"chrononctl/internal/fleet"
	ql "chrononctl/internal/query"
)

// matcher reads filters for a table of the fields' rows, in the language of [chrononctl/internal/query].
func matcher[T any](s *shell, fields []ql.Field[T]) func(string) (func(T) bool, error) {
	schema := ql.Schema[T]{Fields: fields}
	return func(filter string) (func(T) bool, error) {
		read, err := ql.Parse(schema, filter, s.now)
		if err != nil {
			return nil, filterProblem(err)
		}
		return read.Match, nil
	}
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

// healthWords are the states as a filter names them.
func healthWords() []string {
	var words []string
	for h := fleet.None; h <= fleet.Failed; h++ {
		words = append(words, h.String())
	}
	return words
}

// stateField asks for a row's state.
func stateField[T any](get func(T) fleet.Health) ql.Field[T] {
	return ql.Word("state", "how it is", healthWords(), func(row T) string { return get(row).String() })
}

// ageField asks how long ago something was; a row without that moment does not say.
func ageField[T any](s *shell, name, help string, get func(T) time.Time) ql.Field[T] {
	return ql.Age(name, help, func(row T) (time.Duration, bool) {
		at := get(row)
		return s.now.Sub(at), !at.IsZero()
	})
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

// dagFields are what a list of DAGs can be asked.
func dagFields(s *shell) []ql.Field[fleet.DAG] {
	return []ql.Field[fleet.DAG]{
		ql.Text("dag", "its id", func(d fleet.DAG) string { return d.ID }),
		ql.Text("team", "who owns it", func(d fleet.DAG) string { return d.Team }),
		ql.Text("kind", "batch, streaming, join, ...", func(d fleet.DAG) string { return string(d.Kind) }),
		ql.Text("join", "the join that it computes", func(d fleet.DAG) string { return d.Join }),
		stateField(shownHealth),
		yesNo("paused", "whether it is switched off", func(d fleet.DAG) bool { return d.Paused }),
		ql.Day("ds", "the day of its newest run", newestDay),
		ageField(s, "age", "how long ago its newest run began", lastStart),
	}
}

// runFields are what a list of runs can be asked.
func runFields(s *shell) []ql.Field[fleet.Run] {
	return []ql.Field[fleet.Run]{
		ql.Text("run", "its id", func(r fleet.Run) string { return r.ID }),
		ql.Text("type", "scheduled, manual, backfill", func(r fleet.Run) string { return r.Type }),
		ql.Text("word", "Airflow's own word for its state", func(r fleet.Run) string { return r.State }),
		stateField(func(r fleet.Run) fleet.Health { return r.Health }),
		ql.Day("ds", "its day", func(r fleet.Run) string { return r.Day }),
		ageField(s, "age", "how long ago it began", func(r fleet.Run) time.Time { return r.Start }),
		ql.Age("took", "how long it ran", func(r fleet.Run) (time.Duration, bool) { return ran(s.now, r.Start, r.End) }),
	}
}

// taskFields are what a list of tasks can be asked.
func taskFields(s *shell) []ql.Field[fleet.Task] {
	return []ql.Field[fleet.Task]{
		ql.Text("task", "its id", func(t fleet.Task) string { return t.ID }),
		ql.Text("word", "Airflow's own word for its state", fleet.Task.Word),
		stateField(func(t fleet.Task) fleet.Health { return t.Health }),
		ql.Number("tries", "how often it was tried", func(t fleet.Task) (float64, bool) { return float64(t.Try), t.Try > 0 }),
		ageField(s, "age", "how long ago it began", func(t fleet.Task) time.Time { return t.Start }),
		ql.Age("took", "how long it ran", func(t fleet.Task) (time.Duration, bool) { return ran(s.now, t.Start, t.End) }),
	}
}

// streamFields are what a list of streams can be asked.
func streamFields(s *shell) []ql.Field[fleet.Stream] {
	return []ql.Field[fleet.Stream]{
		ql.Text("stream", "its GroupBy", func(st fleet.Stream) string { return st.GroupBy }),
		ql.Text("team", "who owns it", func(st fleet.Stream) string { return st.Team }),
		ql.Text("word", "what its keep-alive said", func(st fleet.Stream) string { return st.State }),
		ql.Text("app", "its application", func(st fleet.Stream) string { return st.App }),
		ql.Text("reason", "what its keep-alive said of it", func(st fleet.Stream) string { return st.Reason }),
		stateField(func(st fleet.Stream) fleet.Health { return st.Health }),
		ql.Number("restarts", "in 24 hours", func(st fleet.Stream) (float64, bool) { return float64(st.Restarts), st.State != "" }),
		ageField(s, "age", "how long it has been so", func(st fleet.Stream) time.Time { return st.Since }),
	}
}

// ran is how long something ran, or has been running; false: it has not begun.
func ran(now, start, end time.Time) (time.Duration, bool) {
	if start.IsZero() {
		return 0, false
	}
	if end.IsZero() {
		end = now
	}
	return end.Sub(start), true
}

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
