package airflowclient

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

// InstanceRef identifies a task instance. MapIndex is -1 for a task that is not mapped.
type InstanceRef struct {
	DAGID    string
	RunID    string
	TaskID   string
	MapIndex int
}

// Ref is the identity of the instance.
func (t TaskInstance) Ref() InstanceRef {
	return InstanceRef{DAGID: t.DAGID, RunID: t.RunID, TaskID: t.TaskID, MapIndex: t.MapIndex}
}

// TaskMark asks to set the state of task instances without running them: success, failed or skipped; Airflow accepts no other.
// What had failed behind them is cleared, so that it runs now, and the run is at work again where that is so.
//
// A mapped task is marked index by index. One of its instances together with the tasks around it needs
// [Capabilities.MarkMappedRelated], all of them at once (a map index of -1) need [Capabilities.MarkMapped]: an older Airflow does not find a
// mapped task that has no index.
type TaskMark struct {
	Instance   InstanceRef
	State      State
	Upstream   bool // and all tasks that this one waits for
	Downstream bool // and all tasks that wait for it
	Past       bool // and the same in earlier runs
	Future     bool // and in later runs
	DryRun     bool // change nothing, only answer what would be marked
}

// related reports whether more than the one instance is meant.
func (m TaskMark) related() bool { return m.Upstream || m.Downstream || m.Past || m.Future }

// Blocker is a reason why a task instance does not run, in Airflow's words: a name such as "Pool Slots Available", and the reason.
type Blocker struct {
	Name   string
	Reason string
}

type instanceOperations interface {
	instance(ctx context.Context, ref InstanceRef) (TaskInstance, error)
	instanceTries(ctx context.Context, ref InstanceRef) ([]TaskInstance, error)
	mapped(ctx context.Context, dagID, runID, taskID string) ([]TaskInstance, error)
	blockers(ctx context.Context, ref InstanceRef) ([]Blocker, error)
	markTask(ctx context.Context, m TaskMark) ([]TaskInstance, error)
	noteTask(ctx context.Context, ref InstanceRef, note string) error
}

const (
	opInstance = "read task instance"
	opTries    = "list tries of task instance"
	opMapped   = "list mapped task instances"
	opBlockers = "ask why a task instance waits"
	opMarkTask = "mark task instances"
	opNoteTask = "write note of task instance"
)

// TaskInstance reads one task instance, as its newest try has it.
func (c *Client) TaskInstance(ctx context.Context, ref InstanceRef) (TaskInstance, error) {
	return with(ctx, c, func(d dialect) (TaskInstance, error) { return d.instance(ctx, ref) })
}

// Tries lists the tries of a task instance, the first one first; the last one is the present one. One that has never run has one
// entry, of try 0.
func (c *Client) Tries(ctx context.Context, ref InstanceRef) ([]TaskInstance, error) {
	tries, err := with(ctx, c, func(d dialect) ([]TaskInstance, error) { return d.instanceTries(ctx, ref) })
	if err == nil && len(tries) == 0 { // so does Airflow 2 answer for what does not exist
		err = &Error{Op: opTries, Kind: KindNotFound, Detail: "there is no such task instance"}
	}
	slices.SortFunc(tries, func(a, b TaskInstance) int { return a.Try - b.Try })
	return tries, err
}

// Mapped lists the instances of a mapped task in a run, by map index. A task that is not mapped is not found.
func (c *Client) Mapped(ctx context.Context, dagID, runID, taskID string) ([]TaskInstance, error) {
	list, err := with(ctx, c, func(d dialect) ([]TaskInstance, error) { return d.mapped(ctx, dagID, runID, taskID) })
	slices.SortFunc(list, byIdentity)
	return list, err
}

// Blockers says why a task instance does not run: its DAG is paused, its pool is full, a task before it has not ended. One that
// runs, or has ended, has none.
func (c *Client) Blockers(ctx context.Context, ref InstanceRef) ([]Blocker, error) {
	list, err := with(ctx, c, func(d dialect) ([]Blocker, error) { return d.blockers(ctx, ref) })
	slices.SortFunc(list, func(a, b Blocker) int { return strings.Compare(a.Name, b.Name) })
	return list, err
}

// MarkTask sets the state of task instances and answers which ones. Those that have the state already are not among them, but
// where Airflow 2 is asked for one map index.
func (c *Client) MarkTask(ctx context.Context, m TaskMark) ([]TaskInstance, error) {
	list, err := with(ctx, c, func(d dialect) ([]TaskInstance, error) { return d.markTask(ctx, m) })
	slices.SortFunc(list, byIdentity)
	return list, err
}

// NoteTask writes the note of a task instance; "" takes it away.
func (c *Client) NoteTask(ctx context.Context, ref InstanceRef, note string) error {
	return do(ctx, c, func(d dialect) error { return d.noteTask(ctx, ref, note) })
}

// path is the address of an instance below the API's prefix; the map index is part of it for mapped ones only.
func (r InstanceRef) path(more ...string) string {
	segments := []string{"dags", r.DAGID, "dagRuns", r.RunID, "taskInstances", r.TaskID}
	if r.MapIndex >= 0 {
		segments = append(segments, strconv.Itoa(r.MapIndex))
	}
	return escaped(append(segments, more...)...)
}

// wireBlocker is a dependency of a task instance that is not met.
type wireBlocker struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

func (w wireBlocker) model() (Blocker, bool) { return Blocker(w), w.Name != "" || w.Reason != "" }

// readInstances reads a list that has no pages.
func (d rest) readInstances(op string, got reply) ([]TaskInstance, error) {
	p, err := readPage(op, got, "task_instances")
	if err != nil {
		return nil, err
	}
	return decodeRows[wireTask](d.conn, "task instance", p.rows, tryKey), nil
}

// tryKey tells the tries of an instance apart.
func tryKey(t TaskInstance) any { return [2]any{instanceKey(t), t.Try} }

const hintTries = "the log of an earlier try can be read all the same: its tries count from 1"

// instanceTries has the same form in both APIs.
func (d rest) instanceTries(ctx context.Context, ref InstanceRef) ([]TaskInstance, error) {
	if !d.can.Tries {
		return nil, d.lacks(opTries, "list of tries", "Airflow 2.10", hintTries)
	}
	got, err := d.get(ctx, opTries, ref.path("tries"), nil)
	if err != nil {
		return nil, err
	}
	return d.readInstances(opTries, got)
}

// blockers has the same form in both APIs.
func (d rest) blockers(ctx context.Context, ref InstanceRef) ([]Blocker, error) {
	if !d.can.Blockers {
		return nil, d.lacks(opBlockers, "answer to why a task waits", "Airflow 2.10", "look at the pool, at the DAG's limits and at the tasks before it")
	}
	got, err := d.get(ctx, opBlockers, ref.path("dependencies"), nil)
	if err != nil {
		return nil, err
	}
	p, err := readPage(opBlockers, got, "dependencies")
	if err != nil {
		return nil, err
	}
	return decodeRows[wireBlocker](d.conn, "dependency", p.rows, func(b Blocker) Blocker { return b }), nil
}
