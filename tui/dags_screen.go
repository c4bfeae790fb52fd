package tui

import (
	"cmp"
	"strings"
	"time"

	"chrononctl/internal/fleet"
	"chrononctl/tui/table"

	tea "charm.land/bubbletea/v2"
)

// scope chooses the DAGs of a list.
type scope struct {
	title string
	blank string
	team  bool // only one team's: its name needs no column
	match func(fleet.DAG) bool
}

func allDAGs() scope {
	return scope{title: "DAGs", blank: "no DAG on this Airflow has the tag chronon", match: func(fleet.DAG) bool { return true }}
}

func teamDAGs(team string) scope {
	return scope{title: team, blank: "this team has no DAG any more", team: true, match: func(d fleet.DAG) bool { return d.Team == team }}
}

// dagsScreen lists the DAGs of a team, of a kind, or all.
type dagsScreen struct {
	listing
	scope  scope
	dags   *table.Table[fleet.DAG]
	chosen memo[table.Choice, chosenDAGs]
}

func newDAGsScreen(s *shell, sc scope) *dagsScreen {
	d := &dagsScreen{listing: listing{shell: s}, scope: sc}
	d.dags = table.New(table.Spec[fleet.DAG]{
		ID:      func(d fleet.DAG) string { return d.ID },
		Match:   matcher(s, dagFields(s)),
		Clean:   clean,
		Columns: d.columns(),
	})
	d.side = about(d.dags.Selected, s.aboutDAG)
	d.panes = []pane{{grid: d.dags, blank: sc.blank, marks: true, complete: completer(dagFields(s))}}
	return d
}

func (d *dagsScreen) title() string   { return d.scope.title }
func (d *dagsScreen) summary() string { return d.counted("DAG") }
func (d *dagsScreen) needs() []need   { return nil }

func (d *dagsScreen) sync() {
	snap, ok := d.firstRows()
	if !ok {
		return
	}
	rows := make([]fleet.DAG, 0, len(snap.DAGs))
	for _, dag := range snap.DAGs {
		if d.scope.match(dag) {
			rows = append(rows, dag)
		}
	}
	d.dags.SetRows(rows)
}

func (d *dagsScreen) view() []string {
	if _, ok := d.firstRows(); !ok {
		return d.waiting(query{topic: topicSnapshot}, "the DAGs of "+d.options.Context)
	}
	return d.listing.view()
}

func (d *dagsScreen) bindings() []binding { return append(d.ownBindings(), d.listBindings()...) }

// ownBindings are the keys for DAGs, without those of every listing.
func (d *dagsScreen) ownBindings() []binding {
	none := func() string { return selected(d.dags) }
	own := []binding{{
		keys: []string{"enter", "right"}, label: "enter", verb: "runs", help: "open the runs of the DAG", disabled: none,
		do: func() tea.Cmd {
			dag, _ := d.dags.Selected()
			d.push(newDAGScreen(d.shell, dag.ID))
			return nil
		},
	}}
	own = append(own, d.logBinding(none, func() (string, func(fleet.Task) bool) {
		dag, _ := d.dags.Selected()
		return dag.ID, anyTask
	}))
	own = append(own, d.whyBinding(none, func() string { dag, _ := d.dags.Selected(); return dag.ID }))
	return append(own, d.dagBindings(d.chosenDAGs(), "")...)
}

// chosenDAGs are the marked DAGs, or the selected one.
func (d *dagsScreen) chosenDAGs() chosenDAGs {
	return d.chosen.get(d.dags.Choice(), func() chosenDAGs { return chosenOf(d.dags.Chosen()...) })
}

func (d *dagsScreen) columns() []table.Column[fleet.DAG] {
	dim := func(text string) table.Cell { return table.Cell{Text: text, Style: d.theme.dim} }
	columns := []table.Column[fleet.DAG]{
		{
			Title: "DAG", Min: 32, Max: 72, Middle: true,
			Cell:    func(g fleet.DAG) table.Cell { return table.Cell{Text: shortID(g.ID)} },
			Compare: func(a, b fleet.DAG) int { return strings.Compare(a.ID, b.ID) },
		},
		{
			Title: "STATE", Min: 12, Max: 14,
			Cell: func(g fleet.DAG) table.Cell {
				return table.Cell{Text: d.theme.state(shownHealth(g)), Style: d.theme.paintOf(shownHealth(g))}
			},
			Compare: func(a, b fleet.DAG) int { return cmp.Compare(shownHealth(b), shownHealth(a)) },
		},
		{
			Title: "RUNS", Min: 10, Max: 10, Priority: 1,
			Cell: func(g fleet.DAG) table.Cell { return d.strip(g.Runs, 10) },
		},
		{
			Title: "DAY", Min: 5, Max: 10,
			Cell: func(g fleet.DAG) table.Cell {
				return table.Cell{Text: newestDay(g), Short: shortDay(newestDay(g)), Style: d.theme.dim}
			},
			Compare: func(a, b fleet.DAG) int { return strings.Compare(newestDay(a), newestDay(b)) },
		},
		{
			Title: "NEXT", Min: 9, Max: 12, Priority: 2, Align: table.Right,
			Cell:    func(g fleet.DAG) table.Cell { return dim(d.nextRun(g)) },
			Compare: func(a, b fleet.DAG) int { return a.NextRun.Compare(b.NextRun) },
		},
		{
			Title: "LAST", Min: 9, Max: 14, Priority: 4, Align: table.Right,
			Cell:    func(g fleet.DAG) table.Cell { return dim(since(d.now, lastStart(g))) },
			Compare: func(a, b fleet.DAG) int { return lastStart(b).Compare(lastStart(a)) },
		},
		{
			Title: "CONTENT", Min: 12, Max: 12, Priority: 5,
			Cell: func(g fleet.DAG) table.Cell { return dim(g.Hash) },
		},
	}
	if d.scope.team {
		return columns
	}
	return append(columns, table.Column[fleet.DAG]{
		Title: "TEAM", Min: 10, Max: 20, Priority: 3,
		Cell:    func(g fleet.DAG) table.Cell { return dim(g.Team) },
		Compare: func(a, b fleet.DAG) int { return strings.Compare(a.Team, b.Team) },
	})
}

// shownHealth is the state of a DAG as a list shows it: switched off comes before everything but a failure.
func shownHealth(g fleet.DAG) fleet.Health {
	switch {
	case g.Broken:
		return fleet.Failed
	case g.Paused && g.Health != fleet.Failed:
		return fleet.Paused
	}
	return g.Health
}

// newestDay is the day of the newest run.
func newestDay(g fleet.DAG) string {
	for _, r := range g.Runs {
		if r.Day != "" {
			return r.Day
		}
	}
	return ""
}

// lastStart is when the newest run that has started did so.
func lastStart(g fleet.DAG) time.Time {
	for _, r := range g.Runs {
		if !r.Start.IsZero() {
			return r.Start
		}
	}
	return time.Time{}
}

// nextRun is how far ahead the next run of a DAG is.
func (s *shell) nextRun(g fleet.DAG) string {
	if g.Paused {
		return ""
	}
	return until(s.now, g.NextRun)
}

// strip draws the states of the newest runs, the newest at the right.
func (s *shell) strip(runs []fleet.Run, width int) table.Cell {
	var cell table.Cell
	for i := min(width, len(runs)) - 1; i >= 0; i-- {
		h := runs[i].Health
		cell.Text += s.theme.glyph(h)
		cell.Parts = append(cell.Parts, table.Part{Text: s.theme.glyph(h), Style: s.theme.paintOf(h)})
	}
	return cell
}
