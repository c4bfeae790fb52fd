package fleet

import (
	"fmt"
	"time"

	"chrononctl/dagspec"
)

// Calendar is one join by day: which partitions of its table are there, and what keeps the others.
type Calendar struct {
	Team   string
	Join   string // full conf name
	DAGID  string
	Table  string        // empty where nobody told
	Health Health        // the worse of its DAG's and its output's
	Start  string        // first day that it has, YYYY-MM-DD; empty: not known
	Days   []CalendarDay // oldest first, without gaps; only days of which something is known
	Holes  []string      // days that are missing between days that landed
	Parts  []Part        // of the newest run, by name
	Ranges []DayRange    // what is being computed now
	Output Output        // how fresh its table is
}

// CalendarDay is one partition.
type CalendarDay struct {
	Day    string // of the data, YYYY-MM-DD
	State  DayState
	RunID  string // that stands for it; empty: none
	Reason string // where the state needs one
}

// DayState is what is known of a partition.
type DayState uint8

// The states of a day.
const (
	DayUnknown     DayState = iota // not looked at, or it could not be found out
	DayLanded                      // it is there
	DayRunning                     // it is being computed
	DayWaiting                     // its run waits: for an input, a slot or a retry
	DayFailed                      // its run failed
	DayMissing                     // it should be there, and no run is for it
	DayBeforeStart                 // no such day is wanted
	DayNotDue                      // its schedule does not want it, or its time has not come
)

// String is the state's name for programs.
func (s DayState) String() string {
	names := [...]string{"unknown", "landed", "running", "waiting", "failed", "missing", "before_start", "not_due"}
	if int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("day_%d", uint8(s))
}

// MarshalText writes the state's name.
func (s DayState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// DayRange is a range of days, both included, YYYY-MM-DD.
type DayRange struct{ From, To string }

// Part is a task of a join's run: a part of the join, the left side, the join itself, or a wait for an input.
type Part struct {
	Name     string // of the part, or of the partition that is waited for
	TaskID   string
	Mode     dagspec.Mode // empty for a wait
	Health   Health
	State    string // Airflow's own word
	Since    time.Time
	WaitsFor string // partition, "core.users/ds=2026-11-21"; empty for what waits for none
	Writer   string // DAG that writes it; empty: from outside, or not known
	Landed   string // newest day of what is waited for that was seen to land; empty: not known
}
