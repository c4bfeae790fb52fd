package tui

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"chrononctl/internal/action"
	"chrononctl/internal/fleet"
	"chrononctl/tui/paint"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
)

// form asks for what a change needs to know. It changes nothing: enter goes on to the plan.
type form struct {
	*shell
	title   string
	about   string
	fields  []formField
	at      int
	problem error
	next    func(values []string) (title string, request Request, err error)
}

// formField is one line of a form: free text, or a choice among words.
type formField struct {
	label   string
	input   textinput.Model
	choices []string // nil: free text
	help    string
}

func textField(label, value, help string) formField {
	return formField{label: label, input: typed(value), help: help}
}

func choiceField(label, help string, choices ...string) formField {
	return formField{label: label, input: typed(choices[0]), choices: choices, help: help}
}

// newForm returns a form whose first field has the keyboard.
func newForm(s *shell, title, about string, fields ...formField) *form {
	f := &form{shell: s, title: title, about: about, fields: fields}
	f.focus(0)
	return f
}

func (f *form) start() tea.Cmd { return nil }

func (f *form) update(msg tea.Msg) (cmd tea.Cmd, open bool) {
	if key, ok := msg.(tea.KeyPressMsg); ok {
		switch key.String() {
		case "esc":
			return nil, false
		case "enter":
			return f.goOn()
		case "tab", "down":
			f.focus(f.at + 1)
			return nil, true
		case "shift+tab", "up":
			f.focus(f.at - 1)
			return nil, true
		}
	}
	switch msg := msg.(type) {
	case tea.KeyPressMsg, tea.PasteMsg:
		f.problem = nil
		field := &f.fields[f.at]
		if field.choices != nil {
			field.choose(msg)
			return nil, true
		}
		field.input, cmd = field.input.Update(msg)
	}
	return cmd, true
}

// choose goes round the choices with left, right and space.
func (f *formField) choose(msg tea.Msg) {
	key, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return
	}
	step := map[string]int{"right": 1, "space": 1, "l": 1, "left": -1, "h": -1}[key.String()]
	n := len(f.choices)
	f.input.SetValue(f.choices[(slices.Index(f.choices, f.input.Value())+step+n)%n])
}

func (f *form) focus(at int) {
	f.at = (at + len(f.fields)) % len(f.fields)
	for i := range f.fields {
		if i == f.at {
			f.fields[i].input.Focus()
		} else {
			f.fields[i].input.Blur()
		}
	}
}

// goOn opens the plan, or says what is wrong with the fields.
func (f *form) goOn() (tea.Cmd, bool) {
	values := make([]string, len(f.fields))
	for i, field := range f.fields {
		values[i] = strings.TrimSpace(field.input.Value())
	}
	title, request, err := f.next(values)
	if err != nil {
		f.problem = err
		return nil, true
	}
	return f.plan(title, request), true
}

func (f *form) view(width, _ int) []string {
	t := f.theme
	lines := []string{paint.Fit(clean(f.about), width-4, t.tail), ""}
	label := 0
	for _, field := range f.fields {
		label = max(label, len(field.label))
	}
	for i, field := range f.fields {
		mark, value := " ", field.input.View()
		if field.choices != nil {
			value = f.drawChoices(field)
		}
		if i == f.at && len(f.fields) > 1 {
			mark = t.mark
		}
		line := mark + t.dim.Render(paint.Pad(field.label, label)+" ") + value
		if field.help != "" {
			line = paint.Pad(line, label+16) + "  " + t.faint.Render(field.help)
		}
		lines = append(lines, paint.Fit(line, width-4, t.tail))
	}
	last := t.key.Render("enter") + t.dim.Render(" show the plan   ") + t.key.Render("esc") + t.dim.Render(" leave")
	if len(f.fields) > 1 {
		last = t.key.Render("tab") + t.dim.Render(" next field   ") + last
	}
	if f.problem != nil {
		last = t.bad.Render(t.glyph(fleet.Failed) + " " + paint.Fit(errorText(f.problem), width-8, t.tail))
	}
	return t.boxed(f.title, append(lines, "", last))
}

func (f *form) drawChoices(field formField) string {
	parts := make([]string, len(field.choices))
	for i, c := range field.choices {
		parts[i] = f.theme.dim.Render(c)
		if c == field.input.Value() {
			parts[i] = f.theme.selected.Render("[" + c + "]")
		}
	}
	return strings.Join(parts, " ")
}

var errNoDay = errors.New("a day looks like 2026-11-22")

// aDay checks that a text is a day.
func aDay(text string) error {
	if _, err := time.Parse(time.DateOnly, text); err != nil {
		return errNoDay
	}
	return nil
}

// triggerForm asks for the day of a run.
func (s *shell) triggerForm(ids []string, day string) *form {
	if day == "" {
		day = s.lastDay()
	}
	f := newForm(s, "Trigger", subject(ids, "DAG"), textField("day", day, ""))
	f.next = func(values []string) (string, Request, error) {
		return "Trigger " + subject(ids, "DAG"), Request{Verb: action.Trigger, DAGs: ids, Day: values[0]}, aDay(values[0])
	}
	return f
}

// uploadForm asks for the day of an upload.
func (s *shell) uploadForm(confs []string) *form {
	f := newForm(s, "Upload again", subject(confs, "GroupBy"), textField("day", s.lastDay(), "of the upload that is made again"))
	f.next = func(values []string) (string, Request, error) {
		return "Upload " + subject(confs, "GroupBy"), Request{Verb: action.Upload, Confs: confs, Day: values[0]}, aDay(values[0])
	}
	return f
}

// backfillForm asks for the days of a backfill, the same for each of the joins.
func (s *shell) backfillForm(joins []string, from, to string) *form {
	return s.daysForm(action.JoinConf, joins, from, to)
}

// daysForm asks for the days of a backfill, the same for each of the confs of a kind. Empty days propose the last week.
func (s *shell) daysForm(kind action.ConfKind, confs []string, from, to string) *form {
	if from == "" {
		from = s.now.UTC().AddDate(0, 0, -7).Format(time.DateOnly)
	}
	if to == "" {
		to = s.lastDay()
	}
	f := newForm(s, "Backfill", named(confs, "join"),
		textField("from", from, ""), textField("to", to, "both days are computed"),
		choiceField("as", "left and right choose", byJob, byDay),
		textField("at once", "", "days of a step, or runs; empty: the usual"))
	f.next = func(values []string) (string, Request, error) {
		request := Request{Verb: action.Backfill, Confs: confs, Kind: kind, From: values[0], To: values[1], ByDay: values[2] == byDay}
		most, err := smallNumber(values[3])
		switch {
		case aDay(values[0]) != nil || aDay(values[1]) != nil:
			err = errNoDay
		case values[0] > values[1]:
			err = fmt.Errorf("%s is after %s", values[0], values[1])
		case request.ByDay:
			request.AtOnce = most
		default:
			request.StepDays = most
		}
		return "Backfill " + subject(confs, "join"), request, err
	}
	return f
}

// The ways of a backfill, as the form calls them.
const (
	byJob = "one job"
	byDay = "a run a day"
)

// smallNumber reads a number of days; empty is none.
func smallNumber(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%q is no number of days", text)
	}
	return n, nil
}

// markForm asks for the state to set.
func (s *shell) markForm(request Request, about string) *form {
	f := newForm(s, "Mark", about, choiceField("as", "nothing runs; what waits for it goes on", "success", "failed"))
	f.next = func(values []string) (string, Request, error) {
		request.Verb, request.State = action.Mark, values[0]
		return "Mark " + about + " as " + values[0], request, nil
	}
	return f
}
