// Package python finds Python interpreters and makes virtual environments from lock files.
//
// It answers three questions of the demo and of the tests, in this order.
//
// Which Python? Names on PATH say little: python3 may be any version, and a python3.12 may be a launcher of a version manager that
// fails when it is run. So [Store.Find] runs every candidate and believes only what the interpreter says of itself. A want may refuse
// a version with a reason; everything that was tried is in the error. Where nothing fits, [Store.Fetch] lets uv download one.
//
// Which uv? The one that its own lock file names, installed by pip into the cache folder. uv does not read pip's configuration, and
// many machines have only that, so its index, mirror and certificate settings are handed on, see uv.go.
//
// Which packages? Those of the lock file and no other: [Store.Env] installs with hashes into a folder of the cache that is named by the
// lock's content and the interpreter's version. A stamp written last says that the folder is complete; a lock file beside it keeps two
// processes from building it at the same time. When the stamp is there nothing is run and nothing is fetched.
package python

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// Interpreter is a Python that was run and answered.
type Interpreter struct {
	Path    string // absolute, as the interpreter itself says
	Version string // "3.12.1"
}

// Minor is the version without its last part, "3.12".
func (i Interpreter) Minor() string {
	major, rest, _ := strings.Cut(i.Version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	return major + "." + minor
}

func (i Interpreter) String() string { return "Python " + i.Version + " (" + i.Path + ")" }

// probeTimeout bounds the run of one candidate: a launcher of a version manager may hang on a network drive.
const probeTimeout = 10 * time.Second

// probeScript prints what decides whether an interpreter fits. Inside a virtual environment _base_executable is the interpreter that
// stays when that environment is deleted.
const probeScript = `import json, sys
print(json.dumps({
    "path": getattr(sys, "_base_executable", "") or sys.executable,
    "version": "%d.%d.%d" % sys.version_info[:3],
    "release": sys.version_info[3],
    "implementation": sys.implementation.name,
}))`

// probe runs a candidate and returns what it says of itself.
func (s *Store) probe(ctx context.Context, path string) (Interpreter, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "-I", "-S", "-c", probeScript)
	cmd.Env = s.Environ
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		return Interpreter{}, fmt.Errorf("does not run: %w", explain(err))
	}
	var said struct{ Path, Version, Release, Implementation string }
	if err := json.Unmarshal(out, &said); err != nil {
		return Interpreter{}, fmt.Errorf("is not a Python: %w", err)
	}
	switch {
	case said.Implementation != "cpython":
		return Interpreter{}, fmt.Errorf("is %s, not CPython", said.Implementation)
	case said.Release != "final":
		return Interpreter{}, fmt.Errorf("is a pre-release of %s", said.Version)
	}
	if said.Path == "" {
		said.Path = path
	}
	return Interpreter{Path: said.Path, Version: said.Version}, nil
}

// explain adds the last line that a failed program wrote to its error output.
func explain(err error) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	lines := strings.Split(strings.TrimSpace(string(exit.Stderr)), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return fmt.Errorf("%w: %s", err, last)
	}
	return err
}
