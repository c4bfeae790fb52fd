package marker_test

import (
	"encoding/json"
	"io/fs"
	"reflect"
	"testing"

	"chrononctl/dagspec"
	"chrononctl/internal/demo/sample"
	"chrononctl/internal/deploy/marker"
)

// definitions builds those of the sample, with what the project file of a real one says.
func definitions(t *testing.T) []dagspec.DAG {
	t.Helper()
	files, err := fs.Sub(sample.FS, "repo")
	if err != nil {
		t.Fatal(err)
	}
	settings := dagspec.DefaultSettings()
	settings.KVLoad = &dagspec.CommandOrCallable{Argv: []string{"load", "{table}", "{dataset}", "{ds}"}}
	repo, _ := dagspec.Load(files, settings)
	defs := dagspec.Build(repo, settings)
	if len(defs.DAGs) < 10 {
		t.Fatalf("the sample has %d DAGs: %v", len(defs.DAGs), defs.Diagnostics)
	}
	return defs.DAGs
}

// TestIndexTellsDefinitions takes each DAG of the sample through the index and its JSON, and asks for the same back, without what starts its tasks.
func TestIndexTellsDefinitions(t *testing.T) {
	t.Parallel()
	waits, dated := 0, 0
	for _, def := range definitions(t) {
		entry := marker.DAG{ID: def.ID, Hash: def.Hash}
		entry.Describe(def)
		text, err := json.Marshal(entry)
		if err != nil {
			t.Fatal(err)
		}
		var read marker.DAG
		if err := json.Unmarshal(text, &read); err != nil {
			t.Fatal(err)
		}
		got, err := read.Definition()
		if err != nil {
			t.Fatal(err)
		}
		def.Catchup, def.Queue, def.User, def.Emails, def.Settings, def.Runtime = false, "", "", nil, "", ""
		for i := range def.Tasks {
			def.Tasks[i].ConfFile, def.Tasks[i].Argv, def.Tasks[i].Env = "", nil, nil
			for _, wait := range def.Tasks[i].Waits {
				waits++
				if !wait.Start.IsZero() {
					dated++
				}
			}
		}
		if !reflect.DeepEqual(got, def) {
			t.Errorf("%s came back as\n%+v\nwant\n%+v", def.ID, got, def)
		}
	}
	if waits == 0 || dated == 0 {
		t.Errorf("%d waits, %d with a start: the sample proves nothing", waits, dated)
	}
}

func TestUnreadableIndexEntriesAreErrors(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]marker.DAG{
		"a start that is no day":      {Start: "soon"},
		"an output that is no table":  {Tasks: []marker.Task{{Outputs: []string{"a b c"}}}},
		"a wait for nothing":          {Tasks: []marker.Task{{Waits: []marker.Wait{{}}}}},
		"a wait that ends on no day":  {Tasks: []marker.Task{{Waits: []marker.Wait{{Spec: "a.b/ds={{ ds }}", End: "31"}}}}},
		"a wait that starts on a day": {Tasks: []marker.Task{{Waits: []marker.Wait{{Spec: "a.b/ds={{ ds }}", Start: "2026-02-30"}}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if def, err := d.Definition(); err == nil {
				t.Errorf("it was read as %+v", def)
			}
		})
	}
}
