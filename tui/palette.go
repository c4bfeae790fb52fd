package tui

import (
	"fmt"
	"slices"
	"strings"

	"chrononctl/internal/action"

	tea "charm.land/bubbletea/v2"
	"github.com/agnivade/levenshtein"
)

// command is one word of the palette with what may stand behind it.
type command struct {
	name     string
	args     string                               // how its arguments are written, "DAG [DAY]"
	help     string                               // what it does, a few words
	verb     action.Verb                          // that it needs; empty: it changes nothing
	complete func(args []string) []string         // what the last argument could become; nil: nothing is proposed
	do       func(args []string) (tea.Cmd, error) // runs it
}

// openPalette asks for a command. What is typed may also be the name of a team or of a DAG, which is then shown.
func (s *shell) openPalette() tea.Cmd {
	p := &prompt{history: s.notes.Commands, complete: s.proposeCommands, explain: s.explainCommand}
	p.accept = func(text string) tea.Cmd { return s.command(text) }
	s.openPrompt(":", "", p)
	return nil
}

// command runs a line of the palette.
func (s *shell) command(line string) tea.Cmd {
	line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), ":"))
	if line == "" {
		return nil
	}
	cmd, err := s.execute(line)
	if err != nil {
		s.say(errorText(err))
		return nil
	}
	return tea.Batch(cmd, s.keepNotes(s.notes.remember(line)))
}

func (s *shell) execute(line string) (tea.Cmd, error) {
	words := strings.Fields(line)
	if c, ok := s.commandNamed(words[0]); ok {
		return c.do(words[1:])
	}
	if len(words) == 1 && s.openNamed(words[0]) {
		return nil, nil
	}
	return nil, s.unknownCommand(words[0])
}

// openNamed shows the team or the DAG of that name.
func (s *shell) openNamed(name string) bool {
	if slices.Contains(s.teamNames(), name) {
		s.home(0)
		s.push(newTeamScreen(s, name))
		return true
	}
	if id, err := s.dagNamed(name); err == nil {
		s.push(newDAGScreen(s, id))
		return true
	}
	return false
}

func (s *shell) unknownCommand(word string) error {
	best, distance := "", 3
	for _, c := range s.commands() {
		if d := levenshtein.ComputeDistance(word, c.name); d < distance {
			best, distance = c.name, d
		}
	}
	if best != "" {
		return fmt.Errorf("there is no command, team or DAG %q; did you mean :%s?", word, best)
	}
	return fmt.Errorf("there is no command, team or DAG %q; tab lists what there is", word)
}

// commandNamed finds a command by its name, or by a beginning that is only one's.
func (s *shell) commandNamed(name string) (command, bool) {
	var found []command
	for _, c := range s.commands() {
		if c.name == name {
			return c, true
		}
		if strings.HasPrefix(c.name, name) {
			found = append(found, c)
		}
	}
	if len(found) == 1 && len(name) > 1 {
		return found[0], true
	}
	return command{}, false
}

// proposedNames is how many names are proposed at most.
const proposedNames = 100

// proposeCommands completes the last word of a line.
func (s *shell) proposeCommands(line string) []string {
	head, last := "", line
	if at := strings.LastIndexByte(line, ' '); at >= 0 {
		head, last = line[:at+1], line[at+1:]
	}
	words := strings.Fields(head)
	var candidates []string
	if len(words) == 0 {
		for _, c := range s.commands() {
			candidates = append(candidates, c.name)
		}
		candidates = append(candidates, s.teamNames()...)
		if last != "" {
			candidates = append(candidates, s.dagNames()...)
		}
	} else if c, ok := s.commandNamed(words[0]); ok && c.complete != nil {
		candidates = c.complete(append(words[1:], last))
	}
	return complete(head, last, candidates)
}

// complete proposes candidates that begin with a word, then those that hold it, behind what stands before it.
func complete(head, word string, candidates []string) []string {
	var begin, within []string
	for _, c := range candidates {
		switch {
		case c == word:
		case strings.HasPrefix(c, word):
			begin = append(begin, head+c)
		case len(word) > 1 && strings.Contains(c, word):
			within = append(within, head+c)
		}
	}
	all := append(begin, within...)
	return all[:min(len(all), proposedNames)]
}

// explainCommand says what a proposal is.
func (s *shell) explainCommand(proposal string) string {
	words := strings.Fields(proposal)
	if len(words) != 1 {
		return ""
	}
	for _, c := range s.commands() {
		if c.name == words[0] {
			return strings.TrimSpace(c.args + "  " + c.help)
		}
	}
	if slices.Contains(s.teamNames(), words[0]) {
		return "team"
	}
	return "DAG"
}

// teamNames are the teams of the picture.
func (s *shell) teamNames() []string {
	snap, _ := s.snapshot()
	names := make([]string, len(snap.Teams))
	for i, t := range snap.Teams {
		names[i] = t.Name
	}
	return names
}

// dagNames are the ids of the picture's DAGs, without what all of them begin with.
func (s *shell) dagNames() []string {
	snap, _ := s.snapshot()
	names := make([]string, len(snap.DAGs))
	for i, d := range snap.DAGs {
		names[i] = shortID(d.ID)
	}
	return names
}

// dagNamed finds a DAG by its id, by what is left of it without the common beginning, or by a part that only one has.
func (s *shell) dagNamed(name string) (string, error) {
	snap, _ := s.snapshot()
	var found []string
	for _, d := range snap.DAGs {
		if d.ID == name || shortID(d.ID) == name {
			return d.ID, nil
		}
		if strings.Contains(d.ID, name) {
			found = append(found, d.ID)
		}
	}
	return only(name, "DAG", found)
}

// only returns the one that was found, or says why there is not exactly one.
func only(name, one string, found []string) (string, error) {
	switch len(found) {
	case 0:
		return "", fmt.Errorf("there is no %s %q", one, name)
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("%s are called like %q: %s", count(len(found), one), name, strings.Join(found[:min(3, len(found))], ", "))
}
