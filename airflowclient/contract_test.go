package airflowclient_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chrononctl/airflowclient"
)

// The contract is what the client promises of every Airflow. contract_sim_test.go holds the simulated ones to it in each test run,
// contract_real_test.go real ones: a step that the two answer differently is a fault of the simulation.

// The run of the contract. Its id holds what needs escaping in a path.
const contractRun = "contract__2024-01-02T00:00:00+00:00"

// step is one operation of the contract: all versions must give the same value, or say by a capability that they do not. Steps run in
// order, because they build on each other.
type step struct {
	name  string
	call  func(ctx context.Context, c *airflowclient.Client) (any, error)
	want  any
	needs func(airflowclient.Capabilities) bool // nil: every Airflow does this
	other any                                   // the value without the capability; nil: the call ends in an error for which IsTooOld holds
}

// contract is all of it: the picture of a fleet first, then what looks deeper and what changes things.
var contract = slices.Concat(contractFleet, contractMapped, contractDays, contractBackfills, contractStores, contractRecords)

var contractFleet = []step{
	{name: "the scheduler lives", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		health, err := c.Health(ctx)
		i := slices.IndexFunc(health.Components, func(p airflowclient.Component) bool { return p.Name == "scheduler" })
		if i < 0 {
			return health, err
		}
		return []any{health.Components[i].Status, health.Components[i].Heartbeat.IsZero()}, err
	}, want: []any{"healthy", false}},
	{name: "DAGs by tags", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		dags, err := c.DAGs(ctx, airflowclient.DAGQuery{Tags: []string{"contract", "team:a"}})
		return mapped(dags, plainDAG), err
	}, want: []airflowclient.DAG{contractDAG(true)}},
	{name: "DAGs by pattern and pause, by id", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		paused := true
		dags, err := c.DAGs(ctx, airflowclient.DAGQuery{Pattern: "TRACT_", Paused: &paused})
		return mapped(dags, func(d airflowclient.DAG) string { return d.ID }), err
	}, want: []string{"contract_days", "contract_idle", "contract_ok"}},
	{name: "the next run is known", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		dag, err := c.DAG(ctx, "contract_idle")
		return []bool{dag.NextRun.IsZero(), dag.NextRunAfter.IsZero()}, err
	}, want: []bool{false, false}},
	{name: "tasks with their edges", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		return c.Tasks(ctx, "contract_ok")
	}, want: []airflowclient.Task{
		{ID: "fail", Downstream: []string{}, Operator: "PythonOperator", Pool: "default_pool", Owner: "airflow", TriggerRule: "all_success"},
		{ID: "report", Downstream: []string{"fail"}, Operator: "PythonOperator", Pool: "default_pool", Owner: "airflow", TriggerRule: "all_success"},
	}},
	{name: "import errors", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		list, err := c.ImportErrors(ctx)
		return mapped(list, func(e airflowclient.ImportError) []any {
			return []any{filepath.Base(e.File), strings.Contains(e.Trace, "planned import error"), e.Timestamp.IsZero(), e.ID != ""}
		}), err
	}, want: [][]any{{"broken.py", true, false, true}}},
	{name: "unpause", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		if err := c.SetPaused(ctx, "contract_ok", false); err != nil {
			return nil, err
		}
		dag, err := c.DAG(ctx, "contract_ok")
		return plainDAG(dag), err
	}, want: contractDAG(false)},
	{name: "trigger for a day", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		run, err := c.Trigger(ctx, contractTrigger())
		return plainRun(run), err
	}, want: contractRunIn(airflowclient.StateQueued), needs: canSayInterval, other: withoutInterval(airflowclient.StateQueued)},
	{name: "trigger a DAG with a mapped task", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		trigger := contractTrigger()
		trigger.DAGID = "contract_mapped"
		run, err := c.Trigger(ctx, trigger)
		return run.DAGID, err
	}, want: "contract_mapped"},
	{name: "the same trigger again is a conflict", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		_, err := c.Trigger(ctx, contractTrigger())
		return airflowclient.IsConflict(err), nil
	}, want: true},
	{name: "the run fails", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		run, err := awaitEnd(ctx, c)
		return []any{plainRun(run), !run.Start.IsZero() && run.End.After(run.Start)}, err
	}, want: []any{contractRunIn(airflowclient.StateFailed), true}, needs: canSayInterval, other: []any{withoutInterval(airflowclient.StateFailed), true}},
	{name: "runs by DAG, state, date and end", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		runs, err := c.Runs(ctx, airflowclient.RunQuery{
			DAGIDs: []string{"contract_ok"}, States: []airflowclient.State{airflowclient.StateFailed},
			LogicalFrom: day(2), LogicalTo: day(2), EndedSince: time.Now().Add(-time.Hour), Limit: 5,
		})
		return mapped(runs, plainRun), err
	}, want: []airflowclient.Run{contractRunIn(airflowclient.StateFailed)}, needs: canSayInterval, other: []airflowclient.Run{withoutInterval(airflowclient.StateFailed)}},
	{name: "no runs on another day", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		runs, err := c.Runs(ctx, airflowclient.RunQuery{DAGIDs: []string{"contract_ok"}, LogicalFrom: day(3)})
		return len(runs), err
	}, want: 0},
	{name: "task instances", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		list, err := c.TaskInstances(ctx, airflowclient.TaskQuery{Runs: []airflowclient.RunRef{contractRef, {DAGID: "contract_idle", RunID: "none"}}})
		return mapped(list, plainInstance), err
	}, want: []airflowclient.TaskInstance{contractInstance("fail", airflowclient.StateFailed), contractInstance("report", airflowclient.StateSuccess)}},
	{name: "task instances say when and where they ran", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		list, err := c.TaskInstances(ctx, airflowclient.TaskQuery{Runs: []airflowclient.RunRef{contractRef}})
		return mapped(list, func(ti airflowclient.TaskInstance) bool {
			return !ti.Queued.IsZero() && !ti.Start.IsZero() && ti.End.After(ti.Start) && ti.Duration > 0 && ti.Hostname != ""
		}), err
	}, want: []bool{true, true}},
	{name: "task instances by state", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		list, err := c.TaskInstances(ctx, airflowclient.TaskQuery{Runs: []airflowclient.RunRef{contractRef}, States: []airflowclient.State{airflowclient.StateFailed}})
		return mapped(list, plainInstance), err
	}, want: []airflowclient.TaskInstance{contractInstance("fail", airflowclient.StateFailed)}},
	{name: "task instances that did not succeed, be they without a state", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		list, err := c.TaskInstances(ctx, airflowclient.TaskQuery{Runs: []airflowclient.RunRef{contractRef}, States: airflowclient.TaskStatesBut(airflowclient.StateSuccess)})
		return mapped(list, plainInstance), err
	}, want: []airflowclient.TaskInstance{contractInstance("fail", airflowclient.StateFailed)}},
	{name: "a log to its end, with level and time", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		lines, err := wholeLog(ctx, c, "report")
		return found(lines, `it's "quoted"`), err
	}, want: []any{`it's "quoted" \ and é ☃`, "info", false}},
	{name: "a log with a traceback", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		lines, err := wholeLog(ctx, c, "fail")
		i := slices.IndexFunc(lines, func(l airflowclient.LogLine) bool { return l.Text == "Traceback (most recent call last):" })
		j := slices.IndexFunc(lines, func(l airflowclient.LogLine) bool { return l.Text == "ValueError: planned failure" })
		return i >= 0 && i < j, err
	}, want: true},
	{name: "an XCom of JSON text", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		return c.XCom(ctx, "contract_ok", contractRun, "report", "report")
	}, want: json.RawMessage(`{"rows": 3, "days": ["2024-01-02"]}`)},
	{name: "what a clear would do", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		list, err := c.Clear(ctx, airflowclient.ClearRequest{DAGID: "contract_ok", RunID: contractRun, OnlyFailed: true, DryRun: true})
		return mapped(list, func(ti airflowclient.TaskInstance) string { return ti.RunID + " " + ti.TaskID }), err
	}, want: []string{contractRun + " fail"}},
	{name: "a dry run changes nothing", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		run, err := c.Run(ctx, "contract_ok", contractRun)
		return plainRun(run), err
	}, want: contractRunIn(airflowclient.StateFailed), needs: canSayInterval, other: withoutInterval(airflowclient.StateFailed)},
	{name: "clear with all that follows", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		list, err := c.Clear(ctx, airflowclient.ClearRequest{DAGID: "contract_ok", RunID: contractRun, TaskIDs: []string{"report"}, Downstream: true})
		return mapped(list, func(ti airflowclient.TaskInstance) string { return ti.RunID + " " + ti.TaskID }), err
	}, want: []string{contractRun + " fail", contractRun + " report"}},
	{name: "the run fails again, on second tries", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		if _, err := awaitEnd(ctx, c); err != nil {
			return nil, err
		}
		list, err := c.TaskInstances(ctx, airflowclient.TaskQuery{Runs: []airflowclient.RunRef{contractRef}})
		return mapped(list, func(ti airflowclient.TaskInstance) int { return ti.Try }), err
	}, want: []int{2, 2}},
	{name: "reparse, twice", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		dag, err := c.DAG(ctx, "contract_ok")
		if err != nil {
			return nil, err
		}
		if err := c.Reparse(ctx, dag.FileToken); err != nil {
			return nil, err
		}
		return nil, c.Reparse(ctx, dag.FileToken)
	}, want: nil, needs: func(can airflowclient.Capabilities) bool { return can.Reparse }},
	{name: "a feed reads all its parts, twice", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		feed := airflowclient.NewFeed(c, airflowclient.FeedOptions{Fast: 1, Slow: 1})
		feed.Step(ctx, nil)
		feed.Step(ctx, nil)
		p := feed.Picture()
		for _, state := range p.Parts {
			if state.Err != nil {
				return nil, state.Err
			}
		}
		ids := mapped(p.DAGs, func(d airflowclient.DAG) string { return d.ID })
		runs := slices.DeleteFunc(slices.Clone(p.Runs), func(r airflowclient.Run) bool { return r.DAGID != "contract_ok" })
		return []any{ids, mapped(runs, func(r airflowclient.Run) string { return shortRun(r) }), len(p.ImportErrors)}, nil
	}, want: []any{[]string{"contract_days", "contract_idle", "contract_mapped", "contract_ok"}, []string{contractRun + " failed 2024-01-02"}, 1}},
	{name: "what does not exist is not found", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		_, dag := c.DAG(ctx, "no_such")
		_, run := c.Run(ctx, "contract_ok", "no_such")
		_, xcom := c.XCom(ctx, "contract_ok", contractRun, "report", "no_such")
		_, log := c.Log(ctx, airflowclient.LogRef{DAGID: "contract_ok", RunID: contractRun, TaskID: "no_such", MapIndex: -1, Try: 1}, "")
		_, trigger := c.Trigger(ctx, airflowclient.TriggerRequest{DAGID: "no_such", RunID: "r", LogicalDate: day(1)})
		pause := c.SetPaused(ctx, "no_such", true)
		return mapped([]error{dag, run, xcom, log, trigger, pause}, explained(airflowclient.KindNotFound)), nil
	}, want: []bool{true, true, true, true, true, true}},
	{name: "a request that is not accepted says why", call: func(ctx context.Context, c *airflowclient.Client) (any, error) {
		ref := airflowclient.LogRef{DAGID: "contract_ok", RunID: contractRun, TaskID: "report", MapIndex: -1, Try: 1}
		_, err := c.Log(ctx, ref, "forged.token")
		return explained(airflowclient.KindInvalid)(err), nil
	}, want: true},
}

var contractRef = airflowclient.RunRef{DAGID: "contract_ok", RunID: contractRun}

func contractTrigger() airflowclient.TriggerRequest {
	return airflowclient.TriggerRequest{
		DAGID: "contract_ok", RunID: contractRun, LogicalDate: day(2), IntervalFrom: day(2), IntervalTo: day(3),
		Conf: map[string]any{"why": "contract"}, Note: "from the contract",
	}
}

// plainDAG leaves out what no two servers have in common.
func plainDAG(d airflowclient.DAG) airflowclient.DAG {
	d.FileToken, d.FileLoc, d.LastParsed, d.ParseTook = present(d.FileToken), filepath.Base(d.FileLoc), time.Time{}, 0
	return d
}

func contractDAG(paused bool) airflowclient.DAG {
	return airflowclient.DAG{
		ID: "contract_ok", Description: "Contract [cc:0123456789ab]", FileToken: "yes", FileLoc: "contract.py", Owners: []string{"airflow"},
		Tags: []string{"contract", "team:a"}, Paused: paused, Timetable: "Never, external triggers only",
	}
}

func present(text string) string {
	if text != "" {
		return "yes"
	}
	return "no"
}

func plainRun(r airflowclient.Run) airflowclient.Run {
	r.RunAfter, r.Queued, r.Start, r.End = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	return r
}

func contractRunIn(state airflowclient.State) airflowclient.Run {
	return airflowclient.Run{
		DAGID: "contract_ok", ID: contractRun, State: state, Type: "manual", LogicalDate: day(2), IntervalFrom: day(2), IntervalTo: day(3),
		Note: "from the contract", Conf: map[string]any{"why": "contract"},
	}
}

func canSayInterval(can airflowclient.Capabilities) bool { return can.TriggerInterval }

// withoutInterval is the same run where a trigger cannot say its interval, and the DAG has no schedule to infer it from.
func withoutInterval(state airflowclient.State) airflowclient.Run {
	run := contractRunIn(state)
	run.IntervalTo = run.IntervalFrom
	return run
}

func plainInstance(ti airflowclient.TaskInstance) airflowclient.TaskInstance {
	ti.Hostname, ti.Queued, ti.Start, ti.End, ti.Duration = "", time.Time{}, time.Time{}, time.Time{}, 0
	return ti
}

func contractInstance(task string, state airflowclient.State) airflowclient.TaskInstance {
	return airflowclient.TaskInstance{
		DAGID: "contract_ok", RunID: contractRun, TaskID: task, MapIndex: -1, State: state, Try: 1, Operator: "PythonOperator", Pool: "default_pool",
	}
}

// awaitEnd polls the run until it has ended.
func awaitEnd(ctx context.Context, c *airflowclient.Client) (run airflowclient.Run, err error) {
	err = await(ctx, func() (bool, error) {
		run, err = c.Run(ctx, "contract_ok", contractRun)
		return run.State == airflowclient.StateFailed || run.State == airflowclient.StateSuccess, err
	})
	return run, err
}

// await asks twice a second until the answer is yes.
func await(ctx context.Context, done func() (bool, error)) error {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		if yes, err := done(); yes || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// wholeLog follows the first try's log of a task to its end.
func wholeLog(ctx context.Context, c *airflowclient.Client, task string) ([]airflowclient.LogLine, error) {
	ref := airflowclient.LogRef{DAGID: "contract_ok", RunID: contractRun, TaskID: task, MapIndex: -1, Try: 1}
	var lines []airflowclient.LogLine
	token := ""
	for range 10 {
		chunk, err := c.Log(ctx, ref, token)
		lines = append(lines, chunk.Lines...)
		if err != nil || chunk.Done {
			return lines, err
		}
		token = chunk.Next
	}
	return lines, context.DeadlineExceeded
}

// found is the line that holds the text: all of it, its level, and whether it lacks a time.
func found(lines []airflowclient.LogLine, text string) []any {
	i := slices.IndexFunc(lines, func(l airflowclient.LogLine) bool { return strings.Contains(l.Text, text) })
	if i < 0 {
		return []any{lines}
	}
	return []any{lines[i].Text, lines[i].Level, lines[i].Time.IsZero()}
}

// explained reports whether an error is of the kind and holds Airflow's own words.
func explained(kind airflowclient.Kind) func(error) bool {
	return func(err error) bool {
		var e *airflowclient.Error
		return errors.As(err, &e) && e.Kind == kind && e.Detail != ""
	}
}

func mapped[T, U any](list []T, f func(T) U) []U {
	out := make([]U, 0, len(list))
	for _, item := range list {
		out = append(out, f(item))
	}
	return out
}

// checkContract takes the steps in order and compares. It starts no subtests, because a bubble of testing/synctest allows none.
func checkContract(ctx context.Context, t *testing.T, c *airflowclient.Client) {
	t.Helper()
	server, err := c.Server(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range contract {
		got, err := s.call(ctx, c)
		want := s.want
		if s.needs != nil && !s.needs(server.Capabilities) {
			if want = s.other; want == nil {
				if !airflowclient.IsTooOld(err) {
					t.Errorf("%s: Airflow %s has no such thing, and the error is %v", s.name, server.Version, err)
				}
				continue
			}
		}
		if err != nil {
			t.Errorf("%s: %v", s.name, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", s.name, diff)
		}
	}
	if w := c.Warnings(); len(w) > 0 {
		t.Errorf("warnings: %q", w)
	}
}

// wrongToken is a bearer token that no Airflow has signed.
func wrongToken() airflowclient.Authenticator {
	return airflowclient.Bearer(func(context.Context) (airflowclient.Secret, error) {
		return airflowclient.NewSecret(jwt(1, time.Hour)), nil
	}, "the test")
}

// checkWrongCredentials is the answer to a password or a token that the configuration has wrong.
func checkWrongCredentials(t *testing.T, cfg airflowclient.Config) {
	t.Helper()
	c, err := airflowclient.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.DAGs(t.Context(), airflowclient.DAGQuery{})
	if e := asError(t, err); e.Kind != airflowclient.KindAuth || !strings.Contains(e.Hint(), "(from the test)") {
		t.Errorf("got %v, hint %q", err, e.Hint())
	}
}
