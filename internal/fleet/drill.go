package fleet

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"chrononctl/airflowclient"
)

// LogLine is one line of a task's log. Time and Level are empty where the log does not say. Its text is as the task wrote it.
type LogLine struct {
	Time  time.Time
	Level string
	Text  string
}

// How much of one DAG is read when it is looked at.
const (
	recentRuns = 100              // runs that are listed
	shownFor   = 12 * time.Second // how long tasks are followed after they were asked for last, or half as long again as it was since the time before
	listedAge  = 2 * everyTasks   // of tasks of listed runs under way: those that matter, the picture reads more often
)

// runList is the runs of a DAG that was looked at.
type runList struct {
	runs []airflowclient.Run
	at   time.Time // when they were listed
	as   []edition // of the picture's runs of the DAG then
}

// Runs lists the newest runs of one DAG, newest first, with their tasks. They are asked for once, and again when the picture shows a change.
func (o *Observer) Runs(ctx context.Context, dagID string) ([]Run, error) {
	picture, err := o.step(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the runs of %s: %w", dagID, err)
	}
	list, err := o.listRuns(ctx, dagID, picture.Runs)
	if err != nil {
		return nil, fmt.Errorf("read the runs of %s: %w", dagID, err)
	}
	byRef := make(map[airflowclient.RunRef]airflowclient.Run, len(list))
	refs := make([]airflowclient.RunRef, 0, len(list))
	for _, r := range list {
		byRef[r.Ref()] = r
		refs = append(refs, r.Ref())
	}
	tasks := make(map[airflowclient.RunRef][]Task, len(list))
	read, err := o.readTasksOf(ctx, byRef, o.cached(byRef, refs, listedAge, tasks))
	maps.Copy(tasks, read)
	runs := make([]Run, 0, len(list))
	for i := range list {
		r := &list[i]
		known, ok := tasks[r.Ref()]
		runs = append(runs, runOf(r, known, readingOf(ok, err != nil)))
	}
	return runs, nil
}

// listRuns lists the newest runs of a DAG, or takes the list from before if the picture, whose runs those are, shows the same as then.
func (o *Observer) listRuns(ctx context.Context, dagID string, pictured []airflowclient.Run) ([]airflowclient.Run, error) {
	var as []edition
	for _, r := range pictured {
		if r.DAGID == dagID {
			as = append(as, editionOf(r.ID+" "+string(r.State), r.Start, r.End))
		}
	}
	now := o.opts.Now()
	o.mu.Lock()
	known, ok := o.lists[dagID]
	o.mu.Unlock()
	if ok && slices.Equal(known.as, as) && now.Sub(known.at) < everyTasks {
		return known.runs, nil
	}
	runs, err := o.client.Runs(ctx, airflowclient.RunQuery{DAGIDs: []string{dagID}, Limit: recentRuns})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(runs, compareRuns)
	o.mu.Lock()
	defer o.mu.Unlock()
	for id, list := range o.lists {
		if now.Sub(list.at) > 2*everyTasks {
			delete(o.lists, id) // nobody looks at it any more
		}
	}
	o.lists[dagID] = runList{runs, now, as}
	return runs, nil
}

// Tasks lists the task instances of one run, by id. It follows them closely as long as they are asked for.
func (o *Observer) Tasks(ctx context.Context, dagID, runID string) ([]Task, error) {
	ref := airflowclient.RunRef{DAGID: dagID, RunID: runID}
	o.show(ref)
	picture, err := o.step(ctx)
	if err == nil {
		err = picture.Parts[airflowclient.PartFocus].Err
	}
	if err != nil {
		return nil, fmt.Errorf("read the tasks of %s, run %s: %w", dagID, runID, err)
	}
	return tasksOf(picture.Tasks[ref]), nil
}

// keepFocused lets the picture have the tasks that were read for a screen: they are not read twice.
func (o *Observer) keepFocused(p airflowclient.Picture) {
	if len(p.Tasks) == 0 {
		return
	}
	runs, read := make(map[airflowclient.RunRef]airflowclient.Run), make(map[airflowclient.RunRef][]Task)
	for _, r := range p.Runs {
		if listed, ok := p.Tasks[r.Ref()]; ok {
			runs[r.Ref()], read[r.Ref()] = r, tasksOf(listed)
		}
	}
	o.keepTasks(runs, read, p.Parts[airflowclient.PartFocus].Read)
}

// tasksOf are task instances as the fleet has them, sorted.
func tasksOf(listed []airflowclient.TaskInstance) []Task {
	tasks := make([]Task, 0, len(listed))
	for _, ti := range listed {
		tasks = append(tasks, taskOf(ti))
	}
	slices.SortStableFunc(tasks, compareTasks)
	return tasks
}

// shownRun is when the tasks of a run were asked for last, and how long after the time before.
type shownRun struct {
	at    time.Time
	every time.Duration
}

// show notes that the tasks of a run are asked for.
func (o *Observer) show(ref airflowclient.RunRef) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := shownRun{at: o.opts.Now()}
	if before, known := o.shown[ref]; known {
		now.every = now.at.Sub(before.at)
	}
	o.shown[ref] = now
}

// inSight is whether the tasks may be asked for again.
func (s shownRun) inSight(now time.Time) bool {
	return now.Sub(s.at) <= max(shownFor, min(s.every*3/2, everyTasks))
}

// inSight is the runs whose tasks were asked for a moment ago, and may be asked for again.
func (o *Observer) inSight() []airflowclient.RunRef {
	now := o.opts.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	var refs []airflowclient.RunRef
	for ref, shown := range o.shown {
		switch {
		case shown.inSight(now):
			refs = append(refs, ref)
		case now.Sub(shown.at) > everyTasks: // who asks seldom is known by when he asked before
			delete(o.shown, ref)
		}
	}
	slices.SortFunc(refs, func(a, b airflowclient.RunRef) int {
		return cmp.Or(strings.Compare(a.DAGID, b.DAGID), strings.Compare(a.RunID, b.RunID))
	})
	return refs
}
