package deploy

import (
	"context"
	"maps"
	"slices"

	"chrononctl/airflowclient/parallel"
	"chrononctl/internal/deploy/target"
)

// stage keeps the content of the release in the state, writes down the intention, and places the supporting files. A failure leaves
// Airflow as it was: nothing that it reads has changed.
func (d *deployment) stage(ctx context.Context) error {
	d.say(StepStage, 0, 0, "")
	if err := d.reportUnfinished(ctx); err != nil {
		return err
	}
	state := d.session.State()
	if err := d.keepBlobs(ctx, state); err != nil {
		return err
	}
	if err := d.keepManifest(ctx, state); err != nil {
		return err
	}
	d.memory.manifests[d.manifest.ID] = d.manifest
	ledger := &d.memory.ledger
	if d.manifest.ID != ledger.Live && !slices.Contains(ledger.Pending, d.manifest.ID) {
		ledger.Pending = append(ledger.Pending, d.manifest.ID)
	}
	ledger.Activate, ledger.Retire = d.plan.activations(), d.plan.retirements()
	ledger.Journal = &Journal{Operation: string(d.plan.operation), Release: d.manifest.ID, From: ledger.Live, By: d.session.Owner()}
	if err := d.enter(ctx, StepStage); err != nil {
		return err
	}
	if err := d.session.Publish(ctx, "Begin release "+d.manifest.ID); err != nil {
		return err
	}
	return d.write(ctx, StepStage, d.plan.Files, d.plan.wanted.read, func(change FileChange) bool {
		return change.Change != Remove && isSupport(change.Path) || change.Path == ignoreFile
	})
}

// enter writes down that a step begins.
func (d *deployment) enter(ctx context.Context, step Step) error {
	d.step = step
	d.memory.ledger.Journal.Step = step
	err := d.memory.save(ctx, d.opts.Target, d.session.State())
	d.begun = d.begun || err == nil
	return err
}

// keepBlobs stores every content that a rollback may need: that of the release, and that of adopted files.
func (d *deployment) keepBlobs(ctx context.Context, state target.Writer) error {
	contents := map[string]string{} // blob to a file that has it
	for name, sum := range d.plan.wanted.manifest.Files {
		contents[blobName(sum)] = name
	}
	kept, err := d.opts.Target.State().Stat(ctx, slices.Sorted(maps.Keys(contents)))
	if err != nil {
		return err
	}
	var todo []string
	for _, blob := range slices.Sorted(maps.Keys(contents)) {
		if sum := d.plan.wanted.manifest.Files[contents[blob]]; kept[blob].Version == target.Absent || kept[blob].SHA256 != "" && kept[blob].SHA256 != sum {
			todo = append(todo, blob)
		}
	}
	done := 0
	for batch := range slices.Chunk(todo, max(1, d.opts.Target.Capabilities().Writers)) {
		var group parallel.Group
		for _, blob := range batch {
			group.Go(func() error {
				data, err := d.plan.wanted.read(ctx, contents[blob])
				if err == nil {
					_, err = state.Write(ctx, blob, data, kept[blob].Version)
				}
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
		done += len(batch)
		d.say(StepStage, done, len(todo), "kept "+contents[batch[0]])
	}
	return d.keepAdopted(ctx, state)
}

// keepAdopted stores files of others before they are replaced.
func (d *deployment) keepAdopted(ctx context.Context, state target.Writer) error {
	for _, file := range d.plan.Files {
		if !file.Adopted {
			continue
		}
		data, version, err := d.opts.Target.DAGs().Read(ctx, file.Path)
		if err != nil {
			return err
		}
		if version != file.version {
			return &StaleError{Reason: file.Path + " has changed since"}
		}
		blob := blobName(sum(data))
		kept, err := d.opts.Target.State().Stat(ctx, []string{blob})
		if err != nil {
			return err
		}
		if kept[blob].Version == target.Absent {
			if _, err := state.Write(ctx, blob, data, target.Absent); err != nil {
				return err
			}
		}
		d.replaced(file.Path, sum(data))
	}
	return nil
}

// replaced notes what an adopted file held before.
func (d *deployment) replaced(name, sum string) {
	if d.manifest.Replaced == nil {
		d.manifest.Replaced = map[string]string{}
	}
	d.manifest.Replaced[name] = sum
}

// keepManifest writes the manifest. It may be there from a deploy that was to be the same one and was interrupted.
func (d *deployment) keepManifest(ctx context.Context, state target.Writer) error {
	data, err := encode(d.manifest)
	if err != nil {
		return err
	}
	name := manifestName(d.manifest.ID)
	kept, err := d.opts.Target.State().Stat(ctx, []string{name})
	if err != nil || kept[name].SHA256 == sum(data) {
		return err
	}
	_, err = state.Write(ctx, name, data, kept[name].Version)
	return err
}
