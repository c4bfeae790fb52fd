package dagspec

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// python is a process that reads generated files with CPython's parser and runs their command lines: testdata/read_and_run.py.
type python struct {
	in  io.WriteCloser
	out *bufio.Reader
}

// startPython starts it; it ends with the test.
func startPython(tb testing.TB) python {
	tb.Helper()
	// The program that each command line starts prints its arguments.
	program := filepath.Join(tb.TempDir(), "arguments")
	if err := os.WriteFile(program, []byte("#!/bin/sh\nprintf '%s\\0' \"$@\"\n"), 0o700); err != nil { //nolint:gosec // it has to run
		tb.Fatal(err)
	}
	command := exec.CommandContext(tb.Context(), "python3", "-I", "-S", "testdata/read_and_run.py", "runtime/chronon_rt", program)
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := command.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		in.Close()
		if err := command.Wait(); err != nil && tb.Context().Err() == nil {
			tb.Error(err)
		}
	})
	return python{in: in, out: bufio.NewReader(out)}
}

// read hands a release to Python. What comes back is each DAG by id, as {"dag", "settings"}; what Python finds wrong fails the test.
func (p python) read(t *testing.T, files []File) map[string]map[string]object {
	t.Helper()
	release := map[string]map[string]string{"files": {}}
	for _, file := range files {
		if len(file.DAGs) > 0 {
			release["files"][file.Path] = string(file.Data)
		}
	}
	if err := json.NewEncoder(p.in).Encode(release); err != nil {
		t.Fatal(err)
	}
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		DAGs  map[string]map[string]object
		Wrong []string
	}
	if err := json.Unmarshal(line, &answer); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range answer.Wrong {
		t.Error(wrong)
	}
	return answer.DAGs
}

// hostileConfs has the texts wherever a conf may hold text of its author's choice: one conf for each place, since a text may keep its conf out.
func hostileConfs(t *testing.T, a, b, c string) map[string]object {
	t.Helper()
	confs := map[string]object{
		"group_bys/pay/" + a: groupBy("pay."+a, nil, object{"backfillStartDate": "2026-01-01"}),
		"joins/pay/" + b:     joinConf("pay."+b, nil, nil),
		"joins/pay/j.v1": joinConf("pay.j.v1", nil, object{"joinParts": []object{
			{"prefix": a, "groupBy": object{"metaData": meta("pay.gb0.v1", nil)}}, {"prefix": b, "groupBy": object{"metaData": meta(c, nil)}},
		}}),
	}
	for i, more := range []object{
		{"dependencies": []string{dep("ns.t/ds={{ ds }}/x="+a, "", "")}},
		{"dependencies": []string{dep("ns.t/ds={{ ds }}/x="+b+"/y="+c, "", "")}},
		{"dependencies": []string{dep(a, "2026-01-01", ""), dep("ns."+b+"/"+a+"="+c, "", "")}},
		{"dependencies": []string{dep("ns.t/ds={{ ds }}", a, b)}},
		{"customJson": jsonOf(t, object{"additional_args": []string{a, b, "--x=" + c}})},
		{"customJson": jsonOf(t, object{"additional_partition_cols": []string{a}, "team_override": b, "check_consistency": true})},
		{"modeToEnvMap": object{"backfill": object{a: b}, c: object{b: a}}},
		{"offlineSchedule": a, "deprecationDate": b},
		{"outputNamespace": a},
	} {
		more["online"], more["samplePercent"] = 1, 100
		name := fmt.Sprintf("%d.v1", i)
		confs["group_bys/pay/gb"+name] = groupBy("pay.gb"+name, more, object{"sources": []object{events("raw."+a, b)}, "backfillStartDate": "2026-01-01"})
		confs["joins/pay/j"+name] = joinConf("pay.j"+name, more, nil)
		confs["staging_queries/pay/sq"+name] = stagingQuery("pay.sq"+name, more, object{"query": c, "createView": i % 2})
	}
	return confs
}

// hostileRepo has the texts in confs, in teams.json and in the project file.
func hostileRepo(t *testing.T, a, b, c string) (fstest.MapFS, Settings) {
	t.Helper()
	fsys := testRepo(t, hostileConfs(t, a, b, c))
	fsys[teamsFile].Data = []byte(jsonOf(t, object{
		"default": object{"common_env": object{"CHRONON_LOG_TABLE": "raw.log", "CHRONON_SCHEMA_TABLE": "raw.schemas", a: b}, "production": object{"backfill": object{b: c}}},
		"pay":     object{"namespace": "pay", "team_name": a, "airflow_queue": b, "user": c, "maintainer_emails": []string{a, b, c}},
	}))
	s := everything()
	s.Run.Env = map[string]string{a: b, "X": c}
	s.Run.Args, s.Run.Python, s.Run.RunPy, s.Run.Repo = []string{a, "--b=" + b}, a, c, b
	s.Run.Queue, s.Run.Pool, s.DAGs.Alert, s.Run.Runner = a, b, c, a+":"+b
	s.Stream.ListApps = []string{b, c}
	s.Sensors = SensorSettings{Kind: a, Connection: b, Argv: []string{a, b, c}, Callable: c, Pool: a}
	s.KVLoad = &CommandOrCallable{Argv: []string{a, b, c + "{table}"}, Callable: a}
	s.Compare.Reader, s.Compare.Argv, s.Compare.Connection = b, []string{c, a}, c
	s.Naming = Naming{KindBatch: "x_" + a + "{team}"}
	return fsys, s
}

// FuzzPython writes a repository of hostile texts and has CPython's own parser read the files: they hold literals only, their values are those that
// were decided, and a program that is started with their command lines gets these byte for byte.
func FuzzPython(f *testing.F) {
	var texts []string
	for _, text := range hostile {
		texts = append(texts, strings.TrimPrefix(text, "pay."))
	}
	texts = append(texts, everyRune()...)
	for i := 0; i < len(texts); i += 3 {
		f.Add(texts[i], texts[(i+1)%len(texts)], texts[(i+2)%len(texts)], uint8(i)) //nolint:gosec // a few dozen
	}
	cpython := startPython(f)
	f.Fuzz(func(t *testing.T, a, b, c string, switches uint8) {
		if !utf8.ValidString(a) || !utf8.ValidString(b) || !utf8.ValidString(c) {
			return // neither JSON nor YAML can hold it
		}
		fsys, s := hostileRepo(t, a, b, c)
		s.Bundle = switches&1 == 0
		if switches&2 != 0 {
			s.Layout = LayoutDAG
		}
		if switches&4 == 0 { // or few texts would come past what run.py can carry
			s.Run.Args, s.Run.Python, s.Run.RunPy, s.Run.Repo, s.Stream.ListApps, s.Naming = nil, "python3", "", "", nil, nil
		}
		repo, _ := Load(fsys, s)
		defs := Build(repo, s)
		if slices.ContainsFunc(defs.Diagnostics, func(d Diagnostic) bool { return d.Code == codeSettings }) {
			return // the project file is refused as a whole
		}
		files, err := Render(defs, repo, s)
		if err != nil {
			t.Fatalf("what was built cannot be written: %v", err)
		}
		found := cpython.read(t, files)
		if len(found) != len(defs.DAGs) {
			t.Errorf("Python has %d DAGs, want %d", len(found), len(defs.DAGs))
		}
		for _, dag := range defs.DAGs {
			if !s.Bundle {
				dag = inPlace(dag)
			}
			got, ok := found[dag.ID]
			if !ok {
				t.Errorf("Python has no DAG %s", dag.ID)
				continue
			}
			if diff := cmp.Diff(value(t, pyDAG(dag)), unbundle(got["dag"])); diff != "" {
				t.Errorf("%s (-want +got):\n%s", dag.ID, diff)
			}
			if diff := cmp.Diff(value(t, s.Run.Env), value(t, got["settings"]["env"])); diff != "" {
				t.Errorf("%s: env (-want +got):\n%s", dag.ID, diff)
			}
		}
	})
}

// inPlace is a DAG whose files lie in the repository on the workers: their paths are plain text.
func inPlace(dag DAG) DAG {
	dag.Tasks = slices.Clone(dag.Tasks)
	for i := range dag.Tasks {
		argv := slices.Clone(dag.Tasks[i].Argv)
		for j := range argv {
			argv[j].File, argv[j].Files = false, nil
		}
		dag.Tasks[i].Argv = argv
	}
	return dag
}
