package cmd

import (
	"github.com/spf13/cobra"

	"chrononctl/airflowclient"
	"chrononctl/internal/action"
)

func newMarkCmd(a *app) *cobra.Command {
	var opts changeOptions
	var scope action.MarkScope
	cmd := &cobra.Command{
		Use:   "mark DAG RUN success|failed|skipped [TASK...]",
		Short: "Set the state of a run or of its tasks, without running anything",
		Long: "Sets the state of the tasks that are named, or of the run. Nothing runs for it: what is missing stays missing. A run that is marked as failed is\n" +
			"stopped; tasks that are marked as success let those behind them go on.",
		Example: "  chrononctl mark chronon_batch_dag_core r22 success upload__users__v1 --dry-run\n  chrononctl mark chronon_batch_dag_core r22 failed",
		Args:    words("mark: name a DAG, one of its runs, and success, failed or skipped", 3, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			scope.DAGID, scope.RunID, scope.State, scope.TaskIDs = args[0], args[1], airflowclient.State(args[2]), args[3:]
			return a.change(cmd.Context(), opts, func(p *action.Planner) (action.Plan, error) {
				return p.PlanMark(cmd.Context(), scope)
			})
		},
	}
	opts.add(cmd)
	cmd.Flags().BoolVar(&scope.Downstream, "downstream", false, "and the tasks that wait for those named")
	return cmd
}
