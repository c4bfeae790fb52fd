package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"
)

// dialog lies over a screen and takes all input until it is closed.
type dialog interface {
	// start returns what the dialog begins with.
	start() tea.Cmd
	// update handles a message and tells whether the dialog stays open.
	update(msg tea.Msg) (cmd tea.Cmd, open bool)
	// view draws the box, at most that large.
	view(width, height int) []string
}

const (
	// graceTime is how long the keyboard must be quiet before a dialog that opened by itself listens.
	graceTime = 400 * time.Millisecond
	// graceRounds is how often it waits for that at most.
	graceRounds = 4
)

// grace keeps a dialog deaf until the reader can have seen it. A key that was on its way when the dialog opened must not confirm something unread.
type grace struct {
	deaf   bool
	noisy  bool // a key came since the last look
	rounds int
}

// graceMsg ends one round of waiting.
type graceMsg struct{ of *grace }

// begin makes the dialog deaf.
func (g *grace) begin() tea.Cmd {
	*g = grace{deaf: true}
	return g.wait()
}

func (g *grace) wait() tea.Cmd {
	return tea.Tick(graceTime, func(time.Time) tea.Msg { return graceMsg{g} })
}

// over handles the end of a round: the dialog listens when the keyboard was quiet, or when it has waited long enough.
func (g *grace) over(m graceMsg) tea.Cmd {
	if m.of != g {
		return nil
	}
	g.rounds++
	if g.noisy && g.rounds < graceRounds {
		g.noisy = false
		return g.wait()
	}
	g.deaf = false
	return nil
}

// swallow tells whether a key has to be ignored, and remembers that there was one.
func (g *grace) swallow() bool {
	g.noisy = true
	return g.deaf
}
