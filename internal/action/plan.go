// Package action holds every change to a running Airflow: it is planned, shown, confirmed, applied and reported as one value.
//
// A [Planner] looks at the server and answers with a [Plan], or refuses with a [RefusedError] that says why the change would not do what it is asked
// for. Planning changes nothing. The console's dialog, --dry-run and the question of a command show the same plan, and [Planner.Apply] carries
// out exactly the targets that the plan lists, each once: nothing is widened in between, and nothing is repeated.
package action

import "time"

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
	Day    string    // logical day of a new run, YYYY-MM-DD; empty for a tick of a streaming DAG
	At     time.Time // logical date of a new run
}

// Unchanged says that there is nothing to do: what is asked for is so already.
func (p Plan) Unchanged() bool { return len(p.Targets) == 0 }

// Result is what became of one target.
type Result struct {
	Target Target
	Done   string // what happened, "run manual__… queued"
	Err    error
}
