package deploy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"chrononctl/internal/deploy/target"
)

// fail ends a deploy that went wrong. When no DAG file was touched yet there is nothing to take back. A context that is over allows no more
// writes: the next deploy continues from what is there.
func (d *deployment) fail(ctx context.Context, cause error) error {
	live := d.plan.memory.ledger
	conflict, raced := errors.AsType[*target.ConflictError](cause)
	switch {
	case ctx.Err() != nil:
		return cause
	case is[*target.LostError](cause):
		return d.abandon(cause)
	case raced && conflict.Path == ledgerFile:
		return &AbandonedError{During: d.step, Cause: cause} // another deploy got there first: what is in place is its business
	case is[*SupersededError](cause):
		return cause
	case live.Live == d.manifest.ID && live.Verified:
		return cause // the release was good before, and only had to be mended: what is older would be no better
	case len(d.written)+d.result.Removed == 0 && live.Live != d.manifest.ID && d.memory.ledger.Live != d.manifest.ID:
		return stale(cause)
	}
	goal, exists := d.memory.goal(d.manifest.ID)
	if err := d.discard(ctx); err != nil {
		return &RollbackError{Cause: cause, To: goal.ID, Err: err}
	}
	if err := d.enter(ctx, StepRollback); err != nil {
		return &RollbackError{Cause: cause, To: goal.ID, Err: err}
	}
	d.say(StepRollback, 0, 0, goal.ID)
	if err := d.rollback(ctx, goal, exists); err != nil {
		if lost, ok := errors.AsType[*target.LostError](err); ok {
			return &AbandonedError{During: StepRollback, Cause: lost}
		}
		return &RollbackError{Cause: cause, To: goal.ID, Err: err}
	}
	return &RolledBackError{Cause: cause, To: goal.ID, Verified: exists && !d.opts.NoVerify}
}

// discard forgets what was not published. The ledger in place is then the one that was published last, and not the one of the failed batch; it is
// still ours when its journal names our lock.
func (d *deployment) discard(ctx context.Context) error {
	d.session.Discard()
	if !d.opts.Target.Capabilities().AtomicBatch {
		return nil
	}
	var there ledger
	data, version, err := d.opts.Target.State().Read(ctx, ledgerFile)
	if err == nil {
		err = decode(data, &there, func() int { return there.Format })
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", ledgerFile, err)
	}
	if there.Journal != nil && there.Journal.By.ID == d.session.Owner().ID {
		d.memory.version = version
	}
	return nil
}

// rollback puts an earlier release back, or nothing when there is none, and sees it live.
func (d *deployment) rollback(ctx context.Context, goal Manifest, exists bool) error {
	var before picture
	if !d.opts.NoVerify {
		var err error
		if before, err = look(ctx, d.opts.Airflow, goal); err != nil {
			before = d.plan.seen // an Airflow that is away may be back when it matters
		}
	}
	d.written = map[string]bool{}
	if err := d.restore(ctx, goal); err != nil {
		return err
	}
	if err := d.revert(ctx, goal); err != nil {
		return err
	}
	if err := d.session.Publish(ctx, "Roll back to release "+goal.ID); err != nil {
		return err
	}
	if !exists || d.opts.NoVerify {
		return nil
	}
	v := d.verifier(goal, d.memory.lastVerified(), before)
	v.notes = "rollback"
	results, err := v.wait(ctx, d.opts.Timeout, nil)
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	if failed(results) {
		return &VerifyError{DAGs: wrong(results), Total: len(results)}
	}
	return nil
}

// restore writes the files of an earlier release, and those of others that the failed one had taken over. A file that someone
// changed in the meantime is left alone and reported.
func (d *deployment) restore(ctx context.Context, goal Manifest) error {
	wanted := goal
	wanted.Files = maps.Clone(d.manifest.Replaced)
	if wanted.Files == nil {
		wanted.Files = map[string]string{}
	}
	maps.Copy(wanted.Files, goal.Files)
	stored := blobs(d.opts.Target.State(), wanted)
	old := Options{Target: d.opts.Target}
	changes, err := (&Engine{opts: old}).difference(ctx, &stored, &d.memory)
	if err != nil {
		return err
	}
	if err := d.write(ctx, StepRollback, changes, stored.read, func(FileChange) bool { return true }); err != nil {
		return err
	}
	if err := d.savePlaced(ctx); err != nil {
		return err
	}
	var foreign []string
	for _, change := range changes {
		if change.Change == Foreign {
			foreign = append(foreign, change.Path+": "+change.Reason)
		}
	}
	if len(foreign) > 0 {
		return errors.New(strings.Join(foreign, "\n"))
	}
	return nil
}

// revert writes down that the release failed and which one is live again.
func (d *deployment) revert(ctx context.Context, goal Manifest) error {
	ledger := &d.memory.ledger
	if !slices.ContainsFunc(ledger.History, func(p past) bool { return p.ID == d.manifest.ID }) {
		ledger.History = slices.Insert(ledger.History, 0, past{ID: d.manifest.ID})
	}
	ledger.settle(d.manifest.ID, outcomeFailed)
	ledger.supersede(goal.ID, d.opts.airflowTime())
	ledger.Live, ledger.Verified, ledger.Pending, ledger.Retire = goal.ID, false, nil, nil
	for i := range ledger.History {
		if past := &ledger.History[i]; past.ID == goal.ID {
			past.Until, ledger.Verified = time.Time{}, past.Outcome == outcomeVerified
		}
	}
	return d.memory.save(ctx, d.opts.Target, d.session.State())
}
