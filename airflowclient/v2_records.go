package airflowclient

import (
	"context"
	"net/url"
	"strconv"
)

func (d *v2) events(ctx context.Context, q EventQuery) ([]Event, error) {
	query := q.filters()
	query.Set("order_by", "-when")
	rows, err := d.list(ctx, opEvents, "/eventLogs", "event_logs", query, q.Limit)
	if err != nil {
		return nil, err
	}
	return decodeRows[wireEvent](d.conn, "event", rows, eventKey), nil
}

func (d *v2) assets(ctx context.Context) ([]Asset, error) {
	rows, err := d.list(ctx, opAssets, "/assets", "assets", url.Values{"order_by": {"id"}}, 0)
	if err != nil {
		return nil, err
	}
	return decodeRows[wireAsset](d.conn, "asset", rows, assetKey), nil
}

func (d *v2) assetEvents(ctx context.Context, q AssetEventQuery) ([]AssetEvent, error) {
	query := url.Values{"order_by": {"-timestamp"}}
	if q.AssetID != 0 {
		query.Set("asset_id", strconv.FormatInt(q.AssetID, 10))
	}
	for name, value := range map[string]string{"source_dag_id": q.DAGID, "source_run_id": q.RunID, "source_task_id": q.TaskID} {
		if value != "" {
			query.Set(name, value)
		}
	}
	rows, err := d.list(ctx, opAssetEvents, "/assets/events", "asset_events", query, q.Limit)
	if err != nil {
		return nil, err
	}
	return decodeRows[wireAssetEvent](d.conn, "event of an asset", rows, assetEventKey), nil
}
