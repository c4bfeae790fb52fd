// Package sample carries the demo's Chronon repository and the programs that stand in for Spark.
//
// The repository (folder repo) belongs to four made-up teams of a marketplace. Its Python sources were compiled with Chronon's own
// compile.py, and both are kept: people read the sources, everything else reads production/ and teams.json. README.md beside
// this file says what each conf is there for.
//
// The stand-in (folder standin) plays spark-submit and yarn. It reads the arguments that Chronon's scripts pass, prints the log lines of
// real jobs, and keeps partitions, consistency rows and streaming applications in a SQLite file. run.py and the scripts
// between it and Spark are real, so a real cluster takes the stand-in's place when SPARK_SUBMIT_PATH and YARN_PATH name
// real programs.
package sample

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// FS holds the folders repo and standin. Files whose names begin with a dot or an underscore, such as Python's caches, are not in it.
//
//go:embed repo standin
var FS embed.FS

// Modes of what Write lays out. An embedded file has no mode of its own.
const (
	folderMode  fs.FileMode = 0o755
	fileMode    fs.FileMode = 0o644
	programMode fs.FileMode = 0o755
)

// Write lays the folders repo and standin out in dir, which is made when it is missing. Programs become executable. Files of an
// earlier Write are replaced; anything else in dir stays.
func Write(dir string) error {
	err := fs.WalkDir(FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(dir, filepath.FromSlash(name))
		if entry.IsDir() {
			return os.MkdirAll(target, folderMode)
		}
		return writeFile(target, name)
	})
	if err != nil {
		return fmt.Errorf("write the sample repository to %s: %w", dir, err)
	}
	return nil
}

func writeFile(target, name string) error {
	content, err := FS.ReadFile(name)
	if err != nil {
		return err
	}
	mode := fileMode
	if isProgram(name, content) {
		mode = programMode
	}
	if err := os.WriteFile(target, content, mode); err != nil {
		return err
	}
	// The mode above counts for new files only, and the umask takes bits away from it.
	return os.Chmod(target, mode)
}

// isProgram reports whether a file is started by its own name: it begins with #!, and lies where programs lie.
func isProgram(name string, content []byte) bool {
	folder := path.Dir(name)
	return (folder == "repo/scripts" || folder == "standin") && strings.HasPrefix(string(content), "#!")
}
