package deploy

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"chrononctl/internal/deploy/target"
)

// Drift is where confs, release, files and Airflow are not the same.
type Drift struct {
	Target  string `json:"target"`
	Release string `json:"release,omitempty"` // in place; empty: none
	Airflow string `json:"airflow,omitempty"` // version; empty when it was not asked

	Elsewhere string `json:"elsewhere,omitempty"` // why this seems to be another Airflow than reads the target; then the rest compares with the wrong one

	Confs  []DAGChange  `json:"confs"`  // DAGs that the confs ask for otherwise than the release has them
	Files  []FileDrift  `json:"files"`  // files that are not as the release has them
	DAGs   []DAGResult  `json:"dags"`   // DAGs that Airflow does not show as the release has them
	Paused []PauseDrift `json:"paused"` // DAGs that were paused or unpaused since the last deploy
}

// FileDrift is a file that is not as it was placed.
type FileDrift struct {
	Path  string    `json:"path"`
	State FileState `json:"state"`
}

// FileState is what became of a file.
type FileState string

// The states.
const (
	FileChanged FileState = "changed" // somebody wrote it since
	FileMissing FileState = "missing"
	FileForeign FileState = "foreign" // a DAG file in our folder that no release has
)

// PauseDrift is a DAG whose pause is not what the last deploy left.
type PauseDrift struct {
	ID     string `json:"id"`
	Paused bool   `json:"paused"` // now
}

// Any says whether there is a difference. Another Airflow is one, even where it shows the same.
func (d *Drift) Any() bool {
	return d.Elsewhere != "" || len(d.Confs)+len(d.Files)+len(d.DAGs)+len(d.Paused) > 0
}

// String is the drift for people. It may hold text from file names and from Airflow.
func (d *Drift) String() string {
	var b strings.Builder
	release := d.Release
	if release == "" {
		release = "no release"
	}
	fmt.Fprintf(&b, "%s, %s\n", d.Target, release)
	if d.Elsewhere != "" {
		fmt.Fprintf(&b, "  ! %s\n    what follows compares with that one: %s\n", d.Elsewhere, nameTheAirflow)
	}
	for _, dag := range d.Confs {
		fmt.Fprintf(&b, "  confs    %s: to %s by the next deploy\n", dag.ID, dag.Change)
	}
	for _, file := range d.Files {
		what := map[FileState]string{
			FileChanged: "was changed since it was placed", FileMissing: "is missing", FileForeign: "is in our folder and of no release",
		}[file.State]
		fmt.Fprintf(&b, "  files    %s %s\n", file.Path, what)
	}
	for _, dag := range d.DAGs {
		fmt.Fprintf(&b, "  airflow  %s\n", strings.ReplaceAll(strings.TrimRight(dag.String(), "\n"), "\n", "\n           "))
	}
	for _, dag := range d.Paused {
		fmt.Fprintf(&b, "  paused   %s was %s since the last deploy\n", dag.ID, map[bool]string{true: "paused", false: "unpaused"}[dag.Paused])
	}
	if !d.Any() {
		b.WriteString("no drift\n")
		return b.String()
	}
	fmt.Fprintf(&b, "%s of confs, %s, %s in Airflow, %s\n",
		count(len(d.Confs), "change"), count(len(d.Files), "file"), count(len(d.DAGs), "DAG"), count(len(d.Paused), "change")+" of pause")
	return b.String()
}

// Drift compares the confs with the release in place, that with the files in place, and both with what Airflow shows. It changes nothing.
func (e *Engine) Drift(ctx context.Context, release Release) (*Drift, error) {
	drift, err := e.drift(ctx, release)
	if err != nil {
		return nil, fmt.Errorf("drift of %s: %w", e.opts.Target, err)
	}
	return drift, nil
}

func (e *Engine) drift(ctx context.Context, release Release) (*Drift, error) {
	plan, err := e.plan(ctx, release)
	if err != nil {
		return nil, err
	}
	live := plan.memory.live()
	drift := &Drift{
		Target: plan.Target, Release: plan.Base, Airflow: plan.Airflow, Elsewhere: plan.elsewhere(),
		Confs: []DAGChange{}, Files: []FileDrift{}, DAGs: []DAGResult{}, Paused: []PauseDrift{},
	}
	for _, dag := range plan.DAGs {
		if dag.Was == dag.Hash {
			continue
		}
		if dag.Change == Foreign { // what stands in its way is told with the files
			dag.Change, dag.Reason = Update, ""
		}
		drift.Confs = append(drift.Confs, dag)
	}
	if drift.Files, err = e.fileDrift(ctx, &plan.memory, live); err != nil {
		return nil, err
	}
	if plan.Airflow == "" {
		return drift, nil
	}
	if plan.seen, err = look(ctx, e.opts.Airflow, live); err != nil {
		return nil, err
	}
	v := verifier{before: plan.seen}
	for _, want := range expectations(live, nil, live) {
		result := v.judge(want, plan.seen)
		if result.State == StateBrokenBefore {
			result.State = StateImportError
		}
		if result.State != StateVerified {
			drift.DAGs = append(drift.DAGs, result)
		}
	}
	drift.Paused = pauseDrift(plan.memory.ledger.Pauses, live, plan.seen)
	return drift, nil
}

// fileDrift compares the files of a release with those in place, and looks for others beside them.
func (e *Engine) fileDrift(ctx context.Context, was *memory, live Manifest) ([]FileDrift, error) {
	reader := e.opts.Target.DAGs()
	entries, err := was.stat(ctx, reader, slices.Sorted(maps.Keys(live.Files)))
	if err != nil {
		return nil, err
	}
	found := []FileDrift{}
	for _, name := range slices.Sorted(maps.Keys(live.Files)) {
		switch entry := entries[name]; {
		case entry.Version == target.Absent:
			found = append(found, FileDrift{Path: name, State: FileMissing})
		case entry.SHA256 != live.Files[name]:
			found = append(found, FileDrift{Path: name, State: FileChanged})
		}
	}
	names, err := reader.List(ctx, ".")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if _, ours := live.Files[name]; !ours && path.Ext(name) == ".py" {
			found = append(found, FileDrift{Path: name, State: FileForeign})
		}
	}
	return found, nil
}

// pauses is which DAGs were paused when a deploy ended.
type pauses struct {
	IDs []string `json:"ids"`
}

// pausesAfter works out which DAGs are paused at the end of a deploy: those that were and were not unpaused, and new ones that stay so.
func (d *deployment) pausesAfter() *pauses {
	after := &pauses{IDs: []string{}}
	for _, id := range slices.Sorted(maps.Keys(d.manifest.DAGs)) {
		dag, known := d.plan.seen.dags[id]
		if (dag.Paused || !known) && !slices.Contains(d.result.Activated, id) {
			after.IDs = append(after.IDs, id)
		}
	}
	return after
}

func pauseDrift(before *pauses, live Manifest, seen picture) []PauseDrift {
	changed := []PauseDrift{}
	if before == nil {
		return changed
	}
	for _, id := range slices.Sorted(maps.Keys(live.DAGs)) {
		dag, known := seen.dags[id]
		if known && !dag.Stale && dag.Paused != slices.Contains(before.IDs, id) {
			changed = append(changed, PauseDrift{ID: id, Paused: dag.Paused})
		}
	}
	return changed
}
