// Package fleet is the live picture: what the definitions intend joined with what Airflow and the runtime's own reports show.
//
// Everything here is a value or a pure function over values; only [Observer] asks a server.
package fleet

import (
	"time"

	"chrononctl/dagspec"
)

// Health is the state of anything that an operator looks at, worst last. It is never only a colour: [Health.Word] and [Health.Glyph] go with it.
type Health uint8

// The states, in the order in which they need a person.
const (
	None       Health = iota // nothing there, or never ran
	OK                       // did what it should
	Skipped                  // left to a newer day, or not due
	Running                  // at work
	Waiting                  // waits for a partition or a slot
	Paused                   // switched off
	Unmeasured               // ended well, and still nothing is known
	Restarted                // alive, but had to be started again
	Unknown                  // could not be found out
	Breach                   // measured, and beyond its budget
	Failed                   // needs a person
)

// Snapshot is the picture at one moment. It is immutable once published.
type Snapshot struct {
	At       time.Time // when it was made, by the local clock; see [Snapshot.Clock]
	Read     time.Time // when the server was asked for runs last; its newest parts are as old as this
	Due      time.Time // when the server is asked again
	Server   Server
	Teams    []Team // by name
	DAGs     []DAG  // by id, ours only
	Streams  []Stream
	Joins    []Comparison // consistency results, by join
	Broken   []BrokenFile // import errors
	Problems []Problem    // parts that could not be read; what they would have shown is Unknown
	Requests int          // requests that it took
	Partial  bool         // the server is being read for the first time: DAGs may be missing, and of those that are there nothing else is known. Ask again

	Intent     *Intent     // what should run; it may know nothing, and is never nil in a picture of an Observer
	Deviations []Deviation // DAGs that are not as they are wanted, worst first
	Outputs    []Output    // what each conf keeps up to date, by team, conf and task
	Calendars  []Calendar  // joins by day, by join
	Work       []Work      // jobs that run now, by DAG, run and task
}

// Clock is when the picture was made, by the server's clock: what the server and its workers date is as old as that says.
func (s *Snapshot) Clock() time.Time { return s.At.Add(s.Server.Skew) }

// Server is the head line.
type Server struct {
	Name    string // context
	URL     string
	Version string
	Health  Health
	Parts   []Component   // that are not healthy, by name
	Skew    time.Duration // how far its clock is ahead of the local one, to the second; ages are told by its clock
}

// Team is one row of the fleet.
type Team struct {
	Name  string
	Cells map[dagspec.Kind]Cell // only the kinds that the team has
	Day   string                // newest ds of which every wanted run is done, YYYY-MM-DD
}

// Cell sums up the DAGs of one kind of one team.
type Cell struct {
	Health Health
	Bad    int    // how many make it so
	Of     int    // how many there are
	Unit   string // what is counted: task, stream, join, feature
}

// DAG is one of our DAGs as Airflow has it.
type DAG struct {
	ID      string
	Kind    dagspec.Kind
	Team    string
	Join    string
	Hash    string // content that was parsed, 12 hex digits
	Health  Health
	Paused  bool
	Stale   bool
	Broken  bool      // its file does not import
	Runs    []Run     // newest first, the recent ones
	NextRun time.Time // logical date of the next run
	NextDue time.Time // when that will be made; zero: not known
}

// Run is a run of a DAG. State is Airflow's own word.
type Run struct {
	DAGID  string
	ID     string
	Day    string // ds, YYYY-MM-DD; empty when the run has no logical date
	State  string
	Type   string
	Health Health
	From   time.Time // data interval
	To     time.Time
	Start  time.Time
	End    time.Time
	Tasks  []Task   // by id, when they were read; always for the newest runs and those that need a person
	Range  DayRange // days that it was started with (conf.chronon of the runtime); zero: its own day
	Report []byte   // what its summary published, verbatim, where that was read
}

// Task is a task instance. State is Airflow's own word.
type Task struct {
	DAGID    string
	RunID    string
	ID       string
	MapIndex int
	State    string
	Health   Health
	Try      int
	Queued   time.Time // when this try got its slot; zero: it did not, or Airflow does not say
	Start    time.Time
	End      time.Time
}

// Word is Airflow's own word for the task's state; it has none for a task that nothing has looked at yet.
func (t Task) Word() string {
	if t.State == "" {
		return "no state yet"
	}
	return t.State
}

// Stream is one streaming GroupBy, as its keep-alive task reported it.
type Stream struct {
	Team     string
	GroupBy  string
	DAGID    string
	Health   Health
	State    string // alive, restarted, started, duplicate, down, not_started, flapping, unknown
	Since    time.Time
	App      string
	Restarts int    // in 24 hours
	Ticks    string // a letter a tick, newest last, see dagspec/runtime
	Reason   string
	At       time.Time // when the report was made

	Why      StreamWhy // what keeps it, where it is not running or not known
	Awaits   string    // table that it waits for; empty: for none
	NextTick time.Time // when it is looked after again; zero: not known, or never because its DAG is paused
	Upload   string    // day of the values that it builds on, YYYY-MM-DD: of the newest KV load, or of the upload where nothing is loaded; empty: none
	Uploaded time.Time // when those came; zero: not known
}

// Comparison is the newest consistency result of one join.
type Comparison struct {
	Team     string
	Join     string
	DAGID    string
	Health   Health
	State    string        // ok, breach, not_measured
	Why      ComparisonWhy // of what was not measured
	Day      string
	Reason   string
	Sampled  float64 // percent of the log that was compared
	Rows     int64   // matched rows
	Over     int     // features beyond their budget
	Total    int
	Features []Feature // worst first, cut by the runtime

	LoggedRows int64         // rows of the log, whether they were drawn or not
	Budgets    Budgets       // what was allowed
	Trend      []Measurement // the last measured days, oldest first, at most 14
	Caveat     string        // what the sample makes unreliable, a sentence; empty: nothing
	Unmeasured string        // newest day of which a run ended without a measurement, if that is after Day; YYYY-MM-DD
	RunID      string        // whose report it is
}

// Feature is one feature of a comparison. A nil rate was not measured.
type Feature struct {
	Name     string
	Mismatch *float64
	Missing  *float64 // online
	SMAPE    *float64
	Over     bool

	Rows           int64    // with a value on both sides
	MissingOffline *float64 // known only where the whole log was compared
	Drift          *float64 // the mismatch less that of the seven days before
	OverIn         []string // which rates are over budget: mismatch, missing_online, missing_offline
	Hours          []Hour   // of the day, 24 of them from midnight UTC on; nil: they are not known, see NoHours
	NoHours        string   // why they are not known, a sentence
}

// BrokenFile is a DAG file that does not import.
type BrokenFile struct {
	File  string
	Trace string
	At    time.Time
	Ours  bool
}
