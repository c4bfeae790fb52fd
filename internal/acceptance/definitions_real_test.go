//go:build real

package acceptance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
	"chrononctl/internal/demo/local"
)

const (
	stagingDAG   = "chronon_staging_query_backlog"
	batchDAG     = "chronon_batch_dag_backlog"
	joinDAG      = "chronon_join_backlog__training__v1"
	labelDAG     = "chronon_label_join_backlog__training__v1"
	waitOfEvents = "wait_for__raw_events__"
	upload       = "upload__spend__v1"
	load         = "kv_load__spend__v1"
	uploadTable  = "backlog.backlog_spend_v1_upload"

	notUnderstoodRun = "not_understood"
)

// TestRealDefinitions runs the generated DAGs on both versions of Airflow: on 3.3 with the confs in the release, on 2.11 with a repository on
// the workers. The steps of a scene are one story and follow each other; the checks after it look at what it left.
func TestRealDefinitions(t *testing.T) { //nolint:paralleltest // One Airflow at a time is what two cores carry.
	command := build(t)
	for version, bundle := range map[string]bool{local.Airflow3: true, local.Airflow2: false} {
		t.Run("Airflow "+version, func(t *testing.T) {
			s := open(t, command, version, bundle)
			releaseLoad := s.hold(t, kindLoad, uploadTable, "BACKLOG_SPEND_V1_BATCH", s.before)
			s.unpause(t, s.definitions, s.hive)
			for _, step := range []struct {
				name string
				run  func(*testing.T)
			}{
				{"a metastore that is down is named and asked again", s.metastoreIsDown},
				{"a run that nobody understands fails before any job", s.notUnderstood},
				{"a table that does not exist is reported", s.tableDoesNotExist},
				{"a table that is late is waited for", s.tableIsLate},
				{"an upload waits for the load of the day before", func(t *testing.T) { s.uploadWaitsForLoad(t, releaseLoad) }},
				{"a partition that lands in the metastore is seen", s.partitionLands},
				{"what waited goes on when the table lands", s.tableLands},
			} {
				if !t.Run(step.name, step.run) {
					t.FailNow()
				}
			}
			t.Run("days are coalesced and none is lost", s.daysAreCoalesced)
			t.Run("jobs for a day of their own are never skipped", s.ownDaysAreNeverSkipped)
			t.Run("days of one conf never overlap", s.daysNeverOverlap)
			t.Run("run.py received what was promised", s.argvIsAsPromised)
			t.Run("jobs have the environment of worker, project and conf", s.environment)
			t.Run("every task ended well", s.everythingEndedWell)
		})
	}
}

// notUnderstood triggers a run with a key that does not exist. Its day is computed by no run yet, so no job of it can be another's.
func (s *scene) notUnderstood(t *testing.T) {
	noon, err := time.Parse(time.DateOnly, s.last)
	if err != nil {
		t.Fatal(err)
	}
	run, err := s.client.Trigger(t.Context(), airflowclient.TriggerRequest{
		DAGID: stagingDAG, RunID: notUnderstoodRun, LogicalDate: noon.Add(12 * time.Hour), Conf: map[string]any{"chronon": map[string]any{"start_day": s.last}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.eventually(t, "the run has failed", func(ctx context.Context) (string, error) {
		found, err := s.client.Run(ctx, run.DAGID, run.ID)
		if err != nil || found.State != airflowclient.StateFailed {
			return "it is " + string(found.State), err
		}
		return "", nil
	})
	instances, err := s.client.TaskInstances(t.Context(), airflowclient.TaskQuery{Runs: []airflowclient.RunRef{{DAGID: run.DAGID, RunID: run.ID}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, instance := range instances {
		if !strings.HasPrefix(instance.TaskID, "wait_") {
			if instance.State != airflowclient.StateUpstreamFailed {
				t.Errorf("%s is %s", instance.TaskID, instance.State)
			}
			continue
		}
		known := "start_ds, end_ds, step_days, parallelism, day_only, confs, parts, wait"
		missing, err := s.logHas(t.Context(), instance, "run configuration: chronon has unknown keys: start_day; known are "+known)
		if err != nil || missing != "" || instance.State != airflowclient.StateFailed || instance.Try > 1 {
			t.Errorf("%s is %s after %d tries: %s %v", instance.TaskID, instance.State, instance.Try, missing, err)
		}
	}
	for _, r := range s.recordsOf(t, kindRun) {
		if strings.Contains(r.after("--conf"), "staging_queries/backlog/") && r.after("--ds") == s.last {
			t.Errorf("a job ran: %s", shown(r.Argv))
		}
	}
}

// tableIsLate: yesterday's run waits for its partition and does not fail; the day before is not left to it and computes the days before it too.
func (s *scene) tableIsLate(t *testing.T) {
	s.eventually(t, "it was looked for again and again", func(ctx context.Context) (string, error) {
		wait, err := s.waiting(ctx, stagingDAG, waitOfEvents, s.last)
		if err != nil || wait.State == "" {
			return "it has not begun", err
		}
		text, err := s.log(ctx, wait)
		if looks := strings.Count(text, "raw.events/ds="+s.last+" is not there yet"); looks < 3 {
			return fmt.Sprintf("%d looks: %s", looks, text), err
		}
		switch wait.State {
		case airflowclient.StateUpForReschedule, airflowclient.StateScheduled, airflowclient.StateQueued, airflowclient.StateRunning:
			return "", err
		default:
			t.Fatalf("it is %s", wait.State)
			return "", nil
		}
	})
	s.eventually(t, "the day before is computed", func(ctx context.Context) (string, error) {
		for _, task := range []string{"backfill__events__filled", "backfill__events__one_day"} {
			done, err := s.instance(ctx, stagingDAG, task, s.before)
			if err != nil || done.State != airflowclient.StateSuccess {
				return fmt.Sprintf("%s is %q", task, done.State), err
			}
			waiting, err := s.instance(ctx, stagingDAG, task, s.last)
			if err != nil || waiting.State != "" {
				t.Fatalf("%s of a day whose input is not there is %q: %v", task, waiting.State, err)
			}
		}
		return "", nil
	})
}

// uploadWaitsForLoad: the load of the day before is under way when yesterday's input lands. The upload table has one place, so yesterday's upload
// gives its slot back until that load is done.
func (s *scene) uploadWaitsForLoad(t *testing.T, releaseLoad func()) {
	s.eventually(t, "the day before is being loaded", func(context.Context) (string, error) {
		if loads := s.loadsOf(t, uploadTable); len(loads) != 1 || loads[0].Ended != 0 {
			return fmt.Sprintf("%d loads began", len(loads)), nil
		}
		return "", nil
	})
	s.tell(t, "release", "raw.purchases", s.last)
	s.eventually(t, "yesterday's upload waits", func(ctx context.Context) (string, error) {
		waiting, err := s.instance(ctx, batchDAG, upload, s.last)
		if err != nil || waiting.State == "" {
			return "it has not begun", err
		}
		return s.logHas(ctx, waiting, "comes first: this upload would overwrite its table")
	})
	if uploads := s.runsOf(t, "upload", "group_bys/backlog/spend.v1"); len(uploads) != 1 {
		t.Errorf("%d uploads while the table was being loaded", len(uploads))
	}
	releaseLoad()
	s.eventually(t, "yesterday is loaded", func(ctx context.Context) (string, error) {
		done, err := s.instance(ctx, batchDAG, load, s.last)
		if err != nil || done.State != airflowclient.StateSuccess {
			return "it is " + string(done.State), err
		}
		return "", nil
	})
	uploads, loads := s.runsOf(t, "upload", "group_bys/backlog/spend.v1"), s.loadsOf(t, uploadTable)
	if len(uploads) != 2 || len(loads) != 2 {
		t.Fatalf("%d uploads and %d loads", len(uploads), len(loads))
	}
	for i, day := range []string{s.before, s.last} {
		if got := uploads[i].after("--ds"); got != day {
			t.Errorf("upload %d is of %s", i+1, got)
		}
		if got := loads[i].Argv[len(loads[i].Argv)-1]; got != day {
			t.Errorf("load %d is of %s", i+1, got)
		}
	}
	if order := []float64{uploads[0].Ended, loads[0].Began, loads[0].Ended, uploads[1].Began, uploads[1].Ended, loads[1].Began}; !slices.IsSorted(order) {
		t.Errorf("uploads and loads overlap: %v", order)
	}
}

// tableLands lets the late table land, and waits until everything is done.
func (s *scene) tableLands(t *testing.T) {
	s.tell(t, "release", "raw.events", s.last)
	s.eventually(t, "the wait is over and its jobs have run", func(ctx context.Context) (string, error) {
		for _, task := range []string{"backfill__events__filled", "backfill__events__one_day"} {
			done, err := s.instance(ctx, stagingDAG, task, s.last)
			if err != nil || done.State != airflowclient.StateSuccess {
				return fmt.Sprintf("%s is %q", task, done.State), err
			}
		}
		return "", nil
	})
	s.startStreams(t)
	s.eventually(t, "all runs are done", s.unfinished)
}

// startStreams lets the streaming DAGs tick once the first upload of every stream is there; a tick before it would only look.
func (s *scene) startStreams(t *testing.T) {
	s.eventually(t, "the first upload of the stream is there", func(context.Context) (string, error) {
		if len(s.runsOf(t, string(dagspec.ModeUpload), "group_bys/modes/features.stream")) == 0 {
			return "it has not run", nil
		}
		return "", nil
	})
	for _, dag := range s.definitions.DAGs {
		if dag.Kind != string(dagspec.KindStreaming) {
			continue
		}
		if err := s.client.SetPaused(t.Context(), dag.ID, false); err != nil {
			t.Fatal(err)
		}
	}
}

// unfinished says which DAG still has something to do: a run at work, one that is due, or, where it ticks, its first tick to come.
func (s *scene) unfinished(ctx context.Context) (string, error) {
	runs, err := s.client.Runs(ctx, airflowclient.RunQuery{DAGIDs: s.watched})
	if err != nil {
		return "", err
	}
	done, active := map[string]int{}, map[string]int{}
	for _, run := range runs {
		if run.State == airflowclient.StateSuccess || run.State == airflowclient.StateFailed {
			done[run.DAGID]++
		} else {
			active[run.DAGID]++
		}
	}
	for _, dag := range s.definitions.DAGs {
		wanted := 1
		if dag.Team == "backlog" {
			wanted = backlogDays
		}
		if done[dag.ID] < wanted || active[dag.ID] > 0 && dag.Kind != string(dagspec.KindStreaming) {
			return fmt.Sprintf("%s has %d runs done and %d at work, and wants %d", dag.ID, done[dag.ID], active[dag.ID], wanted), nil
		}
	}
	return "", nil
}

// runsOf are the records of run.py for a mode and a conf, in order.
func (s *scene) runsOf(t *testing.T, mode, conf string) []record {
	t.Helper()
	return slices.DeleteFunc(s.recordsOf(t, kindRun), func(r record) bool {
		return r.after("--mode") != mode || !strings.HasSuffix(r.after("--conf"), "/"+conf)
	})
}

// loadsOf are the records of KV loads of a table, in order.
func (s *scene) loadsOf(t *testing.T, table string) []record {
	t.Helper()
	return slices.DeleteFunc(s.recordsOf(t, kindLoad), func(r record) bool { return r.Argv[1] != table })
}
