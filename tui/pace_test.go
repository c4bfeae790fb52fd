package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
)

// countingModel shows how many messages it got.
type countingModel struct{ n int }

func (*countingModel) Init() tea.Cmd { return nil }

func (m *countingModel) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if n, ok := msg.(int); ok {
		m.n = n
	}
	return m, nil
}

func (m *countingModel) View() tea.View { return tea.NewView(fmt.Sprint("message ", m.n)) }

// writes passes on when something was written.
type writes chan time.Time

func (w writes) Write(p []byte) (int, error) {
	w <- time.Now()
	return len(p), nil
}

func startPaced(t *testing.T) (*pace, writes) {
	t.Helper()
	pace, out := new(pace), make(writes, 1000)
	inner := &countingModel{}
	pace.program = tea.NewProgram(keptPace{paced{inner, pace}}, tea.WithInput(strings.NewReader("")), tea.WithOutput(out), tea.WithWindowSize(80, 24))
	ended := make(chan error, 1)
	go func() {
		_, err := pace.program.Run()
		ended <- err
	}()
	t.Cleanup(func() {
		pace.program.Quit()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return pace, out
}

// keptPace stays the program's model, as a guarded one does.
type keptPace struct{ paced }

func (m keptPace) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	_, cmd := m.Model.Update(msg)
	return m, cmd
}

func (p *pace) rests() (known, resting bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ticker != nil, !p.awake
}

func TestTheRendererRests(t *testing.T) {
	p, out := startPaced(t)
	<-out
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		known, resting := p.rests()
		if known && resting {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the ticker is known: %v, it rests: %v: has Bubble Tea another one now?", known, resting)
		}
	}
}

func TestARestingRendererWritesAtOnce(t *testing.T) {
	p, out := startPaced(t)
	var took []time.Duration
	for n := range 15 {
		time.Sleep(atRest * 3 / 4) // never in step with it
		for len(out) > 0 {
			<-out
		}
		sent := time.Now()
		p.program.Send(n + 1)
		took = append(took, (<-out).Sub(sent))
	}
	slices.Sort(took)
	if half := took[len(took)/2]; half > atRest/4 {
		t.Errorf("half of the messages are shown after more than %v (%v), as if they had waited for a look", half, took)
	}
}
