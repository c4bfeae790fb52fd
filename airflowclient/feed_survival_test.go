package airflowclient_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/airflowclient/airflowtest"
)

// survive runs a test on both APIs with a feed that has read everything of a server with short pages: what happens then must leave it with the
// server's own picture. The clock of the feed can be set apart from that of the server.
func survive(t *testing.T, o airflowtest.Options, what func(s *survivor)) {
	t.Helper()
	for _, a := range bothAPIs {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(time.Date(2026, 1, 1, 5, 10, 0, 0, time.UTC)))
				o := o
				o.Version, o.User, o.Password, o.PageCap, o.BatchCap = a.version, "eve", "secret", 7, 9
				server := airflowtest.New(o)
				airflowtest.Healthy(40)(server)
				server.Runs() // now the runs of the last intervals are made
				time.Sleep(15 * time.Minute)
				s := &survivor{t: t, server: server, skew: o.Skew}
				s.feed = newFeed(t, server, airflowclient.FeedOptions{Rand: rand.New(rand.NewPCG(1, 2)).Float64, Now: s.now})
				s.feed.Step(t.Context(), nil)
				what(s)
			})
		})
	}
}

type survivor struct {
	t      *testing.T
	server *airflowtest.Airflow
	feed   *airflowclient.Feed
	skew   time.Duration // of the server's clock
	ahead  time.Duration // of the feed's clock
}

// now is the feed's clock, which knows no monotonic time.
func (s *survivor) now() time.Time { return time.Now().Round(0).Add(s.ahead) }

// live lets a while pass, and compares.
func (s *survivor) live(d time.Duration) {
	s.t.Helper()
	start := time.Now()
	for end := start.Add(d); time.Now().Before(end) || !s.feed.Picture().Parts[airflowclient.PartRuns].Read.Equal(s.now()); {
		time.Sleep(s.feed.Next().Sub(s.now()))
		s.feed.Step(s.t.Context(), nil)
	}
	if took := time.Since(start); took > d+fastTick {
		s.t.Errorf("nothing was read until %v later", took)
	}
	s.same()
}

func (s *survivor) same() {
	s.t.Helper()
	compareWithServer(s.t, s.feed.Picture(), s.server, truth{skew: s.skew, keep: airflowclient.Keep{Ended: 26 * time.Hour}})
}

// some is a run that has ended, the same in each test.
func (s *survivor) some(n int) airflowtest.RunState {
	s.t.Helper()
	for _, r := range s.server.Runs() {
		if r.State == "success" {
			if n--; n < 0 {
				return r
			}
		}
	}
	s.t.Fatal("too few runs have ended")
	return airflowtest.RunState{}
}

func TestFeedSurvivesPagesThatAreCut(t *testing.T) {
	t.Parallel()
	survive(t, airflowtest.Options{}, func(s *survivor) {
		s.same()
		for i := range 12 { // more active runs than a page has
			s.server.Clear(s.some(0).DAGID, s.some(0).RunID)
			s.server.Trigger(s.some(i).DAGID, fmt.Sprint("more_", i), time.Time{})
		}
		s.live(fastTick)
	})
}

func TestFeedSurvivesRowsThatMoveBetweenPages(t *testing.T) {
	t.Parallel()
	put := func(s *survivor) {
		s.server.Put(airflowtest.File{Name: "aaa.py", DAGs: []airflowtest.DAG{{ID: "aaa", Unpaused: true, Tasks: []airflowtest.Task{{ID: "only"}}}}})
		s.server.ParseAll()
	}
	// The lists of a feed that begins: its DAGs, the active runs, the ended ones. Each is longer than a page.
	const dags, runs = "/dags", "dagRuns/list"
	for name, c := range map[string]struct {
		path   string
		skip   int
		within time.Duration
		change func(s *survivor)
	}{
		"an ended run runs again":   {runs, 2, fastTick, func(s *survivor) { s.server.Clear(s.some(0).DAGID, s.some(0).RunID) }},
		"an ended run is deleted":   {runs, 2, resync, func(s *survivor) { s.server.Delete(s.some(0).DAGID, s.some(0).RunID) }},
		"a run is made":             {runs, 2, fastTick, func(s *survivor) { s.server.Trigger(s.some(0).DAGID, "new", time.Time{}) }},
		"a DAG appears in front":    {dags, 1, fastTick, put},
		"a DAG in front disappears": {dags, 1, fastTick, func(s *survivor) { s.server.Remove("comparison_core.py"); s.server.ParseAll() }},
		"one DAG takes another's place": {dags, 1, fastTick, func(s *survivor) {
			s.server.Remove("comparison_core.py")
			put(s)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			survive(t, airflowtest.Options{}, func(s *survivor) {
				s.feed = newFeed(s.t, s.server, airflowclient.FeedOptions{Now: s.now})
				changed := false
				s.server.Break(airflowtest.Fault{Path: c.path, Skip: c.skip, Times: 1, Before: func() { c.change(s); changed = true }})
				s.feed.Step(s.t.Context(), nil)
				if !changed {
					s.t.Fatal("nothing moved")
				}
				s.live(c.within)
			})
		})
	}
}

func TestFeedSeesWhatIsDeleted(t *testing.T) {
	t.Parallel()
	survive(t, airflowtest.Options{}, func(s *survivor) {
		active := s.some(0).DAGID
		s.server.Trigger(active, "doomed", time.Time{})
		s.live(fastTick)
		s.server.Delete(active, "doomed")
		s.live(fastTick)
		for range 5 {
			s.server.Delete(s.some(2).DAGID, s.some(2).RunID)
		}
		s.live(resync)
		s.server.Remove("join_risk.py")
		s.server.ParseAll()
		s.live(slowTick)
	})
}

func TestFeedSurvivesClocksThatDiffer(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{-3 * time.Hour, 3 * time.Hour} {
		t.Run(fmt.Sprint("the server's by ", skew), func(t *testing.T) {
			t.Parallel()
			survive(t, airflowtest.Options{Skew: skew}, func(s *survivor) {
				s.server.Trigger(s.some(0).DAGID, "short", time.Time{})
				s.server.Mark(s.some(0).DAGID, "short", "failed")
				s.live(fastTick)
				s.live(30 * time.Minute)
			})
		})
	}
}

// A machine sets its clock back or ahead while the feed waits.
func TestFeedSurvivesAClockThatIsSet(t *testing.T) {
	t.Parallel()
	for _, by := range []time.Duration{-5 * time.Hour, 5 * time.Hour} {
		t.Run(fmt.Sprint(by), func(t *testing.T) {
			t.Parallel()
			survive(t, airflowtest.Options{}, func(s *survivor) {
				s.live(slowTick)
				s.ahead = by
				s.feed.Step(s.t.Context(), nil)
				s.server.Trigger(s.some(0).DAGID, "made_by_hand", time.Time{})
				s.live(fastTick)
			})
		})
	}
}

// A web server that restarts is away for a while, and then does not know its tokens any more.
func TestFeedSurvivesARestartOfTheServer(t *testing.T) {
	t.Parallel()
	survive(t, airflowtest.Options{}, func(s *survivor) {
		s.server.Break(airflowtest.Fault{Drop: true})
		ctx, cancel := context.WithTimeout(s.t.Context(), 4*time.Minute)
		defer cancel()
		_ = s.feed.Run(ctx, nil)
		s.server.Heal()
		s.server.Restart()
		s.server.Clear(s.some(0).DAGID, s.some(0).RunID)
		s.live(6 * time.Minute)
	})
}

// A laptop that sleeps asks nothing for hours, and knows everything soon after it wakes up.
func TestFeedSurvivesALaptopThatSleeps(t *testing.T) {
	t.Parallel()
	for _, sleep := range []time.Duration{40 * time.Minute, 9 * time.Hour, 60 * time.Hour} {
		t.Run(fmt.Sprint(sleep), func(t *testing.T) {
			t.Parallel()
			survive(t, airflowtest.Options{}, func(s *survivor) {
				gone := s.some(4)
				s.server.Delete(gone.DAGID, gone.RunID)
				s.server.Note(s.some(6).DAGID, s.some(6).RunID, "seen")
				time.Sleep(sleep)
				asked := s.server.Requests()
				s.live(fastTick)
				s.t.Logf("%d requests after %v", s.server.Requests()-asked, sleep)
				s.live(resync)
			})
		})
	}
}
