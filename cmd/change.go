package cmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"chrononctl/internal/action"
	"chrononctl/internal/config"
	"chrononctl/internal/term"
)

// changeOptions are the flags of every command that changes a running Airflow.
type changeOptions struct {
	output outputFlag
	dryRun bool
	yes    bool
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

// change plans, asks, applies and reports. Nothing is sent to a read-only context, and without a terminal nothing is planned that cannot be agreed to.
func (a *app) change(ctx context.Context, opts changeOptions, makePlan func(*action.Planner) (action.Plan, error)) error {
	if err := opts.output.check(a); err != nil {
		return err
	}
	chosen, client, err := a.airflow(ctx)
	if err != nil {
		return err
	}
	if err := a.allowed(chosen, opts); err != nil {
		return err
	}
	planner := &action.Planner{Airflow: client, Now: a.Now, Context: a.contextName}
	plan, err := makePlan(planner)
	if _, refused := errors.AsType[*action.RefusedError](err); refused {
		return exit(ExitRefused, err)
	}
	if err != nil {
		return err
	}
	if opts.dryRun || plan.Unchanged() {
		a.printPlan(a.Streams.Out, plan, opts)
		return nil
	}
	if !opts.yes {
		a.printPlan(a.Streams.Err, plan, opts)
		if agreed, err := a.ask(ctx, "Go ahead?"); err != nil || !agreed {
			return errors.Join(err, refuse("nothing was changed", ""))
		}
	}
	return a.applyPlan(ctx, planner, plan, opts)
}

// allowed holds the guards that need no server.
func (a *app) allowed(chosen config.Context, opts changeOptions) error {
	switch {
	case opts.dryRun:
		return nil
	case chosen.ReadOnly:
		return refuse(fmt.Sprintf("context %s is read-only", chosen.Name), "--dry-run shows the plan; change read_only of the context to allow changes")
	case !opts.yes && !a.Streams.CanPrompt():
		return refuse("there is no terminal to ask on", "look at the plan with --dry-run, then run it with --yes")
	default:
		return nil
	}
}

// ask puts a question on stderr and reads a line. Anything but y or yes is no.
func (a *app) ask(ctx context.Context, question string) (bool, error) {
	fmt.Fprintf(a.Streams.Err, "%s [y/N] ", question)
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
		return false, ctx.Err()
	case got := <-answers:
		if got.err != nil && !errors.Is(got.err, io.EOF) {
			return false, fmt.Errorf("read the answer: %w", got.err)
		}
		word := strings.ToLower(strings.TrimSpace(got.line))
		return word == "y" || word == "yes", nil
	}
}

// targetJSON is one target of a plan, and what became of it once it was applied.
type targetJSON struct {
	DAGID  string `json:"dag_id"`
	RunID  string `json:"run_id,omitempty"`
	TaskID string `json:"task_id,omitempty"`
	Day    string `json:"day,omitempty"`
	Done   string `json:"done,omitempty"`
	Error  string `json:"error,omitempty"`
}

type planJSON struct {
	Verb    action.Verb  `json:"verb"`
	Title   string       `json:"title"`
	Applied bool         `json:"applied"`
	Targets []targetJSON `json:"targets"`
	Effects []string     `json:"effects"`
	Command string       `json:"command"`
}

func planOf(p action.Plan) planJSON {
	return planJSON{
		Verb: p.Verb, Title: p.Title, Effects: append([]string{}, p.Effects...), Command: p.Command,
		Targets: convert(p.Targets, targetOf),
	}
}

func targetOf(t action.Target) targetJSON {
	return targetJSON{DAGID: t.DAGID, RunID: t.RunID, TaskID: t.TaskID, Day: t.Day}
}

// printPlan prints what the console's dialog shows.
func (a *app) printPlan(w io.Writer, plan action.Plan, opts changeOptions) {
	if opts.output.value == formatJSON {
		a.writeJSON(w, planOf(plan))
		return
	}
	fmt.Fprintln(w, term.Clean(plan.Title))
	for _, t := range plan.Targets {
		fmt.Fprintf(w, "  %s\n", targetText(t))
	}
	if plan.Unchanged() {
		fmt.Fprintln(w, "  nothing to do")
	}
	for _, e := range plan.Effects {
		fmt.Fprintln(w, term.Clean(e))
	}
	fmt.Fprintf(w, "as a command: %s\n", term.Clean(plan.Command))
}

func targetText(t action.Target) string {
	parts := []string{t.DAGID}
	if t.RunID != "" {
		parts = append(parts, "run "+t.RunID)
	}
	if t.TaskID != "" {
		parts = append(parts, "task "+t.TaskID)
	}
	return term.Clean(strings.Join(parts, ", "))
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
	if opts.output.value == formatJSON {
		a.writeJSON(a.Streams.Out, answer)
	}
	return errors.Join(append(failures, err)...)
}
