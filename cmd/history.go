package cmd

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"chrononctl/internal/deploy"
	"chrononctl/internal/term"
)

func newHistoryCmd(a *app) *cobra.Command {
	var opts deployOptions
	limit := 20
	cmd := &cobra.Command{
		Use:   "history",
		Short: "Show the releases of a target, and who deployed what and when",
		Long: "Lists the releases that are kept, which `chrononctl rollback` can put back, and the audit: one line for each deploy, rollback and unlock.\n" +
			"The audit is chained by hash and checked on reading: a line that was changed, removed or added later is an error. Airflow is not asked.",
		Example: "  chrononctl history\n  chrononctl history --target prod -o json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.runHistory(cmd.Context(), opts, limit) },
	}
	opts.output.add(cmd, formatText, formatJSON)
	cmd.Flags().StringVar(&opts.target, "target", "", "deploy target of chrononctl.yaml (default: the only one)")
	cmd.Flags().IntVar(&limit, "limit", limit, "newest lines of the audit to show; 0: all")
	return cmd
}

func (a *app) runHistory(ctx context.Context, opts deployOptions, limit int) error {
	opts.dryRun, opts.engine.NoVerify = true, true
	if err := opts.check(a); err != nil {
		return err
	}
	engine, err := a.openEngine(ctx, opts)
	if err != nil {
		return err
	}
	history, err := engine.History(ctx)
	if history == nil {
		return err
	}
	if limit > 0 && len(history.Audit) > limit {
		history.Audit = history.Audit[:limit]
	}
	if opts.output.value == formatJSON {
		a.writeJSON(a.Streams.Out, history)
	} else {
		writeHistory(a.Streams.Out, history)
	}
	return err
}

// writeHistory prints a history for people.
func writeHistory(w io.Writer, h *deploy.History) {
	live := cmp.Or(h.Live, "no release")
	if h.Live != "" && !h.Verified {
		live += ", not verified"
	}
	fmt.Fprintf(w, "%s: %s\n", term.Clean(h.Target), live)
	if h.LockedBy != nil {
		fmt.Fprintf(w, "locked by %s\n", term.Clean(h.LockedBy.String()))
	}
	if h.Unfinished != nil {
		fmt.Fprintf(w, "unfinished: %s\n", term.Clean(h.Unfinished.String()))
	}
	if len(h.Releases) > 0 {
		fmt.Fprintln(w)
		writeTable(w, []string{"RELEASE", "OUTCOME", "DAGS", "BY", "COMMIT"}, releaseRows(h.Releases))
	}
	if len(h.Audit) > 0 {
		fmt.Fprintln(w)
		writeTable(w, []string{"WHEN", "WHO", "WHAT", "RELEASE", "NEW", "CHANGED", "GONE", "RESULT", ""}, auditRows(h.Audit))
	}
}

func releaseRows(releases []deploy.PastRelease) [][]string {
	rows := make([][]string, len(releases))
	for i, r := range releases {
		outcome := r.Outcome
		if r.Live {
			outcome += ", live"
		}
		rows[i] = []string{r.ID, outcome, strconv.Itoa(r.DAGs), term.Clean(r.Who + "@" + r.Host), commitText(r.Source)}
	}
	return rows
}

func auditRows(entries []deploy.AuditEntry) [][]string {
	rows := make([][]string, len(entries))
	for i, e := range entries {
		rows[i] = []string{
			e.Time.UTC().Format(time.RFC3339), term.Clean(e.Who + "@" + e.Host), e.Operation, cmp.Or(e.Release, "-"),
			strconv.Itoa(e.Created), strconv.Itoa(e.Updated), strconv.Itoa(e.Removed), e.Result, term.Clean(e.Error),
		}
	}
	return rows
}

// commitText is a commit as people say it.
func commitText(s deploy.Source) string {
	text := s.Commit
	if len(text) > 12 {
		text = text[:12]
	}
	if s.Dirty {
		text += ", with changes"
	}
	return cmp.Or(term.Clean(text), "-")
}
