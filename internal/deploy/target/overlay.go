package target

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Overlay is the writer of a target with batches: it keeps what is written to one space until the driver publishes it.
type Overlay struct {
	below   Reader
	version func(data []byte) Version

	mutex   sync.Mutex
	pending map[string]Change
}

var _ Writer = (*Overlay)(nil)

// Change is what a batch does to one file.
type Change struct {
	Path     string
	Data     []byte
	Removed  bool
	Replaces Version // what the published file has to be
}

// NewOverlay makes an empty batch over what is published. Version is the one that a content will have once it is.
func NewOverlay(below Reader, version func(data []byte) Version) *Overlay {
	return &Overlay{below: below, version: version, pending: map[string]Change{}}
}

// Write implements [Writer].
func (o *Overlay) Write(ctx context.Context, name string, data []byte, replaces Version) (Version, error) {
	if err := o.add(ctx, replaces, Change{Path: name, Data: slices.Clone(data)}); err != nil {
		return Absent, fmt.Errorf("write %s: %w", name, err)
	}
	return o.version(data), nil
}

// Remove implements [Writer].
func (o *Overlay) Remove(ctx context.Context, name string, version Version) error {
	if version == Absent {
		return nil
	}
	if err := o.add(ctx, version, Change{Path: name, Removed: true}); err != nil {
		return fmt.Errorf("remove %s: %w", name, err)
	}
	return nil
}

func (o *Overlay) add(ctx context.Context, replaces Version, change Change) error {
	if err := errors.Join(ctx.Err(), CheckPath(change.Path)); err != nil {
		return err
	}
	o.mutex.Lock()
	defer o.mutex.Unlock()
	earlier, written := o.pending[change.Path]
	there, published := Absent, earlier.Replaces
	switch {
	case !written:
		entries, err := o.below.Stat(ctx, []string{change.Path})
		if err != nil {
			return err
		}
		entry := entries[change.Path]
		if entry.Special != "" {
			return &ConflictError{Path: change.Path}
		}
		there, published = entry.Version, entry.Version
	case !earlier.Removed:
		there = o.version(earlier.Data)
	}
	if there != replaces {
		return &ConflictError{Path: change.Path}
	}
	change.Replaces = published
	o.pending[change.Path] = change
	return nil
}

// Changes returns the batch, sorted by path.
func (o *Overlay) Changes() []Change {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return slices.SortedFunc(maps.Values(o.pending), func(a, b Change) int { return strings.Compare(a.Path, b.Path) })
}

// Empty forgets the batch: it was published, or is not wanted any more.
func (o *Overlay) Empty() {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.pending = map[string]Change{}
}
