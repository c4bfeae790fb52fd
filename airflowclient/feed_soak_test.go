package airflowclient_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"chrononctl/airflowclient"
	"chrononctl/airflowclient/airflowtest"
)

// soakSeeds is how many different hours a test run lives through, on each API.
var soakSeeds = flag.Uint64("soak", 1, "seeds of the soak of the feed")

// TestFeedSoak lets people, fate and the network work on an Airflow for an hour, and then leaves it alone for another. In the
// end the feed must hold what the server holds.
func TestFeedSoak(t *testing.T) {
	t.Parallel()
	for i, a := range bothAPIs {
		for seed := range *soakSeeds {
			seed = seed*uint64(len(bothAPIs)) + uint64(i) // no two hours are the same
			t.Run(fmt.Sprintf("%s seed %d", a.name, seed), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { soak(t, a, rand.New(rand.NewPCG(seed, 5))) })
			})
		}
	}
}

// soaked is one soak under way.
type soaked struct {
	random *rand.Rand
	server *airflowtest.Airflow
	serial int
}

// soakKeeps is what the feeds of the soak keep: as most do, and as those do that look back far for failures and last runs.
var soakKeeps = []airflowclient.Keep{
	{Ended: 26 * time.Hour},
	{Ended: 40 * time.Minute, Failed: 100 * time.Minute, Last: 48 * time.Hour},
}

func soak(t *testing.T, a api, random *rand.Rand) {
	t.Helper()
	time.Sleep(time.Until(time.Date(2026, 1, 1, 5, 0, 0, 0, time.UTC)))
	skew := time.Duration(random.IntN(7200)-3600) * time.Second
	server := airflowtest.New(airflowtest.Options{
		Version: a.version, User: "eve", Password: "secret", TokenLife: 20 * time.Minute, PageCap: 7, BatchCap: []int{0, 9}[random.IntN(2)], Skew: skew,
	})
	airflowtest.Healthy(40)(server)
	s := &soaked{random: random, server: server}
	keep := soakKeeps[random.IntN(len(soakKeeps))]
	opts := airflowclient.FeedOptions{Rand: random.Float64, Keep: keep}
	feed := newFeed(t, server, opts)
	for end := time.Now().Add(time.Hour); time.Now().Before(end); {
		if random.IntN(3) == 0 {
			s.mutate()
		}
		if random.IntN(6) == 0 {
			s.breakSomething()
		}
		stepOn(t, feed)
		if random.IntN(200) == 0 {
			time.Sleep(time.Duration(random.IntN(150)) * time.Minute) // a laptop that sleeps
		}
		if random.IntN(50) == 0 { // another process goes on where this one was, soon or late
			opts.State = stateOf(t, feed)
			time.Sleep(time.Duration(random.IntN(90)) * time.Minute * time.Duration(random.IntN(2)))
			feed = newFeed(t, server, opts)
		}
	}
	server.Heal()
	quiet(t, feed, 17*time.Minute)
	compareWithServer(t, feed.Picture(), server, truth{skew: skew, keep: keep, mayLag: true})
	quiet(t, feed, time.Hour+20*time.Minute)
	compareWithServer(t, feed.Picture(), server, truth{skew: skew, keep: keep})
	if longest := server.LongestURL(); longest >= 2048 {
		t.Errorf("an address of %d bytes", longest)
	}
}

// newFeed is a feed of the server.
func newFeed(t *testing.T, server *airflowtest.Airflow, o airflowclient.FeedOptions) *airflowclient.Feed {
	t.Helper()
	login := airflowclient.Login{User: "eve", Password: airflowclient.NewSecret("secret")}
	c := newClient(t, server.Transport(), airflowclient.Config{Auth: airflowclient.Auto(login)})
	return airflowclient.NewFeed(c, o)
}

// stepOn waits until something is due and does it.
func stepOn(t *testing.T, feed *airflowclient.Feed) {
	t.Helper()
	time.Sleep(time.Until(feed.Next()))
	feed.Step(t.Context(), nil)
}

// quiet leaves the server alone for a while, and ends with a look at its runs: the world goes on by itself between two.
func quiet(t *testing.T, feed *airflowclient.Feed, d time.Duration) {
	t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end) || !feed.Picture().Parts[airflowclient.PartRuns].Read.Equal(time.Now()); {
		stepOn(t, feed)
	}
}

// mutate does one thing that people do.
func (s *soaked) mutate() {
	runs := s.server.Runs()
	dags := slices.Sorted(maps.Keys(s.server.DAGIDs()))
	dag := dags[s.random.IntN(len(dags))]
	s.serial++
	if len(runs) > 0 {
		run := runs[s.random.IntN(len(runs))]
		switch s.random.IntN(8) {
		case 0:
			s.server.Mark(run.DAGID, run.RunID, "failed")
		case 1:
			s.server.Mark(run.DAGID, run.RunID, "success")
		case 2:
			s.server.Clear(run.DAGID, run.RunID)
		case 3:
			s.server.Delete(run.DAGID, run.RunID)
		case 4:
			s.server.Note(run.DAGID, run.RunID, fmt.Sprint("note ", s.serial))
		}
	}
	extra := airflowtest.File{Name: fmt.Sprintf("extra_%d.py", s.random.IntN(4)), DAGs: []airflowtest.DAG{{
		ID: fmt.Sprintf("extra_%d", s.random.IntN(6)), Unpaused: true, Every: 10 * time.Minute,
		Description: fmt.Sprint("edition ", s.serial), Tasks: []airflowtest.Task{{ID: "only"}},
	}}}
	switch s.random.IntN(8) {
	case 0:
		s.server.Trigger(dag, fmt.Sprintf("manual__%d", s.serial), time.Time{})
	case 1:
		s.server.SetPaused(s.random.IntN(3) == 0, dag)
	case 2:
		s.server.Put(extra)
	case 3:
		s.server.Remove(extra.Name)
	case 4:
		s.server.ParseAll()
	case 5:
		s.server.Restart()
	}
}

// breakSomething does one thing that networks and servers do, to one to three requests.
func (s *soaked) breakSomething() {
	faults := []airflowtest.Fault{
		{Drop: true},
		{Cut: true},
		{Delay: 40 * time.Second},
		{Delay: 3 * time.Second},
		{Answer: airflowtest.Unavailable(503)},
		{Answer: airflowtest.Unavailable(500)},
		{Answer: airflowtest.TooMany(20 * time.Second)},
		{Answer: airflowtest.TooMany(2 * time.Minute)},
		{Answer: airflowtest.Unauthorized()},
		{Answer: airflowtest.LoginPage()},
		{Before: s.mutate},
		{Path: "list", Skip: 1, Before: s.mutate},
		{Path: "dags", Skip: 1, Before: func() { s.mutate(); s.server.ParseAll() }},
	}
	fault := faults[s.random.IntN(len(faults))]
	fault.Times = 1 + s.random.IntN(3)
	s.server.Break(fault)
}

// runLine is a run as both sides can write it.
func runLine(dag, run, state, note string, start, end time.Time) string {
	return fmt.Sprintf("%s %s %s %q %d %d", dag, run, state, note, start.UnixMicro(), end.UnixMicro())
}

// truth is by what a picture is judged.
type truth struct {
	skew   time.Duration      // of the server's clock
	keep   airflowclient.Keep // what the feed keeps
	mayLag bool               // ended runs that were deleted may still be there, until somebody counts, and hide what is now the last of its DAG
}

// holds says whether a run is kept whatever other runs its DAG has.
func (w truth) holds(state string, end time.Time) bool {
	age := w.now().Sub(end)
	return end.IsZero() || age <= w.keep.Ended || state == "failed" && age <= w.keep.Failed
}

// now is the server's clock, as the Date of an answer says it.
func (w truth) now() time.Time { return time.Now().Add(w.skew).Truncate(time.Second) }

// kept is the runs that a feed should hold.
func (w truth) kept(runs []airflowtest.RunState, paused map[string]bool) []airflowtest.RunState {
	last := map[string]airflowtest.RunState{}
	for _, r := range runs {
		if known, ok := last[r.DAGID]; !r.End.IsZero() && (!ok || r.End.After(known.End) || r.End.Equal(known.End) && r.RunID > known.RunID) {
			last[r.DAGID] = r
		}
	}
	var kept []airflowtest.RunState
	for _, r := range runs {
		_, listed := paused[r.DAGID]
		age := w.now().Sub(r.End)
		switch {
		case !listed:
		case w.holds(r.State, r.End), !w.mayLag && last[r.DAGID].RunID == r.RunID && age <= w.keep.Last:
			kept = append(kept, r)
		}
	}
	return kept
}

// compareWithServer holds the picture to what the server has: its DAGs, and those of their runs that are kept.
func compareWithServer(t *testing.T, got airflowclient.Picture, server *airflowtest.Airflow, w truth) {
	t.Helper()
	paused := server.DAGIDs()
	var wantRuns, gotRuns, wantDAGs, gotDAGs []string
	exists := map[airflowclient.RunRef]bool{}
	for _, r := range server.Runs() {
		exists[airflowclient.RunRef{DAGID: r.DAGID, RunID: r.RunID}] = true
	}
	for _, r := range w.kept(server.Runs(), paused) {
		wantRuns = append(wantRuns, runLine(r.DAGID, r.RunID, r.State, r.Note, r.Start, r.End))
	}
	for _, r := range got.Runs {
		isLast := !w.holds(string(r.State), r.End)
		if w.mayLag && (isLast || !r.End.IsZero() && !exists[airflowclient.RunRef{DAGID: r.DAGID, RunID: r.ID}]) {
			continue
		}
		gotRuns = append(gotRuns, runLine(r.DAGID, r.ID, string(r.State), r.Note, r.Start, r.End))
	}
	for id, p := range paused {
		wantDAGs = append(wantDAGs, fmt.Sprint(id, " ", p))
	}
	for _, d := range got.DAGs {
		gotDAGs = append(gotDAGs, fmt.Sprint(d.ID, " ", d.Paused))
	}
	for _, list := range [][]string{wantRuns, gotRuns, wantDAGs, gotDAGs} {
		slices.SortFunc(list, strings.Compare)
	}
	if diff := cmp.Diff(wantDAGs, gotDAGs); diff != "" {
		t.Errorf("DAGs (-server +feed):\n%s", diff)
	}
	if diff := cmp.Diff(wantRuns, gotRuns); diff != "" {
		t.Errorf("runs (-server +feed):\n%s", diff)
	}
	if len(wantRuns) < 30 && !w.mayLag {
		t.Errorf("only %d runs: nothing was tested", len(wantRuns))
	}
	for part, state := range got.Parts {
		isOptional := part == airflowclient.PartFocus || part == airflowclient.PartLog
		if state.Err != nil || state.Read.IsZero() && !isOptional {
			t.Errorf("%s: read at %v, %v", part, state.Read, state.Err)
		}
	}
}
