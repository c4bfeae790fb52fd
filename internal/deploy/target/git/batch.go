package git

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"chrononctl/internal/deploy/target"
)

// batch is what a session wrote and has not published, on both branches, over the commits that it found or made.
type batch struct {
	driver *Driver
	parts  []part

	mutex sync.Mutex
	tips  tips
}

// part is one branch of a batch.
type part struct {
	in     space
	writes *target.Overlay
}

// newBatch begins on the given commits: DAGs first, then state.
func newBatch(d *Driver, at tips) *batch {
	b := &batch{driver: d, tips: at}
	version := func(data []byte) target.Version { return target.Version(blobID(data, at[d.branch])) }
	for _, in := range []space{d.dags(), d.memory()} {
		in.at = b.at
		b.parts = append(b.parts, part{in: in, writes: target.NewOverlay(in, version)})
	}
	return b
}

// at is where the session stands, whatever others pushed meanwhile.
func (b *batch) at(context.Context) (tips, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.tips, nil
}

func (b *batch) discard() {
	for _, p := range b.parts {
		p.writes.Empty()
	}
}

// publish makes a commit on each branch that something was written to, and pushes them as one.
func (b *batch) publish(ctx context.Context, message string) error {
	at, _ := b.at(ctx)
	next := tips{}
	var updates []update
	for _, p := range b.parts {
		ref := p.in.ref
		next[ref] = at[ref]
		changes := p.writes.Changes()
		if len(changes) == 0 {
			continue
		}
		commit, err := b.driver.repo.commit(ctx, at[ref], message, p.in.prefix, changes)
		if err != nil {
			return fmt.Errorf("publish to %s: %w", b.driver, err)
		}
		next[ref] = commit
		updates = append(updates, update{ref: ref, from: at[ref], to: commit})
	}
	if len(updates) == 0 {
		return ctx.Err()
	}
	moved, err := b.driver.repo.push(ctx, updates)
	switch {
	case moved != "":
		return fmt.Errorf("publish to %s: %w", b.driver, &target.ConflictError{Path: "branch " + strings.TrimPrefix(moved, "refs/heads/")})
	case err != nil:
		return fmt.Errorf("publish to %s: %w", b.driver, err)
	}
	b.mutex.Lock()
	b.tips = next
	b.mutex.Unlock()
	b.discard()
	return nil
}
