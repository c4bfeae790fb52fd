package tui

import (
	"cmp"
	"fmt"
	"strings"

	"chrononctl/dagspec"
	"chrononctl/internal/fleet"
	"chrononctl/tui/table"

	tea "charm.land/bubbletea/v2"
)

// fleetScreen answers "what is broken, for whom": a row a team with the worst state of each kind of DAG, and below it, by name, what needs a person.
type fleetScreen struct {
	listing
	teams    *table.Table[fleet.Team]
	findings *table.Table[fleet.Finding]
	dags     int
}

// fleetKinds are the columns of the fleet. The first five are always of interest; the others appear where a team has them.
var fleetKinds = []struct {
	kind  dagspec.Kind
	title string
}{
	{dagspec.KindStagingQuery, "STAGING"}, {dagspec.KindBatch, "BATCH"}, {dagspec.KindStreaming, "STREAMING"},
	{dagspec.KindJoin, "JOINS"}, {dagspec.KindComparison, "CONSISTENCY"},
	{dagspec.KindLabelJoin, "LABELS"}, {dagspec.KindLogFlattening, "LOGS"}, {dagspec.KindStats, "STATS"}, {dagspec.KindMetadataUpload, "METADATA"},
}

// mainKinds is how many of them always have a column.
const mainKinds = 5

func newFleetScreen(s *shell) *fleetScreen {
	f := &fleetScreen{listing: listing{shell: s}}
	f.teams = table.New(table.Spec[fleet.Team]{
		ID:      func(t fleet.Team) string { return t.Name },
		Search:  func(t fleet.Team) string { return t.Name },
		Clean:   clean,
		Columns: f.teamColumns(),
	})
	f.findings = table.New(table.Spec[fleet.Finding]{
		ID:      findingID,
		Search:  func(n fleet.Finding) string { return n.Team + " " + n.Subject + " " + n.Detail + " " + n.Health.Word() },
		Clean:   clean,
		Columns: findingColumns(s),
	})
	f.panes = []pane{
		{grid: f.teams, blank: "no DAG on this Airflow has the tag chronon; deploy some with: chrononctl deploy"},
		{grid: f.findings, title: "Needs attention", blank: "nothing: every DAG, stream and comparison is as it should be"},
	}
	return f
}

func (f *fleetScreen) title() string { return "Fleet" }

func (f *fleetScreen) summary() string {
	if _, ok := f.snapshot(); !ok {
		return ""
	}
	return f.counted("team") + f.theme.dot + count(f.dags, "DAG")
}

func (f *fleetScreen) needs() []need { return nil }

func (f *fleetScreen) sync() {
	if snap, ok := f.snapshot(); ok {
		f.dags = len(snap.DAGs)
		f.teams.SetRows(snap.Teams)
		f.findings.SetRows(snap.Findings())
		f.layout()
	}
}

func (f *fleetScreen) view() []string {
	if _, ok := f.snapshot(); !ok {
		return f.waiting(query{topic: topicSnapshot}, "the fleet of "+f.options.Context)
	}
	return f.listing.view()
}

// detail is the selected finding in full, which the table may have no room for.
func (f *fleetScreen) detail() string {
	n, ok := f.findings.Selected()
	if !ok || f.focus == 0 {
		return ""
	}
	return shortID(n.Subject) + f.theme.dot + n.Detail
}

func (f *fleetScreen) bindings() []binding {
	return append([]binding{
		{keys: []string{"enter", "right"}, label: "enter", verb: "open", help: "open the team or the finding", do: f.enterRow, disabled: f.nothing},
		{keys: []string{"l"}, label: "l", verb: "log", help: "open the failed task's log", do: f.openLog, disabled: f.noLog},
	}, f.listBindings()...)
}

func (f *fleetScreen) nothing() string { return nothingSelected(f.focus == 0, f.teams, f.findings) }

func (f *fleetScreen) enterRow() tea.Cmd {
	if f.focus == 0 {
		t, _ := f.teams.Selected()
		f.push(newDAGsScreen(f.shell, teamDAGs(t.Name)))
		return nil
	}
	n, _ := f.findings.Selected()
	f.push(f.screenOf(n))
	return nil
}

// screenOf is where a finding is looked into.
func (f *fleetScreen) screenOf(n fleet.Finding) screen {
	snap, _ := f.snapshot()
	kind := dagspec.Kind("")
	if d, ok := findDAG(snap, n.DAGID); ok {
		kind = d.Kind
	}
	switch {
	case n.DAGID == "":
		return newTextScreen(f.shell, n.Subject, traceOf(snap, n))
	case n.RunID == "" && kind == dagspec.KindStreaming:
		s := newStreamsScreen(f.shell)
		s.choose(n.Subject)
		return s
	case n.RunID == "" && kind == dagspec.KindComparison:
		c := newConsistencyScreen(f.shell)
		c.choose(n.Subject)
		return c
	}
	d := newDAGScreen(f.shell, n.DAGID)
	d.choose(n.RunID, n.TaskID)
	return d
}

// traceOf is all that is known of a finding without a DAG.
func traceOf(snap fleet.Snapshot, n fleet.Finding) string {
	for _, b := range snap.Broken {
		if b.File == n.Subject {
			return b.Trace
		}
	}
	return n.Detail
}

func (f *fleetScreen) noLog() string {
	if n, ok := f.findings.Selected(); f.focus == 1 && ok && n.TaskID != "" {
		return ""
	}
	return "a log belongs to a task: select a failed one below (tab)"
}

func (f *fleetScreen) openLog() tea.Cmd {
	n, _ := f.findings.Selected()
	snap, _ := f.snapshot()
	if t, ok := findTask(snap, n); ok {
		f.push(newLogScreen(f.shell, t))
	}
	return nil
}

// findTask is the task that a finding is about; what the picture does not have of it is left open.
func findTask(snap fleet.Snapshot, n fleet.Finding) (fleet.Task, bool) {
	d, _ := findDAG(snap, n.DAGID)
	for _, r := range d.Runs {
		for _, t := range r.Tasks {
			if r.ID == n.RunID && t.ID == n.TaskID {
				return t, true
			}
		}
	}
	return fleet.Task{DAGID: n.DAGID, RunID: n.RunID, ID: n.TaskID, MapIndex: -1, Health: n.Health}, n.TaskID != ""
}

func (f *fleetScreen) teamColumns() []table.Column[fleet.Team] {
	columns := []table.Column[fleet.Team]{{
		Title: "TEAM", Min: 10, Max: 28,
		Cell:    func(t fleet.Team) table.Cell { return table.Cell{Text: t.Name} },
		Compare: func(a, b fleet.Team) int { return strings.Compare(a.Name, b.Name) },
	}}
	for i, k := range fleetKinds {
		columns = append(columns, table.Column[fleet.Team]{
			Title: k.title, Min: max(9, len(k.title)), Max: 24, Priority: i / mainKinds * 3, Optional: i >= mainKinds,
			Cell:    func(t fleet.Team) table.Cell { return f.kindCell(t, k.kind) },
			Compare: func(a, b fleet.Team) int { return compareCells(a.Cells[k.kind], b.Cells[k.kind]) },
		})
		if i == mainKinds-1 {
			columns = append(columns, table.Column[fleet.Team]{
				Title: "DAY", Min: 5, Max: 10, Priority: 0,
				Cell: func(t fleet.Team) table.Cell {
					return table.Cell{Text: t.Day, Short: shortDay(t.Day), Style: f.theme.dim}
				},
				Compare: func(a, b fleet.Team) int { return strings.Compare(a.Day, b.Day) },
			})
		}
	}
	return columns
}

// kindCell says how the DAGs of a kind are: the worst state, and how many of how many are in it.
func (f *fleetScreen) kindCell(t fleet.Team, kind dagspec.Kind) table.Cell {
	c, ok := t.Cells[kind]
	th := f.theme
	switch {
	case !ok || c.Of == 0:
		return table.Cell{}
	case c.Health == fleet.OK, c.Bad == 0:
		return table.Cell{Text: fmt.Sprintf("%s %d", th.glyph(c.Health), c.Of), Style: th.paintOf(c.Health)}
	}
	short := fmt.Sprintf("%s %d/%d", th.glyph(c.Health), c.Bad, c.Of)
	return table.Cell{Text: short + " " + c.Health.Word(), Short: short, Style: th.paintOf(c.Health)}
}

// compareCells orders the worst first.
func compareCells(a, b fleet.Cell) int {
	return cmp.Or(cmp.Compare(b.Health, a.Health), cmp.Compare(b.Bad, a.Bad))
}

// findingID is what a finding stays the same by, while its detail counts on.
func findingID(n fleet.Finding) string {
	id := []string{n.Subject, n.DAGID, n.RunID, n.TaskID}
	if n.DAGID == "" {
		id = append(id, n.Detail)
	}
	return strings.Join(id, "\x00")
}

func findingColumns(s *shell) []table.Column[fleet.Finding] {
	return []table.Column[fleet.Finding]{
		{
			Title: "", Min: 1, Max: 14, Priority: 2,
			Cell: func(n fleet.Finding) table.Cell {
				return table.Cell{Text: s.theme.state(n.Health), Short: s.theme.glyph(n.Health), Style: s.theme.paintOf(n.Health)}
			},
			Compare: func(a, b fleet.Finding) int { return cmp.Compare(b.Health, a.Health) },
		},
		{
			Title: "WHAT", Min: 40, Max: 72, Middle: true,
			Cell:    func(n fleet.Finding) table.Cell { return table.Cell{Text: shortID(n.Subject)} },
			Compare: func(a, b fleet.Finding) int { return strings.Compare(a.Subject, b.Subject) },
		},
		{
			Title: "TEAM", Min: 14, Max: 20, Priority: 3,
			Cell:    func(n fleet.Finding) table.Cell { return table.Cell{Text: n.Team, Style: s.theme.dim} },
			Compare: func(a, b fleet.Finding) int { return strings.Compare(a.Team, b.Team) },
		},
		{
			Title: "HOW", Min: 28, Max: 84, Priority: 1,
			Cell: func(n fleet.Finding) table.Cell { return table.Cell{Text: n.Detail, Style: s.theme.dim} },
		},
	}
}
