package airflowclient

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

// FeedOptions says what a [Feed] follows and how often it looks. The zero value is every DAG at the intervals named below.
type FeedOptions struct {
	Tags     []string                // only DAGs that carry all of these
	Window   time.Duration           // how long a run is kept after its end; 0: 26 hours
	WindowOf func(DAG) time.Duration // nil: Window for all; shorter for DAGs that run every few minutes
	Fast     time.Duration           // between looks at runs; 0: 15 s
	Slow     time.Duration           // between looks at health, import errors, a part of the DAG list, and edits; 0: a minute
	Resync   time.Duration           // between complete readings of the ended runs; 0: an hour
	Focus    time.Duration           // between looks at the tasks of focused runs; 0: 4 s
	Now      func() time.Time        // nil: time.Now
	Rand     func() float64          // jitter, from 0 to 1; nil: math/rand
}

// Part is one of the things that a feed reads on their own, and that are old on their own.
type Part uint8

// The parts of a picture.
const (
	PartDAGs         Part = iota // the list of DAGs
	PartRuns                     // active runs, and runs that end
	PartHistory                  // all runs that ended within the window, deleted ones left out
	PartEdits                    // ended runs that somebody changed
	PartHealth                   // health
	PartImportErrors             // import errors
	PartFocus                    // tasks of the focused runs
	partCount
)

// String is the part in words.
func (p Part) String() string {
	return [...]string{"DAGs", "runs", "history", "edits", "health", "import errors", "tasks"}[p]
}

// PartState says how old a part is, by the client's clock, and why it is not younger.
type PartState struct {
	Read time.Time // when it was read last; zero: never
	Err  error     // of the newest try, nil when that went well
}

// Feed keeps a picture of one Airflow with few requests: two a tick see every run that starts or ends, a handful a minute see
// the rest, and nothing depends on how many DAGs there are. [Feed.Step] does what is due; [Feed.Run] steps until its context ends.
// The picture holds the DAGs that a file still has, their active runs, and their runs that ended within the window.
//
// Time is the server's: watermarks come from the Date of its answers, so a wrong clock on either side changes nothing. Step, Run and
// Next are for one goroutine; all other methods are safe for many.
type Feed struct {
	client *Client
	opts   FeedOptions

	// What the stepping goroutine knows.
	due       [partCount]time.Time
	fails     [partCount]int
	mark      time.Time // ends of runs are known up to here, by the server's clock
	editMark  time.Time
	total     int // DAGs, as the server counts them
	paused    int // paused DAGs, as the server counts them
	offset    int // of the next page of DAGs that is looked at
	strangers map[string]bool
	doubts    map[RunRef]bool // runs to ask for one by one: they may be gone
	latency   latencies

	mu      sync.Mutex // guards the following
	picture picture
	focus   []RunRef
	refocus bool // the focus has changed since it was read
	resync  bool // somebody wants everything read again
	wake    chan struct{}
}

// NewFeed makes a feed that has read nothing yet.
func NewFeed(c *Client, o FeedOptions) *Feed {
	o.Window = cmp.Or(o.Window, 26*time.Hour)
	o.Fast = cmp.Or(o.Fast, 15*time.Second)
	o.Slow = cmp.Or(o.Slow, time.Minute)
	o.Resync = cmp.Or(o.Resync, time.Hour)
	o.Focus = cmp.Or(o.Focus, 4*time.Second)
	if o.WindowOf == nil {
		o.WindowOf = func(DAG) time.Duration { return o.Window }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	return &Feed{
		client: c, opts: o, picture: newPicture(), strangers: map[string]bool{}, doubts: map[RunRef]bool{}, wake: make(chan struct{}, 1),
	}
}

// Run steps whenever something is due until the context ends, and hands each change to emit, which is nil or returns soon.
func (f *Feed) Run(ctx context.Context, emit func(Changes)) error {
	for {
		f.Step(ctx, emit)
		wait := time.NewTimer(max(f.Next().Sub(f.opts.Now()), 0))
		select {
		case <-ctx.Done():
			wait.Stop()
			return ctx.Err()
		case <-f.wake:
			wait.Stop()
		case <-wait.C:
		}
	}
}

// Step reads everything that is due. What cannot be read stays as it was, its part says why, and it is tried again later.
func (f *Feed) Step(ctx context.Context, emit func(Changes)) {
	if f.take(&f.resync) {
		f.due = [partCount]time.Time{}
	}
	if f.take(&f.refocus) {
		f.due[PartFocus] = time.Time{}
	}
	if !f.known(PartDAGs) {
		f.part(ctx, PartDAGs, f.opts.Slow, emit, f.readAllDAGs)
		if !f.known(PartDAGs) {
			return
		}
	}
	f.part(ctx, PartRuns, f.opts.Fast, emit, f.readRuns)
	f.part(ctx, PartHistory, f.opts.Resync, emit, f.readHistory)
	f.part(ctx, PartDAGs, f.opts.Slow, emit, f.readSomeDAGs)
	f.part(ctx, PartEdits, f.opts.Slow, emit, f.readEdits)
	f.part(ctx, PartHealth, f.opts.Slow, emit, f.readHealth)
	f.part(ctx, PartImportErrors, f.opts.Slow, emit, f.readImportErrors)
	f.part(ctx, PartFocus, f.opts.Focus, emit, f.readFocus)
}

// Next is when something is due, by the client's clock.
func (f *Feed) Next() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.resync || f.refocus {
		return f.opts.Now()
	}
	if f.picture.parts[PartDAGs].Read.IsZero() {
		return f.due[PartDAGs]
	}
	next := f.due[PartRuns]
	for part, due := range f.due {
		if due.Before(next) && (Part(part) != PartFocus || len(f.focus) > 0) {
			next = due
		}
	}
	return next
}

// Focus follows the tasks of these runs instead of those before.
func (f *Feed) Focus(runs ...RunRef) {
	f.mu.Lock()
	f.focus, f.refocus = runs, true
	f.mu.Unlock()
	f.poke()
}

// Refresh has everything read again, at once.
func (f *Feed) Refresh() {
	f.mu.Lock()
	f.resync = true
	f.mu.Unlock()
	f.poke()
}

func (f *Feed) poke() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// take reads a flag and puts it down.
func (f *Feed) take(flag *bool) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	was := *flag
	*flag = false
	return was
}

func (f *Feed) known(p Part) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.picture.parts[p].Read.IsZero()
}

// part reads one part if it is due, plans its next reading and tells what has changed.
func (f *Feed) part(ctx context.Context, p Part, every time.Duration, emit func(Changes), read func(context.Context, func(update)) error) {
	start := f.opts.Now()
	if start.Before(f.due[p]) || ctx.Err() != nil {
		return
	}
	tell := func(u update) { f.apply(u, emit) }
	err := read(ctx, tell)
	if ctx.Err() != nil {
		return
	}
	now := f.opts.Now()
	if p == PartRuns && err == nil {
		f.latency.add(now.Sub(start))
	}
	f.due[p] = now.Add(f.interval(p, every, err))
	tell(func(pic *picture, _ *Changes) {
		if pic.parts[p].Err = err; err == nil {
			pic.parts[p].Read = start
		}
	})
}

// longestPause bounds the time between two tries at a server that does not answer.
const longestPause = 5 * time.Minute

// interval is the time until the next reading: longer than asked for when the server is slow, doubled with each failure in a row,
// at least what a Retry-After says, and never quite the same for two clients.
func (f *Feed) interval(p Part, every time.Duration, err error) time.Duration {
	every = max(every, 5*f.latency.p95())
	if err == nil {
		f.fails[p] = 0
		return f.jitter(every)
	}
	f.fails[p] = min(f.fails[p]+1, 10)
	pause := min(min(every, f.opts.Slow)<<(f.fails[p]-1), longestPause)
	if ours, ok := errors.AsType[*Error](err); ok {
		pause = max(pause, ours.Wait)
	}
	return f.jitter(pause)
}

func (f *Feed) jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.9 + 0.2*f.opts.Rand()))
}

// latencies remembers how long the last ticks took.
type latencies struct {
	last [20]time.Duration
	n    int
}

func (l *latencies) add(d time.Duration) {
	l.last[l.n%len(l.last)] = d
	l.n++
}

// p95 is the second longest of the last twenty; one slow tick is no reason to slow down.
func (l *latencies) p95() time.Duration {
	var longest, second time.Duration
	for _, d := range l.last {
		switch {
		case d > longest:
			longest, second = d, longest
		case d > second:
			second = d
		}
	}
	return second
}
