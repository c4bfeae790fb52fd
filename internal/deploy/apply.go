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
		return d.result, fmt.Errorf("%s %s: %w", plan.operation.verb(), e.opts.Target, err)
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
	begun    bool            // the intention is written down
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
	if err := d.plan.Refusal(); err != nil {
		return err
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
	if err := d.lock(ctx); err != nil {
		return err
	}
	defer d.unlock()
	if err := d.recheck(ctx); err != nil {
		return err
	}
	d.identify()
	return d.conclude(ctx, d.carryOut(ctx))
}

// carryOut does what the plan says, under the lock.
func (d *deployment) carryOut(ctx context.Context) error {
	if err := d.stage(ctx); err != nil {
		return d.abandon(stale(err))
	}
	if err := d.upload(ctx); err != nil {
		return d.fail(ctx, err)
	}
	if d.opts.NoVerify {
		return d.abandon(d.finishUnseen(ctx))
	}
	if err := d.verify(ctx); err != nil {
		return d.abandon(err)
	}
	if err := d.finish(ctx); err != nil {
		return d.abandon(err)
	}
	if bad := wrong(d.result.DAGs); len(bad) > 0 {
		return &UnverifiedError{Release: d.manifest.ID, Cause: &VerifyError{DAGs: bad, Total: len(d.result.DAGs)}}
	}
	return nil
}

// lockRetries are the pauses between two tries for a lock: the first, and the longest.
const (
	firstLockRetry = time.Second
	lastLockRetry  = 16 * time.Second
)

// lock takes the lock, and waits for it as long as it may.
func (d *deployment) lock(ctx context.Context) error {
	d.say(StepLock, 0, 0, d.plan.Target)
	owner := d.opts.Owner
	owner.Since, owner.Operation = d.opts.Now().UTC(), string(d.plan.operation)
	deadline := time.Now().Add(d.opts.LockWait)
	for pause := firstLockRetry; ; pause = min(2*pause, lastLockRetry) {
		session, err := d.opts.Target.Lock(ctx, owner)
		if err == nil {
			d.session = session
			return nil
		}
		left := time.Until(deadline)
		if _, locked := errors.AsType[*target.LockedError](err); !locked || left <= 0 {
			return err
		}
		d.say(StepLock, 0, 0, "waiting: "+err.Error())
		if err := sleep(ctx, min(pause, left)); err != nil {
			return err
		}
	}
}

// unlock gives the lock back. One that cannot be, as when the network is gone, runs out: whoever deploys next is told how to have it sooner.
func (d *deployment) unlock() {
	if err := d.session.Close(); err != nil {
		d.progress.say(StepLock, 0, 0, fmt.Sprintf("could not be given back, and runs out in %.0f minutes; sooner: chrononctl deploy unlock %s",
			target.DefaultTTL.Minutes(), d.session.Owner().ID))
	}
}

// stale turns a lost race for a file into the error that says so. It is meant for errors before the first visible change.
func stale(err error) error {
	if conflict, ok := errors.AsType[*target.ConflictError](err); ok {
		return &StaleError{Reason: conflict.Path + " has changed since"}
	}
	return err
}

// abandon gives the loss of the lock its own error once something may have changed: what is there now belongs to whoever has the lock.
func (d *deployment) abandon(err error) error {
	lost, ok := errors.AsType[*target.LostError](err)
	if !ok || len(d.written)+d.result.Written+d.result.Removed == 0 && d.memory.ledger.Live == d.plan.Base {
		return err
	}
	return &AbandonedError{During: d.step, Cause: lost}
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
	now, err := remember(ctx, d.opts.Target)
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
	d.plan.seen, err = look(ctx, d.opts.Airflow, d.plan.wanted.manifest)
	return err
}

// identify takes the release from the plan: a new one, the live one that is to be finished, an earlier one that is to be live again.
func (d *deployment) identify() {
	d.manifest = d.plan.wanted.manifest
	if _, known := d.memory.manifests[d.manifest.ID]; known {
		return
	}
	d.manifest.By = d.session.Owner()
	for _, id := range d.memory.ledger.Pending { // an interrupted deploy may have taken files over already
		for name, sum := range d.memory.manifests[id].Replaced {
			if _, ours := d.manifest.Files[name]; ours {
				d.replaced(name, sum)
			}
		}
	}
}
