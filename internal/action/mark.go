package action

import (
	"context"
	"fmt"
	"slices"

	"chrononctl/airflowclient"
)

// MarkScope says of which run, or of which of its tasks, a state is set.
type MarkScope struct {
	DAGID      string
	RunID      string
	TaskIDs    []string            // empty: the run itself
	State      airflowclient.State // success or failed; of tasks also skipped
	Downstream bool                // and what waits for TaskIDs
}

// PlanMark plans to set a state without running anything. Of tasks Airflow itself says which would change; of a run, what becomes of its tasks is
// told by the server's version (see [airflowclient.Client.MarkRun]).
func (p *Planner) PlanMark(ctx context.Context, scope MarkScope) (Plan, error) {
	var wrong refusals
	known := []airflowclient.State{airflowclient.StateSuccess, airflowclient.StateFailed, airflowclient.StateSkipped}
	if !slices.Contains(known, scope.State) {
		wrong.add(fmt.Sprintf("%q is no state that can be set", scope.State), "success, failed, or of a task skipped")
	} else if scope.State == airflowclient.StateSkipped && len(scope.TaskIDs) == 0 {
		wrong.add("a run cannot be marked as skipped", "name the tasks, or mark the run as success or failed")
	}
	if scope.Downstream && len(scope.TaskIDs) == 0 {
		wrong.add("what waits for a run is not known to Airflow", "name the tasks")
	}
	if err := wrong.err(); err != nil {
		return Plan{}, err
	}
	plan := Plan{Verb: Mark, Title: fmt.Sprintf("Mark %s, run %s, as %s", scope.DAGID, scope.RunID, scope.State), Command: p.markCommand(scope)}
	if len(scope.TaskIDs) == 0 {
		return plan, p.planMarkRun(ctx, &plan, scope)
	}
	for _, id := range scope.TaskIDs {
		would, err := p.Airflow.MarkTask(ctx, airflowclient.TaskMark{
			Instance: airflowclient.InstanceRef{DAGID: scope.DAGID, RunID: scope.RunID, TaskID: id, MapIndex: -1},
			State:    scope.State, Downstream: scope.Downstream, DryRun: true,
		})
		if err != nil {
			return Plan{}, fmt.Errorf("plan to mark %s of %s: %w", id, scope.RunID, err)
		}
		for _, ti := range would {
			plan.Targets = append(plan.Targets, Target{DAGID: scope.DAGID, RunID: scope.RunID, TaskID: ti.TaskID, State: scope.State})
		}
	}
	plan.Targets = distinct(plan.Targets)
	if len(plan.Targets) == 0 {
		return plan, nil
	}
	plan.Title = fmt.Sprintf("Mark %s of %s, run %s, as %s", plural(len(plan.Targets), "task"), scope.DAGID, scope.RunID, scope.State)
	plan.Effects = markEffects(scope.State)
	plan.Undo = p.clearCommand(ClearScope{DAGID: scope.DAGID, RunID: scope.RunID, TaskIDs: taskIDsOf(plan.Targets)})
	plan.Confirm = number(len(plan.Targets))
	plan.Downstream = p.behindTasks(plan.Targets)
	return plan, nil
}

func markEffects(state airflowclient.State) []string {
	if state == airflowclient.StateSuccess {
		return []string{
			"Nothing runs for it: a partition that is missing stays missing, and what waits for it in other DAGs goes on waiting.",
			"Tasks behind it that failed for it run again, and the run is at work where that is so.",
		}
	}
	if state == airflowclient.StateSkipped {
		return []string{"Nothing runs for it, and by the usual rule tasks behind it are skipped too."}
	}
	return []string{"A job at work is ended, and tasks behind it do not run."}
}

// planMarkRun reads the run and counts its tasks by what becomes of them.
func (p *Planner) planMarkRun(ctx context.Context, plan *Plan, scope MarkScope) error {
	run, err := p.Airflow.Run(ctx, scope.DAGID, scope.RunID)
	if err != nil {
		return fmt.Errorf("plan to mark %s, run %s: %w", scope.DAGID, scope.RunID, err)
	}
	instances, err := p.Airflow.TaskInstances(ctx, airflowclient.TaskQuery{Runs: []airflowclient.RunRef{{DAGID: scope.DAGID, RunID: scope.RunID}}})
	if err != nil {
		return fmt.Errorf("plan to mark %s, run %s: %w", scope.DAGID, scope.RunID, err)
	}
	if run.State == scope.State {
		return nil
	}
	plan.Targets = []Target{{DAGID: scope.DAGID, RunID: scope.RunID, State: scope.State}}
	running, open, failed := 0, 0, 0
	for _, ti := range instances {
		switch ti.State {
		case airflowclient.StateSuccess, airflowclient.StateSkipped, airflowclient.StateRemoved:
		case airflowclient.StateRunning:
			running++
		case airflowclient.StateFailed, airflowclient.StateUpstreamFailed:
			failed++
		default:
			open++
		}
	}
	effect := fmt.Sprintf("%s at work are ended as failed, %s that have not begun are skipped.", plural(running, "task"), plural(open, "task"))
	if scope.State == airflowclient.StateSuccess {
		server, err := p.Airflow.Server(ctx)
		if err != nil {
			return fmt.Errorf("plan to mark %s, run %s: %w", scope.DAGID, scope.RunID, err)
		}
		effect = fmt.Sprintf("All %s that are not green become green without having run, the %d that failed too.", plural(running+open+failed, "task"), failed)
		if server.Capabilities.MarkSkipsWaiting {
			effect = fmt.Sprintf("%s at work become green, %s that have not begun are skipped, the %d that failed stay so.", plural(running, "task"), plural(open, "task"), failed)
		}
	}
	plan.Effects = []string{effect, "Nothing runs for it: a partition that is missing stays missing."}
	plan.Undo = p.clearCommand(ClearScope{DAGID: scope.DAGID, RunID: scope.RunID})
	return nil
}

func (p *Planner) markCommand(scope MarkScope) string {
	words := append([]string{"mark", scope.DAGID, scope.RunID, string(scope.State)}, scope.TaskIDs...)
	if scope.Downstream {
		words = append(words, "--downstream")
	}
	return p.command(words...)
}

// mark sets the state of a run, or of one task.
func (p *Planner) mark(ctx context.Context, t Target) (string, error) {
	if t.TaskID == "" {
		return p.markRun(ctx, t)
	}
	_, err := p.Airflow.MarkTask(ctx, airflowclient.TaskMark{
		Instance: airflowclient.InstanceRef{DAGID: t.DAGID, RunID: t.RunID, TaskID: t.TaskID, MapIndex: -1}, State: t.State,
	})
	return "marked as " + string(t.State), err
}

func taskIDsOf(targets []Target) []string {
	ids := make([]string, len(targets))
	for i, t := range targets {
		ids[i] = t.TaskID
	}
	return ids
}
