package cmd

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"chrononctl/airflowclient"
	"chrononctl/internal/action"
	"chrononctl/internal/config"
	"chrononctl/internal/fleet"
	"chrononctl/tui"
)

type consoleOptions struct {
	readOnly bool
	ascii    bool
	interval time.Duration
}

func newConsoleCmd(a *app) *cobra.Command {
	var o consoleOptions
	c := &cobra.Command{
		Use:   "console",
		Short: "Open the console (the default on a terminal)",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !a.Streams.CanPrompt() {
				return usage(errors.New("the console needs a terminal; `chrononctl status` prints the same picture"))
			}
			return runConsole(cmd.Context(), a, o)
		},
	}
	c.Flags().BoolVar(&o.readOnly, "read-only", false, "offer no key that changes anything")
	c.Flags().BoolVar(&o.ascii, "ascii", false, "draw with ASCII characters alone")
	c.Flags().DurationVar(&o.interval, "interval", tui.DefaultInterval, "time between refreshes of what is open; the whole fleet is looked at a third as often")
	return c
}

// runConsole opens the console on the chosen Airflow.
func runConsole(ctx context.Context, a *app, o consoleOptions) error {
	chosen, client, err := a.airflow(ctx)
	if err != nil {
		return err
	}
	return openConsole(ctx, a, chosen, client, o)
}

// openConsole joins the console with the live picture and the changes of one Airflow.
func openConsole(ctx context.Context, a *app, chosen config.Context, client *airflowclient.Client, o consoleOptions) error {
	// Pictures are taken at each interval; the runs of the whole fleet, which cost requests, are looked at with every third.
	every := o.interval * 5 / 2
	return tui.Run(ctx, tui.Options{
		Source:   fleet.NewObserver(client, fleet.Options{Context: chosen.Label(), URL: chosen.URL, Every: every, Now: a.Now}),
		Changes:  consoleChanges{&action.Planner{Airflow: client, Now: a.Now, Context: a.contextName}},
		ReadOnly: o.readOnly || chosen.ReadOnly,
		Context:  chosen.Label(),
		Accent:   chosen.Color,
		Interval: o.interval,
		Now:      a.Now,
		Input:    a.Streams.In,
		Output:   a.Streams.Out,
		Environ:  a.Streams.Environ,
		Profile:  a.Streams.Profile,
		ASCII:    o.ascii,
	})
}
