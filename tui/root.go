package tui

import (
	"context"
	"sync"

	tea "charm.land/bubbletea/v2"
)

// root is the only Bubble Tea model of the console. It owns the order in which messages are handled; what they do is in the methods that it
// calls, one file a subject.
type root struct {
	*shell
	frame string // the last frame drawn
	dirty bool   // something changed since
}

func newRoot(ctx context.Context, options Options) *root {
	options = options.withDefaults()
	s := &shell{ctx: ctx, options: options, store: newStore(), here: options.Now(), now: options.Now(), work: new(sync.WaitGroup)}
	s.paintAnew()
	s.homes = []home{
		{"fleet", "the teams, and what needs a person", newFleetScreen(s)},
		{"dags", "all DAGs", newDAGsScreen(s, allDAGs())},
		{"streams", "the streaming GroupBys", newStreamsScreen(s)},
		{"joins", "the joins", newJoinsScreen(s)},
		{"consistency", "the comparisons of online with offline", newConsistencyScreen(s)},
		{"deploy", "the targets, and what runs there", newDeployScreen(s)},
		{"activity", "what was changed, and by whom", newActivityScreen(s)},
	}
	s.path = []screen{s.homes[0].screen}
	return &root{shell: s, dirty: true}
}

// Init asks for the first data and for the terminal's background, and starts the heartbeat.
func (r *root) Init() tea.Cmd {
	return tea.Batch(r.poll(r.needs()), r.tick(), tea.RequestBackgroundColor, r.openNotebook(), r.readCached())
}

// Update handles one message. The steps and their order are the console's contract; see the package comment.
func (r *root) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	r.dirty = true
	if r.surroundings(msg) {
		return r, nil
	}
	cmd, done := r.data(msg)
	if !done {
		cmd = r.input(msg)
	}
	return r, tea.Batch(cmd, r.poll(r.needs()))
}

// surroundings takes what the terminal says about itself.
func (r *root) surroundings(msg tea.Msg) (done bool) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		r.width, r.height = msg.Width, msg.Height
		r.top().setSize(r.bodySize())
	case tea.BackgroundColorMsg:
		r.bright = !msg.IsDark()
		r.paintAnew()
		r.top().sync()
	case tea.BlurMsg:
		r.blurred = true
	default:
		return false
	}
	return true
}

// data takes answers and the heartbeat.
func (r *root) data(msg tea.Msg) (cmd tea.Cmd, done bool) {
	switch msg := msg.(type) {
	case tickMsg:
		r.pass(msg.at)
		r.meter = msg.meter
		if r.note.text != "" && r.here.After(r.note.until) {
			r.note = note{}
		}
		return r.tick(), true
	case deployedMsg:
		return r.told(msg), true
	case pageMsg:
		return r.pageOpened(msg), true
	case saidMsg:
		r.say(msg.text)
		return nil, true
	case wakeMsg:
		r.pass(msg.at)
		return nil, true
	case tea.FocusMsg:
		r.blurred = false
		return r.wake(0), true // the heartbeat may be a while off
	case cachedMsg:
		r.tookCached(msg)
		return nil, true
	case notebookMsg:
		r.tookNotebook(msg)
		return nil, true
	case notedMsg:
		if msg.err != nil {
			r.say(errorText(msg.err))
		}
		return nil, true
	case loaded:
		if msg.at.After(r.here) {
			r.here = msg.at
		}
		news := r.store.apply(msg)
		r.pass(r.here) // a picture tells of Airflow's clock too
		if news {
			r.top().sync()
		}
		return nil, true
	}
	return nil, false
}

// input takes what the reader does. A dialog takes all of it, a prompt takes keys and pasted text.
func (r *root) input(msg tea.Msg) tea.Cmd {
	if key, ok := msg.(tea.KeyPressMsg); ok && key.String() == "ctrl+c" {
		return r.leave()
	}
	if r.dialog != nil {
		cmd, open := r.dialog.update(msg)
		if !open {
			r.dialog = nil
		}
		return cmd
	}
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		if r.prompt != nil {
			return r.prompt.update(r.shell, msg)
		}
		return r.press(msg.String())
	case tea.PasteMsg:
		if r.prompt != nil {
			return r.prompt.update(r.shell, msg)
		}
	case tea.MouseClickMsg:
		if m := msg.Mouse(); m.Button == tea.MouseLeft {
			r.top().mouse(mouse{x: m.X, y: m.Y - bodyTop})
		}
	case tea.MouseWheelMsg:
		r.wheel(msg.Mouse())
	}
	return nil
}

// press runs the binding of a key, or says why it does nothing.
func (r *root) press(key string) tea.Cmd {
	b, ok := find(r.bindings(), key)
	if !ok {
		return nil
	}
	if reason := b.why(); reason != "" {
		r.say(reason)
		return nil
	}
	r.note = note{}
	return b.do()
}

// wheelLines is how far one notch of the wheel goes.
const wheelLines = 3

func (r *root) wheel(m tea.Mouse) {
	lines := map[tea.MouseButton]int{tea.MouseWheelUp: -wheelLines, tea.MouseWheelDown: wheelLines}[m.Button]
	if lines == 0 {
		return
	}
	r.top().mouse(mouse{x: m.X, y: m.Y - bodyTop, wheel: lines})
}

// View draws the frame, anew only when something changed.
func (r *root) View() tea.View {
	if r.dirty {
		r.frame, r.dirty = r.draw(), false
	}
	v := tea.NewView(r.frame)
	v.AltScreen, v.ReportFocus = true, true
	v.WindowTitle = "chrononctl " + clean(r.options.Context)
	if !r.free {
		v.MouseMode = tea.MouseModeCellMotion
	}
	if r.prompt != nil && r.dialog == nil {
		v.Cursor = r.prompt.cursor(r.height - footHeight)
	}
	return v
}
