package airflowclient

import (
	"encoding/json"
	"maps"
	"reflect"
	"time"
)

// feedStateFormat is raised whenever a [DAG], a [Run] or the reading of them gets another meaning: what was kept before is then not used.
const feedStateFormat = 1

// oldestState is the age from which on the DAG list of a state is read again as a whole: looking at a few rows a minute would leave the others older
// than anybody expects of a feed that has just begun.
const oldestState = time.Hour

// feedState is what [Feed.State] keeps: the picture without what is read in one request anyway, and the marks up to which it is complete.
type feedState struct {
	Format   int
	Lists    []listState
	DAGs     []DAG
	Runs     []Run
	Quiet    map[string]bool
	Strange  map[string]bool
	Mark     time.Time
	EditMark time.Time
	Ticked   time.Time // when the runs were read
	Counted  time.Time // when the history was compared with the server's
}

type listState struct {
	Query         DAGQuery
	Total, Paused int
	Offset        int
	Round, Before time.Time
}

// State is what a later feed of the same server, with the same options, needs in order to go on where this one is, instead of reading the server from
// the beginning; nil as long as something was never read, or where it cannot be written. Only [FeedOptions] reads it.
//
// Like Step it is for the goroutine that steps.
func (f *Feed) State() []byte {
	s := feedState{Format: feedStateFormat, Quiet: f.quiet, Strange: f.strangers, Mark: f.mark, EditMark: f.editMark}
	whole := !f.unlisted && !f.behind && len(f.doubts) == 0
	f.look(func(p *picture) {
		for _, part := range []Part{PartDAGs, PartRuns, PartHistory} {
			whole = whole && !p.parts[part].Read.IsZero()
		}
		s.Ticked, s.Counted = p.parts[PartRuns].Read, p.parts[PartHistory].Read
		for _, d := range p.dags {
			s.DAGs = append(s.DAGs, d)
		}
		for _, r := range p.runs {
			s.Runs = append(s.Runs, r)
		}
	})
	for _, l := range f.lists {
		s.Lists = append(s.Lists, listState{l.query, l.total, l.paused, l.offset, l.round, l.before})
	}
	if !whole {
		return nil
	}
	state, err := json.Marshal(s)
	if err != nil { // a date that JSON cannot write: the next feed reads everything
		return nil
	}
	return state
}

// restore begins where another feed was. A state that does not fit is none. The runs, the first DAGs and the rest of what a tick reads are due at once;
// the history is when it would have been.
func (f *Feed) restore(state []byte) {
	var s feedState
	if json.Unmarshal(state, &s) != nil || s.Format != feedStateFormat || len(s.Lists) != len(f.lists) {
		return
	}
	now := f.opts.Now()
	lists := make([]list, len(s.Lists))
	unlisted := false
	for i, l := range s.Lists {
		if !reflect.DeepEqual(l.Query, f.lists[i].query) {
			return
		}
		lists[i] = list{l.Query, l.Total, l.Paused, l.Offset, l.Round, l.Before}
		unlisted = unlisted || now.Sub(l.Before).Abs() > oldestState
	}
	f.lists, f.unlisted, f.behind = lists, unlisted, false
	f.mark, f.editMark = s.Mark, s.EditMark
	f.due[PartHistory] = s.Counted.Add(f.opts.Resync)
	maps.Copy(f.quiet, s.Quiet)
	maps.Copy(f.strangers, s.Strange)
	f.apply(func(p *picture, c *Changes) {
		for _, d := range s.DAGs {
			p.putDAG(d, c)
		}
		for _, r := range s.Runs {
			p.putRun(r, c)
		}
		p.parts[PartDAGs].Read, p.parts[PartRuns].Read, p.parts[PartHistory].Read = f.oldestRow(), s.Ticked, s.Counted
	}, nil)
}
