//go:build real

package acceptance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
	"chrononctl/internal/demo/local"
)

// patience is how long one thing may take to become true. A quiet machine needs a fraction of it.
const patience = 10 * time.Minute

// glance is the pause between two looks at Airflow, whose server works for each of them.
const glance = 3 * time.Second

// observed is a running Airflow, seen over its REST API.
type observed struct {
	airflow *local.Airflow
	client  *airflowclient.Client
	watched []string // ids of the DAGs that were unpaused

	runs  map[string]string // id of the scheduled run by DAG and day, as far as they were asked for
	waits map[string]string // id of a wait by DAG and its beginning, as far as they were asked for
}

func observe(t *testing.T, airflow *local.Airflow) *observed {
	t.Helper()
	client, err := airflowclient.New(airflowclient.Config{URL: airflow.URL, Auth: airflowclient.Auto(airflowclient.Login{
		User: airflow.Auth.Username, Password: airflowclient.NewSecret(airflow.Auth.Password), Source: "test",
	})})
	if err != nil {
		t.Fatal(err)
	}
	return &observed{airflow: airflow, client: client, runs: map[string]string{}, waits: map[string]string{}}
}

// eventually waits until something holds, and fails the test with what was missing last when it does not come true.
func (o *observed) eventually(t *testing.T, what string, missing func(context.Context) (string, error)) {
	t.Helper()
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ticker := time.NewTicker(glance)
	defer ticker.Stop()
	last := "nothing was seen"
	for {
		found, err := missing(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			last = err.Error()
		case err == nil && found == "":
			t.Logf("%5.1fs until %s", time.Since(began).Seconds(), what)
			return
		case err == nil:
			last = found
		}
		select {
		case <-ticker.C:
		case <-o.airflow.Failed():
			t.Fatal(o.airflow.Err())
		case <-ctx.Done():
			t.Fatalf("it does not come true that %s: %s\n%s", what, last, o.unfinishedTasks(t))
		}
	}
}

// unpause lets every DAG run once all that were promised are there, but for those that tick.
func (o *observed) unpause(t *testing.T, wanted ...promises) {
	t.Helper()
	var ids, ticking []string
	for _, promised := range wanted {
		for _, dag := range promised.DAGs {
			ids = append(ids, dag.ID)
			if dag.Kind == string(dagspec.KindStreaming) {
				ticking = append(ticking, dag.ID)
			}
		}
	}
	o.eventually(t, fmt.Sprintf("all %d DAGs are parsed", len(ids)), func(ctx context.Context) (string, error) {
		found, err := o.client.DAGs(ctx, airflowclient.DAGQuery{IDs: ids})
		if broken, _ := o.client.ImportErrors(ctx); len(broken) > 0 {
			t.Fatalf("%s: %s", broken[0].File, broken[0].Trace)
		}
		if len(found) < len(ids) {
			return fmt.Sprintf("%d are there", len(found)), err
		}
		return "", err
	})
	o.watched = ids
	for _, id := range ids {
		if slices.Contains(ticking, id) {
			continue
		}
		if err := o.client.SetPaused(t.Context(), id, false); err != nil {
			t.Fatal(err)
		}
	}
}

// unfinishedTasks is what runs are still doing, for a message.
func (o *observed) unfinishedTasks(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 30*time.Second)
	defer cancel()
	runs, err := o.client.Runs(ctx, airflowclient.RunQuery{DAGIDs: o.watched})
	if err != nil {
		return err.Error()
	}
	var text strings.Builder
	for _, run := range runs {
		instances, err := o.client.TaskInstances(ctx, airflowclient.TaskQuery{Runs: []airflowclient.RunRef{{DAGID: run.DAGID, RunID: run.ID}}})
		if err != nil {
			return err.Error()
		}
		for _, instance := range instances {
			if instance.State != airflowclient.StateSuccess && instance.State != airflowclient.StateSkipped {
				fmt.Fprintf(&text, "%s %s %s: %s, try %d\n", run.LogicalDate.Format(time.DateOnly), run.DAGID, instance.TaskID, instance.State, instance.Try)
			}
		}
	}
	return text.String()
}

// instance is the task instance of a task in the scheduled run of a day; its state is empty as long as there is none.
func (o *observed) instance(ctx context.Context, dag, task, day string) (airflowclient.TaskInstance, error) {
	run, known := o.runs[dag+day]
	if !known {
		midnight, err := time.Parse(time.DateOnly, day)
		if err != nil {
			return airflowclient.TaskInstance{}, err
		}
		runs, err := o.client.Runs(ctx, airflowclient.RunQuery{DAGIDs: []string{dag}, LogicalFrom: midnight, LogicalTo: midnight})
		if err != nil || len(runs) == 0 {
			return airflowclient.TaskInstance{}, err
		}
		run = runs[0].ID
		o.runs[dag+day] = run
	}
	return o.instanceIn(ctx, dag, run, task)
}

// waiting is the task instance of the wait whose id begins so.
func (o *observed) waiting(ctx context.Context, dag, prefix, day string) (airflowclient.TaskInstance, error) {
	wait, known := o.waits[dag+prefix]
	if !known {
		tasks, err := o.client.Tasks(ctx, dag)
		i := slices.IndexFunc(tasks, func(task airflowclient.Task) bool { return strings.HasPrefix(task.ID, prefix) })
		if err != nil || i < 0 {
			return airflowclient.TaskInstance{}, err
		}
		wait = tasks[i].ID
		o.waits[dag+prefix] = wait
	}
	return o.instance(ctx, dag, wait, day)
}

func (o *observed) instanceIn(ctx context.Context, dag, run, task string) (airflowclient.TaskInstance, error) {
	found, err := o.client.TaskInstances(ctx, airflowclient.TaskQuery{Runs: []airflowclient.RunRef{{DAGID: dag, RunID: run}}, TaskIDs: []string{task}})
	if err != nil || len(found) == 0 {
		return airflowclient.TaskInstance{}, err
	}
	return found[0], nil
}

// log is the log of a task instance's tries, in one text.
func (o *observed) log(ctx context.Context, instance airflowclient.TaskInstance) (string, error) {
	var text strings.Builder
	for try := 1; try <= max(instance.Try, 1); try++ {
		ref, token := instance.Log(), ""
		ref.Try = try
		for range 100 {
			chunk, err := o.client.Log(ctx, ref, token)
			if err != nil {
				return text.String(), err
			}
			for _, line := range chunk.Lines {
				text.WriteString(line.Text + "\n")
			}
			if token = chunk.Next; chunk.Done || token == "" {
				break
			}
		}
	}
	return text.String(), nil
}

// logHas says what the log of a task instance lacks of some texts.
func (o *observed) logHas(ctx context.Context, instance airflowclient.TaskInstance, wanted ...string) (string, error) {
	text, err := o.log(ctx, instance)
	for _, want := range wanted {
		if !strings.Contains(text, want) {
			return fmt.Sprintf("%s (%s) has no %q in its log:\n%s", instance.TaskID, instance.State, want, text), err
		}
	}
	return "", err
}
