package cmd_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

type row = map[string]any

// airflowWorld is what the script's Airflow 3 has: rows of its REST API as they stand there.
type airflowWorld struct {
	Now       time.Time         `json:"now"`
	Health    map[string]row    `json:"health"`
	DAGs      []row             `json:"dags"`
	Runs      []row             `json:"runs"`
	Tasks     []row             `json:"tasks"`
	XComs     map[string]string `json:"xcoms"` // by "dag/run/key"
	Broken    []row             `json:"import_errors"`
	Forbidden []string          `json:"forbidden"` // paths that answer 403
	Logs      map[string][]row  `json:"logs"`      // messages by "dag/run/task/try"
	Pools     []row             `json:"pools"`
}

// airflowServer answers a script's questions from its world, and writes each change that it is asked for to a file.
type airflowServer struct {
	world   airflowWorld
	changes string
	mu      sync.Mutex
}

// airflow is the script command "airflow FILE": an Airflow that has what the file says answers until the script ends. CHRONONCTL_URL leads to it,
// the clock of the program stands at the file's now, and changes.log has what was changed.
func airflow(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: airflow FILE")
	}
	s := &airflowServer{changes: ts.MkAbs("changes.log")}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &s.world))
	ts.Check(os.WriteFile(s.changes, nil, 0o600))
	server := httptest.NewServer(s.routes())
	ts.Defer(server.Close)
	ts.Setenv("CHRONONCTL_URL", server.URL)
	ts.Setenv("CHRONONCTL_TEST_NOW", s.world.Now.Format(time.RFC3339))
}

func (s *airflowServer) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v2/version", func(w http.ResponseWriter, _ *http.Request) { reply(w, row{"version": "3.3.2"}) })
	mux.HandleFunc("GET /auth/token", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
		reply(w, row{"access_token": "of a script"})
	})
	mux.HandleFunc("GET /api/v2/monitor/health", func(w http.ResponseWriter, _ *http.Request) { reply(w, s.world.Health) })
	mux.HandleFunc("GET /api/v2/importErrors", func(w http.ResponseWriter, _ *http.Request) { list(w, "import_errors", s.world.Broken) })
	mux.HandleFunc("GET /api/v2/dags", func(w http.ResponseWriter, _ *http.Request) { list(w, "dags", s.world.DAGs) })
	mux.HandleFunc("GET /api/v2/dags/{dag}", s.dag)
	mux.HandleFunc("GET /api/v2/dags/{dag}/details", s.dag)
	mux.HandleFunc("PATCH /api/v2/dags/{dag}", s.pause)
	mux.HandleFunc("POST /api/v2/dags/~/dagRuns/list", s.runs)
	mux.HandleFunc("GET /api/v2/dags/~/dagRuns", func(w http.ResponseWriter, _ *http.Request) { list(w, "dag_runs", nil) }) // what was edited: nothing
	mux.HandleFunc("POST /api/v2/dags/{dag}/dagRuns", s.trigger)
	mux.HandleFunc("POST /api/v2/dags/~/dagRuns/~/taskInstances/list", s.tasks)
	mux.HandleFunc("POST /api/v2/dags/{dag}/clearTaskInstances", s.clear)
	mux.HandleFunc("GET /api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}/xcomEntries/{key}", s.xcom)
	mux.HandleFunc("GET /api/v2/dags/{dag}/dagRuns/{run}", s.run)
	mux.HandleFunc("GET /api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}", s.task)
	mux.HandleFunc("GET /api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}/logs/{try}", s.log)
	mux.HandleFunc("GET /api/v2/pools", func(w http.ResponseWriter, _ *http.Request) { list(w, "pools", s.world.Pools) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", s.world.Now.UTC().Format(http.TimeFormat)) // clocks apart are a finding
		if slices.Contains(s.world.Forbidden, r.URL.Path) {
			w.WriteHeader(http.StatusForbidden)
			reply(w, row{"detail": "Forbidden"})
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func list(w http.ResponseWriter, member string, rows []row) {
	reply(w, row{member: append([]row{}, rows...), "total_entries": len(rows)})
}

func body(r *http.Request) row {
	raw, _ := io.ReadAll(r.Body)
	var b row
	_ = json.Unmarshal(raw, &b)
	return b
}

func (s *airflowServer) change(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := os.OpenFile(s.changes, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	fmt.Fprintf(f, format+"\n", args...)
}

func (s *airflowServer) dag(w http.ResponseWriter, r *http.Request) {
	for _, d := range s.world.DAGs {
		if d["dag_id"] == r.PathValue("dag") {
			reply(w, d)
			return
		}
	}
	w.WriteHeader(http.StatusNotFound)
	reply(w, row{"detail": "no DAG " + r.PathValue("dag")})
}

func (s *airflowServer) pause(w http.ResponseWriter, r *http.Request) {
	s.change("pause %s %v", r.PathValue("dag"), body(r)["is_paused"])
	s.dag(w, r)
}

// first answers with the first of the rows whose members are the path's, or with 404.
func first(w http.ResponseWriter, r *http.Request, rows []row, members map[string]string) {
	for _, found := range rows {
		same := true
		for member, in := range members {
			same = same && found[member] == r.PathValue(in)
		}
		if same {
			reply(w, found)
			return
		}
	}
	w.WriteHeader(http.StatusNotFound)
	reply(w, row{"detail": "not found"})
}

func (s *airflowServer) run(w http.ResponseWriter, r *http.Request) {
	first(w, r, s.world.Runs, map[string]string{"dag_id": "dag", "dag_run_id": "run"})
}

func (s *airflowServer) task(w http.ResponseWriter, r *http.Request) {
	first(w, r, s.world.Tasks, map[string]string{"dag_id": "dag", "dag_run_id": "run", "task_id": "task"})
}

func (s *airflowServer) log(w http.ResponseWriter, r *http.Request) {
	key := strings.Join([]string{r.PathValue("dag"), r.PathValue("run"), r.PathValue("task"), r.PathValue("try")}, "/")
	reply(w, row{"content": append([]row{}, s.world.Logs[key]...), "continuation_token": nil})
}

// in says whether the row's member is among the wanted ones; none wanted is any.
func in(r row, member string, wanted any) bool {
	values, _ := wanted.([]any)
	return len(values) == 0 || slices.Contains(values, r[member])
}

func (s *airflowServer) runs(w http.ResponseWriter, r *http.Request) {
	asked := body(r)
	var found []row
	for _, run := range s.world.Runs {
		at, _ := run["logical_date"].(string)
		from, _ := asked["logical_date_gte"].(string)
		to, _ := asked["logical_date_lte"].(string)
		if in(run, "dag_id", asked["dag_ids"]) && in(run, "state", asked["states"]) && at >= from && (to == "" || at <= to) {
			found = append(found, run)
		}
	}
	list(w, "dag_runs", found)
}

func (s *airflowServer) tasks(w http.ResponseWriter, r *http.Request) {
	asked := body(r)
	var found []row
	for _, ti := range s.world.Tasks {
		if in(ti, "dag_id", asked["dag_ids"]) && in(ti, "dag_run_id", asked["dag_run_ids"]) {
			found = append(found, ti)
		}
	}
	list(w, "task_instances", found)
}

func (s *airflowServer) xcom(w http.ResponseWriter, r *http.Request) {
	value, ok := s.world.XComs[strings.Join([]string{r.PathValue("dag"), r.PathValue("run"), r.PathValue("key")}, "/")]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		reply(w, row{"detail": "no XCom"})
		return
	}
	reply(w, row{"value": value})
}

func (s *airflowServer) trigger(w http.ResponseWriter, r *http.Request) {
	b := body(r)
	s.change("trigger %s %v %v %v..%v", r.PathValue("dag"), b["dag_run_id"], b["logical_date"], b["data_interval_start"], b["data_interval_end"])
	reply(w, row{"dag_id": r.PathValue("dag"), "dag_run_id": b["dag_run_id"], "state": "queued"})
}

func (s *airflowServer) clear(w http.ResponseWriter, r *http.Request) {
	b := body(r)
	var found []row
	for _, ti := range s.world.Tasks {
		failed := ti["state"] == "failed" || ti["state"] == "upstream_failed"
		if ti["dag_id"] == r.PathValue("dag") && ti["dag_run_id"] == b["dag_run_id"] && in(ti, "task_id", b["task_ids"]) && (failed || b["only_failed"] != true) {
			found = append(found, ti)
		}
	}
	if b["dry_run"] != true {
		s.change("clear %s %v %v", r.PathValue("dag"), b["dag_run_id"], b["task_ids"])
	}
	list(w, "task_instances", found)
}
