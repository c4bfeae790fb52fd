package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
)

// Airflow is what the observer asks of a server; an [airflowclient.Client] is one. It bounds how many requests are under way.
type Airflow interface {
	Server(ctx context.Context) (airflowclient.Server, error)
	Health(ctx context.Context) (airflowclient.Health, error)
	DAGs(ctx context.Context, q airflowclient.DAGQuery) ([]airflowclient.DAG, error)
	Runs(ctx context.Context, q airflowclient.RunQuery) ([]airflowclient.Run, error)
	TaskInstances(ctx context.Context, q airflowclient.TaskQuery) ([]airflowclient.TaskInstance, error)
	XCom(ctx context.Context, dagID, runID, taskID, key string) (json.RawMessage, error)
	ImportErrors(ctx context.Context) ([]airflowclient.ImportError, error)
	Log(ctx context.Context, ref airflowclient.LogRef, token string) (airflowclient.LogChunk, error)
	Requests() airflowclient.Meter
}

// Observer makes pictures of one Airflow. It keeps the tasks and reports of runs that ended, so that a picture costs what changed since the last:
// the pages of the DAG list, a few lists of runs, the tasks of runs that are new or under way, and one XCom for each streaming team and each
// comparison with a new run. It is safe for use by many goroutines and must not be copied after the first use.
type Observer struct {
	Airflow Airflow
	Now     func() time.Time // nil: time.Now
	Context string           // name of the context, for the head line
	URL     string

	mu    sync.Mutex
	cache runCache
}

// Observe reads one picture. What cannot be read becomes a problem in words and unknown health; an error means that there is no picture at all,
// and keeps the kind that the client gave it.
func (o *Observer) Observe(ctx context.Context) (Snapshot, error) {
	sent := o.Airflow.Requests().Requests
	obs, err := o.readServer(ctx)
	if err != nil {
		return Snapshot{}, fmt.Errorf("look at the fleet: %w", err)
	}
	o.readRuns(ctx, &obs)
	o.readTasks(ctx, &obs)
	dags := assemble(obs)
	o.readReports(ctx, &obs, dags)
	o.forget(obs.runs)
	if ctx.Err() != nil {
		return Snapshot{}, fmt.Errorf("look at the fleet: %w", context.Cause(ctx))
	}
	obs.at = o.now()
	obs.requests = o.Airflow.Requests().Requests - sent
	return derive(obs, dags), nil
}

func (o *Observer) now() time.Time {
	if o.Now == nil {
		return time.Now()
	}
	return o.Now()
}

// readServer reads everything that does not depend on which DAGs there are. Without the list of DAGs there is nothing to show.
func (o *Observer) readServer(ctx context.Context) (observation, error) {
	obs := observation{
		names: presetNamer(), name: o.Context, url: o.URL, unread: make(map[dagspec.Kind]bool), reports: make(map[airflowclient.RunRef]published),
	}
	// The first call finds out which Airflow it is, which every other call needs.
	server, err := o.Airflow.Server(ctx)
	if err != nil {
		return obs, err
	}
	obs.server = server
	var (
		group     errgroup.Group
		health    airflowclient.Health
		healthErr error
		brokenErr error
	)
	group.Go(func() (err error) {
		obs.dags, err = o.Airflow.DAGs(ctx, airflowclient.DAGQuery{Tags: []string{tagOurs}})
		return err
	})
	group.Go(func() error {
		health, healthErr = o.Airflow.Health(ctx)
		return nil
	})
	group.Go(func() error {
		obs.broken, brokenErr = o.Airflow.ImportErrors(ctx)
		return nil
	})
	if err := group.Wait(); err != nil {
		return obs, err
	}
	if obs.health = &health; healthErr != nil {
		obs.health = nil
		obs.miss("the health of Airflow's parts", healthErr)
	}
	if brokenErr != nil {
		obs.miss("which DAG files do not import", brokenErr)
	}
	return obs, nil
}

// miss notes that a part of the picture could not be read.
func (obs *observation) miss(what string, err error) {
	obs.problems = append(obs.problems, fmt.Sprintf("%s could not be read: %v", what, err))
}
