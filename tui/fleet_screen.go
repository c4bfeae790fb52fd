package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"chrononctl/dagspec"
	"chrononctl/internal/fleet"
	"chrononctl/tui/table"

	tea "charm.land/bubbletea/v2"
)

// fleetScreen answers "what is broken, for whom": a row a team with the worst state of each kind of DAG, and below it the causes, into which all
// failures and waits are folded. While the causes have the keyboard, only the teams that the selected one touches are shown.
type fleetScreen struct {
	listing
	teams  *table.Table[fleet.Team]
	causes *table.Table[fleet.Cause]
	dags   int
	only   string // id of the cause whose teams are shown; empty: all teams are

	logs     memo[table.Choice, *fleet.Effect]      // see failed
	touching memo[uint64, map[string][]fleet.Cause] // see causesOf
	explains memo[uint64, map[string]explains]      // see explainsOf
	chosen   bool                                   // the reader has been among the causes
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
	f.causes = table.New(table.Spec[fleet.Cause]{
		ID:      func(c fleet.Cause) string { return c.ID },
		Match:   matcher(s, fleet.CauseFields(s.clock)),
		Clean:   clean,
		Columns: f.causeColumns(),
	})
	f.panes = []pane{
		{grid: f.teams, blank: "no DAG on this Airflow has the tag chronon; deploy some with: chrononctl deploy"},
		{grid: f.causes, title: "Causes", blank: lookingForCauses, complete: completer(fleet.CauseFields(s.clock))},
	}
	f.moved, f.side = f.showTeams, f.about
	return f
}

// What stands in place of the causes.
const (
	lookingForCauses = "looking for causes"
	nothingToExplain = "where nothing runs, nothing fails"
	noCauses         = "nothing failed, and nothing waits: every DAG, stream and comparison is as it should be"
)

func (f *fleetScreen) title() string { return "Fleet" }

func (f *fleetScreen) summary() string {
	if _, ok := f.firstRows(); !ok {
		return ""
	}
	return f.counted("team") + f.theme.dot + count(f.dags, "DAG")
}

func (f *fleetScreen) needs() []need { return f.explanationNeeds() }

func (f *fleetScreen) sync() {
	snap, ok := f.firstRows()
	if !ok {
		return
	}
	f.dags, f.only = len(snap.DAGs), ""
	f.teams.SetRows(snap.Teams)
	f.layout()
	if x, ok := f.explanation(); ok {
		f.causes.SetRows(x.Causes)
		if _, ok := f.causes.Selected(); f.focus != 1 && (!ok || !f.chosen) {
			f.causes.Top() // nobody has chosen one, or it became another one while nobody was at it
		}
		f.panes[1].note, f.panes[1].blank = causesNote(x.Causes), toggle(f.dags == 0, nothingToExplain, noCauses)
		f.layout()
	}
	f.showTeams()
}

// setSize lays the tables out for all teams, also while only those of a cause are shown.
func (f *fleetScreen) setSize(width, height int) {
	f.listing.setSize(width, height)
	f.sync()
}

// causesNote says how much the causes explain.
func causesNote(causes []fleet.Cause) string {
	n := 0
	for _, c := range causes {
		n += len(c.Explains)
	}
	switch n {
	case 0:
		return ""
	case 1:
		return "explains 1 failure or wait"
	}
	return "explain " + grouped(int64(n)) + " failures and waits"
}

// showTeams shows the teams that the selected cause touches, or all of them. The place of the tables stays as it is.
func (f *fleetScreen) showTeams() {
	want := ""
	f.chosen = f.chosen || f.focus == 1
	var teams []string
	if c, ok := f.causes.Selected(); ok && f.focus == 1 {
		if teams = f.explainsOf(c).teams; len(teams) > 0 {
			want = c.ID
		}
	}
	if want == f.only {
		return
	}
	f.only = want
	snap, _ := f.firstRows()
	rows := snap.Teams // by name
	if want != "" {
		rows = nil
		for _, name := range teams {
			if at, known := slices.BinarySearchFunc(snap.Teams, name, func(t fleet.Team, name string) int { return strings.Compare(t.Name, name) }); known {
				rows = append(rows, snap.Teams[at])
			}
		}
	}
	f.teams.SetRows(rows)
	if want == "" {
		f.layout()
	}
}

func (f *fleetScreen) view() []string {
	if _, ok := f.firstRows(); !ok {
		return f.waiting(query{topic: topicSnapshot}, "the fleet of "+f.options.Context)
	}
	return f.listing.view()
}

// detail is the selected cause, or the first that touches the selected team, with what would end it: the table may have no room for that.
func (f *fleetScreen) detail() string {
	c, _ := f.causes.Selected()
	if f.focus == 0 {
		t, _ := f.teams.Selected()
		touching := f.causesOf(t.Name)
		if len(touching) == 0 {
			return ""
		}
		c = touching[0]
	}
	return joinWith(f.theme.dot, shortID(c.Title), c.Ends)
}

// causesOf are the causes that touch a team. They are looked for once: a cause may explain thousands of failures.
func (f *fleetScreen) causesOf(team string) []fleet.Cause {
	return f.touching.get(f.causes.Arranged(), func() map[string][]fleet.Cause {
		touching := make(map[string][]fleet.Cause)
		for _, c := range f.causes.Rows() {
			for _, name := range c.Teams() {
				touching[name] = append(touching[name], c)
			}
		}
		return touching
	})[team]
}

// explains is what comes of a cause: whom it touches, how much it is in words, and the same where there is little room.
type explains struct {
	teams       []string
	text, short string
}

// explainsOf counts what comes of a cause, once for each that is drawn.
func (f *fleetScreen) explainsOf(c fleet.Cause) explains {
	told := f.explains.get(f.causes.Arranged(), func() map[string]explains { return make(map[string]explains) })
	if _, known := told[c.ID]; !known {
		told[c.ID] = explain(c)
	}
	return told[c.ID]
}

func (f *fleetScreen) bindings() []binding {
	return append([]binding{
		{keys: []string{"enter", "right"}, label: "enter", verb: "open", help: "open the team or the cause", do: f.enterRow, disabled: f.nothing},
		{keys: []string{"l"}, label: "l", verb: "log", help: "open the log of the failed task", do: f.openLog, disabled: f.noLog, quiet: f.noLog() != ""},
		f.whyBinding(f.nothing, f.selectedName),
	}, f.listBindings()...)
}

// selectedName is what "why" is asked of: the team, or the first that the cause explains.
func (f *fleetScreen) selectedName() string {
	if f.focus == 0 {
		t, _ := f.teams.Selected()
		return t.Name
	}
	c, _ := f.causes.Selected()
	snap, _ := f.snapshot()
	return whyName(snap, c)
}

func (f *fleetScreen) nothing() string { return nothingSelected(f.focus == 0, f.teams, f.causes) }

func (f *fleetScreen) enterRow() tea.Cmd {
	if f.focus == 0 {
		t, _ := f.teams.Selected()
		f.push(newTeamScreen(f.shell, t.Name))
		return nil
	}
	c, _ := f.causes.Selected()
	f.push(f.screenOf(c))
	return nil
}

func (f *fleetScreen) noLog() string {
	return toggle(f.failed() == nil, "a log belongs to a task: select the cause of a failure (tab)", "")
}

// failed is the task of the selected cause whose log says most; nil where there is none. A cause may explain thousands.
func (f *fleetScreen) failed() *fleet.Effect {
	if f.focus != 1 {
		return nil
	}
	return f.logs.get(f.causes.Choice(), func() *fleet.Effect {
		c, _ := f.causes.Selected()
		snap, _ := f.snapshot()
		if e, ok := logOf(snap, c); ok {
			return &e
		}
		return nil
	})
}

func (f *fleetScreen) openLog() tea.Cmd {
	if e := f.failed(); e != nil {
		f.openTaskLog(e.DAGID, e.RunID, e.TaskID, e.MapIndex, e.Health)
	}
	return nil
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
	case !ok, c.Of == 0 && (c.Health == fleet.OK || c.Health == fleet.None):
		return table.Cell{}
	case c.Of == 0: // nothing of it could be counted
		return table.Cell{Text: th.state(c.Health), Style: th.paintOf(c.Health)}
	case c.Health == fleet.OK:
		return table.Cell{Text: fmt.Sprintf("%s %d", th.glyph(c.Health), c.Of), Style: th.paintOf(c.Health)}
	}
	short := fmt.Sprintf("%s %d/%d", th.glyph(c.Health), c.Bad, c.Of)
	if c.Bad == 0 { // all of them, because of what they belong to
		short = fmt.Sprintf("%s %d", th.glyph(c.Health), c.Of)
	}
	return table.Cell{Text: short + " " + c.Health.Word(), Short: short, Style: th.paintOf(c.Health)}
}

// compareCells orders the worst first.
func compareCells(a, b fleet.Cell) int {
	return cmp.Or(cmp.Compare(b.Health, a.Health), cmp.Compare(b.Bad, a.Bad))
}
