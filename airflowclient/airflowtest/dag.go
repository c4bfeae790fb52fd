package airflowtest

import (
	"slices"
	"time"

	"github.com/robfig/cron/v3"
)

// File is a file of the DAG folder: what Airflow finds in it.
type File struct {
	Name string // path below the DAG folder
	DAGs []DAG
	Err  string // the trace of an import error; then DAGs is not looked at
	Text string // what stands in the file; see [Options.Parse]
}

// DAG is what a file says about one DAG.
type DAG struct {
	ID          string
	Description string
	Doc         string // doc_md; "" is none
	Tags        []string
	Tasks       []Task
	Every       time.Duration // length of the data interval; 0: runs are only made by hand, or as Cron says
	Cron        string        // five fields, UTC, with data intervals between its ticks
	Start       time.Time     // first logical date; zero: long ago
	Catchup     bool
	MaxActive   int  // runs at the same time; 0: 16
	MaxTasks    int  // tasks at the same time, of a DAG on Airflow 2 and of a run on Airflow 3; 0: 16
	Unpaused    bool // Airflow pauses new DAGs, unless told otherwise

	cron cron.Schedule // see read
}

// Task is a node of a DAG and the script of its instances.
type Task struct {
	ID       string
	Upstream []string
	Operator string // class name; "" is PythonOperator
	Pool     string // "" is default_pool
	Rule     string // trigger rule; "" is all_success
	Retries  int
	Mapped   int  // number of mapped instances; 0: not mapped
	Priority int  // weight of its own, to which that of all tasks behind it is added; 0: 1
	Absolute bool // Priority is all of its weight
	MaxTasks int  // instances at the same time, over all runs of the DAG; 0: no limit
	Do       func(Attempt) Outcome

	RetryDelay time.Duration // 0: five minutes
	Outlets    []string      // URIs of the assets that it writes when it succeeds
}

// Attempt is one try of a task instance, as its script sees it.
type Attempt struct {
	DAGID, RunID, TaskID string
	MapIndex             int
	Try                  int       // from 1
	Poke                 int       // from 0: how often this try was rescheduled
	Day                  time.Time // logical date; zero where the run has none
	Start                time.Time
	Conf                 map[string]any // of the run
}

// Outcome is what a try does. The zero Outcome takes a minute and succeeds without a word.
type Outcome struct {
	Takes     time.Duration     // 0: a minute
	Ends      string            // state at the end; "" is success. up_for_reschedule and deferred: Do is asked again, in the same try
	Again     time.Duration     // after which Do is asked again; 0: a minute
	Log       []string          // lines, spread over the time that it takes
	Exception string            // last in the log, with a traceback: "ValueError: no"
	XComs     map[string]string // JSON text by key
}

// States of runs and task instances, as Airflow writes them. "" is a task instance that nothing has looked at.
const (
	none           = ""
	queued         = "queued"
	running        = "running"
	success        = "success"
	failed         = "failed"
	skipped        = "skipped"
	upstreamFailed = "upstream_failed"
	upForRetry     = "up_for_retry"
	scheduled      = "scheduled"
	restarting     = "restarting"
	deferred       = "deferred"
	removed        = "removed"

	upForReschedule = "up_for_reschedule"
)

// dag is the row of a DAG.
type dag struct {
	spec     DAG
	file     string
	tasks    []Task // as they were serialised last: late, see processor.go
	written  time.Time
	versions []*version
	paused   bool
	stale    bool
	broken   bool // its file has an import error
	parsed   time.Time
	last     time.Time // start of the interval of the run that was made last
	next     time.Time // start of the interval that gets the next run
	full     bool      // the next run waits until an active one has ended
	plan     int       // number of the plan for the next run; older plans are void
}

func (d *dag) task(id string) (Task, bool) {
	i := slices.IndexFunc(d.tasks, func(t Task) bool { return t.ID == id })
	if i < 0 {
		return Task{}, false
	}
	return d.tasks[i], true
}

// weight is the priority of a task: its own and that of all tasks behind it (the weight rule "downstream").
func (d *dag) weight(t Task) int {
	if t.Absolute {
		return t.Priority
	}
	sum := 0
	for _, id := range d.related([]string{t.ID}, false, true) {
		behind, _ := d.task(id)
		sum += max(behind.Priority, 1)
	}
	return sum
}

// downstream lists the tasks that wait for a task.
func (d *dag) downstream(id string) []string {
	found := []string{}
	for _, t := range d.tasks {
		if slices.Contains(t.Upstream, id) {
			found = append(found, t.ID)
		}
	}
	slices.Sort(found)
	return found
}

// related adds to the tasks all that they wait for, or all that wait for them.
func (d *dag) related(ids []string, upstream, downstream bool) []string {
	all := slices.Clone(ids)
	follow := func(next func(string) []string) {
		for i, todo := 0, slices.Clone(ids); i < len(todo); i++ {
			for _, id := range next(todo[i]) {
				if !slices.Contains(todo, id) {
					todo = append(todo, id)
					all = append(all, id)
				}
			}
		}
	}
	if upstream {
		follow(func(id string) []string { t, _ := d.task(id); return t.Upstream })
	}
	if downstream {
		follow(d.downstream)
	}
	return all
}

// run is the row of a DAG run.
type run struct {
	number       int
	dag, id      string
	kind, state  string
	logical      time.Time // zero: none
	from, to     time.Time
	due          time.Time // run_after
	queued       time.Time
	start, end   time.Time
	updated      time.Time
	note         string
	conf         map[string]any
	tasks        []*instance
	beforeStart  bool // of the DAG's start date: no task will run
	byHand       bool
	waitsToStart bool // an event will start it
	busy         int  // task instances that hold a worker
	version      *version
	backfill     *backfill
}

func (r *run) active() bool { return r.state == queued || r.state == running }

// instance is the row of a task instance.
type instance struct {
	note     string
	number   int
	run      *run
	task     Task
	mapIndex int
	state    string
	try      int
	maxTries int
	host     string
	queued   time.Time
	start    time.Time
	end      time.Time
	updated  time.Time
	xcoms    map[string]string
	life     int // events of an earlier life are void: it was cleared or marked
	tries    []attempt
	took     time.Duration // of what ended last; it stays while the next try runs
	timed    bool          // took is known
	pokes    int           // of the try that goes on
	due      time.Time     // of the next try, or the next look of a sensor
	weight   int           // priority
	version  *version
}

// attempt is what is kept of a try: enough for its log.
type attempt struct {
	Attempt
	Outcome
	queued  time.Time
	end     time.Time // zero: runs
	state   string
	earlier []logLine // of looks before this one
}

func (i *instance) ended() bool {
	switch i.state {
	case success, failed, skipped, upstreamFailed, removed:
		return true
	}
	return false
}

// auditEntry is a line of the event log.
type auditEntry struct {
	number   int
	when     time.Time
	event    string
	dag, run string
	owner    string
}
