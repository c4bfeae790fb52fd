package tui

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"chrononctl/internal/deploy"

	tea "charm.land/bubbletea/v2"
)

// deployRun is a deploy that was started here. It goes on whatever screen is open; one runs at a time.
type deployRun struct {
	what   Deployment
	began  time.Time
	cancel context.CancelFunc
	listen func() tea.Msg // waits for more to be told

	steps  []deployStep // in the order in which they happened, the newest last
	ended  bool
	at     time.Time // when it ended
	result *deploy.Result
	err    error
}

// deployStep is a step with the last that was told of it. A step that comes again, as verify does after a rollback, is another one.
type deployStep struct {
	deploy.Event
	began time.Time
}

// deployedMsg carries what a deploy has told since the last one, and its end.
type deployedMsg struct {
	of     *deployRun
	at     time.Time
	events []deploy.Event
	ended  bool
	result *deploy.Result
	err    error
}

// eventBuffer takes events without ever making the deploy wait.
type eventBuffer struct {
	mu     sync.Mutex
	events []deploy.Event
	news   chan struct{} // holds one token while there are events
}

func (b *eventBuffer) add(e deploy.Event) {
	b.mu.Lock()
	b.events = append(b.events, e)
	b.mu.Unlock()
	select {
	case b.news <- struct{}{}:
	default:
	}
}

func (b *eventBuffer) take() []deploy.Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := b.events
	b.events = nil
	return out
}

// startDeploy carries a proposal out. It is a goroutine of its own, which [Run] waits for: a deploy that is left gets the time to stop cleanly.
func (s *shell) startDeploy(what Deployment, proposal Proposal) tea.Cmd {
	ctx, cancel := context.WithCancel(s.ctx)
	run := &deployRun{what: what, began: s.here, cancel: cancel}
	s.running = run
	s.underway = &underway{
		what: "the deploy to " + what.Target,
		then: []string{
			"Leaving stops it between two steps. Every file that Airflow sees stays whole, and nothing is rolled back.",
			"The next deploy to this target goes on from there.",
		},
		stop: cancel,
	}
	buffer := &eventBuffer{news: make(chan struct{}, 1)}
	end := make(chan deployedMsg, 1)
	now := s.options.Now
	defect := make(chan any, 1)
	s.work.Go(func() {
		defer cancel()
		defer func() {
			if value := recover(); value != nil {
				defect <- fmt.Errorf("%v\n\n%s", value, debug.Stack())
			}
		}()
		result, err := proposal.Apply(ctx, buffer.add)
		end <- deployedMsg{of: run, ended: true, result: result, err: err}
	})
	run.listen = func() tea.Msg {
		select {
		case <-buffer.news:
			return deployedMsg{of: run, at: now(), events: buffer.take()}
		case last := <-end:
			last.at, last.events = now(), buffer.take()
			return last
		case value := <-defect:
			panic(value) // on this goroutine the terminal is restored
		}
	}
	return run.listen
}

// told takes what a deploy has told.
func (s *shell) told(m deployedMsg) tea.Cmd {
	run := m.of
	s.pass(m.at)
	for _, e := range m.events {
		run.add(e, m.at)
	}
	if !m.ended {
		return run.listen
	}
	run.ended, run.at, run.result, run.err = true, m.at, m.result, m.err
	s.underway = nil
	s.journal = append(s.journal, run.deed())
	if watching, ok := s.top().(*runScreen); !ok || watching.run != run {
		s.say(run.ending())
	}
	for _, q := range []query{standingQuery(run.what.Target), historyQuery(run.what.Target)} {
		s.store.forget(q)
	}
	s.refresh()
	return nil
}

func (r *deployRun) add(e deploy.Event, at time.Time) {
	if n := len(r.steps); n > 0 && r.steps[n-1].Step == e.Step {
		began := r.steps[n-1].began
		r.steps[n-1] = deployStep{e, began}
		return
	}
	for i := len(r.steps) - 1; i >= 0 && r.steps[i].Step != deploy.StepRollback; i-- {
		if s := r.steps[i]; s.Step == e.Step && s.Done < s.Total { // it goes on after another step
			r.steps, at = slices.Delete(r.steps, i, i+1), s.began
			break
		}
	}
	r.steps = append(r.steps, deployStep{e, at})
}

// ending says in a sentence how it ended.
func (r *deployRun) ending() string {
	what := "the deploy to " + r.what.Target
	if r.what.Back {
		what = "going back at " + r.what.Target
	}
	switch {
	case !r.ended:
		return what + " is under way"
	case r.err != nil:
		return fmt.Sprintf("%s failed: %s", what, errorText(r.err))
	}
	return fmt.Sprintf("%s is done: %s, %d DAGs verified in %s", what, r.result.Release, r.result.Verified(), span(r.at.Sub(r.began)))
}

// deed is the line of the journal.
func (r *deployRun) deed() deed {
	d := deed{at: r.at, verb: verbDeploy, title: "Deploy to " + r.what.Target, command: "chrononctl deploy --target " + r.what.Target}
	if r.what.Back {
		d.verb, d.title, d.command = verbRollback, "Roll back "+r.what.Target, "chrononctl rollback "+r.what.Release+" --target "+r.what.Target
	}
	if r.err != nil {
		d.failed, d.problem = 1, errorText(r.err)
		return d
	}
	d.done, d.undo = r.result.Verified(), "chrononctl rollback --target "+r.what.Target
	return d
}
