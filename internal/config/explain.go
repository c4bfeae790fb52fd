package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// Setting is a key with the value that holds for a project.
type Setting struct {
	Key   string // concrete: with the names that the user chose
	Value any    // as YAML holds it; nil: nothing was said, and nothing is assumed
	Line  int    // of the project file; 0: the default
}

// Text is the value as YAML on one line.
func (s Setting) Text() string { return flow(s.Value) }

// Explain lists every key with its value and where that came from, in the order of the documentation.
func (p *Project) Explain() []Setting {
	var all []Setting
	for _, key := range Keys() {
		if !strings.Contains(key.Path, "*") {
			all = append(all, Setting{Key: key.Path, Value: key.get(p, nil), Line: p.line(key.Path)})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Targets)) {
		kind, _ := kindOfTarget(p.Targets[name].Kind)
		for _, key := range targetKeys() {
			if kind.has(key.last()) {
				path := concrete(key.Path, []string{name})
				all = append(all, Setting{Key: path, Value: key.get(p, []string{name}), Line: p.lines[path]})
			}
		}
	}
	return all
}

// line is where a key was set. The repository on the workers may stand in chronon.delivery.
func (p *Project) line(path string) int {
	if path == "run.repo" && !p.Settings.Bundle && p.lines[path] == 0 {
		return p.lines["chronon.delivery"]
	}
	return p.lines[path]
}

// YAML is a project file that says all that holds for the project, defaults included.
func (p *Project) YAML() ([]byte, error) {
	var file yaml.MapSlice
	for _, s := range p.Explain() {
		if s.Value == nil || s.Key == "run.repo" && !p.Settings.Bundle { // chronon.delivery says it then
			continue
		}
		file = nested(file, strings.Split(s.Key, "."), s.Value)
	}
	out, err := yaml.Marshal(file)
	if err != nil {
		return nil, fmt.Errorf("write the project file: %w", err)
	}
	return out, nil
}

// nested puts a value at the end of a path of mappings.
func nested(file yaml.MapSlice, path []string, value any) yaml.MapSlice {
	if len(path) == 1 {
		return append(file, yaml.MapItem{Key: path[0], Value: value})
	}
	for i := range file {
		if file[i].Key == path[0] {
			below, _ := file[i].Value.(yaml.MapSlice)
			file[i].Value = nested(below, path[1:], value)
			return file
		}
	}
	return append(file, yaml.MapItem{Key: path[0], Value: nested(nil, path[1:], value)})
}
