package dagspec

import (
	"bytes"
	"maps"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/fstest"
)

// memory is a cache that forgets nothing.
type memory struct {
	lock         sync.Mutex
	entries      map[string][]byte
	hits, misses int
}

func (m *memory) Get(key string) ([]byte, bool) {
	m.lock.Lock()
	defer m.lock.Unlock()
	data, ok := m.entries[key]
	if ok {
		m.hits++
	} else {
		m.misses++
	}
	return data, ok
}

func (m *memory) Put(key string, data []byte) {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.entries[key] = data
}

func newMemory() *memory { return &memory{entries: map[string][]byte{}} }

// TestACacheChangesNoByte renders repositories with many settings, all with one cache, and each twice: the files are those without a cache.
func TestACacheChangesNoByte(t *testing.T) {
	t.Parallel()
	shared := newMemory()
	settings := map[string]func(*Settings){
		"as they are":    func(*Settings) {},
		"in place":       func(s *Settings) { s.Bundle = false },
		"a file a DAG":   func(s *Settings) { s.Layout = LayoutDAG },
		"an argument":    func(s *Settings) { s.Run.Args = []string{"-x"} },
		"a variable":     func(s *Settings) { s.Run.Env = map[string]string{"A": "b"} },
		"another sensor": func(s *Settings) { s.Sensors.Kind, s.Sensors.Callable = "callable", "a:b" },
		"no KV load":     func(s *Settings) { s.KVLoad, s.NoKVLoad = nil, true },
		"a loader":       func(s *Settings) { s.KVLoad = &CommandOrCallable{Callable: "a:b"} },
		"a budget":       func(s *Settings) { s.Compare.Mismatch = 0.5 },
		"retries":        func(s *Settings) { s.DAGs.Retries = 7 },
		"a runner":       func(s *Settings) { s.Run.Runner = "a:b" },
		"restarts":       func(s *Settings) { s.Stream.MaxRestarts = 1 },
		"other names":    func(s *Settings) { s.Naming, _ = NamingPreset("boilerplate") },
		"parts":          func(s *Settings) { s.JoinBackfill = joinBackfillParts },
	}
	for _, dir := range []string{sampleDir, "testdata/odd"} {
		for name, change := range settings {
			s := everything()
			change(&s)
			repo, _ := Load(os.DirFS(dir), s)
			defs := Build(repo, s)
			want, err := Render(defs, repo, s)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				got, err := RenderCached(defs, repo, s, shared)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.EqualFunc(want, got, sameFile) {
					t.Errorf("%s, %s: the files differ with a cache", dir, name)
				}
			}
		}
	}
	if shared.hits <= shared.misses/2 {
		t.Errorf("of %d questions only %d had an answer", shared.hits+shared.misses, shared.hits)
	}
}

func sameFile(a, b File) bool {
	return a.Path == b.Path && bytes.Equal(a.Data, b.Data) && slices.Equal(a.DAGs, b.DAGs)
}

// TestOneChangedConfIsOneFileToWrite counts what a cache has no answer for.
func TestOneChangedConfIsOneFileToWrite(t *testing.T) {
	t.Parallel()
	confs := map[string]object{
		"staging_queries/pay/sq.v1": stagingQuery("pay.sq.v1", nil, nil), "group_bys/pay/gb.v1": groupBy("pay.gb.v1", nil, object{"backfillStartDate": "2025-01-01"}),
		"joins/pay/j.v1": joinConf("pay.j.v1", nil, nil),
	}
	cache, s := newMemory(), testSettings()
	render := func(fsys fstest.MapFS) {
		repo, _ := Load(fsys, s)
		if _, err := RenderCached(Build(repo, s), repo, s, cache); err != nil {
			t.Fatal(err)
		}
	}
	render(testRepo(t, confs))
	files := cache.misses
	changed := maps.Clone(confs)
	changed["group_bys/pay/gb.v1"] = groupBy("pay.gb.v1", nil, object{"backfillStartDate": "2026-01-01"})
	render(testRepo(t, changed))
	if files < 2 || cache.misses != files+1 || cache.hits != files-1 {
		t.Errorf("of %d files, %d were written again after one conf had changed", files, cache.misses-files)
	}
}
