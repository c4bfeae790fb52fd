package cmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"chrononctl/dagspec"
	"chrononctl/internal/fleet"
	"chrononctl/internal/term"
)

type statusOptions struct {
	viewFlags
	teams    []string
	tasks    bool
	exitCode bool
}

func newStatusCmd(a *app) *cobra.Command {
	var opts statusOptions
	cmd := &cobra.Command{
		Use:   "status [TEAM...]",
		Short: "Show how every team's DAGs, streams, joins and features do",
		Long: "Shows one line a team: the worst state of its staging queries, batch uploads, streams, joins and consistency, and the newest day of which\n" +
			"all is done. Below it, by name, what needs a person.\n\n" +
			"On a pipe it prints a line for each team and kind, tab-separated: team, kind, state, how many make it so, of how many, of what, newest day.\n" +
			"With --tasks it prints a line for each task: team, DAG, day, run, task, Airflow's own state, what it means, try, start, end.",
		Example: "  chrononctl status\n  chrononctl status payments --tasks\n  chrononctl status --exit-code -o json | jq '.findings[]'",
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.teams = args
			return a.runStatus(cmd.Context(), opts)
		},
	}
	addView(a, cmd, cellView(), &opts.viewFlags)
	orView(&opts.viewFlags, "tasks", taskRowView(a))
	opts.members = func() []string { return opts.keysOf() }
	flags := cmd.Flags()
	flags.BoolVar(&opts.tasks, "tasks", false, "show every task of the newest runs in its true state")
	flags.BoolVar(&opts.exitCode, "exit-code", false, "exit with 2 when something failed, is beyond its budget or could not be found out")
	return cmd
}

func (a *app) runStatus(ctx context.Context, opts statusOptions) error {
	if err := opts.check(a, opts.keysOf()); err != nil {
		return err
	}
	narrow, err := a.narrowing(opts)
	if err != nil {
		return err
	}
	sound := fleet.SoundNever // their tasks are no part of the picture that is printed
	if opts.tasks {
		sound = fleet.SoundAtOnce
	}
	observer, err := a.observer(ctx, fleet.Options{Teams: opts.teams, Every: opts.interval * 3 / 4, Sound: sound}) // with its jitter, less than an interval: each look is a new one
	if err != nil {
		return err
	}
	if !opts.watch {
		return a.showStatus(ctx, observer, opts, narrow)
	}
	if format := opts.format(a); format == formatTable || format == formatWide {
		opts.exitCode = false
		return a.repeatedly(ctx, opts.interval, func(ctx context.Context) error { return a.showStatus(ctx, observer, opts, narrow) })
	}
	seen := func(ctx context.Context) (fleet.Snapshot, error) {
		snap, err := a.picture(ctx, observer, opts.teams)
		return narrow(snap), err
	}
	if opts.tasks {
		return watch(ctx, a, taskRowView(a), opts.viewFlags, rowsOf(seen, func(s fleet.Snapshot) []taskRow { return a.queriedTasks(s, opts) }))
	}
	return watch(ctx, a, cellView(), opts.viewFlags, rowsOf(seen, cellsOf))
}

func rowsOf[T any](seen func(context.Context) (fleet.Snapshot, error), rows func(fleet.Snapshot) []T) look[T] {
	return func(ctx context.Context) ([]T, []string, error) {
		snap, err := seen(ctx)
		return rows(snap), fleet.Sentences(snap.Problems), err
	}
}

// showStatus takes one picture and prints it. narrow, where there is one, leaves in it what the query asks for.
func (a *app) showStatus(ctx context.Context, observer pictures, opts statusOptions, narrow func(fleet.Snapshot) fleet.Snapshot) error {
	snap, err := a.picture(ctx, observer, opts.teams)
	if err != nil {
		return err
	}
	if narrow != nil {
		snap = narrow(snap)
	}
	if opts.watch {
		a.clearScreen()
	}
	if err := a.printStatus(ctx, snap, opts); err != nil {
		return err
	}
	if opts.exitCode && snap.Health().Unhealthy() {
		return exit(ExitDifferent, nil)
	}
	return nil
}

// teamError says that the fleet has no such team.
type teamError struct{ unknown, known []string }

func (e teamError) Error() string { return "no DAG belongs to team " + strings.Join(e.unknown, ", ") }

func (e teamError) Hint() string {
	if len(e.known) == 0 {
		return "this Airflow has no DAG with the tag chronon; deploy first, or choose another --context"
	}
	return "teams of this Airflow: " + strings.Join(e.known, ", ")
}

func unknownTeams(ctx context.Context, unknown []string, observer pictures) error {
	known, err := observer.TeamNames(ctx)
	if err != nil {
		return err
	}
	return exit(ExitNotFound, teamError{unknown: unknown, known: known})
}

func (a *app) printStatus(ctx context.Context, snap fleet.Snapshot, opts statusOptions) error {
	switch opts.format(a) {
	case formatTable, formatWide:
		a.printStatusTable(snap, opts)
	case formatJSON:
		status := statusOf(snap, nil)
		if opts.tasks {
			status.Tasks = convert(a.queriedTasks(snap, opts), taskOf)
		}
		return a.printDocument(ctx, opts.viewFlags, pick(status, opts.keys))
	case formatJSONL:
		a.printStatusLines(snap, opts)
	case formatName:
		a.printStatusNames(snap, opts)
	default:
		a.printStatusTSV(snap, opts)
	}
	return nil
}

// fleetColumn is a kind of DAG as a table shows it.
type fleetColumn struct {
	kind  dagspec.Kind
	title string
	wide  bool
}

// fleetColumns are the kinds that a terminal shows; a wide table adds the rest.
var fleetColumns = []fleetColumn{
	{dagspec.KindStagingQuery, "STAGING", false},
	{dagspec.KindBatch, "BATCH", false},
	{dagspec.KindStreaming, "STREAMING", false},
	{dagspec.KindJoin, "JOINS", false},
	{dagspec.KindComparison, "CONSISTENCY", false},
	{dagspec.KindLabelJoin, "LABELS", true},
	{dagspec.KindLogFlattening, "LOGS", true},
	{dagspec.KindStats, "STATISTICS", true},
	{dagspec.KindMetadataUpload, "METADATA", true},
}

// printStatusTable prints the picture for a person: the server, the teams, the tasks if they are asked for, and what needs attention.
func (a *app) printStatusTable(snap fleet.Snapshot, opts statusOptions) {
	out := a.Streams.Styled()
	fmt.Fprintf(out, "%s  Airflow %s  %s  %s\n\n", term.Clean(snap.Server.Name), term.Clean(snap.Server.Version),
		a.mark(snap.Server.Health, snap.Server.Health.Word()), snap.Clock().UTC().Format("2006-01-02 15:04:05 UTC"))
	if len(snap.DAGs) == 0 {
		fmt.Fprintln(out, "No DAG of this Airflow has the tag chronon. chrononctl deploy puts them there.")
		a.printFindings(snap)
		return
	}
	header := []string{"TEAM"}
	for _, c := range fleetColumns {
		if !c.wide || opts.output.value == formatWide {
			header = append(header, c.title)
		}
	}
	header = append(header, "NEWEST DAY")
	var rows [][]string
	for _, team := range snap.Teams {
		row := []string{teamName(team.Name)}
		for _, c := range fleetColumns {
			if c.wide && opts.output.value != formatWide {
				continue
			}
			text := ""
			if cell, ok := team.Cells[c.kind]; ok {
				text = a.mark(cell.Health, cell.Text())
			}
			row = append(row, text)
		}
		rows = append(rows, append(row, team.Day))
	}
	writeTable(out, header, rows)
	if opts.tasks {
		fmt.Fprintln(out)
		a.printTaskTable(snap, opts)
	}
	a.printFindings(snap)
}

// teamName is a team in a table. Only DAGs that came from elsewhere have none.
func teamName(name string) string {
	if name == "" {
		return "(no team)"
	}
	return term.Clean(name)
}

func (a *app) printTaskTable(snap fleet.Snapshot, opts statusOptions) {
	var rows [][]string
	for _, t := range a.queriedTasks(snap, opts) {
		rows = append(rows, []string{term.Clean(t.dag.ID), term.Clean(t.day()), term.Clean(t.task.label()), a.mark(t.task.Health, t.task.Word()), t.tries()})
	}
	writeTable(a.Streams.Styled(), []string{"DAG", "DAY", "TASK", "STATE", "TRY"}, rows)
}

func (a *app) printFindings(snap fleet.Snapshot) {
	out := a.Streams.Styled()
	findings := snap.Findings()
	if len(findings) == 0 && len(snap.DAGs) == 0 {
		return
	}
	if len(findings) == 0 {
		fmt.Fprintln(out, "\nNothing needs a person.")
		return
	}
	fmt.Fprintln(out, "\nNEEDS ATTENTION")
	var rows [][]string
	for _, f := range findings {
		rows = append(rows, []string{a.mark(f.Health, f.Health.Word()), teamOrNone(f.Team), term.Clean(f.Subject), term.Clean(f.Detail)})
	}
	writeTable(out, rows[0], rows[1:])
}

func teamOrNone(name string) string {
	if name == "" {
		return "–"
	}
	return term.Clean(name)
}
