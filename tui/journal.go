package tui

import (
	"time"

	"chrononctl/internal/action"
)

// deed is one change that this console made, or tried to.
type deed struct {
	id      string // in the journal on disk; empty: it is not there
	at      time.Time
	verb    action.Verb
	title   string
	command string // the command line that does the same
	undo    string // the one that takes it back, if there is one
	done    int    // targets that were changed
	failed  int    // targets that were not
	problem string // the first error
	undone  bool   // it was taken back

	entry action.Entry // as the journal has it, or would: what a filter asks
}

// deedOf is a change as the journal on disk has it.
func deedOf(e action.Entry) deed {
	d := deed{
		id: e.ID, at: e.At, verb: e.Verb, title: e.Title, command: e.Command, undo: e.Undo, done: e.Done, failed: e.Failed,
		problem: e.Problem, undone: e.UndoneBy != "", entry: e,
	}
	for _, t := range e.Targets {
		if t.Error != "" && d.problem == "" {
			d.problem = t.Error
		}
	}
	if e.Interrupted() && d.problem == "" {
		d.problem = "interrupted: nobody wrote down how it ended"
	}
	return d
}

// deploys tells whether it is about files and not about running DAGs: those have their history at their target, and none in the journal on disk.
func (d deed) deploys() bool { return d.verb == verbDeploy || d.verb == verbRollback }

// The verbs of deploys, which are no changes of a planner.
const (
	verbDeploy   action.Verb = "deploy"
	verbRollback action.Verb = "rollback"
)

// did writes down what became of a plan.
func (s *shell) did(plan action.Plan, results []action.Result, err error) {
	d := deed{at: s.here, verb: plan.Verb, title: plan.Title, command: plan.Command, undo: plan.Undo}
	for _, r := range results {
		if r.Err == nil {
			d.done++
			continue
		}
		d.failed++
		if d.problem == "" {
			d.problem = errorText(r.Err)
		}
	}
	if err != nil && d.problem == "" {
		d.problem = errorText(err)
	}
	d.entry = action.Entry{
		At: d.at, Verb: d.verb, Title: d.title, Command: d.command, Undo: d.undo, Total: max(len(plan.Targets), d.done+d.failed), Ended: d.at, Done: d.done, Failed: d.failed, Problem: d.problem,
	}
	for _, r := range results {
		d.entry.Targets = append(d.entry.Targets, action.EntryThing{DAGID: r.Target.DAGID, RunID: r.Target.RunID, TaskID: r.Target.TaskID})
	}
	s.journal = append(s.journal, d)
}
