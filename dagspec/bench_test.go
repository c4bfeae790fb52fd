package dagspec

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"chrononctl/internal/filecache"
)

// hugeRepo is a seeded repository of 100 teams with 5,000 GroupBys, 1,500 joins of up to 30 parts and 1,000 staging queries: about 100 MB of JSON.
func hugeRepo(b *testing.B) fstest.MapFS {
	b.Helper()
	random := rand.New(rand.NewPCG(4, 2026)) //nolint:gosec // a seed, so that every run has the same repository
	columns := func() object {
		selects := object{}
		for i := range 20 + random.IntN(21) {
			selects[fmt.Sprintf("column_%02d", i)] = fmt.Sprintf("IF(raw_%02d IS NULL, %d, CAST(raw_%02d AS DOUBLE))", i, random.IntN(1000), i)
		}
		return selects
	}
	of := make([]object, 400)
	for i := range of {
		of[i] = columns()
	}
	fsys := fstest.MapFS{}
	put := func(path string, conf object) {
		if meta, ok := conf["metaData"].(object); ok {
			delete(meta, "team")
		}
		raw, err := json.MarshalIndent(conf, "", "  ")
		if err != nil {
			b.Fatal(err)
		}
		fsys[path] = &fstest.MapFile{Data: raw}
	}
	teams := object{"default": object{"common_env": object{"CHRONON_LOG_TABLE": "raw.log", "CHRONON_SCHEMA_TABLE": "raw.schemas"}}}
	gb := func(i int) object {
		source := events(fmt.Sprintf("raw.t%d", i%400), "")
		source["events"].(object)["query"].(object)["selects"] = of[i%400]
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
		}, object{"query": strings.Repeat("SELECT something, or_other FROM somewhere ", 60)}))
	}
	return fsys
}

// pythonLoads is what the boilerplate does at every parse of a DAG file: read all confs. It prints the seconds of it.
const pythonLoads = `
import json, os, sys, time
begin = time.process_time()
for folder, _, files in os.walk(sys.argv[1]):
    for file in files:
        with open(os.path.join(folder, file)) as f:
            json.load(f)
print(time.process_time() - begin)
`

// BenchmarkHugeRepo goes from the files of a huge repository to rendered ones: with an empty cache, and with the cache of the run before and one
// conf that changed since. Beside the time and MB of JSON a second it tells the CPU seconds, the peak of memory in MB, and what Python takes in the
// same run to do no more than json.load the same files.
func BenchmarkHugeRepo(b *testing.B) {
	dir, size := b.TempDir(), 0
	for name, file := range hugeRepo(b) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(path, file.Data, 0o600); err != nil {
			b.Fatal(err)
		}
		size += len(file.Data)
	}
	runtime.GC()
	out, err := exec.CommandContext(b.Context(), "python3", "-c", pythonLoads, dir).Output()
	if err != nil {
		b.Fatal(err)
	}
	python, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		b.Fatal(err)
	}
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as the commands do that load a repository once and end
	cache := filecache.Folder{Dir: b.TempDir()}
	for _, c := range []struct {
		name   string
		before func(i int) Cache
	}{
		{"cold", func(int) Cache { return filecache.Folder{Dir: b.TempDir()} }},
		{"one-changed", func(i int) Cache {
			changed := stagingQuery("team7.sq7.v1", nil, object{"query": fmt.Sprintf("SELECT %d", i)})
			raw, _ := json.Marshal(changed)
			if err := os.WriteFile(filepath.Join(dir, "production", "staging_queries", "team7", "sq7.v1"), raw, 0o600); err != nil {
				b.Fatal(err)
			}
			return cache
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			generate(b, dir, c.before(-1))
			b.SetBytes(int64(size))
			b.ReportAllocs()
			var taken float64
			for i := 0; b.Loop(); i++ {
				b.StopTimer()
				cache := c.before(i)
				runtime.GC()
				b.StartTimer()
				before := cpuSeconds(used(b))
				generate(b, dir, cache)
				taken += cpuSeconds(used(b)) - before
			}
			b.ReportMetric(taken/float64(b.N), "cpu-s/op")
			b.ReportMetric(python, "python-cpu-s")
			b.ReportMetric(float64(used(b).Maxrss)/1024, "peak-MB")
		})
	}
}

// generate goes the whole way once.
func generate(b *testing.B, dir string, cache Cache) {
	b.Helper()
	s := testSettings()
	repo, diagnostics := Load(os.DirFS(dir), s)
	if len(diagnostics.Errors()) > 0 {
		b.Fatal(diagnostics.Errors()[0])
	}
	defs := Build(repo, s)
	if len(defs.Diagnostics.Errors()) > 0 {
		b.Fatal(defs.Diagnostics.Errors()[0])
	}
	if _, err := RenderCached(defs, repo, s, cache); err != nil {
		b.Fatal(err)
	}
}

// used is what the process has taken of the machine.
func used(b *testing.B) syscall.Rusage {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return usage
}

func cpuSeconds(u syscall.Rusage) float64 {
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}
