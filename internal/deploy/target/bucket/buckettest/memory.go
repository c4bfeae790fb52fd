// Package buckettest has an object store in memory, and makes any store fail in the ways in which real ones fail.
package buckettest

import (
	"bytes"
	"context"
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

// Memory is a bucket in memory with conditional writes. It is safe for concurrent use.
type Memory struct {
	mutex   sync.Mutex
	objects map[string]object
	writes  int // generation of the newest object
}

type object struct {
	data       []byte
	generation int
	written    time.Time
}

var _ bucket.Store = (*Memory)(nil)

func (m *Memory) String() string { return "memory://bucket" }

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
	if err := ctx.Err(); err != nil {
		return bucket.Content{}, err
	}
	found, ok := m.objects[key]
	if !ok {
		return bucket.Content{}, fmt.Errorf("%s: %w", key, fs.ErrNotExist)
	}
	return bucket.Content{Object: bucket.Object{Key: key, Version: version(found)}, Data: bytes.Clone(found.data), Age: time.Since(found.written)}, nil
}

// List implements [bucket.Store].
func (m *Memory) List(ctx context.Context, prefix string, deep bool) ([]bucket.Object, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var out []bucket.Object
	for _, key := range slices.Sorted(maps.Keys(m.objects)) {
		if rest, ok := strings.CutPrefix(key, prefix); ok && (deep || !strings.Contains(rest, "/")) {
			out = append(out, bucket.Object{Key: key, Version: version(m.objects[key])})
		}
	}
	return out, nil
}

// Put implements [bucket.Store].
func (m *Memory) Put(ctx context.Context, key string, data []byte, replaces target.Version) (target.Version, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if err := ctx.Err(); err != nil {
		return target.Absent, err
	}
	if version(m.objects[key]) != replaces {
		return target.Absent, &target.ConflictError{Path: key}
	}
	if m.objects == nil {
		m.objects = map[string]object{}
	}
	m.writes++
	m.objects[key] = object{data: bytes.Clone(data), generation: m.writes, written: time.Now()}
	return version(m.objects[key]), nil
}

// Delete implements [bucket.Store].
func (m *Memory) Delete(ctx context.Context, key string, replaces target.Version) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if version(m.objects[key]) != replaces {
		return &target.ConflictError{Path: key}
	}
	delete(m.objects, key)
	return nil
}
