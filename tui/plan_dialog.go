package tui

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"chrononctl/internal/action"
	"chrononctl/internal/fleet"
	"chrononctl/tui/paint"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
)

// planStage is how far a change is.
type planStage uint8

const (
	stagePlanning planStage = iota // the plan is being made
	stageReading                   // the plan is shown and waits for a yes
	stageApplying                  // it is being carried out
	stageEnded                     // it is done, or could not be planned
)

// planDialog shows the plan of a change and carries it out when the reader says so. Every change of the console goes through it.
//
// It opens its plan by itself, so it is deaf for a moment then. One target is confirmed by y; more ask for their number to be typed.
type planDialog struct {
	*shell
	title string
	make  func(context.Context, Changes) (action.Plan, error)

	stage   planStage
	grace   grace
	number  textinput.Model
	plan    action.Plan
	results []action.Result
	err     error
	cancel  context.CancelFunc
}

type plannedMsg struct {
	of   *planDialog
	plan action.Plan
	err  error
}

type appliedMsg struct {
	of      *planDialog
	results []action.Result
	err     error
}

func newPlanDialog(s *shell, title string, plan func(context.Context, Changes) (action.Plan, error)) *planDialog {
	return &planDialog{shell: s, title: title, make: plan, number: typed("")}
}

// typed returns a text field for a dialog, with a cursor that it draws itself.
func typed(text string) textinput.Model {
	in := field("", text)
	in.SetVirtualCursor(true)
	return in
}

func (d *planDialog) start() tea.Cmd {
	ctx, cancel := context.WithTimeout(d.ctx, loadLimit)
	d.cancel = cancel
	changes := d.options.Changes
	return func() tea.Msg {
		plan, err := d.make(ctx, changes)
		return plannedMsg{d, plan, err}
	}
}

func (d *planDialog) update(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case plannedMsg:
		if msg.of == d {
			return d.planned(msg), true
		}
	case appliedMsg:
		if msg.of == d {
			d.applied(msg)
		}
	case graceMsg:
		return d.grace.over(msg), true
	case tea.KeyPressMsg:
		return d.press(msg)
	}
	return nil, true
}

func (d *planDialog) planned(m plannedMsg) tea.Cmd {
	d.cancel()
	d.plan, d.err, d.stage = m.plan, m.err, stageReading
	if m.err == nil && len(m.plan.Targets) == 0 {
		d.err = fmt.Errorf("%s: there is nothing to change", d.title)
	}
	if d.err != nil {
		d.stage = stageEnded
	}
	return d.grace.begin()
}

func (d *planDialog) applied(m appliedMsg) {
	d.cancel()
	d.results, d.err, d.stage = m.results, m.err, stageEnded
	d.refresh()
}

// press handles a key. Escape leaves at every stage but the one in which the change is under way, where the answer has to be waited for.
func (d *planDialog) press(key tea.KeyPressMsg) (cmd tea.Cmd, open bool) {
	if d.stage != stagePlanning && d.grace.swallow() {
		return nil, true
	}
	switch d.stage {
	case stagePlanning:
		if key.String() == "esc" {
			d.cancel()
			return nil, false
		}
	case stageReading:
		return d.decide(key)
	case stageApplying:
	case stageEnded:
		switch key.String() {
		case "esc", "enter", "q", "space":
			return nil, false
		}
	}
	return nil, true
}

// decide takes the reader's yes: y for one target, the number typed and enter for more.
func (d *planDialog) decide(key tea.KeyPressMsg) (cmd tea.Cmd, open bool) {
	targets := len(d.plan.Targets)
	switch {
	case key.String() == "esc":
		return nil, false
	case targets == 1 && key.String() == "y", targets > 1 && key.String() == "enter" && d.number.Value() == strconv.Itoa(targets):
		return d.apply(), true
	case targets > 1:
		d.number, cmd = d.number.Update(key)
	}
	return cmd, true
}

func (d *planDialog) apply() tea.Cmd {
	d.stage = stageApplying
	ctx, cancel := context.WithTimeout(d.ctx, loadLimit)
	d.cancel = cancel
	changes, plan := d.options.Changes, d.plan
	return func() tea.Msg {
		var results []action.Result
		err := changes.Apply(ctx, plan, func(r action.Result) { results = append(results, r) })
		return appliedMsg{d, results, err}
	}
}

func (d *planDialog) view(width, height int) []string {
	width = min(width-4, 96)
	var lines []string
	switch d.stage {
	case stagePlanning:
		lines = []string{d.theme.dim.Render("making the plan " + d.theme.tail), "", d.keys("esc leave")}
	case stageReading:
		lines = append(d.planLines(width, height-8), "", d.question())
	case stageApplying:
		lines = append(d.planLines(width, height-8), "", d.theme.run.Render("under way "+d.theme.tail))
	case stageEnded:
		lines = append(d.outcome(width, height-8), "", d.keys("esc close"))
	}
	return d.theme.boxed(paint.Fit(clean(d.title), width-4, d.theme.tail), lines)
}

// planLines is the plan as --dry-run prints it: the targets, what it means, the command that does the same.
func (d *planDialog) planLines(width, room int) []string {
	var lines []string
	room = max(1, room-2*len(d.plan.Effects))
	for i, target := range d.plan.Targets {
		if i == room && len(d.plan.Targets) > room+1 {
			lines = append(lines, d.theme.dim.Render(fmt.Sprintf("and %d more", len(d.plan.Targets)-room)))
			break
		}
		lines = append(lines, paint.Fit(targetText(target), width, d.theme.tail))
	}
	if len(d.plan.Effects) > 0 {
		lines = append(lines, "")
	}
	for _, effect := range d.plan.Effects {
		for _, l := range wrap(clean(effect), width) {
			lines = append(lines, d.theme.dim.Render(l))
		}
	}
	if d.plan.Command != "" {
		lines = append(lines, "", d.theme.dim.Render("as a command"))
		for _, l := range wrap(clean(d.plan.Command), width-2) {
			lines = append(lines, "  "+l)
		}
	}
	return lines
}

// targetText names one object in full.
func targetText(t action.Target) string {
	parts := []string{t.DAGID}
	for _, p := range []string{t.RunID, t.TaskID} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	text := strings.Join(parts, "  ")
	if t.Day != "" {
		text += "  for " + t.Day
	}
	return clean(text)
}

// question asks for the yes.
func (d *planDialog) question() string {
	switch n := len(d.plan.Targets); {
	case d.grace.deaf:
		return d.theme.faint.Render("one moment " + d.theme.tail)
	case n == 1:
		return d.keys("y start", "esc leave")
	default:
		return d.theme.dim.Render(fmt.Sprintf("type %d and enter to start: ", n)) + d.number.View() + "   " + d.keys("esc leave")
	}
}

// keys draws "key verb" pairs as the footer does.
func (d *planDialog) keys(pairs ...string) string {
	out := make([]string, len(pairs))
	for i, p := range pairs {
		key, verb, _ := strings.Cut(p, " ")
		out[i] = d.theme.key.Render(key) + d.theme.dim.Render(" "+verb)
	}
	return strings.Join(out, "   ")
}

// outcome says what became of each target.
func (d *planDialog) outcome(width, room int) []string {
	var lines []string
	for i, r := range d.results {
		if i == room {
			lines = append(lines, d.theme.dim.Render(fmt.Sprintf("and %d more", len(d.results)-room)))
			break
		}
		style, text := d.theme.ok, d.theme.glyph(fleet.OK)+" "+targetText(r.Target)+": "+clean(r.Done)
		if r.Err != nil {
			style, text = d.theme.bad, d.theme.glyph(fleet.Failed)+" "+targetText(r.Target)+": "+errorText(r.Err)
		}
		for _, l := range wrap(text, width) {
			lines = append(lines, style.Render(l))
		}
	}
	if d.err != nil {
		for _, l := range wrap(d.theme.glyph(fleet.Failed)+" "+errorText(d.err), width) {
			lines = append(lines, d.theme.bad.Render(l))
		}
	}
	return lines
}
