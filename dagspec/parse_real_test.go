//go:build real

package dagspec

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"chrononctl/internal/demo/dagbag/dagbagtest"
	"chrononctl/internal/demo/local"
)

// TestRealEveryConstructIsImportedByEveryAirflow holds what every construct, the sample and the odd repository become to all versions of Airflow that
// are supported: the same bytes, each DAG with all its tasks, no error, no warning that points at a generated file or at the runtime.
func TestRealEveryConstructIsImportedByEveryAirflow(t *testing.T) {
	folder := t.TempDir()
	want := map[string]int{} // tasks by DAG id
	for _, c := range constructs() {
		s := testSettings()
		if c.settings != nil {
			c.settings(&s)
		}
		for kind, template := range s.Naming { // Airflow wants each id once in its folder
			s.Naming[kind] = c.name + "_" + template
		}
		fsys := testRepo(t, c.confs)
		if c.teams != "" {
			fsys["teams.json"].Data = []byte(c.teams)
		}
		defs, files := rendered(t, fsys, s)
		place(t, filepath.Join(folder, c.name), defs, files, want)
	}
	for _, repo := range []string{sampleDir, "testdata/odd"} {
		defs, files := rendered(t, os.DirFS(repo), testSettings())
		place(t, filepath.Join(folder, filepath.Base(repo)), defs, files, want)
	}
	for _, version := range local.Versions() {
		t.Run(version, func(t *testing.T) {
			read, err := dagbagtest.Reader(t, version).Import(t.Context(), folder)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]int{}
			for id, dag := range read.DAGs {
				got[id] = dag.Tasks
			}
			if !maps.Equal(got, want) {
				t.Errorf("got tasks by DAG\n%v, want\n%v", got, want)
			}
			dagbagtest.RequireClean(t, read)
		})
	}
}

// place writes a release into a folder and notes the tasks of its DAGs, those that wait included.
func place(t *testing.T, folder string, defs Definitions, files []File, tasks map[string]int) {
	t.Helper()
	for _, file := range files {
		path := filepath.Join(folder, filepath.FromSlash(file.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, file.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, dag := range defs.DAGs {
		var ids []string
		for i := range dag.Tasks {
			ids = append(ids, dag.Tasks[i].ID)
			for _, wait := range dag.Tasks[i].Waits {
				ids = append(ids, wait.waitID())
			}
		}
		slices.Sort(ids)
		tasks[dag.ID] = len(slices.Compact(ids))
	}
}
