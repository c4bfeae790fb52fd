package tui

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"chrononctl/dagspec"
	"chrononctl/internal/action"
	"chrononctl/internal/deploy"
	"chrononctl/internal/deploy/target"
	"chrononctl/internal/fleet"
)

// condition is how the world is while a frame is drawn.
type condition string

// The conditions of every screen.
const (
	empty        condition = "empty"         // Airflow answers, and there is nothing
	loading      condition = "loading"       // no answer has come yet
	healthy      condition = "healthy"       // all is well
	failures     condition = "many failures" // one of each trouble, and many of some
	stale        condition = "stale"         // the same, and Airflow has not answered for 40 seconds
	forbidden    condition = "no permission" // Airflow lists DAGs, and refuses the rest
	disconnected condition = "disconnected"  // Airflow never answered, and no session was there before
	cached       condition = "cached"        // Airflow never answered; an earlier session left its picture
)

// answered tells whether what is shown is known to be true now.
func (c condition) answered() bool {
	return c == empty || c == healthy || c == failures
}

// world is all that a console talks to.
type world struct {
	*fakeSource
	deploys   *fakeDeploys
	chronicle *fakeChronicle
}

// worldOf makes the world of a condition. What is stale begins as it was.
func worldOf(c condition) *world {
	var source *fakeSource
	switch c {
	case empty:
		source = sourceOf(fleet.Snapshot{At: epoch, Server: fleet.Server{Version: "2.11.2", Health: fleet.OK}})
	case failures, stale:
		source = manyFailures()
		source.log = logLines()
	case forbidden:
		source = sourceOf(forbiddenSnapshot())
		source.denied = true
	case loading, healthy, disconnected, cached:
		source = healthyFleet()
		source.log = logLines()[:7]
	}
	w := &world{fakeSource: source, deploys: newDeploys(source), chronicle: &fakeChronicle{fakeSource: source}}
	if c == failures || c == stale {
		w.deploys.spoil = deployTroubles
		w.chronicle.events, w.chronicle.journal = chronicleEvents(), chronicleJournal()
	}
	if c == healthy {
		w.chronicle.events, w.chronicle.journal = chronicleEvents()[:2], chronicleJournal()[:1]
	}
	return w
}

// options are those of a console in this world.
func (w *world) options(c condition) Options {
	o := Options{Chronicle: w.chronicle, Deploys: w.deploys, Save: func(name, _ string) (string, error) { return name, nil }}
	if c == empty {
		o.Deploys = nil
	}
	if c == cached {
		old := troubledSnapshot()
		old.At, old.Read = epoch.Add(-3*time.Hour), epoch.Add(-3*time.Hour)
		o.Cached = func() (fleet.Snapshot, bool) { return old, true }
	}
	return o
}

// manyFailures is the troubled fleet with thirty more teams, each with a night as bad.
func manyFailures() *fakeSource {
	s := troubledSnapshot()
	for i := range 30 {
		team := fmt.Sprintf("team_%02d", i)
		cells := cells(3+i%4, 10+i, i%5, 6, 2)
		cells[dagspec.KindBatch] = fleet.Cell{Health: fleet.Failed, Bad: 1 + i%7, Of: 10 + i}
		batch := makeDAG("chronon_batch_dag_"+team, dagspec.KindBatch, team, "", fleet.Failed)
		s.DAGs = append(s.DAGs, batch)
		join := team + ".features.v1"
		dag := makeDAG("chronon_join_"+team+"__features__v1", dagspec.KindJoin, team, join, fleet.Waiting)
		dag.Runs[0].Health, dag.Runs[0].State = fleet.Waiting, "queued"
		s.DAGs = append(s.DAGs, dag)
		calendar := s.Calendars[0]
		calendar.Team, calendar.Join, calendar.DAGID, calendar.Table = team, join, dag.ID, team+".features_v1"
		calendar.Output.Late = time.Duration(i) * 17 * time.Minute
		if calendar.Output.Late == 0 {
			calendar.Output.State = fleet.OutputRunning
		}
		calendar.Output.Team, calendar.Output.Conf, calendar.Output.DAGID = team, join, dag.ID
		s.Calendars, s.Outputs = append(s.Calendars, calendar), append(s.Outputs, calendar.Output)
		if i%3 == 0 {
			cells[dagspec.KindStreaming] = fleet.Cell{Health: fleet.Failed, Bad: 1, Of: 2, Unit: "stream"}
			s.Streams = append(s.Streams, fleet.Stream{Team: team, GroupBy: team + ".clicks.v1", DAGID: "chronon_streaming_dag_" + team, Health: fleet.Failed, State: "down",
				Since: minutesAgo(90 + i), Restarts: 9, Reason: "the last three submissions ended with exit code 1", Ticks: strings.Repeat("a", 20) + "rxrxxx", At: minutesAgo(3)})
		}
		s.Teams = append(s.Teams, fleet.Team{Name: team, Day: "1999-12-30", Cells: cells})
	}
	slices.SortFunc(s.Calendars, func(a, b fleet.Calendar) int { return strings.Compare(a.Join, b.Join) })
	slices.SortFunc(s.Streams, func(a, b fleet.Stream) int { return strings.Compare(a.GroupBy, b.GroupBy) })
	return sourceOf(s)
}

// forbiddenSnapshot is what is left of the healthy fleet for a user who may list DAGs and read nothing else.
func forbiddenSnapshot() fleet.Snapshot {
	s := withOutputs(healthySnapshot(), epoch, lastDays("1999-12-31", shownDays))
	s.Problems = []fleet.Problem{
		{Section: fleet.SectionRuns, Denied: true, Text: "the runs of the last days could not be read: Airflow refused: 403 you may not read DAG runs"},
		{Section: fleet.SectionImportErrors, Denied: true, Text: "which DAG files do not import could not be read: Airflow refused: 403 you may not read import errors"},
	}
	for i := range s.DAGs {
		s.DAGs[i].Health, s.DAGs[i].Runs = fleet.Unknown, nil
	}
	for i := range s.Teams {
		s.Teams[i].Day = ""
		for kind, c := range s.Teams[i].Cells {
			s.Teams[i].Cells[kind] = fleet.Cell{Health: fleet.Unknown, Of: c.Of, Unit: c.Unit}
		}
	}
	for i := range s.Streams {
		st := &s.Streams[i]
		*st = fleet.Stream{Team: st.Team, GroupBy: st.GroupBy, DAGID: st.DAGID, Health: fleet.Unknown, State: "unknown", Why: st.Why, Reason: "its runs could not be read"}
	}
	for i := range s.Joins {
		j := &s.Joins[i]
		*j = fleet.Comparison{Team: j.Team, Join: j.Join, DAGID: j.DAGID, Health: fleet.Unknown, Reason: "its report could not be read"}
	}
	for i := range s.Outputs {
		o := &s.Outputs[i]
		o.State, o.Health, o.Landed, o.At, o.Due, o.Finish, o.Serving = fleet.OutputUnknown, fleet.Unknown, "", time.Time{}, time.Time{}, time.Time{}, fleet.Serving{}
	}
	for i := range s.Calendars {
		c := &s.Calendars[i]
		c.Health, c.Days, c.Holes, c.Parts, c.Output = fleet.Unknown, nil, nil, nil, s.Outputs[len(s.Outputs)-1]
	}
	s.Work = nil
	return s
}

// fakeChronicle answers from memory.
type fakeChronicle struct {
	*fakeSource
	events  []Event
	journal []action.Entry
}

func (f *fakeChronicle) Journal(ctx context.Context) ([]action.Entry, error) {
	select { // it is a file: neither Airflow nor its permissions matter
	case <-time.After(time.Millisecond):
	case <-ctx.Done():
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.journal), nil
}

func (f *fakeChronicle) Events(ctx context.Context) ([]Event, error) {
	err := f.answer(ctx, "events")
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.events), err
}

func (f *fakeChronicle) Meter() Meter {
	return Meter{Requests: 1_240, Received: 3 << 20, Minute: 9, Purposes: []Purpose{{"runs", 700, 6}, {"DAGs", 300, 2}, {"health", 240, 1}}}
}

func chronicleEvents() []Event {
	return []Event{
		{ID: 31, At: minutesAgo(2), What: "trigger_dag_run", Who: "ann", DAGID: "chronon_batch_dag_payments", RunID: "manual__1999-12-31", Extra: `{"conf": {}}`},
		{ID: 30, At: minutesAgo(20), What: "cli_task_run", Who: "airflow", DAGID: "chronon_batch_dag_core", RunID: "scheduled__1999-12-31", TaskID: "upload__card_stats_v4"},
		{ID: 29, At: minutesAgo(90), What: "failed", Who: "airflow", DAGID: "chronon_batch_dag_payments", RunID: "scheduled__1999-12-31", TaskID: "upload__card_stats_v4"},
		{ID: 28, At: minutesAgo(1500), What: "patch_dag", Who: "bob", DAGID: "chronon_batch_dag_search", Extra: `{"is_paused": true}`},
	}
}

func chronicleJournal() []action.Entry {
	return []action.Entry{
		{ID: "a3", At: minutesAgo(30), Ended: minutesAgo(30), Verb: action.Pause, Title: "Pause chronon_batch_dag_search", Command: "chrononctl pause chronon_batch_dag_search",
			Undo: "chrononctl unpause chronon_batch_dag_search", Done: 1},
		{ID: "a2", At: minutesAgo(60), Ended: minutesAgo(59), Verb: action.Clear, Title: "Clear 3 runs", Command: "chrononctl clear chronon_batch_dag_payments …", Done: 2, Failed: 1,
			Targets: []action.EntryThing{{DAGID: "chronon_batch_dag_payments", Error: "409 the run is being deleted"}}},
		{ID: "a1", At: minutesAgo(3000), Verb: action.Backfill, Title: "Backfill payments.checkout.v2", Command: "chrononctl backfill payments.checkout.v2 …"},
	}
}

// deployTroubles make the targets of a project one of each trouble.
func deployTroubles(name string, s *deploy.Standing) {
	switch name {
	case "prod":
		s.LockedBy = &target.Owner{Who: "bob", Host: "ci", PID: 4711, Operation: "deploy", Since: minutesAgo(3)}
	default:
		s.Live = &deploy.PastRelease{ID: "r19991231T220000Z-0badc0de", Outcome: "failed", Live: true, Who: "cy", DAGs: 61}
	}
}
