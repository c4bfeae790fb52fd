package layouts

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"chrononctl/internal/demo/dagbag"
	"chrononctl/internal/demo/local"
)

// Lab is one installed Airflow with a PostgreSQL of its own, whose DAG processor is measured.
type Lab struct {
	airflow *local.Airflow
}

// timeouts are Airflow's limits for one file, raised so that a slow layout is measured instead of killed, and read no file twice in a cycle.
var timeouts = map[string]map[string]string{
	"3": {"dag_processor.dag_file_processor_timeout": "3600", "dag_processor.min_file_process_interval": "86400", "core.dagbag_import_timeout": "3600"},
	"2": {"core.dag_file_processor_timeout": "3600", "scheduler.min_file_process_interval": "86400", "core.dagbag_import_timeout": "3600",
		"scheduler.standalone_dag_processor": "True"},
}

// Open starts a PostgreSQL and makes Airflow's tables. The lab must be closed.
func Open(ctx context.Context, version string, progress func(local.Step)) (*Lab, error) {
	airflow, err := local.Start(ctx, local.Options{Version: version, Bare: true, Config: timeouts[version[:1]], Progress: progress})
	if err != nil {
		return nil, err
	}
	return &Lab{airflow: airflow}, nil
}

// Close ends the lab and removes its folder.
func (l *Lab) Close(ctx context.Context) error { return l.airflow.Stop(ctx) }

// DAGs is the DAG folder of the lab.
func (l *Lab) DAGs() string { return l.airflow.DAGs }

// Reader reads DAG files with the lab's Airflow.
func (l *Lab) Reader(environ []string) dagbag.Reader {
	return dagbag.Reader{Python: l.airflow.Python, Home: filepath.Join(l.airflow.Dir, "reader"), Base: environ}
}

// processor runs Airflow's command line. The DAG processor of 2.11 ends with an error in an empty folder, because it uses a module that only the
// processing of a file imports.
const processor = `
import multiprocessing.connection
from airflow.__main__ import main
main()
`

// Cycle lets a DAG processor read every file of the folder once, and returns the CPU time that it took with all its children. PostgreSQL's own
// time is not in it.
func (l *Lab) Cycle(ctx context.Context) (time.Duration, error) {
	cmd := l.airflow.Command(ctx)
	cmd.Args = []string{l.airflow.Python, "-c", processor, "dag-processor", "--num-runs", "1"}
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	// Python keeps no compiled files, as where the DAG folder is read-only.
	cmd.Env = append(cmd.Env, "PYTHONDONTWRITEBYTECODE=1")
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("run the DAG processor: %w\n%s", err, tail(output.Bytes()))
	}
	// The kernel adds the children that a process has waited for to its own time.
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}

// Known counts the DAGs that Airflow's database holds, to see that a cycle did its work, and the files that could not be imported.
func (l *Lab) Known(ctx context.Context) (dags, broken int, err error) {
	const count = `
import sys
from sqlalchemy import text
from airflow import settings
settings.configure_orm()
with settings.engine.connect() as connection:
    counted = [connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() for table in ("serialized_dag", "import_error")]
print(*counted)
`
	cmd := l.airflow.Command(ctx)
	cmd.Args = []string{l.airflow.Python, "-c", count}
	out, err := cmd.Output()
	if err != nil {
		return 0, 0, fmt.Errorf("count the DAGs: %w", err)
	}
	last := out[bytes.LastIndexByte(bytes.TrimSpace(out), '\n')+1:]
	if _, err := fmt.Sscan(string(last), &dags, &broken); err != nil {
		return 0, 0, fmt.Errorf("count the DAGs: %w in %q", err, out)
	}
	return dags, broken, nil
}

// tailBytes is how much of a failed program's output an error shows.
const tailBytes = 2000

func tail(output []byte) []byte { return output[max(0, len(output)-tailBytes):] }

// Clear empties the DAG folder.
func (l *Lab) Clear() error {
	entries, err := os.ReadDir(l.airflow.DAGs)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := os.RemoveAll(filepath.Join(l.airflow.DAGs, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}
