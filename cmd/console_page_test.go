package cmd

import (
	"testing"

	"chrononctl/tui"
)

func TestPagesOfBothAirflows(t *testing.T) {
	t.Parallel()
	task := tui.Reference{DAGID: "d", RunID: "scheduled__2026-11-21T00:00:00+00:00", TaskID: "t", MapIndex: -1, Version: "3.3.2"}
	old := task
	old.Version = "2.11.2"
	mapped := task
	mapped.MapIndex = 4
	for name, tc := range map[string]struct {
		ref  tui.Reference
		want string
	}{
		"a task on Airflow 3":    {task, "https://a/dags/d/runs/scheduled__2026-11-21T00:00:00+00:00/tasks/t"},
		"a mapped one":           {mapped, "https://a/dags/d/runs/scheduled__2026-11-21T00:00:00+00:00/tasks/t/mapped/4"},
		"a task on Airflow 2":    {old, "https://a/dags/d/grid?dag_run_id=scheduled__2026-11-21T00%3A00%3A00%2B00%3A00&tab=logs&task_id=t"},
		"a DAG on Airflow 2":     {tui.Reference{DAGID: "d", Version: "2.11.2"}, "https://a/dags/d/grid"},
		"a team has no page":     {tui.Reference{Name: "payments", Version: "3.3.2"}, "https://a/"},
		"a hostile id is quoted": {tui.Reference{DAGID: "a/../b?c", Version: "3.3.2"}, "https://a/dags/a%2F..%2Fb%3Fc"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := pageOf("https://a/", tc.ref); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}
