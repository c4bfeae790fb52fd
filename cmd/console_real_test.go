//go:build real

package cmd_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"chrononctl/internal/deploy/target/servertest"
)

// terminal is how tmux is started.
type terminal struct{ program, libraries string }

func (m terminal) command(ctx context.Context, args ...string) *exec.Cmd {
	run := exec.CommandContext(ctx, m.program, args...)
	run.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TERM=xterm-256color")
	if m.libraries != "" {
		run.Env = append(run.Env, "LD_LIBRARY_PATH="+m.libraries)
	}
	return run
}

// tmuxPane is a terminal of its own, as a person would have one.
type tmuxPane struct {
	t      *testing.T
	mux    terminal
	socket string
	pid    string // file with the console's process id
}

// openConsoleInTmux starts the built program in a terminal, on an Airflow that is played, and waits for live rows.
func openConsoleInTmux(t *testing.T, mux terminal, program string, width, height int) *tmuxPane {
	t.Helper()
	dir := t.TempDir()
	p := &tmuxPane{t: t, mux: mux, socket: filepath.Join(dir, "tmux"), pid: filepath.Join(dir, "pid")}
	line := fmt.Sprintf(`sh -c 'echo $$ > %s; exec %s demo --simulated'; echo ended=$?; exec cat`, p.pid, program)
	p.tmux("-f", "/dev/null", "new-session", "-d", "-x", strconv.Itoa(width), "-y", strconv.Itoa(height),
		"-e", "HOME="+dir, "-e", "XDG_STATE_HOME="+dir, "-e", "XDG_CACHE_HOME="+dir, line)
	t.Cleanup(func() { _ = mux.command(context.Background(), "-S", p.socket, "kill-server").Run() })
	p.waitFor("payments", "search", "chrononctl", "✔ 3.3")
	return p
}

func (p *tmuxPane) tmux(args ...string) string {
	p.t.Helper()
	out, err := p.mux.command(p.t.Context(), append([]string{"-S", p.socket}, args...)...).CombinedOutput()
	if err != nil {
		p.t.Fatalf("tmux %v: %v\n%s", args, err, out)
	}
	return string(out)
}

func (p *tmuxPane) press(keys ...string) {
	p.t.Helper()
	p.tmux(append([]string{"send-keys"}, keys...)...)
}

// waitFor looks at the screen until it shows all texts.
func (p *tmuxPane) waitFor(texts ...string) {
	p.t.Helper()
	screen := ""
	if !eventually(20*time.Second, func() bool {
		screen = p.tmux("capture-pane", "-p")
		for _, text := range texts {
			if !strings.Contains(screen, text) {
				return false
			}
		}
		return true
	}) {
		p.t.Fatalf("the screen does not show %q:\n%s", texts, screen)
	}
}

// leave presses escape and waits until a text has gone: a key that follows at once would be taken for one with alt.
func (p *tmuxPane) leave(text string) {
	p.t.Helper()
	p.press("Escape")
	if !eventually(5*time.Second, func() bool { return !strings.Contains(p.tmux("capture-pane", "-p"), text) }) {
		p.t.Fatalf("escape does not leave what shows %q", text)
	}
}

// eventually asks again and again, until the answer is yes or the time is over.
func eventually(limit time.Duration, ask func() bool) bool {
	end, again := time.After(limit), time.NewTicker(50*time.Millisecond)
	defer again.Stop()
	for {
		if ask() {
			return true
		}
		select {
		case <-end:
			return false
		case <-again.C:
		}
	}
}

// restored holds that the terminal is as it was: no alternate screen, a cursor, and the mouse with the terminal.
func (p *tmuxPane) restored() {
	p.t.Helper()
	p.waitFor("ended=")
	if got := strings.TrimSpace(p.tmux("display-message", "-p", "#{alternate_on} #{cursor_flag} #{mouse_any_flag}")); got != "0 1 0" {
		p.t.Errorf("alternate screen, cursor and mouse are %s; want 0 1 0", got)
	}
}

// process is the console's process id.
func (p *tmuxPane) process() int {
	p.t.Helper()
	data, err := os.ReadFile(p.pid)
	if err != nil {
		p.t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		p.t.Fatal(err)
	}
	return pid
}

// TestRealConsoleInATerminal drives the built program in tmux: an operator's way through it, and each way in which it may end.
func TestRealConsoleInATerminal(t *testing.T) {
	t.Parallel()
	var mux terminal
	mux.program, mux.libraries = servertest.Tmux(t)
	program := filepath.Join(t.TempDir(), "chrononctl")
	if out, err := exec.Command("go", "build", "-o", program, "chrononctl/cmd/chrononctl").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	t.Run("an operator's way", func(t *testing.T) {
		t.Parallel()
		p := openConsoleInTmux(t, mux, program, 120, 36)
		p.press("2")
		p.waitFor("batch_dag_payments", "enter runs")
		p.press("Space", "Space", "p")
		p.waitFor("Pause 2 DAGs", "type 2 and enter to start")
		p.press("2", "Enter")
		p.waitFor("paused", "esc close")
		p.leave("esc close")
		p.waitFor("‖ 2 paused")
		p.press("/")
		p.press("-l", "state:paused")
		p.press("Enter")
		p.waitFor("2 of 17 DAGs")
		p.press(":")
		p.press("-l", "backfill payments.checkout.v1 2026-11-01..2026-11-20")
		p.press("Enter")
		p.waitFor("Backfill payments.checkout.v1", "as a command")
		p.leave("as a command")
		p.press("6")
		p.waitFor("Deploy", "verified", "What was deployed")
		p.press("Enter")
		p.waitFor("nothing to change")
		p.press("7")
		p.waitFor("Changed from here", "Pause 2 DAGs", "requests in the last minute")
		p.press("?")
		p.waitFor("Anywhere", "mouse on or off")
		p.leave("Anywhere")
		p.press("1")
		p.tmux("resize-window", "-x", "50", "-y", "12")
		p.waitFor("chrononctl needs 60 columns")
		p.tmux("resize-window", "-x", "60", "-y", "16")
		p.waitFor("payments", "? help")
		p.press("q")
		p.restored()
		p.waitFor("ended=0")
	})
	t.Run("SIGTERM", func(t *testing.T) {
		t.Parallel()
		p := openConsoleInTmux(t, mux, program, 80, 24)
		if err := syscall.Kill(p.process(), syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		p.restored()
	})
	t.Run("a lost terminal", func(t *testing.T) {
		t.Parallel()
		p := openConsoleInTmux(t, mux, program, 200, 60)
		pid := p.process()
		p.tmux("kill-session")
		if !eventually(15*time.Second, func() bool { return syscall.Kill(pid, 0) != nil }) {
			t.Error("the console lives on without its terminal")
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
}
