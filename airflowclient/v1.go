package airflowclient

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/apache/airflow-client-go/airflow"
)

// v1 speaks /api/v1 of Airflow 2. Requests are built by airflow-client-go; its answers are read by this package, from the body
// that it leaves behind, because its models refuse what Airflow has learned since 2.5 (new trigger rules, health of more components,
// an error of type problem+json) and with one bad row the page. Parameters newer than 2.5 are added in [conn.prepare], and the two
// requests that it cannot build at all, a batch by run ids and a reparse, are built here.
type v1 struct {
	rest
	lib *airflow.APIClient
}

// newV1 gives the library our http.Client, and the whole address as its one server: a host would lose the path prefix.
func newV1(api rest) *v1 {
	cfg := airflow.NewConfiguration()
	cfg.HTTPClient = api.conn.client
	cfg.UserAgent = api.conn.agent
	cfg.Servers = airflow.ServerConfigurations{{URL: api.conn.at(api.base)}}
	return &v1{rest: api, lib: airflow.NewAPIClient(cfg)}
}

// send runs a request of the library. Whether the library could decode the answer does not matter: status and body decide.
func (d *v1) send(ctx context.Context, call *call, execute func(context.Context) (*http.Response, error)) (reply, error) {
	call.conn = d.conn
	resp, err := execute(withCall(ctx, call))
	if resp == nil {
		return reply{}, d.conn.networkError(ctx, call, err)
	}
	return d.conn.accept(call, resp)
}

func (d *v1) health(ctx context.Context) (Health, error) {
	got, err := d.send(ctx, &call{op: opHealth, read: true, open: true}, func(ctx context.Context) (*http.Response, error) {
		_, resp, err := d.lib.MonitoringApi.GetHealth(ctx).Execute()
		return resp, err
	})
	if err != nil {
		return Health{}, err
	}
	return readHealth(opHealth, got)
}

// dagFields are the members of a DAG that the model has; asked for by name the list is a tenth as long.
var dagFields = []string{
	"dag_id", "description", "file_token", "fileloc", "owners", "tags", "is_paused", "is_active", "has_import_errors",
	"last_parsed_time", "next_dagrun", "next_dagrun_create_after", "timetable_description",
}

func (d *v1) dags(ctx context.Context, q DAGQuery) ([]DAG, error) {
	rows, err := allPages(ctx, pageGET, 0, func(ctx context.Context, offset, size int) (page, error) {
		return d.dagPage(ctx, q, offset, size)
	})
	if err != nil {
		return nil, err
	}
	return decodeRows[wireDAG](d.conn, "DAG", rows, dagKey), nil
}

func (d *v1) dagPage(ctx context.Context, q DAGQuery, offset, size int) (page, error) {
	extra := url.Values{}
	if d.can.SparseFields {
		extra["fields"] = dagFields
	}
	if q.Paused != nil {
		extra.Set("paused", strconv.FormatBool(*q.Paused))
	}
	got, err := d.send(ctx, &call{op: opDAGs, read: true, query: extra}, func(ctx context.Context) (*http.Response, error) {
		req := d.lib.DAGApi.GetDags(ctx).Limit(int32(size)).Offset(int32(offset)).OrderBy("dag_id").OnlyActive(!q.IncludeStale)
		if len(q.Tags) > 0 {
			req = req.Tags(q.Tags[:1]) // of many, this server finds the DAGs that carry any
		}
		if q.Pattern != "" {
			req = req.DagIdPattern(q.Pattern)
		}
		_, resp, err := req.Execute()
		return resp, err
	})
	if err != nil {
		return page{}, err
	}
	return readPage(opDAGs, got, "dags")
}

func (d *v1) dag(ctx context.Context, id string) (DAG, error) {
	got, err := d.send(ctx, &call{op: opDAG, read: true}, func(ctx context.Context) (*http.Response, error) {
		_, resp, err := d.lib.DAGApi.GetDag(ctx, id).Execute()
		return resp, err
	})
	if err != nil {
		return DAG{}, err
	}
	return decodeOne[wireDAG](d.conn, opDAG, "DAG", got)
}

func (d *v1) tasks(ctx context.Context, dagID string) ([]Task, error) {
	got, err := d.send(ctx, &call{op: opTasks, read: true}, func(ctx context.Context) (*http.Response, error) {
		_, resp, err := d.lib.DAGApi.GetTasks(ctx, dagID).Execute()
		return resp, err
	})
	if err != nil {
		return nil, err
	}
	p, err := readPage(opTasks, got, "tasks")
	return decodeRows[wireNode](d.conn, "task", p.rows, taskKey), err
}

func (d *v1) runs(ctx context.Context, q RunQuery) ([]Run, error) {
	rows, err := allPages(ctx, pagePOST, q.Limit, func(ctx context.Context, offset, size int) (page, error) {
		return d.runPage(ctx, q, offset, size)
	})
	if err != nil {
		return nil, err
	}
	return decodeRows[wireRun](d.conn, "DAG run", rows, Run.Ref), nil
}

// runPage orders by id, the order of creation, in which rows do not move while pages are read; the newest few need the order by date.
func (d *v1) runPage(ctx context.Context, q RunQuery, offset, size int) (page, error) {
	form := airflow.NewListDagRunsForm()
	switch {
	case q.byEnd:
		form.SetOrderBy("-end_date")
	case q.Limit > 0:
		form.SetOrderBy("-execution_date")
	default:
		form.SetOrderBy("id")
	}
	if len(q.DAGIDs) > 0 {
		form.SetDagIds(q.DAGIDs)
	}
	if len(q.States) > 0 {
		form.SetStates(stateNames(q.States))
	}
	form.ExecutionDateGte, form.ExecutionDateLte = optional(q.LogicalFrom), optional(q.LogicalTo)
	form.StartDateGte, form.EndDateGte, form.EndDateLte = optional(q.StartedFrom), optional(q.EndedSince), optional(q.endedTo)
	form.SetPageOffset(int32(offset))
	form.SetPageLimit(int32(size))
	got, err := d.send(ctx, &call{op: opRuns, read: true}, func(ctx context.Context) (*http.Response, error) {
		_, resp, err := d.lib.DAGRunApi.GetDagRunsBatch(ctx).ListDagRunsForm(*form).Execute()
		return resp, err
	})
	if err != nil {
		return page{}, err
	}
	return readPage(opRuns, got, "dag_runs")
}

// endedRunsChanged adds the filters that the library does not know.
func (d *v1) endedRunsChanged(ctx context.Context, since time.Time) ([]Run, error) {
	extra := url.Values{"updated_at_gte": {since.Format(time.RFC3339)}}
	rows, err := allPages(ctx, pageGET, 0, func(ctx context.Context, offset, size int) (page, error) {
		got, err := d.send(ctx, &call{op: opRuns, read: true, query: extra}, func(ctx context.Context) (*http.Response, error) {
			req := d.lib.DAGRunApi.GetDagRuns(ctx, "~").State(stateNames(endStates)).OrderBy("id").Limit(int32(size)).Offset(int32(offset))
			_, resp, err := req.Execute()
			return resp, err
		})
		if err != nil {
			return page{}, err
		}
		return readPage(opRuns, got, "dag_runs")
	})
	if err != nil {
		return nil, err
	}
	return decodeRows[wireRun](d.conn, "DAG run", rows, Run.Ref), nil
}

func (d *v1) run(ctx context.Context, dagID, runID string) (Run, error) {
	got, err := d.send(ctx, &call{op: opRun, read: true}, func(ctx context.Context) (*http.Response, error) {
		_, resp, err := d.lib.DAGRunApi.GetDagRun(ctx, dagID, runID).Execute()
		return resp, err
	})
	if err != nil {
		return Run{}, err
	}
	return decodeOne[wireRun](d.conn, opRun, "DAG run", got)
}

// pageInstances is the page size of the batch of task instances. Up to 2.10 the server answers with all of them whatever is asked
// for; 2.11 cuts pages, but has no order, so that a second page is better avoided.
const pageInstances = 10_000

func (d *v1) taskInstances(ctx context.Context, q TaskQuery) ([]TaskInstance, error) {
	if !d.can.TasksByRun {
		return d.instancesByRun(ctx, q)
	}
	body := instancesBody{TaskIDs: q.TaskIDs, States: q.stateFilter("none")}
	body.DAGIDs, body.RunIDs = q.ids()
	rows, err := allPages(ctx, pageInstances, 0, func(ctx context.Context, offset, size int) (page, error) {
		body.Offset, body.Size = offset, size
		call := &call{op: opInstances, read: true, conn: d.conn}
		got, err := d.conn.do(ctx, call, http.MethodPost, d.prefix()+"/dags/~/dagRuns/~/taskInstances/list", nil, body)
		if err != nil {
			return page{}, err
		}
		return readPage(opInstances, got, "task_instances")
	})
	if err != nil {
		return nil, err
	}
	return decodeRows[wireTask](d.conn, "task instance", rows, instanceKey), nil
}

// instancesByRun asks run by run: before 2.7.1 the batch cannot be told which runs are meant.
func (d *v1) instancesByRun(ctx context.Context, q TaskQuery) ([]TaskInstance, error) {
	var all []TaskInstance
	for _, run := range q.Runs {
		rows, err := allPages(ctx, pageGET, 0, func(ctx context.Context, offset, size int) (page, error) {
			got, err := d.send(ctx, &call{op: opInstances, read: true}, func(ctx context.Context) (*http.Response, error) {
				req := d.lib.TaskInstanceApi.GetTaskInstances(ctx, run.DAGID, run.RunID).Limit(int32(size)).Offset(int32(offset))
				_, resp, err := req.Execute()
				return resp, err
			})
			if err != nil {
				return page{}, err
			}
			return readPage(opInstances, got, "task_instances")
		})
		if IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, decodeRows[wireTask](d.conn, "task instance", rows, instanceKey)...)
	}
	return all, nil
}

func (d *v1) importErrors(ctx context.Context) ([]ImportError, error) {
	rows, err := allPages(ctx, pageGET, 0, func(ctx context.Context, offset, size int) (page, error) {
		got, err := d.send(ctx, &call{op: opImportErrors, read: true}, func(ctx context.Context) (*http.Response, error) {
			req := d.lib.ImportErrorApi.GetImportErrors(ctx).Limit(int32(size)).Offset(int32(offset)).OrderBy("import_error_id")
			_, resp, err := req.Execute()
			return resp, err
		})
		if err != nil {
			return page{}, err
		}
		return readPage(opImportErrors, got, "import_errors")
	})
	if err != nil {
		return nil, err
	}
	return decodeRows[wireImportError](d.conn, "import error", rows, importErrorKey), nil
}

// trigger leaves the date out when there is none: null is refused.
func (d *v1) trigger(ctx context.Context, r TriggerRequest) (Run, error) {
	body := airflow.NewDAGRun()
	if r.RunID != "" {
		body.SetDagRunId(r.RunID)
	}
	if !r.LogicalDate.IsZero() {
		body.SetLogicalDate(r.LogicalDate)
	}
	if d.can.TriggerInterval && !r.IntervalFrom.IsZero() && !r.IntervalTo.IsZero() {
		body.SetDataIntervalStart(r.IntervalFrom)
		body.SetDataIntervalEnd(r.IntervalTo)
	}
	if r.Conf != nil {
		body.SetConf(r.Conf)
	}
	if r.Note != "" {
		body.SetNote(r.Note)
	}
	got, err := d.send(ctx, &call{op: opTrigger}, func(ctx context.Context) (*http.Response, error) {
		_, resp, err := d.lib.DAGRunApi.PostDagRun(ctx, r.DAGID).DAGRun(*body).Execute()
		return resp, err
	})
	if err != nil {
		return Run{}, err
	}
	return decodeOne[wireRun](d.conn, opTrigger, "DAG run", got)
}

func (d *v1) setPaused(ctx context.Context, dagID string, paused bool) error {
	body := airflow.NewDAG()
	body.SetIsPaused(paused)
	_, err := d.send(ctx, &call{op: opPause}, func(ctx context.Context) (*http.Response, error) {
		_, resp, err := d.lib.DAGApi.PatchDag(ctx, dagID).UpdateMask([]string{"is_paused"}).DAG(*body).Execute()
		return resp, err
	})
	return err
}

// reparse is not known to the library. A file that is queued already is answered like a new one.
func (d *v1) reparse(ctx context.Context, fileToken string) error {
	if !d.can.Reparse {
		return d.lacks(opReparse, "way to have a file parsed soon", "Airflow 2.10", "wait: the file is parsed in its turn")
	}
	call := &call{op: opReparse, conn: d.conn}
	_, err := d.conn.do(ctx, call, http.MethodPut, d.prefix()+escaped("parseDagFile", fileToken), nil, nil)
	return err
}
