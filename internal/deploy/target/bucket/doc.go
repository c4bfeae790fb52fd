// Package bucket drives deploy targets that are object stores: S3 and Google Cloud Storage, as MWAA, Composer and Airflow's bucket bundles read them.
//
// An object store has no folders, no rename and no lock, but it has what a deploy needs most: a write that names the version it replaces, and is refused when
// another one is in place. [Driver] makes a [target.Target] of any [Store] that offers it: the DAGs are the objects under one prefix, the state those under
// another one outside of it, and the lock is a record in the state.
//
// The stores themselves are in the sub-packages s3 and gcs, each with its provider's own chain of credentials.
//
// # Ambiguous writes
//
// A connection can break after the store did its work, and the libraries below repeat a request that broke. The repetition of a conditional write that was done is refused by
// the store, because the version that it names is gone. So a refused write is settled by looking: when the object holds exactly what was to be written, the
// write counts as done.
package bucket

import (
	"context"
	"time"

	"chrononctl/internal/deploy/target"
)

// Object is what a store tells about an object without its content.
type Object struct {
	Key     string
	Version target.Version // entity tag or generation, never Absent
}

// Content is an object with its content.
type Content struct {
	Object
	Data []byte
	Age  time.Duration // since it was written, by the clock of the store
}

// Store is one bucket, in the few calls that a target makes. Keys are whole object names. It is safe for concurrent use.
//
// An object that is not there is fs.ErrNotExist, a version that is not in place a [target.ConflictError], a refused credential or a missing right a
// [target.DeniedError]. Every call repeats what failed for a passing reason within its context.
type Store interface {
	// String is the bucket as a URL, "s3://my-bucket".
	String() string
	Head(ctx context.Context, key string) (Object, error)
	Get(ctx context.Context, key string) (Content, error)
	// List returns the objects whose keys begin with the prefix, sorted by key: those without a further slash, or with deep all of them.
	List(ctx context.Context, prefix string, deep bool) ([]Object, error)
	// Put writes an object in place of a version of it, or creates it when that is Absent.
	Put(ctx context.Context, key string, data []byte, replaces target.Version) (target.Version, error)
	Delete(ctx context.Context, key string, version target.Version) error
}
