package airflowclient

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// XComQuery selects XComs. What is empty selects all: without a RunID those of every run, and so on.
type XComQuery struct {
	DAGID    string
	RunID    string
	TaskID   string
	Key      string
	MapIndex *int // of one mapped instance, -1 of those that are not mapped
}

// matches decides what the servers' filters leave open: before 2.7 there are none for keys and map indexes.
func (q XComQuery) matches(x XCom) bool {
	return (q.Key == "" || q.Key == x.Key) && (q.MapIndex == nil || *q.MapIndex == x.MapIndex)
}

// XCom is one entry of the list of XComs. Lists carry no values; [Client.XComOf] reads one.
type XCom struct {
	DAGID     string
	RunID     string // on Airflow 2 only where the query names the run
	TaskID    string
	MapIndex  int // -1 where the task is not mapped
	Key       string
	Timestamp time.Time
}

type xcomOperations interface {
	xcoms(ctx context.Context, q XComQuery) ([]XCom, error)
	xcomOf(ctx context.Context, ref InstanceRef, key string) (json.RawMessage, error)
}

const opXComs = "list XComs"

// XComs lists XComs without their values, by DAG, run, task, map index and key.
func (c *Client) XComs(ctx context.Context, q XComQuery) ([]XCom, error) {
	list, err := with(ctx, c, func(d dialect) ([]XCom, error) { return d.xcoms(ctx, q) })
	list = slices.DeleteFunc(list, func(x XCom) bool { return !q.matches(x) })
	slices.SortFunc(list, func(a, b XCom) int {
		return cmp.Or(strings.Compare(a.DAGID, b.DAGID), strings.Compare(a.RunID, b.RunID), strings.Compare(a.TaskID, b.TaskID),
			cmp.Compare(a.MapIndex, b.MapIndex), strings.Compare(a.Key, b.Key))
	})
	return list, err
}

// XComOf is [Client.XCom] for any task instance, mapped ones too.
func (c *Client) XComOf(ctx context.Context, ref InstanceRef, key string) (json.RawMessage, error) {
	return with(ctx, c, func(d dialect) (json.RawMessage, error) { return d.xcomOf(ctx, ref, key) })
}

// orAll is Airflow's wildcard for what is not named.
func orAll(id string) string { return cmp.Or(id, "~") }

type wireXCom struct {
	DAGID     string `json:"dag_id"`
	RunID     string `json:"run_id"` // v2
	TaskID    string `json:"task_id"`
	MapIndex  *int   `json:"map_index"` // 2.7 and later
	Key       string `json:"key"`
	Timestamp moment `json:"timestamp"`
}

func (w wireXCom) model() (XCom, bool) {
	x := XCom{DAGID: w.DAGID, RunID: w.RunID, TaskID: w.TaskID, MapIndex: -1, Key: w.Key, Timestamp: w.Timestamp.Time}
	if w.MapIndex != nil {
		x.MapIndex = *w.MapIndex
	}
	return x, x.DAGID != "" && x.TaskID != "" && x.Key != ""
}

// xcomFilters are the parameters that came with 2.7.
func (d rest) xcomFilters(q XComQuery) url.Values {
	filters := url.Values{}
	if !d.can.MappedXCom {
		return filters
	}
	if q.Key != "" {
		filters.Set("xcom_key", q.Key)
	}
	if q.MapIndex != nil {
		filters.Set("map_index", strconv.Itoa(*q.MapIndex))
	}
	return filters
}

// readXComs fills in the run, which Airflow 2 does not say.
func (d rest) readXComs(rows []json.RawMessage, q XComQuery) []XCom {
	list := decodeRows[wireXCom](d.conn, "XCom", rows, func(x XCom) XCom { return x })
	for i := range list {
		list[i].RunID = cmp.Or(list[i].RunID, q.RunID)
	}
	return list
}
