package airflowclient_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/airflowclient/airflowtest"
)

// fleetAtWork is a fleet of n DAGs, 50 long runs of which are active, with a feed that has read nothing yet.
func fleetAtWork(tb testing.TB, a api, n int) (*airflowtest.Clock, *airflowtest.Airflow, *airflowclient.Client, *airflowclient.Feed) {
	tb.Helper()
	return fleetOfSize(tb, a, n, 50, 100)
}

// fleetOfSize is the same with so many active runs, which a feed reads every few seconds, and pages of so many rows.
func fleetOfSize(tb testing.TB, a api, n, active, page int) (*airflowtest.Clock, *airflowtest.Airflow, *airflowclient.Client, *airflowclient.Feed) {
	tb.Helper()
	clock := &airflowtest.Clock{}
	clock.Advance(5 * time.Hour)
	server := airflowtest.New(airflowtest.Options{Version: a.version, Now: clock.Now, PageCap: page})
	airflowtest.Fleet(n)(server)
	long := func(airflowtest.Attempt) airflowtest.Outcome { return airflowtest.Outcome{Takes: 100 * time.Hour} }
	server.Put(airflowtest.File{Name: "long.py", DAGs: []airflowtest.DAG{{
		ID: "long", Unpaused: true, MaxActive: 50, Tasks: []airflowtest.Task{{ID: "only", Do: long}},
	}}})
	server.ParseAll()
	clock.Advance(70 * time.Minute) // between two ticks of the streams: no run is under way
	for id := range server.DAGIDs() {
		server.SetPaused(id != "long", id) // nothing but the long runs moves from here on
	}
	for i := range active {
		server.Trigger("long", fmt.Sprint("run_", i), time.Time{})
	}
	clock.Advance(20 * time.Minute)
	c, err := airflowclient.New(airflowclient.Config{
		URL: "http://localhost:8080", Transport: server.Transport(), Auth: airflowclient.Auto(airflowclient.Login{}), Now: clock.Now,
	})
	if err != nil {
		tb.Fatal(err)
	}
	middle := func() float64 { return 0.5 }
	return clock, server, c, airflowclient.NewFeed(c, airflowclient.FeedOptions{Now: clock.Now, Rand: middle})
}

// live steps a feed through a stretch of the clock's time.
func live(tb testing.TB, clock *airflowtest.Clock, feed *airflowclient.Feed, d time.Duration) {
	tb.Helper()
	for end := clock.Now().Add(d); clock.Now().Before(end); {
		feed.Step(tb.Context(), nil)
		clock.Advance(max(min(feed.Next().Sub(clock.Now()), end.Sub(clock.Now())), time.Millisecond))
	}
}

var fleetSizes = []int{100, 1000, 3000}

// BenchmarkFeedIdle is what following a fleet costs while nobody looks deeper: the averages of an hour with one complete resync.
func BenchmarkFeedIdle(b *testing.B) {
	for _, a := range bothAPIs {
		for _, n := range fleetSizes {
			b.Run(fmt.Sprintf("%s/%d DAGs", a.name, n), func(b *testing.B) {
				clock, _, c, feed := fleetAtWork(b, a, n)
				feed.Step(b.Context(), nil)
				before, minutes := c.Requests(), 0.0
				for b.Loop() {
					live(b, clock, feed, 61*time.Minute)
					minutes += 61
				}
				after := c.Requests()
				b.ReportMetric(float64(after.Requests-before.Requests)/minutes, "requests/min")
				b.ReportMetric(float64(after.Received-before.Received)/minutes/1000, "KB/min")
			})
		}
	}
}

// BenchmarkFeedBootstrap is what it costs to know a fleet from nothing.
func BenchmarkFeedBootstrap(b *testing.B) {
	for _, a := range bothAPIs {
		for _, n := range fleetSizes {
			b.Run(fmt.Sprintf("%s/%d DAGs", a.name, n), func(b *testing.B) {
				clock, _, c, _ := fleetAtWork(b, a, n)
				before := c.Requests()
				for b.Loop() {
					airflowclient.NewFeed(c, airflowclient.FeedOptions{Now: clock.Now}).Step(b.Context(), nil)
				}
				after := c.Requests()
				b.ReportMetric(float64(after.Requests-before.Requests)/float64(b.N), "requests")
				b.ReportMetric(float64(after.Received-before.Received)/float64(b.N)/1000, "KB")
			})
		}
	}
}

// BenchmarkFeedMemory is what the picture of a fleet holds on to.
func BenchmarkFeedMemory(b *testing.B) {
	for _, n := range fleetSizes {
		b.Run(fmt.Sprintf("%d DAGs", n), func(b *testing.B) {
			clock, _, c, _ := fleetAtWork(b, apiV2, n)
			feeds := make([]*airflowclient.Feed, 0, b.N)
			before := heap()
			for b.Loop() {
				feed := airflowclient.NewFeed(c, airflowclient.FeedOptions{Now: clock.Now})
				feed.Step(b.Context(), nil)
				feeds = append(feeds, feed)
			}
			b.ReportMetric(float64(heap()-before)/float64(len(feeds))/1e6, "MB/feed")
			runtime.KeepAlive(feeds)
		})
	}
}

// heap is how many bytes are in use after a collection.
func heap() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
