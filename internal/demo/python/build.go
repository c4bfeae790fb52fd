package python

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// stampName is the file that is written last into a folder: with it, the folder is complete.
const stampName = ".complete"

// lockRetry is how often a folder that another process builds is looked at.
const lockRetry = 100 * time.Millisecond

// build makes dir with work, unless it is complete already, and reports whether it had to. A virtual environment holds its own
// path and cannot be moved, so it is built in place: the stamp, not the folder, says that it is usable. What a killed build left
// behind is removed first.
func (s *Store) build(ctx context.Context, dir string, work func(ctx context.Context) error) (built bool, err error) {
	if isComplete(dir) {
		return false, nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return false, err
	}
	lock := flock.New(dir + ".lock")
	if held, err := lock.TryLock(); err != nil {
		return false, err
	} else if !held {
		s.progress("waiting for another process that makes %s", dir)
		if _, err := lock.TryLockContext(ctx, lockRetry); err != nil {
			return false, fmt.Errorf("wait for another process that makes %s: %w", dir, err)
		}
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	if isComplete(dir) {
		return false, nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return false, err
	}
	if err := work(ctx); err != nil {
		return false, errors.Join(err, os.RemoveAll(dir)) // nothing half made stays
	}
	return true, os.WriteFile(filepath.Join(dir, stampName), nil, 0o644)
}

// isComplete says whether dir was built to its end and its interpreter is still on this machine. The name of the folder holds
// the digest of what it was made from, so the stamp needs no content.
func isComplete(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, stampName))
	return err == nil && isExecutable(filepath.Join(dir, "bin", "python"))
}

// InstallError says that a program which installs something failed.
type InstallError struct {
	What   string // "the packages of airflow-3.3"
	Output string // the last lines of the program
	Err    error
}

func (e *InstallError) Error() string {
	return fmt.Sprintf("install %s: %v\n%s", e.What, e.Err, indent(e.Output))
}

func (e *InstallError) Unwrap() error { return e.Err }

// Hint names the next step.
func (e *InstallError) Hint() string {
	if strings.Contains(e.Output, "ensurepip") {
		return "this Python cannot make virtual environments; on Debian and Ubuntu install python3-venv"
	}
	return "the first start fetches packages from the Python package index, later ones need no network; " +
		"connect, or name a mirror in PIP_INDEX_URL or pip.conf, and run it again"
}

// outputLines is how much of a failed program's output an error shows.
const outputLines = 12

// run runs a program that installs something; what names it in the error.
func (s *Store) run(ctx context.Context, what string, environ []string, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = environ
	cmd.Dir = s.Dir // away from a pyproject.toml or uv.toml of the folder that we were started in
	cmd.WaitDelay = 5 * time.Second
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	err := cmd.Run()
	if ctx.Err() != nil {
		return fmt.Errorf("install %s: %w", what, ctx.Err())
	}
	if err == nil {
		return nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("install %s: %w", what, err)
	}
	return &InstallError{What: what, Output: lastLines(output.String(), outputLines), Err: err}
}

// lastLines are the last lines of a program's output. Of pip's repeated attempts the last one says it all.
func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	retry := func(line string) bool { return strings.HasPrefix(line, "WARNING: Retrying") }
	for i := len(lines) - 2; i >= 0; i-- {
		if retry(lines[i]) && retry(lines[i+1]) {
			lines = slices.Delete(lines, i, i+1)
		}
	}
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

func indent(text string) string { return "  " + strings.ReplaceAll(text, "\n", "\n  ") }
