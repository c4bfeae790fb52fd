package parallel_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"chrononctl/airflowclient/parallel"
)

// waitFor waits for a group, and returns what it panicked with.
func waitFor(g *parallel.Group) (panicked any, err error) {
	defer func() { panicked = recover() }()
	return nil, g.Wait()
}

func plantedDefect() error { panic("planted") }

func TestAPanicComesToWhoeverWaits(t *testing.T) {
	t.Parallel()
	group, ctx := parallel.WithContext(t.Context())
	group.Go(plantedDefect)
	group.Go(func() error { <-ctx.Done(); return context.Cause(ctx) })
	panicked, _ := waitFor(group)
	p, ok := panicked.(*parallel.PanicError)
	if !ok || p.Value != "planted" || !strings.Contains(p.Error(), "plantedDefect") {
		t.Fatalf("it panicked with %v", panicked)
	}
	var outer parallel.Group
	outer.Go(func() error { panic(p) })
	if again, _ := waitFor(&outer); again != any(p) {
		t.Errorf("handed on it is %v", again)
	}
}

func TestErrorsAndLimitsAreThoseOfErrgroup(t *testing.T) {
	t.Parallel()
	var group parallel.Group
	var now, most atomic.Int32
	group.SetLimit(2)
	failed := errors.New("failed")
	for range 20 {
		group.Go(func() error {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			return failed
		})
	}
	if panicked, err := waitFor(&group); !errors.Is(err, failed) || panicked != nil || most.Load() > 2 {
		t.Errorf("%v, panicked with %v, %d at a time", err, panicked, most.Load())
	}
}
