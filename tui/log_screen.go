package tui

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"chrononctl/internal/fleet"
	"chrononctl/internal/joblog"
	"chrononctl/tui/logpane"
	"chrononctl/tui/paint"

	tea "charm.land/bubbletea/v2"
)

// logScreen shows the log of one try of a task, below what Chronon's own lines in it say, and follows it while the task runs.
//
// The log comes in parts. The place of the next part belongs to the query, so a part that was asked for twice is taken once.
type logScreen struct {
	pager
	task    fleet.Task
	from    int       // place of the part to ask for
	taken   uint64    // generation of the last part that was appended
	after   time.Time // before which the next part is not asked for
	began   bool      // a part has arrived
	done    bool      // nothing more will come
	said    joblog.Facts
	absent  string // why there is no log, in Airflow's words
	skipped int    // lines that were too many
}

// logInterval is how often a log that is being written is asked for more.
const logInterval = 2 * time.Second

func newLogScreen(s *shell, task fleet.Task) *logScreen {
	l := &logScreen{pager: newPager(s, 2), task: task}
	l.pane.SetSigns(true)
	l.pane.SetStamps(true)
	return l
}

func (l *logScreen) title() string { return l.task.ID + " log" }

// summary is empty until something is known of the log.
func (l *logScreen) summary() string {
	if !l.began {
		return ""
	}
	return l.pager.summary()
}

func (l *logScreen) query() query {
	return query{
		topic: topicLog, dag: l.task.DAGID, run: l.task.RunID, task: l.task.ID, index: l.task.MapIndex, try: l.task.Try,
		token: strconv.Itoa(l.from),
	}
}

// needs are the next part, and while the task is at work its state, which tells when the log ends.
func (l *logScreen) needs() []need {
	if l.done {
		return nil
	}
	task, from, ended := l.task, l.from, l.ended()
	out := []need{{
		query: l.query(), every: logInterval, after: l.after,
		load: func(ctx context.Context, src Source) (any, error) { return src.Log(ctx, task, ended, from) },
	}}
	if !ended {
		out = append(out, tasksNeed(task.DAGID, task.RunID))
	}
	return out
}

// sync appends the part that has arrived, once.
func (l *logScreen) sync() {
	e := l.store.get(l.query())
	part, ok := e.value.(fleet.LogPart)
	if !ok || e.gen == l.taken || e.err != nil || e.loading() {
		return
	}
	more := part.Next > l.from && len(part.Lines) > 0 && !part.Done
	l.taken, l.began, l.from, l.done = e.gen, true, part.Next, part.Done && l.ended()
	l.said, l.absent, l.skipped = part.Facts, part.Absent, part.Skipped
	if !more {
		l.after = e.at.Add(logInterval)
	}
	lines := make([]logpane.Line, len(part.Lines))
	for i, line := range part.Lines {
		lines[i] = logpane.Line{Time: line.Time, Level: uint8(joblog.LevelOf(line.Level, line.Text)), Text: line.Text}
	}
	if part.Replaces && len(lines) > 0 {
		l.pane.ReplaceLast(lines[0])
		lines = lines[1:]
	}
	l.pane.AppendLines(lines...)
	l.setSize(l.width, l.height)
}

// setSize gives the pane the room that is left below the milestones.
func (l *logScreen) setSize(width, height int) {
	l.width = width
	l.lead = 2 + len(l.milestones())
	l.pager.setSize(width, height)
}

func (l *logScreen) view() []string {
	if !l.began {
		return append([]string{l.facts()}, l.waiting(l.query(), "the log of "+l.task.ID)...)
	}
	if kept, _ := l.pane.Len(); kept == 0 {
		text := "the log is empty so far"
		if l.absent != "" {
			text = l.absent
		}
		return []string{l.facts(), "", "  " + l.theme.dim.Render(clean(text))}
	}
	return l.pager.view(append([]string{l.facts()}, l.milestones()...)...)
}

// facts is the line about the task.
func (l *logScreen) facts() string {
	t := l.theme
	task := l.current()
	parts := []string{t.paintOf(task.Health).Render(t.glyph(task.Health) + " " + clean(orWord(task.State, task.Health)))}
	add := func(text string) { parts = append(parts, t.dim.Render(text)) }
	add(l.tryText())
	if d := took(l.now, task.Start, task.End); d != "" {
		add(d)
	}
	switch {
	case l.done:
		add("complete")
	case l.pane.Following():
		parts = append(parts, t.run.Render("following"))
	default:
		parts = append(parts, t.wait.Render("more may come; G follows"))
	}
	if least := joblog.Level(l.pane.Least()); least > 0 {
		parts = append(parts, t.warn.Render("only "+least.String()+" and worse"))
	}
	if _, dropped := l.pane.Len(); dropped+l.skipped > 0 {
		parts = append(parts, t.warn.Render(count(dropped+l.skipped, "line")+" before these were dropped"))
	}
	add(clean(l.task.DAGID)) // last: the path has it too
	return " " + paint.Fit(strings.Join(parts, t.faint.Render(t.dot)), l.width-2, t.tail)
}

// tryText says which try this is, and of how many where there are more.
func (l *logScreen) tryText() string {
	text := "try " + tryText(max(1, l.task.Try))
	if last := l.latest().Try; last > max(1, l.task.Try) {
		text += fmt.Sprintf(" of %d", last)
	}
	return text
}

// latest is the newest try of the task as the store knows it.
func (l *logScreen) latest() fleet.Task {
	tasks, _ := value[[]fleet.Task](l.store, query{topic: topicTasks, dag: l.task.DAGID, run: l.task.RunID})
	for _, t := range tasks {
		if t.ID == l.task.ID && t.MapIndex == l.task.MapIndex {
			return t
		}
	}
	return l.task
}

// current is the try that is shown, as the store knows it best.
func (l *logScreen) current() fleet.Task {
	if t := l.latest(); t.Try == l.task.Try {
		return t
	}
	return l.task
}

// ended tells whether nothing will be added to the log: a newer try has begun, or this one has ended.
func (l *logScreen) ended() bool {
	t := l.latest()
	return t.Try > l.task.Try || hasEnded(t)
}

// hasEnded tells whether a task instance is in a state that it does not leave by itself.
func hasEnded(t fleet.Task) bool {
	ended := t.Health == fleet.OK || t.Health == fleet.Failed || t.Health == fleet.Skipped
	return ended && (!t.End.IsZero() || t.Start.IsZero())
}

func orWord(state string, h fleet.Health) string {
	if state != "" {
		return state
	}
	return h.Word()
}

func (l *logScreen) bindings() []binding {
	just := func(f func()) func() tea.Cmd {
		return func() tea.Cmd { f(); return nil }
	}
	own := []binding{
		{keys: []string{"L"}, label: "L", verb: "level", help: "all lines, warnings, errors", do: just(l.cycleLevel)},
		{keys: []string{"T"}, label: "T", verb: toggle(l.pane.Stamps(), "no times", "times"), help: "the time of each line, or not", quiet: true,
			do: just(func() { l.pane.SetStamps(!l.pane.Stamps()) })},
		{keys: []string{"c"}, label: "c", verb: "copy", help: "copy the lines on the screen", do: l.copyLines},
		{keys: []string{"S"}, label: "S", verb: "save", help: "save the lines to a file", do: l.saveLines, disabled: l.noSaving},
		{keys: []string{"["}, label: "[", verb: "try before", help: "the log of the try before", quiet: true, disabled: l.noTry(-1),
			do: just(func() { l.showTry(l.task.Try - 1) })},
		{keys: []string{"]"}, label: "]", verb: "next try", help: "the log of the next try", quiet: true, disabled: l.noTry(1),
			do: just(func() { l.showTry(l.task.Try + 1) })},
	}
	if !l.done {
		own = append([]binding{{
			keys: []string{"f"}, label: "f", verb: toggle(l.pane.Following(), "stop following", "follow"), help: "stay at the end",
			do: just(func() { l.pane.SetFollow(!l.pane.Following()) }),
		}}, own...)
	}
	return append(own, l.pager.bindings()...)
}

// cycleLevel goes from all lines to warnings to errors and back.
func (l *logScreen) cycleLevel() {
	next := map[joblog.Level]joblog.Level{joblog.Unsaid: joblog.Warning, joblog.Warning: joblog.Error, joblog.Error: joblog.Unsaid}
	l.pane.SetLeast(uint8(next[joblog.Level(l.pane.Least())]))
}

func (l *logScreen) copyLines() tea.Cmd {
	lines := l.pane.Visible()
	l.say("copied " + count(len(lines), "line"))
	return tea.SetClipboard(strings.Join(lines, "\n") + "\n")
}

func (l *logScreen) noSaving() string {
	if l.options.Save == nil {
		return "this console cannot write files"
	}
	return ""
}

// saveLines writes the lines that are kept, and that the level lets through, to a file whose name says what they are.
func (l *logScreen) saveLines() tea.Cmd {
	name := fmt.Sprintf("%s__%s__%s__try%d.log", l.task.DAGID, l.task.RunID, taskLabel(l.task), max(1, l.task.Try))
	text, save := strings.Join(l.pane.Text(), "\n")+"\n", l.options.Save
	return func() tea.Msg {
		path, err := save(name, text)
		if err != nil {
			return saidMsg{"could not save the log: " + errorText(err)}
		}
		return saidMsg{"saved as " + path}
	}
}

// noTry says why there is no try in that direction.
func (l *logScreen) noTry(direction int) func() string {
	return func() string {
		if to := l.task.Try + direction; to < 1 || to > max(l.latest().Try, l.task.Try) {
			return "there is no such try"
		}
		return ""
	}
}

// showTry begins anew with another try.
func (l *logScreen) showTry(try int) {
	other := l.latest()
	if other.Try != try { // what the store knows is about the newest try
		other.State, other.Start, other.End, other.Health = "", time.Time{}, time.Time{}, fleet.None
	}
	other.Try = try
	next := newLogScreen(l.shell, other)
	next.setSize(l.width, l.height)
	*l = *next
	l.sync()
}
