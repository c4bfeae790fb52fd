package cmd

import (
	"errors"

	"github.com/spf13/cobra"

	"chrononctl/internal/action"
)

func newUploadCmd(a *app) *cobra.Command {
	var opts changeOptions
	var day string
	cmd := &cobra.Command{
		Use:   "upload GROUP_BY",
		Short: "Upload a GroupBy as of an older day, and load it for serving",
		Long: "Makes a run that uploads one GroupBy as of a day that is over and loads it into the KV store, whatever newer upload is there: for when newer days are\n" +
			"late or wrong, and the time to live of what is served runs out. The next daily upload takes its place.",
		Example: "  chrononctl upload payments.card_spend.v1 --ds 2026-11-19 --dry-run",
		Args:    words("upload: name one GroupBy", 1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if day == "" {
				return usage(errors.New("upload: say which day with --ds YYYY-MM-DD"))
			}
			return a.change(cmd.Context(), opts, func(p *action.Planner) (action.Plan, error) {
				return p.PlanUpload(cmd.Context(), args[0], day)
			})
		},
	}
	opts.add(cmd)
	opts.wait.add(cmd, false)
	cmd.Flags().StringVar(&day, "ds", "", "day to upload, YYYY-MM-DD")
	return cmd
}

func newRestartCmd(a *app) *cobra.Command {
	var opts changeOptions
	cmd := &cobra.Command{
		Use:   "restart GROUP_BY",
		Short: "Start a stream that is down now, and not with the next tick",
		Long: "Makes a tick of one stream: it looks for the stream's application and submits it when there is none, also when it was restarted too often. A live\n" +
			"application is left alone, for nothing in Airflow can end it: end it where it runs, then restart starts the new one at once. The plan says what the\n" +
			"last tick saw.",
		Example: "  chrononctl restart search.listing_clicks.v1 --dry-run",
		Args:    words("restart: name one streaming GroupBy", 1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.change(cmd.Context(), opts, func(p *action.Planner) (action.Plan, error) {
				return p.PlanRestart(cmd.Context(), args[0])
			})
		},
	}
	opts.add(cmd)
	opts.wait.add(cmd, false)
	return cmd
}
