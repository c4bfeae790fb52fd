package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"chrononctl/internal/action"
	"chrononctl/internal/fleet"
	"chrononctl/internal/joblog"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/exp/golden"
)

// recorder keeps the last frame, so that a test can look at it without touching the model, which belongs to the program's goroutine.
type recorder struct {
	tea.Model
	mu    *sync.Mutex
	frame *string
}

func (r recorder) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	m, cmd := r.Model.Update(msg)
	r.Model = m
	return r, cmd
}

func (r recorder) View() tea.View {
	v := r.Model.View()
	r.mu.Lock()
	defer r.mu.Unlock()
	*r.frame = v.Content
	return v
}

// console is a running console under fake time.
type console struct {
	t       *testing.T
	program *tea.Program
	root    *root // to be looked at only while the console has nothing to do
	source  *fakeSource
	mu      sync.Mutex
	frame   string
	done    chan error
}

// epoch is when every test begins: synctest's clock.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

type setup struct {
	width, height int
	source        *fakeSource
	options       Options
}

// story runs a console in a bubble of fake time, and quits it at the end however that comes.
func story(t *testing.T, s setup, tell func(*console)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := start(t, s)
		t.Cleanup(c.quit)
		synctest.Wait()
		tell(c)
	})
}

func start(t *testing.T, s setup) *console {
	t.Helper()
	if s.width == 0 {
		s.width, s.height = 80, 24
	}
	if s.source == nil {
		s.source = healthyFleet()
	}
	o := s.options
	o.Context = "prod"
	if o.Source == nil {
		o.Source = s.source
	}
	if !o.ReadOnly {
		o.Changes = s.source
	}
	c := &console{t: t, source: s.source, done: make(chan error, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	c.root = newRoot(ctx, o)
	model := recorder{Model: c.root, mu: &c.mu, frame: &c.frame}
	c.program = tea.NewProgram(model,
		tea.WithInput(nil), tea.WithOutput(io.Discard), tea.WithoutSignalHandler(), tea.WithWindowSize(s.width, s.height),
		tea.WithColorProfile(colorprofile.TrueColor), tea.WithEnvironment([]string{"TERM=xterm"}),
		tea.WithoutRenderer(), tea.WithFPS(1)) // the recorder takes the frames, so that nothing has to be drawn sixty times a second
	go func() {
		_, err := c.program.Run()
		cancel()
		c.done <- err
	}()
	return c
}

// press sends keys, one after the other, and waits until the console has nothing more to do.
func (c *console) press(keys ...string) {
	c.t.Helper()
	for _, k := range keys {
		c.program.Send(keyPress(k))
		synctest.Wait()
	}
}

// write types a text.
func (c *console) write(text string) {
	for _, r := range text {
		c.press(string(r))
	}
}

// pass lets time go by.
func (c *console) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// styled returns the frame as it is drawn.
func (c *console) styled() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.frame
}

var sgr = regexp.MustCompile(`\x1b\[[0-9;:]*m`)

// plain returns the frame without colours and trailing blanks.
func (c *console) plain() string {
	lines := strings.Split(sgr.ReplaceAllString(c.styled(), ""), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.Join(lines, "\n")
}

func (c *console) sees(texts ...string) {
	c.t.Helper()
	frame := c.plain()
	for _, text := range texts {
		if !strings.Contains(frame, text) {
			c.t.Fatalf("the frame does not show %q:\n%s", text, frame)
		}
	}
}

func (c *console) seesNot(texts ...string) {
	c.t.Helper()
	frame := c.plain()
	for _, text := range texts {
		if strings.Contains(frame, text) {
			c.t.Fatalf("the frame shows %q:\n%s", text, frame)
		}
	}
}

// cursorLine returns the line that the cursor's mark stands before.
func (c *console) cursorLine() string {
	c.t.Helper()
	for line := range strings.SplitSeq(c.plain(), "\n") {
		if rest, ok := strings.CutPrefix(line, "▸"); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}

// matches compares the frame with the golden file of the test.
func (c *console) matches() {
	c.t.Helper()
	golden.RequireEqual(c.t, c.plain()+"\n")
}

// quit ends the program and lets outstanding ticks run out.
func (c *console) quit() {
	c.t.Helper()
	c.program.Quit()
	if err := <-c.done; err != nil {
		c.t.Errorf("the console ended with %v", err)
	}
	time.Sleep(2 * loadLimit)
}

// keyPress makes the message of a key by its name.
func keyPress(name string) tea.KeyPressMsg {
	special := map[string]tea.Key{
		"enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEscape}, "tab": {Code: tea.KeyTab}, "up": {Code: tea.KeyUp}, "down": {Code: tea.KeyDown},
		"pgdown": {Code: tea.KeyPgDown}, "backspace": {Code: tea.KeyBackspace}, "ctrl+c": {Code: 'c', Mod: tea.ModCtrl}, "left": {Code: tea.KeyLeft},
	}
	if k, ok := special[name]; ok {
		return tea.KeyPressMsg(k)
	}
	return tea.KeyPressMsg{Code: []rune(name)[0], Text: name}
}

// fakeSource answers from memory, after latency of fake time, and remembers what it was asked.
type fakeSource struct {
	latency time.Duration

	mu      sync.Mutex
	snap    fleet.Snapshot
	err     error
	runs    map[string][]fleet.Run
	tasks   map[string][]fleet.Task
	log     []fleet.LogLine
	logDone bool
	asked   []string
	details fleet.Details
	denied  bool // runs, tasks, logs, events and targets may not be read
	applied []action.Plan
	anew    int // how often everything was to be read anew
	targets int // of a plan
	apply   error
	cannot  []action.Verb               // that are not offered
	shape   func(*action.Plan, Request) // what a test wants of plans

	followed int // jobs whose logs are read for how far they are
}

func (f *fakeSource) answer(ctx context.Context, what string) error {
	f.mu.Lock()
	f.asked = append(f.asked, what)
	f.mu.Unlock()
	select {
	case <-time.After(f.latency):
	case <-ctx.Done():
		f.mu.Lock()
		f.asked = append(f.asked, "cancelled "+what)
		f.mu.Unlock()
		return ctx.Err()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if verb, _, _ := strings.Cut(what, " "); f.denied {
		switch verb {
		case "runs", "tasks", "log", "events", "plan", "apply":
			return errDenied
		case "standing", "history", "drift", "propose":
			return errNoAccess
		}
	}
	return f.err
}

// errNoAccess is what a target says to who may not read it.
var errNoAccess = errors.New("read the target: open /opt/airflow/dags/prod: permission denied")

var errDenied = errors.New("read the runs: Airflow refused: 403 you may not read DAG runs")

// change alters what the source answers from now on.
func (f *fakeSource) change(with func(*fakeSource)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	with(f)
}

// questions returns and forgets what was asked.
func (f *fakeSource) questions() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := f.asked
	f.asked = nil
	return out
}

func (f *fakeSource) Observe(ctx context.Context) (fleet.Snapshot, error) {
	err := f.answer(ctx, "observe")
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.snap, err
}

func (f *fakeSource) Refresh() { f.change(func(f *fakeSource) { f.anew++ }) }

func (f *fakeSource) FollowProgress(jobs int) { f.change(func(f *fakeSource) { f.followed = jobs }) }

func (f *fakeSource) Runs(ctx context.Context, dagID string) ([]fleet.Run, error) {
	err := f.answer(ctx, "runs "+dagID)
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.runs[dagID], err
}

func (f *fakeSource) Tasks(ctx context.Context, dagID, runID string) ([]fleet.Task, error) {
	err := f.answer(ctx, "tasks "+runID)
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.tasks[dagID+" "+runID], err
}

func (f *fakeSource) Explain(ctx context.Context, snap fleet.Snapshot) (fleet.Explanation, error) {
	err := f.answer(ctx, "explain")
	return fleet.Explain(snap, f.details), err
}

func (f *fakeSource) Log(ctx context.Context, t fleet.Task, _ bool, from int) (fleet.LogPart, error) {
	err := f.answer(ctx, fmt.Sprintf("log %s from %d", t.ID, from))
	f.mu.Lock()
	defer f.mu.Unlock()
	var facts joblog.Reader
	for _, l := range f.log {
		facts.Feed(l.Time, l.Text)
	}
	return fleet.LogPart{Lines: f.log[min(from, len(f.log)):], Next: len(f.log), Facts: facts.Facts(), Done: f.logDone}, err
}

// Can offers every verb, but for those that the test took away.
func (f *fakeSource) Can(v action.Verb) bool { return !slices.Contains(f.cannot, v) }

// Plan makes a target of each object that a request names.
func (f *fakeSource) Plan(ctx context.Context, r Request) (action.Plan, error) {
	ids := strings.Join(slices.Concat(r.DAGs, r.Runs, r.Tasks, r.Confs), " ")
	err := f.answer(ctx, strings.TrimSpace(fmt.Sprintf("plan %s %s %s", r.Verb, ids, r.Day+r.From)))
	plan := action.Plan{
		Verb: r.Verb, Title: string(r.Verb) + " " + ids, Command: fmt.Sprintf("chrononctl %s %s --context prod", r.Verb, ids),
	}
	if r.Verb == action.Trigger {
		plan.Effects = []string{"A run for " + r.Day + " starts at once."}
	}
	for _, d := range slices.Concat(r.DAGs, r.Confs) {
		for i := range max(1, len(r.Runs), f.targets) {
			t := action.Target{DAGID: d, Day: r.Day}
			if i < len(r.Runs) {
				t.RunID = r.Runs[i]
			}
			plan.Targets = append(plan.Targets, t)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.shape != nil {
		f.shape(&plan, r)
	}
	return plan, err
}

func (f *fakeSource) Apply(ctx context.Context, plan action.Plan, report func(action.Result)) error {
	_ = f.answer(ctx, "apply "+string(plan.Verb))
	f.mu.Lock()
	defer f.mu.Unlock()
	f.applied = append(f.applied, plan)
	for _, t := range plan.Targets {
		report(action.Result{Target: t, Done: "run queued", Err: f.apply})
	}
	return nil
}

var errRefused = errors.New("read the DAGs: dial tcp 10.0.0.1:443: connection refused")

// click clicks on a cell.
func (c *console) click(x, y int) {
	c.t.Helper()
	c.program.Send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
	synctest.Wait()
}
