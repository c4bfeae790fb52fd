// Package config reads the two files that people write: the project file chrononctl.yaml beside teams.json, which says what Chronon's confs leave
// open, and the user's file of contexts, which says where the Airflows are and where their credentials come from.
//
// Both are read strictly: every unknown key and every unreadable value is reported with its line, all of them at once. The project file has one
// table of keys ([Keys]). Whatever is said about the file, by the reader, the JSON Schema, the file that init writes, config show or the
// documentation, is made from that table.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"chrononctl/dagspec"
)

// ProjectFile is the name of the project file in the root of a Chronon repository.
const ProjectFile = "chrononctl.yaml"

// Project is what the project file says.
type Project struct {
	Version  int // of the file's format
	Settings dagspec.Settings
	Serving  Serving
	Targets  map[string]Target

	lines map[string]int // keys that the file has -> line
}

// Serving is how long rows live in the KV store, from when they are written. Zero: not known.
type Serving struct {
	Stream time.Duration // what a stream writes
	Batch  time.Duration // what an upload loads
}

// Target is a place to deploy to. Which fields may be set is the kind's affair: see targetKinds.
type Target struct {
	Kind   string // dir, git, s3, gcs, sftp or command
	Path   string // what Airflow scans: a folder, a folder of the branch, a prefix of the bucket
	Folder string // our folder below it; "chronon"
	State  string // manifests, lock, contents; empty: beside Path

	URL    string // of a Git repository
	Branch string // of it, that Airflow follows

	Bucket   string // of S3 or Google Cloud Storage
	Region   string // of an S3 bucket
	Profile  string // of the AWS configuration
	Endpoint string // of a server that is not the provider's

	Host string // of SFTP
	Port int
	User string

	Argv []string // of a tool that takes a finished folder
}

// DefaultProject is the project without a project file.
func DefaultProject() Project {
	p := Project{Version: 1, Settings: dagspec.DefaultSettings(), Targets: map[string]Target{}, lines: map[string]int{}}
	// An empty word means the same to dagspec; people shall see which one holds.
	if p.Settings.Layout == "" {
		p.Settings.Layout = "team"
	}
	if p.Settings.JoinBackfill == "" {
		p.Settings.JoinBackfill = "job"
	}
	return p
}

// ReadProject reads the project file of a repository. A repository without one has the defaults.
func ReadProject(repo fs.FS) (Project, error) {
	data, err := fs.ReadFile(repo, ProjectFile)
	if errors.Is(err, fs.ErrNotExist) {
		return DefaultProject(), nil
	}
	if err != nil {
		return Project{}, fmt.Errorf("read project file: %w", err)
	}
	return ParseProject(ProjectFile, data)
}

// ParseProject reads a project file. The error is [FileErrors] when the file can be read but is wrong.
func ParseProject(file string, data []byte) (Project, error) {
	p := DefaultProject()
	problems := readYAML(file, data, p.keys(), absent())
	problems = append(problems, p.check(file)...)
	if len(problems) > 0 {
		return Project{}, problems
	}
	return p, nil
}

// keys are the setters of the project file.
func (p *Project) keys() keys {
	k := keys{}
	for _, one := range Keys() {
		k[one.Path] = func(names []string) setter {
			return func(value ast.Node) error {
				p.lines[concrete(one.Path, names)] = value.GetToken().Position.Line
				return one.set(p, names, value)
			}
		}
	}
	return k
}

// absent are keys that one might look for, with the reason why there are none.
func absent() map[string]string {
	return map[string]string{
		"airflow":         "the same generated files run on every supported Airflow, so no version is stated",
		"airflow.version": "the same generated files run on every supported Airflow, so no version is stated",
		"dags.alerts":     "write dags.alert for a function, and maintainer_emails in teams.json for mail",
		"dags.schedule":   "a conf's own offlineSchedule decides",
	}
}

// concrete puts the names that the user chose for the stars of a path.
func concrete(path string, names []string) string {
	for _, name := range names {
		path = strings.Replace(path, "*", name, 1)
	}
	return path
}

// check finds what no single key can show.
func (p *Project) check(file string) FileErrors {
	var problems FileErrors
	say := func(section, format string, args ...any) {
		problems = append(problems, Problem{File: file, Line: p.firstLine(section), Message: fmt.Sprintf(format, args...)})
	}
	for _, name := range slices.Sorted(maps.Keys(p.Targets)) {
		p.checkTarget(name, say)
	}
	if p.lines["run.repo"] > 0 && p.lines["chronon.delivery"] > 0 && !p.Settings.Bundle {
		say("run", "run.repo and chronon.delivery both name the repository on the workers: take run.repo out")
	}
	s, c := p.Settings.Sensors, p.Settings.Compare
	if s.Kind == "command" && len(s.Argv) == 0 {
		say("sensors", "sensors.argv is missing: the command that looks for {table} and {partition}")
	}
	if s.Kind == "callable" && s.Callable == "" {
		say("sensors", "sensors.callable is missing: package.module:function")
	}
	if s.Kind == "sql" && p.lines["sensors.connection"] == 0 {
		say("sensors", "sensors.connection is missing: the Airflow connection of the database")
	}
	if c.Reader == "sql" && c.Connection == "" {
		say("consistency", "consistency.connection is missing: the Airflow connection of the database")
	}
	if c.Reader == "command" && len(c.Argv) == 0 {
		say("consistency", "consistency.argv is missing: the command that prints the rows of {table} from {ds_from} to {ds_to}")
	}
	return problems
}

// firstLine is where a key, or the file's first key of a section, stands, 0 when it has none: what is missing from a section is missed there.
func (p *Project) firstLine(section string) int {
	first := 0
	for key, line := range p.lines {
		if (key == section || strings.HasPrefix(key, section+".")) && (first == 0 || line < first) {
			first = line
		}
	}
	return first
}
