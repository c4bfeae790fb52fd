package action

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/internal/joblog"
)

// Watcher follows the runs of a plan that was applied, or of a backfill. It only reads, so that whoever watches may leave and come back.
type Watcher struct {
	planner *Planner
	runs    []airflowclient.RunRef
	within  *backfillRange // the runs of a backfill by Airflow 3, which have ids of its own
	usual   time.Duration  // of one job, from the plan; 0: unknown

	tails map[airflowclient.InstanceRef]*tail
}

// backfillRange finds the runs that a backfill of Airflow 3 made.
type backfillRange struct {
	dagID, mark string
	from, to    time.Time
}

// Progress is what one look saw.
type Progress struct {
	Phase   Phase
	Total   int // runs
	Done    int
	Failed  int
	Running int
	Waiting int
	Step    string        // what the job at work says of itself, "range 3 of 7"; empty: nothing yet
	Doing   string        // the task at work, or what is waited for
	Began   time.Time     // zero: nothing has
	Ended   time.Time     // zero: not yet
	Left    time.Duration // expected, by the steps done or the usual time; 0: unknown
	Reports []Report      // of jobs that ended, in the order of tasks; only once the phase is final
}

// Report is what a job said at its end (runtime/README.md, chronon_progress).
type Report struct {
	TaskID  string   `json:"task_id"`
	Conf    string   `json:"conf"`
	Outcome string   `json:"outcome"`
	Ranges  []string `json:"ranges"`
	Minutes float64  `json:"minutes"`
	Reason  string   `json:"reason"`
	Failure *Failure `json:"failure"`
}

// Failure is why a job failed (runtime/chronon_rt/joblog.py).
type Failure struct {
	Class   string `json:"class"`
	Message string `json:"message"`
	Remedy  string `json:"remedy"`
}

// Final says that nothing more will happen by itself.
func (p Progress) Final() bool { return !p.Phase.active() }

// String is the progress in one line.
func (p Progress) String() string {
	parts := []string{string(p.Phase)}
	if p.Total > 1 {
		parts = append(parts, fmt.Sprintf("%d of %d done", p.Done, p.Total))
		if p.Failed > 0 {
			parts = append(parts, fmt.Sprintf("%d failed", p.Failed))
		}
		if p.Running > 0 {
			parts = append(parts, fmt.Sprintf("%d at work", p.Running))
		}
	}
	if p.Doing != "" && !p.Final() {
		parts = append(parts, p.Doing)
	}
	if p.Step != "" && !p.Final() {
		parts = append(parts, p.Step)
	}
	if p.Left > 0 && !p.Final() {
		parts = append(parts, "about "+span(p.Left)+" left")
	}
	return strings.Join(parts, ", ")
}

// Watch follows the runs that a plan makes or sets to work. A plan that makes none has nothing to follow: nil.
func (p *Planner) Watch(plan Plan) *Watcher {
	w := &Watcher{planner: p, usual: plan.Cost.Total, tails: map[airflowclient.InstanceRef]*tail{}}
	for _, t := range plan.Targets {
		switch {
		case !t.To.IsZero():
			mark, _ := confMap(t.Conf)[markKey].(string)
			w.within = &backfillRange{dagID: t.DAGID, mark: mark, from: plan.Targets[0].At, to: t.To}
		case t.RunID != "" && !slices.Contains(w.runs, airflowclient.RunRef{DAGID: t.DAGID, RunID: t.RunID}):
			w.runs = append(w.runs, airflowclient.RunRef{DAGID: t.DAGID, RunID: t.RunID})
		}
	}
	if len(w.runs) == 0 && w.within == nil {
		return nil
	}
	return w
}

// WatchRuns follows runs by their ids.
func (p *Planner) WatchRuns(runs ...airflowclient.RunRef) *Watcher {
	return &Watcher{planner: p, runs: runs, tails: map[airflowclient.InstanceRef]*tail{}}
}

// WatchBackfill follows a backfill of a conf; the empty id is the newest.
func (p *Planner) WatchBackfill(ctx context.Context, conf ConfName, id string) (*Watcher, BackfillState, error) {
	b, err := p.backfill(ctx, conf, id)
	if err != nil {
		return nil, b, err
	}
	w := &Watcher{planner: p, tails: map[airflowclient.InstanceRef]*tail{}}
	for _, run := range b.Runs {
		w.runs = append(w.runs, airflowclient.RunRef{DAGID: run.DAGID, RunID: run.ID})
	}
	return w, b, nil
}

// Command is the command line that follows the same runs from another place. It is empty when they are of more than one DAG, or too many to name.
func (w *Watcher) Command() string {
	if len(w.runs) == 0 || len(w.runs) > namedRuns {
		return ""
	}
	words := []string{"wait", w.runs[0].DAGID}
	for _, run := range w.runs {
		if run.DAGID != w.runs[0].DAGID {
			return ""
		}
		words = append(words, run.RunID)
	}
	return w.planner.command(words...)
}

// namedRuns is how many runs a command line names: more would not fit a line.
const namedRuns = 5

// Look asks how far it is.
func (w *Watcher) Look(ctx context.Context) (Progress, error) {
	runs, err := w.read(ctx)
	if err != nil {
		return Progress{}, fmt.Errorf("look at the progress: %w", err)
	}
	if countRuns(runs).phase() == Done {
		if err := w.planner.failEmpty(ctx, runs); err != nil {
			return Progress{}, fmt.Errorf("look at the progress: %w", err)
		}
	}
	c := countRuns(runs)
	p := Progress{Phase: c.phase(), Total: c.total, Done: c.done, Failed: c.failed, Running: c.running, Waiting: c.waiting}
	for _, run := range runs {
		if !run.Start.IsZero() && (p.Began.IsZero() || run.Start.Before(p.Began)) {
			p.Began = run.Start
		}
		if run.End.After(p.Ended) {
			p.Ended = run.End
		}
	}
	if p.Final() {
		p.Reports, err = w.reports(ctx, runs)
		return p, err
	}
	p.Ended = time.Time{}
	if err := w.atWork(ctx, runs, &p); err != nil {
		return p, err
	}
	if p.Left == 0 {
		p.Left = w.left(p)
	}
	return p, nil
}

// read reads the runs. One that is gone is left out: somebody has deleted it.
func (w *Watcher) read(ctx context.Context) ([]airflowclient.Run, error) {
	if w.within != nil {
		runs, err := w.planner.Airflow.Runs(ctx, airflowclient.RunQuery{DAGIDs: []string{w.within.dagID}, LogicalFrom: w.within.from, LogicalTo: w.within.to})
		return slices.DeleteFunc(runs, func(r airflowclient.Run) bool { return r.Conf[markKey] != w.within.mark }), err
	}
	var runs []airflowclient.Run
	for _, ref := range w.runs {
		run, err := w.planner.Airflow.Run(ctx, ref.DAGID, ref.RunID)
		if airflowclient.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		runs = append(runs, run)
	}
	return runs, nil
}

// left is what remains of the usual time, or of the pace so far.
func (w *Watcher) left(p Progress) time.Duration {
	if p.Began.IsZero() {
		return w.usual
	}
	spent := w.planner.serverNow().Sub(p.Began)
	if ended := p.Done + p.Failed; ended > 0 && p.Total > ended {
		return spent / time.Duration(ended) * time.Duration(p.Total-ended)
	}
	return max(0, w.usual-spent)
}

// atWork says which task is at work in the first run that is, and asks its log how far it is.
func (w *Watcher) atWork(ctx context.Context, runs []airflowclient.Run, p *Progress) error {
	q := airflowclient.TaskQuery{}
	for _, run := range runs {
		if run.State == airflowclient.StateRunning && len(q.Runs) < 3 {
			q.Runs = append(q.Runs, airflowclient.RunRef{DAGID: run.DAGID, RunID: run.ID})
		}
	}
	if len(q.Runs) == 0 {
		return nil
	}
	instances, err := w.planner.Airflow.TaskInstances(ctx, q)
	if err != nil {
		return fmt.Errorf("look at the progress: %w", err)
	}
	for _, ti := range instances {
		if ti.State == airflowclient.StateRunning {
			p.Doing = ti.TaskID + " is at work"
			if isFill(ti.TaskID) {
				w.follow(ctx, ti, p)
				return nil
			}
		} else if p.Doing == "" && slices.Contains(onTheWay, ti.State) {
			p.Doing = fmt.Sprintf("%s is %s", ti.TaskID, strings.ReplaceAll(string(ti.State), "_", " "))
		}
	}
	return nil
}

// onTheWay are the states of a task that has begun, or is about to, and does not run.
var onTheWay = []airflowclient.State{
	airflowclient.StateUpForReschedule, airflowclient.StateUpForRetry, airflowclient.StateDeferred, airflowclient.StateQueued,
}

// tail is how far the log of a job has been read, and what it says.
type tail struct {
	try   int
	token string
	lines joblog.Reader
}

// follow reads what was added to the log of a job. A log that cannot be read leaves the step unknown, and is no failure.
func (w *Watcher) follow(ctx context.Context, ti airflowclient.TaskInstance, p *Progress) {
	t := w.tails[ti.Ref()]
	if t == nil || t.try != ti.Try {
		t = &tail{try: ti.Try}
		w.tails[ti.Ref()] = t
	}
	chunk, err := w.planner.Airflow.Log(ctx, ti.Log(), t.token)
	if err != nil {
		return
	}
	if chunk.Next != "" {
		t.token = chunk.Next
	}
	for _, line := range chunk.Lines {
		t.lines.Feed(line.Time, line.Text)
	}
	facts := t.lines.Facts()
	if facts.Steps == 0 {
		return
	}
	p.Step = fmt.Sprintf("range %d of %d", facts.Step, facts.Steps)
	if left, ok := facts.Remaining(w.planner.serverNow()); ok {
		p.Left = left
	}
}

// reports reads what the jobs of the runs said at their end, of the first few runs: those that failed before others.
func (w *Watcher) reports(ctx context.Context, runs []airflowclient.Run) ([]Report, error) {
	runs = slices.Clone(runs)
	slices.SortStableFunc(runs, func(a, b airflowclient.Run) int { return rank(a) - rank(b) })
	q := airflowclient.TaskQuery{}
	for _, run := range runs[:min(len(runs), 5)] {
		q.Runs = append(q.Runs, run.Ref())
	}
	if len(q.Runs) == 0 {
		return nil, nil
	}
	instances, err := w.planner.Airflow.TaskInstances(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read what the jobs said: %w", err)
	}
	var reports []Report
	for _, ti := range instances {
		if ti.State != airflowclient.StateSuccess && ti.State != airflowclient.StateFailed {
			continue
		}
		raw, err := w.planner.Airflow.XCom(ctx, ti.DAGID, ti.RunID, ti.TaskID, "chronon_progress")
		var r Report
		if err == nil && json.Unmarshal(raw, &r) == nil {
			r.TaskID = ti.TaskID
			reports = append(reports, r)
		}
	}
	return reports, nil
}

// rank puts failed runs first.
func rank(run airflowclient.Run) int {
	if run.State == airflowclient.StateFailed {
		return 0
	}
	return 1
}
