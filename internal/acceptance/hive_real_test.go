//go:build real

package acceptance

import (
	"context"
	"os/exec"
	"testing"
	"time"

	"chrononctl/airflowclient"
)

const (
	hiveDAG       = "chronon_staging_query_hive"
	missingTable  = 5 * time.Second
	waitOfVisits  = "wait_for__raw_visits__"
	waitOfNothing = "wait_for__raw_vists__"
)

// hiveProject is the project file of testdata/hive: its jobs are real runs of run.py too, and write their partition into the metastore.
func (s *scene) hiveProject() object {
	return object{
		"version": 1,
		"run": object{
			"python": s.program("python"), "repo": s.repo("hive"), "env": object{"SPARK_SUBMIT_PATH": s.program("hive-submit")},
		},
		"dags":    object{"start_date": s.last, "retry_delay": "2s", "timeout": "10m"},
		"sensors": object{"kind": "hive", "poke": poke, "timeout": "1h", "missing_table": missingTable.String()},
	}
}

// prepareHive makes the table that exists, and the program that plays Spark.
func (s *scene) prepareHive(t *testing.T) {
	t.Helper()
	s.wrapped(t, "hive-submit", s.airflow.Python, s.path("testdata", "programs", "hive.py"), s.gate.target, "submit")
	s.tellHive(t, "create", "raw.visits", "ds", "hr")
}

// tellHive writes into the metastore, not through the gate.
func (s *scene) tellHive(t *testing.T, args ...string) {
	t.Helper()
	command := append([]string{s.path("testdata", "programs", "hive.py"), s.gate.target}, args...)
	if out, err := exec.CommandContext(t.Context(), s.airflow.Python, command...).CombinedOutput(); err != nil {
		t.Fatalf("hive.py %v: %v\n%s", args, err, out)
	}
}

// metastoreIsDown: a wait that cannot ask is tried again, and says whom it could not ask.
func (s *scene) metastoreIsDown(t *testing.T) {
	s.eventually(t, "a wait is tried again since the metastore is down", func(ctx context.Context) (string, error) {
		wait, err := s.waiting(ctx, hiveDAG, waitOfVisits, s.last)
		if err != nil || wait.Try < 2 && wait.State != airflowclient.StateUpForRetry {
			return "it is " + string(wait.State), err
		}
		return s.logHas(ctx, wait, "the Hive metastore "+s.gate.address+" (connection 'metastore_default') could not be asked about raw.visits/ds="+s.last+"/hr=23")
	})
	s.gate.open(t)
}

// tableDoesNotExist: a name with a mistake fails soon and for good, with the table's name and the setting that says how soon.
func (s *scene) tableDoesNotExist(t *testing.T) {
	var wait airflowclient.TaskInstance
	s.eventually(t, "the wait for a table that does not exist fails", func(ctx context.Context) (found string, err error) {
		if wait, err = s.waiting(ctx, hiveDAG, waitOfNothing, s.last); err != nil || wait.State != airflowclient.StateFailed {
			return "it is " + string(wait.State), err
		}
		return s.logHas(ctx, wait, "the table raw.vists does not exist, 0:00:05 after the run began", "sensors.missing_table")
	})
	run, err := s.client.Run(t.Context(), hiveDAG, wait.RunID)
	if err != nil {
		t.Fatal(err)
	}
	if took := wait.End.Sub(run.Start); took < missingTable {
		t.Errorf("it failed %s after the run began, within the %s that a table may be missing", took, missingTable)
	}
	s.eventually(t, "its job is not started", func(ctx context.Context) (string, error) {
		job, err := s.instance(ctx, hiveDAG, "backfill__tables__mistyped", s.last)
		if err != nil || job.State != airflowclient.StateUpstreamFailed {
			return "it is " + string(job.State), err
		}
		return "", nil
	})
}

// partitionLands: a wait sees that a partition is not there, then that it is, and the job's own partition is found where it wrote it.
func (s *scene) partitionLands(t *testing.T) {
	job := func(ctx context.Context) (airflowclient.TaskInstance, error) {
		return s.instance(ctx, hiveDAG, "backfill__tables__exists", s.last)
	}
	s.eventually(t, "the partition is looked for", func(ctx context.Context) (string, error) {
		wait, err := s.waiting(ctx, hiveDAG, waitOfVisits, s.last)
		if err != nil {
			return "", err
		}
		return s.logHas(ctx, wait, "raw.visits/ds="+s.last+"/hr=23 is not there yet")
	})
	if before, err := job(t.Context()); err != nil || before.State != "" {
		t.Fatalf("the job is %q (%v) before its input is there", before.State, err)
	}
	s.tellHive(t, "land", "raw.visits", s.last, "23")
	s.eventually(t, "the job has run and its partition was seen", func(ctx context.Context) (string, error) {
		done, err := job(ctx)
		if err != nil || done.State != airflowclient.StateSuccess {
			return "it is " + string(done.State), err
		}
		return s.logHas(ctx, done, "hive.hive_tables_exists/ds="+s.last+" landed")
	})
}
