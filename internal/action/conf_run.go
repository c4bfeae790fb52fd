package action

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
)

// PlanUpload plans to upload a GroupBy as of a day, which may be long over, and to load it into the KV store: the values served are then those of
// that day, whatever came later, and their time to live begins anew. Chronon's users do so when newer days are late or wrong.
func (p *Planner) PlanUpload(ctx context.Context, groupBy, day string) (Plan, error) {
	var wrong refusals
	ds, ok := p.dayOver(day, &wrong)
	at, err := p.find(ctx, ConfName{Name: groupBy}, []dagspec.Kind{dagspec.KindBatch}, dagspec.ModeUpload, dagspec.ModeKVLoad)
	if err != nil {
		if len(wrong) == 0 {
			return Plan{}, err
		}
		wrong.add(err.Error(), nextStep(err))
		return Plan{}, wrong.err()
	}
	p.refuseDAG(at.dag, &wrong)
	when := ds.AddDate(0, 0, at.tasks[0].Lag)
	if ok {
		refuseBeforeStart(at.dag, when, &wrong)
		if when.After(p.yesterday()) {
			wrong.add(fmt.Sprintf("%s is computed by the run of %s, which is not over", day, when.Format(time.DateOnly)), "take an older day")
		}
	}
	if err := wrong.err(); err != nil {
		return Plan{}, err
	}
	when, err = p.freeMoment(ctx, at.dag.ID, when)
	if err != nil {
		return Plan{}, err
	}
	id := fmt.Sprintf("%supload__%s__%s__%s", runPrefix, shortened(groupBy), day, p.now().Format("20060102T150405Z"))
	plan := Plan{
		Verb: Upload, Title: fmt.Sprintf("Upload %s as of %s", groupBy, day), Command: p.command("upload", groupBy, "--ds", day),
		Targets: []Target{{DAGID: at.dag.ID, RunID: id, Day: when.Format(time.DateOnly), At: when, Conf: runConf{Confs: []string{groupBy}}.json(id)}},
		Effects: []string{
			fmt.Sprintf("One run of %s with all tasks of this GroupBy (%s); others are skipped.", at.dag.ID, tasksText(at)),
			fmt.Sprintf("What is served becomes that of %s, older than what may be there now, until the next daily upload.", day),
		},
		Undo:    p.command("upload", groupBy, "--ds", p.yesterday().Format(time.DateOnly)),
		Confirm: groupBy,
	}
	each, sample := p.usual(ctx, at.dag.ID, at.taskIDs()...)
	plan.Cost = costOf(1, each, sample, 1)
	return plan, nil
}

// stream is what the last tick knew of a stream (runtime/README.md, chronon_stream).
type stream struct {
	State       string    `json:"state"`
	AppID       string    `json:"app_id"`
	Since       time.Time `json:"since"`
	Restarts24h int       `json:"restarts_24h"`
	Reason      string    `json:"reason"`
}

// PlanRestart plans a tick of one stream, now. A tick starts a stream that is down and leaves a live one alone: nothing in Airflow can end a Spark
// application. So a restart of a live stream is to end its application where it runs, and then to do this instead of waiting for the next tick.
// A stream that is left down because it was restarted too often is started: somebody who asks has looked.
func (p *Planner) PlanRestart(ctx context.Context, groupBy string) (Plan, error) {
	at, err := p.find(ctx, ConfName{Name: groupBy}, []dagspec.Kind{dagspec.KindStreaming}, dagspec.ModeStreaming)
	if err != nil {
		return Plan{}, err
	}
	var wrong refusals
	p.refuseDAG(at.dag, &wrong)
	if err := wrong.err(); err != nil {
		return Plan{}, err
	}
	when := p.tickNow(at.dag.DAG)
	id := runPrefix + "restart__" + shortened(groupBy) + "__" + when.Format("20060102T150405Z")
	plan := Plan{
		Verb: Restart, Title: "Restart the stream " + groupBy, Command: p.command("restart", groupBy),
		Targets: []Target{{DAGID: at.dag.ID, RunID: id, At: when, Conf: runConf{Confs: []string{groupBy}}.json(id)}},
		Effects: []string{fmt.Sprintf("A tick of this stream alone, now: %s looks for its application, and submits it if there is none.", at.tasks[0].ID)},
	}
	last, seen, err := p.lastTick(ctx, at.dag.ID, at.tasks[0].ID)
	if err != nil {
		return Plan{}, err
	}
	plan.Effects = append(plan.Effects, streamEffects(last, seen)...)
	return plan, nil
}

// lastTick reads what the newest ended ticks published about a stream; seen is when.
func (p *Planner) lastTick(ctx context.Context, dagID, taskID string) (s stream, seen time.Time, err error) {
	runs, err := p.Airflow.Runs(ctx, airflowclient.RunQuery{
		DAGIDs: []string{dagID}, States: []airflowclient.State{airflowclient.StateSuccess, airflowclient.StateFailed}, Limit: 3,
	})
	if err != nil {
		return s, seen, fmt.Errorf("read the last tick of %s: %w", dagID, err)
	}
	for _, run := range runs {
		raw, err := p.Airflow.XCom(ctx, dagID, run.ID, taskID, "chronon_stream")
		if err == nil && json.Unmarshal(raw, &s) == nil && s.State != "" {
			return s, run.End, nil
		}
	}
	return stream{}, time.Time{}, nil
}

func streamEffects(s stream, seen time.Time) []string {
	switch s.State {
	case "":
		return []string{"No tick has told of this stream yet."}
	case "alive", "started", "restarted":
		return []string{
			fmt.Sprintf("The tick that ended at %s saw it alive as %s: while that runs, this tick leaves it alone. To restart it, end it first where it runs (yarn application -kill %s).",
				minute(seen), s.AppID, s.AppID),
			"What it has not written since its last checkpoint is read again.",
		}
	case "duplicate":
		return []string{"More than one application has its name: end them all where they run, else this tick starts none. " + s.Reason}
	case "flapping":
		return []string{fmt.Sprintf("It was restarted %d times in 24 hours and is left down by the schedule; this tick starts it all the same.", s.Restarts24h)}
	}
	return []string{fmt.Sprintf("At %s it was %s: %s", minute(seen), s.State, s.Reason)}
}
