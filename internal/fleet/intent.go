package fleet

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"chrononctl/dagspec"
)

// IntentSource says who told what should run.
type IntentSource uint8

// The sources, the surest last.
const (
	IntentUnknown     IntentSource = iota // nobody: the DAGs came from elsewhere, or the release does not tell
	IntentRelease                         // the index that the marker DAGs of the releases carry
	IntentDefinitions                     // the definitions of the Chronon repository at hand
)

// String is the source's name for programs.
func (s IntentSource) String() string {
	switch s {
	case IntentRelease:
		return "release"
	case IntentDefinitions:
		return "definitions"
	case IntentUnknown:
		return "unknown"
	default:
		return "unknown"
	}
}

// Intent is what should run, and what depends on what. The zero value knows nothing; every lookup of it finds nothing. It is immutable.
//
// It comes from the definitions of a repository ([IntentOf]) or from the index that each release tells over REST, which an [Observer] reads. The
// latter has everything but how tasks are started; releases of older versions tell tables without tasks, and then Tasks is empty. Where both are
// known, the definitions say what a DAG is, and the releases what has been deployed.
type Intent struct {
	Source   IntentSource
	Releases []Release      // those whose index was read, by marker
	Problem  string         // in words, why less is known than should be; empty: nothing is wrong
	DAGs     []dagspec.DAG  // by id
	index    map[string]int // DAG id to its place in DAGs
	writers  map[string][]TaskRef
	waiters  map[string][]TaskRef
	byConf   map[string][]TaskRef
	sensors  map[TaskRef]sensor
	released map[string]released // by DAG id
	complete bool                // every marker of the Airflow could be read
}

// released is a DAG in the index of a release.
type released struct {
	release Release
	hash    string
	file    string
}

// Release is a release that a marker DAG names.
type Release struct {
	Marker  string // DAG id
	ID      string
	Created time.Time
	Commit  string // of the Chronon repository; empty: not known
}

// TaskRef identifies a task of a DAG, whatever the run.
type TaskRef struct{ DAGID, TaskID string }

// sensor is what a waiting task waits for, and who needs it.
type sensor struct {
	wait dagspec.Wait
	by   []TaskRef
}

// IntentOf is the intent of the definitions that [dagspec.Build] made.
func IntentOf(defs dagspec.Definitions) *Intent { return newIntent(IntentDefinitions, defs.DAGs) }

func newIntent(source IntentSource, dags []dagspec.DAG) *Intent {
	in := &Intent{
		Source: source, DAGs: slices.SortedFunc(slices.Values(dags), func(a, b dagspec.DAG) int { return strings.Compare(a.ID, b.ID) }),
		index: make(map[string]int, len(dags)), writers: make(map[string][]TaskRef), waiters: make(map[string][]TaskRef),
		byConf: make(map[string][]TaskRef), sensors: make(map[TaskRef]sensor), released: make(map[string]released),
	}
	for i := range in.DAGs {
		d := &in.DAGs[i]
		in.index[d.ID] = i
		for t := range d.Tasks {
			in.add(d.ID, &d.Tasks[t])
		}
	}
	return in
}

func (in *Intent) add(dagID string, t *dagspec.Task) {
	ref := TaskRef{dagID, t.ID}
	if t.Conf != "" {
		in.byConf[t.Conf] = append(in.byConf[t.Conf], ref)
	}
	for _, out := range t.Outputs {
		in.writers[hiveName(out.Table)] = append(in.writers[hiveName(out.Table)], ref)
	}
	for _, wait := range t.Waits {
		in.waiters[hiveName(wait.Partition.Table)] = append(in.waiters[hiveName(wait.Partition.Table)], ref)
		at := TaskRef{dagID, wait.TaskID()}
		s := in.sensors[at]
		s.wait, s.by = wait, append(s.by, ref)
		in.sensors[at] = s
	}
}

// hiveName is a table's name as Hive compares them.
func hiveName(table string) string { return strings.ToLower(table) }

// Known says whether anybody told what should run.
func (in *Intent) Known() bool { return in != nil && in.Source != IntentUnknown }

// DAG is the definition of a DAG. From a release it has no argv, queue, user and emails.
func (in *Intent) DAG(id string) (dagspec.DAG, bool) {
	if in == nil {
		return dagspec.DAG{}, false
	}
	i, ok := in.index[id]
	if !ok {
		return dagspec.DAG{}, false
	}
	return in.DAGs[i], true
}

// Task is the definition of a task. A sensor has none of its own: see [Intent.Sensor].
func (in *Intent) Task(ref TaskRef) (dagspec.Task, bool) {
	d, _ := in.DAG(ref.DAGID)
	for _, t := range d.Tasks {
		if t.ID == ref.TaskID {
			return t, true
		}
	}
	return dagspec.Task{}, false
}

// Sensor is what a sensor waits for, and the tasks of its DAG that need it. For the partition of a run's day see [dagspec.Partition.On].
func (in *Intent) Sensor(ref TaskRef) (wait dagspec.Wait, neededBy []TaskRef, ok bool) {
	if in == nil {
		return dagspec.Wait{}, nil, false
	}
	s, ok := in.sensors[ref]
	return s.wait, s.by, ok
}

// Writers are the tasks that promise a partition of the table, in the order of the DAGs; none when it comes from outside. Of a table that is
// written on the way, only [dagspec.Wait.ProducedBy] of a wait for it knows the writer.
func (in *Intent) Writers(table string) []TaskRef {
	if in == nil {
		return nil
	}
	return in.writers[hiveName(table)]
}

// Waiters are the tasks that wait for a partition of the table.
func (in *Intent) Waiters(table string) []TaskRef {
	if in == nil {
		return nil
	}
	return in.waiters[hiveName(table)]
}

// OfConf are the tasks of a conf, by its full name.
func (in *Intent) OfConf(name string) []TaskRef {
	if in == nil {
		return nil
	}
	return in.byConf[name]
}

// Confs are the full names of all confs that have a task.
func (in *Intent) Confs() []string {
	if in == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(in.byConf))
}

// Owner is who is told when a task of the DAG fails, as teams.json says; the DAG's team where it does not.
func (in *Intent) Owner(dagID string) string {
	d, _ := in.DAG(dagID)
	return cmp.Or(d.Owner, d.Team)
}

// GobEncode writes nothing: an intent is not kept with a picture (internal/history), because it is read again, and is the larger part of both.
func (in *Intent) GobEncode() ([]byte, error) { return nil, nil }

// GobDecode makes an intent that knows nothing.
func (in *Intent) GobDecode([]byte) error {
	*in = Intent{}
	return nil
}
