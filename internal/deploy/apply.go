package deploy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"chrononctl/internal/deploy/target"
)

// Apply carries a plan out. The result is never nil, and says how far it came when there is an error.
//
// A plan without changes takes no lock and writes nothing: what is in place is verified once more.
func (e *Engine) Apply(ctx context.Context, plan *Plan, progress Progress) (*Result, error) {
	start := time.Now()
	d := &deployment{
		opts:     e.opts,
		engine:   e,
		plan:     plan,
		memory:   plan.memory,
		progress: progress,
		written:  map[string]bool{},
		result:   &Result{Target: plan.Target, Release: plan.Base, Activated: []string{}, DAGs: []DAGResult{}},
	}
	err := d.run(ctx)
	d.result.Release = d.memory.ledger.Live
	d.result.Changed = d.result.Written+d.result.Removed > 0
	d.result.Elapsed = time.Since(start)
	if err != nil {
		return d.result, fmt.Errorf("deploy to %s: %w", e.opts.Target, err)
	}
	return d.result, nil
}

// deployment is one run of Apply.
type deployment struct {
	opts     Options
	engine   *Engine
	plan     *Plan
	memory   memory
	manifest Manifest // the release, with its id
	session  target.Session
	progress Progress
	step     Step
	written  map[string]bool // DAG files that this deploy put in place
	result   *Result
}

// say notes the step and tells its progress.
func (d *deployment) say(step Step, done, total int, detail string) {
	d.step = step
	d.progress.say(step, done, total, detail)
}

// run goes through the steps and gives a cancelled context its own error.
func (d *deployment) run(ctx context.Context) error {
	if foreign := d.plan.Foreign(); len(foreign) > 0 {
		return &ForeignError{Files: foreign}
	}
	err := d.steps(ctx)
	if _, incomplete := errors.AsType[*RollbackError](err); err != nil && ctx.Err() != nil && !incomplete {
		return &InterruptedError{During: d.step, Cause: context.Cause(ctx)}
	}
	return err
}

func (d *deployment) steps(ctx context.Context) error {
	if !d.plan.Changes() {
		return d.confirm(ctx)
	}
	d.say(StepLock, 0, 0, d.plan.Target)
	owner := d.opts.Owner
	owner.Since = d.opts.Now().UTC()
	session, err := d.opts.Target.Lock(ctx, owner)
	if err != nil {
		return err
	}
	defer func() { _ = session.Close() }() // the lock goes with the process at the latest
	d.session = session
	if err := d.recheck(ctx); err != nil {
		return err
	}
	d.identify(owner)
	if err := d.stage(ctx); err != nil {
		return stale(err)
	}
	if err := d.upload(ctx); err != nil {
		return d.fail(ctx, err)
	}
	if d.opts.NoVerify {
		return d.finishUnseen(ctx)
	}
	if err := d.verify(ctx); err != nil {
		return err
	}
	if err := d.finish(ctx); err != nil {
		return err
	}
	if bad := wrong(d.result.DAGs); len(bad) > 0 {
		return &UnverifiedError{Release: d.manifest.ID, Cause: &VerifyError{DAGs: bad, Total: len(d.result.DAGs)}}
	}
	return nil
}

// stale turns a lost race for a file into the error that says so. It is meant for errors before the first visible change.
func stale(err error) error {
	if conflict, ok := errors.AsType[*target.ConflictError](err); ok {
		return &StaleError{Reason: conflict.Path + " has changed since"}
	}
	return err
}

// confirm verifies what is in place. Nothing was changed, so nothing is taken back.
func (d *deployment) confirm(ctx context.Context) error {
	if d.opts.NoVerify {
		if d.memory.ledger.Verified {
			return nil
		}
		return &UnverifiedError{Release: d.memory.ledger.Live}
	}
	d.say(StepVerify, 0, len(d.plan.DAGs), "")
	live := d.memory.live()
	v := d.verifier(live, live, d.plan.seen)
	results, err := v.wait(ctx, d.opts.Timeout, &d.plan.seen)
	d.result.DAGs = results
	switch bad := wrong(results); {
	case err != nil:
		return err
	case len(bad) > 0:
		return &VerifyError{DAGs: bad, Total: len(results)}
	}
	return nil
}

// recheck makes sure that nothing has moved since the plan was made, and takes the picture that verification compares with.
func (d *deployment) recheck(ctx context.Context) error {
	now, err := remember(ctx, d.opts.Target.State())
	if err != nil {
		return err
	}
	if now.version != d.plan.memory.version {
		return &StaleError{Reason: "another deploy has happened since"}
	}
	names := make([]string, len(d.plan.Files))
	for i, file := range d.plan.Files {
		names[i] = file.Path
	}
	entries, err := d.opts.Target.DAGs().Stat(ctx, names)
	if err != nil {
		return err
	}
	for _, file := range d.plan.Files {
		if entries[file.Path].Version != file.version {
			return &StaleError{Reason: file.Path + " has changed since"}
		}
	}
	if d.opts.NoVerify {
		return nil
	}
	d.plan.seen, err = look(ctx, d.opts.Airflow, d.plan.wanted.manifest.DAGs)
	return err
}

// identify gives the release its id: that of the live one when a deploy of the same content is to be finished.
func (d *deployment) identify(owner target.Owner) {
	if live := d.memory.live(); live.Digest == d.plan.Digest && live.ID != "" {
		d.manifest = live
		return
	}
	d.manifest = d.plan.wanted.manifest
	d.manifest.name(d.opts.Now(), owner)
	for _, id := range d.memory.ledger.Pending { // an interrupted deploy may have taken files over already
		for name, sum := range d.memory.manifests[id].Replaced {
			if _, ours := d.manifest.Files[name]; ours {
				d.replaced(name, sum)
			}
		}
	}
}

// upload puts the DAG files in place and makes the release the live one.
func (d *deployment) upload(ctx context.Context) error {
	if err := d.write(ctx, StepUpload, d.plan.Files, d.plan.wanted.read, func(change FileChange) bool {
		if change.Change == Remove {
			return d.movedOut(change.Path)
		}
		return !isSupport(change.Path) && change.Path != ignoreFile
	}); err != nil {
		return err
	}
	if err := d.session.Publish(ctx, d.manifest.ID); err != nil {
		return err
	}
	d.say(StepCommit, 0, 0, d.manifest.ID)
	if d.memory.ledger.Live == d.manifest.ID && len(d.memory.ledger.Pending) == 0 {
		return nil
	}
	verified := d.memory.ledger.Live == d.manifest.ID && d.memory.ledger.Verified && d.result.Written == 0
	d.memory.ledger.commit(d.manifest.ID)
	if verified {
		d.memory.ledger.settle(d.manifest.ID, outcomeVerified)
	}
	return d.memory.save(ctx, d.session.State())
}

// movedOut says that every DAG of a file that is removed lives on in another one: two files with one DAG would fight over it.
func (d *deployment) movedOut(file string) bool {
	moved := false
	for _, manifest := range d.plan.memory.current() {
		for id, dag := range manifest.DAGs {
			if dag.File != file {
				continue
			}
			if _, stays := d.manifest.DAGs[id]; !stays {
				return false
			}
			moved = true
		}
	}
	return moved
}

// write carries out the changes of files that are chosen, in their order.
func (d *deployment) write(ctx context.Context, step Step, changes []FileChange, read func(string) ([]byte, error), chosen func(FileChange) bool) error {
	var todo []FileChange
	for _, change := range changes {
		if change.writes() && chosen(change) {
			todo = append(todo, change)
		}
	}
	for i, change := range todo {
		d.say(step, i, len(todo), change.Path)
		if err := d.change(ctx, change, read); err != nil {
			return err
		}
	}
	if len(todo) > 0 {
		d.say(step, len(todo), len(todo), "")
	}
	return nil
}

// change carries out one change of a file.
func (d *deployment) change(ctx context.Context, change FileChange, read func(string) ([]byte, error)) error {
	writer := d.session.DAGs()
	if change.Change == Remove {
		if err := writer.Remove(ctx, change.Path, change.version); err != nil {
			return err
		}
		d.result.Removed++
		return nil
	}
	data, err := read(change.Path)
	if err != nil {
		return err
	}
	_, err = writer.Write(ctx, change.Path, data, change.version)
	if _, lost := errors.AsType[*target.ConflictError](err); !lost && !isSupport(change.Path) {
		d.written[change.Path] = true // after other errors too: whether the file is in place is not known then
	}
	if err == nil {
		d.result.Written++
	}
	return err
}
