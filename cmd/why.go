package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"chrononctl/dagspec"
	"chrononctl/internal/fleet"
	"chrononctl/internal/term"
)

type whyOptions struct {
	output   outputFlag
	name     string
	exitCode bool
}

func newWhyCmd(a *app) *cobra.Command {
	var opts whyOptions
	cmd := &cobra.Command{
		Use:   "why [NAME]",
		Short: "Show what is behind everything that failed, waits or is late",
		Long: "Folds failures and waits to the fewest causes: a partition that is not there, a job that fails, an error that many tasks share, a scheduler that\n" +
			"stopped. Each says what it explains, whose it is, how it is known, and what would end it. A cause is what was seen; what nothing explains is shown as\n" +
			"a cause of its own, in its own words.\n\n" +
			"NAME is a team, a conf, a DAG, a task (DAG/TASK, or its id), a table or a partition (namespace.table/ds=2026-11-22). Then the way from there to the\n" +
			"causes is shown step by step. Without a name all causes are shown.\n\n" +
			"On a pipe it prints a line for each cause, tab-separated: kind, state, title, team, owner, since, usual time, how many failures and waits it explains,\n" +
			"in how many runs, how it is known, what would end it, the command that does.",
		Example: "  chrononctl why\n  chrononctl why payments.checkout.v1\n  chrononctl why data.orders/ds=2026-11-22 -o json",
		Args:    atMostOneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				opts.name = args[0]
			}
			if err := opts.output.check(a); err != nil {
				return err
			}
			return a.runWhy(cmd.Context(), opts)
		},
	}
	opts.output.add(cmd, formatText, formatJSON, formatJSONL, formatName)
	cmd.Flags().BoolVar(&opts.exitCode, "exit-code", false, "exit with 2 when a cause is a failure, beyond a budget, or could not be found out")
	return cmd
}

func atMostOneName(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usage(fmt.Errorf("why: asks about one name, and %d were given", len(args)))
	}
	return nil
}

// runWhy takes a picture, reads what failed tasks said, first where it concerns the name, and prints the causes.
func (a *app) runWhy(ctx context.Context, opts whyOptions) error {
	observer, err := a.observer(ctx, fleet.Options{})
	if err != nil {
		return err
	}
	snap, err := observer.Observe(ctx)
	if err != nil {
		return err
	}
	a.addDefinitions(&snap)
	known := fleet.Explain(snap, fleet.Details{})
	first, found := known.Why(opts.name)
	if !found {
		return exit(ExitNotFound, unknownName("why "+opts.name+": no team, conf, DAG, task or table of this Airflow has that name",
			"chrononctl status -o json lists what there is", opts.name, known.Names()))
	}
	details := observer.Details(ctx, snap, concerned(first))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	answer, _ := fleet.Explain(snap, details).Why(opts.name)
	a.printWhy(snap, answer, opts.output.value)
	bad := func(c fleet.Cause) bool { return c.Health.Unhealthy() }
	if opts.exitCode && slices.ContainsFunc(answer.Causes, bad) {
		return exit(ExitDifferent, nil)
	}
	return nil
}

// addDefinitions says what should run by the repository at hand, where no release tells it. Without a repository less is known, which is said where it matters.
func (a *app) addDefinitions(snap *fleet.Snapshot) {
	if snap.Intent.Known() {
		return
	}
	found, err := a.repository()
	if _, none := errors.AsType[noRepoError](err); none && a.repoDir == "" {
		return
	}
	if err != nil {
		a.warn("the definitions of the repository are not used: " + err.Error())
		return
	}
	repo, _ := dagspec.Load(os.DirFS(found.Root), found.Project.Settings) // what is broken is the matter of validate
	snap.Intent = fleet.IntentOf(dagspec.Build(repo, found.Project.Settings))
}

// concerned are the DAGs that an answer speaks of.
func concerned(answer fleet.Answer) map[string]bool {
	dags := make(map[string]bool)
	for _, s := range answer.Steps {
		dags[s.DAGID] = true
	}
	for _, c := range answer.Causes {
		for _, e := range c.Explains {
			dags[e.DAGID] = true
		}
	}
	return dags
}

func (a *app) printWhy(snap fleet.Snapshot, answer fleet.Answer, format string) {
	if format == formatAuto && a.Streams.OutTerminal {
		format = formatText
	}
	if format != formatJSON {
		for _, p := range snap.Problems {
			a.warn(p)
		}
	}
	switch format {
	case formatText:
		a.printWhyText(snap, answer)
	case formatJSON:
		a.writeJSON(a.Streams.Out, whyOf(snap, answer))
	case formatJSONL:
		enc := json.NewEncoder(a.Streams.Out)
		enc.SetEscapeHTML(false)
		for _, c := range answer.Causes {
			// The writer is the process's own stream: an error here has nowhere to be reported to.
			_ = enc.Encode(causeOf(snap, c))
		}
	case formatName:
		for _, c := range answer.Causes {
			writeTSV(a.Streams.Out, c.ID)
		}
	default:
		for _, c := range answer.Causes {
			writeTSV(a.Streams.Out, c.Kind.String(), c.Health.String(), c.Title, c.Team, c.Owner, stamp(c.Since), stamp(c.Usual), strconv.Itoa(len(c.Explains)),
				strconv.Itoa(c.Runs()), c.Known, c.Ends, c.Command)
		}
	}
}

// printWhyText prints for a person: the way, then the causes with what each explains.
func (a *app) printWhyText(snap fleet.Snapshot, answer fleet.Answer) {
	out := a.Streams.Styled()
	fmt.Fprintf(out, "%s  Airflow %s  %s  %s\n", term.Clean(snap.Server.Name), term.Clean(snap.Server.Version),
		a.mark(snap.Server.Health, snap.Server.Health.Word()), snap.At.UTC().Format("2006-01-02 15:04:05 UTC"))
	if len(answer.Steps) > 0 {
		fmt.Fprintln(out)
	}
	for _, s := range answer.Steps {
		fmt.Fprintf(out, "%s%s\n", strings.Repeat("  ", s.Depth), a.mark(s.Health, s.Name+" "+s.State+stepNotes(s)))
	}
	switch {
	case len(answer.Causes) == 0 && answer.Name == "":
		fmt.Fprintln(out, "\nNothing failed, and nothing waits.")
	case len(answer.Causes) == 0:
		fmt.Fprintf(out, "\nNothing holds up %s.\n", term.Clean(answer.Name))
	}
	for _, c := range answer.Causes {
		a.printCause(snap.At, c)
	}
}

// stepNotes are whose a step is, and when it is usually done.
func stepNotes(s fleet.Step) string {
	var notes []string
	if s.Health == fleet.OK {
		return ""
	}
	if s.Team != "" {
		notes = append(notes, "team "+s.Team)
	}
	if s.Owner != "" && s.Owner != s.Team {
		notes = append(notes, "owner "+s.Owner)
	}
	if !s.Usual.IsZero() {
		notes = append(notes, "usually by "+s.Usual.UTC().Format("01-02 15:04 UTC"))
	}
	if len(notes) == 0 {
		return ""
	}
	return "  (" + strings.Join(notes, ", ") + ")"
}

// shownEffects is how many effects of a cause are named to a person.
const shownEffects = 3

func (a *app) printCause(now time.Time, c fleet.Cause) {
	out := a.Streams.Styled()
	fmt.Fprintf(out, "\n%s\n", a.mark(c.Health, c.Title))
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(out, "    %-10s%s\n", label, term.Clean(text))
		}
	}
	line("whose", whose(c))
	line("since", sinceWords(now, c))
	line("known by", c.Known)
	line("ends when", c.Ends)
	line("command", c.Command)
	line("explains", explained(c))
}

func whose(c fleet.Cause) string {
	var parts []string
	if c.Team != "" {
		parts = append(parts, "team "+c.Team)
	}
	if c.Owner != "" && c.Owner != c.Team {
		parts = append(parts, "owner "+c.Owner)
	}
	if teams := c.Teams(); c.Team == "" && len(teams) > 0 {
		parts = append(parts, "concerns "+strings.Join(teams, ", "))
	}
	return strings.Join(parts, ", ")
}

func sinceWords(now time.Time, c fleet.Cause) string {
	var parts []string
	if !c.Since.IsZero() {
		parts = append(parts, fmt.Sprintf("%s (%s)", c.Since.UTC().Format("2006-01-02 15:04 UTC"), roughly(now.Sub(c.Since))))
	}
	if !c.Usual.IsZero() {
		parts = append(parts, "usually there by "+c.Usual.UTC().Format("2006-01-02 15:04 UTC"))
	}
	return strings.Join(parts, "; ")
}

// roughly is a duration in its largest unit.
func roughly(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "just now"
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	default:
		return fmt.Sprintf("%d days", int(d.Hours())/24)
	}
}

// explained counts the effects of a cause and names the first of them.
func explained(c fleet.Cause) string {
	if len(c.Explains) == 0 {
		return ""
	}
	var names []string
	for _, e := range c.Explains[:min(len(c.Explains), shownEffects)] {
		names = append(names, e.Name())
	}
	if more := len(c.Explains) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	text := strings.Join(names, ", ")
	if runs := c.Runs(); runs > 1 {
		text = fmt.Sprintf("%d in %d runs: %s", len(c.Explains), runs, text)
	}
	return text
}
