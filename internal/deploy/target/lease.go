package target

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"time"
)

// leaseFormat is the version of the layout of a lock record.
const leaseFormat = 1

// releaseTimeout bounds giving a lock back: a target that does not answer any more must not hold up the end of a deploy.
const releaseTimeout = 10 * time.Second

// LeaseStore keeps one record: the lock of a target. It is never removed.
type LeaseStore interface {
	// ReadRecord returns the record, its version, and how long ago it was written by the clock of the target, which is the only clock
	// that two machines share. There is none yet: fs.ErrNotExist.
	ReadRecord(ctx context.Context) (data []byte, version Version, age time.Duration, err error)
	// WriteRecord puts a record in place of a version of it, at once and whole. It is refused with a [ConflictError] when another one is in place: of several
	// writers of the same version one wins.
	WriteRecord(ctx context.Context, data []byte, replaces Version) (Version, error)
}

// LeaseOptions describe the lock of a target. Target and Store are needed.
type LeaseOptions struct {
	Target string // its name, for errors
	Store  LeaseStore
	Now    func() time.Time // measures when to renew; default time.Now
	// LookEvery is how old the last look at the record may be when a write checks the lock; 0: look each time. What costs a request is worth
	// a second or so: a write that slips through is still conditional on the version that it replaces.
	LookEvery time.Duration
	// Age measures how old the record is, by the clock of the target, before a lock is taken over for its age: for stores whose ReadRecord only knows our own clock. Optional.
	Age func(ctx context.Context) (time.Duration, error)
	// Dead says that a holder is known to be gone before its time to live is over, as the kernel knows of a process of the same machine. Optional.
	Dead func(Owner) bool
}

// leaseRecord is the content of the lock record. Free says that nobody holds it.
type leaseRecord struct {
	Format  int   `json:"format"`
	Free    bool  `json:"free,omitempty"`
	Renewed int   `json:"renewed,omitempty"` // counts, so that each renewal is another content
	Owner   Owner `json:"owner"`
}

// Lease is a held lock. It is safe for concurrent use.
type Lease struct {
	opts  LeaseOptions
	owner Owner

	mutex   sync.Mutex
	version Version
	renewed time.Time
	looked  time.Time
	count   int
	lost    error
	closed  bool
}

// Acquire takes the lock: a free one, one that was not renewed for its time to live, one whose holder is dead. Anything else is a [LockedError].
func Acquire(ctx context.Context, opts LeaseOptions, owner Owner) (*Lease, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	record, version, age, err := readLease(ctx, opts.Store)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", opts.Target, err)
	}
	if held := record.Owner; !record.Free && (opts.Dead == nil || !opts.Dead(held)) {
		if age > held.ttl() && opts.Age != nil {
			if age, err = opts.Age(ctx); err != nil {
				return nil, fmt.Errorf("lock %s: measure its age: %w", opts.Target, err)
			}
		}
		if age <= held.ttl() {
			return nil, &LockedError{Target: opts.Target, Owner: held}
		}
	}
	owner.ID, owner.Since = strings.ToLower(rand.Text()[:12]), owner.Since.UTC().Round(0)
	lease := &Lease{opts: opts, owner: owner, version: version}
	err = lease.put(ctx, leaseRecord{Format: leaseFormat, Owner: owner})
	if lost, ok := errors.AsType[*LostError](err); ok {
		return nil, &LockedError{Target: opts.Target, Owner: lost.To}
	}
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", opts.Target, err)
	}
	return lease, nil
}

// Holder says who holds the lock that is kept in a store; the zero Owner: nobody.
func Holder(ctx context.Context, store LeaseStore) (Owner, error) {
	record, _, _, err := readLease(ctx, store)
	if err != nil || record.Free {
		return Owner{}, err
	}
	return record.Owner, nil
}

// BreakLease frees the lock that is held under an id, as long as it is: the write names the version that was read.
func BreakLease(ctx context.Context, opts LeaseOptions, id string) error {
	for {
		record, version, _, err := readLease(ctx, opts.Store)
		if err != nil {
			return fmt.Errorf("unlock %s: %w", opts.Target, err)
		}
		if record.Free {
			record.Owner = Owner{}
		}
		if record.Owner.ID != id || id == "" {
			return &NotHeldError{Target: opts.Target, ID: id, Owner: record.Owner}
		}
		_, err = opts.Store.WriteRecord(ctx, encodeLease(leaseRecord{Format: leaseFormat, Free: true, Owner: record.Owner}), version)
		if _, renewed := errors.AsType[*ConflictError](err); renewed {
			continue // the holder renewed it, or gave it back
		}
		if err != nil {
			return fmt.Errorf("unlock %s: %w", opts.Target, err)
		}
		return nil
	}
}

// Owner is the holder, with the id of its lock.
func (l *Lease) Owner() Owner { return l.owner }

// Check renews the lock when a third of its time to live is over, and looks at it otherwise. A [LostError] is final.
func (l *Lease) Check(ctx context.Context) error { return l.check(ctx, l.opts.LookEvery) }

// Look is Check with a look at the record in any case: for the writes that decide.
func (l *Lease) Look(ctx context.Context) error { return l.check(ctx, 0) }

func (l *Lease) check(ctx context.Context, every time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	now := l.opts.Now()
	switch {
	case l.lost != nil:
		return l.lost
	case l.closed:
		return fmt.Errorf("%s: the session is closed", l.opts.Target)
	case now.Sub(l.renewed) >= l.owner.ttl()/3 || now.Before(l.renewed):
		l.count++
		return l.put(ctx, leaseRecord{Format: leaseFormat, Owner: l.owner, Renewed: l.count})
	case every > 0 && now.Sub(l.looked) < every:
		return nil
	}
	_, err := l.mine(ctx)
	return err
}

// put writes a record in place of ours. A write whose outcome is not known, and one that lost against a write of our own that was, are settled by
// reading back.
func (l *Lease) put(ctx context.Context, record leaseRecord) error {
	started := l.opts.Now()
	data := encodeLease(record)
	version, err := l.opts.Store.WriteRecord(ctx, data, l.version)
	if err != nil {
		back, found, _, readErr := readLease(ctx, l.opts.Store)
		switch {
		case readErr != nil:
			return err
		case bytes.Equal(encodeLease(back), data):
			version = found
		case found == l.version:
			return err // nothing happened
		case back.Owner.ID != l.owner.ID || back.Free:
			return l.lose(back)
		default:
			return err
		}
	}
	l.version, l.renewed, l.looked = version, started, started
	return nil
}

// mine looks at the record.
func (l *Lease) mine(ctx context.Context) (leaseRecord, error) {
	started := l.opts.Now()
	record, version, _, err := readLease(ctx, l.opts.Store)
	if err != nil {
		return record, fmt.Errorf("look at the lock of %s: %w", l.opts.Target, err)
	}
	if record.Free || record.Owner.ID != l.owner.ID {
		return record, l.lose(record)
	}
	l.version, l.looked = version, started
	return record, nil
}

func (l *Lease) lose(to leaseRecord) error {
	if to.Free {
		to.Owner = Owner{}
	}
	l.lost = &LostError{Target: l.opts.Target, To: to.Owner}
	return l.lost
}

// Release gives the lock back, also when the context is over. A lock that is lost is not ours to give.
func (l *Lease) Release(ctx context.Context) error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.closed || l.lost != nil {
		l.closed = true
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	l.closed = true
	err := l.put(ctx, leaseRecord{Format: leaseFormat, Free: true, Owner: l.owner})
	if _, lost := errors.AsType[*LostError](err); lost {
		return nil
	}
	return err
}

func (o Owner) ttl() time.Duration {
	if o.TTL <= 0 {
		return DefaultTTL
	}
	return o.TTL
}

// readLease reads the record. One that cannot be understood is held by nobody in particular: it may be on its way, and its time to live is over some day.
func readLease(ctx context.Context, store LeaseStore) (leaseRecord, Version, time.Duration, error) {
	data, version, age, err := store.ReadRecord(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return leaseRecord{Free: true}, Absent, 0, nil
	}
	if err != nil {
		return leaseRecord{}, Absent, 0, err
	}
	var record leaseRecord
	if !json.Valid(data) {
		return record, version, age, nil
	}
	if err := json.Unmarshal(data, &record); err != nil {
		return leaseRecord{}, Absent, 0, fmt.Errorf("read the lock: %w", err)
	}
	record.Owner.ID, record.Owner.Who = printable(record.Owner.ID), printable(record.Owner.Who)
	record.Owner.Host, record.Owner.Operation = printable(record.Owner.Host), printable(record.Owner.Operation)
	return record, version, age, nil
}

func encodeLease(record leaseRecord) []byte {
	data, err := json.Marshal(record)
	if err != nil {
		panic(err) // a struct of strings, numbers and a time
	}
	return append(data, '\n')
}

// printable keeps a name from a file on one line of plain text.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f {
			return '?'
		}
		return r
	}, text)
}
