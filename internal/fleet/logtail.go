package fleet

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"chrononctl/airflowclient"
	"chrononctl/internal/joblog"
)

// LogPart is what was added to a log.
type LogPart struct {
	Lines    []LogLine
	Replaces bool         // the first of Lines stands in place of the line before it, which was not complete yet
	Next     int          // where to go on from
	Skipped  int          // lines that left before they were read, because there are very many
	Facts    joblog.Facts // what all lines so far say
	Absent   string       // why there is no log, in Airflow's words
	Done     bool         // nothing more will come
}

const (
	// partLimit is how many lines a part has at most, so that no reader has to take a million at once.
	partLimit = 20_000
	// unreadLimit is how many lines wait for a reader at most; of a log that is longer, the newest are kept.
	unreadLimit = 200_000
)

// LogTail follows the log of one try of a task. What is read of it once is not read again, also when an answer got lost on its way: a reader
// names the place from which it wants to go on, and lines are kept until the place after them is named. It is safe for use by many goroutines.
type LogTail struct {
	turn   chan struct{} // held by the one that reads
	follow interface {
		Read(ctx context.Context, emit func(airflowclient.TailLine)) (done bool, err error)
		Absent() string
	}
	what string

	mu       sync.Mutex // guards the following
	unread   []LogLine
	replaces bool // unread[0] stands in place of the line before
	first    int  // place of unread[0], counted from 0
	skipped  int
	facts    joblog.Reader
	held     LogLine // the newest line, which facts get once it is complete
	holds    bool
	done     bool
}

// logTails are the logs that were read a moment ago. The zero value has none.
type logTails struct {
	mu    sync.Mutex
	known map[airflowclient.LogRef]*LogTail
	order []airflowclient.LogRef // the one that was asked for last at the end
}

// keptTails is how many logs are followed at a time.
const keptTails = 4

// get returns the tail that can go on from that place; a log whose beginning has been forgotten is followed anew.
func (l *logTails) get(ref airflowclient.LogRef, from int, follow func() *LogTail) *LogTail {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.known[ref]
	if t == nil || t.forgot(from) {
		t = follow()
	}
	if l.known == nil {
		l.known = make(map[airflowclient.LogRef]*LogTail)
	}
	l.known[ref] = t
	l.order = append(slices.DeleteFunc(l.order, func(r airflowclient.LogRef) bool { return r == ref }), ref)
	if len(l.order) > keptTails {
		delete(l.known, l.order[0])
		l.order = l.order[1:]
	}
	return t
}

// forgot tells whether lines from that place on are gone.
func (t *LogTail) forgot(from int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return from < t.first-t.skipped
}

// Read returns the lines from the one of that number on: those that were read already and are still kept, or else what was added since.
// Done says that Airflow calls the log complete, which it also does while the task waits.
func (t *LogTail) Read(ctx context.Context, from int) (LogPart, error) {
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return LogPart{}, context.Cause(ctx)
	}
	if part, ok := t.kept(from); ok {
		return part, nil
	}
	done, err := t.follow.Read(ctx, t.take)
	t.settle(done && err == nil)
	part, ok := t.kept(from)
	if err != nil && !ok {
		return LogPart{}, fmt.Errorf("read %s: %w", t.what, err)
	}
	return part, nil
}

// settle notes whether the log is complete; if it is, so is its last line.
func (t *LogTail) settle(done bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.done = done; done && t.holds {
		t.facts.Feed(t.held.Time, t.held.Text)
		t.holds = false
	}
}

// take keeps a line. All lines that were kept before the reading began have been read by now, so a line that is told anew takes the place of one
// that nobody has seen, or begins what is unread.
func (t *LogTail) take(line airflowclient.TailLine) {
	t.mu.Lock()
	defer t.mu.Unlock()
	said := LogLine(line.LogLine)
	switch {
	case !line.Replaces:
		if t.holds {
			t.facts.Feed(t.held.Time, t.held.Text)
		}
		t.unread = append(t.unread, said)
	case len(t.unread) == 0:
		t.unread, t.replaces = append(t.unread, said), true
	default:
		t.unread[len(t.unread)-1] = said
	}
	t.held, t.holds = said, !line.Source
	if n := len(t.unread) - unreadLimit; n > unreadLimit/8 {
		t.unread = append(make([]LogLine, 0, unreadLimit+unreadLimit/4), t.unread[n:]...)
		t.first, t.skipped, t.replaces = t.first+n, t.skipped+n, false
	}
}

// kept forgets what is before from, and returns what is kept after it; ok is false when that is nothing.
func (t *LogTail) kept(from int) (part LogPart, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := min(from-t.first, len(t.unread)); n > 0 {
		clear(t.unread[:n]) // the texts are the reader's now
		t.unread, t.first, t.replaces = t.unread[n:], t.first+n, false
		if len(t.unread) <= partLimit {
			t.unread = slices.Clone(t.unread) // in as much room as they need: there may have been ten times as many
		}
	}
	lines := t.unread[:min(len(t.unread), partLimit)]
	return LogPart{
		Lines: slices.Clone(lines), Replaces: t.replaces, Next: t.first + len(lines), Skipped: t.skipped,
		Facts: t.facts.Facts(), Absent: t.follow.Absent(), Done: t.done && len(lines) == len(t.unread),
	}, len(lines) > 0
}

// Log reads the log of one try of a task: from its beginning, or from the place that the part before named as its Next. finished says that the
// task has ended, so that its log will not grow.
func (o *Observer) Log(ctx context.Context, task Task, finished bool, from int) (LogPart, error) {
	ref := airflowclient.LogRef{
		DAGID: task.DAGID, RunID: task.RunID, TaskID: task.ID, MapIndex: task.MapIndex, Try: max(task.Try, 1),
	}
	tail := o.logs.get(ref, from, func() *LogTail {
		return &LogTail{
			turn: make(chan struct{}, 1), follow: o.client.Tail(ref, finished),
			what: fmt.Sprintf("the log of %s in %s", task.ID, task.DAGID),
		}
	})
	return tail.Read(ctx, from)
}
