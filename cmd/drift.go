package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"chrononctl/internal/term"
)

func newDriftCmd(a *app) *cobra.Command {
	var opts deployOptions
	cmd := &cobra.Command{
		Use:   "drift",
		Short: "Show where confs, release, files and Airflow differ",
		Long: "Compares the confs with the release in place, the release with the files that are there, with the DAGs that Airflow shows, and with who is paused.\n" +
			"It changes nothing, and exits with 2 when there is a difference.",
		Example: "  chrononctl drift\n  chrononctl drift --target prod -o json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.runDrift(cmd.Context(), opts) },
	}
	opts.addTarget(cmd)
	cmd.Flags().BoolVar(&opts.keepGoing, "keep-going", false, "leave out confs with errors")
	return cmd
}

func (a *app) runDrift(ctx context.Context, opts deployOptions) error {
	opts.dryRun = true
	if err := opts.check(a); err != nil {
		return err
	}
	engine, release, err := a.openRelease(ctx, opts)
	if err != nil {
		return err
	}
	drift, err := engine.Drift(ctx, release)
	if err != nil {
		return deployError(err)
	}
	if opts.output.value == formatJSON {
		a.writeJSON(a.Streams.Out, drift)
	} else {
		fmt.Fprint(a.Streams.Out, term.CleanLines(drift.String()))
	}
	if drift.Any() {
		return exit(ExitDifferent, nil)
	}
	return nil
}
