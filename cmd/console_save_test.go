package cmd

import (
	"os"
	"testing"
)

func TestATextIsSavedInAFileOfItsOwn(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, want := range []string{"a-run-2026-11-22T00-00.log", "a-run-2026-11-22T00-00-2.log"} {
		path, err := saveText("../a/run 2026-11-22T00:00.log", "text")
		if err != nil || path != "-"+want {
			t.Fatalf("%s, %v; want %s", path, err, "-"+want)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
	}
}
