package fleet

import (
	"fmt"
	"strings"
)

// ComparisonWhy is why a comparison measured nothing.
type ComparisonWhy uint8

// The reasons that a program can tell apart. The sentence is in [Comparison.Reason].
const (
	UnmeasuredRows      ComparisonWhy = iota // it did measure, or the rows that there are tell too little
	UnmeasuredJobFailed                      // the job that compares did not end well
	UnmeasuredNotRead                        // what that job wrote could not be read
)

// String is the reason's name for programs.
func (w ComparisonWhy) String() string {
	names := [...]string{"", "job_failed", "not_read"}
	if int(w) < len(names) {
		return names[w]
	}
	return fmt.Sprintf("why_%d", uint8(w))
}

// why is what the report tells programs (dagspec/runtime/README.md, "What tasks publish"). A runtime that did not do so yet had this sentence for a job that
// failed, which therefore never changes.
func (r consistencyReport) why() ComparisonWhy {
	switch {
	case r.Why == nil && strings.HasPrefix(r.Reason, "the comparison itself did not succeed"), r.Why != nil && *r.Why == UnmeasuredJobFailed.String():
		return UnmeasuredJobFailed
	case r.Why != nil && *r.Why == UnmeasuredNotRead.String():
		return UnmeasuredNotRead
	}
	return UnmeasuredRows
}
