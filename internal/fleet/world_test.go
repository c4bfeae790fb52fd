package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// world is an Airflow in memory: it answers the observer's questions as a server would, counts them, and fails where it is told to.
type world struct {
	server  airflowclient.Server
	health  airflowclient.Health
	dags    []airflowclient.DAG
	runs    []airflowclient.Run
	tasks   []airflowclient.TaskInstance
	xcoms   map[airflowclient.RunRef]string
	broken  []airflowclient.ImportError
	failing map[string]error // by operation: server, health, dags, runs, tasks, xcom, imports, log

	mu       sync.Mutex
	requests map[string]int
}

func newWorld() *world {
	return &world{
		server: airflowclient.Server{Version: "3.3.2", API: 2},
		health: airflowclient.Health{Components: []airflowclient.Component{
			{Name: "metadatabase", Status: "healthy"}, {Name: "scheduler", Status: "healthy"}, {Name: "triggerer"},
		}},
		xcoms:    make(map[airflowclient.RunRef]string),
		failing:  make(map[string]error),
		requests: make(map[string]int),
	}
}

// dag plants a DAG as dagspec tags it.
func (w *world) dag(id string, kind dagspec.Kind, team, join string) *airflowclient.DAG {
	tags := []string{"chronon", "kind:" + string(kind), "team:" + team}
	if join != "" {
		tags = append(tags, "join:"+join)
	}
	w.dags = append(w.dags, airflowclient.DAG{ID: id, Tags: tags, Description: "A DAG [cc:0123456789ab]", FileLoc: "/dags/" + id + ".py"})
	return &w.dags[len(w.dags)-1]
}

// day plants a run of a day with its tasks, "id=state" each, and answers its reference.
func (w *world) day(dag, ds, state string, tasks ...string) airflowclient.RunRef {
	at, err := time.Parse(time.DateOnly, ds)
	if err != nil {
		panic(err)
	}
	return w.run(dag, "scheduled__"+ds, at, 24*time.Hour, state, tasks)
}

// tick plants a run of a streaming DAG that many minutes ago.
func (w *world) tick(dag string, ago time.Duration, state string, tasks ...string) airflowclient.RunRef {
	return w.run(dag, "tick_"+ago.String(), noon.Add(-ago), 15*time.Minute, state, tasks)
}

func (w *world) run(dag, id string, at time.Time, length time.Duration, state string, tasks []string) airflowclient.RunRef {
	r := airflowclient.Run{
		DAGID: dag, ID: id, State: airflowclient.State(state), Type: "scheduled",
		LogicalDate: at, IntervalFrom: at, IntervalTo: at.Add(length), RunAfter: at.Add(length), Start: at.Add(length),
	}
	if hasEnded(r) {
		r.End = r.Start.Add(time.Minute)
	}
	w.runs = append(w.runs, r)
	w.tasks = append(w.tasks, instancesFrom(dag, id, tasks)...)
	return refOf(r)
}

func (w *world) ask(op string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests[op]++
	return w.failing[op]
}

func (w *world) total() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, count := range w.requests {
		n += count
	}
	return n
}

func (w *world) Server(context.Context) (airflowclient.Server, error) {
	return w.server, w.ask("server")
}
func (w *world) Health(context.Context) (airflowclient.Health, error) {
	return w.health, w.ask("health")
}
func (w *world) Requests() airflowclient.Meter { return airflowclient.Meter{Requests: w.total()} }

func (w *world) DAGs(_ context.Context, q airflowclient.DAGQuery) ([]airflowclient.DAG, error) {
	if err := w.ask("dags"); err != nil {
		return nil, err
	}
	hasAll := func(d airflowclient.DAG) bool {
		return !slices.ContainsFunc(q.Tags, func(tag string) bool { return !slices.Contains(d.Tags, tag) })
	}
	var out []airflowclient.DAG
	for _, d := range w.dags {
		if hasAll(d) {
			out = append(out, d)
		}
	}
	return out, nil
}

func (w *world) Runs(_ context.Context, q airflowclient.RunQuery) ([]airflowclient.Run, error) {
	if err := w.ask("runs"); err != nil {
		return nil, err
	}
	var out []airflowclient.Run
	for _, r := range w.runs {
		if len(q.DAGIDs) > 0 && !slices.Contains(q.DAGIDs, r.DAGID) || len(q.States) > 0 && !slices.Contains(q.States, r.State) {
			continue
		}
		if !q.LogicalFrom.IsZero() && r.LogicalDate.Before(q.LogicalFrom) {
			continue
		}
		out = append(out, r)
	}
	slices.SortFunc(out, compareRuns)
	if q.Limit > 0 && len(out) > q.Limit {
		out = out[:q.Limit]
	}
	return out, nil
}

func (w *world) TaskInstances(_ context.Context, q airflowclient.TaskQuery) ([]airflowclient.TaskInstance, error) {
	if err := w.ask("tasks"); err != nil {
		return nil, err
	}
	var out []airflowclient.TaskInstance
	for _, ti := range w.tasks {
		if slices.Contains(q.Runs, airflowclient.RunRef{DAGID: ti.DAGID, RunID: ti.RunID}) {
			out = append(out, ti)
		}
	}
	return out, nil
}

func (w *world) XCom(_ context.Context, dagID, runID, taskID, _ string) (json.RawMessage, error) {
	if err := w.ask("xcom"); err != nil {
		return nil, err
	}
	value, ok := w.xcoms[airflowclient.RunRef{DAGID: dagID, RunID: runID}]
	if !ok || taskID != dagspec.SummaryTask {
		return nil, &airflowclient.Error{Op: "read XCom", Kind: airflowclient.KindNotFound, Status: 404}
	}
	return json.RawMessage(value), nil
}

func (w *world) ImportErrors(context.Context) ([]airflowclient.ImportError, error) {
	return w.broken, w.ask("imports")
}

func (w *world) Log(_ context.Context, ref airflowclient.LogRef, token string) (airflowclient.LogChunk, error) {
	text := fmt.Sprintf("%s %s %s %d %d after %q", ref.DAGID, ref.RunID, ref.TaskID, ref.MapIndex, ref.Try, token)
	return airflowclient.LogChunk{Lines: []airflowclient.LogLine{{Level: "info", Text: text}}, Next: "2"}, w.ask("log")
}

// observer looks at the world at noon.
func (w *world) observer() *Observer {
	return &Observer{Airflow: w, Now: func() time.Time { return noon }, Context: "test", URL: "http://airflow.test"}
}

// instancesFrom makes task instances out of "id=state".
func instancesFrom(dag, run string, specs []string) []airflowclient.TaskInstance {
	var out []airflowclient.TaskInstance
	for _, spec := range specs {
		id, state, _ := strings.Cut(spec, "=")
		out = append(out, airflowclient.TaskInstance{DAGID: dag, RunID: run, TaskID: id, MapIndex: -1, State: airflowclient.State(state), Try: 1})
	}
	return out
}

func tasksFrom(specs []string) []Task {
	var out []Task
	for _, ti := range instancesFrom("d", "r", specs) {
		out = append(out, taskOf(ti))
	}
	return out
}

// plantedWorld has a team for each kind of trouble.
func plantedWorld() *world {
	w := newWorld()
	plantWell(w)
	plantTrouble(w)
	plantOdd(w)
	w.broken = []airflowclient.ImportError{
		{File: "join_search.py", Trace: "Traceback:\n  File x\nImportError: cannot import name 'x'", Timestamp: noon},
		{File: "someone_elses.py", Trace: "SyntaxError", Timestamp: noon},
	}
	return w
}

// plantWell plants team core, where everything is as it should be.
func plantWell(w *world) {
	w.dag("chronon_staging_query_core", dagspec.KindStagingQuery, "core", "")
	w.dag("chronon_batch_dag_core", dagspec.KindBatch, "core", "")
	w.dag("chronon_join_core__users__v1", dagspec.KindJoin, "core", "core.users.v1")
	w.dag("chronon_streaming_dag_core", dagspec.KindStreaming, "core", "")
	w.dag("chronon_online_offline_comparison_core__users__v1", dagspec.KindComparison, "core", "core.users.v1")
	for _, ds := range []string{"2026-11-20", "2026-11-21", "2026-11-22"} {
		w.day("chronon_staging_query_core", ds, "success", "wait_for__x__1=success", "backfill__q1=success", "backfill__weekly=skipped")
		w.day("chronon_batch_dag_core", ds, "success", "upload__g__v1=success", "kv_load__g__v1=success")
		w.day("chronon_join_core__users__v1", ds, "success", "backfill__users__v1=success")
	}
	w.tick("chronon_streaming_dag_core", 5*time.Minute, "running", "keep_alive__clicks__v1=running", "summary=")
	ref := w.tick("chronon_streaming_dag_core", 20*time.Minute, "success", "keep_alive__clicks__v1=success", "summary=success")
	w.xcoms[ref] = fmt.Sprintf(`{"v":1,"at":%q,"streams":[{"group_by":"core.clicks.v1","state":"alive","restarts_24h":0,"ticks":"aaaa"}]}`,
		noon.Add(-10*time.Minute).Format(time.RFC3339))
	ref = w.day("chronon_online_offline_comparison_core__users__v1", "2026-11-22", "success", "consistency__users__v1=success", "summary=success")
	w.xcoms[ref] = `{"v":1,"join":"core.users.v1","ds":"2026-11-22","state":"ok","sample_percent":100,"matched_rows":900,"features_total":6}`
}

// plantTrouble plants team payments, where everything is as it should not be.
func plantTrouble(w *world) {
	w.dag("chronon_staging_query_payments", dagspec.KindStagingQuery, "payments", "")
	w.dag("chronon_batch_dag_payments", dagspec.KindBatch, "payments", "")
	w.dag("chronon_join_payments__checkout__v1", dagspec.KindJoin, "payments", "payments.checkout.v1")
	w.dag("chronon_join_payments__refund__v1", dagspec.KindJoin, "payments", "payments.refund.v1")
	w.dag("chronon_streaming_dag_payments", dagspec.KindStreaming, "payments", "")
	w.dag("chronon_online_offline_comparison_payments__checkout__v1", dagspec.KindComparison, "payments", "payments.checkout.v1")
	w.day("chronon_staging_query_payments", "2026-11-22", "running", "wait_for__raw__2=up_for_reschedule", "backfill__orders=", "backfill__free=success")
	w.day("chronon_batch_dag_payments", "2026-11-20", "failed", "upload__g__v1=failed", "kv_load__g__v1=upstream_failed", "upload__h__v1=success")
	w.day("chronon_batch_dag_payments", "2026-11-21", "success", "upload__g__v1=success", "kv_load__g__v1=success", "upload__h__v1=success")
	w.day("chronon_join_payments__checkout__v1", "2026-11-21", "success", "backfill__checkout__v1=success")
	w.day("chronon_join_payments__checkout__v1", "2026-11-22", "running", "backfill__checkout__v1=running")
	w.day("chronon_join_payments__refund__v1", "2026-11-21", "success", "backfill__refund__v1=skipped")
	ref := w.tick("chronon_streaming_dag_payments", 20*time.Minute, "success",
		"keep_alive__card__v1=success", "keep_alive__bids__v1=failed", "keep_alive__lost__v1=success", "summary=success")
	w.xcoms[ref] = fmt.Sprintf(`{"v":1,"at":%q,"streams":[
		{"group_by":"payments.card.v1","state":"restarted","since":"2026-11-23T11:40:00Z","restarts_24h":4,"ticks":"aara"},
		{"group_by":"payments.bids.v1","state":"duplicate","reason":"two applications run","restarts_24h":0,"ticks":"aad"}]}`,
		noon.Add(-10*time.Minute).Format(time.RFC3339))
	ref = w.day("chronon_online_offline_comparison_payments__checkout__v1", "2026-11-21", "success", "consistency__checkout__v1=success", "summary=success")
	w.xcoms[ref] = breachReport
}

// plantOdd plants team search: paused, never ran, without a report, and a state from another age.
func plantOdd(w *world) {
	w.dag("chronon_batch_dag_search", dagspec.KindBatch, "search", "").Paused = true
	w.dag("chronon_staging_query_search", dagspec.KindStagingQuery, "search", "")
	w.dag("chronon_streaming_dag_search", dagspec.KindStreaming, "search", "")
	w.dag("chronon_join_search__odd__v1", dagspec.KindJoin, "search", "search.odd.v1")
	w.dag("chronon_online_offline_comparison_search__odd__v1", dagspec.KindComparison, "search", "search.odd.v1")
	w.day("chronon_batch_dag_search", "2026-11-01", "success", "upload__q__v1=success")
	w.tick("chronon_streaming_dag_search", 20*time.Minute, "failed", "keep_alive__query__v1=success", "summary=failed")
	w.day("chronon_join_search__odd__v1", "2026-11-22", "success", "backfill__odd__v1=sleep\x1b[31mwalking")
	ref := w.day("chronon_online_offline_comparison_search__odd__v1", "2026-11-22", "success", "consistency__odd__v1=success", "summary=success")
	w.xcoms[ref] = `{"v":1,"state":"not_measured","reason":"19 rows matched, 30 are needed","ds":"2026-11-22","features_total":4}`
}
