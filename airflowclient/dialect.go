package airflowclient

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
	"time"
)

// dialect is one of the two REST APIs. Everything that differs on the wire is behind it: paths, names of parameters, defaults,
// what may be null. Lists come in any order and may hold more than was asked for, because the servers' filters differ; [Client] narrows and sorts.
type dialect interface {
	operations

	prefix() string
	health(ctx context.Context) (Health, error)
	dags(ctx context.Context, q DAGQuery) ([]DAG, error)
	dagPage(ctx context.Context, q DAGQuery, offset, size int) (page, error)
	dag(ctx context.Context, id string) (DAG, error)
	tasks(ctx context.Context, dagID string) ([]Task, error)
	runs(ctx context.Context, q RunQuery) ([]Run, error)
	runPage(ctx context.Context, q RunQuery, offset, size int) (page, error)
	endedRunsChanged(ctx context.Context, since time.Time) ([]Run, error) // runs that have ended and were written to since then
	run(ctx context.Context, dagID, runID string) (Run, error)
	taskInstances(ctx context.Context, q TaskQuery) ([]TaskInstance, error)
	endOfLog(token string) bool // what the continuation token of a log says
	wholeLog() string           // the form to ask for where the log of a task that has ended is read to its end
	importErrors(ctx context.Context) ([]ImportError, error)
	trigger(ctx context.Context, r TriggerRequest) (Run, error)
	setPaused(ctx context.Context, dagID string, paused bool) error
	clear(ctx context.Context, r ClearRequest) ([]TaskInstance, error)
	reparse(ctx context.Context, fileToken string) error
}

// The names of the operations, in errors and in the meter.
const (
	opConfigure    = "configure Airflow"
	opLogIn        = "log in"
	opVersion      = "ask for the version"
	opHealth       = "read health"
	opDAGs         = "list DAGs"
	opDAG          = "read DAG"
	opTasks        = "list tasks"
	opRuns         = "list DAG runs"
	opRun          = "read DAG run"
	opInstances    = "list task instances"
	opLog          = "read task log"
	opXCom         = "read XCom"
	opImportErrors = "list import errors"
	opTrigger      = "trigger DAG run"
	opPause        = "pause or unpause DAG"
	opClear        = "clear task instances"
	opReparse      = "reparse DAG file"
)

// How many runs one batch request for task instances names. It answers for the product of all DAG ids and all run ids, so many runs are only named
// together where they have one id, as the runs of one day do.
const (
	runsPerRequest = 100
	dagsPerRequest = 500
)

// batchesOf divides sorted runs into those that one request names.
func batchesOf(runs []RunRef) [][]RunRef {
	sameID := map[string][]RunRef{}
	for _, r := range runs {
		sameID[r.RunID] = append(sameID[r.RunID], r)
	}
	var batches [][]RunRef
	for _, id := range sortedKeys(sameID) {
		if len(sameID[id]) >= runsPerRequest {
			batches = slices.AppendSeq(batches, slices.Chunk(sameID[id], dagsPerRequest))
		}
	}
	few := slices.DeleteFunc(slices.Clone(runs), func(r RunRef) bool { return len(sameID[r.RunID]) >= runsPerRequest })
	return slices.AppendSeq(batches, slices.Chunk(few, runsPerRequest))
}

// escaped joins path segments, each escaped: ids may hold blanks, colons and plus signs.
func escaped(segments ...string) string {
	var b strings.Builder
	for _, segment := range segments {
		b.WriteString("/" + url.PathEscape(segment))
	}
	return b.String()
}

// matches decides what the servers' filters leave open: version 1 finds any of the tags, and in both "_" in a pattern is a wildcard.
func (q DAGQuery) matches(d DAG) bool {
	for _, tag := range q.Tags {
		if !slices.Contains(d.Tags, tag) {
			return false
		}
	}
	switch {
	case !strings.Contains(strings.ToLower(d.ID), strings.ToLower(q.Pattern)),
		len(q.IDs) > 0 && !slices.Contains(q.IDs, d.ID),
		q.Paused != nil && *q.Paused != d.Paused,
		!q.IncludeStale && d.Stale:
		return false
	}
	return true
}

// matches decides what the batch requests leave open: they answer for the product of all DAG ids and all run ids. runs is sorted.
func (q TaskQuery) matches(runs []RunRef, t TaskInstance) bool {
	_, asked := slices.BinarySearchFunc(runs, t, func(r RunRef, t TaskInstance) int {
		return cmp.Or(strings.Compare(r.DAGID, t.DAGID), strings.Compare(r.RunID, t.RunID))
	})
	return asked && (len(q.TaskIDs) == 0 || slices.Contains(q.TaskIDs, t.TaskID)) &&
		(len(q.States) == 0 || slices.Contains(q.States, t.State))
}

// stateFilter is the states to send. The APIs write "no state" in different ways.
func (q TaskQuery) stateFilter(none any) []any {
	var filter []any
	for _, state := range q.States {
		if state == "" {
			filter = append(filter, none)
		} else {
			filter = append(filter, string(state))
		}
	}
	return filter
}

func stateNames(states []State) []string {
	var names []string
	for _, state := range states {
		names = append(names, string(state))
	}
	return names
}

// ids is the distinct DAG ids and run ids of the query.
func (q TaskQuery) ids() (dags, runs []string) {
	for _, run := range q.Runs {
		dags = append(dags, run.DAGID)
		runs = append(runs, run.RunID)
	}
	slices.Sort(dags)
	slices.Sort(runs)
	return slices.Compact(dags), slices.Compact(runs)
}

// newestFirst orders runs by logical date, and by the time they were due where there is none.
func newestFirst(a, b Run) int {
	return cmp.Or(b.day().Compare(a.day()), strings.Compare(a.DAGID, b.DAGID), strings.Compare(b.ID, a.ID))
}

func byIdentity(a, b TaskInstance) int {
	return cmp.Or(strings.Compare(a.DAGID, b.DAGID), strings.Compare(a.RunID, b.RunID),
		strings.Compare(a.TaskID, b.TaskID), cmp.Compare(a.MapIndex, b.MapIndex))
}

// The identities of rows, by which rows that a list shows twice are found.

func dagKey(d DAG) string { return d.ID }

func taskKey(t Task) string { return t.ID }

type instanceID struct {
	dag, run, task string
	mapIndex       int
}

func instanceKey(t TaskInstance) instanceID {
	return instanceID{t.DAGID, t.RunID, t.TaskID, t.MapIndex}
}

func importErrorKey(e ImportError) string { return e.ID + e.File }
