package airflowtest

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
)

// dagFolder is where the files lie, as answers show it.
const dagFolder = "/opt/airflow/dags/"

// listDAGs is GET dags. Only the file's own DAGs are shown unless stale ones are asked for; Airflow 2 finds any of the tags.
func (a *Airflow) listDAGs(r *http.Request) (answer, error) {
	q, err := a.query(r, "limit", "offset", "order_by", "tags", "only_active", "dag_id_pattern", "paused", "fields")
	if err != nil {
		return answer{}, err
	}
	p, err := a.pageOf(q)
	if err != nil {
		return answer{}, err
	}
	if len(a.dags) > 0 && len(a.hidden) >= len(a.dags) { // who may read no DAG may not list them either
		return answer{}, forbidden()
	}
	var found []*dag
	for _, id := range a.dagIDs() {
		if d := a.dags[id]; a.listed(d, q) {
			found = append(found, d)
		}
	}
	if q.Get("order_by") == "-dag_id" {
		slices.Reverse(found)
	}
	got := collection("dags", found, p, func(d *dag) row { return a.sparse(a.dagRow(d), q["fields"]) })
	return got, nil
}

// dagIDs lists all DAGs in order. They are sorted once for all requests, as an index does it.
func (a *Airflow) dagIDs() []string {
	if len(a.ordered) != len(a.dags) {
		a.ordered = slices.Sorted(maps.Keys(a.dags))
	}
	return a.ordered
}

// listed reports whether a DAG fits the filters of the list.
func (a *Airflow) listed(d *dag, q url.Values) bool {
	withStale, matchAll := q.Get("only_active") == "false", false
	if a.isV2 {
		withStale, matchAll = q.Get("exclude_stale") == "false", q.Get("tags_match_mode") == "all"
	}
	hits := 0
	for _, tag := range q["tags"] {
		if slices.Contains(d.spec.Tags, tag) {
			hits++
		}
	}
	switch {
	case d.stale && !withStale, a.hidden[d.spec.ID],
		len(q["tags"]) > 0 && hits == 0, matchAll && hits < len(q["tags"]),
		!like(q.Get("dag_id_pattern"), d.spec.ID),
		q.Has("paused") && (q.Get("paused") == "true") != d.paused:
		return false
	}
	return true
}

// sparse keeps the members that were asked for, which Airflow 2 can since 2.9.
func (a *Airflow) sparse(all row, fields []string) row {
	if len(fields) == 0 || a.isV2 {
		return all
	}
	maps.DeleteFunc(all, func(name string, _ any) bool { return !slices.Contains(fields, name) })
	return all
}

func (a *Airflow) dagRow(d *dag) row {
	tags := []row{}
	for _, tag := range d.spec.Tags {
		tags = append(tags, row{"name": tag})
	}
	shown := row{
		"dag_id": d.spec.ID, "dag_display_name": d.spec.ID, "description": orNull(d.spec.Description), "file_token": token(d.file),
		"fileloc": dagFolder + d.file, "owners": []string{"airflow"}, "tags": tags, "is_paused": d.paused, "has_import_errors": d.broken,
		"last_parsed_time": a.when(a.reparsed(d.parsed)), "timetable_description": "Never, external triggers only",
		"max_active_runs": cmp.Or(d.spec.MaxActive, 16), "max_active_tasks": 16, "has_task_concurrency_limits": false, "max_consecutive_failed_dag_runs": 0,
		"last_expired": nil, "next_dagrun_data_interval_start": nil, "next_dagrun_data_interval_end": nil,
	}
	var next, due time.Time
	if d.spec.scheduled() {
		shown["timetable_description"] = "At " + cmp.Or(d.spec.Cron, d.spec.Every.String())
	}
	if d.spec.scheduled() && !d.next.IsZero() && !d.stale { // a stale DAG has no next run
		next, due = d.next, d.spec.tick(d.next)
		if d.full && !a.isV2 { // 2.11 forgets the next run while there are as many as may be, and shows the last one
			next, due = d.last, time.Time{}
		}
		shown["next_dagrun_data_interval_start"], shown["next_dagrun_data_interval_end"] = a.when(next), a.when(d.spec.tick(next))
	}
	if d.stale || d.broken {
		shown["last_parsed_time"] = a.when(d.parsed)
	}
	if a.isV2 {
		shown["is_stale"], shown["bundle_name"], shown["bundle_version"], shown["relative_fileloc"] = d.stale, "dags-folder", nil, d.file
		shown["next_dagrun_logical_date"], shown["next_dagrun_run_after"] = a.when(next), a.when(due)
		shown["timetable_summary"], shown["allowed_run_types"] = nil, nil
		if a.since(3, 1, 0) {
			shown["last_parse_duration"] = 0.1
		}
		return shown
	}
	shown["is_active"], shown["next_dagrun"], shown["next_dagrun_create_after"] = !d.stale, a.when(next), a.when(due)
	shown["is_subdag"], shown["root_dag_id"], shown["schedule_interval"] = false, nil, nil
	return shown
}

// token stands for a file in addresses, signed as Airflow does it.
func token(file string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(`"`+dagFolder+file+`"`)) + ".c2lnbmVk"
}

// dagOf finds the DAG of a request, stale or not.
func (a *Airflow) dagOf(r *http.Request) (*dag, error) {
	id := r.PathValue("dag")
	d, ok := a.dags[id]
	if !ok {
		if a.isV2 {
			return nil, notFound(fmt.Sprintf("The Dag with ID: `%s` was not found", id))
		}
		return nil, &refusal{status: http.StatusNotFound, title: "DAG not found", detail: fmt.Sprintf("The DAG with dag_id: %s was not found", id)}
	}
	return d, nil
}

func (a *Airflow) readDAG(r *http.Request) (answer, error) {
	d, err := a.dagOf(r)
	if err != nil {
		return answer{}, err
	}
	return answer{body: a.dagRow(d)}, nil
}

func (a *Airflow) patchDAG(r *http.Request) (answer, error) {
	d, err := a.dagOf(r)
	if err != nil {
		return answer{}, err
	}
	var body struct {
		Paused *bool `json:"is_paused"`
	}
	if err := a.readBody(r, &body); err != nil {
		return answer{}, err
	}
	if body.Paused == nil {
		return answer{}, badRequest("Only `is_paused` field can be updated through the REST API")
	}
	a.pause(d, *body.Paused)
	return answer{body: a.dagRow(d)}, nil
}

// listTasks answers for a stale DAG on Airflow 3 alone: 2.11 has thrown its structure away.
func (a *Airflow) listTasks(r *http.Request) (answer, error) {
	d, err := a.dagOf(r)
	if err != nil {
		return answer{}, err
	}
	if d.stale && !a.isV2 {
		return answer{}, &refusal{status: http.StatusNotFound, title: "DAG not found"}
	}
	return collection("tasks", d.tasks, page{limit: len(d.tasks)}, func(t Task) row {
		operator := cmp.Or(t.Operator, "PythonOperator")
		return row{
			"task_id": t.ID, "task_display_name": t.ID, "owner": "airflow", "downstream_task_ids": d.downstream(t.ID), "operator_name": operator,
			"class_ref": row{"class_name": operator, "module_path": "airflow.operators.python"}, "pool": cmp.Or(t.Pool, "default_pool"),
			"trigger_rule": cmp.Or(t.Rule, "all_success"), "retries": float64(t.Retries), "is_mapped": t.Mapped > 0,
			"retry_delay": row{"__type": "TimeDelta", "days": 0, "seconds": 300, "microseconds": 0},
		}
	}), nil
}

// reparseFile answers 201; on Airflow 3 a file that is queued already is a conflict.
func (a *Airflow) reparseFile(r *http.Request) (answer, error) {
	file := a.fileOf(r.PathValue("token"))
	if file == nil {
		return answer{}, notFound("File not found")
	}
	if a.reparse(file) && a.isV2 {
		return answer{}, conflict("Parsing request for %s already exists", file.now.Name)
	}
	return answer{status: http.StatusCreated, body: row{}}, nil
}

func (a *Airflow) fileOf(of string) *sourceFile {
	for name, file := range a.folder {
		if token(name) == of {
			return file
		}
	}
	return nil
}

func (a *Airflow) sourceByToken(r *http.Request) (answer, error) {
	file := a.fileOf(r.PathValue("token"))
	if file == nil {
		return answer{}, notFound("File not found")
	}
	return source(file.parsed, r), nil
}

func (a *Airflow) sourceByDAG(r *http.Request) (answer, error) {
	d, err := a.dagOf(r)
	if err != nil {
		return answer{}, err
	}
	f := File{Name: d.file, Text: d.version().sourceOr("")}
	if n := r.URL.Query().Get("version_number"); n != "" {
		i := slices.IndexFunc(d.versions, func(v *version) bool { return v.number == number(n) })
		if i < 0 {
			return answer{}, notFound(fmt.Sprintf("The source code of the DAG %s, version_number %s was not found", d.spec.ID, n))
		}
		f.Text = d.versions[i].source
	}
	return source(f, r), nil
}

// source is what stands in a file. One that is given as DAGs has no text of its own.
func source(file File, r *http.Request) answer {
	text := cmp.Or(file.Text, "# An Airflow DAG file: "+path.Base(file.Name)+"\n")
	if strings.HasPrefix(r.Header.Get("Accept"), "text/plain") {
		return answer{text: text}
	}
	return answer{body: row{"content": text}}
}

func (a *Airflow) listVersions(r *http.Request) (answer, error) {
	d, err := a.dagOf(r)
	if err != nil {
		return answer{}, err
	}
	p, err := a.pageOf(r.URL.Query())
	if err != nil {
		return answer{}, err
	}
	return collection("dag_versions", d.versions, p, func(v *version) row { return a.versionRow(d.spec.ID, v) }), nil
}
