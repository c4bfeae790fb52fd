package fleet

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

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
		if refOf(w.runs[i]) == ref {
			w.runs[i].End = w.runs[i].End.Add(1) // it was cleared and ended again
		}
	}
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

// A picture of a hundred teams costs as many requests as one of ten, but for the reports of the streaming teams and the comparisons.
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
	if few, many := cost(10), cost(100); few != many || many > 9 {
		t.Errorf("10 teams cost %d requests, 100 teams %d", few, many)
	}
}

func TestAPartThatCannotBeReadIsAProblem(t *testing.T) {
	t.Parallel()
	forbidden := &airflowclient.Error{Op: "ask", Kind: airflowclient.KindPermission, Status: 403, Detail: "no\x1b[2Jway"}
	for op, says := range map[string]string{
		"health":  "the health of Airflow's parts could not be read",
		"imports": "which DAG files do not import could not be read",
		"runs":    "the runs of the last days could not be read",
		"tasks":   "could not be read: ask: not permitted (HTTP 403)",
		"xcom":    "5 reports could not be read",
	} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			w := plantedWorld()
			w.failing[op] = forbidden
			s := observe(t, w.observer())
			if all := strings.Join(s.Problems, "\n"); !strings.Contains(all, says) {
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
	if err != nil || len(runs) != 2 || runs[0].Day != "2026-11-21" || runs[1].Health != Failed || runs[1].Counts[Failed] != 2 {
		t.Errorf("runs %+v, %v", runs, err)
	}
	tasks, err := o.Tasks(ctx, "chronon_batch_dag_payments", "scheduled__2026-11-20")
	if err != nil || len(tasks) != 3 || tasks[0].ID != "kv_load__g__v1" || tasks[0].State != "upstream_failed" {
		t.Errorf("tasks %+v, %v", tasks, err)
	}
	tasks[1].Try = 0
	chunk, err := o.Log(ctx, tasks[1], "1")
	if want := `chronon_batch_dag_payments scheduled__2026-11-20 upload__g__v1 -1 1 after "1"`; err != nil || chunk.Lines[0].Text != want || chunk.Next != "2" {
		t.Errorf("log %+v, %v", chunk, err)
	}
	for _, op := range []string{"runs", "tasks", "log"} {
		w.failing[op] = &airflowclient.Error{Op: op, Kind: airflowclient.KindPermission}
	}
	_, runsErr := o.Runs(ctx, "d")
	_, tasksErr := o.Tasks(ctx, "d", "r")
	_, logErr := o.Log(ctx, Task{}, "")
	for _, err := range []error{runsErr, tasksErr, logErr} {
		if !airflowclient.IsPermission(err) {
			t.Errorf("%v has lost its kind", err)
		}
	}
}
