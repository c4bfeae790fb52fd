package deploy_test

import (
	"bytes"
	"context"
	"runtime"
	"sync"

	"chrononctl/internal/deploy/target"
)

// shaped gives a folder the manners of other targets: writes that show by Publish alone, content hashes that are not known, several writers.
type shaped struct {
	target.Target
	caps target.Capabilities

	mutex     sync.Mutex
	writes    map[string]int // by space: single files
	reads     int
	publishes []string
	most      int // writes at the same time
	now       int
}

func (s *shaped) Capabilities() target.Capabilities { return s.caps }
func (s *shaped) DAGs() target.Reader               { return shapedReader{s, s.Target.DAGs()} }
func (s *shaped) State() target.Reader              { return shapedReader{s, s.Target.State()} }

func (s *shaped) Lock(ctx context.Context, owner target.Owner) (target.Session, error) {
	session, err := s.Target.Lock(ctx, owner)
	if err != nil {
		return nil, err
	}
	made := &shapedSession{Session: session, shape: s}
	made.dags = &shapedWriter{session: made, space: "dags", to: session.DAGs(), from: s.Target.DAGs(), staged: map[string][]byte{}}
	made.state = &shapedWriter{session: made, space: "state", to: session.State(), from: s.Target.State(), staged: map[string][]byte{}}
	return made, nil
}

type shapedReader struct {
	shape *shaped
	target.Reader
}

func (r shapedReader) Stat(ctx context.Context, paths []string) (map[string]target.Entry, error) {
	entries, err := r.Reader.Stat(ctx, paths)
	for name, entry := range entries {
		if !r.shape.caps.Hashes && entry.Special == "" {
			entry.SHA256 = ""
			entries[name] = entry
		}
	}
	return entries, err
}

func (r shapedReader) Read(ctx context.Context, path string) ([]byte, target.Version, error) {
	r.shape.mutex.Lock()
	r.shape.reads++
	r.shape.mutex.Unlock()
	return r.Reader.Read(ctx, path)
}

type shapedSession struct {
	target.Session
	shape       *shaped
	dags, state *shapedWriter
}

func (s *shapedSession) DAGs() target.Writer  { return s.dags }
func (s *shapedSession) State() target.Writer { return s.state }

func (s *shapedSession) Publish(ctx context.Context, message string) error {
	if err := s.Session.Publish(ctx, message); err != nil || !s.shape.caps.AtomicBatch {
		return err
	}
	n := len(s.dags.order)
	for _, w := range []*shapedWriter{s.state, s.dags} {
		if err := w.flush(ctx); err != nil {
			return err
		}
	}
	if n > 0 {
		s.shape.publishes = append(s.shape.publishes, message)
	}
	return nil
}

func (s *shapedSession) Discard() {
	for _, w := range []*shapedWriter{s.state, s.dags} {
		w.order, w.staged = nil, map[string][]byte{}
	}
}

// shapedWriter keeps writes until they are published. A staged nil is a removal.
type shapedWriter struct {
	session *shapedSession
	space   string
	to      target.Writer
	from    target.Reader
	order   []string
	staged  map[string][]byte
}

func (w *shapedWriter) flush(ctx context.Context) error {
	entries, err := w.from.Stat(ctx, w.order)
	if err != nil {
		return err
	}
	for _, name := range w.order {
		if data := w.staged[name]; data != nil {
			_, err = w.to.Write(ctx, name, data, entries[name].Version)
		} else {
			err = w.to.Remove(ctx, name, entries[name].Version)
		}
		if err != nil {
			return err
		}
	}
	w.order, w.staged = nil, map[string][]byte{}
	return nil
}

// expect is the version that a write has to name: that of what is staged, or of what is published.
func (w *shapedWriter) expect(ctx context.Context, name string, version target.Version) error {
	current := target.Absent
	if data, staged := w.staged[name]; staged && data != nil {
		current = target.Version(hexSum(string(data)))
	} else if !staged {
		entries, err := w.from.Stat(ctx, []string{name})
		if err != nil {
			return err
		}
		current = entries[name].Version
	}
	if current != version {
		return &target.ConflictError{Path: name}
	}
	return nil
}

func (w *shapedWriter) Write(ctx context.Context, name string, data []byte, replaces target.Version) (target.Version, error) {
	shape := w.session.shape
	shape.mutex.Lock()
	shape.writes[w.space]++
	shape.now++
	shape.most = max(shape.most, shape.now)
	shape.mutex.Unlock()
	runtime.Gosched() // writing into memory ends before anybody else begins
	defer func() {
		shape.mutex.Lock()
		shape.now--
		shape.mutex.Unlock()
	}()
	if !shape.caps.AtomicBatch {
		if shape.caps.Writers > 1 {
			shape.mutex.Lock() // the folder below takes one at a time
			defer shape.mutex.Unlock()
		}
		return w.to.Write(ctx, name, data, replaces)
	}
	if err := w.expect(ctx, name, replaces); err != nil {
		return target.Absent, err
	}
	w.stage(name, bytes.Clone(data))
	return target.Version(hexSum(string(data))), nil
}

func (w *shapedWriter) Remove(ctx context.Context, name string, version target.Version) error {
	if !w.session.shape.caps.AtomicBatch || version == target.Absent {
		return w.to.Remove(ctx, name, version)
	}
	if err := w.expect(ctx, name, version); err != nil {
		return err
	}
	w.stage(name, nil)
	return nil
}

func (w *shapedWriter) stage(name string, data []byte) {
	if _, again := w.staged[name]; !again {
		w.order = append(w.order, name)
	}
	w.staged[name] = data
}
