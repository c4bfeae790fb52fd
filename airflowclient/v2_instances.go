package airflowclient

import (
	"context"
	"net/http"
	"net/url"
)

func (d *v2) instance(ctx context.Context, ref InstanceRef) (TaskInstance, error) {
	got, err := d.get(ctx, opInstance, ref.path(), nil)
	if err != nil {
		return TaskInstance{}, err
	}
	return decodeOne[wireTask](d.conn, opInstance, "task instance", got)
}

func (d *v2) mapped(ctx context.Context, dagID, runID, taskID string) ([]TaskInstance, error) {
	path := escaped("dags", dagID, "dagRuns", runID, "taskInstances", taskID, "listMapped")
	rows, err := d.list(ctx, opMapped, path, "task_instances", url.Values{"order_by": {"map_index"}}, 0)
	if err != nil {
		return nil, err
	}
	return decodeRows[wireTask](d.conn, "task instance", rows, instanceKey), nil
}

// markTaskV2 is PatchTaskInstanceBody without the note.
type markTaskV2 struct {
	State      State `json:"new_state"`
	Upstream   bool  `json:"include_upstream"`
	Downstream bool  `json:"include_downstream"`
	Past       bool  `json:"include_past"`
	Future     bool  `json:"include_future"`
}

// markTask makes a dry run at an address of its own: there is no member for it.
func (d *v2) markTask(ctx context.Context, m TaskMark) ([]TaskInstance, error) {
	path := m.Instance.path()
	if m.DryRun {
		path = m.Instance.path("dry_run")
	}
	body := markTaskV2{State: m.State, Upstream: m.Upstream, Downstream: m.Downstream, Past: m.Past, Future: m.Future}
	got, err := d.conn.do(ctx, &call{op: opMarkTask, read: m.DryRun, conn: d.conn}, http.MethodPatch, d.base+path, nil, body)
	if err != nil {
		return nil, err
	}
	return d.readInstances(opMarkTask, got)
}

func (d *v2) noteTask(ctx context.Context, ref InstanceRef, note string) error {
	mask := url.Values{"update_mask": {"note"}}
	_, err := d.change(ctx, opNoteTask, http.MethodPatch, ref.path(), mask, map[string]string{"note": note})
	return err
}
