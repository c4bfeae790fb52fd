package tui

import (
	"time"

	"chrononctl/internal/fleet"

	tea "charm.land/bubbletea/v2"
)

// cachedMsg is the picture that an earlier session has left.
type cachedMsg struct {
	snap fleet.Snapshot
	ok   bool
}

// readCached reads the picture of an earlier session, so that there is something to look at before the server has answered.
func (s *shell) readCached() tea.Cmd {
	read := s.options.Cached
	if read == nil {
		return nil
	}
	return func() tea.Msg {
		snap, ok := read()
		return cachedMsg{snap, ok}
	}
}

// tookCached shows an earlier picture, marked as one, unless the server was quicker.
func (s *shell) tookCached(m cachedMsg) {
	q := query{topic: topicSnapshot}
	if _, live := s.snapshot(); live || !m.ok {
		return
	}
	s.store.preset(q, m.snap, m.snap.At)
	s.top().sync()
}

// preset makes a value known that was not asked for. The question stays as due, and as much under way, as it was.
func (s *store) preset(q query, value any, at time.Time) {
	e, ok := s.entries[q]
	if !ok {
		e = &entry{}
		s.entries[q] = e
	}
	e.value, e.at, e.cached = value, at, true
	e.version++
}
