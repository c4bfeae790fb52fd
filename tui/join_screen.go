package tui

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"chrononctl/internal/fleet"
	ql "chrononctl/internal/query"
	"chrononctl/tui/calendar"
	"chrononctl/tui/paint"
	"chrononctl/tui/strip"
	"chrononctl/tui/table"

	tea "charm.land/bubbletea/v2"
)

// joinScreen is one join: a calendar of its partitions, the parts of its newest run with what each waits for, and the runs that somebody asked for.
//
//	facts
//	┌ calendar ─┐ legend  its days one by one, where there is room beside
//	└───────────┘
//	parts            │ backfills, where there is room beside
type joinScreen struct {
	listing
	dag    string
	join   fleet.Calendar
	work   fleet.Work // on it, if there is any
	atWork bool
	days   calendar.Calendar
	parts  *table.Table[fleet.Part]
	asked  *table.Table[fleet.Run] // backfills, and runs by hand
	onDays bool                    // the calendar has the keyboard

	list     *table.Table[fleet.CalendarDay]
	listLeft int                  // columns before it
	runs     map[string]fleet.Run // that stand for days, by id
}

func newJoinScreen(s *shell, dag string) *joinScreen {
	j := &joinScreen{listing: listing{shell: s, beside: true}, dag: dag, onDays: true}
	j.parts = table.New(table.Spec[fleet.Part]{
		ID: func(p fleet.Part) string { return p.TaskID }, Match: matcher(s, partFields()), Clean: clean, Columns: j.partColumns(),
	})
	j.asked = table.New(table.Spec[fleet.Run]{
		ID: func(r fleet.Run) string { return r.ID }, Match: matcher(s, fleet.RunFields(s.clock)), Clean: clean, Columns: j.askedColumns(),
	})
	j.list = j.newDayList()
	j.panes = []pane{
		{grid: j.parts, title: "Parts", complete: completer(partFields())},
		{grid: j.asked, title: "Backfills and runs by hand", complete: completer(fleet.RunFields(s.clock))},
	}
	return j
}

func (j *joinScreen) title() string { return cmp.Or(j.join.Join, j.dag) }

func (j *joinScreen) summary() string {
	from, to := j.days.Range()
	switch from {
	case "":
		return ""
	case to:
		return j.dayText(from)
	}
	return from + "…" + to[len("2006-"):] + " marked"
}

// dayText is what is known of a day.
func (j *joinScreen) dayText(day string) string {
	d := j.dayOf(day)
	return strings.Join(nonEmpty(day, dayMarks[d.State].word, d.Reason), j.theme.dot)
}

func (j *joinScreen) dayOf(day string) fleet.CalendarDay {
	for _, d := range j.join.Days {
		if d.Day == day {
			return d
		}
	}
	return fleet.CalendarDay{Day: day, State: fleet.DayNotDue}
}

func (j *joinScreen) runsQuery() query { return query{topic: topicRuns, dag: j.dag} }

func (j *joinScreen) showsSteps() {}

func (j *joinScreen) needs() []need {
	return []need{{
		query: j.runsQuery(),
		load:  func(ctx context.Context, src Source) (any, error) { return src.Runs(ctx, j.dag) },
	}}
}

func (j *joinScreen) sync() {
	snap, ok := j.snapshot()
	if !ok {
		return
	}
	j.join = fleet.Calendar{DAGID: j.dag}
	for _, c := range snap.Calendars {
		if c.DAGID == j.dag {
			j.join = c
		}
	}
	j.work, j.atWork = workByDAG(snap)[j.dag]
	days := make([]string, len(j.join.Days))
	states := make(map[string]fleet.DayState, len(j.join.Days))
	for i, d := range j.join.Days {
		days[i], states[d.Day] = d.Day, d.State
	}
	j.days.SetDays(days, func(day string) calendar.Cell { return j.theme.day(states[day]) })
	j.parts.SetRows(j.join.Parts)
	runs, ok := value[[]fleet.Run](j.store, j.runsQuery())
	if !ok {
		dag, _ := findDAG(snap, j.dag)
		runs = dag.Runs
	}
	j.listDays(runs)
	j.panes[1].blank = j.blankOf(j.runsQuery(), "the runs", "none that Airflow still has")
	j.panes[0].blank = j.blankOfParts()
	j.asked.SetRows(slices.DeleteFunc(slices.Clone(runs), func(r fleet.Run) bool { return r.Type != "backfill" && r.Type != "manual" }))
	j.setSize(j.width, j.height)
}

// blankOfParts is why no part is shown.
func (j *joinScreen) blankOfParts() string {
	dag, _ := j.ofPicture()
	switch {
	case j.join.Health == fleet.Unknown:
		return "not known: its runs could not be read"
	case len(dag.Runs) > 0 && dag.Runs[0].Tasks == nil:
		return "the tasks of its newest run were not looked at yet"
	}
	return "its newest run has no task instances yet"
}

// setSize gives the calendar as many weeks as it has, up to two fifths of the screen, and the rest to what is beside and below it.
func (j *joinScreen) setSize(width, height int) {
	j.width, j.height = width, height
	weeks := min(j.days.Weeks(), max(4, height*2/5))
	j.days.SetSize(j.calendarWidth(width), weeks+1)
	calendar := j.calendar()
	j.placeList(calendar)
	j.lead = 2 + len(j.withList(calendar)) + 1
	j.listing.setSize(width, height)
}

// legendWidth is the room that the explanation of the marks takes beside the calendar.
const legendWidth = 24

func (j *joinScreen) calendarWidth(width int) int { return max(0, width-legendWidth-2) }

func (j *joinScreen) view() []string {
	if _, ok := j.snapshot(); !ok {
		return j.waiting(query{topic: topicSnapshot}, "the days of "+j.dag)
	}
	j.aside = j.onDays
	return j.listing.view(append([]string{j.facts(), ""}, j.withList(j.calendar())...)...)
}

// facts says how the newest day does, and how far the work on it is.
func (j *joinScreen) facts() string {
	t, o := j.theme, j.join.Output
	word := outputWord(o)
	if o.Late > 0 {
		word = j.dueText(o)
	}
	parts := []string{t.paintOf(o.Health).Render(t.glyph(o.Health) + " " + clean(word))}
	add := func(text string, style paint.Style) {
		if text != "" {
			parts = append(parts, style.Render(clean(text)))
		}
	}
	if o.Late == 0 {
		add(j.dueText(o), t.dim)
	}
	if j.atWork {
		parts = append(parts, j.progress(j.work))
	}
	if n := len(j.join.Holes); n > 0 {
		add(t.day(fleet.DayMissing).Mark+" "+count(n, "day")+" missing in between", t.warn)
	}
	add(o.Landed+toggle(o.Landed == "", "", " is the newest"), t.dim)
	add(o.Reason, t.dim)
	add(j.join.Table, t.dim)
	return " " + paint.Fit(strings.Join(parts, t.faint.Render(t.dot)), j.width-2, t.tail)
}

func (j *joinScreen) progress(w fleet.Work) string {
	t := j.theme
	if w.Steps == 0 {
		return t.run.Render(clean(w.TaskID)) + t.dim.Render(" for "+span(j.now.Sub(w.Since))+withComma(j.finishText(w)))
	}
	share := stepShare(w.Step, w.Steps)
	width := shortGauge
	if j.width >= wide {
		width = gaugeWidth
	}
	return t.run.Render(t.glyph(fleet.Running)+" "+clean(shortRange(w.Range))) + fmt.Sprintf(" [%d/%d] ", w.Step, w.Steps) +
		t.run.Render(strip.Gauge(t.strips(), share, width)) + fmt.Sprintf(" %.0f %%", share*100) + t.dim.Render(withComma(j.finishText(w)))
}

// shortRange writes a range of one day as that day.
func shortRange(days string) string {
	if from, to, ok := strings.Cut(days, "..."); ok && from == to {
		return from
	}
	return days
}

func withComma(text string) string {
	if text == "" {
		return ""
	}
	return ", " + text
}

// calendar is the calendar with its legend beside it.
func (j *joinScreen) calendar() []string {
	t := j.theme
	look := calendar.Look{Head: t.dim, Label: t.dim, Selected: t.selectedUnaware, Range: t.selectedUnaware, Left: " ", Right: " "}
	if j.onDays {
		look.Selected, look.Left, look.Right = t.selected, "[", "]"
	}
	lines := j.days.View(look)
	if len(lines) == 0 {
		return []string{"  " + t.dim.Render("no day is known of yet")}
	}
	left := widest(lines)
	for i, text := range t.dayLegend(j.join.Days) {
		if i+1 == len(lines) {
			lines = append(lines, "")
		}
		lines[i+1] = paint.Pad(lines[i+1], left) + "   " + text
	}
	for i := range lines {
		lines[i] = " " + lines[i]
	}
	return lines
}

func (j *joinScreen) mouse(m mouse) {
	if m.y >= 2 && m.y < j.lead {
		switch {
		case m.wheel != 0:
			j.days.Move(7 * sign(m.wheel))
		case m.x >= j.listLeft && j.list.Click(m.y-2):
			j.days.Select(j.list.Cursor())
			j.onDays = true
		case j.days.Click(m.x-1, m.y-2):
			j.onDays = true
		}
		return
	}
	if m.wheel == 0 {
		j.onDays = false
	}
	j.listing.mouse(m)
}

func sign(n int) int {
	if n < 0 {
		return -1
	}
	return 1
}

// detail is the selected part with what it waits for, or the selected day.
func (j *joinScreen) detail() string {
	if day := j.days.Selected(); j.onDays && day != "" {
		return j.dayText(day)
	}
	if p, ok := j.parts.Selected(); ok && j.focus == 0 {
		writer := ""
		if p.Writer != "" {
			writer = "written by " + p.Writer
		}
		return strings.Join(nonEmpty(p.TaskID, p.WaitsFor, writer), j.theme.dot)
	}
	return ""
}

func nonEmpty(texts ...string) []string {
	return slices.DeleteFunc(texts, func(t string) bool { return t == "" })
}

func (j *joinScreen) bindings() []binding {
	own := []binding{
		{keys: []string{"enter"}, label: "enter", verb: j.enterVerb(), help: "open the run of the day, the log of the part", disabled: j.noEnter, do: j.enterRow},
		{keys: []string{"tab"}, label: "tab", verb: "days, parts, runs", help: "from the days to the tables", do: j.cycle},
		{keys: []string{"O"}, label: "O", verb: "runs", help: "all runs of the join", do: func() tea.Cmd { j.push(newDAGScreen(j.shell, j.dag)); return nil }},
		{keys: []string{"l"}, label: "l", verb: "log", help: "open the log of the part, or of the worst task of the run", do: j.openLog, disabled: j.noLog,
			quiet: j.noLog() != "" || j.enterVerb() == "log"},
		j.whyBinding(nil, func() string { return cmp.Or(j.join.Join, j.dag) }),
	}
	own = append(own, j.daysBackfill(func() string { return j.join.Join }, j.days.Range)...)
	if j.onDays {
		own = append(own, j.dayBindings()...)
		return append(own, j.changeBindings(j.ofPicture, j.days.Selected())...)
	}
	own = append(own, j.changeBindings(j.ofPicture, "")...)
	return append(own, j.listBindings()...)
}

// dayBindings move in the calendar.
func (j *joinScreen) dayBindings() []binding {
	move := func(days int) func() tea.Cmd {
		return func() tea.Cmd { j.days.Move(days); return nil }
	}
	return []binding{
		{keys: []string{"space", "V"}, label: "space", verb: toggle(j.days.Marked(), "end range", "mark range"), help: "mark days from here",
			disabled: func() string { return toggle(len(j.join.Days) == 0, "no day is known of yet", "") },
			do:       func() tea.Cmd { j.days.Mark(); return nil }},
		{keys: []string{"left", "h"}, label: "left", verb: "day before", quiet: true, section: sectionMove, do: move(-1)},
		{keys: []string{"right"}, label: "right", verb: "next day", quiet: true, section: sectionMove, do: move(1)},
		{keys: []string{"up", "k"}, label: "up k", verb: "week before", quiet: true, section: sectionMove, do: move(-7)},
		{keys: []string{"down", "j"}, label: "down j", verb: "next week", quiet: true, section: sectionMove, do: move(7)},
		{keys: []string{"pgup"}, label: "pgup", verb: "four weeks before", quiet: true, section: sectionMove, do: move(-28)},
		{keys: []string{"pgdown"}, label: "pgdn", verb: "four weeks on", quiet: true, section: sectionMove, do: move(28)},
		{keys: []string{"home", "g"}, label: "g", verb: "first day", quiet: true, section: sectionMove, do: move(-1 << 20)},
		{keys: []string{"end", "G"}, label: "G", verb: "last day", quiet: true, section: sectionMove, do: move(1 << 20)},
	}
}

// cycle gives the keyboard to the next part of the screen.
func (j *joinScreen) cycle() tea.Cmd {
	switch {
	case j.onDays:
		j.onDays = false
		j.give(0)
	case j.focus == 0:
		j.give(1)
	default:
		j.onDays = true
		j.give(0)
	}
	return nil
}

func (j *joinScreen) enterVerb() string {
	if !j.onDays && j.focus == 0 {
		return "log"
	}
	return "run"
}

func (j *joinScreen) noEnter() string {
	switch {
	case j.onDays && j.dayOf(j.days.Selected()).RunID == "":
		return "no run is for this day"
	case !j.onDays && j.focus == 0:
		if p, ok := j.parts.Selected(); ok {
			if _, known := j.taskOf(p); !known {
				return "no run that is known has a task instance of this part"
			}
		}
		return selected(j.parts)
	case !j.onDays:
		return selected(j.asked)
	}
	return ""
}

func (j *joinScreen) enterRow() tea.Cmd {
	switch {
	case j.onDays:
		j.openRun(j.dayOf(j.days.Selected()).RunID)
	case j.focus == 1:
		r, _ := j.asked.Selected()
		j.openRun(r.ID)
	default:
		p, _ := j.parts.Selected()
		if t, ok := j.taskOf(p); ok {
			j.push(newLogScreen(j.shell, t))
		}
	}
	return nil
}

// logTask is the task instance whose log is meant: that of the selected part, or the worst of the run of the day or of the selected run.
func (j *joinScreen) logTask() (fleet.Task, bool) {
	id := ""
	switch {
	case j.onDays:
		id = j.dayOf(j.days.Selected()).RunID
	case j.focus == 0:
		p, _ := j.parts.Selected()
		return j.taskOf(p)
	default:
		r, _ := j.asked.Selected()
		id = r.ID
	}
	dag, _ := j.ofPicture()
	at := slices.IndexFunc(dag.Runs, func(r fleet.Run) bool { return r.ID == id })
	if at < 0 {
		return fleet.Task{}, false
	}
	dag.Runs = dag.Runs[at : at+1]
	return logOfRow(dag, anyTask)
}

func (j *joinScreen) noLog() string {
	if why := j.noEnter(); why != "" {
		return why
	}
	if _, ok := j.logTask(); !ok {
		return "no task of this run has begun, as far as was read: open the run (enter)"
	}
	return ""
}

func (j *joinScreen) openLog() tea.Cmd {
	if t, ok := j.logTask(); ok {
		j.push(newLogScreen(j.shell, t))
	}
	return nil
}

func (j *joinScreen) openRun(id string) {
	d := newDAGScreen(j.shell, j.dag)
	d.choose(id, "")
	j.push(d)
}

// taskOf is the task instance of a part, of the newest run that has it.
func (j *joinScreen) taskOf(p fleet.Part) (fleet.Task, bool) {
	dag, _ := j.ofPicture()
	for _, r := range dag.Runs {
		for _, t := range r.Tasks {
			if t.ID == p.TaskID {
				return t, true
			}
		}
	}
	return fleet.Task{}, false
}

// ofPicture is the DAG as the picture has it.
func (j *joinScreen) ofPicture() (fleet.DAG, bool) {
	snap, _ := j.snapshot()
	return findDAG(snap, j.dag)
}

func partFields() []ql.Field[fleet.Part] {
	return []ql.Field[fleet.Part]{
		ql.Text("part", "its name", func(p fleet.Part) string { return p.Name }),
		ql.Text("waits", "what it waits for", func(p fleet.Part) string { return p.WaitsFor }),
		ql.Text("word", "Airflow's own word for its state", func(p fleet.Part) string { return p.State }),
		fleet.StateField(func(p fleet.Part) fleet.Health { return p.Health }),
	}
}

func (j *joinScreen) partColumns() []table.Column[fleet.Part] {
	dim := func(text string) table.Cell { return table.Cell{Text: text, Style: j.theme.dim} }
	return []table.Column[fleet.Part]{
		{
			Title: "PART", Min: 22, Max: 48, Middle: true,
			Cell:    func(p fleet.Part) table.Cell { return table.Cell{Text: cmp.Or(p.Name, p.TaskID)} },
			Compare: func(a, b fleet.Part) int { return strings.Compare(a.Name, b.Name) },
		},
		{
			Title: "STATE", Min: 14, Max: 19,
			Cell: func(p fleet.Part) table.Cell {
				return table.Cell{Text: j.theme.glyph(p.Health) + " " + cmp.Or(p.State, p.Health.Word()), Style: j.theme.paintOf(p.Health)}
			},
			Compare: func(a, b fleet.Part) int { return cmp.Compare(b.Health, a.Health) },
		},
		{
			Title: "SINCE", Min: 9, Max: 9, Align: table.Right,
			Cell:    func(p fleet.Part) table.Cell { return dim(since(j.now, p.Since)) },
			Compare: func(a, b fleet.Part) int { return b.Since.Compare(a.Since) },
		},
		{
			Title: "WAITS FOR", Min: 20, Max: 56, Priority: 1, Middle: true, Optional: true,
			Cell: func(p fleet.Part) table.Cell { return dim(p.WaitsFor) },
		},
		{
			Title: "LANDED", Min: 6, Max: 10, Priority: 2, Optional: true,
			Cell: func(p fleet.Part) table.Cell {
				return table.Cell{Text: p.Landed, Short: shortDay(p.Landed), Style: j.theme.dim}
			},
		},
	}
}

func (j *joinScreen) askedColumns() []table.Column[fleet.Run] {
	dim := func(text string) table.Cell { return table.Cell{Text: text, Style: j.theme.dim} }
	return []table.Column[fleet.Run]{
		{
			Title: "DAY", Min: 10, Max: 10,
			Cell:    func(r fleet.Run) table.Cell { return table.Cell{Text: cmp.Or(r.Day, j.theme.none)} },
			Compare: func(a, b fleet.Run) int { return strings.Compare(a.Day, b.Day) },
		},
		{
			Title: "STATE", Min: 12, Max: 14,
			Cell: func(r fleet.Run) table.Cell {
				return table.Cell{Text: j.theme.state(r.Health), Style: j.theme.paintOf(r.Health)}
			},
			Compare: func(a, b fleet.Run) int { return cmp.Compare(b.Health, a.Health) },
		},
		{Title: "KIND", Min: 8, Max: 8, Cell: func(r fleet.Run) table.Cell { return dim(r.Type) }},
		{
			Title: "STARTED", Min: 11, Max: 11, Priority: 1,
			Cell:    func(r fleet.Run) table.Cell { return dim(clock(j.now, r.Start)) },
			Compare: func(a, b fleet.Run) int { return b.Start.Compare(a.Start) },
		},
		{Title: "TOOK", Min: 9, Max: 9, Priority: 1, Align: table.Right, Cell: func(r fleet.Run) table.Cell { return dim(took(j.now, r.Start, r.End)) }},
		{Title: "RUN", Min: 20, Max: 60, Priority: 2, Middle: true, Cell: func(r fleet.Run) table.Cell { return dim(r.ID) }},
	}
}
