// Package target holds the places that a release can be deployed to, one driver for each kind.
//
// # What a target is
//
// A target is two flat spaces of files and a lock. Airflow reads the first space, the DAGs: a folder, a bucket
// or a branch. It never sees the second one, the state, in which deploys remember what they did. Both are addressed by slash paths,
// [CheckPath] says which, and both know two things about a file: its content hash, and a [Version] that changes whenever
// anyone writes it.
//
// # Who may write
//
// Reading needs nothing. Writing needs a [Session], and a session is the lock: there is no way to change a target
// without holding it. Every write names the version that it replaces, and is refused with a [ConflictError] when that is
// no longer the one in place, so a file that someone else changed a moment ago is never lost. A write
// becomes visible as a whole or not at all, whatever happens to the machine.
//
// # What a driver has to do
//
// The engine in the parent package knows releases, order, verification and rollback; a driver knows none of these.
// It implements [Target] and [Session], and passes the suite in targettest.
package target

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"
)

// Version identifies one state of one file, in the words of its target: a hash, an entity tag, a generation. It is
// compared, never read. The empty Version is that of a file that does not exist.
type Version string

// Absent is the version of a file that does not exist: a write that names it creates, and never replaces.
const Absent Version = ""

// Entry is what a target knows about a file without handing out its content.
type Entry struct {
	SHA256  string  // hex digest of the content; empty when Special is set
	Version Version // never Absent
	Special string  // what is at the path when it is no plain file, "a folder"; nothing is ever written over it
}

// Target is one place that Airflow reads DAG files from.
type Target interface {
	// String says where it is, for people: "dir /srv/airflow/dags".
	String() string
	// DAGs is what Airflow scans.
	DAGs() Reader
	// State is what only deploys read. It lies outside of what Airflow scans.
	State() Reader
	// Lock takes the right to write. It does not wait: a target that another session holds is a [LockedError].
	Lock(ctx context.Context, owner Owner) (Session, error)
}

// Reader reads one space of a target. It is safe for concurrent use.
type Reader interface {
	// Stat looks at the given paths and returns an entry for each that exists.
	Stat(ctx context.Context, paths []string) (map[string]Entry, error)
	// Read returns the content of a file with its version; an error that is fs.ErrNotExist when there is none.
	Read(ctx context.Context, path string) ([]byte, Version, error)
	// List returns the names of the files in a folder, sorted, without folders; nothing when there is no such folder.
	List(ctx context.Context, folder string) ([]string, error)
}

// Writer changes one space of a target. It belongs to one session and one goroutine. A cancelled context performs no more writes.
type Writer interface {
	// Write puts a file in place of the given version of it, or creates it when that is Absent.
	Write(ctx context.Context, path string, data []byte, replaces Version) (Version, error)
	// Remove removes the given version of a file. Removing Absent is nothing to do.
	Remove(ctx context.Context, path string, version Version) error
}

// Session is the lock on a target and the only way to write to it.
type Session interface {
	DAGs() Writer
	State() Writer
	// Publish makes visible to Airflow what was written to the DAGs since the last call. A target whose
	// single writes are visible at once has nothing left to do.
	Publish(ctx context.Context, message string) error
	// Close gives the lock back. Closing twice is nothing to do.
	Close() error
}

// Owner says who holds a lock, so that the next one knows whom to ask.
type Owner struct {
	Who   string    `json:"who"`
	Host  string    `json:"host"`
	PID   int       `json:"pid"`
	Since time.Time `json:"since"`
}

func (o Owner) String() string {
	if o == (Owner{}) {
		return "another deploy"
	}
	return fmt.Sprintf("%s on %s (process %d) since %s", o.Who, o.Host, o.PID, o.Since.UTC().Format(time.RFC3339))
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
	return "wait for that deploy to end; the lock goes with its process"
}

// ConflictError says that a file is not the version that a write was to replace: someone else wrote it in the meantime.
type ConflictError struct {
	Path string
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("%s was changed by someone else", e.Path)
}

// tempPrefix and tempSuffix mark files on their way. Airflow only loads names that end in .py.
const (
	tempPrefix = ".chrononctl-"
	tempSuffix = ".tmp"
)

// maxElement is the longest name that common file systems take, less what a temporary name adds.
const maxElement = 200

// CheckPath says whether a path can be placed on every kind of target: relative, slash separated, without dot elements,
// of printable ASCII that no file system, shell or object store reads as something else.
func CheckPath(name string) error {
	if name == "." || !fs.ValidPath(name) {
		return fmt.Errorf("path %q: not a clean relative path", name)
	}
	for element := range strings.SplitSeq(name, "/") {
		if len(element) > maxElement {
			return fmt.Errorf("path %q: a name is longer than %d characters", name, maxElement)
		}
		if at := strings.IndexFunc(element, unportable); at >= 0 {
			return fmt.Errorf("path %q: character %q is not allowed", name, element[at:at+1])
		}
		if strings.HasSuffix(element, ".") {
			return fmt.Errorf("path %q: a name must not end in a dot", name)
		}
	}
	if base := path.Base(name); isTemp(base) {
		return fmt.Errorf("path %q: the name is reserved for files on their way", name)
	}
	return nil
}

func unportable(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune(`\:*?"<>|`+"`$", r)
}

func isTemp(base string) bool {
	return strings.HasPrefix(base, tempPrefix) && strings.HasSuffix(base, tempSuffix)
}
