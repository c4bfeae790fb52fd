package airflowtest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// eventNames is how the two APIs log what was asked for. Airflow 2 puts "api." in front and does not name the run of most requests.
var eventNames = map[string][2]string{
	"trigger_dag_run": {"post_dag_run", "trigger_dag_run"}, "paused": {"patch_dag", "patch_dag"},
	"clear": {"post_clear_task_instances", "post_clear_task_instances"}, "delete_dag_run": {"delete_dag_run", "delete_dag_run"},
	"dagrun_success": {"update_dag_run_state", "patch_dag_run"}, "dagrun_failed": {"update_dag_run_state", "patch_dag_run"},
}

// shown is an entry as the API of the version has it.
func (a *Airflow) shown(e auditEntry) auditEntry {
	names, ok := eventNames[e.event]
	switch {
	case ok && a.isV2:
		e.event = names[1]
	case ok:
		e.event, e.run = "api."+names[0], ""
	}
	return e
}

// listEvents is the event log. Filters came with 2.8, that of runs with 2.9; older ones refuse them.
func (a *Airflow) listEvents(r *http.Request) (answer, error) {
	known := []string{"limit", "offset", "order_by"}
	if a.since(2, 8, 0) {
		known = append(known, "after", "before", "dag_id", "task_id", "event", "owner")
	}
	if a.since(2, 9, 0) {
		known = append(known, "run_id", "included_events", "excluded_events")
	}
	q, err := a.query(r, known...)
	if err != nil {
		return answer{}, err
	}
	p, err := a.pageOf(q)
	if err != nil {
		return answer{}, err
	}
	var found []auditEntry
	for _, e := range a.log {
		if e = a.shown(e); e.fits(q) {
			found = append(found, e)
		}
	}
	if strings.HasPrefix(q.Get("order_by"), "-") {
		slices.Reverse(found)
	}
	return collection("event_logs", found, p, func(e auditEntry) row {
		shown := row{
			"event_log_id": e.number, "when": a.when(e.when), "dag_id": orNull(e.dag), "run_id": orNull(e.run), "task_id": nil,
			"event": e.event, "owner": orNull(e.owner), "extra": nil, "map_index": nil, "try_number": nil,
		}
		if a.isV2 {
			shown["logical_date"] = nil
		} else {
			shown["execution_date"] = nil
		}
		return shown
	}), nil
}

func (e auditEntry) fits(q url.Values) bool {
	after, _ := time.Parse(time.RFC3339Nano, q.Get("after"))
	before, err := time.Parse(time.RFC3339Nano, q.Get("before"))
	for name, value := range map[string]string{"dag_id": e.dag, "run_id": e.run, "task_id": "", "event": e.event, "owner": e.owner} {
		if q.Has(name) && q.Get(name) != value {
			return false
		}
	}
	return e.when.After(after) && (err != nil || e.when.Before(before))
}

// asset is something that tasks write, found in the DAGs.
type asset struct {
	number    int
	uri       string
	producers []row
}

// assets is what the tasks of all DAGs write, by URI.
func (a *Airflow) assets() []*asset {
	byURI := map[string]*asset{}
	for _, id := range sortedKeys(a.dags) {
		for _, t := range a.dags[id].tasks {
			for _, uri := range t.Outlets {
				if byURI[uri] == nil {
					byURI[uri] = &asset{uri: uri}
				}
				byURI[uri].producers = append(byURI[uri].producers, row{"dag_id": id, "task_id": t.ID})
			}
		}
	}
	var list []*asset
	for i, uri := range sortedKeys(byURI) {
		byURI[uri].number = i + 1
		list = append(list, byURI[uri])
	}
	return list
}

func (a *Airflow) listAssets(r *http.Request) (answer, error) {
	q, err := a.query(r, "limit", "offset", "order_by", "uri_pattern", "dag_ids")
	if err != nil {
		return answer{}, err
	}
	p, err := a.pageOf(q)
	if err != nil {
		return answer{}, err
	}
	member := "datasets"
	if a.isV2 {
		member = "assets"
	}
	return collection(member, a.assets(), p, func(s *asset) row {
		shown := row{"id": s.number, "uri": s.uri, "producing_tasks": s.producers, "extra": row{}, "aliases": []row{}}
		if a.isV2 {
			shown["name"], shown["group"] = s.uri, "asset"
		}
		return shown
	}), nil
}

// assetEvent says that a task instance wrote an asset, when it succeeded.
type assetEvent struct {
	of   *asset
	ti   *instance
	when time.Time
}

// assetEvents is when assets were written: at the end of each try that succeeded.
func (a *Airflow) assetEvents() []assetEvent {
	var events []assetEvent
	all := a.assets()
	for _, run := range a.runs {
		for _, ti := range run.tasks {
			for _, try := range ti.tries {
				for _, uri := range ti.task.Outlets {
					if i := slices.IndexFunc(all, func(s *asset) bool { return s.uri == uri }); i >= 0 && try.state == success && !try.end.IsZero() {
						events = append(events, assetEvent{of: all[i], ti: ti, when: try.end})
					}
				}
			}
		}
	}
	slices.SortStableFunc(events, func(x, y assetEvent) int { return x.when.Compare(y.when) })
	return events
}

func (a *Airflow) listAssetEvents(r *http.Request) (answer, error) {
	id := "dataset_id"
	if a.isV2 {
		id = "asset_id"
	}
	q, err := a.query(r, "limit", "offset", "order_by", id, "source_dag_id", "source_run_id", "source_task_id", "source_map_index")
	if err != nil {
		return answer{}, err
	}
	p, err := a.pageOf(q)
	if err != nil {
		return answer{}, err
	}
	var rows []row
	for i, e := range a.assetEvents() {
		fits := func(name, value string) bool { return !q.Has(name) || q.Get(name) == value }
		if q.Has(id) && number(q.Get(id)) != e.of.number || !fits("source_dag_id", e.ti.run.dag) || !fits("source_run_id", e.ti.run.id) ||
			!fits("source_task_id", e.ti.task.ID) {
			continue
		}
		shown := row{
			"id": i + 1, id: e.of.number, "timestamp": a.when(e.when), "source_dag_id": e.ti.run.dag, "source_run_id": e.ti.run.id,
			"source_task_id": e.ti.task.ID, "source_map_index": e.ti.mapIndex, "created_dagruns": []row{}, "extra": row{},
		}
		if a.isV2 {
			shown["uri"], shown["name"], shown["group"] = e.of.uri, e.of.uri, "asset"
		} else {
			shown["dataset_uri"] = e.of.uri
		}
		rows = append(rows, shown)
	}
	if strings.HasPrefix(q.Get("order_by"), "-") {
		slices.Reverse(rows)
	}
	member := "dataset_events"
	if a.isV2 {
		member = "asset_events"
	}
	return collection(member, rows, p, func(shown row) row { return shown }), nil
}
