package airflowclient

import (
	"context"
	"slices"
	"time"
)

const (
	overlap       = 30 * time.Second // read again: ends are written a while before others can see them
	longestGap    = time.Hour        // between two ticks; after a longer one the history is read instead of all that ended since
	doubtsPerTick = 20               // runs asked for one by one
	fewDAGs       = 200              // so many are named in a tick; the runs of more DAGs are asked for without naming any
)

// readRuns is the fast tick. The first request is the complete active set, the second everything that has ended since the one
// before; a run that was active and is in neither is asked for by itself. Each shows what the other cannot: a run that began and
// ended between two ticks, and one that was cleared and has no end any more.
func (f *Feed) readRuns(ctx context.Context, tell func(update)) error {
	named, none := f.named()
	if none {
		f.mark = time.Time{}
		return nil
	}
	active, err := f.client.Runs(ctx, RunQuery{DAGIDs: named, States: activeStates})
	if err != nil {
		return err
	}
	mark := f.client.conn.serverTime() // of an answer that was there before the next request: nothing ends unseen behind it
	var ended []Run
	if f.mark.IsZero() || mark.Sub(f.mark) > longestGap || mark.Before(f.mark.Add(-longestGap)) {
		f.behind, f.due[PartHistory], f.editMark = true, time.Time{}, time.Time{}
	} else if ended, err = f.client.Runs(ctx, RunQuery{DAGIDs: named, States: endStates, EndedSince: f.mark.Add(-overlap)}); err != nil {
		return err
	}
	f.mark = mark
	tell(func(p *picture, c *Changes) {
		seen := make(map[RunRef]bool, len(active)+len(ended))
		for _, r := range slices.Concat(active, ended) {
			seen[r.Ref()] = true
			f.meet(p, r)
			f.putLater(p, r, c)
		}
		for ref, r := range p.runs {
			if !seen[ref] && !r.State.Ended() {
				f.doubts[ref] = true
			}
		}
		p.forget(mark, c)
		for _, ref := range c.RunsGone {
			delete(f.quiet, ref.DAGID) // should none of its runs be recent again, its last one is another
		}
	})
	return f.settleDoubts(ctx, tell)
}

// named is the DAGs whose runs a tick asks for: nil, which is all of the server, unless the feed follows only a few. none says that
// it follows some, of which there are none yet.
func (f *Feed) named() (ids []string, none bool) {
	if len(f.opts.DAGs) == 0 {
		return nil, false
	}
	f.look(func(p *picture) {
		none = len(p.dags) == 0
		if len(p.dags) <= fewDAGs {
			ids = sortedKeys(p.dags)
		}
	})
	return ids, none
}

// putLater takes what a run is now. One that had ended and runs again is no longer the last of its DAG that ended: that is another one, which has to be
// looked for.
func (f *Feed) putLater(p *picture, r Run, c *Changes) {
	if known, ok := p.runs[r.Ref()]; ok && known.State.Ended() && !r.State.Ended() {
		delete(f.quiet, r.DAGID)
	}
	p.putRun(r, c)
}

// meet has the DAG lists read when a run belongs to a DAG that nobody has heard of.
func (f *Feed) meet(p *picture, r Run) {
	if _, ours := p.dags[r.DAGID]; !ours && !f.strangers[r.DAGID] {
		f.strangers[r.DAGID] = true
		f.unlisted = true
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
				delete(f.quiet, ref.DAGID) // another one may be the last of its DAG now
				p.dropRun(ref, c)
				return
			}
			f.putLater(p, run, c)
		})
	}
	return nil
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
			_, known := p.runs[r.Ref()]
			if known || p.keeps[r.DAGID].holds(r, mark) {
				p.putRun(r, c)
			}
		}
	})
	return nil
}
