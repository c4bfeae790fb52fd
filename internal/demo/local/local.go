// Package local runs a whole Airflow on this machine, and ends it without a trace.
//
// An instance is PostgreSQL, from the wheel that the lock file names, and the processes of one Airflow: API server, scheduler and DAG
// processor for 3.x; web server and scheduler for 2.x. SQLite would not carry it: with several processes "database is locked" comes
// within minutes. Everything listens on free loopback ports or on a unix socket in a private folder, so instances stand side by side
// and no other machine can reach them.
//
// # What is promised
//
// [Start] returns when the instance is really ready: the server answers, and scheduler and DAG processor have said since this start
// that they live (the database of an earlier run remembers old heartbeats). When a component dies, the error shows the last lines of
// its log. When a port was taken between its choice and its use, the instance is started once more on others.
//
// Nothing outlives the instance. Each program runs under supervise.py, which holds the reading end of a pipe: [Airflow.Stop] closes
// it, and so does the kernel when this process is killed. The supervisor then ends the program with all its descendants, tasks too,
// although Airflow starts tasks in sessions of their own.
//
// # The folder
//
// Options.Dir keeps an instance between starts: its database, the logs of tasks, passwords. A second process that wants the same folder
// is refused. Without a Dir the instance lives in a temporary folder that Stop removes.
package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"chrononctl/internal/demo/python"
)

// The versions that can be started: the newest of each line, which the demo and most tests run, and the oldest that is supported.
const (
	Airflow3       = "3.3"
	Airflow2       = "2.11"
	OldestAirflow3 = "3.0"
	OldestAirflow2 = "2.6"
)

// Versions lists them, newest first.
func Versions() []string { return []string{Airflow3, OldestAirflow3, Airflow2, OldestAirflow2} }

// isAirflow2 says whether a version is of the 2.x line, whose components, settings and REST API differ from those of 3.x.
func isAirflow2(version string) bool { return strings.HasPrefix(version, "2.") }

// Options says what to start. The zero value is an Airflow 3.3 in a temporary folder.
type Options struct {
	Version     string              // one of [Versions]; "" is [Airflow3]
	FallBack    bool                // take Airflow 2.11 where no Python fits 3.3 and none can be fetched; a step says so
	Dir         string              // the instance's folder; "" is a temporary one
	DAGs        string              // the DAG folder, made where it does not exist; "" is dags in the instance's folder
	Env         map[string]string   // further environment of all components, and so of tasks
	Config      map[string]string   // further Airflow settings, "section.option" to value; they win over ours
	Parallelism int                 // tasks that run at a time; 0 is 4
	Refresh     time.Duration       // how often the DAG folder is listed, and files that changed are parsed; 0 is 2 s
	Triggerer   bool                // run a triggerer too; only deferrable operators need it
	Bare        bool                // run PostgreSQL with Airflow's tables and no component of Airflow: for [Airflow.Command]
	Port        int                 // of the web address; 0 is a free one
	FreePort    func() (int, error) // chooses ports; nil asks the system
	Besides     []string            // lock files of packages that tasks need besides Airflow, such as "hive"
	Store       *python.Store       // where Airflow is installed; nil is [python.Open]
	Progress    func(Step)          // told what begins; nil is silent
	Patience    time.Duration       // how long the components may take to become ready; 0 is 5 min
}

// StepKind says what a step is about.
type StepKind string

// The steps of a start, in order. StepFallBack and StepRetry come only where they are needed.
const (
	StepInstall  StepKind = "install"
	StepFallBack StepKind = "fall back"
	StepDatabase StepKind = "database"
	StepMigrate  StepKind = "migrate"
	StepLaunch   StepKind = "launch"
	StepRetry    StepKind = "retry"
	StepReady    StepKind = "ready"
	StepStop     StepKind = "stop"
)

// Step is something that begins, or for StepReady has been reached.
type Step struct {
	Kind    StepKind
	Text    string        // one line for people
	Elapsed time.Duration // since Start was called
}

// Auth is how to log in. Airflow 3 has none: every caller is an administrator and gets a token from GET /auth/token.
type Auth struct {
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"`
}

// Airflow is a running instance. It must be stopped.
type Airflow struct {
	URL     string // "http://127.0.0.1:41233"; empty for a bare one
	Version string // one of [Versions]; differs from what was asked for after a fall back
	Auth    Auth
	Dir     string // the instance's folder and AIRFLOW_HOME
	DAGs    string
	LogDir  string // one file per component, NAME.log
	Python  string // the interpreter that runs Airflow and its tasks

	options  Options
	began    time.Time
	env      python.Env
	folder   *folder
	secrets  secrets
	ports    ports
	database *database

	mu         sync.Mutex
	components []*component // in the order of their start; PostgreSQL first
	stopping   bool
	stopOnce   func() error
	failed     chan struct{}
	failure    error
}

// Start installs what is missing, starts an instance and waits until it is ready. The context covers the start only: when it is
// cancelled, all that was started is ended before Start returns. Afterwards the instance runs until [Airflow.Stop].
func Start(ctx context.Context, options Options) (*Airflow, error) {
	options, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	a := &Airflow{options: options, began: time.Now(), failed: make(chan struct{})}
	a.stopOnce = sync.OnceValue(a.release)
	if err := a.start(ctx); err != nil {
		// The cause may be the cancelled context, so the end needs a context of its own.
		cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopPatience)
		defer cancel()
		return nil, errors.Join(fmt.Errorf("start Airflow %s: %w", options.Version, err), a.Stop(cleanup))
	}
	if !options.Bare {
		a.step(StepReady, "Airflow %s is ready on %s", a.Version, a.URL)
	}
	return a, nil
}

// start does the work of Start and leaves the clearing up after an error to it.
func (a *Airflow) start(ctx context.Context) error {
	if err := CheckPort(a.options.Port); err != nil {
		return err // before anything is installed
	}
	folder, err := openFolder(ctx, a.options.Dir)
	if err != nil {
		return err
	}
	a.folder, a.Dir, a.LogDir = folder, folder.path, filepath.Join(folder.path, "components")
	a.DAGs = cmp.Or(a.options.DAGs, filepath.Join(a.Dir, "dags"))
	if err := a.install(ctx); err != nil {
		return err
	}
	if err := a.prepare(); err != nil {
		return err
	}
	if err := a.startDatabase(ctx); err != nil {
		return err
	}
	if err := a.migrate(ctx); err != nil {
		return err
	}
	if a.options.Bare {
		return a.writeConfig()
	}
	return a.launch(ctx)
}

// install makes the virtual environment, and falls back to Airflow 2.11 where that was allowed and no Python fits.
func (a *Airflow) install(ctx context.Context) error {
	store := *a.options.Store
	store.Progress = func(line string) { a.step(StepInstall, "%s", line) }
	a.Version = a.options.Version
	env, err := store.Named(ctx, "airflow-"+a.Version, a.options.Besides...)
	var unfit *python.UnfitError
	if errors.As(err, &unfit) && a.options.FallBack && a.Version == Airflow3 {
		a.Version = Airflow2
		a.step(StepFallBack, "taking Airflow %s instead of %s: %v", Airflow2, Airflow3, unfit)
		env, err = store.Named(ctx, "airflow-"+a.Version, a.options.Besides...)
	}
	if err != nil {
		return err
	}
	a.env, a.Python = env, env.Python
	return a.folder.claim(a.Version, filepath.Base(env.Dir))
}

// prepare writes what the components read: the supervisor, the host name module, the secrets.
func (a *Airflow) prepare() (err error) {
	if isAirflow2(a.Version) && strings.Contains(a.Dir, "%") {
		return fmt.Errorf("the folder %s has a %% in its path, which Airflow 2 cannot read: name another", a.Dir)
	}
	for _, dir := range []string{a.DAGs, a.LogDir} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if a.secrets, err = loadSecrets(filepath.Join(a.Dir, "secrets.json")); err != nil {
		return err
	}
	if isAirflow2(a.Version) {
		a.Auth = Auth{Username: "admin", Password: a.secrets.Password}
	}
	return writePrograms(a.Dir)
}

// Command prepares a run of Airflow's own command line on this instance, such as Command(ctx, "dags", "reserialize").
func (a *Airflow) Command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, a.Python, append([]string{"-m", "airflow"}, args...)...)
	cmd.Env = a.environ()
	cmd.Dir = a.Dir
	cmd.WaitDelay = time.Second
	return cmd
}

// Logs returns what a component has written, "scheduler" for example. [Airflow.Components] names them.
func (a *Airflow) Logs(component string) (string, error) {
	text, err := os.ReadFile(a.logFile(component))
	return string(text), err
}

// Components names the programs that were started, in that order.
func (a *Airflow) Components() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var names []string
	for _, c := range a.components {
		names = append(names, c.name)
	}
	return names
}

// Failed is closed when a component has died although nobody asked it to; [Airflow.Err] tells which.
func (a *Airflow) Failed() <-chan struct{} { return a.failed }

// Err is a *[ComponentError] once Failed is closed, nil before.
func (a *Airflow) Err() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.failure
}

func (a *Airflow) logFile(component string) string {
	return filepath.Join(a.LogDir, component+".log")
}

func (a *Airflow) step(kind StepKind, format string, args ...any) {
	if a.options.Progress != nil {
		a.options.Progress(Step{Kind: kind, Text: fmt.Sprintf(format, args...), Elapsed: time.Since(a.began)})
	}
}

func (o Options) withDefaults() (Options, error) {
	if o.Version == "" {
		o.Version = Airflow3
	}
	if !slices.Contains(Versions(), o.Version) {
		return o, fmt.Errorf("no local Airflow %q, there are %s", o.Version, strings.Join(Versions(), ", "))
	}
	if o.DAGs != "" {
		dags, err := filepath.Abs(o.DAGs)
		if err != nil {
			return o, fmt.Errorf("find the DAG folder: %w", err)
		}
		o.DAGs = dags
	}
	if o.Store == nil {
		store, err := python.Open()
		if err != nil {
			return o, err
		}
		o.Store = store
	}
	if o.Parallelism == 0 {
		o.Parallelism = 4
	}
	if o.Refresh == 0 {
		o.Refresh = 2 * time.Second
	}
	if o.Patience == 0 {
		o.Patience = 5 * time.Minute
	}
	if o.FreePort == nil {
		o.FreePort = systemPort
	}
	return o, nil
}
