//go:build real

package acceptance

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"chrononctl/internal/acceptance/metastore"
	"chrononctl/internal/demo/local"
	"chrononctl/internal/demo/local/localtest"
	"chrononctl/internal/demo/python"
)

// backlogDays is how many days the DAGs of team backlog have to catch up; the last is yesterday.
const backlogDays = 3

// poke is the pause between two looks of a wait. Each look is a process, so a short one keeps a small machine busy with nothing else.
const poke = "10s"

// scene is a site with an Airflow that runs the DAGs of both repositories, and a Hive metastore behind a gate that is closed at first.
type scene struct {
	*site
	*observed
	definitions promises // of testdata/repo
	hive        promises // of testdata/hive
	gate        *gate
	days        []string // of the backlog, oldest first
	last        string   // yesterday, the last of them
	before      string   // the day before it
}

// build makes the program that is to be proved.
func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "chrononctl")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "chrononctl/cmd/chrononctl").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

// open lays a site out, withholds what the story wants late, and starts Airflow and metastore, which end with the test. bundle says that confs
// travel with the DAG files; otherwise the workers read them in the repository.
func open(t *testing.T, command, version string, bundle bool) *scene {
	t.Helper()
	s := &scene{site: newSite(t, command), gate: newGate(t)}
	today := time.Now().UTC().Format(time.DateOnly)
	for back := backlogDays; back > 0; back-- {
		s.days = append(s.days, moved(today, -back))
	}
	s.last, s.before = s.days[backlogDays-1], s.days[backlogDays-2]
	s.makePrograms(t)
	s.startTeams(t, "repo", map[string]string{"backlog": s.days[0]})
	s.definitions = s.generate(t, "repo", s.project(bundle))
	s.hive = s.generate(t, "hive", s.hiveProject())
	for _, table := range []string{"raw.events", "raw.purchases"} {
		s.tell(t, "withhold", table, s.last)
	}
	// Chronon leaves days before the first partition of a table alone, and these days may be computed in any order.
	s.tell(t, "land", "backlog.backlog_events_one_day", "ds="+moved(s.days[0], -1))
	s.start(t, version)
	return s
}

// makePrograms makes what the projects start: each a recorded way to the real run.py, to the stand-in, or to the metastore.
func (s *scene) makePrograms(t *testing.T) {
	t.Helper()
	s.recorded(t, "python", kindRun, s.chronon.Python)
	s.recorded(t, "kv-load", kindLoad, s.storeCommand("kv-load")...)
	s.recorded(t, "spark-submit", kindSubmit, s.path("sample", "standin", "spark-submit"))
	s.recorded(t, "java", kindJava, s.path("sample", "standin", "java"))
}

// project is the project file of testdata/repo.
func (s *scene) project(bundle bool) object {
	env := s.standinEnv()
	maps.Copy(env, map[string]string{
		"SPARK_SUBMIT_PATH": s.program("spark-submit"),
		"YARN_PATH":         s.path("sample", "standin", "yarn"),
		"PATH":              s.path("programs") + string(filepath.ListSeparator) + os.Getenv("PATH"), // where run.py finds java
		"FROM_PROJECT":      "what the project file says",
	})
	run, chronon := object{"python": s.program("python"), "env": env}, object{"delivery": "bundle"}
	if bundle {
		run["repo"] = s.repo("repo")
	} else {
		chronon["delivery"] = object{"repo": s.repo("repo")}
	}
	return object{
		"version": 1, "chronon": chronon, "run": run,
		"dags":        object{"start_date": s.last, "retry_delay": "2s", "timeout": "10m", "join_backfill": "parts", "stats": true, "metadata_upload": true},
		"sensors":     object{"kind": "command", "argv": s.storeCommand("has", "{table}", "{partition}"), "poke": poke, "timeout": "1h"},
		"kv_load":     object{"argv": []string{s.program("kv-load"), "{table}", "{dataset}", "{ds}"}},
		"consistency": object{"reader": "command", "argv": s.storeCommand("consistency", "{table}", "{ds_from}", "{ds_to}")},
	}
}

// start starts Airflow and metastore beside each other.
func (s *scene) start(t *testing.T, version string) {
	t.Helper()
	store, err := python.Open()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	type started struct {
		metastore *metastore.Metastore
		err       error
	}
	ready := make(chan started, 1)
	go func() {
		m, err := metastore.Start(t.Context(), metastore.Options{Cache: store.Dir, Dir: dir, Progress: func(line string) { fmt.Fprintln(os.Stderr, line) }})
		ready <- started{m, err}
	}()
	airflow := localtest.Airflow(t, version, func(o *local.Options) {
		o.DAGs, o.Besides = s.dags(), []string{"hive"}
		o.Env = map[string]string{
			"TMPDIR":                         os.TempDir(),
			"ON_WORKER":                      "what the worker has",
			"AIRFLOW_CONN_METASTORE_DEFAULT": "hive-metastore://" + s.gate.address,
		}
	})
	m := <-ready
	if m.err != nil {
		t.Fatal(m.err)
	}
	t.Cleanup(func() {
		// In this order: what still passes the gate ends with the metastore.
		if err := errors.Join(m.metastore.Stop(), s.gate.close()); err != nil {
			t.Error(err)
		}
	})
	s.observed, s.gate.target = observe(t, airflow), m.metastore.Address()
	s.prepareHive(t)
}
