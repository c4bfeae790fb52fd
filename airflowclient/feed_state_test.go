package airflowclient_test

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chrononctl/airflowclient"
	"chrononctl/airflowclient/airflowtest"
)

// next is a feed of another process that goes on where the first one was.
func (f followed) next(o airflowclient.FeedOptions) followed {
	f.t.Helper()
	o.State = stateOf(f.t, f.feed)
	if len(o.State) == 0 {
		f.t.Fatal("there is no state")
	}
	f.client = newClient(f.t, f.server.Transport(), airflowclient.Config{Auth: airflowclient.Auto(airflowclient.Login{})})
	f.feed = airflowclient.NewFeed(f.client, o)
	return f
}

func stateOf(t *testing.T, feed *airflowclient.Feed) []byte {
	t.Helper()
	var state bytes.Buffer
	if err := feed.WriteState(&state); err != nil {
		t.Fatal(err)
	}
	return state.Bytes()
}

func TestAFeedGoesOnWhereAnotherWas(t *testing.T) {
	follow(t, func(f followed) {
		f.after(time.Minute)
		before := f.feed.Picture()
		later := f.next(airflowclient.FeedOptions{})
		known := later.feed.Picture()
		if diff := cmp.Diff(before.DAGs, known.DAGs); diff != "" {
			f.t.Errorf("DAGs (-left +taken over):\n%s", diff)
		}
		if diff := cmp.Diff(before.Runs, known.Runs); diff != "" {
			f.t.Errorf("runs (-left +taken over):\n%s", diff)
		}
		later.feed.Step(f.t.Context(), nil)
		// What server it is and a token, two looks at runs, two at DAGs, edits, health and import errors.
		if sent := later.client.Requests().Requests; sent > 9 {
			f.t.Errorf("the first step took %d requests", sent)
		}
		compareWithServer(f.t, later.feed.Picture(), f.server, truth{keep: airflowclient.Keep{Ended: 26 * time.Hour}})
	})
}

// What happened while nobody looked is in the first picture, be it long ago or not.
func TestAFeedThatGoesOnSeesWhatHappenedMeanwhile(t *testing.T) {
	t.Parallel()
	for name, away := range map[string]time.Duration{"soon": 2 * time.Minute, "within the hour": 50 * time.Minute, "the next day": 20 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			follow(t, func(f followed) {
				later := f.next(airflowclient.FeedOptions{})
				runs := f.server.Runs()
				f.server.Clear(runs[0].DAGID, runs[0].RunID)
				f.server.Mark(runs[1].DAGID, runs[1].RunID, "failed")
				f.server.Trigger(runs[2].DAGID, "manual__meanwhile", time.Time{})
				f.server.SetPaused(true, runs[3].DAGID)
				f.server.Put(airflowtest.File{Name: "new.py", DAGs: []airflowtest.DAG{{ID: "new", Unpaused: true, Tasks: []airflowtest.Task{{ID: "only"}}}}})
				f.server.ParseAll()
				time.Sleep(away)
				later.feed.Step(f.t.Context(), nil)
				later.feed.Step(f.t.Context(), nil) // what the first one was made curious about
				compareWithServer(f.t, later.feed.Picture(), f.server, truth{keep: airflowclient.Keep{Ended: 26 * time.Hour}})
			})
		})
	}
}

// The number of paused DAGs stays when one is paused and another is unpaused.
func TestAFeedSeesWhichDAGsArePaused(t *testing.T) {
	follow(t, func(f followed) {
		dags := f.feed.Picture().DAGs
		f.server.SetPaused(true, dags[20].ID)
		f.after(2 * time.Minute)
		f.server.SetPaused(false, dags[20].ID)
		f.server.SetPaused(true, dags[30].ID)
		f.after(slowTick)
		compareWithServer(f.t, f.feed.Picture(), f.server, truth{keep: airflowclient.Keep{Ended: 26 * time.Hour}})
	})
}

func TestAStateThatDoesNotFitIsNone(t *testing.T) {
	follow(t, func(f followed) {
		state := string(stateOf(f.t, f.feed))
		for name, o := range map[string]airflowclient.FeedOptions{
			"cut":               {State: []byte(state[:len(state)/2])},
			"no JSON":           {State: []byte("\x00")},
			"of another format": {State: []byte(strings.Replace(state, `{"Format":2`, `{"Format":1`, 1))},
			"of other DAGs":     {State: []byte(state), DAGs: []airflowclient.DAGQuery{{Tags: []string{"chronon"}}}},
		} {
			feed := airflowclient.NewFeed(f.client, o)
			if p := feed.Picture(); len(p.DAGs) > 0 || len(p.Runs) > 0 {
				f.t.Errorf("%s: %d DAGs and %d runs are taken over", name, len(p.DAGs), len(p.Runs))
			}
		}
		if state := stateOf(f.t, airflowclient.NewFeed(f.client, airflowclient.FeedOptions{})); len(state) > 0 {
			f.t.Errorf("a feed that has read nothing has the state %s", state)
		}
	})
}

// A state of the program before must not be taken for one of this: whoever changes these types raises feedStateFormat, and then this.
func TestTheFormatOfAStateIsRaisedWithItsTypes(t *testing.T) {
	t.Parallel()
	var fields []string
	for _, of := range []reflect.Type{reflect.TypeFor[airflowclient.DAG](), reflect.TypeFor[airflowclient.Run](), reflect.TypeFor[airflowclient.DAGQuery]()} {
		for field := range of.Fields() {
			fields = append(fields, fmt.Sprint(of.Name(), ".", field.Name))
		}
	}
	want := "DAG.ID DAG.Description DAG.FileToken DAG.FileLoc DAG.Owners DAG.Tags DAG.Paused DAG.Stale DAG.HasImportErrors DAG.LastParsed DAG.ParseTook" +
		" DAG.NextRun DAG.NextRunAfter DAG.Timetable Run.DAGID Run.ID Run.State Run.Type Run.LogicalDate Run.IntervalFrom Run.IntervalTo Run.RunAfter" +
		" Run.Queued Run.Start Run.End Run.Note Run.Conf DAGQuery.Tags DAGQuery.Pattern DAGQuery.IDs DAGQuery.Paused DAGQuery.IncludeStale"
	if got := strings.Join(fields, " "); got != want {
		t.Errorf("the fields are\n%s\nand were, in format 1,\n%s", got, want)
	}
}
