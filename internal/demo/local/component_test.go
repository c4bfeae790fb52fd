package local

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// fakeInstance is an instance without an Airflow: programs can be run under supervisors in its folder.
func fakeInstance(t *testing.T) *Airflow {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Fatal(err)
	}
	held, err := openFolder(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	a := &Airflow{Dir: held.path, LogDir: held.path, Python: python, folder: held, failed: make(chan struct{}), options: Options{Patience: time.Minute}}
	a.stopOnce = sync.OnceValue(a.release)
	if err := writePrograms(a.Dir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Stop(context.Background()) })
	return a
}

// shell is a program of a fake instance.
func shell(name, script string) program {
	return program{name: name, command: []string{"/bin/sh", "-c", script}, environ: os.Environ(), stop: "TERM", grace: time.Minute}
}

// awaitFile waits until a program has written a file, and returns its first line.
func awaitFile(t *testing.T, path string) string {
	t.Helper()
	var text []byte
	eventually(t, path+" is written", func() bool {
		var err error
		text, err = os.ReadFile(path)
		return err == nil && strings.HasSuffix(string(text), "\n")
	})
	return strings.TrimSpace(string(text))
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(time.Minute)
	for !holds() {
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("it does not come true that %s", what)
		}
	}
}

// isAlive says whether a process exists and is no zombie.
func isAlive(t *testing.T, pid string) bool {
	t.Helper()
	number, err := strconv.Atoi(pid)
	if err != nil {
		t.Fatal(err)
	}
	if syscall.Kill(number, 0) != nil {
		return false
	}
	state, err := exec.Command("ps", "-o", "stat=", "-p", pid).Output()
	return err == nil && !strings.HasPrefix(strings.TrimSpace(string(state)), "Z")
}

// stubborn leaves a grandchild behind that has a session of its own, has lost its parent and ignores SIGTERM, as a task's child may.
const stubborn = `python3 -c '
import os, signal, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        with open("grandchild", "w") as file:
            file.write("%d\n" % os.getpid())
        time.sleep(600)
    os._exit(0)
os.wait()
'
exec sleep 600`

func TestStopEndsComponentsPolitely(t *testing.T) {
	t.Parallel()
	a := fakeInstance(t)
	script := `trap 'echo asked >asked; exit 0' TERM; echo up >up; while :; do sleep 0.05; done`
	if _, err := a.add(shell("scheduler", script)); err != nil {
		t.Fatal(err)
	}
	awaitFile(t, filepath.Join(a.Dir, "up"))
	if err := a.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if awaitFile(t, filepath.Join(a.Dir, "asked")) != "asked" {
		t.Error("the component was not asked to end")
	}
	if names := a.Components(); len(names) != 0 {
		t.Errorf("still listed: %v", names)
	}
	if err := a.Err(); err != nil {
		t.Errorf("an end that was asked for counts as a failure: %v", err)
	}
}

func TestStopKillsDescendantsThatGotAway(t *testing.T) {
	t.Parallel()
	a := fakeInstance(t)
	p := shell("scheduler", stubborn)
	p.grace = 100 * time.Millisecond
	if _, err := a.add(p); err != nil {
		t.Fatal(err)
	}
	grandchild := awaitFile(t, filepath.Join(a.Dir, "grandchild"))
	if err := a.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if isAlive(t, grandchild) {
		t.Error("a descendant outlives the instance")
	}
}

func TestStopKillsAtOnceWhenItsContextIsDone(t *testing.T) {
	t.Parallel()
	a := fakeInstance(t)
	if _, err := a.add(shell("scheduler", stubborn)); err != nil { // with a grace of a minute
		t.Fatal(err)
	}
	grandchild := awaitFile(t, filepath.Join(a.Dir, "grandchild"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	began := time.Now()
	if err := a.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("took %s, as if it had waited for the grace", took)
	}
	if isAlive(t, grandchild) {
		t.Error("a descendant outlives the instance")
	}
}

func TestADeadHolderEndsItsComponents(t *testing.T) {
	t.Parallel()
	a := fakeInstance(t)
	p := shell("scheduler", stubborn)
	p.grace = 100 * time.Millisecond
	c, err := a.run(p)
	if err != nil {
		t.Fatal(err)
	}
	grandchild := awaitFile(t, filepath.Join(a.Dir, "grandchild"))
	c.life.Close() // as the kernel does for a process that was killed
	<-c.done
	if isAlive(t, grandchild) {
		t.Error("a descendant outlives the process that held the pipe")
	}
}

func TestSupervisorPassesTheExitStatusOn(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]int{"exit 0": 0, "exit 3": 3, "kill -9 $$": 137} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			a := fakeInstance(t)
			c, err := a.run(shell("migrate", script))
			if err != nil {
				t.Fatal(err)
			}
			<-c.done
			if code := c.cmd.ProcessState.ExitCode(); code != want {
				t.Errorf("exit status %d, want %d", code, want)
			}
			if err := c.stop(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestDeathOfAComponentShowsItsLastLines(t *testing.T) {
	t.Parallel()
	a := fakeInstance(t)
	if _, err := a.add(shell("scheduler", "seq 1 500; echo cannot go on >&2; exit 7")); err != nil {
		t.Fatal(err)
	}
	<-a.Failed()
	var death *ComponentError
	if !errors.As(a.Err(), &death) {
		t.Fatalf("got %v", a.Err())
	}
	if text := death.Error(); !strings.Contains(text, "scheduler ended: exit status 7") || !strings.HasSuffix(text, "  500\n  cannot go on") {
		t.Errorf("got %s", text)
	}
	if lines := strings.Count(death.Tail, "\n") + 1; lines != tailLines {
		t.Errorf("%d lines of the log", lines)
	}
}

func TestAProgramThatDoesNotExistIsNamed(t *testing.T) {
	t.Parallel()
	a := fakeInstance(t)
	err := a.once(t.Context(), program{name: "initdb", command: []string{"/nowhere/initdb"}, environ: os.Environ()})
	if err == nil || !strings.Contains(err.Error(), "/nowhere/initdb: No such file or directory") {
		t.Errorf("got %v", err)
	}
}

func TestAwaitEndsWithTheComponentThatDies(t *testing.T) {
	t.Parallel()
	a := fakeInstance(t)
	c, err := a.add(shell("api-server", "echo '[Errno 98] address already in use' >&2; exit 1"))
	if err != nil {
		t.Fatal(err)
	}
	err = a.await(t.Context(), "Airflow", []*component{c}, func(context.Context) error { return errors.New("not yet") })
	var death *ComponentError
	if !errors.As(err, &death) || !lostPort(death) {
		t.Errorf("got %v", err)
	}
}

func TestAwaitLosesPatience(t *testing.T) {
	t.Parallel()
	a := fakeInstance(t)
	a.options.Patience = time.Millisecond
	err := a.await(t.Context(), "Airflow", nil, func(context.Context) error { return errors.New("the scheduler has not reported yet") })
	if err == nil || !strings.Contains(err.Error(), "Airflow is not ready after 1ms") || !strings.Contains(err.Error(), "the scheduler has not reported yet") {
		t.Errorf("got %v", err)
	}
	if hinted := (interface{ Hint() string })(nil); !errors.As(err, &hinted) {
		t.Error("no next step")
	}
}
