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
			if tasks, read := p.tasks[ref]; !read || known && !hasEnded(run.State) || stillAtWork(tasks) {
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
	return slices.ContainsFunc(tasks, func(t TaskInstance) bool {
		switch t.State {
		case StateSuccess, StateFailed, StateSkipped, StateUpstreamFailed, StateRemoved:
			return false
		default:
			return true
		}
	})
}

// tail is how far the log that is followed was read.
type tail struct {
	of    *LogRef // the one that Follow was given; another pointer is another tail
	token string
	done  bool
}

// readLog reads what was added to the log that is followed. The token of the part before says from where on.
func (f *Feed) readLog(ctx context.Context, tell func(update)) error {
	var of *LogRef
	f.look(func(*picture) { of = f.follow })
	if of != f.tail.of {
		f.tail = tail{of: of}
	}
	if of == nil || f.tail.done {
		return nil
	}
	chunk, err := f.client.Log(ctx, *of, f.tail.token)
	if err != nil {
		return err
	}
	f.tail.token, f.tail.done = chunk.Next, chunk.Done
	if len(chunk.Lines) > 0 || chunk.Done {
		tell(func(_ *picture, c *Changes) { c.Log = &LogPart{Ref: *of, Lines: chunk.Lines, Done: chunk.Done} })
	}
	return nil
}
