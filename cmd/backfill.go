package cmd

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"chrononctl/internal/action"
)

func newBackfillCmd(a *app) *cobra.Command {
	var opts changeOptions
	var r action.BackfillRequest
	cmd := &cobra.Command{
		Use:   "backfill CONF FROM..TO",
		Short: "Fill a range of days of a join, a GroupBy or a staging query",
		Long: "Fills the table of a conf for a range of days, both of which belong to it. As one Chronon job (the default) it computes what is missing of the range;\n" +
			"--step-days and --parallel say how it cuts it up, --parts takes parts of a join alone. With --by-day it makes a run for each day that has none, as the\n" +
			"DAG itself would have: on Airflow 3 as one backfill of Airflow's, which can be paused; on Airflow 2 as single runs.\n\n" +
			"Its sub-commands follow and steer a backfill that was started, by anybody: it is known by its runs.",
		Example: "  chrononctl backfill payments.checkout.v1 2026-11-01..2026-11-20 --dry-run\n" +
			"  chrononctl backfill payments.checkout.v1 2026-11-01..2026-11-20 --parallel 4 --yes --wait\n" +
			"  chrononctl backfill watch payments.checkout.v1\n  chrononctl backfill cancel payments.checkout.v1",
		Args: words("backfill: name a conf, and the days as 2026-11-01..2026-11-20", 2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			from, to, ok := strings.Cut(args[1], "..")
			if !ok {
				from, to = args[1], args[1]
			}
			r.Conf, r.From, r.To = args[0], from, to
			opts.wait.resume = "chrononctl backfill watch " + r.Conf
			return a.change(cmd.Context(), opts, func(p *action.Planner) (action.Plan, error) {
				return p.PlanBackfill(cmd.Context(), r)
			})
		},
	}
	opts.add(cmd)
	opts.wait.add(cmd, false)
	flags := cmd.Flags()
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
	cmd := &cobra.Command{
		Use: name + " CONF [ID]", Short: short, Args: words("backfill "+name+": name the conf", 1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.wait.resume = "chrononctl backfill watch " + strings.Join(args, " ")
			return a.change(cmd.Context(), opts, func(p *action.Planner) (action.Plan, error) {
				return p.PlanSteer(cmd.Context(), verb, args[0], second(args))
			})
		},
	}
	opts.add(cmd)
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
	cmd := &cobra.Command{
		Use:   "watch CONF [ID]",
		Short: "Follow a backfill to its end",
		Long:  "Follows the newest backfill of a conf, or the named one. Exit code 0: it is done; 9: it failed; 8: --timeout ran out. Interrupted it lets go.",
		Args:  words("backfill watch: name the conf", 1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := errors.Join(opts.output.check(a), opts.wait.check()); err != nil {
				return err
			}
			chosen, client, err := a.airflow(cmd.Context())
			if err != nil {
				return err
			}
			w, b, err := a.planner(chosen, client).WatchBackfill(cmd.Context(), args[0], second(args))
			if err != nil {
				return planError(err)
			}
			fmt.Fprintf(a.Streams.Err, "%s: %s to %s of %s\n", b.ID, b.From, b.To, b.Conf)
			opts.wait.resume = "chrononctl backfill watch " + strings.Join(args, " ")
			return a.follow(cmd.Context(), w, opts)
		},
	}
	opts.output.add(cmd, formatText, formatJSON)
	opts.wait.add(cmd, true)
	return cmd
}

// backfillJSON is a backfill that was started.
type backfillJSON struct {
	ID      string       `json:"id"`
	Conf    string       `json:"conf"`
	DAGID   string       `json:"dag_id"`
	ByDay   bool         `json:"by_day"`
	From    string       `json:"from"`
	To      string       `json:"to"`
	State   action.Phase `json:"state"`
	Number  int64        `json:"airflow_backfill,omitempty"`
	Runs    int          `json:"runs"`
	Began   string       `json:"began,omitempty"`
	Ended   string       `json:"ended,omitempty"`
	RunList []string     `json:"run_ids"`
}

func newBackfillListCmd(a *app) *cobra.Command {
	var output outputFlag
	cmd := &cobra.Command{
		Use: "list CONF", Short: "List the backfills of a conf, the newest first", Args: words("backfill list: name the conf", 1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := output.check(a); err != nil {
				return err
			}
			chosen, client, err := a.airflow(cmd.Context())
			if err != nil {
				return err
			}
			list, err := a.planner(chosen, client).Backfills(cmd.Context(), args[0])
			if err != nil {
				return planError(err)
			}
			a.printBackfills(list, output.value)
			return nil
		},
	}
	output.add(cmd, formatTable, formatJSON, formatName)
	return cmd
}

func (a *app) printBackfills(list []action.BackfillState, format string) {
	rows := make([][]string, 0, len(list))
	out := make([]backfillJSON, 0, len(list))
	for _, b := range list {
		kind := "one job"
		if b.ByDay {
			kind = "by day"
		}
		one := backfillJSON{
			ID: b.ID, Conf: b.Conf, DAGID: b.DAGID, ByDay: b.ByDay, From: b.From, To: b.To, State: b.State, Number: b.Number, Runs: len(b.Runs),
			Began: stamp(b.Began), Ended: stamp(b.Ended),
		}
		for _, run := range b.Runs {
			one.RunList = append(one.RunList, run.ID)
		}
		out = append(out, one)
		rows = append(rows, []string{b.ID, b.From, b.To, kind, string(b.State), one.Began, one.Ended})
	}
	switch format {
	case formatJSON:
		a.writeJSON(a.Streams.Out, out)
	case formatName:
		for _, b := range list {
			fmt.Fprintln(a.Streams.Out, b.ID)
		}
	default:
		a.printRows(format, []string{"ID", "FROM", "TO", "KIND", "STATE", "BEGAN", "ENDED"}, rows)
	}
}
