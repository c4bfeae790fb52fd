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
// no longer the one in place, so a file that someone else changed a moment ago is never lost. A file is
// written as a whole or not at all, whatever happens to the machine.
//
// # When a write is there
//
// A folder or a bucket shows every write at once. A branch, or a tool that takes a finished folder, shows them together: [Capabilities]
// says so in AtomicBatch. One way of working fits both. What was written since the last [Session.Publish] counts as done when
// Publish returns, and not before; a target that shows writes at once has nothing left to do then. The writes of both spaces belong to one batch, so
// that a commit of the state and the files that it speaks of cannot come apart. [Session.Discard] forgets a batch that was not published.
//
// # What an error means
//
// A [ConflictError] says that nothing happened. After any other error of a write or of Publish, it may have happened: a
// connection can break after the server did its work. A driver that can find out by reading back does so, and the
// engine looks again before it decides anything.
//
// # The lock
//
// The lock is a record in the state: who, since when, for how long. It is taken, renewed, given back and broken by conditional writes, and it is never
// removed, so a target needs no conditional delete for it. [Lease] is that lock for every driver. A driver hands it a [LeaseStore], and wraps its
// writers with [NewSession], which looks at the lock before each write.
//
// # What a driver has to do
//
// The engine in the parent package knows releases, order, verification and rollback; a driver knows none of these.
// It implements [Target], its two readers, its two writers and a [LeaseStore], and passes the suite in targettest.
package target

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// Version identifies one state of one file, in the words of its target: a hash, an entity tag, a generation. It is
// compared, never read. The empty Version is that of a file that does not exist.
type Version string

// Absent is the version of a file that does not exist: a write that names it creates, and never replaces.
const Absent Version = ""

// Entry is what a target knows about a file without handing out its content.
type Entry struct {
	// SHA256 is the hex digest of the content. It is empty when Special is set, and when the target would have to fetch the content to know
	// it: then the engine compares the version with the one that it got when it wrote the file, and reads the file where they differ.
	SHA256  string
	Version Version // never Absent
	Special string  // what is at the path when it is no plain file, "a folder"; nothing is ever written over it
}

// Capabilities are the differences between targets that the engine has to know.
type Capabilities struct {
	// AtomicBatch says that what is written becomes visible by Publish, all at once: there is no canary then, and no moment in between.
	AtomicBatch bool
	// Conditional says that the target itself refuses a write or a removal of a version that is no longer in place. Without it the driver looks
	// first and then writes, which leaves a moment in which a writer that is no deploy can be overwritten.
	Conditional bool
	// Hashes says that Stat fills in the content hash of every plain file.
	Hashes bool
	// Writers is how many goroutines may write the DAGs or contents of the state at the same time to be quicker; 0 and 1 are one.
	Writers int
}

// Target is one place that Airflow reads DAG files from.
type Target interface {
	// String says where it is, for people: "dir /srv/airflow/dags".
	String() string
	// Capabilities never asks the target.
	Capabilities() Capabilities
	// DAGs is what Airflow scans.
	DAGs() Reader
	// State is what only deploys read. It lies outside of what Airflow scans.
	State() Reader
	// Lock takes the right to write. It does not wait: a target that another session holds is a [LockedError]. A lock that was not renewed for its
	// time to live is taken over.
	Lock(ctx context.Context, owner Owner) (Session, error)
	// Holder says who has the lock; the zero Owner when nobody does. It changes nothing.
	Holder(ctx context.Context) (Owner, error)
	// Break takes the lock away from the holder with this id. The holder's next write fails with a [LostError]. A lock that is free or that another
	// id holds is a [NotHeldError].
	Break(ctx context.Context, id string) error
}

// Reader reads one space of a target as it was published. It is safe for concurrent use.
type Reader interface {
	// Stat looks at the given paths and returns an entry for each that exists. It may be asked for thousands at once: a target that answers per file
	// lists folders instead, or asks for several at the same time.
	Stat(ctx context.Context, paths []string) (map[string]Entry, error)
	// Read returns the content of a file with its version; an error that is fs.ErrNotExist when there is none.
	Read(ctx context.Context, path string) ([]byte, Version, error)
	// List returns the names of the files in a folder, sorted, without folders; nothing when there is no such folder. The folder "." is the space itself.
	List(ctx context.Context, folder string) ([]string, error)
}

// Writer changes one space of a target. It belongs to one session, and is safe for as many goroutines as Capabilities.Writers says, each with its
// own paths. A cancelled context performs no more writes, and neither does a session that lost its lock.
type Writer interface {
	// Write puts a file in place of the given version of it, or creates it when that is Absent. The version that it returns is the one that the file has
	// once it is published, and can be replaced before that.
	Write(ctx context.Context, path string, data []byte, replaces Version) (Version, error)
	// Remove removes the given version of a file. Removing Absent is nothing to do.
	Remove(ctx context.Context, path string, version Version) error
}

// Session is the lock on a target and the only way to write to it.
type Session interface {
	// Owner is the holder as the lock knows it, with its id.
	Owner() Owner
	DAGs() Writer
	State() Writer
	// Check renews the lock when it is time to, and says with a [LostError] that it belongs to someone else by now. Every write does it too; it is for those
	// who wait.
	Check(ctx context.Context) error
	// Publish makes what was written to both spaces since the last call count. The message is for a target that keeps one, in one line.
	Publish(ctx context.Context, message string) error
	// Discard forgets what was written and not published. Where every write shows at once there is nothing to forget.
	Discard()
	// Close gives the lock back, and discards. Closing twice is nothing to do.
	Close() error
}

// ConflictError says that a file is not the version that a write was to replace: someone else wrote it in the meantime.
// Nothing was written.
type ConflictError struct {
	Path string // of the file, or what moved in its place: "branch main"
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
