package airflowclient_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/airflowclient/airflowtest"
)

// gauge is a transport that says how many requests were under way at the same time.
type gauge struct {
	next      http.RoundTripper
	now, most atomic.Int64
}

func (g *gauge) RoundTrip(r *http.Request) (*http.Response, error) {
	n := g.now.Add(1)
	defer g.now.Add(-1)
	for most := g.most.Load(); n > most && !g.most.CompareAndSwap(most, n); {
		most = g.most.Load()
	}
	return g.next.RoundTrip(r)
}

// A bootstrap of 800 DAGs: the first page is there after one round trip, all after one request a page and eight more, three at a time.
func TestFeedBootstrap(t *testing.T) {
	t.Parallel()
	for _, a := range bothAPIs {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const dags, pages, trip = 800, 8, 100 * time.Millisecond
				time.Sleep(time.Until(time.Date(2026, 1, 1, 5, 0, 0, 0, time.UTC)))
				server := airflowtest.New(airflowtest.Options{Version: a.version})
				airflowtest.Fleet(dags)(server)
				server.Runs()
				time.Sleep(time.Hour)
				g := &gauge{next: server.Transport()}
				c := newClient(t, g, airflowclient.Config{Auth: airflowclient.Auto(airflowclient.Login{})})
				if _, err := c.ImportErrors(t.Context()); err != nil { // now it is logged in
					t.Fatal(err)
				}
				server.Break(airflowtest.Fault{Delay: trip})
				feed := airflowclient.NewFeed(c, airflowclient.FeedOptions{})
				before, start, first := c.Requests().Requests, time.Now(), time.Duration(0)
				feed.Step(t.Context(), func(ch airflowclient.Changes) {
					if first == 0 && len(ch.DAGs) > 0 {
						first = time.Since(start)
					}
				})
				if p := feed.Picture(); len(p.DAGs) != dags || len(p.Runs) < dags {
					t.Errorf("%d DAGs and %d runs", len(p.DAGs), len(p.Runs))
				}
				if first != trip {
					t.Errorf("the first DAGs came after %v, a round trip is %v", first, trip)
				}
				if n := c.Requests().Requests - before; n > pages+8 {
					t.Errorf("%d requests: %v", n, c.Requests().ByOp)
				}
				if g.most.Load() != 3 {
					t.Errorf("%d requests were under way at the same time", g.most.Load())
				}
				if took := time.Since(start); took > (pages/3+10)*trip {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

// spent is what a feed costs a minute.
type spent struct{ requests, kilobytes float64 }

func spend(tb testing.TB, clock *airflowtest.Clock, c *airflowclient.Client, feed *airflowclient.Feed, d time.Duration) spent {
	tb.Helper()
	before := c.Requests()
	live(tb, clock, feed, d)
	after := c.Requests()
	return spent{float64(after.Requests-before.Requests) / d.Minutes(), float64(after.Received+after.Sent-before.Received-before.Sent) / 1000 / d.Minutes()}
}

// An idle feed with 50 active runs costs at most 20 requests and 300 KB a minute, and one of 500 DAGs what one of 100 does; BenchmarkFeedIdle goes on to 3,000.
func TestFeedIdleBudget(t *testing.T) {
	t.Parallel()
	for _, a := range bothAPIs {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			idle := func(n int) spent {
				clock, _, c, feed := fleetAtWork(t, a, n)
				feed.Step(t.Context(), nil)
				return spend(t, clock, c, feed, 11*time.Minute)
			}
			large := idle(500)
			if large.requests > 20 || large.kilobytes > 300 {
				t.Errorf("500 DAGs cost %.1f requests and %.0f KB a minute", large.requests, large.kilobytes)
			}
			if a == apiV1 {
				return // what depends on the size of the fleet is not in the dialects
			}
			if small := idle(100); large.requests > 1.1*small.requests || large.kilobytes > 1.5*small.kilobytes {
				t.Errorf("500 DAGs cost %.1f, 100 cost %.1f", large, small)
			}
		})
	}
}

// drilledIn looks at a run's tasks and follows a log, in a fleet with 50 active runs.
func drilledIn(tb testing.TB, a api, n int) (*airflowtest.Clock, *airflowclient.Client, *airflowclient.Feed) {
	tb.Helper()
	clock, _, c, feed := fleetAtWork(tb, a, n)
	feed.Step(tb.Context(), nil)
	feed.Focus(airflowclient.RunRef{DAGID: "long", RunID: "run_1"}, airflowclient.RunRef{DAGID: "long", RunID: "run_2"})
	feed.Follow(&airflowclient.LogRef{DAGID: "long", RunID: "run_1", TaskID: "only", MapIndex: -1, Try: 1})
	return clock, c, feed
}

func TestFeedDrilledInBudget(t *testing.T) {
	t.Parallel()
	for _, a := range bothAPIs {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			clock, c, feed := drilledIn(t, a, 200)
			if in := spend(t, clock, c, feed, 5*time.Minute); in.requests > 60 || in.requests < 30 {
				t.Errorf("%.1f requests a minute: %v", in.requests, c.Requests().ByOp)
			}
		})
	}
}

func BenchmarkFeedDrilledIn(b *testing.B) {
	for _, a := range bothAPIs {
		b.Run(a.name, func(b *testing.B) {
			clock, c, feed := drilledIn(b, a, 1000)
			var in spent
			for b.Loop() {
				in = spend(b, clock, c, feed, 11*time.Minute)
			}
			b.ReportMetric(in.requests, "requests/min")
			b.ReportMetric(in.kilobytes, "KB/min")
		})
	}
}

// However many DAGs there are and however long their ids: what is asked for stands in bodies, not in addresses.
func TestFeedAddressesStayShort(t *testing.T) {
	t.Parallel()
	for _, a := range bothAPIs {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			clock := &airflowtest.Clock{}
			server := airflowtest.New(airflowtest.Options{Version: a.version, Now: clock.Now})
			long := strings.Repeat("x", 250)
			ids := make([]string, 500)
			var file airflowtest.File
			for i := range ids {
				ids[i] = fmt.Sprintf("d%04d_%s", i, long)[:250]
				file.DAGs = append(file.DAGs, airflowtest.DAG{ID: ids[i], Unpaused: true, Tags: []string{"chronon"}, Tasks: []airflowtest.Task{{ID: long}}})
			}
			file.Name = "long.py"
			server.Put(file)
			server.ParseAll()
			for _, id := range ids[:40] {
				server.Trigger(id, long, time.Time{})
			}
			c := newClient(t, server.Transport(), airflowclient.Config{Auth: airflowclient.Auto(airflowclient.Login{}), Now: clock.Now})
			feed := airflowclient.NewFeed(c, airflowclient.FeedOptions{Now: clock.Now, DAGs: []airflowclient.DAGQuery{{Tags: []string{"chronon"}}}})
			feed.Step(t.Context(), nil)
			feed.Focus(airflowclient.RunRef{DAGID: ids[0], RunID: long}, airflowclient.RunRef{DAGID: ids[1], RunID: long})
			feed.Follow(&airflowclient.LogRef{DAGID: ids[0], RunID: long, TaskID: long, MapIndex: -1, Try: 1})
			live(t, clock, feed, 2*time.Minute)
			feed.Refresh()
			live(t, clock, feed, time.Minute)
			if p := feed.Picture(); len(p.DAGs) != 500 || len(p.Runs) != 40 || len(p.Tasks) != 2 {
				t.Errorf("%d DAGs, %d runs, tasks of %d runs", len(p.DAGs), len(p.Runs), len(p.Tasks))
			}
			if longest := server.LongestURL(); longest >= 2048 || longest < 750 {
				t.Errorf("the longest address has %d bytes", longest)
			}
		})
	}
}

// weigh is how many bytes a feed of n DAGs holds on to: their active runs and those of the last days.
func weigh(tb testing.TB, n int) int64 {
	tb.Helper()
	clock, _, c, _ := fleetAtWork(tb, apiV2, n)
	before := heap()
	feed := airflowclient.NewFeed(c, airflowclient.FeedOptions{Now: clock.Now})
	feed.Step(tb.Context(), nil)
	after := heap()
	if p := feed.Picture(); len(p.Runs) < n {
		tb.Errorf("%d runs of %d DAGs", len(p.Runs), n)
	}
	runtime.KeepAlive(feed)
	return after - before
}

func TestFeedMemory(t *testing.T) { //nolint:paralleltest // It measures the heap.
	small, large := weigh(t, 150), weigh(t, 1500)
	t.Logf("150 DAGs: %.1f MB, 1,500 DAGs: %.1f MB", float64(small)/1e6, float64(large)/1e6)
	if large > 10e6 {
		t.Errorf("1,500 DAGs take %.1f MB", float64(large)/1e6)
	}
	if large > 15*small {
		t.Errorf("1,500 DAGs take %.1f MB, and 150 DAGs %.1f MB", float64(large)/1e6, float64(small)/1e6)
	}
}
