package tui

import tea "charm.land/bubbletea/v2"

// consoleBindings are the keys that work on every screen.
func (s *shell) consoleBindings() []binding {
	just := func(f func()) func() tea.Cmd {
		return func() tea.Cmd { f(); return nil }
	}
	out := []binding{
		{keys: []string{"esc", "backspace"}, label: "esc", verb: "back", section: sectionConsole,
			quiet: len(s.path) == 1, do: just(func() { s.back() })},
		{keys: []string{"r"}, label: "r", verb: "refresh", help: "ask for new data now", section: sectionConsole,
			do: just(func() { s.refresh(); s.say("refreshing") })},
	}
	for i, home := range s.homes {
		key := string(rune('1' + i))
		out = append(out, binding{keys: []string{key}, label: key, verb: home.name, help: home.help, quiet: true, section: sectionConsole,
			do: just(func() { s.home(i) })})
	}
	out = append(out, s.referBindings()...)
	return append(out,
		binding{keys: []string{"m"}, label: "m", verb: "mouse", help: "mouse on or off", quiet: true, section: sectionConsole,
			do: just(func() { s.free = !s.free })},
		binding{keys: []string{":", "ctrl+p"}, label: ":", verb: "command", help: "a screen, a team, a DAG or a command by name", section: sectionConsole,
			do: s.openPalette},
		binding{keys: []string{"?"}, label: "?", verb: "help", quiet: true, section: sectionConsole, do: func() tea.Cmd { return s.open(newHelp(s)) }},
		binding{keys: []string{"q"}, label: "q", verb: "quit", section: sectionConsole, do: s.leave},
	)
}
