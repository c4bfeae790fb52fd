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
	ql "chrononctl/internal/query"
	"chrononctl/tui/paint"
	"chrononctl/tui/table"

	tea "charm.land/bubbletea/v2"
)

// activityScreen shows what was changed: from here, each with the command line that does the same and the one that takes it back; and by anybody, as
// Airflow's event log tells. Above them stands what this console asks of Airflow.
type activityScreen struct {
	listing
	deeds  *table.Table[numbered]
	events *table.Table[Event]
}

// numbered is a line of the journal.
type numbered struct {
	deed
	key string
}

// everyEvents is how often the event log is read while it is shown.
const everyEvents = 15 * time.Second

func newActivityScreen(s *shell) *activityScreen {
	a := &activityScreen{listing: listing{shell: s, lead: 2}}
	asked := ql.Over(action.EntryFields(s.clock, verbDeploy, verbRollback), func(d numbered) action.Entry { return d.entry })
	a.deeds = table.New(table.Spec[numbered]{
		ID:      func(d numbered) string { return d.key },
		Match:   matcher(s, asked),
		Clean:   clean,
		Columns: a.deedColumns(),
	})
	fields := eventFields(s)
	a.events = table.New(table.Spec[Event]{
		ID:      func(e Event) string { return strconv.FormatInt(e.ID, 10) },
		Match:   matcher(s, fields),
		Clean:   clean,
		Columns: a.eventColumns(),
	})
	a.panes = []pane{
		{grid: a.deeds, title: "Changed from here", complete: completer(asked)},
		{grid: a.events, title: "Airflow's event log", complete: completer(fields)},
	}
	return a
}

// eventFields are what the event log can be asked.
func eventFields(s *shell) []ql.Field[Event] {
	return []ql.Field[Event]{
		ql.Text("event", "what happened", func(e Event) string { return e.What }),
		ql.Text("who", "who asked for it", func(e Event) string { return e.Who }),
		ql.Text("dag", "the DAG", func(e Event) string { return e.DAGID }),
		ql.Text("task", "the task", func(e Event) string { return e.TaskID }),
		ql.Text("run", "the run", func(e Event) string { return e.RunID }),
		fleet.AgeField(s.clock, "age", "how long ago it was", func(e Event) time.Time { return e.At }),
	}
}

func (a *activityScreen) title() string { return "Activity" }

func (a *activityScreen) summary() string {
	all, _ := a.deeds.Len()
	changes := count(all, "change") + " from here"
	if a.blankOf(a.journalQuery(), "", "") != "" {
		changes = ""
	}
	return joinWith(a.theme.dot, a.importErrors(), changes)
}

// importErrors counts the files that do not import, as far as that is known.
func (a *activityScreen) importErrors() string {
	snap, ok := a.snapshot()
	switch {
	case !ok:
		return ""
	case len(snap.Broken) == 0 && slices.ContainsFunc(snap.Problems, func(p fleet.Problem) bool { return p.Section == fleet.SectionImportErrors }):
		return "import errors not known"
	}
	return count(len(snap.Broken), "import error")
}

func (a *activityScreen) eventsQuery() query  { return query{topic: topicEvents} }
func (a *activityScreen) journalQuery() query { return query{topic: topicJournal} }

func (a *activityScreen) needs() []need {
	chronicle := a.options.Chronicle
	if chronicle == nil {
		return nil
	}
	return []need{
		{query: a.eventsQuery(), every: everyEvents, load: func(ctx context.Context, _ Source) (any, error) { return chronicle.Events(ctx) }},
		{query: a.journalQuery(), every: everyEvents, load: func(ctx context.Context, _ Source) (any, error) { return chronicle.Journal(ctx) }},
	}
}

func (a *activityScreen) sync() {
	a.deeds.SetRows(a.changes())
	events, _ := value[[]Event](a.store, a.eventsQuery())
	a.events.SetRows(events)
	a.panes[0].blank, a.panes[1].blank = "nothing yet", "this console does not read it"
	if a.options.Chronicle != nil {
		a.panes[0].blank = a.blankOf(a.journalQuery(), "what was changed from here", "nothing yet")
		a.panes[1].blank = a.blankOf(a.eventsQuery(), "the event log", "no events")
	}
	a.layout()
}

// changes are the lines of the journal, newest first: those on disk, with the deploys of this session; or where there is none, those of this session.
// While the one on disk is being read only the deploys are shown: the others would come again as other lines, and the cursor would lose its own.
func (a *activityScreen) changes() []numbered {
	q := a.journalQuery()
	kept, _ := value[[]action.Entry](a.store, q)
	onDisk := a.options.Chronicle != nil && (!a.store.get(q).at.IsZero() || a.store.get(q).err == nil)
	var rows []numbered
	for i, d := range a.journal {
		if !onDisk || d.deploys() {
			rows = append(rows, numbered{d, strconv.Itoa(i)})
		}
	}
	for _, e := range kept {
		rows = append(rows, numbered{deedOf(e), e.ID})
	}
	slices.SortStableFunc(rows, func(x, y numbered) int { return y.at.Compare(x.at) })
	return rows
}

func (a *activityScreen) view() []string {
	text := "this console does not count its requests"
	if a.options.Chronicle != nil {
		text = meterText(a.meter, a.theme.dot)
	}
	return a.listing.view(" " + a.theme.dim.Render(paint.Fit(clean(text), a.width-2, a.theme.tail)))
}

// detail is the command line of a change, or what an event says of itself.
func (a *activityScreen) detail() string {
	if a.focus == 0 {
		d, _ := a.deeds.Selected()
		return joinWith(a.theme.dot, d.problem, d.command)
	}
	e, _ := a.events.Selected()
	return e.Extra
}

func (a *activityScreen) bindings() []binding {
	snap, _ := a.snapshot()
	own := []binding{
		{keys: []string{"enter"}, label: "enter", verb: "details", help: "all that is known of it", do: a.openRow,
			disabled: func() string { return nothingSelected(a.focus == 0, a.deeds, a.events) }},
		{keys: []string{"i"}, label: "i", verb: "import errors", help: "the files that do not import, with their traces",
			disabled: func() string {
				switch known := a.importErrors(); {
				case len(snap.Broken) > 0:
					return ""
				case known == count(0, "import error"):
					return "every DAG file imports"
				}
				return "which DAG files do not import is not known"
			},
			do: func() tea.Cmd { a.push(newTextScreen(a.shell, "import errors", traces(snap.Broken))); return nil }},
	}
	if d, ok := a.deeds.Selected(); a.focus == 0 && ok && a.canUndo(d) {
		own = append(own, binding{keys: []string{"U"}, label: "U", verb: "undo", help: "take it back, after a plan", danger: true,
			do: func() tea.Cmd { return a.plan("Undo: "+d.title, Request{Verb: d.verb, Undo: d.id}) }})
	}
	return append(own, a.listBindings()...)
}

// canUndo tells whether a change can be taken back from here.
func (a *activityScreen) canUndo(d numbered) bool {
	return d.id != "" && d.undo != "" && !d.undone && a.can(d.verb)
}

// traces are the files that do not import, one after the other.
func traces(broken []fleet.BrokenFile) string {
	parts := make([]string, len(broken))
	for i, b := range broken {
		parts[i] = fmt.Sprintf("%s, since %s\n\n%s", b.File, b.At.UTC().Format("2006-01-02 15:04 UTC"), strings.TrimSpace(b.Trace))
	}
	return strings.Join(parts, "\n\n")
}

func (a *activityScreen) openRow() tea.Cmd {
	if a.focus == 0 {
		d, _ := a.deeds.Selected()
		a.push(newTextScreen(a.shell, d.title, d.story()))
		return nil
	}
	e, _ := a.events.Selected()
	lines := []string{
		e.What + " by " + orNone(e.Who) + " at " + e.At.UTC().Format("2006-01-02 15:04:05 UTC"), "DAG  " + orNone(e.DAGID), "run  " + orNone(e.RunID),
		"task " + orNone(e.TaskID), "", e.Extra,
	}
	a.push(newTextScreen(a.shell, e.What, strings.Join(lines, "\n")))
	return nil
}

// health is how a change ended.
func (d deed) health() fleet.Health {
	switch {
	case d.problem == "":
		return fleet.OK
	case d.done > 0:
		return fleet.Breach
	case d.failed == 0:
		return fleet.Unknown
	}
	return fleet.Failed
}

// outcome says how many targets were changed, and how many of them were not.
func (d deed) outcome() string {
	switch {
	case d.done+d.failed == 0 && d.problem != "":
		return "not known"
	case d.done == 0:
		return "not done"
	case d.failed > 0:
		return fmt.Sprintf("%d done, %d not", d.done, d.failed)
	}
	return fmt.Sprintf("%d done", d.done)
}

// story is all that is known of a change.
func (d deed) story() string {
	lines := []string{d.at.UTC().Format("2006-01-02 15:04:05 UTC"), d.outcome(), "", "the same as a command:", "  " + d.command}
	if d.undo != "" {
		lines = append(lines, "", "what takes it back:", "  "+d.undo)
	}
	if d.problem != "" {
		lines = append(lines, "", d.problem)
	}
	return strings.Join(lines, "\n")
}

func (a *activityScreen) deedColumns() []table.Column[numbered] {
	dim := func(text string) table.Cell { return table.Cell{Text: text, Style: a.theme.dim} }
	return []table.Column[numbered]{
		{Title: "WHEN", Min: 11, Max: 11, Cell: func(d numbered) table.Cell { return dim(clock(a.now, d.at)) }},
		{Title: "", Min: 1, Max: 1, Cell: func(d numbered) table.Cell {
			return table.Cell{Text: a.theme.glyph(d.health()), Style: a.theme.paintOf(d.health())}
		}},
		{Title: "WHAT", Min: 30, Max: 70, Middle: true, Cell: func(d numbered) table.Cell { return table.Cell{Text: d.title} }},
		{Title: "DONE", Min: 10, Max: 60, Cell: func(d numbered) table.Cell {
			switch short := d.outcome(); {
			case d.undone:
				return dim("taken back")
			case d.problem != "":
				return table.Cell{Text: short + ": " + d.problem, Short: short, Style: a.theme.paintOf(d.health())}
			default:
				return dim(short)
			}
		}},
		{Title: "UNDO", Min: 20, Max: 80, Priority: 1, Cell: func(d numbered) table.Cell { return dim(d.undo) }},
	}
}

func (a *activityScreen) eventColumns() []table.Column[Event] {
	dim := func(text string) table.Cell { return table.Cell{Text: text, Style: a.theme.dim} }
	return []table.Column[Event]{
		{Title: "WHEN", Min: 11, Max: 11, Cell: func(e Event) table.Cell { return dim(clock(a.now, e.At)) },
			Compare: func(x, y Event) int { return y.At.Compare(x.At) }},
		{Title: "WHO", Min: 8, Max: 16, Cell: func(e Event) table.Cell { return table.Cell{Text: e.Who} },
			Compare: func(x, y Event) int { return strings.Compare(x.Who, y.Who) }},
		{Title: "EVENT", Min: 14, Max: 24, Cell: func(e Event) table.Cell { return table.Cell{Text: e.What} },
			Compare: func(x, y Event) int { return strings.Compare(x.What, y.What) }},
		{Title: "DAG", Min: 26, Max: 60, Middle: true, Cell: func(e Event) table.Cell { return dim(shortID(e.DAGID)) },
			Compare: func(x, y Event) int { return strings.Compare(x.DAGID, y.DAGID) }},
		{Title: "TASK", Min: 16, Max: 40, Priority: 1, Middle: true, Cell: func(e Event) table.Cell { return dim(e.TaskID) }},
		{Title: "RUN", Min: 20, Max: 40, Priority: 2, Middle: true, Cell: func(e Event) table.Cell { return dim(e.RunID) }},
	}
}
