package dagspec

import "time"

// Kind is what a DAG is for. The names are those of the engine-neutral export.
type Kind string

// The kinds of DAG that Chronon's confs ask for.
const (
	KindStagingQuery   Kind = "staging_query"
	KindBatch          Kind = "batch"
	KindStreaming      Kind = "streaming"
	KindJoin           Kind = "join"
	KindComparison     Kind = "comparison"
	KindLabelJoin      Kind = "label_join"
	KindLogFlattening  Kind = "log_flattening"
	KindStats          Kind = "stats"
	KindMetadataUpload Kind = "metadata_upload"
)

// Mode is what a task does: a mode of Chronon's run.py, or one of our own two.
type Mode string

// Modes of run.py (its MODE_ARGS table), and KVLoad and Summary, which are ours.
const (
	ModeBackfill       Mode = "backfill"
	ModeBackfillLeft   Mode = "backfill-left"
	ModeBackfillFinal  Mode = "backfill-final"
	ModeUpload         Mode = "upload"
	ModeStreaming      Mode = "streaming"
	ModeConsistency    Mode = "consistency-metrics-compute"
	ModeLogFlattener   Mode = "log-flattener"
	ModeLabelJoin      Mode = "label-join"
	ModeModelTransform Mode = "model-transform-batch"
	ModeStats          Mode = "stats-summary"
	ModeLogStats       Mode = "log-summary"
	ModeMetadataUpload Mode = "metadata-upload"
	ModeMetadataExport Mode = "metadata-export"
	ModeKVLoad         Mode = "kv-load"
	ModeSummary        Mode = "summary"
)

// Definitions is everything that Build decided: the DAGs, and what it had to say about the confs.
type Definitions struct {
	DAGs        []DAG       // by id
	Diagnostics Diagnostics // those of Load included
	LeftOut     []LeftOut   // confs that an error keeps out, by file

	sums map[string]string // all 64 digits of the DAGs' hashes, by id
}

// LeftOut is a conf that an error keeps out of the definitions.
type LeftOut struct {
	File string
	DAGs []string // ids of the DAGs that may miss tasks of it, or be missing altogether
}

// DAG is one Airflow DAG, described without Airflow. Its order is stable: same confs, same value.
type DAG struct {
	ID       string
	Kind     Kind
	Team     string
	Join     string // full conf name of the join that the DAG belongs to; empty for a team's DAG
	Schedule string // five cron fields, UTC, always with data intervals
	Start    Date   // logical date of the first run
	Catchup  bool
	Hash     string // 12 hex digits over all that its tasks will use, confs included
	Owner    string // from teams.json, as are the next three
	Queue    string
	User     string // operating system user of the jobs
	Emails   []string
	Settings string // the project file as far as the DAG's file has it, as Python writes it
	Runtime  string // 12 hex digits over the runtime that the DAG's file imports
	Tasks    []Task
}

// Task is one job of a DAG.
type Task struct {
	ID       string
	Conf     string // full conf name, metaData.name; empty for a team's summary
	ConfFile string // slash path of the conf below the repository, "production/joins/team/file"
	Mode     Mode
	Schedule string // cron of the conf inside its DAG; empty when it is the DAG's own
	Argv     []Arg
	Env      map[string]string
	Lag      int  // days that the job stays behind its run: it computes ds - Lag
	Coalesce bool // the job fills what is missing, so an older day may be left to a newer one
	Waits    []Wait
	Outputs  []Partition // what must be there afterwards; empty where nothing can be looked for
	After    []string    // ids of tasks of the same DAG

	Part    string  // part of a join that the task computes alone, as run.py names it
	Table   string  // kv-load: the table to load; summary of a comparison: the table of results; streaming: the table of the first upload
	Dataset string  // kv-load: where to
	Sample  float64 // summary of a comparison: percent of the logged requests that were compared
}

// Arg is one element of a command line: text, the day that the run computes, or a file of the Chronon repository.
type Arg struct {
	Text   string
	Day    *Day     // not nil: the day, and Text is empty
	File   bool     // Text is a slash path in the Chronon repository ("." for its root), which a release may carry elsewhere
	Sum    string   // with File: the first 16 hex digits of the SHA-256 of what will be read: the conf, or the team's part of teams.json
	Files  []Source // not empty: Text is a folder of the Chronon repository, of which these files are wanted
	Pieces []Arg    // not empty: the element is these without a gap, "--date=" and a day; everything else is unset
}

// Source is a file of the Chronon repository.
type Source struct {
	Path string // slash path
	Sum  string // the first 16 hex digits of the SHA-256 of its bytes
}

// Day is the day of a run, moved by Shift days. Layout is a Python strftime format; empty is %Y-%m-%d.
type Day struct {
	Shift  int
	Layout string
}

// Wait is a partition that a task needs before it starts.
type Wait struct {
	Spec       string // as the conf has it, "ns.table/ds={{ ds }}"
	Partition  Partition
	Start      Date   // no day before it is waited for; zero: none
	End        Date   // inclusive last day of the source; zero: none
	ProducedBy string // id of the DAG that writes it; empty: from outside
	Producer   string // full name of the conf that writes it; empty: from outside
}

// Partition names one partition of one table, as a template over the day of the run.
type Partition struct {
	Table  string  // "namespace.table"
	Fields []Field // in the order of the spec; empty: the table as a whole, rewritten by each run
}

// Field is one partition column with its value, in pieces: text and days.
type Field struct {
	Column string
	Value  []Arg
}

// Date is a calendar day without a time zone. The zero Date is no day.
type Date struct{ t time.Time }
