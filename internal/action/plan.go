// Package action holds every change to a running Airflow: it is planned, shown, confirmed, applied and reported as one value.
package action

// Verb is what a plan does.
type Verb string

// The verbs of this release.
const (
	Trigger Verb = "trigger"
	Pause   Verb = "pause"
	Unpause Verb = "unpause"
	Clear   Verb = "clear"
)

// Plan is a change that has not happened: the exact targets, what it means, and the command that does the same.
// The console's dialog and --dry-run print the same plan.
type Plan struct {
	Verb    Verb
	Title   string   // "Trigger chronon_join_payments__checkout_v1"
	Targets []Target // in the order of Apply
	Effects []string // one sentence each
	Command string   // the equivalent command line
}

// Target is one object that a plan changes.
type Target struct {
	DAGID  string
	RunID  string
	TaskID string
	Day    string // logical day of a new run, YYYY-MM-DD
}

// Result is what became of one target.
type Result struct {
	Target Target
	Done   string // what happened, "run manual__… queued"
	Err    error
}
