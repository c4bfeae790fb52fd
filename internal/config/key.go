package config

import (
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// Key is one key of the project file: what it may hold, what it means, and which part of a [Project] it is.
type Key struct {
	Path    string // dotted; an element "*" stands for a name that the user chooses
	Type    string // what a value may be, for people
	Doc     string // one sentence
	Example string // a value in YAML, for a key whose default says nothing

	schema schema
	set    func(p *Project, names []string, value ast.Node) error
	get    func(p *Project, names []string) any // as YAML holds it; nil: nothing was said
}

// setting is a key whose value has a place of its own in a [Project].
func setting[T any](path string, k kind[T], at func(*Project) *T, doc string) Key {
	return Key{
		Path: path, Type: k.words, Doc: doc, schema: k.schema,
		set: func(p *Project, _ []string, value ast.Node) error {
			v, err := k.read(value)
			if err == nil {
				*at(p) = v
			}
			return err
		},
		get: func(p *Project, _ []string) any { return k.plain(*at(p)) },
	}
}

// ofTarget is a key of every deploy target.
func ofTarget[T any](name string, k kind[T], at func(*Target) *T, doc string) Key {
	return Key{
		Path: "targets.*." + name, Type: k.words, Doc: doc, schema: k.schema,
		set: func(p *Project, names []string, value ast.Node) error {
			t := p.Targets[names[0]]
			v, err := k.read(value)
			if err == nil {
				*at(&t) = v
			}
			p.Targets[names[0]] = t // a target with one bad value is checked for what else it lacks
			return err
		},
		get: func(p *Project, names []string) any {
			t := p.Targets[names[0]]
			return k.plain(*at(&t))
		},
	}
}

// like gives the key an example, for one whose default says nothing.
func (k Key) like(example string) Key {
	k.Example = example
	return k
}

// Default is what the key has when the file says nothing, as YAML on one line; empty when it has nothing then.
func (k Key) Default() string {
	if strings.Contains(k.Path, "*") {
		return ""
	}
	p := DefaultProject()
	return flow(k.get(&p, nil))
}

// section is the first element of the key's path, or "" for a key that stands alone.
func (k Key) section() string {
	section, _, nested := strings.Cut(k.Path, ".")
	if !nested {
		return ""
	}
	return section
}

// last is the last element of the key's path.
func (k Key) last() string { return k.Path[strings.LastIndex(k.Path, ".")+1:] }

// flow writes a value as YAML on one line.
func flow(value any) string {
	if value == nil {
		return ""
	}
	out, err := yaml.MarshalWithOptions(value, yaml.Flow(true))
	if err != nil {
		return "" // values of keys are texts, numbers, lists and mappings
	}
	return strings.TrimSpace(string(out))
}
