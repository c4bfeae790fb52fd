package tui

import (
	tea "charm.land/bubbletea/v2"

	"chrononctl/internal/fleet"
)

// worstOf is the task that needs a person most, the first of several.
func worstOf(tasks []fleet.Task) fleet.Task {
	worst := tasks[0]
	for _, t := range tasks {
		if t.Health > worst.Health || t.Health == worst.Health && isBehind(worst) && !isBehind(t) {
			worst = t
		}
	}
	return worst
}

// isBehind tells whether a task did not run because one before it failed: its log says nothing.
func isBehind(t fleet.Task) bool { return t.State == "upstream_failed" }

// logOfRow is the task instance whose log says most of how a DAG is now, among those that a row is about: the worst of the newest run in which one has
// begun; where the DAG counts as failed, of the newest in which one failed.
func logOfRow(d fleet.DAG, isAbout func(fleet.Task) bool) (found fleet.Task, ok bool) {
	for _, r := range d.Runs {
		var begun []fleet.Task
		for _, t := range r.Tasks {
			if !t.Start.IsZero() && isAbout(t) {
				begun = append(begun, t)
			}
		}
		if len(begun) == 0 {
			continue
		}
		worst := worstOf(begun)
		if d.Health != fleet.Failed || worst.Health == fleet.Failed {
			return worst, true
		}
		if !ok {
			found, ok = worst, true
		}
	}
	return found, ok
}

func anyTask(fleet.Task) bool { return true }

// logBinding opens the log that says most of what is selected: of a DAG's tasks, those that the row is about. selected says why there is no row.
func (s *shell) logBinding(selected func() string, row func() (dagID string, isAbout func(fleet.Task) bool)) binding {
	task := func() (fleet.Task, bool) {
		id, isAbout := row()
		snap, _ := s.snapshot()
		d, _ := findDAG(snap, id)
		return logOfRow(d, isAbout)
	}
	missing := func() string {
		if why := selected(); why != "" {
			return why
		}
		if _, ok := task(); !ok {
			return "no task of it has begun, as far as was read: its runs say more (enter)"
		}
		return ""
	}
	return binding{keys: []string{"l"}, label: "l", verb: "log", help: "open the log of its task, or the worst", disabled: missing, quiet: missing() != "",
		do: func() tea.Cmd {
			if t, ok := task(); ok {
				s.push(newLogScreen(s, t))
			}
			return nil
		}}
}
