package tui

import (
	"context"
	"time"

	"chrononctl/internal/fleet"
)

// explained is an explanation of a picture. A quick one was made of the picture alone.
type explained struct {
	fleet.Explanation
	quick bool
}

// explanationNeeds asks for what explains the picture, once there is one: at first of what is known already, because reading what failed tasks said
// may take a while, then with that.
func (s *shell) explanationNeeds() []need {
	snap, ok := s.snapshot()
	if !ok {
		return nil
	}
	n := need{query: query{topic: topicExplanation}}
	last, ok := value[explained](s.store, n.query)
	if !ok {
		n.load = func(context.Context, Source) (any, error) {
			return explained{Explanation: fleet.Explain(snap, fleet.Details{}), quick: true}, nil
		}
		return []need{n}
	}
	if last.quick {
		n.every = time.Second
	}
	n.load = func(ctx context.Context, src Source) (any, error) {
		x, err := src.Explain(ctx, snap)
		return explained{Explanation: x}, err
	}
	return []need{n}
}

// explanation is the newest one, and whether there is one.
func (s *shell) explanation() (fleet.Explanation, bool) {
	x, ok := value[explained](s.store, query{topic: topicExplanation})
	return x.Explanation, ok
}

// openTaskLog opens the log of a task instance; what the picture does not have of it is left open.
func (s *shell) openTaskLog(dag, run, task string, index int, h fleet.Health) {
	snap, _ := s.snapshot()
	t, ok := taskOf(snap, dag, run, task, index)
	if !ok {
		t = fleet.Task{DAGID: dag, RunID: run, ID: task, MapIndex: index, Health: h}
	}
	s.push(newLogScreen(s, t))
}

// taskOf is a task instance of the picture; index -1 takes the first of a mapped one.
func taskOf(snap fleet.Snapshot, dag, run, task string, index int) (fleet.Task, bool) {
	d, _ := findDAG(snap, dag)
	for _, r := range d.Runs {
		for _, t := range r.Tasks {
			if r.ID == run && t.ID == task && (t.MapIndex == index || index < 0) {
				return t, true
			}
		}
	}
	return fleet.Task{}, false
}
