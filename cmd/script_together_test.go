package cmd_test

import (
	"bytes"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// until is the script command "until STEP STATE": it waits for the deploy to the target with this state to come to a step.
func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: until STEP STATE")
	}
	state := ts.MkAbs(args[1])
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(30 * time.Second); journalStep(state) != args[0]; <-tick.C {
		if time.Now().After(deadline) {
			ts.Fatalf("nobody comes to %s", args[0])
		}
	}
}

// loser is what a deploy says that another one was ahead of.
var loser = regexp.MustCompile(`is locked by .* \(process \d+\) since|the plan is stale: `)

// together is the script command "together N PROGRAM ARG...": so many processes run it at the same moment. Each ends in the code of a deploy that nobody verified, or
// in the one of a lost race, and then says who won; at least one is no loser.
func together(ts *testscript.TestScript, neg bool, args []string) {
	n, err := strconv.Atoi(args[0])
	if neg || err != nil || len(args) < 2 {
		ts.Fatalf("usage: together N PROGRAM ARG...")
	}
	program, err := exec.LookPath(args[1])
	ts.Check(err)
	runs, said := make([]*exec.Cmd, n), make([]bytes.Buffer, n)
	var group sync.WaitGroup
	for i := range runs {
		run := exec.Command(program, args[2:]...)
		run.Dir, run.Stderr = ts.MkAbs("."), &said[i]
		for _, name := range []string{"HOME", "PATH", "XDG_CONFIG_HOME", "GORACE"} {
			run.Env = append(run.Env, name+"="+ts.Getenv(name))
		}
		runs[i] = run
		group.Go(func() { _ = run.Run() })
	}
	group.Wait()
	won := 0
	for i, run := range runs {
		switch code := run.ProcessState.ExitCode(); {
		case code == 7:
			won++
		case code != 3 || !loser.Match(said[i].Bytes()):
			ts.Fatalf("a deploy ended with %d:\n%s", code, said[i].String())
		}
	}
	if won == 0 {
		ts.Fatalf("nobody won")
	}
	ts.Logf("%d of %d did not lose", won, n)
}
