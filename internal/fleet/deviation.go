package fleet

import (
	"fmt"

	"chrononctl/dagspec"
)

// DeviationKind is how a DAG is not as it is wanted.
type DeviationKind uint8

// The kinds of deviation.
const (
	DAGMissing  DeviationKind = iota // the release or the definitions want it, and Airflow says that it has it not
	DAGOrphaned                      // chrononctl made it, and no release nor definition has it any more
	DAGStale                         // Airflow knows it and finds it in no file
	DAGOutdated                      // Airflow has it with another content than the release
	DAGIdle                          // wanted, and paused
	DAGHidden                        // wanted and there, and the user may not read it
	DAGForeign                       // Airflow has a DAG of that name which chrononctl did not make
	DAGUnseen                        // wanted and not listed, and nobody knows whether it is missing or hidden
)

// String is the kind's name for programs.
func (k DeviationKind) String() string {
	switch k {
	case DAGMissing:
		return "missing"
	case DAGOrphaned:
		return "orphaned"
	case DAGStale:
		return "stale"
	case DAGOutdated:
		return "outdated"
	case DAGIdle:
		return "paused"
	case DAGHidden:
		return "hidden"
	case DAGForeign:
		return "foreign"
	case DAGUnseen:
		return "unseen"
	default:
		return fmt.Sprintf("deviation_%d", uint8(k))
	}
}

// MarshalText writes the kind's name.
func (k DeviationKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// isUnseen says whether the DAG may be there all the same, and is not for the eyes of the user.
func (d Deviation) isUnseen() bool { return d.Kind == DAGHidden || d.Kind == DAGUnseen }

// Deviation is a DAG that is not as it is wanted. Without an intent there are none but those that Airflow itself tells.
type Deviation struct {
	Kind   DeviationKind
	Health Health
	DAGID  string
	Of     dagspec.Kind
	Team   string
	Reason string // a sentence for people
	Broken string // the file that it is missing for, which does not import; empty: that is not why

	Refused bool // Airflow was asked for it, and refused
}
