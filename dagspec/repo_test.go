package dagspec

import (
	"encoding/json"
	"maps"
	"testing"
	"testing/fstest"
)

// object is a JSON object of a test's conf.
type object = map[string]any

// testTeams is a teams.json with one team.
const testTeams = `{"default": {"common_env": {"CHRONON_LOG_TABLE": "raw.log", "CHRONON_SCHEMA_TABLE": "raw.schemas"}}, "pay": {"namespace": "pay"}}`

// testRepo is a repository in memory: paths below production/ with their confs, and a teams.json.
func testRepo(t *testing.T, confs map[string]object) fstest.MapFS {
	t.Helper()
	fsys := fstest.MapFS{"teams.json": {Data: []byte(testTeams)}}
	for path, conf := range confs {
		raw, err := json.Marshal(conf)
		if err != nil {
			t.Fatal(err)
		}
		fsys["production/"+path] = &fstest.MapFile{Data: raw}
	}
	return fsys
}

// meta is metadata with a name and more fields.
func meta(name string, more object) object {
	m := object{"name": name, "team": "pay", "outputNamespace": "pay"}
	maps.Copy(m, more)
	return m
}

// dep is a compiled dependency.
func dep(spec, start, end string) string {
	entry := object{"name": "wait_for_x", "spec": spec}
	if start != "" {
		entry["start"] = start
	}
	if end != "" {
		entry["end"] = end
	}
	raw, _ := json.Marshal(entry)
	return string(raw)
}

func events(table, topic string) object {
	source := object{"table": table, "query": object{"selects": object{"a": "a"}, "startPartition": "2026-01-01"}}
	if topic != "" {
		source["topic"] = topic
	}
	return object{"events": source}
}

func groupBy(name string, metaMore, more object) object {
	gb := object{"metaData": meta(name, metaMore), "sources": []object{events("raw.events", "")}, "keyColumns": []string{"user"}}
	maps.Copy(gb, more)
	return gb
}

func joinConf(name string, metaMore, more object) object {
	join := object{"metaData": meta(name, metaMore), "left": events("raw.checkouts", ""), "joinParts": []object{}}
	maps.Copy(join, more)
	return join
}

func stagingQuery(name string, metaMore, more object) object {
	sq := object{"metaData": meta(name, metaMore), "query": "SELECT 1", "startPartition": "2026-01-01"}
	maps.Copy(sq, more)
	return sq
}

// testSettings are the defaults with a decided KV load.
func testSettings() Settings {
	s := DefaultSettings()
	s.KVLoad = &CommandOrCallable{Argv: []string{"load", "{table}", "{dataset}", "--day={ds}"}}
	return s
}

// build loads and builds a repository in memory.
func build(t *testing.T, fsys fstest.MapFS, s Settings) Definitions {
	t.Helper()
	repo, _ := Load(fsys, s)
	return Build(repo, s)
}

// buildClean does so for a repository that must have no diagnostic.
func buildClean(t *testing.T, confs map[string]object) Definitions {
	t.Helper()
	defs := build(t, testRepo(t, confs), testSettings())
	for _, d := range defs.Diagnostics {
		t.Errorf("unexpected diagnostic: %s", d)
	}
	return defs
}

// findDAG returns a DAG by id; it must be there.
func findDAG(t *testing.T, defs Definitions, id string) DAG {
	t.Helper()
	for _, dag := range defs.DAGs {
		if dag.ID == id {
			return dag
		}
	}
	t.Fatalf("there is no DAG %s; there are %v", id, dagIDs(defs))
	return DAG{}
}

func dagIDs(defs Definitions) []string {
	ids := []string{}
	for _, dag := range defs.DAGs {
		ids = append(ids, dag.ID)
	}
	return ids
}

func taskIDs(dag DAG) []string {
	ids := []string{}
	for _, task := range dag.Tasks {
		ids = append(ids, task.ID)
	}
	return ids
}

// findTask returns a task by id; it must be there.
func findTask(t *testing.T, dag DAG, id string) Task {
	t.Helper()
	for _, task := range dag.Tasks {
		if task.ID == id {
			return task
		}
	}
	t.Fatalf("DAG %s has no task %s; it has %v", dag.ID, id, taskIDs(dag))
	return Task{}
}

// codes are the codes of diagnostics, with their files.
func codes(list Diagnostics) []string {
	out := []string{}
	for _, d := range list {
		out = append(out, d.Code)
	}
	return out
}

// line is a command line as the export writes it.
func line(argv []Arg) []string {
	out := []string{}
	for _, arg := range argv {
		out = append(out, arg.template())
	}
	return out
}

func specs(waits []Wait) []string {
	out := []string{}
	for _, wait := range waits {
		out = append(out, wait.Spec)
	}
	return out
}

func outputs(task Task) []string {
	out := []string{}
	for _, output := range task.Outputs {
		out = append(out, output.Spec())
	}
	return out
}
