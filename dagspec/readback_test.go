package dagspec

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// folderOf is a DAG folder with rendered files.
func folderOf(files []File) fstest.MapFS {
	fsys := fstest.MapFS{}
	for _, file := range files {
		fsys[file.Path] = &fstest.MapFile{Data: file.Data}
	}
	return fsys
}

// everything are settings with all that can be switched on.
func everything() Settings {
	s := testSettings()
	s.Stats, s.MetadataUpload, s.JoinBackfill = true, true, joinBackfillParts
	s.Run.Env = map[string]string{"A": "\"\\\n\x00{{ ds }}", "B": "é𝒳\u2028"}
	s.Run.Pool, s.DAGs.Alert = "p", "a.b:c"
	s.DAGs.Start, _ = ParseDate("2026-01-31")
	return s
}

func TestWhatWasRenderedIsReadBack(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{sampleDir, "testdata/odd"} {
		for _, layout := range []string{LayoutTeam, LayoutDAG} {
			s := everything()
			s.Layout = layout
			want, files := rendered(t, os.DirFS(dir), s)
			got, err := ReadBack(folderOf(files))
			if err != nil {
				t.Fatal(err)
			}
			// What no file holds.
			for i := range want.DAGs {
				for j := range want.DAGs[i].Tasks {
					task := &want.DAGs[i].Tasks[j]
					task.Env = nil
					if task.Mode == ModeKVLoad || task.Mode == ModeSummary {
						task.Argv, task.ConfFile, task.Coalesce = nil, "", task.Mode == ModeKVLoad
					}
					for k := range task.Waits {
						wait := &task.Waits[k]
						wait.Spec, wait.ProducedBy, wait.Producer = wait.Partition.Spec(), "", ""
					}
				}
			}
			if diff := cmp.Diff(want.DAGs, got.DAGs, cmpopts.EquateEmpty(), cmp.Comparer(func(a, b Date) bool { return a == b })); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", dir, layout, diff)
			}
		}
	}
}

func TestOnlyFilesOfOursAreReadBack(t *testing.T) {
	t.Parallel()
	defs, err := ReadBack(fstest.MapFS{"other.py": {Data: []byte("import airflow\n")}, "sub/x.py": {Data: []byte(Header + "\nX = ]")}})
	if err != nil || len(defs.DAGs) != 0 {
		t.Errorf("ReadBack = %v, %v", defs, err)
	}
}

func TestAFileThatWasEditedIsNotUnderstood(t *testing.T) {
	t.Parallel()
	_, files := rendered(t, os.DirFS(sampleDir), testSettings())
	i := slices.IndexFunc(files, func(f File) bool { return len(f.DAGs) > 0 })
	for name, edit := range map[string][2]string{
		"cut off":     {"\nregister(", "\nX = (\nregister("},
		"an f-string": {`id="`, `id=f"`},
		"a name":      {`start="`, `start=START + "`},
		"no day":      {`start="20`, `start="x20`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			edited := strings.Replace(string(files[i].Data), edit[0], edit[1], 1)
			if edited == string(files[i].Data) {
				t.Fatal("nothing to edit")
			}
			_, err := ReadBack(fstest.MapFS{files[i].Path: {Data: []byte(edited)}})
			if err == nil || !strings.HasPrefix(err.Error(), files[i].Path+": ") {
				t.Errorf("err = %v", err)
			}
		})
	}
}
