package airflowtest

import (
	"cmp"
	"slices"
	"strings"
)

// defaultPool is the pool of tasks that name none. It has 128 slots on a new Airflow.
const defaultPool = "default_pool"

// pool is the row of a pool, and how many task instances use its slots.
type pool struct {
	name, description string
	slots             int // -1: without end
	includeDeferred   bool
	states            map[string]int // task instances by state, those that have not ended
}

// occupied is how many slots are taken.
func (p *pool) occupied() int {
	taken := p.states[running] + p.states[queued] + p.states[restarting]
	if p.includeDeferred {
		taken += p.states[deferred]
	}
	return taken
}

// open is how many slots are free, in a pool without end a great many.
func (p *pool) open() int {
	if p.slots < 0 {
		return 1 << 30
	}
	return p.slots - p.occupied()
}

// SetPool makes a pool or gives it other slots. -1 is a pool without end.
func (a *Airflow) SetPool(name string, slots int) {
	defer a.live()()
	a.setPool(name, slots, "")
}

func (a *Airflow) setPool(name string, slots int, description string) *pool {
	p := a.pools[name]
	if p == nil {
		p = &pool{name: name, states: map[string]int{}}
		a.pools[name] = p
	}
	p.slots, p.description = slots, description
	a.freeSlots()
	return p
}

// taskOf is a task of a DAG, or with no task all of them.
type taskOf struct{ dag, task string }

// setState moves an instance from a state to another, and with it the slot that it may hold.
func (a *Airflow) setState(ti *instance, state string) {
	a.count(ti, -1)
	ti.state, ti.updated = state, a.now()
	a.count(ti, 1)
}

// count adds an instance to what is busy, or takes it away.
func (a *Airflow) count(ti *instance, one int) {
	if ti.ended() || ti.state == none {
		return
	}
	if p := a.pools[ti.pool()]; p != nil {
		p.states[ti.state] += one
	}
	if ti.state == running || ti.state == queued || ti.state == restarting {
		ti.run.busy += one
		a.busy[taskOf{ti.run.dag, ""}] += one
		a.busy[taskOf{ti.run.dag, ti.task.ID}] += one
	}
}

func (ti *instance) pool() string { return cmp.Or(ti.task.Pool, defaultPool) }

// freeSlots has the scheduler look for instances that can be queued now.
func (a *Airflow) freeSlots() {
	if a.dispatching || len(a.ready) == 0 {
		return
	}
	a.dispatching = true
	a.after(0, func() {
		a.dispatching = false
		a.dispatch()
	})
}

// schedule has an instance wait for a slot.
func (a *Airflow) schedule(ti *instance) {
	if ti.pokes == 0 {
		ti.try++
	}
	a.setState(ti, scheduled)
	a.ready = append(a.ready, ti)
	a.freeSlots()
}

// dispatch queues the instances that wait for slots, the heaviest first, then the oldest, as far as pools and limits have room. An
// instance whose pool does not exist is never queued.
func (a *Airflow) dispatch() {
	if a.stopped {
		return
	}
	a.ready = slices.DeleteFunc(a.ready, func(ti *instance) bool { return ti.state != scheduled })
	slices.SortStableFunc(a.ready, func(x, y *instance) int {
		return cmp.Or(-cmp.Compare(x.weight, y.weight), x.run.logical.Compare(y.run.logical), cmp.Compare(x.number, y.number))
	})
	waiting := a.ready[:0]
	for _, ti := range a.ready {
		if a.hasRoom(ti) {
			a.enqueue(ti)
			continue
		}
		waiting = append(waiting, ti)
	}
	clear(a.ready[len(waiting):])
	a.ready = waiting
}

func (a *Airflow) hasRoom(ti *instance) bool {
	p := a.pools[ti.pool()]
	if p == nil || p.open() < 1 {
		return false
	}
	if most := ti.task.MaxTasks; most > 0 && a.busy[taskOf{ti.run.dag, ti.task.ID}] >= most {
		return false
	}
	limit := maxTasks
	if d := a.dags[ti.run.dag]; d != nil {
		limit = cmp.Or(d.spec.MaxTasks, maxTasks)
	}
	if a.isV2 {
		return ti.run.busy < limit
	}
	return a.busy[taskOf{ti.run.dag, ""}] < limit
}

// poolsByName lists the pools in the order of their rows' names.
func (a *Airflow) poolsByName() []*pool {
	list := make([]*pool, 0, len(a.pools))
	for _, p := range a.pools {
		list = append(list, p)
	}
	slices.SortFunc(list, func(x, y *pool) int { return strings.Compare(x.name, y.name) })
	return list
}

func poolRow(p *pool) row {
	return row{
		"name": p.name, "slots": p.slots, "description": orNull(p.description), "include_deferred": p.includeDeferred,
		"running_slots": p.states[running], "queued_slots": p.states[queued], "scheduled_slots": p.states[scheduled],
		"deferred_slots": p.states[deferred], "occupied_slots": p.occupied(), "open_slots": p.open(),
	}
}
