package deploy

import (
	"context"
	"maps"
	"slices"

	"chrononctl/internal/deploy/target"
)

// stage keeps the content of the release in the state, writes down the intention, and places the supporting files. A failure leaves
// Airflow as it was: nothing that it reads has changed.
func (d *deployment) stage(ctx context.Context) error {
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
	if err := d.memory.save(ctx, state); err != nil {
		return err
	}
	return d.write(ctx, StepStage, d.plan.Files, d.plan.wanted.read, func(change FileChange) bool {
		return change.Change != Remove && isSupport(change.Path) || change.Path == ignoreFile
	})
}

// keepBlobs stores every content that a rollback may need: that of the release, and that of adopted files.
func (d *deployment) keepBlobs(ctx context.Context, state target.Writer) error {
	names := make([]string, 0, len(d.plan.wanted.manifest.Files))
	for _, sum := range d.plan.wanted.manifest.Files {
		names = append(names, blobName(sum))
	}
	kept, err := d.opts.Target.State().Stat(ctx, names)
	if err != nil {
		return err
	}
	stored := 0
	for _, name := range slices.Sorted(maps.Keys(d.plan.wanted.manifest.Files)) {
		sum := d.plan.wanted.manifest.Files[name]
		blob := blobName(sum)
		if kept[blob].SHA256 == sum {
			continue
		}
		data, err := d.plan.wanted.read(name)
		if err != nil {
			return err
		}
		version, err := state.Write(ctx, blob, data, kept[blob].Version)
		if err != nil {
			return err
		}
		kept[blob] = target.Entry{SHA256: sum, Version: version}
		stored++
		d.say(StepStage, stored, 0, "kept "+name)
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
		if kept[blob].SHA256 != sum(data) {
			if _, err := state.Write(ctx, blob, data, kept[blob].Version); err != nil {
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
