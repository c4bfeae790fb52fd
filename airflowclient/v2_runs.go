package airflowclient

import (
	"context"
	"net/http"
	"net/url"
)

// patchRun changes one member of a run.
func (d *v2) patchRun(ctx context.Context, op, dagID, runID, member string, value any) (Run, error) {
	mask := url.Values{"update_mask": {member}}
	got, err := d.change(ctx, op, http.MethodPatch, escaped("dags", dagID, "dagRuns", runID), mask, map[string]any{member: value})
	if err != nil {
		return Run{}, err
	}
	return decodeOne[wireRun](d.conn, op, "DAG run", got)
}

func (d *v2) markRun(ctx context.Context, dagID, runID string, state State) (Run, error) {
	return d.patchRun(ctx, opMarkRun, dagID, runID, "state", state)
}

func (d *v2) noteRun(ctx context.Context, dagID, runID, note string) (Run, error) {
	return d.patchRun(ctx, opNoteRun, dagID, runID, "note", note)
}

// clearRunV2 is DAGRunClearBody as far as it is used.
type clearRunV2 struct {
	DryRun        bool  `json:"dry_run"` // true is the default, and then nothing is cleared
	OnlyFailed    bool  `json:"only_failed"`
	LatestVersion *bool `json:"run_on_latest_version,omitempty"`
}

func (d *v2) clearRun(ctx context.Context, r RunClear) (Run, error) {
	if r.LatestVersion && !d.can.ClearLatestVersion {
		return Run{}, d.lacks(opClearRun, "choice of a DAG version", "Airflow 3.1", hintLatest)
	}
	body := clearRunV2{OnlyFailed: r.OnlyFailed}
	if d.can.ClearLatestVersion {
		body.LatestVersion = &r.LatestVersion
	}
	got, err := d.change(ctx, opClearRun, http.MethodPost, escaped("dags", r.DAGID, "dagRuns", r.RunID, "clear"), nil, body)
	if err != nil {
		return Run{}, err
	}
	return decodeOne[wireRun](d.conn, opClearRun, "DAG run", got)
}

func (d *v2) deleteRun(ctx context.Context, dagID, runID string) error {
	_, err := d.change(ctx, opDeleteRun, http.MethodDelete, escaped("dags", dagID, "dagRuns", runID), nil, nil)
	return err
}
