package deploy

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/airflowclient/parallel"
	"chrononctl/dagspec"
)

// Times of verification. Airflow takes a changed file within three seconds and a new one, when it was asked to look, in two; without that
// it takes minutes, so the pace slows down.
const (
	firstPoll  = time.Second
	lastPoll   = 10 * time.Second
	nudgeEvery = 30 * time.Second
	lingerFor  = 10 * time.Second // after an import error, for others to turn up
	settleFor  = 30 * time.Second // until an import error that looks like the one before counts as the new file's own
	checkers   = 4                // task lists read at the same time
)

// expectation is what Airflow has to show of one DAG.
type expectation struct {
	ManifestDAG
	id      string
	written bool // this deploy wrote its file
	trusted bool // an earlier deploy saw it at this content, and nothing of it changed
}

// verifier waits for Airflow to show a release. It measures its waiting by the monotonic clock: a wall clock may be set meanwhile.
type verifier struct {
	airflow  Airflow
	manifest Manifest
	want     []expectation             // by id
	known    func(release string) bool // whether a release is one of this target; nil: do not ask
	marked   bool                      // this deploy wrote the marker
	before   picture                   // as it was before the files changed
	reparse  bool
	progress Progress
	step     Step                            // what its events belong to
	alive    func(ctx context.Context) error // whether it is still our place to wait
	notes    string                          // appended to each event, "rollback"

	pending  bool                 // the marker is all that may be missing
	complete map[string]bool      // DAGs whose tasks were seen
	recurred map[string]time.Time // files whose old import error was reported again, since when
	nudged   time.Time
}

// expectations are what a manifest asks of Airflow. The files are those that were just written, trusted is the release that
// earlier deploys verified.
func expectations(manifest Manifest, written map[string]bool, trusted Manifest) []expectation {
	var want []expectation
	for _, id := range slices.Sorted(maps.Keys(manifest.DAGs)) {
		dag := manifest.DAGs[id]
		want = append(want, expectation{
			ManifestDAG: dag,
			id:          id,
			written:     written[dag.File],
			trusted:     !written[dag.File] && trusted.Files[dag.File] == manifest.Files[dag.File] && trusted.DAGs[id].Hash == dag.Hash,
		})
	}
	return want
}

// wait looks until everything is verified, nothing more can come of it, or time is up. A first picture saves a look. The results are those of
// the last look that Airflow answered; the error is that of the last look, when it got no answer.
func (v *verifier) wait(ctx context.Context, timeout time.Duration, first *picture) ([]DAGResult, error) {
	deadline := time.Now().Add(timeout)
	v.complete, v.recurred = map[string]bool{}, map[string]time.Time{}
	var results []DAGResult
	var broken time.Time
	for pause := firstPoll; ; pause = min(pause*3/2, lastPoll) {
		judged, err := v.poll(ctx, first)
		first = nil
		if lost := v.alive(ctx); lost != nil {
			return results, lost
		}
		if err == nil {
			results = judged
			v.report(results)
			if slices.IndexFunc(results, func(r DAGResult) bool { return !r.settled() }) < 0 && !v.pending {
				return results, nil
			}
		}
		if is[*SupersededError](err) {
			return results, err
		}
		if broken.IsZero() && hasBroken(results) {
			broken = time.Now()
		}
		now := time.Now()
		if err != nil && (airflowclient.IsAuth(err) || airflowclient.IsPermission(err)) {
			return results, err // waiting does not help
		}
		if lingered := !broken.IsZero() && now.Sub(broken) >= lingerFor; lingered || !now.Before(deadline) {
			if err == nil {
				v.explain(ctx, results)
			}
			return results, err
		}
		if err := sleep(ctx, min(pause, max(deadline.Sub(now), time.Millisecond))); err != nil {
			return results, err
		}
	}
}

func hasBroken(results []DAGResult) bool {
	return slices.ContainsFunc(results, func(r DAGResult) bool { return r.State == StateImportError })
}

// report tells how many DAGs are live, and the first that is not.
func (v *verifier) report(results []DAGResult) {
	done, detail := 0, ""
	for _, result := range results {
		switch {
		case result.settled() && result.State != StateImportError:
			done++
		case detail == "":
			detail = result.ID + ": " + result.word()
		}
	}
	v.progress.say(v.step, done, len(results), strings.TrimPrefix(v.notes+" "+detail, " "))
}

// poll is one look at Airflow.
func (v *verifier) poll(ctx context.Context, first *picture) ([]DAGResult, error) {
	var seen picture
	if first != nil {
		seen = *first
	} else {
		var err error
		seen, err = look(ctx, v.airflow, v.manifest)
		if err != nil {
			return nil, err
		}
	}
	if err := v.superseded(seen); err != nil {
		return nil, err
	}
	v.pending = v.markerPending(seen)
	results := make([]DAGResult, len(v.want))
	missing := false
	for i, want := range v.want {
		results[i] = v.judge(want, seen)
		missing = missing || results[i].State == StateNotSeen
	}
	if missing {
		v.nudge(ctx, seen)
	}
	if err := v.checkTasks(ctx, results); err != nil {
		return nil, err
	}
	return results, nil
}

// markerPending says that Airflow does not show our marker yet, and is about to: it knows the file, and this deploy wrote it.
func (v *verifier) markerPending(seen picture) bool {
	m := v.manifest.Marker
	if m == nil || !v.marked || seen.marker.Stale || !strings.HasSuffix("/"+seen.marker.FileLoc, "/"+m.File) {
		return false
	}
	return dagspec.ContentHash(seen.marker.Description) != m.Hash
}

// superseded says whether the marker names a release that is neither ours nor the one that was there before.
func (v *verifier) superseded(seen picture) error {
	release := seen.release()
	if release == "" || v.known == nil || release == v.before.release() || v.known(release) {
		return nil
	}
	return &SupersededError{Release: release}
}

// judge says what a picture means for one DAG.
func (v *verifier) judge(want expectation, seen picture) DAGResult {
	result := DAGResult{ID: want.id, File: want.File, Hash: want.Hash}
	broken, isBroken := seen.importError(want.File)
	if isBroken {
		if state := v.importState(want, broken); state != "" {
			result.State, result.Trace = state, broken.Trace
			return result
		}
	}
	dag, ok := seen.dags[want.id]
	result.Parsed = dag.LastParsed
	switch shown := dagspec.ContentHash(dag.Description); {
	case !ok:
		result.State = StateNotSeen
	case dag.Stale:
		result.State, result.Detail = StateNotSeen, "Airflow knows it as one whose file is gone"
	case dag.FileLoc != "" && !strings.HasSuffix("/"+dag.FileLoc, "/"+want.File):
		result.State, result.Detail = StateElsewhere, dag.FileLoc
	case shown != want.Hash:
		result.State, result.Detail = StateOldContent, shown
	case isBroken || dag.HasImportErrors:
		result.State, result.Detail, result.Trace = StateOldContent, "the import error from before is still listed", broken.Trace
	case want.written && v.parsedBefore(dag):
		result.State, result.Detail = StateOldContent, "not parsed since"
	default:
		result.State = StateVerified
	}
	return result
}

// parsedBefore says whether Airflow has not parsed a DAG since the files changed. Both times are Airflow's own.
func (v *verifier) parsedBefore(dag airflowclient.DAG) bool {
	before, ok := v.before.dags[dag.ID]
	return ok && !before.LastParsed.IsZero() && !dag.LastParsed.After(before.LastParsed)
}

// importState decides what an import error means for a DAG: nothing yet, as long as it may still be that of the file's content before.
//
// Airflow keeps one error a file, and reports the same text with a new time each time it parses the file again. So an equal error with a later time
// is most likely the new content's, but may stem from a parse just before the write; it counts when it stays.
func (v *verifier) importState(want expectation, broken airflowclient.ImportError) State {
	before, had := v.before.importError(want.File)
	switch {
	case !had || !want.written && !want.trusted || broken.Trace != before.Trace && want.written:
		return StateImportError
	case want.trusted:
		return StateBrokenBefore
	case !broken.Timestamp.After(before.Timestamp):
		return ""
	}
	since, ok := v.recurred[want.File]
	if !ok {
		since = time.Now()
		v.recurred[want.File] = since
	}
	if time.Since(since) < settleFor {
		return ""
	}
	return StateImportError
}

// checkTasks reads the tasks of each DAG that is new at its content: a description can be half a minute ahead of the structure.
func (v *verifier) checkTasks(ctx context.Context, results []DAGResult) error {
	differences := make([]string, len(v.want))
	group, ctx := parallel.WithContext(ctx)
	group.SetLimit(checkers)
	for i, want := range v.want {
		if !v.unchecked(want, results[i]) {
			continue
		}
		group.Go(func() error {
			tasks, err := v.airflow.Tasks(ctx, want.id)
			if err != nil && !airflowclient.IsNotFound(err) {
				return err
			}
			differences[i] = taskDifference(want.Tasks, tasks)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i, want := range v.want {
		switch {
		case !v.unchecked(want, results[i]):
		case differences[i] == "":
			v.complete[want.id] = true
		default:
			results[i].State, results[i].Detail = StateIncomplete, differences[i]
		}
	}
	return nil
}

// unchecked says that all is well with a DAG as far as its row in the list goes, and that its tasks were not seen yet.
func (v *verifier) unchecked(want expectation, result DAGResult) bool {
	return result.State == StateVerified && !want.trusted && !v.complete[want.id]
}

// taskDifference names a task that is missing or is one too many; sensors come and go with their jobs.
func taskDifference(want []string, tasks []airflowclient.Task) string {
	have := map[string]bool{}
	for _, task := range tasks {
		have[task.ID] = true
	}
	for _, id := range want {
		if !have[id] {
			return "task " + id + " is missing"
		}
		delete(have, id)
	}
	for _, id := range slices.Sorted(maps.Keys(have)) {
		if !dagspec.IsSensor(id) {
			return "task " + id + " is one too many"
		}
	}
	return ""
}

// nudge asks Airflow to look at its files now, at most twice a minute. On Airflow 3 a request to parse any known file makes it list the whole bundle
// again; where it has no such effect, it does no harm, and neither does a failure: Airflow looks by itself, later.
func (v *verifier) nudge(ctx context.Context, seen picture) {
	if now := time.Now(); v.reparse && (v.nudged.IsZero() || now.Sub(v.nudged) >= nudgeEvery) {
		v.nudged = now
		detail := "asked Airflow to look for new files"
		if nudge(ctx, v.airflow, seen) == 0 {
			detail = "Airflow knows no file yet that it could be asked for; it lists its folder by itself, every five minutes by default"
		}
		v.progress.say(StepNudge, 0, 0, detail)
	}
}

// explain adds to what is missing at the end what may be the reason.
func (v *verifier) explain(ctx context.Context, results []DAGResult) {
	unhealthy := v.unhealthy(ctx)
	asked := 0
	for i := range results {
		result := &results[i]
		if result.State == StateOldContent && result.Trace != "" {
			result.State, result.Detail = StateImportError, ""
		}
		if result.State != StateNotSeen || result.Detail != "" {
			continue
		}
		if asked < shown {
			asked++
			result.Detail = v.namesake(ctx, result.ID)
		}
		if result.Detail == "" {
			result.Detail = strings.TrimPrefix(unhealthy+", and there is no import error for "+result.File, ", and ")
		}
	}
}

// namesake finds a DAG of the same id that somebody else's file defines.
func (v *verifier) namesake(ctx context.Context, id string) string {
	dag, err := v.airflow.DAG(ctx, id)
	if err != nil || dag.Stale || slices.Contains(dag.Tags, dagspec.Tag) {
		return ""
	}
	return fmt.Sprintf("%s defines a DAG of this id", dag.FileLoc)
}

// unhealthy names the part of Airflow that reads DAG files, when it does not do well.
func (v *verifier) unhealthy(ctx context.Context) string {
	health, err := v.airflow.Health(ctx)
	if err != nil {
		return ""
	}
	for _, component := range health.Components {
		if component.Name == "dag_processor" && component.Status != "healthy" && component.Status != "" {
			return "the DAG processor is " + component.Status
		}
	}
	return ""
}

// sleep waits, or ends early with the context.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
