package tui

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

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
// It opens its plan by itself, so it is deaf for a moment then. A small change is confirmed by y; one of many targets, or that others read, asks for
// the word that the plan names. A change that failed can be planned again: what the plan says then is what is true then.
type planDialog struct {
	*shell
	title string
	make  func(context.Context, Changes) (action.Plan, error)

	stage   planStage
	grace   grace
	word    textinput.Model
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
	return &planDialog{shell: s, title: title, make: plan, word: typed("")}
}

// typed returns a text field for a dialog, with a cursor that it draws itself.
func typed(text string) textinput.Model {
	in := field("", text)
	in.SetVirtualCursor(true)
	return in
}

func (d *planDialog) start() tea.Cmd {
	d.stage, d.plan, d.results, d.err = stagePlanning, action.Plan{}, nil, nil
	d.word.SetValue("")
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
	d.did(d.plan, m.results, m.err)
	d.store.expire([]need{{query: query{topic: topicJournal}}})
	d.refresh()
}

// press handles a key. Escape leaves at every stage but the one in which the change is under way, where the answer has to be waited for.
func (d *planDialog) press(key tea.KeyPressMsg) (cmd tea.Cmd, open bool) {
	if d.stage != stagePlanning && key.String() != "esc" && d.grace.swallow() {
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
		case "r":
			if d.failed() {
				return d.start(), true
			}
		}
	}
	return nil, true
}

// failed tells whether something is left to be tried again.
func (d *planDialog) failed() bool {
	return d.err != nil || slices.ContainsFunc(d.results, func(r action.Result) bool { return r.Err != nil })
}

// confirm is what has to be typed, empty when a y is enough.
func (d *planDialog) confirm() string {
	if d.plan.Confirm == "" && len(d.plan.Targets) > 1 {
		return strconv.Itoa(len(d.plan.Targets))
	}
	return d.plan.Confirm
}

// decide takes the reader's yes: y, or the word of the plan and enter.
func (d *planDialog) decide(key tea.KeyPressMsg) (cmd tea.Cmd, open bool) {
	word := d.confirm()
	switch {
	case key.String() == "esc":
		return nil, false
	case word == "" && key.String() == "y", word != "" && key.String() == "enter" && d.word.Value() == word:
		return d.apply(), true
	case word != "":
		d.word, cmd = d.word.Update(key)
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
		lines = append(d.outcome(width, height-8), "", d.keys(d.afterwards()...))
	}
	return d.theme.boxed(paint.Fit(clean(d.title), width-4, d.theme.tail), lines)
}

// planLines is the plan as --dry-run prints it: the targets, what it means, the command that does the same.
func (d *planDialog) planLines(width, room int) []string {
	var below []string
	for most := factLines; most > 0; most-- {
		if below = d.meaning(width, most); len(below)+targetRoom <= room {
			break
		}
	}
	return append(d.targetLines(width, room-len(below)), below...)
}

// factLines is in how many lines a plan says each fact of itself at most, and targetRoom how many it leaves to its targets before the facts get fewer.
const (
	factLines  = 4
	targetRoom = 3
)

// targetLines are as many targets as there is room for, each in full, and at least one.
func (d *planDialog) targetLines(width, room int) []string {
	var lines []string
	for i, target := range d.plan.Targets {
		left := len(d.plan.Targets) - i
		own := []string{targetText(target)}
		if paint.Width(own[0]) > width {
			own = wrap(own[0], width)
		}
		if i > 0 && left > 1 && len(lines)+len(own) > room {
			return append(lines, d.theme.dim.Render(fmt.Sprintf("and %d more", left)))
		}
		lines = append(lines, own...)
	}
	return lines
}

// meaning says what the plan does, costs and reaches, how it is taken back, and which command does the same, each in so many lines at most.
func (d *planDialog) meaning(width, most int) []string {
	var lines []string
	if len(d.plan.Effects) > 0 {
		lines = append(lines, "")
	}
	for _, effect := range d.plan.Effects {
		for _, l := range wrap(clean(effect), width) {
			lines = append(lines, d.theme.dim.Render(l))
		}
	}
	facts := [][2]string{{"usual cost", costText(d.plan.Cost)}, {"read by", downstreamText(d.plan.Downstream)}, {"undo", d.plan.Undo}, {"as a command", d.plan.Command}}
	lines = append(lines, "")
	for _, fact := range facts {
		if fact[1] == "" {
			continue
		}
		text := wrap(clean(fact[1]), width-factColumn)
		if len(text) > most {
			text = append(text[:most-1:most-1], paint.Fit(strings.Join(text[most-1:], " "), width-factColumn, d.theme.tail))
		}
		for i, l := range text {
			label := ""
			if i == 0 {
				label = fact[0]
			}
			lines = append(lines, d.theme.faint.Render(paint.Pad(label, factColumn))+l)
		}
	}
	return lines
}

// factColumn is the width of the labels before the facts of a plan.
const factColumn = 14

// costText says what a plan takes by the usual times.
func costText(c action.Cost) string {
	switch {
	case c.Sample == 0:
		return ""
	case c.Jobs == 1:
		return "about " + span(c.Each)
	}
	return fmt.Sprintf("%d times %s, about %s", c.Jobs, span(c.Each), span(c.Total))
}

// namedReaders is how many confs are named before the rest is counted.
const namedReaders = 4

// downstreamText says what reads the result.
func downstreamText(b action.Downstream) string {
	n := len(b.Confs)
	switch {
	case !b.Known:
		return ""
	case n == 0:
		return "nothing"
	case n > namedReaders:
		return fmt.Sprintf("%s and %d more", strings.Join(b.Confs[:namedReaders], ", "), n-namedReaders)
	}
	return strings.Join(b.Confs, ", ")
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
	switch {
	case !t.To.IsZero():
		text += fmt.Sprintf("  for %s to %s", t.At.UTC().Format(time.DateOnly), t.To.UTC().Format(time.DateOnly))
	case t.Day != "":
		text += "  for " + t.Day
	}
	if t.State != "" {
		text += "  as " + string(t.State)
	}
	return clean(text)
}

// question asks for the yes.
func (d *planDialog) question() string {
	word := d.confirm()
	switch {
	case d.grace.deaf:
		return d.theme.faint.Render("one moment " + d.theme.tail)
	case word == "":
		return d.keys("y start", "esc leave")
	default:
		return d.theme.dim.Render("type "+clean(word)+" and enter to start: ") + d.word.View() + "   " + d.keys("esc leave")
	}
}

// afterwards are the keys of a change that has ended.
func (d *planDialog) afterwards() []string {
	if d.failed() {
		return []string{"r plan again", "esc close"}
	}
	return []string{"esc close"}
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
