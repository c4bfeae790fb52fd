package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// CauseKind says of what sort an explanation is.
type CauseKind uint8

// The kinds of cause.
const (
	CausePartition  CauseKind = iota // a partition that is not there, and that no failure here explains
	CauseTask                        // a conf, or a task without one, that fails by itself
	CauseError                       // one error in the tasks of several confs
	CausePermission                  // something that somebody may not
	CauseImport                      // a DAG file that does not import
	CauseAirflow                     // a part of Airflow that is not healthy
	CausePool                        // a pool without a free slot
	CauseWorker                      // tasks that have a slot, and that no worker takes
	CausePaused                      // a DAG that is switched off, and that something waits for
	CauseMissing                     // a DAG that is defined, and not on the server or not in a file any more
	CauseNoRun                       // a DAG without a run for the day that something waits for
	CauseAtWork                      // a task that is at work and will end the wait by itself
	CauseStream                      // a stream that is not simply alive
	CauseFeature                     // features beyond their budget, or not measured
	CauseUnread                      // what could not be read
	CauseOutdated                    // a DAG with another content than is wanted, or that nobody wants
)

var causeNames = [...]string{
	CausePartition: "partition", CauseTask: "task", CauseError: "error", CausePermission: "permission", CauseImport: "import_error",
	CauseAirflow: "airflow", CausePool: "pool", CauseWorker: "worker", CausePaused: "paused", CauseMissing: "missing_dag", CauseNoRun: "no_run",
	CauseAtWork: "at_work", CauseStream: "stream", CauseFeature: "feature", CauseUnread: "unread",
	CauseOutdated: "outdated",
}

// String is the kind's name for programs: snake_case, and stable once released.
func (k CauseKind) String() string {
	if int(k) < len(causeNames) {
		return causeNames[k]
	}
	return fmt.Sprintf("cause_%d", uint8(k))
}

// MarshalText writes the kind's name.
func (k CauseKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Cause is one explanation of failures and waits: what to look at instead of at each of them.
type Cause struct {
	ID       string // the same for the same cause in the next picture
	Kind     CauseKind
	Health   Health    // the worst that comes of it
	Title    string    // what is the matter, in the words of whoever found it where there are such
	Team     string    // whose it is; empty: of no team, or of several
	Owner    string    // of the DAG, from teams.json; empty where the definitions are not known
	Since    time.Time // when the first that it explains began; zero: nobody knows
	Usual    time.Time // when what is awaited usually is there; zero: not known
	Known    string    // how it is known, one sentence
	Ends     string    // what would end it, one sentence
	Command  string    // the command that does so; empty where there is none
	Explains []Effect  // what comes of it, by identity, in order
}

// Effect is a failure or a wait that wants an explanation. Of the names only those are set that say what it is.
type Effect struct {
	Health   Health
	Team     string
	DAGID    string
	RunID    string
	Day      string
	TaskID   string
	MapIndex int // of a task; -1 where it is not mapped, and for all else
	Conf     string
	Stream   string // GroupBy
	Join     string // whose consistency it is
	File     string
	Part     string // of Airflow, or of the picture
	Since    time.Time
}

// Name is the effect in a few words.
func (e Effect) Name() string {
	switch {
	case e.TaskID != "":
		name := e.DAGID + " " + e.TaskID
		if e.MapIndex >= 0 {
			name += fmt.Sprintf("[%d]", e.MapIndex)
		}
		return name + " for " + cmp.Or(e.Day, e.RunID)
	case e.RunID != "":
		return "the run of " + e.DAGID + " for " + cmp.Or(e.Day, e.RunID)
	case e.Stream != "":
		return "stream " + e.Stream
	case e.Join != "":
		return "consistency of " + e.Join
	case e.File != "":
		return e.File
	case e.DAGID != "":
		return e.DAGID
	default:
		return e.Part
	}
}

// Runs is how many runs the cause has an effect in.
func (c Cause) Runs() int {
	runs := make(map[[2]string]bool)
	for _, e := range c.Explains {
		if e.RunID != "" {
			runs[[2]string{e.DAGID, e.RunID}] = true
		}
	}
	return len(runs)
}

// Teams are the teams that the cause has an effect on, by name.
func (c Cause) Teams() []string {
	var teams []string
	for _, e := range c.Explains {
		if e.Team != "" {
			teams = append(teams, e.Team)
		}
	}
	slices.Sort(teams)
	return slices.Compact(teams)
}

// Causes folds the failures and waits of a picture to the fewest explanations, worst first. Details are what failed tasks said, as far as they
// were read. Where the picture has no intent, less is known of what comes before what, and fewer things have one explanation.
//
// It is a pure function. Each failure and each wait is explained by one cause at least; what nothing explains is a cause of its own.
func Causes(s Snapshot, details Details) []Cause {
	return Explain(s, details).Causes
}

// Explanation is a picture with the causes of what is wrong in it. It answers [Explanation.Why].
type Explanation struct {
	Causes  []Cause
	picture *explainer
}

// Explain is [Causes], for whoever asks on.
func Explain(s Snapshot, details Details) Explanation {
	e := newExplainer(s, details)
	e.explain()
	return Explanation{Causes: e.listed(), picture: e}
}

// listed are the causes that explain something, in order.
func (e *explainer) listed() []Cause {
	causes := make([]Cause, 0, len(e.byID))
	for _, c := range e.byID {
		if len(c.Explains) == 0 {
			continue
		}
		slices.SortFunc(c.Explains, compareEffects)
		c.Explains = slices.CompactFunc(c.Explains, func(a, b Effect) bool { return compareEffects(a, b) == 0 })
		for _, effect := range c.Explains {
			c.Health = Worst(c.Health, effect.Health)
			if c.Since.IsZero() || !effect.Since.IsZero() && effect.Since.Before(c.Since) {
				c.Since = effect.Since
			}
		}
		e.finish(c)
		causes = append(causes, *c)
	}
	slices.SortFunc(causes, compareCauses)
	return causes
}

// compareCauses puts first what needs a person most, and of that what explains most.
func compareCauses(a, b Cause) int {
	return cmp.Or(int(b.Health)-int(a.Health), len(b.Explains)-len(a.Explains), strings.Compare(a.ID, b.ID))
}

func compareEffects(a, b Effect) int {
	return cmp.Or(
		strings.Compare(a.DAGID, b.DAGID), strings.Compare(a.Day, b.Day), strings.Compare(a.RunID, b.RunID), strings.Compare(a.TaskID, b.TaskID),
		a.MapIndex-b.MapIndex, strings.Compare(a.Stream, b.Stream), strings.Compare(a.Join, b.Join), strings.Compare(a.File, b.File),
		strings.Compare(a.Part, b.Part),
	)
}
