package dagspec

import "time"

// The layouts of the DAG files, [Settings.Layout].
const (
	LayoutTeam = "team"
	LayoutDAG  = "dag"
)

// Settings is what the project file, chrononctl.yaml, says about the DAGs. The zero value is not usable: start from [DefaultSettings].
type Settings struct {
	ConfRoot string // folder of the compiled confs below the repository, "production"
	Bundle   bool   // confs and teams.json travel with the release; otherwise the workers have the repository at Run.Repo
	Naming   Naming
	Run      RunSettings
	DAGs     DAGSettings
	Sensors  SensorSettings
	KVLoad   *CommandOrCallable // nil: not decided, which is a warning for every online GroupBy
	NoKVLoad bool               // the project says that nothing is loaded
	Stream   StreamSettings
	Compare  CompareSettings

	MetadataUpload bool // one more DAG uploads the confs of the joins into the KV store every day
	Stats          bool // one more DAG per team computes the daily statistics of its joins' output tables
	LoadStats      bool // the rows of statistics and comparisons go into the KV store, with KVLoad
	// MetadataExport is the table into which all confs are written every day, with the types of their columns; empty: none. The workers need
	// the repository for it.
	MetadataExport string

	// JoinBackfill says how the table of a join is filled: "job" (or empty) is one job, "parts" is the left side, then each part as a task of its
	// own, then the join of them all (run.py's modes backfill-left, backfill and backfill-final).
	JoinBackfill string
	// Layout says which DAGs share a file: "team" (or empty) puts the DAGs of one team and kind into one file, "dag" gives each DAG its own.
	Layout string
}

// Naming holds the DAG id templates by kind. {team} and {join} are replaced.
type Naming map[Kind]string

// RunSettings says how run.py is started on a worker.
type RunSettings struct {
	Python string            // interpreter; "python3"
	RunPy  string            // path of run.py on the worker; empty: -m ai.chronon.repo.run
	Repo   string            // working directory: the folder that holds scripts/
	Env    map[string]string // added to the worker's environment
	Args   []string          // more arguments for run.py, such as --chronon-jar
	Queue  string
	Pool   string
	Runner string // "package.module:function", which returns another Airflow operator for a job's argv; empty: jobs run on the worker
}

// DAGSettings are the defaults of every DAG; teams.json may say otherwise for a team (dag_start_date, airflow_queue, user, maintainer_emails).
type DAGSettings struct {
	Start      Date // zero: 2024-01-01 without catch-up
	Retries    int
	RetryDelay time.Duration
	Timeout    time.Duration // of one job
	Alert      string        // "package.module:function", called on failure

	// Parts says into how many DAGs of each kind a team's confs are divided; a team that is not named has one. See [SerializedSize].
	Parts map[string]int
}

// SensorSettings says how a partition is looked for.
type SensorSettings struct {
	Kind       string // hive, sql, command, callable, none
	Connection string
	Argv       []string
	Callable   string
	Poke       time.Duration
	Timeout    time.Duration
	Pool       string

	MissingTable time.Duration // how long a wait bears that the table itself does not exist; 0: as long as a missing partition
}

// CommandOrCallable is a command template or the name of a Python function, never both.
type CommandOrCallable struct {
	Argv     []string
	Callable string
}

// StreamSettings says how streaming jobs are kept alive.
type StreamSettings struct {
	Every       time.Duration
	ListApps    []string // command that prints the running applications; empty: run.py's default
	MaxRestarts int      // in 24 hours, before a stream counts as flapping
}

// CompareSettings says how consistency results are read and judged.
type CompareSettings struct {
	Reader     string // spark, sql, command
	Argv       []string
	Connection string
	Mismatch   float64 // highest rate of differing values among matched rows
	Missing    float64 // highest rate of rows that lack the value online
	MinRows    int
	FailTask   bool
}
