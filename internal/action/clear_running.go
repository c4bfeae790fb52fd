package action

import (
	"context"
	"fmt"
	"slices"

	"chrononctl/airflowclient"
)

// mindRunning adds to targets of a clear what becomes of those that are at work, in at most one sentence. An Airflow that cannot stop them would say that
// it has cleared them, and let them go on: there they are left out, and a clear of nothing else is refused.
func (p *Planner) mindRunning(ctx context.Context, targets []Target) (kept []Target, effects []string, err error) {
	atWork, err := p.running(ctx, targets)
	if err != nil || len(atWork) == 0 {
		return targets, nil, err
	}
	server, err := p.Airflow.Server(ctx)
	if err != nil {
		return nil, nil, err
	}
	if server.Capabilities.ClearStopsRunning {
		return targets, []string{fmt.Sprintf("%s at work: what runs is ended first.", plural(len(atWork), "task"))}, nil
	}
	kept = slices.DeleteFunc(slices.Clone(targets), func(t Target) bool { return slices.Contains(atWork, t) })
	if len(kept) > 0 {
		return kept, []string{fmt.Sprintf("%s at work left out: Airflow %s would let what runs go on.", plural(len(atWork), "task"), server.Version)}, nil
	}
	first := atWork[0]
	return nil, nil, &RefusedError{
		Reason: fmt.Sprintf("%s is at work, and Airflow %s lets go on what is cleared while it runs", first.TaskID, server.Version),
		Next: "mark it as failed, which ends it, and clear it then: " +
			p.markCommand(MarkScope{DAGID: first.DAGID, RunID: first.RunID, TaskIDs: []string{first.TaskID}, State: airflowclient.StateFailed}),
	}
}

// running is those of the targets that are at work; one request asks for hundreds of runs.
func (p *Planner) running(ctx context.Context, targets []Target) ([]Target, error) {
	if len(targets) == 0 {
		return nil, nil
	}
	var runs []airflowclient.RunRef
	for _, t := range targets {
		runs = append(runs, airflowclient.RunRef{DAGID: t.DAGID, RunID: t.RunID})
	}
	instances, err := p.Airflow.TaskInstances(ctx, airflowclient.TaskQuery{
		Runs: slices.Compact(runs), States: []airflowclient.State{airflowclient.StateRunning},
	})
	atWork := make(map[Target]bool, len(instances))
	for _, ti := range instances {
		atWork[Target{DAGID: ti.DAGID, RunID: ti.RunID, TaskID: ti.TaskID}] = true
	}
	return slices.DeleteFunc(slices.Clone(targets), func(t Target) bool { return !atWork[t] }), err
}
