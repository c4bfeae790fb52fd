package airflowclient

import (
	"context"
	"reflect"
	"slices"
)

// readFocus reads the tasks of the focused runs, all in one request, until they have ended.
func (f *Feed) readFocus(ctx context.Context, tell func(update)) error {
	var refs []RunRef
	f.look(func(p *picture) {
		for ref := range p.tasks {
			if !slices.Contains(f.focus, ref) {
				delete(p.tasks, ref)
			}
		}
		for _, ref := range f.focus {
			run, known := p.runs[ref]
			if tasks, read := p.tasks[ref]; !read || known && !run.State.Ended() || stillAtWork(tasks) {
				refs = append(refs, ref)
			}
		}
	})
	if len(refs) == 0 {
		return nil
	}
	instances, err := f.client.TaskInstances(ctx, TaskQuery{Runs: refs})
	if err != nil {
		return err
	}
	byRun := make(map[RunRef][]TaskInstance, len(refs))
	for _, ti := range instances {
		ref := RunRef{DAGID: ti.DAGID, RunID: ti.RunID}
		byRun[ref] = append(byRun[ref], ti)
	}
	tell(func(p *picture, c *Changes) {
		for _, ref := range refs {
			if known, ok := p.tasks[ref]; ok && reflect.DeepEqual(known, byRun[ref]) {
				continue
			}
			p.tasks[ref] = byRun[ref]
			if c.Tasks == nil {
				c.Tasks = map[RunRef][]TaskInstance{}
			}
			c.Tasks[ref] = byRun[ref]
		}
	})
	return nil
}

// stillAtWork reports whether the tasks of a run were read before it ended.
func stillAtWork(tasks []TaskInstance) bool {
	return slices.ContainsFunc(tasks, func(t TaskInstance) bool { return !hasFinished(t.State) })
}

// hasFinished reports whether a task in this state does nothing more by itself.
func hasFinished(s State) bool {
	switch s {
	case StateSuccess, StateFailed, StateSkipped, StateUpstreamFailed, StateRemoved:
		return true
	default:
		return false
	}
}

// logBatch bounds how many lines are told at a time: a log may have millions, and nobody keeps them here.
const logBatch = 1000

// followed is the log that is followed.
type followed struct {
	of   *LogRef // the one that Follow was given; another pointer is another log
	tail *Tail
	done bool
}

// readLog reads what was added to the log that is followed. Airflow calls the log of a task that waits complete, so it is so only when
// the task, or its whole run, has ended too.
func (f *Feed) readLog(ctx context.Context, tell func(update)) error {
	var of *LogRef
	var ended bool
	f.look(func(p *picture) {
		if of = f.follow; of != nil {
			ended = p.hasEnded(*of)
		}
	})
	if of != f.log.of {
		f.log = followed{of: of}
		if of != nil {
			f.log.tail = f.client.Tail(*of, ended)
		}
	}
	if of == nil || f.log.done {
		return nil
	}
	var lines []TailLine
	flush := func() {
		part := &LogPart{Ref: *of, Lines: lines, Absent: f.log.tail.Absent(), Done: f.log.done}
		lines = nil
		tell(func(_ *picture, c *Changes) { c.Log = part })
	}
	done, err := f.log.tail.Read(ctx, func(line TailLine) {
		if lines = append(lines, line); len(lines) == logBatch {
			flush()
		}
	})
	f.log.done = done && ended && err == nil
	if len(lines) > 0 || f.log.done {
		flush()
	}
	return err
}

// hasEnded reports whether a task has ended, as far as is known.
func (p *picture) hasEnded(ref LogRef) bool {
	run := RunRef{DAGID: ref.DAGID, RunID: ref.RunID}
	if r, known := p.runs[run]; known && r.State.Ended() {
		return true
	}
	for _, ti := range p.tasks[run] {
		if ti.TaskID == ref.TaskID && ti.MapIndex == ref.MapIndex {
			return ti.Try > ref.Try || ti.Try == ref.Try && hasFinished(ti.State)
		}
	}
	return false
}
