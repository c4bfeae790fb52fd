package action

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"chrononctl/airflowclient"
)

// Airflow is what planning and applying ask of a server; an [airflowclient.Client] is one.
type Airflow interface {
	DAG(ctx context.Context, id string) (airflowclient.DAG, error)
	Raw(ctx context.Context, method, path string, body any) (json.RawMessage, error)
	Run(ctx context.Context, dagID, runID string) (airflowclient.Run, error)
	Runs(ctx context.Context, q airflowclient.RunQuery) ([]airflowclient.Run, error)
	Trigger(ctx context.Context, r airflowclient.TriggerRequest) (airflowclient.Run, error)
	SetPaused(ctx context.Context, dagID string, paused bool) error
	Clear(ctx context.Context, r airflowclient.ClearRequest) ([]airflowclient.TaskInstance, error)
}

// Planner plans changes to one Airflow, and makes them.
type Planner struct {
	Airflow Airflow
	Now     func() time.Time // nil: time.Now
	Context string           // named in the equivalent commands; empty: the context is left to the reader's default
}

// RefusedError says why a change is not planned: Airflow would accept it, and it would not do what it is asked for.
type RefusedError struct {
	Reason string
	Next   string // what to do instead, empty when there is nothing
}

// Error is the reason.
func (r *RefusedError) Error() string { return r.Reason }

// Hint is the next step.
func (r *RefusedError) Hint() string { return r.Next }

func (p *Planner) now() time.Time {
	if p.Now == nil {
		return time.Now().UTC()
	}
	return p.Now().UTC()
}

// command is the command line that does the same. Words that a shell would take apart are quoted.
func (p *Planner) command(words ...string) string {
	all := append([]string{"chrononctl"}, words...)
	if p.Context != "" {
		all = append(all, "--context", p.Context)
	}
	for i, w := range all {
		all[i] = quoteWord(w)
	}
	return strings.Join(all, " ")
}

// quoteWord quotes a word for a POSIX shell if it needs it.
func quoteWord(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.,:/@+=", r)
	}
	if word != "" && strings.TrimFunc(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// PlanPause plans to pause DAGs, or to let them run again. A DAG that is so already is no target.
func (p *Planner) PlanPause(ctx context.Context, paused bool, dagIDs ...string) (Plan, error) {
	verb, title := Pause, "Pause"
	if !paused {
		verb, title = Unpause, "Unpause"
	}
	plan := Plan{Verb: verb, Command: p.command(append([]string{string(verb)}, dagIDs...)...)}
	for _, id := range dagIDs {
		dag, err := p.Airflow.DAG(ctx, id)
		if err != nil {
			return Plan{}, fmt.Errorf("plan to %s %s: %w", verb, id, err)
		}
		if dag.Stale && !paused {
			return Plan{}, &RefusedError{Reason: fmt.Sprintf("%s is in no DAG file any more, so nothing would run", id), Next: "deploy it again first"}
		}
		if dag.Paused != paused {
			plan.Targets = append(plan.Targets, Target{DAGID: id})
		}
	}
	plan.Title = fmt.Sprintf("%s %s", title, subject(dagIDs))
	plan.Effects = pauseEffects(paused, len(plan.Targets), len(dagIDs))
	return plan, nil
}

func pauseEffects(paused bool, targets, asked int) []string {
	var effects []string
	if already := asked - targets; already > 0 {
		effects = append(effects, fmt.Sprintf("%d of %d are so already.", already, asked))
	}
	if targets == 0 {
		return effects
	}
	if paused {
		return append(effects,
			"The scheduler makes no new runs and starts no further task; tasks at work go on to their end.",
			"Streaming jobs go on, and nobody restarts them.")
	}
	return append(effects, "The scheduler makes the runs that are due, with catch-up also those of the days in between.")
}

// subject names one thing, or counts several.
func subject(ids []string) string {
	if len(ids) == 1 {
		return ids[0]
	}
	return fmt.Sprintf("%d DAGs", len(ids))
}
