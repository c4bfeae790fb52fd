package airflowclient

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Meter counts what a client has asked of a server, token exchanges and repetitions included.
type Meter struct {
	Requests  int            // attempts that were sent
	Retries   int            // of these, repetitions of a read
	Failed    int            // of these, attempts that got no answer, or one with a status of 400 and more
	Sent      int64          // bytes of request bodies
	Received  int64          // bytes of response bodies, unpacked
	ByOp      map[string]int // attempts by operation, "list DAG runs"
	ByPurpose []Usage        // the same with bytes, and of the last minute; most requests of the last minute first
	Minute    Usage          // the sum of the last minute; its totals are those of the client
}

// Usage is what one operation costs. The last minute is known to five seconds.
type Usage struct {
	Purpose        string // operation, "list DAG runs"
	Requests       int
	Received       int64 // bytes
	MinuteRequests int
	MinuteReceived int64
}

const (
	meterStep  = 5 * time.Second
	meterSteps = int64(time.Minute / meterStep)
)

// meter is a Meter that many goroutines count on.
type meter struct {
	now func() time.Time

	mu       sync.Mutex
	sum      Meter
	purposes map[string]*purpose
}

// purpose counts one operation: in all, and for each of the last few steps of time in a ring.
type purpose struct {
	requests int
	received int64
	ring     [meterSteps]struct {
		step     int64 // which step of time this place counts; others than the last twelve are forgotten
		requests int
		received int64
	}
}

func (m *meter) step() int64 { return m.now().UnixNano() / int64(meterStep) }

// count adds to the total and the present step of an operation. The lock is held.
func (m *meter) count(c *call, requests int, received int64) {
	if m.purposes == nil {
		m.purposes = map[string]*purpose{}
	}
	name := cmp.Or(c.tally, c.op)
	p := m.purposes[name]
	if p == nil {
		p = &purpose{}
		m.purposes[name] = p
	}
	p.requests += requests
	p.received += received
	step := m.step()
	at := &p.ring[step%meterSteps]
	if at.step != step {
		at.step, at.requests, at.received = step, 0, 0
	}
	at.requests += requests
	at.received += received
}

func (m *meter) sent(c *call, bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sum.Requests++
	m.sum.Sent += bytes
	m.count(c, 1, 0)
}

func (m *meter) received(c *call, bytes int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sum.Received += int64(bytes)
	m.count(c, 0, int64(bytes))
}

func (m *meter) failed() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sum.Failed++
}

func (m *meter) repeat() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sum.Retries++
}

func (m *meter) read() Meter {
	m.mu.Lock()
	defer m.mu.Unlock()
	sum := m.sum
	sum.ByOp = make(map[string]int, len(m.purposes))
	sum.Minute = Usage{Purpose: "all", Requests: sum.Requests, Received: sum.Received}
	for _, name := range slices.Sorted(maps.Keys(m.purposes)) {
		u := m.purposes[name].usage(name, m.step())
		sum.ByOp[name] = u.Requests
		sum.ByPurpose = append(sum.ByPurpose, u)
		sum.Minute.MinuteRequests += u.MinuteRequests
		sum.Minute.MinuteReceived += u.MinuteReceived
	}
	slices.SortFunc(sum.ByPurpose, func(a, b Usage) int {
		return cmp.Or(cmp.Compare(b.MinuteRequests, a.MinuteRequests), cmp.Compare(b.Requests, a.Requests), strings.Compare(a.Purpose, b.Purpose))
	})
	return sum
}

func (p *purpose) usage(name string, step int64) Usage {
	u := Usage{Purpose: name, Requests: p.requests, Received: p.received}
	for _, at := range p.ring {
		if at.step > step-meterSteps && at.step <= step {
			u.MinuteRequests += at.requests
			u.MinuteReceived += at.received
		}
	}
	return u
}

// maxNotes bounds what a server that talks nonsense can make us remember.
const maxNotes = 50

// notes collects warnings, each once.
type notes struct {
	mu    sync.Mutex
	lines []string
}

func (n *notes) add(line string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.lines) < maxNotes && !slices.Contains(n.lines, line) {
		n.lines = append(n.lines, line)
	}
}

func (n *notes) read() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.lines)
}
