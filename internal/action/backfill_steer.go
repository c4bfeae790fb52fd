package action

import (
	"context"
	"fmt"

	"chrononctl/airflowclient"
)

// PlanSteer plans to hold, resume or cancel a backfill of a conf, or to run its failed days again. The empty id is the newest backfill.
func (p *Planner) PlanSteer(ctx context.Context, verb Verb, conf ConfName, id string) (Plan, error) {
	b, err := p.backfill(ctx, conf, id)
	if err != nil {
		return Plan{}, err
	}
	words := conf.words("backfill", steerWords[verb])
	if id != "" {
		words = append(words, id)
	}
	plan := Plan{Verb: verb, Title: fmt.Sprintf("%s the backfill of %s from %s to %s", steerTitles[verb], conf.Name, b.From, b.To), Command: p.command(words...)}
	switch verb {
	case Hold:
		err = p.planHold(&plan, b)
	case Resume:
		err = p.planResume(&plan, b)
	case Cancel:
		p.planCancel(&plan, b)
	case Rerun:
		err = p.planRerun(ctx, &plan, b)
	case Trigger, Pause, Unpause, Clear, Mark, Restart, Upload, Backfill:
		err = fmt.Errorf("%q steers no backfill", verb)
	default:
		err = fmt.Errorf("%q steers no backfill", verb)
	}
	return plan, err
}

// steerWords are the sub-commands of backfill, and steerTitles begin the titles of their plans.
var (
	steerWords  = map[Verb]string{Hold: "pause", Resume: "resume", Cancel: "cancel", Rerun: "rerun"}
	steerTitles = map[Verb]string{Hold: "Hold", Resume: "Resume", Cancel: "Cancel", Rerun: "Run again what failed of"}
)

// Steerable says whether a sub-command of backfill, by its name, does something with a backfill in this state; list and watch take any.
func Steerable(subcommand string, b BackfillState) bool {
	switch subcommand {
	case steerWords[Hold]:
		return b.State.active() && b.State != Held && b.Number != 0
	case steerWords[Resume]:
		return b.State == Held
	case steerWords[Cancel]:
		return b.State.active()
	case steerWords[Rerun]:
		return b.State == Failed
	default:
		return true
	}
}

// backfill is the named backfill of a conf, or the newest.
func (p *Planner) backfill(ctx context.Context, conf ConfName, id string) (BackfillState, error) {
	list, err := p.Backfills(ctx, conf)
	if err != nil {
		return BackfillState{}, err
	}
	for _, b := range list {
		if id == "" || b.ID == id {
			return b, nil
		}
	}
	if id != "" && len(list) > 0 {
		return BackfillState{}, &UnknownError{What: fmt.Sprintf("%s has no backfill %s", conf.Name, id), Next: p.command(conf.words("backfill", "list")...)}
	}
	return BackfillState{}, &UnknownError{What: conf.Name + " has no backfill here", Next: "start one: " + p.command(append([]string{"backfill", conf.Name, "FROM..TO"}, conf.Kind.flag()...)...)}
}

// planHold needs a backfill that Airflow itself runs: single runs are all there from the beginning.
func (p *Planner) planHold(plan *Plan, b BackfillState) error {
	switch {
	case !b.State.active():
		return &RefusedError{Reason: fmt.Sprintf("%s is over: %s", b.ID, b.State)}
	case b.State == Held:
		return nil
	case !b.ByDay:
		return &RefusedError{Reason: "one job cannot be held: it runs or it does not", Next: "cancel it: what it has written stays, and a new one fills the rest"}
	case b.Number == 0:
		return &RefusedError{
			Reason: "on Airflow 2 a backfill by day is made of single runs, which nothing holds but a pause of their DAG",
			Next:   fmt.Sprintf("%s holds them and the DAG's own runs; or cancel it, and start it again later: days that have a run are left alone", p.command("pause", b.DAGID)),
		}
	}
	plan.Targets = []Target{{DAGID: b.DAGID, Number: b.Number}}
	plan.Effects = []string{"No further day begins; days at work go on to their end."}
	plan.Undo = p.command(b.name().words("backfill", "resume")...)
	return nil
}

func (p *Planner) planResume(plan *Plan, b BackfillState) error {
	if b.State != Held {
		if b.State.active() {
			return nil
		}
		return &RefusedError{Reason: fmt.Sprintf("%s is over: %s", b.ID, b.State), Next: "start a new one: days that are there are left alone"}
	}
	plan.Targets = []Target{{DAGID: b.DAGID, Number: b.Number}}
	plan.Effects = []string{fmt.Sprintf("The %s that wait begin, a few at a time.", plural(countRuns(b.Runs).waiting, "day"))}
	plan.Undo = p.command(b.name().words("backfill", "pause")...)
	return nil
}

// planCancel ends a job at once. Days that are at work go on to their end, for each has a partition half written; those that wait never begin.
func (p *Planner) planCancel(plan *Plan, b BackfillState) {
	if !b.State.active() {
		return
	}
	const stays = "What is written stays. It can be started again: what is there is left alone."
	if b.Number != 0 {
		plan.Targets = []Target{{DAGID: b.DAGID, Number: b.Number}}
		plan.Effects = []string{fmt.Sprintf("The %s that wait are marked as failed and never begin; days at work go on to their end.", plural(countRuns(b.Runs).waiting, "day")), stays}
		return
	}
	for _, run := range b.Runs {
		waits := run.State != airflowclient.StateSuccess && run.State != airflowclient.StateFailed && run.State != airflowclient.StateRunning
		if waits || !b.ByDay && run.State == airflowclient.StateRunning {
			plan.Targets = append(plan.Targets, Target{DAGID: run.DAGID, RunID: run.ID, Day: run.LogicalDate.UTC().Format("2006-01-02"), State: airflowclient.StateFailed})
		}
	}
	plan.Effects = []string{"The run is marked as failed, and Airflow ends its job; a Spark application in cluster mode that has been submitted may go on, and is ended where it runs.", stays}
	if b.ByDay {
		plan.Effects[0] = "Days that wait are marked as failed and never begin; days at work go on to their end."
		plan.Confirm = number(len(plan.Targets))
	}
}

// planRerun clears what did not succeed of the runs that failed. Those of a backfill that Airflow 3 has cancelled stay held for good: cancelling pauses it,
// and Airflow starts no run of a backfill that is paused (airflow/models/dagrun.py, get_queued_dag_runs_to_set_running).
func (p *Planner) planRerun(ctx context.Context, plan *Plan, b BackfillState) error {
	if b.State == Cancelled && b.Number != 0 {
		return &RefusedError{
			Reason: b.ID + " was cancelled: Airflow would start none of its runs again, and they would stay queued",
			Next:   "start a new one, which takes days that failed too: " + p.command(BackfillRequest{Conf: b.Conf, Kind: b.Kind, From: b.From, To: b.To, ByDay: true, Failed: true}.words()...),
		}
	}
	q := airflowclient.TaskQuery{}
	for _, run := range b.Runs {
		if run.State == airflowclient.StateFailed {
			q.Runs = append(q.Runs, airflowclient.RunRef{DAGID: run.DAGID, RunID: run.ID})
		}
	}
	if len(q.Runs) == 0 {
		return nil
	}
	instances, err := p.Airflow.TaskInstances(ctx, q)
	if err != nil {
		return fmt.Errorf("plan to run again what failed: %w", err)
	}
	for _, ti := range instances {
		if ti.State != airflowclient.StateSuccess {
			plan.Targets = append(plan.Targets, Target{DAGID: ti.DAGID, RunID: ti.RunID, TaskID: ti.TaskID})
		}
	}
	plan.Targets = distinct(plan.Targets)
	plan.Effects = []string{fmt.Sprintf("%s of %d that failed are at work again, with the %s that did not succeed in them.",
		plural(len(q.Runs), "run"), len(b.Runs), plural(len(plan.Targets), "task"))}
	plan.Confirm = number(len(q.Runs))
	return nil
}

// steer holds, resumes or cancels a backfill of Airflow 3.
func (p *Planner) steer(ctx context.Context, verb Verb, t Target) (string, error) {
	var err error
	var done string
	switch verb {
	case Hold:
		_, err = p.Airflow.PauseBackfill(ctx, t.Number)
		done = "held"
	case Resume:
		_, err = p.Airflow.ResumeBackfill(ctx, t.Number)
		done = "goes on"
	case Cancel:
		_, err = p.Airflow.CancelBackfill(ctx, t.Number)
		done = "cancelled"
	case Trigger, Pause, Unpause, Clear, Mark, Restart, Upload, Backfill, Rerun:
		err = fmt.Errorf("%q steers no backfill", verb)
	default:
		err = fmt.Errorf("%q steers no backfill", verb)
	}
	return done, err
}
