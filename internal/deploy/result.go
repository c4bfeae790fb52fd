package deploy

import (
	"fmt"
	"time"
)

// Result is what became of a deploy. It is complete as far as the deploy came, also when there is an error.
type Result struct {
	Target    string        `json:"target"`
	Release   string        `json:"release,omitempty"` // the release that is live now; empty: none
	Changed   bool          `json:"changed"`           // a file was written or removed
	Written   int           `json:"written"`           // files
	Removed   int           `json:"removed"`           // files
	Activated []string      `json:"activated"`         // DAGs that were unpaused
	DAGs      []DAGResult   `json:"dags"`              // by id, as they were seen last; empty when Airflow was not asked
	Elapsed   time.Duration `json:"elapsed_ns"`
}

// Verified is the number of DAGs that were seen live at the content of the release.
func (r *Result) Verified() int {
	n := 0
	for _, dag := range r.DAGs {
		if dag.State == StateVerified {
			n++
		}
	}
	return n
}

// State is what Airflow shows of a DAG that was deployed.
type State string

// The states. All but the first and the last may pass with time.
const (
	StateVerified     State = "verified"      // present, active, at this content, with these tasks
	StateNotSeen      State = "not_seen"      // absent, or known as one whose file is gone
	StateOldContent   State = "old_content"   // present with another content
	StateIncomplete   State = "incomplete"    // at this content, with the tasks of another one still
	StateElsewhere    State = "elsewhere"     // present, read from a file that is not ours
	StateImportError  State = "import_error"  // its file does not import
	StateBrokenBefore State = "broken_before" // its file did not import before the deploy either, and was not touched
)

// DAGResult is what Airflow shows of one DAG. Detail and Trace may hold text of Airflow's.
type DAGResult struct {
	ID     string    `json:"id"`
	File   string    `json:"file"`
	Hash   string    `json:"hash"` // content to be
	State  State     `json:"state"`
	Detail string    `json:"detail,omitempty"` // what is seen instead, or what may be the cause
	Trace  string    `json:"trace,omitempty"`  // Airflow's own import error
	Parsed time.Time `json:"parsed,omitzero"`  // when Airflow parsed it last, by its own clock
}

// String is the result for people, on one line but for a trace.
func (r DAGResult) String() string {
	text := fmt.Sprintf("%s: %s", r.ID, r.word())
	if r.Detail != "" {
		text += ": " + r.Detail
	}
	if r.Trace != "" {
		text += "\n" + r.Trace
	}
	return text
}

func (r DAGResult) word() string {
	switch r.State {
	case StateVerified:
		return "verified"
	case StateNotSeen:
		return "not discovered"
	case StateOldContent:
		return "still at other content"
	case StateIncomplete:
		return "its tasks are not those of the release"
	case StateElsewhere:
		return "read from another file"
	case StateImportError:
		return "import error in " + r.File
	case StateBrokenBefore:
		return "import error in " + r.File + ", as before the deploy"
	}
	return string(r.State)
}

// settled says that waiting longer would change nothing.
func (r DAGResult) settled() bool {
	return r.State == StateVerified || r.State == StateBrokenBefore || r.State == StateImportError
}

// wrong are the results that are not verified.
func wrong(results []DAGResult) []DAGResult {
	var bad []DAGResult
	for _, result := range results {
		if result.State != StateVerified {
			bad = append(bad, result)
		}
	}
	return bad
}

// failed says whether a deploy has to be taken back: what was broken before, and not touched, is not its fault.
func failed(results []DAGResult) bool {
	for _, result := range results {
		if result.State != StateVerified && result.State != StateBrokenBefore {
			return true
		}
	}
	return false
}
