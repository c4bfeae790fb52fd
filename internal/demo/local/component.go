package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// program is what a component runs.
type program struct {
	name     string // of the component and of its log file
	command  []string
	environ  []string
	stop     string        // the signal that ends it, "TERM" or "INT"
	mainOnly bool          // send that signal to the program alone, which tells its children itself
	grace    time.Duration // before what is left is killed
	user     *account      // who runs it; nil is the user of this process
}

// component is a program that was started under a supervisor.
type component struct {
	name string
	log  string
	cmd  *exec.Cmd     // the supervisor
	life *os.File      // the writing end of the supervisor's standard input; closing it ends everything
	done chan struct{} // closed when the supervisor, and so all below it, has ended
	err  error         // how it ended; to be read after done

	expected atomic.Bool // its end was asked for; set under the lock of the instance
}

// supervisorScript is the supervisor's name in an instance's folder.
const supervisorScript = "supervise.py"

// run starts a program under a supervisor.
func (a *Airflow) run(p program) (*component, error) {
	reading, life, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer reading.Close()
	c := &component{name: p.name, log: a.logFile(p.name), life: life, done: make(chan struct{})}
	if c.cmd, err = a.spawn(p, reading, c.log); err != nil {
		life.Close()
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	go func() {
		c.err = c.cmd.Wait()
		close(c.done)
	}()
	return c, nil
}

// spawn starts the supervisor in a session of its own, out of reach of the terminal's signals.
func (a *Airflow) spawn(p program, stdin *os.File, log string) (*exec.Cmd, error) {
	output, err := os.OpenFile(log, os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	defer output.Close()
	busy, err := os.OpenFile(a.folder.busyFile(), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	defer busy.Close()
	args := []string{"-I", "-S", "-B", filepath.Join(a.Dir, supervisorScript),
		"--signal", p.stop, "--grace", strconv.FormatFloat(p.grace.Seconds(), 'f', -1, 64)}
	if p.mainOnly {
		args = append(args, "--main-only")
	}
	if p.user != nil {
		args = append(args, "--user", fmt.Sprintf("%d:%d", p.user.uid, p.user.gid))
	}
	args = append(append(args, "--"), p.command...)
	cmd := exec.Command(a.Python, args...) //nolint:noctx // it outlives the context of its start
	cmd.Env, cmd.Dir = p.environ, a.Dir
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, output, output
	cmd.ExtraFiles = []*os.File{busy} // descriptor 3
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd, cmd.Start()
}

// stop ends the component with all that it started: politely, and at once when the context is done.
func (c *component) stop(ctx context.Context) error {
	c.life.Close()
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
	}
	if err := c.cmd.Process.Signal(syscall.SIGQUIT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", c.name, err)
	}
	killed := time.NewTimer(killPatience)
	defer killed.Stop()
	select {
	case <-c.done:
		return nil
	case <-killed.C:
		return fmt.Errorf("stop %s: its processes below %d do not end", c.name, c.cmd.Process.Pid)
	}
}

// killPatience is how long killed processes may take to disappear.
const killPatience = 10 * time.Second

// ComponentError says that a program of the instance ended although nobody asked it to.
type ComponentError struct {
	Name string // "scheduler"
	Log  string // the path of its log
	Tail string // the last lines of its log
	Err  error
}

func (e *ComponentError) Error() string {
	return fmt.Sprintf("%s ended: %v; the end of %s:\n%s", e.Name, e.Err, e.Log, e.Tail)
}

func (e *ComponentError) Unwrap() error { return e.Err }

// tailLines and tailBytes bound what an error shows of a log.
const (
	tailLines = 15
	tailBytes = 16 << 10
)

// death describes the end of a component. Its done channel is closed.
func (c *component) death() *ComponentError {
	err := c.err
	if err == nil {
		err = errors.New("exit status 0")
	}
	return &ComponentError{Name: c.name, Log: c.log, Tail: tail(c.log), Err: err}
}

// tail returns the last lines of a file, indented; it may have grown large.
func tail(path string) string {
	file, err := os.Open(path)
	if err != nil {
		return "  (no log)"
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.Size() > tailBytes {
		_, _ = file.Seek(-tailBytes, 2)
	}
	text := make([]byte, tailBytes)
	n, _ := file.Read(text)
	lines := strings.Split(strings.TrimSpace(string(text[:n])), "\n")
	lines = lines[max(0, len(lines)-tailLines):]
	return "  " + strings.Join(lines, "\n  ")
}
