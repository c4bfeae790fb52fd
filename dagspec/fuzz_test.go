package dagspec

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// FuzzRepository builds and renders a repository with one hostile conf, teams.json and name. Whatever it holds, nothing panics, the files are plain
// ASCII, no path leaves the folder, every id is one that Airflow takes, and what was written is read back.
func FuzzRepository(f *testing.F) {
	for _, dir := range []string{sampleDir, "testdata/odd", "testdata/broken"} {
		teams, err := os.ReadFile(filepath.Join(dir, teamsFile))
		if err != nil {
			f.Fatal(err)
		}
		for kind, name := range confTypes {
			files, err := filepath.Glob(filepath.Join(dir, "production", string(name), "*", "*"))
			if err != nil {
				f.Fatal(err)
			}
			for _, file := range files {
				if info, err := os.Stat(file); err != nil || info.IsDir() {
					continue
				}
				conf, err := os.ReadFile(file)
				if err != nil {
					f.Fatal(err)
				}
				f.Add(conf, teams, filepath.Base(filepath.Dir(file)), filepath.Base(file), uint8(kind))
			}
		}
	}
	for i, text := range hostile {
		conf := groupBy(text, object{"online": 1, "outputNamespace": text, "dependencies": []string{dep(text, text, text)}, "customJson": `{"team_override": "x"}`},
			object{"sources": []object{events(text, text)}, "backfillStartDate": text})
		team, name, _ := strings.Cut(text, ".")
		teams := object{"default": object{"team_name": text, "airflow_queue": text, "common_env": object{"PARTITION_COLUMN": text, "CHRONON_LOG_TABLE": text}}, team: object{"maintainer_emails": []string{text}}}
		rawConf, _ := json.Marshal(conf)
		rawTeams, _ := json.Marshal(teams)
		f.Add(rawConf, rawTeams, team, name, uint8(i))
		join, _ := json.Marshal(joinConf("pay.j.v1", object{"dependencies": []string{dep("ns.t/x="+text, "", "")}, "online": 1, "samplePercent": 1}, object{
			"joinParts": []object{{"prefix": text, "groupBy": object{"metaData": meta(text, nil)}}},
		}))
		f.Add(join, []byte(testTeams), "pay", "j.v1", uint8(2))
	}
	f.Fuzz(func(t *testing.T, conf, teams []byte, team, name string, kind uint8) {
		path := "production/" + string(confTypes[int(kind)%len(confTypes)]) + "/" + team + "/" + name
		fsys := fstest.MapFS{teamsFile: {Data: teams}, path: {Data: conf}}
		s := everything()
		s.Run.Env = nil
		repo, _ := Load(fsys, s)
		defs := Build(repo, s)
		if _, err := Export(defs, "fuzz"); err != nil {
			t.Fatal(err)
		}
		files, err := Render(defs, repo, s)
		if err != nil {
			t.Fatalf("what was built cannot be written: %v", err)
		}
		checkHostile(t, defs, files)
		again := Build(repo, s)
		if !slices.EqualFunc(defs.DAGs, again.DAGs, func(a, b DAG) bool { return a.Hash == b.Hash }) {
			t.Fatal("a second build differs")
		}
	})
}

// hostile are names and values that mean something to Python, Jinja, a shell, a path or a terminal.
var hostile = []string{
	`pay."quoted"`, "pay.'single'", `pay.back\slash`, "pay.line\nbreak", "pay.nul\x00", "pay.{{ ds }}", "pay.{% raw %}", "pay.{# x #}", "pay.$(id)", "pay.`id`",
	"pay.${HOME}", "../../etc/passwd", "pay..", "pay.../x", "pay.\u202egnp.exe", "pay.\u2028line", "pay.\x1b[31m", "pay." + strings.Repeat("x", 300), "pay.a b", "pay.--flag",
	"pay.é", "pay.𝒳", "", ".", "pay", "pay.%s%n", "pay.x\";import os", "pay.\"\"\"",
}

// checkHostile holds definitions and their files to what must be true of any input.
func checkHostile(t *testing.T, defs Definitions, files []File) {
	t.Helper()
	for _, dag := range defs.DAGs {
		if len(dag.ID) > maxID || !idPattern.MatchString(dag.ID) {
			t.Errorf("DAG id %q", dag.ID)
		}
		for _, task := range dag.Tasks {
			if len(task.ID) > maxID || !idPattern.MatchString(task.ID) {
				t.Errorf("task id %q", task.ID)
			}
			for i, arg := range task.Argv {
				if arg.Day == nil && strings.ContainsAny(arg.Text, " \t\r\n\x00") {
					t.Errorf("argument %d of %s has white space: %q", i, task.ID, arg.Text)
				}
			}
		}
	}
	for _, file := range files {
		if !filepath.IsLocal(file.Path) || strings.ContainsAny(file.Path, "\x00\n\\") {
			t.Errorf("path %q", file.Path)
		}
		if len(file.DAGs) > 0 && bytes.ContainsFunc(file.Data, func(r rune) bool { return r > '~' || r < ' ' && r != '\n' }) {
			t.Errorf("%s is not plain", file.Path)
		}
	}
	read, err := ReadBack(folderOf(files))
	if err != nil {
		t.Fatalf("what was written is not read back: %v", err)
	}
	if changes := Diff(read, defs, Date{}); len(changes) > 0 {
		t.Errorf("what was written reads differently: %v", changeWords(changes))
	}
}

// FuzzSpec parses partition specs. What is understood is understood again when it is written, and means the same.
func FuzzSpec(f *testing.F) {
	for _, spec := range []string{
		"ns.t/ds={{ ds }}", "ns.t/ds={{ macros.ds_add(ds, -2) }}/x=y", "ns.t/dt={{ macros.ds_format(ds, '%Y-%m-%d', '%Y%m%d') }}", "ns.t/x=\"'{{ds}}",
		"ns.t/ds={% raw %}", "{{", "}}", "ns.t/ds={{ ds }}}}", "ns.t/=x",
	} {
		f.Add(spec)
	}
	f.Fuzz(func(t *testing.T, spec string) {
		partition, problem := parseSpec(spec)
		if problem != nil {
			return
		}
		again, problem := parseSpec(partition.Spec())
		if problem != nil {
			t.Fatalf("%q became %q, which is not understood: %s", spec, partition.Spec(), problem.message)
		}
		if got, want := again.Spec(), partition.Spec(); got != want {
			t.Errorf("%q became %q and then %q", spec, want, got)
		}
	})
}

// FuzzReadBack reads files that somebody edited. Nothing panics, and what is read can be compared.
func FuzzReadBack(f *testing.F) {
	dags, err := filepath.Glob("testdata/TestRenderSample/*.py.golden")
	if err != nil || len(dags) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, name := range dags {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		_, body, _ := strings.Cut(string(data), "\n")
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		defs, err := ReadBack(fstest.MapFS{"x.py": {Data: []byte(Header + "\n" + body)}})
		if err != nil {
			return
		}
		if changes := Diff(defs, defs, Date{}); len(changes) > 0 && uniqueIDs(defs) {
			t.Errorf("it differs from itself: %v", changeWords(changes))
		}
	})
}

func uniqueIDs(defs Definitions) bool {
	seen := map[string]bool{}
	for _, dag := range defs.DAGs {
		if seen[dag.ID] {
			return false
		}
		seen[dag.ID] = true
	}
	return true
}

// FuzzCustomJSON reads the JSON in a string that authors fill by hand.
func FuzzCustomJSON(f *testing.F) {
	for _, text := range []string{`{"lag": 1}`, `{"lag": "1", "additional_args": "x"}`, `[]`, ``, `null`, `{"lag": 1e400}`, `{"additional_args": [null]}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		raw, err := json.Marshal(text)
		if err != nil {
			return
		}
		var c customJSON
		if err := json.Unmarshal(raw, &c); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}
