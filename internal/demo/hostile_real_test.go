//go:build real

package demo_test

import (
	"bufio"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf8"

	"chrononctl/dagspec"
	"chrononctl/internal/demo/python"
	"chrononctl/internal/deploy"
)

// airflow is a process that imports generated files with a real Airflow, lets it render templates, and runs the jobs: testdata/template_and_run.py.
type airflow struct {
	name   string
	folder string
	in     io.WriteCloser
	out    *bufio.Reader
}

// startAirflow starts it with the environment of that name; it ends with the test.
func startAirflow(tb testing.TB, store *python.Store, name string) airflow {
	tb.Helper()
	env, err := store.Named(tb.Context(), name)
	if err != nil {
		tb.Fatal(err)
	}
	started := airflow{name: name, folder: tb.TempDir()}
	home := tb.TempDir()
	command := exec.CommandContext(tb.Context(), env.Python, "testdata/template_and_run.py", started.folder)
	command.Env = append(os.Environ(), "AIRFLOW_HOME="+home, "AIRFLOW__LOGGING__LOGGING_LEVEL=ERROR", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=sqlite:///"+home+"/a.db")
	command.Stderr = io.Discard // Airflow warns of much
	if started.in, err = command.StdinPipe(); err != nil {
		tb.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	started.out = bufio.NewReader(out)
	if err := command.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		started.in.Close()
		if err := command.Wait(); err != nil && tb.Context().Err() == nil {
			tb.Errorf("%s: %v", name, err)
		}
	})
	return started
}

// check hands a release to Airflow, and returns how many of its texts Jinja would have changed if it had got them.
func (a airflow) check(tb testing.TB, release deploy.Release) int {
	tb.Helper()
	question := struct {
		Files map[string]string              `json:"files"`
		Jobs  map[string]map[string][]string `json:"jobs"`
	}{map[string]string{}, map[string]map[string][]string{}}
	for _, file := range release.Files {
		question.Files[file.Path] = string(file.Data)
	}
	for _, dag := range release.DAGs {
		question.Jobs[dag.ID] = a.jobs(dag)
	}
	if err := json.NewEncoder(a.in).Encode(question); err != nil {
		tb.Fatalf("%s: %v", a.name, err)
	}
	line, err := a.out.ReadBytes('\n')
	if err != nil {
		tb.Fatalf("%s: %v", a.name, err)
	}
	var answer struct {
		Wrong     []string
		Templates int
	}
	if err := json.Unmarshal(line, &answer); err != nil {
		tb.Fatalf("%s: %v in %q", a.name, err, line)
	}
	for _, wrong := range answer.Wrong {
		tb.Errorf("%s: %s", a.name, wrong)
	}
	return answer.Templates
}

// jobs is the command line that the first job of a DAG must start on 2026-03-01; those of one DAG differ in what a conf's name is. A job that takes a
// folder of its own gets another one each time, and a streaming job is no command that ends.
func (a airflow) jobs(dag dagspec.DAG) map[string][]string {
	jobs := map[string][]string{}
	for _, task := range dag.Tasks {
		if task.Mode == dagspec.ModeKVLoad || task.Mode == dagspec.ModeSummary || task.Mode == dagspec.ModeStreaming || task.Mode == dagspec.ModeMetadataUpload {
			continue
		}
		var argv []string
		for _, arg := range task.Argv {
			switch {
			case arg.Day != nil:
				argv = append(argv, time.Date(2026, 3, 1+arg.Day.Shift, 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
			case arg.File && arg.Text == ".":
				argv = append(argv, path.Join(a.folder, dagspec.SupportFolder, "teams", arg.Sum))
			case arg.File:
				argv = append(argv, path.Join(a.folder, dagspec.SupportFolder, "confs", arg.Sum, arg.Text))
			default:
				argv = append(argv, arg.Text)
			}
		}
		jobs[task.ID] = argv
		break
	}
	return jobs
}

// hostileSample is a repository with two texts wherever its authors may write what they like and it is kept, and settings that hold them too.
func hostileSample(tb testing.TB, a, b, program string) (fstest.MapFS, dagspec.Settings) {
	tb.Helper()
	quoted := func(v any) string {
		raw, err := json.Marshal(v)
		if err != nil {
			tb.Fatal(err)
		}
		return string(raw)
	}
	type object = map[string]any
	meta := func(name string, more ...string) object {
		return object{
			"name": "pay." + name, "team": "pay", "outputNamespace": "pay", "online": 1, "samplePercent": 1, "dependencies": more,
			"customJson": quoted(object{"additional_args": []string{a}, "check_consistency": true, "team_override": b}),
		}
	}
	source := object{"events": object{"table": "raw.t", "topic": b, "query": object{"selects": object{"a": a}}}}
	fsys := fstest.MapFS{"teams.json": {Data: []byte(quoted(object{
		"default": object{"common_env": object{"CHRONON_LOG_TABLE": "raw.log", "CHRONON_SCHEMA_TABLE": "raw.schemas"}},
		"pay":     object{"namespace": "pay", "team_name": a, "airflow_queue": b, "maintainer_emails": []string{a, b}},
	}))}}
	for name, conf := range map[string]object{
		"group_bys/pay/gb.v1":       {"metaData": meta("gb.v1"), "sources": []any{source}, "keyColumns": []string{a}, "backfillStartDate": "2026-01-01"},
		"joins/pay/j.v1":            {"metaData": meta("j.v1"), "left": source, "joinParts": []any{object{"groupBy": object{"metaData": meta("gb.v1")}}}},
		"staging_queries/pay/sq.v1": {"metaData": meta("sq.v1"), "query": a},
		"staging_queries/pay/sq.v2": {"metaData": meta("sq.v2", quoted(object{"name": a, "spec": "ns.t/ds={{ ds }}/x=" + a})), "query": a},
		"staging_queries/pay/sq.v3": {"metaData": meta("sq.v3", quoted(object{"name": a, "spec": "ns.t/ds={{ ds }}/" + a + "=x"}), a), "query": a},
		"staging_queries/pay/" + a:  {"metaData": meta(a), "query": b},
		"joins/pay/" + b:            {"metaData": meta(b), "left": source},
	} {
		fsys["production/"+name] = &fstest.MapFile{Data: []byte(quoted(conf))}
	}
	s := dagspec.DefaultSettings()
	s.Run.Python, s.Run.Args, s.Run.Env = program, []string{a, "--x=" + b}, map[string]string{"A": a, "B": b}
	s.KVLoad = &dagspec.CommandOrCallable{Argv: []string{"load", a, b + "{table}"}}
	s.Sensors.Kind, s.Sensors.Argv, s.Stats = "command", []string{"look", a, "{partition}"}, true
	s.Compare.Argv = []string{a, b}
	return fsys, s
}

// FuzzRealTemplates has real Airflows import, template and run what hostile texts become: no text of a conf or of the project file is given to
// Jinja, and the program of each job gets the arguments that were decided.
func FuzzRealTemplates(f *testing.F) {
	for _, text := range []string{
		"{{ds}}", "{%raw%}", "{#x#}", "{{1/0}}", "{{[].__class__}}", "$(id)", "`id`", "${HOME}", `"'\`, "'''", "%s%(x)s", ";reboot", "../../x", "-rf", "\u202ex", "é𝒳", "{ds}",
	} {
		f.Add(text, "x"+text)
	}
	store, err := python.Open()
	if err != nil {
		f.Fatal(err)
	}
	airflows := []airflow{startAirflow(f, store, "airflow-3.3"), startAirflow(f, store, "airflow-2.11")}
	folder := f.TempDir()
	program := filepath.Join(folder, "arguments")
	if err := os.WriteFile(program, []byte("#!/bin/sh\nprintf '%s\\n' \"$@\"\n"), 0o700); err != nil {
		f.Fatal(err)
	}
	fsys, s := hostileSample(f, "x", "y", program)
	s.Run.Repo = folder
	release, _, err := deploy.Prepare(fsys, s)
	if err != nil {
		f.Fatal(err)
	}
	for _, airflow := range airflows {
		airflow.check(f, release) // the first answer takes as long as Airflow takes to start
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if !utf8.ValidString(a) || !utf8.ValidString(b) {
			return // neither JSON nor YAML can hold it
		}
		fsys, s := hostileSample(t, a, b, program)
		s.Run.Repo = folder
		if !fs.ValidPath("production/joins/pay/"+b) || !fs.ValidPath("production/staging_queries/pay/"+a) {
			return // no file can have this name
		}
		release, diagnostics, err := deploy.Prepare(fsys, s)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range diagnostics.Errors() {
			if d.File == "chrononctl.yaml" {
				return // the project file is refused as a whole
			}
		}
		for _, airflow := range airflows {
			if found := airflow.check(t, release); a == "{{ds}}" && found == 0 {
				t.Errorf("%s: no text of the definitions is a template, so this proves nothing", airflow.name)
			}
		}
	})
}
