package fleet

import (
	"fmt"
	"time"

	"chrononctl/dagspec"
)

// Output is what one task of a conf keeps up to date: a table's newest day, the table of an upload, or the values in the KV store.
type Output struct {
	Team    string
	Conf    string // full name
	DAGID   string
	TaskID  string
	Mode    dagspec.Mode
	Table   string        // empty where nobody told
	Landed  string        // newest day that is there, YYYY-MM-DD; empty: none was seen. It is the day of the data: of the run, less the task's lag
	At      time.Time     // when that landed; zero: not known
	Proven  bool          // the partition was looked for; otherwise the job said that it did it
	Wanted  string        // newest day that should be there or is under way, YYYY-MM-DD; empty: not known
	State   OutputState   // of the wanted day
	Health  Health        // what that means
	Reason  string        // a sentence where the state needs one
	Usual   Usual         // how long after the end of its day it usually lands
	Due     time.Time     // when the wanted day lands usually (p50); zero: not known
	Late    time.Duration // by how much the wanted day is over what is usual (p90); 0: it is not late, or nobody knows what is usual
	Finish  time.Time     // when what computes the wanted day should be done; zero: nothing does, or nobody knows
	Serving Serving       // of uploads and KV loads
}

// OutputState is how far the newest wanted day of an output is.
type OutputState uint8

// The states of an output.
const (
	OutputUnknown  OutputState = iota // could not be found out
	OutputLanded                      // the wanted day is there
	OutputExpected                    // not there, and not late, as far as is known
	OutputRunning                     // being computed
	OutputLate                        // not there, and later than usual
	OutputFailed                      // its run failed
	OutputPaused                      // nothing computes it: its DAG is paused
	OutputNever                       // no day of it ever landed, and none is wanted yet
)

// String is the state's name for programs.
func (s OutputState) String() string {
	names := [...]string{"unknown", "landed", "expected", "running", "late", "failed", "paused", "never"}
	if int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("state_%d", uint8(s))
}

// MarshalText writes the state's name.
func (s OutputState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Serving is how old what is served is, in the bands that decide what a fetch returns: an upload that is up to two days late is fine; after that
// batch features are stale; once the stream's rows have gone, streaming features are partly wrong; once the batch rows have gone, there is no data
// (failure handling of Chronon's forks). It is about the KV load of an upload, or about the upload where nothing is loaded.
type Serving struct {
	Band Band
	Days int // whole days between the day of the data that is served and today
}

// Band is what the age of a served upload means.
type Band uint8

// The bands, worst last.
const (
	BandNone   Band = iota // nothing is served from it, or its age is not known
	BandFine               // at most two days late
	BandStale              // batch features are stale
	BandWrong              // older than the stream's rows live: streaming features are partly wrong
	BandNoData             // older than the batch rows live: nothing is returned
)

// String is the band's name for programs.
func (b Band) String() string {
	names := [...]string{"none", "fine", "stale", "partly_wrong", "no_data"}
	if int(b) < len(names) {
		return names[b]
	}
	return fmt.Sprintf("band_%d", uint8(b))
}

// MarshalText writes the band's name.
func (b Band) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// Lifetimes is how long rows live in the KV store, which only its owner knows. Zero: not known, and then no band is told that depends on it.
type Lifetimes struct {
	Stream time.Duration // of what the stream writes
	Batch  time.Duration // of what a KV load writes
}

// Work is a job that runs now, and when it should be done.
type Work struct {
	Team     string
	Conf     string
	DAGID    string
	RunID    string
	TaskID   string
	MapIndex int
	Day      string    // of the run
	Since    time.Time // when this try began
	Step     int       // the range that is being computed, from 1, as its log says [Step/Steps]; 0: not known
	Steps    int
	Range    string    // what is being computed, "2026-11-01...2026-11-05"; empty: not known
	Usual    Usual     // how long the task usually takes
	Finish   time.Time // expected; zero: nobody knows
	By       Forecast  // what Finish is from
	Overdue  bool      // at work for longer than nine of ten
}

// Forecast is what an expected finish is from.
type Forecast uint8

// The sources of a forecast.
const (
	ForecastNone  Forecast = iota // there is none
	ForecastUsual                 // how long the task took before
	ForecastSteps                 // the steps that it has done, and how long they took
)

// String is the source's name for programs.
func (f Forecast) String() string {
	switch f {
	case ForecastUsual:
		return "usual"
	case ForecastSteps:
		return "steps"
	case ForecastNone:
		return "none"
	default:
		return fmt.Sprintf("forecast_%d", uint8(f))
	}
}

// MarshalText writes the source's name.
func (f Forecast) MarshalText() ([]byte, error) { return []byte(f.String()), nil }
