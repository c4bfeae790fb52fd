package deploy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"chrononctl/airflowclient"
)

// prune pauses the DAGs that are no longer wanted, lets their tasks end, removes their files, and sees them go. Their history stays in Airflow.
func (d *deployment) prune(ctx context.Context) error {
	ids := d.memory.ledger.Retire
	removals := func(change FileChange) bool { return change.Change == Remove && !d.movedOut(change.Path) }
	if len(ids) == 0 && !slices.ContainsFunc(d.plan.Files, removals) {
		return nil
	}
	if err := d.enter(ctx, StepPrune); err != nil {
		return err
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
	if err := d.drain(ctx, ids); err != nil {
		return err
	}
	err := d.write(ctx, StepPrune, d.plan.Files, nil, removals)
	if err == nil {
		err = d.savePlaced(ctx)
	}
	if err == nil {
		err = d.session.Publish(ctx, "Remove what release "+d.manifest.ID+" does not have")
	}
	if err != nil {
		return &PendingError{Release: d.manifest.ID, What: "files of removed DAGs are still there", Cause: err}
	}
	if err := d.awaitGone(ctx, ids); err != nil {
		return err
	}
	return d.purge(ctx)
}

// purge makes Airflow forget the runs of removed DAGs (DELETE dags/{id}): files first, or the next parse would make the DAG anew.
func (d *deployment) purge(ctx context.Context) error {
	for _, id := range d.opts.Purge {
		d.say(StepPrune, 0, 0, "purging the history of "+id)
		if _, err := d.opts.Airflow.Raw(ctx, http.MethodDelete, "/dags/"+url.PathEscape(id), nil); err != nil && !airflowclient.IsNotFound(err) {
			return &PendingError{Release: d.manifest.ID, What: "the history of " + id + " could not be purged", Cause: err}
		}
	}
	return nil
}

// busy are the states of a task that works, or will without the scheduler's doing: a paused DAG gets no new ones.
var busy = []airflowclient.State{airflowclient.StateRunning, airflowclient.StateQueued, airflowclient.StateDeferred, airflowclient.StateRestarting}

// drain waits for the running tasks of DAGs whose files are about to go. A task whose file is gone cannot be tried again, and on some
// executors not even begin.
func (d *deployment) drain(ctx context.Context, ids []string) error {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		dag, known := d.plan.seen.dags[id]
		return !known || dag.Stale
	})
	if len(ids) == 0 || d.opts.Drain < 0 {
		return nil
	}
	deadline := time.Now().Add(d.opts.Drain)
	for pause := firstPoll; ; pause = min(pause*3/2, lastPoll) {
		working, err := workingTasks(ctx, d.opts.Airflow, ids)
		switch {
		case err == nil && len(working) == 0:
			return nil
		case err == nil:
			d.say(StepPrune, 0, len(ids), fmt.Sprintf("waiting for %s: %s", count(len(working), "task"), working[0]))
		}
		if !time.Now().Before(deadline) {
			what := "removed DAGs still run tasks"
			if len(working) > 0 {
				what = fmt.Sprintf("%s of removed DAGs still %s: %s", count(len(working), "task"), plural(len(working), "runs", "run"), strings.Join(working[:min(len(working), shown)], ", "))
			}
			return &PendingError{Release: d.manifest.ID, What: what, Cause: err}
		}
		if err := errors.Join(d.alive(ctx), sleep(ctx, pause)); err != nil {
			return err
		}
	}
}

// workingTasks names the tasks of DAGs that are at work, "dag.task".
func workingTasks(ctx context.Context, airflow Airflow, ids []string) ([]string, error) {
	runs, err := airflow.Runs(ctx, airflowclient.RunQuery{DAGIDs: ids, States: []airflowclient.State{airflowclient.StateRunning}})
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	query := airflowclient.TaskQuery{States: busy}
	for _, run := range runs {
		query.Runs = append(query.Runs, airflowclient.RunRef{DAGID: run.DAGID, RunID: run.ID})
	}
	tasks, err := airflow.TaskInstances(ctx, query)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, task := range tasks {
		if slices.Contains(busy, task.State) {
			names = append(names, task.DAGID+"."+task.TaskID)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// awaitGone waits until Airflow no longer schedules the DAGs.
func (d *deployment) awaitGone(ctx context.Context, ids []string) error {
	deadline := time.Now().Add(d.opts.Timeout)
	v := d.verifier(d.manifest, d.manifest, d.plan.seen)
	for pause := firstPoll; ; pause = min(pause*3/2, lastPoll) {
		seen, err := look(ctx, d.opts.Airflow, d.manifest)
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
		if err := errors.Join(d.alive(ctx), sleep(ctx, pause)); err != nil {
			return err
		}
	}
}

// plural chooses a word by a number.
func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
