package fleet

import (
	"time"

	"chrononctl/airflowclient"
)

// runCache keeps what an ended run had. A run that is cleared or ends again has other times, which makes what was kept worthless.
type runCache struct {
	tasks   map[airflowclient.RunRef]keptTasks
	reports map[airflowclient.RunRef]keptReport
}

type keptTasks struct {
	as    edition
	tasks []Task
}

type keptReport struct {
	as   edition
	told published
}

// edition tells one execution of a run from the next.
type edition struct {
	state      string
	start, end time.Time
}

func editionOf(state string, start, end time.Time) edition {
	return edition{state, start.UTC(), end.UTC()}
}

// cached copies the tasks that are known of the runs into tasks, and returns the runs that have to be asked for.
func (o *Observer) cached(
	runs map[airflowclient.RunRef]airflowclient.Run, refs []airflowclient.RunRef, tasks map[airflowclient.RunRef][]Task,
) (ask []airflowclient.RunRef) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, ref := range refs {
		r := runs[ref]
		kept, ok := o.cache.tasks[ref]
		if ok && kept.as == editionOf(string(r.State), r.Start, r.End) {
			tasks[ref] = kept.tasks
			continue
		}
		ask = append(ask, ref)
	}
	return ask
}

// keepTasks keeps the tasks of the runs that ended.
func (o *Observer) keepTasks(runs map[airflowclient.RunRef]airflowclient.Run, read map[airflowclient.RunRef][]Task) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.cache.tasks == nil {
		o.cache.tasks = make(map[airflowclient.RunRef]keptTasks)
	}
	for ref, tasks := range read {
		if r := runs[ref]; hasEnded(r) {
			o.cache.tasks[ref] = keptTasks{editionOf(string(r.State), r.Start, r.End), tasks}
		}
	}
}

func (o *Observer) cachedReport(run Run) (published, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	kept, ok := o.cache.reports[airflowclient.RunRef{DAGID: run.DAGID, RunID: run.ID}]
	return kept.told, ok && kept.as == editionOf(run.State, run.Start, run.End)
}

func (o *Observer) keepReport(run Run, told published) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.cache.reports == nil {
		o.cache.reports = make(map[airflowclient.RunRef]keptReport)
	}
	o.cache.reports[airflowclient.RunRef{DAGID: run.DAGID, RunID: run.ID}] = keptReport{editionOf(run.State, run.Start, run.End), told}
}

// forget drops what is kept of runs that are in the picture no more.
func (o *Observer) forget(current []airflowclient.Run) {
	inPicture := make(map[airflowclient.RunRef]bool, len(current))
	for _, r := range current {
		inPicture[refOf(r)] = true
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for ref := range o.cache.tasks {
		if !inPicture[ref] {
			delete(o.cache.tasks, ref)
		}
	}
	for ref := range o.cache.reports {
		if !inPicture[ref] {
			delete(o.cache.reports, ref)
		}
	}
}
