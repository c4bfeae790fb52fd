package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"chrononctl/airflowclient"
)

// activators is the number of DAGs that are unpaused at the same time: the scheduler makes ten runs in one round.
const activators = 4

// verifier waits for a manifest. Trusted is the release that earlier deploys have seen live, before what Airflow showed before the files changed.
func (d *deployment) verifier(manifest, trusted Manifest, before picture) *verifier {
	return &verifier{
		airflow:  d.opts.Airflow,
		want:     expectations(manifest, d.written, trusted),
		before:   before,
		reparse:  d.plan.reparse,
		progress: d.progress,
	}
}

// verify waits until the release is live. One that is not is taken back.
func (d *deployment) verify(ctx context.Context) error {
	d.say(StepVerify, 0, len(d.manifest.DAGs), "")
	results, err := d.verifier(d.manifest, d.memory.lastVerified(), d.plan.seen).wait(ctx, d.opts.Timeout, nil)
	d.result.DAGs = results
	if err != nil {
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
	return d.memory.save(ctx, d.session.State())
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
	before := len(d.memory.ledger.Activate) + len(d.memory.ledger.Retire)
	err := d.activate(ctx)
	if err == nil {
		err = d.prune(ctx)
	}
	if before > len(d.memory.ledger.Activate)+len(d.memory.ledger.Retire) {
		err = errors.Join(err, d.memory.save(ctx, d.session.State()))
	}
	if err != nil {
		return err
	}
	if err := d.sweep(ctx); err != nil {
		return &PendingError{Release: d.manifest.ID, What: "contents of old releases are still kept", Cause: err}
	}
	return nil
}

// activate unpauses the DAGs that are new. It goes on after a failure, and what is left is tried again by the next deploy.
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
	errs := make([]error, len(ids))
	var group errgroup.Group
	group.SetLimit(activators)
	for i, id := range ids {
		group.Go(func() error {
			errs[i] = d.opts.Airflow.SetPaused(ctx, id, false)
			return nil
		})
	}
	_ = group.Wait() // the errors are in errs
	for i, id := range ids {
		if errs[i] != nil {
			left = append(left, id)
			continue
		}
		d.result.Activated = append(d.result.Activated, id)
	}
	d.memory.ledger.Activate = left
	n := len(d.result.Activated)
	d.say(StepActivate, n, len(ids), "")
	if n < len(ids) {
		return &PendingError{Release: d.manifest.ID, What: count(len(ids)-n, "DAG") + " could not be unpaused", Cause: errors.Join(errs...)}
	}
	return nil
}

// prune pauses the DAGs that are no longer wanted, removes their files, and sees them go. Their history stays in Airflow.
func (d *deployment) prune(ctx context.Context) error {
	ids := d.memory.ledger.Retire
	removals := func(change FileChange) bool { return change.Change == Remove && !d.movedOut(change.Path) }
	if len(ids) == 0 && !slices.ContainsFunc(d.plan.Files, removals) {
		return nil
	}
	d.say(StepPrune, 0, len(ids), "")
	for _, id := range ids {
		dag, known := d.plan.seen.dags[id]
		if !known || dag.Stale || dag.Paused {
			continue
		}
		if err := d.opts.Airflow.SetPaused(ctx, id, true); err != nil && !airflowclient.IsNotFound(err) {
			return &PendingError{Release: d.manifest.ID, What: "removed DAG " + id + " could not be paused", Cause: err}
		}
	}
	if err := d.write(ctx, StepPrune, d.plan.Files, nil, removals); err != nil {
		return &PendingError{Release: d.manifest.ID, What: "files of removed DAGs are still there", Cause: err}
	}
	if err := d.session.Publish(ctx, d.manifest.ID); err != nil {
		return &PendingError{Release: d.manifest.ID, What: "files of removed DAGs are still there", Cause: err}
	}
	return d.awaitGone(ctx, ids)
}

// awaitGone waits until Airflow no longer schedules the DAGs.
func (d *deployment) awaitGone(ctx context.Context, ids []string) error {
	deadline := time.Now().Add(d.opts.Timeout)
	v := d.verifier(d.manifest, d.manifest, d.plan.seen)
	for pause := firstPoll; ; pause = min(pause*3/2, lastPoll) {
		seen, err := look(ctx, d.opts.Airflow, d.manifest.DAGs)
		if err == nil {
			d.memory.ledger.Retire = slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
				dag, known := seen.dags[id]
				return !known || dag.Stale
			})
			v.nudge(ctx, seen)
		}
		left := len(d.memory.ledger.Retire)
		d.say(StepPrune, len(ids)-left, len(ids), "")
		if left == 0 {
			return nil
		}
		if !time.Now().Before(deadline) {
			return &PendingError{Release: d.manifest.ID, What: fmt.Sprintf("Airflow still lists %s", count(left, "removed DAG")), Cause: err}
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}
