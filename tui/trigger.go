package tui

import (
	"context"
	"time"

	"chrononctl/internal/action"
	"chrononctl/internal/fleet"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
)

// triggerDialog asks for the day of a run; the plan for it follows in a [planDialog].
type triggerDialog struct {
	*shell
	dag     string
	day     textinput.Model
	problem string
}

func newTriggerDialog(s *shell, dag, day string) *triggerDialog {
	return &triggerDialog{shell: s, dag: dag, day: typed(day)}
}

func (d *triggerDialog) start() tea.Cmd { return nil }

func (d *triggerDialog) update(msg tea.Msg) (cmd tea.Cmd, open bool) {
	key, ok := msg.(tea.KeyPressMsg)
	if ok && key.String() == "esc" {
		return nil, false
	}
	if ok && key.String() == "enter" {
		return d.plan()
	}
	switch msg.(type) {
	case tea.KeyPressMsg, tea.PasteMsg:
		d.problem = ""
		d.day, cmd = d.day.Update(msg)
	}
	return cmd, true
}

// plan goes on to the plan for the day, if it is one.
func (d *triggerDialog) plan() (cmd tea.Cmd, open bool) {
	day := d.day.Value()
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		d.problem = "a day looks like 2026-11-22"
		return nil, true
	}
	next := newPlanDialog(d.shell, "Trigger "+d.dag, func(ctx context.Context, c Changes) (action.Plan, error) {
		return c.PlanTrigger(ctx, d.dag, day)
	})
	return d.open(next), true
}

func (d *triggerDialog) view(_, _ int) []string {
	t := d.theme
	last := t.key.Render("enter") + t.dim.Render(" show the plan   ") + t.key.Render("esc") + t.dim.Render(" leave")
	if d.problem != "" {
		last = t.bad.Render(t.glyph(fleet.Failed) + " " + d.problem)
	}
	return t.boxed("Trigger", []string{clean(d.dag), "", t.dim.Render("day ") + d.day.View(), "", last})
}

// changeBindings are the keys that change a DAG. The day is the one to propose; empty proposes the last full day.
func (s *shell) changeBindings(dag func() (fleet.DAG, bool), day string) []binding {
	none := func() string {
		if _, ok := dag(); !ok {
			return "no DAG is selected"
		}
		return ""
	}
	verb := "pause"
	if g, ok := dag(); ok && g.Paused {
		verb = "unpause"
	}
	return []binding{
		{keys: []string{"t"}, label: "t", verb: "trigger", help: "run a day, after its plan", danger: true, disabled: none,
			do: func() tea.Cmd {
				g, _ := dag()
				if day == "" {
					day = s.now.UTC().AddDate(0, 0, -1).Format(time.DateOnly)
				}
				return s.open(newTriggerDialog(s, g.ID, day))
			}},
		{keys: []string{"p"}, label: "p", verb: verb, help: "pause or unpause, after a plan", danger: true, disabled: none,
			do: func() tea.Cmd {
				g, _ := dag()
				title := map[bool]string{false: "Pause ", true: "Unpause "}[g.Paused] + g.ID
				return s.open(newPlanDialog(s, title, func(ctx context.Context, c Changes) (action.Plan, error) {
					return c.PlanPause(ctx, !g.Paused, g.ID)
				}))
			}},
	}
}
