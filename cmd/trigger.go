package cmd

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"chrononctl/airflowclient"
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
			"with a green run of no tasks. So is a day that has a run, and a DAG that is paused. A streaming DAG has no days: it gets a tick now.",
		Example: "  chrononctl trigger chronon_join_payments__checkout__v1 --ds 2026-11-21 --dry-run\n" +
			"  chrononctl trigger chronon_join_payments__checkout__v1 --yes --wait --timeout 1h",
		Args: words("trigger: name one DAG", 1, 1),
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
	opts.wait.add(cmd, false)
	cmd.Flags().StringVar(&day, "ds", "", "day of the run, YYYY-MM-DD (default: yesterday)")
	return cmd
}

func newWaitCmd(a *app) *cobra.Command {
	var opts changeOptions
	cmd := &cobra.Command{
		Use:   "wait DAG RUN...",
		Short: "Wait until runs of a DAG have ended",
		Long: "Follows runs to their end and changes nothing. Exit code 0: all are green; 9: one failed; 8: --timeout ran out. Interrupted it lets go, and the\n" +
			"runs go on.",
		Example: "  chrononctl wait chronon_join_payments__checkout__v1 chrononctl__2026-11-21 --timeout 1h",
		Args:    words("wait: name a DAG and its runs", 2, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := errors.Join(opts.output.check(a), opts.wait.check()); err != nil {
				return err
			}
			chosen, client, err := a.airflow(cmd.Context())
			if err != nil {
				return err
			}
			var runs []airflowclient.RunRef
			for _, id := range args[1:] {
				if _, err := client.Run(cmd.Context(), args[0], id); err != nil {
					return err
				}
				runs = append(runs, airflowclient.RunRef{DAGID: args[0], RunID: id})
			}
			return a.follow(cmd.Context(), a.planner(chosen, client).WatchRuns(runs...), opts)
		},
	}
	opts.output.add(cmd, formatText, formatJSON)
	opts.wait.add(cmd, true)
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
