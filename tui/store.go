package tui

import (
	"context"
	"time"

	"chrononctl/internal/fleet"
)

// topic is what a query is about.
type topic uint8

const (
	topicSnapshot topic = iota
	topicRuns
	topicTasks
	topicLog
	topicStanding
	topicHistory
	topicDrift
	topicPlan
	topicEvents
	topicExplanation
	topicJournal
)

// query identifies an answer. Fields that the topic does not use are empty.
type query struct {
	topic topic
	dag   string
	run   string
	task  string
	index int // of a mapped task
	try   int
	token string // of a part of a log

	target string // of deploys
	back   bool
}

// loaded is the one message in which every load returns.
type loaded struct {
	query query
	gen   uint64
	at    time.Time
	value any
	err   error
}

// entry is what is known about one query. A failed load leaves value and at as they were.
type entry struct {
	value    any
	version  uint64    // of value; 0: there is none
	at       time.Time // when value was read; zero: never
	cached   bool      // value is of an earlier session
	err      error     // of the last attempt
	failures int       // in a row
	tried    time.Time // when the last attempt ended; zero: ask now
	gen      uint64    // of the load under way or last taken
	cancel   context.CancelFunc
}

// store keeps the answers of the source: one copy of every fact, for all screens. It belongs to the update goroutine.
//
// Each load carries a generation. An answer whose generation is not the newest of its query is dropped in [store.apply], and nowhere else.
type store struct {
	entries map[query]*entry
	gen     uint64
}

func newStore() *store { return &store{entries: map[query]*entry{}} }

// get returns what is known about a query; never nil.
func (s *store) get(q query) *entry {
	if e, ok := s.entries[q]; ok {
		return e
	}
	return &entry{}
}

// value returns the last good answer to a query, and whether there is one.
func value[T any](s *store, q query) (v T, ok bool) {
	v, ok = s.get(q).value.(T)
	return v, ok
}

// begin notes that a load starts and returns its generation.
func (s *store) begin(q query, cancel context.CancelFunc) uint64 {
	e, ok := s.entries[q]
	if !ok {
		e = &entry{}
		s.entries[q] = e
	}
	s.gen++
	e.gen, e.cancel = s.gen, cancel
	return s.gen
}

// apply takes an answer, and tells whether it was the one that is waited for.
func (s *store) apply(m loaded) bool {
	e, ok := s.entries[m.query]
	if !ok || e.gen != m.gen || e.cancel == nil {
		return false
	}
	e.cancel()
	e.cancel, e.err, e.tried = nil, m.err, m.at
	if m.err != nil {
		e.failures++
		return true
	}
	e.failures = 0
	if snap, ok := m.value.(fleet.Snapshot); ok && snap.Partial {
		e.tried = time.Time{} // there is more to be had at once
		if e.value != nil && e.cached {
			return true // what an earlier session has left shows more
		}
	}
	e.value, e.at, e.cached = m.value, m.at, false
	e.version++
	return true
}

// keep cancels every load whose query is not among needs, and forgets answers to questions that are out of sight and cheap to ask again.
func (s *store) keep(needs []need) {
	wanted := make(map[query]bool, len(needs))
	for _, n := range needs {
		wanted[n.query] = true
	}
	for q, e := range s.entries {
		if wanted[q] {
			continue
		}
		if e.cancel != nil {
			e.cancel()
			e.cancel = nil
		}
		if q.topic == topicLog {
			delete(s.entries, q)
		}
	}
}

// forget drops what is known about a query, so that it is asked anew.
func (s *store) forget(q query) {
	if e, ok := s.entries[q]; ok && e.cancel != nil {
		e.cancel()
	}
	delete(s.entries, q)
}

// expire makes the answers to needs due at once.
func (s *store) expire(needs []need) {
	for _, n := range needs {
		if e, ok := s.entries[n.query]; ok {
			e.tried, e.failures = time.Time{}, 0
		}
	}
}

// loading tells whether an answer is under way.
func (e *entry) loading() bool { return e.cancel != nil }
