package fleet

import "time"

// InstanceRef names a task instance. MapIndex is -1 for a task that is not mapped.
type InstanceRef struct {
	DAGID    string
	RunID    string
	TaskID   string
	MapIndex int
}

// Ref is the identity of the task instance.
func (t Task) Ref() InstanceRef { return InstanceRef{t.DAGID, t.RunID, t.ID, t.MapIndex} }

// Details are what was read beyond the picture, of what is wrong in it. The zero Details are none.
type Details struct {
	Words map[InstanceRef]Words // of tasks that failed
	Slots map[InstanceRef]Slot  // of tasks that wait for one
	Pools []PoolUse             // nil: could not be read
}

// Words is what a failed task said: the outcome that the runtime published, or the last line of its log that names an error.
type Words struct {
	Class   string // of the failure, dagspec/runtime/README.md "Classes of failure"
	Message string
	Remedy  string
	Line    string // of the log
	Problem string // why there are none
	Denied  bool   // because they may not be read
}

// Slot is what a task waits for that has not got to a worker.
type Slot struct {
	Pool  string
	Since time.Time // when it was queued; zero: it is not yet
}

// PoolUse is a pool, and how much of it is used.
type PoolUse struct {
	Name      string
	Slots     int // -1: without end
	Open      int
	Scheduled int // tasks that wait for a slot
}

// full says whether the pool has no free slot.
func (p PoolUse) full() bool { return p.Slots >= 0 && p.Open <= 0 }
