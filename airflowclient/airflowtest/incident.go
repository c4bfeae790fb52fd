package airflowtest

import (
	"net/http"
	"slices"
	"time"
)

// Incident is something that befalls an Airflow as a whole: [Stop], [Revive], [RestartFor], [Lag], [Skew], [Deny], [Allow] and [Trouble].
// It happens when [Airflow.Schedule] says.
type Incident struct{ happen func(*Airflow) }

// Schedule has incidents happen at a time by the server's clock; a time that has passed is now.
func (a *Airflow) Schedule(at time.Time, incidents ...Incident) {
	defer a.live()()
	for _, i := range incidents {
		a.at(latest(at, a.now()), func() { i.happen(a) })
	}
}

// Stop kills the scheduler. Its health is bad half a minute later; what runs ends, nothing follows.
func Stop() Incident { return Incident{(*Airflow).stop} }

// Revive starts the scheduler again. It takes up everything that waits.
func Revive() Incident { return Incident{(*Airflow).revive} }

// RestartFor takes the web server away for a while. When it is back it has a new key, so that its old tokens are worth nothing; the
// database, with all its ids, is the same.
func RestartFor(d time.Duration) Incident {
	return Incident{func(a *Airflow) {
		a.tokenKey++
		a.faults.add(Fault{Until: a.now().Add(d), Drop: true})
	}}
}

// Lag makes everything that Airflow does by itself happen so much later than it should: a slow database, or a scheduler with too much to do.
func Lag(d time.Duration) Incident { return Incident{func(a *Airflow) { a.lag = d }} }

// Skew puts the server's clock ahead, or behind by a negative duration. Time does not run backwards for what has happened.
func Skew(d time.Duration) Incident { return Incident{func(a *Airflow) { a.skew.Store(int64(d)) }} }

// Deny takes away the permission to read DAGs. They leave the lists, and asking for one of them is forbidden, as is asking for one that does not exist:
// the user has permissions for single DAGs from then on.
func Deny(dagIDs ...string) Incident {
	return Incident{func(a *Airflow) {
		for _, id := range dagIDs {
			a.hidden[id] = true
		}
	}}
}

// Allow gives the permission back.
func Allow(dagIDs ...string) Incident {
	return Incident{func(a *Airflow) {
		for _, id := range dagIDs {
			delete(a.hidden, id)
		}
	}}
}

// Trouble puts faults in the way of requests.
func Trouble(list ...Fault) Incident { return Incident{func(a *Airflow) { a.faults.add(list...) }} }

func (a *Airflow) stop() {
	if !a.stopped {
		a.stopped, a.beat = true, a.now()
	}
}

func (a *Airflow) revive() {
	a.stopped = false
	for _, id := range sortedKeys(a.dags) {
		a.startWaiting(id)
		a.planNext(a.dags[id])
	}
	for _, r := range slices.Clone(a.runs) {
		a.wake(r)
	}
	a.freeSlots()
}

// Slow makes requests wait.
func Slow(path string, d time.Duration) Fault { return Fault{Path: path, Delay: d} }

// Dropped closes the connection without an answer.
func Dropped(path string) Fault { return Fault{Path: path, Drop: true} }

// CutShort closes the connection in the middle of an answer.
func CutShort(path string) Fault { return Fault{Path: path, Cut: true} }

// Answered gives an answer that is not Airflow's.
func Answered(path string, answer *BadAnswer) Fault { return Fault{Path: path, Answer: answer} }

// Between changes the world before the second page of a list is answered, so that rows move between the pages.
func Between(path string, change func()) Fault {
	return Fault{Path: path, Skip: 1, Times: 1, Before: change}
}

// Forbidden is the answer to somebody who may not.
func Forbidden() *BadAnswer {
	return &BadAnswer{Status: http.StatusForbidden, Header: map[string]string{"Content-Type": "application/json"}, Body: `{"detail":"Forbidden"}`}
}
