package airflowclient

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// DAGDetails is what Airflow says of one DAG beyond its row in the list.
type DAGDetails struct {
	DAG
	Start          time.Time // start_date; zero: none at the DAG
	End            time.Time // end_date
	Catchup        bool
	MaxActiveRuns  int
	MaxActiveTasks int
	Schedule       string    // a cron expression or a preset where it is one, "1 day, 0:00:00" for a time delta, "" for none
	NextFrom       time.Time // data interval of the next run; zero when there is none
	NextTo         time.Time
	Timezone       string // "UTC"
	Doc            string // doc_md
}

// DAGVersion is a version of a DAG that Airflow keeps: its structure changed.
type DAGVersion struct {
	DAGID         string
	Number        int // from 1
	Bundle        string
	BundleVersion string // of the bundle's files, a commit for git bundles; "" where the bundle has none
	URL           string // of the bundle at this version, where the bundle knows one
	Created       time.Time
}

// DAGWarning is what Airflow finds odd about a DAG that loads. Type is verbatim, such as "non-existent pool".
type DAGWarning struct {
	DAGID     string
	Type      string
	Message   string
	Timestamp time.Time
}

type dagOperations interface {
	dagDetails(ctx context.Context, dagID string) (DAGDetails, error)
	source(ctx context.Context, dagID string, version int) (string, error)
	dagVersions(ctx context.Context, dagID string) ([]DAGVersion, error)
	dagWarnings(ctx context.Context, dagID string) ([]DAGWarning, error)
}

const (
	opDetails     = "read details of DAG"
	opSource      = "read source of DAG"
	opVersions    = "list versions of DAG"
	opDAGWarnings = "list DAG warnings"
)

// Details reads one DAG, stale or not, with its start, its schedule and its limits.
func (c *Client) Details(ctx context.Context, dagID string) (DAGDetails, error) {
	return with(ctx, c, func(d dialect) (DAGDetails, error) { return d.dagDetails(ctx, dagID) })
}

// Source reads the text of the file that defines a DAG, as it was parsed last or, with a version, as that version had it (see
// [Capabilities.DAGVersions]; 0: the newest).
func (c *Client) Source(ctx context.Context, dagID string, version int) (string, error) {
	return with(ctx, c, func(d dialect) (string, error) { return d.source(ctx, dagID, version) })
}

// Versions lists the versions of a DAG, the newest first.
func (c *Client) Versions(ctx context.Context, dagID string) ([]DAGVersion, error) {
	list, err := with(ctx, c, func(d dialect) ([]DAGVersion, error) { return d.dagVersions(ctx, dagID) })
	slices.SortFunc(list, func(a, b DAGVersion) int { return b.Number - a.Number })
	return list, err
}

// DAGWarnings lists what Airflow finds odd about a DAG, or about all of them (""), by DAG. Airflow 3 names fewer oddities than Airflow 2.
func (c *Client) DAGWarnings(ctx context.Context, dagID string) ([]DAGWarning, error) {
	list, err := with(ctx, c, func(d dialect) ([]DAGWarning, error) { return d.dagWarnings(ctx, dagID) })
	slices.SortFunc(list, func(a, b DAGWarning) int {
		return cmp.Or(strings.Compare(a.DAGID, b.DAGID), strings.Compare(a.Type, b.Type), strings.Compare(a.Message, b.Message))
	})
	return list, err
}

type wireDetails struct {
	wireDAG
	Start          moment `json:"start_date"`
	End            moment `json:"end_date"`
	Catchup        bool   `json:"catchup"`
	MaxActiveRuns  int    `json:"max_active_runs"`
	MaxActiveTasks int    `json:"max_active_tasks"`
	Summary        string `json:"timetable_summary"` // v2
	Interval       struct {
		Type    string `json:"__type"`
		Value   string `json:"value"` // of a CronExpression
		Days    int    `json:"days"`  // of a TimeDelta
		Seconds int    `json:"seconds"`
	} `json:"schedule_interval"` // v1
	NextFrom moment `json:"next_dagrun_data_interval_start"`
	NextTo   moment `json:"next_dagrun_data_interval_end"`
	Timezone string `json:"timezone"`
	Doc      string `json:"doc_md"`
}

func (w wireDetails) model() (DAGDetails, bool) {
	dag, ok := w.wireDAG.model()
	return DAGDetails{
		DAG: dag, Start: w.Start.Time, End: w.End.Time, Catchup: w.Catchup, MaxActiveRuns: w.MaxActiveRuns, MaxActiveTasks: w.MaxActiveTasks,
		Schedule: w.schedule(), NextFrom: w.NextFrom.Time, NextTo: w.NextTo.Time, Timezone: w.Timezone, Doc: w.Doc,
	}, ok
}

// schedule writes a time delta as Python does, which is how Airflow 3 has it.
func (w wireDetails) schedule() string {
	switch {
	case w.Summary == "None": // so is "no schedule" called
		return ""
	case w.Summary != "":
		return w.Summary
	case w.Interval.Type == "TimeDelta":
		length := fmt.Sprintf("%d:%02d:%02d", w.Interval.Seconds/3600, w.Interval.Seconds/60%60, w.Interval.Seconds%60)
		switch w.Interval.Days {
		case 0:
			return length
		case 1:
			return "1 day, " + length
		}
		return fmt.Sprintf("%d days, %s", w.Interval.Days, length)
	}
	return w.Interval.Value
}

type wireVersion struct {
	DAGID         string `json:"dag_id"`
	Number        int    `json:"version_number"`
	Bundle        string `json:"bundle_name"`
	BundleVersion string `json:"bundle_version"`
	URL           string `json:"bundle_url"`
	Created       moment `json:"created_at"`
}

func (w wireVersion) model() (DAGVersion, bool) {
	return DAGVersion{
		DAGID: w.DAGID, Number: w.Number, Bundle: w.Bundle, BundleVersion: w.BundleVersion, URL: w.URL, Created: w.Created.Time,
	}, w.Number > 0
}

type wireWarning struct {
	DAGID     string `json:"dag_id"`
	Type      string `json:"warning_type"`
	Message   string `json:"message"`
	Timestamp moment `json:"timestamp"`
}

func (w wireWarning) model() (DAGWarning, bool) {
	return DAGWarning{DAGID: w.DAGID, Type: w.Type, Message: w.Message, Timestamp: w.Timestamp.Time}, w.DAGID != ""
}

func warningKey(w DAGWarning) DAGWarning { return w }

const hintVersions = "Airflow 2 knows a DAG as it was parsed last only"

// readSource takes the text out of {"content": …}; a gateway or an old Airflow may send the text itself.
func readSource(op string, got reply) (string, error) {
	if strings.HasPrefix(got.header.Get("Content-Type"), "text/plain") {
		return string(got.body), nil
	}
	var answer struct {
		Content *string `json:"content"`
	}
	if err := json.Unmarshal(got.body, &answer); err != nil {
		return "", unreadable(op, got, err)
	}
	if answer.Content == nil {
		return "", unreadable(op, got, errors.New("it holds no source"))
	}
	return *answer.Content, nil
}
