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
func chosenOrWhy(ids []string, one string) func() string {
	return func() string { return toggle(len(ids) == 0, "no "+one+" is selected", "") }
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

// chosenDAGs is what the keys that change DAGs act on.
type chosenDAGs struct {
	ids    []string
	joins  []string // that they compute
	paused bool     // one of them is
}

func chosenOf(dags ...fleet.DAG) chosenDAGs {
	return chosenDAGs{
		ids: each(dags, func(d fleet.DAG) string { return d.ID }),
		joins: each(dags, func(d fleet.DAG) string {
			return toggle(d.Kind == dagspec.KindJoin, d.Join, "")
		}),
		paused: slices.ContainsFunc(dags, func(d fleet.DAG) bool { return d.Paused }),
	}
}

// changeBindings are dagBindings for a screen of one DAG.
func (s *shell) changeBindings(dag func() (fleet.DAG, bool), day string) []binding {
	if g, ok := dag(); ok {
		return s.dagBindings(chosenOf(g), day)
	}
	return s.dagBindings(chosenDAGs{}, day)
}

// dagBindings are the keys that change DAGs. The day is the one to propose; empty proposes the last full day.
func (s *shell) dagBindings(chosen chosenDAGs, day string) []binding {
	none := chosenOrWhy(chosen.ids, "DAG")
	verb := action.Pause
	if chosen.paused {
		verb = action.Unpause
	}
	out := s.offered(map[action.Verb]binding{
		action.Trigger: {keys: []string{"t"}, label: "t", verb: "trigger", help: "run a day, after its plan", disabled: none,
			do: func() tea.Cmd { return s.open(s.triggerForm(chosen.ids, day)) }},
		verb: {keys: []string{"p"}, label: "p", verb: string(verb), help: "pause or unpause, after a plan", disabled: none,
			do: func() tea.Cmd { return s.planPause(!chosen.paused, chosen.ids) }},
	}, action.Trigger, verb)
	return append(out, s.backfillBinding(chosen.joins)...)
}

func (s *shell) planPause(pause bool, ids []string) tea.Cmd {
	if pause {
		return s.plan("Pause "+subject(ids, "DAG"), Request{Verb: action.Pause, DAGs: ids})
	}
	return s.plan("Unpause "+subject(ids, "DAG"), Request{Verb: action.Unpause, DAGs: ids})
}

// backfillBinding opens the form for the days of joins.
func (s *shell) backfillBinding(joins []string) []binding {
	return s.offered(map[action.Verb]binding{
		action.Backfill: {keys: []string{"b"}, label: "b", verb: "backfill", help: "compute a range of days, after a plan",
			disabled: func() string { return toggle(len(joins) == 0, "a backfill is of a join: select one", "") },
			do:       func() tea.Cmd { return s.open(s.backfillForm(joins, "", "")) }},
	}, action.Backfill)
}

// daysBackfill opens the form for the days that are chosen in the calendar of a join.
func (s *shell) daysBackfill(conf func() string, days func() (from, to string)) []binding {
	return s.offered(map[action.Verb]binding{
		action.Backfill: {keys: []string{"b"}, label: "b", verb: "backfill", help: "compute the marked days, after a plan",
			disabled: func() string { return toggle(conf() == "", "which join this is is not known", "") },
			do: func() tea.Cmd {
				from, to := days()
				return s.open(s.backfillForm([]string{conf()}, from, to))
			}},
	}, action.Backfill)
}

// runBindings are the keys that change runs of a DAG.
func (s *shell) runBindings(dag string, chosen []fleet.Run) []binding {
	ids := each(chosen, func(r fleet.Run) string { return r.ID })
	none := chosenOrWhy(ids, "run")
	return s.offered(map[action.Verb]binding{
		action.Clear: {keys: []string{"x"}, label: "x", verb: "clear", help: "run what failed again, after a plan", disabled: none,
			do: func() tea.Cmd {
				failed := slices.ContainsFunc(chosen, func(r fleet.Run) bool { return r.Health == fleet.Failed })
				return s.plan("Clear "+subject(ids, "run"), Request{Verb: action.Clear, DAGs: []string{dag}, Runs: ids, Failed: failed})
			}},
		action.Mark: {keys: []string{"M"}, label: "M", verb: "mark as", help: "set a state without running, after a plan", quiet: true, disabled: none,
			do: func() tea.Cmd {
				return s.open(s.markForm(Request{DAGs: []string{dag}, Runs: ids}, subject(ids, "run")))
			}},
	}, action.Clear, action.Mark)
}

// taskBindings are the keys that change tasks of a run.
func (s *shell) taskBindings(dag, run string, ids []string) []binding {
	none := chosenOrWhy(ids, "task")
	return s.offered(map[action.Verb]binding{
		action.Clear: {keys: []string{"x"}, label: "x", verb: "clear", help: "run it again, after a plan", disabled: none,
			do: func() tea.Cmd {
				return s.plan("Clear "+subject(ids, "task"), Request{Verb: action.Clear, DAGs: []string{dag}, Runs: []string{run}, Tasks: ids})
			}},
		action.Mark: {keys: []string{"M"}, label: "M", verb: "mark as", help: "set a state without running, after a plan", quiet: true, disabled: none,
			do: func() tea.Cmd {
				return s.open(s.markForm(Request{DAGs: []string{dag}, Runs: []string{run}, Tasks: ids}, subject(ids, "task")))
			}},
	}, action.Clear, action.Mark)
}

// streamBindings are the keys that change streams.
func (s *shell) streamBindings(names []string) []binding {
	none := chosenOrWhy(names, "stream")
	return s.offered(map[action.Verb]binding{
		action.Restart: {keys: []string{"R"}, label: "R", verb: "restart", help: "look after the stream now, after a plan", disabled: none,
			do: func() tea.Cmd {
				return s.plan("Restart "+subject(names, "stream"), Request{Verb: action.Restart, Confs: names})
			}},
		action.Upload: {keys: []string{"u"}, label: "u", verb: "upload", help: "upload a day again, after a plan", disabled: none,
			do: func() tea.Cmd { return s.open(s.uploadForm(names)) }},
	}, action.Restart, action.Upload)
}

// lastDay is the newest day that is over.
func (s *shell) lastDay() string { return s.now.UTC().AddDate(0, 0, -1).Format(time.DateOnly) }
