package airflowtest

import (
	"net/http"
	"time"
)

func (a *Airflow) listPlugins(r *http.Request) (answer, error) {
	p, err := a.pageOf(r.URL.Query())
	if err != nil {
		return answer{}, err
	}
	return collection("plugins", []row{}, p, func(shown row) row { return shown }), nil
}

// listProviders lists what comes with each Airflow. Airflow 2 has no pages for it.
func (a *Airflow) listProviders(r *http.Request) (answer, error) {
	q, err := a.query(r)
	if err != nil {
		return answer{}, err
	}
	p, err := a.pageOf(q)
	if err != nil {
		return answer{}, err
	}
	rows := []row{
		{"package_name": "apache-airflow-providers-common-io", "version": "1.11.0", "description": "Common IO Provider"},
		{"package_name": "apache-airflow-providers-common-sql", "version": "1.24.0", "description": "Common SQL Provider"},
	}
	if a.isV2 {
		rows = append(rows, row{"package_name": "apache-airflow-providers-standard", "version": "1.9.0", "description": "Airflow Standard Provider"})
	}
	return collection("providers", rows, p, func(shown row) row { return shown }), nil
}

// readSetting keeps the configuration to itself, as Airflow does unless it is told otherwise.
func (a *Airflow) readSetting(*http.Request) (answer, error) {
	if !a.since(2, 7, 0) {
		return answer{}, notFound("Not Found")
	}
	return answer{}, &refusal{
		status: http.StatusForbidden, title: "Forbidden",
		detail: "Your Airflow administrator chose not to expose the configuration, most likely for security reasons.",
	}
}

// listJobs is the scheduler and the DAG processor.
func (a *Airflow) listJobs(r *http.Request) (answer, error) {
	p, err := a.pageOf(r.URL.Query())
	if err != nil {
		return answer{}, err
	}
	beat := a.now()
	if a.stopped {
		beat = a.beat
	}
	job := func(id int, kind string, beat time.Time) row {
		return row{
			"id": id, "job_type": kind, "state": running, "hostname": "airflow-1", "latest_heartbeat": a.when(beat), "start_date": a.when(a.born),
			"end_date": nil, "dag_id": nil, "executor_class": nil, "unixname": "airflow",
		}
	}
	return collection("jobs", []row{job(1, "SchedulerJob", beat), job(2, "DagProcessorJob", a.now())}, p, func(shown row) row { return shown }), nil
}
