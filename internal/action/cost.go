package action

import (
	"context"
	"slices"
	"time"

	"chrononctl/airflowclient"
)

// costRuns is how many of a DAG's newest green runs the usual time of its tasks is taken from.
const costRuns = 20

// greenRuns are the newest successful runs of a DAG. What cannot be read is not known, and no error: a plan is worth showing without it.
func (p *Planner) greenRuns(ctx context.Context, dagID string) []airflowclient.Run {
	runs, err := p.Airflow.Runs(ctx, airflowclient.RunQuery{DAGIDs: []string{dagID}, States: []airflowclient.State{airflowclient.StateSuccess}, Limit: costRuns})
	if err != nil {
		return nil
	}
	return runs
}

// costOfRun is the cost of one run of the DAG, from start to end, the waits for inputs included.
func (p *Planner) costOfRun(ctx context.Context, dagID string) Cost {
	var times []time.Duration
	for _, run := range p.greenRuns(ctx, dagID) {
		if !run.Start.IsZero() && run.End.After(run.Start) {
			times = append(times, run.End.Sub(run.Start))
		}
	}
	return costOf(1, median(times), len(times), 1)
}

// usual is the median time that successful instances of the tasks took in the newest green runs of a DAG, and how many there were. Several tasks of
// one run count as one: their times add up.
func (p *Planner) usual(ctx context.Context, dagID string, taskIDs ...string) (time.Duration, int) {
	runs := p.greenRuns(ctx, dagID)
	if len(runs) == 0 {
		return 0, 0
	}
	q := airflowclient.TaskQuery{TaskIDs: taskIDs, States: []airflowclient.State{airflowclient.StateSuccess}}
	for _, run := range runs {
		q.Runs = append(q.Runs, airflowclient.RunRef{DAGID: dagID, RunID: run.ID})
	}
	instances, err := p.Airflow.TaskInstances(ctx, q)
	if err != nil {
		return 0, 0
	}
	byRun := map[string]time.Duration{}
	for _, ti := range instances {
		if took := lasted(ti); took > 0 && slices.Contains(taskIDs, ti.TaskID) {
			byRun[ti.RunID] += took
		}
	}
	times := make([]time.Duration, 0, len(byRun))
	for _, took := range byRun {
		times = append(times, took)
	}
	return median(times), len(times)
}

// lasted is how long an instance was at work.
func lasted(ti airflowclient.TaskInstance) time.Duration {
	if ti.Duration > 0 {
		return ti.Duration
	}
	if ti.Start.IsZero() || ti.End.Before(ti.Start) {
		return 0
	}
	return ti.End.Sub(ti.Start)
}

// median is the middle of the times, the lower one of two; 0 of none.
func median(times []time.Duration) time.Duration {
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	return times[(len(times)-1)/2]
}

// costOf is the cost of jobs that each take the usual time, some at a time.
func costOf(jobs int, each time.Duration, sample, atATime int) Cost {
	c := Cost{Jobs: jobs, Each: each, Sample: sample}
	if sample == 0 {
		return c
	}
	atATime = max(1, min(atATime, jobs))
	c.Total = each * time.Duration((jobs+atATime-1)/atATime)
	return c
}
