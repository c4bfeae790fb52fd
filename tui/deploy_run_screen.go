package tui

import (
	"context"
	"fmt"
	"strings"

	"chrononctl/internal/deploy"
	"chrononctl/internal/fleet"
	"chrononctl/tui/paint"

	tea "charm.land/bubbletea/v2"
)

// runScreen shows the steps of a deploy while it is under way, and its end.
type runScreen struct {
	*shell
	run *deployRun
	top int // first line that is shown, of those below the steps

	width, height int
}

func newRunScreen(s *shell, run *deployRun) *runScreen { return &runScreen{shell: s, run: run} }

func (r *runScreen) title() string {
	if r.run.what.Back {
		return "going back at " + r.run.what.Target
	}
	return "deploy to " + r.run.what.Target
}

func (r *runScreen) summary() string {
	if r.run.ended {
		return "took " + span(r.run.at.Sub(r.run.began))
	}
	return "for " + span(r.here.Sub(r.run.began))
}

func (r *runScreen) needs() []need             { return nil }
func (r *runScreen) sync()                     {}
func (r *runScreen) setSize(width, height int) { r.width, r.height = width, height }
func (r *runScreen) mouse(m mouse)             { r.scroll(m.wheel) }

func (r *runScreen) detail() string {
	if r.run.ended {
		return ""
	}
	return "leaving this screen does not stop the deploy"
}

func (r *runScreen) scroll(lines int) { r.top = max(0, r.top+lines) }

func (r *runScreen) bindings() []binding {
	just := func(f func()) func() tea.Cmd {
		return func() tea.Cmd { f(); return nil }
	}
	out := []binding{
		{keys: []string{"up", "k"}, label: "up k", verb: "up", quiet: true, section: sectionMove, do: just(func() { r.scroll(-1) })},
		{keys: []string{"down", "j"}, label: "down j", verb: "down", quiet: true, section: sectionMove, do: just(func() { r.scroll(1) })},
		{keys: []string{"pgup", "ctrl+b"}, label: "pgup", verb: "page up", quiet: true, section: sectionMove, do: just(func() { r.scroll(-r.height / 2) })},
		{keys: []string{"pgdown", "ctrl+f"}, label: "pgdn", verb: "page down", quiet: true, section: sectionMove, do: just(func() { r.scroll(r.height / 2) })},
	}
	if !r.run.ended {
		out = append([]binding{{keys: []string{"X"}, label: "X", verb: "stop", help: "stop the deploy between two steps, after a question", danger: true, do: r.leave}}, out...)
	}
	return out
}

// view lists the steps, and below them how it ended.
func (r *runScreen) view() []string {
	lines := []string{""}
	for i, step := range r.run.steps {
		lines = append(lines, r.step(step, i == len(r.run.steps)-1 && !r.run.ended))
	}
	if len(r.run.steps) == 0 {
		lines = append(lines, "  "+r.theme.dim.Render("taking the lock of the target "+r.theme.tail))
	}
	if r.run.ended {
		lines = append(append(lines, ""), r.outcome()...)
	}
	r.top = min(r.top, max(0, len(lines)-r.height))
	return lines[r.top:min(len(lines), r.top+r.height)]
}

// step is one line: a glyph, the step, how far it is, what is at work, and how long it took.
func (r *runScreen) step(s deployStep, now bool) string {
	t, h := r.theme, fleet.OK
	switch {
	case now:
		h = fleet.Running
	case s.Step == deploy.StepRollback:
		h = fleet.Breach
	case s.Total > 0 && s.Done < s.Total:
		h = fleet.Failed
	}
	far := ""
	if s.Total > 0 {
		far = fmt.Sprintf("%d of %d", s.Done, s.Total)
	}
	text := fmt.Sprintf("  %s %-10s%12s  ", t.glyph(h), s.Step, far)
	return t.paintOf(h).Render(text) + t.dim.Render(paint.Fit(clean(s.Detail), r.width-paint.Width(text)-2, t.tail))
}

// outcome is how it ended: the sentence, and every DAG that is not as it should be, with Airflow's own error.
func (r *runScreen) outcome() []string {
	t := r.theme
	if r.run.err == nil {
		return r.ended(t.ok, t.glyph(fleet.OK))
	}
	var lines []string
	for i, line := range strings.Split(r.run.err.Error(), "\n") {
		for j, l := range wrap(clean(line), r.width-6) {
			lead := "    "
			if i == 0 && j == 0 {
				lead = "  " + t.glyph(fleet.Failed) + " "
			}
			lines = append(lines, t.bad.Render(lead+l))
		}
	}
	if h, ok := r.run.err.(interface{ Hint() string }); ok && h.Hint() != "" {
		for _, l := range wrap(clean(h.Hint()), r.width-6) {
			lines = append(lines, "    "+t.dim.Render(l))
		}
	}
	if live := r.run.result.Release; live != "" {
		lines = append(lines, "", "    "+t.dim.Render("live now: "+clean(live)))
	}
	return lines
}

// ended is the sentence about a good end.
func (r *runScreen) ended(style paint.Style, mark string) []string {
	var lines []string
	for _, l := range wrap(clean(r.run.ending()), r.width-6) {
		lines = append(lines, style.Render("  "+mark+" "+l))
		mark = " "
	}
	return lines
}

// driftScreen shows where confs, release, files and Airflow differ.
type driftScreen struct {
	pager
	target string
	shown  string
}

func newDriftScreen(s *shell, target string) *driftScreen {
	s.store.forget(query{topic: topicDrift, target: target})
	return &driftScreen{pager: newPager(s, 1), target: target}
}

func (d *driftScreen) title() string { return "drift of " + d.target }
func (d *driftScreen) query() query  { return query{topic: topicDrift, target: d.target} }

// summary is empty until the drift is known.
func (d *driftScreen) summary() string {
	if d.shown == "" {
		return ""
	}
	return d.pager.summary()
}

func (d *driftScreen) needs() []need {
	return []need{{query: d.query(), once: true, load: func(ctx context.Context, _ Source) (any, error) {
		return d.options.Deploys.Drift(ctx, d.target)
	}}}
}

func (d *driftScreen) sync() {
	drift, ok := value[*deploy.Drift](d.store, d.query())
	if !ok || drift.String() == d.shown {
		return
	}
	d.shown = drift.String()
	d.pane.Reset()
	for line := range strings.SplitSeq(strings.TrimSuffix(d.shown, "\n"), "\n") {
		d.pane.Append(line)
	}
	d.pane.Top()
}

func (d *driftScreen) view() []string {
	if d.shown == "" {
		return d.waiting(d.query(), "where confs, files and Airflow differ at "+d.target)
	}
	return d.pager.view()
}
