package tui

import (
	"cmp"
	"fmt"
	"strings"

	"chrononctl/internal/fleet"
	ql "chrononctl/internal/query"
	"chrononctl/tui/paint"
	"chrononctl/tui/table"

	tea "charm.land/bubbletea/v2"
)

// causeScreen is one cause: how it is known, what would end it, and all that it explains.
type causeScreen struct {
	listing
	cause   fleet.Cause
	gone    bool // the newest explanation does not have it any more
	effects *table.Table[fleet.Effect]
}

func newCauseScreen(s *shell, cause fleet.Cause) *causeScreen {
	c := &causeScreen{listing: listing{shell: s}, cause: cause}
	c.effects = table.New(table.Spec[fleet.Effect]{ID: effectID, Match: matcher(s, effectFields()), Clean: clean, Columns: c.columns()})
	c.panes = []pane{{grid: c.effects, title: "What it explains", blank: "nothing any more", complete: completer(effectFields())}}
	return c
}

func effectID(e fleet.Effect) string {
	return strings.Join([]string{e.DAGID, e.RunID, e.TaskID, fmt.Sprint(e.MapIndex), e.Stream, e.Join, e.File, e.Part}, "\x00")
}

func effectFields() []ql.Field[fleet.Effect] {
	return []ql.Field[fleet.Effect]{
		ql.Text("what", "its name", fleet.Effect.Name),
		ql.Text("team", "whose it is", func(e fleet.Effect) string { return e.Team }),
		ql.Text("conf", "of which conf", func(e fleet.Effect) string { return e.Conf }),
		fleet.StateField(func(e fleet.Effect) fleet.Health { return e.Health }),
		ql.Day("ds", "of which day", func(e fleet.Effect) string { return e.Day }),
	}
}

func (c *causeScreen) title() string   { return c.cause.Title }
func (c *causeScreen) summary() string { return c.counted("effect") }
func (c *causeScreen) needs() []need   { return c.explanationNeeds() }

// sync takes the cause from the newest explanation. One that has gone stays as it was, and says so.
func (c *causeScreen) sync() {
	x, ok := c.explanation()
	if !ok {
		c.effects.SetRows(c.cause.Explains)
		return
	}
	c.gone = true
	for _, now := range x.Causes {
		if now.ID == c.cause.ID {
			c.cause, c.gone = now, false
		}
	}
	c.effects.SetRows(c.cause.Explains)
	c.setSize(c.width, c.height)
}

func (c *causeScreen) setSize(width, height int) {
	c.width = width
	c.lead = len(c.facts()) + 1
	c.listing.setSize(width, height)
}

func (c *causeScreen) view() []string { return c.listing.view(c.facts()...) }

// facts are what is known of the cause, a line each.
func (c *causeScreen) facts() []string {
	t, cause := c.theme, c.cause
	var lines []string
	for i, part := range wrap(clean(cause.Title), max(20, c.width-14)) {
		mark := "  "
		switch {
		case i > 0:
		case c.gone:
			mark = t.ok.Render(t.glyph(fleet.OK) + " over: ")
		default:
			mark = t.paintOf(cause.Health).Render(t.glyph(cause.Health) + " ")
		}
		if !c.gone {
			part = t.paintOf(cause.Health).Render(part)
		}
		lines = append(lines, mark+part)
	}
	age := ""
	if !cause.Since.IsZero() {
		age = moment(c.now, cause.Since) + ", " + since(c.now, cause.Since)
	}
	for _, l := range []struct{ label, text string }{
		{"since", joinWith(t.dot, age, usualText(c.shell, cause.Usual))}, {"owner", ownerText(cause.Owner, cause.Team)},
		{"known", cause.Known}, {"ends", cause.Ends}, {"command", cause.Command},
	} {
		if l.text != "" {
			for i, part := range wrap(clean(l.text), max(20, c.width-14)) {
				label := l.label
				if i > 0 {
					label = ""
				}
				lines = append(lines, t.dim.Render(paint.Pad(label, 9))+part)
			}
		}
	}
	for i, l := range lines {
		lines[i] = " " + paint.Fit(l, c.width-2, t.tail)
	}
	return lines
}

func (c *causeScreen) bindings() []binding {
	noRun := func() string {
		if e, ok := c.effects.Selected(); !ok || e.DAGID == "" {
			return "this belongs to no DAG"
		}
		return ""
	}
	noTask := func() string {
		if _, ok := c.logged(); !ok {
			return "a log belongs to a task"
		}
		return ""
	}
	own := []binding{
		{keys: []string{"enter", "right"}, label: "enter", verb: "open", help: "open its run", disabled: noRun, do: func() tea.Cmd {
			e, _ := c.effects.Selected()
			d := newDAGScreen(c.shell, e.DAGID)
			d.choose(e.RunID, e.TaskID)
			c.push(d)
			return nil
		}},
		{keys: []string{"l"}, label: "l", verb: "log", help: "open the log of the task, or of the failed one", disabled: noTask, do: func() tea.Cmd {
			e, _ := c.logged()
			c.openTaskLog(e.DAGID, e.RunID, e.TaskID, e.MapIndex, e.Health)
			return nil
		}},
		c.whyBinding(func() string { return selected(c.effects) }, func() string { e, _ := c.effects.Selected(); return effectName(e) }),
	}
	return append(own, c.listBindings()...)
}

// logged is the task whose log is meant: the selected one, or where that is no task the one that failed.
func (c *causeScreen) logged() (fleet.Effect, bool) {
	if e, ok := c.effects.Selected(); ok && e.TaskID != "" && e.RunID != "" {
		return e, true
	}
	snap, _ := c.snapshot()
	return logOf(snap, c.cause)
}

func (c *causeScreen) columns() []table.Column[fleet.Effect] {
	dim := func(text string) table.Cell { return table.Cell{Text: text, Style: c.theme.dim} }
	return []table.Column[fleet.Effect]{
		{
			Title: "WHAT", Min: 40, Max: 90, Middle: true,
			Cell: func(e fleet.Effect) table.Cell { return table.Cell{Text: shortID(e.Name())} },
		},
		{
			Title: "STATE", Min: 12, Max: 14,
			Cell: func(e fleet.Effect) table.Cell {
				return table.Cell{Text: c.theme.state(e.Health), Style: c.theme.paintOf(e.Health)}
			},
			Compare: func(a, b fleet.Effect) int { return cmp.Compare(b.Health, a.Health) },
		},
		{
			Title: "SINCE", Min: 9, Max: 9, Align: table.Right,
			Cell:    func(e fleet.Effect) table.Cell { return dim(since(c.now, e.Since)) },
			Compare: func(a, b fleet.Effect) int { return a.Since.Compare(b.Since) },
		},
		{
			Title: "CONF", Min: 20, Max: 40, Priority: 2, Middle: true, Optional: true,
			Cell:    func(e fleet.Effect) table.Cell { return dim(e.Conf) },
			Compare: func(a, b fleet.Effect) int { return strings.Compare(a.Conf, b.Conf) },
		},
		{
			Title: "TEAM", Min: 10, Max: 20, Priority: 1,
			Cell:    func(e fleet.Effect) table.Cell { return dim(e.Team) },
			Compare: func(a, b fleet.Effect) int { return strings.Compare(a.Team, b.Team) },
		},
	}
}

// logOf is the first failed task that a cause explains; one that failed by itself comes before those that are behind it.
func logOf(snap fleet.Snapshot, c fleet.Cause) (found fleet.Effect, ok bool) {
	for _, e := range c.Explains {
		if e.TaskID == "" || e.RunID == "" || e.Health != fleet.Failed {
			continue
		}
		t, _ := taskOf(snap, e.DAGID, e.RunID, e.TaskID, e.MapIndex)
		if !isBehind(t) {
			return e, true
		}
		if !ok {
			found, ok = e, true
		}
	}
	return found, ok
}

// whyName is what "why" is asked of for a cause: the failed task, or else the first that it explains.
func whyName(snap fleet.Snapshot, c fleet.Cause) string {
	if e, ok := logOf(snap, c); ok {
		return effectName(e)
	}
	if len(c.Explains) == 0 {
		return c.Team
	}
	return effectName(c.Explains[0])
}

// effectName is the name by which a chain is asked for.
func effectName(e fleet.Effect) string {
	switch {
	case e.DAGID != "" && e.TaskID != "":
		return e.DAGID + "/" + e.TaskID
	case e.Stream != "":
		return e.Stream
	case e.Join != "":
		return e.Join
	case e.Conf != "":
		return e.Conf
	}
	return cmp.Or(e.DAGID, e.Team)
}

// screenOf is where a cause is looked into: its own screen, or the one that shows what it is about better.
func (s *shell) screenOf(c fleet.Cause) screen {
	snap, _ := s.snapshot()
	first := fleet.Effect{}
	if len(c.Explains) > 0 {
		first = c.Explains[0]
	}
	switch {
	case c.Kind == fleet.CauseImport && first.File != "":
		return newTextScreen(s, first.File, traceOf(snap, first.File, c.Title))
	case c.Kind == fleet.CauseStream && len(c.Explains) == 1 && first.Stream != "":
		st := newStreamsScreen(s)
		st.choose(first.Stream)
		return st
	case c.Kind == fleet.CauseFeature && first.Join != "":
		co := newConsistencyScreen(s)
		co.choose(first.Join)
		return co
	}
	return newCauseScreen(s, c)
}

// traceOf is all that is known of a file that does not import.
func traceOf(snap fleet.Snapshot, file, otherwise string) string {
	for _, b := range snap.Broken {
		if b.File == file {
			return b.Trace
		}
	}
	return otherwise
}

// explain says how much comes of a cause: "143 runs in 31 teams", "3 runs, payments"; where there is little room: "143 in 31 teams", "3 runs".
func explain(c fleet.Cause) explains {
	n, one := effects(c)
	out := explains{c.Teams(), count(n, one), count(n, one)}
	switch len(out.teams) {
	case 0:
	case 1:
		out.text += ", " + out.teams[0]
	default:
		out.text += fmt.Sprintf(" in %d teams", len(out.teams))
		out.short = fmt.Sprintf("%s in %d teams", grouped(int64(n)), len(out.teams))
	}
	return out
}

// effects counts what comes of a cause, in what people count it in.
func effects(c fleet.Cause) (n int, one string) {
	var streams, joins, files int
	for _, e := range c.Explains {
		switch {
		case e.Stream != "":
			streams++
		case e.Join != "":
			joins++
		case e.File != "":
			files++
		}
	}
	switch runs := c.Runs(); {
	case c.Kind == fleet.CauseStream && streams > 0:
		return streams, "stream"
	case c.Kind == fleet.CauseFeature && joins > 0:
		return joins, "join"
	case c.Kind == fleet.CauseImport && files > 0:
		return files, "file"
	case runs > 0:
		return runs, "run"
	}
	return len(c.Explains), "effect"
}

func (f *fleetScreen) causeColumns() []table.Column[fleet.Cause] {
	dim := func(text string) table.Cell { return table.Cell{Text: text, Style: f.theme.dim} }
	return []table.Column[fleet.Cause]{
		{
			Title: "", Min: 1, Max: 14, Priority: 2,
			Cell: func(c fleet.Cause) table.Cell {
				return table.Cell{Text: f.theme.state(c.Health), Short: f.theme.glyph(c.Health), Style: f.theme.paintOf(c.Health)}
			},
			Compare: func(a, b fleet.Cause) int { return cmp.Compare(b.Health, a.Health) },
		},
		{
			Title: "WHAT", Min: 40, Max: 150,
			Cell:    func(c fleet.Cause) table.Cell { return table.Cell{Text: shortID(c.Title)} },
			Compare: func(a, b fleet.Cause) int { return strings.Compare(a.Title, b.Title) },
		},
		{
			Title: "EXPLAINS", Min: 15, Max: 36, Priority: 1,
			Cell: func(c fleet.Cause) table.Cell {
				told := f.explainsOf(c)
				return table.Cell{Text: told.text, Short: told.short, Style: f.theme.dim}
			},
			Compare: func(a, b fleet.Cause) int { return len(b.Explains) - len(a.Explains) },
		},
		{
			Title: "SINCE", Min: 5, Max: 9, Priority: 1, Align: table.Right,
			Cell: func(c fleet.Cause) table.Cell {
				age := since(f.now, c.Since)
				return table.Cell{Text: age, Short: roughly(age), Style: f.theme.dim}
			},
			Compare: func(a, b fleet.Cause) int { return a.Since.Compare(b.Since) },
		},
		{
			Title: "USUALLY", Min: 7, Max: 11, Priority: 3, Optional: true,
			Cell: func(c fleet.Cause) table.Cell {
				if c.Usual.IsZero() {
					return table.Cell{}
				}
				return dim(moment(f.now, c.Usual))
			},
		},
		{
			Title: "OWNER", Min: 14, Max: 24, Priority: 2,
			Cell:    func(c fleet.Cause) table.Cell { return dim(cmp.Or(c.Owner, c.Team)) },
			Compare: func(a, b fleet.Cause) int { return strings.Compare(a.Owner, b.Owner) },
		},
	}
}
