package deploy

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"chrononctl/internal/deploy/target"
)

// Change is what happens to a file or a DAG.
type Change string

// The changes. Foreign stands in the way of all others: nothing is deployed as long as there is one.
const (
	Create  Change = "create"
	Update  Change = "update"
	Remove  Change = "remove"
	Same    Change = "same"
	Foreign Change = "foreign"
)

// FileChange is what happens to one file.
type FileChange struct {
	Path    string `json:"path"`
	Change  Change `json:"change"`
	SHA256  string `json:"sha256,omitempty"`  // content to be; empty for one that is removed
	Was     string `json:"was,omitempty"`     // content in place
	Adopted bool   `json:"adopted,omitempty"` // it is not ours and is taken over
	Reason  string `json:"reason,omitempty"`  // why it is foreign

	version   target.Version
	adoptable bool
}

// writes says whether the change touches the file.
func (c FileChange) writes() bool {
	switch c.Change {
	case Create, Update, Remove:
		return true
	case Same, Foreign:
		return false
	}
	return false
}

// difference compares what shall be with what is, file by file. The order is that of writing: what others depend on
// first, DAG files next, removals last.
type difference struct {
	memory  *memory
	entries map[string]target.Entry
	adopt   bool
}

// paths are the files to look at for a release: its own, and those that any release that is kept may have left in place.
func paths(wanted Manifest, m *memory) []string {
	names := make(map[string]string, len(wanted.Files))
	maps.Copy(names, wanted.Files)
	for _, manifest := range m.manifests {
		for name := range manifest.Files {
			if !isSupport(name) {
				names[name] = ""
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func (d difference) files(wanted Manifest) []FileChange {
	var changes []FileChange
	for _, name := range paths(wanted, d.memory) {
		sum, ok := wanted.Files[name]
		if ok {
			changes = append(changes, d.place(name, sum))
		} else if change, ok := d.remove(name); ok {
			changes = append(changes, change)
		}
	}
	marker := wanted.markerFile()
	slices.SortStableFunc(changes, func(a, b FileChange) int { return cmp.Compare(rank(a, marker), rank(b, marker)) })
	return changes
}

// rank orders writes so that at any moment every visible file has what it needs. The marker says that the others are there.
func rank(change FileChange, marker string) int {
	switch {
	case change.Change == Remove:
		return 4
	case change.Path == marker:
		return 3
	case change.Path == ignoreFile:
		return 0
	case isSupport(change.Path):
		return 1
	default:
		return 2
	}
}

// place decides about a file that shall be there.
func (d difference) place(name, sum string) FileChange {
	entry := d.entries[name]
	change := FileChange{Path: name, SHA256: sum, Was: entry.SHA256, version: entry.Version}
	switch {
	case entry.Version == target.Absent:
		change.Change = Create
	case entry.Special == "" && entry.SHA256 == sum:
		change.Change = Same
	case entry.Special == "" && d.memory.owns(name, entry.SHA256):
		change.Change = Update
	default:
		return d.foreign(change, entry, Update)
	}
	return change
}

// remove decides about a file that an earlier release put there. It is nothing when the file is gone, and when it has become
// somebody's own since we last had it in place.
func (d difference) remove(name string) (FileChange, bool) {
	entry := d.entries[name]
	change := FileChange{Path: name, Change: Remove, Was: entry.SHA256, version: entry.Version}
	switch {
	case entry.Version == target.Absent:
		return FileChange{}, false
	case entry.Special == "" && d.memory.owns(name, entry.SHA256):
		return change, true
	case name == ignoreFile || d.memory.placedBy(name) == "":
		return FileChange{}, false
	default:
		return d.foreign(change, entry, Remove), true
	}
}

// foreign decides about a file that is not ours, or not as we left it.
func (d difference) foreign(change FileChange, entry target.Entry, adopted Change) FileChange {
	change.adoptable = entry.Special == "" && change.Path != ignoreFile
	if d.adopt && change.adoptable {
		change.Change, change.Adopted = adopted, true
		return change
	}
	change.Change, change.Reason = Foreign, d.reason(change.Path, entry)
	return change
}

func (d difference) reason(name string, entry target.Entry) string {
	if entry.Special != "" {
		return "it is " + entry.Special
	}
	if release := d.memory.placedBy(name); release != "" {
		return "changed since release " + release + " put it there"
	}
	if name == ignoreFile {
		return fmt.Sprintf("not deployed by chrononctl; add the line %q to it", supportFolder[:len(supportFolder)-1])
	}
	return "not deployed by chrononctl"
}

// shareIgnoreFile leaves someone else's .airflowignore in place when it holds every line that ours would: then nothing is to be
// written, and nothing is owned.
func (d difference) shareIgnoreFile(ctx context.Context, reader target.Reader, wanted *content) error {
	entry := d.entries[ignoreFile]
	want, ok := wanted.manifest.Files[ignoreFile]
	if !ok || entry.Version == target.Absent || entry.Special != "" || entry.SHA256 == want || d.memory.owns(ignoreFile, entry.SHA256) {
		return nil
	}
	ours, err := wanted.read(ctx, ignoreFile)
	if err != nil {
		return err
	}
	theirs, _, err := reader.Read(ctx, ignoreFile)
	if err != nil {
		return err
	}
	present := map[string]bool{}
	for line := range strings.Lines(string(theirs)) {
		present[strings.TrimSpace(line)] = true
	}
	for line := range strings.Lines(string(ours)) {
		if !present[strings.TrimSpace(line)] {
			return nil
		}
	}
	delete(wanted.manifest.Files, ignoreFile)
	return nil
}
