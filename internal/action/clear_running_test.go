package action_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"chrononctl/airflowclient"
	"chrononctl/internal/action"
)

// atWork is a server on which some tasks of a run are at work.
type atWork struct {
	*server
	version string
	tasks   []string
}

func (a *atWork) Server(context.Context) (airflowclient.Server, error) {
	return airflowclient.Server{Version: a.version, Capabilities: airflowclient.Capabilities{ClearStopsRunning: strings.HasPrefix(a.version, "3.")}}, nil
}

func (a *atWork) TaskInstances(_ context.Context, q airflowclient.TaskQuery) ([]airflowclient.TaskInstance, error) {
	var out []airflowclient.TaskInstance
	for _, id := range a.tasks {
		for _, ref := range q.Runs {
			out = append(out, airflowclient.TaskInstance{DAGID: ref.DAGID, RunID: ref.RunID, TaskID: id, State: airflowclient.StateRunning})
		}
	}
	return out, nil
}

// What is cleared while it runs goes on with Airflow 2, whatever it answers; Airflow 3 ends it.
func TestClearOfWhatRuns(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, version   string
		tasks           []string // at work, of the two that are asked for
		targets, effect string
		refusal, next   string
	}{
		{name: "Airflow 3 ends it", version: "3.3.2", tasks: []string{"b"}, targets: "a b", effect: "1 task at work: what runs is ended first."},
		{name: "Airflow 2 leaves it out", version: "2.11.2", tasks: []string{"b"}, targets: "a", effect: "1 task at work left out: Airflow 2.11.2 would let what runs go on."},
		{name: "Airflow 2 with nothing else refuses", version: "2.11.2", tasks: []string{"a", "b"}, refusal: "a is at work", next: "chrononctl mark join r failed a"},
		{name: "nothing runs", version: "2.11.2", targets: "a b"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := &atWork{server: newServer(), version: tc.version, tasks: tc.tasks}
			s.cleared = []airflowclient.TaskInstance{{TaskID: "a", MapIndex: -1}, {TaskID: "b", MapIndex: -1}}
			p := &action.Planner{Airflow: s}
			plan, err := p.PlanClear(t.Context(), action.ClearScope{DAGID: "join", RunID: "r"})
			if tc.refusal != "" {
				refused, ok := errors.AsType[*action.RefusedError](err)
				if !ok || !strings.Contains(refused.Reason, tc.refusal) || !strings.Contains(refused.Hint(), tc.next) {
					t.Fatalf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var targets []string
			for _, target := range plan.Targets {
				targets = append(targets, target.TaskID)
			}
			if got := strings.Join(targets, " "); got != tc.targets {
				t.Errorf("targets %q, want %q", got, tc.targets)
			}
			if got := strings.Join(plan.Effects[1:], " "); got != tc.effect {
				t.Errorf("effect %q, want %q", got, tc.effect)
			}
		})
	}
}
