package airflowtest_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"chrononctl/airflowclient/airflowtest"
)

// pythonFile is a file that has the marks of a DAG file, and the id of its DAG.
func pythonFile(id string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte("# airflow DAG\n" + id), ModTime: time.Unix(int64(len(id)), 0)}
}

// parsed reads the files of the tests: "broken" does not load.
func parsed(_, text string) ([]airflowtest.DAG, error) {
	_, id, _ := strings.Cut(text, "\n")
	if id == "broken" {
		return nil, errors.New("NameError: name 'broken' is not defined")
	}
	return []airflowtest.DAG{{ID: id, Tasks: []airflowtest.Task{{ID: "only"}}}}, nil
}

// TestFolder is what Airflow sees of a folder, and when.
func TestFolder(t *testing.T) {
	t.Parallel()
	for _, version := range []string{version2, version3} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			folder := fstest.MapFS{
				"first.py": pythonFile("first"), "notes.txt": pythonFile("notes"), "sub/deep.py": pythonFile("deep"),
				"plain.py":       {Data: []byte("print('hello')")},
				".airflowignore": {Data: []byte("skipped # not wanted\n")}, "skipped/hidden.py": pythonFile("hidden"),
				"sub/.airflowignore": {Data: []byte("also.*\n")}, "sub/also.py": pythonFile("also"), "also.py": pythonFile("also_at_the_top"),
			}
			w := &world{t: t, clock: &airflowtest.Clock{}}
			w.Airflow = airflowtest.New(airflowtest.Options{Version: version, Now: w.clock.Now, Folder: folder, Parse: parsed})
			w.login()
			seen := func(want ...string) {
				t.Helper()
				var ids []string
				for id := range w.DAGIDs() {
					ids = append(ids, id)
				}
				if diff := difference(ids, want); diff != "" {
					t.Errorf("after %s: %s", w.clock.Now().Format("15:04:05"), diff)
				}
			}
			seen()
			w.clock.Advance(5 * time.Minute)
			seen("first", "deep", "also_at_the_top")

			folder["first.py"] = pythonFile("another")
			w.clock.Advance(time.Second)
			seen("first", "deep", "also_at_the_top")
			w.clock.Advance(2 * time.Second)
			seen("first", "another", "deep", "also_at_the_top")
			w.clock.Advance(time.Minute) // a DAG that its file does not have any more is found by its age
			seen("another", "deep", "also_at_the_top")

			folder["first.py"] = pythonFile("broken")
			seen("another", "deep", "also_at_the_top")
			w.clock.Advance(time.Second)
			w.DAGIDs()
			w.clock.Advance(2 * time.Second)
			if _, body := w.ask("GET", "importErrors", ""); body["total_entries"] != 1.0 {
				t.Errorf("import errors: %v", body)
			}
			delete(folder, "sub/deep.py")
			w.clock.Advance(time.Minute)
			w.DAGIDs()
			w.clock.Advance(6 * time.Minute)
			seen("also_at_the_top")
		})
	}
}
