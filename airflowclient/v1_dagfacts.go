package airflowclient

import (
	"context"
	"net/http"
)

func (d *v1) dagDetails(ctx context.Context, dagID string) (DAGDetails, error) {
	got, err := d.send(ctx, &call{op: opDetails, read: true}, func(ctx context.Context) (*http.Response, error) {
		_, resp, err := d.lib.DAGApi.GetDagDetails(ctx, dagID).Execute()
		return resp, err
	})
	if err != nil {
		return DAGDetails{}, err
	}
	return decodeOne[wireDetails](d.conn, opDetails, "DAG", got)
}

// source needs the token of the file first: Airflow 2 has no other name for it.
func (d *v1) source(ctx context.Context, dagID string, version int) (string, error) {
	if version > 0 {
		return "", d.lacks(opSource, "old versions of DAGs", "Airflow 3.0", hintVersions)
	}
	dag, err := d.dag(ctx, dagID)
	if err != nil {
		return "", err
	}
	got, err := d.send(ctx, &call{op: opSource, read: true}, func(ctx context.Context) (*http.Response, error) {
		_, resp, err := d.lib.DAGApi.GetDagSource(ctx, dag.FileToken).Execute()
		return resp, err
	})
	if err != nil {
		return "", err
	}
	return readSource(opSource, got)
}

func (d *v1) dagVersions(context.Context, string) ([]DAGVersion, error) {
	return nil, d.lacks(opVersions, "versions of DAGs", "Airflow 3.0", hintVersions)
}

func (d *v1) dagWarnings(ctx context.Context, dagID string) ([]DAGWarning, error) {
	rows, err := d.pages(ctx, opDAGWarnings, "dag_warnings", 0, nil, func(ctx context.Context, offset, size int32) (*http.Response, error) {
		req := d.lib.DagWarningApi.GetDagWarnings(ctx).Limit(size).Offset(offset).OrderBy("dag_id")
		if dagID != "" {
			req = req.DagId(dagID)
		}
		_, resp, err := req.Execute()
		return resp, err
	})
	if err != nil {
		return nil, err
	}
	return decodeRows[wireWarning](d.conn, "DAG warning", rows, warningKey), nil
}
