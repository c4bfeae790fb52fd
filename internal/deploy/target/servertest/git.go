package servertest

import (
	"net/http/cgi"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Git is a running Git server: git's own http-backend behind HTTP.
type Git struct {
	URL string

	Root string // folder of the repositories
}

// StartGit starts a Git server that takes pushes from everybody.
func StartGit(tb testing.TB) Git {
	tb.Helper()
	root := tb.TempDir()
	backend := &cgi.Handler{
		Path: filepath.Join(git(tb, "", "--exec-path"), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=suite"},
	}
	server := httptest.NewServer(backend)
	tb.Cleanup(server.Close)
	return Git{URL: server.URL, Root: root}
}

// Repository makes a bare repository with a first commit on main, and returns its URL.
func (s Git) Repository(tb testing.TB, name string) string {
	tb.Helper()
	path := filepath.Join(s.Root, name)
	git(tb, "", "init", "--quiet", "--bare", "--initial-branch=main", path)
	git(tb, path, "config", "receive.denyNonFastForwards", "true")
	tree := git(tb, path, "hash-object", "-w", "-t", "tree", "/dev/null")
	commit := git(tb, path, "-c", "user.name=suite", "-c", "user.email=suite@localhost", "commit-tree", "-m", "first", tree)
	git(tb, path, "update-ref", "refs/heads/main", commit)
	return s.URL + "/" + name
}

func git(tb testing.TB, dir string, args ...string) string {
	tb.Helper()
	command := exec.CommandContext(tb.Context(), "git", args...)
	command.Dir = dir
	out, err := command.CombinedOutput()
	if err != nil {
		tb.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}
