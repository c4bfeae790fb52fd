package airflowtest

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// schedule is what answers say of a DAG's schedule: a short form, and how Airflow 2 has it.
func (d DAG) schedule() (summary string, interval any) {
	switch {
	case d.Cron != "":
		return d.Cron, row{"__type": "CronExpression", "value": d.Cron}
	case d.Every > 0:
		days, rest := int(d.Every.Hours())/24, d.Every%(24*time.Hour)
		summary = fmt.Sprintf("%d:%02d:%02d", int(rest.Hours()), int(rest.Minutes())%60, int(rest.Seconds())%60)
		if days > 0 {
			summary = fmt.Sprintf("%d day%s, %s", days, strings.Repeat("s", min(days-1, 1)), summary)
		}
		return summary, row{"__type": "TimeDelta", "days": days, "seconds": int(rest.Seconds()), "microseconds": 0}
	}
	return "None", nil
}

// readDetails is a DAG with what its file says of it.
func (a *Airflow) readDetails(r *http.Request) (answer, error) {
	d, err := a.dagOf(r)
	if err != nil {
		return answer{}, err
	}
	shown := a.dagRow(d)
	summary, interval := d.spec.schedule()
	shown["start_date"], shown["end_date"], shown["catchup"], shown["timezone"] = a.when(d.spec.Start), nil, d.spec.Catchup, "UTC"
	shown["doc_md"], shown["params"], shown["concurrency"] = orNull(d.spec.Doc), row{}, cmp.Or(d.spec.MaxTasks, maxTasks)
	shown["max_active_tasks"], shown["is_paused_upon_creation"] = cmp.Or(d.spec.MaxTasks, maxTasks), nil
	if a.isV2 {
		shown["timetable_summary"] = summary
		if summary == "None" && !a.since(3, 1, 0) {
			shown["timetable_summary"] = nil
		}
	} else {
		shown["schedule_interval"] = interval
	}
	return answer{body: shown}, nil
}

// listWarnings names pools that tasks want and nobody has made. The DAG processors of Airflow 3 have no pools to look at and name none.
func (a *Airflow) listWarnings(r *http.Request) (answer, error) {
	q, err := a.query(r, "limit", "offset", "order_by", "dag_id", "warning_type")
	if err != nil {
		return answer{}, err
	}
	p, err := a.pageOf(q)
	if err != nil {
		return answer{}, err
	}
	var found []row
	for _, id := range sortedKeys(a.dags) {
		d := a.dags[id]
		if a.isV2 || d.stale || a.hidden[id] || q.Has("dag_id") && q.Get("dag_id") != id {
			continue
		}
		if missing := a.missingPools(d); len(missing) > 0 {
			found = append(found, row{
				"dag_id": id, "warning_type": "non-existent pool", "timestamp": a.when(d.parsed),
				"message": fmt.Sprintf("Dag '%s' references non-existent pools: ['%s']", id, strings.Join(missing, "', '")),
			})
		}
	}
	return collection("dag_warnings", found, p, func(shown row) row { return shown }), nil
}

func (a *Airflow) missingPools(d *dag) []string {
	missing := map[string]bool{}
	for _, t := range d.tasks {
		if t.Pool != "" && a.pools[t.Pool] == nil {
			missing[t.Pool] = true
		}
	}
	return sortedKeys(missing)
}

// removeDAG deletes a DAG and its runs; the next parse of its file brings it back.
func (a *Airflow) removeDAG(r *http.Request) (answer, error) {
	d, err := a.dagOf(r)
	if err != nil {
		return answer{}, err
	}
	a.deleteDAG(d.spec.ID)
	return answer{status: http.StatusNoContent}, nil
}
