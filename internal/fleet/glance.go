package fleet

import (
	"context"
	"fmt"
	"slices"

	"chrononctl/airflowclient"
)

// RunsOf lists the newest runs of one DAG, newest first, with their tasks. It needs no picture of the fleet: it is for who looks once, at one DAG.
// Where the tasks cannot be read the runs are Unknown as far as their tasks decide, and the error of reading them is returned with the runs.
func RunsOf(ctx context.Context, client *airflowclient.Client, dagID string, limit int) ([]Run, error) {
	list, err := client.Runs(ctx, airflowclient.RunQuery{DAGIDs: []string{dagID}, Limit: limit})
	if err != nil {
		return nil, fmt.Errorf("read the runs of %s: %w", dagID, err)
	}
	slices.SortFunc(list, compareRuns)
	tasks := make(map[airflowclient.RunRef][]Task, len(list))
	refs := make([]airflowclient.RunRef, 0, len(list))
	for _, r := range list {
		refs = append(refs, r.Ref())
	}
	if len(refs) > 0 {
		var instances []airflowclient.TaskInstance
		if instances, err = client.TaskInstances(ctx, airflowclient.TaskQuery{Runs: refs}); err != nil {
			err = fmt.Errorf("read the tasks of %s: %w", dagID, err)
		}
		for _, ti := range instances {
			ref := airflowclient.RunRef{DAGID: ti.DAGID, RunID: ti.RunID}
			tasks[ref] = append(tasks[ref], taskOf(ti))
		}
	}
	runs := make([]Run, 0, len(list))
	for i := range list {
		r := &list[i]
		known := tasks[r.Ref()]
		slices.SortStableFunc(known, compareTasks)
		runs = append(runs, runOf(r, known, readingOf(err == nil, err != nil)))
	}
	return runs, err
}

// TasksOf lists the task instances of one run, by id.
func TasksOf(ctx context.Context, client *airflowclient.Client, dagID, runID string) ([]Task, error) {
	instances, err := client.TaskInstances(ctx, airflowclient.TaskQuery{Runs: []airflowclient.RunRef{{DAGID: dagID, RunID: runID}}})
	if err != nil {
		return nil, fmt.Errorf("read the tasks of %s, run %s: %w", dagID, runID, err)
	}
	tasks := make([]Task, 0, len(instances))
	for _, ti := range instances {
		tasks = append(tasks, taskOf(ti))
	}
	slices.SortStableFunc(tasks, compareTasks)
	return tasks, nil
}
