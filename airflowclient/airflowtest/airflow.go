package airflowtest

import (
	"cmp"
	"container/heap"
	"io/fs"
	"math"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options says which Airflow it is. The zero value is Airflow 3.3.2 by the real clock that lets everybody in.
type Options struct {
	Version   string           // "2.11.2", "3.3.2"; its first number decides which API is served
	Now       func() time.Time // nil: time.Now
	Skew      time.Duration    // how far the server's clock is ahead of Now
	User      string           // who is let in; "" is everybody
	Password  string
	TokenLife time.Duration // of the tokens of Airflow 3; 0: 24 hours
	Folder    fs.FS         // the DAG folder; nil: there are only the files of [Airflow.Put]
	// Parse reads a file of which there is only the text; its error is an import error. It stands for Python. nil: such files hold no DAG.
	Parse    func(name, text string) ([]DAG, error)
	Refresh  time.Duration // how often the DAG folder is listed; 0: 5 minutes
	PageCap  int           // longest page of a GET list; 0: 100
	Seed     uint64        // of what varies in scenarios, which is how long tasks take; 0: nothing does
	BatchCap int           // longest page of a POST list; 0: as long as it is asked for, as up to 3.3
}

// Airflow is one simulated Airflow. It is an [http.Handler], and safe for use by many goroutines. Make one with [New].
type Airflow struct {
	opts    Options
	isV2    bool
	mux     *http.ServeMux
	faults  faults
	traffic traffic
	skew    atomic.Int64 // how far the server's clock is ahead, in nanoseconds

	mu      sync.Mutex // guards all below
	played  time.Time  // the world has lived until here
	queue   events
	serials int // numbers rows and events in the order in which they came to be

	folder      map[string]*sourceFile
	disk        map[string]stamp // the files of Options.Folder when it was looked at
	looked      time.Time        // that is when
	warnings    []dagWarning
	dags        map[string]*dag
	ordered     []string // their ids; see dagIDs
	runs        []*run   // by number, as databases have them
	byDAG       map[string][]*run
	byID        map[taskOf]*run   // by DAG and run id
	active      map[string][]*run // those of a DAG that have not ended, and some that have
	broken      []*importError
	pools       map[string]*pool
	variables   map[string]*variable
	born        time.Time      // when it was started
	busy        map[taskOf]int // task instances that hold a worker
	ready       []*instance    // scheduled, for a slot of their pool
	dispatching bool           // an event will hand out slots

	backfills      []*backfill
	backfillSerial int
	log            []auditEntry
	hidden         map[string]bool // DAGs that the user may not read
	stopped        bool            // the scheduler is dead
	lag            time.Duration   // events happen so much later
	beat           time.Time       // last heartbeat of a dead scheduler
	tokenKey       int             // tokens of other keys are refused
}

// New makes an Airflow with an empty DAG folder.
func New(o Options) *Airflow {
	o.Version = cmp.Or(o.Version, "3.3.2")
	o.TokenLife = cmp.Or(o.TokenLife, 24*time.Hour)
	o.Refresh = cmp.Or(o.Refresh, 5*time.Minute)
	o.PageCap = cmp.Or(o.PageCap, 100)
	o.BatchCap = cmp.Or(o.BatchCap, math.MaxInt)
	if o.Now == nil {
		o.Now = time.Now
	}
	a := &Airflow{
		opts: o, isV2: !strings.HasPrefix(o.Version, "2."), folder: map[string]*sourceFile{}, dags: map[string]*dag{}, hidden: map[string]bool{},
		byDAG: map[string][]*run{}, byID: map[taskOf]*run{}, active: map[string][]*run{}, pools: map[string]*pool{}, variables: map[string]*variable{}, busy: map[taskOf]int{},
	}
	a.skew.Store(int64(o.Skew))
	a.played = a.present()
	a.born = a.played
	a.setPool(defaultPool, 128, "Default pool")
	a.mux = http.NewServeMux()
	if a.isV2 {
		a.routeV2()
	} else {
		a.routeV1()
	}
	a.at(a.played.Add(o.Refresh), a.listFolder)
	return a
}

// Version is the version that it answers.
func (a *Airflow) Version() string { return a.opts.Version }

// present is the time on the server's clock.
func (a *Airflow) present() time.Time { return a.opts.Now().Add(time.Duration(a.skew.Load())).UTC() }

// live locks the world and lets it live up to the present. The answer unlocks it.
func (a *Airflow) live() (unlock func()) {
	a.mu.Lock()
	a.watchFolder()
	now := a.present()
	for len(a.queue) > 0 && !a.queue[0].at.Add(a.lag).After(now) {
		next, _ := heap.Pop(&a.queue).(event)
		if at := next.at.Add(a.lag); at.After(a.played) {
			a.played = at
		}
		next.do()
	}
	if now.After(a.played) {
		a.played = now
	}
	return a.mu.Unlock
}

// Live lets happen what should have happened by now. Whoever asks the Airflow anything does that too.
func (a *Airflow) Live() { a.live()() }

// now is the moment that is being played.
func (a *Airflow) now() time.Time { return a.played }

// serial is a new number.
func (a *Airflow) serial() int {
	a.serials++
	return a.serials
}

// at plans an event.
func (a *Airflow) at(when time.Time, do func()) {
	heap.Push(&a.queue, event{at: when, serial: a.serial(), do: do})
}

// after plans an event a while from the moment that is being played.
func (a *Airflow) after(d time.Duration, do func()) { a.at(a.now().Add(d), do) }

// event is something that happens at a time.
type event struct {
	at     time.Time
	serial int
	do     func()
}

// events is a heap, the next event first.
type events []event

func (q events) Len() int { return len(q) }

func (q events) Less(i, j int) bool {
	return cmp.Or(q[i].at.Compare(q[j].at), cmp.Compare(q[i].serial, q[j].serial)) < 0
}

func (q events) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push is for package heap.
func (q *events) Push(x any) {
	if e, ok := x.(event); ok {
		*q = append(*q, e)
	}
}

// Pop is for package heap.
func (q *events) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	(*q)[last] = event{}
	*q = (*q)[:last]
	return e
}

// Clock is a clock that stands still until it is moved. The zero Clock shows the beginning of 2026.
type Clock struct {
	mu     sync.Mutex
	passed time.Duration
}

// Now is the time that the clock shows, in UTC.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC).Add(c.passed)
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.passed += d
}
