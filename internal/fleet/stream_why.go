package fleet

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
)

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

// What a keep-alive report says beside a state that leaves the reason open (dagspec/runtime/README.md, "What tasks publish").
const (
	saidNoUpload   = "no_upload"
	saidListFailed = "list_failed"
	saidNotKnown   = "upload_not_known"
)

// whyOf tells by a report why a stream does not run, and the table that it waits for.
func whyOf(s streamReport) (why StreamWhy, awaits string) {
	said := s.said()
	switch s.State {
	case "alive", "started", "restarted":
		return WhyNothing, ""
	case "duplicate":
		return WhyTwoRunning, ""
	case "flapping":
		return WhyRestartsUsed, ""
	case "down":
		return WhyStartFailed, ""
	case "not_started":
		switch said {
		case saidNoUpload:
			return WhyNoUpload, cmp.Or(s.Awaits, awaitedBefore(s))
		case saidNotKnown:
			return WhySomethingElse, s.Awaits
		}
		return WhyNeverStarted, ""
	}
	if said == saidListFailed {
		return WhyListFailed, ""
	}
	return WhySomethingElse, ""
}

// said is what the report tells programs. Runtimes that did not do so yet had these sentences for it, which therefore never change.
func (s streamReport) said() string {
	switch {
	case s.Why != nil:
		return *s.Why
	case strings.HasPrefix(s.Reason, "its first upload"):
		return saidNoUpload
	case strings.HasPrefix(s.Reason, "nobody can say whether its first upload"):
		return saidNotKnown
	case strings.HasPrefix(s.Reason, "the running applications could not be listed"):
		return saidListFailed
	}
	return ""
}

// firstUpload is the sentence of a runtime that did not tell the awaited table by itself.
var firstUpload = regexp.MustCompile(`^its first upload, (\S+), is not there yet`)

// awaitedBefore is the table that a report of such a runtime names.
func awaitedBefore(s streamReport) string {
	m := firstUpload.FindStringSubmatch(s.Reason)
	if m == nil {
		return ""
	}
	return m[1]
}
