package tui

import (
	"fmt"
	"strings"

	"chrononctl/internal/deploy"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
)

// deployDialog asks for the last yes before a deploy. The plan was read on the screen below it.
type deployDialog struct {
	*shell
	what     Deployment
	proposal Proposal
	grace    grace
	word     textinput.Model
}

func newDeployDialog(s *shell, what Deployment, proposal Proposal) *deployDialog {
	return &deployDialog{shell: s, what: what, proposal: proposal, word: typed("")}
}

func (d *deployDialog) start() tea.Cmd { return d.grace.begin() }

// confirm is what has to be typed: the target's name where something is removed or a risk is taken; otherwise a y is enough.
func (d *deployDialog) confirm() string {
	plan := d.proposal.Shown()
	if plan.Count(deploy.Remove) > 0 || len(d.risks()) > 0 {
		return d.what.Target
	}
	return ""
}

// risks are those that are not allowed yet.
func (d *deployDialog) risks() []deploy.RiskName {
	var names []deploy.RiskName
	for _, r := range d.proposal.Shown().Risks {
		if !r.Allowed {
			names = append(names, r.Name)
		}
	}
	return names
}

func (d *deployDialog) update(msg tea.Msg) (cmd tea.Cmd, open bool) {
	if over, ok := msg.(graceMsg); ok {
		return d.grace.over(over), true
	}
	key, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return nil, true
	}
	if key.String() != "esc" && d.grace.swallow() {
		return nil, true
	}
	word := d.confirm()
	switch {
	case key.String() == "esc":
		return nil, false
	case word == "" && key.String() == "y", word != "" && key.String() == "enter" && d.word.Value() == word:
		d.proposal.Allow(d.risks()...)
		cmd = d.startDeploy(d.what, d.proposal)
		d.path = d.path[:len(d.path)-1] // the plan has been used
		d.push(newRunScreen(d.shell, d.running))
		return cmd, false
	case word != "":
		d.word, cmd = d.word.Update(key)
	}
	return cmd, true
}

func (d *deployDialog) view(width, _ int) []string {
	t, plan := d.theme, d.proposal.Shown()
	width = min(width-4, 84)
	lines := []string{
		fmt.Sprintf("%d created, %d updated, %d removed, %d as they are", plan.Count(deploy.Create), plan.Count(deploy.Update),
			plan.Count(deploy.Remove), plan.Count(deploy.Same)), "",
	}
	for _, sentence := range []string{
		"Every DAG is seen in Airflow at its new content before this counts as done. If one is not, the release before is put back.",
		"New DAGs are unpaused at the end; removed ones are paused first, and their running tasks may end.",
	} {
		for _, l := range wrap(sentence, width) {
			lines = append(lines, t.dim.Render(l))
		}
	}
	if len(d.risks()) > 0 {
		lines = append(lines, "")
	}
	for _, r := range plan.Risks {
		if r.Allowed {
			continue
		}
		for _, l := range wrap("takes the risk "+clean(riskText(r)), width) {
			lines = append(lines, t.warn.Render(l))
		}
	}
	title := "Deploy to " + d.what.Target
	if d.what.Back {
		title = "Roll back " + d.what.Target
	}
	return t.boxed(clean(title), append(lines, "", d.question()))
}

// riskText names a risk, whose it is, and what it is.
func riskText(r deploy.Risk) string {
	return string(r.Name) + ": " + strings.TrimPrefix(r.DAG+": ", ": ") + r.What
}

func (d *deployDialog) question() string {
	t, word, verb := d.theme, d.confirm(), toggle(d.what.Back, "roll back", "deploy")
	leave := t.key.Render("esc") + t.dim.Render(" leave")
	switch {
	case d.grace.deaf:
		return t.faint.Render("one moment " + t.tail)
	case word == "":
		return t.key.Render("y") + t.dim.Render(" "+verb+"   ") + leave
	}
	return t.dim.Render("type "+clean(word)+" and enter to "+verb+": ") + d.word.View() + "   " + leave
}
