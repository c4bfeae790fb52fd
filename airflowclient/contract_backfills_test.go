package airflowclient_test

import (
	"context"
	"time"

	"chrononctl/airflowclient"
)

// theBackfill is the one that the contract starts.
func theBackfill(ctx context.Context, c *airflowclient.Client) (airflowclient.Backfill, error) {
	list, err := c.Backfills(ctx, "contract_days")
	if err != nil || len(list) == 0 {
		return airflowclient.Backfill{}, err
	}
	return list[0], nil
}

// planned is the dates of a plan.
func planned(ctx context.Context, c *airflowclient.Client, r airflowclient.BackfillRequest) ([]string, error) {
	r.DAGID = "contract_days"
	dates, err := c.PlanBackfill(ctx, r)
	return mapped(dates, func(d time.Time) string { return d.Format(time.RFC3339) }), err
}

// contractBackfills is about ranges of dates: r2 has succeeded by now, r3 has failed.
var contractBackfills = []step{
	{name: "runs that stand in the way", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		_, err := c.MarkRun(ctx, "contract_days", "r2", airflowclient.StateSuccess)
		if err != nil {
			return nil, err
		}
		run, err := c.MarkRun(ctx, "contract_days", "r3", airflowclient.StateFailed)
		return run.State, err
	}, want: airflowclient.StateFailed},
	{name: "a plan leaves out dates that have a run", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		return planned(ctx, c, airflowclient.BackfillRequest{From: day(2), To: day(5)})
	}, want: []string{"2024-01-04T00:00:00Z", "2024-01-05T00:00:00Z"}},
	{name: "a plan with dates that failed", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		return planned(ctx, c, airflowclient.BackfillRequest{From: day(2), To: day(5), Reprocess: airflowclient.ReprocessFailed})
	}, want: []string{"2024-01-03T00:00:00Z", "2024-01-04T00:00:00Z", "2024-01-05T00:00:00Z"}},
	{name: "a plan with dates that are done, backwards", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		return planned(ctx, c, airflowclient.BackfillRequest{From: day(2), To: day(4), Reprocess: airflowclient.ReprocessCompleted, Backwards: true})
	}, want: []string{"2024-01-04T00:00:00Z", "2024-01-03T00:00:00Z", "2024-01-02T00:00:00Z"}},
	{name: "a plan of dates before the start", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		return planned(ctx, c, airflowclient.BackfillRequest{From: day(-1), To: day(1)})
	}, want: []string{"2023-12-30T00:00:00Z", "2023-12-31T00:00:00Z", "2024-01-01T00:00:00Z"}},
	{name: "plans that cannot be", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		_, reversed := planned(ctx, c, airflowclient.BackfillRequest{From: day(5), To: day(2)})
		_, future := planned(ctx, c, airflowclient.BackfillRequest{From: day(20000), To: day(20001)})
		_, noSchedule := c.PlanBackfill(ctx, airflowclient.BackfillRequest{DAGID: "contract_ok", From: day(1), To: day(2)})
		_, noDAG := c.PlanBackfill(ctx, airflowclient.BackfillRequest{DAGID: "no_such", From: day(1), To: day(2)})
		return append(mapped([]error{reversed, future, noSchedule}, explained(airflowclient.KindInvalid)), explained(airflowclient.KindNotFound)(noDAG)), nil
	}, want: []bool{true, true, true, true}},
	{name: "start a backfill", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		b, err := c.StartBackfill(ctx, airflowclient.BackfillRequest{DAGID: "contract_days", From: day(4), To: day(5), MaxActive: 2, Conf: map[string]any{"why": "contract"}})
		return plainBackfill(b), err
	}, want: airflowclient.Backfill{
		DAGID: "contract_days", From: day(4), To: day(5), Reprocess: airflowclient.ReprocessNone, MaxActive: 2, Conf: map[string]any{"why": "contract"},
	}, needs: canBackfill},
	{name: "a second backfill is a conflict", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		_, err := c.StartBackfill(ctx, airflowclient.BackfillRequest{DAGID: "contract_days", From: day(4), To: day(5)})
		return explained(airflowclient.KindConflict)(err), tooOldOnly(err)
	}, want: true, needs: canBackfill},
	{name: "the runs of a backfill", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		runs, err := c.Runs(ctx, airflowclient.RunQuery{DAGIDs: []string{"contract_days"}, Types: []string{"backfill"}})
		return mapped(runs, func(r airflowclient.Run) []any { return []any{r.State, r.LogicalDate, r.Conf} }), err
	}, want: [][]any{
		{airflowclient.StateQueued, day(5), map[string]any{"why": "contract"}}, {airflowclient.StateQueued, day(4), map[string]any{"why": "contract"}},
	}, needs: canBackfill, other: [][]any{}},
	{name: "pause a backfill, twice", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		b, err := theBackfill(ctx, c)
		if err != nil {
			return nil, err
		}
		if _, err := c.PauseBackfill(ctx, b.ID); err != nil {
			return nil, err
		}
		again, err := c.PauseBackfill(ctx, b.ID)
		return again.Paused, err
	}, want: true, needs: canBackfill},
	{name: "resume a backfill", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		b, err := theBackfill(ctx, c)
		if err != nil {
			return nil, err
		}
		b, err = c.ResumeBackfill(ctx, b.ID)
		return []bool{b.Paused, b.Completed.IsZero()}, err
	}, want: []bool{false, true}, needs: canBackfill},
	{name: "cancel a backfill", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		b, err := theBackfill(ctx, c)
		if err != nil {
			return nil, err
		}
		if _, err := c.CancelBackfill(ctx, b.ID); err != nil {
			return nil, err
		}
		b, err = c.Backfill(ctx, b.ID)
		if err != nil {
			return nil, err
		}
		runs, err := c.Runs(ctx, airflowclient.RunQuery{DAGIDs: []string{"contract_days"}, Types: []string{"backfill"}})
		return []any{b.Paused, b.Completed.IsZero(), mapped(runs, func(r airflowclient.Run) airflowclient.State { return r.State })}, err
	}, want: []any{true, false, []airflowclient.State{"failed", "failed"}}, needs: canBackfill},
	{name: "a backfill that is completed is a conflict", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		b, err := theBackfill(ctx, c)
		if err != nil {
			return nil, err
		}
		_, pause := c.PauseBackfill(ctx, b.ID)
		_, cancel := c.CancelBackfill(ctx, b.ID)
		return mapped([]error{pause, cancel}, explained(airflowclient.KindConflict)), nil
	}, want: []bool{true, true}, needs: canBackfill},
	{name: "a backfill that is not there", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		_, read := c.Backfill(ctx, 99999)
		_, pause := c.PauseBackfill(ctx, 99999)
		return mapped([]error{read, pause}, explained(airflowclient.KindNotFound)), tooOldOnly(read)
	}, want: []bool{true, true}, needs: canBackfill},
	{name: "a backfill by runs", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		var made []string
		request := airflowclient.BackfillRequest{DAGID: "contract_days", From: day(2), To: day(7), Reprocess: airflowclient.ReprocessCompleted}
		err := c.BackfillByRuns(ctx, request, "by_runs", airflowclient.Pace{PerSecond: 1000}, func(change airflowclient.RunChange) {
			words := shortRun(change.Run)
			if change.Err != nil {
				words = change.Err.Error()
			}
			made = append(made, words)
		})
		if n := len(made); n > 2 { // those in the middle differ with the backfill before
			made = append(made[:2:2], made[n-2:]...)
		}
		return made, err
	}, want: []string{
		"r2 queued 2024-01-02", "r3 queued 2024-01-03", "by_runs__2024-01-06T00:00:00Z queued 2024-01-06", "by_runs__2024-01-07T00:00:00Z queued 2024-01-07",
	}},
	{name: "the intervals of a backfill by runs", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		run, err := c.Run(ctx, "contract_days", "by_runs__2024-01-07T00:00:00Z")
		return []time.Time{run.IntervalFrom, run.IntervalTo}, err
	}, want: []time.Time{day(7), day(8)}, needs: func(can airflowclient.Capabilities) bool { return can.TriggerInterval }, other: []time.Time{day(6), day(7)}},
	{name: "a second backfill by runs finds them at work", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		changes := 0
		request := airflowclient.BackfillRequest{DAGID: "contract_days", From: day(2), To: day(7), Reprocess: airflowclient.ReprocessCompleted}
		err := c.BackfillByRuns(ctx, request, "by_runs", airflowclient.Pace{PerSecond: 1000}, func(airflowclient.RunChange) { changes++ })
		return changes, err
	}, want: 0},
	{name: "a backfill by runs begins at the start", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		request := airflowclient.BackfillRequest{DAGID: "contract_days", From: day(-1), To: day(1)}
		err := c.BackfillByRuns(ctx, request, "by_runs", airflowclient.Pace{PerSecond: 1000}, func(airflowclient.RunChange) {})
		return explained(airflowclient.KindInvalid)(err), nil
	}, want: true},
}

func canBackfill(can airflowclient.Capabilities) bool { return can.Backfills }

// plainBackfill leaves out what no two servers have in common.
func plainBackfill(b airflowclient.Backfill) airflowclient.Backfill {
	b.ID, b.Created, b.Updated = 0, time.Time{}, time.Time{}
	return b
}
