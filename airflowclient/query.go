package airflowclient

import "time"

// DAGQuery selects rows of the DAG list. The zero query is every DAG that Airflow still finds in a file.
type DAGQuery struct {
	Tags         []string // DAGs that carry all of these; Airflow 2 looks for the first one only, so name the rarest first
	Pattern      string   // DAGs whose id contains this, whatever the case; no wildcards
	IDs          []string // only these
	Paused       *bool    // only paused, or only unpaused ones
	IncludeStale bool     // also DAGs whose file is gone (inactive on Airflow 2)
}

// RunQuery selects runs over many DAGs in one list. The answer is newest first, by logical date, then by DAG id.
type RunQuery struct {
	DAGIDs      []string  // empty: of all DAGs that the user may read
	States      []State   // any of these; empty: all
	Types       []string  // scheduled, manual, backfill, … any of these; empty: all. They are looked for after Limit has been counted
	LogicalFrom time.Time // logical date not before
	LogicalTo   time.Time // logical date not after
	StartedFrom time.Time // start not before; hides runs that wait, which have no start
	EndedSince  time.Time // end not before; hides runs that are not done
	endedTo     time.Time // end not after
	byEnd       bool      // the newest by their end; with Limit
	Limit       int       // the newest so many, by logical date on Airflow 2 and by [Run.RunAfter] on 3; 0: all of them
}

// RunRef identifies a run.
type RunRef struct {
	DAGID string
	RunID string
}

// Ref identifies the run.
func (r Run) Ref() RunRef { return RunRef{DAGID: r.DAGID, RunID: r.ID} }

// TaskQuery selects task instances of one or many runs. Many runs cost one request for each hundred of them, and those that have the same id, as the
// runs of one day do, one for each five hundred.
type TaskQuery struct {
	Runs    []RunRef
	TaskIDs []string // empty: all tasks
	States  []State  // empty: all; the empty State stands for "not looked at yet"
}

// LogRef identifies the log of one try of a task instance. MapIndex is -1 for a task that is not mapped, Try counts from 1.
type LogRef struct {
	DAGID    string
	RunID    string
	TaskID   string
	MapIndex int
	Try      int
}

// Log is the reference to the log of the instance's newest try.
func (t TaskInstance) Log() LogRef {
	return LogRef{DAGID: t.DAGID, RunID: t.RunID, TaskID: t.TaskID, MapIndex: t.MapIndex, Try: max(t.Try, 1)}
}

// TriggerRequest asks for one new run. Choose RunID yourself: then a request whose answer was lost, sent again, ends in a conflict
// instead of a second run. LogicalDate is the day that the run is for and becomes `ds` on both versions; zero means "now", and on
// Airflow 3 such a run has no `ds` at all. IntervalFrom and IntervalTo are sent when both are set; Airflow infers them otherwise.
//
// A LogicalDate before the DAG's start date gives a run that succeeds without running any task.
type TriggerRequest struct {
	DAGID        string
	RunID        string
	LogicalDate  time.Time
	IntervalFrom time.Time
	IntervalTo   time.Time
	Conf         map[string]any
	Note         string
}

// ClearRequest asks to run task instances again. Everything is sent explicitly, because the defaults of the two APIs differ.
//
// Which runs are meant is said by RunID, with Past and Future around it, or by From and To; without any of them it is every run of the DAG.
type ClearRequest struct {
	DAGID       string
	RunID       string       // not together with From and To
	From        time.Time    // runs whose logical date is not before; zero: the oldest
	To          time.Time    // and not after; zero: the newest
	TaskIDs     []string     // with Mapped empty: all tasks
	Mapped      []MappedTask // single instances of mapped tasks; see [Capabilities.ClearMapIndex]
	OnlyFailed  bool         // leave instances alone that did not fail; not together with OnlyRunning
	OnlyRunning bool         // leave instances alone that do not run
	Upstream    bool         // and all tasks that TaskIDs wait for
	Downstream  bool         // and all tasks that wait for TaskIDs
	Past        bool         // and earlier runs
	Future      bool         // and later runs
	DryRun      bool         // change nothing, only answer what would be cleared

	KeepRuns      bool // leave runs that have ended in their state: the cleared instances do not run until the run is queued
	LatestVersion bool // with the newest version of the DAG; see [Capabilities.ClearLatestVersion]
	RefuseRunning bool // a conflict when one of the instances runs; see [Capabilities.RefuseRunning]
}

// MappedTask identifies one instance of a mapped task within a run.
type MappedTask struct {
	TaskID   string
	MapIndex int
}
