// Package deps holds the arrows of ARCHITECTURE.md: which package may know which.
package deps

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// rule says what a package must never depend on, directly or through others.
type rule struct {
	pkg    string
	never  []string // exact import paths, or prefixes that end in "/..."
	reason string
}

var rules = []rule{
	{"chrononctl/dagspec", []string{"net/http", "os/exec", "chrononctl/airflowclient", "chrononctl/internal/...", "chrononctl/tui", "chrononctl/cmd", "charm.land/..."},
		"dagspec works on bytes and values"},
	{"chrononctl/airflowclient", []string{"chrononctl/dagspec", "chrononctl/internal/...", "chrononctl/tui", "chrononctl/cmd", "charm.land/..."},
		"the client knows Airflow and nothing of Chronon"},
	{"chrononctl/internal/fleet", []string{"chrononctl/tui", "chrononctl/cmd", "chrononctl/internal/deploy", "chrononctl/internal/history", "github.com/spf13/cobra", "charm.land/..."},
		"the live picture has no face"},
	{"chrononctl/internal/history", []string{"chrononctl/tui", "chrononctl/cmd", "github.com/spf13/cobra", "charm.land/..."},
		"what is kept has no face"},
	{"chrononctl/internal/action", []string{"chrononctl/tui", "chrononctl/cmd", "github.com/spf13/cobra", "charm.land/..."},
		"a change has no face"},
	{"chrononctl/internal/deploy", []string{"chrononctl/tui", "chrononctl/cmd", "chrononctl/internal/fleet", "github.com/spf13/cobra", "charm.land/..."},
		"a release has no face"},
	{"chrononctl/tui", []string{"chrononctl/cmd", "chrononctl/internal/config", "github.com/spf13/cobra"},
		"the console knows no flags and no files"},
	{"chrononctl/cmd", []string{"chrononctl/internal/acceptance/..."}, "what proves the program is no part of it"},
}

// direct are imports that a package must not write itself; what it uses may still need them.
var direct = []rule{
	{"chrononctl/dagspec", []string{"os", "net"}, "callers hand in an fs.FS"},
	{"chrononctl/tui", []string{"os", "os/exec", "net/http", "chrononctl/airflowclient"}, "the console asks through the interfaces that it declares"},
}

func TestPackagesKeepTheirArrows(t *testing.T) {
	t.Parallel()
	for _, r := range rules {
		checkRule(t, r, goList(t, "{{join .Deps \"\\n\"}}", r.pkg))
	}
	for _, r := range direct {
		checkRule(t, r, goList(t, "{{join .Imports \"\\n\"}}", r.pkg))
	}
}

func TestOnlyTheConsoleKnowsBubbleTea(t *testing.T) {
	t.Parallel()
	out := goList(t, "{{.ImportPath}} {{join .Imports \" \"}}", "chrononctl/...")
	for _, line := range out {
		pkg, imports, _ := strings.Cut(line, " ")
		if strings.HasPrefix(pkg, "chrononctl/tui") {
			continue
		}
		if slices.ContainsFunc(strings.Fields(imports), func(i string) bool { return strings.HasPrefix(i, "charm.land/bubbletea") }) {
			t.Errorf("%s imports Bubble Tea; the event loop lives in tui", pkg)
		}
	}
}

func checkRule(t *testing.T, r rule, deps []string) {
	t.Helper()
	if len(deps) == 0 {
		t.Errorf("%s: go list shows no imports; is the package gone?", r.pkg)
	}
	for _, dep := range deps {
		for _, no := range r.never {
			if matches(dep, no) {
				t.Errorf("%s depends on %s, but %s", r.pkg, dep, r.reason)
			}
		}
	}
}

func matches(dep, pattern string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "/..."); ok {
		return strings.HasPrefix(dep, prefix+"/")
	}
	return dep == pattern
}

func goList(t *testing.T, format string, pkg string) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", format, pkg).Output()
	if err != nil {
		t.Fatalf("go list %s: %v", pkg, err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}
