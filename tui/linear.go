package tui

import (
	"context"
	"fmt"
	"io"
	"time"

	"chrononctl/internal/fleet"
)

// RunLinear is the console without a screen: it tells the state of the fleet once, and then each change of it as a sentence on a line of its own. It
// serves screen readers, terminals that cannot place a cursor, and logs. Of the options it needs the source; it takes no keys and changes nothing.
//
// It ends with the context, whose error it returns, or when the output cannot be written to.
func RunLinear(ctx context.Context, out io.Writer, options Options) error {
	options = options.withDefaults()
	l := &narrator{options: options, out: out}
	for {
		snap, err := options.Source.Observe(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		pause := l.tell(snap, err)
		if l.broken != nil {
			return fmt.Errorf("linear console: %w", l.broken)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// narrator knows what was told last.
type narrator struct {
	options  Options
	out      io.Writer
	broken   error // the output cannot be written to any more
	begun    bool
	failures int
	found    map[string]fleet.Finding
	order    []string // ids of found, as they were listed
	running  map[string]bool
}

// tell tells what is new, and returns how long to wait for the next picture.
func (n *narrator) tell(snap fleet.Snapshot, err error) time.Duration {
	if err != nil {
		n.failures++
		if n.failures == 1 {
			n.say("%s cannot be reached: %s", clean(n.options.Context), errorText(err))
		}
		return min(longestPause, n.options.Interval<<min(n.failures-1, 6))
	}
	if n.failures > 0 {
		n.say("%s answers again", clean(n.options.Context))
	}
	n.failures = 0
	if snap.Partial {
		return 0
	}
	n.picture(snap)
	return n.options.Interval
}

// picture tells the whole state at first, and then what came and what went.
func (n *narrator) picture(snap fleet.Snapshot) {
	found, order := map[string]fleet.Finding{}, []string{}
	for _, f := range snap.Findings() {
		id := findingID(f)
		if _, twice := found[id]; !twice {
			order = append(order, id)
		}
		found[id] = f
	}
	if !n.begun {
		n.summary(snap, len(order))
	}
	for _, id := range order {
		now := found[id]
		was, known := n.found[id]
		if !known || was.Health != now.Health {
			n.say("%s", findingSentence(now))
		}
	}
	for _, id := range n.order {
		if _, still := found[id]; !still {
			n.say("over: %s", subjectOf(n.found[id]))
		}
	}
	n.found, n.order = found, order
	n.runs(snap)
	n.begun = true
}

// summary is the first sentence.
func (n *narrator) summary(snap fleet.Snapshot, found int) {
	n.say("%s: Airflow %s is %s; %s, %s, %s", clean(n.options.Context), clean(snap.Server.Version), snap.Server.Health.Word(),
		count(len(snap.Teams), "team"), count(len(snap.DAGs), "DAG"), count(found, "finding"))
}

// runs tells which days began and ended, streaming ticks apart: those are told only when something is wrong with them.
func (n *narrator) runs(snap fleet.Snapshot) {
	running := map[string]bool{}
	for _, d := range snap.DAGs {
		for _, r := range d.Runs {
			if r.Day == "" || d.Kind == "streaming" {
				continue
			}
			id := d.ID + "\x00" + r.ID
			if r.End.IsZero() && !r.Start.IsZero() {
				running[id] = true
			}
			switch {
			case !n.begun:
			case running[id] && !n.running[id]:
				n.say("%s began %s", clean(d.ID), clean(r.Day))
			case !running[id] && n.running[id]:
				n.say("%s ended %s: %s after %s", clean(d.ID), clean(r.Day), r.Health.Word(), took(snap.At, r.Start, r.End))
			}
		}
	}
	n.running = running
}

// findingSentence is a finding in words alone.
func findingSentence(f fleet.Finding) string {
	text := f.Health.Word() + ": " + subjectOf(f)
	if f.Detail != "" {
		text += ", " + clean(f.Detail)
	}
	return text
}

func subjectOf(f fleet.Finding) string {
	if f.Team == "" {
		return clean(f.Subject)
	}
	return clean(f.Subject) + " of team " + clean(f.Team)
}

// say writes a line with the time before it.
func (n *narrator) say(format string, args ...any) {
	line := n.options.Now().UTC().Format("2006-01-02 15:04:05 UTC  ") + fmt.Sprintf(format, args...) + "\n"
	if _, err := io.WriteString(n.out, line); err != nil {
		n.broken = err
	}
}
