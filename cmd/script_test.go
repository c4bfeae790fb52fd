package cmd_test

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"chrononctl/cmd"
	"chrononctl/internal/term"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"chrononctl": program})
}

// program is the real command line in the script's process.
func program() {
	dir, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	os.Exit(cmd.Main(context.Background(), cmd.Process{
		Args:    os.Args[1:],
		Streams: term.System(os.Stdin, os.Stdout, os.Stderr, os.Environ()),
		Getenv:  os.Getenv,
		Dir:     dir,
		Now:     clockAt(os.Getenv("CHRONONCTL_TEST_NOW")),

		MaxTries: 1,
	}))
}

// scriptT is a test as testscript wants it, which remembers whose it is.
type scriptT struct{ *testing.T }

func (t scriptT) Run(name string, f func(testscript.T)) {
	t.T.Run(name, func(t *testing.T) { f(scriptT{t}) })
}

func (t scriptT) Verbose() bool { return testing.Verbose() }

// bubble is where a script runs command lines in fake time.
type bubble struct {
	t     *testing.T
	ahead time.Duration // how much more time has passed for the script than for the machine
}

type bubbleKey struct{}

// run runs a command line in fake time: what it waits for costs nothing, and whether it comes within a timeout does not depend on the machine. Nothing may
// wait for a network there: the transport is a server's own.
func (b *bubble) run(process cmd.Process) (code int) {
	present := time.Now().Add(b.ahead)
	synctest.Test(b.t, func(t *testing.T) {
		began := time.Now()
		process.Now = func() time.Time { return present.Add(time.Since(began)) }
		code = cmd.Main(t.Context(), process)
		b.ahead += time.Since(began)
	})
	return code
}

func TestScripts(t *testing.T) {
	t.Parallel()
	worlds, err := filepath.Abs("testdata/worlds") // what several scripts look at
	if err != nil {
		t.Fatal(err)
	}
	deadline, _ := t.Deadline()
	testscript.RunT(scriptT{t}, testscript.Params{
		Deadline:            deadline,
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "", // writes what was printed into the scripts, to be read before it is committed
		Setup: func(env *testscript.Env) error {
			env.Setenv("XDG_CONFIG_HOME", env.WorkDir+"/config")
			env.Setenv("XDG_STATE_HOME", env.WorkDir+"/state")
			env.Setenv("CHRONONCTL_CACHE", env.WorkDir+"/cache")
			env.Setenv("WORLDS", worlds)
			env.Values[runsFailKey{}] = new(atomic.Bool)
			env.Values[bubbleKey{}] = &bubble{t: env.T().(scriptT).T}
			env.Setenv("GORACE", "atexit_sleep_ms=0") // a program under the race detector sleeps a second before it ends
			// The folder of the program under test alone: a PATH without anything else.
			env.Setenv("BIN", filepath.SplitList(os.Getenv("PATH"))[0])
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   exits,
			"killed":  killed,
			"airflow": airflow,

			"simulated": simulatedAirflow,
			"runs-fail": runsFail,
			"denies":    denies,
			"reads":     reads,
			"trouble":   trouble,
			"captures":  captures,
			"damage":    damage,
			"bucket":    bucketCommand,
			"until":     until,
			"together":  together,

			"wrong-server":   wrongServer,
			"use-context":    useContext,
			"take-port":      takePort,
			"leaves-nothing": leavesNothing,
		},
	})
}
