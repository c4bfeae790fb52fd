package fleet

import (
	"context"
	"maps"
	"slices"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
)

// Runs beyond those that matter now, whose tasks are filled in bit by bit until all are known.
const (
	fillFirst = 300 // with the first picture
	fillLater = 30  // from then on, each time that the tasks of runs under way are due anyway
)

// Sound says when the tasks of scheduled runs of joins are read of which each task succeeded. Nothing but when they ended is to be learned from them: what landed
// and when, and how long it took.
type Sound uint8

// The times at which such tasks are read.
const (
	SoundAtOnce Sound = iota // with the picture
	SoundLater               // from the second picture on, some with each
	SoundNever
)

// Of how many such runs the tasks are read with one picture. Few of them cost so little that nobody has to wait for a later one.
const (
	soundPerLook = 300
	soundFew     = 100
)

// How many runs of one DAG matter now.
const (
	matterUnfinished = 16
	matterFailed     = 8
	matterEnded      = 1
	matterReports    = 2 // ended runs of DAGs that publish a report: the newest may have failed to
)

// readTasks reads the tasks of the runs that matter now, and fills in those of other runs bit by bit.
func (o *Observer) readTasks(ctx context.Context, obs *observation) {
	byRef := make(map[airflowclient.RunRef]airflowclient.Run, len(obs.runs))
	for _, r := range obs.runs {
		byRef[r.Ref()] = r
	}
	var matter, green, rest []airflowclient.RunRef
	runs := runsByDAG(obs.runs)
	for _, d := range obs.dags {
		kind := identify(d.ID, d.Tags, o.names).kind
		now, later := readingOrder(kind, runs[d.ID])
		rest = append(rest, later...)
		for _, ref := range now {
			if mayBeSound(kind, byRef[ref]) {
				green = append(green, ref)
			} else {
				matter = append(matter, ref)
			}
		}
	}
	age := o.taskAge()
	obs.tasks = make(map[airflowclient.RunRef][]Task)
	ask := o.cached(byRef, matter, age, obs.tasks)
	troubled, sound, err := o.troubled(ctx, byRef, o.cached(byRef, green, age, obs.tasks))
	now := o.soundNow(len(sound))
	obs.more = now < len(sound) && o.opts.Sound == SoundLater
	if err != nil {
		obs.miss(SectionTasks, "which runs have a task that did not succeed", airflowclient.PartState{Err: err})
	}
	ask = append(ask, troubled...)
	obs.asked = make(map[airflowclient.RunRef]bool, len(ask))
	for _, ref := range ask {
		obs.asked[ref] = true
	}
	ask = slices.Concat(ask, sound[:now], o.fill(o.cached(byRef, rest, age, obs.tasks)))
	read, err := o.readTasksOf(ctx, byRef, ask)
	if err != nil {
		obs.miss(SectionTasks, "the tasks of "+plural(len(ask), "run"), airflowclient.PartState{Err: err})
		return
	}
	maps.Copy(obs.tasks, read)
}

// mayBeSound says whether a run succeeded so that its state says it all where each task did. That is so for joins, of which there may be thousands: of
// other DAGs, of which a team has one of a kind, each task counts. A run that was made by hand for a day before its DAG's start succeeds without any task.
func mayBeSound(kind dagspec.Kind, r airflowclient.Run) bool {
	return kind == dagspec.KindJoin && r.State == airflowclient.StateSuccess && r.Type == runScheduled
}

// troubled separates green runs of which a task did not succeed from sound ones. An Airflow tells in a moment which tasks did not succeed, and takes
// more than a second for the tasks of a thousand runs. Where it cannot tell, all that it has not told of before may be troubled.
func (o *Observer) troubled(
	ctx context.Context, runs map[airflowclient.RunRef]airflowclient.Run, green []airflowclient.RunRef,
) (troubled, sound []airflowclient.RunRef, err error) {
	if o.opts.Sound == SoundAtOnce {
		return green, nil, nil
	}
	sound, open := o.cachedSound(runs, green)
	notes, err := o.client.TaskInstances(ctx, airflowclient.TaskQuery{Runs: open, States: airflowclient.TaskStatesBut(airflowclient.StateSuccess)})
	if err != nil {
		return open, nil, err
	}
	isTroubled := make(map[airflowclient.RunRef]bool)
	for _, ti := range notes {
		isTroubled[airflowclient.RunRef{DAGID: ti.DAGID, RunID: ti.RunID}] = true
	}
	for _, ref := range open {
		if isTroubled[ref] {
			troubled = append(troubled, ref)
		} else {
			sound = append(sound, ref)
		}
	}
	o.keepSound(runs, sound)
	return troubled, sound, nil
}

// soundNow is of how many sound runs the tasks are read with this picture.
func (o *Observer) soundNow(there int) int {
	isLittle := o.opts.Sound == SoundLater && there <= soundFew
	if o.putsOff() && !isLittle {
		return 0
	}
	return min(there, soundPerLook)
}

// putsOff says that nothing is read now that can be read later.
func (o *Observer) putsOff() bool {
	switch o.opts.Sound {
	case SoundNever:
		return true
	case SoundLater:
		o.mu.Lock()
		defer o.mu.Unlock()
		return o.last.until.IsZero() // somebody waits for the picture
	case SoundAtOnce:
	}
	return false
}

// readTasksOf reads the tasks of runs, sorted, and keeps them.
func (o *Observer) readTasksOf(
	ctx context.Context, runs map[airflowclient.RunRef]airflowclient.Run, ask []airflowclient.RunRef,
) (map[airflowclient.RunRef][]Task, error) {
	if len(ask) == 0 {
		return nil, nil
	}
	instances, err := o.client.TaskInstances(ctx, airflowclient.TaskQuery{Runs: ask})
	if err != nil {
		return nil, err
	}
	read := make(map[airflowclient.RunRef][]Task, len(ask))
	for _, ref := range ask {
		read[ref] = nil
	}
	for _, ti := range instances {
		ref, task := airflowclient.RunRef{DAGID: ti.DAGID, RunID: ti.RunID}, taskOf(ti)
		if r, known := runs[ref]; known {
			task.DAGID, task.RunID = r.DAGID, r.ID // one text for all tasks of a run, of which there are many
		}
		read[ref] = append(read[ref], task)
	}
	for _, tasks := range read {
		slices.SortStableFunc(tasks, compareTasks)
	}
	o.keepTasks(runs, read, o.opts.Now())
	return read, nil
}

// readingOrder separates the runs of a DAG whose tasks matter now (under way, failed, the newest that ended) from the rest.
func readingOrder(kind dagspec.Kind, runs []*airflowclient.Run) (matter, rest []airflowclient.RunRef) {
	ended := matterEnded
	if isStreaming(kind) || kind == dagspec.KindComparison {
		ended = matterReports
	}
	unfinished, failed := matterUnfinished, matterFailed
	take := func(left *int) bool {
		*left--
		return *left >= 0
	}
	for _, r := range runs {
		isMatter := !hasEnded(*r) && take(&unfinished) || hasEnded(*r) && take(&ended) || r.State == airflowclient.StateFailed && take(&failed)
		if isMatter {
			matter = append(matter, r.Ref())
		} else {
			rest = append(rest, r.Ref())
		}
	}
	return matter, rest
}
