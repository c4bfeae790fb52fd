package deploy

import (
	"context"
	"maps"
	"slices"

	"chrononctl/dagspec"
)

// upload puts the DAG files in place and makes the release the live one. A few go first where that tells something about the others.
func (d *deployment) upload(ctx context.Context) error {
	canaries := d.canaries()
	if len(canaries) > 0 {
		if err := d.canary(ctx, canaries); err != nil {
			return err
		}
	}
	if err := d.enter(ctx, StepUpload); err != nil {
		return err
	}
	if err := d.write(ctx, StepUpload, d.plan.Files, d.plan.wanted.read, func(change FileChange) bool {
		return d.uploads(change) && !canaries[change.Path]
	}); err != nil {
		return err
	}
	return d.commit(ctx)
}

// uploads says whether a change belongs to the upload: DAG files, and those whose DAGs all live on in other ones.
func (d *deployment) uploads(change FileChange) bool {
	if change.Change == Remove {
		return d.movedOut(change.Path)
	}
	return !isSupport(change.Path) && change.Path != ignoreFile
}

// commit makes the release the live one: the write of the ledger names the version that the plan was made from, so of two deploys one gets here.
func (d *deployment) commit(ctx context.Context) error {
	d.say(StepCommit, 0, 0, d.manifest.ID)
	ledger := &d.memory.ledger
	if ledger.Live != d.manifest.ID || len(ledger.Pending) > 0 {
		verified := ledger.Live == d.manifest.ID && ledger.Verified && d.result.Written == 0
		ledger.commit(d.manifest.ID, d.opts.airflowTime())
		if verified {
			ledger.settle(d.manifest.ID, outcomeVerified)
		}
	}
	ledger.Journal.Step = StepVerify
	if err := d.savePlaced(ctx); err != nil {
		return err
	}
	if err := d.memory.save(ctx, d.opts.Target, d.session.State()); err != nil {
		return err
	}
	return d.session.Publish(ctx, "Release "+d.manifest.ID)
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

// canaries are the files that go first: one changed file of each kind of DAG, as long as others follow. Airflow shows within seconds whether a file that it knows
// still imports, and takes minutes for a new one, so only known ones are asked. A target that shows all writes at once has no canary.
func (d *deployment) canaries() map[string]bool {
	if d.opts.NoVerify || d.opts.Target.Capabilities().AtomicBatch {
		return nil
	}
	live := d.memory.live()
	files := map[string]ManifestDAG{}
	for _, id := range slices.Sorted(maps.Keys(d.manifest.DAGs)) {
		dag := d.manifest.DAGs[id]
		if was, known := live.DAGs[id]; known && was.File == dag.File && files[dag.File].File == "" {
			files[dag.File] = dag
		}
	}
	chosen, kinds, others := map[string]bool{}, map[dagspec.Kind]bool{}, 0
	for _, change := range d.plan.Files {
		if !change.writes() || !d.uploads(change) || change.Path == d.manifest.markerFile() {
			continue
		}
		dag := files[change.Path]
		if change.Change != Update || dag.File == "" || kinds[dag.Kind] || d.mixes(change.Path) {
			others++
			continue
		}
		chosen[change.Path], kinds[dag.Kind] = true, true
	}
	if others == 0 {
		return nil
	}
	return chosen
}

// mixes says that a file takes over a DAG from another file, which has to go at the same time.
func (d *deployment) mixes(file string) bool {
	for id, dag := range d.memory.live().DAGs {
		if to, stays := d.manifest.DAGs[id]; stays && to.File == file && dag.File != file {
			return true
		}
	}
	return false
}

// canary puts a few files in place and sees them live before the others follow.
func (d *deployment) canary(ctx context.Context, files map[string]bool) error {
	if err := d.enter(ctx, StepCanary); err != nil {
		return err
	}
	if err := d.write(ctx, StepCanary, d.plan.Files, d.plan.wanted.read, func(change FileChange) bool { return files[change.Path] }); err != nil {
		return err
	}
	only := d.manifest
	only.DAGs = maps.Clone(only.DAGs)
	maps.DeleteFunc(only.DAGs, func(_ string, dag ManifestDAG) bool { return !files[dag.File] })
	v := d.verifier(only, d.memory.lastVerified(), d.plan.seen)
	v.step = StepCanary
	results, err := v.wait(ctx, d.opts.Timeout, nil)
	if err == nil && failed(results) {
		d.result.DAGs = results
		err = &VerifyError{DAGs: wrong(results), Total: len(results)}
	}
	return err
}
