package cmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"chrononctl/internal/action"
	"chrononctl/internal/term"
)

func newActivityCmd(a *app) *cobra.Command {
	var flags viewFlags
	v := entryView(a)
	cmd := &cobra.Command{
		Use:   "activity",
		Short: "Show what was changed from this machine, with the undo where there is one",
		Long: "Lists the journal of the context, the newest change first: what was asked for as a command line, what became of it, and how it is taken back. The\n" +
			"journal is a file of your own (XDG_STATE_HOME/chrononctl/journal); what others did, Airflow's own audit log has.\n\n" +
			"On a pipe a line is: id, time, outcome, change, command, undo.",
		Example: "  chrononctl activity --limit 5\n  chrononctl activity --query 'verb:clear age<2d !outcome:done'\n  chrononctl activity -o json | jq '.[0].undo'",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return show(cmd.Context(), a, v, flags, func(context.Context) ([]action.Entry, []string, error) {
				entries, err := a.entries()
				return entries, nil, err
			})
		},
	}
	addView(a, cmd, v, &flags)
	cmd.Flags().IntVar(&flags.most, "limit", 20, "how many, of those that meet the query; 0: all")
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

// entryView is how changes of the journal are shown. Their JSON is that of the journal itself.
func entryView(a *app) view[action.Entry] {
	return view[action.Entry]{
		columns: []column[action.Entry]{
			{title: "ID", text: func(e action.Entry) string { return e.ID }},
			{title: "AT", text: func(e action.Entry) string { return stamp(e.At) }},
			{title: "OUTCOME", text: outcomeText},
			{title: "CHANGE", text: func(e action.Entry) string { return e.Title }},
			{title: "COMMAND", text: func(e action.Entry) string { return e.Command }},
			{title: "UNDO", text: func(e action.Entry) string { return e.Undo }},
		},
		fields: action.EntryFields(a.Now),
		name:   func(e action.Entry) string { return e.ID },
		object: func(e action.Entry) any { return e },
		none:   "No changes that meet this.",
	}
}

// outcomeText is what became of a change, in a word or a few.
func outcomeText(e action.Entry) string {
	switch outcome := e.Outcome(); outcome {
	case action.OutcomeTakenBack:
		return "taken back"
	case action.OutcomePartly:
		return fmt.Sprintf("%d of %d done", e.Done, e.Total)
	case action.OutcomeDone, action.OutcomeFailed, action.OutcomeInterrupted:
		return string(outcome)
	default:
		return string(outcome)
	}
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
