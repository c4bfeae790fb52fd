package cmd

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"chrononctl/internal/action"
	"chrononctl/internal/term"
)

func newActivityCmd(a *app) *cobra.Command {
	var output outputFlag
	var limit int
	cmd := &cobra.Command{
		Use:   "activity",
		Short: "Show what was changed from this machine, with the undo where there is one",
		Long: "Lists the journal of the context, the newest change first: what was asked for as a command line, what became of it, and how it is taken back. The\n" +
			"journal is a file of your own (XDG_STATE_HOME/chrononctl/journal); what others did, Airflow's own audit log has.",
		Example: "  chrononctl activity --limit 5\n  chrononctl activity -o json | jq '.[0].undo'",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := output.check(a); err != nil {
				return err
			}
			entries, err := a.entries()
			if err != nil {
				return err
			}
			if limit > 0 {
				entries = entries[:min(limit, len(entries))]
			}
			a.printEntries(entries, output.value)
			return nil
		},
	}
	output.add(cmd, formatTable, formatJSON, formatName)
	cmd.Flags().IntVar(&limit, "limit", 20, "how many; 0: all")
	return cmd
}

// entries reads the journal of the chosen context. It asks no server.
func (a *app) entries() ([]action.Entry, error) {
	chosen, err := a.chosenContext()
	if err != nil {
		return nil, err
	}
	return a.journal(chosen).Entries()
}

func (a *app) printEntries(entries []action.Entry, format string) {
	switch format {
	case formatJSON:
		a.writeJSON(a.Streams.Out, append([]action.Entry{}, entries...))
		return
	case formatName:
		for _, e := range entries {
			fmt.Fprintln(a.Streams.Out, e.ID)
		}
		return
	}
	rows := make([][]string, 0, len(entries))
	for _, e := range entries {
		rows = append(rows, []string{e.ID, stamp(e.At), outcomeText(e), e.Title, e.Command, e.Undo})
	}
	a.printRows(format, []string{"ID", "AT", "OUTCOME", "CHANGE", "COMMAND", "UNDO"}, rows)
}

// outcomeText is what became of a change, in a word or a few.
func outcomeText(e action.Entry) string {
	switch {
	case e.UndoneBy != "":
		return "taken back"
	case e.Interrupted():
		return "interrupted"
	case e.Done == e.Total:
		return "done"
	case e.Done == 0:
		return "failed"
	default:
		return fmt.Sprintf("%d of %d done", e.Done, e.Total)
	}
}

// printRows prints a table on a terminal, or when it is asked for, and tab-separated values without a header on a pipe.
func (a *app) printRows(format string, header []string, rows [][]string) {
	if format != formatTable && !a.Streams.OutTerminal {
		for _, row := range rows {
			writeTSV(a.Streams.Out, row...)
		}
		return
	}
	for _, row := range rows {
		for i := range row {
			row[i] = term.Clean(row[i])
		}
	}
	writeTable(a.Streams.Styled(), header, rows)
}

func newUndoCmd(a *app) *cobra.Command {
	var opts changeOptions
	cmd := &cobra.Command{
		Use:   "undo [ID]",
		Short: "Take a change back, as far as that can be",
		Long: "Plans the opposite of a change of the journal, the newest unless an id is given, against what is there now: pausing is undone by unpausing, a run that\n" +
			"was triggered is stopped if it still runs, what was marked is cleared and runs. A clear cannot be undone.",
		Example: "  chrononctl undo --dry-run\n  chrononctl undo 19ab2f4c5d6 --yes",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			entry, err := a.entry(args)
			if err != nil {
				return err
			}
			return a.change(cmd.Context(), opts, func(p *action.Planner) (action.Plan, error) {
				return p.PlanUndo(cmd.Context(), entry)
			})
		},
	}
	opts.add(cmd)
	return cmd
}

// entry is the named change of the journal, or the newest that was not itself an undo.
func (a *app) entry(args []string) (action.Entry, error) {
	entries, err := a.entries()
	if err != nil {
		return action.Entry{}, err
	}
	for _, e := range entries {
		if len(args) == 1 && e.ID == args[0] || len(args) == 0 && e.Undoes == "" && e.UndoneBy == "" {
			return e, nil
		}
	}
	if len(args) == 1 {
		return action.Entry{}, exit(ExitNotFound, fmt.Errorf("the journal has no change %s", term.Clean(args[0])))
	}
	return action.Entry{}, exit(ExitNotFound, errors.New("the journal of this context has no change to take back"))
}
