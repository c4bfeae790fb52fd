package tree_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"chrononctl/tui/paint"
	"chrononctl/tui/tree"

	"pgregory.net/rapid"
)

type thing struct {
	name string
	of   []thing
}

func newTree() *tree.Tree[thing] {
	return tree.New(tree.Spec[thing]{
		ID:       func(n thing) string { return n.name },
		Children: func(n thing) []thing { return n.of },
		Line:     func(n thing) []tree.Part { return []tree.Part{{Text: n.name}} },
		Clean:    func(s string) string { return s },
	})
}

var look = tree.Look{Branch: "|- ", Last: "`- ", Through: "|  ", Blank: "   ", Open: "v", Closed: ">", Leaf: "-", Mark: "*", Tail: "~"}

var sample = []thing{
	{"join", []thing{{"part a", []thing{{"table", nil}}}, {"part b", []thing{{"table", nil}, {"other", nil}}}}},
	{"alone", nil},
}

func view(t *tree.Tree[thing]) string { return strings.Join(t.View(look), "\n") }

func TestLinesShowWhatHangsOnWhat(t *testing.T) {
	t.Parallel()
	tr := newTree()
	tr.SetSize(30, 20)
	tr.SetRoots(sample)
	if got, want := view(tr), "*v join\n |- v part a\n |  `- - table\n `- v part b\n    |- - table\n    `- - other\n - alone"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func TestClosingHidesWhatIsBelow(t *testing.T) {
	t.Parallel()
	tr := newTree()
	tr.SetSize(30, 20)
	tr.SetRoots(sample)
	tr.Move(2)
	tr.Close() // a leaf: to its parent
	tr.Close()
	if got, want := view(tr), " v join\n*|- > part a\n `- v part b\n    |- - table\n    `- - other\n - alone"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	tr.SetRoots(slices.Clone(sample))
	if n, _ := tr.Selected(); n.name != "part a" || tr.Len() != 6 {
		t.Errorf("after a refresh the cursor is at %q, and %d lines are open", n.name, tr.Len())
	}
	if tr.Open(); tr.Len() != 7 {
		t.Errorf("%d lines after opening", tr.Len())
	}
}

func TestANodeThatHasGoneIsNotSelected(t *testing.T) {
	t.Parallel()
	tr := newTree()
	tr.SetSize(30, 20)
	tr.SetRoots(sample)
	tr.Bottom()
	tr.SetRoots(sample[:1])
	if n, ok := tr.Selected(); ok {
		t.Errorf("%q is selected, which nobody chose", n.name)
	}
	tr.Move(1)
	if _, ok := tr.Selected(); !ok {
		t.Error("moving selects nothing")
	}
}

func TestAnySequenceKeepsTheCursorOnTheScreen(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tr := newTree()
		width, height := 20, 5
		tr.SetSize(width, height)
		tr.SetRoots(sample)
		t.Repeat(map[string]func(*rapid.T){
			"move":   func(t *rapid.T) { tr.Move(rapid.IntRange(-9, 9).Draw(t, "lines")) },
			"toggle": func(*rapid.T) { tr.Toggle() },
			"close":  func(*rapid.T) { tr.Close() },
			"click":  func(t *rapid.T) { tr.Click(rapid.IntRange(-1, 9).Draw(t, "line")) },
			"roots":  func(t *rapid.T) { tr.SetRoots(sample[rapid.IntRange(0, 2).Draw(t, "from"):]) },
			"resize": func(t *rapid.T) {
				width, height = rapid.IntRange(0, 30).Draw(t, "width"), rapid.IntRange(0, 9).Draw(t, "height")
				tr.SetSize(width, height)
			},
			"": func(t *rapid.T) {
				lines := tr.View(look)
				for _, l := range lines {
					if w := paint.Width(l); w > max(width, 3) {
						t.Fatalf("%d columns in %d: %q", w, width, l)
					}
				}
				_, ok := tr.Selected()
				shown := slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "*") })
				if ok && width > 0 && height > 0 && !shown {
					t.Fatalf("the cursor is not on the screen:\n%s", strings.Join(lines, "\n"))
				}
			},
		})
	})
}

// Budget: 0.2 ms, the same for ten and ten thousand nodes.
func BenchmarkMoveAndDraw(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			tr := newTree()
			tr.SetSize(200, 56)
			var roots []thing
			for i := range n / 10 {
				root := thing{name: fmt.Sprint("root ", i)}
				for j := range 9 {
					root.of = append(root.of, thing{name: fmt.Sprint("child ", j)})
				}
				roots = append(roots, root)
			}
			tr.SetRoots(roots)
			for b.Loop() {
				tr.Move(1)
				tr.View(look)
			}
		})
	}
}
