package cmd

import (
	"fmt"
	"time"

	"github.com/charmbracelet/x/ansi"

	"chrononctl/internal/term"
)

// planProgress says on stderr how far the planning of a change has come that needs many answers: on a terminal in a line that moves and goes when it is
// done, on a pipe in one line at the end, if it took a second.
type planProgress struct {
	streams term.Streams
	now     func() time.Time
	began   time.Time
}

// fewAnswers is how many answers come too fast to be counted.
const fewAnswers = 10

// count takes notice of an answer.
func (p *planProgress) count(done, total int) {
	if total <= fewAnswers {
		return
	}
	if p.began.IsZero() {
		p.began = p.now()
	}
	took := p.now().Sub(p.began)
	text := fmt.Sprintf("Airflow has told of %d of %d DAGs what a clear takes, %s", done, total, took.Round(time.Second))
	switch {
	case !p.streams.ErrTerminal && done == total && took >= time.Second:
		fmt.Fprintf(p.streams.Err, "chrononctl: %s\n", text)
	case !p.streams.ErrTerminal:
	case done == total:
		fmt.Fprint(p.streams.Err, "\r\x1b[K")
	default:
		if left := took / time.Duration(done) * time.Duration(total-done); left >= time.Second {
			text += fmt.Sprintf(", about %s to go", left.Round(time.Second))
		}
		if p.streams.Width > 1 {
			text = ansi.Truncate(text, p.streams.Width-1, "…")
		}
		fmt.Fprintf(p.streams.Err, "\r\x1b[K%s", text)
	}
}

// end takes a line away that was left in the middle: planning was interrupted, or failed.
func (p *planProgress) end() {
	if p.streams.ErrTerminal && !p.began.IsZero() {
		fmt.Fprint(p.streams.Err, "\r\x1b[K")
	}
}
