package cmd

import (
	"fmt"
	"io"
	"strings"
	"time"

	"chrononctl/internal/action"
	"chrononctl/internal/term"
)

// targetJSON is one target of a plan, and what became of it once it was applied.
type targetJSON struct {
	DAGID  string `json:"dag_id"`
	RunID  string `json:"run_id,omitempty"`
	TaskID string `json:"task_id,omitempty"`
	Day    string `json:"day,omitempty"`
	State  string `json:"state,omitempty"` // that a mark sets
	Conf   string `json:"conf,omitempty"`  // configuration of a new run
	Done   string `json:"done,omitempty"`
	Error  string `json:"error,omitempty"`
}

// planJSON is a plan, applied or not.
type planJSON struct {
	Verb       action.Verb   `json:"verb"`
	Title      string        `json:"title"`
	Applied    bool          `json:"applied"`
	Targets    []targetJSON  `json:"targets"`
	Effects    []string      `json:"effects"`
	Cost       costJSON      `json:"cost"`
	Downstream []string      `json:"downstream"` // confs; null when there is no repository to ask
	Command    string        `json:"command"`
	Undo       string        `json:"undo,omitempty"`
	Progress   *progressJSON `json:"progress,omitempty"` // with --wait: what was seen last
}

// costJSON is null in seconds where nothing is known.
type costJSON struct {
	Jobs         int      `json:"jobs"`
	EachSeconds  *float64 `json:"each_seconds"`
	TotalSeconds *float64 `json:"total_seconds"`
	Sample       int      `json:"sample"`
}

func planOf(p action.Plan) planJSON {
	plan := planJSON{
		Verb: p.Verb, Title: p.Title, Effects: append([]string{}, p.Effects...), Command: p.Command, Undo: p.Undo,
		Targets: convert(p.Targets, targetOf), Cost: costJSON{Jobs: p.Cost.Jobs, Sample: p.Cost.Sample},
	}
	if p.Cost.Sample > 0 {
		each, total := p.Cost.Each.Seconds(), p.Cost.Total.Seconds()
		plan.Cost.EachSeconds, plan.Cost.TotalSeconds = &each, &total
	}
	if p.Downstream.Known {
		plan.Downstream = append([]string{}, p.Downstream.Confs...)
	}
	return plan
}

func targetOf(t action.Target) targetJSON {
	return targetJSON{DAGID: t.DAGID, RunID: t.RunID, TaskID: t.TaskID, Day: t.Day, State: string(t.State), Conf: t.Conf}
}

// shownTargets is how many targets a plan in words names; JSON has all of them.
const shownTargets = 40

// printPlan prints what the console's dialog shows.
func (a *app) printPlan(w io.Writer, plan action.Plan, opts changeOptions) {
	if opts.output.value == formatJSON {
		a.writeJSON(w, planOf(plan))
		return
	}
	fmt.Fprintln(w, term.Clean(plan.Title))
	for i, t := range plan.Targets {
		if i == shownTargets && len(plan.Targets) > shownTargets+1 {
			fmt.Fprintf(w, "  and %d more; -o json has them all\n", len(plan.Targets)-shownTargets)
			break
		}
		fmt.Fprintf(w, "  %s\n", targetText(t))
	}
	if plan.Unchanged() {
		fmt.Fprintln(w, "  nothing to do")
	}
	for _, e := range plan.Effects {
		fmt.Fprintln(w, term.Clean(e))
	}
	if line := costText(plan.Cost); line != "" && !plan.Unchanged() {
		fmt.Fprintln(w, line)
	}
	if line := downstreamText(plan.Downstream); line != "" {
		fmt.Fprintln(w, term.Clean(line))
	}
	fmt.Fprintf(w, "as a command: %s\n", term.Clean(plan.Command))
	if plan.Undo != "" && !plan.Unchanged() {
		fmt.Fprintf(w, "takes it back: %s\n", term.Clean(plan.Undo))
	}
}

// costText says what a plan takes, as far as anything is known.
func costText(c action.Cost) string {
	if c.Sample == 0 {
		return ""
	}
	each := c.Each.Round(time.Second)
	if c.Jobs <= 1 || c.Total == c.Each {
		return fmt.Sprintf("It usually takes %s (%s measured).", each, counted(c.Sample, "run"))
	}
	return fmt.Sprintf("About %s: %d times the usual %s (%s measured).", c.Total.Round(time.Second), c.Jobs, each, counted(c.Sample, "run"))
}

// downstreamText names who reads what changes.
func downstreamText(d action.Downstream) string {
	if len(d.Confs) == 0 {
		return ""
	}
	shown := d.Confs[:min(len(d.Confs), 5)]
	text := fmt.Sprintf("Read by %s in %s: %s", counted(len(d.Confs), "conf"), counted(len(d.DAGs), "DAG"), strings.Join(shown, ", "))
	if more := len(d.Confs) - len(shown); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text + "."
}

func targetText(t action.Target) string {
	parts := []string{t.DAGID}
	if t.RunID != "" {
		parts = append(parts, "run "+t.RunID)
	} else if t.Day != "" {
		parts = append(parts, "day "+t.Day)
	}
	if t.TaskID != "" {
		parts = append(parts, "task "+t.TaskID)
	}
	if t.Number != 0 {
		parts = append(parts, fmt.Sprintf("backfill %d", t.Number))
	}
	if t.Note != "" {
		parts = append(parts, t.Note)
	}
	return term.Clean(strings.Join(parts, ", "))
}
