package airflowclient

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"reflect"
	"slices"
	"time"
)

// feedStateFormat is raised whenever a [DAG], a [Run] or the reading of them gets another meaning: what was kept before is then not used.
const feedStateFormat = 2

// oldestState is the age from which on the DAG list of a state is read again as a whole: looking at a few rows a minute would leave the others older
// than anybody expects of a feed that has just begun.
const oldestState = time.Hour

// feedState is the first line of what [Feed.WriteState] writes: the marks up to which the picture is complete, and how many lines follow. Those are the
// picture, without what is read in one request anyway.
type feedState struct {
	Format   int
	Lists    []listState
	DAGs     int // lines
	Runs     int
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

// WriteState writes what a later feed of the same server, with the same options, needs in order to go on where this one is, instead of reading the
// server from the beginning; nothing as long as something was never read. Only [FeedOptions] reads it.
//
// Like Step it is for the goroutine that steps.
func (f *Feed) WriteState(w io.Writer) error {
	s := feedState{Format: feedStateFormat, Quiet: f.quiet, Strange: f.strangers, Mark: f.mark, EditMark: f.editMark}
	whole := !f.unlisted && !f.behind && len(f.doubts) == 0
	var dags []DAG
	var runs []Run
	f.look(func(p *picture) {
		for _, part := range []Part{PartDAGs, PartRuns, PartHistory} {
			whole = whole && !p.parts[part].Read.IsZero()
		}
		s.Ticked, s.Counted = p.parts[PartRuns].Read, p.parts[PartHistory].Read
		if whole {
			dags = slices.AppendSeq(make([]DAG, 0, len(p.dags)), maps.Values(p.dags))
			runs = slices.AppendSeq(make([]Run, 0, len(p.runs)), maps.Values(p.runs))
		}
	})
	if !whole {
		return nil
	}
	for _, l := range f.lists {
		s.Lists = append(s.Lists, listState{l.query, l.total, l.paused, l.offset, l.round, l.before})
	}
	s.DAGs, s.Runs = len(dags), len(runs)
	// A line each: a large server is many megabytes, which nobody has to have at once.
	lines := json.NewEncoder(w)
	err := lines.Encode(s)
	for i := 0; i < len(dags) && err == nil; i++ {
		err = lines.Encode(&dags[i])
	}
	for i := 0; i < len(runs) && err == nil; i++ {
		err = lines.Encode(&runs[i])
	}
	return err
}

// readState reads what WriteState wrote.
func readState(state []byte) (s feedState, dags []DAG, runs []Run, err error) {
	lines := json.NewDecoder(bytes.NewReader(state))
	if err := lines.Decode(&s); err != nil {
		return s, nil, nil, err
	}
	for range s.DAGs {
		var d DAG
		if err := lines.Decode(&d); err != nil {
			return s, nil, nil, err
		}
		dags = append(dags, d)
	}
	for range s.Runs {
		var r Run
		if err := lines.Decode(&r); err != nil {
			return s, nil, nil, err
		}
		runs = append(runs, r)
	}
	return s, dags, runs, nil
}

// restore begins where another feed was. A state that does not fit is none. The runs, the first DAGs and the rest of what a tick reads are due at once;
// the history is when it would have been.
func (f *Feed) restore(state []byte) {
	s, dags, runs, err := readState(state)
	if err != nil || s.Format != feedStateFormat || len(s.Lists) != len(f.lists) {
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
		for _, d := range dags {
			p.putDAG(d, c)
		}
		for _, r := range runs {
			p.putRun(r, c)
		}
		p.parts[PartDAGs].Read, p.parts[PartRuns].Read, p.parts[PartHistory].Read = f.oldestRow(), s.Ticked, s.Counted
	}, nil)
}
