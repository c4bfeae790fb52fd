package target

import (
	"fmt"
	"time"
)

// DefaultTTL is how long a lock stays with a holder that does not renew it.
const DefaultTTL = 15 * time.Minute

// Owner says who holds a lock, so that the next one knows whom to ask.
type Owner struct {
	ID        string        `json:"id,omitempty"` // of this lock, filled in by Lock; what breaks it
	Who       string        `json:"who"`
	Host      string        `json:"host"`
	PID       int           `json:"pid"`
	Operation string        `json:"operation,omitempty"` // "deploy"
	Since     time.Time     `json:"since"`               // by the holder's clock, for people
	TTL       time.Duration `json:"ttl_ns,omitempty"`    // how long the lock stays without being renewed; 0: DefaultTTL
}

func (o Owner) String() string {
	if o == (Owner{}) {
		return "another deploy"
	}
	text := fmt.Sprintf("%s on %s (process %d) since %s", o.Who, o.Host, o.PID, o.Since.UTC().Format(time.RFC3339))
	if o.ID != "" {
		text += ", lock " + o.ID
	}
	return text
}

// LockedError says that another session holds the target. Nothing was changed.
type LockedError struct {
	Target string
	Owner  Owner // zero when it could not be read
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("%s is locked by %s", e.Target, e.Owner)
}

// Hint says what to do about it.
func (e *LockedError) Hint() string {
	if e.Owner.ID == "" {
		return "wait for that deploy to end, then plan again"
	}
	return "wait for that deploy to end; if it is dead, take its lock away: chrononctl deploy unlock " + e.Owner.ID
}

// LostError says that the lock of a session was broken, or taken over after it had not been renewed for its time to live. The session writes nothing more.
type LostError struct {
	Target string
	To     Owner // who has it now; zero: nobody
}

func (e *LostError) Error() string {
	if e.To == (Owner{}) {
		return fmt.Sprintf("%s: the lock of this deploy was broken", e.Target)
	}
	return fmt.Sprintf("%s: the lock of this deploy was broken, and is held by %s now", e.Target, e.To)
}

// Hint says what to do about it.
func (e *LostError) Hint() string {
	return "look at what is in place with `chrononctl plan`, then deploy again"
}

// NotHeldError says that the lock to be broken is not held under that id.
type NotHeldError struct {
	Target string
	ID     string
	Owner  Owner // who holds the target; zero: nobody
}

func (e *NotHeldError) Error() string {
	if e.Owner == (Owner{}) {
		return fmt.Sprintf("%s is not locked", e.Target)
	}
	return fmt.Sprintf("%s is locked by %s, not by lock %s", e.Target, e.Owner, e.ID)
}
