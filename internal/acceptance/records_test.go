//go:build real

package acceptance

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// record is what record.py kept of one program. Ended is 0 while it runs.
type record struct {
	Kind   string            `json:"kind"`
	Argv   []string          `json:"argv"`
	Cwd    string            `json:"cwd"`
	Env    map[string]string `json:"env"`
	Began  float64           `json:"began"`
	Ended  float64           `json:"ended"`
	Status int               `json:"status"`
}

// The kinds of program that are recorded.
const (
	kindRun    = "run.py"
	kindLoad   = "kv-load"
	kindSubmit = "spark-submit"
	kindJava   = "java"
)

// recordsOf are the records of a kind in the order in which the programs began.
func (s *site) recordsOf(t *testing.T, kind string) []record {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(s.records(), kind+"-*.json"))
	if err != nil {
		t.Fatal(err)
	}
	var found []record
	for _, path := range paths {
		var r record
		if err := json.Unmarshal(readFile(t, path), &r); err != nil {
			t.Fatal(err)
		}
		found = append(found, r)
	}
	slices.SortFunc(found, func(a, b record) int {
		if a.Began < b.Began {
			return -1
		}
		return 1
	})
	return found
}

// after is the argument that follows an option, or "".
func (r record) after(option string) string {
	if i := slices.Index(r.Argv, option); i >= 0 && i+1 < len(r.Argv) {
		return r.Argv[i+1]
	}
	return ""
}

// hold keeps programs of a kind with these arguments from beginning, until the function that it returns is called.
func (s *site) hold(t *testing.T, kind string, args ...string) (release func()) {
	t.Helper()
	path := filepath.Join(s.records(), strings.Join(append([]string{"hold", kind}, args...), "-"))
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	}
}
