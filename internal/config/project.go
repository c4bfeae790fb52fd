// Package config reads the two files that people write: the project file chrononctl.yaml beside teams.json, which says what Chronon's confs leave
// open, and the user's file of contexts, which says where the Airflows are and where their credentials come from.
//
// Both are read strictly: every unknown key and every unreadable value is reported with its line, all of them at once.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"chrononctl/dagspec"
)

// ProjectFile is the name of the project file in the root of a Chronon repository.
const ProjectFile = "chrononctl.yaml"

// Project is what the project file says.
type Project struct {
	Settings dagspec.Settings
	Targets  map[string]Target
}

// Target is a place to deploy to. Kind "dir" is a local or mounted DAG folder.
type Target struct {
	Kind   string
	Path   string // the folder that Airflow reads
	Folder string // our sub-folder of it; "chronon"
	State  string // manifests, lock, contents; empty: a folder beside Path
}

// DefaultProject is the project without a project file.
func DefaultProject() Project {
	return Project{Settings: dagspec.DefaultSettings(), Targets: map[string]Target{}}
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
	problems := readYAML(file, data, p.keys())
	problems = append(problems, p.check(file)...)
	if len(problems) > 0 {
		return Project{}, problems
	}
	return p, nil
}

// keys is the whole grammar of the project file.
func (p *Project) keys() keys {
	s := &p.Settings
	k := keys{
		"version": parsed(new(string), func(v string) (string, error) {
			if v != "1" {
				return "", fmt.Errorf("this chrononctl reads version 1, not %s", v)
			}
			return v, nil
		}),
		"chronon.confs":                text(&s.ConfRoot),
		"chronon.delivery":             delivery(s),
		"naming":                       naming(s),
		"run.python":                   text(&s.Run.Python),
		"run.run_py":                   text(&s.Run.RunPy),
		"run.repo":                     text(&s.Run.Repo),
		"run.env":                      pairs(&s.Run.Env),
		"run.args":                     texts(&s.Run.Args),
		"run.queue":                    text(&s.Run.Queue),
		"run.pool":                     text(&s.Run.Pool),
		"dags.start_date":              date(&s.DAGs.Start),
		"dags.retries":                 number(&s.DAGs.Retries),
		"dags.retry_delay":             span(&s.DAGs.RetryDelay),
		"dags.timeout":                 span(&s.DAGs.Timeout),
		"dags.alert":                   text(&s.DAGs.Alert),
		"sensors.kind":                 oneOf(&s.Sensors.Kind, "hive", "command", "callable", "none"),
		"sensors.connection":           text(&s.Sensors.Connection),
		"sensors.argv":                 texts(&s.Sensors.Argv),
		"sensors.callable":             text(&s.Sensors.Callable),
		"sensors.poke":                 span(&s.Sensors.Poke),
		"sensors.timeout":              span(&s.Sensors.Timeout),
		"sensors.pool":                 text(&s.Sensors.Pool),
		"streaming.every":              span(&s.Stream.Every),
		"streaming.list_apps":          texts(&s.Stream.ListApps),
		"streaming.max_restarts":       number(&s.Stream.MaxRestarts),
		"consistency.reader":           oneOf(&s.Compare.Reader, "command"),
		"consistency.argv":             texts(&s.Compare.Argv),
		"consistency.budgets.mismatch": share(&s.Compare.Mismatch),
		"consistency.budgets.missing":  share(&s.Compare.Missing),
		"consistency.min_rows":         number(&s.Compare.MinRows),
		"consistency.fail_task":        truth(&s.Compare.FailTask),
		"targets.*.kind":               p.target(func(t *Target, v string) { t.Kind = v }),
		"targets.*.path":               p.target(func(t *Target, v string) { t.Path = v }),
		"targets.*.folder":             p.target(func(t *Target, v string) { t.Folder = v }),
		"targets.*.state":              p.target(func(t *Target, v string) { t.State = v }),
	}
	maps.Copy(k, kvLoad(s))
	return k
}

func delivery(s *dagspec.Settings) func([]string) setter {
	return func([]string) setter {
		return func(value ast.Node) error {
			var word string
			if yaml.NodeToValue(value, &word) == nil && word == "bundle" {
				s.Bundle = true
				return nil
			}
			var onWorkers struct{ Repo string }
			if yaml.NodeToValue(value, &onWorkers) != nil || onWorkers.Repo == "" {
				return errors.New(`must be bundle, or {repo: PATH} of the Chronon repository on the workers`)
			}
			s.Bundle, s.Run.Repo = false, onWorkers.Repo
			return nil
		}
	}
}

func naming(s *dagspec.Settings) func([]string) setter {
	return func([]string) setter {
		return func(value ast.Node) error {
			var preset string
			if yaml.NodeToValue(value, &preset) == nil {
				n, ok := dagspec.NamingPreset(preset)
				if !ok {
					return fmt.Errorf("%q is no naming; write docs, boilerplate, or a mapping of DAG kinds to templates", preset)
				}
				s.Naming = n
				return nil
			}
			var templates map[string]string
			if yaml.NodeToValue(value, &templates) != nil {
				return errors.New("must be docs, boilerplate, or a mapping of DAG kinds to templates")
			}
			for kind, template := range templates {
				if _, known := s.Naming[dagspec.Kind(kind)]; !known {
					return fmt.Errorf("%q is no kind of DAG", kind)
				}
				s.Naming[dagspec.Kind(kind)] = template
			}
			return nil
		}
	}
}

// kvLoad reads the one key that may be a word: none, or a command or a callable.
func kvLoad(s *dagspec.Settings) keys {
	return keys{"kv_load": func([]string) setter {
		return func(value ast.Node) error {
			var word string
			if yaml.NodeToValue(value, &word) == nil && word == "none" {
				s.NoKVLoad = true
				return nil
			}
			var c struct {
				Argv     []string
				Callable string
			}
			if yaml.NodeToValue(value, &c, yaml.Strict()) != nil || (len(c.Argv) == 0) == (c.Callable == "") {
				return errors.New(`must be none, {argv: [COMMAND, ...]} with {table}, {dataset}, {ds} in it, or {callable: package.module:function}`)
			}
			s.KVLoad = &dagspec.CommandOrCallable{Argv: c.Argv, Callable: c.Callable}
			return nil
		}
	}}
}

func (p *Project) target(set func(*Target, string)) func([]string) setter {
	return func(names []string) setter {
		return func(value ast.Node) error {
			var v string
			if err := yaml.NodeToValue(value, &v); err != nil {
				return errors.New("must be text")
			}
			t := p.Targets[names[0]]
			set(&t, v)
			p.Targets[names[0]] = t
			return nil
		}
	}
}

// check finds what no single key can show.
func (p *Project) check(file string) FileErrors {
	var problems FileErrors
	say := func(format string, args ...any) {
		problems = append(problems, Problem{File: file, Message: fmt.Sprintf(format, args...)})
	}
	for _, name := range slices.Sorted(maps.Keys(p.Targets)) {
		t := p.Targets[name]
		if t.Kind != "dir" {
			say("targets.%s.kind: %q is none of dir", name, t.Kind)
		}
		if t.Path == "" {
			say("targets.%s.path is missing: the folder that Airflow reads its DAGs from", name)
		}
		if t.Folder == "" {
			t.Folder = "chronon"
		}
		p.Targets[name] = t
	}
	if p.Settings.Sensors.Kind == "command" && len(p.Settings.Sensors.Argv) == 0 {
		say("sensors.argv is missing: the command that looks for {table} and {partition}")
	}
	if p.Settings.Sensors.Kind == "callable" && p.Settings.Sensors.Callable == "" {
		say("sensors.callable is missing: package.module:function")
	}
	return problems
}
