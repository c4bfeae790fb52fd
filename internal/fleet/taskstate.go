package fleet

import (
	"slices"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
)

// The two words of Airflow for a task that did not do its work.
const (
	stateFailed         = string(airflowclient.StateFailed)
	stateUpstreamFailed = string(airflowclient.StateUpstreamFailed)
)

// TaskHealth is what a task instance's state means. A state that this program does not know is Unknown; the word itself is kept in [Task.State].
//
// Two readings are deliberate. A retry that is still to come is not a failure yet, so up_for_retry waits. And upstream_failed is Failed: the
// task did not do its work, and will not by itself.
func TaskHealth(state airflowclient.State) Health {
	switch state {
	case "":
		return None
	case airflowclient.StateSuccess:
		return OK
	case airflowclient.StateFailed, airflowclient.StateUpstreamFailed:
		return Failed
	case airflowclient.StateSkipped, airflowclient.StateRemoved:
		return Skipped
	case airflowclient.StateRunning, airflowclient.StateRestarting:
		return Running
	case airflowclient.StateQueued, airflowclient.StateScheduled, airflowclient.StateDeferred,
		airflowclient.StateUpForReschedule, airflowclient.StateUpForRetry:
		return Waiting
	default:
		return Unknown
	}
}

// taskOf is a task instance as the fleet has it. A sensor that is looking just now still only waits.
func taskOf(ti airflowclient.TaskInstance) Task {
	t := Task{
		DAGID: ti.DAGID, RunID: ti.RunID, ID: ti.TaskID, MapIndex: ti.MapIndex,
		State: string(ti.State), Health: TaskHealth(ti.State), Try: ti.Try, Queued: ti.Queued, Start: ti.Start, End: ti.End,
	}
	if t.Health == Running && t.IsSensor() {
		t.Health = Waiting
	}
	return t
}

// reading says whether the tasks of a run are known.
type reading uint8

const (
	notRead    reading = iota // nobody asked: the run is an older one
	wasRead                   // the tasks are all there
	unreadable                // asked for, and not got
)

// runHealth is what a run means, given its tasks. Without them only Airflow's own word for the run is left, and if they were asked for and could
// not be read, not even a success is known to be one.
//
// The tasks matter because Airflow calls a run a success in three cases that are none: when each task was skipped; when no task ran at all, as
// for a run before the DAG's start date; and when a task failed whose followers ran all the same (a summary that runs whatever happened).
func runHealth(state airflowclient.State, tasks []Task, read reading) Health {
	counts := countIn(tasks, false)
	switch state {
	case airflowclient.StateFailed:
		return Failed
	case airflowclient.StateQueued:
		return Waiting
	case airflowclient.StateRunning:
		return unfinishedHealth(counts, read)
	case airflowclient.StateSuccess:
		return succeededHealth(counts, countIn(tasks, true), read)
	default:
		return Unknown
	}
}

// succeededHealth looks for trouble in all tasks, and for what was done in those that do the run's work: a day whose inputs were there and whose
// jobs were left to a newer day is skipped.
func succeededHealth(all, jobs healthCounts, read reading) Health {
	switch {
	case read == notRead:
		return OK
	case read == unreadable:
		return Unknown
	case all[Failed] > 0:
		return Failed
	case all[Unknown] > 0:
		return Unknown
	case jobs[OK] > 0:
		return OK
	case jobs[Skipped] > 0:
		return Skipped
	default:
		return None
	}
}

// unfinishedHealth tells a run that computes from one that only waits: for a partition, a slot or a retry.
func unfinishedHealth(counts healthCounts, read reading) Health {
	switch {
	case read == notRead:
		return Running
	case read == unreadable:
		return Unknown
	case counts[Failed] > 0:
		return Failed
	case counts[Unknown] > 0:
		return Unknown
	case counts[Running] > 0:
		return Running
	case counts[Waiting] > 0:
		return Waiting
	default:
		return Running
	}
}

// work is the tasks without sensors and the summary, or all of them if there are no others.
func work(tasks []Task) []Task {
	jobs := filter(tasks, func(t Task) bool { return isWork(&t) })
	if len(jobs) == 0 {
		return tasks
	}
	return jobs
}

func isWork(t *Task) bool { return !t.IsSensor() && t.ID != dagspec.SummaryTask }

// healthCounts is how many tasks are in each state.
type healthCounts [Failed + 1]int

// countIn counts all tasks, or those of work.
func countIn(tasks []Task, workOnly bool) (counts healthCounts) {
	workOnly = workOnly && slices.ContainsFunc(tasks, func(t Task) bool { return isWork(&t) })
	for i := range tasks {
		if !workOnly || isWork(&tasks[i]) {
			counts[tasks[i].Health]++
		}
	}
	return counts
}

// Counts is how many tasks are in each state that any of them is in, as far as they were read.
func (r Run) Counts() map[Health]int {
	counts := make(map[Health]int, 2)
	for h, n := range countIn(r.Tasks, false) {
		if n > 0 {
			counts[Health(h)] = n
		}
	}
	return counts
}

// IsSensor says whether the task only waits for a partition, so that it is no work of its own.
func (t Task) IsSensor() bool { return dagspec.IsSensor(t.ID) }

// finished says whether Airflow is done with a run.
func (r Run) finished() bool {
	return r.State == string(airflowclient.StateSuccess) || r.State == string(airflowclient.StateFailed)
}

// done says whether the day of the run needs nothing more: its work was done, or left to a newer day.
func (r Run) done() bool { return r.Health == OK || r.Health == Skipped }
