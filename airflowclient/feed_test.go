package airflowclient_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/airflowclient/airflowtest"
)

// followed is a feed that has read a server of 40 DAGs, inside a bubble of fake time.
type followed struct {
	t      *testing.T
	server *airflowtest.Airflow
	client *airflowclient.Client
	feed   *airflowclient.Feed
}

// follow runs a test on both APIs with a feed that has read everything.
func follow(t *testing.T, test func(f followed)) {
	t.Helper()
	t.Parallel()
	for _, a := range bothAPIs {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(time.Date(2026, 1, 1, 5, 10, 0, 0, time.UTC)))
				server := airflowtest.New(airflowtest.Options{Version: a.version, PageCap: 15})
				airflowtest.Healthy(40)(server)
				server.Runs() // now the runs of the last intervals are made
				time.Sleep(15 * time.Minute)
				c := newClient(t, server.Transport(), airflowclient.Config{Auth: airflowclient.Auto(airflowclient.Login{})})
				f := followed{t, server, c, airflowclient.NewFeed(c, airflowclient.FeedOptions{})}
				f.feed.Step(t.Context(), nil)
				test(f)
			})
		})
	}
}

// after lets a while pass, in which the feed does what it does.
func (f followed) after(d time.Duration) airflowclient.Picture {
	t := f.t
	t.Helper()
	f.hear(d, nil)
	return f.feed.Picture()
}

// hear is after, with every change that there is.
func (f followed) hear(d time.Duration, take func(airflowclient.Changes)) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), d)
	defer cancel()
	if err := f.feed.Run(ctx, take); !errors.Is(err, context.DeadlineExceeded) {
		f.t.Fatal(err)
	}
}

// ended is a run that is over.
func (f followed) ended() airflowclient.RunRef {
	t := f.t
	t.Helper()
	runs := f.feed.Picture().Runs
	i := slices.IndexFunc(runs, func(r airflowclient.Run) bool { return r.State == airflowclient.StateSuccess })
	if i < 0 {
		t.Fatal("no run has ended")
	}
	return airflowclient.RunRef{DAGID: runs[i].DAGID, RunID: runs[i].ID}
}

func findRun(p airflowclient.Picture, ref airflowclient.RunRef) (airflowclient.Run, bool) {
	i := slices.IndexFunc(p.Runs, func(r airflowclient.Run) bool { return r.DAGID == ref.DAGID && r.ID == ref.RunID })
	if i < 0 {
		return airflowclient.Run{}, false
	}
	return p.Runs[i], true
}

// One fast tick at its longest, with jitter, one slow one, and one resync.
const (
	fastTick = 17 * time.Second
	slowTick = 67 * time.Second
	resync   = 11*time.Minute + slowTick
)

func TestFeedSeesEachChangeInTime(t *testing.T) {
	t.Parallel()
	extra := airflowtest.File{Name: "extra.py", DAGs: []airflowtest.DAG{{ID: "extra", Unpaused: true, Tasks: []airflowtest.Task{{ID: "only"}}}}}
	cases := []struct {
		name   string
		within time.Duration
		change func(f followed, run airflowclient.RunRef)
		seen   func(p airflowclient.Picture, run airflowclient.RunRef) bool
	}{
		{"a new run", fastTick, func(f followed, run airflowclient.RunRef) {
			f.server.Trigger(run.DAGID, "made_by_hand", time.Time{})
		}, func(p airflowclient.Picture, run airflowclient.RunRef) bool {
			made, ok := findRun(p, airflowclient.RunRef{DAGID: run.DAGID, RunID: "made_by_hand"})
			return ok && made.Type == "manual"
		}},
		{"a cleared run", fastTick, func(f followed, run airflowclient.RunRef) { f.server.Clear(run.DAGID, run.RunID) },
			func(p airflowclient.Picture, run airflowclient.RunRef) bool {
				r, _ := findRun(p, run)
				return r.State == airflowclient.StateRunning || r.State == airflowclient.StateQueued
			}},
		{"a run that begins and ends between two ticks", fastTick, func(f followed, run airflowclient.RunRef) {
			f.server.Trigger(run.DAGID, "short", time.Time{})
			f.server.Mark(run.DAGID, "short", "failed")
		}, func(p airflowclient.Picture, run airflowclient.RunRef) bool {
			r, _ := findRun(p, airflowclient.RunRef{DAGID: run.DAGID, RunID: "short"})
			return r.State == airflowclient.StateFailed
		}},
		{"an ended run that is marked otherwise", slowTick, func(f followed, run airflowclient.RunRef) { f.server.Mark(run.DAGID, run.RunID, "failed") },
			func(p airflowclient.Picture, run airflowclient.RunRef) bool {
				r, _ := findRun(p, run)
				return r.State == airflowclient.StateFailed
			}},
		{"a note", slowTick, func(f followed, run airflowclient.RunRef) { f.server.Note(run.DAGID, run.RunID, "seen") },
			func(p airflowclient.Picture, run airflowclient.RunRef) bool {
				r, _ := findRun(p, run)
				return r.Note == "seen"
			}},
		{"a pause", slowTick, func(f followed, run airflowclient.RunRef) { f.server.SetPaused(true, run.DAGID) },
			func(p airflowclient.Picture, run airflowclient.RunRef) bool {
				return slices.ContainsFunc(p.DAGs, func(d airflowclient.DAG) bool { return d.ID == run.DAGID && d.Paused })
			}},
		{"a new DAG", slowTick, func(f followed, _ airflowclient.RunRef) { f.server.Put(extra); f.server.ParseAll() },
			func(p airflowclient.Picture, _ airflowclient.RunRef) bool {
				return slices.ContainsFunc(p.DAGs, func(d airflowclient.DAG) bool { return d.ID == "extra" })
			}},
		{"the first run of a DAG that nobody knew", fastTick, func(f followed, _ airflowclient.RunRef) {
			f.server.Put(extra)
			f.server.ParseAll()
			f.server.Trigger("extra", "first", time.Time{})
		}, func(p airflowclient.Picture, _ airflowclient.RunRef) bool {
			_, ok := findRun(p, airflowclient.RunRef{DAGID: "extra", RunID: "first"})
			return ok
		}},
		{"an import error", slowTick, func(f followed, _ airflowclient.RunRef) {
			f.server.Put(airflowtest.File{Name: "broken.py", Err: "SyntaxError"})
			f.server.ParseAll()
		}, func(p airflowclient.Picture, _ airflowclient.RunRef) bool { return len(p.ImportErrors) == 1 }},
		{"a deleted run", resync, func(f followed, run airflowclient.RunRef) { f.server.Delete(run.DAGID, run.RunID) },
			func(p airflowclient.Picture, run airflowclient.RunRef) bool {
				_, there := findRun(p, run)
				return !there
			}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			follow(t, func(f followed) {
				t := f.t
				run := f.ended()
				if tc.seen(f.feed.Picture(), run) {
					t.Fatal("seen before it happened")
				}
				tc.change(f, run)
				if !tc.seen(f.after(tc.within), run) {
					t.Error("not seen in time")
				}
			})
		})
	}
}

func TestFeedSeesADeletedActiveRun(t *testing.T) {
	follow(t, func(f followed) {
		t := f.t
		ref := airflowclient.RunRef{DAGID: f.ended().DAGID, RunID: "doomed"}
		f.server.Trigger(ref.DAGID, ref.RunID, time.Time{})
		if _, there := findRun(f.after(fastTick), ref); !there {
			t.Fatal("the run was not seen")
		}
		f.server.Delete(ref.DAGID, ref.RunID)
		if _, there := findRun(f.after(fastTick), ref); there {
			t.Error("the run is still there")
		}
	})
}

func TestFeedKeepsThePictureWhenTheServerFails(t *testing.T) {
	follow(t, func(f followed) {
		t := f.t
		before := f.feed.Picture()
		f.server.Break(airflowtest.Fault{Drop: true})
		asked := f.server.Requests()
		during := f.after(30 * time.Minute)
		state := during.Parts[airflowclient.PartRuns]
		if !airflowclient.IsUnavailable(state.Err) || !state.Read.Before(time.Now().Add(-29*time.Minute)) {
			t.Errorf("read at %v, error %v", state.Read, state.Err)
		}
		if len(during.Runs) != len(before.Runs) || len(during.DAGs) != len(before.DAGs) {
			t.Errorf("%d runs and %d DAGs, before %d and %d", len(during.Runs), len(during.DAGs), len(before.Runs), len(before.DAGs))
		}
		if n := f.server.Requests() - asked; n > 30*20 {
			t.Errorf("%d requests to a server that does not answer", n)
		}
		f.server.Heal()
		after := f.after(6 * time.Minute)
		if state := after.Parts[airflowclient.PartRuns]; state.Err != nil || time.Since(state.Read) > fastTick {
			t.Errorf("read at %v, error %v", state.Read, state.Err)
		}
	})
}

func TestFeedWaitsAsLongAsTheServerAsks(t *testing.T) {
	follow(t, func(f followed) {
		t := f.t
		f.server.Break(airflowtest.Fault{Path: "dagRuns/list", Answer: airflowtest.TooMany(10 * time.Minute), Times: 1})
		f.after(fastTick)
		read := f.feed.Picture().Parts[airflowclient.PartRuns].Read
		if got := f.after(8 * time.Minute).Parts[airflowclient.PartRuns]; !got.Read.Equal(read) || got.Err == nil {
			t.Errorf("read at %v in spite of the server's wish, error %v", got.Read, got.Err)
		}
		if got := f.after(4 * time.Minute).Parts[airflowclient.PartRuns]; got.Read.Equal(read) || got.Err != nil {
			t.Errorf("not read again: %v", got)
		}
	})
}

func TestFeedFollowsTheTasksOfAFocusedRun(t *testing.T) {
	follow(t, func(f followed) {
		t := f.t
		ref := airflowclient.RunRef{DAGID: f.ended().DAGID, RunID: "watched"}
		f.server.Trigger(ref.DAGID, ref.RunID, time.Time{})
		f.feed.Focus(ref)
		tasks := f.after(10 * time.Second).Tasks[ref]
		if !slices.ContainsFunc(tasks, func(ti airflowclient.TaskInstance) bool { return ti.State == airflowclient.StateRunning }) {
			t.Errorf("no task runs: %v", tasks)
		}
		tasks = f.after(15 * time.Minute).Tasks[ref]
		for _, ti := range tasks {
			if ti.State != airflowclient.StateSuccess {
				t.Errorf("%s is %s", ti.TaskID, ti.State)
			}
		}
		before := f.client.Requests().ByOp["list task instances"]
		f.after(5 * time.Minute)
		if after := f.client.Requests().ByOp["list task instances"]; after != before || before == 0 {
			t.Errorf("%d requests for the tasks of a run that is over, %d before", after-before, before)
		}
	})
}

func TestFeedNumbersItsChanges(t *testing.T) {
	follow(t, func(f followed) {
		t := f.t
		last := f.feed.Picture().Generation
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Minute)
		defer cancel()
		runs := map[airflowclient.RunRef]bool{}
		_ = f.feed.Run(ctx, func(c airflowclient.Changes) {
			if c.Generation != last+1 {
				t.Errorf("generation %d after %d", c.Generation, last)
			}
			last = c.Generation
			for _, r := range c.Runs {
				runs[airflowclient.RunRef{DAGID: r.DAGID, RunID: r.ID}] = true
			}
		})
		if len(runs) == 0 || f.feed.Picture().Generation != last {
			t.Errorf("%d runs changed; the last generation is %d, the picture's %d", len(runs), last, f.feed.Picture().Generation)
		}
	})
}

func TestFeedFollowsOnlyTheDAGsOfItsTags(t *testing.T) {
	t.Parallel()
	for _, a := range bothAPIs {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			clock := &airflowtest.Clock{}
			server := airflowtest.New(airflowtest.Options{Version: a.version, Now: clock.Now})
			airflowtest.OneTeamDown(100)(server)
			server.Runs()
			clock.Advance(15 * time.Minute)
			c := newClient(t, server.Transport(), airflowclient.Config{Auth: airflowclient.Auto(airflowclient.Login{}), Now: clock.Now})
			feed := airflowclient.NewFeed(c, airflowclient.FeedOptions{
				Now: clock.Now, DAGs: []airflowclient.DAGQuery{{Tags: []string{"team:risk", "kind:join"}}},
			})
			live(t, clock, feed, 5*time.Minute)
			p := feed.Picture()
			if len(p.DAGs) != 18 || len(p.Runs) != 18 {
				t.Errorf("%d DAGs and %d runs, want 18 of each", len(p.DAGs), len(p.Runs))
			}
			for _, r := range p.Runs {
				if r.State != airflowclient.StateFailed {
					t.Errorf("%s is %s", r.DAGID, r.State)
				}
			}
		})
	}
}

// Each part says how old it is. The list of DAGs is as old as its oldest row: a thousand rows, fifty a minute, go round in 20 minutes.
func TestFeedSaysHowOldEachPartIs(t *testing.T) {
	t.Parallel()
	clock, _, _, feed := fleetOfSize(t, apiV2, 100, 1, 5) // as many pages as 1,000 DAGs have
	start := clock.Now()
	live(t, clock, feed, 15*time.Minute)
	parts := feed.Picture().Parts
	if read := parts[airflowclient.PartDAGs].Read; !read.Equal(start) {
		t.Errorf("after 15 minutes the oldest row was read at %v, the list at %v", read, start)
	}
	for part, most := range map[airflowclient.Part]time.Duration{
		airflowclient.PartRuns: fastTick, airflowclient.PartHealth: slowTick, airflowclient.PartEdits: slowTick, airflowclient.PartHistory: resync,
	} {
		if age := clock.Now().Sub(parts[part].Read); age > most || parts[part].Due.Before(parts[part].Read) {
			t.Errorf("%s: %v old, due at %v", part, age, parts[part].Due)
		}
	}
	live(t, clock, feed, 35*time.Minute)
	if age := clock.Now().Sub(feed.Picture().Parts[airflowclient.PartDAGs].Read); age < 20*time.Minute || age > 45*time.Minute {
		t.Errorf("the oldest row is %v old", age)
	}
}
