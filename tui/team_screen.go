package tui

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"chrononctl/dagspec"
	"chrononctl/internal/fleet"
	ql "chrononctl/internal/query"
	"chrononctl/tui/table"

	tea "charm.land/bubbletea/v2"
)

// batchRow is what one conf keeps up to date, with its last days.
type batchRow struct {
	fleet.Output
	schedule string
	days     []fleet.DayState // those of the grid, oldest first
	took     time.Duration    // of the newest task that ended well; 0: not known
	usual    fleet.Usual      // how long it took before that
}

// teamScreen is one team: the batch grid (a row an output of a conf, a column a day, a cell a state), and below it its DAGs.
type teamScreen struct {
	listing
	team  string
	rows  *table.Table[batchRow]
	dags  *dagsScreen
	shown []string // days of the grid
	batch []string // ids of the team's batch and staging DAGs
}

func newTeamScreen(s *shell, team string) *teamScreen {
	t := &teamScreen{listing: listing{shell: s}, team: team, dags: newDAGsScreen(s, teamDAGs(team))}
	t.rows = table.New(table.Spec[batchRow]{
		ID:      func(r batchRow) string { return r.DAGID + " " + r.TaskID },
		Match:   matcher(s, batchFields()),
		Clean:   clean,
		Columns: t.columns(),
	})
	t.panes = []pane{
		{grid: t.rows, blank: "no conf of this team keeps a table up to date, as far as the release tells", complete: completer(batchFields())},
		{grid: t.dags.dags, title: "DAGs", blank: "this team has no DAG any more", marks: true, complete: completer(dagFields(s))},
	}
	return t
}

func batchFields() []ql.Field[batchRow] {
	return ql.Over(fleet.OutputFields(), func(r batchRow) fleet.Output { return r.Output })
}

func (t *teamScreen) title() string   { return t.team }
func (t *teamScreen) summary() string { return t.counted("output") }

// needs are the runs of the team's batch and staging DAGs: two questions at most, which say how long tasks take. Of joins, the picture knows enough.
func (t *teamScreen) needs() []need {
	out := make([]need, len(t.batch))
	for i, id := range t.batch {
		out[i] = need{
			query: query{topic: topicRuns, dag: id}, every: time.Minute,
			load: func(ctx context.Context, src Source) (any, error) { return src.Runs(ctx, id) },
		}
	}
	return out
}

func (t *teamScreen) sync() {
	snap, ok := t.snapshot()
	if !ok {
		return
	}
	t.dags.sync()
	t.batch = nil
	for _, d := range t.dags.dags.Rows() {
		if d.Kind == dagspec.KindBatch || d.Kind == dagspec.KindStagingQuery {
			t.batch = append(t.batch, d.ID)
		}
	}
	newest := ""
	for _, o := range snap.Outputs {
		if o.Team == t.team {
			newest = max(newest, o.Wanted, o.Landed)
		}
	}
	t.shown = lastDays(newest, fortnight)
	var rows []batchRow
	for _, o := range snap.Outputs {
		if o.Team == t.team {
			rows = append(rows, t.row(snap, o))
		}
	}
	slices.SortStableFunc(rows, compareBatch)
	t.rows.SetRows(rows)
	t.layout()
}

// compareBatch orders by the way that data goes: staging queries, GroupBys, joins.
func compareBatch(a, b batchRow) int {
	return cmp.Or(cmp.Compare(modeOrder(a.Output), modeOrder(b.Output)), strings.Compare(a.Conf, b.Conf), strings.Compare(a.TaskID, b.TaskID))
}

func modeOrder(o fleet.Output) int {
	switch {
	case strings.HasPrefix(o.TaskID, "staging"):
		return 0
	case o.Mode == dagspec.ModeUpload, o.Mode == dagspec.ModeKVLoad:
		return 1
	}
	return 2
}

func (t *teamScreen) row(snap fleet.Snapshot, o fleet.Output) batchRow {
	d, _ := findDAG(snap, o.DAGID)
	runs := d.Runs
	if read, ok := value[[]fleet.Run](t.store, query{topic: topicRuns, dag: o.DAGID}); ok {
		runs = read
	}
	r := batchRow{Output: o, schedule: scheduleOf(snap, o), days: make([]fleet.DayState, len(t.shown))}
	lag := lagOf(snap, o)
	for i, day := range t.shown {
		r.days[i] = dayState(o, runs, day, lag)
	}
	var samples []time.Duration
	for _, run := range runs {
		if task, ok := taskNamed(run, o.TaskID); ok && task.Health == fleet.OK && !task.End.IsZero() {
			samples = append(samples, task.End.Sub(task.Start))
		}
	}
	if len(samples) > 0 {
		r.took, r.usual = samples[0], fleet.UsualOf(samples)
	}
	return r
}

// scheduleOf is when the conf's job runs, as the definitions say.
func scheduleOf(snap fleet.Snapshot, o fleet.Output) string {
	if snap.Intent == nil {
		return ""
	}
	d, _ := snap.Intent.DAG(o.DAGID)
	task, _ := snap.Intent.Task(fleet.TaskRef{DAGID: o.DAGID, TaskID: o.TaskID})
	return cmp.Or(task.Schedule, d.Schedule)
}

// lagOf is how many days before the day of its run the data of a task is.
func lagOf(snap fleet.Snapshot, o fleet.Output) int {
	if snap.Intent == nil {
		return 0
	}
	task, _ := snap.Intent.Task(fleet.TaskRef{DAGID: o.DAGID, TaskID: o.TaskID})
	return task.Lag
}

func taskNamed(r fleet.Run, id string) (fleet.Task, bool) {
	for _, task := range r.Tasks {
		if task.ID == id {
			return task, true
		}
	}
	return fleet.Task{}, false
}

// dayState is what the newest run for a day says of an output. A run that ended well and whose tasks were not read did all that it had to.
func dayState(o fleet.Output, runs []fleet.Run, day string, lag int) fleet.DayState {
	if len(runs) == 0 && o.State == fleet.OutputUnknown {
		return fleet.DayUnknown
	}
	for _, r := range runs {
		if dataDay(r.Day, lag) != day {
			continue
		}
		health := r.Health
		if task, ok := taskNamed(r, o.TaskID); ok {
			health = task.Health
		}
		return stateOfHealth(health)
	}
	if o.Landed == day {
		return fleet.DayLanded
	}
	return fleet.DayNotDue
}

// dataDay is the day of the data that a run for that day makes.
func dataDay(day string, lag int) string {
	if lag == 0 {
		return day
	}
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return ""
	}
	return at.AddDate(0, 0, -lag).Format(time.DateOnly)
}

func stateOfHealth(h fleet.Health) fleet.DayState {
	switch h {
	case fleet.OK:
		return fleet.DayLanded
	case fleet.Running:
		return fleet.DayRunning
	case fleet.Waiting, fleet.None, fleet.Paused:
		return fleet.DayWaiting
	case fleet.Failed:
		return fleet.DayFailed
	case fleet.Skipped:
		return fleet.DayNotDue
	case fleet.Unmeasured, fleet.Restarted, fleet.Unknown, fleet.Breach:
	}
	return fleet.DayUnknown
}

func (t *teamScreen) view() []string {
	if _, ok := t.snapshot(); !ok {
		return t.waiting(query{topic: topicSnapshot}, "the confs of "+t.team)
	}
	return t.listing.view()
}

// detail is the selected output in words.
func (t *teamScreen) detail() string {
	if t.focus == 1 {
		return t.dags.detail()
	}
	r, ok := t.rows.Selected()
	if !ok {
		return ""
	}
	return joinWith(t.theme.dot, r.Conf, r.Table, r.Reason, t.dueText(r.Output))
}

func (t *teamScreen) bindings() []binding {
	if t.focus == 1 {
		return append(t.dags.ownBindings(), t.listBindings()...)
	}
	none := func() string { return selected(t.rows) }
	own := []binding{
		{keys: []string{"enter", "right"}, label: "enter", verb: "runs", help: "open the runs of its DAG", disabled: none,
			do: func() tea.Cmd {
				r, _ := t.rows.Selected()
				d := newDAGScreen(t.shell, r.DAGID)
				d.choose("", r.TaskID)
				t.push(d)
				return nil
			}},
		t.logBinding(none, func() (string, func(fleet.Task) bool) {
			r, _ := t.rows.Selected()
			return r.DAGID, func(task fleet.Task) bool { return task.ID == r.TaskID }
		}),
		t.whyBinding(none, func() string { r, _ := t.rows.Selected(); return cmp.Or(r.Conf, r.DAGID) }),
	}
	own = append(own, t.changeBindings(func() (fleet.DAG, bool) {
		r, _ := t.rows.Selected()
		snap, _ := t.snapshot()
		return findDAG(snap, r.DAGID)
	}, "")...)
	return append(own, t.listBindings()...)
}

func (t *teamScreen) columns() []table.Column[batchRow] {
	dim := func(text string) table.Cell { return table.Cell{Text: text, Style: t.theme.dim} }
	return []table.Column[batchRow]{
		{
			Title: "CONF", Min: 20, Max: 48, Middle: true,
			Cell:    func(r batchRow) table.Cell { return table.Cell{Text: strings.TrimPrefix(r.Conf, t.team+".")} },
			Compare: func(a, b batchRow) int { return strings.Compare(a.Conf, b.Conf) },
		},
		{
			Title: "JOB", Min: 8, Max: 14, Priority: 1,
			Cell:    func(r batchRow) table.Cell { return dim(strings.ReplaceAll(string(r.Mode), "-", " ")) },
			Compare: func(a, b batchRow) int { return strings.Compare(string(a.Mode), string(b.Mode)) },
		},
		{
			Title: "DAYS", Min: weekShown * dayColumns, Max: fortnight * dayColumns, Whole: 3,
			Heading: func(width int) string { return dayHeading(t.shown, gridDays(width)*dayColumns) },
			Cell:    func(r batchRow) table.Cell { return t.theme.dayCell(r.days, dayColumns) },
		},
		{
			Title: "STATE", Min: 14, Max: 14, Priority: 0,
			Cell:    func(r batchRow) table.Cell { return t.outputCell(r.Output) },
			Compare: func(a, b batchRow) int { return cmp.Compare(b.Health, a.Health) },
		},
		{
			Title: "SERVED", Min: 6, Max: 16, Priority: 1,
			Cell:    func(r batchRow) table.Cell { return t.servedCell(r.Output) },
			Compare: func(a, b batchRow) int { return b.Serving.Days - a.Serving.Days },
		},
		{
			Title: "TOOK", Min: 9, Max: 9, Priority: 3, Align: table.Right,
			Cell:    func(r batchRow) table.Cell { return t.tookCell(r) },
			Compare: func(a, b batchRow) int { return cmp.Compare(b.took, a.took) },
		},
		{
			Title: "USUALLY", Min: 9, Max: 9, Priority: 3, Align: table.Right,
			Cell: func(r batchRow) table.Cell {
				if !r.usual.Known() {
					return table.Cell{}
				}
				return dim(span(r.usual.P50))
			},
		},
		{
			Title: "EXPECTED", Min: 13, Max: 20, Priority: 4,
			Cell: func(r batchRow) table.Cell {
				return table.Cell{Text: t.dueText(r.Output), Short: t.dueShort(r.Output), Style: t.theme.dim}
			},
			Compare: func(a, b batchRow) int { return cmp.Compare(b.Late, a.Late) },
		},
		{
			Title: "SCHEDULE", Min: 9, Max: 16, Priority: 5,
			Cell: func(r batchRow) table.Cell { return dim(r.schedule) },
		},
	}
}

// gridDays is how many days a cell of that width shows: all of them, or a week.
func gridDays(width int) int {
	if width >= fortnight*dayColumns {
		return fortnight
	}
	return weekShown
}

// tookCell is how long the newest job took; what took much longer than usual stands out.
func (t *teamScreen) tookCell(r batchRow) table.Cell {
	if r.took == 0 {
		return table.Cell{}
	}
	style := t.theme.dim
	if r.usual.Known() && r.took > r.usual.P90 && r.took > r.usual.P50*3/2 {
		style = t.theme.warn
	}
	return table.Cell{Text: span(r.took), Style: style}
}
