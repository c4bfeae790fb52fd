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

// newTerminal finds tmux, or fetches it.
func newTerminal(t *testing.T) terminal {
	t.Helper()
	program, libraries := servertest.Tmux(t)
	return terminal{program, libraries}
}

func (m terminal) command(ctx context.Context, args ...string) *exec.Cmd {
	run := exec.CommandContext(ctx, m.program, args...)
	run.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TERM=xterm-256color")
	if m.libraries != "" {
		run.Env = append(run.Env, "LD_LIBRARY_PATH="+m.libraries)
	}
	return run
}

// tmuxPane is a terminal of its own, as a person would have one, in which one program runs.
type tmuxPane struct {
	t      *testing.T
	mux    terminal
	socket string
	pid    string // file with the program's process id
}

// window is what a pane is opened with.
type window struct {
	width, height int
	dir           string            // in which the program is started; empty: the test's own
	env           map[string]string // of the program; HOME is always a new folder
	command       string            // a line for a shell: the program and its arguments
}

// open starts a program in a terminal of its own. When it ends, the terminal says with which code, and whether its settings (stty) are as before.
func (m terminal) open(t *testing.T, w window) *tmuxPane {
	t.Helper()
	home := t.TempDir()
	p := &tmuxPane{t: t, mux: m, socket: filepath.Join(home, "tmux"), pid: filepath.Join(home, "pid")}
	args := []string{"-f", "/dev/null", "new-session", "-d", "-x", strconv.Itoa(w.width), "-y", strconv.Itoa(w.height),
		"-e", "HOME=" + home, "-e", "XDG_STATE_HOME=" + home, "-e", "XDG_CACHE_HOME=" + home}
	for name, value := range w.env {
		args = append(args, "-e", name+"="+value)
	}
	if w.dir != "" {
		args = append(args, "-c", w.dir)
	}
	p.tmux(append(args, fmt.Sprintf(
		`before=$(stty -g); sh -c 'echo $$ > %s; exec %s'; echo ended=$?; [ "$(stty -g)" = "$before" ] && echo settings=kept; exec cat`, p.pid, w.command))...)
	t.Cleanup(func() { _ = m.command(context.Background(), "-S", p.socket, "kill-server").Run() })
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

// press presses keys by tmux's names for them.
func (p *tmuxPane) press(keys ...string) {
	p.t.Helper()
	p.tmux(append([]string{"send-keys"}, keys...)...)
}

// write types a text.
func (p *tmuxPane) write(text string) {
	p.t.Helper()
	p.press("-l", text)
}

// run types a command of the palette.
func (p *tmuxPane) run(command string) {
	p.t.Helper()
	p.press(":")
	p.write(command)
	p.press("Enter")
}

// screen is what the terminal shows.
func (p *tmuxPane) screen() string {
	p.t.Helper()
	return p.tmux("capture-pane", "-p")
}

// everything is what the terminal shows and what has scrolled out of it.
func (p *tmuxPane) everything() string {
	p.t.Helper()
	return p.tmux("capture-pane", "-p", "-J", "-S", "-")
}

// waitFor looks at the screen until it shows all texts.
func (p *tmuxPane) waitFor(texts ...string) {
	p.t.Helper()
	p.waitLong(time.Minute, texts...)
}

// waitLong looks at the screen until it shows all texts, or so much time is over.
func (p *tmuxPane) waitLong(limit time.Duration, texts ...string) {
	p.t.Helper()
	screen := ""
	if !eventually(limit, func() bool {
		screen = p.screen()
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
	if !eventually(time.Minute, func() bool { return !strings.Contains(p.screen(), text) }) {
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

// restored holds that the terminal is as it was: no alternate screen, a cursor, the mouse with the terminal, and the settings of the line.
func (p *tmuxPane) restored() {
	p.t.Helper()
	p.waitFor("ended=", "settings=kept")
	if got := strings.TrimSpace(p.tmux("display-message", "-p", "#{alternate_on} #{cursor_flag} #{mouse_any_flag}")); got != "0 1 0" {
		p.t.Errorf("alternate screen, cursor and mouse are %s; want 0 1 0", got)
	}
}

// process is the program's process id.
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

// signal sends the program a signal.
func (p *tmuxPane) signal(s syscall.Signal) {
	p.t.Helper()
	if err := syscall.Kill(p.process(), s); err != nil {
		p.t.Fatal(err)
	}
}

// vanish takes the terminal away, and holds that the program ends by itself.
func (p *tmuxPane) vanish() {
	p.t.Helper()
	pid := p.process()
	p.tmux("kill-pane")
	if !eventually(time.Minute, func() bool { return syscall.Kill(pid, 0) != nil }) {
		p.t.Error("the program lives on without its terminal")
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// build builds a package of this module into a new folder and returns the program's path.
func build(t *testing.T, pkg string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), filepath.Base(pkg))
	if out, err := exec.Command("go", "build", "-o", program, pkg).CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", pkg, err, out)
	}
	return program
}
