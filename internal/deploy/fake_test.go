package deploy_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/internal/deploy/marker"
)

// fakeAirflow is an Airflow with a DAG processor of its own: it lists a folder now and then, parses what is new or changed a little later, and
// keeps the rows of DAGs whose file is gone. Its DAG files are lines of text, see render.
type fakeAirflow struct {
	mutex    sync.Mutex
	files    visible       // what it reads
	root     string        // where it says that they are
	fullPath bool          // import errors name the full path, as Airflow 2 does
	refresh  time.Duration // between two listings
	parse    time.Duration // from a change to its being seen
	lag      time.Duration // from a description to its tasks
	crashOn  string        // a file with this text does not import
	noNudge  bool          // a forced parse does not list the folder, as on Airflow 2
	reach    error         // what every request gets
	pauseErr error         // what a change of pause gets
	runs     []airflowclient.Run
	working  []airflowclient.TaskInstance // tasks of the runs

	listed   time.Time
	known    map[string]*fakeFile
	dags     map[string]airflowclient.DAG
	tasks    map[string][]fakeTasks
	broken   map[string]airflowclient.ImportError
	requests int
	changes  []string // "pause x", "unpause y"
	nudges   int
	torn     []string // files that were not whole, or missed what they need
}

type fakeFile struct {
	stamp   string
	changed time.Time
	parsed  bool
	loaded  time.Time // when it was last parsed
}

type fakeTasks struct {
	since time.Time
	ids   []string
}

func newFakeAirflow(files visible) *fakeAirflow {
	return &fakeAirflow{
		files: files, root: "/opt/airflow/dags", refresh: 5 * time.Minute, parse: 2 * time.Second,
		known: map[string]*fakeFile{}, dags: map[string]airflowclient.DAG{}, tasks: map[string][]fakeTasks{}, broken: map[string]airflowclient.ImportError{},
	}
}

// enter begins a request: it counts it, and lets the DAG processor do what it would have done by now.
func (f *fakeAirflow) enter() (func(), error) {
	f.mutex.Lock()
	f.requests++
	if f.reach != nil {
		return f.mutex.Unlock, f.reach
	}
	f.process(time.Now())
	return f.mutex.Unlock, nil
}

// reparse is how often a file is parsed although it did not change: min_file_process_interval of Airflow's configuration.
const reparse = 30 * time.Second

func (f *fakeAirflow) process(now time.Time) {
	if f.listed.IsZero() || now.Sub(f.listed) >= f.refresh {
		f.list(now)
	}
	for name, file := range f.known {
		stamp := f.files.stamp(name)
		if stamp == "" {
			continue
		}
		if stamp != file.stamp {
			file.stamp, file.changed, file.parsed = stamp, now, false
		}
		if !file.parsed && now.Sub(file.changed) >= f.parse || file.parsed && now.Sub(file.loaded) >= reparse {
			file.parsed, file.loaded = true, now
			f.load(name, f.files.read(name), now)
		}
	}
}

// list finds new files, and forgets those that are gone.
func (f *fakeAirflow) list(now time.Time) {
	f.listed = now
	present := map[string]bool{}
	for _, name := range f.files.names(".") {
		if filepath.Ext(name) != ".py" {
			continue
		}
		present[name] = true
		if f.known[name] == nil {
			f.known[name] = &fakeFile{changed: now}
		}
	}
	for name := range f.known {
		if !present[name] {
			delete(f.known, name)
			delete(f.broken, name)
			f.retire(name)
		}
	}
}

func (f *fakeAirflow) retire(name string) {
	for id, dag := range f.dags {
		if dag.FileLoc == f.root+"/"+name {
			dag.Stale = true
			f.dags[id] = dag
		}
	}
}

// load parses one file.
func (f *fakeAirflow) load(name, text string, now time.Time) {
	if f.crashOn != "" && strings.Contains(text, f.crashOn) {
		text = "raise ImportError: " + f.crashOn + "\n"
	}
	f.retire(name)
	delete(f.broken, name)
	whole := strings.HasSuffix(text, "# end\n")
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		switch fields[0] {
		case "raise":
			file := name
			if f.fullPath {
				file = f.root + "/" + name
			}
			f.broken[name] = airflowclient.ImportError{ID: name, File: file, Trace: "Traceback:\n  " + strings.TrimSpace(line), Timestamp: now}
			f.retire(name)
			return
		case "needs":
			whole = whole && f.files.stamp(fields[1]) != ""
		case "dag":
			if fields[1] != "=" {
				f.define(name, fields, now)
			}
		case "dag_id=\"marker\",":
			f.mark(name, text, now)
			whole = true
		}
	}
	if !whole {
		f.torn = append(f.torn, name)
	}
}

// mark parses a marker: its description and its place.
func (f *fakeAirflow) mark(file, text string, now time.Time) {
	_, rest, _ := strings.Cut(text, "description=\"")
	description, _, _ := strings.Cut(rest, "\"")
	f.dags["marker"] = airflowclient.DAG{ID: "marker", Description: description, Tags: []string{marker.Tag}, Paused: true, FileLoc: f.root + "/" + file, FileToken: "token-" + file, LastParsed: now}
}

func (f *fakeAirflow) define(file string, fields []string, now time.Time) {
	id := fields[1]
	dag, known := f.dags[id]
	if !known {
		dag = airflowclient.DAG{ID: id, Paused: true}
	}
	dag.Description = fmt.Sprintf("A DAG [cc:%s]", fields[2])
	dag.FileLoc, dag.FileToken = f.root+"/"+file, "token-"+file
	dag.Tags = []string{"chronon"}
	dag.Stale, dag.LastParsed = false, now
	f.dags[id] = dag
	f.tasks[id] = append(f.tasks[id], fakeTasks{since: now.Add(f.lag), ids: strings.Split(fields[3], ",")})
}

func (f *fakeAirflow) Server(context.Context) (airflowclient.Server, error) {
	leave, err := f.enter()
	defer leave()
	return airflowclient.Server{Version: "3.3.2", API: 2, Capabilities: airflowclient.Capabilities{Reparse: true}}, err
}

func (f *fakeAirflow) Health(context.Context) (airflowclient.Health, error) {
	leave, err := f.enter()
	defer leave()
	return airflowclient.Health{Components: []airflowclient.Component{{Name: "dag_processor", Status: "healthy"}}}, err
}

func (f *fakeAirflow) DAGs(_ context.Context, query airflowclient.DAGQuery) ([]airflowclient.DAG, error) {
	leave, err := f.enter()
	defer leave()
	var dags []airflowclient.DAG
	for _, id := range slices.Sorted(maps.Keys(f.dags)) {
		dag := f.dags[id]
		if (query.IncludeStale || !dag.Stale) && (len(query.Tags) == 0 || slices.Contains(dag.Tags, query.Tags[0])) {
			dags = append(dags, dag)
		}
	}
	return dags, err
}

func (f *fakeAirflow) DAG(_ context.Context, id string) (airflowclient.DAG, error) {
	leave, err := f.enter()
	defer leave()
	dag, ok := f.dags[id]
	if err == nil && !ok {
		err = &airflowclient.Error{Op: "read DAG", Kind: airflowclient.KindNotFound, Status: 404}
	}
	return dag, err
}

func (f *fakeAirflow) Tasks(_ context.Context, id string) ([]airflowclient.Task, error) {
	leave, err := f.enter()
	defer leave()
	var tasks []airflowclient.Task
	for _, version := range slices.Backward(f.tasks[id]) {
		if time.Now().Before(version.since) {
			continue
		}
		for _, id := range version.ids {
			tasks = append(tasks, airflowclient.Task{ID: id})
		}
		break
	}
	return tasks, err
}

func (f *fakeAirflow) ImportErrors(context.Context) ([]airflowclient.ImportError, error) {
	leave, err := f.enter()
	defer leave()
	return slices.Collect(maps.Values(f.broken)), err
}

func (f *fakeAirflow) Runs(_ context.Context, query airflowclient.RunQuery) ([]airflowclient.Run, error) {
	leave, err := f.enter()
	defer leave()
	var runs []airflowclient.Run
	for _, run := range f.runs {
		if (len(query.DAGIDs) == 0 || slices.Contains(query.DAGIDs, run.DAGID)) && slices.Contains(query.States, run.State) {
			runs = append(runs, run)
		}
	}
	return runs, err
}

func (f *fakeAirflow) TaskInstances(_ context.Context, query airflowclient.TaskQuery) ([]airflowclient.TaskInstance, error) {
	leave, err := f.enter()
	defer leave()
	var tasks []airflowclient.TaskInstance
	for _, task := range f.working {
		if slices.Contains(query.Runs, airflowclient.RunRef{DAGID: task.DAGID, RunID: task.RunID}) && slices.Contains(query.States, task.State) {
			tasks = append(tasks, task)
		}
	}
	return tasks, err
}

func (f *fakeAirflow) SetPaused(_ context.Context, id string, paused bool) error {
	leave, err := f.enter()
	defer leave()
	if err = errors.Join(err, f.pauseErr); err != nil {
		return err
	}
	dag, ok := f.dags[id]
	if !ok {
		return &airflowclient.Error{Op: "pause DAG", Kind: airflowclient.KindNotFound, Status: 404}
	}
	dag.Paused = paused
	f.dags[id] = dag
	f.changes = append(f.changes, map[bool]string{true: "pause ", false: "unpause "}[paused]+id)
	return nil
}

func (f *fakeAirflow) Raw(_ context.Context, method, path string, _ any) (json.RawMessage, error) {
	leave, err := f.enter()
	defer leave()
	f.changes = append(f.changes, method+" "+path)
	delete(f.dags, filepath.Base(path))
	return nil, err
}

func (f *fakeAirflow) Reparse(context.Context, string) error {
	leave, err := f.enter()
	defer leave()
	if err == nil {
		f.nudges++
		if !f.noNudge {
			f.list(time.Now())
		}
	}
	return err
}

func (f *fakeAirflow) ServerTime() (time.Time, bool) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return time.Now(), f.requests > 0
}

// set changes a DAG as a person would.
func (f *fakeAirflow) set(id string, change func(*airflowclient.DAG)) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	dag := f.dags[id]
	change(&dag)
	f.dags[id] = dag
}
