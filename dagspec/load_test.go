package dagspec

import (
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/charmbracelet/x/exp/golden"
	"github.com/google/go-cmp/cmp"
)

// report writes diagnostics and what is left out as people would read them.
func report(defs Definitions) string {
	var out strings.Builder
	for _, d := range defs.Diagnostics {
		out.WriteString(d.String() + "\n")
		if d.Hint != "" {
			out.WriteString("  hint: " + d.Hint + "\n")
		}
	}
	for _, left := range defs.LeftOut {
		out.WriteString("left out: " + left.File + ": " + strings.Join(left.DAGs, " ") + "\n")
	}
	return out.String()
}

func TestEveryMistakeOfABrokenRepositoryIsReported(t *testing.T) {
	t.Parallel()
	repo, _ := Load(os.DirFS("testdata/broken"), testSettings())
	defs := Build(repo, testSettings())
	golden.RequireEqual(t, []byte(report(defs)))
	if dag := findDAG(t, defs, "chronon_batch_dag_alpha"); findTask(t, dag, "upload__good__v1").Conf != "alpha.good.v1" {
		t.Error("the good conf is not scheduled")
	}
}

func TestAnOddRepositoryIsUnderstood(t *testing.T) {
	t.Parallel()
	repo, _ := Load(os.DirFS("testdata/odd"), testSettings())
	defs := Build(repo, testSettings())
	if errs := defs.Diagnostics.Errors(); len(errs) > 0 {
		t.Errorf("errors: %v", errs)
	}
	var out strings.Builder
	out.WriteString(report(defs))
	for _, dag := range defs.DAGs {
		out.WriteString("\n" + dag.ID + " " + dag.Schedule + "\n")
		for _, task := range dag.Tasks {
			out.WriteString("  " + task.ID + " " + task.Schedule + "\n")
			for _, wait := range task.Waits {
				out.WriteString("    waits for " + wait.Spec + " " + wait.Start.String() + ".." + wait.End.String() + " " + wait.ProducedBy + "\n")
			}
			for _, output := range task.Outputs {
				out.WriteString("    writes " + output.Spec() + "\n")
			}
		}
	}
	golden.RequireEqual(t, []byte(out.String()))
}

func TestOneDefect(t *testing.T) {
	t.Parallel()
	type files = map[string]string
	teams := `{"pay": {}, "Other-Team": {}}`
	const gbFile = "production/group_bys/pay/gb.v1"
	gb := func(meta string) files {
		return files{gbFile: `{"metaData": {"name": "pay.gb.v1", "outputNamespace": "pay", "online": 1` + meta + `}, "sources": [{"events": {"table": "a.b", "query": {}}}], "keyColumns": ["a"]}`}
	}
	for name, c := range map[string]struct {
		teams string
		files files
		want  string // code, file, path
		text  string // in the message
	}{
		"teams.json is no JSON":           {"{\n  \"pay\": {,\n}", nil, "teams-not-json teams.json ", "line 2, column 11"},
		"teams.json is empty":             {" ", nil, "teams-not-json teams.json ", "empty"},
		"teams.json is a list":            {"[]", nil, "teams-not-json teams.json ", ""},
		"teams.json is null":              {"null", nil, "teams-not-json teams.json ", "section"},
		"a section is a string":           {`{"pay": "x"}`, nil, "teams-value teams.json pay", "a string"},
		"a start that is no day":          {`{"pay": {"dag_start_date": "2026-02-30"}}`, nil, "date-unreadable teams.json pay.dag_start_date", "2026-02-30"},
		"a queue that is a number":        {`{"pay": {"airflow_queue": 3}}`, nil, "teams-value teams.json pay.airflow_queue", "a number"},
		"a partition format of hours":     {`{"pay": {}, "default": {"common_env": {"PARTITION_FORMAT": "yyyy-MM-dd-HH"}}}`, nil, "partition-format teams.json default.common_env.PARTITION_FORMAT", "HH"},
		"a log table with a space":        {`{"pay": {}, "default": {"common_env": {"CHRONON_LOG_TABLE": "a.b c"}}}`, nil, "teams-value teams.json default.common_env.CHRONON_LOG_TABLE", "a.b c"},
		"a file beside the types":         {teams, files{"production/README": "x"}, "conf-misplaced production/README ", ""},
		"a file beside the teams":         {teams, files{"production/joins/x": "{}"}, "conf-misplaced production/joins/x ", ""},
		"a folder inside a team":          {teams, files{"production/joins/pay/a/b": "{}"}, "conf-misplaced production/joins/pay/a ", "run.py"},
		"a folder of no type":             {teams, files{"production/models/pay/a": "{}"}, "folder-unknown production/models ", ""},
		"JSON that ends early":            {teams, files{gbFile: "{\n\"metaData\": {"}, "conf-not-json " + gbFile + " ", "line 2"},
		"JSON and more":                   {teams, files{gbFile: "{} {}"}, "conf-not-json " + gbFile + " ", "line 1, column 4"},
		"no UTF-8":                        {teams, files{gbFile: "{\"a\": \"\xff\"}"}, "conf-not-json " + gbFile + " ", "UTF-8"},
		"a number":                        {teams, files{gbFile: "7"}, "conf-wrong-type " + gbFile + " ", "number"},
		"null":                            {teams, files{gbFile: "null"}, "name-missing " + gbFile + " metaData", ""},
		"a section of the wrong kind":     {teams, files{gbFile: `{"metaData": {"name": "pay.gb.v1", "outputNamespace": "pay"}, "sources": "x"}`}, "field-type " + gbFile + " sources", "string"},
		"a join among the GroupBys":       {teams, files{gbFile: `{"metaData": {"name": "pay.gb.v1", "outputNamespace": "pay"}, "left": {"events": {"table": "a.b"}}, "joinParts": [], "sources": [{"events": {}}]}`}, "conf-wrong-type " + gbFile + " ", "Join"},
		"a flag that is a list":           {teams, gb(`, "online": []`), "field-type " + gbFile + " metaData.online", "a list"},
		"customJson that is a list":       {teams, gb(`, "customJson": "[]"`), "custom-json " + gbFile + " metaData.customJson", ""},
		"a lag of half a day":             {teams, gb(`, "customJson": "{\"lag\": 0.5}"`), "custom-json " + gbFile + " metaData.customJson.lag", ""},
		"a negative lag":                  {teams, gb(`, "customJson": "{\"lag\": -1}"`), "custom-json " + gbFile + " metaData.customJson.lag", ""},
		"arguments in one text":           {teams, gb(`, "customJson": "{\"additional_args\": [\"--step-days=3\", \"--a 'b c'\"]}"`), "argument-split " + gbFile + " metaData.customJson.additional_args[1]", "--a 'b c'"},
		"arguments that are no list":      {teams, gb(`, "customJson": "{\"additional_args\": \"-x\"}"`), "argument-split " + gbFile + " metaData.customJson.additional_args", "letter by letter"},
		"an environment of numbers":       {teams, gb(`, "modeToEnvMap": {"upload": {"A": 1}}`), "field-type " + gbFile + " metaData.modeToEnvMap.upload.A", "a number"},
		"an environment of no mode":       {teams, gb(`, "modeToEnvMap": {"up": {"A": "1"}}`), "mode-env-unread " + gbFile + " metaData.modeToEnvMap.up", "no mode"},
		"an environment without modes":    {teams, gb(`, "modeToEnvMap": {"upload": "A=1"}`), "field-type " + gbFile + " metaData.modeToEnvMap", ""},
		"a prefix that is no name":        {teams, files{"production/joins/pay/j.v1": `{"metaData": {"name": "pay.j.v1", "outputNamespace": "pay"}, "left": {"events": {"table": "a.b"}}, "joinParts": [{"prefix": "a b"}]}`}, "field-value production/joins/pay/j.v1 joinParts[0].prefix", "a b"},
		"an upload schedule":              {teams, gb(`, "customJson": "{\"uploadSchedule\": \"often\"}"`), "schedule-unreadable " + gbFile + " metaData.customJson.uploadSchedule", ""},
		"a schedule":                      {teams, gb(`, "offlineSchedule": "@often"`), "schedule-unreadable " + gbFile + " metaData.offlineSchedule", "@often"},
		"a schedule of hours":             {teams, gb(`, "offlineSchedule": "@hourly"`), "schedule-sub-daily " + gbFile + " metaData.offlineSchedule", "@hourly"},
		"a deprecation date":              {teams, gb(`, "deprecationDate": "soon"`), "date-unreadable " + gbFile + " metaData.deprecationDate", "soon"},
		"a dependency that is an object":  {teams, gb(`, "dependencies": [{}]`), "dependency-unreadable " + gbFile + " metaData.dependencies[0]", "an object"},
		"a dependency without spec":       {teams, gb(`, "dependencies": ["{}"]`), "dependency-unreadable " + gbFile + " metaData.dependencies[0]", "spec"},
		"the second dependency":           {teams, gb(`, "dependencies": ["{\"spec\": \"a.b/ds={{ ds }}\"}", "{\"spec\": \"a.b/ds={{ x }}\"}"]`), "template-unsupported " + gbFile + " metaData.dependencies[1]", "{{ x }}"},
		"a dependency that ends never":    {teams, gb(`, "dependencies": ["{\"spec\": \"a.b/ds={{ ds }}\", \"end\": \"never\"}"]`), "date-unreadable " + gbFile + " metaData.dependencies[0]", "never"},
		"no namespace":                    {teams, files{gbFile: `{"metaData": {"name": "pay.gb.v1", "online": 1}, "sources": [{"events": {"table": "a.b"}}]}`}, "namespace-missing " + gbFile + " metaData.outputNamespace", ""},
		"a namespace with a quote":        {teams, gb(`, "outputNamespace": "a'b"`), "field-value " + gbFile + " metaData.outputNamespace", "a'b"},
		"an accuracy that does not exist": {teams, files{gbFile: `{"metaData": {"name": "pay.gb.v1", "outputNamespace": "pay", "online": 1}, "sources": [{"events": {"table": "a.b"}}], "accuracy": 2}`}, "field-value " + gbFile + " accuracy", ""},
		"a source of no kind":             {teams, files{gbFile: `{"metaData": {"name": "pay.gb.v1", "outputNamespace": "pay", "online": 1}, "sources": [{}]}`}, "field-value " + gbFile + " sources[0]", ""},
		"a source's start":                {teams, files{gbFile: `{"metaData": {"name": "pay.gb.v1", "outputNamespace": "pay", "online": 1}, "sources": [{"events": {"query": {"startPartition": "2026"}}}]}`}, "date-unreadable " + gbFile + " sources[0].events.query.startPartition", "2026"},
		"a team by another spelling":      {teams, files{"production/group_bys/other_team/gb.v1": `{"metaData": {"name": "other_team.gb.v1", "outputNamespace": "pay", "online": 1}, "sources": [{"events": {}}]}`}, "team-unknown production/group_bys/other_team/gb.v1 metaData.team", `which has "Other-Team"`},
		"a team that is not the folder's": {teams, gb(`, "team": "core"`), "team-mismatch " + gbFile + " metaData.team", "core"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fsys := fstest.MapFS{"teams.json": {Data: []byte(c.teams)}, "production/group_bys": {Mode: fs.ModeDir | 0o755}}
			for path, data := range c.files {
				fsys[path] = &fstest.MapFile{Data: []byte(data)}
			}
			_, diagnostics := Load(fsys, testSettings())
			var got []string
			for _, d := range diagnostics {
				got = append(got, d.Code+" "+d.File+" "+d.Path)
			}
			if diff := cmp.Diff([]string{c.want}, got); diff != "" {
				t.Fatalf("diagnostics (-want +got):\n%s\n%v", diff, diagnostics)
			}
			if !strings.Contains(diagnostics[0].Message, c.text) {
				t.Errorf("message %q does not contain %q", diagnostics[0].Message, c.text)
			}
			if diagnostics[0].Hint == "" {
				t.Errorf("%s has no hint", diagnostics[0])
			}
		})
	}
}

func TestTheFolderOfConfsIsMissing(t *testing.T) {
	t.Parallel()
	_, diagnostics := Load(fstest.MapFS{"teams.json": {Data: []byte(testTeams)}}, testSettings())
	if diff := cmp.Diff([]string{codeConfsMissing}, codes(diagnostics)); diff != "" {
		t.Errorf("diagnostics (-want +got):\n%s", diff)
	}
}

func TestABadConfTakesNoOtherWithIt(t *testing.T) {
	t.Parallel()
	fsys := testRepo(t, map[string]object{"group_bys/pay/good.v1": groupBy("pay.good.v1", object{"online": 1}, nil)})
	fsys["production/group_bys/pay/bad.v1"] = &fstest.MapFile{Data: []byte("{")}
	fsys["production/group_bys/pay/.hidden"] = &fstest.MapFile{Data: []byte("{")}
	fsys["production/group_bys/.git/x"] = &fstest.MapFile{Data: []byte("{")}
	defs := build(t, fsys, testSettings())
	if diff := cmp.Diff([]string{"upload__good__v1", "kv_load__good__v1"}, taskIDs(findDAG(t, defs, batchDAG))); diff != "" {
		t.Errorf("tasks (-want +got):\n%s", diff)
	}
	want := []LeftOut{{File: "production/group_bys/pay/bad.v1", DAGs: []string{batchDAG, streamingDAG}}}
	if diff := cmp.Diff(want, defs.LeftOut); diff != "" {
		t.Errorf("left out (-want +got):\n%s", diff)
	}
}

func TestWarningsOfBuild(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path string
		conf object
		kv   bool
		want string
	}{
		"values are never loaded":    {"group_bys/pay/x.v1", groupBy("pay.x.v1", object{"online": 1}, nil), true, codeKVLoad},
		"TEMPORAL without a topic":   {"group_bys/pay/x.v1", groupBy("pay.x.v1", object{"online": 1}, object{"accuracy": 0}), false, codeNoTopic},
		"nothing computes it":        {"group_bys/pay/x.v1", groupBy("pay.x.v1", nil, nil), false, codeNoTasks},
		"checked but not logged":     {"joins/pay/x.v1", joinConf("pay.x.v1", object{"customJson": `{"check_consistency": true}`}, nil), false, codeNoLogging},
		"a sample of nothing":        {"joins/pay/x.v1", joinConf("pay.x.v1", logged(object{"consistencySamplePercent": 0}), nil), false, codeNoSample},
		"labels of entities":         {"joins/pay/x.v1", joinConf("pay.x.v1", nil, object{"left": object{"entities": object{"snapshotTable": "a.b", "query": object{}}}, "labelPart": object{}}), false, codeLabelLeft},
		"deprecated":                 {"joins/pay/x.v1", joinConf("pay.x.v1", object{"deprecationDate": "2026-01-01"}, nil), false, codeDeprecated},
		"a dependency of a whole":    {"staging_queries/pay/x.v1", stagingQuery("pay.x.v1", object{"dependencies": []string{"a.b"}}, nil), false, codeNoPartition},
		"a join's bare dependency":   {"joins/pay/x.v1", joinConf("pay.x.v1", object{"dependencies": []string{"a.b/ds={{ ds }}"}}, nil), false, codeBareSpec},
		"an online one, but no loss": {"group_bys/pay/x.v1", groupBy("pay.x.v1", object{"online": 1}, nil), false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testSettings()
			if c.kv {
				s.KVLoad = nil
			}
			defs := build(t, testRepo(t, map[string]object{c.path: c.conf}), s)
			got := strings.Join(codes(defs.Diagnostics), " ")
			if got != c.want {
				t.Errorf("diagnostics %q, want %q", got, c.want)
			}
			if len(defs.Diagnostics.Errors()) > 0 || len(defs.LeftOut) > 0 {
				t.Errorf("a warning leaves something out: %v, %v", defs.Diagnostics, defs.LeftOut)
			}
		})
	}
}

func TestCollisions(t *testing.T) {
	t.Parallel()
	sq := func(name string) object { return stagingQuery(name, nil, nil) }
	join := func(name string) object { return joinConf(name, nil, nil) }
	for name, c := range map[string]struct {
		confs  map[string]object
		naming Naming
		code   string
		files  int      // how many are left out
		kept   []string // DAGs
	}{
		"one DAG id":                {map[string]object{"joins/pay/a.b": join("pay.a.b"), "joins/pay/a__b": join("pay.a__b")}, nil, codeDAGCollision, 2, []string{}},
		"one DAG id by letter case": {map[string]object{"joins/pay/a.B": join("pay.a.B"), "joins/pay/a.b": join("pay.a.b"), "joins/pay/c.d": join("pay.c.d")}, nil, codeDAGCollision, 2, []string{"chronon_join_pay__c__d"}},
		"one task id":               {map[string]object{"staging_queries/pay/a.b": sq("pay.a.b"), "staging_queries/pay/a__b": sq("pay.a__b"), "staging_queries/pay/c.d": sq("pay.c.d")}, nil, codeTaskCollision, 2, []string{stagingDAG}},
		"a naming for all":          {map[string]object{"joins/pay/a.b": join("pay.a.b"), "joins/pay/c.d": join("pay.c.d")}, Naming{KindJoin: "joins"}, codeDAGCollision, 2, []string{}},
		"an id with a space":        {map[string]object{"joins/pay/a.b": join("pay.a.b")}, Naming{KindJoin: "my {join}"}, codeIDUnusable, 1, []string{}},
		"an id of 251":              {map[string]object{"joins/pay/" + strings.Repeat("x", 234): join("pay." + strings.Repeat("x", 234))}, nil, codeIDUnusable, 1, []string{}},
		"one table":                 {map[string]object{"joins/pay/a-b": join("pay.a-b"), "joins/pay/a_b": join("pay.a_b")}, nil, codeTableCollision, 0, []string{"chronon_join_pay__a-b", "chronon_join_pay__a_b"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testSettings()
			if c.naming != nil {
				s.Naming = c.naming
			}
			defs := build(t, testRepo(t, c.confs), s)
			if len(defs.Diagnostics) == 0 {
				t.Fatal("nothing is reported")
			}
			for _, d := range defs.Diagnostics {
				if d.Code != c.code && d.Code != codeTableCollision {
					t.Errorf("unexpected: %s", d)
				}
			}
			if len(defs.LeftOut) != c.files {
				t.Errorf("left out %v, want %d files", defs.LeftOut, c.files)
			}
			if diff := cmp.Diff(c.kept, dagIDs(defs)); diff != "" {
				t.Errorf("DAGs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTeamsThatDifferByLetterCaseAlone(t *testing.T) {
	t.Parallel()
	fsys := testRepo(t, map[string]object{
		"joins/pay/a.b": joinConf("pay.a.b", nil, nil), "joins/Pay/c.d": joinConf("Pay.c.d", object{"team": "Pay"}, nil),
	})
	fsys["teams.json"].Data = []byte(`{"pay": {}, "Pay": {}}`)
	defs := build(t, fsys, testSettings())
	if diff := cmp.Diff([]string{codePathCollision}, codes(defs.Diagnostics.Errors())); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
}

// shuffled is a file system whose folders list their entries in another order each time.
type shuffled struct{ fstest.MapFS }

func (s shuffled) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := s.MapFS.ReadDir(name)
	rand.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
	return entries, err
}

// inMemory reads a folder into memory.
func inMemory(t *testing.T, dir string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(os.DirFS(dir), path)
		files[path] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestAPipeIsNotRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	team := filepath.Join(dir, "production", "joins", "pay")
	if err := os.MkdirAll(team, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, teamsFile), []byte(testTeams), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(team, "pipe.v1"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("pipe.v1", filepath.Join(team, "link.v1")); err != nil {
		t.Fatal(err)
	}
	_, diagnostics := Load(os.DirFS(dir), testSettings()) // would not return
	if diff := cmp.Diff([]string{codeMisplaced, codeMisplaced}, codes(diagnostics.Errors())); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(`{"metaData": {"name": "pay.x", "outputNamespace": "pay", "online": 1, "customJson": "{\"lag\": 1}", "dependencies": ["a.b/ds={{ ds }}"]}, "sources": [{"events": {"topic": "t"}}]}`))
	f.Add([]byte(`{"metaData": {"name": "pay.x"}, "left": {"joinSource": {"join": {"left": null}}}, "labelPart": {"metaData": null, "labels": [{}]}}`))
	f.Add([]byte(`{"metaData": {"dependencies": "{\"spec\": 3, \"start\": []}"}, "query": "", "createView": "1"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		fsys := fstest.MapFS{"teams.json": {Data: []byte(testTeams)}}
		for _, kind := range confTypes {
			fsys["production/"+string(kind)+"/pay/x"] = &fstest.MapFile{Data: data}
		}
		s := testSettings()
		repo, _ := Load(fsys, s)
		defs := Build(repo, s)
		if len(repo.Confs)+len(repo.Broken) != len(confTypes) {
			t.Errorf("of %d confs, %d are sound and %d broken", len(confTypes), len(repo.Confs), len(repo.Broken))
		}
		if _, err := Render(defs, repo, s); err != nil {
			t.Errorf("what was loaded cannot be rendered: %v", err)
		}
		if _, err := Export(defs, "test"); err != nil {
			t.Errorf("what was loaded cannot be exported: %v", err)
		}
	})
}
