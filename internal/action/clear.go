package action

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"chrononctl/airflowclient"
)

// ClearScope says which task instances of one run are to run again.
type ClearScope struct {
	DAGID      string
	RunID      string
	TaskIDs    []string // empty: all tasks
	OnlyFailed bool     // leave alone what did not fail
	Downstream bool     // and what waits for TaskIDs
}

// PlanClear plans to run task instances of a run again. The targets are those that Airflow itself says it would clear.
func (p *Planner) PlanClear(ctx context.Context, scope ClearScope) (Plan, error) {
	targets, err := p.wouldClear(ctx, scope)
	if err != nil {
		return Plan{}, fmt.Errorf("plan to clear %s, run %s: %w", scope.DAGID, scope.RunID, err)
	}
	targets, running, err := p.mindRunning(ctx, targets)
	if err != nil {
		return Plan{}, fmt.Errorf("plan to clear %s, run %s: %w", scope.DAGID, scope.RunID, err)
	}
	plan := Plan{Verb: Clear, Title: fmt.Sprintf("Clear %s, run %s", scope.DAGID, scope.RunID), Targets: targets, Command: p.clearCommand(scope)}
	if n := len(plan.Targets); n > 0 {
		plan.Effects = append([]string{fmt.Sprintf("The run is at work again, and %d of its tasks run again; what they wrote is overwritten.", n)}, running...)
		plan.Confirm = number(n)
		plan.Cost = p.costOfTargets(ctx, targets)
		plan.Downstream = p.behindTasks(targets)
	}
	return plan, nil
}

// wouldClear asks Airflow which task instances a clear takes; the instances of a mapped task are one target.
func (p *Planner) wouldClear(ctx context.Context, scope ClearScope) ([]Target, error) {
	would, err := p.Airflow.Clear(ctx, airflowclient.ClearRequest{
		DAGID: scope.DAGID, RunID: scope.RunID, TaskIDs: scope.TaskIDs,
		OnlyFailed: scope.OnlyFailed, Downstream: scope.Downstream, DryRun: true,
	})
	if err != nil {
		return nil, err
	}
	var targets []Target
	for _, ti := range would {
		targets = append(targets, Target{DAGID: scope.DAGID, RunID: scope.RunID, TaskID: ti.TaskID})
	}
	return distinct(targets), nil
}

// distinct sorts targets by DAG, run and task, each once.
func distinct(targets []Target) []Target {
	slices.SortFunc(targets, func(a, b Target) int {
		return cmp.Or(strings.Compare(a.DAGID, b.DAGID), strings.Compare(a.RunID, b.RunID), strings.Compare(a.TaskID, b.TaskID))
	})
	return slices.Compact(targets)
}

// costOfTargets is the usual time of the tasks of the largest run among the targets, one after the other. It is told for one run alone: of many,
// nobody knows how many will be at work at a time.
func (p *Planner) costOfTargets(ctx context.Context, targets []Target) Cost {
	runs := map[string]bool{}
	var ids []string
	for _, t := range targets {
		runs[t.DAGID+"/"+t.RunID] = true
		ids = append(ids, t.TaskID)
	}
	if len(runs) != 1 {
		return Cost{Jobs: len(targets)}
	}
	each, sample := p.usual(ctx, targets[0].DAGID, ids...)
	return Cost{Jobs: len(targets), Each: each, Total: each, Sample: sample}
}

func (p *Planner) clearCommand(scope ClearScope) string {
	words := append([]string{"clear", scope.DAGID, scope.RunID}, scope.TaskIDs...)
	if scope.OnlyFailed {
		words = append(words, "--only-failed")
	}
	if scope.Downstream {
		words = append(words, "--downstream")
	}
	return p.command(words...)
}
