package cmd

import (
	"fmt"
	"time"

	"github.com/charmbracelet/x/ansi"

	"chrononctl/internal/deploy"
	"chrononctl/internal/term"
)

// deployProgress draws the events of a deploy on stderr: on a terminal one line that moves, and a line for each step that is over;
// on a pipe a line when a step begins and one when it is complete.
type deployProgress struct {
	streams term.Streams
	start   time.Time
	last    deploy.Event
	began   bool
	dirty   bool // the terminal's line holds text
}

func newDeployProgress(s term.Streams) *deployProgress {
	return &deployProgress{streams: s, start: time.Now()}
}

// event takes one event.
func (p *deployProgress) event(e deploy.Event) {
	fresh := !p.began || e.Step != p.last.Step
	complete := e.Total > 0 && e.Done == e.Total
	if p.streams.ErrTerminal {
		if fresh {
			p.keep()
		}
		p.draw(e)
	} else if fresh || complete && (p.last.Done != p.last.Total || p.last.Total != e.Total) {
		fmt.Fprintln(p.streams.Err, p.line(e))
	}
	p.last, p.began = e, true
}

// end leaves the last line as it is.
func (p *deployProgress) end() { p.keep() }

// keep ends the moving line, so that the next one begins below it.
func (p *deployProgress) keep() {
	if p.dirty {
		fmt.Fprintln(p.streams.Err)
		p.dirty = false
	}
}

// draw replaces the moving line. It never wraps: what is too wide is cut.
func (p *deployProgress) draw(e deploy.Event) {
	text := p.line(e)
	if p.streams.Width > 1 {
		text = ansi.Truncate(text, p.streams.Width-1, "…")
	}
	fmt.Fprintf(p.streams.Err, "\r\x1b[K%s", text)
	p.dirty = true
}

func (p *deployProgress) line(e deploy.Event) string {
	text := fmt.Sprintf("%6.1fs  %-8s", time.Since(p.start).Seconds(), e.Step)
	if e.Total > 0 {
		text += fmt.Sprintf("  %d of %d", e.Done, e.Total)
	}
	if e.Detail != "" {
		text += "  " + term.Clean(e.Detail)
	}
	return text
}
