package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Problem is one thing that is wrong with a file, with its place and the next step.
type Problem struct {
	File    string
	Line    int // from 1; 0: the file as a whole
	Message string
	Advice  string
}

// FileErrors are all that is wrong with a file. They are an error when there are any.
type FileErrors []Problem

// Error lists all problems, one a line.
func (p FileErrors) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = fmt.Sprintf("%s:%d: %s", one.File, one.Line, one.Message)
		if one.Line == 0 {
			lines[i] = fmt.Sprintf("%s: %s", one.File, one.Message)
		}
	}
	return strings.Join(lines, "\n")
}

// Hint is the next step: the advice of a problem that stands alone, else where the keys are explained.
func (p FileErrors) Hint() string {
	switch {
	case len(p) == 0:
		return ""
	case len(p) == 1 && p[0].Advice != "":
		return p[0].Advice
	case p[0].File == ProjectFile:
		return "mend what is named above; `chrononctl config schema` knows every key and what it takes"
	default:
		return "mend what is named above"
	}
}

// setter takes the value of one key. Its error says what is wrong with the value.
type setter func(value ast.Node) error

// keys are the keys of a file by their dotted path; an element "*" stands for a name that the user chose, which the setter learns from its argument.
type keys map[string]func(names []string) setter

// reader walks a YAML file along its known keys and collects what is wrong.
type reader struct {
	file     string
	keys     keys
	absent   map[string]string // keys that there are none of -> why
	problems FileErrors
}

// readYAML hands every value of a YAML document to the setter of its key. All that is wrong is reported, not only the first.
func readYAML(file string, data []byte, known keys, absent map[string]string) FileErrors {
	r := &reader{file: file, keys: known, absent: absent}
	doc, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		line, message := 0, err.Error()
		if syntax, ok := errors.AsType[yaml.Error](err); ok {
			message = syntax.GetMessage()
			if tok := syntax.GetToken(); tok != nil {
				line = tok.Position.Line
			}
		}
		return FileErrors{{File: file, Line: line, Message: "not YAML: " + message}}
	}
	for _, d := range doc.Docs {
		if d.Body != nil {
			r.mapping(d.Body, nil, nil)
		}
	}
	return r.problems
}

func (r *reader) report(at ast.Node, advice, format string, args ...any) {
	r.problems = append(r.problems, Problem{File: r.file, Line: at.GetToken().Position.Line, Message: fmt.Sprintf(format, args...), Advice: advice})
}

// mapping visits a mapping whose keys have the given pattern as their parent. names are what the user put for the stars.
func (r *reader) mapping(node ast.Node, pattern, names []string) {
	m, ok := node.(*ast.MappingNode)
	if !ok {
		where := strings.Join(pattern, ".")
		if where == "" {
			where = "the file"
		}
		r.report(node, "", "%s must be a mapping of keys to values", where)
		return
	}
	seen := map[string]bool{}
	for _, entry := range m.Values {
		key := entry.Key.GetToken().Value
		if seen[key] {
			r.report(entry.Key, "", "key %q stands twice", key)
			continue
		}
		seen[key] = true
		r.entry(entry, key, pattern, names)
	}
}

func (r *reader) entry(entry *ast.MappingValueNode, key string, pattern, names []string) {
	at := append(slices.Clone(pattern), key)
	if set, ok := r.keys[strings.Join(at, ".")]; ok {
		r.set(entry, at, names, set)
		return
	}
	if r.hasChildren(at) {
		r.children(entry.Value, at, names)
		return
	}
	star := append(slices.Clone(pattern), "*")
	if set, ok := r.keys[strings.Join(star, ".")]; ok {
		r.set(entry, star, append(slices.Clone(names), key), set)
		return
	}
	if r.hasChildren(star) {
		r.children(entry.Value, star, append(slices.Clone(names), key))
		return
	}
	if why, ok := r.absent[strings.Join(at, ".")]; ok {
		r.report(entry.Key, "take it out", "there is no key %q: %s", strings.Join(at, "."), why)
		return
	}
	advice := ""
	if near := r.nearest(key, pattern); near != "" {
		advice = fmt.Sprintf("did you mean %q?", near)
	}
	r.report(entry.Key, advice, "unknown key %q%s", concrete(strings.Join(at, "."), names), parenthesis(advice))
}

// children visits what stands below a key. A key with nothing below it, as where all of that is commented out, says nothing.
func (r *reader) children(value ast.Node, pattern, names []string) {
	if value.Type() != ast.NullType {
		r.mapping(value, pattern, names)
	}
}

func (r *reader) set(entry *ast.MappingValueNode, pattern, names []string, set func([]string) setter) {
	if err := set(names)(entry.Value); err != nil {
		r.report(entry.Value, "", "%s: %s", concrete(strings.Join(pattern, "."), names), err)
	}
}

func (r *reader) hasChildren(pattern []string) bool {
	prefix := strings.Join(pattern, ".") + "."
	for key := range r.keys {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

// nearest is the known key below parent that looks most like key, or "" when none does.
func (r *reader) nearest(key string, parent []string) string {
	prefix := ""
	if len(parent) > 0 {
		prefix = strings.Join(parent, ".") + "."
	}
	var names []string
	for known := range r.keys {
		if rest, ok := strings.CutPrefix(known, prefix); ok {
			name, _, _ := strings.Cut(rest, ".")
			names = append(names, name)
		}
	}
	return nearestOf(key, names)
}

// nearestOf is the name that looks most like the given one, or "" when none does.
func nearestOf(given string, names []string) string {
	best, distance := "", len(given)/2+1
	for _, name := range names {
		d := levenshtein.ComputeDistance(given, name)
		if name != "*" && (d < distance || d == distance && best != "" && name < best) {
			best, distance = name, d
		}
	}
	return best
}

func parenthesis(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}
