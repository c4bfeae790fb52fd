package tui

import (
	"reflect"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
)

// How long Bubble Tea waits before it looks again whether a frame is to be written.
const (
	atRest = 250 * time.Millisecond // while nothing happens
	atOnce = 4 * time.Millisecond   // when something happens after a rest
	atWork = 10 * time.Millisecond  // when more and more happens
)

// pace has frames written soon after they were made, and lets the program sleep otherwise.
//
// Bubble Tea looks for a new frame at a fixed rate for as long as it runs. That costs more than everything else that this console does while nobody
// touches it, and at a lower rate every key would wait for the next look. There is no option for it (charmbracelet/bubbletea, pull requests 1776 and
// 1796, ask for one); but its ticker, once known, can be given another period by anybody. Where a later Bubble Tea has no such ticker, the rate
// stays fixed, and TestTheRendererRests fails.
type pace struct {
	program *tea.Program

	mu     sync.Mutex // guards the following
	ticker *time.Ticker
	seen   time.Time // when something happened last
	awake  bool      // it does not rest
}

// hurry has what happened now written soon. Only the goroutine that runs the program may call it: the ticker is made there.
func (p *pace) hurry() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ticker == nil {
		p.ticker = tickerOf(p.program)
	}
	p.seen = time.Now()
	if p.awake || p.ticker == nil {
		return
	}
	p.awake = true
	p.lookEach(atOnce)
}

// lookEach looks a few times, each a period after the other, and goes on at the pace of work or at that of rest. It is called with the lock.
func (p *pace) lookEach(period time.Duration) {
	p.ticker.Reset(period)
	time.AfterFunc(3*period, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if time.Since(p.seen) < 2*period { // what happened then may not be written yet
			p.lookEach(atWork)
			return
		}
		p.awake = false
		p.ticker.Reset(atRest)
	})
}

// tickerOf is the ticker by which a program writes; nil while it has none.
func tickerOf(program *tea.Program) *time.Ticker {
	field := reflect.ValueOf(program).Elem().FieldByName("ticker")
	if !field.IsValid() || field.Type() != reflect.TypeFor[*time.Ticker]() {
		return nil
	}
	return *(**time.Ticker)(field.Addr().UnsafePointer()) // unexported, which forbids Interface
}

// paced is a model after each of whose views the terminal is written to soon.
type paced struct {
	tea.Model
	pace *pace
}

func (m paced) View() tea.View {
	v := m.Model.View()
	m.pace.hurry() // only now: drawing takes time too
	return v
}
