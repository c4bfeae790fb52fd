package airflowclient

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Changes is what a reading has changed: whole rows by their identity. Generation counts changes; who has seen one and gets the
// one after the next has missed something and takes [Feed.Picture].
type Changes struct {
	Generation   uint64
	DAGs         []DAG
	DAGsGone     []string
	Runs         []Run
	RunsGone     []RunRef
	Tasks        map[RunRef][]TaskInstance // complete, of each focused run that has changed
	Health       *Health                   // nil: as before
	ImportErrors *[]ImportError            // nil: as before
	Log          *LogPart                  // nil: nothing was added to the log that is followed
	Parts        map[Part]PartState        // of all parts
}

// LogPart is lines that were added to a log.
type LogPart struct {
	Ref    LogRef
	Lines  []TailLine
	Absent string // why there is no log, in Airflow's words
	Done   bool   // these are its last lines
}

// Picture is everything that a feed knows: a copy, which nobody changes.
type Picture struct {
	Generation   uint64
	Rows         uint64 // counts the changes of what follows, but for Parts
	DAGs         []DAG  // by id
	Runs         []Run  // newest first
	Tasks        map[RunRef][]TaskInstance
	Health       Health
	ImportErrors []ImportError
	Parts        map[Part]PartState
}

// Picture is what the feed knows now.
func (f *Feed) Picture() Picture {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := Picture{
		Generation: f.picture.generation, Rows: f.picture.rows, Tasks: maps.Clone(f.picture.tasks), Health: f.picture.health,
		ImportErrors: slices.Clone(f.picture.broken), Parts: f.picture.partStates(),
	}
	s := &f.picture.sorted
	if s.dags == nil {
		s.dags = sortedValues(f.picture.dags, func(a, b DAG) int { return strings.Compare(a.ID, b.ID) })
	}
	if s.runs == nil {
		s.runs = sortedValues(f.picture.runs, newestFirst)
	}
	p.DAGs, p.Runs = s.dags, s.runs
	return p
}

// sortedValues are the values of a map in an order. There may be thousands of a few hundred bytes, so they are copied once.
func sortedValues[K comparable, V any](m map[K]V, compare func(a, b V) int) []V {
	sorted := slices.AppendSeq(make([]V, 0, len(m)), maps.Values(m))
	slices.SortFunc(sorted, compare)
	return sorted
}

// picture is what a feed knows. Only updates change it, and they write down what they change.
type picture struct {
	keepOf     func(DAG) Keep
	generation uint64
	rows       uint64
	dags       map[string]DAG
	keeps      map[string]Keep // what is kept of each DAG
	runs       map[RunRef]Run
	tasks      map[RunRef][]TaskInstance
	health     Health
	broken     []ImportError
	parts      [partCount]PartState
	sorted     sorted
}

// sorted is the rows of a picture in their order, which is made once for all who ask before something changes; nil: not made yet.
type sorted struct {
	dags []DAG
	runs []Run
}

func newPicture(keepOf func(DAG) Keep) picture {
	return picture{
		keepOf: keepOf, dags: map[string]DAG{}, keeps: map[string]Keep{}, runs: map[RunRef]Run{}, tasks: map[RunRef][]TaskInstance{},
	}
}

// update changes the picture and writes down what it changes.
type update func(*picture, *Changes)

// apply runs an update and tells what it changed.
func (f *Feed) apply(u update, emit func(Changes)) {
	f.mu.Lock()
	before := f.picture.parts
	var c Changes
	u(&f.picture, &c)
	sameRows := reflect.DeepEqual(c, Changes{})
	nothing := sameRows && before == f.picture.parts
	if !sameRows {
		f.picture.rows++
	}
	if len(c.DAGs)+len(c.DAGsGone) > 0 {
		f.picture.sorted.dags = nil
	}
	if len(c.Runs)+len(c.RunsGone) > 0 {
		f.picture.sorted.runs = nil
	}
	if !nothing {
		f.picture.generation++
	}
	c.Generation, c.Parts = f.picture.generation, f.picture.partStates()
	f.mu.Unlock()
	if emit != nil && !nothing {
		emit(c)
	}
}

func (p *picture) partStates() map[Part]PartState {
	states := make(map[Part]PartState, partCount)
	for part, state := range p.parts {
		states[Part(part)] = state
	}
	return states
}

func (p *picture) putDAG(d DAG, c *Changes) {
	if known, ok := p.dags[d.ID]; ok && reflect.DeepEqual(known, d) {
		return
	}
	p.dags[d.ID], p.keeps[d.ID] = d, p.keepOf(d)
	c.DAGs = append(c.DAGs, d)
}

// dropDAG forgets a DAG and its runs.
func (p *picture) dropDAG(id string, c *Changes) {
	delete(p.dags, id)
	delete(p.keeps, id)
	c.DAGsGone = append(c.DAGsGone, id)
	for ref := range p.runs {
		if ref.DAGID == id {
			p.dropRun(ref, c)
		}
	}
}

// putRun takes a run of a DAG that the picture holds.
func (p *picture) putRun(r Run, c *Changes) {
	ref := r.Ref()
	if _, ours := p.dags[r.DAGID]; !ours {
		return
	}
	if known, ok := p.runs[ref]; ok && reflect.DeepEqual(known, r) {
		return
	}
	p.runs[ref] = r
	c.Runs = append(c.Runs, r)
}

func (p *picture) dropRun(ref RunRef, c *Changes) {
	if _, ok := p.runs[ref]; !ok {
		return
	}
	delete(p.runs, ref)
	delete(p.tasks, ref)
	c.RunsGone = append(c.RunsGone, ref)
}

// forget drops ended runs that are not to be kept any more.
func (p *picture) forget(now time.Time, c *Changes) {
	var old []Run
	for ref, r := range p.runs {
		if r.State.Ended() && !p.keeps[ref.DAGID].holds(r, now) {
			old = append(old, r)
		}
	}
	if len(old) == 0 {
		return
	}
	recent, last := p.recent(now), lastOf(p.ended())
	for _, r := range old {
		isLast := !recent[r.DAGID] && last[r.DAGID].ID == r.ID && now.Sub(r.End) <= p.keeps[r.DAGID].Last
		if !isLast {
			p.dropRun(r.Ref(), c)
		}
	}
}

// ended is the runs that are over.
func (p *picture) ended() []Run {
	var ended []Run
	for _, r := range p.runs {
		if r.State.Ended() {
			ended = append(ended, r)
		}
	}
	return ended
}

// recent is the DAGs of which a run ended within the time that every run is kept.
func (p *picture) recent(now time.Time) map[string]bool {
	dags := map[string]bool{}
	for ref, r := range p.runs {
		if r.State.Ended() && now.Sub(r.End) <= p.keeps[ref.DAGID].Ended {
			dags[ref.DAGID] = true
		}
	}
	return dags
}

// endedLater orders the ends of runs; of two at the same moment it is the one with the higher id.
func endedLater(a, b Run) bool {
	return cmp.Or(a.End.Compare(b.End), strings.Compare(a.ID, b.ID)) > 0
}

// The states of a run: these two say that it is over, all others that it is not.
var (
	endStates    = []State{StateSuccess, StateFailed}
	activeStates = []State{StateQueued, StateRunning}
)

// sortedRefs orders runs, so that what is asked does not depend on the order of a map.
func sortedRefs(refs map[RunRef]bool) []RunRef {
	return slices.SortedFunc(maps.Keys(refs), compareRefs)
}

func compareRefs(a, b RunRef) int {
	return cmp.Or(strings.Compare(a.DAGID, b.DAGID), strings.Compare(a.RunID, b.RunID))
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
