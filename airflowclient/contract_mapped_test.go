package airflowclient_test

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"chrononctl/airflowclient"
)

// part is an instance of the mapped task of the contract, after the task behind it.
func part(mapIndex int) airflowclient.InstanceRef {
	return airflowclient.InstanceRef{DAGID: "contract_mapped", RunID: contractRun, TaskID: "part", MapIndex: mapIndex}
}

var after = airflowclient.InstanceRef{DAGID: "contract_mapped", RunID: contractRun, TaskID: "after", MapIndex: -1}

// condition is an instance in short: its task, map index, state and try.
type condition struct {
	Task     string
	MapIndex int
	State    airflowclient.State
	Try      int
}

func conditionOf(t airflowclient.TaskInstance) condition {
	return condition{t.TaskID, t.MapIndex, t.State, t.Try}
}

func taskOf(t airflowclient.TaskInstance) string { return t.TaskID }

func conditions(ctx context.Context, c *airflowclient.Client, dagID, runID string) ([]condition, error) {
	list, err := c.TaskInstances(ctx, airflowclient.TaskQuery{Runs: []airflowclient.RunRef{{DAGID: dagID, RunID: runID}}})
	return mapped(list, conditionOf), err
}

// ended waits for a run to end and gives its state.
func ended(ctx context.Context, c *airflowclient.Client, dagID, runID string) (state airflowclient.State, err error) {
	err = await(ctx, func() (bool, error) {
		run, err := c.Run(ctx, dagID, runID)
		state = run.State
		return state == airflowclient.StateFailed || state == airflowclient.StateSuccess, err
	})
	return state, err
}

// contractMapped is about single task instances, mapped ones among them.
var contractMapped = []step{
	{name: "a mapped task fails in one instance", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		if _, err := ended(ctx, c, "contract_mapped", contractRun); err != nil {
			return nil, err
		}
		return conditions(ctx, c, "contract_mapped", contractRun)
	}, want: []condition{{"after", -1, "upstream_failed", 0}, {"part", 0, "success", 1}, {"part", 1, "failed", 1}}},
	{name: "the instances of a mapped task", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		list, err := c.Mapped(ctx, "contract_mapped", contractRun, "part")
		return mapped(list, conditionOf), err
	}, want: []condition{{"part", 0, "success", 1}, {"part", 1, "failed", 1}}},
	{name: "one instance, mapped and not", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		one, err := c.TaskInstance(ctx, part(1))
		if err != nil {
			return nil, err
		}
		other, err := c.TaskInstance(ctx, after)
		return []condition{conditionOf(one), conditionOf(other)}, err
	}, want: []condition{{"part", 1, "failed", 1}, {"after", -1, "upstream_failed", 0}}},
	{name: "instances that are not there are not found", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		_, noIndex := c.TaskInstance(ctx, part(-1))
		_, wrongIndex := c.TaskInstance(ctx, part(7))
		_, notMapped := c.Mapped(ctx, "contract_mapped", contractRun, "after")
		_, noTask := c.Mapped(ctx, "contract_mapped", contractRun, "no_such")
		return mapped([]error{noIndex, wrongIndex, notMapped, noTask}, airflowclient.IsNotFound), nil
	}, want: []bool{true, true, true, true}},
	{name: "the first try", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		list, err := c.Tries(ctx, part(1))
		return mapped(list, conditionOf), err
	}, want: []condition{{"part", 1, "failed", 1}}, needs: func(can airflowclient.Capabilities) bool { return can.Tries }},
	{name: "tries of an earlier life", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		list, err := c.Tries(ctx, airflowclient.InstanceRef{DAGID: "contract_ok", RunID: contractRun, TaskID: "fail", MapIndex: -1})
		return mapped(list, conditionOf), err
	}, want: []condition{{"fail", -1, "failed", 1}, {"fail", -1, "failed", 2}}, needs: func(can airflowclient.Capabilities) bool { return can.Tries }},
	{name: "tries of what is not there", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		_, err := c.Tries(ctx, part(9))
		return airflowclient.IsNotFound(err), tooOldOnly(err)
	}, want: true, needs: func(can airflowclient.Capabilities) bool { return can.Tries }},
	{name: "XComs by key", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		list, err := c.XComs(ctx, airflowclient.XComQuery{DAGID: "contract_mapped", RunID: contractRun, Key: "part"})
		return mapped(list, plainXCom), err
	}, want: []airflowclient.XCom{
		{DAGID: "contract_mapped", RunID: contractRun, TaskID: "part", MapIndex: 0, Key: "part"},
		{DAGID: "contract_mapped", RunID: contractRun, TaskID: "part", MapIndex: 1, Key: "part"},
	}, needs: func(can airflowclient.Capabilities) bool { return can.MappedXCom }, other: []airflowclient.XCom{
		{DAGID: "contract_mapped", RunID: contractRun, TaskID: "part", MapIndex: -1, Key: "part"},
	}},
	{name: "XComs of one map index", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		index := 1
		list, err := c.XComs(ctx, airflowclient.XComQuery{DAGID: "contract_mapped", RunID: contractRun, TaskID: "part", MapIndex: &index})
		return len(list), err
	}, want: 1, needs: func(can airflowclient.Capabilities) bool { return can.MappedXCom }, other: 0},
	{name: "XComs of what is not there", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		list, err := c.XComs(ctx, airflowclient.XComQuery{DAGID: "no_such"})
		return len(list), err
	}, want: 0},
	{name: "the XCom of a mapped task", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		return c.XComOf(ctx, part(1), "part")
	}, want: json.RawMessage(`{"number": 20}`), needs: func(can airflowclient.Capabilities) bool { return can.MappedXCom }},
	{name: "what a mark would do", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		list, err := c.MarkTask(ctx, airflowclient.TaskMark{Instance: part(1), State: "success", DryRun: true})
		return mapped(list, taskOf), err
	}, want: []string{"part"}},
	{name: "what a mark would do with all before it", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		list, err := c.MarkTask(ctx, airflowclient.TaskMark{Instance: after, State: "success", Upstream: true, DryRun: true})
		return mapped(list, taskOf), err
	}, want: []string{"after", "part"}},
	{name: "a mark of one map index and what is behind it", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		list, err := c.MarkTask(ctx, airflowclient.TaskMark{Instance: part(1), State: "success", Downstream: true, DryRun: true})
		return mapped(list, taskOf), err
	}, want: []string{"after", "part"}, needs: func(can airflowclient.Capabilities) bool { return can.MarkMappedRelated }},
	{name: "a mark of a whole mapped task", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		list, err := c.MarkTask(ctx, airflowclient.TaskMark{Instance: part(-1), State: "success", DryRun: true})
		if airflowclient.IsNotFound(err) {
			return "not found", nil
		}
		return mapped(list, taskOf), err
	}, want: []string{"part"}, needs: func(can airflowclient.Capabilities) bool { return can.MarkMapped }, other: "not found"},
	{name: "a mark that is no state", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		_, err := c.MarkTask(ctx, airflowclient.TaskMark{Instance: part(1), State: "running", DryRun: true})
		return explained(airflowclient.KindInvalid)(err), nil
	}, want: true},
	{name: "a mark of what is not there", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		missing := after
		missing.TaskID = "no_such"
		_, err := c.MarkTask(ctx, airflowclient.TaskMark{Instance: missing, State: "success", DryRun: true})
		return explained(airflowclient.KindNotFound)(err), nil
	}, want: true},
	{name: "dry runs of marks change nothing", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		return conditions(ctx, c, "contract_mapped", contractRun)
	}, want: []condition{{"after", -1, "upstream_failed", 0}, {"part", 0, "success", 1}, {"part", 1, "failed", 1}}},
	{name: "clear one map index", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		list, err := c.Clear(ctx, airflowclient.ClearRequest{
			DAGID: "contract_mapped", RunID: contractRun, Mapped: []airflowclient.MappedTask{{TaskID: "part", MapIndex: 1}}, DryRun: true,
		})
		return mapped(list, func(t airflowclient.TaskInstance) int { return t.MapIndex }), err
	}, want: []int{1}, needs: func(can airflowclient.Capabilities) bool { return can.ClearMapIndex }},
	{name: "refuse to clear what runs, where nothing runs", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		list, err := c.Clear(ctx, airflowclient.ClearRequest{DAGID: "contract_mapped", RunID: contractRun, RefuseRunning: true, OnlyRunning: true, DryRun: true})
		return len(list), err
	}, want: 0, needs: func(can airflowclient.Capabilities) bool { return can.RefuseRunning }},
	{name: "a mark makes run what had failed behind it", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		marked, err := c.MarkTask(ctx, airflowclient.TaskMark{Instance: part(1), State: "success"})
		if err != nil {
			return nil, err
		}
		state, err := ended(ctx, c, "contract_mapped", contractRun)
		if err != nil {
			return nil, err
		}
		list, err := conditions(ctx, c, "contract_mapped", contractRun)
		return []any{mapped(marked, airflowclient.TaskInstance.Ref), state, list}, err
	}, want: []any{
		[]airflowclient.InstanceRef{part(1)}, airflowclient.StateSuccess, []condition{{"after", -1, "success", 1}, {"part", 0, "success", 1}, {"part", 1, "success", 1}},
	}},
	{name: "notes of task instances", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		if err := c.NoteTask(ctx, part(1), "on one"); err != nil {
			return nil, err
		}
		if err := c.NoteTask(ctx, after, "on the other"); err != nil {
			return nil, err
		}
		list, err := c.TaskInstances(ctx, airflowclient.TaskQuery{Runs: []airflowclient.RunRef{{DAGID: "contract_mapped", RunID: contractRun}}})
		return mapped(list, func(t airflowclient.TaskInstance) string { return t.Note }), err
	}, want: []string{"on the other", "", "on one"}},
	{name: "a trigger before the start of the DAG is green and runs nothing", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		early := time.Date(2023, 12, 30, 0, 0, 0, 0, time.UTC)
		run, err := c.Trigger(ctx, airflowclient.TriggerRequest{
			DAGID: "contract_mapped", RunID: "early", LogicalDate: early, IntervalFrom: early, IntervalTo: early.AddDate(0, 0, 1),
		})
		if err != nil {
			return nil, err
		}
		state, err := ended(ctx, c, "contract_mapped", run.ID)
		if err != nil {
			return nil, err
		}
		list, err := conditions(ctx, c, "contract_mapped", run.ID)
		return []any{state, slices.ContainsFunc(list, func(x condition) bool { return x.Try > 0 })}, err
	}, want: []any{airflowclient.StateSuccess, false}},
}

func plainXCom(x airflowclient.XCom) airflowclient.XCom {
	x.Timestamp = time.Time{}
	return x
}

// tooOldOnly is the error when it says that the Airflow lacks the operation, which the table looks for.
func tooOldOnly(err error) error {
	if airflowclient.IsTooOld(err) {
		return err
	}
	return nil
}
