// Package servertest starts real servers for the tests of deploy targets: versitygw for S3, fake-gcs-server for Google Cloud Storage, and OpenSSH.
//
// The two object stores are Go programs, built from the pinned module in .ci/servers into the cache folder of the project (package demo/python says
// which). OpenSSH is the machine's own where it has one, and else taken out of Debian's package into the same folder, without installing it. Every server listens on
// a free loopback port, keeps its files in a temporary folder, and ends with its test.
package servertest

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"chrononctl/internal/demo/python"
)

// startWithin is how long a server may take until it listens.
const startWithin = 30 * time.Second

// folder is the servers' folder in the cache.
func folder(tb testing.TB) string {
	tb.Helper()
	store, err := python.Open()
	if err != nil {
		tb.Fatal(err)
	}
	dir := filepath.Join(store.Dir, "servers")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		tb.Fatal(err)
	}
	return dir
}

// build makes a program of the pinned module. What is built already is left as it is by the go command.
func build(tb testing.TB, pkg string) string {
	tb.Helper()
	_, here, _, _ := runtime.Caller(0)
	module := filepath.Join(filepath.Dir(here), "..", "..", "..", "..", ".ci", "servers")
	program := filepath.Join(folder(tb), filepath.Base(pkg))
	guard := flock.New(program + ".lock")
	if err := guard.Lock(); err != nil {
		tb.Fatal(err)
	}
	defer guard.Close()
	command := exec.CommandContext(tb.Context(), "go", "build", "-trimpath", "-o", program, pkg)
	command.Dir = module
	if out, err := command.CombinedOutput(); err != nil {
		tb.Fatalf("build %s: %v\n%s", pkg, err, out)
	}
	return program
}

// freePort finds a loopback port that nobody listens on.
func freePort(tb testing.TB) string {
	tb.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		tb.Fatal(err)
	}
	return port
}

// start runs a server until the test ends, and returns when it listens on the port.
func start(tb testing.TB, command *exec.Cmd, port string) {
	tb.Helper()
	log, err := os.Create(filepath.Join(tb.TempDir(), "log"))
	if err != nil {
		tb.Fatal(err)
	}
	command.Stdout, command.Stderr = log, log
	if command.SysProcAttr == nil {
		command.SysProcAttr = &syscall.SysProcAttr{}
	}
	command.SysProcAttr.Setpgid = true
	if err := command.Start(); err != nil {
		tb.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	tb.Cleanup(func() {
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL) // it may have ended by itself, which the next line shows
		if err := <-ended; err != nil {
			tb.Log(command.Path, err)
		}
		log.Close()
	})
	ctx, cancel := context.WithTimeout(tb.Context(), startWithin)
	defer cancel()
	if err := listening(ctx, port, ended); err != nil {
		said, _ := os.ReadFile(log.Name())
		tb.Fatalf("start %s: %v\n%s", command.Path, err, said)
	}
}

// listening waits until a port takes connections, or the server is dead.
func listening(ctx context.Context, port string, ended chan error) error {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	var dialer net.Dialer
	for {
		connection, err := dialer.DialContext(ctx, "tcp", "127.0.0.1:"+port)
		if err == nil {
			return connection.Close()
		}
		select {
		case err := <-ended:
			ended <- err
			return errors.Join(errors.New("it ended"), err)
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

func run(tb testing.TB, dir, name string, args ...string) {
	tb.Helper()
	command := exec.CommandContext(tb.Context(), name, args...)
	command.Dir = dir
	if out, err := command.CombinedOutput(); err != nil {
		tb.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}
