package local

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

// attempts is how often an instance is started when it loses a port to another program.
const attempts = 3

// componentGrace is how long a component and the tasks below it may take to end before they are killed.
const componentGrace = 5 * time.Second

// pollInterval is how often a component that starts is asked whether it is ready.
const pollInterval = 200 * time.Millisecond

// launch starts Airflow on ports that it can have.
func (a *Airflow) launch(ctx context.Context) error {
	a.step(StepLaunch, "starting Airflow %s", a.Version)
	for attempt := 1; ; attempt++ {
		err := a.launchOnce(ctx)
		dead := (*ComponentError)(nil)
		if !errors.As(err, &dead) || !lostPort(dead) {
			return err
		}
		if a.options.Port == a.ports.web {
			return errors.Join(&PortTakenError{Port: a.options.Port}, err)
		}
		if attempt == attempts {
			return fmt.Errorf("lost a port %d times: %w", attempts, err)
		}
		a.step(StepRetry, "%s lost its port to another program, starting again on others", dead.Name)
		if err := a.stopComponents(ctx, isAirflow); err != nil {
			return err
		}
		a.forgive()
	}
}

// launchOnce chooses ports and starts the components on them.
func (a *Airflow) launchOnce(ctx context.Context) (err error) {
	if a.ports, err = a.options.choosePorts(); err != nil {
		return err
	}
	a.URL = fmt.Sprintf("http://%s:%d", loopback, a.ports.web)
	if err := a.writeConfig(); err != nil {
		return err
	}
	began := time.Now().UTC()
	started, err := a.addAll(a.programs())
	if err != nil {
		return err
	}
	if err := a.await(ctx, "Airflow", started, a.readiness(began)); err != nil {
		return err
	}
	// Only a person who reads the log of a running task needs it, so nobody waits for it.
	if _, err := a.addAll([]program{a.logServer()}); err != nil {
		return err
	}
	a.folder.state.URL = a.URL
	return a.folder.save()
}

// forgive forgets a death that a retry makes good.
func (a *Airflow) forgive() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failure, a.failed = nil, make(chan struct{})
}

// writeConfig writes Airflow's settings. They hold secrets.
func (a *Airflow) writeConfig() error {
	if err := writeAtomically(filepath.Join(a.Dir, "airflow.cfg"), []byte(a.settings().ini()), 0o600); err != nil {
		return fmt.Errorf("write Airflow's settings: %w", err)
	}
	return nil
}

// migrate makes the tables, once for each environment that uses the folder.
func (a *Airflow) migrate(ctx context.Context) error {
	environment := filepath.Base(a.env.Dir)
	if a.folder.state.Migrated == environment {
		return nil
	}
	a.step(StepMigrate, "making the tables of Airflow %s", a.Version)
	if err := a.writeConfig(); err != nil { // still without ports, which nothing here needs
		return err
	}
	makeTables := a.migrateDatabase
	if a.database.isNew {
		makeTables = a.fillDatabase
	}
	if err := makeTables(ctx); err != nil {
		return err
	}
	if isAirflow2(a.Version) {
		admin := program{name: "admin", environ: a.environ(),
			command: []string{a.Python, filepath.Join(a.Dir, adminScript), filepath.Join(a.Dir, "secrets.json")}}
		if err := a.once(ctx, admin); err != nil {
			return err
		}
	}
	a.folder.state.Migrated = environment
	return a.folder.save()
}

// programs lists what an Airflow of this version consists of.
func (a *Airflow) programs() []program {
	var all []program
	if isAirflow2(a.Version) {
		all = append(all, a.airflow(webServerName, "webserver"), a.airflow("scheduler", "scheduler", "--skip-serve-logs"))
	} else {
		all = append(all, a.airflow("api-server", "api-server"), a.airflow("scheduler", "scheduler", "--skip-serve-logs"),
			a.airflow("dag-processor", "dag-processor"))
	}
	if a.options.Triggerer {
		all = append(all, a.airflow("triggerer", "triggerer", "--skip-serve-logs"))
	}
	return all
}

// webServerName is the web server of Airflow 2.
const webServerName = "webserver"

// airflow is a program of Airflow's command line.
func (a *Airflow) airflow(name string, args ...string) program {
	return program{name: name, environ: a.environ(), stop: "TERM", grace: componentGrace,
		command: append([]string{a.Python, "-m", "airflow"}, args...)}
}

// logServerName is the component's name. It is the one whose death the instance survives: without it the log of a running task is
// read from its file and begins with a complaint.
const logServerName = "log-server"

// logServer serves the logs of running tasks to the web server. The one that the scheduler would start listens on all of the
// machine's addresses, which no setting changes.
func (a *Airflow) logServer() program {
	port := fmt.Sprint(a.ports.logs)
	command := []string{a.Python, "-m", "uvicorn", "--factory", "airflow.utils.serve_logs.log_server:get_app", "--host", loopback, "--port", port}
	if isAirflow2(a.Version) || a.Version == OldestAirflow3 { // where it was still a Flask application
		command = []string{a.Python, "-m", "gunicorn", "airflow.utils.serve_logs:create_app()", "--bind", loopback + ":" + port}
	}
	return program{name: logServerName, environ: a.environ(), stop: "TERM", grace: componentGrace, command: command}
}

// add starts a component that runs until the instance is stopped.
func (a *Airflow) add(p program) (*component, error) {
	c, err := a.run(p)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	a.components = append(a.components, c)
	a.mu.Unlock()
	go a.watch(c)
	return c, nil
}

func (a *Airflow) addAll(programs []program) ([]*component, error) {
	var started []*component
	for _, p := range programs {
		c, err := a.add(p)
		if err != nil {
			return nil, err
		}
		started = append(started, c)
	}
	return started, nil
}

// once runs a program to its end.
func (a *Airflow) once(ctx context.Context, p program) error {
	p.stop, p.grace = "TERM", componentGrace
	c, err := a.run(p)
	if err != nil {
		return err
	}
	select {
	case <-c.done:
		c.life.Close()
		if c.err != nil {
			return c.death()
		}
		return nil
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("%s: %w", p.name, ctx.Err()), c.stop(ctx))
	}
}

// await asks until ready says yes or that a component is as good as dead, one of the components has died, or patience has run out.
func (a *Airflow) await(ctx context.Context, what string, components []*component, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, a.options.Patience, &notReadyError{what: what, patience: a.options.Patience})
	defer cancel()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		err := ready(ctx)
		if dead := (*ComponentError)(nil); err == nil || errors.As(err, &dead) {
			return err
		}
		for _, c := range components {
			select {
			case <-c.done:
				return c.death()
			default:
			}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("%w (at last: %w)", context.Cause(ctx), err)
		}
	}
}

// notReadyError says that patience has run out.
type notReadyError struct {
	what     string
	patience time.Duration
}

func (e *notReadyError) Error() string {
	return fmt.Sprintf("%s is not ready after %s", e.what, e.patience)
}

// Hint names the next step.
func (e *notReadyError) Hint() string { return "the machine may be busy: try again" }
