package airflowclient

import (
	"context"
	"math"
	"net/http"
)

func (d *v1) events(ctx context.Context, q EventQuery) ([]Event, error) {
	if err := d.mayFilter(q); err != nil {
		return nil, err
	}
	rows, err := d.pages(ctx, opEvents, "event_logs", q.Limit, q.filters(), func(ctx context.Context, offset, size int32) (*http.Response, error) {
		_, resp, err := d.lib.EventLogApi.GetEventLogs(ctx).Limit(size).Offset(offset).OrderBy("-when").Execute()
		return resp, err
	})
	if err != nil {
		return nil, err
	}
	return decodeRows[wireEvent](d.conn, "event", rows, eventKey), nil
}

func (d *v1) assets(ctx context.Context) ([]Asset, error) {
	rows, err := d.pages(ctx, opAssets, "datasets", 0, nil, func(ctx context.Context, offset, size int32) (*http.Response, error) {
		_, resp, err := d.lib.DatasetApi.GetDatasets(ctx).Limit(size).Offset(offset).OrderBy("id").Execute()
		return resp, err
	})
	if err != nil {
		return nil, err
	}
	return decodeRows[wireAsset](d.conn, "dataset", rows, assetKey), nil
}

func (d *v1) assetEvents(ctx context.Context, q AssetEventQuery) ([]AssetEvent, error) {
	rows, err := d.pages(ctx, opAssetEvents, "dataset_events", q.Limit, nil, func(ctx context.Context, offset, size int32) (*http.Response, error) {
		req := d.lib.DatasetApi.GetDatasetEvents(ctx).Limit(size).Offset(offset).OrderBy("-timestamp")
		if q.AssetID > 0 && q.AssetID <= math.MaxInt32 {
			req = req.DatasetId(int32(q.AssetID))
		}
		if q.DAGID != "" {
			req = req.SourceDagId(q.DAGID)
		}
		if q.RunID != "" {
			req = req.SourceRunId(q.RunID)
		}
		if q.TaskID != "" {
			req = req.SourceTaskId(q.TaskID)
		}
		_, resp, err := req.Execute()
		return resp, err
	})
	if err != nil {
		return nil, err
	}
	return decodeRows[wireAssetEvent](d.conn, "event of a dataset", rows, assetEventKey), nil
}
