package deploy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"chrononctl/dagspec"
	"chrononctl/internal/deploy/target"
)

// Release is what shall be in place: what [dagspec.Render] wrote, and the definitions that it wrote it from.
type Release struct {
	Files   []dagspec.File
	DAGs    []dagspec.DAG
	LeftOut []dagspec.LeftOut // confs with errors: DAGs that would be incomplete stay as they are in place
}

// Manifest is the record of a release: what it consisted of, by content hash. It is written once and never changed.
type Manifest struct {
	Format    int                    `json:"format"`
	ID        string                 `json:"id"`
	Created   time.Time              `json:"created"`
	By        target.Owner           `json:"by"`
	Generator string                 `json:"generator"`
	Source    Source                 `json:"source,omitzero"`
	Digest    string                 `json:"digest"`             // over files and DAGs: equal releases have equal digests
	Files     map[string]string      `json:"files"`              // path to SHA-256
	DAGs      map[string]ManifestDAG `json:"dags"`               // by DAG id
	Replaced  map[string]string      `json:"replaced,omitempty"` // files of others that were taken over, as they were
	Marker    *Marker                `json:"marker,omitempty"`   // nil: the release has none
}

// Marker is the DAG that tells over REST which release it is of. It is none of the release's DAGs: its content changes with every release.
type Marker struct {
	DAG  string `json:"dag"`
	File string `json:"file"`
	Hash string `json:"hash"`
}

// ManifestDAG is one DAG of a release.
type ManifestDAG struct {
	Hash  string       `json:"hash"`  // what its description has to end in
	File  string       `json:"file"`  // the file that defines it
	Tasks []string     `json:"tasks"` // ids of its jobs; the sensors before them are not listed
	Kind  dagspec.Kind `json:"kind,omitempty"`
	Team  string       `json:"team,omitempty"`
}

// manifestFormat is the version of the layout of a manifest.
const manifestFormat = 1

// supportFolder holds what DAG files import or name: runtimes, confs and team settings, each under a name that holds its
// hash. A file in there is never replaced, and stays as long as a release that is kept names it: tasks that run keep what they began with.
const supportFolder = dagspec.SupportFolder + "/"

// ignoreFile tells Airflow to leave the support folder alone, so it has to be there first.
const ignoreFile = dagspec.IgnoreFile

func isSupport(name string) bool { return strings.HasPrefix(name, supportFolder) }

// content is a set of files that can be put in place, and the DAGs that they define: a new release from memory, an old
// one from the state of the target.
type content struct {
	manifest Manifest
	read     reading
}

// reading gets one file of a content, which may have to be fetched: under the context of whoever puts it in place, since a plan outlives the question in
// which it was made.
type reading func(ctx context.Context, name string) ([]byte, error)

// add reads one more file from somewhere else. An empty name is none.
func (c *content) add(name string, read reading) {
	others := c.read
	c.read = func(ctx context.Context, asked string) ([]byte, error) {
		if asked == name && name != "" {
			return read(ctx, asked)
		}
		return others(ctx, asked)
	}
}

// InvalidError says that a release contradicts itself. Nothing was changed; the fault is in whatever made the release.
type InvalidError struct{ Reason string }

func (e *InvalidError) Error() string { return "release is not valid: " + e.Reason }

func invalid(format string, args ...any) error {
	return &InvalidError{Reason: fmt.Sprintf(format, args...)}
}

// newContent checks a release and describes it.
func newContent(release Release, generator string, mayBeEmpty bool) (content, error) {
	files := make(map[string][]byte, len(release.Files))
	manifest := Manifest{Format: manifestFormat, Generator: generator, Files: map[string]string{}, DAGs: map[string]ManifestDAG{}}
	folded := map[string]string{}
	definedBy := map[string]string{}
	for _, file := range release.Files {
		if err := target.CheckPath(file.Path); err != nil {
			return content{}, invalid("%v", err)
		}
		if other, ok := folded[strings.ToLower(file.Path)]; ok {
			return content{}, invalid("files %s and %s have one name where case does not count", other, file.Path)
		}
		folded[strings.ToLower(file.Path)] = file.Path
		files[file.Path] = file.Data
		manifest.Files[file.Path] = sum(file.Data)
		for _, id := range file.DAGs {
			if other, ok := definedBy[id]; ok {
				return content{}, invalid("DAG %s is in %s and in %s", id, other, file.Path)
			}
			definedBy[id] = file.Path
		}
	}
	for _, dag := range release.DAGs {
		if err := manifest.add(dag, definedBy); err != nil {
			return content{}, err
		}
	}
	if len(definedBy) != len(manifest.DAGs) {
		return content{}, invalid("its files define %d DAGs, %d are described", len(definedBy), len(manifest.DAGs))
	}
	if len(manifest.DAGs) == 0 && !mayBeEmpty {
		return content{}, &EmptyError{}
	}
	return content{manifest: manifest, read: func(_ context.Context, name string) ([]byte, error) { return files[name], nil }}, nil
}

// add takes a DAG into the manifest.
func (m *Manifest) add(dag dagspec.DAG, definedBy map[string]string) error {
	file, ok := definedBy[dag.ID]
	switch {
	case !ok:
		return invalid("no file defines DAG %s", dag.ID)
	case path.Ext(file) != ".py" || isSupport(file):
		return invalid("DAG %s is in %s, which Airflow does not read", dag.ID, file)
	case !isHash(dag.Hash):
		return invalid("DAG %s has no content hash of 12 hex digits", dag.ID)
	}
	if _, ok := m.DAGs[dag.ID]; ok {
		return invalid("DAG %s is described twice", dag.ID)
	}
	tasks := make([]string, 0, len(dag.Tasks))
	for _, task := range dag.Tasks {
		tasks = append(tasks, task.ID)
	}
	slices.Sort(tasks)
	m.DAGs[dag.ID] = ManifestDAG{Hash: dag.Hash, File: file, Tasks: tasks, Kind: dag.Kind, Team: dag.Team}
	return nil
}

// markerFile is the path of the marker; empty: there is none.
func (m *Manifest) markerFile() string {
	if m.Marker == nil {
		return ""
	}
	return m.Marker.File
}

// clone is a copy whose maps can be changed.
func (m Manifest) clone() Manifest {
	m.Files, m.DAGs, m.Replaced = maps.Clone(m.Files), maps.Clone(m.DAGs), maps.Clone(m.Replaced)
	return m
}

// dagFiles are the files that define DAGs.
func (m *Manifest) dagFiles() []string {
	files := map[string]bool{}
	for _, dag := range m.DAGs {
		files[dag.File] = true
	}
	return slices.Sorted(maps.Keys(files))
}

// digest is one hash over everything that makes two releases differ for Airflow.
func (m *Manifest) digest() string {
	hash := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(m.Files)) {
		line(hash, "file", name, m.Files[name])
	}
	for _, id := range slices.Sorted(maps.Keys(m.DAGs)) {
		dag := m.DAGs[id]
		line(hash, "dag", id, dag.Hash, dag.File)
		line(hash, dag.Tasks...)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// line writes fields so that no two lists of fields give the same bytes. A hash never fails to take them.
func line(w io.Writer, fields ...string) {
	for _, field := range fields {
		fmt.Fprintf(w, "%d:%s,", len(field), field)
	}
	fmt.Fprintln(w)
}

// name gives a manifest its identity: when it was made, and the beginning of its digest.
func (m *Manifest) name(now time.Time) {
	m.Created = now.UTC().Truncate(time.Second)
	m.ID = "r" + m.Created.Format("20060102T150405Z") + "-" + m.Digest[:8]
}

func sum(data []byte) string {
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:])
}

// hashLength is the number of hex digits of a DAG's content hash.
const hashLength = 12

func isHash(text string) bool {
	if len(text) != hashLength {
		return false
	}
	return strings.Trim(text, "0123456789abcdef") == ""
}
