package airflowclient

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// FeedOptions says what a [Feed] follows and how often it looks. The zero value is every DAG at the intervals named below.
type FeedOptions struct {
	DAGs   []DAGQuery       // DAGs that match any of these; none: all of them. Whether a DAG is paused is not theirs to say
	Keep   Keep             // for how long runs that ended are kept
	KeepOf func(DAG) Keep   // nil: Keep for all; shorter for DAGs that run every few minutes
	Fast   time.Duration    // between looks at runs; 0: 15 s
	Slow   time.Duration    // between looks at health, import errors, a part of the DAG list, and edits; 0: a minute
	Resync time.Duration    // between looks whether ended runs were deleted; 0: ten minutes
	Focus  time.Duration    // between looks at the tasks of focused runs; 0: 4 s
	Log    time.Duration    // between looks at the log that is followed; 0: 3 s
	State  []byte           // of [Feed.State], to go on from there; nil, or one that does not fit: from the beginning
	Pause  time.Duration    // longest time between two tries at a server that does not answer; 0: five minutes
	Now    func() time.Time // nil: time.Now
	Rand   func() float64   // jitter, from 0 to 1; nil: math/rand
}

// Keep says for how long runs that ended stay in a picture. Active runs stay whatever their age.
type Keep struct {
	Ended  time.Duration // every run, so long after its end; 0: 26 hours
	Failed time.Duration // runs that failed, so long after their end, where that is longer
	Last   time.Duration // the run that ended last, so long after its end, of a DAG of which none ended within Ended
}

// holds reports whether an ended run is kept for its own sake.
func (k Keep) holds(r Run, now time.Time) bool {
	age := now.Sub(r.End)
	return age <= k.Ended || r.State == StateFailed && age <= k.Failed
}

// Part is one of the things that a feed reads on their own, and that are old on their own.
type Part uint8

// The parts of a picture.
const (
	PartDAGs         Part = iota // the list of DAGs
	PartRuns                     // active runs, and runs that end
	PartHistory                  // all runs that are kept after their end, deleted ones left out
	PartEdits                    // ended runs that somebody changed
	PartHealth                   // health
	PartImportErrors             // import errors
	PartFocus                    // tasks of the focused runs
	PartLog                      // the log that is followed
	partCount
)

// String is the part in words.
func (p Part) String() string {
	return [...]string{"DAGs", "runs", "history", "edits", "health", "import errors", "tasks", "log"}[p]
}

// PartState says how old a part is, by the client's clock, and why it is not younger.
type PartState struct {
	Read time.Time // when it was read last; zero: never. Of the DAG list, which is read a few rows at a time, when its oldest row was
	Due  time.Time // when it is tried again, unless something else calls for it before
	Err  error     // of the newest try, nil when that went well
}

// Feed keeps a picture of one Airflow with few requests: two a tick see every run that starts or ends, a handful a minute see
// the rest, and nothing depends on how many DAGs there are. [Feed.Step] does what is due; [Feed.Run] steps until its context ends.
// The picture holds the DAGs that a file still has, their active runs, and those ended ones that [Keep] says.
//
// Time is the server's: watermarks come from the Date of its answers, so a wrong clock on either side changes nothing. Step, Run and
// Next are for one goroutine; all other methods are safe for many.
type Feed struct {
	client *Client
	opts   FeedOptions

	// What the stepping goroutine knows.
	due       [partCount]time.Time
	fails     [partCount]int
	stepped   time.Time // the last step, by the client's clock
	mark      time.Time // ends of runs are known up to here, by the server's clock
	editMark  time.Time
	behind    bool // runs may have ended that were not seen: the history has to be read, not only counted
	lists     []list
	begun     []page          // the first page of each list, until the lists are read
	unlisted  bool            // the lists of DAGs have to be read as a whole
	strangers map[string]bool // DAGs of runs that are not followed
	doubts    map[RunRef]bool // runs to ask for one by one: they may be gone
	quiet     map[string]bool // DAGs whose last run was looked for
	rechecked RunRef          // the last run that was doubted because nothing else would tell of its end
	latency   latencies
	log       followed

	mu       sync.Mutex // guards the following
	picture  picture
	focus    []RunRef
	refocus  bool // the focus has changed since it was read
	follow   *LogRef
	refollow bool
	resync   bool // somebody wants everything read again
	wake     chan struct{}
}

// NewFeed makes a feed that has read nothing yet.
func NewFeed(c *Client, o FeedOptions) *Feed {
	o.Keep.Ended = cmp.Or(o.Keep.Ended, 26*time.Hour)
	o.Fast = cmp.Or(o.Fast, 15*time.Second)
	o.Slow = cmp.Or(o.Slow, time.Minute)
	o.Resync = cmp.Or(o.Resync, 10*time.Minute)
	o.Focus = cmp.Or(o.Focus, 4*time.Second)
	o.Log = cmp.Or(o.Log, 3*time.Second)
	o.Pause = cmp.Or(o.Pause, 5*time.Minute)
	if o.KeepOf == nil {
		o.KeepOf = func(DAG) Keep { return o.Keep }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	f := &Feed{
		client: c, opts: o, behind: true, unlisted: true, picture: newPicture(o.KeepOf), strangers: map[string]bool{}, doubts: map[RunRef]bool{},
		quiet: map[string]bool{}, wake: make(chan struct{}, 1),
	}
	for _, query := range o.DAGs {
		f.lists = append(f.lists, list{query: query})
	}
	if len(f.lists) == 0 {
		f.lists = []list{{}}
	}
	f.restore(o.State)
	return f
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
	now := f.opts.Now()
	if f.take(&f.resync) {
		f.due = [partCount]time.Time{}
		f.look(func(p *picture) { clear(p.tasks) }) // those of ended runs would not be asked for again
	}
	if now.Before(f.stepped) { // a clock that was set back would put off everything
		f.due = [partCount]time.Time{}
	}
	f.stepped = now
	if f.take(&f.refocus) {
		f.due[PartFocus] = time.Time{}
	}
	if f.take(&f.refollow) {
		f.due[PartLog] = time.Time{}
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
	f.part(ctx, PartLog, f.opts.Log, emit, f.readLog)
}

// Begin reads the next piece of the DAG list of a feed that does not have it: its first page, then the rest. It reports whether the picture has more
// DAGs than before and less than everything; where it does not, Step goes on, also after an error. It is for who wants rows on a screen at once.
func (f *Feed) Begin(ctx context.Context, emit func(Changes)) bool {
	switch {
	case f.known(PartDAGs):
		return false
	case f.begun == nil:
		pages, complete, err := f.firstPages(ctx, func(u update) { f.apply(u, emit) })
		f.begun = pages
		return err == nil && !complete
	default:
		f.part(ctx, PartDAGs, f.opts.Slow, emit, f.readAllDAGs)
		return f.known(PartDAGs)
	}
}

// Next is when something is due, by the client's clock.
func (f *Feed) Next() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.resync || f.refocus || f.refollow {
		return f.opts.Now()
	}
	if f.picture.parts[PartDAGs].Read.IsZero() {
		return f.due[PartDAGs]
	}
	next := f.due[PartRuns]
	for part, due := range f.due {
		idle := Part(part) == PartFocus && len(f.focus) == 0 || Part(part) == PartLog && f.follow == nil
		if due.Before(next) && !idle {
			next = due
		}
	}
	return next
}

// Focus follows the tasks of these runs instead of those before. Naming the same runs again changes nothing.
func (f *Feed) Focus(runs ...RunRef) {
	f.mu.Lock()
	if slices.Equal(f.focus, runs) {
		f.mu.Unlock()
		return
	}
	f.focus, f.refocus = slices.Clone(runs), true
	f.mu.Unlock()
	f.poke()
}

// Follow reads the log of one try of a task instance from its beginning to its end, instead of the one before; its lines come as
// [Changes], and the picture does not keep them. It ends with the run, or, when the run is focused, with the task. Nil follows none.
func (f *Feed) Follow(ref *LogRef) {
	f.mu.Lock()
	f.follow, f.refollow = ref, true
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

// look reads the picture.
func (f *Feed) look(read func(*picture)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	read(&f.picture)
}
