package airflowclient

import (
	"context"
	"net/url"
	"strconv"
)

func (d *v2) dagDetails(ctx context.Context, dagID string) (DAGDetails, error) {
	got, err := d.get(ctx, opDetails, escaped("dags", dagID, "details"), nil)
	if err != nil {
		return DAGDetails{}, err
	}
	return decodeOne[wireDetails](d.conn, opDetails, "DAG", got)
}

func (d *v2) source(ctx context.Context, dagID string, version int) (string, error) {
	query := url.Values{}
	if version > 0 {
		query.Set("version_number", strconv.Itoa(version))
	}
	got, err := d.get(ctx, opSource, escaped("dagSources", dagID), query)
	if err != nil {
		return "", err
	}
	return readSource(opSource, got)
}

func (d *v2) dagVersions(ctx context.Context, dagID string) ([]DAGVersion, error) {
	rows, err := d.list(ctx, opVersions, escaped("dags", dagID, "dagVersions"), "dag_versions", url.Values{"order_by": {"version_number"}}, 0)
	if err != nil {
		return nil, err
	}
	return decodeRows[wireVersion](d.conn, "DAG version", rows, func(v DAGVersion) int { return v.Number }), nil
}

func (d *v2) dagWarnings(ctx context.Context, dagID string) ([]DAGWarning, error) {
	query := url.Values{"order_by": {"dag_id"}}
	if dagID != "" {
		query.Set("dag_id", dagID)
	}
	rows, err := d.list(ctx, opDAGWarnings, "/dagWarnings", "dag_warnings", query, 0)
	if err != nil {
		return nil, err
	}
	return decodeRows[wireWarning](d.conn, "DAG warning", rows, warningKey), nil
}
