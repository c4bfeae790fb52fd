package airflowclient

import (
	"context"
	"net/http"
	"time"

	"github.com/apache/airflow-client-go/airflow"
)

// clear is a read when it is a dry run.
func (d *v1) clear(ctx context.Context, r ClearRequest) ([]TaskInstance, error) {
	if err := d.mayClear(r); err != nil {
		return nil, err
	}
	body := airflow.NewClearTaskInstances()
	body.SetDryRun(r.DryRun)
	body.SetOnlyFailed(r.OnlyFailed)
	body.SetOnlyRunning(r.OnlyRunning)
	body.SetIncludeSubdags(false)
	body.SetIncludeParentdag(false)
	body.SetResetDagRuns(!r.KeepRuns)
	body.SetIncludeUpstream(r.Upstream)
	body.SetIncludeDownstream(r.Downstream)
	body.SetIncludePast(r.Past)
	body.SetIncludeFuture(r.Future)
	if len(r.TaskIDs) > 0 {
		body.SetTaskIds(r.TaskIDs)
	}
	if r.RunID != "" {
		body.SetDagRunId(r.RunID)
	}
	if !r.From.IsZero() {
		body.SetStartDate(r.From.UTC().Format(time.RFC3339Nano))
	}
	if !r.To.IsZero() {
		body.SetEndDate(r.To.UTC().Format(time.RFC3339Nano))
	}
	got, err := d.send(ctx, &call{op: opClear, read: r.DryRun}, func(ctx context.Context) (*http.Response, error) {
		_, resp, err := d.lib.DAGApi.PostClearTaskInstances(ctx, r.DAGID).ClearTaskInstances(*body).Execute()
		return resp, err
	})
	if err != nil {
		return nil, err
	}
	p, err := readPage(opClear, got, "task_instances")
	return decodeRows[wireTask](d.conn, "task instance", p.rows, instanceKey), err
}
