package cmd_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"chrononctl/airflowclient/airflowtest"
	"chrononctl/dagspec"
)

// readingAirflow is a simulated Airflow that reads a folder of the script, and gets into trouble when a deploy comes to a step. Its time passes with the
// questions that it is asked.
type readingAirflow struct {
	airflow *airflowtest.Airflow
	clock   *pacedClock

	mu      sync.Mutex
	trouble string // that it is in, or that waits for the step
	step    string // "": it is in trouble now
	state   string // the state of the target whose deploy is watched
}

// readingPace is what a question takes of the Airflow's time: an answer or two, and a file that changed was parsed.
const readingPace = 15 * time.Second

// readings are the Airflows of all scripts, by the address that the program asks.
var readings sync.Map

// reads is the script command "reads VARIABLE VERSION FOLDER": an Airflow that reads the folder answers until the script ends. The variable has its
// address, CHRONONCTL_URL leads to it, and it wants the user and password that CHRONONCTL_USERNAME and CHRONONCTL_PASSWORD have.
func reads(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: reads VARIABLE VERSION FOLDER")
	}
	clock := &pacedClock{at: time.Now()}
	server := &readingAirflow{clock: clock, airflow: airflowtest.New(airflowtest.Options{
		Version: args[1], Now: clock.now, User: "eve", Password: "secret", Folder: os.DirFS(ts.MkAbs(args[2])), Parse: readDAGFile, Refresh: time.Minute,
	})}
	listening := httptest.NewServer(server)
	ts.Defer(listening.Close)
	readings.Store(listening.URL, server)
	for name, value := range map[string]string{args[0]: listening.URL, "CHRONONCTL_URL": listening.URL, "CHRONONCTL_USERNAME": "eve", "CHRONONCTL_PASSWORD": "secret"} {
		ts.Setenv(name, value)
	}
}

// trouble is the script command "trouble KIND [STEP STATE]": the Airflow at CHRONONCTL_URL gets into trouble, at once or as soon as the deploy to the target
// with this state writes down that it begins this step. "trouble none" ends it.
//
//	away       connections are refused
//	expired    every token is worthless, and a new one is to be had
//	locked-out every token is worthless, and so is the password
//	forbidden  everything is
//	slow       the DAG processor sees nothing any more
func trouble(ts *testscript.TestScript, neg bool, args []string) {
	value, ok := readings.Load(ts.Getenv("CHRONONCTL_URL"))
	if neg || !ok || len(args) != 1 && len(args) != 3 {
		ts.Fatalf("usage: trouble KIND [STEP STATE], after reads")
	}
	server := value.(*readingAirflow)
	server.mu.Lock()
	defer server.mu.Unlock()
	server.trouble, server.step, server.state = args[0], "", ""
	if len(args) == 3 {
		server.step, server.state = args[1], ts.MkAbs(args[2])
	}
}

// ServeHTTP answers as the Airflow does, but for the trouble that it is in.
func (s *readingAirflow) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch s.now() {
	case "slow": // for the Airflow no time passes
		s.airflow.ServeHTTP(w, r)
		return
	case "away":
		panic(http.ErrAbortHandler)
	case "expired":
		s.airflow.Restart()
		s.over()
	case "locked-out":
		http.Error(w, `{"detail":"Invalid credentials"}`, http.StatusUnauthorized)
		return
	case "forbidden":
		http.Error(w, `{"detail":"Forbidden"}`, http.StatusForbidden)
		return
	}
	s.clock.pass(readingPace)
	s.airflow.ServeHTTP(w, r)
}

// now is the trouble that the Airflow is in; "" for none.
func (s *readingAirflow) now() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.step != "" && journalStep(s.state) == s.step {
		s.step = ""
	}
	if s.step != "" {
		return ""
	}
	return s.trouble
}

func (s *readingAirflow) over() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble = ""
}

// journalStep is the step at which the operation is that a target's state tells of; "" when there is none.
func journalStep(state string) string {
	var ledger struct {
		Journal struct{ Step string }
	}
	data, err := os.ReadFile(filepath.Join(state, "live.json"))
	if err != nil || json.Unmarshal(data, &ledger) != nil {
		return ""
	}
	return ledger.Journal.Step
}

// markerLines are what counts of a marker DAG.
var markerLines = regexp.MustCompile(`(?s)dag_id="([^"]+)",\s+description="([^"]+)"`)

// readDAGFile stands for Python: it reads generated files and markers, and cannot import what has to do with a conf called "breaks".
func readDAGFile(_, text string) ([]airflowtest.DAG, error) {
	if strings.Contains(text, "/breaks.") {
		return nil, errors.New("RuntimeError: planned to fail")
	}
	if marker := markerLines.FindStringSubmatch(text); marker != nil && !strings.HasPrefix(text, dagspec.Header) {
		return []airflowtest.DAG{{ID: marker[1], Description: marker[2]}}, nil
	}
	defs, err := dagspec.ReadBackFile(text)
	if err != nil {
		return nil, err
	}
	var dags []airflowtest.DAG
	for _, def := range defs {
		dag := airflowtest.DAG{ID: def.ID, Description: string(def.Kind) + " [cc:" + def.Hash + "]", Tags: []string{dagspec.Tag, "team:" + def.Team}}
		for _, task := range def.Tasks {
			dag.Tasks = append(dag.Tasks, airflowtest.Task{ID: task.ID})
		}
		dags = append(dags, dag)
	}
	return dags, nil
}

// captures is the script command "captures VARIABLE REGEXP": the variable gets what the regexp's group holds in the last standard output.
func captures(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: captures VARIABLE REGEXP")
	}
	found := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if len(found) < 2 {
		ts.Fatalf("%s is not in\n%s", args[1], ts.ReadFile("stdout"))
	}
	ts.Setenv(args[0], found[1])
}

// damage is the script command "damage FOLDER": one byte more is in each file of the folder.
func damage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: damage FOLDER")
	}
	files, err := filepath.Glob(filepath.Join(ts.MkAbs(args[0]), "*"))
	ts.Check(err)
	for _, file := range files {
		ts.Check(os.WriteFile(file, append([]byte(ts.ReadFile(file)), '#'), 0o600))
	}
}
