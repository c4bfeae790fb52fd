// Package demo runs the whole of chrononctl on one machine: the sample Chronon repository, compiled confs and all, deployed to a real
// Airflow, with real runs of Chronon's run.py. Only spark-submit is stood in for.
//
// [Start] lays everything out in one folder, which [Demo.Stop] removes:
//
//	sample/repo     the Chronon repository, with a chrononctl.yaml written for this machine
//	sample/standin  the programs in place of Spark and YARN
//	store           what they write: partitions, consistency rows, streaming applications
//	dags            the folder that Airflow reads; the release is deployed into it
//	tmp             temporary files of Airflow and of tasks
//	contexts.yaml   the Airflow as a context, for commands in another terminal
package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/internal/config"
	"chrononctl/internal/demo/local"
	"chrononctl/internal/demo/python"
	"chrononctl/internal/demo/sample"
	"chrononctl/internal/deploy"
)

// Target is the name of the deploy target in the demo's project file.
const Target = "demo"

// Options says what to start. The zero value is Airflow 3.3, three days of backlog, a temporary folder and a free port.
type Options struct {
	Airflow   string // local.Airflow3 or local.Airflow2
	Days      int    // of backlog to catch up
	Port      int
	Generator string           // the program and its version, for the manifest
	Now       func() time.Time // nil: time.Now
	Progress  func(line string)
}

// Demo is a running demo. It must be stopped.
type Demo struct {
	Dir     string
	Repo    string // root of the Chronon repository
	Airflow *local.Airflow
	Client  *airflowclient.Client
	Result  *deploy.Result // of the deploy

	now       func() time.Time
	streaming map[string]bool // ids of the DAGs that tick
}

// Start installs what is missing, starts Airflow, deploys the sample and returns when every DAG was seen live. When it fails or is cancelled,
// everything that it started is ended.
func Start(ctx context.Context, o Options) (*Demo, error) {
	o = o.withDefaults()
	if err := local.CheckPort(o.Port); err != nil {
		return nil, err // before anything is installed
	}
	dir, err := os.MkdirTemp("", "chrononctl-demo-")
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	d := &Demo{Dir: dir, Repo: filepath.Join(dir, "sample", "repo"), now: o.Now}
	if err := d.start(ctx, o); err != nil {
		return nil, errors.Join(fmt.Errorf("demo: %w", err), d.Stop(context.WithoutCancel(ctx)))
	}
	return d, nil
}

func (o Options) withDefaults() Options {
	if o.Airflow == "" {
		o.Airflow = local.Airflow3
	}
	if o.Days == 0 {
		o.Days = 3
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	return o
}

func (d *Demo) start(ctx context.Context, o Options) error {
	store, err := python.Open()
	if err != nil {
		return err
	}
	store.Progress = o.Progress
	chronon, err := store.Named(ctx, "chronon")
	if err != nil {
		return err
	}
	if err := d.layOut(chronon, o); err != nil {
		return err
	}
	d.Airflow, err = local.Start(ctx, local.Options{
		Version:     o.Airflow,
		FallBack:    true,
		DAGs:        d.dags(),
		Port:        o.Port,
		Parallelism: 6,
		Env:         map[string]string{"TMPDIR": d.temp()}, // Airflow 2 leaves files of its caches behind
		Store:       store,
		Progress:    func(s local.Step) { o.Progress(s.Text) },
	})
	if err != nil {
		return err
	}
	if err := d.writeContext(); err != nil {
		return err
	}
	if d.Client, err = d.client(); err != nil {
		return err
	}
	return d.deploy(ctx, o)
}

func (d *Demo) dags() string { return filepath.Join(d.Dir, "dags") }

func (d *Demo) temp() string { return filepath.Join(d.Dir, "tmp") }

// layOut writes the sample and the project file that fits this machine.
func (d *Demo) layOut(chronon python.Env, o Options) error {
	root := filepath.Join(d.Dir, "sample")
	if err := sample.Write(root); err != nil {
		return err
	}
	for _, folder := range []string{d.dags(), d.temp(), filepath.Join(d.Dir, "store")} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
	}
	file, err := projectFile(d.Dir, chronon.Python, o.Now().UTC().AddDate(0, 0, -o.Days))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(d.Repo, config.ProjectFile), file, 0o644)
}

// client logs in the way that this Airflow wants it.
func (d *Demo) client() (*airflowclient.Client, error) {
	return airflowclient.New(airflowclient.Config{
		URL: d.Airflow.URL,
		Auth: airflowclient.Auto(airflowclient.Login{
			User:     d.Airflow.Auth.Username,
			Password: airflowclient.NewSecret(d.Airflow.Auth.Password),
			Source:   "demo",
		}),
	})
}

// deploy is the definitions flow, from the confs to DAGs that Airflow was seen to show.
func (d *Demo) deploy(ctx context.Context, o Options) error {
	planned, err := sample.Plan(ctx, d.Repo, Target, nil, deploy.Options{Airflow: d.Client, Marker: deploy.DefaultMarker, Generator: o.Generator, Now: o.Now,
		Allow: []deploy.RiskName{deploy.RiskCatchUp}}) // the demo is there to see runs
	if err != nil {
		return err
	}
	d.streaming = streamingDAGs(planned.Release.DAGs)
	o.Progress(fmt.Sprintf("deploy %d DAGs in %d files", len(planned.Release.DAGs), len(planned.Release.Files)))
	d.Result, err = planned.Engine.Apply(ctx, planned.Plan, func(e deploy.Event) {
		if e.Total > 0 && e.Done == e.Total {
			o.Progress(fmt.Sprintf("deploy: %s %d of %d", e.Step, e.Done, e.Total))
		}
	})
	return err
}

// Stop ends Airflow with all its tasks and removes the folder.
func (d *Demo) Stop(ctx context.Context) error {
	var stopped error
	if d.Airflow != nil {
		stopped = d.Airflow.Stop(ctx)
	}
	return errors.Join(stopped, os.RemoveAll(d.Dir))
}
