package airflowclient

import (
	"context"
	"errors"
	"time"
)

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
		pic.parts[p].Err, pic.parts[p].Due = err, f.due[p]
		switch {
		case err != nil:
		case p == PartDAGs:
			pic.parts[p].Read = f.oldestRow()
		default:
			pic.parts[p].Read = start
		}
	})
}

// interval is the time until the next reading: longer than asked for when the server is slow, doubled with each failure in a row,
// at least what a Retry-After says, and never quite the same for two clients.
func (f *Feed) interval(p Part, every time.Duration, err error) time.Duration {
	every = max(every, 5*f.latency.p95())
	if err == nil {
		f.fails[p] = 0
		return f.jitter(every)
	}
	f.fails[p] = min(f.fails[p]+1, 10)
	pause := min(min(every, f.opts.Slow)<<(f.fails[p]-1), f.opts.Pause)
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
