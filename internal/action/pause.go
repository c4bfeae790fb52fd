package action

import (
	"context"
	"fmt"
	"slices"
	"time"

	"chrononctl/airflowclient"
)

// PauseOptions say why DAGs are paused, and for how long.
type PauseOptions struct {
	Reason string
	Until  time.Time // zero: until somebody unpauses them
}

// catchUpLimit is for how many DAGs a plan counts the runs that unpausing makes: each costs two requests.
const catchUpLimit = 20

// PlanPause plans to pause DAGs, or to let them run again. A DAG that is so already is no target.
func (p *Planner) PlanPause(ctx context.Context, paused bool, dagIDs ...string) (Plan, error) {
	if paused {
		return p.PlanPauseWith(ctx, PauseOptions{}, dagIDs...)
	}
	return p.planUnpause(ctx, dagIDs, p.command(append([]string{string(Unpause)}, dagIDs...)...))
}

// PlanPauseWith plans to pause DAGs for a reason and a time, which are kept in Airflow, see [PauseNote]. A DAG that is paused already is a target
// when there is something to note about it.
func (p *Planner) PlanPauseWith(ctx context.Context, o PauseOptions, dagIDs ...string) (Plan, error) {
	var wrong refusals
	if !o.Until.IsZero() && !o.Until.After(p.now()) {
		wrong.add(fmt.Sprintf("%s is over already", minute(o.Until)), "give a moment that is to come, as 2026-11-24T08:00Z, or a time from now, as 6h")
	}
	words := append([]string{string(Pause)}, dagIDs...)
	if o.Reason != "" {
		words = append(words, "--reason", o.Reason)
	}
	if !o.Until.IsZero() {
		words = append(words, "--until", o.Until.UTC().Format(time.RFC3339))
	}
	plan := Plan{
		Verb: Pause, Title: "Pause " + subject(dagIDs), Reason: o.Reason, Until: o.Until,
		Command: p.command(words...),
	}
	already := 0
	undo := []string{string(Unpause)}
	for _, id := range dagIDs {
		dag, err := p.Airflow.DAG(ctx, id)
		if err != nil {
			return Plan{}, fmt.Errorf("plan to pause %s: %w", id, err)
		}
		if dag.Paused {
			already++
		} else {
			undo = append(undo, id)
		}
		if !dag.Paused || o != (PauseOptions{}) {
			plan.Targets = append(plan.Targets, Target{DAGID: id})
		}
	}
	if err := wrong.err(); err != nil {
		return Plan{}, err
	}
	plan.Effects = pauseEffects(plan, already, len(dagIDs))
	if len(undo) > 1 {
		plan.Undo = p.command(undo...)
	}
	plan.Confirm = number(len(plan.Targets))
	return plan, nil
}

func pauseEffects(plan Plan, already, asked int) []string {
	var effects []string
	if already > 0 {
		effects = append(effects, fmt.Sprintf("%d of %d are so already.", already, asked))
	}
	if plan.Unchanged() {
		return effects
	}
	effects = append(effects,
		"The scheduler makes no new runs and starts no further task; tasks at work go on to their end.",
		"Streaming jobs go on, and nobody restarts them.")
	if plan.Reason != "" || !plan.Until.IsZero() {
		effects = append(effects, "The reason and the time are kept as a variable of Airflow, where everybody sees them.")
	}
	if !plan.Until.IsZero() {
		effects = append(effects, fmt.Sprintf("Nothing unpauses them by itself: chrononctl unpause --due, run from %s on, does.", minute(plan.Until)))
	}
	return effects
}

// planUnpause plans to let DAGs run again. command is the command line that asked for it.
func (p *Planner) planUnpause(ctx context.Context, dagIDs []string, command string) (Plan, error) {
	plan := Plan{Verb: Unpause, Title: "Unpause " + subject(dagIDs), Command: command}
	notes := p.pauseNotesOrNone(ctx)
	var wrong refusals
	var ids []string
	for _, id := range dagIDs {
		dag, err := p.Airflow.DAG(ctx, id)
		switch {
		case err != nil:
			return Plan{}, fmt.Errorf("plan to unpause %s: %w", id, err)
		case dag.Stale:
			wrong.add(fmt.Sprintf("%s is in no DAG file any more, so nothing would run", id), "deploy it again first")
		case dag.Paused:
			plan.Targets = append(plan.Targets, Target{DAGID: id, Note: notes[id].String()})
			ids = append(ids, id)
		}
	}
	if err := wrong.err(); err != nil {
		return Plan{}, err
	}
	if already := len(dagIDs) - len(ids); already > 0 {
		plan.Effects = append(plan.Effects, fmt.Sprintf("%d of %d are so already.", already, len(dagIDs)))
	}
	if plan.Unchanged() {
		return plan, nil
	}
	plan.Undo = p.command(append([]string{string(Pause)}, ids...)...)
	plan.Confirm = number(len(ids))
	return plan, p.catchUp(ctx, &plan, ids)
}

// catchUp counts the runs that the scheduler will make at once.
func (p *Planner) catchUp(ctx context.Context, plan *Plan, ids []string) error {
	if len(ids) > catchUpLimit {
		plan.Effects = append(plan.Effects, "The scheduler makes the runs that are due, with catch-up also those of the days in between; with so many DAGs they are not counted.")
		return nil
	}
	total, first := 0, time.Time{}
	for _, id := range ids {
		details, err := p.Airflow.Details(ctx, id)
		if err != nil {
			return fmt.Errorf("plan to unpause %s: %w", id, err)
		}
		if details.NextTo.IsZero() || details.NextTo.After(p.serverNow()) {
			continue
		}
		if !details.Catchup {
			total++
			continue
		}
		dates, err := p.Airflow.PlanBackfill(ctx, airflowclient.BackfillRequest{DAGID: id, From: details.NextFrom, To: p.serverNow()})
		if err != nil {
			plan.Effects = append(plan.Effects, fmt.Sprintf("How many runs %s will catch up with is not known: %v", id, err))
			continue
		}
		total += len(dates)
		if len(dates) > 0 && (first.IsZero() || dates[0].Before(first)) {
			first = dates[0]
		}
	}
	switch {
	case total == 0:
		plan.Effects = append(plan.Effects, "No run is due: the scheduler makes the next one when its time comes.")
	case first.IsZero():
		plan.Effects = append(plan.Effects, fmt.Sprintf("The scheduler makes %s at once; days in between are left out.", plural(total, "run")))
	default:
		plan.Effects = append(plan.Effects, fmt.Sprintf("The scheduler makes %s at once, the oldest for %s: it catches up.", plural(total, "run"), first.Format(time.DateOnly)))
	}
	plan.Cost.Jobs = total
	return nil
}

// PlanUnpauseDue plans to unpause the DAGs whose time to be paused is over.
func (p *Planner) PlanUnpauseDue(ctx context.Context) (Plan, error) {
	notes, err := p.PauseNotes(ctx)
	if err != nil {
		return Plan{}, fmt.Errorf("plan to unpause what is due: %w", err)
	}
	var due []string
	for id, note := range notes {
		if !note.Until.IsZero() && !note.Until.After(p.now()) {
			due = append(due, id)
		}
	}
	slices.Sort(due)
	plan, err := p.planUnpause(ctx, due, p.command(string(Unpause), "--due"))
	if err == nil && len(due) == 0 {
		plan.Title = "Unpause what is due"
	}
	return plan, err
}

// setPaused pauses or unpauses one DAG, and keeps or drops the note about it. A note that Airflow does not take is no failure: the DAG is paused.
func (p *Planner) setPaused(ctx context.Context, plan Plan, t Target) (string, error) {
	paused := plan.Verb == Pause
	if err := p.Airflow.SetPaused(ctx, t.DAGID, paused); err != nil {
		return "", err
	}
	done := map[bool]string{true: "paused", false: "unpaused"}[paused]
	var err error
	switch {
	case paused && (plan.Reason != "" || !plan.Until.IsZero()):
		err = p.keepNote(ctx, t.DAGID, PauseNote{Reason: plan.Reason, Until: plan.Until, By: p.User, At: p.now()})
	case !paused && t.Note != "":
		err = p.dropNote(ctx, t.DAGID)
	}
	if err != nil {
		done += fmt.Sprintf(", and the note about it could not be changed: %v", err)
	}
	return done, nil
}

// subject names one thing, or counts several.
func subject(ids []string) string {
	if len(ids) == 1 {
		return ids[0]
	}
	return plural(len(ids), "DAG")
}
