package deploy_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"chrononctl/dagspec"
	"chrononctl/internal/deploy"
	"chrononctl/internal/deploy/target"
	"chrononctl/internal/deploy/target/targettest"
)

// site is a DAG folder with an Airflow that reads it.
type site struct {
	t       *testing.T
	folder  string
	disk    onDisk // the folder, as nobody fails
	airflow *fakeAirflow
	faults  breakage
	open    func() target.Target // the target, as a new process would have it
	other   func() target.Target // the same for somebody whose operations do not fail
	slips   int                  // operations that a session may still make when its lock was broken
	expires time.Duration        // after which nobody holds a lock whose holder is dead
	events  []deploy.Event
}

// breakage makes a target fail.
type breakage interface {
	Arm(at int, mode targettest.Mode)
	Changes() int
	interfere(with func())
}

// diskFaults are those of a dir target.
type diskFaults struct{ *targettest.Faults }

func (f diskFaults) interfere(with func()) { f.Interference = with }

// bubble runs a test in fake time.
func bubble(t *testing.T, run func(s *site)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { run(newSite(t)) })
}

// newSite has a folder of the real file system.
func newSite(t *testing.T) *site {
	t.Helper()
	return newSiteOn(t, nil, target.OpenDisk)
}

// newMemorySite has a folder in memory, for those who make thousands of operations.
func newMemorySite(t *testing.T) *site {
	t.Helper()
	memory := &targettest.Memory{}
	return newSiteOn(t, memory.Open, memory.Open)
}

// newSiteOn has a folder of a file system: as a target opens it, and as anyone else does. A target's lock is on the real one in any case.
func newSiteOn(t *testing.T, failing, open func(string) (target.Disk, error)) *site {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "dags")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	disk, err := open(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = disk.Close() })
	faults := diskFaults{&targettest.Faults{Disks: failing}}
	s := &site{t: t, folder: folder, disk: onDisk{disk}, airflow: newFakeAirflow(onDisk{disk}), faults: faults, slips: 4} // one write has 4
	s.open = func() target.Target {
		dir, err := target.NewDir(target.DirOptions{Path: folder, Open: faults.Open})
		s.check(err)
		return dir
	}
	s.other = func() target.Target {
		dir, err := target.NewDir(target.DirOptions{Path: folder, Open: failing})
		s.check(err)
		return dir
	}
	return s
}

// engine is a new one, as a new process would have it.
func (s *site) engine(change func(*deploy.Options)) *deploy.Engine {
	s.t.Helper()
	opts := deploy.Options{Target: s.open(), Airflow: s.airflow, Generator: "test", Owner: target.Owner{Who: "ada", Host: "here", PID: 1}}
	if change != nil {
		change(&opts)
	}
	engine, err := deploy.New(opts)
	s.check(err)
	return engine
}

func (s *site) deploy(release deploy.Release) (*deploy.Result, error) {
	s.t.Helper()
	return s.deployWith(release, nil)
}

// deployWith plans and applies, a second after whatever was before.
func (s *site) deployWith(release deploy.Release, change func(*deploy.Options)) (*deploy.Result, error) {
	s.t.Helper()
	time.Sleep(time.Second)
	engine := s.engine(change)
	plan, err := engine.Plan(s.t.Context(), release)
	if err != nil {
		return &deploy.Result{}, err
	}
	s.events = nil
	return engine.Apply(s.t.Context(), plan, func(e deploy.Event) { s.events = append(s.events, e) })
}

// must deploys what has to succeed.
func (s *site) must(release deploy.Release) *deploy.Result {
	s.t.Helper()
	result, err := s.deploy(release)
	s.check(err)
	return result
}

func (s *site) check(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// write puts a file there, as a person would.
func (s *site) write(name, text string) {
	s.t.Helper()
	if s.disk.stamp(name) != "" {
		s.check(s.disk.Remove(name))
	}
	s.check(s.disk.Create(name, []byte(text)))
}

// read is the content of a file; "" when there is none.
func (s *site) read(name string) string { return s.disk.read(name) }

// tree lists all files of the DAG folder.
func (s *site) tree() []string { return s.disk.tree(".") }

// holds checks that the DAG folder has each file of a release, and no DAG file besides but the given ones.
func (s *site) holds(release deploy.Release, others ...string) {
	s.t.Helper()
	var want []string
	for _, file := range release.Files {
		if got := s.read(file.Path); got != string(file.Data) {
			s.t.Errorf("%s holds %q, want %q", file.Path, got, file.Data)
		}
		want = append(want, file.Path)
	}
	for _, name := range s.tree() {
		if !strings.HasPrefix(name, "_chronon_rt/") && !slices.Contains(want, name) && !slices.Contains(others, name) {
			s.t.Errorf("%s is in the folder", name)
		}
	}
}

// paused lists the pauses of all DAGs that Airflow shows, "a:active b:paused c:stale".
func (s *site) shows() string {
	s.airflow.mutex.Lock()
	defer s.airflow.mutex.Unlock()
	var all []string
	for id, dag := range s.airflow.dags {
		state := "active"
		switch {
		case dag.Stale:
			state = "stale"
		case dag.Paused:
			state = "paused"
		}
		all = append(all, id+":"+state)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// dag is one DAG of a test release. Its text makes its hash.
type dag struct {
	id, text string
	tasks    string // comma separated; default "run,wait_for__x"
	broken   bool
}

// release renders DAG files, one DAG each unless ids share a file as "file/id", with the files that they need.
func release(dags ...dag) deploy.Release {
	r := deploy.Release{Files: []dagspec.File{{Path: ".airflowignore", Data: []byte("_chronon_rt\n")}}}
	bodies, ids := map[string]string{}, map[string][]string{}
	var order []string
	for _, d := range dags {
		file, id, ok := strings.Cut(d.id, "/")
		if !ok {
			id = d.id
		}
		file += ".py"
		if d.tasks == "" {
			d.tasks = "run,wait_for__x"
		}
		hash := hexSum(d.text)[:12]
		conf := "_chronon_rt/confs/" + hexSum(d.text)[:16] + "/production/joins/team/x"
		if !slices.Contains(order, file) {
			order = append(order, file)
		}
		ids[file] = append(ids[file], id)
		if d.broken {
			bodies[file] += "raise ImportError: cannot import name 'x'\n"
		}
		bodies[file] += fmt.Sprintf("needs %s\ndag %s %s %s\n", conf, id, hash, d.tasks)
		if !slices.ContainsFunc(r.Files, func(f dagspec.File) bool { return f.Path == conf }) {
			r.Files = append(r.Files, dagspec.File{Path: conf, Data: []byte(d.text)})
		}
		r.DAGs = append(r.DAGs, dagspec.DAG{ID: id, Hash: hash, Tasks: jobs(d.tasks)})
	}
	for _, file := range order {
		r.Files = append(r.Files, dagspec.File{Path: file, Data: []byte(bodies[file] + "# end\n"), DAGs: ids[file]})
	}
	return r
}

func jobs(ids string) []dagspec.Task {
	var tasks []dagspec.Task
	for id := range strings.SplitSeq(ids, ",") {
		if !strings.HasPrefix(id, "wait_for__") {
			tasks = append(tasks, dagspec.Task{ID: id})
		}
	}
	return tasks
}

func hexSum(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
