package fleet

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// world is an Airflow in memory: it answers as a server would, counts them, and fails where it is told to.
type world struct {
	server  airflowclient.Server
	health  airflowclient.Health
	dags    []airflowclient.DAG
	runs    []airflowclient.Run
	tasks   []airflowclient.TaskInstance
	xcoms   map[airflowclient.RunRef]string
	broken  []airflowclient.ImportError
	skew    time.Duration     // of its clock
	docs    map[string]string // doc_md by DAG
	failing map[string]error  // by operation: server, health, dags, runs, tasks, xcom, imports, log
	asked   map[string]int    // HTTP status by DAG that is asked for by itself; "" is one that does not exist

	mu       sync.Mutex
	requests map[string]int
	later    time.Duration
}

func newWorld() *world {
	return &world{
		server: airflowclient.Server{Version: "3.3.2", API: 2},
		health: airflowclient.Health{Components: []airflowclient.Component{
			{Name: "metadatabase", Status: "healthy"}, {Name: "scheduler", Status: "healthy"}, {Name: "triggerer"},
		}},
		docs:     make(map[string]string),
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
	return r.Ref()
}

// ask counts a question. Where the world was told to fail, there is an answer already, or an error of the network.
func (w *world) ask(op string) (*http.Response, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests[op]++
	ours, ok := errors.AsType[*airflowclient.Error](w.failing[op])
	if ok && ours.Status != 0 {
		return jsonResponse(ours.Status, row{"detail": ours.Detail}), nil
	}
	return nil, w.failing[op]
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

type row = map[string]any

func jsonResponse(status int, body any) *http.Response {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}, "Date": {noon.Format(http.TimeFormat)}},
		Body: io.NopCloser(bytes.NewReader(text)),
	}
}

// RoundTrip answers as Airflow 3 does.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	path := strings.TrimPrefix(r.URL.Path, "/api/v2")
	op, answer := w.route(path)
	if failed, err := w.ask(op); failed != nil || err != nil {
		return w.dated(failed, r), err
	}
	return w.dated(answer(r), r), nil
}

func (w *world) dated(resp *http.Response, r *http.Request) *http.Response {
	if resp != nil {
		resp.Request = r
		resp.Header.Set("Date", w.now().Add(w.skew).Format(http.TimeFormat))
	}
	return resp
}

// route says which operation a path is, and who answers.
func (w *world) route(path string) (op string, answer func(*http.Request) *http.Response) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case path == "/version":
		return "server", func(*http.Request) *http.Response { return jsonResponse(200, row{"version": w.server.Version}) }
	case path == "/monitor/health":
		return "health", func(*http.Request) *http.Response { return jsonResponse(200, w.healthRow()) }
	case path == "/dags":
		return "dags", w.listDAGs
	case path == "/importErrors":
		return "imports", w.listBroken
	case path == "/dags/~/dagRuns/list":
		return "runs", w.listRuns
	case path == "/dags/~/dagRuns":
		return "edits", func(*http.Request) *http.Response { return listResponse("dag_runs", nil) }
	case path == "/dags/~/dagRuns/~/taskInstances/list":
		return "tasks", w.listTasks
	case len(parts) == 3 && parts[2] == "details":
		return "details", func(*http.Request) *http.Response { return w.details(parts[1]) }
	case slices.Contains(parts, "xcomEntries"):
		return "xcom", func(*http.Request) *http.Response { return w.xcom(parts[1], parts[3], parts[5]) }
	case slices.Contains(parts, "logs"):
		return "log", func(r *http.Request) *http.Response { return w.log(parts, r.URL.Query()) }
	}
	return "other", func(*http.Request) *http.Response { return jsonResponse(404, row{"detail": "not found"}) }
}

func listResponse(member string, rows []row) *http.Response {
	return jsonResponse(200, row{member: append([]row{}, rows...), "total_entries": len(rows)})
}

func (w *world) healthRow() row {
	parts := row{}
	for _, c := range w.health.Components {
		parts[c.Name] = row{"status": orNull(c.Status)}
	}
	return parts
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func moment(at time.Time) any {
	if at.IsZero() {
		return nil
	}
	return at.Format(time.RFC3339Nano)
}

func (w *world) listDAGs(r *http.Request) *http.Response {
	q := r.URL.Query()
	var rows []row
	for _, d := range w.dags {
		hasAll := !slices.ContainsFunc(q["tags"], func(tag string) bool { return !slices.Contains(d.Tags, tag) })
		if d.Stale || !hasAll || !strings.Contains(d.ID, q.Get("dag_id_pattern")) || q.Get("paused") == "true" && !d.Paused {
			continue
		}
		rows = append(rows, dagRow(d))
	}
	return listResponse("dags", rows)
}

func dagRow(d airflowclient.DAG) row {
	var tags []row
	for _, tag := range d.Tags {
		tags = append(tags, row{"name": tag})
	}
	return row{
		"dag_id": d.ID, "description": d.Description, "fileloc": d.FileLoc, "tags": tags, "is_paused": d.Paused, "has_import_errors": d.HasImportErrors,
		"is_stale": d.Stale,
	}
}

func (w *world) details(id string) *http.Response {
	if status := w.asked[id]; status != 0 {
		return jsonResponse(status, row{"detail": "no"})
	}
	for _, d := range w.dags {
		if d.ID == id {
			details := dagRow(d)
			details["doc_md"] = w.docs[id]
			return jsonResponse(200, details)
		}
	}
	return jsonResponse(cmp.Or(w.asked[""], 404), row{"detail": "no such DAG"})
}

func (w *world) listBroken(*http.Request) *http.Response {
	var rows []row
	for i, b := range w.broken {
		rows = append(rows, row{"import_error_id": i, "filename": b.File, "stack_trace": b.Trace, "timestamp": moment(b.Timestamp)})
	}
	return listResponse("import_errors", rows)
}

// asked is what batch lists are asked for.
type asked struct {
	DAGs   []string  `json:"dag_ids"`
	Runs   []string  `json:"dag_run_ids"`
	States []string  `json:"states"`
	State  []string  `json:"state"` // of tasks; null is read as ""
	Ended  time.Time `json:"end_date_gte"`
	Limit  int       `json:"page_limit"`
}

func bodyOf(r *http.Request) asked {
	var body asked
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		panic(err)
	}
	return body
}

func among(wanted []string, value string) bool {
	return len(wanted) == 0 || slices.Contains(wanted, value)
}

func (w *world) listRuns(r *http.Request) *http.Response {
	body := bodyOf(r)
	var found []airflowclient.Run
	for _, run := range w.runs {
		if among(body.DAGs, run.DAGID) && among(body.States, string(run.State)) && (body.Ended.IsZero() || !run.End.Before(body.Ended)) {
			found = append(found, run)
		}
	}
	slices.SortFunc(found, compareRuns)
	rows := make([]row, 0, len(found))
	for _, run := range found {
		rows = append(rows, row{
			"dag_id": run.DAGID, "dag_run_id": run.ID, "state": run.State, "run_type": run.Type, "logical_date": moment(run.LogicalDate),
			"data_interval_start": moment(run.IntervalFrom), "data_interval_end": moment(run.IntervalTo), "run_after": moment(run.RunAfter),
			"start_date": moment(run.Start), "end_date": moment(run.End),
		})
	}
	return listResponse("dag_runs", rows)
}

func (w *world) listTasks(r *http.Request) *http.Response {
	body := bodyOf(r)
	var rows []row
	for _, ti := range w.tasks {
		if among(body.DAGs, ti.DAGID) && among(body.Runs, ti.RunID) && among(body.State, string(ti.State)) {
			rows = append(rows, row{
				"dag_id": ti.DAGID, "dag_run_id": ti.RunID, "task_id": ti.TaskID, "map_index": ti.MapIndex, "state": orNull(string(ti.State)), "try_number": ti.Try,
			})
		}
	}
	return listResponse("task_instances", rows)
}

func (w *world) xcom(dag, run, task string) *http.Response {
	value, ok := w.xcoms[airflowclient.RunRef{DAGID: dag, RunID: run}]
	if !ok || task != dagspec.SummaryTask {
		return jsonResponse(404, row{"detail": "no such XCom"})
	}
	return jsonResponse(200, row{"value": value})
}

func (w *world) log(parts []string, q url.Values) *http.Response {
	text := fmt.Sprintf("%s %s %s %s %s after %q", parts[1], parts[3], parts[5], q.Get("map_index"), parts[7], q.Get("token"))
	return jsonResponse(200, row{"content": []row{{"level": "info", "event": text}}, "continuation_token": "2"})
}

// observer looks at the world at noon.
func (w *world) observer() *Observer { return w.observerOf(Options{}) }

// observerOf looks at a part of the world, and counts what that costs from now on.
func (w *world) observerOf(o Options) *Observer {
	client, err := airflowclient.New(airflowclient.Config{URL: "http://airflow.test", Transport: w, MaxTries: 1, Now: w.now})
	if err != nil {
		panic(err)
	}
	o.Context, o.URL, o.Now = "test", "http://airflow.test", w.now
	return NewObserver(client, o)
}

// now is noon, and later in tests that move the clock.
func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return noon.Add(w.later)
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.later += d
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
	w.xcoms[ref] = `{"v":1,"join":"core.users.v1","ds":"2026-11-22","state":"ok","sample_percent":100,"matched_rows":900,"features_total":6,"features":[{"name":"country","rows":900,"mismatch":0.001,"over":[]}]}`
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
