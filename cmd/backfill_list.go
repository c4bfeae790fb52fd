package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"chrononctl/internal/action"
)

// backfillJSON is a backfill that was started. Its keys are a promise.
type backfillJSON struct {
	ID      string       `json:"id"`
	Conf    string       `json:"conf"`
	DAGID   string       `json:"dag_id"`
	ByDay   bool         `json:"by_day"`
	From    string       `json:"from"`
	To      string       `json:"to"`
	State   action.Phase `json:"state"`
	Number  int64        `json:"airflow_backfill"` // 0: Airflow made none
	Runs    int          `json:"runs"`
	Began   string       `json:"began"`
	Ended   string       `json:"ended"`
	RunList []string     `json:"run_ids"`
}

func newBackfillListCmd(a *app) *cobra.Command {
	var flags viewFlags
	var kind kindFlag
	v := backfillView(a)
	cmd := &cobra.Command{
		Use:   "list CONF",
		Short: "List the backfills of a conf, the newest first",
		Long: "Lists the backfills that the newest 1000 runs of the conf's DAG belong to, whoever started them.\n\n" +
			"On a pipe a line is: id, first day, last day, kind (one job, by day), state, begin, end.",
		Example: "  chrononctl backfill list payments.checkout.v1\n  chrononctl backfill list payments.checkout.v1 --query 'state:failed age<7d' -o name",
		Args:    words("backfill list: name the conf", 1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := kind.check(); err != nil {
				return err
			}
			var planner *action.Planner
			return show(cmd.Context(), a, v, flags, func(ctx context.Context) ([]action.BackfillState, []string, error) {
				if planner == nil {
					chosen, client, err := a.airflow(ctx)
					if err != nil {
						return nil, nil, err
					}
					planner = a.planner(chosen, client)
				}
				list, err := planner.Backfills(ctx, kind.of(args[0]))
				return list, nil, planError(err)
			})
		},
	}
	addView(a, cmd, v, &flags)
	kind.add(cmd)
	return cmd
}

// wayOf says how a backfill runs.
func wayOf(b action.BackfillState) string {
	if b.ByDay {
		return "by day"
	}
	return "one job"
}

// backfillView is how backfills are shown.
func backfillView(a *app) view[action.BackfillState] {
	return view[action.BackfillState]{
		columns: []column[action.BackfillState]{
			{title: "ID", text: func(b action.BackfillState) string { return b.ID }},
			{title: "FROM", text: func(b action.BackfillState) string { return b.From }},
			{title: "TO", text: func(b action.BackfillState) string { return b.To }},
			{title: "KIND", text: wayOf},
			{title: "STATE", text: func(b action.BackfillState) string { return string(b.State) }},
			{title: "BEGAN", text: func(b action.BackfillState) string { return stamp(b.Began) }},
			{title: "ENDED", text: func(b action.BackfillState) string { return stamp(b.Ended) }},
			{title: "RUNS", text: func(b action.BackfillState) string { return fmt.Sprint(len(b.Runs)) }, wide: true},
		},
		fields: action.BackfillFields(a.serverNow),
		name:   func(b action.BackfillState) string { return b.ID },
		object: func(b action.BackfillState) any { return backfillOf(b) },
		none:   "This conf has no backfills that meet this.",
	}
}

func backfillOf(b action.BackfillState) backfillJSON {
	out := backfillJSON{
		ID: b.ID, Conf: b.Conf, DAGID: b.DAGID, ByDay: b.ByDay, From: b.From, To: b.To, State: b.State, Number: b.Number, Runs: len(b.Runs),
		Began: stamp(b.Began), Ended: stamp(b.Ended), RunList: []string{},
	}
	for _, run := range b.Runs {
		out.RunList = append(out.RunList, run.ID)
	}
	return out
}
