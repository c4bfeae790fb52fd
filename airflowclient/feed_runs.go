package airflowclient

import (
	"context"
	"reflect"
	"slices"
	"time"
)

const (
	overlap       = 30 * time.Second // read again: ends are written a while before others can see them
	doubtsPerTick = 20               // runs asked for one by one
	idsPerRequest = 1000             // DAG ids in one batch request
)

// readRuns is the fast tick. The first request is the complete active set, the second everything that has ended since the one
// before; a run that was active and is in neither is asked for by itself. Each shows what the other cannot: a run that began and
// ended between two ticks, and one that was cleared and has no end any more.
func (f *Feed) readRuns(ctx context.Context, tell func(update)) error {
	active, err := f.client.Runs(ctx, RunQuery{States: activeStates})
	if err != nil {
		return err
	}
	mark := f.client.conn.serverTime() // of an answer that was there before the next request: nothing ends unseen behind it
	var ended []Run
	if f.mark.IsZero() || mark.Sub(f.mark) > f.opts.Window {
		f.due[PartHistory] = time.Time{} // the first tick, or a long sleep: the history has what has ended
	} else if ended, err = f.client.Runs(ctx, RunQuery{States: endStates, EndedSince: f.mark.Add(-overlap)}); err != nil {
		return err
	}
	f.mark = mark
	tell(func(p *picture, c *Changes) {
		seen := make(map[RunRef]bool, len(active)+len(ended))
		for _, r := range slices.Concat(active, ended) {
			seen[runKey(r)] = true
			f.meet(p, r)
			p.putRun(r, c)
		}
		for ref, r := range p.runs {
			if !seen[ref] && !hasEnded(r.State) {
				f.doubts[ref] = true
			}
		}
		p.forget(mark, f.opts.WindowOf, c)
	})
	return f.settleDoubts(ctx, tell)
}

// meet has the DAG list read when a run belongs to a DAG that nobody has heard of.
func (f *Feed) meet(p *picture, r Run) {
	if _, ours := p.dags[r.DAGID]; !ours && !f.strangers[r.DAGID] {
		f.strangers[r.DAGID] = true
		f.total = -1
		f.due[PartDAGs] = time.Time{}
	}
}

// settleDoubts asks for runs that should have been seen and were not: they are deleted, or have changed.
func (f *Feed) settleDoubts(ctx context.Context, tell func(update)) error {
	refs := sortedRefs(f.doubts)
	for _, ref := range refs[:min(len(refs), doubtsPerTick)] {
		run, err := f.client.Run(ctx, ref.DAGID, ref.RunID)
		if err != nil && !IsNotFound(err) {
			return err
		}
		delete(f.doubts, ref)
		tell(func(p *picture, c *Changes) {
			if err != nil {
				p.dropRun(ref, c)
				return
			}
			p.putRun(run, c)
		})
	}
	return nil
}

// readHistory reads all ended runs of the window. What the picture has and the answer lacks was deleted, or fell between two pages.
func (f *Feed) readHistory(ctx context.Context, tell func(update)) error {
	var dags []DAG
	f.look(func(p *picture) {
		for _, d := range p.dags {
			dags = append(dags, d)
		}
	})
	runs, since, err := f.endedRuns(ctx, dags, len(f.opts.Tags) == 0)
	if err != nil {
		return err
	}
	tell(func(p *picture, c *Changes) {
		seen := make(map[RunRef]bool, len(runs))
		for _, r := range runs {
			seen[runKey(r)] = true
			p.putRun(r, c)
		}
		for ref, r := range p.runs {
			if !seen[ref] && hasEnded(r.State) && !r.End.Before(since[ref.DAGID]) {
				f.doubts[ref] = true
			}
		}
	})
	return f.settleDoubts(ctx, tell)
}

// endedRuns reads what has ended in the window of each DAG: the DAGs of one window together. all says that these are all DAGs
// there are, so that their ids need not be sent. since is where the window of each begins.
func (f *Feed) endedRuns(ctx context.Context, dags []DAG, all bool) (runs []Run, since map[string]time.Time, err error) {
	now := f.client.conn.serverTime()
	since = make(map[string]time.Time, len(dags))
	groups := map[time.Duration][]string{}
	for _, d := range dags {
		window := f.opts.WindowOf(d)
		groups[window] = append(groups[window], d.ID)
		since[d.ID] = now.Add(-window)
	}
	for window, ids := range groups {
		slices.Sort(ids)
		chunks := slices.Collect(slices.Chunk(ids, idsPerRequest))
		if all && len(groups) == 1 {
			chunks = [][]string{nil}
		}
		for _, chunk := range chunks {
			some, err := f.client.Runs(ctx, RunQuery{DAGIDs: chunk, States: endStates, EndedSince: now.Add(-window)})
			if err != nil {
				return nil, nil, err
			}
			runs = append(runs, some...)
		}
	}
	return runs, since, nil
}

// readEdits sees what no tick can: an ended run that was marked otherwise, or got a note. Its end stays, only its time of writing
// moves, which can be asked for and is never shown.
func (f *Feed) readEdits(ctx context.Context, tell func(update)) error {
	d, err := f.client.connect(ctx)
	if err != nil {
		return err
	}
	mark, since := f.client.conn.serverTime(), f.editMark
	if since.IsZero() { // the history was read a moment ago
		f.editMark = mark
		return nil
	}
	runs, err := d.endedRunsChanged(ctx, since.Add(-overlap))
	if err != nil {
		return err
	}
	f.editMark = mark
	tell(func(p *picture, c *Changes) {
		for _, r := range runs {
			if dag, ours := p.dags[r.DAGID]; ours && !r.End.Before(mark.Add(-f.opts.WindowOf(dag))) {
				p.putRun(r, c)
			}
		}
	})
	return nil
}

// readFocus reads the tasks of the focused runs, all in one request.
func (f *Feed) readFocus(ctx context.Context, tell func(update)) error {
	var refs []RunRef
	f.look(func(p *picture) {
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
	list, err := f.client.TaskInstances(ctx, TaskQuery{Runs: refs})
	if err != nil {
		return err
	}
	byRun := make(map[RunRef][]TaskInstance, len(refs))
	for _, ti := range list {
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

// look reads the picture.
func (f *Feed) look(read func(*picture)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	read(&f.picture)
}
