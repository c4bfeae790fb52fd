package deploy

import (
	"context"
	"errors"
	"slices"
	"sync"

	"chrononctl/airflowclient/parallel"
	"chrononctl/internal/deploy/target"
)

// write carries out the changes of files that are chosen, in their order, as many at the same time as the target likes.
func (d *deployment) write(ctx context.Context, step Step, changes []FileChange, read reading, chosen func(FileChange) bool) error {
	todo := slices.DeleteFunc(slices.Clone(changes), func(c FileChange) bool { return !c.writes() || !chosen(c) })
	done := 0
	for batch := range d.batches(todo) {
		d.say(step, done, len(todo), batch[0].Path)
		if err := d.writeBatch(ctx, batch, read); err != nil {
			return err
		}
		done += len(batch)
	}
	if len(todo) > 0 {
		d.say(step, len(todo), len(todo), "")
	}
	return nil
}

// batches cuts changes into pieces that may happen in any order among themselves.
func (d *deployment) batches(changes []FileChange) func(yield func([]FileChange) bool) {
	most := max(1, d.opts.Target.Capabilities().Writers)
	return func(yield func([]FileChange) bool) {
		for from := 0; from < len(changes); {
			to := from + 1
			for to < len(changes) && to-from < most && rank(changes[to], d.manifest.markerFile()) == rank(changes[from], d.manifest.markerFile()) {
				to++
			}
			if !yield(changes[from:to]) {
				return
			}
			from = to
		}
	}
}

// writeBatch waits for all of a batch, also when one fails: what has become of each is known then.
func (d *deployment) writeBatch(ctx context.Context, batch []FileChange, read reading) error {
	var mutex sync.Mutex
	var group parallel.Group
	for _, change := range batch {
		group.Go(func() error {
			version, err := d.change(ctx, change, read)
			mutex.Lock()
			defer mutex.Unlock()
			d.note(change, version, err)
			return err
		})
	}
	return group.Wait()
}

// change carries out one change of a file.
func (d *deployment) change(ctx context.Context, change FileChange, read reading) (target.Version, error) {
	writer := d.session.DAGs()
	if change.Change == Remove {
		return target.Absent, writer.Remove(ctx, change.Path, change.version)
	}
	data, err := read(ctx, change.Path)
	if err != nil {
		return target.Absent, &notWrittenError{err}
	}
	return writer.Write(ctx, change.Path, data, change.version)
}

// notWrittenError is an error from before a write was tried.
type notWrittenError struct{ error }

func (e *notWrittenError) Unwrap() error { return e.error }

// note counts a change. After most errors it is not known whether the file is in place: then it counts as if it were.
func (d *deployment) note(change FileChange, version target.Version, err error) {
	_, conflict := errors.AsType[*target.ConflictError](err)
	_, lost := errors.AsType[*target.LostError](err)
	_, before := errors.AsType[*notWrittenError](err)
	if change.Change != Remove && !isSupport(change.Path) && !conflict && !lost && !before {
		d.written[change.Path] = true
	}
	switch {
	case err != nil:
	case change.Change == Remove:
		d.result.Removed++
		d.memory.forget(change.Path)
	default:
		d.result.Written++
		d.memory.place(change.Path, target.Entry{SHA256: change.SHA256, Version: version})
	}
}
