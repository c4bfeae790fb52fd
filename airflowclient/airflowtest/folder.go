package airflowtest

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A folder of files, [Options.Folder], is watched as a real Airflow does it: Airflow lists it for new and removed files now and then, and
// checks the files that it knows all the time. What changed between two looks of the simulation counts as changed at the first of them.

// lookAtDisk is how often, by the server's clock, the folder is compared with what was read of it.
const lookAtDisk = time.Second

// stamp tells two contents of a file apart without reading them.
type stamp struct {
	size     int64
	modified time.Time
}

// watchFolder takes over what changed in the folder since the last look.
func (a *Airflow) watchFolder() {
	if a.opts.Folder == nil || !a.looked.IsZero() && a.present().Sub(a.looked) < lookAtDisk {
		return
	}
	a.looked = a.present()
	found := map[string]stamp{}
	a.walkFolder(found)
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if a.disk[name] == found[name] {
			continue
		}
		text, err := fs.ReadFile(a.opts.Folder, name)
		if err != nil {
			delete(found, name) // it is looked at again
			continue
		}
		a.put(File{Name: name, Text: string(text)})
	}
	for name := range a.disk {
		if _, ok := found[name]; !ok && a.folder[name] != nil {
			a.folder[name].gone = true
		}
	}
	a.disk = found
}

// walkFolder finds the files that Airflow takes for DAG files: Python, not ignored, and with the words "dag" and "airflow" in them
// ([core] dag_discovery_safe_mode). A file that was read before is not read again to find that out.
func (a *Airflow) walkFolder(found map[string]stamp) {
	ignored := ignoreRules{glob: a.isV2}
	_ = fs.WalkDir(a.opts.Folder, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil //nolint:nilerr // A folder that goes away while it is listed is not there.
		case name != "." && ignored.match(name, entry.IsDir()):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir():
			ignored.read(a.opts.Folder, name)
			return nil
		case path.Ext(name) != ".py":
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return nil //nolint:nilerr // See above.
		}
		now := stamp{info.Size(), info.ModTime()}
		if a.disk[name] == now || a.mightHoldDAG(name) {
			found[name] = now
		}
		return nil
	})
}

func (a *Airflow) mightHoldDAG(name string) bool {
	text, err := fs.ReadFile(a.opts.Folder, name)
	text = bytes.ToLower(text)
	return err == nil && bytes.Contains(text, []byte("airflow")) && (bytes.Contains(text, []byte("dag")) || a.isV2 && bytes.Contains(text, []byte("asset")))
}

// ignoreRules are the lines of the .airflowignore files on the way down: regular expressions on Airflow 2, globs on Airflow 3.
type ignoreRules struct {
	glob  bool
	rules []ignoreRule
}

type ignoreRule struct {
	folder  string // where the rule stands
	pattern string
}

// read adds the rules of a folder.
func (i *ignoreRules) read(folder fs.FS, name string) {
	text, err := fs.ReadFile(folder, path.Join(name, ".airflowignore"))
	if err != nil {
		return
	}
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line != "" {
			i.rules = append(i.rules, ignoreRule{folder: name, pattern: line})
		}
	}
}

// match reports whether a file or folder is ignored. The globs are those of .gitignore as far as they have neither "**" nor "!".
func (i *ignoreRules) match(name string, isDir bool) bool {
	return slices.ContainsFunc(i.rules, func(r ignoreRule) bool {
		below := strings.TrimPrefix(name, r.folder+"/")
		if r.folder != "." && below == name {
			return false
		}
		if !i.glob {
			matched, err := regexp.MatchString(r.pattern, below)
			return err == nil && matched
		}
		pattern, onlyDirs := strings.CutSuffix(r.pattern, "/")
		if onlyDirs && !isDir {
			return false
		}
		if !strings.Contains(pattern, "/") {
			below = path.Base(below)
		}
		matched, err := path.Match(strings.TrimPrefix(pattern, "/"), below)
		return err == nil && matched
	})
}

// load is what Airflow finds in a file: what it says itself, or what the parser makes of its text.
func (a *Airflow) load(f File) (dags []DAG, trace string) {
	if f.Err != "" || f.Text == "" || f.DAGs != nil || a.opts.Parse == nil {
		return f.DAGs, f.Err
	}
	dags, err := a.opts.Parse(f.Name, f.Text)
	if err != nil {
		return nil, fmt.Sprintf("Traceback (most recent call last):\n  File \"%s%s\", line 1, in <module>\n%s\n", dagFolder, f.Name, err)
	}
	return dags, ""
}
