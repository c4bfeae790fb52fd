package dagspec

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/charmbracelet/x/exp/golden"
	"github.com/google/go-cmp/cmp"
)

// sampleDir is the Chronon repository of the demo, compiled by Chronon's own compiler.
const sampleDir = "../internal/demo/sample/repo"

// moving is what changes in golden files with every change of a conf or of the runtime, and says nothing to a reader.
var moving = regexp.MustCompile(`chronon_rt_[0-9a-f]{12}|hash="[0-9a-f]{12}"|"hash": "[0-9a-f]{12}"|(confs|teams)/[0-9a-f]{16}`)

func still(data []byte) []byte {
	return moving.ReplaceAllFunc(data, func(match []byte) []byte {
		return regexp.MustCompile(`[0-9a-f]{12,16}`).ReplaceAll(match, []byte("<hash>"))
	})
}

// rendered loads, builds and renders a repository.
func rendered(t *testing.T, fsys fs.FS, s Settings) (Definitions, []File) {
	t.Helper()
	repo, _ := Load(fsys, s)
	defs := Build(repo, s)
	files, err := Render(defs, repo, s)
	if err != nil {
		t.Fatal(err)
	}
	return defs, files
}

func TestRenderSample(t *testing.T) {
	t.Parallel()
	s := testSettings()
	s.Run.Env = map[string]string{"SPARK_HOME": "/opt/spark"}
	defs, files := rendered(t, os.DirFS(sampleDir), s)
	for _, d := range defs.Diagnostics.Errors() {
		t.Errorf("the sample has an error: %s", d)
	}
	for _, file := range files {
		if len(file.DAGs) > 0 {
			t.Run(file.Path, func(t *testing.T) {
				t.Parallel()
				golden.RequireEqual(t, still(file.Data))
			})
		}
	}
	t.Run("layout", func(t *testing.T) {
		t.Parallel()
		var paths []string
		for _, file := range files {
			if !strings.Contains(file.Path, "/chronon_rt_") { // the runtime's modules are the runtime's matter
				paths = append(paths, file.Path)
			}
		}
		lines := strings.Split(string(still([]byte(strings.Join(paths, "\n")))), "\n")
		slices.Sort(lines) // by name, not by hash
		golden.RequireEqual(t, []byte(strings.Join(lines, "\n")+"\n"))
	})
}

func TestExportSample(t *testing.T) {
	t.Parallel()
	defs, _ := rendered(t, os.DirFS(sampleDir), testSettings())
	out, err := Export(defs, "chrononctl test")
	if err != nil {
		t.Fatal(err)
	}
	golden.RequireEqual(t, still(out))
}

func TestSameBytesInAnyOrder(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{sampleDir, "testdata/odd", "testdata/broken"} {
		memory := inMemory(t, dir)
		defs, first := rendered(t, os.DirFS(dir), testSettings())
		exported, _ := Export(defs, "x")
		for range 5 {
			defs, files := rendered(t, shuffled{memory}, testSettings())
			same := func(a, b File) bool {
				return a.Path == b.Path && bytes.Equal(a.Data, b.Data) && slices.Equal(a.DAGs, b.DAGs)
			}
			if !slices.EqualFunc(first, files, same) {
				t.Fatalf("%s: the files differ", dir)
			}
			if again, _ := Export(defs, "x"); !bytes.Equal(exported, again) {
				t.Fatalf("%s: the export differs", dir)
			}
		}
	}
}

func TestFilesArePlain(t *testing.T) {
	t.Parallel()
	_, files := rendered(t, os.DirFS("testdata/odd"), testSettings())
	if !slices.IsSortedFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) }) {
		t.Error("files are not sorted")
	}
	for _, file := range files {
		if len(file.DAGs) == 0 {
			continue
		}
		if i := bytes.IndexFunc(file.Data, func(r rune) bool { return r > '~' || r < ' ' && r != '\n' }); i >= 0 {
			t.Errorf("%s: byte %d is not plain ASCII", file.Path, i)
		}
		if !bytes.HasPrefix(file.Data, []byte(Header+"\n")) || bytes.Count(file.Data, []byte("#")) != 3 {
			t.Errorf("%s: comments are not the fixed ones", file.Path)
		}
		if lower := bytes.ToLower(file.Data); !bytes.Contains(lower, []byte("airflow")) || !bytes.Contains(lower, []byte("dag")) {
			t.Errorf("%s: Airflow would not take it for a DAG file", file.Path)
		}
	}
}

func TestConfsTravelWithTheRelease(t *testing.T) {
	t.Parallel()
	memory := inMemory(t, sampleDir)
	_, files := rendered(t, memory, testSettings())
	const conf = "production/joins/payments/checkout.v1"
	found := false
	for _, file := range files {
		if strings.HasSuffix(file.Path, conf) {
			found = true
			if want := path.Join(SupportFolder, "confs", sumOf(memory[conf].Data)[:16], conf); file.Path != want || !bytes.Equal(file.Data, memory[conf].Data) {
				t.Errorf("%s is not the conf under the hash of its bytes, %s", file.Path, want)
			}
		}
		if strings.HasPrefix(file.Path, SupportFolder+"/teams/") {
			var sections map[string]any
			if err := json.Unmarshal(file.Data, &sections); err != nil || len(sections) != 2 || sections["default"] == nil {
				t.Errorf("%s holds %d sections, %v", file.Path, len(sections), err)
			}
		}
	}
	if !found {
		t.Errorf("%s is not in the release", conf)
	}
	s := testSettings()
	s.Bundle = false
	_, files = rendered(t, memory, s)
	for _, file := range files {
		if strings.Contains(file.Path, "/confs/") || strings.Contains(file.Path, "/teams/") || len(file.DAGs) > 0 && bytes.Contains(file.Data, []byte("Bundled(")) {
			t.Errorf("%s is bundled though the workers have the repository", file.Path)
		}
	}
}

func TestHashCoversWhatATaskUses(t *testing.T) {
	t.Parallel()
	confs := func() map[string]object {
		return map[string]object{
			"group_bys/pay/gb.v1":       groupBy("pay.gb.v1", object{"online": 1}, nil),
			"staging_queries/pay/sq.v1": stagingQuery("pay.sq.v1", nil, nil),
		}
	}
	base := build(t, testRepo(t, confs()), testSettings())
	for name, c := range map[string]struct {
		change  func(confs map[string]object, teams *string, s *Settings)
		changed []string
	}{
		"nothing":                 {func(map[string]object, *string, *Settings) {}, nil},
		"a field without meaning": {func(c map[string]object, _ *string, _ *Settings) { c["group_bys/pay/gb.v1"]["x"] = 1 }, []string{batchDAG}},
		"the team's settings": {func(_ map[string]object, teams *string, _ *Settings) {
			*teams = strings.Replace(*teams, `"namespace": "pay"`, `"namespace": "pay", "production": {"upload": {"A": "1"}}`, 1)
		}, []string{batchDAG, stagingDAG}},
		"the spelling of teams.json": {func(_ map[string]object, teams *string, _ *Settings) {
			*teams = strings.ReplaceAll(*teams, ": ", " :\n")
		}, nil},
		"another team": {func(_ map[string]object, teams *string, _ *Settings) {
			*teams = strings.Replace(*teams, `"pay"`, `"new": {}, "pay"`, 1)
		}, nil},
		"the KV load":                 {func(_ map[string]object, _ *string, s *Settings) { s.KVLoad = &CommandOrCallable{Callable: "a:b"} }, []string{batchDAG}},
		"budgets of the comparison":   {func(_ map[string]object, _ *string, s *Settings) { s.Compare.Mismatch = 0.5 }, nil},
		"the interpreter":             {func(_ map[string]object, _ *string, s *Settings) { s.Run.Python = "/py" }, []string{batchDAG, stagingDAG}},
		"the way confs are delivered": {func(_ map[string]object, _ *string, s *Settings) { s.Bundle = false }, []string{batchDAG, stagingDAG}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files, teams, s := confs(), testTeams, testSettings()
			c.change(files, &teams, &s)
			fsys := testRepo(t, files)
			fsys["teams.json"].Data = []byte(teams)
			var changed []string
			for _, dag := range build(t, fsys, s).DAGs {
				if dag.Hash != findDAG(t, base, dag.ID).Hash {
					changed = append(changed, dag.ID)
				}
			}
			if diff := cmp.Diff(c.changed, changed); diff != "" {
				t.Errorf("changed (-want +got):\n%s", diff)
			}
		})
	}
}

// readBack is Python that evaluates rendered files with the real definitions.py, without Airflow, and prints their DAGs as JSON.
const readBack = `
import dataclasses, importlib.util, json, pathlib, sys, types
folder = pathlib.Path(sys.argv[1])
[package] = [p for p in (folder / "_chronon_rt").iterdir() if p.name.startswith("chronon_rt_")]
spec = importlib.util.spec_from_file_location("definitions", package / "definitions.py")
definitions = importlib.util.module_from_spec(spec)
sys.modules["definitions"] = definitions
spec.loader.exec_module(definitions)
found = {}
def plain(v):
    if dataclasses.is_dataclass(v):
        return {"": type(v).__name__, **{f.name: plain(getattr(v, f.name)) for f in dataclasses.fields(v)}}
    if isinstance(v, (tuple, list)):
        return [plain(x) for x in v]
    if isinstance(v, dict):
        return {k: plain(x) for k, x in v.items()}
    return v
def register(namespace, file, settings, dags):
    for dag in dags:
        found[dag.id] = {"settings": plain(settings), "dag": plain(dag)}
module = types.ModuleType(package.name)
for name in dir(definitions):
    setattr(module, name, getattr(definitions, name))
module.register = register
sys.modules[package.name] = module
for file in sorted(folder.glob("*.py")):
    exec(compile(file.read_text(encoding="ascii"), str(file), "exec", dont_inherit=True), {"__file__": str(file), "__name__": "x"})
json.dump(found, sys.stdout)
`

// evaluate runs rendered files through Python and returns DAG and settings by DAG id.
func evaluate(t *testing.T, files []File) map[string]map[string]object {
	t.Helper()
	dir := t.TempDir()
	for _, file := range files {
		name := filepath.Join(dir, filepath.FromSlash(file.Path))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, file.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var stderr bytes.Buffer
	command := exec.CommandContext(t.Context(), "python3", "-c", readBack, dir)
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("python3: %v\n%s", err, stderr.String())
	}
	var found map[string]map[string]object
	if err := json.Unmarshal(out, &found); err != nil {
		t.Fatal(err)
	}
	return found
}

// value makes an object or a list comparable with what comes back from Python's JSON.
func value(t *testing.T, v any) any {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func pyDay(d Day) any { return object{"": "Ds", "shift": d.Shift, "layout": d.layout()} }

func pyPartition(p Partition) any {
	fields := []any{}
	for _, field := range p.Fields {
		pieces := []any{}
		for _, piece := range field.Value {
			if piece.Day != nil {
				pieces = append(pieces, pyDay(*piece.Day))
			} else {
				pieces = append(pieces, piece.Text)
			}
		}
		fields = append(fields, []any{field.Column, pieces})
	}
	return object{"": "Partition", "table": p.Table, "fields": fields}
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// pyTasks are the tasks of a DAG as Python should have them; files of the release are compared by the end of their path.
func pyTasks(dag DAG) []any {
	var waits, tasks []any
	seen := map[string]bool{}
	for _, task := range dag.Tasks {
		after := []string{}
		for _, wait := range task.Waits {
			after = append(after, wait.waitID())
			if !seen[wait.waitID()] {
				seen[wait.waitID()] = true
				waits = append(waits, object{"": "Wait", "id": wait.waitID(), "partition": pyPartition(wait.Partition), "start": orNil(wait.Start.String()), "end": orNil(wait.End.String()), "inside": wait.ProducedBy != ""})
			}
		}
		after = append(after, task.After...)
		switch task.Mode {
		case ModeSummary:
			want := object{"": "Summary", "id": task.ID, "of": "keep_alive", "conf": "", "table": "", "sample_percent": nil, "lag": task.Lag, "after": after}
			if dag.Kind == KindComparison {
				want["of"], want["conf"], want["table"], want["sample_percent"] = "consistency", task.Conf, task.Table, task.Sample
			}
			tasks = append(tasks, want)
		case ModeKVLoad:
			tasks = append(tasks, object{"": "KvLoad", "id": task.ID, "conf": task.Conf, "table": task.Table, "dataset": task.Dataset, "schedule": orNil(task.Schedule), "lag": task.Lag, "keeps_days": !task.Coalesce, "after": after})
		default:
			argv, outs := []any{}, []any{}
			for _, arg := range task.Argv {
				switch {
				case arg.Day != nil:
					argv = append(argv, pyDay(*arg.Day))
				case len(arg.Files) > 0:
					files := []string{}
					for _, file := range arg.Files {
						files = append(files, file.Path)
					}
					argv = append(argv, object{"": "Gathered", "folder": arg.Text, "files": files})
				case arg.File:
					argv = append(argv, "file "+strings.TrimPrefix(arg.Text, "."))
				default:
					argv = append(argv, arg.Text)
				}
			}
			for _, output := range task.Outputs {
				outs = append(outs, pyPartition(output))
			}
			tasks = append(tasks, object{"": "Job", "id": task.ID, "mode": string(task.Mode), "conf": task.Conf, "argv": argv, "env": object{}, "schedule": orNil(task.Schedule), "lag": task.Lag, "coalesce": task.Coalesce, "outputs": outs, "after": after, "part": task.Part, "table": task.Table})
		}
	}
	return append(waits, tasks...)
}

// pyDAG is a DAG as Python should have it.
func pyDAG(dag DAG) any {
	return object{
		"": "Dag", "id": dag.ID, "kind": string(dag.Kind), "team": dag.Team, "join": dag.Join, "cron": dag.Schedule, "start": dag.Start.String(),
		"catchup": dag.Catchup, "hash": dag.Hash, "owner": dag.Owner, "queue": dag.Queue, "user": dag.User,
		"emails": append([]string{}, dag.Emails...), "tasks": pyTasks(dag),
	}
}

var hashed = regexp.MustCompile(`^(confs|teams)/[0-9a-f]{16}/?`)

// unbundle writes the files of the release in Python's answer the way that pyTasks does.
func unbundle(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = unbundle(v[i])
		}
	case map[string]any:
		if v[""] == "Bundled" {
			return "file " + hashed.ReplaceAllString(v["path"].(string), "")
		}
		if files, ok := v["files"].([]any); ok {
			for i := range files {
				files[i] = hashed.ReplaceAllString(files[i].(string), "")
			}
		}
		for key := range v {
			v[key] = unbundle(v[key])
		}
	}
	return v
}

func TestPythonReadsBackWhatWasDecided(t *testing.T) {
	t.Parallel()
	hostile := "\"\"\"'''\\ \n\r\t\x00\x1b{{ ds }}{% raw %}\u2028\u202e é 𝒳 #\\N{BULLET} %s ${HOME} `id`"
	memory := inMemory(t, "testdata/odd")
	teams := map[string]object{}
	if err := json.Unmarshal(memory["teams.json"].Data, &teams); err != nil {
		t.Fatal(err)
	}
	teams["growth"]["team_name"] = hostile
	teams["growth"]["maintainer_emails"] = []string{"a@b.c" + hostile}
	memory["teams.json"] = &fstest.MapFile{Data: []byte(jsonOf(t, teams))}
	s := testSettings()
	s.Run.Env = map[string]string{hostile: hostile, "A": ""}
	s.KVLoad = &CommandOrCallable{Argv: []string{hostile, "{table}"}}
	s.DAGs.Start, _ = ParseDate("2026-10-01")
	s.Stats, s.MetadataUpload, s.JoinBackfill = true, true, joinBackfillParts
	for _, fsys := range []fs.FS{memory, os.DirFS(sampleDir)} {
		defs, files := rendered(t, fsys, s)
		found := evaluate(t, files)
		if len(found) != len(defs.DAGs) {
			t.Fatalf("Python has %d DAGs, want %d", len(found), len(defs.DAGs))
		}
		for _, dag := range defs.DAGs {
			if diff := cmp.Diff(value(t, pyDAG(dag)), unbundle(found[dag.ID]["dag"])); diff != "" {
				t.Errorf("%s (-want +got):\n%s", dag.ID, diff)
			}
			settings := found[dag.ID]["settings"]
			if diff := cmp.Diff(value(t, s.Run.Env), settings["env"]); diff != "" {
				t.Errorf("%s: env (-want +got):\n%s", dag.ID, diff)
			}
			if dag.Kind == KindBatch {
				if diff := cmp.Diff(value(t, s.KVLoad.Argv), settings["kv_load"].(map[string]any)["argv"]); diff != "" {
					t.Errorf("%s: kv_load (-want +got):\n%s", dag.ID, diff)
				}
			}
		}
	}
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestExportHasItsFixedKeys(t *testing.T) {
	t.Parallel()
	defs := build(t, testRepo(t, map[string]object{"joins/pay/j.v1": joinConf("pay.j.v1", logged(nil), nil)}), testSettings())
	raw, err := Export(defs, "chrononctl 0.0.0")
	if err != nil {
		t.Fatal(err)
	}
	var out struct {
		Schema      int
		Generator   string
		Diagnostics []any
		DAGs        []map[string]any
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	if out.Schema != 1 || out.Generator != "chrononctl 0.0.0" || out.Diagnostics == nil || len(out.DAGs) != 3 {
		t.Fatalf("export = %+v", out)
	}
	has := func(what string, object any, keys ...string) {
		for _, key := range keys {
			if value, ok := object.(map[string]any)[key]; !ok || value == nil {
				t.Errorf("%s has no %s", what, key)
			}
		}
	}
	for _, dag := range out.DAGs {
		has("a DAG", dag, "id", "kind", "team", "join", "schedule", "start_date", "catchup", "hash", "tasks")
		for _, task := range dag["tasks"].([]any) {
			has("a task", task, "id", "conf", "mode", "schedule", "argv", "env", "coalesce", "waits_for", "after")
			for _, wait := range task.(map[string]any)["waits_for"].([]any) {
				has("a wait", wait, "spec", "start", "end", "produced_by")
			}
		}
	}
}
