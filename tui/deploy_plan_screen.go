package tui

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"chrononctl/internal/deploy"
	"chrononctl/internal/fleet"
	"chrononctl/tui/paint"
	"chrononctl/tui/tree"

	tea "charm.land/bubbletea/v2"
)

// proposalScreen shows the plan of a deployment: the risks first, then what is in the way, then what is created, updated and removed, each with what
// changes in it. Enter applies it, after a confirmation.
type proposalScreen struct {
	*shell
	what Deployment
	tree *tree.Tree[planNode]

	width, height int
}

// planNode is one line of a plan.
type planNode struct {
	id       string
	parts    []tree.Part
	children []planNode
}

// proposalLead is how many lines stand above the tree.
const proposalLead = 2

func newProposalScreen(s *shell, what Deployment) *proposalScreen {
	p := &proposalScreen{shell: s, what: what}
	p.tree = tree.New(tree.Spec[planNode]{
		ID:       func(n planNode) string { return n.id },
		Children: func(n planNode) []planNode { return n.children },
		Line:     func(n planNode) []tree.Part { return n.parts },
		Clean:    clean,
	})
	s.store.forget(p.query())
	return p
}

func (p *proposalScreen) query() query {
	return query{topic: topicPlan, target: p.what.Target, back: p.what.Back, token: p.what.Release}
}

func (p *proposalScreen) title() string {
	switch {
	case !p.what.Back:
		return "plan for " + p.what.Target
	case p.what.Release == "":
		return "roll back " + p.what.Target
	}
	return "roll back to " + p.what.Release
}

func (p *proposalScreen) proposal() (Proposal, bool) { return value[Proposal](p.store, p.query()) }

func (p *proposalScreen) summary() string {
	proposal, ok := p.proposal()
	if !ok {
		return ""
	}
	plan := proposal.Shown()
	return fmt.Sprintf("%d create%s%d update%s%d remove%s%d unchanged", plan.Count(deploy.Create), p.theme.dot, plan.Count(deploy.Update), p.theme.dot,
		plan.Count(deploy.Remove), p.theme.dot, plan.Count(deploy.Same))
}

func (p *proposalScreen) needs() []need {
	deploys := p.options.Deploys
	return []need{{query: p.query(), once: true, load: func(ctx context.Context, _ Source) (any, error) {
		proposal, err := deploys.Propose(ctx, p.what)
		if err != nil {
			return nil, err
		}
		return proposal, nil
	}}}
}

func (p *proposalScreen) sync() {
	if proposal, ok := p.proposal(); ok {
		p.tree.SetRoots(p.nodes(proposal.Shown()))
	}
}

func (p *proposalScreen) setSize(width, height int) {
	p.width, p.height = width, height
	p.tree.SetSize(width, max(0, height-proposalLead))
}

// detail is what stands last in the selected line, for which there may be no room.
func (p *proposalScreen) detail() string {
	n, ok := p.tree.Selected()
	if !ok || len(n.parts) == 0 {
		return ""
	}
	return strings.TrimSpace(n.parts[len(n.parts)-1].Text)
}

func (p *proposalScreen) mouse(m mouse) {
	if m.wheel != 0 {
		p.tree.Move(m.wheel)
		return
	}
	p.tree.Click(m.y - proposalLead)
}

func (p *proposalScreen) view() []string {
	proposal, ok := p.proposal()
	if !ok {
		return p.waiting(p.query(), toggle(p.what.Back, "the way back at "+p.what.Target, "what a deploy to "+p.what.Target+" would change"))
	}
	return append([]string{" " + paint.Fit(p.verdict(proposal.Shown()), p.width-2, p.theme.tail), ""}, p.tree.View(p.theme.treeLook())...)
}

// verdict says in one line what follows from the plan.
func (p *proposalScreen) verdict(plan *deploy.Plan) string {
	t := p.theme
	where := t.faint.Render(clean(plan.Target))
	switch err := plan.Refusal(); {
	case !p.changes(plan):
		return t.ok.Render(t.glyph(fleet.OK)+" nothing to change") + "  " + where
	case len(plan.Foreign()) > 0:
		return t.bad.Render(t.glyph(fleet.Failed) + " " + errorText(err))
	case err != nil:
		return t.warn.Render(t.glyph(fleet.Breach)+" "+count(len(plan.Risks), "risk")+" to take before it can be applied") + "  " + where
	}
	return t.run.Render(t.glyph(fleet.Running)+" ready to be applied") + "  " + where
}

// changes tells whether applying the plan would do something.
func (p *proposalScreen) changes(plan *deploy.Plan) bool {
	return plan.Changes() || plan.Count(deploy.Create)+plan.Count(deploy.Update)+plan.Count(deploy.Remove) > 0
}

func (p *proposalScreen) bindings() []binding {
	just := func(f func()) func() tea.Cmd {
		return func() tea.Cmd { f(); return nil }
	}
	return []binding{
		{keys: []string{"enter"}, label: "enter", verb: "apply", help: "deploy it, after a confirmation", danger: true, disabled: p.cannotApply, do: p.confirm},
		{keys: []string{"r"}, label: "r", verb: "plan again", do: just(func() { p.store.forget(p.query()) })},
		{keys: []string{"left", "h"}, label: "left", verb: "close", quiet: true, section: sectionMove, do: just(p.tree.Close)},
		{keys: []string{"right", "l", "space"}, label: "right", verb: "open", quiet: true, section: sectionMove, do: just(p.tree.Open)},
		{keys: []string{"up", "k"}, label: "up k", verb: "up", quiet: true, section: sectionMove, do: just(func() { p.tree.Move(-1) })},
		{keys: []string{"down", "j"}, label: "down j", verb: "down", quiet: true, section: sectionMove, do: just(func() { p.tree.Move(1) })},
		{keys: []string{"pgup", "ctrl+b"}, label: "pgup", verb: "page up", quiet: true, section: sectionMove, do: just(func() { p.tree.Page(-1) })},
		{keys: []string{"pgdown", "ctrl+f"}, label: "pgdn", verb: "page down", quiet: true, section: sectionMove, do: just(func() { p.tree.Page(1) })},
		{keys: []string{"home", "g"}, label: "g", verb: "first", quiet: true, section: sectionMove, do: just(p.tree.Top)},
		{keys: []string{"end", "G"}, label: "G", verb: "last", quiet: true, section: sectionMove, do: just(p.tree.Bottom)},
	}
}

func (p *proposalScreen) cannotApply() string {
	proposal, ok := p.proposal()
	switch {
	case !ok:
		return "there is no plan yet"
	case p.running != nil && !p.running.ended:
		return "a deploy is under way; one at a time"
	case !p.changes(proposal.Shown()):
		return "there is nothing to change"
	case len(proposal.Shown().Foreign()) > 0:
		return "files are in the way that no deploy has placed: move them away, or adopt them with chrononctl deploy --adopt"
	}
	return ""
}

// confirm asks for the yes. What takes a risk or removes a DAG asks for the target's name.
func (p *proposalScreen) confirm() tea.Cmd {
	proposal, _ := p.proposal()
	return p.open(newDeployDialog(p.shell, p.what, proposal))
}

// nodes are the lines of a plan.
func (p *proposalScreen) nodes(plan *deploy.Plan) []planNode {
	t := p.theme
	var out []planNode
	for i, r := range plan.Risks {
		out = append(out, planNode{id: fmt.Sprintf("risk %d", i), parts: []tree.Part{
			{Text: t.glyph(fleet.Breach) + " risk " + string(r.Name) + ": ", Style: t.warn}, {Text: strings.TrimPrefix(r.DAG+": ", ": ") + r.What},
		}})
	}
	for _, f := range plan.Foreign() {
		out = append(out, planNode{id: "file " + f.Path, parts: []tree.Part{
			{Text: t.glyph(fleet.Failed) + " in the way: ", Style: t.bad}, {Text: f.Path + ": " + f.Reason},
		}})
	}
	for _, change := range []deploy.Change{deploy.Remove, deploy.Update, deploy.Create} {
		out = append(out, p.changed(plan, change)...)
	}
	held := slices.DeleteFunc(slices.Clone(plan.DAGs), func(d deploy.DAGChange) bool { return d.Change != deploy.Same || d.Reason == "" })
	for _, d := range held {
		out = append(out, planNode{id: d.ID, parts: []tree.Part{{Text: "= " + shortID(d.ID), Style: t.dim}, {Text: "  " + d.Reason, Style: t.faint}}})
	}
	return out
}

// changed are the lines of the DAGs to which one thing happens, with what changes in each.
func (p *proposalScreen) changed(plan *deploy.Plan, change deploy.Change) []planNode {
	t := p.theme
	sign, style := t.changeSign(change)
	var out []planNode
	for _, d := range plan.DAGs {
		if d.Change != change {
			continue
		}
		n := planNode{id: d.ID, parts: []tree.Part{{Text: sign + " ", Style: style}, {Text: shortID(d.ID)}, {Text: "  " + string(change), Style: style}}}
		switch {
		case d.Was != "" && d.Hash != "" && d.Was != d.Hash:
			n.parts = append(n.parts, tree.Part{Text: "  " + d.Was + " to " + d.Hash, Style: t.faint})
		case d.Hash != "":
			n.parts = append(n.parts, tree.Part{Text: "  " + d.Hash, Style: t.faint})
		}
		for _, more := range []string{liveWord(d.Live), d.Reason} {
			if more != "" {
				n.parts = append(n.parts, tree.Part{Text: "  " + more, Style: t.dim})
			}
		}
		if change == deploy.Update {
			n.children = p.details(d.Details)
		}
		out = append(out, n)
	}
	return out
}

// details are what changes in a DAG, and what follows for its runs.
func (p *proposalScreen) details(all []deploy.Detail) []planNode {
	t := p.theme
	var out []planNode
	for i, d := range all {
		what := strings.TrimPrefix(d.Task+" "+d.What, " ")
		out = append(out, planNode{id: fmt.Sprint(i), parts: []tree.Part{
			{Text: string(d.Class) + ": ", Style: t.wait}, {Text: what}, {Text: "  " + d.Means, Style: t.faint},
		}})
	}
	return out
}

// liveWord says what is special about the way in which Airflow shows a DAG.
func liveWord(l deploy.Live) string {
	switch l {
	case deploy.LivePaused:
		return "paused in Airflow"
	case deploy.LiveBroken:
		return "does not import now"
	case deploy.LiveStale:
		return "its file is gone"
	case deploy.LiveActive, deploy.LiveAbsent:
	}
	return ""
}

// changeSign is a change in one column.
func (t *theme) changeSign(change deploy.Change) (string, paint.Style) {
	switch change {
	case deploy.Create:
		return "+", t.ok
	case deploy.Update:
		return "~", t.run
	case deploy.Remove:
		return "-", t.bad
	case deploy.Foreign:
		return "!", t.bad
	case deploy.Same:
	}
	return "=", t.dim
}

// treeLook is how trees are drawn.
func (t *theme) treeLook() tree.Look {
	look := tree.Look{
		Branch: "├ ", Last: "└ ", Through: "│ ", Blank: "  ", Open: "▾", Closed: "▸", Leaf: " ",
		Mark: t.mark, Tail: t.tail, Rule: t.faint, Selected: t.selected,
	}
	if t.ascii {
		look.Branch, look.Last, look.Through, look.Open, look.Closed = "|-", "`-", "| ", "-", "+"
	}
	return look
}
