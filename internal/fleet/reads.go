package fleet

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
)

// How far back runs are looked for. Runs that are not done are found whatever their age.
const (
	tickWindow   = 3 * time.Hour       // ticks of streaming DAGs
	dayWindow    = 5 * 24 * time.Hour  // every run of the other DAGs
	failedWindow = 14 * 24 * time.Hour // days that failed
	quietTicks   = 26 * time.Hour      // the last ticks of a streaming DAG that has none within tickWindow
	quietDays    = 70 * 24 * time.Hour // the last runs of any other DAG that has none within dayWindow: monthly ones, paused ones
	quietLimit   = 2000                // rows of either
	fillRuns     = 300                 // runs beyond those that matter now, whose tasks are read with each picture until all are known
	reportsLimit = 8                   // reports that are asked for at a time
)

// runRead is one list of runs that a picture needs, and the kinds of DAG that are unknown without it.
type runRead struct {
	what  string
	query airflowclient.RunQuery
	kinds []dagspec.Kind
}

// readRuns reads the runs that a picture is made of, in lists over many DAGs.
func (o *Observer) readRuns(ctx context.Context, obs *observation) {
	ticks, days := splitByPace(obs.dags, obs.names)
	now := o.now()
	unfinished := []airflowclient.State{airflowclient.StateQueued, airflowclient.StateRunning}
	failed := []airflowclient.State{airflowclient.StateFailed}
	o.readRunLists(ctx, obs, []runRead{
		{"the runs of streaming DAGs", airflowclient.RunQuery{DAGIDs: ticks, LogicalFrom: now.Add(-tickWindow)}, paced(true)},
		{"the runs of the last days", airflowclient.RunQuery{DAGIDs: days, LogicalFrom: now.Add(-dayWindow)}, paced(false)},
		{"the runs that are under way", airflowclient.RunQuery{DAGIDs: slices.Concat(ticks, days), States: unfinished}, kinds},
		{"the runs that failed", airflowclient.RunQuery{DAGIDs: days, States: failed, LogicalFrom: now.Add(-failedWindow)}, paced(false)},
	})
	seen := make(map[string]bool)
	for _, r := range obs.runs {
		seen[r.DAGID] = true
	}
	isSeen := func(id string) bool { return seen[id] }
	ticks, days = slices.DeleteFunc(ticks, isSeen), slices.DeleteFunc(days, isSeen)
	o.readRunLists(ctx, obs, []runRead{
		{"older runs of streaming DAGs", airflowclient.RunQuery{DAGIDs: ticks, LogicalFrom: now.Add(-quietTicks), Limit: quietLimit}, paced(true)},
		{"older runs", airflowclient.RunQuery{DAGIDs: days, LogicalFrom: now.Add(-quietDays), Limit: quietLimit}, paced(false)},
	})
}

func (o *Observer) readRunLists(ctx context.Context, obs *observation, reads []runRead) {
	var (
		group errgroup.Group
		mu    sync.Mutex
	)
	for _, read := range reads {
		if len(read.query.DAGIDs) == 0 {
			continue // an empty list would ask for the runs of every DAG on the server
		}
		group.Go(func() error {
			runs, err := o.Airflow.Runs(ctx, read.query)
			mu.Lock()
			defer mu.Unlock()
			obs.runs = append(obs.runs, runs...)
			if err != nil {
				obs.miss(read.what, err)
				for _, kind := range read.kinds {
					obs.unread[kind] = true
				}
			}
			return nil
		})
	}
	_ = group.Wait() // every error has become a problem
}

// splitByPace separates the DAGs whose runs are ticks of minutes from those whose runs are days.
func splitByPace(dags []airflowclient.DAG, names namer) (ticks, days []string) {
	for _, d := range dags {
		if isStreaming(identify(d.ID, d.Tags, names).kind) {
			ticks = append(ticks, d.ID)
		} else {
			days = append(days, d.ID)
		}
	}
	return ticks, days
}

// paced are the kinds whose runs are ticks, or those whose runs are days, DAGs of no known kind included.
func paced(ticks bool) []dagspec.Kind {
	var out []dagspec.Kind
	for _, kind := range append(slices.Clone(kinds), "") {
		if isStreaming(kind) == ticks {
			out = append(out, kind)
		}
	}
	return out
}

// readTasks reads the tasks of the runs that matter now, and fills in those of other runs bit by bit.
func (o *Observer) readTasks(ctx context.Context, obs *observation) {
	byRef := make(map[airflowclient.RunRef]airflowclient.Run)
	var matter, rest []airflowclient.RunRef
	for _, d := range assemble(*obs) {
		now, later := readingOrder(d)
		matter, rest = append(matter, now...), append(rest, later...)
	}
	for _, r := range obs.runs {
		byRef[refOf(r)] = r
	}
	obs.tasks = make(map[airflowclient.RunRef][]Task)
	ask := o.cached(byRef, matter, obs.tasks)
	fill := o.cached(byRef, rest, obs.tasks)
	ask = append(ask, fill[:min(len(fill), fillRuns)]...)
	obs.asked = make(map[airflowclient.RunRef]bool, len(ask))
	if len(ask) == 0 {
		return
	}
	for _, ref := range ask {
		obs.asked[ref] = true
	}
	instances, err := o.Airflow.TaskInstances(ctx, airflowclient.TaskQuery{Runs: ask})
	if err != nil {
		obs.miss(fmt.Sprintf("the tasks of %s", plural(len(ask), "run")), err)
		return
	}
	read := make(map[airflowclient.RunRef][]Task, len(ask))
	for _, ref := range ask {
		read[ref] = nil
	}
	for _, ti := range instances {
		ref := airflowclient.RunRef{DAGID: ti.DAGID, RunID: ti.RunID}
		if obs.asked[ref] {
			read[ref] = append(read[ref], taskOf(ti))
		}
	}
	for _, tasks := range read {
		slices.SortStableFunc(tasks, compareTasks)
	}
	maps.Copy(obs.tasks, read)
	o.keepTasks(byRef, read)
}

// How many runs of one DAG matter now.
const (
	matterUnfinished = 16
	matterFailed     = 8
	matterEnded      = 1
	matterReports    = 2 // ended runs of DAGs that publish a report: the newest may have failed to
)

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

// readReports reads what the newest ended runs of streaming and comparison DAGs published.
func (o *Observer) readReports(ctx context.Context, obs *observation, dags []DAG) {
	var (
		group  errgroup.Group
		mu     sync.Mutex
		failed int
		first  error
	)
	group.SetLimit(reportsLimit)
	for _, d := range dags {
		key, ok := reportKey(d.Kind)
		run, ended := reportRun(d.Runs)
		if !ok || !ended {
			continue
		}
		group.Go(func() error {
			told, err := o.report(ctx, run, key)
			mu.Lock()
			defer mu.Unlock()
			obs.reports[airflowclient.RunRef{DAGID: run.DAGID, RunID: run.ID}] = told
			if err != nil {
				failed++
				first = cmp.Or(first, err)
			}
			return nil
		})
	}
	_ = group.Wait() // every error has become a problem
	if failed > 0 {
		obs.miss(plural(failed, "report"), first)
	}
}

func reportKey(kind dagspec.Kind) (string, bool) {
	switch kind {
	case dagspec.KindStreaming:
		return keepAliveKey, true
	case dagspec.KindComparison:
		return consistencyKey, true
	default:
		return "", false
	}
}

// report reads one report, once for each run that ended. A summary that did not end well has published nothing, which costs no request to know.
func (o *Observer) report(ctx context.Context, run Run, key string) (published, error) {
	if summary := summaryState(run); summary != OK && summary != None {
		return published{problem: fmt.Sprintf("the summary of its last run, for %s, is %s", dayOf(run), summary.Word())}, nil
	}
	if told, ok := o.cachedReport(run); ok {
		return told, nil
	}
	value, err := o.Airflow.XCom(ctx, run.DAGID, run.ID, dagspec.SummaryTask, key)
	switch {
	case airflowclient.IsNotFound(err):
		told := published{problem: fmt.Sprintf("its last run, for %s, published no report", dayOf(run))}
		o.keepReport(run, told)
		return told, nil
	case err != nil:
		return published{problem: fmt.Sprintf("its report could not be read: %v", err)}, err
	}
	told := published{value: value}
	o.keepReport(run, told)
	return told, nil
}
