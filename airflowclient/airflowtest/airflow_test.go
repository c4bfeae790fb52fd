package airflowtest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chrononctl/airflowclient/airflowtest"
)

const (
	version2 = "2.11.2"
	version3 = "3.3.2"
)

// world is a server on a clock that stands still, with one DAG of one task and one run of it.
type world struct {
	*airflowtest.Airflow
	t     *testing.T
	clock *airflowtest.Clock
	token string
}

func newWorld(t *testing.T, version string, dags ...airflowtest.DAG) *world {
	t.Helper()
	w := &world{t: t, clock: &airflowtest.Clock{}}
	w.Airflow = airflowtest.New(airflowtest.Options{Version: version, Now: w.clock.Now})
	w.Put(airflowtest.File{Name: "dags.py", DAGs: dags})
	w.ParseAll()
	w.login()
	return w
}

// login gets a token where one is needed.
func (w *world) login() {
	w.t.Helper()
	if w.Version() != version3 {
		return
	}
	status, body := w.ask("GET", "/auth/token", "")
	if status != http.StatusCreated {
		w.t.Fatalf("token: %d %v", status, body)
	}
	w.token, _ = body["access_token"].(string)
}

// difference compares two lists without their order.
func difference(got, want []string) string {
	slices.Sort(got)
	slices.Sort(want)
	return cmp.Diff(want, got)
}

// ask sends one request and reads the answer as JSON. A path that is not absolute lies below the API.
func (w *world) ask(method, path, body string) (int, map[string]any) {
	w.t.Helper()
	if !strings.HasPrefix(path, "/") {
		path = map[bool]string{true: "/api/v2/", false: "/api/v1/"}[w.Version() == version3] + path
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, "http://localhost"+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+w.token)
	resp, err := w.Transport().RoundTrip(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	var object map[string]any
	_ = json.Unmarshal(text, &object)
	return resp.StatusCode, object
}

func simple(id string) airflowtest.DAG {
	return airflowtest.DAG{ID: id, Unpaused: true, Tags: []string{"a"}, Tasks: []airflowtest.Task{{ID: "only"}}}
}

// TestAnswers is what the two versions answer to the same question, wrong things included: status, and a part of the answer.
func TestAnswers(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name           string
		method, path   string
		body           string
		want2, want3   int
		words2, words3 string
	}{
		{"an unknown query parameter", "GET", "dags?colour=red", "", 400, 200, "Extra query parameter(s) colour not in spec", `"total_entries":1`},
		{"an unknown member of a body", "POST", "dags/~/dagRuns/list", `{"colour": 1}`, 400, 422, "unknown field", "extra_forbidden"},
		{"a DAG that does not exist", "GET", "dags/none", "", 404, 404, `"title":"DAG not found"`, "The Dag with ID: "},
		{"a path that does not exist", "GET", "nothing", "", 404, 404, `"status":404`, `{"detail":"Not Found"}`},
		{"a trigger without a date", "POST", "dags/x/dagRuns", `{}`, 200, 422, `"state":"queued"`, "Field required"},
		{"a trigger with the date null", "POST", "dags/x/dagRuns", `{"logical_date": null}`, 400, 200, "may not be null", `"logical_date":null`},
		{"an order by what cannot be ordered", "POST", "dags/~/dagRuns/list", `{"order_by": "colour"}`, 400, 400, "disallowed", "disallowed"},
		{"task instances in an order", "POST", "dags/~/dagRuns/~/taskInstances/list", `{"order_by": "id"}`, 400, 200, "Unknown field", "task_instances"},
		{"a clear of what a subdag was", "POST", "dags/x/clearTaskInstances", `{"include_subdags": false}`, 200, 422, "task_instances", "extra_forbidden"},
		{"a mark that is no state", "PATCH", "dags/x/dagRuns/r", `{"state": "blue"}`, 400, 422, "is not one of", "Input should be"},
		{"the deletion of a run that runs", "DELETE", "dags/x/dagRuns/r", "", 204, 409, "", "cannot be deleted in running state"},
		{"stale DAGs on request", "GET", "dags?only_active=false", "", 200, 200, `"is_active":true`, `"is_stale":false`},
		{"sparse rows", "GET", "dags?fields=dag_id", "", 200, 200, `{"dags":[{"dag_id":"x"}],"total_entries":1}`, `"bundle_name"`},
		{"a slash in an id", "GET", "dags/x/dagRuns/a%2Fb", "", 404, 404, `"detail":"Not Found"`, "run_id: `a/b`"},
	}
	for _, tc := range cases {
		for _, version := range []string{version2, version3} {
			t.Run(tc.name+" "+version, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, version, simple("x"))
				w.Trigger("x", "r", time.Time{})
				w.clock.Advance(5 * time.Second)
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

func TestListsAreCutWithoutAWord(t *testing.T) {
	t.Parallel()
	for _, version := range []string{version2, version3} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			var dags []airflowtest.DAG
			for i := range 130 {
				dags = append(dags, simple(fmt.Sprintf("d%03d", i)))
			}
			w := newWorld(t, version, dags...)
			for i := range 130 {
				w.Trigger(fmt.Sprintf("d%03d", i), "r", time.Time{})
			}
			_, body := w.ask("GET", "dags?limit=1000", "")
			if rows, _ := body["dags"].([]any); len(rows) != 100 || body["total_entries"] != 130.0 {
				t.Errorf("%d rows of %v", len(rows), body["total_entries"])
			}
			_, body = w.ask("POST", "dags/~/dagRuns/list", `{"page_limit": 1000}`)
			if rows, _ := body["dag_runs"].([]any); len(rows) != 130 {
				t.Errorf("the batch has %d rows", len(rows))
			}
		})
	}
}

// TestProcessor is when a change of the folder is seen.
func TestProcessor(t *testing.T) {
	t.Parallel()
	file := func(d airflowtest.DAG) airflowtest.File {
		return airflowtest.File{Name: "dags.py", DAGs: []airflowtest.DAG{d}}
	}
	changed := simple("x")
	changed.Description = "changed"
	changed.Tasks = append(changed.Tasks, airflowtest.Task{ID: "second"})
	for _, version := range []string{version2, version3} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, version, simple("x"))
			tasks := func() int {
				_, body := w.ask("GET", "dags/x/tasks", "")
				rows, _ := body["tasks"].([]any)
				return len(rows)
			}
			w.Put(file(changed))
			w.clock.Advance(3 * time.Second)
			if _, body := w.ask("GET", "dags/x", ""); body["description"] != "changed" || tasks() != 1 {
				t.Errorf("the description is %v, there are %d tasks", body["description"], tasks())
			}
			if w.clock.Advance(30 * time.Second); tasks() != 2 {
				t.Errorf("%d tasks", tasks())
			}
			w.Put(airflowtest.File{Name: "new.py", DAGs: []airflowtest.DAG{simple("new")}})
			_, body := w.ask("GET", "dags/x", "")
			if status, answer := w.ask("PUT", fmt.Sprint("parseDagFile/", body["file_token"]), ""); status != http.StatusCreated {
				t.Errorf("%d %v", status, answer)
			}
			again, _ := w.ask("PUT", fmt.Sprint("parseDagFile/", body["file_token"]), "")
			w.clock.Advance(2 * time.Second)
			early, _ := w.ask("GET", "dags/new", "")
			w.clock.Advance(5 * time.Minute)
			late, _ := w.ask("GET", "dags/new", "")
			got, want := []int{again, early, late}, []int{201, 404, 200}
			if version == version3 { // a forced parse refreshes the whole bundle
				want = []int{409, 200, 200}
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("got %v, want %v", got, want)
			}
			w.Remove("new.py")
			w.clock.Advance(6 * time.Minute)
			if status, _ := w.ask("POST", "dags/new/dagRuns", `{"logical_date": "2026-01-01T00:00:00Z"}`); status != http.StatusNotFound {
				t.Errorf("a trigger of a DAG that is gone: %d", status)
			}
			if status, _ := w.ask("GET", "dags/new", ""); status != http.StatusOK {
				t.Errorf("a DAG that is gone is still there by its id, got %d", status)
			}
		})
	}
}

// TestRunBeforeTheStartOfItsDAG is a run that succeeds although nothing ran.
func TestRunBeforeTheStartOfItsDAG(t *testing.T) {
	t.Parallel()
	for _, version := range []string{version2, version3} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			d := simple("x")
			d.Start = time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC)
			w := newWorld(t, version, d)
			w.ask("POST", "dags/x/dagRuns", `{"dag_run_id": "early", "logical_date": "2025-01-01T00:00:00Z"}`)
			w.clock.Advance(2 * time.Second)
			_, run := w.ask("GET", "dags/x/dagRuns/early", "")
			_, tasks := w.ask("GET", "dags/x/dagRuns/early/taskInstances", "")
			if run["state"] != "success" || tasks["total_entries"] != 0.0 {
				t.Errorf("run is %v, %v task instances", run["state"], tasks["total_entries"])
			}
		})
	}
}

// TestServe reaches the simulation over a socket, where a cut answer is a broken connection.
func TestServe(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	server := airflowtest.New(airflowtest.Options{Version: version2})
	url, done, err := server.Serve(ctx)
	if err != nil {
		t.Fatal(err)
	}
	get := func() (string, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/api/v1/version", http.NoBody)
		if err != nil {
			return "", err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		return string(text), err
	}
	if text, err := get(); err != nil || !strings.Contains(text, version2) {
		t.Errorf("got %q, %v", text, err)
	}
	server.Break(airflowtest.Fault{Cut: true, Times: 1})
	if text, err := get(); err == nil {
		t.Errorf("a cut answer was read as %q", text)
	}
	cancel()
	<-done
}
