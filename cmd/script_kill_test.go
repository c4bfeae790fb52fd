package cmd_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"chrononctl/internal/deploy"
	"chrononctl/internal/deploy/target"
)

// kills is how many times each operation is killed in the script about it; -kills 500 looks harder.
var kills = flag.Int("kills", 12, "how often each operation is killed at some moment")

// killed is the script command "killed FOLDER STATE CONF A B PROGRAM ARG...": it writes content A or B to CONF, or removes it for "-", runs the program,
// kills it with SIGKILL a little later each time, and checks after each what has to hold whatever has happened; see aftermath.
func killed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 6 {
		ts.Fatalf("usage: killed FOLDER STATE CONF A B PROGRAM ARG...")
	}
	after := newAftermath(ts, ts.MkAbs(args[0]), ts.MkAbs(args[1]))
	conf := ts.MkAbs(args[2])
	ts.Check(os.MkdirAll(filepath.Dir(conf), 0o755))
	program, err := exec.LookPath(args[5])
	ts.Check(err)
	died := 0
	for i := range *kills {
		if content := args[3+i%2]; content == "-" {
			ts.Check(os.RemoveAll(conf))
		} else {
			ts.Check(os.WriteFile(conf, []byte(ts.ReadFile(content)), 0o600))
		}
		run := exec.Command(program, args[6:]...)
		run.Dir, run.Env = ts.MkAbs("."), []string{
			"HOME=" + ts.Getenv("HOME"), "PATH=" + ts.Getenv("PATH"), "XDG_CONFIG_HOME=" + ts.Getenv("XDG_CONFIG_HOME"), "GORACE=" + ts.Getenv("GORACE"),
		}
		ts.Check(run.Start())
		timer := time.AfterFunc(time.Duration(20+i%40*9)*time.Millisecond, func() { _ = run.Process.Kill() })
		_ = run.Wait() // killed, or done before that
		timer.Stop()
		if !run.ProcessState.Exited() {
			died++
		}
		if err := after.check(); err != nil {
			ts.Fatalf("after kill %d: %v", i, err)
		}
	}
	if died == 0 {
		ts.Fatalf("nothing was killed before its end")
	}
	ts.Logf("%d of %d were killed before their end", died, *kills)
}

// aftermath looks at a dir target after a death: every visible file is one that a release has, with all that it names; the files of others are as they were; the
// history can be read, with its audit; and the live release is in place where nothing is said to be unfinished.
type aftermath struct {
	folder, state string
	theirs        map[string]string // contents of the files of others
}

func newAftermath(ts *testscript.TestScript, folder, state string) *aftermath {
	a := &aftermath{folder: folder, state: state, theirs: map[string]string{}}
	ts.Check(a.files(func(name string, data []byte) error {
		if !a.kept(data) {
			a.theirs[name] = string(data)
		}
		return nil
	}))
	return a
}

// files visits what Airflow may see, by slash paths.
func (a *aftermath) files(visit func(name string, data []byte) error) error {
	return filepath.WalkDir(a.folder, func(path string, entry fs.DirEntry, err error) error {
		if os.IsNotExist(err) { // the folder need not be there yet
			return nil
		}
		if err != nil || entry.IsDir() || strings.HasSuffix(path, ".tmp") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(a.folder, path)
		if err != nil {
			return err
		}
		return visit(filepath.ToSlash(name), data)
	})
}

// kept says whether a content is one that a deploy keeps for its release.
func (a *aftermath) kept(data []byte) bool {
	sum := sha256.Sum256(data)
	_, err := os.Stat(filepath.Join(a.state, "blobs", hex.EncodeToString(sum[:])))
	return err == nil
}

func (a *aftermath) check() error {
	theirs, sums := 0, map[string]string{}
	err := a.files(func(name string, data []byte) error {
		sum := sha256.Sum256(data)
		sums[name] = hex.EncodeToString(sum[:])
		if was, other := a.theirs[name]; other {
			theirs++
			if was != string(data) {
				return fmt.Errorf("%s is not ours, and was changed", name)
			}
			return nil
		}
		if !a.kept(data) {
			return fmt.Errorf("%s is no content that a deploy kept", name)
		}
		for _, match := range named.FindAllStringSubmatch(string(data), -1) {
			if _, err := os.Stat(filepath.Join(a.folder, "_chronon_rt", match[1])); err != nil && filepath.Ext(name) == ".py" {
				return fmt.Errorf("%s names %s, which is not there", name, match[1])
			}
		}
		return nil
	})
	if err == nil && theirs != len(a.theirs) {
		err = errors.New("a file of somebody else is gone")
	}
	if err != nil {
		return err
	}
	return a.record(sums)
}

// record holds the files in place to what the state says of them.
func (a *aftermath) record(sums map[string]string) error {
	place, err := target.NewDir(target.DirOptions{Path: a.folder, State: a.state})
	if err != nil {
		return err
	}
	engine, err := deploy.New(deploy.Options{Target: place, NoVerify: true})
	if err != nil {
		return err
	}
	history, err := engine.History(context.Background())
	if err != nil || history.Unfinished != nil || history.Live == "" {
		return err
	}
	var live deploy.Manifest
	data, err := os.ReadFile(filepath.Join(a.state, "releases", history.Live+".json"))
	if err == nil {
		err = json.Unmarshal(data, &live)
	}
	if err != nil {
		return err
	}
	for name, sum := range live.Files {
		if sums[name] != sum {
			return fmt.Errorf("%s is not as the live release has it, and nothing is said to be unfinished", name)
		}
	}
	for name := range sums {
		if _, ours := live.Files[name]; !ours && a.theirs[name] == "" && path.Ext(name) == ".py" && !strings.HasPrefix(name, "_chronon_rt/") {
			return fmt.Errorf("%s is of no live release, and nothing is said to be unfinished", name)
		}
	}
	return nil
}

// named are the supporting files that a generated DAG file names.
var named = regexp.MustCompile(`"((?:confs|teams)/[0-9a-f]{16}/[^"]+)"`)
