package fleet

import "fmt"

// StreamWhy is what keeps a stream from running, or us from knowing.
type StreamWhy uint8

// The reasons that a program can tell apart. The sentence is in [Stream.Reason].
const (
	WhyNothing       StreamWhy = iota // it runs
	WhyNoUpload                       // it never ran: its first upload is not there
	WhyNeverStarted                   // it never ran: starting it failed
	WhyTwoRunning                     // more than one application has its name
	WhyRestartsUsed                   // it was restarted too often
	WhyStartFailed                    // it is down, and could not be started again
	WhyListFailed                     // the running applications could not be listed
	WhyNoReport                       // nothing, or nothing that can be read, was published
	WhyOldReport                      // what was published is too old
	WhyPaused                         // nobody looks after it: its DAG is paused
	WhyNoTick                         // no tick has ended yet
	WhySomethingElse                  // only the sentence says
)

// String is the reason's name for programs.
func (w StreamWhy) String() string {
	names := [...]string{
		"", "no_upload", "never_started", "two_running", "restarts_used", "start_failed", "list_failed", "no_report", "old_report", "paused", "no_tick",
		"other",
	}
	if int(w) < len(names) {
		return names[w]
	}
	return fmt.Sprintf("why_%d", uint8(w))
}

// MarshalText writes the reason's name.
func (w StreamWhy) MarshalText() ([]byte, error) { return []byte(w.String()), nil }
