//go:build real

package dagbag_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chrononctl/internal/demo/dagbag/dagbagtest"
	"chrononctl/internal/demo/local"
)

// heedless is a DAG file that warns, and builds both of its DAGs whatever Airflow wants.
const heedless = `
import warnings
from airflow.sdk import DAG, BaseOperator
warnings.warn("mind this", DeprecationWarning)
for name in ("first", "second"):
    globals()[name] = DAG(dag_id=name, schedule=None)
    BaseOperator(task_id="only", dag=globals()[name])
`

func TestRealReaderTellsWhatIsWrongWithAFolder(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{"heedless.py": heedless, "broken.py": "import airflow, dag_that_is_nowhere", ".airflowignore": "ignored.py", "ignored.py": heedless} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	reader := dagbagtest.Reader(t, local.Airflow3)
	read, err := reader.Import(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	if dag := read.DAGs["first"]; len(read.DAGs) != 2 || dag.File != "heedless.py" || dag.Tasks != 1 || dag.Serialized < 100 {
		t.Errorf("DAGs %+v", read.DAGs)
	}
	if text := read.Errors["broken.py"]; len(read.Errors) != 1 || !strings.Contains(text, "dag_that_is_nowhere") {
		t.Errorf("errors %q", read.Errors)
	}
	if len(read.Warnings) != 1 || !strings.Contains(read.Warnings[0], "heedless.py:4: mind this") {
		t.Errorf("warnings %q", read.Warnings)
	}
	if !strings.HasPrefix(read.Airflow, local.Airflow3+".") || read.CPU <= 0 {
		t.Errorf("Airflow %q took %s", read.Airflow, read.CPU)
	}
	start, err := reader.Start(t.Context(), filepath.Join(folder, "heedless.py"), "second", "only", 3)
	if err != nil {
		t.Fatal(err)
	}
	if start.Built != 2 || start.CPU <= 0 {
		t.Errorf("the start of a task is %+v, of a file that builds two DAGs", start)
	}
	if _, err := reader.Start(t.Context(), filepath.Join(folder, "heedless.py"), "third", "only", 1); err == nil {
		t.Error("a DAG that the file does not have was started")
	}
}
