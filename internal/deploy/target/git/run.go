package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"chrononctl/internal/deploy/target"
)

// git runs the program in the cache's repository. Hooks and helpers of other repositories stay out; the user's own configuration counts.
func (r *repository) git(ctx context.Context, in io.Reader, args ...string) ([]byte, error) {
	options := []string{"-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0", "-c", "protocol.ext.allow=never"}
	command := exec.CommandContext(ctx, "git", append(options, args...)...)
	command.Env = environment(r.path)
	command.Stdin = in
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the deploy, which still has to clean up
	var out, said bytes.Buffer
	command.Stdout, command.Stderr = &out, &said
	err := command.Run()
	switch {
	case err == nil:
		return out.Bytes(), nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, exec.ErrNotFound):
		return nil, &NoGitError{}
	}
	return nil, r.explain(args[0], said.String(), err)
}

// environment is the process's own, less what would lead git into another repository, and in English, which explain reads.
func environment(repository string) []string {
	var out []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		switch name {
		case "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "LC_ALL", "LANGUAGE":
		default:
			out = append(out, entry)
		}
	}
	return append(out, "GIT_DIR="+repository, "GIT_TERMINAL_PROMPT=0", "LC_ALL=C")
}

// signs are words of git and of ssh, and what they mean for a deploy. Compared in lower case.
var signs = []struct {
	denied bool
	words  []string
}{
	{true, []string{"authentication failed", "permission denied", "could not read username", "could not read password", "access denied", "error: 403", "error: 401",
		"protected branch", "pre-receive hook declined", "host key verification failed", "not allowed to push", "not exported", "service not enabled", "access rights"}},
	{false, []string{"could not resolve", "connection refused", "timed out", "unable to connect", "failed to connect", "connection reset", "early eof", "hung up", "error: 5"}},
}

// explain gives a failure of git the type that a caller decides by. It shows what git said, not the command.
func (r *repository) explain(doing, said string, err error) error {
	words := strings.Join(strings.Fields(said), " ")
	if words == "" {
		return fmt.Errorf("git %s: %w", doing, err)
	}
	cause := errors.New(words)
	lower := strings.ToLower(words)
	for _, sign := range signs {
		for _, word := range sign.words {
			if !strings.Contains(lower, word) {
				continue
			}
			if sign.denied {
				return &target.DeniedError{Target: "git " + r.url, Doing: doing, Cause: cause,
					Advice: "check with `git ls-remote " + r.url + "` that git can sign in without asking, and that you may push to the branch"}
			}
			return &target.UnreachableError{Target: "git " + r.url, Cause: cause}
		}
	}
	return fmt.Errorf("git %s: %w", doing, cause)
}

// NoGitError says that there is no git to work with.
type NoGitError struct{}

func (e *NoGitError) Error() string { return "git target: the program git is not installed" }

// Hint says what to do about it.
func (e *NoGitError) Hint() string { return "install git" }
