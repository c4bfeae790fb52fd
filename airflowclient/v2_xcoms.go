package airflowclient

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
)

func (d *v2) xcoms(ctx context.Context, q XComQuery) ([]XCom, error) {
	path := escaped("dags", orAll(q.DAGID), "dagRuns", orAll(q.RunID), "taskInstances", orAll(q.TaskID), "xcomEntries")
	rows, err := d.list(ctx, opXComs, path, "xcom_entries", d.xcomFilters(q), 0)
	if err != nil {
		return nil, err
	}
	return d.readXComs(rows, q), nil
}

func (d *v2) xcomOf(ctx context.Context, ref InstanceRef, key string) (json.RawMessage, error) {
	path := escaped("dags", ref.DAGID, "dagRuns", ref.RunID, "taskInstances", ref.TaskID, "xcomEntries", key)
	query := url.Values{}
	if ref.MapIndex >= 0 {
		query.Set("map_index", strconv.Itoa(ref.MapIndex))
	}
	got, err := d.get(ctx, opXCom, path, query)
	if err != nil {
		return nil, err
	}
	return readXCom(opXCom, got)
}
