package tui

import (
	"context"
	"strings"
	"time"

	"chrononctl/internal/fleet"

	tea "charm.land/bubbletea/v2"
)

// logScreen shows the log of one try of a task, and follows it while the task runs.
//
// The log comes in parts. The token of the next part belongs to the query, so a part that was asked for twice is taken once.
type logScreen struct {
	pager
	task  fleet.Task
	token string    // of the part to ask for
	taken uint64    // generation of the last part that was appended
	after time.Time // before which the next part is not asked for
	began bool      // a part has arrived
	done  bool      // nothing more will come
}

const (
	// logInterval is how often a log that is being written is asked for more.
	logInterval = 2 * time.Second
	// largePart is the number of lines from which a part is taken to have been cut off: the next one is asked for at once.
	largePart = 500
)

func newLogScreen(s *shell, task fleet.Task) *logScreen {
	return &logScreen{pager: newPager(s, 2), task: task}
}

func (l *logScreen) title() string { return l.task.ID + " log" }

func (l *logScreen) query() query {
	return query{
		topic: topicLog, dag: l.task.DAGID, run: l.task.RunID, task: l.task.ID, index: l.task.MapIndex, try: l.task.Try, token: l.token,
	}
}

func (l *logScreen) needs() []need {
	if l.done {
		return nil
	}
	task, token := l.task, l.token
	return []need{{
		query: l.query(), every: logInterval, after: l.after,
		load: func(ctx context.Context, src Source) (any, error) { return src.Log(ctx, task, token) },
	}}
}

// sync appends the part that has arrived, once.
func (l *logScreen) sync() {
	e := l.store.get(l.query())
	chunk, ok := e.value.(fleet.LogChunk)
	if !ok || e.gen == l.taken || e.err != nil || e.loading() {
		return
	}
	l.taken, l.began, l.token, l.done = e.gen, true, chunk.Next, chunk.Done
	if len(chunk.Lines) < largePart {
		l.after = e.at.Add(logInterval)
	}
	for _, line := range chunk.Lines {
		l.pane.Append(logText(line))
	}
}

// logText is a line with its time and level in front. Colours are the sixteen of the terminal, which a log may have of its own.
func logText(line fleet.LogLine) string {
	var b strings.Builder
	if !line.Time.IsZero() {
		b.WriteString("\x1b[2m" + line.Time.UTC().Format("15:04:05") + "\x1b[0m ")
	}
	switch level := strings.ToUpper(line.Level); level {
	case "", "INFO", "DEBUG":
	case "WARNING", "WARN":
		b.WriteString("\x1b[33m" + level + "\x1b[0m ")
	default:
		b.WriteString("\x1b[31m" + level + "\x1b[0m ")
	}
	b.WriteString(line.Text)
	return b.String()
}

func (l *logScreen) view() []string {
	if !l.began {
		return append([]string{l.facts()}, l.waiting(l.query(), "the log of "+l.task.ID)...)
	}
	if kept, _ := l.pane.Len(); kept == 0 {
		return []string{l.facts(), "", "  " + l.theme.dim.Render("the log is empty so far")}
	}
	return l.pager.view(l.facts())
}

// facts is the line about the task.
func (l *logScreen) facts() string {
	t := l.theme
	task := l.current()
	parts := []string{t.paintOf(task.Health).Render(t.glyph(task.Health) + " " + clean(orWord(task.State, task.Health)))}
	add := func(text string) { parts = append(parts, t.dim.Render(text)) }
	add(clean(l.task.DAGID))
	add("try " + tryText(max(1, l.task.Try)))
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
	if _, dropped := l.pane.Len(); dropped > 0 {
		parts = append(parts, t.warn.Render(count(dropped, "line")+" before these were dropped"))
	}
	return " " + strings.Join(parts, t.faint.Render(t.dot))
}

// current is the task as the store knows it best.
func (l *logScreen) current() fleet.Task {
	tasks, _ := value[[]fleet.Task](l.store, query{topic: topicTasks, dag: l.task.DAGID, run: l.task.RunID})
	for _, t := range tasks {
		if t.ID == l.task.ID && t.MapIndex == l.task.MapIndex && t.Try == l.task.Try {
			return t
		}
	}
	return l.task
}

func orWord(state string, h fleet.Health) string {
	if state != "" {
		return state
	}
	return h.Word()
}

func (l *logScreen) bindings() []binding {
	if l.done {
		return l.pager.bindings()
	}
	follow := binding{
		keys: []string{"f"}, label: "f", verb: toggle(l.pane.Following(), "stop following", "follow"), help: "stay at the end",
		do: func() tea.Cmd { l.pane.SetFollow(!l.pane.Following()); return nil },
	}
	return append([]binding{follow}, l.pager.bindings()...)
}
