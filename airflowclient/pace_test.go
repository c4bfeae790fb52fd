package airflowclient_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/airflowclient/airflowtest"
)

func TestEachKeepsItsPace(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		pace  airflowclient.Pace
		takes time.Duration // of each change
		want  time.Duration // for twenty
		most  int32         // at a time
	}{
		"ten a second unless told otherwise": {airflowclient.Pace{}, 0, 1900 * time.Millisecond, 1},
		"as fast as told":                    {airflowclient.Pace{PerSecond: 100}, 0, 190 * time.Millisecond, 1},
		"one after the other when they drag": {airflowclient.Pace{PerSecond: 100}, time.Second, 20 * time.Second, 1},
		"three at a time when they drag":     {airflowclient.Pace{PerSecond: 100, AtATime: 3}, time.Second, 7010 * time.Millisecond, 3},
		"no faster than told, however many":  {airflowclient.Pace{PerSecond: 2, AtATime: 9}, time.Second, 10500 * time.Millisecond, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var underWay, most atomic.Int32
				items := make([]int, 20)
				for i := range items {
					items[i] = i
				}
				var done []int
				began := time.Now()
				err := airflowclient.Each(t.Context(), test.pace, items, func(context.Context, int) error {
					most.Store(max(most.Load(), underWay.Add(1)))
					time.Sleep(test.takes)
					underWay.Add(-1)
					return nil
				}, func(item int, _ error) { done = append(done, item) })
				if took := time.Since(began); err != nil || took > test.want+20*time.Millisecond || took < test.want-20*time.Millisecond || most.Load() > test.most {
					t.Errorf("took %s with %d at a time: %v", took, most.Load(), err)
				}
				slices.Sort(done)
				if !slices.Equal(done, items) {
					t.Errorf("done %v", done)
				}
			})
		})
	}
}

func TestEachTellsTheErrorOfAnItemAndGoesOn(t *testing.T) {
	t.Parallel()
	bad := &airflowclient.Error{Op: "trigger", Kind: airflowclient.KindTimeout, Ambiguous: true}
	calls, ambiguous := 0, 0
	err := airflowclient.Each(t.Context(), airflowclient.Pace{PerSecond: 1e6}, []string{"a", "b", "c"}, func(_ context.Context, item string) error {
		calls++
		if item == "b" {
			return bad
		}
		return nil
	}, func(item string, err error) {
		if airflowclient.IsAmbiguous(err) && item == "b" {
			ambiguous++
		}
	})
	if err != nil || calls != 3 || ambiguous != 1 {
		t.Errorf("%d calls, %d ambiguous, %v", calls, ambiguous, err)
	}
}

func TestEachEndsWhereNothingElseWouldWork(t *testing.T) {
	t.Parallel()
	refused := &airflowclient.Error{Op: "trigger", Kind: airflowclient.KindAuth}
	stopped := errors.New("stopped")
	for name, first := range map[string]func(cancel context.CancelCauseFunc) error{
		"refused credentials": func(context.CancelCauseFunc) error { return refused },
		"a cancelled context": func(cancel context.CancelCauseFunc) error { cancel(stopped); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				calls, reports := 0, 0
				err := airflowclient.Each(ctx, airflowclient.Pace{}, []int{1, 2, 3}, func(context.Context, int) error {
					calls++
					return first(cancel)
				}, func(int, error) { reports++ })
				if calls != 1 || reports != 1 || !errors.Is(err, stopped) && !airflowclient.IsAuth(err) {
					t.Errorf("%d calls, %d reports, %v", calls, reports, err)
				}
			})
		})
	}
}

// A backfill by runs whose answers are lost says so for each date, and a second one finds the runs that were made all the same.
func TestBackfillByRunsSendsNothingTwice(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"2.6.3", "2.11.2", "3.3.2"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			clock := &airflowtest.Clock{}
			server := airflowtest.New(airflowtest.Options{Version: version, Now: clock.Now})
			server.Put(airflowtest.File{Name: "x.py", DAGs: []airflowtest.DAG{{ID: "x", Cron: "0 0 * * *", Start: day(1), Tasks: []airflowtest.Task{{ID: "t"}}}}})
			server.ParseAll()
			c := newClient(t, server.Transport(), airflowclient.Config{Auth: airflowclient.Auto(airflowclient.Login{})})
			if _, err := c.Server(t.Context()); err != nil {
				t.Fatal(err)
			}
			request := airflowclient.BackfillRequest{DAGID: "x", From: day(2), To: day(4)}
			dates, err := c.PlanBackfill(t.Context(), request)
			if err != nil || len(dates) != 3 {
				t.Fatalf("planned %v, %v", dates, err)
			}
			server.Break(airflowtest.Fault{Method: "POST", Path: "dags/x/dagRuns", Skip: 1, Times: 1, Cut: true})
			var ambiguous, made []time.Time
			count := func(change airflowclient.RunChange) {
				switch {
				case airflowclient.IsAmbiguous(change.Err):
					ambiguous = append(ambiguous, change.LogicalDate)
				case change.Err == nil:
					made = append(made, change.LogicalDate)
				}
			}
			fast := airflowclient.Pace{PerSecond: 1e6}
			err = c.BackfillByRuns(t.Context(), request, "b", fast, count)
			if err != nil || len(made) != 2 || len(ambiguous) != 1 || !ambiguous[0].Equal(day(3)) {
				t.Errorf("made %v, ambiguous %v, %v", made, ambiguous, err)
			}
			if err := c.BackfillByRuns(t.Context(), request, "b", fast, count); err != nil || len(made) != 2 || len(server.Runs()) != 3 {
				t.Errorf("a second one made %v, and there are %d runs: %v", made, len(server.Runs()), err)
			}
		})
	}
}
