package deploy

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"chrononctl/airflowclient/parallel"
	"chrononctl/internal/deploy/target"
)

// DAGs are unpaused in batches, a few at the same time: the scheduler makes ten runs in one round.
const (
	activationBatch = 20
	activators      = 4
)

// verifier waits for a manifest. Trusted is the release that earlier deploys have seen live, before what Airflow showed before the files changed.
func (d *deployment) verifier(manifest, trusted Manifest, before picture) *verifier {
	return &verifier{
		airflow:  d.opts.Airflow,
		manifest: manifest,
		known:    d.knows,
		marked:   d.written[manifest.markerFile()],
		want:     expectations(manifest, d.written, trusted),
		before:   before,
		reparse:  d.plan.reparse,
		progress: d.progress,
		step:     StepVerify,
		alive:    d.alive,
	}
}

// knows says whether a release is one of this target's: those that were read when this operation began are so too, among them one whose deploy died, which is
// pending no more once this one committed, and which Airflow may show for a moment still.
func (d *deployment) knows(release string) bool {
	_, read := d.memory.manifests[release]
	return read || release == d.manifest.ID || slices.Contains(d.memory.releases(), release)
}

// alive looks at the lock while we wait. Without changes there is none.
func (d *deployment) alive(ctx context.Context) error {
	if d.session == nil {
		return nil
	}
	return d.session.Check(ctx)
}

// verify waits until the release is live. One that is not is taken back.
func (d *deployment) verify(ctx context.Context) error {
	d.say(StepVerify, 0, len(d.manifest.DAGs), "")
	results, err := d.verifier(d.manifest, d.memory.lastVerified(), d.plan.seen).wait(ctx, d.opts.Timeout, nil)
	d.result.DAGs = results
	switch {
	case is[*SupersededError](err), is[*target.LostError](err):
		return err
	case err != nil:
		return &UnverifiedError{Release: d.manifest.ID, Cause: err}
	}
	if failed(results) {
		cause := &VerifyError{DAGs: wrong(results), Total: len(results)}
		if d.opts.NoRollback {
			return &UnverifiedError{Release: d.manifest.ID, Cause: cause}
		}
		return d.fail(ctx, cause)
	}
	d.memory.ledger.settle(d.manifest.ID, outcomeVerified)
	d.memory.ledger.SeenAt = cmp.Or(d.opts.Address, d.memory.ledger.SeenAt)
	if err := d.enter(ctx, StepActivate); err != nil {
		return err
	}
	return d.session.Publish(ctx, "Verify release "+d.manifest.ID)
}

// finishUnseen removes what is no longer wanted without a look at Airflow. DAGs that are new stay paused.
func (d *deployment) finishUnseen(ctx context.Context) error {
	if err := d.write(ctx, StepPrune, d.plan.Files, nil, func(change FileChange) bool { return change.Change == Remove && !d.movedOut(change.Path) }); err != nil {
		return &PendingError{Release: d.manifest.ID, What: "files of removed DAGs are still there", Cause: err}
	}
	if err := d.session.Publish(ctx, d.manifest.ID); err != nil {
		return &PendingError{Release: d.manifest.ID, What: "files of removed DAGs are still there", Cause: err}
	}
	return &UnverifiedError{Release: d.manifest.ID}
}

// finish does what waits for verification: new DAGs are unpaused, unwanted ones go, and so does what nobody needs any more.
func (d *deployment) finish(ctx context.Context) error {
	if err := d.activate(ctx); err != nil {
		return err
	}
	if err := d.prune(ctx); err != nil {
		return err
	}
	if err := d.sweep(ctx); err != nil {
		return &PendingError{Release: d.manifest.ID, What: "contents of old releases are still kept", Cause: err}
	}
	return nil
}

// activate unpauses the DAGs that are new, batch by batch. It goes on after a failure, and what is left is tried again by the next deploy.
func (d *deployment) activate(ctx context.Context) error {
	live := map[string]bool{}
	for _, dag := range d.result.DAGs {
		live[dag.ID] = dag.State == StateVerified
	}
	ids := slices.DeleteFunc(slices.Clone(d.memory.ledger.Activate), func(id string) bool { return !live[id] })
	left := slices.DeleteFunc(slices.Clone(d.memory.ledger.Activate), func(id string) bool { return live[id] })
	if len(ids) == 0 {
		return nil
	}
	d.say(StepActivate, 0, len(ids), "")
	var errs []error
	for batch := range slices.Chunk(ids, activationBatch) {
		if err := d.alive(ctx); err != nil {
			return err
		}
		for i, err := range d.unpause(ctx, batch) {
			if err != nil {
				left, errs = append(left, batch[i]), append(errs, err)
				continue
			}
			d.result.Activated = append(d.result.Activated, batch[i])
		}
		d.say(StepActivate, len(d.result.Activated), len(ids), "")
	}
	d.memory.ledger.Activate = left
	if len(errs) > 0 {
		return &PendingError{Release: d.manifest.ID, What: count(len(errs), "DAG") + " could not be unpaused", Cause: errors.Join(errs...)}
	}
	return nil
}

// unpause gives an error for each DAG.
func (d *deployment) unpause(ctx context.Context, ids []string) []error {
	errs := make([]error, len(ids))
	var group parallel.Group
	group.SetLimit(activators)
	for i, id := range ids {
		group.Go(func() error {
			errs[i] = d.opts.Airflow.SetPaused(ctx, id, false)
			return nil
		})
	}
	_ = group.Wait() // the errors are in errs
	return errs
}
