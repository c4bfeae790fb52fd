package airflowtest_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"chrononctl/airflowclient/airflowtest"
)

// TestOperationAnswers is what 2.11.2 and 3.3.2 were seen to answer to changes and deeper questions, wrong things included.
func TestOperationAnswers(t *testing.T) {
	t.Parallel()
	const tasks = "dags/x/dagRuns/r/taskInstances/"
	cases := []struct {
		name           string
		method, path   string
		body           string
		want2, want3   int
		words2, words3 string
	}{
		{"a note of a run", "PATCH", "dags/x/dagRuns/r", `{"note": "n"}`, 400, 200, "{'note': ['Unknown field.']}", `"note":"n"`},
		{"a clear of a run without a word", "POST", "dags/x/dagRuns/r/clear", `{}`, 200, 200, `"task_instances":[{"dag_id":"x"`, `"task_instances":[{`},
		{"a clear of what failed of a run", "POST", "dags/x/dagRuns/r/clear", `{"dry_run": true, "only_failed": true}`, 400, 200, "only_failed", `"total_entries":0`},
		{"a mapped task without an index", "GET", tasks + "m", "", 404, 404, "add the map_index value to the URL", "add the map_index value to the URL"},
		{"the instances of a task that is not mapped", "GET", tasks + "t/listMapped", "", 404, 404, `"title":"Task id t is not mapped"`, "Task id t is not mapped"},
		{"mapped instances in an order", "GET", tasks + "m/listMapped?order_by=map_index", "", 400, 200, "Ordering with 'map_index' is not supported", `"total_entries":2`},
		{"tries of what is not there", "GET", tasks + "m/9/tries", "", 200, 404, `"total_entries":0`, "was not found"},
		{"a mark of an index", "PATCH", tasks + "m/1", `{"new_state": "success"}`, 200, 200, `{}`, `"state":"success"`},
		{"a mark of a whole mapped task", "PATCH", tasks + "m", `{"new_state": "success"}`, 404, 200, "Task instance not found", `"total_entries":2`},
		{"a mark that is no state", "PATCH", tasks + "t", `{"new_state": "blue"}`, 400, 422, "is not one of", "is not one of"},
		{"the mark of 2 that knows no index", "POST", "dags/x/updateTaskInstancesState", `{"task_id": "m", "dag_run_id": "r", "new_state": "failed"}`, 404, 404, "Task instance not found", "Not Found"},
		{"a clear of no task", "POST", "dags/x/clearTaskInstances", `{"task_ids": []}`, 400, 422, "[] should be non-empty", "at least 1 element"},
		{"a clear of one index", "POST", "dags/x/clearTaskInstances", `{"task_ids": [["m", 1]], "only_failed": false}`, 400, 200, "is not of type 'string'", `"total_entries":1`},
		{"a clear of a run and a range", "POST", "dags/x/clearTaskInstances", `{"dag_run_id": "r", "end_date": "2026-01-01T00:00:00Z"}`, 400, 422, "Exactly one of", "Exactly one of"},
		{"XComs of what is not there", "GET", "dags/no/dagRuns/no/taskInstances/no/xcomEntries", "", 200, 200, `"total_entries":0`, `"total_entries":0`},
		{"a pool that is there", "POST", "pools", `{"name": "default_pool", "slots": 1}`, 409, 409, "Pool: default_pool already exists", "Unique constraint violation"},
		{"a part of a pool", "PATCH", "pools/p?update_mask=slots", `{"slots": 5}`, 200, 422, `"slots":5`, "Field required"},
		{"another description of the default pool", "PATCH", "pools/default_pool?update_mask=description", `{"description": "x"}`, 400, 400, "name can't be modified", "Only slots"},
		{"the end of the default pool", "DELETE", "pools/default_pool", "", 400, 400, "can't be deleted", "can't be deleted"},
		{"a variable that is there", "POST", "variables", `{"key": "v", "value": "2"}`, 200, 409, `"value":"2"`, "already exists"},
		{"a variable without its description", "PATCH", "variables/v", `{"key": "v", "value": "2"}`, 200, 200, `"description":null`, `"value":"2"`},
		{"a mask of a variable", "PATCH", "variables/v?update_mask=value", `{"key": "v", "value": "2"}`, 400, 200, "'value' is unknown", `"value":"2"`},
		{"a variable under another key", "PATCH", "variables/v", `{"key": "w", "value": "2"}`, 400, 400, "Invalid post body", "doesn't match"},
		{"a secret", "GET", "variables/my_password", "", 200, 200, `"value":"hush"`, `"value":"***"`},
		{"backfills of nobody", "GET", "backfills", "", 404, 422, "Not Found", "Field required"},
		{"backfills of a DAG that is not there", "GET", "backfills?dag_id=no", "", 404, 200, "Not Found", `"total_entries":0`},
		{"a backfill without a schedule", "POST", "backfills/dry_run", `{"dag_id": "x", "from_date": "2025-01-01T00:00:00Z", "to_date": "2025-01-01T00:00:00Z"}`, 404, 422, "Not Found", "non-periodic"},
		{"events by what they are", "GET", "eventLogs?event=api.post_dag_run&limit=1", "", 200, 200, `"total_entries":0`, `"total_entries":0`},
		{"the configuration", "GET", "config/section/core/option/parallelism", "", 403, 403, "chose not to expose", "chose not to expose"},
		{"jobs", "GET", "jobs", "", 404, 200, "Not Found", "SchedulerJob"},
	}
	for _, tc := range cases {
		for _, version := range []string{version2, version3} {
			t.Run(tc.name+" "+version, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, version, airflowtest.DAG{ID: "x", Tasks: []airflowtest.Task{{ID: "t"}, {ID: "m", Mapped: 2}}})
				w.SetPool("p", 3)
				w.SetVariable("v", "1")
				w.SetVariable("my_password", "hush")
				w.Trigger("x", "r", time.Time{})
				status, body := w.ask(tc.method, tc.path, tc.body)
				want, words := tc.want2, tc.words2
				if version == version3 {
					want, words = tc.want3, tc.words3
				}
				text, err := json.Marshal(body)
				if err != nil {
					t.Fatal(err)
				}
				if status != want || !strings.Contains(string(text), words) {
					t.Errorf("%d %s, want %d with %s", status, text, want, words)
				}
			})
		}
	}
}
