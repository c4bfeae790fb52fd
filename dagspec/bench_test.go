package dagspec

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

// hugeRepo is a repository of 100 teams with 5,000 GroupBys, 1,500 joins of up to 30 parts and 1,000 staging queries: about 100 MB of JSON.
func hugeRepo(b *testing.B) (fstest.MapFS, int) {
	b.Helper()
	padding := strings.Repeat("SELECT something, or_other FROM somewhere ", 60)
	fsys, size := fstest.MapFS{}, 0
	put := func(path string, conf object) {
		if meta, ok := conf["metaData"].(object); ok {
			delete(meta, "team")
		}
		raw, err := json.MarshalIndent(conf, "", "  ")
		if err != nil {
			b.Fatal(err)
		}
		size += len(raw)
		fsys[path] = &fstest.MapFile{Data: raw}
	}
	teams := object{"default": object{"common_env": object{"CHRONON_LOG_TABLE": "raw.log", "CHRONON_SCHEMA_TABLE": "raw.schemas"}}}
	gb := func(i int) object {
		source := events(fmt.Sprintf("raw.t%d", i%400), "")
		source["events"].(object)["query"].(object)["selects"] = object{"a": padding}
		return groupBy(fmt.Sprintf("team%d.gb%d.v1", i%100, i), object{
			"online": i % 2, "dependencies": []string{dep(fmt.Sprintf("raw.t%d/ds={{ ds }}", i%400), "2026-01-01", "")},
		}, object{"sources": []object{source}, "backfillStartDate": "2026-01-01"})
	}
	for i := range 100 {
		teams[fmt.Sprintf("team%d", i)] = object{"namespace": "ns"}
	}
	put("teams.json", teams)
	for i := range 5000 {
		put(fmt.Sprintf("production/group_bys/team%d/gb%d.v1", i%100, i), gb(i))
	}
	for i := range 1500 {
		var parts []object
		var dependencies []string
		for j := range 5 + i%26 {
			parts = append(parts, object{"groupBy": gb((i*31 + j) % 5000)})
			dependencies = append(dependencies, dep(fmt.Sprintf("raw.t%d/ds={{ ds }}", (i+j)%400), "2026-01-01", ""))
		}
		put(fmt.Sprintf("production/joins/team%d/j%d.v1", i%100, i), joinConf(fmt.Sprintf("team%d.j%d.v1", i%100, i),
			logged(object{"dependencies": dependencies}), object{"joinParts": parts}))
	}
	for i := range 1000 {
		put(fmt.Sprintf("production/staging_queries/team%d/sq%d.v1", i%100, i), stagingQuery(fmt.Sprintf("team%d.sq%d.v1", i%100, i), object{
			"dependencies": []string{fmt.Sprintf("raw.t%d/ds={{ ds }}", i%400)},
		}, object{"query": padding}))
	}
	return fsys, size
}

// BenchmarkHugeRepo goes from confs to files. Its figure is MB of JSON a second.
func BenchmarkHugeRepo(b *testing.B) {
	fsys, size := hugeRepo(b)
	s := testSettings()
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		repo, diagnostics := Load(fsys, s)
		if len(diagnostics.Errors()) > 0 {
			b.Fatal(diagnostics.Errors()[0])
		}
		defs := Build(repo, s)
		if len(defs.Diagnostics.Errors()) > 0 {
			b.Fatal(defs.Diagnostics.Errors()[0])
		}
		if _, err := Render(defs, repo, s); err != nil {
			b.Fatal(err)
		}
	}
}
