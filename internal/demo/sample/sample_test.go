package sample_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"chrononctl/internal/demo/sample"
)

func TestWriteLaysOutEveryFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := sample.Write(dir); err != nil {
		t.Fatal(err)
	}
	count := 0
	err := fs.WalkDir(sample.FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		count++
		want, err := sample.FS.ReadFile(name)
		if err != nil {
			return err
		}
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		if string(got) != string(want) {
			t.Errorf("%s differs from the embedded file", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if count < 50 {
		t.Errorf("%d files were written, which cannot be the whole sample", count)
	}
}

func TestWriteHoldsEveryFileOfTheWorkingTree(t *testing.T) {
	t.Parallel()
	for _, root := range []string{"repo", "standin"} {
		err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if entry.IsDir() {
				if entry.Name() == "__pycache__" {
					return filepath.SkipDir
				}
				return nil
			}
			if _, err := sample.FS.Open(filepath.ToSlash(name)); err != nil {
				t.Errorf("not embedded: %v", err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestWriteMakesProgramsExecutable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tests := map[string]bool{
		"repo/scripts/spark_submit.sh":     true,
		"repo/scripts/spark_streaming.sh":  true,
		"repo/scripts/yarn_list.py":        true,
		"repo/scripts/fetch_online_jar.py": true,
		"standin/spark-submit":             true,
		"standin/yarn":                     true,
		"standin/store.py":                 false,
		"repo/teams.json":                  false,
	}
	if err := sample.Write(dir); err != nil {
		t.Fatal(err)
	}
	for name, want := range tests {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode()&0o111 != 0; got != want {
			t.Errorf("%s: executable is %v, want %v", name, got, want)
		}
	}
}

func TestWriteReplacesAnEarlierSampleAndKeepsTheRest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := sample.Write(dir); err != nil {
		t.Fatal(err)
	}
	spoilt := filepath.Join(dir, "standin", "spark-submit")
	if err := os.WriteFile(spoilt, []byte("spoilt"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(spoilt, 0o600); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(dir, "repo", "mine.txt")
	if err := os.WriteFile(other, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := sample.Write(dir); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(spoilt)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o755 {
		t.Errorf("spark-submit has mode %v after the second Write, want 0755", info.Mode().Perm())
	}
	if _, err := os.Stat(other); err != nil {
		t.Errorf("a file that is not the sample's was lost: %v", err)
	}
}

func TestWriteNamesTheFolderThatItCannotWrite(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	err := sample.Write(file)
	if err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("Write into a file says %v, want an error that names %s", err, file)
	}
}

func TestWrittenStandinRuns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := sample.Write(dir); err != nil {
		t.Fatal(err)
	}
	yarn := exec.CommandContext(t.Context(), filepath.Join(dir, "standin", "yarn"), "application", "-list")
	yarn.Env = append(os.Environ(), "CHRONON_STANDIN_STORE="+filepath.Join(dir, "store"))
	out, err := yarn.CombinedOutput()
	if err != nil {
		t.Fatalf("yarn application -list: %v\n%s", err, out)
	}
	if !strings.HasPrefix(string(out), "Total number of applications") {
		t.Errorf("yarn application -list printed %q", out)
	}
}
