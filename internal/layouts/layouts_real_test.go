//go:build real

package layouts_test

import (
	"math"
	"path/filepath"
	"testing"

	"chrononctl/dagspec"
	"chrononctl/internal/demo/dagbag"
	"chrononctl/internal/demo/dagbag/dagbagtest"
	"chrononctl/internal/demo/local"
	"chrononctl/internal/layouts"
)

// sizeLimit is what a DAG may take in Airflow's database.
const sizeLimit = 1 << 20

// large is a team of 500 GroupBys, each of them with an upload, a KV load and a front-fill, a fifth of them with a stream too.
var large = layouts.Shape{Teams: 1, GroupBys: 500, Streams: 100, Joins: 1}

// TestRealLargestTeamDAGStaysBelowOneMegabyte imports the DAGs of a large team. Airflow 3 takes it as one DAG; for Airflow 2, which keeps more of each
// task, it is divided as the warning says.
func TestRealLargestTeamDAGStaysBelowOneMegabyte(t *testing.T) {
	repository := large.Repository()
	divided := layouts.Settings(layouts.PerTeam)
	divided.DAGs.Parts = map[string]int{"team00": 2}
	for _, c := range []struct {
		version  string
		settings dagspec.Settings
	}{{local.Airflow3, layouts.Settings(layouts.PerTeam)}, {local.Airflow2, divided}} {
		t.Run(c.version, func(t *testing.T) {
			reader := dagbagtest.Reader(t, c.version)
			folder := t.TempDir()
			written, err := layouts.Generate(folder, repository, c.settings)
			if err != nil {
				t.Fatal(err)
			}
			read := importAll(t, reader, folder)
			for i := range written.DAGs {
				dag := &written.DAGs[i]
				got, estimate := read.DAGs[dag.ID].Serialized, dagspec.SerializedSize(dag)
				t.Logf("%s: %d tasks, %d KB, estimated for Airflow 2: %d KB", dag.ID, read.DAGs[dag.ID].Tasks, got>>10, estimate>>10)
				if got == 0 || got >= sizeLimit {
					t.Errorf("%s takes %d bytes", dag.ID, got)
				}
				if wrong := math.Abs(float64(estimate-got)) / float64(got); c.version == local.Airflow2 && wrong > 0.1 {
					t.Errorf("%s: the estimate of %d bytes is wrong by %.0f %%", dag.ID, estimate, 100*wrong)
				}
			}
			t.Logf("Airflow %s imports %d DAGs in %.2f CPU-s", read.Airflow, len(read.DAGs), read.CPU.Seconds())
			walked := t.TempDir()
			if _, err := layouts.Write(walked, repository, layouts.Walk); err != nil {
				t.Fatal(err)
			}
			read = importAll(t, reader, walked)
			t.Logf("walking everything takes %.2f CPU-s, and %d KB for the team's DAG", read.CPU.Seconds(), read.DAGs["chronon_group_by_batch_team00"].Serialized>>10)
		})
	}
}

// TestRealATaskStartBuildsOneDAGWhateverTheSizeOfTheRepository counts the DAGs that are built for one task, in repositories of 100 and of 10,000 confs.
func TestRealATaskStartBuildsOneDAGWhateverTheSizeOfTheRepository(t *testing.T) {
	const dag, task = "chronon_join_team00__model_003__v1", "backfill__model_003__v1"
	small, big := t.TempDir(), t.TempDir()
	settings := layouts.Settings(layouts.PerTeam)
	settings.Bundle = false // a start reads no confs, so there is no need to write them
	for folder, teams := range map[string]int{small: 1, big: 100} {
		shape := layouts.Shape{Teams: teams, GroupBys: 80, Joins: 20}
		if _, err := layouts.Generate(folder, shape.Repository(), settings); err != nil {
			t.Fatal(err)
		}
	}
	for _, version := range []string{local.Airflow3, local.Airflow2} {
		t.Run(version, func(t *testing.T) {
			reader := dagbagtest.Reader(t, version)
			reader.NoCache = true
			var took [2]dagbag.Start
			for i, folder := range []string{small, big} {
				start, err := reader.Start(t.Context(), filepath.Join(folder, "join_team00.py"), dag, task, 5)
				if err != nil {
					t.Fatal(err)
				}
				if start.Built != 1 {
					t.Errorf("%d DAGs were built to start one task", start.Built)
				}
				took[i] = start
			}
			t.Logf("CPU time: %.1f ms among 100 confs, %.1f ms among 10,000", took[0].CPU.Seconds()*1000, took[1].CPU.Seconds()*1000)
			if took[1].CPU > 3*took[0].CPU {
				t.Errorf("a start takes %s among 10,000 confs and %s among 100", took[1].CPU, took[0].CPU)
			}
		})
	}
}

func importAll(t *testing.T, reader dagbag.Reader, folder string) dagbag.Imported {
	t.Helper()
	read, err := reader.Import(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	for file, text := range read.Errors {
		t.Fatalf("%s: %s", file, text)
	}
	return read
}
