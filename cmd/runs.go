package cmd

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"chrononctl/airflowclient"
	"chrononctl/internal/fleet"
)

// mostRuns is how many runs of a DAG are listed at most.
const mostRuns = 100

func newRunsCmd(a *app) *cobra.Command {
	var flags viewFlags
	limit := 25
	v := runView(a)
	cmd := &cobra.Command{
		Use:   "runs DAG",
		Short: "List the runs of a DAG, newest first",
		Long: "Lists the newest runs of a DAG with what they mean: a run that Airflow calls a success and in which a task did not do its work is not well.\n\n" +
			"On a pipe a line is: run, day, Airflow's own state, what it means, type, start, end, tasks by state.",
		Example: "  chrononctl runs chronon_join_payments__checkout__v1\n  chrononctl runs chronon_batch_dag_core --query 'state:failed ds>=-7d' -o name",
		Args:    words("runs: name one DAG", 1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if limit < 1 || limit > mostRuns {
				return usage(fmt.Errorf("--limit %d: must be from 1 to %d", limit, mostRuns))
			}
			return a.showRuns(cmd.Context(), v, flags, args[0], limit)
		},
	}
	addView(a, cmd, v, &flags)
	cmd.Flags().IntVar(&limit, "limit", limit, "newest runs to list")
	return cmd
}

// runView is how runs are shown.
func runView(a *app) view[fleet.Run] {
	return view[fleet.Run]{
		columns: []column[fleet.Run]{
			{title: "RUN", text: func(r fleet.Run) string { return r.ID }},
			{title: "DAY", text: func(r fleet.Run) string { return r.Day }},
			{title: "STATE", text: func(r fleet.Run) string { return r.State }, shown: func(a *app, r fleet.Run) string { return a.mark(r.Health, r.State) }},
			{title: "MEANS", text: func(r fleet.Run) string { return r.Health.String() }, wide: true},
			{title: "TYPE", text: func(r fleet.Run) string { return r.Type }},
			{title: "START", text: func(r fleet.Run) string { return stamp(r.Start) }},
			{title: "END", text: func(r fleet.Run) string { return stamp(r.End) }},
			{title: "TASKS", text: countsText},
		},
		fields: fleet.RunFields(a.serverNow),
		name:   func(r fleet.Run) string { return r.ID },
		object: func(r fleet.Run) any { return runJSONOf(r) },
		none:   "This DAG has no runs that meet this.",
	}
}

// countsText is how many tasks of a run are in which state, worst first.
func countsText(r fleet.Run) string {
	var parts []string
	counts := r.Counts()
	for h := fleet.Failed; h > fleet.None; h-- {
		if n := counts[h]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, h))
		}
	}
	if n := counts[fleet.None]; n > 0 {
		parts = append(parts, fmt.Sprintf("%d not begun", n))
	}
	return strings.Join(parts, ", ")
}

// runJSON is a run. Its keys are a promise.
type runJSON struct {
	DAGID  string         `json:"dag_id"`
	RunID  string         `json:"run_id"`
	Day    string         `json:"day"`
	State  string         `json:"state"`
	Health fleet.Health   `json:"health"`
	Type   string         `json:"type"`
	From   string         `json:"interval_start"`
	To     string         `json:"interval_end"`
	Start  string         `json:"start"`
	End    string         `json:"end"`
	Tasks  map[string]int `json:"tasks"` // by state; empty when they could not be read
}

func runJSONOf(r fleet.Run) runJSON {
	counts := make(map[string]int)
	for h, n := range r.Counts() {
		counts[h.String()] = n
	}
	return runJSON{r.DAGID, r.ID, r.Day, r.State, r.Health, r.Type, stamp(r.From), stamp(r.To), stamp(r.Start), stamp(r.End), counts}
}

func (a *app) showRuns(ctx context.Context, v view[fleet.Run], flags viewFlags, dagID string, limit int) error {
	var client *airflowclient.Client
	return show(ctx, a, v, flags, func(ctx context.Context) ([]fleet.Run, []string, error) {
		if client == nil {
			opened, err := a.knowing(ctx, dagID)
			if err != nil {
				return nil, nil, err
			}
			client = opened
		}
		runs, err := fleet.RunsOf(ctx, client, dagID, limit)
		var problems []string
		if err != nil && len(runs) > 0 { // the runs are known, and their tasks are not
			problems, err = []string{err.Error()}, nil
		}
		return runs, problems, err
	})
}

// knowing is a client for the chosen Airflow, which has the DAG.
func (a *app) knowing(ctx context.Context, dagID string) (*airflowclient.Client, error) {
	_, client, err := a.airflow(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := client.DAG(ctx, dagID); airflowclient.IsNotFound(err) {
		return nil, a.unknownDAG(ctx, client, dagID)
	} else if err != nil {
		return nil, fmt.Errorf("%s: %w", dagID, err)
	}
	return client, nil
}

// unknownDAG says that this Airflow has no such DAG, with the nearest of ours.
func (a *app) unknownDAG(ctx context.Context, client *airflowclient.Client, dagID string) error {
	dags, err := client.DAGs(ctx, airflowclient.DAGQuery{Tags: []string{"chronon"}})
	if err != nil {
		return err
	}
	ids := make([]string, 0, len(dags))
	for _, d := range dags {
		ids = append(ids, d.ID)
	}
	return exit(ExitNotFound, unknownName("this Airflow has no DAG "+dagID, "this Airflow has no DAG with the tag chronon", dagID, ids))
}

func newTasksCmd(a *app) *cobra.Command {
	var flags viewFlags
	v := taskView(a)
	cmd := &cobra.Command{
		Use:   "tasks DAG [RUN]",
		Short: "List the tasks of a run, each in its true state",
		Long: "Lists the tasks of one run: of the run of that id, of the newest run for that day (YYYY-MM-DD), or of the newest run.\n\n" +
			"On a pipe a line is: task, Airflow's own state, what it means, try, start, end, run.",
		Example: "  chrononctl tasks chronon_batch_dag_core\n  chrononctl tasks chronon_batch_dag_core 2026-11-21 --query '!state:ok'",
		Args:    words("tasks: name a DAG, and at most one run or day", 1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.showTasks(cmd.Context(), v, flags, args[0], append(args, "")[1])
		},
	}
	addView(a, cmd, v, &flags)
	return cmd
}

// taskView is how the tasks of a run are shown.
func taskView(a *app) view[fleet.Task] {
	label := func(t fleet.Task) string { return taskLabel{t}.label() }
	return view[fleet.Task]{
		columns: []column[fleet.Task]{
			{title: "TASK", text: label},
			{title: "STATE", text: func(t fleet.Task) string { return t.State }, shown: func(a *app, t fleet.Task) string { return a.mark(t.Health, t.Word()) }},
			{title: "MEANS", text: func(t fleet.Task) string { return t.Health.String() }, wide: true},
			{title: "TRY", text: func(t fleet.Task) string { return strconv.Itoa(t.Try) }},
			{title: "START", text: func(t fleet.Task) string { return stamp(t.Start) }},
			{title: "END", text: func(t fleet.Task) string { return stamp(t.End) }},
			{title: "RUN", text: func(t fleet.Task) string { return t.RunID }, wide: true},
		},
		fields: fleet.TaskFields(a.serverNow),
		name:   label,
		object: func(t fleet.Task) any { return taskInstanceOf(t) },
		none:   "This run has no tasks that meet this.",
	}
}

// taskInstanceJSON is a task of a run. Its keys are a promise.
type taskInstanceJSON struct {
	DAGID    string       `json:"dag_id"`
	RunID    string       `json:"run_id"`
	TaskID   string       `json:"task_id"`
	MapIndex int          `json:"map_index"`
	State    string       `json:"state"`
	Health   fleet.Health `json:"health"`
	Try      int          `json:"try"`
	Start    string       `json:"start"`
	End      string       `json:"end"`
}

func taskInstanceOf(t fleet.Task) taskInstanceJSON {
	return taskInstanceJSON{t.DAGID, t.RunID, t.ID, t.MapIndex, t.State, t.Health, t.Try, stamp(t.Start), stamp(t.End)}
}

func (a *app) showTasks(ctx context.Context, v view[fleet.Task], flags viewFlags, dagID, wanted string) error {
	var client *airflowclient.Client
	return show(ctx, a, v, flags, func(ctx context.Context) ([]fleet.Task, []string, error) {
		if client == nil {
			opened, err := a.knowing(ctx, dagID)
			if err != nil {
				return nil, nil, err
			}
			client = opened
		}
		run, older, err := a.findRun(ctx, client, dagID, wanted)
		if err != nil {
			return nil, nil, err
		}
		tasks, err := fleet.TasksOf(ctx, client, dagID, run.ID)
		return tasks, olderRuns(run, older), err
	})
}

// findRun is the run of that id, the newest of that day, or with "" the newest of all; older are the ids of others of that day.
func (a *app) findRun(ctx context.Context, client *airflowclient.Client, dagID, wanted string) (found airflowclient.Run, older []string, err error) {
	limit := 1
	if wanted != "" {
		if run, err := client.Run(ctx, dagID, wanted); !airflowclient.IsNotFound(err) {
			return run, nil, err
		}
		limit = mostRuns
	}
	runs, err := client.Runs(ctx, airflowclient.RunQuery{DAGIDs: []string{dagID}, Limit: limit})
	if err != nil {
		return airflowclient.Run{}, nil, err
	}
	var known []string
	for _, r := range runs {
		switch of := wanted == "" || dayOfRun(r) == wanted; {
		case of && found.ID == "":
			found = r
		case of && wanted != "":
			older = append(older, r.ID)
		}
		known = append(known, r.ID)
	}
	switch {
	case found.ID != "":
		return found, older, nil
	case len(known) == 0:
		return found, nil, exit(ExitNotFound, fmt.Errorf("%s has no run yet", dagID))
	}
	message := fmt.Sprintf("%s has no run %s among its newest %d", dagID, wanted, len(runs))
	return found, nil, exit(ExitNotFound, unknownName(message, "", wanted, known))
}

// olderRuns says that a day has more runs than the one that is told of.
func olderRuns(run airflowclient.Run, older []string) []string {
	if len(older) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s is the newest run for %s; older ones are %s", run.ID, dayOfRun(run), strings.Join(older, ", "))}
}
