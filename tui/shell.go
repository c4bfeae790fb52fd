package tui

import (
	"context"
	"slices"
	"sync"
	"time"

	"chrononctl/internal/fleet"
	"chrononctl/internal/term"

	tea "charm.land/bubbletea/v2"
)

// shell is what screens and dialogs share, and may change: the path of screens, the dialog and the prompt over them, the note to the reader,
// the data. It belongs to the update goroutine.
type shell struct {
	ctx     context.Context
	options Options
	theme   *theme
	store   *store

	here    time.Time // by the local clock, as the last message told it: what the console has done and when it asks again
	now     time.Time // the same moment by Airflow's clock: what Airflow dates
	wakeAt  time.Time // for which the poll is woken before the next heartbeat
	bright  bool      // the terminal's background is light
	blurred bool      // another window has the keyboard
	free    bool      // the mouse belongs to the terminal, to select text with
	width   int
	height  int

	path   []screen // the last one is visible
	homes  []home   // what the number keys open; they keep their state
	dialog dialog
	prompt *prompt
	note   note
	notes  Notebook // what is remembered between sessions
	keeper keeper

	running  *deployRun      // the last deploy that was started here; nil: none
	work     *sync.WaitGroup // what has to end before the console does
	underway *underway       // what leaving would cut off; nil: nothing

	urgent  urgent // what needs a person in the picture
	meter   Meter  // what was asked of Airflow, as of the last heartbeat
	journal []deed // what was changed from here, oldest first
}

// note is one line to the reader. It stays until another takes its place or its time is over.
type note struct {
	text  string
	until time.Time
}

// home is a screen that a number key and the palette open.
type home struct {
	name   string // in the palette
	help   string // what it is, behind "open"
	screen screen
}

// saidMsg tells the reader how something ended that was done away from the update loop.
type saidMsg struct{ text string }

// noteTime is how long a note stays.
const noteTime = 8 * time.Second

// top is the visible screen.
func (s *shell) top() screen { return s.path[len(s.path)-1] }

// push goes into a screen.
func (s *shell) push(next screen) {
	s.path = append(slices.Clip(s.path), next)
	s.enter()
}

// back leaves the visible screen; from another home it goes to the first one. It tells whether there was a way back.
func (s *shell) back() bool {
	switch {
	case len(s.path) > 1:
		s.path = s.path[:len(s.path)-1]
	case s.path[0] != s.homes[0].screen:
		s.path = []screen{s.homes[0].screen}
	default:
		return false
	}
	s.enter()
	return true
}

// home opens one of the homes.
func (s *shell) home(n int) {
	s.path = []screen{s.homes[n].screen}
	s.enter()
}

// enter makes the visible screen ready: it catches up with the store and takes its room.
func (s *shell) enter() {
	s.prompt = nil
	s.top().setSize(s.bodySize())
	s.top().sync()
}

// say tells the reader something that needs no answer.
func (s *shell) say(text string) { s.note = note{text: text, until: s.here.Add(noteTime)} }

// pass sets the time, by both clocks.
func (s *shell) pass(here time.Time) {
	s.here, s.now = here, here.Add(s.skew())
}

// skew is how far Airflow's clock is ahead of the local one, as far as the picture knows.
func (s *shell) skew() time.Duration {
	snap, _ := s.firstRows()
	return snap.Server.Skew
}

// snapshot returns the last good picture, and whether there is one. One that has begun to be read is none.
func (s *shell) snapshot() (fleet.Snapshot, bool) {
	snap, ok := s.firstRows()
	if snap.Partial {
		return fleet.Snapshot{}, false
	}
	return snap, ok
}

// firstRows is the last good picture, be it no more than some DAGs without their runs.
func (s *shell) firstRows() (fleet.Snapshot, bool) {
	return value[fleet.Snapshot](s.store, query{topic: topicSnapshot})
}

// needs is what the visible screen and the head line live on.
func (s *shell) needs() []need { return append([]need{s.pictureNeed()}, s.top().needs()...) }

// pictureNeed asks for the picture, with the steps of jobs at work where the visible screen shows them: their logs are read for nothing else.
func (s *shell) pictureNeed() need {
	jobs := 0
	if _, shown := s.top().(stepsScreen); shown {
		jobs = followedJobs
	}
	return need{query: query{topic: topicSnapshot}, load: func(ctx context.Context, src Source) (any, error) {
		src.FollowProgress(jobs)
		return src.Observe(ctx)
	}}
}

// followedJobs is of how many jobs at work the logs are read, for how far they are: two requests a minute each.
const followedJobs = 4

// stepsScreen is a screen that shows how far jobs at work are.
type stepsScreen interface{ showsSteps() }

// refresh asks for everything that is visible, at once and anew.
func (s *shell) refresh() {
	s.options.Source.Refresh()
	s.store.expire(s.needs())
}

// bindings are the keys that work now: the screen's, then those of the console that the screen has not given another meaning.
func (s *shell) bindings() []binding {
	return allowed(unshadowed(append(s.top().bindings(), s.consoleBindings()...)), s.options.ReadOnly)
}

// open lays a dialog over the screen.
func (s *shell) open(d dialog) tea.Cmd {
	s.dialog = d
	return d.start()
}

// clean makes a text from outside harmless.
func clean(text string) string { return term.Clean(text) }

// errorText is an error in one line, with its next step when it knows one.
func errorText(err error) string {
	text := err.Error()
	if h, ok := err.(interface{ Hint() string }); ok && h.Hint() != "" {
		text += " (" + h.Hint() + ")"
	}
	return clean(text)
}
