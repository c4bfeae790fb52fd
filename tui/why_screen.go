package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"chrononctl/internal/fleet"
	"chrononctl/tui/paint"
	"chrononctl/tui/tree"

	tea "charm.land/bubbletea/v2"
)

// whyScreen answers "why?" for a name: the chain of what waits for what, down to where it ends, and there what would unblock it.
type whyScreen struct {
	*shell
	name   string
	steps  *tree.Tree[whyNode]
	answer fleet.Answer
	causes map[string]fleet.Cause
	known  bool
	read   bool
	moved  bool // the reader has chosen a step

	width, height int
}

// whyNode is a step with those that explain it, or a cause at the end of one.
type whyNode struct {
	id    string
	step  fleet.Step
	cause *fleet.Cause
	below []whyNode
}

func newWhyScreen(s *shell, name string) *whyScreen {
	w := &whyScreen{shell: s, name: name}
	w.steps = tree.New(tree.Spec[whyNode]{
		ID:       func(n whyNode) string { return n.id },
		Children: func(n whyNode) []whyNode { return n.below },
		Line:     w.line,
		Clean:    clean,
	})
	return w
}

func (w *whyScreen) title() string   { return "Why " + shortID(w.name) }
func (w *whyScreen) summary() string { return "" }

func (w *whyScreen) needs() []need {
	return w.explanationNeeds()
}

func (w *whyScreen) sync() {
	x, ok := w.explanation()
	if !ok {
		return
	}
	w.read = true
	w.answer, w.known = x.Why(w.name)
	w.causes = make(map[string]fleet.Cause, len(w.answer.Causes))
	for _, c := range w.answer.Causes {
		w.causes[c.ID] = c
	}
	w.steps.SetRoots(w.nodes())
	if !w.moved {
		w.selectWorst()
	}
	w.setSize(w.width, w.height)
}

// selectWorst puts the cursor on the first step that is worst: the reader asked why.
func (w *whyScreen) selectWorst() {
	w.steps.Top()
	first, _ := w.steps.Selected()
	worst, at := first.step.Health, 0
	for line := 1; line < w.steps.Len(); line++ {
		w.steps.Move(1)
		if n, ok := w.steps.Selected(); ok && n.cause == nil && n.step.Health > worst {
			worst, at = n.step.Health, line
		}
	}
	w.steps.Top()
	w.steps.Move(at)
}

// nodes makes a tree of the steps, which come in its order with their depths. A team has no steps of its own: its causes stand for themselves.
func (w *whyScreen) nodes() []whyNode {
	if len(w.answer.Steps) == 0 {
		causes := make([]whyNode, len(w.answer.Causes))
		for i, c := range w.answer.Causes {
			causes[i] = whyNode{id: "cause " + c.ID, cause: &c}
		}
		return causes
	}
	roots, rest := w.under(w.answer.Steps, 0)
	for len(rest) > 0 { // a step that is deeper than its place allows stands by itself
		var more []whyNode
		more, rest = w.under(rest, rest[0].Depth)
		roots = append(roots, more...)
	}
	return roots
}

// under takes the steps of that depth from the front, with all that is deeper.
func (w *whyScreen) under(steps []fleet.Step, depth int) (nodes []whyNode, rest []fleet.Step) {
	for len(steps) > 0 && steps[0].Depth == depth {
		n := whyNode{id: strings.Join([]string{steps[0].Name, steps[0].Day, steps[0].RunID}, " "), step: steps[0]}
		steps = steps[1:]
		if len(steps) > 0 && steps[0].Depth > depth {
			n.below, steps = w.under(steps, steps[0].Depth)
		}
		for _, id := range n.step.Causes {
			if c, ok := w.causes[id]; ok {
				n.below = append(n.below, whyNode{id: "cause " + id, cause: &c})
			}
		}
		nodes = append(nodes, n)
	}
	return nodes, steps
}

// line is a step: its state, its name, how it is in words, since when, until when, whose it is.
func (w *whyScreen) line(n whyNode) []tree.Part {
	t := w.theme
	if n.cause != nil {
		c := n.cause
		parts := []tree.Part{{Text: t.glyph(c.Health) + " " + c.Title, Style: t.paintOf(c.Health)}}
		return append(parts, w.dim(joinWith(t.dot, since(w.now, c.Since), usualText(w.shell, c.Usual), ownerText(c.Owner, c.Team)))...)
	}
	s := n.step
	parts := []tree.Part{{Text: t.glyph(s.Health) + " ", Style: t.paintOf(s.Health)}, {Text: s.Name}}
	return append(parts, w.dim(w.stepText(s))...)
}

// stepText is how a step is in words, since when, until when, and whose it is.
func (w *whyScreen) stepText(s fleet.Step) string {
	return joinWith(w.theme.dot, s.State, since(w.now, s.Since), usualText(w.shell, s.Usual), ownerText(s.Owner, s.Team))
}

func (w *whyScreen) dim(text string) []tree.Part {
	if text == "" {
		return nil
	}
	return []tree.Part{{Text: "  " + text, Style: w.theme.dim}}
}

// usualText is when something is usually there; empty for no moment.
func usualText(s *shell, at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return "usually " + moment(s.now, at)
}

func ownerText(owner, team string) string {
	if owner != "" && owner != team {
		return owner + ", " + team
	}
	return team
}

// joinWith joins the texts that are not empty.
func joinWith(between string, texts ...string) string {
	return strings.Join(nonEmpty(texts...), between)
}

func (w *whyScreen) setSize(width, height int) {
	w.width, w.height = width, height
	w.steps.SetSize(width-1, max(1, height-2-len(w.remedies())))
}

func (w *whyScreen) view() []string {
	switch {
	case !w.read:
		return w.waiting(query{topic: topicExplanation}, "what explains "+w.name)
	case !w.known:
		return []string{"", "  " + w.theme.dim.Render(paint.Fit("nothing here is called "+clean(w.name), w.width-4, w.theme.tail))}
	case w.steps.Len() == 0:
		return []string{"", "  " + w.theme.ok.Render(w.theme.glyph(fleet.OK)) + w.theme.dim.Render(" nothing is wrong with it: every day that is wanted is done")}
	}
	lines := []string{" " + w.theme.dim.Render(w.headline()), ""}
	lines = append(lines, w.steps.View(w.theme.treeLook())...)
	for len(lines) < w.height-len(w.remedies()) {
		lines = append(lines, "")
	}
	return append(lines[:max(0, w.height-len(w.remedies()))], w.remedies()...)
}

func (w *whyScreen) headline() string {
	if len(w.answer.Steps) == 0 {
		return count(len(w.answer.Causes), "cause")
	}
	return fmt.Sprintf("%s, %s", count(len(w.answer.Steps), "step"), count(len(w.answer.Causes), "cause"))
}

// remedies say what is known of the selected line and what would end it; of a step that does not say so itself, those of the only cause below it.
func (w *whyScreen) remedies() []string {
	n, ok := w.steps.Selected()
	if !ok {
		return nil
	}
	if below := n.causesBelow(); n.cause == nil && n.step.Ends == "" && len(below) == 1 {
		n = below[0]
	}
	known, ends, command := "", n.step.Ends, ""
	if n.cause != nil {
		known, ends, command = n.cause.Known, n.cause.Ends, n.cause.Command
	}
	t := w.theme
	lines := []string{t.ruled("What would end it", w.width)}
	for _, l := range []struct{ label, text string }{{"known", known}, {"ends", ends}, {"command", command}} {
		label := l.label
		for _, part := range wrap(clean(l.text), max(20, w.width-14)) {
			lines = append(lines, paint.Fit("  "+t.dim.Render(paint.Pad(label, 9))+part, w.width-1, t.tail))
			label = ""
		}
	}
	if len(lines) == 1 {
		lines = append(lines, "  "+t.dim.Render(unsaid(n)))
	}
	return lines
}

// causesBelow are the causes at the ends of what is below a step, each once.
func (n whyNode) causesBelow() []whyNode {
	var out []whyNode
	for _, b := range n.below {
		found := b.causesBelow()
		if b.cause != nil {
			found = []whyNode{b}
		}
		for _, c := range found {
			if !slices.ContainsFunc(out, func(o whyNode) bool { return o.cause.ID == c.cause.ID }) {
				out = append(out, c)
			}
		}
	}
	return out
}

// unsaid is what stands in place of a remedy.
func unsaid(n whyNode) string {
	switch {
	case len(n.below) > 0:
		return "the steps below it say so"
	case n.step.Health == fleet.OK || n.step.Health == fleet.Skipped:
		return "nothing: it is done"
	}
	return "nothing that is known here says so"
}

// detail is how the selected step is, for which its line may have no room.
func (w *whyScreen) detail() string {
	n, ok := w.steps.Selected()
	if !ok || n.cause != nil {
		return ""
	}
	return w.stepText(n.step)
}

func (w *whyScreen) mouse(m mouse) {
	if m.wheel != 0 {
		w.steps.Move(m.wheel)
	} else {
		w.steps.Click(m.y - 2)
	}
	w.moved = true
	w.setSize(w.width, w.height)
}

func (w *whyScreen) bindings() []binding {
	just := func(f func()) func() tea.Cmd {
		return func() tea.Cmd { f(); w.moved = true; w.setSize(w.width, w.height); return nil }
	}
	none := func() string {
		if n, ok := w.steps.Selected(); !ok || n.step.RunID == "" {
			return "this step is no run of a DAG"
		}
		return ""
	}
	nothing := func() string {
		if n, ok := w.steps.Selected(); ok && n.cause != nil {
			return ""
		}
		return none()
	}
	return []binding{
		{keys: []string{"enter"}, label: "enter", verb: "open", help: "open the run of the step, or the cause", disabled: nothing, do: w.openStep},
		{keys: []string{"l"}, label: "l", verb: "log", help: "open the log of the step", disabled: none, do: w.openLog},
		{keys: []string{"space"}, label: "space", verb: "fold", help: "close what is below, or open it", quiet: true, do: just(func() { w.steps.Toggle() })},
		{keys: []string{"left", "h"}, label: "left", verb: "close, or go up", quiet: true, section: sectionMove, do: just(w.steps.Close)},
		{keys: []string{"right"}, label: "right", verb: "open", quiet: true, section: sectionMove, do: just(w.steps.Open)},
		{keys: []string{"up", "k"}, label: "up k", verb: "up", quiet: true, section: sectionMove, do: just(func() { w.steps.Move(-1) })},
		{keys: []string{"down", "j"}, label: "down j", verb: "down", quiet: true, section: sectionMove, do: just(func() { w.steps.Move(1) })},
		{keys: []string{"pgup"}, label: "pgup", verb: "page up", quiet: true, section: sectionMove, do: just(func() { w.steps.Page(-1) })},
		{keys: []string{"pgdown"}, label: "pgdn", verb: "page down", quiet: true, section: sectionMove, do: just(func() { w.steps.Page(1) })},
		{keys: []string{"home", "g"}, label: "g", verb: "first", quiet: true, section: sectionMove, do: just(w.steps.Top)},
		{keys: []string{"end", "G"}, label: "G", verb: "last", quiet: true, section: sectionMove, do: just(w.steps.Bottom)},
	}
}

func (w *whyScreen) openStep() tea.Cmd {
	n, _ := w.steps.Selected()
	if n.cause != nil {
		w.push(w.screenOf(*n.cause))
		return nil
	}
	d := newDAGScreen(w.shell, n.step.DAGID)
	d.choose(n.step.RunID, n.step.TaskID)
	w.push(d)
	return nil
}

func (w *whyScreen) openLog() tea.Cmd {
	n, _ := w.steps.Selected()
	w.openTaskLog(n.step.DAGID, n.step.RunID, n.step.TaskID, -1, n.step.Health)
	return nil
}

// whyBinding opens the chain that explains what is selected.
func (s *shell) whyBinding(disabled func() string, name func() string) binding {
	return binding{keys: []string{"w"}, label: "w", verb: "why", help: "what it waits for, down to the cause", disabled: disabled,
		do: func() tea.Cmd { s.push(newWhyScreen(s, name())); return nil }}
}
