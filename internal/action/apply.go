package action

import (
	"context"
	"fmt"
	"time"

	"chrononctl/airflowclient"
)

// pace is how a plan of many targets is carried out: three requests in flight at most, as for everything that is asked of an Airflow.
var pace = airflowclient.Pace{AtATime: 3}

// Apply makes the change, a few targets at a time, and reports each when it is done. What failed is told in its result. The error says that the
// plan as a whole was not carried out: it was cancelled, or the credentials were refused, after which nothing more is sent. A request that is under
// way at that moment may have been heard, which its result says.
//
// The same plan may be applied again, and only does what is left: runs have ids of our own, and what is paused stays paused. The change is
// written into the journal, before and after; a journal that cannot be written stops nothing.
func (p *Planner) Apply(ctx context.Context, plan Plan, report func(Result)) error {
	entry := p.Journal.begin(p.User, p.now(), plan)
	var results []Result
	err := airflowclient.Each(ctx, pace, batches(plan), func(ctx context.Context, b *batch) (err error) {
		b.done, err = p.send(ctx, plan, b.targets)
		return err
	}, func(b *batch, err error) {
		for _, target := range b.targets {
			r := Result{Target: target, Done: b.done, Err: err}
			results = append(results, r)
			report(r)
		}
	})
	if err != nil {
		err = fmt.Errorf("%s: %w", plan.Verb, err)
	}
	p.Journal.end(entry, p.now(), results, err)
	return err
}

// batch is what goes in one request, and what was done by it.
type batch struct {
	targets []Target
	done    string
}

// batches are the targets that go in one request: the tasks of a run are cleared together, the days of a backfill of Airflow 3 are started together,
// everything else is a request of its own.
func batches(plan Plan) []*batch {
	var out []*batch
	for _, t := range plan.Targets {
		if last := len(out) - 1; last >= 0 && together(plan.Verb, out[last].targets[0], t) {
			out[last].targets = append(out[last].targets, t)
			continue
		}
		out = append(out, &batch{targets: []Target{t}})
	}
	return out
}

func together(verb Verb, a, b Target) bool {
	switch verb {
	case Clear, Rerun:
		return a.DAGID == b.DAGID && a.RunID == b.RunID
	case Backfill:
		return !a.To.IsZero() && a.DAGID == b.DAGID && a.To.Equal(b.To)
	case Trigger, Pause, Unpause, Mark, Restart, Upload, Hold, Resume, Cancel:
		return false
	default:
		return false
	}
}

func (p *Planner) send(ctx context.Context, plan Plan, targets []Target) (done string, err error) {
	first := targets[0]
	switch plan.Verb {
	case Trigger, Restart, Upload:
		return p.trigger(ctx, first)
	case Backfill:
		switch {
		case !first.To.IsZero():
			return p.startDays(ctx, targets)
		case first.Again:
			return p.clearRun(ctx, first)
		}
		return p.trigger(ctx, first)
	case Pause, Unpause:
		return p.setPaused(ctx, plan, first)
	case Clear, Rerun:
		return p.clear(ctx, targets)
	case Mark:
		return p.mark(ctx, first)
	case Hold, Resume:
		return p.steer(ctx, plan.Verb, first)
	case Cancel:
		if first.Number != 0 {
			return p.steer(ctx, Cancel, first)
		}
		return p.mark(ctx, first)
	default:
		return "", fmt.Errorf("a plan to %q cannot be applied", plan.Verb)
	}
}

// trigger sends the request once. When the run is there already under our own id, an earlier try was heard, and the change is done.
func (p *Planner) trigger(ctx context.Context, t Target) (string, error) {
	run, err := p.Airflow.Trigger(ctx, airflowclient.TriggerRequest{
		DAGID: t.DAGID, RunID: t.RunID, LogicalDate: t.At, IntervalFrom: t.At, IntervalTo: intervalEnd(t), Conf: confMap(t.Conf),
	})
	if airflowclient.IsConflict(err) || airflowclient.IsAmbiguous(err) {
		if there, readErr := p.Airflow.Run(ctx, t.DAGID, t.RunID); readErr == nil {
			return fmt.Sprintf("run %s was there already, %s", there.ID, there.State), nil
		}
	}
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("run %s is %s", run.ID, run.State), nil
}

// intervalEnd closes the data interval, which Airflow would otherwise take to be the day before. A tick has an interval of no length.
func intervalEnd(t Target) time.Time {
	if t.Day == "" {
		return t.At
	}
	return t.At.AddDate(0, 0, 1)
}

// clear sends exactly the tasks of the plan, without asking for those around them again.
func (p *Planner) clear(ctx context.Context, targets []Target) (string, error) {
	ids := make([]string, 0, len(targets))
	for _, t := range targets {
		ids = append(ids, t.TaskID)
	}
	if _, err := p.Airflow.Clear(ctx, airflowclient.ClearRequest{DAGID: targets[0].DAGID, RunID: targets[0].RunID, TaskIDs: ids}); err != nil {
		return "", err
	}
	return "cleared", nil
}

// clearRun runs all of a run again.
func (p *Planner) clearRun(ctx context.Context, t Target) (string, error) {
	if _, err := p.Airflow.Clear(ctx, airflowclient.ClearRequest{DAGID: t.DAGID, RunID: t.RunID}); err != nil {
		return "", err
	}
	return "cleared", nil
}
