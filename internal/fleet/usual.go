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
	sorted := slices.Clone(samples)
	slices.Sort(sorted)
	rank := func(percent int) time.Duration { return sorted[max((len(sorted)*percent+99)/100-1, 0)] }
	return Usual{N: len(sorted), P50: rank(50), P90: rank(90)}
}

// Sample is one time that a task did its work.
type Sample struct {
	Day     string        // of the run, YYYY-MM-DD
	Took    time.Duration // from its last start to its end
	Landing time.Duration // from the end of its run's data interval to its own end; 0: not known, as of runs that were made by hand
}

// Past is the experience of earlier looks, by task, one sample a day. The zero value is none; internal/history keeps it.
type Past map[TaskRef][]Sample

// samplesOf are the times that the runs in the picture show, one a day, added to those of earlier looks.
func (p Past) samplesOf(ref TaskRef, seen []Sample) []Sample {
	earlier := p[ref]
	if len(earlier) == 0 {
		return seen
	}
	all := slices.Clone(seen)
	for _, s := range earlier {
		isSeen := func(o Sample) bool { return o.Day == s.Day }
		if !slices.ContainsFunc(seen, isSeen) {
			all = append(all, s)
		}
	}
	return all
}

// landings and durations are what is known of either.
func landings(samples []Sample) []time.Duration {
	known := make([]time.Duration, 0, len(samples))
	for _, s := range samples {
		if s.Landing > 0 {
			known = append(known, s.Landing)
		}
	}
	return known
}

func durations(samples []Sample) []time.Duration {
	known := make([]time.Duration, 0, len(samples))
	for _, s := range samples {
		if s.Took > 0 {
			known = append(known, s.Took)
		}
	}
	return known
}

// sampleOf is what a task that did its work in a run adds to the experience.
func sampleOf(r *Run, t *Task) (Sample, bool) {
	if t.Health != OK || r.Day == "" || t.Start.IsZero() || t.End.Before(t.Start) {
		return Sample{}, false
	}
	s := Sample{Day: r.Day, Took: t.End.Sub(t.Start)}
	// A run that was made by hand, or cleared long after, says nothing of when the day usually lands.
	if after := t.End.Sub(r.To); r.Type == runScheduled && !r.To.IsZero() && after > 0 && after < mostLanding {
		s.Landing = after
	}
	return s, true
}

const (
	runScheduled = "scheduled"        // Airflow's word for a run that its schedule made
	mostLanding  = 3 * 24 * time.Hour // what landed later than that was mended
)

// Samples are the times that the picture itself shows, for those who keep them: of each task that did its work, one a day.
func (s Snapshot) Samples() Past {
	past := make(Past)
	for i := range s.DAGs {
		d := &s.DAGs[i]
		if isStreaming(d.Kind) {
			continue
		}
		for r := range standing(d) {
			for j := range r.Tasks {
				t := &r.Tasks[j]
				if t.IsSensor() {
					continue
				}
				if sample, ok := sampleOf(r, t); ok {
					ref := TaskRef{d.ID, t.ID}
					past[ref] = append(past[ref], sample)
				}
			}
		}
	}
	return past
}
