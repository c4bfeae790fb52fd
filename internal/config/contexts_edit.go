package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/google/renameio/v2"
)

// ContextKey is one key of a context.
type ContextKey struct {
	Name string
	Doc  string // one sentence or two
	List bool   // it holds a list of texts
	Flag bool   // it is true or false
}

// ContextKeys are the keys of a context, in the order in which people read them.
func ContextKeys() []ContextKey {
	var out []ContextKey
	for _, key := range contextKeys() {
		out = append(out, ContextKey{Name: key.name, Doc: key.doc, List: key.words == texts().words, Flag: key.words == truth().words})
	}
	return out
}

// ContextValue is the value of a key of a context: a text, a bool, or a list of texts.
type ContextValue struct {
	Key   string
	Value any
}

// ContextsEdit is the file of contexts while it is changed. Every line that a change does not concern stays as it is, comments too.
type ContextsEdit struct {
	path string
	data []byte
	all  Contexts
}

// EditContexts reads the file of contexts for a change; one that does not exist is empty.
func EditContexts(path string) (*ContextsEdit, error) {
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read contexts: %w", err)
	}
	all, err := ParseContexts(path, data)
	if err != nil {
		return nil, err
	}
	return &ContextsEdit{path: path, data: data, all: all}, nil
}

// Contexts are those of the file, as it stands now.
func (e *ContextsEdit) Contexts() Contexts { return e.all }

// ByHandError says that the file is written in a way that a program does not change without breaking it.
type ByHandError struct{ Path string }

func (e *ByHandError) Error() string {
	return fmt.Sprintf("%s is written in a way that cannot be changed without touching what is not concerned", e.Path)
}

// Hint is the next step.
func (e *ByHandError) Hint() string { return "change the file by hand" }

var contextName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)

// Add adds a context.
func (e *ContextsEdit) Add(name string, values []ContextValue) error {
	if !contextName.MatchString(name) {
		return fmt.Errorf("context %q: a name holds letters, digits, and _ . - after the first", name)
	}
	if _, there := e.all.ByName[name]; there {
		return fmt.Errorf("context %s is in %s already", name, e.path)
	}
	contexts, indent, at := e.find("contexts"), 2, len(e.lines())
	lines := []string{}
	switch m := valueOf(contexts).(type) {
	case nil:
		if contexts != nil { // a key without a value
			at = lastLine(contexts)
			break
		}
		lines = append(lines, "contexts:")
	case *ast.MappingNode:
		if m.IsFlowStyle {
			return &ByHandError{e.path}
		}
		indent, at = m.Values[0].Key.GetToken().Position.Column-1, lastLine(m)
	}
	text, err := contextLines(name, values, indent)
	if err != nil {
		return err
	}
	return e.change(at, at, append(lines, text...), func(c *Contexts, now Contexts) { c.ByName[name] = now.ByName[name] })
}

// contextLines is a context as it stands in the file.
func contextLines(name string, values []ContextValue, indent int) ([]string, error) {
	pad := strings.Repeat(" ", indent)
	key, err := inline(name)
	if err != nil {
		return nil, err
	}
	lines := []string{pad + key + ":"}
	for _, v := range values {
		text, err := inline(v.Value)
		if err != nil {
			return nil, err
		}
		lines = append(lines, pad+"  "+v.Key+": "+text)
	}
	return lines, nil
}

// inline is a value as YAML in one line.
func inline(v any) (string, error) {
	text, err := yaml.MarshalWithOptions(v, yaml.Flow(true))
	line := strings.TrimRight(string(text), "\n")
	if err == nil && strings.Contains(line, "\n") {
		err = fmt.Errorf("%q holds a line break", line)
	}
	return line, err
}

// Use makes a context the one that is used when none is named.
func (e *ContextsEdit) Use(name string) error {
	key, err := inline(name)
	if err != nil {
		return err
	}
	set := func(c *Contexts, _ Contexts) { c.Current = name }
	if entry := e.find("current"); entry != nil {
		at, lines := entry.Key.GetToken().Position.Line, e.lines()
		line := "current: " + key
		if _, comment, found := strings.Cut(lines[at-1], " #"); found {
			line += "  #" + comment
		}
		return e.change(at-1, lastLine(entry), []string{line}, set)
	}
	at := 0
	if root := e.root(); root != nil {
		at = root.Values[0].Key.GetToken().Position.Line - 1
	}
	return e.change(at, at, []string{"current: " + key}, set)
}

// Remove removes a context. If it was the current one, there is none afterwards.
func (e *ContextsEdit) Remove(name string) error {
	m, ok := valueOf(e.find("contexts")).(*ast.MappingNode)
	if !ok || m.IsFlowStyle {
		return &ByHandError{e.path}
	}
	if current := e.find("current"); current != nil && e.all.Current == name {
		err := e.change(current.Key.GetToken().Position.Line-1, lastLine(current), nil, func(c *Contexts, _ Contexts) { c.Current = "" })
		if err != nil {
			return err
		}
		return e.Remove(name)
	}
	forget := func(c *Contexts, _ Contexts) { delete(c.ByName, name) }
	if len(m.Values) == 1 {
		whole := e.find("contexts")
		return e.change(whole.Key.GetToken().Position.Line-1, lastLine(whole), nil, forget)
	}
	for _, entry := range m.Values {
		if entry.Key.GetToken().Value == name {
			return e.change(entry.Key.GetToken().Position.Line-1, lastLine(entry), nil, forget)
		}
	}
	return &ByHandError{e.path}
}

// change puts lines in the place of those from one to another, and makes sure that the file then means what it meant before but for what was wanted.
func (e *ContextsEdit) change(from, to int, lines []string, wanted func(c *Contexts, now Contexts)) error {
	all := e.lines()
	text := strings.Join(slices.Concat(all[:from], lines, all[to:]), "\n")
	if text != "" {
		text += "\n"
	}
	now, err := ParseContexts(e.path, []byte(text))
	if err != nil {
		return err
	}
	want := Contexts{Current: e.all.Current, ByName: maps.Clone(e.all.ByName)}
	wanted(&want, now)
	if !reflect.DeepEqual(want, now) {
		return &ByHandError{e.path}
	}
	e.data, e.all = []byte(text), now
	return nil
}

// Save writes the file, for its owner only where it was not there.
func (e *ContextsEdit) Save() error {
	path := e.path
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("write contexts: %w", err)
	}
	if err := renameio.WriteFile(path, e.data, 0o600, renameio.WithExistingPermissions()); err != nil {
		return fmt.Errorf("write contexts: %w", err)
	}
	return nil
}

// lines are the lines of the file.
func (e *ContextsEdit) lines() []string {
	text := strings.TrimRight(string(e.data), "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// root is the mapping that the file is; nil for an empty file.
func (e *ContextsEdit) root() *ast.MappingNode { return rootOf(e.data) }

func rootOf(data []byte) *ast.MappingNode {
	doc, err := parser.ParseBytes(data, 0)
	if err != nil || len(doc.Docs) == 0 {
		return nil
	}
	m, _ := doc.Docs[0].Body.(*ast.MappingNode)
	return m
}

// find is the entry of a key of the file.
func (e *ContextsEdit) find(key string) *ast.MappingValueNode { return entryOf(e.root(), key) }

func entryOf(m *ast.MappingNode, key string) *ast.MappingValueNode {
	if m == nil {
		return nil
	}
	for _, entry := range m.Values {
		if entry.Key.GetToken().Value == key {
			return entry
		}
	}
	return nil
}

// valueOf is the value of an entry, nil where there is none.
func valueOf(entry *ast.MappingValueNode) ast.Node {
	if entry == nil {
		return nil
	}
	if _, none := entry.Value.(*ast.NullNode); none {
		return nil
	}
	return entry.Value
}

// lastLine is the last line that a node stands in, from 1.
func lastLine(node ast.Node) int {
	last := lines{}
	ast.Walk(&last, node)
	return last.most
}

// lines finds the last line of the nodes that it visits.
type lines struct{ most int }

// Visit looks at a node and goes on to those in it.
func (l *lines) Visit(node ast.Node) ast.Visitor {
	l.most = max(l.most, node.GetToken().Position.Line)
	switch n := node.(type) {
	case *ast.MappingNode:
		if n.End != nil {
			l.most = max(l.most, n.End.Position.Line)
		}
	case *ast.SequenceNode:
		if n.End != nil {
			l.most = max(l.most, n.End.Position.Line)
		}
	}
	return l
}

// ExplainContext lists the keys of a context with their values and lines in the file, defaults included. A command is told without its arguments,
// which may hold anything, and an address without what precedes its host.
func ExplainContext(c Context, data []byte) []Setting {
	m, _ := valueOf(entryOf(rootOf(data), "contexts")).(*ast.MappingNode)
	of, _ := valueOf(entryOf(m, c.Name)).(*ast.MappingNode)
	var out []Setting
	for _, key := range contextKeys() {
		s := Setting{Key: key.name, Value: key.get(&c)}
		if entry := entryOf(of, key.name); entry != nil {
			s.Line = entry.Key.GetToken().Position.Line
		}
		if command, isList := s.Value.([]string); isList && len(command) > 1 {
			s.Value = []string{command[0], "…"}
		}
		out = append(out, s)
	}
	return out
}
