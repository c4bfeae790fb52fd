package fleet

import (
	"maps"
	"time"

	"chrononctl/airflowclient"
)

// runCache keeps what runs had. What an ended run had is good until the run is cleared or ends again, which gives it other times; what a run under
// way had is good for a while.
type runCache struct {
	tasks   map[airflowclient.RunRef]keptTasks
	reports map[airflowclient.RunRef]keptReport
	sound   map[airflowclient.RunRef]edition // of which every task succeeded, and nothing else is known
	atWork  int                              // tasks of runs under way
	filled  time.Time                        // when tasks of runs that matter less were asked for last
}

func newRunCache() runCache {
	return runCache{
		tasks: make(map[airflowclient.RunRef]keptTasks), reports: make(map[airflowclient.RunRef]keptReport), sound: make(map[airflowclient.RunRef]edition),
	}
}

// seed takes over what an earlier picture knew of runs that had ended. It holds as long as the runs have ended as they had then.
func (c *runCache) seed(dags []DAG) {
	for _, d := range dags {
		for _, r := range d.Runs {
			if !r.finished() {
				continue
			}
			ref, as := airflowclient.RunRef{DAGID: d.ID, RunID: r.ID}, editionOf(r.State, r.Start, r.End)
			if r.Tasks != nil {
				c.tasks[ref] = keptTasks{as: as, tasks: r.Tasks}
			}
			if r.Report != nil {
				c.reports[ref] = keptReport{as, published{value: r.Report}}
			}
		}
	}
}

type keptTasks struct {
	as    edition
	at    time.Time // when they were read
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

// taskAge is how old the tasks of runs under way may be in a picture.
func (o *Observer) taskAge() time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.cache.atWork <= fewTasks {
		return o.opts.Every
	}
	return everyTasks
}

// cached copies the tasks that are known of the runs into tasks, of those under way where they are not older than age, and returns the runs that have
// to be asked for.
func (o *Observer) cached(
	runs map[airflowclient.RunRef]airflowclient.Run, refs []airflowclient.RunRef, age time.Duration, tasks map[airflowclient.RunRef][]Task,
) (ask []airflowclient.RunRef) {
	now := o.opts.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, ref := range refs {
		r := runs[ref]
		kept, ok := o.cache.tasks[ref]
		isFollowed := o.shown[ref].inSight(now) // by the feed
		isFresh := hasEnded(r) || isFollowed || now.Sub(kept.at) < age
		if ok && isFresh && kept.as == editionOf(string(r.State), r.Start, r.End) {
			tasks[ref] = kept.tasks
			continue
		}
		ask = append(ask, ref)
	}
	return ask
}

// cachedSound separates runs that are known to be sound from those that have to be asked for.
func (o *Observer) cachedSound(runs map[airflowclient.RunRef]airflowclient.Run, refs []airflowclient.RunRef) (sound, open []airflowclient.RunRef) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, ref := range refs {
		r := runs[ref]
		if as, ok := o.cache.sound[ref]; ok && as == editionOf(string(r.State), r.Start, r.End) {
			sound = append(sound, ref)
		} else {
			open = append(open, ref)
		}
	}
	return sound, open
}

// keepSound keeps that runs are sound.
func (o *Observer) keepSound(runs map[airflowclient.RunRef]airflowclient.Run, sound []airflowclient.RunRef) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, ref := range sound {
		r := runs[ref]
		o.cache.sound[ref] = editionOf(string(r.State), r.Start, r.End)
	}
}

// fill chooses which of the runs that matter less are asked for now.
func (o *Observer) fill(missing []airflowclient.RunRef) []airflowclient.RunRef {
	if o.putsOff() {
		return nil
	}
	now := o.opts.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	most := fillLater
	switch {
	case o.cache.filled.IsZero():
		most = fillFirst
	case now.Sub(o.cache.filled) < everyTasks:
		return nil
	}
	o.cache.filled = now
	return missing[:min(len(missing), most)]
}

// keepTasks keeps the tasks of runs that were read at some time, unless newer ones are known.
func (o *Observer) keepTasks(runs map[airflowclient.RunRef]airflowclient.Run, read map[airflowclient.RunRef][]Task, at time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for ref, tasks := range read {
		r, known := runs[ref]
		now := keptTasks{editionOf(string(r.State), r.Start, r.End), at, tasks}
		if kept := o.cache.tasks[ref]; known && (kept.as != now.as || !kept.at.After(at)) {
			o.cache.tasks[ref] = now
		}
	}
	o.cache.atWork = 0
	for _, kept := range o.cache.tasks {
		if kept.as.end.IsZero() {
			o.cache.atWork += len(kept.tasks)
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
	o.cache.reports[airflowclient.RunRef{DAGID: run.DAGID, RunID: run.ID}] = keptReport{editionOf(run.State, run.Start, run.End), told}
}

// forget drops what is kept of runs that are in the picture no more, once that is more than the picture has runs.
func (o *Observer) forget(current []airflowclient.Run) {
	if o.kept() <= len(current) {
		return
	}
	inPicture := make(map[airflowclient.RunRef]bool, len(current))
	for _, r := range current {
		inPicture[r.Ref()] = true
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, list := range o.lists {
		for _, r := range list.runs {
			inPicture[r.Ref()] = true
		}
	}
	maps.DeleteFunc(o.cache.tasks, func(ref airflowclient.RunRef, _ keptTasks) bool { return !inPicture[ref] })
	maps.DeleteFunc(o.cache.sound, func(ref airflowclient.RunRef, _ edition) bool { return !inPicture[ref] })
	maps.DeleteFunc(o.cache.reports, func(ref airflowclient.RunRef, _ keptReport) bool { return !inPicture[ref] })
}

// kept is of how many runs anything is kept, at least.
func (o *Observer) kept() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return max(len(o.cache.tasks), len(o.cache.sound), len(o.cache.reports))
}
