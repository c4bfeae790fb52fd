package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"chrononctl/dagspec"
)

// version is the format of the file. There is one.
func version() kind[int] {
	k := parsed("`1`", schema{"const": 1}, func(v string) (int, error) {
		if v != "1" {
			return 0, fmt.Errorf("this chrononctl reads version 1, not %s", v)
		}
		return 1, nil
	}, same[int])
	return k
}

// deliveryKey says how the workers get the confs. It is a word, or the path of the repository on the workers.
func deliveryKey() Key {
	return Key{
		Path: "chronon.delivery", Type: "`bundle`, or `{repo: PATH}`",
		Doc: "Whether confs and teams.json travel with each release (`bundle`), or the workers have the Chronon repository at a path, which is run.repo then.",
		schema: schema{"anyOf": []schema{{"const": "bundle"},
			{"type": "object", "properties": schema{"repo": schema{"type": "string", "minLength": 1}}, "required": []string{"repo"}, "additionalProperties": false}}},
		set: func(p *Project, _ []string, value ast.Node) error {
			var word string
			if yaml.NodeToValue(value, &word) == nil && word == "bundle" {
				p.Settings.Bundle = true
				return nil
			}
			var onWorkers struct{ Repo string }
			if yaml.NodeToValue(value, &onWorkers, yaml.Strict()) != nil || onWorkers.Repo == "" {
				return errors.New(`must be bundle, or {repo: PATH} of the Chronon repository on the workers`)
			}
			p.Settings.Bundle, p.Settings.Run.Repo = false, onWorkers.Repo
			return nil
		},
		get: func(p *Project, _ []string) any {
			if p.Settings.Bundle {
				return "bundle"
			}
			return map[string]string{"repo": p.Settings.Run.Repo}
		},
	}
}

// namingKey says what DAGs are called. It is a preset, or templates for some kinds of DAG.
func namingKey() Key {
	templates := schema{}
	for kind := range dagspec.DefaultSettings().Naming {
		templates[string(kind)] = schema{"type": "string", "minLength": 1}
	}
	return Key{
		Path: "naming", Type: "`docs`, `boilerplate`, or a mapping of DAG kinds to templates with `{team}` or `{join}`",
		Doc:    "DAG ids: those of Chronon's documentation, those that Chronon's own Airflow code gives, or your own.",
		schema: schema{"anyOf": []schema{{"enum": []string{"docs", "boilerplate"}}, {"type": "object", "properties": templates, "additionalProperties": false}}},
		set:    func(p *Project, _ []string, value ast.Node) error { return setNaming(&p.Settings, value) },
		get:    func(p *Project, _ []string) any { return plainNaming(p.Settings.Naming) },
	}
}

func setNaming(s *dagspec.Settings, value ast.Node) error {
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
	for _, kind := range slices.Sorted(maps.Keys(templates)) {
		if _, known := s.Naming[dagspec.Kind(kind)]; !known {
			near := nearestOf(kind, slices.Sorted(maps.Keys(plainTemplates(s.Naming))))
			if near != "" {
				return fmt.Errorf("%q is no kind of DAG (did you mean %q?)", kind, near)
			}
			return fmt.Errorf("%q is no kind of DAG", kind)
		}
		s.Naming[dagspec.Kind(kind)] = templates[kind]
	}
	return nil
}

// plainNaming is the name of the preset that a naming is, or its templates.
func plainNaming(n dagspec.Naming) any {
	for _, name := range []string{"docs", "boilerplate"} {
		if preset, ok := dagspec.NamingPreset(name); ok && maps.Equal(preset, n) {
			return name
		}
	}
	return plainTemplates(n)
}

func plainTemplates(n dagspec.Naming) map[string]string {
	templates := make(map[string]string, len(n))
	for kind, template := range n {
		templates[string(kind)] = template
	}
	return templates
}

// kvLoadKey says how uploads get into the KV store: the word none, a command or a callable.
func kvLoadKey() Key {
	one := func(name string, value schema) schema {
		return schema{"type": "object", "properties": schema{name: value}, "required": []string{name}, "additionalProperties": false}
	}
	return Key{
		Path: "kv_load", Type: "`none`, `{argv: [COMMAND, ...]}` or `{callable: package.module:function}`",
		Doc: "How the upload table of a GroupBy gets into the KV store: a command with {table}, {dataset} and {ds} in it, or a function of the same three; " +
			"as long as nothing is decided, every online GroupBy has a warning.",
		Example: `{argv: [load-into-kv, "{table}", "{dataset}", "{ds}"]}`,
		schema: schema{"anyOf": []schema{{"const": "none"},
			one("argv", schema{"type": "array", "items": schema{"type": "string"}, "minItems": 1}),
			one("callable", callable().schema)}},
		set: func(p *Project, _ []string, value ast.Node) error { return setKVLoad(&p.Settings, value) },
		get: func(p *Project, _ []string) any {
			switch load := p.Settings.KVLoad; {
			case p.Settings.NoKVLoad:
				return "none"
			case load == nil:
				return nil
			case load.Callable != "":
				return map[string]any{"callable": load.Callable}
			default:
				return map[string]any{"argv": load.Argv}
			}
		},
	}
}

func setKVLoad(s *dagspec.Settings, value ast.Node) error {
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
	if c.Callable != "" {
		if _, err := parseCallable(c.Callable); err != nil {
			return err
		}
	}
	s.KVLoad = &dagspec.CommandOrCallable{Argv: c.Argv, Callable: c.Callable}
	return nil
}
