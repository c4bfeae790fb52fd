package tui

import (
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
)

// prompt is the one line of text that a screen may ask for, in place of the status line. While it is open, letters are text and no keys.
type prompt struct {
	input  textinput.Model
	before string            // text to go back to on escape
	change func(text string) // after every change
	accept func(text string) // on enter; nil: nothing more to do
	leave  func(text string) // on escape; gets the text from before
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

// ask opens a prompt.
func (s *shell) ask(mark, text string, change, accept func(string)) {
	s.prompt = &prompt{input: field(mark, text), before: text, change: change, accept: accept, leave: change}
}

func (p *prompt) update(s *shell, msg tea.Msg) tea.Cmd {
	if key, ok := msg.(tea.KeyPressMsg); ok {
		switch key.String() {
		case "enter":
			s.prompt = nil
			if p.accept != nil {
				p.accept(p.input.Value())
			}
			return nil
		case "esc":
			s.prompt = nil
			if p.leave != nil {
				p.leave(p.before)
			}
			return nil
		}
	}
	was := p.input.Value()
	in, cmd := p.input.Update(msg)
	p.input = in
	if now := in.Value(); now != was && p.change != nil {
		p.change(now)
	}
	return cmd
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
