package airflowclient_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEachTrapHasATest holds testdata/traps.md, the table of the traps of Airflow's APIs and of airflow-client-go, to the tests that it names.
func TestEachTrapHasATest(t *testing.T) {
	t.Parallel()
	table, err := os.ReadFile(filepath.Join("testdata", "traps.md"))
	if err != nil {
		t.Fatal(err)
	}
	known := testNames(t)
	named := regexp.MustCompile("`(Test[A-Za-z0-9]+)`")
	rows := map[string]int{}
	for line := range strings.Lines(string(table)) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || !strings.ContainsAny(cells[1], "0123456789") {
			continue
		}
		trap := strings.TrimSpace(cells[1])
		list, _, _ := strings.Cut(trap, ".")
		rows[list]++
		tests := named.FindAllStringSubmatch(cells[3], -1)
		for _, test := range tests {
			if !known[test[1]] {
				t.Errorf("trap %s names %s, which does not exist", trap, test[1])
			}
		}
		if len(tests) == 0 {
			t.Errorf("trap %s has no test", trap)
		}
	}
	if rows["3"] != 22 || rows["8"] != 20 {
		t.Errorf("the table has %d traps of the library and %d of servers", rows["3"], rows["8"])
	}
}

// testNames are the names of the tests of this package.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	files, err := filepath.Glob("*_test.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests, %v", err)
	}
	function := regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9]+)\(`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range function.FindAllSubmatch(text, -1) {
			names[string(match[1])] = true
		}
	}
	return names
}
