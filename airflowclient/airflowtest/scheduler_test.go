package airflowtest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"chrononctl/airflowclient/airflowtest"
)

// states are the task instances of a run in short: "task state try", in the order of the tasks.
func (w *world) states(dag, run string) []string {
	w.t.Helper()
	_, body := w.ask("GET", "dags/"+dag+"/dagRuns/"+run+"/taskInstances", "")
	rows, _ := body["task_instances"].([]any)
	var list []string
	for _, each := range rows {
		ti, _ := each.(map[string]any)
		state, _ := ti["state"].(string)
		list = append(list, strings.TrimSpace(fmt.Sprint(ti["task_id"], " ", state, " ", ti["try_number"])))
	}
	return list
}

func (w *world) want(dag, run string, want ...string) {
	w.t.Helper()
	if got := w.states(dag, run); !slices.Equal(got, want) {
		w.t.Errorf("%s: %q, want %q", w.clock.Now().Format(time.TimeOnly), got, want)
	}
}

// lasting is a task that takes a while and ends as it is told.
func lasting(id string, d time.Duration, ends string, upstream ...string) airflowtest.Task {
	return airflowtest.Task{ID: id, Upstream: upstream, Do: func(airflowtest.Attempt) airflowtest.Outcome {
		return airflowtest.Outcome{Takes: d, Ends: ends, Exception: "ValueError: no"}
	}}
}

// bothVersions takes a test through the worlds of both versions.
func bothVersions(t *testing.T, dags []airflowtest.DAG, test func(w *world)) {
	t.Helper()
	for _, version := range []string{version2, version3} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			test(newWorld(t, version, dags...))
		})
	}
}

// TestHeavierTasksGoFirst is a pool of one slot: of two tasks that wait, the one with more behind it gets the slot.
func TestHeavierTasksGoFirst(t *testing.T) {
	t.Parallel()
	light, heavy := lasting("light", time.Minute, ""), lasting("heavy", time.Minute, "")
	light.Pool, heavy.Pool = "narrow", "narrow"
	bothVersions(t, []airflowtest.DAG{{ID: "x", Unpaused: true, Tasks: []airflowtest.Task{light, heavy, lasting("behind", time.Minute, "", "heavy")}}}, func(w *world) {
		w.SetPool("narrow", 1)
		w.Trigger("x", "r", time.Time{})
		w.clock.Advance(10 * time.Second)
		w.want("x", "r", "light scheduled 1", "heavy running 1", "behind  0")
		_, body := w.ask("GET", "pools", "")
		if text := fmt.Sprint(body); !strings.Contains(text, "name:narrow") || !strings.Contains(text, "open_slots:0") {
			w.t.Errorf("pools: %v", body)
		}
		w.clock.Advance(time.Minute)
		w.want("x", "r", "light running 1", "heavy success 1", "behind running 1")
		w.clock.Advance(2 * time.Minute)
		w.want("x", "r", "light success 1", "heavy success 1", "behind success 1")
	})
}

// TestTasksAtTheSameTime is the limit of a DAG on Airflow 2, and of a run on Airflow 3.
func TestTasksAtTheSameTime(t *testing.T) {
	t.Parallel()
	bothVersions(t, []airflowtest.DAG{{ID: "x", Unpaused: true, MaxTasks: 1, Tasks: []airflowtest.Task{lasting("only", time.Minute, "")}}}, func(w *world) {
		w.Trigger("x", "one", time.Time{})
		w.Trigger("x", "two", time.Time{})
		w.clock.Advance(10 * time.Second)
		running := 0
		for _, run := range []string{"one", "two"} {
			if strings.Contains(strings.Join(w.states("x", run), " "), "running") {
				running++
			}
		}
		if want := map[string]int{version2: 1, version3: 2}[w.Version()]; running != want {
			w.t.Errorf("%d tasks run, want %d", running, want)
		}
	})
}

// TestOneTaskOfAllRuns is max_active_tis_per_dag: the days of one task never run at the same time.
func TestOneTaskOfAllRuns(t *testing.T) {
	t.Parallel()
	task := lasting("only", time.Minute, "")
	task.MaxTasks = 1
	bothVersions(t, []airflowtest.DAG{{ID: "x", Unpaused: true, Tasks: []airflowtest.Task{task}}}, func(w *world) {
		w.Trigger("x", "one", time.Time{})
		w.Trigger("x", "two", time.Time{})
		w.clock.Advance(10 * time.Second)
		w.want("x", "one", "only running 1")
		w.want("x", "two", "only scheduled 1")
		w.clock.Advance(time.Minute)
		w.want("x", "two", "only running 1")
	})
}

// TestLogsGrow is the log of a sensor over its looks, and of a task while it runs.
func TestLogsGrow(t *testing.T) {
	t.Parallel()
	sensor := airflowtest.Task{ID: "wait", Do: func(a airflowtest.Attempt) airflowtest.Outcome {
		does := airflowtest.Outcome{Takes: time.Second, Log: []string{fmt.Sprint("look ", a.Poke)}}
		if a.Poke < 2 {
			does.Ends = "up_for_reschedule"
		}
		return does
	}}
	bothVersions(t, []airflowtest.DAG{{ID: "x", Unpaused: true, Tasks: []airflowtest.Task{sensor}}}, func(w *world) {
		w.Trigger("x", "r", time.Time{})
		looks := func() int {
			_, body := w.ask("GET", "dags/x/dagRuns/r/taskInstances/wait/logs/1", "")
			return strings.Count(fmt.Sprint(body), "look ")
		}
		w.clock.Advance(10 * time.Second)
		w.want("x", "r", "wait up_for_reschedule 1")
		if n := looks(); n != 1 {
			w.t.Errorf("%d looks are in the log", n)
		}
		w.clock.Advance(5 * time.Minute)
		w.want("x", "r", "wait success 1")
		if n := looks(); n != 3 {
			w.t.Errorf("%d looks are in the log at the end", n)
		}
	})
}

// TestRunsFollowTheirDAG is a run that is under way when its DAG gets a task and loses another.
func TestRunsFollowTheirDAG(t *testing.T) {
	t.Parallel()
	d := airflowtest.DAG{ID: "x", Unpaused: true, Tasks: []airflowtest.Task{lasting("long", 10*time.Minute, ""), lasting("old", time.Minute, "", "long")}}
	bothVersions(t, []airflowtest.DAG{d}, func(w *world) {
		w.Trigger("x", "r", time.Time{})
		w.clock.Advance(time.Minute)
		d.Tasks = []airflowtest.Task{d.Tasks[0], lasting("new", time.Minute, "")}
		w.Put(airflowtest.File{Name: "dags.py", DAGs: []airflowtest.DAG{d}})
		w.clock.Advance(2 * time.Minute)
		w.want("x", "r", "long running 1", "old removed 0", "new success 1")
	})
}

// TestMissedIntervals is what a DAG makes up for that was paused for three days.
func TestMissedIntervals(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		catchup bool
		limit   int
		want    int // runs, a minute after
	}{
		{"without catch-up: the newest interval", false, 0, 1},
		{"with catch-up: all", true, 0, 3},
		{"with catch-up, one at a time", true, 1, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d := airflowtest.DAG{
				ID: "x", Cron: "0 0 * * *", Start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Catchup: tc.catchup, MaxActive: tc.limit,
				Tasks: []airflowtest.Task{lasting("long", time.Hour, "")},
			}
			w := newWorld(t, version3, d)
			w.clock.Advance(3*24*time.Hour + time.Hour)
			w.SetPaused(false, "x")
			w.clock.Advance(time.Minute)
			if got := len(w.Runs()); got != tc.want {
				t.Errorf("%d runs", got)
			}
		})
	}
}

// TestClearLeavesTheRunAloneWhenAsked is reset_dag_runs: false.
func TestClearLeavesTheRunAloneWhenAsked(t *testing.T) {
	t.Parallel()
	bothVersions(t, []airflowtest.DAG{{ID: "x", Unpaused: true, Tasks: []airflowtest.Task{lasting("bad", time.Second, "failed")}}}, func(w *world) {
		w.Trigger("x", "r", time.Time{})
		w.clock.Advance(time.Minute)
		w.ask("POST", "dags/x/clearTaskInstances", `{"dry_run": false, "dag_run_id": "r", "reset_dag_runs": false}`)
		w.clock.Advance(time.Minute)
		w.want("x", "r", "bad  1")
		if _, run := w.ask("GET", "dags/x/dagRuns/r", ""); run["state"] != "failed" {
			w.t.Errorf("the run is %v", run["state"])
		}
	})
}
