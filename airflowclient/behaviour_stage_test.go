package airflowclient_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"chrononctl/airflowclient"
)

// stage is an Airflow and its DAG folder.
type stage struct {
	*airflowclient.Client
	folder string
}

func (s stage) write(name, text string) error {
	path := filepath.Join(s.folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func november(day int) time.Time { return time.Date(2026, 11, day, 0, 0, 0, 0, time.UTC) }

// brokenDAG is what Airflow says of a DAG whose file does not load any more.
type brokenDAG struct {
	Errors                         int
	HasImportErrors, Stale, Listed bool
	Trigger                        airflowclient.Kind
}

func (s stage) broken(ctx context.Context, id string) (b brokenDAG, err error) {
	err = await(ctx, func() (bool, error) {
		b.Errors, err = s.errorsOf(ctx, id+".py")
		return b.Errors > 0, err
	})
	if err != nil {
		return b, err
	}
	dag, err := s.DAG(ctx, id)
	if err != nil {
		return b, err
	}
	listed, err := s.DAGs(ctx, airflowclient.DAGQuery{Pattern: id})
	if err != nil {
		return b, err
	}
	b.HasImportErrors, b.Stale, b.Listed = dag.HasImportErrors, dag.Stale, len(listed) > 0
	_, refused := s.Trigger(ctx, airflowclient.TriggerRequest{DAGID: id, RunID: "r", LogicalDate: day(2)})
	if e, ok := errors.AsType[*airflowclient.Error](refused); ok {
		b.Trigger = e.Kind
	}
	return b, nil
}

// errorsOf counts the import errors of a file.
func (s stage) errorsOf(ctx context.Context, file string) (int, error) {
	list, err := s.ImportErrors(ctx)
	count := 0
	for _, e := range list {
		if filepath.Base(e.File) == file {
			count++
		}
	}
	return count, err
}

// version is the first number of the Airflow's version.
func (s stage) version(ctx context.Context) int {
	server, err := s.Server(ctx)
	if err != nil || strings.HasPrefix(server.Version, "2.") {
		return 2
	}
	return 3
}

func (s stage) task(ctx context.Context, dagID, taskID string) (airflowclient.TaskInstance, error) {
	return s.TaskInstance(ctx, airflowclient.InstanceRef{DAGID: dagID, RunID: "r", TaskID: taskID, MapIndex: -1})
}

// instances writes the task instances of a run in short, by task.
func (s stage) instances(ctx context.Context, dagID string) ([]string, error) {
	list, err := s.TaskInstances(ctx, airflowclient.TaskQuery{Runs: []airflowclient.RunRef{{DAGID: dagID, RunID: "r"}}})
	short := mapped(list, func(ti airflowclient.TaskInstance) string {
		return fmt.Sprintf("%s %s %d", ti.TaskID, ti.State, ti.Try)
	})
	slices.Sort(short)
	return short, err
}

// reaches waits until a task instance is as described.
func (s stage) reaches(ctx context.Context, dagID, want string) (string, error) {
	var seen []string
	err := await(ctx, func() (_ bool, err error) {
		seen, err = s.instances(ctx, dagID)
		return slices.Contains(seen, want), err
	})
	if err != nil {
		return strings.Join(seen, ", "), err
	}
	return want, nil
}

// ends waits until the run of a DAG has ended, and tells how.
func (s stage) ends(ctx context.Context, dagID string) (string, error) {
	var run airflowclient.Run
	err := await(ctx, func() (_ bool, err error) {
		run, err = s.Run(ctx, dagID, "r")
		return run.State == airflowclient.StateFailed || run.State == airflowclient.StateSuccess, err
	})
	if err != nil {
		return "", err
	}
	seen, err := s.instances(ctx, dagID)
	return fmt.Sprintf("%s: %s", run.State, strings.Join(seen, ", ")), err
}
