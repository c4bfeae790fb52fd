package airflowclient

import (
	"context"
	"fmt"
	"sync"
	"time"

	"chrononctl/airflowclient/parallel"
)

// Pace bounds how fast a change of many items is carried out. The zero Pace is one after the other, ten a second at most.
type Pace struct {
	PerSecond float64 // changes that begin within a second; 0: 10
	AtATime   int     // changes under way; 0: 1, which keeps the order. [Config.MaxInFlight] bounds it too
}

// gap is the time between the beginnings of two changes.
func (p Pace) gap() time.Duration {
	perSecond := p.PerSecond
	if perSecond <= 0 {
		perSecond = 10
	}
	return time.Duration(float64(time.Second) / perSecond)
}

// Each carries out a change of many items: change is called once for each, never twice, and report hears what became of it, one at a
// time. An error of change may be ambiguous ([IsAmbiguous]); it concerns its item only.
//
// Two things end it early, with an error that says so: ctx, and credentials that are refused, because then no other item would fare
// better. What was begun is reported; what was not begun is not, and has not been sent.
func Each[T any](ctx context.Context, pace Pace, items []T, change func(context.Context, T) error, report func(T, error)) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var reporting sync.Mutex
	var underWay parallel.Group
	slots := make(chan struct{}, max(pace.AtATime, 1))
	next := time.NewTimer(0)
	defer next.Stop()
	for i, item := range items {
		if !begin(ctx, next.C, slots) {
			_ = underWay.Wait() // errors were reported
			return fmt.Errorf("%d of %d were not begun: %w", len(items)-i, len(items), context.Cause(ctx))
		}
		next.Reset(pace.gap())
		underWay.Go(func() error {
			defer func() { <-slots }()
			err := change(ctx, item)
			reporting.Lock()
			defer reporting.Unlock()
			report(item, err)
			if IsAuth(err) {
				stop(err)
			}
			return nil
		})
	}
	_ = underWay.Wait() // errors were reported
	return nil
}

// begin waits for the time and a slot of the next change. It reports false when there must be none.
func begin(ctx context.Context, due <-chan time.Time, slots chan struct{}) bool {
	select {
	case <-due:
	case <-ctx.Done():
		return false
	}
	select {
	case slots <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	if ctx.Err() != nil {
		<-slots
		return false
	}
	return true
}
