package deploy

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/internal/deploy/target"
)

// sweep forgets the releases beyond those that are kept, with all that only they need: supporting files beside the DAGs, and contents
// in the state. The manifest goes last, so that a sweep that was interrupted is taken up again.
func (d *deployment) sweep(ctx context.Context) error {
	if len(d.memory.ledger.keep(d.opts.Keep, time.Time{})) < len(d.memory.ledger.History) {
		since, err := d.oldestRun(ctx)
		if err != nil {
			return err
		}
		d.memory.ledger.History = d.memory.ledger.keep(d.opts.Keep, since)
		if err := d.enter(ctx, StepPrune); err != nil {
			return err
		}
	}
	forgotten, err := d.forgotten(ctx)
	if err != nil || len(forgotten) == 0 {
		return err
	}
	d.say(StepPrune, 0, 0, "contents of old releases")
	needed := d.needed()
	if err := d.sweepSupport(ctx, forgotten, needed); err != nil {
		return err
	}
	if err := d.sweepBlobs(ctx, needed); err != nil {
		return err
	}
	names := make([]string, 0, len(forgotten))
	for _, manifest := range forgotten {
		names = append(names, manifestName(manifest.ID))
	}
	return discard(ctx, d.opts.Target.State(), d.session.State(), names)
}

// clockMargin is how far the clock of a deploy that did not ask Airflow, and that of Airflow, may be apart.
const clockMargin = time.Hour

// oldestRun is when the oldest run began that is still at work: its tasks may use any release that was live since. Without one it is the zero time.
func (d *deployment) oldestRun(ctx context.Context) (time.Time, error) {
	runs, err := d.opts.Airflow.Runs(ctx, airflowclient.RunQuery{States: []airflowclient.State{airflowclient.StateRunning}})
	if err != nil {
		return time.Time{}, err
	}
	var oldest time.Time
	for _, run := range runs {
		if _, ours := d.plan.seen.dags[run.DAGID]; ours && !run.Start.IsZero() && (oldest.IsZero() || run.Start.Before(oldest)) {
			oldest = run.Start
		}
	}
	if oldest.IsZero() {
		return oldest, nil
	}
	return oldest.Add(-clockMargin), nil
}

// keep is the history cut to so many releases; the live one, the newest verified one, and those that were live since a time stay in any case.
func (l *ledger) keep(most int, since time.Time) []past {
	var kept []past
	verified := false
	for _, past := range l.History {
		newest := past.Outcome == outcomeVerified && !verified
		verified = verified || newest
		needed := !since.IsZero() && past.Until.After(since)
		if len(kept) < most || newest || needed || past.ID == l.Live {
			kept = append(kept, past)
		}
	}
	return kept
}

// forgotten are the manifests in the state that the ledger no longer names. A file there that is no manifest is left alone.
func (d *deployment) forgotten(ctx context.Context) ([]Manifest, error) {
	names, err := d.opts.Target.State().List(ctx, manifestFolder)
	if err != nil {
		return nil, err
	}
	known := d.memory.releases()
	var forgotten []Manifest
	for _, name := range names {
		id, ok := strings.CutSuffix(name, ".json")
		if !ok || slices.Contains(known, id) {
			continue
		}
		manifest, err := readManifest(ctx, d.opts.Target.State(), id)
		if err != nil {
			return nil, err
		}
		manifest.ID = id
		forgotten = append(forgotten, manifest)
	}
	return forgotten, nil
}

// needed are the files, by path, and the contents, by hash, of all releases that are kept.
func (d *deployment) needed() map[string]bool {
	needed := map[string]bool{}
	for _, id := range d.memory.releases() {
		manifest := d.memory.manifests[id]
		for _, files := range []map[string]string{manifest.Files, manifest.Replaced} {
			for name, sum := range files {
				needed[name], needed[sum] = true, true
			}
		}
	}
	return needed
}

// sweepSupport removes supporting files that no kept release names. One that someone changed is not ours any more, and stays.
func (d *deployment) sweepSupport(ctx context.Context, forgotten []Manifest, needed map[string]bool) error {
	sums := map[string]string{}
	for _, manifest := range forgotten {
		for name, sum := range manifest.Files {
			if isSupport(name) && !needed[name] {
				sums[name] = sum
			}
		}
	}
	reader := d.opts.Target.DAGs()
	entries, err := reader.Stat(ctx, slices.Sorted(maps.Keys(sums)))
	if err != nil {
		return err
	}
	writer := d.session.DAGs()
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		if entries[name].SHA256 != sums[name] {
			continue
		}
		if err := writer.Remove(ctx, name, entries[name].Version); err != nil {
			return err
		}
		d.result.Removed++
	}
	return nil
}

// sweepBlobs removes contents that no kept release needs.
func (d *deployment) sweepBlobs(ctx context.Context, needed map[string]bool) error {
	sums, err := d.opts.Target.State().List(ctx, blobFolder)
	if err != nil {
		return err
	}
	var names []string
	for _, sum := range sums {
		if !needed[sum] {
			names = append(names, blobName(sum))
		}
	}
	return discard(ctx, d.opts.Target.State(), d.session.State(), names)
}

// discard removes files whatever their version is.
func discard(ctx context.Context, reader target.Reader, writer target.Writer, names []string) error {
	entries, err := reader.Stat(ctx, names)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := writer.Remove(ctx, name, entries[name].Version); err != nil {
			return err
		}
	}
	return nil
}
