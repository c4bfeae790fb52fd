package action_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chrononctl/airflowclient"
	"chrononctl/internal/action"
)

// server is an Airflow in memory that notes every change that it is asked for.
type server struct {
	action.Airflow // what no test here asks for

	mu      sync.Mutex
	dags    map[string]airflowclient.DAG
	start   time.Time // of the DAGs
	clock   time.Time // that it tells; zero: it has told none
	runs    []airflowclient.Run
	cleared []airflowclient.TaskInstance
	fail    map[string]error // by DAG id: what a change of it answers
	changes []string
	onWrite func()
}

func (s *server) DAG(_ context.Context, id string) (airflowclient.DAG, error) {
	d, ok := s.dags[id]
	if !ok {
		return d, &airflowclient.Error{Op: "read DAG", Kind: airflowclient.KindNotFound, Status: 404}
	}
	return d, nil
}

func (s *server) Details(ctx context.Context, id string) (airflowclient.DAGDetails, error) {
	d, err := s.DAG(ctx, id)
	return airflowclient.DAGDetails{DAG: d, Start: s.start}, err
}

func (s *server) ServerTime() (time.Time, bool) { return s.clock, !s.clock.IsZero() }

func (s *server) Variables(context.Context) ([]airflowclient.Variable, error) { return nil, nil }

func (s *server) TaskInstances(context.Context, airflowclient.TaskQuery) ([]airflowclient.TaskInstance, error) {
	return nil, nil
}

func (s *server) Run(_ context.Context, dagID, runID string) (airflowclient.Run, error) {
	for _, r := range s.runs {
		if r.DAGID == dagID && r.ID == runID {
			return r, nil
		}
	}
	return airflowclient.Run{}, &airflowclient.Error{Op: "read run", Kind: airflowclient.KindNotFound, Status: 404}
}

func (s *server) Runs(_ context.Context, q airflowclient.RunQuery) ([]airflowclient.Run, error) {
	var out []airflowclient.Run
	for _, r := range s.runs {
		if slices.Contains(q.DAGIDs, r.DAGID) && !r.LogicalDate.Before(q.LogicalFrom) && !r.LogicalDate.After(q.LogicalTo) {
			out = append(out, r)
		}
	}
	return out, nil
}

func (s *server) write(dag, format string, args ...any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes = append(s.changes, fmt.Sprintf(format, args...))
	if s.onWrite != nil {
		s.onWrite()
	}
	return s.fail[dag]
}

func (s *server) Trigger(_ context.Context, r airflowclient.TriggerRequest) (airflowclient.Run, error) {
	const layout = "2006-01-02T15:04"
	err := s.write(r.DAGID, "trigger %s as %s at %s for %s..%s", r.DAGID, r.RunID, r.LogicalDate.Format(layout),
		r.IntervalFrom.Format(layout), r.IntervalTo.Format(layout))
	return airflowclient.Run{DAGID: r.DAGID, ID: r.RunID, State: airflowclient.StateQueued}, err
}

func (s *server) SetPaused(_ context.Context, dagID string, paused bool) error {
	return s.write(dagID, "%s paused %v", dagID, paused)
}

func (s *server) Clear(_ context.Context, r airflowclient.ClearRequest) ([]airflowclient.TaskInstance, error) {
	if r.DryRun {
		return s.cleared, nil
	}
	return nil, s.write(r.DAGID, "clear %s %s %v downstream %v", r.DAGID, r.RunID, r.TaskIDs, r.Downstream)
}

var monday = time.Date(2026, 11, 23, 5, 30, 0, 0, time.UTC)

func newServer() *server {
	return &server{
		dags: map[string]airflowclient.DAG{
			"join":   {ID: "join", Tags: []string{"chronon", "kind:join"}},
			"stream": {ID: "stream", Tags: []string{"chronon", "kind:streaming"}},
			"ticks": {
				ID: "ticks", Tags: []string{"chronon", "kind:streaming"},
				NextRun: monday.Add(-10 * time.Minute), NextRunAfter: monday.Add(10 * time.Minute),
			},
			"asleep": {ID: "asleep", Paused: true},
			"gone":   {ID: "gone", Stale: true},
			"ruin":   {ID: "ruin", Stale: true, HasImportErrors: true},
			"broken": {ID: "broken", HasImportErrors: true},
		},
		start: time.Date(2026, 11, 18, 0, 0, 0, 0, time.UTC),
		runs: []airflowclient.Run{
			{DAGID: "join", ID: "scheduled__x", State: "success", LogicalDate: time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)},
		},
		fail: make(map[string]error),
	}
}

func planner(s *server) *action.Planner {
	return &action.Planner{Airflow: s, Now: func() time.Time { return monday }}
}

func TestTriggerIsPlannedOnlyWhereItDoesSomething(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		dag, day string
		start    time.Time // zero: the usual one
		unstated bool      // nobody knows the start
		run      string    // id of the run that is planned
		refused  string    // or why not
		hint     string
	}{
		"a day":                       {dag: "join", day: "2026-11-21", run: "chrononctl__2026-11-21"},
		"the newest day that is over": {dag: "join", run: "chrononctl__2026-11-22"},
		"the day of the start":        {dag: "join", day: "2026-11-18", run: "chrononctl__2026-11-18"},
		"a start that nobody knows":   {dag: "join", day: "2026-11-01", unstated: true, run: "chrononctl__2026-11-01"},
		"a tick of a stream":          {dag: "stream", run: "chrononctl__2026-11-23T05:29:00Z"},
		"a tick between those of a schedule, which have the date of the beginning of their interval": {dag: "ticks", run: "chrononctl__2026-11-23T05:10:00Z"},
		"a paused DAG":               {dag: "asleep", day: "2026-11-21", refused: "is paused", hint: "chrononctl unpause asleep"},
		"the day before the start":   {dag: "join", day: "2026-11-17", refused: "green and runs no task", hint: "from its start on"},
		"a start within the day":     {dag: "join", day: "2026-11-18", start: time.Date(2026, 11, 18, 3, 0, 0, 0, time.UTC), refused: "starts on 2026-11-18"},
		"today":                      {dag: "join", day: "2026-11-23", refused: "is not over", hint: "2026-11-22"},
		"a day in the future":        {dag: "join", day: "2031-01-01", refused: "is not over"},
		"a day that has a run":       {dag: "join", day: "2026-11-20", refused: "scheduled__x, success", hint: "chrononctl clear join scheduled__x"},
		"no day":                     {dag: "join", day: "2026-02-30", refused: "is no day", hint: "2026-11-22"},
		"no day either":              {dag: "join", day: "yesterday; rm -rf /", refused: "is no day"},
		"a day of a streaming DAG":   {dag: "stream", day: "2026-11-21", refused: "for a moment and not for a day", hint: "chrononctl trigger stream"},
		"a DAG that is gone":         {dag: "gone", day: "2026-11-21", refused: "in no DAG file", hint: "deploy it"},
		"all that is in the way":     {dag: "ruin", day: "2026-11-17", refused: "3 things are in the way:", hint: "deploy it again first; "},
		"a DAG that does not import": {dag: "broken", day: "2026-11-21", refused: "does not import"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer()
			if !tc.start.IsZero() || tc.unstated {
				s.start = tc.start
			}
			plan, err := planner(s).PlanTrigger(context.Background(), tc.dag, tc.day)
			if len(s.changes) > 0 {
				t.Errorf("planning changed %v", s.changes)
			}
			var refused *action.RefusedError
			switch {
			case tc.refused == "" && err != nil:
				t.Fatal(err)
			case tc.refused == "":
				if len(plan.Targets) != 1 || plan.Targets[0].RunID != tc.run {
					t.Errorf("targets %+v, want the run %s", plan.Targets, tc.run)
				}
			case !errors.As(err, &refused):
				t.Fatalf("got %v, want a refusal", err)
			case !strings.Contains(refused.Reason, tc.refused) || !strings.Contains(refused.Next, tc.hint):
				t.Errorf("refused with %q, hint %q; want %q, %q", refused.Reason, refused.Next, tc.refused, tc.hint)
			}
		})
	}
}

// TestDaysAreOverByTheClockOfTheServer asks at five minutes past midnight, on a machine that is ten minutes ahead of the server.
func TestDaysAreOverByTheClockOfTheServer(t *testing.T) {
	t.Parallel()
	midnight := monday.Truncate(24 * time.Hour)
	s := newServer()
	p := &action.Planner{Airflow: s, Now: func() time.Time { return midnight.Add(5 * time.Minute) }}
	yesterday, before := midnight.AddDate(0, 0, -1).Format(time.DateOnly), midnight.AddDate(0, 0, -2).Format(time.DateOnly)
	if _, err := p.PlanTrigger(t.Context(), "join", yesterday); err != nil {
		t.Errorf("by our clock the day is over: %v", err)
	}
	s.clock = midnight.Add(-5 * time.Minute)
	if _, err := p.PlanTrigger(t.Context(), "join", yesterday); err == nil || !strings.Contains(err.Error(), yesterday+" is not over") {
		t.Errorf("the day is not over on the server: %v", err)
	}
	plan, err := p.PlanTrigger(t.Context(), "join", "")
	if err != nil || plan.Targets[0].Day != before {
		t.Errorf("the newest day that is over is %s: %+v, %v", before, plan.Targets, err)
	}
}

func TestPlansSayWhatTheyDo(t *testing.T) {
	t.Parallel()
	s := newServer()
	s.cleared = []airflowclient.TaskInstance{
		{TaskID: "upload__b", MapIndex: -1}, {TaskID: "upload__a", MapIndex: 0}, {TaskID: "upload__a", MapIndex: 1},
	}
	p := planner(s)
	p.Context = "prod eu"
	ctx := context.Background()
	trigger, err := p.PlanTrigger(ctx, "join", "2026-11-21")
	if err != nil {
		t.Fatal(err)
	}
	pause, err := p.PlanPause(ctx, true, "join", "asleep")
	if err != nil {
		t.Fatal(err)
	}
	unpause, err := p.PlanPause(ctx, false, "asleep")
	if err != nil {
		t.Fatal(err)
	}
	cleared, err := p.PlanClear(ctx, action.ClearScope{DAGID: "join", RunID: "manual__it's", TaskIDs: []string{"upload__a"}, Downstream: true, OnlyFailed: true})
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	want := []action.Plan{
		{
			Verb: action.Trigger, Title: "Trigger join for 2026-11-21",
			Targets: []action.Target{{DAGID: "join", RunID: "chrononctl__2026-11-21", Day: "2026-11-21", At: day}},
			Effects: []string{
				"Airflow makes a new run of the whole DAG for 2026-11-21; its tasks wait for their inputs as always.",
			},
			Cost:    action.Cost{Jobs: 1},
			Command: "chrononctl trigger join --ds 2026-11-21 --context 'prod eu'",
			Undo:    "chrononctl mark join chrononctl__2026-11-21 failed --context 'prod eu'",
		},
		{
			Verb: action.Pause, Title: "Pause 2 DAGs", Targets: []action.Target{{DAGID: "join"}},
			Effects: []string{
				"1 of 2 are so already.",
				"The scheduler makes no new runs and starts no further task; tasks at work go on to their end.",
				"Streaming jobs go on, and nobody restarts them.",
			},
			Command: "chrononctl pause join asleep --context 'prod eu'",
			Undo:    "chrononctl unpause join --context 'prod eu'",
		},
		{
			Verb: action.Unpause, Title: "Unpause asleep", Targets: []action.Target{{DAGID: "asleep"}},
			Effects: []string{"No run is due: the scheduler makes the next one when its time comes."},
			Command: "chrononctl unpause asleep --context 'prod eu'",
			Undo:    "chrononctl pause asleep --context 'prod eu'",
		},
		{
			Verb: action.Clear, Title: "Clear join, run manual__it's",
			Targets: []action.Target{
				{DAGID: "join", RunID: "manual__it's", TaskID: "upload__a"}, {DAGID: "join", RunID: "manual__it's", TaskID: "upload__b"},
			},
			Effects: []string{"The run is at work again, and 2 of its tasks run again; what they wrote is overwritten."},
			Cost:    action.Cost{Jobs: 2},
			Confirm: "2",
			Command: `chrononctl clear join 'manual__it'\''s' upload__a --only-failed --downstream --context 'prod eu'`,
		},
	}
	if diff := cmp.Diff(want, []action.Plan{trigger, pause, unpause, cleared}); diff != "" {
		t.Errorf("plans (-want +got):\n%s", diff)
	}
	if _, err := p.PlanPause(ctx, true, "nowhere"); !airflowclient.IsNotFound(err) {
		t.Errorf("%v has lost its kind", err)
	}
	var refused *action.RefusedError
	if _, err := p.PlanPause(ctx, false, "gone"); !errors.As(err, &refused) {
		t.Errorf("got %v", err)
	}
	if asleep, _ := p.PlanPause(ctx, true, "asleep"); !asleep.Unchanged() {
		t.Error("pausing what is paused changes something")
	}
}

// apply makes the change and returns what was reported.
func apply(ctx context.Context, t *testing.T, s *server, plan action.Plan) (reports []string, err error) {
	t.Helper()
	err = planner(s).Apply(ctx, plan, func(r action.Result) {
		text := r.Done
		if r.Err != nil {
			text = "error: " + r.Err.Error()
		}
		reports = append(reports, strings.TrimSpace(r.Target.DAGID+" "+r.Target.TaskID)+": "+text)
	})
	return reports, err
}

func TestApplySendsExactlyTheTargets(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	conflict := &airflowclient.Error{Op: "trigger", Kind: airflowclient.KindConflict, Status: 409}
	for name, tc := range map[string]struct {
		plan    action.Plan
		fail    map[string]error
		there   []airflowclient.Run
		changes []string
		reports []string
	}{
		"a run": {
			plan:    action.Plan{Verb: action.Trigger, Targets: []action.Target{{DAGID: "join", RunID: "r", Day: "2026-11-21", At: day}}},
			changes: []string{"trigger join as r at 2026-11-21T00:00 for 2026-11-21T00:00..2026-11-22T00:00"},
			reports: []string{"join: run r is queued"},
		},
		"a tick": {
			plan:    action.Plan{Verb: action.Trigger, Targets: []action.Target{{DAGID: "stream", RunID: "r", At: day}}},
			changes: []string{"trigger stream as r at 2026-11-21T00:00 for 2026-11-21T00:00..2026-11-21T00:00"},
			reports: []string{"stream: run r is queued"},
		},
		"a run that an earlier try has made": {
			plan:    action.Plan{Verb: action.Trigger, Targets: []action.Target{{DAGID: "join", RunID: "r", Day: "2026-11-21", At: day}}},
			fail:    map[string]error{"join": conflict},
			there:   []airflowclient.Run{{DAGID: "join", ID: "r", State: "running"}},
			changes: []string{"trigger join as r at 2026-11-21T00:00 for 2026-11-21T00:00..2026-11-22T00:00"},
			reports: []string{"join: run r was there already, running"},
		},
		"a date that another run has": {
			plan:    action.Plan{Verb: action.Trigger, Targets: []action.Target{{DAGID: "join", RunID: "r", Day: "2026-11-21", At: day}}},
			fail:    map[string]error{"join": conflict},
			changes: []string{"trigger join as r at 2026-11-21T00:00 for 2026-11-21T00:00..2026-11-22T00:00"},
			reports: []string{"join: error: trigger: conflict (HTTP 409)"},
		},
		"one of three cannot be paused": {
			plan:    action.Plan{Verb: action.Pause, Targets: []action.Target{{DAGID: "a"}, {DAGID: "b"}, {DAGID: "c"}}},
			fail:    map[string]error{"b": errors.New("no")},
			changes: []string{"a paused true", "b paused true", "c paused true"},
			reports: []string{"a: paused", "b: error: no", "c: paused"},
		},
		"unpause": {
			plan:    action.Plan{Verb: action.Unpause, Targets: []action.Target{{DAGID: "a"}}},
			changes: []string{"a paused false"}, reports: []string{"a: unpaused"},
		},
		"tasks of a run are cleared together, without those around them": {
			plan: action.Plan{Verb: action.Clear, Targets: []action.Target{
				{DAGID: "a", RunID: "r", TaskID: "x"}, {DAGID: "a", RunID: "r", TaskID: "y"}, {DAGID: "a", RunID: "s", TaskID: "x"},
			}},
			changes: []string{"clear a r [x y] downstream false", "clear a s [x] downstream false"},
			reports: []string{"a x: cleared", "a y: cleared", "a x: cleared"},
		},
		"a verb of another release": {
			plan:    action.Plan{Verb: "detonate", Targets: []action.Target{{DAGID: "a"}}},
			reports: []string{`a: error: a plan to "detonate" cannot be applied`},
		},
		"nothing": {plan: action.Plan{Verb: action.Pause}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer()
			s.runs, s.fail = tc.there, tc.fail
			reports, err := apply(context.Background(), t, s, tc.plan)
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(s.changes) // three are in flight at a time
			slices.Sort(reports)
			slices.Sort(tc.changes)
			slices.Sort(tc.reports)
			if diff := cmp.Diff(tc.changes, s.changes); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.reports, reports); diff != "" {
				t.Errorf("reports (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAfterACancelNothingMoreIsSent(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	s := newServer()
	s.onWrite = cancel
	plan := action.Plan{Verb: action.Pause, Targets: []action.Target{{DAGID: "a"}, {DAGID: "b"}}}
	reports, err := apply(ctx, t, s, plan)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if len(s.changes) != 1 || len(reports) != 1 {
		t.Errorf("changes %v, reports %v", s.changes, reports)
	}
}
