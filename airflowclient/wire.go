package airflowclient

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The shapes here read the answers of both APIs. Where the two call a thing differently, both names are there, and the server
// fills one of them. No enum is closed and no member is required except the identity.

// moment is a time as servers write it: with a zone or without (then UTC), with "T" or a blank, with any number of decimals, or
// null. One that cannot be read is zero: a date is never worth losing the row.
type moment struct{ time.Time }

var momentLayouts = []string{
	time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", time.DateOnly,
}

// UnmarshalJSON never fails.
func (m *moment) UnmarshalJSON(raw []byte) error {
	if text := bytes.Trim(raw, `"`); len(text)+2 == len(raw) && !bytes.ContainsRune(text, '\\') { // nearly all are
		m.Time = parseMoment(string(text))
		return nil
	}
	m.Time = parseMoment(jsonString(raw))
	return nil
}

func parseMoment(text string) time.Time {
	for _, layout := range momentLayouts {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC()
		}
	}
	return time.Time{}
}

type wireDAG struct {
	ID          string   `json:"dag_id"`
	Description string   `json:"description"`
	FileToken   string   `json:"file_token"`
	FileLoc     string   `json:"fileloc"`
	Owners      []string `json:"owners"`
	Tags        []struct {
		Name string `json:"name"`
	} `json:"tags"`
	Paused          bool    `json:"is_paused"`
	Active          *bool   `json:"is_active"` // v1
	Stale           *bool   `json:"is_stale"`  // v2
	HasImportErrors bool    `json:"has_import_errors"`
	LastParsed      moment  `json:"last_parsed_time"`
	ParseSeconds    float64 `json:"last_parse_duration"` // v2, 3.1 and later
	NextV1          moment  `json:"next_dagrun"`
	NextV2          moment  `json:"next_dagrun_logical_date"`
	NextAfterV1     moment  `json:"next_dagrun_create_after"`
	NextAfterV2     moment  `json:"next_dagrun_run_after"`
	Timetable       string  `json:"timetable_description"`
}

func (w wireDAG) model() (DAG, bool) {
	d := DAG{
		ID: w.ID, Description: w.Description, FileToken: w.FileToken, FileLoc: w.FileLoc, Owners: w.Owners,
		Paused: w.Paused, HasImportErrors: w.HasImportErrors, LastParsed: w.LastParsed.Time,
		ParseTook: time.Duration(w.ParseSeconds * float64(time.Second)),
		NextRun:   either(w.NextV1, w.NextV2), NextRunAfter: either(w.NextAfterV1, w.NextAfterV2), Timetable: w.Timetable,
		Stale: w.Active != nil && !*w.Active || w.Stale != nil && *w.Stale,
	}
	for _, tag := range w.Tags {
		d.Tags = append(d.Tags, tag.Name)
	}
	slices.Sort(d.Tags)
	slices.Sort(d.Owners)
	return d, d.ID != ""
}

type wireRun struct {
	DAGID        string         `json:"dag_id"`
	ID           string         `json:"dag_run_id"`
	State        State          `json:"state"`
	Type         string         `json:"run_type"`
	LogicalDate  moment         `json:"logical_date"`
	Execution    moment         `json:"execution_date"` // v1, the older name
	IntervalFrom moment         `json:"data_interval_start"`
	IntervalTo   moment         `json:"data_interval_end"`
	RunAfter     moment         `json:"run_after"` // v2
	Queued       moment         `json:"queued_at"` // v2
	Start        moment         `json:"start_date"`
	End          moment         `json:"end_date"`
	Note         string         `json:"note"`
	Conf         map[string]any `json:"conf"`
}

func (w wireRun) model() (Run, bool) {
	r := Run{
		DAGID: w.DAGID, ID: w.ID, State: w.State, Type: w.Type, LogicalDate: either(w.LogicalDate, w.Execution),
		IntervalFrom: w.IntervalFrom.Time, IntervalTo: w.IntervalTo.Time, RunAfter: w.RunAfter.Time, Queued: w.Queued.Time,
		Start: w.Start.Time, End: w.End.Time, Note: w.Note,
	}
	if len(w.Conf) > 0 {
		r.Conf = w.Conf
	}
	return r, r.DAGID != "" && r.ID != ""
}

type wireTask struct {
	DAGID    string  `json:"dag_id"`
	RunID    string  `json:"dag_run_id"`
	TaskID   string  `json:"task_id"`
	MapIndex *int    `json:"map_index"`
	State    State   `json:"state"`
	Try      int     `json:"try_number"`
	MaxTries int     `json:"max_tries"`
	Operator string  `json:"operator"`
	Pool     string  `json:"pool"`
	Hostname string  `json:"hostname"`
	Queued   moment  `json:"queued_when"`
	Start    moment  `json:"start_date"`
	End      moment  `json:"end_date"`
	Duration float64 `json:"duration"`
	Note     string  `json:"note"`
}

func (w wireTask) model() (TaskInstance, bool) {
	t := TaskInstance{
		DAGID: w.DAGID, RunID: w.RunID, TaskID: w.TaskID, MapIndex: -1, State: w.State, Try: w.Try, MaxTries: w.MaxTries,
		Operator: w.Operator, Pool: w.Pool, Hostname: w.Hostname, Queued: w.Queued.Time, Start: w.Start.Time, End: w.End.Time,
		Duration: time.Duration(w.Duration * float64(time.Second)), Note: w.Note,
	}
	if w.MapIndex != nil {
		t.MapIndex = *w.MapIndex
	}
	return t, t.DAGID != "" && t.RunID != "" && t.TaskID != ""
}

type wireNode struct {
	ID         string   `json:"task_id"`
	Downstream []string `json:"downstream_task_ids"`
	Operator   string   `json:"operator_name"` // 2.5 and later
	Class      struct {
		Name string `json:"class_name"`
	} `json:"class_ref"`
	Pool        string  `json:"pool"`
	Owner       string  `json:"owner"`
	TriggerRule string  `json:"trigger_rule"`
	Retries     float64 `json:"retries"`
	Mapped      bool    `json:"is_mapped"`
}

func (w wireNode) model() (Task, bool) {
	t := Task{
		ID: w.ID, Downstream: w.Downstream, Operator: w.Operator, Pool: w.Pool, Owner: w.Owner,
		TriggerRule: w.TriggerRule, Retries: int(w.Retries), Mapped: w.Mapped,
	}
	if t.Operator == "" {
		t.Operator = w.Class.Name
	}
	slices.Sort(t.Downstream)
	return t, t.ID != ""
}

type wireImportError struct {
	ID        int64  `json:"import_error_id"`
	File      string `json:"filename"`
	Bundle    string `json:"bundle_name"` // v2
	Trace     string `json:"stack_trace"`
	Timestamp moment `json:"timestamp"`
}

func (w wireImportError) model() (ImportError, bool) {
	e := ImportError{ID: strconv.FormatInt(w.ID, 10), File: w.File, Bundle: w.Bundle, Trace: w.Trace, Timestamp: w.Timestamp.Time}
	return e, e.File != ""
}

// either is the first of two times that is set.
func either(a, b moment) time.Time {
	if a.IsZero() {
		return b.Time
	}
	return a.Time
}

// readHealth reads the components of /health or /monitor/health, whatever their names: each has a status and one "latest_…_heartbeat".
func readHealth(op string, got reply) (Health, error) {
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(got.body, &parts); err != nil {
		return Health{}, unreadable(op, got, err)
	}
	var h Health
	for name, raw := range parts {
		var members map[string]json.RawMessage
		if json.Unmarshal(raw, &members) != nil || members == nil {
			continue
		}
		part := Component{Name: name, Status: jsonString(members["status"])}
		for member, value := range members {
			if strings.HasSuffix(member, "_heartbeat") {
				part.Heartbeat = parseMoment(jsonString(value))
			}
		}
		h.Components = append(h.Components, part)
	}
	slices.SortFunc(h.Components, func(a, b Component) int { return strings.Compare(a.Name, b.Name) })
	return h, nil
}

// readXCom takes the value out of an XCom entry. Tasks of Chronon push JSON as a string, because Airflow 2 turns everything else
// into Python's notation; such a string is unpacked.
func readXCom(op string, got reply) (json.RawMessage, error) {
	var entry struct {
		Value json.RawMessage `json:"value"`
	}
	if err := json.Unmarshal(got.body, &entry); err != nil {
		return nil, unreadable(op, got, err)
	}
	if inner := jsonString(entry.Value); inner != "" && json.Valid([]byte(inner)) {
		return json.RawMessage(inner), nil
	}
	if len(entry.Value) == 0 {
		return json.RawMessage("null"), nil
	}
	return entry.Value, nil
}
