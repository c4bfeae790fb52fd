package cmd_test

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// kills is how many times a deploy is killed in the script about it; -kills 500 looks harder.
var kills = flag.Int("kills", 12, "how often a deploy is killed at some moment")

// killed is the script command "killed FOLDER STATE CONF A B PROGRAM ARG...": it writes content A or B to CONF, runs the program, kills it with SIGKILL
// a little later each time, and checks after each that every visible file in FOLDER is one that a deploy kept in STATE, with all that it names.
func killed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 6 {
		ts.Fatalf("usage: killed FOLDER STATE CONF A B PROGRAM ARG...")
	}
	folder, state, conf := ts.MkAbs(args[0]), ts.MkAbs(args[1]), ts.MkAbs(args[2])
	contents := []string{ts.ReadFile(args[3]), ts.ReadFile(args[4])}
	program, err := exec.LookPath(args[5])
	ts.Check(err)
	died := 0
	for i := range *kills {
		ts.Check(os.WriteFile(conf, []byte(contents[i%2]), 0o600))
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
		if wrong := wrongFiles(folder, state); wrong != "" {
			ts.Fatalf("after kill %d: %s", i, wrong)
		}
	}
	if died == 0 {
		ts.Fatalf("no deploy was killed before its end")
	}
	ts.Logf("%d of %d deploys were killed before their end", died, *kills)
}

// named are the supporting files that a generated DAG file names.
var named = regexp.MustCompile(`"((?:confs|teams)/[0-9a-f]{16}/[^"]+)"`)

// wrongFiles finds a visible file that is not whole, or that names one that is not there.
func wrongFiles(folder, state string) string {
	wrong := ""
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
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
		sum := sha256.Sum256(data)
		if _, err := os.Stat(filepath.Join(state, "blobs", hex.EncodeToString(sum[:]))); err != nil {
			wrong = path + " is no content that a deploy kept"
		}
		for _, match := range named.FindAllStringSubmatch(string(data), -1) {
			if _, err := os.Stat(filepath.Join(folder, "_chronon_rt", match[1])); err != nil && filepath.Ext(path) == ".py" {
				wrong = path + " names " + match[1] + ", which is not there"
			}
		}
		return nil
	})
	if err != nil {
		return err.Error()
	}
	return wrong
}
