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
		byRef[refOf(r)] = r
	}
	var matter, rest []airflowclient.RunRef
	for _, d := range assemble(*obs) {
		now, later := readingOrder(d)
		matter, rest = append(matter, now...), append(rest, later...)
	}
	obs.tasks = make(map[airflowclient.RunRef][]Task)
	ask := o.cached(byRef, matter, obs.tasks)
	ask = append(ask, o.fill(o.cached(byRef, rest, obs.tasks))...)
	obs.asked = make(map[airflowclient.RunRef]bool, len(ask))
	for _, ref := range ask {
		obs.asked[ref] = true
	}
	read, err := o.readTasksOf(ctx, byRef, ask)
	if err != nil {
		obs.miss("the tasks of "+plural(len(ask), "run"), airflowclient.PartState{Err: err})
		return
	}
	maps.Copy(obs.tasks, read)
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
		ref := airflowclient.RunRef{DAGID: ti.DAGID, RunID: ti.RunID}
		read[ref] = append(read[ref], taskOf(ti))
	}
	for _, tasks := range read {
		slices.SortStableFunc(tasks, compareTasks)
	}
	o.keepTasks(runs, read)
	return read, nil
}

// readingOrder separates the runs of a DAG whose tasks matter now (under way, failed, the newest that ended) from the rest.
func readingOrder(d DAG) (matter, rest []airflowclient.RunRef) {
	ended := matterEnded
	if isStreaming(d.Kind) || d.Kind == dagspec.KindComparison {
		ended = matterReports
	}
	unfinished, failed := matterUnfinished, matterFailed
	take := func(left *int) bool {
		*left--
		return *left >= 0
	}
	for _, r := range d.Runs {
		ref := airflowclient.RunRef{DAGID: r.DAGID, RunID: r.ID}
		isMatter := !r.finished() && take(&unfinished) || r.finished() && take(&ended) || r.State == stateFailed && take(&failed)
		if isMatter {
			matter = append(matter, ref)
		} else {
			rest = append(rest, ref)
		}
	}
	return matter, rest
}
