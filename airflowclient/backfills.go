package airflowclient

import (
	"context"
	"slices"
	"time"
)

// Reprocess says what a backfill does with dates that have a run already. A run that is at work is always left alone.
type Reprocess string

// The ways of ReprocessBehavior. The zero value is "leave them".
const (
	ReprocessNone      Reprocess = "none"      // leave them
	ReprocessFailed    Reprocess = "failed"    // run them again if they failed
	ReprocessCompleted Reprocess = "completed" // run them again however they ended
)

// BackfillRequest asks for the runs of a range of dates. Both ends are logical dates and belong to it.
//
// A backfill runs dates before the DAG's start date too, unlike a trigger, and does not look at its end date.
type BackfillRequest struct {
	DAGID         string
	From          time.Time
	To            time.Time
	Reprocess     Reprocess      // "" is [ReprocessNone]
	Backwards     bool           // the newest date first
	MaxActive     int            // runs at a time; 0: 10, as Airflow has it
	Conf          map[string]any // of all the runs
	LatestVersion bool           // with the newest version of the DAG; see [Capabilities.BackfillLatestVersion]
}

// Backfill is a backfill of Airflow 3. It has no counters: ask [Client.Runs] for the DAG's runs of type "backfill".
type Backfill struct {
	ID        int64
	DAGID     string
	From      time.Time
	To        time.Time
	Reprocess Reprocess
	MaxActive int
	Conf      map[string]any
	Paused    bool
	Created   time.Time
	Updated   time.Time
	Completed time.Time // zero while it goes on; a cancelled one is completed too, and stays paused
}

type backfillOperations interface {
	backfillDates(ctx context.Context, r BackfillRequest) ([]time.Time, error)
	startBackfill(ctx context.Context, r BackfillRequest) (Backfill, error)
	backfills(ctx context.Context, dagID string) ([]Backfill, error)
	backfill(ctx context.Context, id int64) (Backfill, error)
	steerBackfill(ctx context.Context, id int64, verb string) (Backfill, error)
}

const (
	opPlanBackfill  = "plan backfill"
	opStartBackfill = "start backfill"
	opBackfills     = "list backfills"
	opBackfill      = "read backfill"
	opPauseBackfill = "pause backfill"
	opResume        = "resume backfill"
	opCancel        = "cancel backfill"
)

// StartBackfill makes the runs of a range of dates, queued, and lets Airflow start them a few at a time. A second backfill of a DAG
// while one goes on is a conflict. It needs [Capabilities.Backfills]; see [Client.BackfillByRuns] for Airflow 2.
func (c *Client) StartBackfill(ctx context.Context, r BackfillRequest) (Backfill, error) {
	if err := r.check(opStartBackfill); err != nil {
		return Backfill{}, err
	}
	return with(ctx, c, func(d dialect) (Backfill, error) { return d.startBackfill(ctx, r) })
}

// check refuses what Airflow before 3.3 takes for a backfill of nothing.
func (r BackfillRequest) check(op string) error {
	if !r.From.After(r.To) {
		return nil
	}
	return &Error{Op: op, Kind: KindInvalid, Detail: "the range ends before it begins", hint: "the first date comes first; both ends belong to the range"}
}

// Backfills lists the backfills of a DAG, the newest first. Airflow has no list over all DAGs.
func (c *Client) Backfills(ctx context.Context, dagID string) ([]Backfill, error) {
	list, err := with(ctx, c, func(d dialect) ([]Backfill, error) { return d.backfills(ctx, dagID) })
	slices.SortFunc(list, func(a, b Backfill) int { return int(b.ID - a.ID) })
	return list, err
}

// Backfill reads one backfill.
func (c *Client) Backfill(ctx context.Context, id int64) (Backfill, error) {
	return with(ctx, c, func(d dialect) (Backfill, error) { return d.backfill(ctx, id) })
}

// PauseBackfill keeps the runs of a backfill that wait from being started; what runs goes on. Twice is once. One that is completed is a conflict.
func (c *Client) PauseBackfill(ctx context.Context, id int64) (Backfill, error) {
	return with(ctx, c, func(d dialect) (Backfill, error) { return d.steerBackfill(ctx, id, "pause") })
}

// ResumeBackfill ends a pause. Twice is once.
func (c *Client) ResumeBackfill(ctx context.Context, id int64) (Backfill, error) {
	return with(ctx, c, func(d dialect) (Backfill, error) { return d.steerBackfill(ctx, id, "unpause") })
}

// CancelBackfill fails the runs of a backfill that wait, and completes it; what runs goes on. One that is completed is a conflict.
func (c *Client) CancelBackfill(ctx context.Context, id int64) (Backfill, error) {
	return with(ctx, c, func(d dialect) (Backfill, error) { return d.steerBackfill(ctx, id, "cancel") })
}

// backfillBody is BackfillPostBody.
type backfillBody struct {
	DAGID         string         `json:"dag_id"`
	From          time.Time      `json:"from_date"`
	To            time.Time      `json:"to_date"`
	Backwards     bool           `json:"run_backwards"`
	Conf          map[string]any `json:"dag_run_conf"` // null is refused before 3.2
	Reprocess     Reprocess      `json:"reprocess_behavior"`
	MaxActive     int            `json:"max_active_runs"`
	LatestVersion *bool          `json:"run_on_latest_version,omitempty"`
}

type wireBackfill struct {
	ID        int64          `json:"id"`
	DAGID     string         `json:"dag_id"`
	From      moment         `json:"from_date"`
	To        moment         `json:"to_date"`
	Reprocess Reprocess      `json:"reprocess_behavior"`
	MaxActive int            `json:"max_active_runs"`
	Conf      map[string]any `json:"dag_run_conf"`
	Paused    bool           `json:"is_paused"`
	Created   moment         `json:"created_at"`
	Updated   moment         `json:"updated_at"`
	Completed moment         `json:"completed_at"`
}

func (w wireBackfill) model() (Backfill, bool) {
	b := Backfill{
		ID: w.ID, DAGID: w.DAGID, From: w.From.Time, To: w.To.Time, Reprocess: w.Reprocess, MaxActive: w.MaxActive, Paused: w.Paused,
		Created: w.Created.Time, Updated: w.Updated.Time, Completed: w.Completed.Time,
	}
	if len(w.Conf) > 0 {
		b.Conf = w.Conf
	}
	return b, b.ID != 0
}

var steering = map[string]string{"pause": opPauseBackfill, "unpause": opResume, "cancel": opCancel}
