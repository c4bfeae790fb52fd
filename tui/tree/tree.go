// Package tree is a virtual tree: it draws the lines that are on the screen, however many nodes there are, and addresses them by identity.
//
// The caller describes a node type once and hands over the roots whenever they change. What is closed, and where the cursor is, belong to
// identities and survive that. The identity of a node is the path of ids from its root, so the same thing may stand at several places.
package tree

import (
	"strings"

	"chrononctl/tui/paint"
)

// Part is a piece of a line with a style of its own.
type Part struct {
	Text  string
	Style paint.Style
}

// Spec describes a tree over nodes of type T. All functions are needed.
type Spec[T any] struct {
	ID       func(T) string // unique among the children of one node
	Children func(T) []T
	Line     func(T) []Part
	Clean    func(string) string // makes the text of every part harmless
}

// Look is how a tree is drawn.
type Look struct {
	Branch, Last, Through, Blank string // the lines before a node, of equal width
	Open, Closed, Leaf           string // the sign before a node's text, one column
	Mark                         string // before the selected node, one column
	Tail                         string // where a text was cut
	Rule                         paint.Style
	Selected                     paint.Style
}

// node is one line.
type node[T any] struct {
	value  T
	path   string
	before string // how the lines to its left run: for each level above, one letter
	parent int    // index of the line, -1 for a root
	inner  bool   // has children
}

// Tree is the widget. Make it with [New].
type Tree[T any] struct {
	spec   Spec[T]
	roots  []T
	lines  []node[T] // open ones only
	closed map[string]bool

	cursor        string
	at, top       int
	width, height int
}

// New returns an empty tree.
func New[T any](spec Spec[T]) *Tree[T] { return &Tree[T]{spec: spec, closed: map[string]bool{}} }

// SetRoots replaces the nodes. Cursor and what is closed stay.
func (t *Tree[T]) SetRoots(roots []T) {
	t.roots = roots
	t.lay()
}

// SetSize sets columns and lines.
func (t *Tree[T]) SetSize(width, height int) {
	t.width, t.height = width, height
	t.scroll()
}

// lay makes the lines of what is open.
func (t *Tree[T]) lay() {
	t.lines = t.lines[:0]
	for i, r := range t.roots {
		t.add(r, "", "", -1, i == len(t.roots)-1)
	}
	for i, l := range t.lines {
		if l.path == t.cursor {
			t.at = i
			t.scroll()
			return
		}
	}
	t.at = min(max(0, t.at), max(0, len(t.lines)-1))
	if t.cursor == "" {
		t.follow()
	}
	t.scroll()
}

// The letters of node.before.
const (
	more = 'm' // another child of that level follows below
	done = 'd'
)

func (t *Tree[T]) add(value T, above, before string, parent int, last bool) {
	children := t.spec.Children(value)
	path := above + "\x00" + t.spec.ID(value)
	if parent >= 0 {
		letter := string(more)
		if last {
			letter = string(done)
		}
		before += letter
	}
	t.lines = append(t.lines, node[T]{value: value, path: path, before: before, parent: parent, inner: len(children) > 0})
	if t.closed[path] {
		return
	}
	here := len(t.lines) - 1
	for i, c := range children {
		t.add(c, path, before, here, i == len(children)-1)
	}
}

// Len is how many lines there are.
func (t *Tree[T]) Len() int { return len(t.lines) }

// Selected returns the node under the cursor; false when there is none, or when it has gone.
func (t *Tree[T]) Selected() (value T, ok bool) {
	if t.at < 0 || t.at >= len(t.lines) || t.lines[t.at].path != t.cursor {
		return value, false
	}
	return t.lines[t.at].value, true
}

// Move moves the cursor by that many lines.
func (t *Tree[T]) Move(lines int) {
	if _, ok := t.Selected(); ok {
		t.at += lines
	}
	t.at = min(max(0, t.at), max(0, len(t.lines)-1))
	t.follow()
	t.scroll()
}

// Page moves the cursor by that many screens.
func (t *Tree[T]) Page(screens int) { t.Move(screens * max(1, t.height-1)) }

// Top moves the cursor to the first line.
func (t *Tree[T]) Top() { t.Move(-len(t.lines)) }

// Bottom moves the cursor to the last line.
func (t *Tree[T]) Bottom() { t.Move(len(t.lines)) }

// Click selects the node on that line of the view and tells whether there is one.
func (t *Tree[T]) Click(line int) bool {
	if line < 0 || line >= t.height || t.top+line >= len(t.lines) {
		return false
	}
	t.at = t.top + line
	t.follow()
	return true
}

// Toggle closes the selected node, or opens it, and tells whether it has children.
func (t *Tree[T]) Toggle() bool {
	if _, ok := t.Selected(); !ok || !t.lines[t.at].inner {
		return false
	}
	t.set(!t.closed[t.cursor])
	return true
}

// Close closes the selected node; one that is closed or has no children moves the cursor to its parent.
func (t *Tree[T]) Close() {
	if _, ok := t.Selected(); !ok {
		return
	}
	l := t.lines[t.at]
	switch {
	case l.inner && !t.closed[l.path]:
		t.set(true)
	case l.parent >= 0:
		t.Move(l.parent - t.at)
	}
}

// Open opens the selected node.
func (t *Tree[T]) Open() {
	if _, ok := t.Selected(); ok {
		t.set(false)
	}
}

func (t *Tree[T]) set(closed bool) {
	if closed {
		t.closed[t.cursor] = true
	} else {
		delete(t.closed, t.cursor)
	}
	t.lay()
}

func (t *Tree[T]) follow() {
	if t.at < len(t.lines) {
		t.cursor = t.lines[t.at].path
	}
}

// scroll keeps the cursor on the screen and the screen full.
func (t *Tree[T]) scroll() {
	lines := max(1, t.height)
	t.top = min(t.top, t.at)
	if t.at >= t.top+lines {
		t.top = t.at - lines + 1
	}
	t.top = max(0, min(t.top, len(t.lines)-lines))
}

// View draws the lines on the screen.
func (t *Tree[T]) View(look Look) []string {
	if t.width <= 0 {
		return nil
	}
	out := make([]string, 0, t.height)
	for i := t.top; i < len(t.lines) && len(out) < t.height; i++ {
		out = append(out, t.line(look, i))
	}
	return out
}

func (t *Tree[T]) line(look Look, i int) string {
	l, base, mark := t.lines[i], paint.Style{}, " "
	if l.path == t.cursor {
		base, mark = look.Selected, look.Mark
	}
	var b strings.Builder
	base.Write(&b, mark)
	rule := look.stem(l.before)
	sign := look.Leaf
	if l.inner {
		sign = look.Open
		if t.closed[l.path] {
			sign = look.Closed
		}
	}
	rule = paint.Fit(rule, t.width-3, "")
	look.Rule.On(base).Write(&b, rule+sign)
	base.Write(&b, " ")
	used := paint.Width(rule) + 3
	for _, p := range t.spec.Line(l.value) {
		text := paint.Fit(t.spec.Clean(p.Text), t.width-used, look.Tail)
		p.Style.On(base).Write(&b, text)
		used += paint.Width(text)
	}
	if !base.IsZero() {
		base.Write(&b, paint.Spaces(t.width-used))
	}
	return b.String()
}

// stem draws the lines to the left of a node.
func (look Look) stem(before string) string {
	var b strings.Builder
	for i, letter := range before {
		inner := i < len(before)-1
		switch {
		case inner && letter == more:
			b.WriteString(look.Through)
		case inner:
			b.WriteString(look.Blank)
		case letter == more:
			b.WriteString(look.Branch)
		default:
			b.WriteString(look.Last)
		}
	}
	return b.String()
}
