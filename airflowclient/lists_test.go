package airflowclient_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chrononctl/airflowclient"
)

// dagPage serves a part of a list of DAGs as the real ones do: cut to most rows, with the total.
func dagPage(ids []string, most int, r *http.Request) string {
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
	from := min(offset, len(ids))
	to := min(from+min(limit, most), len(ids))
	rows := make([]string, 0, to-from)
	for _, id := range ids[from:to] {
		rows = append(rows, fmt.Sprintf(`{"dag_id": %q}`, id))
	}
	return fmt.Sprintf(`{"dags": [%s], "total_entries": %d}`, strings.Join(rows, ","), len(ids))
}

func numbered(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("d%04d", i)
	}
	return ids
}

func dagIDs(dags []airflowclient.DAG) []string {
	ids := make([]string, 0, len(dags))
	for _, d := range dags {
		ids = append(ids, d.ID)
	}
	return ids
}

func TestListsAreReadToTheirEnd(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		rows    int
		most    int
		fetched int
	}{
		{"empty", 0, 100, 1},
		{"one full page is the end", 100, 100, 1},
		{"several pages", 250, 100, 3},
		{"a server that cuts pages below what was asked for", 250, 30, 9},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, a := range bothAPIs {
				t.Run(a.name, func(t *testing.T) {
					t.Parallel()
					ids := numbered(test.rows)
					f := newFake(a, map[string]http.HandlerFunc{"GET " + a.prefix + "/dags": func(w http.ResponseWriter, r *http.Request) {
						answer(200, dagPage(ids, test.most, r))(w, r)
					}})
					dags, err := newClient(t, f, airflowclient.Config{}).DAGs(t.Context(), airflowclient.DAGQuery{})
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(ids, dagIDs(dags)); diff != "" {
						t.Error(diff)
					}
					if got := len(f.requests("")); got != test.fetched {
						t.Errorf("fetched %d pages, want %d", got, test.fetched)
					}
				})
			}
		})
	}
}

func TestRowsThatMoveBetweenPages(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(ids []string) []string
		stay   func(id string) bool // rows that were there all the time must not be missed
	}{
		{"rows vanish before the page", func(ids []string) []string { return ids[5:] }, func(id string) bool { return id >= "d0005" }},
		{"rows appear before the page", func(ids []string) []string { return append([]string{"a1", "a2"}, ids...) }, func(id string) bool { return id >= "d" }},
		{"all vanish", func([]string) []string { return nil }, func(string) bool { return false }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, a := range bothAPIs {
				t.Run(a.name, func(t *testing.T) {
					t.Parallel()
					ids := numbered(220)
					f := newFake(a, nil)
					f.routes["GET "+a.prefix+"/dags"] = func(w http.ResponseWriter, r *http.Request) {
						if len(f.requests("")) == 2 {
							ids = test.change(ids)
						}
						answer(200, dagPage(ids, 100, r))(w, r)
					}
					dags, err := newClient(t, f, airflowclient.Config{}).DAGs(t.Context(), airflowclient.DAGQuery{})
					if err != nil {
						t.Fatal(err)
					}
					got := dagIDs(dags)
					for _, id := range numbered(220) {
						if test.stay(id) && !slices.Contains(got, id) {
							t.Errorf("%s was missed", id)
						}
					}
					if sorted := slices.Compact(slices.Sorted(slices.Values(got))); len(sorted) != len(got) {
						t.Error("a row is there twice")
					}
				})
			}
		})
	}
}

func TestListWithoutTotalEndsWithAnEmptyPage(t *testing.T) {
	t.Parallel()
	for _, a := range bothAPIs {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(a, map[string]http.HandlerFunc{"GET " + a.prefix + "/dags": inTurn(
				answer(200, `{"dags": [{"dag_id": "a"}, {"dag_id": "b"}], "total_entries": null}`),
				answer(200, `{"dags": [{"dag_id": "c"}]}`),
				answer(200, `{"dags": []}`),
			)})
			dags, err := newClient(t, f, airflowclient.Config{}).DAGs(t.Context(), airflowclient.DAGQuery{})
			if err != nil || !slices.Equal(dagIDs(dags), []string{"a", "b", "c"}) {
				t.Errorf("got %v, %v", dagIDs(dags), err)
			}
		})
	}
}

func TestLimitEndsTheList(t *testing.T) {
	t.Parallel()
	for _, a := range bothAPIs {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(a, map[string]http.HandlerFunc{"POST " + a.prefix + "/dags/~/dagRuns/list": func(w http.ResponseWriter, r *http.Request) {
				var form struct {
					Offset int `json:"page_offset"`
					Limit  int `json:"page_limit"`
				}
				_ = json.NewDecoder(r.Body).Decode(&form)
				var rows []string
				for i := range min(form.Limit, 2) { // a server that cuts POST lists too
					rows = append(rows, fmt.Sprintf(`{"dag_id": "x", "dag_run_id": "r%d"}`, form.Offset+i))
				}
				answer(200, fmt.Sprintf(`{"dag_runs": [%s], "total_entries": 999}`, strings.Join(rows, ",")))(w, r)
			}})
			runs, err := newClient(t, f, airflowclient.Config{}).Runs(t.Context(), airflowclient.RunQuery{Limit: 5})
			if err != nil || len(runs) != 5 || len(f.requests("")) != 3 {
				t.Errorf("got %d runs in %d pages, %v; want 5 in 3", len(runs), len(f.requests("")), err)
			}
		})
	}
}

func TestBadRowsDoNotLoseThePage(t *testing.T) {
	t.Parallel()
	for _, a := range bothAPIs {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(a, map[string]http.HandlerFunc{"POST " + a.prefix + "/dags/~/dagRuns/list": answer(200, `{"total_entries": 6, "dag_runs": [
			{"dag_id": "x", "dag_run_id": "good", "state": "success", "run_type": "manual"},
			{"dag_id": "x", "dag_run_id": "odd_types", "state": "failed", "note": {"text": "n"}, "conf": "none"},
			{"dag_id": "x", "dag_run_id": "odd_time", "start_date": "yesterday", "end_date": 5, "state": null},
			{"dag_id": "x"}, null, 7]}`)})
			c := newClient(t, f, airflowclient.Config{})
			runs, err := c.Runs(t.Context(), airflowclient.RunQuery{})
			if err != nil {
				t.Fatal(err)
			}
			want := []airflowclient.Run{
				{DAGID: "x", ID: "odd_types", State: "failed"}, {DAGID: "x", ID: "odd_time"}, {DAGID: "x", ID: "good", State: "success", Type: "manual"},
			}
			if diff := cmp.Diff(want, runs); diff != "" {
				t.Error(diff)
			}
			wantNotes := []string{
				"DAG run: unexpected object note", "DAG run: a row without an id was left out", "DAG run: unexpected number",
			}
			if diff := cmp.Diff(wantNotes, c.Warnings()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestListOfAnotherShapeIsAnError(t *testing.T) {
	t.Parallel()
	for _, a := range bothAPIs {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			for _, body := range []string{`[]`, `{"runs": []}`, `{"dag_runs": {}}`} {
				f := newFake(a, map[string]http.HandlerFunc{"POST " + a.prefix + "/dags/~/dagRuns/list": answer(200, body)})
				if runs, err := newClient(t, f, airflowclient.Config{}).Runs(t.Context(), airflowclient.RunQuery{}); err == nil {
					t.Errorf("%s gave %v", body, runs)
				}
			}
		})
	}
}

func TestManyRunsAreAskedForInParts(t *testing.T) {
	t.Parallel()
	for _, a := range bothAPIs {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			path := a.prefix + "/dags/~/dagRuns/~/taskInstances/list"
			f := newFake(a, map[string]http.HandlerFunc{"POST " + path: func(w http.ResponseWriter, r *http.Request) {
				var form struct {
					DAGs []string `json:"dag_ids"`
					Runs []string `json:"dag_run_ids"`
				}
				_ = json.NewDecoder(r.Body).Decode(&form)
				var rows []string
				for _, dag := range form.DAGs {
					for _, run := range form.Runs {
						rows = append(rows, fmt.Sprintf(`{"dag_id": %q, "dag_run_id": %q, "task_id": "t"}`, dag, run))
					}
				}
				answer(200, fmt.Sprintf(`{"task_instances": [%s], "total_entries": %d}`, strings.Join(rows, ","), len(rows)))(w, r)
			}})
			var q airflowclient.TaskQuery
			for i := range 250 {
				q.Runs = append(q.Runs, airflowclient.RunRef{DAGID: fmt.Sprintf("d%d", i%3), RunID: fmt.Sprintf("r%d", i)})
			}
			list, err := newClient(t, f, airflowclient.Config{}).TaskInstances(t.Context(), q)
			if err != nil || len(list) != 250 || len(f.requests(path)) < 3 {
				t.Errorf("got %d task instances in %d requests, %v; want 250 in 3 and more", len(list), len(f.requests(path)), err)
			}
			for _, r := range f.requests(path) {
				if strings.Count(r.Body, `"r`) > 100 {
					t.Error("a request asks for more than 100 runs")
				}
			}
			if none, err := newClient(t, f, airflowclient.Config{}).TaskInstances(t.Context(), airflowclient.TaskQuery{}); err != nil || len(none) != 0 {
				t.Errorf("no runs gave %v, %v", none, err)
			}
		})
	}
}

// Tasks are asked for by the product of DAGs and runs, so what is asked for together must not name many runs that nobody asked for.
func TestBatchesOfRunsNameNoOthers(t *testing.T) {
	t.Parallel()
	var runs []airflowclient.RunRef
	for i := range 1200 {
		runs = append(runs, airflowclient.RunRef{DAGID: fmt.Sprintf("d%04d", i), RunID: "scheduled__2026-11-22"})
	}
	for i := range 150 {
		runs = append(runs, airflowclient.RunRef{DAGID: fmt.Sprintf("d%04d", i), RunID: fmt.Sprint("manual__", i)})
	}
	const path = "/api/v2/dags/~/dagRuns/~/taskInstances/list"
	f := newFake(apiV2, map[string]http.HandlerFunc{"POST " + path: answer(http.StatusOK, `{"task_instances": [], "total_entries": 0}`)})
	if _, err := newClient(t, f, airflowclient.Config{}).TaskInstances(t.Context(), airflowclient.TaskQuery{Runs: runs}); err != nil {
		t.Fatal(err)
	}
	var asked []string
	for _, r := range f.requests(path) {
		var body struct {
			DAGs []string `json:"dag_ids"`
			Runs []string `json:"dag_run_ids"`
		}
		if err := json.Unmarshal([]byte(r.Body), &body); err != nil {
			t.Fatal(err)
		}
		asked = append(asked, fmt.Sprintf("%d DAGs, %d runs", len(body.DAGs), len(body.Runs)))
	}
	slices.Sort(asked)
	want := []string{"100 DAGs, 100 runs", "200 DAGs, 1 runs", "50 DAGs, 50 runs", "500 DAGs, 1 runs", "500 DAGs, 1 runs"}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}
