package tui

import (
	"context"
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"
)

const (
	// heartbeat is how often the console looks whether something is due, and how often shown ages move on.
	heartbeat = time.Second
	// blurFactor slows refreshing, and the heartbeat, while another window has the keyboard.
	blurFactor = 6
	// longestPause is how long a failing question is left alone at most.
	longestPause = time.Minute
	// loadLimit is how long one answer may take.
	loadLimit = time.Minute
)

// tickMsg is the one heartbeat of the console. It carries the time, because nothing in an update may read a clock.
type tickMsg struct {
	at    time.Time
	meter Meter
}

// tick arms the next heartbeat. Only the handling of tickMsg, and Init, may call it: two callers would make two chains.
func (s *shell) tick() tea.Cmd {
	now, chronicle := s.options.Now, s.options.Chronicle
	every := heartbeat
	if s.blurred {
		every *= blurFactor // each draws a frame, for ages that nobody looks at
	}
	return tea.Tick(every, func(time.Time) tea.Msg {
		m := tickMsg{at: now()}
		if chronicle != nil {
			m.meter = chronicle.Meter()
		}
		return m
	})
}

// poll cancels what is no longer needed and starts what is due.
func (s *shell) poll(needs []need) tea.Cmd {
	s.store.keep(needs)
	var cmds []tea.Cmd
	for _, n := range needs {
		if s.due(n) {
			cmds = append(cmds, s.load(n))
		}
		if n.after.After(s.here) && n.after != s.wakeAt {
			s.wakeAt = n.after
			cmds = append(cmds, s.wake(n.after.Sub(s.here)))
		}
	}
	return tea.Batch(cmds...)
}

// wakeMsg looks once more for what is due, between two heartbeats.
type wakeMsg struct{ at time.Time }

func (s *shell) wake(in time.Duration) tea.Cmd {
	now := s.options.Now
	return tea.Tick(in, func(time.Time) tea.Msg { return wakeMsg{now()} })
}

// due tells whether a need has to be asked for now.
func (s *shell) due(n need) bool {
	e := s.store.get(n.query)
	switch {
	case e.loading(), s.here.Before(n.after):
		return false
	case e.tried.IsZero():
		return true
	case n.once && e.err == nil:
		return false
	}
	return !s.here.Add(heartbeat / 2).Before(e.tried.Add(s.pause(n, e.failures))) // to the nearest heartbeat
}

// pause is how long a need is left alone after an attempt: its interval, longer without the keyboard, doubled by each failure.
func (s *shell) pause(n need, failures int) time.Duration {
	every := n.every
	if every == 0 {
		every = s.options.Interval
	}
	if s.blurred {
		every *= blurFactor
	}
	if failures > 1 {
		every = max(every, min(longestPause, every<<min(failures-1, 8)))
	}
	return every
}

// load returns the command that asks for a need, with a context of its own.
func (s *shell) load(n need) tea.Cmd {
	ctx, cancel := context.WithTimeout(s.ctx, loadLimit)
	gen := s.store.begin(n.query, cancel)
	source, now := s.options.Source, s.options.Now
	return func() tea.Msg {
		v, err := n.load(ctx, source)
		if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
			err = lateError{err}
		}
		return loaded{query: n.query, gen: gen, at: now(), value: v, err: err}
	}
}

// lateError is that an answer took longer than [loadLimit].
type lateError struct{ err error }

func (e lateError) Error() string { return "Airflow did not answer within " + span(loadLimit) }

// Brief is what is wrong in a few words.
func (e lateError) Brief() string { return "too slow" }

func (e lateError) Unwrap() error { return e.err }
