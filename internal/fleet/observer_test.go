package fleet

import (
	stdcmp "cmp"
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
	"chrononctl/dagspec"
)

func TestAnUnchangedFleetCostsNoTasksAndNoReports(t *testing.T) {
	t.Parallel()
	w := plantedWorld()
	w.runs = slicesOfEnded(w.runs)
	o := w.observer()
	first := observe(t, o)
	before := w.requests["tasks"] + w.requests["xcom"]
	second := observe(t, o)
	if after := w.requests["tasks"] + w.requests["xcom"]; after != before {
		t.Errorf("a second look at ended runs asked for %d more tasks or reports", after-before)
	}
	if first.Requests == 0 || second.Requests >= first.Requests {
		t.Errorf("the first picture cost %d requests, the second %d", first.Requests, second.Requests)
	}
	ref := airflowclient.RunRef{DAGID: "chronon_streaming_dag_core", RunID: "tick_20m0s"}
	for i := range w.runs {
		if w.runs[i].Ref() == ref {
			w.runs[i].End = noon.Add(10 * time.Second) // it was cleared and ended again
		}
	}
	w.pass(everyRuns + everyRuns/10)
	observe(t, o)
	if after := w.requests["tasks"] + w.requests["xcom"]; after != before+2 {
		t.Errorf("a run that ended again cost %d requests, want 2: its tasks and its report", after-before)
	}
}

func slicesOfEnded(runs []airflowclient.Run) []airflowclient.Run {
	var ended []airflowclient.Run
	for _, r := range runs {
		if hasEnded(r) {
			ended = append(ended, r)
		}
	}
	return ended
}

// A picture of a hundred teams costs as many requests as one of ten, but for one for each hundred runs whose tasks matter, and the reports of the
// streaming teams and the comparisons.
func TestRequestsDoNotGrowWithTheFleet(t *testing.T) {
	t.Parallel()
	cost := func(teams int) int {
		w := newWorld()
		for i := range teams {
			id := fmt.Sprintf("chronon_batch_dag_t%d", i)
			w.dag(id, dagspec.KindBatch, fmt.Sprintf("t%d", i), "")
			w.day(id, "2026-11-21", "success", "a=success")
			w.day(id, "2026-11-22", "running", "a=running")
		}
		observe(t, w.observer())
		return w.total()
	}
	if few, many := cost(10), cost(100); many > few+1 || many > 10 {
		t.Errorf("10 teams cost %d requests, 100 teams %d", few, many)
	}
}

func TestAPartThatCannotBeReadIsAProblem(t *testing.T) {
	t.Parallel()
	forbidden := &airflowclient.Error{Op: "ask", Kind: airflowclient.KindPermission, Status: 403, Detail: "no\x1b[2Jway"}
	for op, says := range map[string]string{
		"health":  "the health of Airflow's parts could not be read",
		"imports": "which DAG files do not import could not be read",
		"runs":    "the runs that are under way could not be read",
		"tasks":   "could not be read: list task instances: not permitted (HTTP 403)",
		"xcom":    "6 reports could not be read",
	} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			w := plantedWorld()
			w.failing[op] = forbidden
			s := observe(t, w.observer())
			if all := strings.Join(Sentences(s.Problems), "\n"); !strings.Contains(all, says) {
				t.Errorf("problems %q do not say %q", all, says)
			}
			if len(s.DAGs) != len(w.dags) {
				t.Errorf("%d DAGs left of %d", len(s.DAGs), len(w.dags))
			}
			for _, team := range s.Teams {
				if team.Name != "core" || op == "health" || op == "imports" {
					continue
				}
				if h := team.Health(); h != Unknown {
					t.Errorf("team core is %v although %s could not be read", h, op)
				}
			}
			if op == "health" && s.Server.Health != Unknown {
				t.Errorf("the server is %v", s.Server.Health)
			}
		})
	}
}

func TestWithoutTheListOfDAGsThereIsNoPicture(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"server", "dags"} {
		w := plantedWorld()
		w.failing[op] = &airflowclient.Error{Op: "ask", Kind: airflowclient.KindUnreachable}
		_, err := w.observer().Observe(context.Background())
		if !airflowclient.IsUnavailable(err) {
			t.Errorf("%s: %v has lost its kind", op, err)
		}
	}
}

func TestACancelledLookIsNoPicture(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := plantedWorld().observer().Observe(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

var (
	errForbidden = &airflowclient.Error{Kind: airflowclient.KindPermission, Status: 403, Detail: "Forbidden"}
	errNoNetwork = errors.New("connection refused")
)

func (w *world) fail(op string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failing[op] = err
}

// A part that fails once is said, and what it told before stands; what it told long ago tells nothing any more.
func TestWhatWasReadLongAgoIsUnknown(t *testing.T) {
	t.Parallel()
	w := plantedWorld()
	o := w.observer()
	observe(t, o)
	w.fail("runs", errForbidden)
	w.pass(time.Minute)
	s := observe(t, o)
	if core := teamOf(t, s, "core"); core.Health() != OK {
		t.Errorf("a minute later team core is %v", core.Health())
	}
	if says := "the runs that are under way could not be read since 12:00:00 UTC: list DAG runs: not permitted"; !strings.Contains(strings.Join(Sentences(s.Problems), "\n"), says) {
		t.Errorf("problems %q do not say %q", s.Problems, says)
	}
	if !s.Health().Unhealthy() || !s.Read.Equal(noon) {
		t.Errorf("the picture is %v, its runs were read at %v", s.Health(), s.Read)
	}
	w.pass(2 * time.Minute)
	if core := teamOf(t, observe(t, o), "core"); core.Health() != Unknown {
		t.Errorf("three minutes later team core is %v", core.Health())
	}
	w.fail("runs", nil)
	w.pass(2 * time.Minute)
	if core := teamOf(t, observe(t, o), "core"); core.Health() != OK {
		t.Errorf("when it could be read again team core is %v", core.Health())
	}
}

func teamOf(t *testing.T, s Snapshot, name string) Team {
	t.Helper()
	for _, team := range s.Teams {
		if team.Name == name {
			return team
		}
	}
	t.Fatalf("no team %s", name)
	return Team{}
}

func TestAServerThatGoesAwayIsAnErrorUntilItIsBack(t *testing.T) {
	t.Parallel()
	w := plantedWorld()
	o := w.observer()
	observe(t, o)
	w.fail("runs", errNoNetwork)
	w.pass(time.Minute)
	for range 3 {
		if _, err := o.Observe(t.Context()); !airflowclient.IsUnavailable(err) {
			t.Fatalf("got %v", err)
		}
	}
	w.fail("runs", nil)
	w.pass(patience + patience/10)
	if s := observe(t, o); len(s.DAGs) == 0 || len(s.Problems) > 0 {
		t.Errorf("%d DAGs, problems %q", len(s.DAGs), s.Problems)
	}
}

func TestRefreshAsksForEverythingAtOnce(t *testing.T) {
	t.Parallel()
	w := plantedWorld()
	o := w.observer()
	first := observe(t, o)
	if again := observe(t, o); again.Requests > 1 { // the tasks of runs that matter less are filled in
		t.Errorf("a look at once cost %d requests", again.Requests)
	}
	o.Refresh()
	if again := observe(t, o); again.Requests < first.Requests-1 {
		t.Errorf("a refresh cost %d requests, the first picture %d", again.Requests, first.Requests)
	}
}

// A picture of one team asks for nothing of the others, and finds the team's DAGs that only their ids tell.
func TestOneTeamCostsOnlyItself(t *testing.T) {
	t.Parallel()
	w := plantedWorld()
	w.dags = append(w.dags, airflowclient.DAG{ID: "chronon_batch_dag_payments_too", Tags: []string{"chronon"}})
	w.dag("chronon_group_by_batch_payments", dagspec.KindBatch, "", "").Tags = []string{"chronon"}
	s := observe(t, w.observerOf(Options{Teams: []string{"payments"}}))
	whole := observe(t, w.observer())
	want := filter(whole.DAGs, func(d DAG) bool { return d.Team == "payments" })
	if diff := cmp.Diff(want, s.DAGs); diff != "" {
		t.Errorf("DAGs (-of the whole +of the team):\n%s", diff)
	}
	if s.Requests >= whole.Requests || len(s.Teams) != 1 {
		t.Errorf("one team cost %d requests, all %d; teams %v", s.Requests, whole.Requests, s.Teams)
	}
	names, err := w.observerOf(Options{Teams: []string{"payments"}}).TeamNames(t.Context())
	if diff := cmp.Diff([]string{"core", "payments", "payments_too", "search"}, names); diff != "" || err != nil {
		t.Errorf("teams (-want +got):\n%s%v", diff, err)
	}
}

// The console asks for several things at once, and leaves some of them before there is an answer.
func TestManyMayAskAtOnce(t *testing.T) {
	t.Parallel()
	w := plantedWorld()
	o := w.observer()
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if i%5 == 0 {
				cancel()
			}
			w.pass(time.Second)
			_, err := o.Observe(ctx)
			_, runsErr := o.Runs(ctx, "chronon_batch_dag_payments")
			_, tasksErr := o.Tasks(ctx, "chronon_batch_dag_payments", "scheduled__2026-11-20")
			if o.Refresh(); i%5 != 0 && stdcmp.Or(err, runsErr, tasksErr) != nil {
				t.Error(err, runsErr, tasksErr)
			}
		})
	}
	group.Wait()
	if s := observe(t, o); len(s.Problems) > 0 || len(s.DAGs) != len(w.dags) {
		t.Errorf("%d DAGs, problems %q", len(s.DAGs), s.Problems)
	}
}

func TestForeignDAGsAreNotOurs(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.dags = append(w.dags, airflowclient.DAG{ID: "someones", Tags: []string{"team:core"}})
	if s := observe(t, w.observer()); len(s.DAGs) != 0 || len(s.Teams) != 0 {
		t.Errorf("got %+v", s.DAGs)
	}
	if w.requests["runs"] != 0 {
		t.Error("the runs of every DAG on the server were asked for")
	}
}

func TestDrillDown(t *testing.T) {
	t.Parallel()
	w := plantedWorld()
	o := w.observer()
	observe(t, o)
	ctx := context.Background()
	runs, err := o.Runs(ctx, "chronon_batch_dag_payments")
	if err != nil || len(runs) != 2 || runs[0].Day != "2026-11-21" || runs[1].Health != Failed || runs[1].Counts()[Failed] != 2 {
		t.Errorf("runs %+v, %v", runs, err)
	}
	tasks, err := o.Tasks(ctx, "chronon_batch_dag_payments", "scheduled__2026-11-20")
	if err != nil || len(tasks) != 3 || tasks[0].ID != "kv_load__g__v1" || tasks[0].State != "upstream_failed" {
		t.Errorf("tasks %+v, %v", tasks, err)
	}
	tasks[1].Try = 0
	part, err := o.Log(ctx, tasks[1], true, 0)
	if want := `chronon_batch_dag_payments scheduled__2026-11-20 upload__g__v1 -1 1 after ""`; err != nil || part.Lines[0].Text != want {
		t.Errorf("log %+v, %v", part, err)
	}
	for _, op := range []string{"runs", "tasks", "log"} {
		w.failing[op] = &airflowclient.Error{Op: op, Kind: airflowclient.KindPermission}
	}
	_, runsErr := o.Runs(ctx, "d")
	_, tasksErr := o.Tasks(ctx, "d", "r")
	_, logErr := o.Log(ctx, Task{}, false, 0)
	for _, err := range []error{runsErr, tasksErr, logErr} {
		if !airflowclient.IsPermission(err) {
			t.Errorf("%v has lost its kind", err)
		}
	}
}

// What ended runs had is taken from an earlier picture, as long as they have ended as they had then.
func TestAnEarlierPictureSavesRequests(t *testing.T) {
	t.Parallel()
	w := plantedWorld()
	first := observe(t, w.observer())
	ask := func(last *Snapshot) (Snapshot, int) {
		before := w.requests["tasks"] + w.requests["xcom"]
		s := observe(t, w.observerOf(Options{Last: last}))
		return s, w.requests["tasks"] + w.requests["xcom"] - before
	}
	_, cold := ask(nil)
	s, warm := ask(&first)
	if warm > 2 || cold < 4 { // the tasks of runs under way, and one report that is not there
		t.Errorf("%d requests with an earlier picture, %d without", warm, cold)
	}
	if !slices.EqualFunc(s.Findings(), first.Findings(), func(a, b Finding) bool { return a == b }) {
		t.Errorf("it shows something else: %v", s.Findings())
	}
	for i := range w.runs {
		w.runs[i].Start = w.runs[i].Start.Add(time.Second) // each was cleared, and ran again
	}
	if _, again := ask(&first); again != cold {
		t.Errorf("%d requests after all runs ran again, want %d", again, cold)
	}
	first.At = first.At.AddDate(0, 0, -2)
	if _, old := ask(&first); old != cold {
		t.Errorf("%d requests with a picture of two days ago, want %d", old, cold)
	}
}
