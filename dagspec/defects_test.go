package dagspec

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestEachDefectOfTheBoilerplateIsAnswered holds the table of defects to the tests that it names.
func TestEachDefectOfTheBoilerplateIsAnswered(t *testing.T) {
	t.Parallel()
	table, err := os.ReadFile(filepath.Join("testdata", "boilerplate_defects.md"))
	if err != nil {
		t.Fatal(err)
	}
	known := testNames(t)
	named := regexp.MustCompile("`([^`]+)`")
	next := 1
	for line := range strings.Lines(string(table)) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 {
			continue
		}
		number, err := strconv.Atoi(strings.TrimSpace(cells[1]))
		if err != nil {
			continue // the head of the table
		}
		if number != next {
			t.Errorf("defect %d follows %d", number, next-1)
		}
		next = number + 1
		tests := named.FindAllStringSubmatch(cells[3], -1)
		for _, test := range tests {
			if !known[test[1]] {
				t.Errorf("defect %d names %s, which does not exist", number, test[1])
			}
		}
		if len(tests) == 0 && !strings.Contains(cells[3], "by design: ") && !strings.Contains(cells[3], "open: ") {
			t.Errorf("defect %d has neither test nor reason", number)
		}
	}
	if next != 76 {
		t.Errorf("the table ends with defect %d", next-1)
	}
}

// testNames are the names of the tests around the definitions: of Go here and of the project file, with the rows that have a golden file, and of
// Python by file.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	collect := func(pattern string, function *regexp.Regexp, prefix func(file string) string) {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no tests, %v", pattern, err)
		}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, match := range function.FindAllSubmatch(source, -1) {
				names[prefix(file)+string(match[1])] = true
			}
		}
	}
	goTest := regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)
	bare := func(string) string { return "" }
	collect("*_test.go", goTest, bare)
	collect("../internal/config/*_test.go", goTest, bare)
	collect("runtime/tests/test_*.py", regexp.MustCompile(`(?m)^def (test_\w+)\(`), func(file string) string { return filepath.Base(file) + "::" })
	for _, c := range constructs() {
		names["TestEveryConstructBecomesItsTasks/"+c.name] = true
	}
	return names
}
