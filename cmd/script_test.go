package cmd_test

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

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

func TestScripts(t *testing.T) {
	t.Parallel()
	worlds, err := filepath.Abs("testdata/worlds") // what several scripts look at
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "", // writes what was printed into the scripts, to be read before it is committed
		Setup: func(env *testscript.Env) error {
			env.Setenv("XDG_CONFIG_HOME", env.WorkDir+"/config")
			env.Setenv("XDG_STATE_HOME", env.WorkDir+"/state")
			env.Setenv("CHRONONCTL_CACHE", env.WorkDir+"/cache")
			env.Setenv("WORLDS", worlds)
			env.Values[runsFailKey{}] = new(atomic.Bool)
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
