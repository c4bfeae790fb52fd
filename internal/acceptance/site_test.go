//go:build real

package acceptance

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"chrononctl/internal/demo/python"
	"chrononctl/internal/demo/sample"
)

// site is a folder with all that a project needs besides an Airflow: repositories, the stand-in, and programs that record themselves.
type site struct {
	dir     string
	command string     // the built chrononctl
	chronon python.Env // what run.py runs in
}

// object is a mapping of a JSON file.
type object = map[string]any

func newSite(t *testing.T, command string) *site {
	t.Helper()
	store, err := python.Open()
	if err != nil {
		t.Fatal(err)
	}
	chronon, err := store.Named(t.Context(), "chronon")
	if err != nil {
		t.Fatal(err)
	}
	s := &site{dir: t.TempDir(), command: command, chronon: chronon}
	err = sample.Write(s.path("sample"))
	for _, folder := range []string{s.records(), s.path("programs"), s.dags()} {
		err = errors.Join(err, os.MkdirAll(folder, 0o755))
	}
	for _, name := range []string{"repo", "hive", "programs"} {
		err = errors.Join(err, os.CopyFS(s.path("testdata", name), os.DirFS(filepath.Join("testdata", name))))
	}
	for _, repo := range []string{"repo", "hive"} {
		err = errors.Join(err, os.CopyFS(s.path("testdata", repo, "scripts"), os.DirFS(s.path("sample", "repo", "scripts"))))
	}
	for _, name := range []string{"catalog.json", "faults.json"} {
		data, readErr := os.ReadFile(filepath.Join("testdata", name))
		err = errors.Join(err, readErr, os.WriteFile(s.path("testdata", name), data, 0o644))
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *site) path(elements ...string) string {
	return filepath.Join(append([]string{s.dir}, elements...)...)
}

func (s *site) records() string { return s.path("records") }

func (s *site) dags() string { return s.path("dags") }

func (s *site) repo(name string) string { return s.path("testdata", name) }

func (s *site) program(name string) string { return s.path("programs", name) }

// recorded makes a program that runs a command with the arguments that it gets, and keeps a record of kind.
func (s *site) recorded(t *testing.T, name, kind string, command ...string) {
	t.Helper()
	recorder := []string{s.chronon.Python, "-E", "-S", s.path("testdata", "programs", "record.py")}
	s.wrapped(t, name, slices.Concat(recorder, []string{kind, s.records(), s.program(name), strconv.Itoa(len(command))}, command)...)
}

// wrapped makes a program that runs a command with the arguments that it gets.
func (s *site) wrapped(t *testing.T, name string, command ...string) {
	t.Helper()
	script := "#!/bin/sh\nexec '" + strings.Join(command, "' '") + "' \"$@\"\n"
	if err := os.WriteFile(s.program(name), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
}

// storeCommand is a command that asks the store of the stand-in.
func (s *site) storeCommand(verb string, args ...string) []string {
	return append([]string{s.chronon.Python, "-E", "-S", s.path("sample", "standin", "store.py"), verb}, args...)
}

// standinEnv is what the stand-in needs to know.
func (s *site) standinEnv() map[string]string {
	return map[string]string{
		"CHRONON_STANDIN_STORE":   s.path("store"),
		"CHRONON_STANDIN_PYTHON":  s.chronon.Python,
		"CHRONON_STANDIN_CATALOG": s.path("testdata", "catalog.json"),
		"CHRONON_STANDIN_FAULTS":  s.path("testdata", "faults.json"),
		"CHRONON_STANDIN_SPEED":   "10",
	}
}

// tell changes the store, or fails the test.
func (s *site) tell(t *testing.T, verb string, args ...string) {
	t.Helper()
	if out, status := s.ask(t, verb, args...); status != 0 {
		t.Fatalf("store %s %v: exit status %d\n%s", verb, args, status, out)
	}
}

// ask asks the store, and returns its answer and exit status.
func (s *site) ask(t *testing.T, verb string, args ...string) (string, int) {
	t.Helper()
	command := s.storeCommand(verb, args...)
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Env = os.Environ()
	for name, value := range s.standinEnv() {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// startTeams writes the first day of each team's DAGs into teams.json.
func (s *site) startTeams(t *testing.T, repo string, starts map[string]string) {
	t.Helper()
	path := filepath.Join(s.repo(repo), "teams.json")
	data, err := os.ReadFile(path)
	var teams map[string]object
	if err == nil {
		err = json.Unmarshal(data, &teams)
	}
	if err != nil {
		t.Fatal(err)
	}
	for team, start := range starts {
		teams[team]["dag_start_date"] = start
	}
	writeJSON(t, path, teams)
}

// generate writes the project file of a repository, generates its DAG files into a folder of the DAG folder, and returns what the command
// promises about them.
func (s *site) generate(t *testing.T, repo string, project object) promises {
	t.Helper()
	writeJSON(t, filepath.Join(s.repo(repo), "chrononctl.yaml"), project) // JSON is YAML
	s.run(t, repo, "generate", "-o", filepath.Join(s.dags(), repo))
	return readPromises(t, []byte(s.run(t, repo, "generate", "--format", "json")))
}

// run runs chrononctl in a repository and returns what it printed on standard output.
func (s *site) run(t *testing.T, repo string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), s.command, args...)
	cmd.Dir = s.repo(repo)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("chrononctl %v: %v\n%s", args, err, stderr.String())
	}
	return string(out)
}

func writeJSON(t *testing.T, path string, value any) {
	t.Helper()
	data, err := json.Marshal(value)
	if err == nil {
		err = os.WriteFile(path, data, fs.FileMode(0o644))
	}
	if err != nil {
		t.Fatal(fmt.Errorf("write %s: %w", path, err))
	}
}
