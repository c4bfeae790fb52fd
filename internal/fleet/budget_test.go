package fleet_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chrononctl/airflowclient"
	"chrononctl/airflowclient/airflowtest"
	"chrononctl/internal/fleet"
)

// look is how often the console takes a picture.
const look = 5 * time.Second

// console is an observer of a simulated Airflow, asked as the console asks it.
type console struct {
	tb       testing.TB
	clock    *airflowtest.Clock
	server   *airflowtest.Airflow
	client   *airflowclient.Client
	observer *fleet.Observer
}

// openConsole looks at a fleet that has been at work for six hours.
func openConsole(tb testing.TB, version string, scenario airflowtest.Scenario) *console {
	tb.Helper()
	c := &console{tb: tb, clock: &airflowtest.Clock{}}
	c.server = airflowtest.New(airflowtest.Options{Version: version, Now: c.clock.Now})
	scenario(c.server)
	c.server.Runs() // the first runs are made now
	c.clock.Advance(6 * time.Hour)
	var err error
	c.client, err = airflowclient.New(airflowclient.Config{
		URL: "http://localhost:8080", Transport: c.server.Transport(), Auth: airflowclient.Auto(airflowclient.Login{}), Now: c.clock.Now,
	})
	if err != nil {
		tb.Fatal(err)
	}
	c.observer = fleet.NewObserver(c.client, fleet.Options{Now: c.clock.Now})
	return c
}

// settle lets everything be read, and what matters less be filled in.
func (c *console) settle() *console {
	c.tb.Helper()
	c.live(5*time.Minute, nil)
	return c
}

// live takes a picture at each look, and does more then when asked to.
func (c *console) live(d time.Duration, more func()) (last fleet.Snapshot) {
	c.tb.Helper()
	for end := c.clock.Now().Add(d); c.clock.Now().Before(end); c.clock.Advance(look) {
		var err error
		if last, err = c.observer.Observe(c.tb.Context()); err != nil {
			c.tb.Fatal(err)
		}
		if more != nil {
			more()
		}
	}
	return last
}

// cost is requests and kilobytes a minute.
func (c *console) cost(minutes int, more func()) (requests, kilobytes float64) {
	c.tb.Helper()
	before := c.client.Requests()
	c.live(time.Duration(minutes)*time.Minute, more)
	after := c.client.Requests()
	return float64(after.Requests-before.Requests) / float64(minutes), float64(after.Received-before.Received) / 1000 / float64(minutes)
}

var versions = []string{"2.11.2", "3.3.2"}

// The sample has as many DAGs: a quarter of these stream, a quarter compare.
const sampleSize = 17

func TestAnIdleConsoleAsksLittle(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			c := openConsole(t, version, airflowtest.Healthy(sampleSize)).settle()
			requests, kilobytes := c.cost(20, nil)
			if requests > 20 || kilobytes > 300 {
				t.Errorf("%.1f requests and %.0f KB a minute: %v", requests, kilobytes, c.client.Requests().ByOp)
			}
			if s := c.live(look, nil); len(s.DAGs) != sampleSize || len(s.Streams) == 0 || s.Health() != fleet.OK {
				t.Errorf("%d DAGs, %d streams, %v: %v", len(s.DAGs), len(s.Streams), s.Health(), s.Findings())
			}
		})
	}
}

// openDAG does what the screen of a DAG does at each look: its runs, and the tasks of the selected one.
func (c *console) openDAG(dag, run string) func() {
	return func() {
		if _, err := c.observer.Runs(c.tb.Context(), dag); err != nil {
			c.tb.Fatal(err)
		}
		if _, err := c.observer.Tasks(c.tb.Context(), dag, run); err != nil {
			c.tb.Fatal(err)
		}
	}
}

const longDAG = "chronon_join_core__long__v1"

// withLongRun has a run that is under way all the time.
func withLongRun(n int) airflowtest.Scenario {
	return func(a *airflowtest.Airflow) {
		airflowtest.Healthy(n)(a)
		a.Put(airflowtest.File{Name: "join_long.py", DAGs: []airflowtest.DAG{{
			ID: longDAG, Unpaused: true, Tags: []string{"chronon", "kind:join", "team:core", "join:core.long.v1"},
			Tasks: []airflowtest.Task{{ID: "backfill__long__v1", Do: func(airflowtest.Attempt) airflowtest.Outcome {
				return airflowtest.Outcome{Takes: 100 * time.Hour}
			}}},
		}}})
		a.ParseAll()
		a.Trigger(longDAG, "long", time.Time{})
	}
}

func TestAConsoleThatIsDrilledInAsksNotMuchMore(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			c := openConsole(t, version, withLongRun(sampleSize)).settle()
			open := c.openDAG(longDAG, "long")
			requests, _ := c.cost(5, open)
			if requests > 40 {
				t.Errorf("the screen of a DAG at work: %.1f requests a minute: %v", requests, c.client.Requests().ByOp)
			}
			from, looks := 0, 0
			log := func() { // the log is asked for every two seconds
				for looks += 5; looks >= 2; looks -= 2 {
					task := fleet.Task{DAGID: longDAG, RunID: "long", ID: "backfill__long__v1", MapIndex: -1, Try: 1}
					part, err := c.observer.Log(t.Context(), task, false, from)
					if err != nil {
						t.Fatal(err)
					}
					from = part.Next
				}
			}
			if requests, _ = c.cost(5, log); requests > 60 {
				t.Errorf("a log that is followed: %.1f requests a minute: %v", requests, c.client.Requests().ByOp)
			}
			idle, _ := c.cost(10, nil)
			if idle > 20 {
				t.Errorf("%.1f requests a minute when nothing is open any more", idle)
			}
		})
	}
}

// A console without the keyboard looks every half a minute, at the picture and at what is open in it. What is open is read once each time.
func TestASeldomLookReadsTasksOnce(t *testing.T) {
	t.Parallel()
	c := openConsole(t, "3.3.2", withLongRun(sampleSize)).settle()
	lookAt := func() {
		c.live(look, func() {
			if _, err := c.observer.Tasks(t.Context(), longDAG, "long"); err != nil {
				t.Fatal(err)
			}
		})
		c.clock.Advance(30*time.Second - look)
	}
	lookAt()
	lookAt()
	before := c.client.Requests().ByOp["list task instances"]
	for range 20 {
		lookAt()
	}
	if n := c.client.Requests().ByOp["list task instances"] - before; n > 22 {
		t.Errorf("in 20 looks, tasks were asked for %d times", n)
	}
}

// Tasks of a run that has ended, and the runs of a DAG in which nothing moves, are asked for once.
func TestWhatDoesNotMoveIsAskedForOnce(t *testing.T) {
	t.Parallel()
	c := openConsole(t, "3.3.2", withLongRun(sampleSize)).settle()
	s := c.live(look, nil)
	var dag fleet.DAG
	for _, d := range s.DAGs {
		if d.Kind == "join" && len(d.Runs) > 0 && d.ID != longDAG {
			dag = d
		}
	}
	open := c.openDAG(dag.ID, dag.Runs[0].ID)
	open()
	before := c.client.Requests().ByOp
	c.live(50*time.Second, open)
	after := c.client.Requests().ByOp
	if n := after["list task instances"] - before["list task instances"]; n > 5 { // those of the run at work, every 15 s
		t.Errorf("tasks were asked for %d times", n)
	}
	if n := after["list DAG runs"] - before["list DAG runs"]; n > 2*4+3 { // ticks and a look for edits
		t.Errorf("runs were asked for %d times", n)
	}
}

// A run that fails is in the picture within one tick, which is every third look.
func TestAChangeIsSeenWithinATick(t *testing.T) {
	t.Parallel()
	c := openConsole(t, "3.3.2", withLongRun(sampleSize)).settle()
	c.server.Mark(longDAG, "long", "failed")
	s := c.live(4*look, nil)
	for _, d := range s.DAGs {
		if d.ID == longDAG && d.Health != fleet.Failed {
			t.Errorf("it is %v", d.Health)
		}
	}
}

// A fleet in which nothing happens is read, and not thought through anew: the picture stays as it was made, and says when it was read.
func TestWhereNothingHappensThePictureStays(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		c := openConsole(t, version, airflowtest.Scenario(func(a *airflowtest.Airflow) {
			a.Put(airflowtest.File{Name: "join_core.py", DAGs: []airflowtest.DAG{{
				ID: "chronon_join_core__j__v1", Tags: []string{"chronon", "kind:join", "team:core"}, Unpaused: true, Every: 24 * time.Hour,
				Tasks: []airflowtest.Task{{ID: "backfill__j__v1"}},
			}}})
			a.ParseAll()
		})).settle()
		observe := func() fleet.Snapshot {
			s, err := c.observer.Observe(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		made, again := map[time.Time]bool{}, map[time.Time]bool{}
		for range 60 { // five minutes
			s := observe()
			made[s.At], again[s.Read] = true, true
			c.clock.Advance(look)
		}
		if len(again) < 20 || len(made)*4 > len(again)*3 {
			t.Errorf("%s: in five minutes %d pictures were made of %d looks at the server", version, len(made), len(again))
		}
		before := observe()
		c.server.SetPaused(true, "chronon_join_core__j__v1")
		c.clock.Advance(time.Minute + 2*look) // what is read once a minute is read a tenth earlier or later
		if after := observe(); !after.DAGs[0].Paused || before.DAGs[0].Paused {
			t.Errorf("%s: a DAG that was paused is shown as %v, before as %v", version, after.DAGs[0].Paused, before.DAGs[0].Paused)
		}
	}
}

// The first rows of a large fleet come with the first page, then all of them, then what they do.
func TestAPictureThatComesPiecemeal(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		c := openConsole(t, version, airflowtest.Healthy(250))
		o := fleet.NewObserver(c.client, fleet.Options{Now: c.clock.Now, Piecemeal: true})
		var first, second, third fleet.Snapshot
		for i, s := range []*fleet.Snapshot{&first, &second, &third} {
			var err error
			if *s, err = o.Observe(t.Context()); err != nil {
				t.Fatalf("%s: picture %d: %v", version, i, err)
			}
			for _, d := range s.DAGs {
				if s.Partial && (d.Health != fleet.Unknown || len(d.Runs) > 0) {
					t.Fatalf("%s: picture %d: nothing is known of %s, and it is %v", version, i, d.ID, d.Health)
				}
			}
		}
		if len(first.DAGs) == 0 || len(first.DAGs) >= 250 || !first.Partial {
			t.Errorf("%s: the first picture has %d DAGs, partial: %v", version, len(first.DAGs), first.Partial)
		}
		if len(second.DAGs) != 250 || !second.Partial {
			t.Errorf("%s: the second picture has %d DAGs, partial: %v", version, len(second.DAGs), second.Partial)
		}
		whole, err := fleet.NewObserver(c.client, fleet.Options{Now: c.clock.Now}).Observe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(healths(whole), healths(third)); diff != "" || third.Partial {
			t.Errorf("%s: the third picture is not that of one look (-one look +piecemeal):\n%s", version, diff)
		}
	}
}

func healths(s fleet.Snapshot) map[string]string {
	of := map[string]string{}
	for _, d := range s.DAGs {
		of[d.ID] = d.Health.Word()
	}
	return of
}

// A fleet of one page is there at once.
func TestASmallPictureComesWhole(t *testing.T) {
	t.Parallel()
	c := openConsole(t, "3.3.2", airflowtest.Healthy(sampleSize))
	s, err := fleet.NewObserver(c.client, fleet.Options{Now: c.clock.Now, Piecemeal: true}).Observe(t.Context())
	if err != nil || s.Partial || len(s.DAGs) != sampleSize {
		t.Errorf("%d DAGs, partial: %v, %v", len(s.DAGs), s.Partial, err)
	}
}

// A check of one team asks for nothing of the others, and both cost little.
func TestOneLookCostsLittle(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			c := openConsole(t, version, airflowtest.Healthy(500))
			var last fleet.Options // what the look before has left for the next one
			ask := func(o fleet.Options) airflowclient.Meter {
				before := c.client.Requests()
				o.Now = c.clock.Now
				observer := fleet.NewObserver(c.client, o)
				s, err := observer.Observe(t.Context())
				if err != nil || len(s.DAGs) == 0 {
					t.Fatalf("%d DAGs, %v", len(s.DAGs), err)
				}
				var reading bytes.Buffer
				if err := observer.WriteReading(&reading); err != nil {
					t.Fatal(err)
				}
				last = fleet.Options{Last: &s, Reading: reading.Bytes()}
				after := c.client.Requests()
				return airflowclient.Meter{Requests: after.Requests - before.Requests, Received: after.Received - before.Received}
			}
			one, all := ask(fleet.Options{Teams: []string{"risk"}}), ask(fleet.Options{})
			c.clock.Advance(time.Minute)
			if again := ask(last); again.Requests > 12 || again.Received*5 > all.Received {
				t.Errorf("after another look: %d requests, %d KB; without %d, %d KB", again.Requests, again.Received/1000, all.Requests, all.Received/1000)
			} else {
				t.Logf("after another look: %d requests, %d KB", again.Requests, again.Received/1000)
			}
			if one.Requests*2 > all.Requests || one.Received*3 > all.Received {
				t.Errorf("one team of five cost %d requests and %d bytes, all %d and %d", one.Requests, one.Received, all.Requests, all.Received)
			}
			t.Logf("all: %d requests, %d KB; one team of five: %d requests, %d KB", all.Requests, all.Received/1000, one.Requests, one.Received/1000)
		})
	}
}

// BenchmarkConsoleIdle is what a console costs that nobody touches, on average.
func BenchmarkConsoleIdle(b *testing.B) {
	for _, version := range versions {
		for _, n := range []int{sampleSize, 1000} {
			b.Run(fmt.Sprintf("%s/%d DAGs", version, n), func(b *testing.B) {
				c := openConsole(b, version, airflowtest.Healthy(n)).settle()
				var requests, kilobytes float64
				for b.Loop() {
					requests, kilobytes = c.cost(20, nil)
				}
				b.ReportMetric(requests, "requests/min")
				b.ReportMetric(kilobytes, "KB/min")
			})
		}
	}
}

// The log of a long run is looked at twice a minute when its steps are wanted, and says how far it is.
func TestFollowingProgressCostsLittle(t *testing.T) {
	t.Parallel()
	c := openConsole(t, "3.3.2", withSteps(sampleSize))
	c.observer = fleet.NewObserver(c.client, fleet.Options{Now: c.clock.Now})
	c.observer.FollowProgress(4)
	c.settle()
	requests, _ := c.cost(10, nil)
	if requests > 30 {
		t.Errorf("%.1f requests a minute: %v", requests, c.client.Requests().ByOp)
	}
	s := c.live(look, nil)
	at := slices.IndexFunc(s.Work, func(w fleet.Work) bool { return w.DAGID == longDAG })
	if at < 0 || s.Work[at].Step != 2 || s.Work[at].Steps != 5 || s.Work[at].Range != "2026-11-03...2026-11-04" {
		t.Errorf("at work is %+v", s.Work)
	}
}

// withSteps has a run that is under way all the time, and whose log tells its steps.
func withSteps(n int) airflowtest.Scenario {
	return func(a *airflowtest.Airflow) {
		airflowtest.Healthy(n)(a)
		a.Put(airflowtest.File{Name: "join_long.py", DAGs: []airflowtest.DAG{{
			ID: longDAG, Unpaused: true, Tags: []string{"chronon", "kind:join", "team:core", "join:core.long.v1"},
			Tasks: []airflowtest.Task{{ID: "backfill__long__v1", Do: func(airflowtest.Attempt) airflowtest.Outcome {
				steps := []string{"Computing join for range: [2026-11-01...2026-11-02]  | [1/5]", "Computing join for range: [2026-11-03...2026-11-04]  | [2/5]"}
				return airflowtest.Outcome{Takes: 100 * time.Hour, Log: append(steps, slices.Repeat([]string{"and so on"}, 62)...)} // a line in 90 minutes
			}}},
		}}})
		a.ParseAll()
		a.Trigger(longDAG, "long", time.Time{})
	}
}
