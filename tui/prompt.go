package tui

import (
	"fmt"

	"chrononctl/tui/paint"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
)

// prompt is the one line of text that the console may ask for, in place of the status line. While it is open, letters are text and no keys.
type prompt struct {
	input    textinput.Model
	before   string                       // text to go back to on escape
	change   func(text string) error      // after every change; nil: nothing to do
	accept   func(text string) tea.Cmd    // on enter; nil: nothing more to do
	complete func(text string) []string   // what the text could become; nil: nothing is proposed
	explain  func(proposal string) string // what stands beside a proposal; nil: nothing
	history  []string                     // what was typed before, oldest first

	problem   error // what is wrong with the text; it cannot be accepted
	proposals []string
	chosen    int    // proposal that tab took last; -1: none
	typed     string // text that the proposals are for
	back      int    // how far back in the history; 0: the reader's own text
	own       string // the reader's own text, while the history is shown
}

// field returns a text field without a cursor of its own: the terminal's is placed by the root.
func field(mark, text string) textinput.Model {
	in := textinput.New()
	in.Prompt = mark
	in.SetVirtualCursor(false)
	in.SetStyles(textinput.Styles{})
	in.SetValue(text)
	in.CursorEnd()
	in.Focus()
	return in
}

// ask opens a prompt that is followed while it is typed.
func (s *shell) ask(mark, text string, change, accept func(string)) {
	p := &prompt{before: text, chosen: -1}
	p.change = func(text string) error { change(text); return nil }
	if accept != nil {
		p.accept = func(text string) tea.Cmd { accept(text); return nil }
	}
	s.openPrompt(mark, text, p)
}

// openPrompt opens a prompt with a text in it.
func (s *shell) openPrompt(mark, text string, p *prompt) {
	p.input, p.chosen = field(mark, text), -1
	p.propose()
	s.prompt = p
}

func (p *prompt) update(s *shell, msg tea.Msg) tea.Cmd {
	if key, ok := msg.(tea.KeyPressMsg); ok {
		switch key.String() {
		case "enter":
			return p.enter(s)
		case "esc":
			s.prompt = nil
			if p.change != nil {
				_ = p.change(p.before) // it was right before
			}
			return nil
		case "tab":
			p.take(1)
			return nil
		case "shift+tab":
			p.take(-1)
			return nil
		case "up":
			p.recall(1)
			return nil
		case "down":
			p.recall(-1)
			return nil
		}
	}
	was := p.input.Value()
	in, cmd := p.input.Update(msg)
	p.input = in
	if p.input.Value() != was {
		p.back = 0
		p.changed()
		p.propose()
	}
	return cmd
}

// enter accepts a text that is right; one that is not keeps the prompt open, with what is wrong.
func (p *prompt) enter(s *shell) tea.Cmd {
	if p.problem != nil {
		return nil
	}
	s.prompt = nil
	if p.accept == nil {
		return nil
	}
	return p.accept(p.input.Value())
}

func (p *prompt) changed() {
	if p.change != nil {
		p.problem = p.change(p.input.Value())
	}
}

// propose finds what the text could become.
func (p *prompt) propose() {
	p.proposals, p.chosen, p.typed = nil, -1, p.input.Value()
	if p.complete != nil {
		p.proposals = p.complete(p.typed)
	}
}

// take puts the next or the previous proposal in place of the text.
func (p *prompt) take(step int) {
	n := len(p.proposals)
	if n == 0 {
		return
	}
	switch {
	case p.chosen >= 0:
		p.chosen = (p.chosen + step + n) % n
	case step > 0:
		p.chosen = 0
	default:
		p.chosen = n - 1
	}
	if n == 1 {
		p.set(p.proposals[0])
		p.propose()
		return
	}
	p.set(p.proposals[p.chosen])
}

// recall goes back in the history, or forward again to the reader's own text.
func (p *prompt) recall(step int) {
	if p.back == 0 {
		p.own = p.input.Value()
	}
	back := p.back + step
	switch {
	case back < 0 || back > len(p.history):
		return
	case back == 0:
		p.set(p.own)
	default:
		p.set(p.history[len(p.history)-back])
	}
	p.back = back
	p.propose()
}

func (p *prompt) set(text string) {
	p.input.SetValue(text)
	p.input.CursorEnd()
	p.changed()
}

// cursor places the terminal's cursor on the line of the prompt.
func (p *prompt) cursor(line int) *tea.Cursor {
	c := p.input.Cursor()
	if c == nil {
		return nil
	}
	c.X++
	c.Y = line
	return c
}

// line draws the prompt, with what is wrong with its text.
func (p *prompt) line(t *theme, width int) string {
	text := " " + clean(p.input.Prompt+p.input.Value())
	if p.problem == nil {
		return paint.Fit(text, width-1, t.tail)
	}
	room := width - paint.Width(text) - 4
	return text + "   " + t.warn.Render(paint.Fit(errorText(p.problem), room, t.tail))
}

// shownProposals is how many proposals are listed.
const shownProposals = 8

// box draws the proposals, to stand above the line of the prompt; nil when there are none.
func (p *prompt) box(t *theme, width int) []string {
	if len(p.proposals) == 0 {
		return nil
	}
	first := max(0, min(p.chosen-shownProposals/2, len(p.proposals)-shownProposals))
	last := min(len(p.proposals), first+shownProposals)
	names := make([]string, 0, shownProposals)
	for _, proposal := range p.proposals[first:last] {
		names = append(names, paint.Fit(clean(proposal), width/2, t.tail))
	}
	column := widest(names)
	lines := make([]string, 0, shownProposals+1)
	for i, name := range names {
		line := " " + paint.Pad(name, column) + " "
		if p.explain != nil {
			line += " " + paint.Fit(clean(p.explain(p.proposals[first+i])), width-column-6, t.tail) + " "
		}
		lines = append(lines, line)
	}
	full := widest(lines)
	for i, line := range lines {
		style := t.head
		if first+i == p.chosen {
			style = t.selected
		}
		lines[i] = style.Render(paint.Pad(line, full))
	}
	if more := len(p.proposals) - last; more > 0 {
		lines = append(lines, t.headDim.Render(paint.Pad(fmt.Sprintf(" and %d more", more), full)))
	}
	return lines
}
