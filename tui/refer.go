package tui

import (
	"cmp"
	"fmt"
	"strings"

	"chrononctl/internal/fleet"

	tea "charm.land/bubbletea/v2"
)

// Reference names what is selected: so that it can be copied, shown by a command, and opened in Airflow's own pages. What does not apply is empty.
type Reference struct {
	Name     string // what it is called where it is no object of Airflow: a team, a join, a stream, a release
	Command  string // what shows it, without the program's name
	DAGID    string
	RunID    string
	TaskID   string
	MapIndex int    // -1: not mapped
	Try      int    // 0: the newest
	Version  string // of the Airflow, as it says it
}

// ID is what is copied.
func (r Reference) ID() string {
	parts := []string{r.DAGID, r.RunID, r.TaskID}
	return cmp.Or(strings.Join(strings.Fields(strings.Join(parts, " ")), " "), r.Name)
}

// referrer is a screen that knows what is selected on it.
type referrer interface{ refer() (Reference, bool) }

// reference is what is selected on the visible screen.
func (s *shell) reference() (Reference, bool) {
	r, ok := s.top().(referrer)
	if !ok {
		return Reference{}, false
	}
	ref, ok := r.refer()
	snap, _ := s.snapshot()
	ref.Version = snap.Server.Version
	return ref, ok && ref.ID() != ""
}

// referBindings are the keys that take what is selected elsewhere.
func (s *shell) referBindings() []binding {
	none := func() string {
		if _, ok := s.reference(); !ok {
			return "nothing is selected that has a name"
		}
		return ""
	}
	out := []binding{
		{keys: []string{"y"}, label: "y", verb: "copy", help: "copy the id of what is selected", quiet: true, section: sectionConsole, disabled: none,
			do: func() tea.Cmd { r, _ := s.reference(); return s.copy(r.ID()) }},
		{keys: []string{"Y"}, label: "Y", verb: "copy command", help: "copy the command that shows it", quiet: true, section: sectionConsole, disabled: none,
			do: func() tea.Cmd { r, _ := s.reference(); return s.copy(s.commandLine(r)) }},
	}
	if s.options.PageOf != nil {
		out = append(out, binding{keys: []string{"o"}, label: "o", verb: "open", help: "open Airflow's page of it in the browser", quiet: true,
			section: sectionConsole, disabled: none, do: func() tea.Cmd { r, _ := s.reference(); return s.openPage(s.options.PageOf(r)) }})
	}
	return out
}

// commandLine is the command that shows what is selected, on this Airflow.
func (s *shell) commandLine(r Reference) string {
	command := r.Command
	if command == "" {
		command = "status"
	}
	if s.options.CommandContext != "" {
		command += " --context " + s.options.CommandContext
	}
	return "chrononctl " + command
}

// copy hands a text to the terminal's clipboard (OSC 52), which works over ssh too. Whether the terminal takes it cannot be known: so the text is shown.
func (s *shell) copy(text string) tea.Cmd {
	text = clean(text)
	s.say("copied: " + text)
	return tea.SetClipboard(text)
}

// openPage opens an address in the browser; where that cannot be done, the address is copied.
func (s *shell) openPage(address string) tea.Cmd {
	open := s.options.OpenPage
	if open == nil {
		return s.copy(address)
	}
	s.say("opening " + clean(address))
	return func() tea.Msg { return pageMsg{address, open(address)} }
}

// pageMsg says how opening a page ended.
type pageMsg struct {
	address string
	err     error
}

func (s *shell) pageOpened(m pageMsg) tea.Cmd {
	if m.err == nil {
		return nil
	}
	cmd := s.copy(m.address)
	s.say(fmt.Sprintf("no browser (%s); copied: %s", errorText(m.err), clean(m.address)))
	return cmd
}

// shellWord quotes a word for a POSIX shell if it needs it.
func shellWord(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.,:/@+=", r)
	}
	if word != "" && strings.TrimFunc(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

func dagReference(id string) Reference {
	return Reference{DAGID: id, MapIndex: -1, Command: "runs " + shellWord(id)}
}

func taskReference(t fleet.Task) Reference {
	return Reference{
		DAGID: t.DAGID, RunID: t.RunID, TaskID: t.ID, MapIndex: t.MapIndex, Try: t.Try,
		Command: fmt.Sprintf("logs %s %s --run %s", shellWord(t.DAGID), shellWord(t.ID), shellWord(t.RunID)),
	}
}

func (f *fleetScreen) refer() (Reference, bool) {
	if f.focus == 0 {
		t, ok := f.teams.Selected()
		return Reference{Name: t.Name, Command: "status " + shellWord(t.Name)}, ok
	}
	c, ok := f.causes.Selected()
	return Reference{Name: c.Title, Command: "why"}, ok
}

func (d *dagsScreen) refer() (Reference, bool) {
	g, ok := d.dags.Selected()
	return dagReference(g.ID), ok
}

func (t *teamScreen) refer() (Reference, bool) {
	if t.focus == 1 {
		return t.dags.refer()
	}
	r, ok := t.rows.Selected()
	ref := dagReference(r.DAGID)
	ref.Name = r.Conf
	return ref, ok
}

func (d *dagScreen) refer() (Reference, bool) { //nolint:unparam // as on every screen
	run, ok := d.runs.Selected()
	if t, chosen := d.tasks.Selected(); d.focus == 1 && chosen {
		return taskReference(t), true
	}
	if !ok {
		return dagReference(d.id), true
	}
	return Reference{DAGID: d.id, RunID: run.ID, MapIndex: -1, Command: "tasks " + shellWord(d.id) + " " + shellWord(run.ID)}, true
}

func (l *logScreen) refer() (Reference, bool) { return taskReference(l.task), true }

func (st *streamsScreen) refer() (Reference, bool) {
	r, ok := st.streams.Selected()
	return Reference{Name: r.GroupBy, Command: "streaming -q " + shellWord("stream:"+r.GroupBy)}, ok
}

func (j *joinsScreen) refer() (Reference, bool) {
	_, ok := j.joins.Selected()
	r := j.selected()
	return Reference{Name: cmp.Or(r.Join, r.DAGID), Command: "why " + shellWord(cmp.Or(r.Join, r.DAGID))}, ok
}

func (j *joinScreen) refer() (Reference, bool) { return dagReference(j.dag), true }

func (d *deployScreen) refer() (Reference, bool) {
	t, ok := d.targets.Selected()
	ref := Reference{Name: t.Target, Command: "history --target " + shellWord(t.Target)}
	if e, chosen := d.past.Selected(); d.focus == 1 && chosen {
		ref.Name = e.Release
	} else if t.Live != nil {
		ref.Name = t.Live.ID
	}
	return ref, ok
}

func (a *activityScreen) refer() (Reference, bool) {
	if a.focus == 0 {
		d, ok := a.deeds.Selected()
		return Reference{Name: d.command, Command: strings.TrimPrefix(d.command, "chrononctl ")}, ok
	}
	e, ok := a.events.Selected()
	return Reference{DAGID: e.DAGID, RunID: e.RunID, TaskID: e.TaskID, MapIndex: -1, Command: "activity"}, ok
}
