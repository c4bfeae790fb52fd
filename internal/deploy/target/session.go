package target

import (
	"context"
	"errors"
	"sync"
)

// SessionParts are what a driver makes a session of.
type SessionParts struct {
	Lease *Lease
	DAGs  Writer
	State Writer
	// Publish is [Session.Publish] of a target with batches; nil where every write shows at once.
	Publish func(ctx context.Context, message string) error
	// Discard is [Session.Discard] of a target with batches; nil where every write shows at once.
	Discard func()
	// Close frees what the driver holds besides the lock, after the lock was given back; nil: nothing.
	Close func() error
}

// NewSession makes a session whose writers look at the lock before each write.
func NewSession(parts SessionParts) Session {
	return &session{parts: parts, dags: guard{parts.Lease, parts.DAGs}, state: guard{parts.Lease, parts.State}}
}

type session struct {
	parts       SessionParts
	dags, state guard
	close       sync.Once
}

func (s *session) Owner() Owner                    { return s.parts.Lease.Owner() }
func (s *session) DAGs() Writer                    { return s.dags }
func (s *session) State() Writer                   { return s.state }
func (s *session) Check(ctx context.Context) error { return s.parts.Lease.Check(ctx) }

func (s *session) Publish(ctx context.Context, message string) error {
	if err := s.parts.Lease.Look(ctx); err != nil || s.parts.Publish == nil {
		return err
	}
	return s.parts.Publish(ctx, message)
}

func (s *session) Discard() {
	if s.parts.Discard != nil {
		s.parts.Discard()
	}
}

func (s *session) Close() error {
	var err error
	s.close.Do(func() {
		s.Discard()
		err = s.parts.Lease.Release(context.Background())
		if s.parts.Close != nil {
			err = errors.Join(err, s.parts.Close())
		}
	})
	return err
}

// Abandon frees what the driver holds besides the lock and leaves the lock as it is, which is what the death of a process does.
func (s *session) Abandon() error {
	if s.parts.Close == nil {
		return nil
	}
	return s.parts.Close()
}

// guard is a writer behind the lock.
type guard struct {
	lease *Lease
	to    Writer
}

func (g guard) Write(ctx context.Context, path string, data []byte, replaces Version) (Version, error) {
	if err := g.lease.Check(ctx); err != nil {
		return Absent, err
	}
	return g.to.Write(ctx, path, data, replaces)
}

func (g guard) Remove(ctx context.Context, path string, version Version) error {
	if err := g.lease.Check(ctx); err != nil {
		return err
	}
	return g.to.Remove(ctx, path, version)
}
