package tui

import (
	"chrononctl/internal/fleet"

	tea "charm.land/bubbletea/v2"
)

// leave quits. While something is under way that would be cut off, it asks first.
func (s *shell) leave() tea.Cmd {
	if s.underway == nil {
		return tea.Quit
	}
	if asking, ok := s.dialog.(*leaveDialog); ok {
		asking.rest()
		return tea.Quit
	}
	return s.open(&leaveDialog{shell: s, over: s.dialog})
}

// underway is work that leaving would cut off.
type underway struct {
	what string   // "the deploy to prod"
	then []string // what happens when the reader leaves, sentences
	stop func()
}

// leaveDialog asks whether to leave while something is under way. Anything but a clear yes goes back.
type leaveDialog struct {
	*shell
	over dialog // that was open before
}

func (d *leaveDialog) start() tea.Cmd { return nil }

func (d *leaveDialog) update(msg tea.Msg) (tea.Cmd, bool) {
	key, ok := msg.(tea.KeyPressMsg)
	if !ok {
		if d.over == nil {
			return nil, true
		}
		cmd, open := d.over.update(msg)
		if !open {
			d.over = nil
		}
		return cmd, true
	}
	switch key.String() {
	case "y":
		d.rest()
		return tea.Quit, false
	case "esc", "n", "q", "enter":
		d.dialog = d.over
		return nil, d.over != nil
	}
	return nil, true
}

// rest tells the work to stop.
func (d *leaveDialog) rest() {
	if d.underway != nil {
		d.underway.stop()
	}
}

func (d *leaveDialog) view(width, _ int) []string {
	t := d.theme
	what, then := "it has ended by now", []string(nil)
	if d.underway != nil {
		what, then = d.underway.what+" is under way", d.underway.then
	}
	lines := []string{t.paintOf(fleet.Running).Render(t.glyph(fleet.Running) + " " + clean(what)), ""}
	for _, sentence := range then {
		lines = append(lines, wrap(clean(sentence), min(width-8, 72))...)
	}
	return t.boxed("Leave?", append(lines, "", t.key.Render("y")+t.dim.Render(" leave all the same   ")+t.key.Render("esc")+t.dim.Render(" stay")))
}
