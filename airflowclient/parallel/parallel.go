// Package parallel runs functions side by side, as errgroup does, and hands a panic of one of them to the goroutine that waits for them all.
//
// A panic on a goroutine that nothing recovers ends the process at once. A program that has taken a terminal over has to give it back first, which
// it can do where it waits: Bubble Tea recovers what panics on its own goroutines, restores the terminal and prints the trace. So what is read side
// by side for it must panic there, and nowhere else.
package parallel

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// Group is functions that run side by side. The zero Group has no limit, and no context that ends with the first error. It is used once.
type Group struct {
	begin    sync.Once
	group    *errgroup.Group
	panicked atomic.Pointer[PanicError]
}

// WithContext returns a group, and a context that ends with the first error or panic of its functions, and when Wait returns.
func WithContext(ctx context.Context) (*Group, context.Context) {
	group, ctx := errgroup.WithContext(ctx)
	return &Group{group: group}, ctx
}

// SetLimit is how many functions run at a time from the next one on; Go then waits for a place.
func (g *Group) SetLimit(n int) { g.functions().SetLimit(n) }

// Go runs a function on a goroutine of its own.
func (g *Group) Go(f func() error) {
	g.functions().Go(func() (err error) {
		defer func() {
			if value := recover(); value != nil {
				p := panicOf(value)
				g.panicked.CompareAndSwap(nil, p)
				err = p
			}
		}()
		return f()
	})
}

// Wait waits for all functions and returns the first error. When one of them panicked, Wait panics with a [*PanicError].
func (g *Group) Wait() error {
	err := g.functions().Wait()
	if p := g.panicked.Load(); p != nil {
		panic(p)
	}
	return err
}

// functions is the group beneath, which a zero Group does not have yet.
func (g *Group) functions() *errgroup.Group {
	g.begin.Do(func() {
		if g.group == nil {
			g.group = new(errgroup.Group)
		}
	})
	return g.group
}

// PanicError is what a function panicked with, and where.
type PanicError struct {
	Value any
	Stack []byte // of the goroutine that panicked
}

// panicOf keeps the first place of what is handed on more than once.
func panicOf(value any) *PanicError {
	if p, ok := value.(*PanicError); ok {
		return p
	}
	return &PanicError{Value: value, Stack: debug.Stack()}
}

// Error is the value with its trace: whoever prints a panic prints where it came from.
func (p *PanicError) Error() string { return fmt.Sprintf("%v\n\n%s", p.Value, p.Stack) }
