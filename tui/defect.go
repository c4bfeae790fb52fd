package tui

import (
	"fmt"
	"runtime/debug"
	"sync/atomic"

	tea "charm.land/bubbletea/v2"
)

// DefectError says that the console ended because a part of it panicked.
type DefectError struct {
	Value any    // of the panic
	Stack []byte // of its goroutine
}

func (e *DefectError) Error() string {
	return fmt.Sprintf("console: it ended by a defect of this program: %v\n%s", e.Value, e.Stack)
}

// Hint is what is left to do.
func (*DefectError) Hint() string {
	return "Airflow goes on with what it was told; the lines above say where the defect is, please report them"
}

// guarded is a model that ends when it, or one of its commands, panics, and keeps the first of the panics. Bubble Tea would end too, but it prints the
// trace while the terminal may still show the console, which takes the trace with it.
type guarded struct {
	tea.Model
	defect *atomic.Pointer[DefectError]
}

func guard(m tea.Model) guarded { return guarded{m, new(atomic.Pointer[DefectError])} }

// defectMsg says that a command panicked.
type defectMsg struct{}

func (g guarded) Init() (cmd tea.Cmd) {
	defer g.recovered(func() { cmd = tea.Quit })
	return g.watch(g.Model.Init())
}

func (g guarded) Update(msg tea.Msg) (next tea.Model, cmd tea.Cmd) {
	defer g.recovered(func() { next, cmd = g, tea.Quit })
	if g.defect.Load() != nil { // a view panicked, which cannot quit
		return g, tea.Quit
	}
	_, cmd = g.Model.Update(msg) // the root changes in place
	return g, g.watch(cmd)
}

func (g guarded) View() (v tea.View) {
	defer g.recovered(func() {})
	return g.Model.View()
}

// watch keeps what a command panics with, and what those panic with that it makes.
func (g guarded) watch(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() (msg tea.Msg) {
		defer g.recovered(func() { msg = defectMsg{} })
		msg = cmd()
		if batch, ok := msg.(tea.BatchMsg); ok {
			for i, one := range batch {
				batch[i] = g.watch(one)
			}
		}
		return msg
	}
}

// recovered keeps a panic, if there is one, and then does something.
func (g guarded) recovered(then func()) {
	if value := recover(); value != nil {
		g.defect.CompareAndSwap(nil, &DefectError{Value: value, Stack: debug.Stack()})
		then()
	}
}
