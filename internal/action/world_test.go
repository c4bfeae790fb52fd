package action_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"chrononctl/internal/action"
	"chrononctl/internal/demo/simulated"
)

// The sample's join that the tests fill, and its DAG.
const (
	join    = "ads.bidding.v1"
	joinDAG = "chronon_join_ads__bidding__v1"
)

// ofJoin names the join to what steers its backfills.
var ofJoin = action.ConfName{Name: join}

// world is the sample on a simulated Airflow whose clock the test moves, some days after it was deployed.
type world struct {
	Demo *simulated.Demo
	*action.Planner
	mu sync.Mutex
	at time.Time
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

func newWorld(t *testing.T, version string, days int) *world {
	t.Helper()
	w := &world{at: time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)}
	demo, err := simulated.Start(t.Context(), simulated.Options{Airflow: version, Days: days, Now: w.clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := demo.Stop(); err != nil {
			t.Error(err)
		}
	})
	w.Demo = demo
	journal := &action.Journal{Path: filepath.Join(t.TempDir(), "state", "journal.jsonl"), Problem: func(err error) { t.Error(err) }}
	w.Planner = &action.Planner{Airflow: demo.Client, Now: w.clock, User: "ana", Journal: journal}
	return w
}

// onBoth runs a test on the sample on Airflow 2 and 3.
func onBoth(t *testing.T, days int, test func(t *testing.T, w *world, v3 bool)) {
	t.Helper()
	for _, version := range []string{"3.3", "2.11"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			test(t, newWorld(t, version, days), version == "3.3")
		})
	}
}

// do applies a plan, of which every target must go well.
func (w *world) do(t *testing.T, plan action.Plan, err error) []string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var done []string
	err = w.Apply(t.Context(), plan, func(r action.Result) {
		if r.Err != nil {
			t.Errorf("%s: %v", plan.Title, r.Err)
		}
		done = append(done, r.Done)
	})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// end lets time pass until what is watched has ended, and returns all that was said on the way.
func (w *world) end(t *testing.T, watcher *action.Watcher) (action.Progress, string) {
	t.Helper()
	var said []string
	for range 400 {
		seen, err := watcher.Look(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if line := seen.String(); len(said) == 0 || said[len(said)-1] != line {
			said = append(said, line)
		}
		if seen.Final() {
			return seen, strings.Join(said, "\n")
		}
		w.pass(10 * time.Second)
	}
	t.Fatalf("it does not end:\n%s", strings.Join(said, "\n"))
	return action.Progress{}, ""
}

// refused expects a refusal whose reason and next step hold the words.
func refused(t *testing.T, err error, reason, next string) {
	t.Helper()
	var no *action.RefusedError
	if !errors.As(err, &no) || !strings.Contains(no.Reason, reason) || !strings.Contains(no.Next, next) {
		t.Errorf("got %v, hint %q; want %q, hint %q", err, hint(err), reason, next)
	}
}

func hint(err error) string {
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		return hinted.Hint()
	}
	return ""
}

func (w *world) ctx() context.Context { return context.Background() }
