package buckettest

import (
	"context"
	"errors"
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
	CrashTorn               // it happens by half, by Torn; a store that nobody gave one crashes before
	Lost                    // it happens, and the answer is lost: the caller sees a broken connection
	LostTwice               // the same, and a repetition by the library is answered with a refusal
	Refused                 // nothing happens, the credentials are refused, and stay refused
	FailOnce                // nothing happens, the connection broke, later ones work
	Interfere               // the Interference happens just before it, and then it happens
)

// String names the mode in test output.
func (m Mode) String() string {
	return [...]string{"crash before", "crash after", "crash torn", "lost answer", "lost answer and repetition", "refused", "fail once", "interfere"}[m]
}

// Faults is a store that counts the requests which change something, and fails at one of them. It is safe for concurrent use. Store is needed.
type Faults struct {
	bucket.Store

	Mirror       func(key string, data []byte, gone bool) // told of each change, as one who copies the bucket would be; optional
	Interference func()                                   // what somebody else does, with Interfere
	Torn         func(upload func() error) error          // makes an upload break in the middle, with CrashTorn; optional

	mutex   sync.Mutex // held while something changes
	at      int
	mode    Mode
	changes int
	asked   int
	broken  error
	written map[string]time.Time // by the clock of the test, which need not be the store's
}

// Arm makes the request fail that changes something for the at-th time from now, counting from 1; 0 never fails.
func (f *Faults) Arm(at int, mode Mode) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.at, f.mode, f.changes, f.asked, f.broken = at, mode, 0, 0, nil
}

// Changes is how many requests have changed something, or tried to, since the faults were armed.
func (f *Faults) Changes() int {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.changes
}

// Requests is how many there were of any kind since the faults were armed; a listing counts as one.
func (f *Faults) Requests() int {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.asked
}

// ask counts a request that changes nothing.
func (f *Faults) ask() error {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.asked++
	return f.broken
}

// Head implements [bucket.Store].
func (f *Faults) Head(ctx context.Context, key string) (bucket.Object, error) {
	if err := f.ask(); err != nil {
		return bucket.Object{}, err
	}
	return f.Store.Head(ctx, key)
}

// Get implements [bucket.Store].
func (f *Faults) Get(ctx context.Context, key string) (bucket.Content, error) {
	if err := f.ask(); err != nil {
		return bucket.Content{}, err
	}
	content, err := f.Store.Get(ctx, key)
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if written, ours := f.written[key]; ours {
		content.Age = time.Since(written)
	}
	return content, err
}

// List implements [bucket.Store].
func (f *Faults) List(ctx context.Context, prefix string, deep bool) ([]bucket.Object, error) {
	if err := f.ask(); err != nil {
		return nil, err
	}
	return f.Store.List(ctx, prefix, deep)
}

// Put implements [bucket.Store].
func (f *Faults) Put(ctx context.Context, key string, data []byte, replaces target.Version) (version target.Version, err error) {
	err = f.change(ctx, func() error {
		version, err = f.Store.Put(ctx, key, data, replaces)
		f.note(err, key, data, false)
		return err
	})
	if err != nil {
		return target.Absent, err
	}
	return version, nil
}

// Delete implements [bucket.Store].
func (f *Faults) Delete(ctx context.Context, key string, replaces target.Version) error {
	return f.change(ctx, func() error {
		err := f.Store.Delete(ctx, key, replaces)
		f.note(err, key, nil, true)
		return err
	})
}

// note remembers a change that happened, and tells the mirror.
func (f *Faults) note(err error, key string, data []byte, gone bool) {
	if err != nil {
		return
	}
	if f.written == nil {
		f.written = map[string]time.Time{}
	}
	f.written[key] = time.Now()
	if f.Mirror != nil {
		f.Mirror(key, data, gone)
	}
}

// change does what changes something, or fails it.
func (f *Faults) change(ctx context.Context, do func() error) error {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if err := errors.Join(ctx.Err(), f.broken); err != nil {
		return err
	}
	f.changes++
	f.asked++
	if f.at == 0 || f.changes != f.at {
		return do()
	}
	lost := &target.UnreachableError{Target: f.String(), Cause: errors.New("connection reset by peer")}
	switch f.mode {
	case CrashBefore:
		f.broken = ErrCrashed
		return ErrCrashed
	case CrashAfter:
		f.broken = ErrCrashed
		return errors.Join(do(), ErrCrashed)
	case CrashTorn:
		f.broken = ErrCrashed
		if f.Torn == nil {
			return ErrCrashed
		}
		return errors.Join(f.Torn(do), ErrCrashed)
	case Lost:
		return errors.Join(do(), lost)
	case LostTwice:
		if err := do(); err != nil {
			return err
		}
		return do()
	case Refused:
		f.broken = &target.DeniedError{Target: f.String(), Doing: "write", Cause: errors.New("the token has expired")}
		return f.broken
	case FailOnce:
		return lost
	case Interfere:
		f.mutex.Unlock()
		f.Interference()
		f.mutex.Lock()
		return do()
	}
	return nil
}
