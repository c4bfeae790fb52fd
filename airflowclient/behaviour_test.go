package airflowclient_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chrononctl/airflowclient"
)

// The behaviours are what Airflow does by itself when its files change and when somebody steps in: the DAG processor and the scheduler.
// The table says what 2.11.2 and 3.3.2 were seen to do, and how the two differ. It asks through the client and changes files, so that it can be
// taken through a real Airflow as well as through a simulated one.

// behaviour is one thing that an Airflow does. Behaviours run in order. Without want3 both versions do the same.
type behaviour struct {
	name         string
	call         func(ctx context.Context, s stage) (any, error)
	want2, want3 any
}

var behaviours = []behaviour{
	{"new files are seen", func(ctx context.Context, s stage) (any, error) {
		files := map[string]string{"behave.py": behaviourFile, "fragile.py": otherFile("fragile"), "leaving.py": otherFile("leaving")}
		for name, text := range files {
			if err := s.write(name, text); err != nil {
				return nil, err
			}
		}
		var dags []airflowclient.DAG
		err := await(ctx, func() (_ bool, err error) {
			dags, err = s.DAGs(ctx, airflowclient.DAGQuery{Tags: []string{"behaviour"}})
			return len(dags) == 10, err
		})
		return mapped(dags, func(d airflowclient.DAG) bool { return d.Paused && !d.Stale && !d.HasImportErrors }), err
	}, slices.Repeat([]bool{true}, 10), nil},
	{"a pool that does not exist is warned of by Airflow 2", func(ctx context.Context, s stage) (any, error) {
		list, err := s.DAGWarnings(ctx, "b_pool")
		return mapped(list, func(w airflowclient.DAGWarning) string { return w.Type + ": " + w.Message }), err
	}, []string{"non-existent pool: Dag 'b_pool' references non-existent pools: ['no_such_pool']"}, []string{}},
	{"runs are started once their DAG is not paused", func(ctx context.Context, s stage) (any, error) {
		for _, id := range []string{"b_chain", "b_long", "b_retry", "b_sensor", "b_pool", "b_used"} {
			if _, err := s.Trigger(ctx, airflowclient.TriggerRequest{DAGID: id, RunID: "r", LogicalDate: day(2), IntervalFrom: day(2), IntervalTo: day(3)}); err != nil {
				return nil, err
			}
		}
		run, err := s.Run(ctx, "b_chain", "r")
		if err != nil {
			return nil, err
		}
		for _, id := range []string{"b_chain", "b_long", "b_retry", "b_sensor", "b_pool", "b_used", "b_catchup"} {
			if err := s.SetPaused(ctx, id, false); err != nil {
				return nil, err
			}
		}
		return run.State, nil
	}, airflowclient.StateQueued, nil},
	{"a task that fails is up for retry", func(ctx context.Context, s stage) (any, error) {
		return s.reaches(ctx, "b_retry", "flaky up_for_retry 1")
	}, "flaky up_for_retry 1", nil},
	{"what waits for a failed task does not run", func(ctx context.Context, s stage) (any, error) {
		return s.ends(ctx, "b_chain")
	}, "failed: bad failed 1, first success 1, last upstream_failed 0", nil},
	{"a run that is queued by hand ends again when all has ended", func(ctx context.Context, s stage) (any, error) {
		if _, err := s.MarkRun(ctx, "b_chain", "r", airflowclient.StateQueued); err != nil {
			return nil, err
		}
		return s.ends(ctx, "b_chain")
	}, "failed: bad failed 1, first success 1, last upstream_failed 0", nil},
	{"what failed behind a task that is marked runs again", func(ctx context.Context, s stage) (any, error) {
		ref := airflowclient.InstanceRef{DAGID: "b_chain", RunID: "r", TaskID: "bad", MapIndex: -1}
		if _, err := s.MarkTask(ctx, airflowclient.TaskMark{Instance: ref, State: airflowclient.StateSuccess}); err != nil {
			return nil, err
		}
		return s.ends(ctx, "b_chain")
	}, "success: bad success 1, first success 1, last success 1", nil},
	{"a cleared run does it all again", func(ctx context.Context, s stage) (any, error) {
		if _, err := s.ClearRun(ctx, airflowclient.RunClear{DAGID: "b_chain", RunID: "r"}); err != nil {
			return nil, err
		}
		return s.ends(ctx, "b_chain")
	}, "failed: bad failed 2, first success 2, last upstream_failed 1", nil},
	{"a run that is marked as a success", func(ctx context.Context, s stage) (any, error) {
		if _, err := s.MarkRun(ctx, "b_chain", "r", airflowclient.StateSuccess); err != nil {
			return nil, err
		}
		return s.ends(ctx, "b_chain")
	}, "success: bad success 2, first success 2, last success 1", "success: bad failed 2, first success 2, last upstream_failed 1"},
	{"a sensor looks again within its try", func(ctx context.Context, s stage) (any, error) {
		var first airflowclient.TaskInstance
		err := await(ctx, func() (_ bool, err error) {
			first, err = s.task(ctx, "b_sensor", "wait")
			return first.State == "up_for_reschedule", err
		})
		if err != nil {
			return nil, err
		}
		err = await(ctx, func() (bool, error) {
			now, err := s.task(ctx, "b_sensor", "wait")
			if now.Try != first.Try { // a busy Airflow 3 failed it: from here, then
				first = now
			}
			return now.State == "up_for_reschedule" && now.End.After(first.End), err
		})
		if err != nil {
			return nil, err
		}
		now, err := s.task(ctx, "b_sensor", "wait")
		return []any{now.Try - first.Try, now.Start.Equal(first.Start)}, err
	}, []any{0, false}, nil},
	{"a sensor is stopped with its run", func(ctx context.Context, s stage) (any, error) {
		if _, err := s.MarkRun(ctx, "b_sensor", "r", airflowclient.StateFailed); err != nil {
			return nil, err
		}
		how, err := s.ends(ctx, "b_sensor")
		return strings.TrimRight(how, " 0123456789"), err
	}, "failed: wait failed", nil},
	{"the last try decides", func(ctx context.Context, s stage) (any, error) {
		return s.ends(ctx, "b_retry")
	}, "failed: flaky failed 2", nil},
	{"a task of a pool that does not exist is never queued", func(ctx context.Context, s stage) (any, error) {
		ti, err := s.task(ctx, "b_pool", "stuck")
		return fmt.Sprint(ti.State, " ", ti.Try), err
	}, "scheduled 1", nil},
	{"catching up keeps to the limit of runs", func(ctx context.Context, s stage) (any, error) {
		runs, err := s.Runs(ctx, airflowclient.RunQuery{DAGIDs: []string{"b_catchup"}})
		if err != nil || len(runs) != 1 {
			return len(runs), err
		}
		dag, err := s.DAG(ctx, "b_catchup")
		return []any{runs[0].LogicalDate, dag.NextRun, dag.NextRunAfter.IsZero()}, err
	}, []any{november(1), november(1), true}, []any{november(1), november(2), false}},
	{"a known file that breaks", func(ctx context.Context, s stage) (any, error) {
		if err := s.write("fragile.py", otherFile("fragile")+"\nraise RuntimeError(\"it broke\")\n"); err != nil {
			return nil, err
		}
		return s.broken(ctx, "fragile")
	}, brokenDAG{Errors: 1, HasImportErrors: true, Listed: true, Trigger: airflowclient.KindInvalid},
		brokenDAG{Errors: 1, HasImportErrors: true, Stale: true, Trigger: airflowclient.KindNotFound}},
	{"a file that is mended", func(ctx context.Context, s stage) (any, error) {
		if err := s.write("fragile.py", otherFile("fragile")); err != nil {
			return nil, err
		}
		err := await(ctx, func() (bool, error) {
			dag, err := s.DAG(ctx, "fragile")
			return !dag.HasImportErrors && !dag.Stale, err
		})
		if err != nil {
			return nil, err
		}
		return s.errorsOf(ctx, "fragile.py")
	}, 0, nil},
	{"a file that is removed", func(ctx context.Context, s stage) (any, error) {
		if err := os.Remove(filepath.Join(s.folder, "leaving.py")); err != nil {
			return nil, err
		}
		err := await(ctx, func() (bool, error) {
			dag, err := s.DAG(ctx, "leaving")
			return dag.Stale, err
		})
		if err != nil {
			return nil, err
		}
		_, tasks := s.Tasks(ctx, "leaving")
		_, trigger := s.Trigger(ctx, airflowclient.TriggerRequest{DAGID: "leaving", RunID: "r", LogicalDate: day(2)})
		listed, err := s.DAGs(ctx, airflowclient.DAGQuery{Pattern: "leaving"})
		return []any{airflowclient.IsNotFound(tasks), airflowclient.IsNotFound(trigger), len(listed)}, err
	}, []any{true, true, 0}, []any{false, true, 0}},
	{"what .airflowignore means", func(ctx context.Context, s stage) (any, error) {
		for _, file := range [][2]string{
			{".airflowignore", "hidden\n"}, {"hidden/deep.py", otherFile("deep")}, {"hidden_by_name.py", otherFile("by_name")},
			{"plain.py", "raise RuntimeError(\"no words of the trade in here\")\n"}, {"late/last.py", otherFile("late")},
		} {
			if err := s.write(file[0], file[1]); err != nil {
				return nil, err
			}
		}
		var ids []string
		err := await(ctx, func() (bool, error) {
			dags, err := s.DAGs(ctx, airflowclient.DAGQuery{Tags: []string{"behaviour"}})
			ids = mapped(dags, func(d airflowclient.DAG) string { return d.ID })
			return slices.Contains(ids, "late") && (s.version(ctx) == 2 || slices.Contains(ids, "by_name")), err
		})
		if err != nil {
			return nil, err
		}
		plain, err := s.errorsOf(ctx, "plain.py")
		return []any{slices.Contains(ids, "by_name"), slices.Contains(ids, "deep"), plain}, err
	}, []any{false, false, 0}, []any{true, false, 0}},
	{"a change makes a new version where the old one was used", func(ctx context.Context, s stage) (any, error) {
		if err := s.write("behave.py", strings.ReplaceAll(behaviourFile, "edition one", "edition two")); err != nil {
			return nil, err
		}
		err := await(ctx, func() (bool, error) {
			dag, err := s.DAG(ctx, "b_used")
			return dag.Description == "edition two", err
		})
		if err != nil || s.version(ctx) == 2 {
			return "there are none", err
		}
		counts := []int{0, 0}
		err = await(ctx, func() (bool, error) {
			for i, id := range []string{"b_used", "b_unused"} {
				versions, err := s.Versions(ctx, id)
				if err != nil {
					return false, err
				}
				counts[i] = len(versions)
			}
			return counts[0] > 1, nil
		})
		return counts, err
	}, "there are none", []int{2, 1}},
	{"a task that is cleared while it runs is begun again and may be tried as often as at first", func(ctx context.Context, s stage) (any, error) {
		var before airflowclient.TaskInstance
		err := await(ctx, func() (_ bool, err error) {
			before, err = s.task(ctx, "b_long", "long")
			return before.State == airflowclient.StateRunning, err
		})
		if err != nil {
			return nil, err
		}
		cleared, err := s.Clear(ctx, airflowclient.ClearRequest{DAGID: "b_long", RunID: "r", TaskIDs: []string{"long"}})
		if err != nil || len(cleared) != 1 {
			return len(cleared), err
		}
		var now airflowclient.TaskInstance
		err = await(ctx, func() (_ bool, err error) { // Airflow 2 may take the process for lost, and try the task again as it would have without the clear
			now, err = s.task(ctx, "b_long", "long")
			return now.State == airflowclient.StateRunning && (now.Try > before.Try || s.version(ctx) == 2), err
		})
		return now.MaxTries > before.MaxTries, err
	}, false, true},
	{"a run that is marked as failed stops its tasks and skips the rest", func(ctx context.Context, s stage) (any, error) {
		if _, err := s.MarkRun(ctx, "b_long", "r", airflowclient.StateFailed); err != nil {
			return nil, err
		}
		how, err := s.ends(ctx, "b_long")
		return strings.TrimRight(how, " 0123456789"), err
	}, "failed: after skipped 0, long failed", nil},
}

// checkBehaviours takes the behaviours in order and compares.
func checkBehaviours(ctx context.Context, t *testing.T, s stage) {
	t.Helper()
	for _, b := range behaviours {
		want := b.want2
		if b.want3 != nil && s.version(ctx) == 3 {
			want = b.want3
		}
		got, err := b.call(ctx, s)
		if err != nil {
			t.Errorf("%s: %v (%v)", b.name, err, got)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", b.name, diff)
		}
	}
}
