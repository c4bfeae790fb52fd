package airflowclient

import (
	"context"
	"net/http"

	"github.com/apache/airflow-client-go/airflow"
)

func (d *v1) markRun(ctx context.Context, dagID, runID string, state State) (Run, error) {
	body := airflow.NewUpdateDagRunState()
	body.SetState(string(state))
	got, err := d.send(ctx, &call{op: opMarkRun}, func(ctx context.Context) (*http.Response, error) {
		_, resp, err := d.lib.DAGRunApi.UpdateDagRunState(ctx, dagID, runID).UpdateDagRunState(*body).Execute()
		return resp, err
	})
	if err != nil {
		return Run{}, err
	}
	return decodeOne[wireRun](d.conn, opMarkRun, "DAG run", got)
}

func (d *v1) noteRun(ctx context.Context, dagID, runID, note string) (Run, error) {
	body := airflow.NewSetDagRunNote()
	body.SetNote(note)
	got, err := d.send(ctx, &call{op: opNoteRun}, func(ctx context.Context) (*http.Response, error) {
		_, resp, err := d.lib.DAGRunApi.SetDagRunNote(ctx, dagID, runID).SetDagRunNote(*body).Execute()
		return resp, err
	})
	if err != nil {
		return Run{}, err
	}
	return decodeOne[wireRun](d.conn, opNoteRun, "DAG run", got)
}

// clearRun cannot leave out what did not fail: then the clear of task instances does it, which queues the run too, and the run is read.
func (d *v1) clearRun(ctx context.Context, r RunClear) (Run, error) {
	if r.LatestVersion {
		return Run{}, d.lacks(opClearRun, "choice of a DAG version", "Airflow 3.1", hintLatest)
	}
	if r.OnlyFailed {
		if _, err := d.clear(ctx, ClearRequest{DAGID: r.DAGID, RunID: r.RunID, OnlyFailed: true}); err != nil {
			return Run{}, err
		}
		return d.run(ctx, r.DAGID, r.RunID)
	}
	body := airflow.NewClearDagRun()
	body.SetDryRun(false) // the default is true, and then nothing is cleared
	got, err := d.send(ctx, &call{op: opClearRun}, func(ctx context.Context) (*http.Response, error) {
		_, resp, err := d.lib.DAGRunApi.ClearDagRun(ctx, r.DAGID, r.RunID).ClearDagRun(*body).Execute()
		return resp, err
	})
	if err != nil {
		return Run{}, err
	}
	return decodeOne[wireRun](d.conn, opClearRun, "DAG run", got)
}

func (d *v1) deleteRun(ctx context.Context, dagID, runID string) error {
	_, err := d.send(ctx, &call{op: opDeleteRun}, func(ctx context.Context) (*http.Response, error) {
		return d.lib.DAGRunApi.DeleteDagRun(ctx, dagID, runID).Execute()
	})
	return err
}
