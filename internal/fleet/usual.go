package fleet

import (
	"slices"
	"time"
)

// Usual sums up how long something took before. The zero value is no experience.
type Usual struct {
	N   int // how many times it was seen
	P50 time.Duration
	P90 time.Duration
}

// enough is how many times something must have been seen before its usual time says anything.
const enough = 3

// Known says whether there is enough experience to call something late.
func (u Usual) Known() bool { return u.N >= enough }

// UsualOf sums samples up: the middle one, and the one that nine of ten do not exceed (nearest rank).
func UsualOf(samples []time.Duration) Usual {
	if len(samples) == 0 {
		return Usual{}
	}
	sorted := slices.Sorted(slices.Values(samples))
	rank := func(percent int) time.Duration { return sorted[max((len(sorted)*percent+99)/100-1, 0)] }
	return Usual{N: len(sorted), P50: rank(50), P90: rank(90)}
}

// Past is the experience of earlier looks, by task. The zero value is none; see internal/history.
type Past struct {
	Took    map[TaskRef][]time.Duration // how long the task ran, in runs that ended well; the newest last
	Landing map[TaskRef][]time.Duration // how long after the end of its run's interval the task was done; the newest last
}
