package airflowclient_test

import (
	"context"
	"strings"
	"time"

	"chrononctl/airflowclient"
)

// shortRun is a run in short.
func shortRun(r airflowclient.Run) string {
	return r.ID + " " + string(r.State) + " " + r.LogicalDate.Format(time.DateOnly)
}

// contractDays is what Airflow knows of a DAG, and changes of runs and clears over ranges: of a paused DAG, of which nothing ever runs.
var contractDays = []step{
	{name: "details of a DAG", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		d, err := c.Details(ctx, "contract_days")
		return []any{d.ID, d.Start, d.Schedule, d.Timezone, d.Catchup, d.MaxActiveRuns, d.MaxActiveTasks, d.NextTo.Sub(d.NextFrom), d.NextRun.Equal(d.NextFrom)}, err
	}, want: []any{"contract_days", day(1), "0 0 * * *", "UTC", false, 16, 16, 24 * time.Hour, true}},
	{name: "details of a DAG without a schedule", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		d, err := c.Details(ctx, "contract_ok")
		return []any{d.Schedule, d.NextTo.IsZero(), d.Description}, err
	}, want: []any{"", true, "Contract [cc:0123456789ab]"}},
	{name: "a pool that does not exist is a warning", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		list, err := c.DAGWarnings(ctx, "contract_days")
		return mapped(list, func(w airflowclient.DAGWarning) []string { return []string{w.DAGID, w.Type, w.Message} }), err
	}, want: [][]string{{"contract_days", "non-existent pool", "Dag 'contract_days' references non-existent pools: ['no_such_pool']"}}, needs: func(can airflowclient.Capabilities) bool { return can.PoolWarnings }, other: [][]string{}},
	{name: "no warnings of another DAG", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		list, err := c.DAGWarnings(ctx, "contract_ok")
		return len(list), err
	}, want: 0},
	{name: "the source of a DAG", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		text, err := c.Source(ctx, "contract_days", 0)
		return text == contractDAGs["contract.py"], err
	}, want: true},
	{name: "versions of a DAG", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		list, err := c.Versions(ctx, "contract_days")
		return mapped(list, func(v airflowclient.DAGVersion) []any { return []any{v.DAGID, v.Number, v.Bundle, v.Created.IsZero()} }), err
	}, want: [][]any{{"contract_days", 1, "dags-folder", false}}, needs: func(can airflowclient.Capabilities) bool { return can.DAGVersions }},
	{name: "the source of a version", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		text, err := c.Source(ctx, "contract_days", 1)
		return strings.Contains(text, "contract_days"), err
	}, want: true, needs: func(can airflowclient.Capabilities) bool { return can.DAGVersions }},
	{name: "a version that is not there", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		_, err := c.Source(ctx, "contract_days", 9)
		return airflowclient.IsNotFound(err), tooOldOnly(err)
	}, want: true, needs: func(can airflowclient.Capabilities) bool { return can.DAGVersions }},
	{name: "DAGs that are not there are not found", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		_, details := c.Details(ctx, "no_such")
		_, source := c.Source(ctx, "no_such", 0)
		return []bool{airflowclient.IsNotFound(details), airflowclient.IsNotFound(source)}, nil
	}, want: []bool{true, true}},
	{name: "runs of a paused DAG wait", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		for d, id := range map[int]string{2: "r2", 3: "r3", 4: "r4"} {
			_, err := c.Trigger(ctx, airflowclient.TriggerRequest{
				DAGID: "contract_days", RunID: id, LogicalDate: day(d), IntervalFrom: day(d), IntervalTo: day(d + 1),
			})
			if err != nil {
				return nil, err
			}
		}
		runs, err := c.Runs(ctx, airflowclient.RunQuery{DAGIDs: []string{"contract_days"}, States: []airflowclient.State{"queued"}, Types: []string{"manual"}})
		return mapped(runs, shortRun), err
	}, want: []string{"r4 queued 2024-01-04", "r3 queued 2024-01-03", "r2 queued 2024-01-02"}},
	{name: "no runs of another type", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		runs, err := c.Runs(ctx, airflowclient.RunQuery{DAGIDs: []string{"contract_days"}, Types: []string{"scheduled"}})
		return len(runs), err
	}, want: 0},
	{name: "why a task waits", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		list, err := c.Blockers(ctx, airflowclient.InstanceRef{DAGID: "contract_days", RunID: "r3", TaskID: "pooled", MapIndex: -1})
		return mapped(list, func(b airflowclient.Blocker) string { return b.Name }), err
	}, want: []string{"Dag Not Paused", "Dagrun Running", "Pool Slots Available", "Task Instance State"}, needs: func(can airflowclient.Capabilities) bool { return can.Blockers }},
	{name: "nothing holds back what has ended", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		list, err := c.Blockers(ctx, part(0))
		return len(list), err
	}, want: 0, needs: func(can airflowclient.Capabilities) bool { return can.Blockers }},
	{name: "mark a run as success", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		run, err := c.MarkRun(ctx, "contract_days", "r2", airflowclient.StateSuccess)
		if err != nil {
			return nil, err
		}
		list, err := conditions(ctx, c, "contract_days", "r2")
		return []any{run.State, list}, err
	}, want: []any{airflowclient.StateSuccess, []condition{{"pooled", -1, "skipped", 0}}}, needs: func(can airflowclient.Capabilities) bool { return can.MarkSkipsWaiting },
		other: []any{airflowclient.StateSuccess, []condition{{"pooled", -1, "success", 0}}}},
	{name: "mark a run as failed", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		run, err := c.MarkRun(ctx, "contract_days", "r3", airflowclient.StateFailed)
		if err != nil {
			return nil, err
		}
		list, err := conditions(ctx, c, "contract_days", "r3")
		return []any{run.State, list}, err
	}, want: []any{airflowclient.StateFailed, []condition{{"pooled", -1, "skipped", 0}}}},
	{name: "a mark that is no state of a run", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		_, running := c.MarkRun(ctx, "contract_days", "r3", airflowclient.StateRunning)
		_, blue := c.MarkRun(ctx, "contract_days", "r3", "blue")
		return mapped([]error{running, blue}, explained(airflowclient.KindInvalid)), nil
	}, want: []bool{true, true}},
	{name: "notes of runs", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		one, err := c.NoteRun(ctx, "contract_days", "r3", "hello")
		if err != nil {
			return nil, err
		}
		two, err := c.NoteRun(ctx, "contract_days", "r3", "")
		return []string{one.Note, string(one.State), two.Note}, err
	}, want: []string{"hello", "failed", ""}},
	{name: "clears of a range of dates", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		return clearedRuns(ctx, c, airflowclient.ClearRequest{From: day(3), To: day(4)})
	}, want: []string{"r3", "r4"}},
	{name: "clears from a date on", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		return clearedRuns(ctx, c, airflowclient.ClearRequest{From: day(3).Add(time.Second)})
	}, want: []string{"r4"}},
	{name: "clears of a run and later ones", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		return clearedRuns(ctx, c, airflowclient.ClearRequest{RunID: "r3", Future: true})
	}, want: []string{"r3", "r4"}, needs: func(can airflowclient.Capabilities) bool { return can.ClearAroundRun }},
	{name: "clears of a run and earlier ones", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		return clearedRuns(ctx, c, airflowclient.ClearRequest{RunID: "r3", Past: true})
	}, want: []string{"r2", "r3"}, needs: func(can airflowclient.Capabilities) bool { return can.ClearAroundRun }},
	{name: "clears of all runs", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		return clearedRuns(ctx, c, airflowclient.ClearRequest{})
	}, want: []string{"r2", "r3", "r4"}},
	{name: "clears of what runs, where nothing runs", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		return clearedRuns(ctx, c, airflowclient.ClearRequest{OnlyRunning: true})
	}, want: []string{}},
	{name: "a clear of a task that is not there clears nothing", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		return clearedRuns(ctx, c, airflowclient.ClearRequest{TaskIDs: []string{"no_such"}})
	}, want: []string{}},
	{name: "clears that contradict themselves", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		_, both := clearedRuns(ctx, c, airflowclient.ClearRequest{OnlyFailed: true, OnlyRunning: true})
		_, range2 := clearedRuns(ctx, c, airflowclient.ClearRequest{RunID: "r3", From: day(1), To: day(2)})
		_, noRun := clearedRuns(ctx, c, airflowclient.ClearRequest{RunID: "no_such"})
		return []bool{explained(airflowclient.KindInvalid)(both), explained(airflowclient.KindInvalid)(range2), explained(airflowclient.KindNotFound)(noRun)}, nil
	}, want: []bool{true, true, true}},
	{name: "a clear of failed tasks of a run, where none failed", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		run, err := c.ClearRun(ctx, airflowclient.RunClear{DAGID: "contract_days", RunID: "r2", OnlyFailed: true})
		return run.State, err
	}, want: airflowclient.StateSuccess},
	{name: "clear a whole run", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		run, err := c.ClearRun(ctx, airflowclient.RunClear{DAGID: "contract_days", RunID: "r2"})
		if err != nil {
			return nil, err
		}
		list, err := conditions(ctx, c, "contract_days", "r2")
		return []any{run.State, list}, err
	}, want: []any{airflowclient.StateQueued, []condition{{"pooled", -1, "", 0}}}},
	{name: "clear a whole run with the latest version", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		run, err := c.ClearRun(ctx, airflowclient.RunClear{DAGID: "contract_days", RunID: "r2", LatestVersion: true})
		return run.State, err
	}, want: airflowclient.StateQueued, needs: func(can airflowclient.Capabilities) bool { return can.ClearLatestVersion }},
	{name: "a clear that keeps the run as it is", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		if _, err := c.Clear(ctx, airflowclient.ClearRequest{DAGID: "contract_days", RunID: "r3", KeepRuns: true}); err != nil {
			return nil, err
		}
		run, err := c.Run(ctx, "contract_days", "r3")
		if err != nil {
			return nil, err
		}
		list, err := conditions(ctx, c, "contract_days", "r3")
		return []any{run.State, list}, err
	}, want: []any{airflowclient.StateFailed, []condition{{"pooled", -1, "", 0}}}},
	{name: "queue a run again", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		run, err := c.MarkRun(ctx, "contract_days", "r3", airflowclient.StateQueued)
		return []any{run.State, run.End.IsZero()}, err
	}, want: []any{airflowclient.StateQueued, true}},
	{name: "delete a run", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		if err := c.DeleteRun(ctx, "contract_days", "r4"); err != nil {
			return nil, err
		}
		_, err := c.Run(ctx, "contract_days", "r4")
		return []bool{airflowclient.IsNotFound(err), airflowclient.IsNotFound(c.DeleteRun(ctx, "contract_days", "r4"))}, nil
	}, want: []bool{true, true}},
	{name: "runs that are not there are not found", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		_, mark := c.MarkRun(ctx, "contract_days", "no_such", airflowclient.StateFailed)
		_, note := c.NoteRun(ctx, "contract_days", "no_such", "x")
		_, clears := c.ClearRun(ctx, airflowclient.RunClear{DAGID: "contract_days", RunID: "no_such"})
		return mapped([]error{mark, note, clears}, airflowclient.IsNotFound), nil
	}, want: []bool{true, true, true}},
}

// clearedRuns is which runs a dry run of a clear means.
func clearedRuns(ctx context.Context, c *airflowclient.Client, r airflowclient.ClearRequest) ([]string, error) {
	r.DAGID, r.DryRun = "contract_days", true
	list, err := c.Clear(ctx, r)
	return mapped(list, func(t airflowclient.TaskInstance) string { return t.RunID }), err
}
