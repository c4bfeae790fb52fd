package fleet

import (
	"context"
	"fmt"
	"slices"
	"time"

	"chrononctl/airflowclient"
)

// LogLine is one line of a task's log. Time and Level are empty where the log does not say. Its text is as the task wrote it.
type LogLine struct {
	Time  time.Time
	Level string
	Text  string
}

// LogChunk is a part of a task's log. Next continues it; Done says that nothing more will come.
type LogChunk struct {
	Lines []LogLine
	Next  string
	Done  bool
}

// recentRuns is how many runs of one DAG are listed.
const recentRuns = 100

// Runs lists the newest runs of one DAG, newest first, with the tasks of those that a picture has read already.
func (o *Observer) Runs(ctx context.Context, dagID string) ([]Run, error) {
	listed, err := o.Airflow.Runs(ctx, airflowclient.RunQuery{DAGIDs: []string{dagID}, Limit: recentRuns})
	if err != nil {
		return nil, fmt.Errorf("read the runs of %s: %w", dagID, err)
	}
	byRef := make(map[airflowclient.RunRef]airflowclient.Run, len(listed))
	refs := make([]airflowclient.RunRef, 0, len(listed))
	for _, r := range listed {
		byRef[refOf(r)] = r
		refs = append(refs, refOf(r))
	}
	known := make(map[airflowclient.RunRef][]Task)
	o.cached(byRef, refs, known)
	slices.SortFunc(listed, compareRuns)
	runs := make([]Run, 0, len(listed))
	for _, r := range listed {
		tasks, ok := known[refOf(r)]
		runs = append(runs, runOf(r, tasks, readingOf(ok, false)))
	}
	return runs, nil
}

// Tasks lists the task instances of one run, by id.
func (o *Observer) Tasks(ctx context.Context, dagID, runID string) ([]Task, error) {
	ref := airflowclient.RunRef{DAGID: dagID, RunID: runID}
	listed, err := o.Airflow.TaskInstances(ctx, airflowclient.TaskQuery{Runs: []airflowclient.RunRef{ref}})
	if err != nil {
		return nil, fmt.Errorf("read the tasks of %s, run %s: %w", dagID, runID, err)
	}
	tasks := make([]Task, 0, len(listed))
	for _, ti := range listed {
		tasks = append(tasks, taskOf(ti))
	}
	slices.SortStableFunc(tasks, compareTasks)
	return tasks, nil
}

// Log reads a part of the log of the task's try: from its beginning when token is empty, else what came after the chunk whose Next is token.
func (o *Observer) Log(ctx context.Context, task Task, token string) (LogChunk, error) {
	ref := airflowclient.LogRef{
		DAGID: task.DAGID, RunID: task.RunID, TaskID: task.ID, MapIndex: task.MapIndex, Try: max(task.Try, 1),
	}
	chunk, err := o.Airflow.Log(ctx, ref, token)
	if err != nil {
		return LogChunk{}, fmt.Errorf("read the log of %s in %s: %w", task.ID, task.DAGID, err)
	}
	lines := make([]LogLine, len(chunk.Lines))
	for i, l := range chunk.Lines {
		lines[i] = LogLine(l)
	}
	return LogChunk{Lines: lines, Next: chunk.Next, Done: chunk.Done}, nil
}
