package cmd

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"chrononctl/internal/action"
)

func newPauseCmd(a *app) *cobra.Command {
	var opts changeOptions
	var reason, until string
	cmd := &cobra.Command{
		Use:   "pause DAG...",
		Short: "Stop the scheduler from making runs of DAGs",
		Long: "Pauses DAGs. A reason and a time to end are kept as variables of Airflow (chrononctl_pause__DAG), where everybody finds them; unpause shows them,\n" +
			"and `chrononctl unpause --due` unpauses what is due. Where you may not write variables, only your own journal has the reason.",
		Example: "  chrononctl pause chronon_batch_dag_core --reason 'late events, ticket 4711' --until 6h\n" +
			"  chrononctl pause chronon_batch_dag_core --until 2026-11-24T08:00Z",
		Args: words("name the DAGs", 1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			end, err := a.moment(until)
			if err != nil {
				return usage(fmt.Errorf("--until: %w", err))
			}
			return a.change(cmd.Context(), opts, func(p *action.Planner) (action.Plan, error) {
				return p.PlanPauseWith(cmd.Context(), action.PauseOptions{Reason: reason, Until: end}, args...)
			})
		},
	}
	opts.add(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "why, for whoever finds them paused")
	cmd.Flags().StringVar(&until, "until", "", "when they are due to be unpaused: 6h, 2026-11-24, 2026-11-24T08:00Z")
	return cmd
}

func newUnpauseCmd(a *app) *cobra.Command {
	var opts changeOptions
	var due bool
	cmd := &cobra.Command{
		Use:   "unpause DAG... | --due",
		Short: "Let the scheduler make runs of DAGs again",
		Long: "Unpauses DAGs, and says beforehand how many runs the scheduler will make at once. With --due it takes the DAGs whose time to be paused is over;\n" +
			"a cron job may run that with --yes.",
		Args: func(cmd *cobra.Command, args []string) error {
			if due && len(args) > 0 {
				return usage(errors.New("--due chooses the DAGs itself: name none"))
			}
			if due {
				return nil
			}
			return words("name the DAGs", 1, -1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.change(cmd.Context(), opts, func(p *action.Planner) (action.Plan, error) {
				if due {
					return p.PlanUnpauseDue(cmd.Context())
				}
				return p.PlanPause(cmd.Context(), false, args...)
			})
		},
	}
	opts.add(cmd)
	cmd.Flags().BoolVar(&due, "due", false, "those that were paused until a time that is over")
	return cmd
}

// moment reads a time from now, a day, or a time of a day in UTC or with its offset. Nothing is no moment.
func (a *app) moment(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(text); err == nil {
		return a.Now().Add(d).UTC().Truncate(time.Second), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04", time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no moment, such as 6h, 2026-11-24 or 2026-11-24T08:00Z", text)
}
