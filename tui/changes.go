package tui

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"chrononctl/dagspec"
	"chrononctl/internal/action"
	"chrononctl/internal/fleet"

	tea "charm.land/bubbletea/v2"
)

// The keys that change something. Each opens a form or a plan for what is chosen at the moment of the key: the marked rows, or the selected one.
// None of them exists in a read-only console, or when the verb is not offered.

// plan opens the plan of a request.
func (s *shell) plan(title string, request Request) tea.Cmd {
	return s.open(newPlanDialog(s, title, func(ctx context.Context, c Changes) (action.Plan, error) { return c.Plan(ctx, request) }))
}

// can tells whether a verb is offered here.
func (s *shell) can(verb action.Verb) bool {
	return !s.options.ReadOnly && s.options.Changes != nil && s.options.Changes.Can(verb)
}

// offered leaves out the keys whose verb is not offered.
func (s *shell) offered(keys map[action.Verb]binding, order ...action.Verb) []binding {
	var out []binding
	for _, verb := range order {
		if b, ok := keys[verb]; ok && s.can(verb) {
			b.danger = true
			out = append(out, b)
		}
	}
	return out
}

// chosenOrWhy says why a key that needs a choice does nothing.
func chosenOrWhy[T any](chosen func() []T, one string) func() string {
	return func() string {
		if len(chosen()) == 0 {
			return "no " + one + " is selected"
		}
		return ""
	}
}

// subject names one thing, or counts several.
func subject(ids []string, one string) string {
	if len(ids) == 1 {
		return ids[0]
	}
	return count(len(ids), one)
}

// namedObjects is how many objects a form names before it counts the rest.
const namedObjects = 3

// named names the first of several things, and counts the rest.
func named(ids []string, one string) string {
	if len(ids) <= 1 {
		return subject(ids, one)
	}
	text := count(len(ids), one) + ": " + strings.Join(ids[:min(namedObjects, len(ids))], ", ")
	if more := len(ids) - namedObjects; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// each returns one text of every element, without repeating one.
func each[T any](all []T, text func(T) string) []string {
	var out []string
	seen := make(map[string]bool, len(all)) // thousands may be marked
	for _, v := range all {
		if t := text(v); t != "" && !seen[t] {
			seen[t] = true
			out = append(out, t)
		}
	}
	return out
}

// changeBindings are dagBindings for a screen of one DAG.
func (s *shell) changeBindings(dag func() (fleet.DAG, bool), day string) []binding {
	return s.dagBindings(func() []fleet.DAG {
		if g, ok := dag(); ok {
			return []fleet.DAG{g}
		}
		return nil
	}, day)
}

// dagBindings are the keys that change DAGs. The day is the one to propose; empty proposes the last full day.
func (s *shell) dagBindings(chosen func() []fleet.DAG, day string) []binding {
	now := chosen() // once: these bindings are of this moment, and thousands of rows may be marked
	chosen = func() []fleet.DAG { return now }
	none := chosenOrWhy(chosen, "DAG")
	pause, verb := !slices.ContainsFunc(chosen(), func(g fleet.DAG) bool { return g.Paused }), action.Pause
	if !pause {
		verb = action.Unpause
	}
	out := s.offered(map[action.Verb]binding{
		action.Trigger: {keys: []string{"t"}, label: "t", verb: "trigger", help: "run a day, after its plan", disabled: none,
			do: func() tea.Cmd { return s.open(s.triggerForm(dagIDs(chosen()), day)) }},
		verb: {keys: []string{"p"}, label: "p", verb: string(verb), help: "pause or unpause, after a plan", disabled: none,
			do: func() tea.Cmd { return s.planPause(pause, dagIDs(chosen())) }},
	}, action.Trigger, verb)
	return append(out, s.backfillBinding(now)...)
}

func dagIDs(dags []fleet.DAG) []string { return each(dags, func(d fleet.DAG) string { return d.ID }) }

// confsOf are the joins whose DAGs are chosen.
func confsOf(dags []fleet.DAG) []string {
	return each(dags, func(d fleet.DAG) string {
		if d.Kind == dagspec.KindJoin {
			return d.Join
		}
		return ""
	})
}

func (s *shell) planPause(pause bool, ids []string) tea.Cmd {
	if pause {
		return s.plan("Pause "+subject(ids, "DAG"), Request{Verb: action.Pause, DAGs: ids})
	}
	return s.plan("Unpause "+subject(ids, "DAG"), Request{Verb: action.Unpause, DAGs: ids})
}

// backfillBinding opens the form for the days of a conf.
func (s *shell) backfillBinding(dags []fleet.DAG) []binding {
	return s.offered(map[action.Verb]binding{
		action.Backfill: {keys: []string{"b"}, label: "b", verb: "backfill", help: "compute a range of days, after a plan",
			disabled: func() string {
				if !slices.ContainsFunc(dags, func(d fleet.DAG) bool { return d.Kind == dagspec.KindJoin }) {
					return "a backfill is of a join: select one"
				}
				return ""
			},
			do: func() tea.Cmd { return s.open(s.backfillForm(confsOf(dags), "", "")) }},
	}, action.Backfill)
}

// daysBackfill opens the form for the days that are chosen in the calendar of a join.
func (s *shell) daysBackfill(conf func() string, days func() (from, to string)) []binding {
	return s.offered(map[action.Verb]binding{
		action.Backfill: {keys: []string{"b"}, label: "b", verb: "backfill", help: "compute the marked days, after a plan",
			do: func() tea.Cmd {
				from, to := days()
				return s.open(s.backfillForm([]string{conf()}, from, to))
			}},
	}, action.Backfill)
}

// runBindings are the keys that change runs of a DAG.
func (s *shell) runBindings(dag string, chosen func() []fleet.Run) []binding {
	none := chosenOrWhy(chosen, "run")
	ids := func() []string { return each(chosen(), func(r fleet.Run) string { return r.ID }) }
	return s.offered(map[action.Verb]binding{
		action.Clear: {keys: []string{"x"}, label: "x", verb: "clear", help: "run what failed again, after a plan", disabled: none,
			do: func() tea.Cmd {
				failed := slices.ContainsFunc(chosen(), func(r fleet.Run) bool { return r.Health == fleet.Failed })
				return s.plan("Clear "+subject(ids(), "run"), Request{Verb: action.Clear, DAGs: []string{dag}, Runs: ids(), Failed: failed})
			}},
		action.Mark: {keys: []string{"M"}, label: "M", verb: "mark as", help: "set a state without running, after a plan", quiet: true, disabled: none,
			do: func() tea.Cmd {
				return s.open(s.markForm(Request{DAGs: []string{dag}, Runs: ids()}, subject(ids(), "run")))
			}},
	}, action.Clear, action.Mark)
}

// taskBindings are the keys that change tasks of a run.
func (s *shell) taskBindings(dag, run string, chosen func() []fleet.Task) []binding {
	none := chosenOrWhy(chosen, "task")
	ids := func() []string { return each(chosen(), func(t fleet.Task) string { return t.ID }) }
	return s.offered(map[action.Verb]binding{
		action.Clear: {keys: []string{"x"}, label: "x", verb: "clear", help: "run it again, after a plan", disabled: none,
			do: func() tea.Cmd {
				return s.plan("Clear "+subject(ids(), "task"), Request{Verb: action.Clear, DAGs: []string{dag}, Runs: []string{run}, Tasks: ids()})
			}},
		action.Mark: {keys: []string{"M"}, label: "M", verb: "mark as", help: "set a state without running, after a plan", quiet: true, disabled: none,
			do: func() tea.Cmd {
				return s.open(s.markForm(Request{DAGs: []string{dag}, Runs: []string{run}, Tasks: ids()}, subject(ids(), "task")))
			}},
	}, action.Clear, action.Mark)
}

// streamBindings are the keys that change streams.
func (s *shell) streamBindings(chosen func() []fleet.Stream) []binding {
	now := chosen()
	chosen = func() []fleet.Stream { return now }
	none := chosenOrWhy(chosen, "stream")
	names := func() []string { return each(chosen(), func(st fleet.Stream) string { return st.GroupBy }) }
	return s.offered(map[action.Verb]binding{
		action.Restart: {keys: []string{"R"}, label: "R", verb: "restart", help: "look after the stream now, after a plan", disabled: none,
			do: func() tea.Cmd {
				return s.plan("Restart "+subject(names(), "stream"), Request{Verb: action.Restart, Confs: names()})
			}},
		action.Upload: {keys: []string{"u"}, label: "u", verb: "upload", help: "upload a day again, after a plan", disabled: none,
			do: func() tea.Cmd { return s.open(s.uploadForm(names())) }},
	}, action.Restart, action.Upload)
}

// lastDay is the newest day that is over.
func (s *shell) lastDay() string { return s.now.UTC().AddDate(0, 0, -1).Format(time.DateOnly) }
