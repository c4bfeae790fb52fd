package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"chrononctl/internal/demo"
	"chrononctl/internal/demo/local"
	"chrononctl/internal/fleet"
	"chrononctl/tui"
)

type demoOptions struct {
	airflow string
	days    int
	port    int
	wait    time.Duration
	keep    bool

	simulated bool
	scenario  string
}

func newDemoCmd(a *app) *cobra.Command {
	var o demoOptions
	c := &cobra.Command{
		Use:   "demo",
		Short: "Run the sample repository on a real local Airflow, and open the console",
		Long: "demo installs a pinned Airflow and PostgreSQL into a cache folder, starts them on free loopback ports, deploys a sample Chronon\n" +
			"repository, lets it catch up a few days and opens the console. On a pipe it prints what it does, and the status when the runs have\n" +
			"ended. Everything is real but Spark: spark-submit is stood in for by a program that prints Chronon's log lines and writes into a local\n" +
			"store. Ctrl-C or quitting ends everything that was started.\n\n" +
			"With --simulated nothing is installed and it takes a second: Airflow itself is played in this process, and so are the tasks. The console,\n" +
			"the commands and the deploy are the real ones.",
		Example: "  chrononctl demo\n  chrononctl demo --airflow 2.11 | cat\n  chrononctl demo --simulated\n  chrononctl demo --simulated --scenario team-down",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runDemo(cmd.Context(), a, o) },
	}
	c.Flags().StringVar(&o.airflow, "airflow", local.Airflow3, "version of Airflow: 3.3 or 2.11")
	c.Flags().IntVar(&o.days, "days", 3, "days of backlog to catch up")
	c.Flags().IntVar(&o.port, "port", 0, "port of Airflow's web address (default: a free one)")
	c.Flags().DurationVar(&o.wait, "timeout", 20*time.Minute, "on a pipe: how long the runs may take")
	c.Flags().BoolVar(&o.keep, "keep", false, "on a pipe: stay there after the status until interrupted, for commands from elsewhere")
	c.Flags().BoolVar(&o.simulated, "simulated", false, "play Airflow instead of installing one: needs no Python")
	c.Flags().StringVar(&o.scenario, "scenario", "", "with --simulated: instead of the sample, "+strings.Join(scenarioNames(), ", "))
	return c
}

func runDemo(ctx context.Context, a *app, o demoOptions) (err error) {
	if o.airflow != local.Airflow3 && o.airflow != local.Airflow2 {
		return usage(fmt.Errorf("--airflow %q: must be %s or %s", o.airflow, local.Airflow3, local.Airflow2))
	}
	if o.days < 1 || o.days > 30 {
		return usage(fmt.Errorf("--days %d: must be from 1 to 30", o.days))
	}
	if o.port < 0 || o.port > 65535 {
		return usage(fmt.Errorf("--port %d: must be from 1 to 65535, or 0 for a free one", o.port))
	}
	if err := o.checkSimulated(); err != nil {
		return err
	}
	began := a.Now()
	say := func(line string) {
		fmt.Fprintf(a.Streams.Err, "demo %5.1fs  %s\n", a.Now().Sub(began).Seconds(), line)
	}
	if o.simulated {
		return runSimulated(ctx, a, o, say)
	}
	say("spark is stood in for: jobs go through Chronon's real run.py to a program that plays spark-submit")
	d, err := demo.Start(ctx, demo.Options{Airflow: o.airflow, Days: o.days, Port: o.port, Generator: "chrononctl " + version, Now: a.Now, Progress: say})
	if taken, ok := errors.AsType[*local.PortTakenError](err); ok {
		return hinted{taken, "give another --port, or none to take a free one; demos without --port run side by side"}
	}
	if err != nil {
		return err
	}
	defer func() {
		say("ending everything that was started")
		err = errors.Join(err, d.Stop(context.WithoutCancel(ctx)))
	}()
	say(fmt.Sprintf("%d DAGs deployed and verified on Airflow %s at %s", d.Result.Verified(), d.Airflow.Version, d.Airflow.URL))
	say(fmt.Sprintf("in another terminal: export CHRONONCTL_CONFIG=%s; cd %s; chrononctl status", d.ContextFile(), d.Repo))
	if a.Streams.CanPrompt() {
		a.repoDir = d.Repo // its deploy screen shows the sample
		return openConsole(ctx, a, d.Context(), d.Client, consoleOptions{interval: tui.DefaultInterval, passing: true})
	}
	return demoOnPipe(ctx, a, d, o, say)
}

// demoOnPipe waits for the runs and prints what became of them.
func demoOnPipe(ctx context.Context, a *app, d *demo.Demo, o demoOptions, say func(string)) error {
	waiting, cancel := context.WithTimeout(ctx, o.wait)
	defer cancel()
	if err := d.Settle(waiting, say); err != nil {
		if waiting.Err() != nil && ctx.Err() == nil {
			return exit(ExitPending, err)
		}
		return err
	}
	if err := printDemo(ctx, a, d); err != nil {
		return err
	}
	o.stay(ctx, say)
	return nil
}

// stay keeps what was started there until somebody interrupts it, if that was asked for.
func (o demoOptions) stay(ctx context.Context, say func(string)) {
	if o.keep {
		say("kept until it is interrupted")
		<-ctx.Done()
	}
}

// printDemo prints the fleet, every task in its true state, and what needs a person, as tables: a person reads this, through a pipe or not.
func printDemo(ctx context.Context, a *app, d *demo.Demo) error {
	observer := fleet.NewObserver(d.Client, fleet.Options{Context: "demo", URL: d.Airflow.URL, Now: a.Now})
	return a.showStatus(ctx, observer, statusOptions{tasks: true, viewFlags: viewFlags{output: outputFlag{value: formatTable}}}, nil)
}
