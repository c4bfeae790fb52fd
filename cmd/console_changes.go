package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"chrononctl/airflowclient"
	"chrononctl/internal/action"
	"chrononctl/tui"
)

// consoleChanges are the changes that the console offers: those of the commands, planned and made by the same [action.Planner].
type consoleChanges struct {
	*action.Planner
}

// consoleVerbs are the changes that have a key.
var consoleVerbs = []action.Verb{
	action.Trigger, action.Pause, action.Unpause, action.Clear, action.Mark, action.Restart, action.Upload, action.Backfill,
}

// Can tells whether a verb is offered.
func (consoleChanges) Can(verb action.Verb) bool { return slices.Contains(consoleVerbs, verb) }

// Plan plans a request of the console.
func (c consoleChanges) Plan(ctx context.Context, r tui.Request) (action.Plan, error) {
	if r.Undo != "" {
		return c.planUndo(ctx, r.Undo)
	}
	switch r.Verb {
	case action.Trigger:
		return together(r.DAGs, func(id string) (action.Plan, error) { return c.PlanTrigger(ctx, id, r.Day) })
	case action.Pause:
		return c.PlanPause(ctx, true, r.DAGs...)
	case action.Unpause:
		return c.PlanPause(ctx, false, r.DAGs...)
	case action.Clear:
		return together(r.Runs, func(run string) (action.Plan, error) {
			return c.PlanClear(ctx, action.ClearScope{DAGID: r.DAGs[0], RunID: run, TaskIDs: r.Tasks, OnlyFailed: r.Failed})
		})
	case action.Mark:
		return together(r.Runs, func(run string) (action.Plan, error) {
			return c.PlanMark(ctx, action.MarkScope{DAGID: r.DAGs[0], RunID: run, TaskIDs: r.Tasks, State: airflowclient.State(r.State)})
		})
	case action.Restart:
		return together(r.Confs, func(conf string) (action.Plan, error) { return c.PlanRestart(ctx, conf) })
	case action.Upload:
		return together(r.Confs, func(conf string) (action.Plan, error) { return c.PlanUpload(ctx, conf, r.Day) })
	case action.Backfill:
		return together(r.Confs, func(conf string) (action.Plan, error) {
			return c.PlanBackfill(ctx, action.BackfillRequest{
				Conf: conf, Kind: r.Kind, From: r.From, To: r.To, ByDay: r.ByDay, StepDays: r.StepDays, AtOnce: r.AtOnce,
			})
		})
	default:
		return action.Plan{}, fmt.Errorf("the console does not %s", r.Verb)
	}
}

// planUndo plans to take a change of the journal back.
func (c consoleChanges) planUndo(ctx context.Context, id string) (action.Plan, error) {
	entries, err := c.Journal.Entries()
	if err != nil {
		return action.Plan{}, err
	}
	at := slices.IndexFunc(entries, func(e action.Entry) bool { return e.ID == id })
	if at < 0 {
		return action.Plan{}, fmt.Errorf("the journal has no change %s any more", id)
	}
	return c.PlanUndo(ctx, entries[at])
}

// together makes one plan of the plans for several objects. What is refused is left out and told; when nothing is left, the refusals are the answer.
func together(ids []string, plan func(id string) (action.Plan, error)) (action.Plan, error) {
	var all action.Plan
	var refused []error
	for _, id := range ids {
		one, err := plan(id)
		if _, no := errors.AsType[*action.RefusedError](err); no && len(ids) > 1 {
			refused = append(refused, err)
			continue
		}
		if err != nil {
			return action.Plan{}, err
		}
		all = joined(all, one)
	}
	if len(all.Targets) == 0 && len(refused) > 0 {
		return action.Plan{}, errors.Join(refused...)
	}
	for _, err := range refused {
		all.Effects = append(all.Effects, "Left out: "+err.Error())
	}
	return all, nil
}

// joined adds a plan to another one of the same verb.
func joined(all, one action.Plan) action.Plan {
	if all.Verb == "" {
		return one
	}
	all.Targets = append(all.Targets, one.Targets...)
	all.Title = fmt.Sprintf("%s, %d targets", all.Verb, len(all.Targets))
	for _, effect := range one.Effects {
		if !slices.Contains(all.Effects, effect) {
			all.Effects = append(all.Effects, effect)
		}
	}
	all.Cost.Jobs += one.Cost.Jobs
	all.Cost.Total = max(all.Cost.Total, one.Cost.Total)
	all.Cost.Each = max(all.Cost.Each, one.Cost.Each)
	all.Cost.Sample += one.Cost.Sample
	all.Downstream.Known = all.Downstream.Known && one.Downstream.Known
	all.Downstream.Confs = union(all.Downstream.Confs, one.Downstream.Confs)
	all.Downstream.DAGs = union(all.Downstream.DAGs, one.Downstream.DAGs)
	all.Command = chain(all.Command, one.Command)
	all.Undo = chain(all.Undo, one.Undo)
	all.Confirm = fmt.Sprint(len(all.Targets))
	return all
}

// chain writes command lines one after the other.
func chain(lines ...string) string {
	return strings.Join(slices.DeleteFunc(lines, func(l string) bool { return l == "" }), " && ")
}

// union is all texts of both, sorted.
func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}
