package python

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gofrs/flock"
)

func TestASecondProcessSaysThatItWaitsAndThenTakesWhatTheFirstMade(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "tool")
	first := flock.New(dir + ".lock")
	if err := first.Lock(); err != nil {
		t.Fatal(err)
	}
	second := &Store{Dir: filepath.Dir(dir), Progress: func(line string) {
		if !strings.Contains(line, "waiting for another process that makes "+dir) {
			t.Errorf("said %q", line)
		}
		// The first process comes to its end only now.
		python := filepath.Join(dir, "bin", "python")
		for _, err := range []error{
			os.MkdirAll(filepath.Dir(python), 0o755), os.WriteFile(python, nil, 0o755), os.WriteFile(filepath.Join(dir, stampName), nil, 0o644), first.Unlock(),
		} {
			if err != nil {
				t.Error(err)
			}
		}
	}}
	built, err := second.build(t.Context(), dir, func(context.Context) error {
		t.Error("the second process made it once more")
		return nil
	})
	if built || err != nil {
		t.Errorf("built %v, %v", built, err)
	}
}

func TestAFailedBuildLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "tool")
	_, err := (&Store{Dir: filepath.Dir(dir)}).build(t.Context(), dir, func(context.Context) error {
		if err := os.MkdirAll(filepath.Join(dir, "bin"), 0o755); err != nil {
			t.Fatal(err)
		}
		return os.ErrDeadlineExceeded
	})
	if err == nil || isDir(dir) {
		t.Errorf("got %v, and the folder is there: %v", err, isDir(dir))
	}
}

func TestRepeatedAttemptsAreSaidOnce(t *testing.T) {
	t.Parallel()
	got := lastLines("Looking\nWARNING: Retrying 2\nWARNING: Retrying 1\nWARNING: Retrying 0\nERROR: no uv\n", 3)
	if want := "Looking\nWARNING: Retrying 0\nERROR: no uv"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
