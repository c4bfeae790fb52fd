package cmd_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"chrononctl/airflowclient/airflowtest"
)

// The figures that the console promises, measured on the program itself: built, started on a terminal of its own, and looking at a simulated Airflow.
const (
	manyDAGs  = 3000
	warmUp    = 240 * time.Second // until everything is known that is filled in bit by bit
	idleFor   = time.Minute
	tickHertz = 100 // of the times in /proc (USER_HZ), on every Linux that Go runs on
)

// BenchmarkConsoleStart is how long the first frame takes, and the first teams in it: without and with what an earlier session has left.
// Budget: a frame within 150 ms, and within 100 ms with an earlier picture.
func BenchmarkConsoleStart(b *testing.B) {
	program, server := builtProgram(b), simulatedFleet(b, airflowtest.Fleet(manyDAGs), atWork)
	start := func(b *testing.B, state string) (frame, rows time.Duration) {
		b.Helper()
		c := startProgram(b, program, server, state)
		defer c.quit()
		frame, rows = c.after("chrononctl"), c.after("payments")
		c.wait(10 * time.Second) // a whole picture is there, and kept
		return frame, rows
	}
	for _, name := range []string{"cold", "cached"} {
		b.Run(name, func(b *testing.B) {
			state := b.TempDir()
			if name == "cached" {
				start(b, state)
			}
			var frame, rows time.Duration
			for b.Loop() {
				if name == "cold" {
					state = b.TempDir()
				}
				f, r := start(b, state)
				frame, rows = frame+f, rows+r
			}
			b.ReportMetric(float64(frame.Milliseconds())/float64(b.N), "ms/frame")
			b.ReportMetric(float64(rows.Milliseconds())/float64(b.N), "ms/rows")
		})
	}
}

// BenchmarkConsoleIdle is what a console costs that nobody touches, after a while. Budget: 1 % of a core, and 80 MB resident.
func BenchmarkConsoleIdle(b *testing.B) {
	program := builtProgram(b)
	for _, fleet := range []struct {
		name     string
		scenario airflowtest.Scenario
		past     time.Duration
	}{
		{"idle", airflowtest.Fleet(manyDAGs), afterWork},
		{"at work", airflowtest.MidnightBurst(manyDAGs), atWork},
	} {
		b.Run(fleet.name, func(b *testing.B) {
			server := simulatedFleet(b, fleet.scenario, fleet.past)
			for b.Loop() {
				c := startProgram(b, program, server, b.TempDir())
				c.wait(warmUp)
				before := c.cpu()
				c.wait(idleFor)
				b.ReportMetric(100*(c.cpu()-before).Seconds()/idleFor.Seconds(), "%core")
				b.ReportMetric(c.resident(), "MB")
				c.quit()
			}
		})
	}
}

// BenchmarkConsoleKey is how long a key takes until the terminal is written to, among thousands of DAGs: pressed now and then, and held down.
// Budget: 16 ms at the 99th percentile.
func BenchmarkConsoleKey(b *testing.B) {
	c := startProgram(b, builtProgram(b), simulatedFleet(b, airflowtest.Fleet(manyDAGs), afterWork), b.TempDir())
	defer c.quit()
	c.after("payments")
	c.wait(20 * time.Second)
	c.press("2") // all DAGs
	for _, hand := range []struct {
		name  string
		every time.Duration
	}{{"now and then", 330 * time.Millisecond}, {"held down", 33 * time.Millisecond}} {
		b.Run(hand.name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				for i := range 200 {
					c.wait(hand.every)
					took = append(took, c.press([]string{"j", "k"}[i/50%2]))
				}
			}
			slices.Sort(took)
			b.ReportMetric(took[len(took)/2].Seconds()*1000, "ms/p50")
			b.ReportMetric(took[len(took)*99/100].Seconds()*1000, "ms/p99")
		})
	}
}

// builtProgram builds the program and returns its path.
func builtProgram(tb testing.TB) string {
	tb.Helper()
	program := filepath.Join(tb.TempDir(), "chrononctl")
	if out, err := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, "./chrononctl").CombinedOutput(); err != nil {
		tb.Fatalf("build: %v\n%s", err, out)
	}
	return program
}

// How long a fleet has been at work when it is looked at.
const (
	atWork    = 42 * time.Minute // its joins have not ended
	afterWork = 6 * time.Hour    // only its streams tick; not in the first half hour of a UTC day, when the joins of the next one run
)

// simulatedFleet is the address of a simulated Airflow that has been at work for a while.
func simulatedFleet(tb testing.TB, scenario airflowtest.Scenario, past time.Duration) string {
	tb.Helper()
	ahead := -past
	airflow := airflowtest.New(airflowtest.Options{Now: func() time.Time { return time.Now().Add(ahead) }})
	scenario(airflow)
	airflow.Runs() // the first runs are made then
	ahead = 0
	server := httptest.NewServer(airflow)
	tb.Cleanup(server.Close)
	return server.URL
}

// startedProgram is the console on a terminal of its own.
type startedProgram struct {
	tb       testing.TB
	cmd      *exec.Cmd
	terminal *os.File
	ended    chan error
	began    time.Time
	drawn    chan time.Time // when it was written to

	mu   sync.Mutex
	seen map[string]time.Duration // of texts, when they were drawn first
	said bytes.Buffer
}

// startProgram starts it on a terminal of 120×40.
func startProgram(tb testing.TB, program, url, state string) *startedProgram {
	tb.Helper()
	master, slave := openTerminal(tb, 120, 40)
	c := &startedProgram{tb: tb, terminal: master, ended: make(chan error, 1), drawn: make(chan time.Time, 1), seen: map[string]time.Duration{}}
	c.cmd = exec.CommandContext(context.Background(), program, "console")
	c.cmd.Env = append(os.Environ(), "TERM=xterm-256color", "CHRONONCTL_URL="+url, "HOME="+state, "XDG_STATE_HOME="+state, "XDG_CACHE_HOME="+state, "XDG_CONFIG_HOME="+state)
	c.cmd.Dir, c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = state, slave, slave, slave
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	c.began = time.Now()
	if err := c.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	slave.Close()
	go c.listen()
	go func() { c.ended <- c.cmd.Wait() }()
	tb.Cleanup(func() { _ = c.cmd.Process.Kill(); master.Close() })
	return c
}

// listen notes when texts are drawn.
func (c *startedProgram) listen() {
	buf := make([]byte, 64<<10)
	for {
		n, err := c.terminal.Read(buf)
		now := time.Since(c.began)
		select {
		case c.drawn <- time.Now():
		default: // nobody waits for it
		}
		c.mu.Lock()
		if c.said.Len() < 1<<20 {
			c.said.Write(buf[:n])
		}
		for _, text := range []string{"chrononctl", "payments"} {
			if _, known := c.seen[text]; !known && bytes.Contains(c.said.Bytes(), []byte(text)) {
				c.seen[text] = now
			}
		}
		c.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// after is how long after the start a text was drawn.
func (c *startedProgram) after(text string) time.Duration {
	c.tb.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); c.wait(10 * time.Millisecond) {
		c.mu.Lock()
		at, ok := c.seen[text]
		c.mu.Unlock()
		if ok {
			return at
		}
	}
	c.tb.Fatalf("the console does not show %q: %q", text, c.said.String())
	return 0
}

// wait lets the console be, which must not end meanwhile.
func (c *startedProgram) wait(d time.Duration) {
	c.tb.Helper()
	select {
	case err := <-c.ended:
		c.tb.Fatalf("the console ended: %v: %q", err, c.said.String())
	case <-time.After(d):
	}
}

// press presses a key, and returns after how long the terminal was written to.
func (c *startedProgram) press(key string) time.Duration {
	c.tb.Helper()
	for len(c.drawn) > 0 {
		<-c.drawn
	}
	pressed := time.Now()
	if _, err := c.terminal.WriteString(key); err != nil {
		c.tb.Fatal(err)
	}
	select {
	case at := <-c.drawn:
		return at.Sub(pressed)
	case <-time.After(time.Minute):
		c.tb.Fatalf("nothing is drawn after %q", key)
		return 0
	}
}

func (c *startedProgram) quit() {
	c.tb.Helper()
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-c.ended:
	case <-time.After(10 * time.Second):
		c.tb.Error("the console does not end")
	}
}

// cpu is how much time of a core it has used (proc(5): utime and stime).
func (c *startedProgram) cpu() time.Duration {
	c.tb.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.cmd.Process.Pid))
	if err != nil {
		c.tb.Fatal(err)
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / tickHertz
}

// resident is its memory in MB.
func (c *startedProgram) resident() float64 {
	c.tb.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		c.tb.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	kilobytes, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	return kilobytes * 1024 / 1e6
}

// openTerminal opens a pseudo-terminal of that size (pty(7)).
func openTerminal(tb testing.TB, width, height uint16) (master, slave *os.File) {
	tb.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		tb.Fatal(err)
	}
	var number, locked uint32
	size := [4]uint16{height, width}
	control(tb, master, syscall.TIOCSPTLCK, unsafe.Pointer(&locked))
	control(tb, master, syscall.TIOCGPTN, unsafe.Pointer(&number))
	control(tb, master, syscall.TIOCSWINSZ, unsafe.Pointer(&size))
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		tb.Fatal(err)
	}
	return master, slave
}

func control(tb testing.TB, f *os.File, request uintptr, argument unsafe.Pointer) {
	tb.Helper()
	if _, _, failed := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), request, uintptr(argument)); failed != 0 {
		tb.Fatal(failed)
	}
}
