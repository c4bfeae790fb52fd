package tui

import (
	"time"

	"chrononctl/internal/action"
)

// deed is one change that this console made, or tried to.
type deed struct {
	at      time.Time
	verb    action.Verb
	title   string
	command string // the command line that does the same
	undo    string // the one that takes it back, if there is one
	done    int    // targets that were changed
	failed  int    // targets that were not
	problem string // the first error
}

// did writes down what became of a plan.
func (s *shell) did(plan action.Plan, results []action.Result, err error) {
	d := deed{at: s.now, verb: plan.Verb, title: plan.Title, command: plan.Command, undo: plan.Undo}
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
	s.journal = append(s.journal, d)
}
