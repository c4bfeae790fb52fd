package action

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
	"chrononctl/internal/query"
)

// ClearQuery asks to run again what meets a query, over all DAGs of Chronon.
type ClearQuery struct {
	Query      string
	Since      time.Duration // runs whose logical date is not older
	Downstream bool          // and what waits for it in its run
}

// maxRuns bounds how many runs a query may clear tasks of.
const maxRuns = 500

// taskRow is a task instance as a query sees it.
type taskRow struct {
	airflowclient.TaskInstance
	tags []string
	at   time.Time // logical date of the run; zero: it has none
	day  string
	now  time.Time
}

// states that a query may name; the empty one is called "none".
var states = []string{
	"queued", "running", "success", "failed", "upstream_failed", "skipped", "up_for_retry", "up_for_reschedule", "scheduled", "deferred", "removed", "restarting", "none",
}

func taskSchema() query.Schema[taskRow] {
	return query.Schema[taskRow]{Fields: []query.Field[taskRow]{
		query.Word("state", "of the task, in Airflow's own word", states, func(r taskRow) string { return cmp.Or(string(r.State), "none") }),
		query.Word("word", "the same: what other views call Airflow's own word", states, func(r taskRow) string { return cmp.Or(string(r.State), "none") }),
		query.Text("team", "who owns the DAG", func(r taskRow) string { return tagIn(r.tags, dagspec.TagTeam) }),
		query.Text("kind", "of the DAG: batch, join, …", func(r taskRow) string { return tagIn(r.tags, dagspec.TagKind) }),
		query.Text("dag", "id", func(r taskRow) string { return r.DAGID }),
		query.Text("run", "id", func(r taskRow) string { return r.RunID }),
		query.Text("task", "id", func(r taskRow) string { return r.TaskID }),
		query.Day("ds", "day of the run", func(r taskRow) string { return r.day }),
		query.Day("day", "the same", func(r taskRow) string { return r.day }),
		query.Number("tries", "so far", func(r taskRow) (float64, bool) { return float64(r.Try), true }),
		query.Age("age", "since it ended", func(r taskRow) (time.Duration, bool) { return r.now.Sub(r.End), !r.End.IsZero() }),
	}}
}

// CompleteClearQuery proposes what a [ClearQuery] could become, see [query.CompleteWith].
func CompleteClearQuery(begun string, values func(field string) []string) []string {
	return query.CompleteWith(taskSchema(), begun, values)
}

// ClearFields names the fields of a [ClearQuery], for help texts.
func ClearFields() string {
	var names []string
	for _, f := range taskSchema().Fields {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}

// PlanClearQuery plans to run again the tasks that meet a query; ticks of streams are left out. The targets are those that Airflow itself says it would clear.
func (p *Planner) PlanClearQuery(ctx context.Context, q ClearQuery) (Plan, error) {
	filter, err := query.Parse(taskSchema(), q.Query, p.serverNow())
	if err != nil {
		return Plan{}, &RefusedError{Reason: "--query: " + err.Error(), Next: nextStep(err)}
	}
	if filter.All() {
		return Plan{}, &RefusedError{Reason: "an empty query is every task", Next: "say which ones: state:failed"}
	}
	rows, err := p.taskRows(ctx, q.Since)
	if err != nil {
		return Plan{}, fmt.Errorf("plan to clear %s: %w", q.Query, err)
	}
	filter, _ = query.Parse(taskSchema(), q.Query, p.serverNow()) // "today" is the server's, which has answered by now; no date makes the query wrong
	scopes, runs := scopesOf(rows, filter, q.Downstream)
	if runs > maxRuns {
		return Plan{}, &RefusedError{Reason: fmt.Sprintf("tasks of %d runs meet %s, more than %d", runs, q.Query, maxRuns), Next: "narrow the query, or --since"}
	}
	words := []string{"clear", "--query", q.Query, "--since", q.Since.String()}
	if q.Downstream {
		words = append(words, "--downstream")
	}
	plan := Plan{Verb: Clear, Title: "Clear what meets " + q.Query, Command: p.command(words...)}
	if plan.Targets, err = p.wouldClearAll(ctx, scopes); err != nil {
		return Plan{}, fmt.Errorf("plan to clear %s: %w", q.Query, err)
	}
	var running []string
	if plan.Targets, running, err = p.mindRunning(ctx, plan.Targets); err != nil {
		return Plan{}, fmt.Errorf("plan to clear %s: %w", q.Query, err)
	}
	if n := len(plan.Targets); n > 0 {
		dags := map[string]bool{}
		for _, t := range plan.Targets {
			dags[t.DAGID] = true
		}
		effect := fmt.Sprintf("%s of %s in %s run again; what they wrote is overwritten.", plural(n, "task"), plural(runs, "run"), plural(len(dags), "DAG"))
		plan.Effects = append([]string{effect}, running...)
		plan.Cost = Cost{Jobs: n}
		plan.Confirm = number(n)
		plan.Downstream = p.behindTasks(plan.Targets)
	}
	return plan, nil
}

// taskRows reads the task instances of the runs of Chronon's DAGs since a time, by DAG, run and task.
func (p *Planner) taskRows(ctx context.Context, since time.Duration) ([]taskRow, error) {
	dags, err := p.Airflow.DAGs(ctx, airflowclient.DAGQuery{Tags: []string{dagspec.Tag}})
	if err != nil {
		return nil, err
	}
	tags := map[string][]string{}
	for _, dag := range dags {
		if !slices.Contains(dag.Tags, streamingTag) { // the next tick is the retry of a tick
			tags[dag.ID] = dag.Tags
		}
	}
	runs, err := p.Airflow.Runs(ctx, airflowclient.RunQuery{LogicalFrom: p.serverNow().Add(-since)})
	if err != nil {
		return nil, err
	}
	dates := map[airflowclient.RunRef]time.Time{}
	ask := airflowclient.TaskQuery{}
	for _, run := range runs {
		if tags[run.DAGID] != nil {
			ref := airflowclient.RunRef{DAGID: run.DAGID, RunID: run.ID}
			dates[ref] = run.LogicalDate
			ask.Runs = append(ask.Runs, ref)
		}
	}
	if len(ask.Runs) == 0 {
		return nil, nil
	}
	instances, err := p.Airflow.TaskInstances(ctx, ask)
	rows, now := make([]taskRow, 0, len(instances)), p.serverNow()
	for _, ti := range instances {
		at := dates[airflowclient.RunRef{DAGID: ti.DAGID, RunID: ti.RunID}]
		rows = append(rows, taskRow{TaskInstance: ti, tags: tags[ti.DAGID], at: at, day: at.UTC().Format(time.DateOnly), now: now})
	}
	return rows, err
}

// tagIn is what follows the prefix in the first tag that has it.
func tagIn(tags []string, prefix string) string {
	for _, tag := range tags {
		if value, ok := strings.CutPrefix(tag, prefix); ok {
			return value
		}
	}
	return ""
}
