package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"chrononctl/internal/fleet"
	ql "chrononctl/internal/query"
	"chrononctl/tui/table"

	tea "charm.land/bubbletea/v2"
)

// joinRow is a join with the job that works on it.
type joinRow struct {
	fleet.Calendar
	work   fleet.Work
	atWork bool
}

// joinsScreen answers "when is it done?": a row a join, with its newest partition, when the next one is expected, and how far the work on it is.
type joinsScreen struct {
	listing
	joins  *table.Table[*joinRow]
	chosen memo[table.Choice, chosenDAGs]
}

func newJoinsScreen(s *shell) *joinsScreen {
	j := &joinsScreen{listing: listing{shell: s}}
	j.joins = table.New(table.Spec[*joinRow]{
		ID:      func(r *joinRow) string { return cmp.Or(r.Join, r.DAGID) },
		Match:   matcher(s, joinFields()),
		Clean:   clean,
		Columns: j.columns(),
	})
	j.joins.SortBy(1, false)
	j.side = about(j.joins.Selected, s.aboutJoin)
	j.panes = []pane{{grid: j.joins, blank: "no join has a DAG", marks: true, complete: completer(joinFields())}}
	return j
}

func joinFields() []ql.Field[*joinRow] {
	return ql.Over(fleet.CalendarFields(), func(r *joinRow) fleet.Calendar { return r.Calendar })
}

func (j *joinsScreen) title() string   { return "Joins" }
func (j *joinsScreen) summary() string { return j.counted("join") }
func (j *joinsScreen) needs() []need   { return nil }
func (j *joinsScreen) showsSteps()     {}

func (j *joinsScreen) sync() {
	snap, ok := j.snapshot()
	if !ok {
		return
	}
	work := workByDAG(snap)
	rows := make([]*joinRow, 0, len(snap.Calendars))
	for _, c := range snap.Calendars {
		w, atWork := work[c.DAGID]
		rows = append(rows, &joinRow{c, w, atWork})
	}
	j.joins.SetRows(rows)
}

func (j *joinsScreen) view() []string {
	if _, ok := j.snapshot(); !ok {
		return j.waiting(query{topic: topicSnapshot}, "the joins of "+j.options.Context)
	}
	return j.listing.view()
}

// stateCell is how far the wanted day is; but a join of which an earlier day failed is failed until that is mended, as its DAG and its team are.
func (j *joinsScreen) stateCell(r *joinRow) table.Cell {
	if r.Health == fleet.Failed {
		return table.Cell{Text: j.theme.state(r.Health), Style: j.theme.paintOf(r.Health)}
	}
	return j.outputCell(r.Output)
}

// namedDays is how many days a line names.
const namedDays = 3

// failedDays names the newest days that failed, and were not mended since, where the state of the wanted day does not say it.
func failedDays(c fleet.Calendar) string {
	if c.Health != fleet.Failed {
		return ""
	}
	var days []string
	more := 0
	for _, d := range slices.Backward(c.Days) {
		switch {
		case d.State != fleet.DayFailed || d.Day == c.Output.Wanted:
		case len(days) < namedDays:
			days = append(days, d.Day)
		default:
			more++
		}
	}
	switch {
	case len(days) == 0:
		return ""
	case more > 0:
		return fmt.Sprintf("%s and %d more failed", strings.Join(days, ", "), more)
	}
	return strings.Join(days, ", ") + " failed"
}

// detail says in words what the columns may have no room for.
func (j *joinsScreen) detail() string {
	r, ok := j.joins.Selected()
	if !ok {
		return ""
	}
	return joinWith(j.theme.dot, failedDays(r.Calendar), r.Output.Reason, waitsFor(r.Parts), cmp.Or(r.Join, r.DAGID), r.Table)
}

// waitsFor names the partitions that a run waits for.
func waitsFor(parts []fleet.Part) string {
	var names []string
	for _, p := range parts {
		if p.Health == fleet.Waiting && p.WaitsFor != "" {
			names = append(names, p.WaitsFor)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "waits for " + strings.Join(names, ", ")
}

func (j *joinsScreen) bindings() []binding {
	none := func() string { return selected(j.joins) }
	own := []binding{{
		keys: []string{"enter", "right"}, label: "enter", verb: "open", help: "open the days of the join", disabled: none,
		do: func() tea.Cmd {
			j.push(newJoinScreen(j.shell, j.selected().DAGID))
			return nil
		},
	}}
	own = append(own, j.logBinding(none, func() (string, func(fleet.Task) bool) { return j.selected().DAGID, anyTask }))
	own = append(own, j.whyBinding(none, func() string { r := j.selected(); return cmp.Or(r.Join, r.DAGID) }))
	own = append(own, j.dagBindings(j.chosen.get(j.joins.Choice(), j.chosenDAGs), "")...)
	return append(own, j.listBindings()...)
}

// selected is the selected join; where there is none, one without a name.
func (j *joinsScreen) selected() *joinRow {
	if r, ok := j.joins.Selected(); ok {
		return r
	}
	return &joinRow{}
}

// chosenDAGs are the DAGs of the marked joins, or of the selected one.
func (j *joinsScreen) chosenDAGs() chosenDAGs {
	snap, _ := j.snapshot()
	var dags []fleet.DAG
	for _, r := range j.joins.Chosen() {
		if d, ok := findDAG(snap, r.DAGID); ok {
			dags = append(dags, d)
		}
	}
	return chosenOf(dags...)
}

// stripOf are the states of the newest days of a join.
func stripOf(c fleet.Calendar) []fleet.DayState {
	days := c.Days[max(0, len(c.Days)-fortnight):]
	out := make([]fleet.DayState, len(days))
	for i, d := range days {
		out[i] = d.State
	}
	return out
}

func (j *joinsScreen) columns() []table.Column[*joinRow] {
	dim := func(text string) table.Cell { return table.Cell{Text: text, Style: j.theme.dim} }
	return []table.Column[*joinRow]{
		{
			Title: "JOIN", Min: 26, Max: 56, Middle: true,
			Cell:    func(r *joinRow) table.Cell { return table.Cell{Text: cmp.Or(r.Join, r.DAGID)} },
			Compare: func(a, b *joinRow) int { return strings.Compare(a.Join, b.Join) },
		},
		{
			Title: "STATE", Min: 14, Max: 14,
			Cell:    j.stateCell,
			Compare: func(a, b *joinRow) int { return cmp.Compare(b.Health, a.Health) },
		},
		{
			Title: "NEWEST", Min: 6, Max: 10,
			Cell: func(r *joinRow) table.Cell {
				return table.Cell{Text: cmp.Or(r.Output.Landed, j.theme.none), Short: cmp.Or(shortDay(r.Output.Landed), j.theme.none), Style: j.theme.dim}
			},
			Compare: func(a, b *joinRow) int { return strings.Compare(a.Output.Landed, b.Output.Landed) },
		},
		{
			Title: "EXPECTED", Min: 13, Max: 20, Priority: 1,
			Cell: func(r *joinRow) table.Cell {
				style := j.theme.dim
				if r.Output.Late > 0 {
					style = j.theme.warn
				}
				return table.Cell{Text: j.dueText(r.Output), Short: j.dueShort(r.Output), Style: style}
			},
			Compare: func(a, b *joinRow) int { return cmp.Compare(b.Output.Late, a.Output.Late) },
		},
		{
			Title: "PROGRESS", Min: 8, Max: 18, Priority: 2,
			Cell: func(r *joinRow) table.Cell {
				if !r.atWork {
					return table.Cell{}
				}
				return j.workCell(r.work)
			},
		},
		{
			Title: "DONE", Min: 11, Max: 17, Priority: 3,
			Cell: func(r *joinRow) table.Cell {
				if !r.atWork {
					return table.Cell{}
				}
				return dim(j.finishText(r.work))
			},
			Compare: func(a, b *joinRow) int { return a.work.Finish.Compare(b.work.Finish) },
		},
		{
			Title: "DAYS", Min: weekShown, Max: fortnight, Priority: 1, Whole: 3,
			Cell: func(r *joinRow) table.Cell { return j.theme.dayCell(stripOf(r.Calendar), 1) },
		},
		{
			Title: "TEAM", Min: 10, Max: 20, Priority: 4,
			Cell:    func(r *joinRow) table.Cell { return dim(r.Team) },
			Compare: func(a, b *joinRow) int { return strings.Compare(a.Team, b.Team) },
		},
	}
}
