package action

import (
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
	would, err := p.Airflow.Clear(ctx, airflowclient.ClearRequest{
		DAGID: scope.DAGID, RunID: scope.RunID, TaskIDs: scope.TaskIDs,
		OnlyFailed: scope.OnlyFailed, Downstream: scope.Downstream, DryRun: true,
	})
	if err != nil {
		return Plan{}, fmt.Errorf("plan to clear %s, run %s: %w", scope.DAGID, scope.RunID, err)
	}
	plan := Plan{Verb: Clear, Title: fmt.Sprintf("Clear %s, run %s", scope.DAGID, scope.RunID), Command: p.clearCommand(scope)}
	for _, ti := range would {
		plan.Targets = append(plan.Targets, Target{DAGID: scope.DAGID, RunID: scope.RunID, TaskID: ti.TaskID})
	}
	slices.SortFunc(plan.Targets, func(a, b Target) int { return strings.Compare(a.TaskID, b.TaskID) })
	plan.Targets = slices.Compact(plan.Targets) // the instances of a mapped task are cleared together
	if n := len(plan.Targets); n > 0 {
		plan.Effects = []string{fmt.Sprintf("The run is at work again, and %d of its tasks run again; what they wrote is overwritten.", n)}
	}
	return plan, nil
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
