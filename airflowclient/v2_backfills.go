package airflowclient

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

func (d *v2) backfillBody(op string, r BackfillRequest) (backfillBody, error) {
	body := backfillBody{
		DAGID: r.DAGID, From: r.From.UTC(), To: r.To.UTC(), Backwards: r.Backwards, Conf: r.Conf, Reprocess: r.Reprocess, MaxActive: r.MaxActive,
	}
	if body.Conf == nil {
		body.Conf = map[string]any{}
	}
	if body.Reprocess == "" {
		body.Reprocess = ReprocessNone
	}
	if body.MaxActive == 0 {
		body.MaxActive = 10
	}
	if d.can.BackfillLatestVersion {
		body.LatestVersion = &r.LatestVersion
	} else if r.LatestVersion {
		return body, d.lacks(op, "choice of a DAG version for backfills", "Airflow 3.1.6", "leave the choice out")
	}
	return body, nil
}

// backfillDates asks Airflow itself: a dry run lists the dates that would run.
func (d *v2) backfillDates(ctx context.Context, r BackfillRequest) ([]time.Time, error) {
	body, err := d.backfillBody(opPlanBackfill, r)
	if err != nil {
		return nil, err
	}
	got, err := d.find(ctx, opPlanBackfill, "/backfills/dry_run", body)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Dates []struct {
			Logical moment `json:"logical_date"`
		} `json:"backfills"`
	}
	if err := json.Unmarshal(got.body, &answer); err != nil {
		return nil, unreadable(opPlanBackfill, got, err)
	}
	dates := make([]time.Time, 0, len(answer.Dates))
	for _, date := range answer.Dates {
		dates = append(dates, date.Logical.Time)
	}
	return dates, nil
}

func (d *v2) startBackfill(ctx context.Context, r BackfillRequest) (Backfill, error) {
	body, err := d.backfillBody(opStartBackfill, r)
	if err != nil {
		return Backfill{}, err
	}
	got, err := d.change(ctx, opStartBackfill, http.MethodPost, "/backfills", nil, body)
	if err != nil {
		return Backfill{}, err
	}
	return decodeOne[wireBackfill](d.conn, opStartBackfill, "backfill", got)
}

func (d *v2) backfills(ctx context.Context, dagID string) ([]Backfill, error) {
	rows, err := d.list(ctx, opBackfills, "/backfills", "backfills", url.Values{"dag_id": {dagID}, "order_by": {"id"}}, 0)
	if err != nil {
		return nil, err
	}
	return decodeRows[wireBackfill](d.conn, "backfill", rows, func(b Backfill) int64 { return b.ID }), nil
}

func (d *v2) backfill(ctx context.Context, id int64) (Backfill, error) {
	got, err := d.get(ctx, opBackfill, "/backfills/"+strconv.FormatInt(id, 10), nil)
	if err != nil {
		return Backfill{}, err
	}
	return decodeOne[wireBackfill](d.conn, opBackfill, "backfill", got)
}

func (d *v2) steerBackfill(ctx context.Context, id int64, verb string) (Backfill, error) {
	op := steering[verb]
	got, err := d.change(ctx, op, http.MethodPut, "/backfills/"+strconv.FormatInt(id, 10)+"/"+verb, nil, nil)
	if err != nil {
		return Backfill{}, err
	}
	return decodeOne[wireBackfill](d.conn, op, "backfill", got)
}
