package airflowclient

import (
	"context"
	"net/http"

	"github.com/apache/airflow-client-go/airflow"
)

func (d *v1) instance(ctx context.Context, ref InstanceRef) (TaskInstance, error) {
	got, err := d.send(ctx, &call{op: opInstance, read: true}, func(ctx context.Context) (*http.Response, error) {
		if ref.MapIndex >= 0 {
			_, resp, err := d.lib.TaskInstanceApi.GetMappedTaskInstance(ctx, ref.DAGID, ref.RunID, ref.TaskID, int32(ref.MapIndex)).Execute()
			return resp, err
		}
		_, resp, err := d.lib.TaskInstanceApi.GetTaskInstance(ctx, ref.DAGID, ref.RunID, ref.TaskID).Execute()
		return resp, err
	})
	if err != nil {
		return TaskInstance{}, err
	}
	return decodeOne[wireTask](d.conn, opInstance, "task instance", got)
}

// mapped asks for no order: it is that of the map index, which cannot be asked for by name.
func (d *v1) mapped(ctx context.Context, dagID, runID, taskID string) ([]TaskInstance, error) {
	rows, err := d.pages(ctx, opMapped, "task_instances", 0, nil, func(ctx context.Context, offset, size int32) (*http.Response, error) {
		_, resp, err := d.lib.TaskInstanceApi.GetMappedTaskInstances(ctx, dagID, runID, taskID).Limit(size).Offset(offset).Execute()
		return resp, err
	})
	if err != nil {
		return nil, err
	}
	return decodeRows[wireTask](d.conn, "task instance", rows, instanceKey), nil
}

// markTask has two ways. One map index is marked by itself; everything else goes through the older request, which knows the tasks
// around it and no map index.
func (d *v1) markTask(ctx context.Context, m TaskMark) ([]TaskInstance, error) {
	if m.Instance.MapIndex >= 0 {
		if m.related() {
			return nil, d.lacks(opMarkTask, "mark of one map index together with other tasks", "Airflow 3.0", "mark the instances one by one")
		}
		return d.markMapped(ctx, m)
	}
	body := airflow.NewUpdateTaskInstancesState()
	body.SetDryRun(m.DryRun)
	body.SetTaskId(m.Instance.TaskID)
	body.SetDagRunId(m.Instance.RunID)
	body.SetNewState(string(m.State))
	body.SetIncludeUpstream(m.Upstream)
	body.SetIncludeDownstream(m.Downstream)
	body.SetIncludePast(m.Past)
	body.SetIncludeFuture(m.Future)
	got, err := d.send(ctx, &call{op: opMarkTask, read: m.DryRun}, func(ctx context.Context) (*http.Response, error) {
		_, resp, err := d.lib.DAGApi.PostSetTaskInstancesState(ctx, m.Instance.DAGID).UpdateTaskInstancesState(*body).Execute()
		return resp, err
	})
	if err != nil {
		return nil, err
	}
	p, err := readPage(opMarkTask, got, "task_instances")
	if err != nil {
		return nil, err
	}
	return decodeRows[wireTask](d.conn, "task instance", p.rows, instanceKey), nil
}

// markMapped marks one map index. The answer to a mark that was made is an empty object, so the instance is named from the request.
func (d *v1) markMapped(ctx context.Context, m TaskMark) ([]TaskInstance, error) {
	ref := m.Instance
	body := airflow.NewUpdateTaskInstance()
	body.SetDryRun(m.DryRun)
	body.SetNewState(string(m.State))
	_, err := d.send(ctx, &call{op: opMarkTask, read: m.DryRun}, func(ctx context.Context) (*http.Response, error) {
		_, resp, err := d.lib.TaskInstanceApi.PatchMappedTaskInstance(ctx, ref.DAGID, ref.RunID, ref.TaskID, int32(ref.MapIndex)).
			UpdateTaskInstance(*body).Execute()
		return resp, err
	})
	if err != nil {
		return nil, err
	}
	return []TaskInstance{{DAGID: ref.DAGID, RunID: ref.RunID, TaskID: ref.TaskID, MapIndex: ref.MapIndex}}, nil
}

func (d *v1) noteTask(ctx context.Context, ref InstanceRef, note string) error {
	body := *airflow.NewSetTaskInstanceNote(note)
	_, err := d.send(ctx, &call{op: opNoteTask}, func(ctx context.Context) (*http.Response, error) {
		if ref.MapIndex >= 0 {
			_, resp, err := d.lib.DAGApi.SetMappedTaskInstanceNote(ctx, ref.DAGID, ref.RunID, ref.TaskID, int32(ref.MapIndex)).
				SetTaskInstanceNote(body).Execute()
			return resp, err
		}
		_, resp, err := d.lib.DAGApi.SetTaskInstanceNote(ctx, ref.DAGID, ref.RunID, ref.TaskID).SetTaskInstanceNote(body).Execute()
		return resp, err
	})
	return err
}
