package tui

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"chrononctl/internal/fleet"
	"chrononctl/tui/paint"
	"chrononctl/tui/table"
	"chrononctl/tui/timeline"

	tea "charm.land/bubbletea/v2"
)

// dagScreen shows the runs of one DAG, newest first, and the tasks of the selected run.
type dagScreen struct {
	listing
	id    string
	runs  *table.Table[fleet.Run]
	tasks *table.Table[fleet.Task]

	chosen memo[table.Choice, []string]   // see chosenTasks
	worst  memo[table.Choice, fleet.Task] // see logTask

	wantRun, wantTask string         // to select when they arrive
	scale             timeline.Scale // of the tasks that are shown
	tasksOf           string         // run whose tasks are shown
	settled           time.Time      // before which the tasks of a run that was only passed are not asked for
}

// settleTime is how long the cursor has to stay on a run before its tasks are asked for.
const settleTime = 150 * time.Millisecond

func newDAGScreen(s *shell, id string) *dagScreen {
	d := &dagScreen{listing: listing{shell: s, beside: true, lead: 2}, id: id}
	d.runs = table.New(table.Spec[fleet.Run]{
		ID:      func(r fleet.Run) string { return r.ID },
		Match:   matcher(s, fleet.RunFields(s.clock)),
		Clean:   clean,
		Columns: d.runColumns(),
	})
	d.tasks = table.New(table.Spec[fleet.Task]{
		ID:      taskID,
		Match:   matcher(s, fleet.TaskFields(s.clock)),
		Clean:   clean,
		Columns: d.taskColumns(),
	})
	d.panes = []pane{
		{grid: d.runs, title: "Runs", blank: "it has not run yet", marks: true, complete: completer(fleet.RunFields(s.clock))},
		{grid: d.tasks, title: "Tasks", blank: "no task instances", marks: true, complete: completer(fleet.TaskFields(s.clock))},
	}
	d.moved = d.followRun
	return d
}

// choose selects a run and a task as soon as they are there.
func (d *dagScreen) choose(run, task string) {
	d.wantRun, d.wantTask = run, task
	if task != "" {
		d.focus = 1
	}
}

func taskID(t fleet.Task) string { return fmt.Sprintf("%s[%d]", t.ID, t.MapIndex) }

func (d *dagScreen) title() string { return d.id }

func (d *dagScreen) summary() string {
	if all, _ := d.runs.Len(); all == 0 && d.store.get(d.runsQuery()).at.IsZero() {
		return ""
	}
	return d.counted("run")
}

func (d *dagScreen) runsQuery() query {
	return query{topic: topicRuns, dag: d.id}
}

func (d *dagScreen) tasksQuery(run string) query {
	return query{topic: topicTasks, dag: d.id, run: run}
}

func (d *dagScreen) needs() []need {
	out := []need{{
		query: d.runsQuery(),
		load:  func(ctx context.Context, src Source) (any, error) { return src.Runs(ctx, d.id) },
	}}
	if run, ok := d.runs.Selected(); ok {
		tasks := tasksNeed(d.id, run.ID)
		tasks.after = d.settled
		out = append(out, tasks)
	}
	return out
}

// tasksNeed asks for the task instances of a run.
func tasksNeed(dag, run string) need {
	return need{
		query: query{topic: topicTasks, dag: dag, run: run},
		load:  func(ctx context.Context, src Source) (any, error) { return src.Tasks(ctx, dag, run) },
	}
}

// sync takes the runs that were asked for; until they are there, those of the picture.
func (d *dagScreen) sync() {
	runs, ok := value[[]fleet.Run](d.store, d.runsQuery())
	if !ok {
		snap, _ := d.snapshot()
		dag, _ := findDAG(snap, d.id)
		runs = dag.Runs
	}
	d.runs.SetRows(runs)
	if d.wantRun != "" && d.runs.Select(d.wantRun) {
		d.wantRun = ""
	}
	d.tasksOf, d.settled = d.runs.Cursor(), time.Time{}
	d.fillTasks()
}

// followRun shows the tasks of the run that the cursor has moved to.
func (d *dagScreen) followRun() {
	if d.runs.Cursor() == d.tasksOf {
		return
	}
	d.tasksOf, d.settled = d.runs.Cursor(), d.here.Add(settleTime)
	d.fillTasks()
}

// fillTasks takes the tasks of the selected run that were asked for; until they are there, those that came with the run.
func (d *dagScreen) fillTasks() {
	run, ok := d.runs.Selected()
	tasks, known := value[[]fleet.Task](d.store, d.tasksQuery(run.ID))
	switch {
	case !ok:
		tasks = nil
	case !known:
		tasks = run.Tasks
	}
	d.panes[1].blank = d.blankOf(d.tasksQuery(run.ID), "the tasks", "no task instances")
	if !ok {
		d.panes[1].blank = "they are those of a run"
	}
	d.panes[1].title = "Tasks"
	if run.Day != "" {
		d.panes[1].title = "Tasks of " + clean(run.Day) + strings.TrimRight(d.theme.dot, " ")
	}
	d.tasks.SetRows(tasks)
	d.scale = d.scaleOf(tasks)
	if d.wantTask != "" && len(tasks) > 0 {
		d.chooseTask()
	}
	d.layout()
}

// chooseTask selects the wanted task, whichever of its map indices is worst.
func (d *dagScreen) chooseTask() {
	for _, want := range []string{d.wantTask + "[-1]", d.wantTask + "[0]"} {
		if d.tasks.Select(want) {
			break
		}
	}
	d.wantTask = ""
}

func (d *dagScreen) view() []string {
	if all, _ := d.runs.Len(); all == 0 && d.store.get(d.runsQuery()).at.IsZero() {
		return append([]string{d.facts()}, d.waiting(d.runsQuery(), "the runs of "+d.id)...)
	}
	return d.listing.view(d.facts())
}

// facts is the line about the DAG itself.
func (d *dagScreen) facts() string {
	t := d.theme
	snap, ok := d.snapshot()
	dag, found := findDAG(snap, d.id)
	if !found {
		if !ok {
			return ""
		}
		return " " + t.warn.Render(t.glyph(fleet.Unknown)+" Airflow does not have this DAG any more")
	}
	parts := []string{t.paintOf(shownHealth(dag)).Render(t.state(shownHealth(dag)))}
	add := func(text string) { parts = append(parts, t.dim.Render(clean(text))) }
	add(strings.ReplaceAll(string(dag.Kind), "_", " "))
	if dag.Join != "" {
		add(dag.Join)
	} else {
		add(dag.Team)
	}
	if dag.Broken {
		parts = append(parts, t.bad.Render("its file does not import"))
	}
	if next := until(d.now, dag.NextRun); next != "" && !dag.Paused {
		add(toggle(next == "now", "the next run is due", "next run in "+next))
	}
	if dag.Hash != "" {
		add("content " + dag.Hash)
	}
	return " " + paint.Fit(strings.Join(parts, t.faint.Render(t.dot)), d.width-2, t.tail)
}

func (d *dagScreen) bindings() []binding {
	own := []binding{
		{keys: []string{"enter", "right"}, label: "enter", verb: d.enterVerb(), help: "open the tasks, or the log",
			disabled: func() string { return nothingSelected(d.focus == 0, d.runs, d.tasks) }, do: d.enterRow},
		{keys: []string{"l"}, label: "l", verb: "log", help: "log of the task, or the worst",
			disabled: d.noTask, do: d.openLog},
		d.whyBinding(nil, d.whyName),
	}
	day := ""
	if run, ok := d.runs.Selected(); ok {
		day = run.Day
	}
	own = append(own, d.changeBindings(d.dag, day)...)
	if d.focus == 0 {
		own = append(own, d.runBindings(d.id, d.runs.Chosen())...)
	} else if run, ok := d.runs.Selected(); ok {
		own = append(own, d.taskBindings(d.id, run.ID, d.chosenTasks())...)
	}
	return append(own, d.listBindings()...)
}

// whyName is what "why" is asked of: the selected task while the tasks have the keyboard, or else the DAG.
func (d *dagScreen) whyName() string {
	if t, ok := d.tasks.Selected(); ok && d.focus == 1 {
		return d.id + "/" + t.ID
	}
	return d.id
}

// chosenTasks are the ids of the marked tasks, or of the selected one; a mapped task may have thousands of instances.
func (d *dagScreen) chosenTasks() []string {
	return d.chosen.get(d.tasks.Choice(), func() []string { return each(d.tasks.Chosen(), func(t fleet.Task) string { return t.ID }) })
}

// dag is the DAG as the picture has it.
func (d *dagScreen) dag() (fleet.DAG, bool) {
	snap, _ := d.snapshot()
	return findDAG(snap, d.id)
}

func (d *dagScreen) enterVerb() string {
	if d.focus == 0 {
		return "tasks"
	}
	return "log"
}

func (d *dagScreen) enterRow() tea.Cmd {
	if d.focus == 0 {
		d.give(1)
		return nil
	}
	return d.openLog()
}

func (d *dagScreen) noTask() string {
	if _, ok := d.runs.Selected(); !ok {
		return "no run is selected"
	}
	if _, ok := d.logTask(); ok {
		return ""
	}
	return "this run has no task instances yet"
}

// logTask is the task whose log is meant: the selected one, or while the runs have the keyboard the one that needs a person most.
func (d *dagScreen) logTask() (fleet.Task, bool) {
	if d.focus == 1 {
		return d.tasks.Selected()
	}
	if all, _ := d.tasks.Len(); all == 0 {
		return fleet.Task{}, false
	}
	return d.worst.get(d.tasks.Choice(), func() fleet.Task { return worstOf(d.tasks.Rows()) }), true
}

func (d *dagScreen) openLog() tea.Cmd {
	if t, ok := d.logTask(); ok {
		d.push(newLogScreen(d.shell, t))
	}
	return nil
}

func (d *dagScreen) runColumns() []table.Column[fleet.Run] {
	dim := func(text string) table.Cell { return table.Cell{Text: text, Style: d.theme.dim} }
	return []table.Column[fleet.Run]{
		{
			Title: "DAY", Min: 10, Max: 10,
			Cell:    func(r fleet.Run) table.Cell { return table.Cell{Text: cmp.Or(r.Day, d.theme.none)} },
			Compare: func(a, b fleet.Run) int { return strings.Compare(a.Day, b.Day) },
		},
		{
			Title: "STATE", Min: 12, Max: 14,
			Cell: func(r fleet.Run) table.Cell {
				return table.Cell{Text: d.theme.state(r.Health), Style: d.theme.paintOf(r.Health)}
			},
			Compare: func(a, b fleet.Run) int { return cmp.Compare(b.Health, a.Health) },
		},
		{
			Title: "TASKS", Min: 12, Max: 24, Priority: 1,
			Cell: func(r fleet.Run) table.Cell { return d.tallies(r.Counts()) },
		},
		{
			Title: "STARTED", Min: 11, Max: 11,
			Cell:    func(r fleet.Run) table.Cell { return dim(clock(d.now, r.Start)) },
			Compare: func(a, b fleet.Run) int { return b.Start.Compare(a.Start) },
		},
		{
			Title: "TOOK", Min: 9, Max: 9, Align: table.Right,
			Cell:    func(r fleet.Run) table.Cell { return dim(took(d.now, r.Start, r.End)) },
			Compare: func(a, b fleet.Run) int { return cmp.Compare(b.End.Sub(b.Start), a.End.Sub(a.Start)) },
		},
		{
			Title: "KIND", Min: 9, Max: 10, Priority: 2,
			Cell: func(r fleet.Run) table.Cell { return dim(r.Type) },
		},
		{
			Title: "RUN", Min: 32, Max: 48, Priority: 3, Middle: true,
			Cell: func(r fleet.Run) table.Cell { return dim(r.ID) },
		},
	}
}

// tallies says how many tasks are in which state, worst first.
func (d *dagScreen) tallies(counts map[fleet.Health]int) table.Cell {
	var cell table.Cell
	for h := fleet.Failed; h > fleet.None; h-- {
		if n := counts[h]; n > 0 {
			part := fmt.Sprintf("%s %d  ", d.theme.glyph(h), n)
			cell.Text += part
			cell.Parts = append(cell.Parts, table.Part{Text: part, Style: d.theme.paintOf(h)})
		}
	}
	return cell
}

func (d *dagScreen) taskColumns() []table.Column[fleet.Task] {
	dim := func(text string) table.Cell { return table.Cell{Text: text, Style: d.theme.dim} }
	return []table.Column[fleet.Task]{
		{
			Title: "TASK", Min: 28, Max: 64, Middle: true,
			Cell:    func(t fleet.Task) table.Cell { return table.Cell{Text: taskLabel(t)} },
			Compare: func(a, b fleet.Task) int { return strings.Compare(a.ID, b.ID) },
		},
		{
			Title: "STATE", Min: 17, Max: 19,
			Cell: func(t fleet.Task) table.Cell {
				return table.Cell{Text: d.theme.glyph(t.Health) + " " + t.Word(), Style: d.theme.paintOf(t.Health)}
			},
			Compare: func(a, b fleet.Task) int { return cmp.Compare(b.Health, a.Health) },
		},
		{
			Title: "TRY", Min: 3, Max: 3, Align: table.Right,
			Cell: func(t fleet.Task) table.Cell { return dim(tryText(t.Try)) },
		},
		{
			Title: "STARTED", Min: 11, Max: 11, Priority: 2, Optional: true,
			Cell:    func(t fleet.Task) table.Cell { return dim(clock(d.now, t.Start)) },
			Compare: func(a, b fleet.Task) int { return a.Start.Compare(b.Start) },
		},
		{
			Title: "TOOK", Min: 9, Max: 9, Align: table.Right,
			Cell:    func(t fleet.Task) table.Cell { return dim(took(d.now, t.Start, t.End)) },
			Compare: func(a, b fleet.Task) int { return cmp.Compare(b.End.Sub(b.Start), a.End.Sub(a.Start)) },
		},
		{
			Title: "TIMELINE", Min: 12, Max: 90, Priority: 1,
			Heading: d.timelineHeading,
			Fill:    d.timelineCell,
			Compare: func(a, b fleet.Task) int { return a.Start.Compare(b.Start) },
		},
	}
}

func taskLabel(t fleet.Task) string {
	if t.MapIndex < 0 {
		return t.ID
	}
	return taskID(t)
}

func tryText(n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprint(n)
}
