// Package simulated is the demo without Python: the sample repository on a simulated Airflow, within a second.
//
// The Airflow is package airflowtest, served on a loopback port: it answers what real ones were seen to answer, so that the console, the
// commands and the deploy engine are the real ones. What is made up is Airflow itself and what its tasks do. play.go, streams.go and
// comparison.go play Chronon's jobs and tell the story of internal/demo/sample/standin/faults.json: a stream that was restarted, a
// feature that differs online and offline, a job that needs a second try.
//
// [Start] begins some days ago by the Airflow's clock and deploys the sample there; then the days pass at once, up to the present, and from
// there the Airflow's clock goes as any other does.
package simulated

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/goccy/go-yaml"

	"chrononctl/airflowclient"
	"chrononctl/airflowclient/airflowtest"
	"chrononctl/internal/config"
	"chrononctl/internal/demo/sample"
	"chrononctl/internal/deploy"
	"chrononctl/internal/deploy/target"
)

// versions are the Airflows that can be played, by the names that the demo takes.
var versions = map[string]string{"2.11": "2.11.2", "3.3": "3.3.2"}

// The user of the simulated Airflow. Its password is no secret: it leads to nothing.
const (
	user     = "demo"
	password = "simulated"
)

// tickEvery is how often streams are looked after.
const tickEvery = 5 * time.Minute

// targetName is the deploy target in the demo's project file.
const targetName = "demo"

// Options says what to start. The zero value is Airflow 3.3 with three days of backlog.
type Options struct {
	Airflow   string // "3.3" or "2.11"
	Days      int    // of backlog
	Scenario  string // one of [airflowtest.Scenarios] instead of the sample; "" is the sample
	Generator string // the program and its version, for the manifest
	Now       func() time.Time
	Progress  func(line string)
}

// Demo is a running simulation. It must be stopped.
type Demo struct {
	Dir     string
	Repo    string // root of the Chronon repository; empty in a scenario
	URL     string
	Version string
	Airflow *airflowtest.Airflow
	Client  *airflowclient.Client
	Result  *deploy.Result // of the deploy; nil in a scenario

	clock *clock
	stop  context.CancelFunc
	ended <-chan struct{}
}

// Start serves the Airflow, deploys the sample and returns at the present.
func Start(ctx context.Context, o Options) (*Demo, error) {
	version, ok := versions[o.Airflow]
	if !ok {
		return nil, fmt.Errorf("simulate Airflow %q: it is 2.11 or 3.3", o.Airflow)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	dir, err := os.MkdirTemp("", "chrononctl-simulated-")
	if err != nil {
		return nil, fmt.Errorf("simulate an Airflow: %w", err)
	}
	d := &Demo{Dir: dir, Version: version, clock: &clock{now: o.Now}}
	if err := d.start(ctx, o); err != nil {
		return nil, errors.Join(fmt.Errorf("simulate an Airflow: %w", err), d.Stop())
	}
	return d, nil
}

func (d *Demo) start(ctx context.Context, o Options) error {
	if o.Scenario == "" {
		return d.startSample(ctx, o)
	}
	return d.startScenario(ctx, o)
}

// startSample deploys the sample some days ago, and lets the days pass.
func (d *Demo) startSample(ctx context.Context, o Options) error {
	if err := d.layOut(o); err != nil {
		return err
	}
	d.clock.late = time.Duration(o.Days) * 24 * time.Hour
	play := newPlay(o.Now().UTC())
	d.Airflow = airflowtest.New(airflowtest.Options{
		Version: d.Version, Now: d.clock.Now, User: user, Password: password, Folder: os.DirFS(d.dags()), Parse: play.parse,
	})
	if err := d.serve(ctx); err != nil {
		return err
	}
	if err := d.deploy(ctx, o); err != nil {
		return err
	}
	o.Progress(fmt.Sprintf("%d days pass", o.Days))
	d.clock.pass(d.clock.late)
	d.Airflow.Live()
	if _, err := d.Client.Health(ctx); err != nil { // which tells the client that days have passed on the server
		return fmt.Errorf("look at the simulated Airflow: %w", err)
	}
	return nil
}

// startScenario fills the Airflow with a fleet that nobody deployed.
func (d *Demo) startScenario(ctx context.Context, o Options) error {
	scenario, ok := airflowtest.ScenarioNamed(o.Scenario)
	if !ok {
		return fmt.Errorf("there is no scenario %q", o.Scenario)
	}
	d.clock.late = scenario.Past
	d.Airflow = airflowtest.New(airflowtest.Options{Version: d.Version, Now: d.clock.Now, User: user, Password: password})
	scenario.Fill(d.Airflow)
	d.clock.pass(d.clock.late)
	d.Airflow.Live()
	return d.serve(ctx)
}

// serve opens the port, and makes a client and a context for it.
func (d *Demo) serve(ctx context.Context) (err error) {
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	d.stop = stop
	if d.URL, d.ended, err = d.Airflow.Serve(serving); err != nil {
		return err
	}
	d.Client, err = airflowclient.New(airflowclient.Config{
		URL:  d.URL,
		Auth: airflowclient.Auto(airflowclient.Login{User: user, Password: airflowclient.NewSecret(password), Source: "the simulation"}),
		Now:  d.clock.now,
	})
	if err != nil {
		return err
	}
	return d.writeContext()
}

func (d *Demo) dags() string { return filepath.Join(d.Dir, "dags") }

// layOut writes the sample and a project file for it.
func (d *Demo) layOut(o Options) error {
	root := filepath.Join(d.Dir, "sample")
	d.Repo = filepath.Join(root, "repo")
	if err := sample.Write(root); err != nil {
		return err
	}
	if err := os.Mkdir(d.dags(), 0o755); err != nil {
		return err
	}
	file, err := d.projectFile(o.Now().UTC().AddDate(0, 0, -o.Days))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(d.Repo, config.ProjectFile), file, 0o644)
}

// projectFile is the chrononctl.yaml of the simulation. Its commands are never run.
func (d *Demo) projectFile(start time.Time) ([]byte, error) {
	type section = yaml.MapSlice
	return yaml.Marshal(section{
		{Key: "version", Value: 1},
		{Key: "run", Value: section{{Key: "python", Value: "python3"}, {Key: "repo", Value: d.Repo}}},
		{Key: "dags", Value: section{
			{Key: "start_date", Value: start.Format(time.DateOnly)}, {Key: "retries", Value: retries}, {Key: "retry_delay", Value: retryDelay.String()},
		}},
		{Key: "sensors", Value: section{
			{Key: "kind", Value: "command"}, {Key: "argv", Value: []string{"has-partition", "{table}", "{partition}"}}, {Key: "poke", Value: pokeInterval.String()},
		}},
		{Key: "kv_load", Value: section{{Key: "argv", Value: []string{"kv-load", "{table}", "{dataset}", "{ds}"}}}},
		{Key: "streaming", Value: section{{Key: "every", Value: "5m"}, {Key: "max_restarts", Value: 100}}},
		{Key: "consistency", Value: section{
			{Key: "reader", Value: "command"}, {Key: "argv", Value: []string{"consistency-rows", "{table}", "{ds_from}", "{ds_to}"}},
		}},
		{Key: "targets", Value: section{{Key: targetName, Value: section{{Key: "kind", Value: "dir"}, {Key: "path", Value: d.dags()}}}}},
	})
}

// deploy takes the sample through the real engine. Airflow notices new files when it lists its folder, which it does every five minutes: they
// pass as soon as the files are in place.
func (d *Demo) deploy(ctx context.Context, o Options) error {
	planned, err := sample.Plan(ctx, d.Repo, targetName, target.OpenScratch,
		deploy.Options{Airflow: d.Client, Marker: deploy.DefaultMarker, Generator: o.Generator, Now: d.clock.Now})
	if err != nil {
		return err
	}
	o.Progress(fmt.Sprintf("deploy %d DAGs in %d files", len(planned.Release.DAGs), len(planned.Release.Files)))
	var passed sync.Once
	d.Result, err = planned.Engine.Apply(ctx, planned.Plan, func(e deploy.Event) {
		if e.Step == deploy.StepNudge || e.Step == deploy.StepVerify {
			passed.Do(func() { d.clock.pass(6 * time.Minute) })
		}
	})
	return err
}

// Stop ends the server and removes the folder.
func (d *Demo) Stop() error {
	if d.stop != nil {
		d.stop()
	}
	if d.ended != nil {
		<-d.ended
	}
	return os.RemoveAll(d.Dir)
}

// clock is behind another one until it has caught up.
type clock struct {
	now  func() time.Time
	mu   sync.Mutex
	late time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now().Add(-c.late)
}

// pass lets some of the delay pass.
func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.late = max(0, c.late-d)
}
