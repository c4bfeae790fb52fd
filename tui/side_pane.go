package tui

import (
	"cmp"
	"fmt"
	"strings"

	"chrononctl/internal/fleet"
	"chrononctl/tui/paint"
)

// On a wide terminal a listing has a pane at the right side of its first table: all that is known of what is selected, without going in.
const (
	sideFrom   = 190 // width from which on there is one
	sideWidth  = 62
	sideHeight = 16 // that it takes at least from a second table below
	sideLabel  = 13 // columns of the labels
	sideRuns   = 14 // runs of a DAG that are listed
)

// aboutSelected is what stands in the pane: a title, and facts in their order. An empty title shows no pane.
type aboutSelected struct {
	title string
	facts []fact
}

// fact is something that is known; without a text it is not shown, without a label it goes on with the one before.
type fact struct {
	label, text string
	style       paint.Style
}

// tablesWidth is the room that the pane leaves to the table beside it.
func (l *listing) tablesWidth() int {
	if l.side == nil || l.width < sideFrom {
		return l.width
	}
	return l.width - sideWidth - 2
}

// drawSide lays the pane beside the first table. Of what has no room the lines are counted.
func (l *listing) drawSide(out []string) {
	left := l.tablesWidth()
	if left == l.width {
		return
	}
	about := l.side()
	if about.title == "" {
		return
	}
	lines, room := l.tell(about), l.places[0].h
	if more := len(lines) - room; more > 0 && room > 0 {
		lines = append(lines[:room-1], " "+l.theme.dim.Render(paint.Pad("", sideLabel-1)+fmt.Sprintf("and %s more", count(more+1, "line"))))
	}
	for i, line := range lines {
		if at := l.lead + i; at < len(out) {
			out[at] = paint.Pad(out[at], left+2) + line
		}
	}
}

// tell writes what the pane says, each fact in as many lines as it needs.
func (l *listing) tell(about aboutSelected) []string {
	t := l.theme
	lines := []string{t.ruled(paint.FitMiddle(clean(about.title), sideWidth-6, t.tail), sideWidth)}
	for _, f := range about.facts {
		if f.text == "" {
			continue
		}
		for i, part := range wrap(clean(f.text), sideWidth-sideLabel-1) {
			label := f.label
			if i > 0 {
				label = ""
			}
			lines = append(lines, " "+t.dim.Render(paint.Pad(label, sideLabel-1))+f.style.Render(part))
		}
	}
	return lines
}

// aboutDAG is what the pane says of a DAG.
func (s *shell) aboutDAG(g fleet.DAG) aboutSelected {
	h := shownHealth(g)
	about := aboutSelected{g.ID, []fact{
		{"state", s.theme.state(h), s.theme.paintOf(h)}, {"team", g.Team, paint.Style{}}, {"kind", strings.ReplaceAll(string(g.Kind), "_", " "), paint.Style{}},
		{"join", g.Join, paint.Style{}}, {"content", g.Hash, s.theme.dim}, {"next run", s.nextRun(g), paint.Style{}},
	}}
	for i, r := range g.Runs[:min(len(g.Runs), sideRuns)] {
		label := ""
		if i == 0 {
			label = "runs"
		}
		about.facts = append(about.facts, fact{label, joinWith("  ", r.Day, s.theme.state(r.Health), took(s.now, r.Start, r.End)), s.theme.paintOf(r.Health)})
	}
	return about
}

// aboutStream is what the pane says of a stream.
func (s *shell) aboutStream(r fleet.Stream) aboutSelected {
	t, plain := s.theme, paint.Style{}
	reported, uploaded := "", r.Upload
	if !r.At.IsZero() {
		reported = since(s.now, r.At) + " ago"
	}
	if !r.Uploaded.IsZero() {
		uploaded += ", " + since(s.now, r.Uploaded) + " ago"
	}
	return aboutSelected{r.GroupBy, []fact{
		{"state", t.glyph(r.Health) + " " + streamWord(r), t.paintOf(r.Health)}, {"since", since(s.now, r.Since), plain}, {"why", r.Reason, plain},
		{"restarts", restartsText(r), plain}, {"application", r.App, plain}, {"team", r.Team, plain}, {"DAG", r.DAGID, plain},
		{"reported", reported, plain}, {"next tick", until(s.now, r.NextTick), plain}, {"values of", uploaded, plain},
	}}
}

// restartsText says how often a stream was restarted, where a report tells.
func restartsText(r fleet.Stream) string {
	if r.At.IsZero() {
		return ""
	}
	return fmt.Sprintf("%d in 24 h", r.Restarts)
}

// aboutJoin is what the pane says of a join: how far it is, and what each of its parts waits for.
func (s *shell) aboutJoin(r *joinRow) aboutSelected {
	t, o, plain := s.theme, r.Output, paint.Style{}
	work := ""
	if r.atWork {
		work = joinWith(" ", shortRange(r.work.Range), s.workCell(r.work).Text)
	}
	about := aboutSelected{cmp.Or(r.Join, r.DAGID), []fact{
		{"state", s.outputCell(o).Text, t.paintOf(o.Health)}, {"why", o.Reason, plain}, {"newest", o.Landed, plain}, {"expected", s.dueText(o), plain},
		{"at work", work, t.run}, {"done", s.finishText(r.work), plain}, {"missing", strings.Join(r.Holes, ", "), t.warn}, {"table", r.Table, plain},
		{"team", r.Team, plain}, {"DAG", r.DAGID, plain},
	}}
	for i, p := range r.Parts {
		label := ""
		if i == 0 {
			label = "parts"
		}
		about.facts = append(about.facts, fact{label, joinWith("  ", t.glyph(p.Health), p.Name, p.State, since(s.now, p.Since)), t.paintOf(p.Health)})
	}
	return about
}

// aboutTeam is what the pane says of a team: each kind in words, and what is behind its failures and waits.
func (f *fleetScreen) aboutTeam(team fleet.Team) aboutSelected {
	about := aboutSelected{team.Name, []fact{{"landed", team.Day, paint.Style{}}}}
	for _, k := range fleetKinds {
		cell := f.kindCell(team, k.kind)
		about.facts = append(about.facts, fact{strings.ToLower(k.title), cell.Text, cell.Style})
	}
	label := "causes"
	for _, c := range f.causesOf(team.Name) {
		about.facts = append(about.facts, fact{label, f.theme.glyph(c.Health) + " " + shortID(c.Title), f.theme.paintOf(c.Health)})
		label = ""
	}
	return about
}

// aboutCause is what the pane says of a cause, and of the first things that it explains.
func (f *fleetScreen) aboutCause(c fleet.Cause) aboutSelected {
	t, plain := f.theme, paint.Style{}
	about := aboutSelected{f.explainsOf(c).text, []fact{
		{"cause", t.glyph(c.Health) + " " + c.Title, t.paintOf(c.Health)}, {"since", joinWith(t.dot, since(f.now, c.Since), usualText(f.shell, c.Usual)), plain},
		{"owner", ownerText(c.Owner, c.Team), plain}, {"known", c.Known, plain}, {"ends", c.Ends, plain}, {"command", c.Command, plain},
	}}
	for i, e := range c.Explains[:min(len(c.Explains), sideRuns)] {
		label := ""
		if i == 0 {
			label = "explains"
		}
		about.facts = append(about.facts, fact{label, t.glyph(e.Health) + " " + shortID(e.Name()), t.paintOf(e.Health)})
	}
	return about
}

// about is what the pane of the fleet says.
func (f *fleetScreen) about() aboutSelected {
	if c, ok := f.causes.Selected(); ok && f.focus == 1 {
		return f.aboutCause(c)
	}
	if team, ok := f.teams.Selected(); ok && f.focus == 0 {
		return f.aboutTeam(team)
	}
	return aboutSelected{}
}

// about gives the pane of one table what is selected there.
func about[T any](selected func() (T, bool), tell func(T) aboutSelected) func() aboutSelected {
	return func() aboutSelected {
		row, ok := selected()
		if !ok {
			return aboutSelected{}
		}
		return tell(row)
	}
}
