package python

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Want says which interpreters will do.
type Want struct {
	For     string            // what it is for, "Airflow 3.3"; for messages
	Minors  []string          // versions that will do, best first: "3.12", "3.13"
	Refused map[string]string // versions that would be natural and will not do: minor to the reason
}

// Candidate is an interpreter that was tried and not taken.
type Candidate struct {
	Path   string
	Reason string
}

// NotFoundError says that no interpreter on this machine fits, and what was tried.
type NotFoundError struct {
	Want  Want
	Tried []Candidate
}

func (e *NotFoundError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "no fit Python for %s", e.Want.For)
	for _, tried := range e.Tried {
		fmt.Fprintf(&b, "\n  %s %s", tried.Path, tried.Reason)
	}
	return b.String()
}

// Hint names the next step.
func (e *NotFoundError) Hint() string {
	return fmt.Sprintf("install Python %s, or name an interpreter in %s", strings.Join(e.Want.Minors, " or "), overrideVariable)
}

// overrideVariable names an interpreter that is tried before all others.
const overrideVariable = "CHRONONCTL_PYTHON"

// Find returns the best interpreter on this machine: the first one of the most wanted version that runs. It uses no network.
// The error is a *[NotFoundError] when none fits.
func (s *Store) Find(ctx context.Context, want Want) (Interpreter, error) {
	missing := &NotFoundError{Want: want}
	seen := map[string]bool{}
	best, rank := Interpreter{}, len(want.Minors)
	for _, candidate := range s.candidates(want) {
		if candidate.minor != "" && slices.Index(want.Minors, candidate.minor) >= rank {
			continue // its name promises nothing better than what we have
		}
		found, err := s.probe(ctx, candidate.path)
		if ctx.Err() != nil {
			return Interpreter{}, fmt.Errorf("find a Python for %s: %w", want.For, ctx.Err())
		}
		if err != nil {
			missing.Tried = append(missing.Tried, Candidate{candidate.path, err.Error()})
			continue
		}
		if file := resolved(found.Path); seen[file] {
			continue
		} else {
			seen[file] = true
		}
		at := slices.Index(want.Minors, found.Minor())
		if at < 0 {
			missing.Tried = append(missing.Tried, Candidate{candidate.path, want.refusal(found)})
			continue
		}
		if candidate.chosen {
			return found, nil
		}
		if at < rank {
			best, rank = found, at
		}
		if rank == 0 {
			break
		}
	}
	if rank == len(want.Minors) {
		return Interpreter{}, missing
	}
	return best, nil
}

func (w Want) refusal(found Interpreter) string {
	if reason, refused := w.Refused[found.Minor()]; refused {
		return "is " + found.Version + ", refused: " + reason
	}
	return fmt.Sprintf("is %s, not %s", found.Version, strings.Join(w.Minors, " or "))
}

// candidate is a path that may be an interpreter.
type candidate struct {
	path   string
	minor  string // what its name promises; "" when the name says nothing
	chosen bool   // a person named it: its version decides only whether it will do
}

// candidates lists what may be an interpreter, the most promising first: the one that a person named, then each wanted
// version by name, then programs whose name says no version, and last the refused versions, which are tried to be able to
// say why they were not taken.
func (s *Store) candidates(want Want) []candidate {
	var all []candidate
	if named := s.getenv(overrideVariable); named != "" {
		all = append(all, candidate{path: named, chosen: true})
	}
	managed := s.managed()
	for _, minor := range want.Minors {
		all = append(all, s.named(minor, managed)...)
	}
	for _, name := range []string{"python3", "python"} {
		for _, path := range s.onPath(name) {
			all = append(all, candidate{path: path})
		}
	}
	for _, minor := range slices.Sorted(maps.Keys(want.Refused)) {
		all = append(all, s.named(minor, managed)...)
	}
	return all
}

// named lists the programs whose name or folder promises a version.
func (s *Store) named(minor string, managed []candidate) []candidate {
	var all []candidate
	for _, m := range managed {
		if m.minor == minor {
			all = append(all, m)
		}
	}
	for _, path := range s.onPath("python" + minor) {
		all = append(all, candidate{path: path, minor: minor})
	}
	return all
}

// onPath lists every program of that name in the folders of PATH, without pyenv's launchers: they start a shell each, fail for
// versions that are not switched on, and what they lead to is found in pyenv's versions folder.
func (s *Store) onPath(name string) []string {
	var paths []string
	for _, dir := range filepath.SplitList(s.getenv("PATH")) {
		if !filepath.IsAbs(dir) || isPyenvShims(dir) {
			continue
		}
		if path := filepath.Join(dir, name); isExecutable(path) {
			paths = append(paths, path)
		}
	}
	return paths
}

// managed lists the interpreters of pyenv and uv, newest patch first.
func (s *Store) managed() []candidate {
	type version struct {
		candidate
		number []int
	}
	var found []version
	for _, pattern := range s.managedPatterns() {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			continue // a folder name with a bracket in it: nothing to look into
		}
		for _, path := range paths {
			folder := filepath.Base(filepath.Dir(filepath.Dir(path)))
			number := versionNumber(folder)
			if len(number) < 2 {
				continue
			}
			minor := fmt.Sprintf("%d.%d", number[0], number[1])
			found = append(found, version{candidate{path: path, minor: minor}, number})
		}
	}
	slices.SortStableFunc(found, func(a, b version) int { return slices.Compare(b.number, a.number) })
	all := make([]candidate, len(found))
	for i, f := range found {
		all[i] = f.candidate
	}
	return all
}

func (s *Store) managedPatterns() []string {
	var roots []string
	home := s.getenv("HOME")
	add := func(elements ...string) {
		if elements[0] != "" {
			roots = append(roots, filepath.Join(elements...))
		}
	}
	add(s.getenv("PYENV_ROOT"), "versions")
	for _, dir := range filepath.SplitList(s.getenv("PATH")) {
		if isPyenvShims(dir) {
			add(filepath.Dir(dir), "versions")
		}
	}
	add(home, ".pyenv", "versions")
	add(s.getenv("UV_PYTHON_INSTALL_DIR"))
	add(cmp.Or(s.getenv("XDG_DATA_HOME"), filepath.Join(home, ".local", "share")), "uv", "python")
	add(s.pythonsDir())
	var patterns []string
	for _, root := range roots {
		if pattern := filepath.Join(root, "*", "bin", "python3"); !slices.Contains(patterns, pattern) {
			patterns = append(patterns, pattern)
		}
	}
	return patterns
}

// versionNumber reads the number in a folder name such as "3.12.1" or "cpython-3.12.1-linux-x86_64-gnu".
func versionNumber(folder string) []int {
	folder = strings.TrimPrefix(folder, "cpython-")
	folder, _, _ = strings.Cut(folder, "-")
	var number []int
	for part := range strings.SplitSeq(folder, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil
		}
		number = append(number, n)
	}
	return number
}

func isPyenvShims(dir string) bool {
	return filepath.Base(dir) == "shims" && isDir(filepath.Join(filepath.Dir(dir), "versions"))
}
