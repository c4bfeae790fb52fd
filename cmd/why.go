package cmd

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"chrononctl/internal/fleet"
	"chrononctl/internal/term"
)

type whyOptions struct {
	viewFlags
	name     string
	kind     string // what the name is of; empty: whatever has it
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
			"in how many runs, how it is known, what would end it, the command that does. With -o text it prints the way and the causes in words.",
		Example: "  chrononctl why\n  chrononctl why --query 'kind:stream age<2h' --watch\n  chrononctl why payments.checkout.v1\n  chrononctl why data.orders/ds=2026-11-22 -o json",
		Args:    atMostOneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				opts.name = args[0]
			}
			return a.runWhy(cmd.Context(), opts)
		},
	}
	addView(a, cmd, causeView(a), &opts.viewFlags)
	opts.members = func() []string { return opts.jsonMembers() }
	opts.output.also(cmd, formatText)
	cmd.Flags().StringVar(&opts.kind, "kind", "", "what NAME is, where several things have the name: "+strings.Join(nameKinds(), ", "))
	cmd.Flags().BoolVar(&opts.exitCode, "exit-code", false, "exit with 2 when a cause is a failure, beyond a budget, or could not be found out")
	return cmd
}

func atMostOneName(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usage(fmt.Errorf("why: asks about one name, and %d were given", len(args)))
	}
	return nil
}

// explanation is what an explained picture answers.
type explanation struct {
	snap   fleet.Snapshot
	answer fleet.Answer
}

// runWhy explains a picture once, or with --watch again and again, and prints the causes that meet the query.
func (a *app) runWhy(ctx context.Context, opts whyOptions) error {
	if err := opts.check(a, opts.jsonMembers()); err != nil {
		return err
	}
	if opts.kind != "" && (opts.name == "" || !slices.Contains(nameKinds(), opts.kind)) {
		return usage(fmt.Errorf("--kind %q: says of a NAME that it is one of %s", opts.kind, strings.Join(nameKinds(), ", ")))
	}
	asked, err := readQuery(a, causeView(a), opts.viewFlags)
	if err != nil {
		return err
	}
	observer, err := a.observer(ctx, fleet.Options{Every: opts.interval * 3 / 4}) // with its jitter, less than an interval: each look is a new one
	if err != nil {
		return err
	}
	explain := func(ctx context.Context) (explanation, error) {
		e, err := a.explain(ctx, observer, opts)
		wanted := asked()
		e.answer.Causes = slices.DeleteFunc(slices.Clone(e.answer.Causes), func(c fleet.Cause) bool { return !wanted.Match(seenCause{e.snap.Clock(), c}) })
		return e, err
	}
	switch {
	case opts.watch && opts.inWords(a):
		return a.repeatedly(ctx, opts.interval, func(ctx context.Context) error {
			e, err := explain(ctx)
			if err != nil {
				return err
			}
			a.clearScreen()
			return a.printWhy(ctx, e, opts)
		})
	case opts.watch:
		return watch(ctx, a, causeView(a), opts.viewFlags, func(ctx context.Context) ([]seenCause, []string, error) {
			e, err := explain(ctx)
			return e.causes(), fleet.Sentences(e.snap.Problems), err
		})
	}
	e, err := explain(ctx)
	if err != nil {
		return err
	}
	if err := a.printWhy(ctx, e, opts); err != nil {
		return err
	}
	bad := func(c fleet.Cause) bool { return c.Health.Unhealthy() }
	if opts.exitCode && slices.ContainsFunc(e.answer.Causes, bad) {
		return exit(ExitDifferent, nil)
	}
	return nil
}

// explain takes a picture, reads what failed tasks said, first where it concerns the name, and answers.
func (a *app) explain(ctx context.Context, observer remembering, opts whyOptions) (explanation, error) {
	name, kind := opts.name, fleet.NameAll
	if at := slices.Index(nameKinds(), opts.kind); at >= 0 {
		kind = fleet.NameKinds()[at]
	}
	snap, err := observer.Observe(ctx)
	if err != nil {
		return explanation{}, err
	}
	known := fleet.Explain(snap, fleet.Details{})
	first, found := known.WhyAs(kind, name)
	if !found {
		return explanation{}, exit(ExitNotFound, unknownName("why "+name+": no "+cmp.Or(opts.kind, "team, conf, DAG, task or table")+" of this Airflow has that name",
			"chrononctl status -o json lists what there is", name, known.Names()))
	}
	details := observer.Details(ctx, snap, concerned(first))
	if ctx.Err() != nil {
		return explanation{}, ctx.Err()
	}
	answer, _ := fleet.Explain(snap, details).WhyAs(kind, name)
	return explanation{snap, answer}, nil
}

// nameKinds are what --kind may say.
func nameKinds() []string {
	return convert(fleet.NameKinds(), fleet.NameKind.String)
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

// inWords says whether the answer is for a person to read: on a terminal it is, unless something else is asked for.
func (o *whyOptions) inWords(a *app) bool {
	return o.output.value == formatText || o.output.value == formatAuto && a.Streams.OutTerminal
}

// jsonMembers are the JSON's: of the whole answer, or in lines of its causes.
func (o *whyOptions) jsonMembers() []string {
	if o.output.value == formatJSONL {
		return keysOf(causeJSON{})
	}
	return keysOf(whyJSON{})
}

func (a *app) printWhy(ctx context.Context, e explanation, opts whyOptions) error {
	if opts.output.value == formatJSON {
		return a.printDocument(ctx, opts.viewFlags, pick(whyOf(e.snap, e.answer), opts.keys))
	}
	for _, p := range e.snap.Problems {
		a.warn(p.Text)
	}
	if also := e.answer.Also; len(also) > 0 {
		a.warn(fmt.Sprintf("%s is a %s, and also the name of a %s: --kind %s asks about that", e.answer.Name, e.answer.Is, also[0], also[0]))
	}
	if opts.inWords(a) {
		a.printWhyText(e.snap, e.answer)
		return nil
	}
	return printRows(ctx, a, causeView(a), opts.viewFlags, e.causes())
}

// printWhyText prints for a person: the way, then the causes with what each explains.
func (a *app) printWhyText(snap fleet.Snapshot, answer fleet.Answer) {
	out := a.Streams.Styled()
	fmt.Fprintf(out, "%s  Airflow %s  %s  %s\n", term.Clean(snap.Server.Name), term.Clean(snap.Server.Version),
		a.mark(snap.Server.Health, snap.Server.Health.Word()), snap.Clock().UTC().Format("2006-01-02 15:04:05 UTC"))
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
		a.printCause(snap.Clock(), c)
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
