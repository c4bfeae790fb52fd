package cmd

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"chrononctl/airflowclient"
	"chrononctl/internal/action"
	"chrononctl/internal/config"
	"chrononctl/tui"
)

type consoleOptions struct {
	readOnly bool
	ascii    bool
	theme    string
	linear   bool
	passing  bool // the Airflow will soon be gone: nothing is kept of it
	interval time.Duration
}

func newConsoleCmd(a *app) *cobra.Command {
	var o consoleOptions
	c := &cobra.Command{
		Use:   "console",
		Short: "Open the console (the default on a terminal)",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !o.linear && !a.dumb() && !a.Streams.CanPrompt() {
				return usage(errors.New("the console needs a terminal; `chrononctl status` prints the same picture"))
			}
			if o.theme != "" && !slices.Contains(tui.Themes(), o.theme) {
				return usage(fmt.Errorf("--theme %q: must be one of %v", o.theme, tui.Themes()))
			}
			return runConsole(cmd.Context(), a, o)
		},
	}
	c.Flags().BoolVar(&o.readOnly, "read-only", false, "offer no key that changes anything")
	c.Flags().BoolVar(&o.linear, "linear", false, "no screen: tell the state once, then each change as a sentence (the default where TERM is dumb)")
	c.Flags().BoolVar(&o.ascii, "ascii", false, "draw with ASCII characters alone")
	c.Flags().StringVar(&o.theme, "theme", "", fmt.Sprintf("colours, one of %v (default: the one chosen last)", tui.Themes()))
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
	source := a.consoleSource(chosen, client, every, o.passing)
	if o.linear || a.dumb() {
		return tui.RunLinear(ctx, a.Streams.Out, tui.Options{Source: source, Context: chosen.Label(), Interval: o.interval, Now: a.Now})
	}
	// A picture of thousands of DAGs leaves as much garbage as it is large, every few seconds: half of what lives is enough to wait for.
	defer debug.SetGCPercent(debug.SetGCPercent(collectAt))
	planner := a.consolePlanner(chosen, client)
	readOnly := o.readOnly || chosen.ReadOnly
	return tui.Run(ctx, tui.Options{
		Source:   source,
		Cached:   source.lastSnapshot,
		Changes:  consoleChanges{planner},
		Deploys:  a.consoleDeploys(client, readOnly),
		Shelf:    a.shelf(),
		Save:     saveText,
		ReadOnly: readOnly,

		PageOf:         func(r tui.Reference) string { return pageOf(chosen.URL, r) },
		OpenPage:       a.openPage(),
		CommandContext: a.contextName,

		Chronicle: chronicle{client, planner.Journal},

		Context:  chosen.Label(),
		Accent:   chosen.Color,
		Interval: o.interval,
		Now:      a.Now,
		Zone:     time.Local,
		Theme:    o.theme,
		Input:    a.Streams.In,
		Output:   a.Streams.Out,
		Environ:  a.Streams.Environ,
		Profile:  a.Streams.Profile,
		ASCII:    o.ascii,
	})
}

// collectAt is by how much of what lives, in percent, the memory of the console grows before garbage is collected: with 3,000 DAGs this keeps it below
// 80 MB, and costs a thousandth of a core.
const collectAt = 50

// consolePlanner plans the console's changes. What reads what is asked of the repository once, when a plan needs it first.
func (a *app) consolePlanner(chosen config.Context, client *airflowclient.Client) *action.Planner {
	planner := a.planner(chosen, client)
	planner.Lineage = sync.OnceValue(planner.Lineage)
	if planner.Journal != nil {
		planner.Journal.Problem = nil // standard error is the console's screen
	}
	return planner
}

// dumb says that the terminal cannot place a cursor.
func (a *app) dumb() bool { return a.Getenv("TERM") == "dumb" }
