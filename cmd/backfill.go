package cmd

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"chrononctl/internal/action"
)

func newBackfillCmd(a *app) *cobra.Command {
	var opts changeOptions
	var kind kindFlag
	var r action.BackfillRequest
	cmd := &cobra.Command{
		Use:   "backfill CONF FROM..TO",
		Short: "Fill a range of days of a join, a GroupBy or a staging query",
		Long: "Fills the table of a conf for a range of days, both of which belong to it. As one Chronon job (the default) it computes what is missing of the range;\n" +
			"--step-days and --parallel say how it cuts it up, --parts takes parts of a join alone. With --by-day it makes a run for each day that has none, as the\n" +
			"DAG itself would have: on Airflow 3 as one backfill of Airflow's, which can be paused; on Airflow 2 as single runs.\n\n" +
			"Its sub-commands follow and steer a backfill that was started, by anybody: it is known by its runs.\n\n" +
			"A name that a join shares with a staging query or a GroupBy is refused until --kind says which one is meant.",
		Example: "  chrononctl backfill payments.checkout.v1 2026-11-01..2026-11-20 --dry-run\n" +
			"  chrononctl backfill payments.checkout.v1 2026-11-01..2026-11-20 --parallel 4 --yes --wait\n" +
			"  chrononctl backfill watch payments.checkout.v1\n  chrononctl backfill cancel payments.checkout.v1",
		Args: words("backfill: name a conf, and the days as 2026-11-01..2026-11-20", 2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			from, to, ok := strings.Cut(args[1], "..")
			if !ok {
				from, to = args[1], args[1]
			}
			r.Conf, r.Kind, r.From, r.To = args[0], kind.value(), from, to
			if err := kind.check(); err != nil {
				return err
			}
			opts.wait.resume = "chrononctl backfill watch " + r.Conf + kind.words()
			return a.change(cmd.Context(), opts, func(p *action.Planner) (action.Plan, error) {
				return p.PlanBackfill(cmd.Context(), r)
			})
		},
	}
	opts.add(cmd)
	opts.wait.add(cmd, false)
	flags := cmd.Flags()
	kind.add(cmd)
	flags.BoolVar(&r.ByDay, "by-day", false, "a run for each day, instead of one job over the range")
	flags.BoolVar(&r.Failed, "failed", false, "with --by-day: also days whose run failed")
	flags.IntVar(&r.StepDays, "step-days", 0, "one job: days that it computes in one go (default: as the conf has it)")
	flags.IntVar(&r.AtOnce, "parallel", 0, "one job: in how many jobs the range is split (default 1); --by-day: runs at a time (default 4)")
	flags.StringSliceVar(&r.Parts, "parts", nil, "one job of a join: these parts alone, as run.py names them")
	flags.BoolVar(&r.Unchecked, "no-wait", false, "do not wait for the inputs first")
	cmd.AddCommand(newBackfillListCmd(a), newBackfillWatchCmd(a),
		newSteerCmd(a, action.Hold, "pause", "Begin no further day of a backfill by day"),
		newSteerCmd(a, action.Resume, "resume", "Let a backfill that is paused go on"),
		newSteerCmd(a, action.Cancel, "cancel", "End a backfill; what it has written stays"),
		newSteerCmd(a, action.Rerun, "rerun", "Run what failed of a backfill again"))
	return cmd
}

// newSteerCmd steers a backfill that was started.
func newSteerCmd(a *app, verb action.Verb, name, short string) *cobra.Command {
	var opts changeOptions
	var kind kindFlag
	cmd := &cobra.Command{
		Use: name + " CONF [ID]", Short: short, Args: words("backfill "+name+": name the conf", 1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := kind.check(); err != nil {
				return err
			}
			opts.wait.resume = "chrononctl backfill watch " + strings.Join(args, " ") + kind.words()
			return a.change(cmd.Context(), opts, func(p *action.Planner) (action.Plan, error) {
				return p.PlanSteer(cmd.Context(), verb, kind.of(args[0]), second(args))
			})
		},
	}
	opts.add(cmd)
	kind.add(cmd)
	if verb == action.Rerun {
		opts.wait.add(cmd, false)
	}
	return cmd
}

// second is the second argument, if there is one.
func second(args []string) string {
	if len(args) < 2 {
		return ""
	}
	return args[1]
}

func newBackfillWatchCmd(a *app) *cobra.Command {
	var opts changeOptions
	var kind kindFlag
	cmd := &cobra.Command{
		Use:   "watch CONF [ID]",
		Short: "Follow a backfill to its end",
		Long:  "Follows the newest backfill of a conf, or the named one. Exit code 0: it is done; 9: it failed; 8: --timeout ran out. Interrupted it lets go.",
		Args:  words("backfill watch: name the conf", 1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := errors.Join(opts.output.check(a), opts.wait.check(), kind.check()); err != nil {
				return err
			}
			chosen, client, err := a.airflow(cmd.Context())
			if err != nil {
				return err
			}
			w, b, err := a.planner(chosen, client).WatchBackfill(cmd.Context(), kind.of(args[0]), second(args))
			if err != nil {
				return planError(err)
			}
			fmt.Fprintf(a.Streams.Err, "%s: %s to %s of %s\n", b.ID, b.From, b.To, b.Conf)
			opts.wait.resume = "chrononctl backfill watch " + strings.Join(args, " ") + kind.words()
			return a.follow(cmd.Context(), w, opts)
		},
	}
	opts.output.add(cmd, formatText, formatJSON)
	opts.wait.add(cmd, true)
	kind.add(cmd)
	return cmd
}

// kindFlag is --kind: what kind of conf a name stands for.
type kindFlag struct{ text string }

func (f *kindFlag) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.text, "kind", "", "what the name stands for, where several have it: "+strings.Join(texts(action.ConfKinds()), ", "))
}

// check refuses a kind that there is not.
func (f *kindFlag) check() error {
	if f.text != "" && !slices.Contains(action.ConfKinds(), f.value()) {
		return usage(fmt.Errorf("--kind %q: must be one of %s", f.text, strings.Join(texts(action.ConfKinds()), ", ")))
	}
	return nil
}

func (f *kindFlag) value() action.ConfKind { return action.ConfKind(f.text) }

// of names a conf.
func (f *kindFlag) of(conf string) action.ConfName {
	return action.ConfName{Name: conf, Kind: f.value()}
}

// words are the flag as it was given, to stand behind a command.
func (f *kindFlag) words() string {
	if f.text == "" {
		return ""
	}
	return " --kind " + f.text
}
