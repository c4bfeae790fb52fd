package cmd

import (
	"fmt"
	"strconv"
	"time"

	"chrononctl/internal/fleet"
)

// taskRow is one task of a run, with its DAG.
type taskRow struct {
	dag  fleet.DAG
	run  fleet.Run
	task taskLabel
}

type taskLabel struct{ fleet.Task }

// label is the task's id, with the index of a mapped instance.
func (t taskLabel) label() string {
	if t.MapIndex < 0 {
		return t.ID
	}
	return fmt.Sprintf("%s[%d]", t.ID, t.MapIndex)
}

func (r taskRow) day() string {
	if r.run.Day == "" {
		return r.run.ID
	}
	return r.run.Day
}

func (r taskRow) tries() string {
	if r.task.Try == 0 {
		return ""
	}
	return strconv.Itoa(r.task.Try)
}

// tasksOf are the tasks of the newest run of every DAG, of the newest that ended, and of every run that still needs something.
func tasksOf(snap fleet.Snapshot) []taskRow {
	var rows []taskRow
	for _, d := range snap.DAGs {
		ended := false
		for i, run := range d.Standing() {
			isDone := run.Health == fleet.OK || run.Health == fleet.Skipped
			if i > 0 && ended && isDone {
				continue
			}
			ended = ended || isDone
			for _, t := range run.Tasks {
				rows = append(rows, taskRow{d, run, taskLabel{t}})
			}
		}
	}
	return rows
}

// stamp is a moment as RFC 3339 in UTC, empty for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// printStatusTSV prints for scripts: a line for each team and kind, or for each task. What could not be read goes to stderr, so that it is not
// taken for an answer.
func (a *app) printStatusTSV(snap fleet.Snapshot, opts statusOptions) {
	a.warnOf(snap)
	if opts.tasks {
		for _, r := range a.queriedTasks(snap, opts) {
			writeTSV(a.Streams.Out, taskRowView(a).texts(r)...)
		}
		return
	}
	for _, c := range cellsOf(snap) {
		writeTSV(a.Streams.Out, cellView().texts(c)...)
	}
}

func (a *app) warnOf(snap fleet.Snapshot) {
	for _, p := range snap.Problems {
		a.warn(p.Text)
	}
}

func (a *app) printStatusNames(snap fleet.Snapshot, opts statusOptions) {
	if opts.tasks {
		for _, r := range a.queriedTasks(snap, opts) {
			writeTSV(a.Streams.Out, r.name())
		}
		return
	}
	for _, team := range snap.Teams {
		writeTSV(a.Streams.Out, team.Name)
	}
}

// printStatusLines prints one JSON object a line: the teams, or the tasks.
func (a *app) printStatusLines(snap fleet.Snapshot, opts statusOptions) {
	a.warnOf(snap)
	if opts.tasks {
		for _, t := range a.queriedTasks(snap, opts) {
			a.writeLine(pick(taskOf(t), opts.keys))
		}
		return
	}
	for _, t := range snap.Teams {
		a.writeLine(pick(teamOf(t), opts.keys))
	}
}
