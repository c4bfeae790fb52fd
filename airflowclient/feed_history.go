package airflowclient

import (
	"context"
	"slices"
	"sync"
	"time"

	"chrononctl/airflowclient/parallel"
)

const (
	idsPerRequest = 5000 // DAG ids in one batch request, which has them in its body
	readAtOnce    = 64   // DAGs whose runs are read without asking which of them are meant
	manyOdd       = 16   // runs by which a number differs; with more, nobody asks where
	lastPerPage   = 1000 // ended runs of quiet DAGs in one list
	lastPages     = 3    // such lists at a time
	recheckedRuns = 10   // runs that no count covers, asked for by themselves at a time
)

// stretch is ended runs that one list has: of some DAGs, in some states, not older than a window.
type stretch struct {
	ids    []string
	states []State
	window time.Duration
}

func (s stretch) query(now time.Time) RunQuery {
	return RunQuery{DAGIDs: s.ids, States: s.states, EndedSince: now.Add(-s.window)}
}

// stretches covers what is kept of the DAGs by their ends: the DAGs that are kept alike together.
func (f *Feed) stretches(dags []DAG) []stretch {
	groups := map[Keep][]string{}
	for _, d := range dags {
		keep := f.opts.KeepOf(d)
		keep.Last = 0
		groups[keep] = append(groups[keep], d.ID)
	}
	var all []stretch
	for keep, ids := range groups {
		slices.Sort(ids)
		for chunk := range slices.Chunk(ids, idsPerRequest) {
			all = append(all, stretch{chunk, endStates, keep.Ended})
			if keep.Failed > keep.Ended {
				all = append(all, stretch{chunk, []State{StateFailed}, keep.Failed})
			}
		}
	}
	return all
}

// readStretches reads lists side by side.
func (f *Feed) readStretches(ctx context.Context, stretches []stretch) ([]Run, error) {
	var (
		mu  sync.Mutex
		all []Run
		now = f.client.conn.serverTime()
	)
	group, ctx := parallel.WithContext(ctx)
	for _, s := range stretches {
		group.Go(func() error {
			runs, err := f.client.Runs(ctx, s.query(now))
			mu.Lock()
			defer mu.Unlock()
			all = append(all, runs...)
			return err
		})
	}
	return all, group.Wait()
}

// readHistory sees what no tick can: ended runs that were deleted. The server counts its ended runs, and where it has another number
// than the picture, and wherever a tick may have missed something, the runs are read.
func (f *Feed) readHistory(ctx context.Context, tell func(update)) error {
	var dags []DAG
	f.look(func(p *picture) {
		for _, id := range sortedKeys(p.dags) {
			dags = append(dags, p.dags[id])
		}
	})
	odd := f.stretches(dags)
	if f.behind {
		clear(f.quiet) // what ended unseen may be too old for the stretches, and still the last of its DAG
	} else {
		var err error
		if odd, err = f.oddStretches(ctx, odd); err != nil {
			return err
		}
		f.look(f.recheck)
	}
	now := f.client.conn.serverTime()
	runs, err := f.readStretches(ctx, odd)
	if err != nil {
		return err
	}
	tell(func(p *picture, c *Changes) {
		seen := make(map[RunRef]bool, len(runs))
		for _, r := range runs {
			seen[r.Ref()] = true
			p.putRun(r, c)
		}
		for _, s := range odd {
			for _, ref := range p.within(s, now.Add(-s.window), now) {
				if !seen[ref] {
					f.doubts[ref] = true
				}
			}
		}
	})
	f.behind = false
	if err := f.readLast(ctx, dags, tell); err != nil {
		return err
	}
	return f.settleDoubts(ctx, tell)
}

// oddStretches finds those of which the server has another number of runs.
func (f *Feed) oddStretches(ctx context.Context, stretches []stretch) ([]stretch, error) {
	d, err := f.client.connect(ctx)
	if err != nil {
		return nil, err
	}
	var odd []stretch
	for _, s := range stretches {
		parts, err := f.oddParts(ctx, d, s)
		if err != nil {
			return nil, err
		}
		odd = append(odd, parts...)
	}
	return odd, nil
}

// oddParts counts the runs of a stretch, and where the number differs by little, those of its halves, because a count costs less than
// the runs. The newest runs are left out: there the next tick may know more than this one.
func (f *Feed) oddParts(ctx context.Context, d dialect, s stretch) ([]stretch, error) {
	upto := f.mark.Add(-overlap)
	q := s.query(f.mark.Add(overlap)) // what leaves the window just now is left out too
	q.endedTo = upto
	counted, err := d.runPage(ctx, q, 0, 1)
	if err != nil {
		return nil, err
	}
	known := 0
	f.look(func(p *picture) { known = len(p.within(s, q.EndedSince, upto)) })
	switch {
	case counted.total == known:
		return nil, nil
	case len(s.ids) <= readAtOnce || max(counted.total-known, known-counted.total) > manyOdd:
		return []stretch{s}, nil
	}
	half := len(s.ids) / 2
	return f.oddStretches(ctx, []stretch{{s.ids[:half], s.states, s.window}, {s.ids[half:], s.states, s.window}})
}

// within is the runs of the stretch that ended in a span of time, its bounds included.
func (p *picture) within(s stretch, from, to time.Time) []RunRef {
	var refs []RunRef
	for ref, r := range p.runs {
		if r.End.Before(from) || r.End.After(to) || !slices.Contains(s.states, r.State) {
			continue
		}
		if _, of := slices.BinarySearch(s.ids, ref.DAGID); of {
			refs = append(refs, ref)
		}
	}
	return refs
}

// recheck doubts a few of the runs that are kept because they are the last of their DAG: no count covers them.
func (f *Feed) recheck(p *picture) {
	last := map[RunRef]bool{}
	for ref, r := range p.runs {
		if r.State.Ended() && !p.keeps[ref.DAGID].holds(r, f.mark) {
			last[ref] = true
		}
	}
	refs := sortedRefs(last)
	next, _ := slices.BinarySearchFunc(refs, f.rechecked, compareRefs)
	for i := range min(recheckedRuns, len(refs)) {
		f.rechecked = refs[(next+1+i)%len(refs)]
		f.doubts[f.rechecked] = true
	}
}

// readLast looks for the last run of the DAGs that are kept by it and were not looked at yet. What three lists do not show is
// looked for the next time.
func (f *Feed) readLast(ctx context.Context, dags []DAG, tell func(update)) error {
	wanted := map[time.Duration]map[string]bool{}
	now := f.client.conn.serverTime()
	f.look(func(p *picture) {
		recent := p.recent(now)
		for _, d := range dags {
			if last := f.opts.KeepOf(d).Last; last > 0 && !recent[d.ID] && !f.quiet[d.ID] {
				if wanted[last] == nil {
					wanted[last] = map[string]bool{}
				}
				wanted[last][d.ID] = true
			}
		}
	})
	for window, ids := range wanted {
		for range lastPages {
			if len(ids) == 0 {
				break
			}
			q := RunQuery{DAGIDs: sortedKeys(ids), States: endStates, EndedSince: now.Add(-window), Limit: lastPerPage, byEnd: true}
			runs, err := f.client.Runs(ctx, q)
			if err != nil {
				return err
			}
			for id, last := range lastOf(runs) {
				tell(func(p *picture, c *Changes) { p.putRun(last, c) })
				f.quiet[id] = true
				delete(ids, id)
			}
			if len(runs) < lastPerPage {
				for id := range ids { // these have none
					f.quiet[id] = true
				}
				break
			}
		}
	}
	return nil
}

// lastOf is the run of each DAG that ended last.
func lastOf(runs []Run) map[string]Run {
	last := map[string]Run{}
	for _, r := range runs {
		if known, ok := last[r.DAGID]; !ok || endedLater(r, known) {
			last[r.DAGID] = r
		}
	}
	return last
}
