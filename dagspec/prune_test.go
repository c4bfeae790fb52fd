package dagspec

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

func TestPruneKeepsWhatIsRead(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`{"query": "SELECT 1", "wherever": [{"a": "}"}], "createView" : 1 }`:                    `{"query":"SELECT 1","createView":1}`,
		`{"metaData": {"name": "a.b", "customJson": {"lag": 1, "x": [ ]}, "other": -1.5e+3}}`:   `{"metaData":{"name":"a.b","customJson":{"lag": 1, "x": [ ]}}}`,
		`{"joinParts": [{"groupBy": {"metaData": {"name": "x"}, "sources": [1]}}, {}, null]}`:   `{"joinParts":[{"groupBy":{"metaData":{"name":"x"}}},{},null]}`,
		`{"METADATA": {"Name": "x", "y": 1}, "quer\u0079": 1, "query\\": 2}`:                    `{"METADATA":{"Name": "x", "y": 1},"quer\u0079":1,"query\\":2}`,
		`{"left": {"joinSource": {"join": {"left": {"events": {"table": "t", "x": 1}}}}}}`:      `{"left":{"joinSource":{"join":{"left":{"events":{"table":"t"}}}}}}`,
		`{"left": [], "sources": {"events": 1, "z": 1}, "sources": 3, "modelTransforms": true}`: `{"left":[],"sources":{"events":1},"sources":3,"modelTransforms":true}`,
	} {
		got, ok := prune([]byte(in), documentShape())
		if !ok || string(got) != want {
			t.Errorf("%s became %s (%v), want %s", in, got, ok, want)
		}
	}
}

// FuzzPrune cuts JSON down and decodes it: it must mean what the whole means, and what encoding/json refuses must not be cut.
func FuzzPrune(f *testing.F) {
	for _, text := range []string{
		`{}`, ` [1, -0.5e+10, true, false, null, "\u00e9\n\/"] `, `{"a": {"metaData": 1}`, `{"metaData": {"NAME": "x", "name": 1}}`, `01`, `1.`, `-`, `"\u12"`, `"\x"`, "\"\x01\"",
		`{"metaData":{"name":"a","name":"b"},"metaData":{"team":"c"}}`, `{"\u006detaData": {"name": "x"}}`, `{"metaData": {"ſ": 1}}`, `{,}`, `[1,]`, `{"a":1,}`, ``, `nul`,
	} {
		f.Add([]byte(text))
	}
	for _, pattern := range []string{"testdata/odd/production/*/*/*", "testdata/broken/production/*/*/*", sampleDir + "/production/joins/*/*"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatal("no seeds", err)
		}
		for _, file := range files {
			if raw, err := os.ReadFile(file); err == nil {
				f.Add(raw)
			}
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		cut, ok := prune(text, documentShape())
		if !ok {
			return
		}
		if !json.Valid(text) || !json.Valid(cut) {
			t.Fatalf("%q is cut to %q, and one is no JSON", text, cut)
		}
		var whole, part document
		wholeErr, partErr := json.Unmarshal(text, &whole), json.Unmarshal(cut, &part)
		if !reflect.DeepEqual(whole, part) {
			t.Errorf("%q is cut to %q, which means another conf", text, cut)
		}
		if saidOf(wholeErr) != saidOf(partErr) {
			t.Errorf("%q is cut to %q: %v became %v", text, cut, wholeErr, partErr)
		}
	})
}

// saidOf is what a diagnostic tells of an error of the decoder; its offset is not.
func saidOf(err error) string {
	if mistyped, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return mistyped.Field + " " + mistyped.Value
	}
	return problem(err)
}
