package cmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
	"chrononctl/internal/action"
	"chrononctl/internal/config"
	"chrononctl/internal/term"
)

// changeOptions are the flags of every command that changes a running Airflow.
type changeOptions struct {
	output outputFlag
	dryRun bool
	yes    bool
	wait   waitOptions
}

func (o *changeOptions) add(cmd *cobra.Command) {
	o.output.add(cmd, formatText, formatJSON)
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "print the plan and change nothing")
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask")
}

// guardError says that a change was not made because nobody agreed to it.
type guardError struct{ message, hint string }

func (e guardError) Error() string { return e.message }
func (e guardError) Hint() string  { return e.hint }

func refuse(message, hint string) error { return exit(ExitRefused, guardError{message, hint}) }

// change plans, asks, applies, reports and, if asked to, waits. Nothing is sent to a read-only context, and without a terminal nothing is planned that
// cannot be agreed to.
func (a *app) change(ctx context.Context, opts changeOptions, makePlan func(*action.Planner) (action.Plan, error)) error {
	if err := errors.Join(opts.output.check(a), opts.wait.check()); err != nil {
		return err
	}
	chosen, client, err := a.airflow(ctx)
	if err != nil {
		return err
	}
	if err := a.allowed(chosen, opts); err != nil {
		return err
	}
	planner := a.warning(a.planner(chosen, client))
	progress := planProgress{streams: a.Streams, now: a.Now}
	planner.Progress = progress.count
	plan, err := makePlan(planner)
	progress.end()
	if err != nil {
		return planError(err)
	}
	if opts.dryRun || plan.Unchanged() {
		a.printPlan(a.Streams.Out, plan, opts)
		return nil
	}
	if !opts.yes {
		a.printPlan(a.Streams.Err, plan, opts)
		if agreed, err := a.agree(ctx, plan); err != nil || !agreed {
			return errors.Join(err, refuse("nothing was changed", ""))
		}
	}
	return a.applyPlan(ctx, planner, plan, opts)
}

// planError gives a change that was not planned its exit code.
func planError(err error) error {
	if _, refused := errors.AsType[*action.RefusedError](err); refused {
		return exit(ExitRefused, err)
	}
	if _, unknown := errors.AsType[*action.UnknownError](err); unknown {
		return exit(ExitNotFound, err)
	}
	if _, unclear := errors.AsType[*action.AmbiguousError](err); unclear {
		return usage(err)
	}
	return err
}

// planner plans changes to the Airflow of a context, with its journal, and with the repository around the working directory for what reads what.
func (a *app) planner(chosen config.Context, client *airflowclient.Client) *action.Planner {
	return &action.Planner{
		Airflow: client, Now: a.Now, Context: a.contextName, User: chosen.Username, Journal: a.journal(chosen), Lineage: sync.OnceValue(a.lineage),
	}
}

// warning is a planner that says on stderr when its journal cannot be written. In the console, stderr is the screen.
func (a *app) warning(p *action.Planner) *action.Planner {
	if p.Journal != nil {
		p.Journal.Problem = func(err error) { a.warn(err.Error()) }
	}
	return p
}

// lineage is the graph of the repository, nil where there is none or it cannot be read: a plan then says nothing of what is behind.
func (a *app) lineage() *action.Lineage {
	repo, err := a.repository()
	if err != nil {
		return nil
	}
	loaded, _ := dagspec.Load(os.DirFS(repo.Root), repo.Project.Settings) // what is broken has no DAG, and is the matter of validate
	var confs []string
	for _, c := range loaded.Confs {
		confs = append(confs, c.Name)
	}
	return action.NewLineage(dagspec.Build(loaded, repo.Project.Settings), confs)
}

// journal is the journal of a context, in the user's folder for state: XDG_STATE_HOME, or ~/.local/state.
func (a *app) journal(chosen config.Context) *action.Journal {
	base := a.Getenv("XDG_STATE_HOME")
	if base == "" {
		home := a.Getenv("HOME")
		if home == "" {
			return nil
		}
		base = filepath.Join(home, ".local", "state")
	}
	return &action.Journal{Path: filepath.Join(base, "chrononctl", "journal", journalName(chosen)+".jsonl")}
}

// journalName is a context's name as the name of a file.
func journalName(chosen config.Context) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '_'
	}, chosen.Name)
}

// allowed holds the guards that need no server.
func (a *app) allowed(chosen config.Context, opts changeOptions) error {
	switch {
	case opts.dryRun:
		return nil
	case chosen.ReadOnly:
		return refuse(fmt.Sprintf("context %s is read-only", chosen.Name), "--dry-run shows the plan; change read_only of the context, or CHRONONCTL_READ_ONLY, to allow changes")
	case !opts.yes && !a.Streams.CanPrompt():
		return refuse("there is no terminal to ask on", "look at the plan with --dry-run, then run it with --yes")
	default:
		return nil
	}
}

// agree asks for a yes, or for the number or name that the plan wants to be typed.
func (a *app) agree(ctx context.Context, plan action.Plan) (bool, error) {
	if plan.Confirm == "" {
		return a.ask(ctx, "Go ahead?")
	}
	line, err := a.readAnswer(ctx, fmt.Sprintf("Type %s to go ahead: ", term.Clean(plan.Confirm)))
	return strings.TrimSpace(line) == plan.Confirm, err
}

// ask puts a question on stderr and reads a line. Anything but y or yes is no.
func (a *app) ask(ctx context.Context, question string) (bool, error) {
	line, err := a.readAnswer(ctx, question+" [y/N] ")
	word := strings.ToLower(strings.TrimSpace(line))
	return word == "y" || word == "yes", err
}

// readAnswer reads a line of the terminal, or ends with the context.
func (a *app) readAnswer(ctx context.Context, prompt string) (string, error) {
	fmt.Fprint(a.Streams.Err, prompt)
	type answer struct {
		line string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		line, err := bufio.NewReader(a.Streams.In).ReadString('\n')
		answers <- answer{line, err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case got := <-answers:
		if got.err != nil && !errors.Is(got.err, io.EOF) {
			return "", fmt.Errorf("read the answer: %w", got.err)
		}
		return got.line, nil
	}
}

// applyPlan makes the change and reports each target: what was done on stdout, what failed on stderr. The first failure gives the exit code.
func (a *app) applyPlan(ctx context.Context, planner *action.Planner, plan action.Plan, opts changeOptions) error {
	answer := planOf(plan)
	answer.Applied = true
	answer.Targets = answer.Targets[:0]
	var failures []error
	err := planner.Apply(ctx, plan, func(r action.Result) {
		done := targetOf(r.Target)
		done.Done = r.Done
		if r.Err != nil {
			done.Error = r.Err.Error()
			failures = append(failures, fmt.Errorf("%s: %w", targetText(r.Target), r.Err))
		} else if opts.output.value != formatJSON {
			fmt.Fprintf(a.Streams.Out, "%s: %s\n", targetText(r.Target), term.Clean(r.Done))
		}
		answer.Targets = append(answer.Targets, done)
	})
	err = errors.Join(append(failures, err)...)
	if opts.wait.wait && err == nil {
		answer.Progress, err = a.await(ctx, planner.Watch(plan), opts)
	}
	if opts.output.value == formatJSON {
		a.writeJSON(a.Streams.Out, answer)
	}
	return err
}
