package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"chrononctl/dagspec"
	"chrononctl/internal/term"
)

// jsonChange is an element of `generate --diff DIR --format json`.
type jsonChange struct {
	DAG   string              `json:"dag"`
	Class dagspec.ChangeClass `json:"class"`
	Task  string              `json:"task"`
	What  string              `json:"what"`
	Means string              `json:"means"`
	Runs  int                 `json:"catchup_runs"`
}

// runGenerateDiff compares a build with the DAG files of an earlier one and prints what changes for each DAG. It writes nothing.
func (a *app) runGenerateDiff(opts generateOptions, defs dagspec.Definitions) error {
	dir := a.path(opts.diff)
	if _, err := os.Stat(dir); err != nil {
		return hinted{fmt.Errorf("generate --diff: %w", err), "name a folder that generate -o wrote, such as a checkout of what is deployed"}
	}
	old, err := dagspec.ReadBack(os.DirFS(dir))
	if err != nil {
		return hinted{fmt.Errorf("generate --diff: %s: %w", dir, err), "the file was changed by hand; generate it again from the confs that it came from"}
	}
	changes := dagspec.Diff(old, defs, dagspec.DateOf(a.Now()))
	if opts.format == generateJSON {
		return writeJSONChanges(a.Streams.Out, changes)
	}
	printChanges(a.Streams.Out, changes, len(defs.DAGs))
	return nil
}

func writeJSONChanges(out io.Writer, changes []dagspec.Change) error {
	list := make([]jsonChange, len(changes))
	for i, change := range changes {
		list[i] = jsonChange(change)
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(list); err != nil {
		return fmt.Errorf("generate --diff: %w", err)
	}
	return nil
}

// printChanges prints changes under the DAG that they concern, each with what it means on the line below.
func printChanges(out io.Writer, changes []dagspec.Change, dags int) {
	changed, runs := 0, 0
	for i, change := range changes {
		if i == 0 || changes[i-1].DAG != change.DAG {
			fmt.Fprintf(out, "%s\n", term.Clean(change.DAG))
			changed++
		}
		what := change.What
		if change.Task != "" {
			what = change.Task + " " + what
		}
		fmt.Fprintf(out, "  %-12s  %s\n  %-12s  %s\n", change.Class, term.Clean(what), "", term.Clean("→ "+change.Means))
		runs += change.Runs
	}
	if len(changes) == 0 {
		fmt.Fprintf(out, "nothing changes in %s\n", counted(dags, "DAG"))
		return
	}
	summary := []string{counted(changed, "DAG") + " with " + counted(len(changes), "change")}
	if runs > 0 {
		summary = append(summary, fmt.Sprintf("up to %s to catch up", counted(runs, "run")))
	}
	fmt.Fprintln(out, strings.Join(summary, "; "))
}

// checkDiff refuses flags that do not go with --diff.
func (o generateOptions) checkDiff() error {
	if o.dir != "" {
		return usage(hinted{errors.New("generate: --diff writes nothing, and -o is a folder to write into"), "compare first, then run generate -o DIR"})
	}
	return nil
}
