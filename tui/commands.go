package tui

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"chrononctl/internal/action"

	tea "charm.land/bubbletea/v2"
)

// commands are the words of the palette that work now: those that change something exist only where they may.
func (s *shell) commands() []command {
	all := append(s.screenCommands(), s.changeCommands()...)
	all = append(all, s.filterCommands()...)
	all = append(all, s.consoleCommands()...)
	return slices.DeleteFunc(all, func(c command) bool { return c.verb != "" && !s.can(c.verb) })
}

// quiet wraps what needs no command of the loop and cannot fail.
func quiet(f func(args []string)) func([]string) (tea.Cmd, error) {
	return func(args []string) (tea.Cmd, error) { f(args); return nil, nil }
}

// screenCommands open the screens. Words behind one are its filter; the name of a team alone is that team's.
func (s *shell) screenCommands() []command {
	var out []command
	for i, home := range s.homes {
		out = append(out, command{
			name: home.name, args: "[FILTER]", help: "open " + home.help,
			complete: func(args []string) []string {
				if len(args) > 1 {
					return nil
				}
				return s.teamNames()
			},
			do: func(args []string) (tea.Cmd, error) { return nil, s.openHome(i, args) },
		})
	}
	return append(out,
		command{name: "team", args: "TEAM", help: "open a team", complete: first(s.teamNames), do: func(args []string) (tea.Cmd, error) {
			if len(args) != 1 || !slices.Contains(s.teamNames(), args[0]) {
				return nil, errors.New("team needs the name of a team")
			}
			s.openNamed(args[0])
			return nil, nil
		}},
		command{name: "dag", args: "DAG", help: "open the runs of a DAG", complete: first(s.dagNames), do: func(args []string) (tea.Cmd, error) {
			id, err := s.dagNamed(strings.Join(args, " "))
			if err == nil {
				s.push(newDAGScreen(s, id))
			}
			return nil, err
		}},
	)
}

// filterable is a screen whose rows can be filtered.
type filterable interface{ filter(text string) error }

func (s *shell) openHome(n int, args []string) error {
	s.home(n)
	if len(args) == 0 {
		return nil
	}
	filter := strings.Join(args, " ")
	if len(args) == 1 && slices.Contains(s.teamNames(), filter) && n > 0 {
		filter = "team:" + filter
	}
	if f, ok := s.top().(filterable); ok {
		return f.filter(filter)
	}
	return nil
}

// first completes the first argument alone.
func first(names func() []string) func([]string) []string {
	return func(args []string) []string {
		if len(args) > 1 {
			return nil
		}
		return names()
	}
}

// every completes each argument.
func every(names func() []string) func([]string) []string {
	return func([]string) []string { return names() }
}

// changeCommands open plans. None of them changes anything by itself.
func (s *shell) changeCommands() []command {
	return []command{
		{name: "trigger", args: "DAG [DAY]", help: "run a day", verb: action.Trigger, complete: first(s.dagNames), do: s.commandTrigger},
		{name: "pause", args: "DAG ...", help: "pause DAGs", verb: action.Pause, complete: every(s.dagNames),
			do: func(args []string) (tea.Cmd, error) { return s.commandPause(true, args) }},
		{name: "unpause", args: "DAG ...", help: "let DAGs run again", verb: action.Unpause, complete: every(s.dagNames),
			do: func(args []string) (tea.Cmd, error) { return s.commandPause(false, args) }},
		{name: "backfill", args: "CONF [FROM..TO] [--kind KIND]", help: "compute a range of days", verb: action.Backfill, complete: s.completeBackfill,
			do: s.commandBackfill},
		{name: "restart", args: "STREAM", help: "look after a stream now", verb: action.Restart, complete: first(s.streamNames),
			do: func(args []string) (tea.Cmd, error) {
				return withConf(s.streamNames(), args, 1, func(conf string) tea.Cmd {
					return s.plan("Restart "+conf, Request{Verb: action.Restart, Confs: []string{conf}})
				})
			}},
		{name: "upload", args: "GROUPBY [DAY]", help: "upload a day again", verb: action.Upload, complete: first(s.uploadNames),
			do: func(args []string) (tea.Cmd, error) {
				if len(args) == 2 {
					if err := aDay(args[1]); err != nil {
						return nil, err
					}
				}
				return withConf(s.uploadNames(), args, 2, func(conf string) tea.Cmd {
					if len(args) == 1 {
						return s.open(s.uploadForm([]string{conf}))
					}
					return s.plan("Upload "+conf, Request{Verb: action.Upload, Confs: []string{conf}, Day: args[1]})
				})
			}},
	}
}

func (s *shell) commandTrigger(args []string) (tea.Cmd, error) {
	if len(args) < 1 || len(args) > 2 {
		return nil, errors.New("trigger needs a DAG, and takes a day")
	}
	id, err := s.dagNamed(args[0])
	if err != nil {
		return nil, err
	}
	if len(args) == 1 {
		return s.open(s.triggerForm([]string{id}, "")), nil
	}
	if err := aDay(args[1]); err != nil {
		return nil, err
	}
	return s.plan("Trigger "+id, Request{Verb: action.Trigger, DAGs: []string{id}, Day: args[1]}), nil
}

func (s *shell) commandPause(pause bool, args []string) (tea.Cmd, error) {
	if len(args) == 0 {
		return nil, errors.New("name the DAGs")
	}
	var ids []string
	for _, arg := range args {
		id, err := s.dagNamed(arg)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return s.planPause(pause, ids), nil
}

// filterCommands keep filters by name and bring them back.
func (s *shell) filterCommands() []command {
	names := func() []string {
		var out []string
		for _, f := range s.notes.Filters {
			out = append(out, f.Name)
		}
		return out
	}
	return []command{
		{name: "save", args: "NAME", help: "keep the filter of this screen under a name", do: s.commandSave},
		{name: "forget", args: "NAME", help: "forget a saved filter", complete: first(names), do: func(args []string) (tea.Cmd, error) {
			if len(args) != 1 || !slices.Contains(names(), args[0]) {
				return nil, errors.New("forget needs the name of a saved filter")
			}
			return s.keepNotes(s.notes.saveFilter(args[0], "")), nil
		}},
		{name: "filter", args: "NAME or FILTER", help: "filter this screen", complete: first(names), do: func(args []string) (tea.Cmd, error) {
			f, ok := s.top().(filterable)
			if !ok {
				return nil, errors.New("there is nothing to filter here")
			}
			text := strings.Join(args, " ")
			if saved, known := s.notes.filterNamed(text); known {
				text = saved
			}
			return nil, f.filter(text)
		}},
	}
}

// filtered is a screen that says how it is filtered.
type filtered interface{ filterNow() string }

func (s *shell) commandSave(args []string) (tea.Cmd, error) {
	f, ok := s.top().(filtered)
	switch {
	case len(args) != 1:
		return nil, errors.New("save needs a name, one word")
	case !ok || f.filterNow() == "":
		return nil, errors.New("there is no filter to save: / makes one")
	}
	s.say(fmt.Sprintf("/@%s is now %s", args[0], f.filterNow()))
	return s.keepNotes(s.notes.saveFilter(args[0], f.filterNow())), nil
}

// consoleCommands are about the console itself.
func (s *shell) consoleCommands() []command {
	return []command{
		{name: "theme", args: "NAME", help: "change the colours", complete: first(Themes), do: func(args []string) (tea.Cmd, error) {
			if len(args) != 1 || !slices.Contains(Themes(), args[0]) {
				return nil, fmt.Errorf("a theme is one of %s", strings.Join(Themes(), ", "))
			}
			s.options.Theme = args[0]
			s.paintAnew()
			notes := s.notes
			notes.Theme = args[0]
			return s.keepNotes(notes), nil
		}},
		{name: "refresh", help: "ask for new data now", do: quiet(func([]string) { s.refresh() })},
		{name: "help", help: "the keys that work here", do: func([]string) (tea.Cmd, error) { return s.open(newHelp(s)), nil }},
		{name: "quit", help: "leave", do: func([]string) (tea.Cmd, error) { return s.leave(), nil }},
	}
}
