package cmd_test

import (
	"context"
	"errors"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"chrononctl/airflowclient/airflowtest"
	"chrononctl/cmd"
	"chrononctl/internal/term"
)

// exits is the script command "exits CODE [exec] chrononctl ARG...": it runs a command line and demands this very exit code. Without exec it runs in the
// process of the test, on pipes, so that a script takes no time for processes; exec is for what is about one: its PATH, its standard input, its death.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE [exec] chrononctl ARG...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	var got int
	if args[1] == "exec" {
		got, err = execute(ts, args[2:])
		ts.Check(err)
	} else {
		got = inProcess(ts, args[2:])
	}
	if got != want {
		ts.Fatalf("%v: exit code %d, want %d", args[1:], got, want)
	}
}

// execute runs a program as a process of its own.
func execute(ts *testscript.TestScript, args []string) (int, error) {
	err := ts.Exec(args[0], args[1:]...)
	if status, ok := errors.AsType[*exec.ExitError](err); ok {
		return status.ExitCode(), nil
	}
	return 0, err
}

// inProcess runs a command line with the script's folder, variables and clock.
func inProcess(ts *testscript.TestScript, args []string) int {
	process := cmd.Process{
		Args:    args,
		Streams: term.Streams{In: strings.NewReader(""), Out: ts.Stdout(), Err: ts.Stderr()},
		Getenv:  ts.Getenv,
		Dir:     ts.MkAbs("."),
		Now:     clockAt(ts.Getenv("CHRONONCTL_TEST_NOW")),

		MaxTries: 1, // the wait between two attempts is tested in the client; here it would be most of the time
	}
	if server, ok := readings.Load(ts.Getenv("CHRONONCTL_URL")); ok {
		process.Transport = airflowtest.InProcess(server.(*readingAirflow))
		return ts.Value(bubbleKey{}).(*bubble).run(process)
	}
	return cmd.Main(context.Background(), process)
}

// clockAt is the clock of a program that a script runs: it stands where the script's Airflow says, or is the machine's.
func clockAt(stamp string) func() time.Time {
	at, err := time.Parse(time.RFC3339, stamp)
	if err != nil {
		return nil
	}
	return func() time.Time { return at }
}
