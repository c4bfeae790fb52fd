package airflowclient

import (
	"slices"
	"time"
)

// State is a state of a run or a task instance, verbatim as Airflow has it. Unknown ones are kept.
// The empty state is a task instance that nothing has looked at yet (null in both APIs).
type State string

// The states that Airflow 2.11 and 3.3 know.
const (
	StateQueued          State = "queued"
	StateRunning         State = "running"
	StateSuccess         State = "success"
	StateFailed          State = "failed"
	StateUpstreamFailed  State = "upstream_failed"
	StateSkipped         State = "skipped"
	StateUpForRetry      State = "up_for_retry"
	StateUpForReschedule State = "up_for_reschedule"
	StateScheduled       State = "scheduled"
	StateDeferred        State = "deferred"
	StateRemoved         State = "removed"
	StateRestarting      State = "restarting"
)

// Ended says whether a run in that state is over. It may be cleared all the same, and is then under way again.
func (s State) Ended() bool { return s == StateSuccess || s == StateFailed }

// TaskStatesBut lists the states that a task instance can be in, but for one: for a [TaskQuery].
func TaskStatesBut(but State) []State {
	all := []State{
		"", StateQueued, StateRunning, StateSuccess, StateFailed, StateUpstreamFailed, StateSkipped, StateUpForRetry, StateUpForReschedule, StateScheduled,
		StateDeferred, StateRemoved, StateRestarting,
	}
	return slices.DeleteFunc(all, func(s State) bool { return s == but })
}

// Server says what answered.
type Server struct {
	Version      string // as the server says it, "3.3.2"
	API          int    // 1 or 2
	Capabilities Capabilities
}

// Health is the server's own view of its parts.
type Health struct {
	Components []Component // metadatabase, scheduler, triggerer, dag_processor; only those that the server names
}

// Component is one part of an Airflow. Status is verbatim, "" when the server says null.
type Component struct {
	Name      string
	Status    string
	Heartbeat time.Time
}

// DAG is one row of the DAG list.
type DAG struct {
	ID              string
	Description     string
	FileToken       string
	FileLoc         string
	Owners          []string
	Tags            []string
	Paused          bool
	Stale           bool // v1: not active
	HasImportErrors bool
	LastParsed      time.Time
	ParseTook       time.Duration // of its file, when it was parsed last; 0 before Airflow 3.1
	NextRun         time.Time     // logical date of the next run
	NextRunAfter    time.Time     // when it will be created
	Timetable       string
}

// Run is a DAG run, identified by DAGID and ID.
type Run struct {
	DAGID        string
	ID           string
	State        State
	Type         string    // scheduled, manual, backfill, … verbatim
	LogicalDate  time.Time // zero when the server has none
	IntervalFrom time.Time
	IntervalTo   time.Time
	RunAfter     time.Time // when it was due or, for one made by hand, made; Airflow 3 only
	Queued       time.Time // Airflow 3 only
	Start        time.Time
	End          time.Time
	Note         string
	Conf         map[string]any
}

// day is what runs are ordered by: the logical date, or when the run was due where it has none.
func (r Run) day() time.Time {
	if r.LogicalDate.IsZero() {
		return r.RunAfter
	}
	return r.LogicalDate
}

// TaskInstance is one task of a run; MapIndex is -1 for a task that is not mapped.
type TaskInstance struct {
	DAGID    string
	RunID    string
	TaskID   string
	MapIndex int
	State    State
	Try      int
	MaxTries int
	Operator string
	Pool     string
	Hostname string
	Queued   time.Time
	Start    time.Time
	End      time.Time
	Duration time.Duration
	Note     string
}

// ImportError is a DAG file that Airflow could not load.
type ImportError struct {
	ID        string
	File      string // full path on Airflow 2, relative to the bundle on Airflow 3
	Bundle    string // Airflow 3 only
	Trace     string
	Timestamp time.Time
}

// LogLine is one line of a task log. Level is in lower case. Time and Level are empty where the handler does not say.
type LogLine struct {
	Time  time.Time
	Level string
	Text  string
}

// LogChunk is a part of a task log. Next continues it; Done says that the task is not at work and nothing more will come as long as
// that is so: it may not have begun.
type LogChunk struct {
	Lines   []LogLine
	Skipped int    // lines before Lines that were left out, because there are very many
	Joins   bool   // the first line is the rest of the last one of the part before, which was read while that line was written
	Absent  string // what Airflow says about where it looked for a log that is not there; "": there is one
	Next    string
	Done    bool
}

// Task is one node of a DAG as Airflow has parsed it.
type Task struct {
	ID          string
	Downstream  []string // ids of the tasks that wait for it, sorted
	Operator    string   // class name
	Pool        string
	Owner       string
	TriggerRule string // verbatim
	Retries     int
	Mapped      bool
}
