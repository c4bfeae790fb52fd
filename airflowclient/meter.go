package airflowclient

import (
	"maps"
	"slices"
	"sync"
)

// Meter counts what a client has asked of a server, token exchanges and repetitions included.
type Meter struct {
	Requests int            // attempts that were sent
	Retries  int            // of these, repetitions of a read
	Failed   int            // of these, attempts that got no answer, or one with a status of 400 and more
	Sent     int64          // bytes of request bodies
	Received int64          // bytes of response bodies, unpacked
	ByOp     map[string]int // attempts by operation, "list DAG runs"
}

// meter is a Meter that many goroutines count on.
type meter struct {
	mu  sync.Mutex
	sum Meter
}

func (m *meter) sent(op string, bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sum.ByOp == nil {
		m.sum.ByOp = map[string]int{}
	}
	m.sum.Requests++
	m.sum.Sent += bytes
	m.sum.ByOp[op]++
}

func (m *meter) received(bytes int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sum.Received += int64(bytes)
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
	sum.ByOp = maps.Clone(m.sum.ByOp)
	return sum
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
