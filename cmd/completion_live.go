package cmd

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"chrononctl/airflowclient"
	"chrononctl/internal/action"
	"chrononctl/internal/config"
	"chrononctl/internal/deploy"
)

// What changes from one moment to the next is asked for anew each time: the runs of the DAG that is the first argument, the tasks of a run, the backfills of a
// conf. What is in files, contexts, targets and the journal, needs no server.

// recentProposals is how many runs are proposed, the newest first.
const recentProposals = 25

// recentRuns are the newest runs of the DAG that is the first argument.
func (a *app) recentRuns(ctx context.Context, args []string) (runs []airflowclient.Run) {
	if len(args) == 0 {
		return nil
	}
	a.askBriefly(ctx, func(ctx context.Context, client *airflowclient.Client) (err error) {
		runs, err = client.Runs(ctx, airflowclient.RunQuery{DAGIDs: args[:1], Limit: recentProposals})
		return err
	})
	return runs
}

func (a *app) proposeRuns(ctx context.Context, _ *cobra.Command, args []string) []cobra.Completion {
	return convert(a.recentRuns(ctx, args), func(r airflowclient.Run) cobra.Completion {
		return remark(r.ID, dayOfRun(r), string(r.State))
	})
}

// dayOfRun is the day that a run is for; empty for one that is for none.
func dayOfRun(r airflowclient.Run) string {
	if r.LogicalDate.IsZero() {
		return ""
	}
	return r.LogicalDate.UTC().Format(time.DateOnly)
}

func daysOf(runs []airflowclient.Run) []cobra.Completion {
	days := slices.DeleteFunc(convert(runs, dayOfRun), func(day string) bool { return day == "" })
	return slices.Compact(days) // the newest first, as the runs are
}

func (a *app) proposeDays(ctx context.Context, _ *cobra.Command, args []string) []cobra.Completion {
	return daysOf(a.recentRuns(ctx, args))
}

func (a *app) proposeRunsAndDays(ctx context.Context, _ *cobra.Command, args []string) []cobra.Completion {
	runs := a.recentRuns(ctx, args)
	return slices.Concat(daysOf(runs), convert(runs, func(r airflowclient.Run) cobra.Completion { return remark(r.ID, dayOfRun(r), string(r.State)) }))
}

// proposeTasks names the tasks of a run: of the second argument, of --run or --day where the command has them, else of the newest one.
func (a *app) proposeTasks(ctx context.Context, cmd *cobra.Command, args []string) (tasks []cobra.Completion) {
	if len(args) == 0 {
		return nil
	}
	wanted := second(args)
	if f := cmd.Flags(); f.Lookup("run") != nil {
		wanted = cmp.Or(f.Lookup("run").Value.String(), f.Lookup("day").Value.String())
	}
	a.askBriefly(ctx, func(ctx context.Context, client *airflowclient.Client) error {
		run, _, err := a.findRun(ctx, client, args[0], wanted)
		if err != nil {
			return err
		}
		instances, err := client.TaskInstances(ctx, airflowclient.TaskQuery{Runs: []airflowclient.RunRef{{DAGID: run.DAGID, RunID: run.ID}}})
		states := make(map[string]string)
		for _, ti := range instances {
			states[ti.TaskID] = cmp.Or(string(ti.State), "not looked at yet")
		}
		for _, id := range slices.Sorted(maps.Keys(states)) {
			tasks = append(tasks, remark(id, states[id]))
		}
		return err
	})
	return tasks
}

// proposeBackfills names the backfills of a conf that the command can do something with.
func (a *app) proposeBackfills(ctx context.Context, cmd *cobra.Command, args []string) (found []cobra.Completion) {
	if len(args) == 0 {
		return nil
	}
	a.askBriefly(ctx, func(ctx context.Context, client *airflowclient.Client) error {
		planner := &action.Planner{Airflow: client, Now: a.Now} // without lineage: nothing of the repository is read
		all, err := planner.Backfills(ctx, action.ConfName{Name: args[0], Kind: action.ConfKind(cmd.Flag("kind").Value.String())})
		for _, b := range all {
			if action.Steerable(cmd.Name(), b) {
				found = append(found, remark(b.ID, string(b.State), b.From+" to "+b.To))
			}
		}
		return err
	})
	return found
}

func (a *app) proposeContexts(context.Context, *cobra.Command, []string) []cobra.Completion {
	all, err := config.ReadContexts(config.ContextsFile(a.Getenv))
	if err != nil {
		return nil
	}
	return convert(slices.Sorted(maps.Keys(all.ByName)), func(name string) cobra.Completion { return remark(name, all.ByName[name].URL) })
}

func (a *app) proposeTargets(context.Context, *cobra.Command, []string) []cobra.Completion {
	repo, err := a.repository()
	if err != nil {
		return nil
	}
	return targetNames(repo)
}

// pastOfTarget is what the chosen target remembers; nil where it does not answer in time.
func (a *app) pastOfTarget(ctx context.Context, cmd *cobra.Command) *deploy.History {
	ctx, cancel := context.WithTimeout(ctx, completionPatience)
	defer cancel()
	opts := deployOptions{target: cmd.Flag("target").Value.String(), dryRun: true}
	opts.engine.NoVerify = true
	engine, err := a.openEngine(ctx, opts)
	if err != nil {
		return nil
	}
	past, err := engine.History(ctx)
	if err != nil {
		return nil
	}
	return past
}

// proposeReleases names the releases that are kept, but for the one in place.
func (a *app) proposeReleases(ctx context.Context, cmd *cobra.Command, _ []string) (found []cobra.Completion) {
	past := a.pastOfTarget(ctx, cmd)
	if past == nil {
		return nil
	}
	for _, release := range past.Releases {
		if !release.Live {
			found = append(found, remark(release.ID, release.Outcome, "by "+release.Who, release.Created.UTC().Format("2006-01-02 15:04 UTC")))
		}
	}
	return found
}

// proposeLock names the lock of the target, if somebody holds it.
func (a *app) proposeLock(ctx context.Context, cmd *cobra.Command, _ []string) []cobra.Completion {
	past := a.pastOfTarget(ctx, cmd)
	if past == nil || past.LockedBy == nil {
		return nil
	}
	return []cobra.Completion{remark(past.LockedBy.ID, past.LockedBy.String())}
}

// proposeChanges names the changes of the journal that can be taken back.
func (a *app) proposeChanges(context.Context, *cobra.Command, []string) (found []cobra.Completion) {
	entries, err := a.entries()
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if e.Undo != "" && e.UndoneBy == "" && e.Verb != action.Hold && e.Verb != action.Resume { // what a backfill does now decides about these
			found = append(found, remark(e.ID, e.Title))
		}
	}
	return found
}
