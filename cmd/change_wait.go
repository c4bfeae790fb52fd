package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"chrononctl/airflowclient"
	"chrononctl/internal/action"
	"chrononctl/internal/term"
)

// waitOptions are the flags of changes that set runs to work.
type waitOptions struct {
	wait     bool
	timeout  time.Duration
	interval time.Duration
	resume   string // the command line that waits again
}

// add declares the flags; always: the command is there to wait.
func (o *waitOptions) add(cmd *cobra.Command, always bool) {
	if !always {
		cmd.Flags().BoolVar(&o.wait, "wait", false, "wait until the runs have ended; exit code 9 when one failed")
	}
	o.wait = always
	cmd.Flags().DurationVar(&o.timeout, "timeout", 0, "how long to wait, then exit with 8; 0: to the end")
	cmd.Flags().DurationVar(&o.interval, "interval", 5*time.Second, "time between two looks")
}

func (o *waitOptions) check() error {
	if o.wait && o.interval <= 0 {
		return usage(fmt.Errorf("--interval %s: must be longer than nothing", o.interval))
	}
	return nil
}

// progressJSON is what a look at runs saw.
type progressJSON struct {
	Phase   action.Phase    `json:"phase"`
	Total   int             `json:"total"`
	Done    int             `json:"done"`
	Failed  int             `json:"failed"`
	Running int             `json:"running"`
	Waiting int             `json:"waiting"`
	Step    string          `json:"step,omitempty"`
	Began   string          `json:"began,omitempty"` // RFC 3339, UTC
	Ended   string          `json:"ended,omitempty"`
	Left    *float64        `json:"left_seconds"` // expected; null: unknown
	Reports []action.Report `json:"reports,omitempty"`
}

func progressOf(p action.Progress) *progressJSON {
	out := &progressJSON{
		Phase: p.Phase, Total: p.Total, Done: p.Done, Failed: p.Failed, Running: p.Running, Waiting: p.Waiting, Step: p.Step,
		Began: stamp(p.Began), Ended: stamp(p.Ended), Reports: p.Reports,
	}
	if p.Left > 0 && !p.Final() {
		left := p.Left.Seconds()
		out.Left = &left
	}
	return out
}

// pendingError says that the wait is over and what was waited for is not.
type pendingError struct{ message, resume string }

func (e pendingError) Error() string { return e.message }
func (e pendingError) Hint() string  { return e.resume }

// await follows runs to their end, with a line on stderr whenever something has changed. A look that fails is said and tried again, unless nobody may look.
// Interrupted it lets go: the runs go on.
func (a *app) await(ctx context.Context, w *action.Watcher, opts changeOptions) (*progressJSON, error) {
	if w == nil {
		return nil, nil
	}
	waiting := ctx
	if opts.wait.timeout > 0 {
		var cancel context.CancelFunc
		waiting, cancel = context.WithTimeout(ctx, opts.wait.timeout)
		defer cancel()
	}
	if opts.wait.resume == "" {
		opts.wait.resume = w.Command()
	}
	ticker := time.NewTicker(opts.wait.interval)
	defer ticker.Stop()
	var last action.Progress
	said := ""
	for {
		seen, err := w.Look(waiting)
		switch {
		case err == nil:
			last = seen
		case waiting.Err() == nil && !airflowclient.IsUnavailable(err):
			return progressOf(last), err
		case waiting.Err() == nil:
			fmt.Fprintf(a.Streams.Err, "chrononctl: %s; looking again\n", term.Clean(err.Error()))
		}
		if line := last.String(); err == nil && line != said && !last.Final() {
			fmt.Fprintln(a.Streams.Err, term.Clean(line))
			said = line
		}
		if err == nil && last.Final() {
			return progressOf(last), a.awaited(last, opts)
		}
		select {
		case <-waiting.Done():
			return progressOf(last), a.detached(ctx, last, opts)
		case <-ticker.C:
		}
	}
}

// follow waits for runs that another command set to work.
func (a *app) follow(ctx context.Context, w *action.Watcher, opts changeOptions) error {
	progress, err := a.await(ctx, w, opts)
	if opts.output.value == formatJSON && progress != nil {
		a.writeJSON(a.Streams.Out, progress)
	}
	return err
}

// detached says what goes on after the wait was given up.
func (a *app) detached(ctx context.Context, last action.Progress, opts changeOptions) error {
	how, seen := "chrononctl status --tasks shows them", last.String()
	if last.Phase == "" {
		seen = "under way" // not even a first look came to its end
	}
	if opts.wait.resume != "" {
		how = "to go on waiting: " + opts.wait.resume
	}
	if ctx.Err() != nil {
		return exit(ExitInterrupted, pendingError{"stopped waiting; the runs go on (" + seen + ")", how})
	}
	return exit(ExitPending, pendingError{fmt.Sprintf("still %s after %s", seen, opts.wait.timeout), how})
}

// awaited tells how it ended: on stdout what the jobs said, and as an error what failed.
func (a *app) awaited(p action.Progress, opts changeOptions) error {
	if opts.output.value != formatJSON {
		fmt.Fprintln(a.Streams.Out, term.Clean(endText(p)))
		for _, r := range p.Reports {
			if line := reportText(r); line != "" {
				fmt.Fprintf(a.Streams.Out, "  %s\n", term.Clean(line))
			}
		}
	}
	if p.Phase == action.Done {
		return nil
	}
	for _, r := range p.Reports {
		if r.Failure != nil {
			return exit(ExitRunFailed, guardError{fmt.Sprintf("%s: %s: %s", r.TaskID, r.Failure.Class, r.Failure.Message), r.Failure.Remedy})
		}
	}
	if p.Phase == action.Gone {
		return exit(ExitRunFailed, errors.New("the runs are gone: somebody deleted them"))
	}
	return exit(ExitRunFailed, fmt.Errorf("%d of %s failed", p.Failed, counted(p.Total, "run")))
}

func endText(p action.Progress) string {
	text := p.String()
	if !p.Began.IsZero() && p.Ended.After(p.Began) {
		text += " after " + p.Ended.Sub(p.Began).Round(time.Second).String()
	}
	return text
}

// reportText is what a job said at its end.
func reportText(r action.Report) string {
	switch {
	case r.Outcome == "skipped" || r.Outcome == "":
		return ""
	case len(r.Ranges) > 0:
		return fmt.Sprintf("%s: %s, computed %s", r.TaskID, r.Outcome, joinRanges(r.Ranges))
	}
	return fmt.Sprintf("%s: %s", r.TaskID, r.Outcome)
}

func joinRanges(ranges []string) string {
	if len(ranges) > 3 {
		return fmt.Sprintf("%s and %d more ranges", ranges[0], len(ranges)-1)
	}
	return strings.Join(ranges, ", ")
}
