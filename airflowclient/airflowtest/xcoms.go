package airflowtest

import "net/http"

// xcomEntry is a row of the list of XComs.
type xcomEntry struct {
	ti  *instance
	key string
}

// listXComs lists keys without values. "~" is every DAG, run or task; what does not exist has none. Airflow 2 does not name the run,
// and before 2.7 it has no map indexes.
func (a *Airflow) listXComs(r *http.Request) (answer, error) {
	known := []string{"limit", "offset"}
	if a.since(2, 7, 0) {
		known = append(known, "map_index", "xcom_key")
	}
	q, err := a.query(r, known...)
	if err != nil {
		return answer{}, err
	}
	p, err := a.pageOf(q)
	if err != nil {
		return answer{}, err
	}
	fits := func(name, value string) bool { return r.PathValue(name) == "~" || r.PathValue(name) == value }
	var found []xcomEntry
	for _, run := range a.runs {
		if a.hidden[run.dag] || !fits("dag", run.dag) || !fits("run", run.id) {
			continue
		}
		for _, ti := range run.tasks {
			if !fits("task", ti.task.ID) || q.Has("map_index") && number(q.Get("map_index")) != ti.mapIndex {
				continue
			}
			for _, key := range sortedKeys(ti.xcoms) {
				if !q.Has("xcom_key") || q.Get("xcom_key") == key {
					found = append(found, xcomEntry{ti, key})
				}
			}
		}
	}
	return collection("xcom_entries", found, p, func(x xcomEntry) row {
		shown := row{
			"key": x.key, "timestamp": a.when(x.ti.end), "dag_id": x.ti.run.dag, "task_id": x.ti.task.ID, "map_index": x.ti.mapIndex,
		}
		if a.isV2 {
			shown["run_id"], shown["logical_date"] = x.ti.run.id, a.when(x.ti.run.logical)
			return shown
		}
		shown["execution_date"] = a.when(x.ti.run.logical)
		if !a.since(2, 7, 0) {
			delete(shown, "map_index")
		}
		return shown
	}), nil
}
