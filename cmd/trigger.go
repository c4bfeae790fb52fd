package cmd

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"chrononctl/dagspec"
	"chrononctl/internal/action"
)

func newTriggerCmd(a *app) *cobra.Command {
	var opts changeOptions
	var day string
	cmd := &cobra.Command{
		Use:   "trigger DAG",
		Short: "Make a run of a DAG for one day",
		Long: "Makes a run of the whole DAG for a day that is over, by default yesterday (UTC). A day before the DAG's start is refused: Airflow would answer\n" +
			"with a green run of no tasks. So is a day that has a run. A streaming DAG has no days: it gets a tick now.",
		Example: "  chrononctl trigger chronon_join_payments__checkout__v1 --ds 2026-11-21 --dry-run",
		Args:    words("trigger: name one DAG", 1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if day != "" {
				if _, err := dagspec.ParseDate(day); err != nil {
					return usage(fmt.Errorf("--ds: %w", err))
				}
			}
			return a.change(cmd.Context(), opts, func(p *action.Planner) (action.Plan, error) {
				return p.PlanTrigger(cmd.Context(), args[0], day)
			})
		},
	}
	opts.add(cmd)
	cmd.Flags().StringVar(&day, "ds", "", "day of the run, YYYY-MM-DD (default: yesterday)")
	return cmd
}

func newPauseCmd(a *app) *cobra.Command {
	return newPausingCmd(a, true, "pause DAG...", "Stop the scheduler from making runs of DAGs")
}

func newUnpauseCmd(a *app) *cobra.Command {
	return newPausingCmd(a, false, "unpause DAG...", "Let the scheduler make runs of DAGs again")
}

func newPausingCmd(a *app, paused bool, use, short string) *cobra.Command {
	var opts changeOptions
	cmd := &cobra.Command{
		Use:   use,
		Short: short,
		Args:  words("name the DAGs", 1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.change(cmd.Context(), opts, func(p *action.Planner) (action.Plan, error) {
				return p.PlanPause(cmd.Context(), paused, args...)
			})
		},
	}
	opts.add(cmd)
	return cmd
}

func newClearCmd(a *app) *cobra.Command {
	var opts changeOptions
	var scope action.ClearScope
	cmd := &cobra.Command{
		Use:     "clear DAG RUN [TASK...]",
		Short:   "Run tasks of a run again",
		Long:    "Clears the tasks of one run, all of them unless some are named, so that Airflow runs them again. --dry-run shows which ones Airflow would take.",
		Example: "  chrononctl clear chronon_batch_dag_core scheduled__2026-11-21T00:00:00+00:00 --only-failed --dry-run",
		Args:    words("clear: name a DAG and one of its runs", 2, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			scope.DAGID, scope.RunID, scope.TaskIDs = args[0], args[1], args[2:]
			return a.change(cmd.Context(), opts, func(p *action.Planner) (action.Plan, error) {
				return p.PlanClear(cmd.Context(), scope)
			})
		},
	}
	opts.add(cmd)
	cmd.Flags().BoolVar(&scope.OnlyFailed, "only-failed", false, "leave tasks alone that did not fail")
	cmd.Flags().BoolVar(&scope.Downstream, "downstream", false, "and the tasks that wait for those named")
	return cmd
}

// words demands a number of arguments, at most -1 for any, and says in words what is missing.
func words(missing string, least, most int) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < least {
			return usage(errors.New(missing))
		}
		if most >= 0 && len(args) > most {
			return usage(fmt.Errorf("%s, and nothing after %q", missing, args[most-1]))
		}
		return nil
	}
}
