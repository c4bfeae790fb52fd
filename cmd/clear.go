package cmd

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"chrononctl/internal/action"
)

func newClearCmd(a *app) *cobra.Command {
	var opts changeOptions
	var scope action.ClearScope
	var asked action.ClearQuery
	cmd := &cobra.Command{
		Use:   "clear DAG RUN [TASK...] | --query QUERY",
		Short: "Run tasks of a run again, or tasks of many DAGs",
		Long: "Clears the tasks of one run, all of them unless some are named, so that Airflow runs them again. With --query it clears the tasks that meet a query,\n" +
			"over all of Chronon's DAGs: " + action.ClearFields() + ".\n--dry-run shows which ones Airflow would take.",
		Example: "  chrononctl clear chronon_batch_dag_core scheduled__2026-11-21T00:00:00+00:00 --only-failed --dry-run\n" +
			"  chrononctl clear --query 'state:failed team:pay* ds>=-2d' --dry-run",
		Args: func(cmd *cobra.Command, args []string) error {
			if asked.Query == "" {
				return words("clear: name a DAG and one of its runs, or give a --query", 2, -1)(cmd, args)
			}
			if len(args) > 0 || scope.OnlyFailed {
				return usage(errors.New("clear: a --query chooses the tasks itself: name none, and leave --only-failed out"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.change(cmd.Context(), opts, func(p *action.Planner) (action.Plan, error) {
				if asked.Query != "" {
					asked.Downstream = scope.Downstream
					var err error
					if asked.Query, err = a.savedQuery(asked.Query); err != nil {
						return action.Plan{}, err
					}
					return p.PlanClearQuery(cmd.Context(), asked)
				}
				scope.DAGID, scope.RunID, scope.TaskIDs = args[0], args[1], args[2:]
				return p.PlanClear(cmd.Context(), scope)
			})
		},
	}
	opts.add(cmd)
	opts.wait.add(cmd, false)
	cmd.Flags().BoolVar(&scope.OnlyFailed, "only-failed", false, "leave tasks alone that did not fail")
	cmd.Flags().BoolVar(&scope.Downstream, "downstream", false, "and the tasks that wait for those named")
	cmd.Flags().StringVar(&asked.Query, "query", "", "the tasks that meet this, over all DAGs of Chronon")
	// The only error is a flag that does not exist.
	_ = cmd.RegisterFlagCompletionFunc("query", a.completeQuery(action.CompleteClearQuery))
	cmd.Flags().DurationVar(&asked.Since, "since", 48*time.Hour, "with --query: runs whose day is not older")
	return cmd
}
