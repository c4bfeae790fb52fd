package tui

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"chrononctl/internal/fleet"
)

// closing is a writer whose reader goes away after so many lines.
type closing struct{ lines int }

var errClosed = errors.New("write: broken pipe")

func (c *closing) Write(p []byte) (int, error) {
	if c.lines--; c.lines < 0 {
		return 0, errClosed
	}
	return len(p), nil
}

func TestLinearModeTellsChangesAsSentences(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		source, out := healthyFleet(), &strings.Builder{}
		done := make(chan error, 1)
		go func() { done <- RunLinear(ctx, out, Options{Source: source, Context: "prod"}) }()
		pass := func(d time.Duration) { time.Sleep(d); synctest.Wait() }
		told := func() string { text := out.String(); out.Reset(); return text }

		pass(time.Second)
		want := "2000-01-01 00:00:00 UTC  prod: Airflow 3.3.2 is ok; 3 teams, 6 DAGs, 1 finding\n" +
			"2000-01-01 00:00:00 UTC  not measured: search.ranking.v1 of team search, consistency not measured: no rows were logged on that day\n"
		if got := told(); got != want {
			t.Errorf("at first it tells\n%s, want\n%s", got, want)
		}
		pass(10 * time.Second)
		if got := told(); got != "" {
			t.Errorf("when nothing changes it tells %q", got)
		}
		source.change(func(f *fakeSource) { f.snap = troubledSnapshot() })
		pass(6 * time.Second)
		got := told()
		for _, sentence := range []string{
			"failed: chronon_batch_dag_payments upload__card_stats_v4 of team payments, failed for 1999-12-31, try 2",
			"restarted: payments.card_stream.v1 of team payments", "over budget: payments.checkout.v2 card_stats_v4_amount_sum_7d",
			"failed: join_ads.py, does not import: ImportError: cannot import name 'x'",
		} {
			if !strings.Contains(got, sentence) {
				t.Errorf("it does not tell %q:\n%s", sentence, got)
			}
		}
		source.change(func(f *fakeSource) { f.err = errRefused })
		pass(time.Minute)
		if got := told(); strings.Count(got, "cannot be reached") != 1 {
			t.Errorf("a lost server is told as %q", got)
		}
		source.change(func(f *fakeSource) { f.err, f.snap = nil, healthySnapshot() })
		pass(2 * time.Minute)
		if got := told(); !strings.Contains(got, "prod answers again") || !strings.Contains(got, "over: join_ads.py") {
			t.Errorf("what is over is told as %q", got)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
	})
}

func TestLinearModeEndsWhenNobodyReads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		err := RunLinear(t.Context(), &closing{lines: 1}, Options{Source: troubledFleet(), Context: "prod"})
		if !errors.Is(err, errClosed) {
			t.Errorf("RunLinear = %v", err)
		}
	})
}

func TestLinearModeTellsWhichDaysBeginAndEnd(t *testing.T) {
	t.Parallel()
	out := &strings.Builder{}
	n := &narrator{options: Options{Context: "prod", Now: func() time.Time { return epoch }}.withDefaults(), out: out}
	snap := healthySnapshot()
	n.picture(snap)
	out.Reset()
	for i, d := range snap.DAGs {
		if d.Health == fleet.Running {
			snap.DAGs[i] = makeDAG(d.ID, d.Kind, d.Team, d.Join, fleet.OK)
		}
	}
	snap.DAGs[0] = makeDAG(snap.DAGs[0].ID, snap.DAGs[0].Kind, "core", "", fleet.Running)
	n.picture(snap)
	for _, want := range []string{"chronon_batch_dag_core began 1999-12-31", "chronon_join_payments__checkout__v2 ended 1999-12-31: ok after 23 m"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not tell %q:\n%s", want, out)
		}
	}
}
