//go:build real

package demo_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"chrononctl/internal/config"
	"chrononctl/internal/demo/python"
	"chrononctl/internal/demo/sample"
	"chrononctl/internal/deploy"
)

// parse runs every DAG file of a folder as Airflow does, and prints the ids of its DAGs and every warning that points at the folder.
const parse = `
import glob, json, os, runpy, sys, warnings
folder = sys.argv[1]
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    ids = [name for path in sorted(glob.glob(os.path.join(folder, "*.py")))
           for name, value in runpy.run_path(path).items() if type(value).__name__ == "DAG"]
about = [f"{w.category.__name__} at {w.filename}:{w.lineno}: {w.message}" for w in caught if w.filename.startswith(folder)]
json.dump({"dags": sorted(ids), "warnings": about}, sys.stdout)
`

// TestRealGeneratedFilesParseWithoutAWarning holds the files that the sample becomes to both versions of Airflow: the same bytes, no error, no warning.
func TestRealGeneratedFilesParseWithoutAWarning(t *testing.T) {
	folder, want := generateSample(t)
	store, err := python.Open()
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"airflow-3.3", "airflow-2.11"} {
		env, err := store.Named(t.Context(), version)
		if err != nil {
			t.Fatal(err)
		}
		run := exec.CommandContext(t.Context(), env.Python, "-c", parse, folder)
		run.Env = append(os.Environ(), "AIRFLOW_HOME="+t.TempDir())
		run.Stderr = os.Stderr
		out, err := run.Output()
		if err != nil {
			t.Fatalf("%s: %v", version, err)
		}
		var got struct{ DAGs, Warnings []string }
		// Airflow may log to standard output before; the answer is the last line.
		if err := json.Unmarshal(out[max(0, lastLine(out)):], &got); err != nil {
			t.Fatalf("%s: %v in %q", version, err, out)
		}
		if !slices.Equal(got.DAGs, want) {
			t.Errorf("%s: got DAGs %v, want %v", version, got.DAGs, want)
		}
		for _, warning := range got.Warnings {
			t.Errorf("%s: %s", version, warning)
		}
	}
}

func lastLine(out []byte) int {
	for i := len(out) - 2; i >= 0; i-- {
		if out[i] == '\n' {
			return i + 1
		}
	}
	return 0
}

// generateSample writes the files of the sample, and returns their folder and the ids of their DAGs.
func generateSample(t *testing.T) (string, []string) {
	t.Helper()
	repo, err := fs.Sub(sample.FS, "repo")
	if err != nil {
		t.Fatal(err)
	}
	project, err := config.ReadProject(fstest.MapFS{})
	if err != nil {
		t.Fatal(err)
	}
	release, _, err := deploy.Prepare(repo, project.Settings)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for _, file := range release.Files {
		path := filepath.Join(folder, filepath.FromSlash(file.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, file.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var ids []string
	for _, dag := range release.DAGs {
		ids = append(ids, dag.ID)
	}
	slices.Sort(ids)
	return folder, ids
}
