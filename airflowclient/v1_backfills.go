package airflowclient

import (
	"context"
	"time"
)

const hintByRuns = "make the runs one by one: BackfillByRuns does, and clearing the runs of a range runs those again"

// noBackfills is the error of each request about backfills: Airflow 2 has them on its command line only.
func (d *v1) noBackfills(op string) error {
	return d.lacks(op, "backfills in its API", "Airflow 3.0", hintByRuns)
}

func (d *v1) startBackfill(context.Context, BackfillRequest) (Backfill, error) {
	return Backfill{}, d.noBackfills(opStartBackfill)
}

func (d *v1) backfills(context.Context, string) ([]Backfill, error) {
	return nil, d.noBackfills(opBackfills)
}

func (d *v1) backfill(context.Context, int64) (Backfill, error) {
	return Backfill{}, d.noBackfills(opBackfill)
}

func (d *v1) steerBackfill(_ context.Context, _ int64, verb string) (Backfill, error) {
	return Backfill{}, d.noBackfills(steering[verb])
}

// backfillDates works the dates out as Airflow 3 does: those of the schedule in the range that are over, without those whose run
// stays. It reads the DAG's details and the runs of the range.
func (d *v1) backfillDates(ctx context.Context, r BackfillRequest) ([]time.Time, error) {
	details, err := d.dagDetails(ctx, r.DAGID)
	if err != nil {
		return nil, err
	}
	dates, err := scheduledDates(details, r, d.conn.serverTime())
	if err != nil {
		return nil, err
	}
	there, err := d.runs(ctx, RunQuery{DAGIDs: []string{r.DAGID}, LogicalFrom: r.From, LogicalTo: r.To})
	if err != nil {
		return nil, err
	}
	return r.without(dates, there), nil
}
