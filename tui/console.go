package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"chrononctl/internal/fleet"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
)

// DefaultInterval is how often the visible screen is refreshed when the interval is not set.
const DefaultInterval = 5 * time.Second

// Options are what the console is started with. Source is needed; everything else has a useful zero value.
type Options struct {
	Source   Source
	Cached   func() (fleet.Snapshot, bool) // the picture that the last session left; nil: there is none
	Changes  Changes                       // nil: the console is read-only
	ReadOnly bool                          // no key changes anything
	Deploys  Deploys                       // nil: there is no project to deploy

	PageOf         func(Reference) string     // address of Airflow's page of something; nil: there are none
	OpenPage       func(address string) error // opens one in a browser; nil: the address is copied
	CommandContext string                     // what --context of a command line names; empty: it may be left out

	Chronicle Chronicle // nil: neither the event log nor the count of requests is shown
	Shelf     Shelf     // keeps saved filters and the history of commands; nil: nothing is kept

	// Save writes a text to a new file whose name is like the one given, and returns its path; nil: nothing can be saved.
	Save func(name, text string) (path string, err error)

	Context  string        // name of the Airflow, for the head line
	Accent   string        // its colour, "#rrggbb" or 0 to 255; empty: the theme's
	Interval time.Duration // between refreshes; 0: [DefaultInterval]
	Now      func() time.Time
	Zone     *time.Location // of the reader, shown beside UTC; nil: UTC alone

	Input   io.Reader            // nil: the process's terminal
	Output  io.Writer            // nil: standard output
	Environ []string             // decides about colours (NO_COLOR, TERM); nil: the process's
	Profile colorprofile.Profile // the zero value: what the terminal can do
	ASCII   bool                 // draw with ASCII alone
	Theme   string               // one of [Themes]; empty: the one that was chosen last, else [ThemeAuto]
}

func (o Options) withDefaults() Options {
	if o.Interval <= 0 {
		o.Interval = DefaultInterval
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Changes == nil {
		o.ReadOnly = true
	}
	return o
}

// Run shows the console until the reader leaves it or ctx ends. Leaving in any way, also by a signal, is no error; when ctx ended first, its
// error is returned. The terminal is restored before Run returns, and every load that was under way has been told to stop.
func Run(ctx context.Context, options Options) error {
	options = options.withDefaults()
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	root := newRoot(inner, options)
	pace := new(pace)
	model := guard(paced{root, pace})
	pace.program = tea.NewProgram(model, programOptions(ctx, options)...)
	_, err := pace.program.Run()
	cancel()
	root.work.Wait() // a deploy that is left stops cleanly, and gives its lock back
	if defect := model.defect.Load(); defect != nil {
		return defect
	}
	switch {
	case err == nil, errors.Is(err, tea.ErrInterrupted):
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return fmt.Errorf("console: %w", err)
}

func programOptions(ctx context.Context, o Options) []tea.ProgramOption {
	out := []tea.ProgramOption{tea.WithContext(ctx)}
	if o.Input != nil {
		out = append(out, tea.WithInput(o.Input))
	}
	if o.Output != nil {
		out = append(out, tea.WithOutput(o.Output))
	}
	if o.Environ != nil {
		out = append(out, tea.WithEnvironment(o.Environ))
	}
	if o.Profile != colorprofile.Unknown {
		out = append(out, tea.WithColorProfile(o.Profile))
	}
	return out
}
