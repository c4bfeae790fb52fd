package git_test

import (
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"chrononctl/internal/deploy/target"
	"chrononctl/internal/deploy/target/git"
	"chrononctl/internal/deploy/target/servertest"
	"chrononctl/internal/deploy/target/targettest"
)

func open(t *testing.T, opts git.Options) *git.Driver {
	t.Helper()
	if opts.Branch == "" {
		opts.Branch = "main"
	}
	if opts.Path == "" {
		opts.Path = "dags"
	}
	if opts.Cache == "" {
		opts.Cache = t.TempDir()
	}
	opts.Fresh = -1
	driver, err := git.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return driver
}

func TestConformance(t *testing.T) {
	t.Parallel()
	remote := servertest.StartGit(t)
	var mutex sync.Mutex
	urls := map[target.Target]string{}
	fresh := func(t *testing.T) target.Target {
		t.Helper()
		url := remote.Repository(t, strings.ReplaceAll(filepath.Base(t.Name()), "'", "")+".git")
		driver := open(t, git.Options{URL: url, Folder: "chronon"})
		mutex.Lock()
		defer mutex.Unlock()
		urls[driver] = url
		return driver
	}
	again := func(t *testing.T, first target.Target) target.Target {
		t.Helper()
		mutex.Lock()
		defer mutex.Unlock()
		return open(t, git.Options{URL: urls[first], Folder: "chronon"})
	}
	targettest.Run(t, fresh, again)
}

// lock takes the lock of a target for the length of the test.
func lock(t *testing.T, tgt target.Target) target.Session {
	t.Helper()
	session, err := tgt.Lock(t.Context(), target.Owner{Who: "suite", Since: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Close() })
	return session
}

func write(t *testing.T, session target.Session, path, text string) {
	t.Helper()
	if _, err := session.DAGs().Write(t.Context(), path, []byte(text), target.Absent); err != nil {
		t.Fatal(err)
	}
}

func TestAReleaseIsOneCommitThatLeavesOtherFilesAlone(t *testing.T) {
	t.Parallel()
	remote := servertest.StartGit(t)
	url := remote.Repository(t, "one.git")
	work := t.TempDir()
	run(t, "", "git", "clone", "--quiet", url, work)
	commitAndPush(t, work, "README.md", "theirs")
	session := lock(t, open(t, git.Options{URL: url}))
	write(t, session, "a.py", "one")
	write(t, session, "b/c.py", "two")
	if _, err := session.State().Write(t.Context(), "live.json", []byte("{}"), target.Absent); err != nil {
		t.Fatal(err)
	}
	if err := session.Publish(t.Context(), "Release 42"); err != nil {
		t.Fatal(err)
	}
	bare := filepath.Join(remote.Root, "one.git")
	if got, want := run(t, bare, "git", "log", "--format=%s", "main"), "Release 42\nadd README.md\nfirst\n"; got != want {
		t.Errorf("history of main:\n%swant\n%s", got, want)
	}
	if got, want := run(t, bare, "git", "ls-tree", "-r", "--name-only", "main"), "README.md\ndags/a.py\ndags/b/c.py\n"; got != want {
		t.Errorf("files of main:\n%swant\n%s", got, want)
	}
	if got, want := run(t, bare, "git", "ls-tree", "-r", "--name-only", "chrononctl/main"), "live.json\n"; got != want {
		t.Errorf("files of the state:\n%swant\n%s", got, want)
	}
}

func TestAPushOfSomeoneElseInBetweenIsAConflictAndNothingIsPushed(t *testing.T) {
	t.Parallel()
	remote := servertest.StartGit(t)
	url := remote.Repository(t, "two.git")
	session := lock(t, open(t, git.Options{URL: url}))
	write(t, session, "a.py", "one")
	if _, err := session.State().Write(t.Context(), "live.json", []byte("{}"), target.Absent); err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	run(t, "", "git", "clone", "--quiet", url, work)
	commitAndPush(t, work, "README.md", "theirs")
	err := session.Publish(t.Context(), "Release 42")
	if conflict, ok := errors.AsType[*target.ConflictError](err); !ok || conflict.Path != "branch main" {
		t.Fatalf("error %v, want a conflict about branch main", err)
	}
	bare := filepath.Join(remote.Root, "two.git")
	if got := run(t, bare, "git", "log", "--format=%s", "main"); got != "add README.md\nfirst\n" {
		t.Errorf("history of main:\n%s", got)
	}
	if got := run(t, bare, "git", "for-each-ref", "--format=%(refname)", "refs/heads/chrononctl/main"); got != "" {
		t.Errorf("the state was pushed without the DAGs: %s", got)
	}
}

func TestAMissingBranchAMissingRepositoryAndADeadServerAreToldApart(t *testing.T) {
	t.Parallel()
	remote := servertest.StartGit(t)
	url := remote.Repository(t, "three.git")
	_, err := open(t, git.Options{URL: url, Branch: "release"}).Lock(t.Context(), target.Owner{})
	if _, ok := errors.AsType[*git.NoBranchError](err); !ok {
		t.Errorf("missing branch: %v", err)
	}
	_, err = open(t, git.Options{URL: remote.URL + "/none.git"}).DAGs().List(t.Context(), ".")
	if err == nil || !strings.Contains(err.Error(), "not found") {
		t.Errorf("missing repository: %v", err)
	}
	dead := httptest.NewServer(nil)
	dead.Close()
	_, err = open(t, git.Options{URL: dead.URL + "/x.git"}).DAGs().List(t.Context(), ".")
	if _, ok := errors.AsType[*target.UnreachableError](err); !ok {
		t.Errorf("dead server: %v", err)
	}
}

func TestAServerThatForbidsThePushIsADenialInItsOwnWords(t *testing.T) {
	t.Parallel()
	remote := servertest.StartGit(t)
	url := remote.Repository(t, "four.git")
	hook := filepath.Join(remote.Root, "four.git", "hooks", "pre-receive")
	if err := os.WriteFile(hook, []byte("#!/bin/sh\ngrep -q refs/heads/main && { echo 'main is a protected branch' >&2; exit 1; }; exit 0\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	session := lock(t, open(t, git.Options{URL: url}))
	write(t, session, "a.py", "one")
	err := session.Publish(t.Context(), "Release 42")
	denied, ok := errors.AsType[*target.DeniedError](err)
	if !ok || !strings.Contains(denied.Error(), "main is a protected branch") {
		t.Errorf("error %v, want a denial that says why", err)
	}
}

func TestOptionsThatGitWouldMisunderstandAreRefused(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]git.Options{
		"no URL":                  {Branch: "main", Path: "dags"},
		"an option as URL":        {URL: "--upload-pack=touch x", Branch: "main", Path: "dags"},
		"a command as URL":        {URL: "ext::sh -c true", Branch: "main", Path: "dags"},
		"a password in the URL":   {URL: "https://me:secret@example.com/x.git", Branch: "main", Path: "dags"},
		"an option as branch":     {URL: "https://example.com/x.git", Branch: "-x", Path: "dags"},
		"a refspec as branch":     {URL: "https://example.com/x.git", Branch: "a:b", Path: "dags"},
		"the branch as its state": {URL: "https://example.com/x.git", Branch: "main", State: "main", Path: "dags"},
		"a path outside":          {URL: "https://example.com/x.git", Branch: "main", Path: "../x"},
	} {
		_, err := git.New(opts)
		if err == nil {
			t.Errorf("%s: no error", name)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error repeats the password: %v", name, err)
		}
	}
}

func commitAndPush(t *testing.T, work, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(work, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, work, "git", "add", ".")
	run(t, work, "git", "-c", "user.name=suite", "-c", "user.email=suite@localhost", "commit", "--quiet", "-m", "add "+name)
	run(t, work, "git", "push", "--quiet", "origin", "HEAD:main")
}

func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, args...)
	command.Dir = dir
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}
