// Package action holds every change to a running Airflow: it is planned, shown, confirmed, applied and reported as one value.
//
// A [Planner] looks at the server and answers with a [Plan], or refuses with a [RefusedError] that says why the change would not do what it is asked
// for. Planning changes nothing. The console's dialog, --dry-run and the question of a command show the same plan, and [Planner.Apply] carries
// out exactly the targets that the plan lists, each once: nothing is widened in between, and nothing is repeated.
package action

import (
	"time"

	"chrononctl/airflowclient"
)

// Verb is what a plan does.
type Verb string

// The verbs of this release.
const (
	Trigger  Verb = "trigger"
	Pause    Verb = "pause"
	Unpause  Verb = "unpause"
	Clear    Verb = "clear"
	Mark     Verb = "mark"     // a state is set, and nothing runs
	Restart  Verb = "restart"  // a tick now, of one stream alone
	Upload   Verb = "upload"   // the upload of a GroupBy, for a day that may be long over
	Backfill Verb = "backfill" // a range of days, as one Chronon job or as a run a day
	Hold     Verb = "hold"     // a backfill starts no further day
	Resume   Verb = "resume"   // a backfill that is held goes on
	Cancel   Verb = "cancel"   // a backfill ends now
	Rerun    Verb = "rerun"    // the days of a backfill that failed run again
)

// Plan is a change that has not happened: the exact targets, what it means, and the command that does the same.
// The console's dialog and --dry-run print the same plan.
type Plan struct {
	Verb       Verb
	Title      string   // "Trigger chronon_join_payments__checkout_v1"
	Targets    []Target // in the order of Apply
	Effects    []string // one sentence each
	Cost       Cost
	Downstream Downstream
	Command    string    // the equivalent command line
	Undo       string    // the command line that takes it back; empty when nothing can, or nothing needs to
	Confirm    string    // what must be typed to agree, a number or a name; empty: a yes is enough
	Reason     string    // why, in the words of who asked for it; of a pause
	Until      time.Time // of a pause
	Undoes     string    // the entry of the journal that it takes back
}

// Target is one object that a plan changes.
type Target struct {
	DAGID  string
	RunID  string
	TaskID string
	Day    string              // logical day of a new run, YYYY-MM-DD; empty for a tick of a streaming DAG
	At     time.Time           // logical date of a new run
	Conf   string              // configuration of a new run, JSON; empty: none
	State  airflowclient.State // that a mark sets
	Again  bool                // the run is there, and is cleared
	Note   string              // why a DAG is paused that is to be unpaused

	To        time.Time               // not zero: Airflow 3 makes the run, as a part of a backfill that ends with this date
	AtOnce    int                     // how many of that backfill may run at a time
	Reprocess airflowclient.Reprocess // what it does with runs that are there
	Number    int64                   // of a backfill of Airflow 3 that is steered
}

// Cost is what a plan takes, going by the runs that ended lately. The zero Cost is unknown.
type Cost struct {
	Jobs   int           // tasks or runs that will run
	Each   time.Duration // the usual time of one: the median
	Total  time.Duration // until all have ended, with as many at a time as may be
	Sample int           // how many past ones Each is the median of; 0: nothing is known
}

// Downstream is what reads what a plan changes, by the confs of the repository, directly or through others.
type Downstream struct {
	Known bool     // there was a repository to ask; otherwise nothing is claimed
	Confs []string // full names, sorted
	DAGs  []string // ids of their DAGs, sorted
}

// Unchanged says that there is nothing to do: what is asked for is so already.
func (p Plan) Unchanged() bool { return len(p.Targets) == 0 }

// Result is what became of one target.
type Result struct {
	Target Target
	Done   string // what happened, "run manual__… queued"
	Err    error
}
