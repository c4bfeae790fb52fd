package airflowclient

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"time"
)

// EventQuery selects entries of the event log; what is empty selects all. Filters need [Capabilities.EventFilters], RunID needs
// [Capabilities.EventRuns].
type EventQuery struct {
	DAGID  string
	RunID  string
	TaskID string
	Event  string // verbatim, "trigger_dag_run" on Airflow 3, "api.post_dag_run" on Airflow 2
	Owner  string // the user
	After  time.Time
	Before time.Time
	Limit  int // the newest so many; 0: 100
}

// filters are the parameters, which both APIs call alike.
func (q EventQuery) filters() url.Values {
	filters := url.Values{}
	for name, value := range map[string]string{
		"dag_id": q.DAGID, "run_id": q.RunID, "task_id": q.TaskID, "event": q.Event, "owner": q.Owner,
	} {
		if value != "" {
			filters.Set(name, value)
		}
	}
	for name, at := range map[string]time.Time{"after": q.After, "before": q.Before} {
		if !at.IsZero() {
			filters.Set(name, at.UTC().Format(time.RFC3339Nano))
		}
	}
	return filters
}

// Event is an entry of Airflow's event log: what somebody asked for, or what a task did. Who asked is Owner; a change over REST is logged
// whether it succeeded or not.
type Event struct {
	ID     int64
	Time   time.Time
	Event  string // verbatim
	DAGID  string
	RunID  string // Airflow 2 leaves it out for most requests
	TaskID string
	Owner  string
	Extra  string // mostly JSON: the request
}

// Asset is what tasks write and other DAGs wait for: an asset of Airflow 3, a dataset of Airflow 2.
type Asset struct {
	ID        int64
	URI       string
	Name      string // Airflow 3 only
	Producers []TaskRef
	Created   time.Time
	Updated   time.Time
}

// TaskRef identifies a task of a DAG.
type TaskRef struct {
	DAGID  string
	TaskID string
}

// AssetEventQuery selects events of assets; what is empty selects all.
type AssetEventQuery struct {
	AssetID int64
	DAGID   string // of the task that wrote
	RunID   string
	TaskID  string
	Limit   int // the newest so many; 0: 100
}

// AssetEvent says that an asset was written.
type AssetEvent struct {
	ID      int64
	AssetID int64
	URI     string
	Time    time.Time
	Source  InstanceRef // which task instance wrote it; empty for one that came from outside
	Runs    []RunRef    // that it made, by DAG and run
}

type recordOperations interface {
	events(ctx context.Context, q EventQuery) ([]Event, error)
	assets(ctx context.Context) ([]Asset, error)
	assetEvents(ctx context.Context, q AssetEventQuery) ([]AssetEvent, error)
}

const (
	opEvents      = "read event log"
	opAssets      = "list assets"
	opAssetEvents = "list events of assets"
)

const defaultEvents = 100

// Events lists entries of the event log, newest first. It needs a permission that not every user has.
func (c *Client) Events(ctx context.Context, q EventQuery) ([]Event, error) {
	q.Limit = cmp.Or(q.Limit, defaultEvents)
	list, err := with(ctx, c, func(d dialect) ([]Event, error) { return d.events(ctx, q) })
	slices.SortFunc(list, func(a, b Event) int { return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(b.ID, a.ID)) })
	return list, err
}

// Assets lists the assets by URI.
func (c *Client) Assets(ctx context.Context) ([]Asset, error) {
	list, err := with(ctx, c, func(d dialect) ([]Asset, error) { return d.assets(ctx) })
	slices.SortFunc(list, func(a, b Asset) int { return cmp.Or(cmp.Compare(a.URI, b.URI), cmp.Compare(a.ID, b.ID)) })
	return list, err
}

// AssetEvents lists when assets were written, newest first.
func (c *Client) AssetEvents(ctx context.Context, q AssetEventQuery) ([]AssetEvent, error) {
	q.Limit = cmp.Or(q.Limit, defaultEvents)
	list, err := with(ctx, c, func(d dialect) ([]AssetEvent, error) { return d.assetEvents(ctx, q) })
	slices.SortFunc(list, func(a, b AssetEvent) int { return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(b.ID, a.ID)) })
	return list, err
}

// mayFilter refuses filters that the server does not know: Airflow 2 would refuse them itself, without saying since when it does.
func (d rest) mayFilter(q EventQuery) error {
	switch filters := q.filters(); {
	case len(filters) > 0 && !d.can.EventFilters:
		return d.lacks(opEvents, "filters for its event log", "Airflow 2.8", "read the newest entries without a filter")
	case q.RunID != "" && !d.can.EventRuns:
		return d.lacks(opEvents, "filter by run for its event log", "Airflow 2.9", "filter by the DAG and by time")
	}
	return nil
}

type wireEvent struct {
	ID     int64  `json:"event_log_id"`
	When   moment `json:"when"`
	Event  string `json:"event"`
	DAGID  string `json:"dag_id"`
	RunID  string `json:"run_id"`
	TaskID string `json:"task_id"`
	Owner  string `json:"owner"`
	Extra  string `json:"extra"`
}

func (w wireEvent) model() (Event, bool) {
	return Event{
		ID: w.ID, Time: w.When.Time, Event: w.Event, DAGID: w.DAGID, RunID: w.RunID, TaskID: w.TaskID, Owner: w.Owner, Extra: w.Extra,
	}, w.ID != 0
}

func eventKey(e Event) int64 { return e.ID }

type wireAsset struct {
	ID        int64  `json:"id"`
	URI       string `json:"uri"`
	Name      string `json:"name"` // v2
	Producers []struct {
		DAGID  string `json:"dag_id"`
		TaskID string `json:"task_id"`
	} `json:"producing_tasks"`
	Created moment `json:"created_at"`
	Updated moment `json:"updated_at"`
}

func (w wireAsset) model() (Asset, bool) {
	a := Asset{ID: w.ID, URI: w.URI, Name: w.Name, Created: w.Created.Time, Updated: w.Updated.Time}
	for _, p := range w.Producers {
		a.Producers = append(a.Producers, TaskRef{DAGID: p.DAGID, TaskID: p.TaskID})
	}
	slices.SortFunc(a.Producers, func(x, y TaskRef) int { return cmp.Or(cmp.Compare(x.DAGID, y.DAGID), cmp.Compare(x.TaskID, y.TaskID)) })
	return a, a.URI != "" || a.Name != ""
}

func assetKey(a Asset) int64 { return a.ID }

type wireAssetEvent struct {
	ID        int64  `json:"id"`
	AssetID   int64  `json:"asset_id"`    // v2
	DatasetID int64  `json:"dataset_id"`  // v1
	URI       string `json:"uri"`         // v2
	Dataset   string `json:"dataset_uri"` // v1
	Timestamp moment `json:"timestamp"`
	DAGID     string `json:"source_dag_id"`
	RunID     string `json:"source_run_id"`
	TaskID    string `json:"source_task_id"`
	MapIndex  *int   `json:"source_map_index"`
	Runs      []struct {
		DAGID   string `json:"dag_id"`
		RunID   string `json:"run_id"`     // v2
		RunIDV1 string `json:"dag_run_id"` // v1
	} `json:"created_dagruns"`
}

func (w wireAssetEvent) model() (AssetEvent, bool) {
	e := AssetEvent{
		ID: w.ID, AssetID: cmp.Or(w.AssetID, w.DatasetID), URI: cmp.Or(w.URI, w.Dataset), Time: w.Timestamp.Time,
		Source: InstanceRef{DAGID: w.DAGID, RunID: w.RunID, TaskID: w.TaskID, MapIndex: -1},
	}
	if w.MapIndex != nil {
		e.Source.MapIndex = *w.MapIndex
	}
	for _, r := range w.Runs {
		e.Runs = append(e.Runs, RunRef{DAGID: r.DAGID, RunID: cmp.Or(r.RunID, r.RunIDV1)})
	}
	slices.SortFunc(e.Runs, func(x, y RunRef) int { return cmp.Or(cmp.Compare(x.DAGID, y.DAGID), cmp.Compare(x.RunID, y.RunID)) })
	return e, e.ID != 0
}

func assetEventKey(e AssetEvent) int64 { return e.ID }
