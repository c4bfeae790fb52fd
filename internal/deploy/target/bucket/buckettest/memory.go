// Package buckettest has an object store in memory that fails when it is told to, in the ways in which real ones fail.
package buckettest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"chrononctl/internal/deploy/target"
	"chrononctl/internal/deploy/target/bucket"
)

// ErrCrashed is what every call gets after a crash.
var ErrCrashed = errors.New("the process is dead")

// Mode is a way to fail at one write or removal.
type Mode int

// The ways to fail. After a crash nothing works any more until the next Arm, which is what a dead process sees.
const (
	CrashBefore Mode = iota // nothing happens
	CrashAfter              // it happens, and nobody learns of it
	Lost                    // it happens, and the answer is lost: the caller sees a broken connection
	LostTwice               // the same, and a repetition by the library is answered with a refusal
	Refused                 // nothing happens, the credentials are refused, and stay refused
	FailOnce                // nothing happens, the connection broke, later ones work
	Interfere               // the Interference happens just before it, and then it happens
)

// String names the mode in test output.
func (m Mode) String() string {
	return [...]string{"crash before", "crash after", "lost answer", "lost answer and repetition", "refused", "fail once", "interfere"}[m]
}

// Memory is a bucket in memory with conditional writes. It is safe for concurrent use.
type Memory struct {
	Now          func() time.Time                         // default time.Now
	Mirror       func(key string, data []byte, gone bool) // told of each change, as one who copies the bucket would be; optional
	Interference func()                                   // what somebody else does, with Interfere

	mutex   sync.Mutex
	objects map[string]object
	writes  int // generation of the newest object
	at      int
	mode    Mode
	changes int
	broken  error
}

type object struct {
	data       []byte
	generation int
	written    time.Time
}

var _ bucket.Store = (*Memory)(nil)

func (m *Memory) String() string { return "memory://bucket" }

// Arm makes the operation fail that changes something for the at-th time from now, counting from 1; 0 never fails.
func (m *Memory) Arm(at int, mode Mode) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.at, m.mode, m.changes, m.broken = at, mode, 0, nil
}

// Changes is how many operations have changed something, or tried to, since the faults were armed.
func (m *Memory) Changes() int {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.changes
}

func (m *Memory) now() time.Time {
	if m.Now == nil {
		return time.Now()
	}
	return m.Now()
}

func version(o object) target.Version {
	if o.generation == 0 {
		return target.Absent
	}
	return target.Version(strconv.Itoa(o.generation))
}

// Head implements [bucket.Store].
func (m *Memory) Head(ctx context.Context, key string) (bucket.Object, error) {
	content, err := m.Get(ctx, key)
	return content.Object, err
}

// Get implements [bucket.Store].
func (m *Memory) Get(ctx context.Context, key string) (bucket.Content, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if err := errors.Join(ctx.Err(), m.broken); err != nil {
		return bucket.Content{}, err
	}
	found, ok := m.objects[key]
	if !ok {
		return bucket.Content{}, fmt.Errorf("%s: %w", key, fs.ErrNotExist)
	}
	return bucket.Content{
		Object: bucket.Object{Key: key, Version: version(found)},
		Data:   bytes.Clone(found.data), Age: m.now().Sub(found.written),
	}, nil
}

// List implements [bucket.Store].
func (m *Memory) List(ctx context.Context, prefix string) ([]bucket.Object, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if err := errors.Join(ctx.Err(), m.broken); err != nil {
		return nil, err
	}
	var out []bucket.Object
	for _, key := range slices.Sorted(maps.Keys(m.objects)) {
		if rest, ok := strings.CutPrefix(key, prefix); ok && !strings.Contains(rest, "/") {
			out = append(out, bucket.Object{Key: key, Version: version(m.objects[key])})
		}
	}
	return out, nil
}

// Put implements [bucket.Store].
func (m *Memory) Put(ctx context.Context, key string, data []byte, replaces target.Version) (target.Version, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	var written target.Version
	err := m.change(ctx, func() error {
		if version(m.objects[key]) != replaces {
			return &target.ConflictError{Path: key}
		}
		if m.objects == nil {
			m.objects = map[string]object{}
		}
		m.writes++
		m.objects[key] = object{data: bytes.Clone(data), generation: m.writes, written: m.now()}
		m.mirror(key, data, false)
		written = version(m.objects[key])
		return nil
	})
	if err != nil {
		return target.Absent, err
	}
	return written, nil
}

// Delete implements [bucket.Store].
func (m *Memory) Delete(ctx context.Context, key string, replaces target.Version) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.change(ctx, func() error {
		if version(m.objects[key]) != replaces {
			return &target.ConflictError{Path: key}
		}
		delete(m.objects, key)
		m.mirror(key, nil, true)
		return nil
	})
}

func (m *Memory) mirror(key string, data []byte, gone bool) {
	if m.Mirror != nil {
		m.Mirror(key, data, gone)
	}
}

// change does what changes something, or fails it.
func (m *Memory) change(ctx context.Context, do func() error) error {
	if err := errors.Join(ctx.Err(), m.broken); err != nil {
		return err
	}
	m.changes++
	if m.at == 0 || m.changes != m.at {
		return do()
	}
	lost := &target.UnreachableError{Target: m.String(), Cause: errors.New("connection reset by peer")}
	switch m.mode {
	case CrashBefore:
		m.broken = ErrCrashed
		return ErrCrashed
	case CrashAfter:
		m.broken = ErrCrashed
		return errors.Join(do(), ErrCrashed)
	case Lost:
		return errors.Join(do(), lost)
	case LostTwice:
		if err := do(); err != nil {
			return err
		}
		return do()
	case Refused:
		m.broken = &target.DeniedError{Target: m.String(), Doing: "write", Cause: errors.New("the token has expired")}
		return m.broken
	case FailOnce:
		return lost
	case Interfere:
		m.mutex.Unlock()
		m.Interference()
		m.mutex.Lock()
		return do()
	}
	return nil
}
