package action

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
)

// Phase is how far a backfill, or another change that is awaited, has come.
type Phase string

// The phases.
const (
	Waiting   Phase = "waiting" // nothing has begun
	Running   Phase = "running"
	Held      Phase = "held" // no further day begins
	Done      Phase = "done"
	Failed    Phase = "failed"
	Cancelled Phase = "cancelled"
	Gone      Phase = "gone" // its runs were deleted
)

// active says that the phase is none to end in.
func (p Phase) active() bool {
	switch p {
	case Waiting, Running, Held:
		return true
	case Done, Failed, Cancelled, Gone:
		return false
	}
	return false
}

// backfillRuns is how many of a DAG's newest runs are searched for those of backfills.
const backfillRuns = 1000

// BackfillState is a backfill that was started, as its runs show it. It is read from Airflow alone, so everybody sees the same ones.
type BackfillState struct {
	ID     string // of its run, or what the ids of its runs or their mark begin with
	Conf   string
	Kind   ConfKind // as it was asked for
	DAGID  string
	ByDay  bool
	From   string // YYYY-MM-DD
	To     string
	State  Phase
	Number int64               // of a backfill that Airflow 3 made; 0: none
	Runs   []airflowclient.Run // the oldest day first
	Began  time.Time           // of the first run; zero: none has
	Ended  time.Time           // of the last one; zero while it goes on
}

// name names the conf.
func (b BackfillState) name() ConfName { return ConfName{Name: b.Conf, Kind: b.Kind} }

// what says what kind it is.
func (b BackfillState) what() string {
	if b.ByDay {
		return "a backfill by day"
	}
	return "a backfill"
}

// Backfills lists the backfills of a conf that the newest runs of its DAG belong to, the newest first.
func (p *Planner) Backfills(ctx context.Context, conf ConfName) ([]BackfillState, error) {
	at, err := p.find(ctx, conf, backfillKinds, rangeModes...)
	if err != nil {
		return nil, err
	}
	return p.backfillsOf(ctx, at.dag.ID, conf)
}

func (p *Planner) backfillsOf(ctx context.Context, dagID string, conf ConfName) ([]BackfillState, error) {
	runs, err := p.Airflow.Runs(ctx, airflowclient.RunQuery{DAGIDs: []string{dagID}, Limit: backfillRuns})
	if err != nil {
		return nil, fmt.Errorf("list the runs of %s: %w", dagID, err)
	}
	if err := p.failEmpty(ctx, runs); err != nil {
		return nil, fmt.Errorf("list the runs of %s: %w", dagID, err)
	}
	byID := map[string]*BackfillState{}
	for _, run := range runs {
		b, ok := readBackfill(run)
		if !ok || b.Conf != conf.Name {
			continue
		}
		b.Kind = conf.Kind
		if byID[b.ID] == nil {
			byID[b.ID] = &b
		}
		byID[b.ID].Runs = append(byID[b.ID].Runs, run)
	}
	numbered := p.numbered(ctx, dagID, byID)
	list := make([]BackfillState, 0, len(byID))
	for _, b := range byID {
		b.settle(numbered)
		list = append(list, *b)
	}
	slices.SortFunc(list, func(x, y BackfillState) int {
		if c := y.made().Compare(x.made()); c != 0 {
			return c
		}
		return strings.Compare(y.ID, x.ID)
	})
	return list, nil
}

// numbered are Airflow's own backfills of the DAG, where one of ours may be among them.
func (p *Planner) numbered(ctx context.Context, dagID string, byID map[string]*BackfillState) []airflowclient.Backfill {
	for _, b := range byID {
		if b.ByDay && b.Runs[0].Type == "backfill" {
			list, err := p.Airflow.Backfills(ctx, dagID)
			if err != nil {
				return nil // then it cannot be steered either, which says the reason
			}
			return list
		}
	}
	return nil
}

// readBackfill reads the mark of a run that a backfill made.
func readBackfill(run airflowclient.Run) (BackfillState, bool) {
	mark, _ := run.Conf[markKey].(string)
	if !strings.HasPrefix(mark, backfillPrefix) {
		return BackfillState{}, false
	}
	asked, _ := run.Conf[confKey].(map[string]any)
	confs, _ := asked["confs"].([]any)
	if len(confs) != 1 {
		return BackfillState{}, false
	}
	b := BackfillState{ID: mark, DAGID: run.DAGID, ByDay: asked["day_only"] == true}
	b.Conf, _ = confs[0].(string)
	parts := strings.Split(mark, "__")
	if len(parts) >= 3 {
		b.From, b.To, _ = strings.Cut(parts[len(parts)-2], "_")
	}
	return b, b.Conf != ""
}

// made is when a backfill began, or will have been made: what waits is the newest.
func (b BackfillState) made() time.Time {
	if b.Began.IsZero() {
		return time.Unix(1<<40, 0)
	}
	return b.Began
}

// settle folds the runs of a backfill into its state.
func (b *BackfillState) settle(numbered []airflowclient.Backfill) {
	slices.SortFunc(b.Runs, func(x, y airflowclient.Run) int { return x.LogicalDate.Compare(y.LogicalDate) })
	c := countRuns(b.Runs)
	b.State = c.phase()
	for _, run := range b.Runs {
		if !run.Start.IsZero() && (b.Began.IsZero() || run.Start.Before(b.Began)) {
			b.Began = run.Start
		}
		if run.End.After(b.Ended) {
			b.Ended = run.End
		}
	}
	for _, n := range numbered {
		if n.Conf[markKey] != b.ID {
			continue
		}
		b.Number = n.ID
		switch {
		case n.Paused && n.Completed.IsZero():
			b.State = Held
		case n.Paused && c.running == 0:
			b.State = Cancelled
		}
	}
	if b.State.active() {
		b.Ended = time.Time{}
	}
}

// runCounts counts runs by what they do.
type runCounts struct{ total, waiting, running, done, failed int }

func countRuns(runs []airflowclient.Run) runCounts {
	c := runCounts{total: len(runs)}
	for _, run := range runs {
		switch run.State {
		case airflowclient.StateSuccess:
			c.done++
		case airflowclient.StateFailed:
			c.failed++
		case airflowclient.StateRunning:
			c.running++
		default:
			c.waiting++
		}
	}
	return c
}

func (c runCounts) phase() Phase {
	switch {
	case c.total == 0:
		return Gone
	case c.running > 0 || c.waiting > 0 && c.waiting < c.total:
		return Running
	case c.waiting > 0:
		return Waiting
	case c.failed > 0:
		return Failed
	default:
		return Done
	}
}

// failEmpty takes runs of backfills for failed that are green and in which no job filled anything: a run whose jobs were skipped, as they are when it is
// marked as failed at the wrong moment, is a success for Airflow.
func (p *Planner) failEmpty(ctx context.Context, runs []airflowclient.Run) error {
	q := airflowclient.TaskQuery{}
	for _, run := range runs {
		if _, isBackfill := readBackfill(run); isBackfill && run.State == airflowclient.StateSuccess {
			q.Runs = append(q.Runs, run.Ref())
		}
	}
	if len(q.Runs) == 0 {
		return nil
	}
	instances, err := p.Airflow.TaskInstances(ctx, q)
	if err != nil {
		return err
	}
	hasFilled := map[airflowclient.RunRef]bool{} // of the runs that have a job which fills
	for _, ti := range instances {
		if isFill(ti.TaskID) {
			ref := airflowclient.RunRef{DAGID: ti.DAGID, RunID: ti.RunID}
			hasFilled[ref] = hasFilled[ref] || ti.State == airflowclient.StateSuccess
		}
	}
	for i, run := range runs {
		filled, hasJob := hasFilled[run.Ref()]
		if hasJob && !filled {
			runs[i].State = airflowclient.StateFailed
		}
	}
	return nil
}

// isFill says whether a task is one that a range goes to, by its id (dagspec, taskWords).
func isFill(taskID string) bool {
	return strings.HasPrefix(taskID, "backfill") && !dagspec.IsSensor(taskID)
}
