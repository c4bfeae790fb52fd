package fleet

import (
	"context"
	"maps"
	"sync"
	"time"
)

// explanations keeps what was read to explain pictures. What a failed task said in a try does not change, so it is read once; how full the pools
// are is read now and then.
type explanations struct {
	mu    sync.Mutex
	words map[InstanceRef]heard
	slots Details   // pools and slots of the last reading
	read  time.Time // when that was
	of    time.Time // when the last picture was made that was explained
	last  Explanation
}

// heard is what a task said, in which try.
type heard struct {
	try   int
	words Words
}

// everySlots is how often it is read what tasks without a worker wait for.
const everySlots = time.Minute

// Explain finds the causes of what is wrong in a picture, after reading what failed tasks said, each once, and what tasks without a worker wait for.
// The answer for a picture is made once. It is for one goroutine at a time.
func (o *Observer) Explain(ctx context.Context, s Snapshot) (Explanation, error) {
	e := &o.explained
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.of.IsZero() && e.of.Equal(s.At) {
		return e.last, nil
	}
	failed, waiting := wanted(s, nil)
	details := Details{Words: o.hear(ctx, failed)}
	switch now := o.opts.Now(); {
	case len(waiting) == 0:
		e.slots, e.read = Details{}, time.Time{}
	case now.Sub(e.read) >= everySlots:
		e.slots, e.read = Details{Slots: make(map[InstanceRef]Slot)}, now
		o.readSlots(ctx, waiting, &e.slots)
	}
	details.Slots, details.Pools = e.slots.Slots, e.slots.Pools
	if ctx.Err() != nil {
		e.read = time.Time{}
		return Explanation{}, context.Cause(ctx)
	}
	e.last, e.of = Explain(s, details), s.At
	return e.last, nil
}

// hear returns what the tasks said, reading what was not heard yet, and forgets all others.
func (o *Observer) hear(ctx context.Context, failed []Task) map[InstanceRef]Words {
	e := &o.explained
	out := make(map[InstanceRef]Words, len(failed))
	kept := make(map[InstanceRef]heard, len(failed))
	var unheard []Task
	for _, t := range failed {
		if h, ok := e.words[t.Ref()]; ok && h.try == t.Try {
			out[t.Ref()], kept[t.Ref()] = h.words, h
			continue
		}
		unheard = append(unheard, t)
	}
	maps.Copy(out, o.readWords(ctx, unheard))
	for _, t := range unheard {
		if w := out[t.Ref()]; w.Problem == "" {
			kept[t.Ref()] = heard{t.Try, w}
		}
	}
	e.words = kept
	return out
}
