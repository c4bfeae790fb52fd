package action

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"chrononctl/airflowclient"
)

// daysAtOnce is how many days of a backfill run at a time unless said otherwise. Jobs of one task never do: the runtime allows one at a time, since
// they write one table.
const daysAtOnce = 4

// planByDay plans a run for each day of the range that has none. Airflow 3 makes them itself, as one backfill; for Airflow 2 they are single runs.
func (p *Planner) planByDay(ctx context.Context, r BackfillRequest, at place, from, to time.Time, past []BackfillState) (Plan, error) {
	server, err := p.Airflow.Server(ctx)
	if err != nil {
		return Plan{}, fmt.Errorf("plan to backfill %s: %w", r.Conf, err)
	}
	id := backfillID(r, past)
	conf := runConf{DayOnly: true, Confs: []string{r.Conf}}
	if r.Unchecked {
		conf.Wait = new(bool)
	}
	asked := airflowclient.BackfillRequest{DAGID: at.dag.ID, From: from, To: to.AddDate(0, 0, 1).Add(-time.Microsecond), Reprocess: airflowclient.ReprocessNone}
	if r.Failed {
		asked.Reprocess = airflowclient.ReprocessFailed
	}
	dates, err := p.Airflow.PlanBackfill(ctx, asked)
	if err != nil {
		return Plan{}, fmt.Errorf("plan to backfill %s: %w", r.Conf, err)
	}
	native := server.Capabilities.Backfills
	plan := Plan{Verb: Backfill, Title: fmt.Sprintf("Backfill %s from %s to %s, a run a day", r.Conf, r.From, r.To)}
	for _, date := range dates {
		t := Target{DAGID: at.dag.ID, Day: date.UTC().Format(time.DateOnly), At: date, Conf: conf.json(id)}
		if native {
			t.AtOnce, t.To = or(r.AtOnce, daysAtOnce), dates[len(dates)-1]
			t.Reprocess = asked.Reprocess
		} else {
			t.RunID = id + "__" + t.Day
		}
		plan.Targets = append(plan.Targets, t)
	}
	if r.Failed && !native {
		if err := p.clearFailedDays(ctx, &plan); err != nil {
			return Plan{}, err
		}
	}
	plan.Effects = byDayEffects(plan, at, daysBetween(from, to), native)
	each, sample := p.usual(ctx, at.dag.ID, at.taskIDs()...)
	plan.Cost = costOf(len(dates), each, sample, 1)
	return plan, nil
}

func byDayEffects(plan Plan, at place, asked int, native bool) []string {
	var effects []string
	if left := asked - len(plan.Targets); left > 0 {
		effects = append(effects, fmt.Sprintf("%d of the %d days have a run already, or are no days of the DAG's schedule (%s): they are left alone.", left, asked, at.dag.Schedule))
	}
	if plan.Unchanged() {
		return append(effects, "To run a day again, clear its run; --failed takes along the days whose run failed.")
	}
	effects = append(effects, fmt.Sprintf("Each run computes its own day with %s, one day after the other, since they write one table; its waits look for the inputs of the day.", tasksText(at)))
	if native {
		return append(effects, fmt.Sprintf("Airflow makes the runs as one backfill, up to %d at work at a time; it can be held, resumed and cancelled.", plan.Targets[0].AtOnce))
	}
	return append(effects, fmt.Sprintf("Airflow 2 has no backfills over REST: the runs are made one by one, and the DAG's own limit (%d runs) says how many are at work.", at.dag.MaxActiveRuns))
}

// clearFailedDays turns the days that have a failed run into clears of that run: a date has one run.
func (p *Planner) clearFailedDays(ctx context.Context, plan *Plan) error {
	if plan.Unchanged() {
		return nil
	}
	first, last := plan.Targets[0], plan.Targets[len(plan.Targets)-1]
	there, err := p.Airflow.Runs(ctx, airflowclient.RunQuery{DAGIDs: []string{first.DAGID}, LogicalFrom: first.At, LogicalTo: last.At})
	if err != nil {
		return fmt.Errorf("look for failed runs: %w", err)
	}
	for i, t := range plan.Targets {
		at := slices.IndexFunc(there, func(r airflowclient.Run) bool { return r.LogicalDate.Equal(t.At) })
		if at >= 0 {
			plan.Targets[i].RunID, plan.Targets[i].Conf, plan.Targets[i].Again = there[at].ID, "", true
		}
	}
	return nil
}

// startDays has Airflow 3 make the runs of a range of days.
func (p *Planner) startDays(ctx context.Context, days []Target) (string, error) {
	first := days[0]
	started, err := p.Airflow.StartBackfill(ctx, airflowclient.BackfillRequest{
		DAGID: first.DAGID, From: first.At, To: first.To, Reprocess: first.Reprocess, MaxActive: first.AtOnce, Conf: confMap(first.Conf),
	})
	if airflowclient.IsConflict(err) || airflowclient.IsAmbiguous(err) {
		// An earlier try may have been heard; the mark tells ours from somebody else's.
		if list, readErr := p.Airflow.Backfills(ctx, first.DAGID); readErr == nil {
			mine := slices.IndexFunc(list, func(b airflowclient.Backfill) bool { return b.Conf[markKey] == confMap(first.Conf)[markKey] })
			if mine >= 0 {
				return fmt.Sprintf("backfill %d of Airflow was there already", list[mine].ID), nil
			}
		}
	}
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("a run of backfill %d of Airflow", started.ID), nil
}

// confMap reads a target's configuration back.
func confMap(text string) map[string]any {
	var conf map[string]any
	if json.Unmarshal([]byte(text), &conf) != nil {
		return nil
	}
	return conf
}

// or is the first number that is not 0.
func or(a, b int) int {
	if a != 0 {
		return a
	}
	return b
}
