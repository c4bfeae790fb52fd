package fleet

import (
	"slices"
	"sort"
	"strings"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
)

// explainer follows each failure and each wait back to where it comes from. It goes from task to task, along the definitions, and remembers
// what it found of each.
type explainer struct {
	s       Snapshot
	lineage *lineage
	details Details
	pools   map[string]PoolUse
	dags    map[string]*DAG
	days    map[dagDay]*Run // the run of a day that stands
	stands  map[string][]*Run
	streams map[TaskRef]*Stream // by DAG and GroupBy

	deviations map[string]*Deviation // by DAG

	byID    map[string]*Cause
	roots   map[InstanceRef][]*Cause
	open    map[InstanceRef]bool // whose roots are being looked for: a task that needs itself is no cause
	prints  map[string]string
	outputs map[TaskRef]*Output // made when it is asked for first
	stopped bool                // the scheduler, without which no task starts
}

type dagDay struct{ dag, day string }

func newExplainer(s Snapshot, details Details) *explainer {
	e := &explainer{
		s: s, lineage: newLineage(s.Intent), details: details, pools: make(map[string]PoolUse), dags: make(map[string]*DAG, len(s.DAGs)),
		days: make(map[dagDay]*Run, 4*len(s.DAGs)), stands: make(map[string][]*Run, len(s.DAGs)), streams: make(map[TaskRef]*Stream),
		byID: make(map[string]*Cause), roots: make(map[InstanceRef][]*Cause), open: make(map[InstanceRef]bool), prints: make(map[string]string),
		deviations: make(map[string]*Deviation, len(s.Deviations)),
	}
	for _, p := range details.Pools {
		e.pools[p.Name] = p
	}
	for i := range s.DAGs {
		d := &s.DAGs[i]
		e.dags[d.ID] = d
		e.stands[d.ID] = slices.Collect(standing(d))
		for _, run := range e.stands[d.ID] {
			if run.Day != "" && e.days[dagDay{d.ID, run.Day}] == nil {
				e.days[dagDay{d.ID, run.Day}] = run
			}
		}
	}
	for i := range s.Deviations {
		e.deviations[s.Deviations[i].DAGID] = &s.Deviations[i]
	}
	for i := range s.Streams {
		e.streams[TaskRef{s.Streams[i].DAGID, s.Streams[i].GroupBy}] = &s.Streams[i]
	}
	_, e.stopped = s.component(componentScheduler)
	return e
}

// explain goes through everything that wants an explanation.
func (e *explainer) explain() {
	e.explainServer()
	for i := range e.s.DAGs {
		d := &e.s.DAGs[i]
		e.explainDAG(d)
		for _, r := range e.stands[d.ID] {
			e.explainRun(d, r)
		}
	}
	e.explainStreams()
	e.explainComparisons()
}

// explainRun explains the tasks of a run that failed or wait; of a run that failed without a word from its tasks, the run.
func (e *explainer) explainRun(d *DAG, r *Run) {
	named := false
	for _, t := range r.Tasks {
		if !e.isEffect(d, r, t) {
			continue
		}
		roots := e.rootsOf(d, r, t)
		effect := Effect{
			Health: t.Health, Team: d.Team, DAGID: d.ID, RunID: r.ID, Day: r.Day, TaskID: t.ID, MapIndex: t.MapIndex, Conf: e.confOf(d, t.ID), Since: began(*r, t),
		}
		if t.Health == None {
			effect.Health = Waiting
		}
		if e.lacksCause(t) && len(roots) == 0 {
			roots = []*Cause{e.ownTask(d, r, t, "nothing that was read explains it")}
		}
		named = named || len(roots) > 0 && t.Health >= Unknown
		attach(roots, effect)
	}
	if !named && (r.Health == Failed || r.Health == Unknown) {
		attach([]*Cause{e.runCause(d, r)}, Effect{Health: r.Health, Team: d.Team, DAGID: d.ID, RunID: r.ID, Day: r.Day, MapIndex: -1, Since: r.Start})
	}
}

// runCause is what is behind a run that failed or is not understood, and whose tasks do not say: the run itself, or that they could not be read.
func (e *explainer) runCause(d *DAG, r *Run) *Cause {
	if problem, unread := e.s.problemOf(SectionTasks); unread && r.Health == Unknown && r.Tasks == nil {
		return e.unread(problem)
	}
	return e.ownRun(d, r)
}

// isEffect says whether the task wants an explanation. What waits in a DAG that is switched off is left alone by intent.
func (e *explainer) isEffect(d *DAG, r *Run, t Task) bool {
	switch t.Health {
	case Failed, Unknown:
		return true
	case Waiting:
		return !d.Paused && !r.finished()
	case None:
		return !d.Paused && !r.finished() && r.State == string(airflowclient.StateRunning)
	case OK, Skipped, Running, Paused, Unmeasured, Restarted, Breach:
		return false
	default:
		return false
	}
}

// lacksCause says whether the task must not go without an explanation. What is about to start has none and needs none.
func (e *explainer) lacksCause(t Task) bool {
	return t.Health == Failed || t.Health == Unknown || t.State == stateRetry || isLooking(t)
}

// isLooking says whether the task is a sensor that has looked and not found. One that has not had a worker yet knows nothing.
func isLooking(t Task) bool {
	waitsForWorker := t.State == string(airflowclient.StateQueued) || t.State == string(airflowclient.StateScheduled)
	return t.IsSensor() && t.Health == Waiting && t.State != stateRetry && (!waitsForWorker || !t.Start.IsZero())
}

const stateRetry = string(airflowclient.StateUpForRetry)

func attach(roots []*Cause, effect Effect) {
	for _, c := range roots {
		c.Explains = append(c.Explains, effect)
	}
}

// began is when an effect began, as far as is known: a failure with the end of its task, a wait with its run.
func began(r Run, t Task) time.Time {
	if t.State == stateFailed && !t.End.IsZero() {
		return t.End
	}
	return r.Start
}

// confOf is the conf of a task. Without definitions the task's id tells it for the kinds of task that are named after one.
func (e *explainer) confOf(d *DAG, task string) string {
	if conf := e.lineage.conf(d.ID, task); conf != "" {
		return conf
	}
	if mode, _, ok := strings.Cut(task, "__"); ok && d.Hash != "" && !dagspec.IsSensor(task) {
		conf, _ := confFromTask(d.Team, task, mode)
		return conf
	}
	return ""
}

// rootsOf is what a task of a run fails for or waits for; none when nothing is the matter with it.
func (e *explainer) rootsOf(d *DAG, r *Run, t Task) []*Cause {
	if roots, known := e.roots[t.Ref()]; known {
		return roots
	}
	if e.open[t.Ref()] {
		return nil
	}
	e.open[t.Ref()] = true
	roots := unique(e.findRoots(d, r, t))
	delete(e.open, t.Ref())
	e.roots[t.Ref()] = roots
	return roots
}

func (e *explainer) findRoots(d *DAG, r *Run, t Task) []*Cause {
	if isStreaming(d.Kind) {
		if roots := e.streamTask(d, t); roots != nil {
			return roots
		}
	}
	if roots := e.summaryRoots(d, r, t); roots != nil {
		return roots
	}
	switch t.State {
	case stateFailed, stateRetry:
		return e.failure(d, r, t)
	case stateUpstreamFailed:
		return e.behind(d, r, t, Failed)
	case string(airflowclient.StateQueued), string(airflowclient.StateScheduled):
		if roots := e.slot(t); len(roots) > 0 || !isLooking(t) {
			return roots
		}
	case "":
		return e.behind(d, r, t, Waiting)
	}
	switch {
	case t.Health == Unknown:
		return []*Cause{e.ownTask(d, r, t, "its state is not one that this program knows")}
	case isLooking(t):
		return e.sensor(d, r, t)
	default:
		return nil
	}
}

// behind are the roots of the tasks before one that cannot start. least is the state that counts: what is behind a failure is not there because of
// what only waits.
func (e *explainer) behind(d *DAG, r *Run, t Task, least Health) []*Cause {
	before, known := e.lineage.before(TaskRef{d.ID, t.ID})
	var roots []*Cause
	busy := false
	for _, other := range r.Tasks {
		if other.ID == t.ID || known && !slices.Contains(before, other.ID) {
			continue
		}
		if !known && other.State == t.State {
			continue // nobody knows which of two stands before the other
		}
		busy = busy || other.Health != OK && other.Health != Skipped
		if other.Health == Failed || other.Health == least || other.State == "" {
			roots = append(roots, e.rootsOf(d, r, other)...)
		}
	}
	if !busy && t.State == "" && e.stopped {
		return []*Cause{e.airflow(componentScheduler)}
	}
	return roots
}

// slot is what a task waits for that could run if it had a slot, or a worker.
func (e *explainer) slot(t Task) []*Cause {
	if e.stopped {
		return []*Cause{e.airflow(componentScheduler)}
	}
	wants, known := e.details.Slots[t.Ref()]
	if !known {
		return nil
	}
	if p, ok := e.pools[wants.Pool]; ok && p.full() {
		return []*Cause{e.pool(p)}
	}
	if t.State == string(airflowclient.StateQueued) && !wants.Since.IsZero() && e.s.Clock().Sub(wants.Since) > longQueue {
		return []*Cause{e.worker()}
	}
	return nil
}

// longQueue is how long a task may be queued before that wants an explanation: executors take up tasks within seconds.
const longQueue = 5 * time.Minute

// sensor is what the sensor waits for, followed to where that comes from.
func (e *explainer) sensor(d *DAG, r *Run, t Task) []*Cause {
	wait, _, known := e.s.Intent.Sensor(TaskRef{d.ID, t.ID})
	day, err := dagspec.ParseDate(r.Day)
	if !known || err != nil {
		return []*Cause{e.unnamedPartition(t, *r)}
	}
	roots := e.absent(wait, day)
	for _, c := range roots {
		if c.Kind == CausePartition && c.Usual.IsZero() {
			c.Usual = e.usualOutside(d, r, t.ID)
		}
	}
	return roots
}

// absent is why a partition is not there for the run of a day.
func (e *explainer) absent(wait dagspec.Wait, day dagspec.Date) []*Cause {
	writer, inside := e.lineage.writer(wait)
	if !inside {
		return []*Cause{e.outside(wait.Partition.On(day), wait.Partition.Table)}
	}
	shift, dated := isDated(wait.Partition)
	ran := day.AddDays(shift)
	if job := e.lineage.job(writer); job != nil {
		ran = ran.AddDays(job.Lag) // its run of that day made the partition
	}
	return e.unwritten(wait.Partition.On(day), writer, ran.String(), dated)
}

// unwritten is why a task has not written a partition with its run of a day. Of a table as a whole any day's run would do.
func (e *explainer) unwritten(partition string, writer TaskRef, day string, dated bool) []*Cause {
	d := e.dags[writer.DAGID]
	if d == nil {
		return []*Cause{e.notListed(writer.DAGID)}
	}
	r := e.days[dagDay{d.ID, day}]
	if !dated {
		r = e.newest(d)
	}
	if r == nil {
		return []*Cause{e.noRun(d, day)}
	}
	tasks := instances(r, writer.TaskID)
	if len(tasks) == 0 {
		return e.ofRun(d, r, partition)
	}
	var roots []*Cause
	for _, t := range tasks {
		roots = append(roots, e.writing(d, r, t, partition)...)
	}
	return unique(roots)
}

// newest is the newest run of a DAG that stands.
func (e *explainer) newest(d *DAG) *Run {
	if len(e.stands[d.ID]) == 0 {
		return nil
	}
	return e.stands[d.ID][0]
}

// writing is why what a task of a run writes is not there.
func (e *explainer) writing(d *DAG, r *Run, t Task, partition string) []*Cause {
	switch {
	case t.Health == Failed || t.Health == Unknown:
		return e.rootsOf(d, r, t)
	case d.Paused && !r.finished():
		return []*Cause{e.paused(d)}
	case t.Health == Running || t.State == string(airflowclient.StateDeferred) && !t.IsSensor():
		return []*Cause{e.atWork(d, r, t.ID, t.Start)}
	case t.Health == Skipped:
		return e.leftToLater(d, r, t, partition)
	case t.Health == OK:
		return e.landedUnseen(d, r, t, partition)
	}
	if roots := e.rootsOf(d, r, t); len(roots) > 0 {
		return roots
	}
	return e.soon(d, r, t)
}

// soon is what stands before a task that has nothing against it: tasks of its own run that are at work, or its own start.
func (e *explainer) soon(d *DAG, r *Run, t Task) []*Cause {
	for _, other := range r.Tasks {
		if other.Health == Running {
			return []*Cause{e.atWork(d, r, other.ID, other.Start)}
		}
	}
	return []*Cause{e.atWork(d, r, t.ID, time.Time{})}
}

// leftToLater follows a day that its job left to the next one.
func (e *explainer) leftToLater(d *DAG, r *Run, t Task, partition string) []*Cause {
	for _, run := range slices.Backward(e.stands[d.ID]) { // oldest first
		if run.Day <= r.Day {
			continue
		}
		for _, later := range instances(run, t.ID) {
			if later.Health != Skipped {
				return e.writing(d, run, later, partition)
			}
		}
	}
	c := e.partition(partition)
	c.Known = "its job, " + d.ID + " " + t.ID + ", was skipped for " + r.Day + ", and no later run of it is in the picture"
	c.Ends, c.Command = "run the day by hand, which is never skipped", "chrononctl clear "+d.ID+" "+r.ID+" "+t.ID
	return []*Cause{c}
}

// justLanded is how long a sensor may take to look again before it is strange that it has not seen what was written.
const justLanded = 15 * time.Minute

// landedUnseen is a partition whose writer ended well and that is still waited for.
func (e *explainer) landedUnseen(d *DAG, r *Run, t Task, partition string) []*Cause {
	if !t.End.IsZero() && e.s.Clock().Sub(t.End) < justLanded {
		return []*Cause{e.atWork(d, r, t.ID, t.Start)}
	}
	c := e.partition(partition)
	c.Team, c.Owner = d.Team, e.lineage.owner(d.ID)
	c.Known = d.ID + " " + t.ID + " ended with " + t.Word() + " for " + dayOf(*r) + ", and sensors still do not see it"
	c.Ends, c.Command = "look for the partition in the store; if it is not there, run its task again", "chrononctl clear "+d.ID+" "+r.ID+" "+t.ID
	return []*Cause{c}
}

// ofRun is why a partition is not there, by the run alone: its tasks were not read, or the one that writes is not among them.
func (e *explainer) ofRun(d *DAG, r *Run, partition string) []*Cause {
	var roots []*Cause
	for _, t := range r.Tasks {
		if t.Health == Failed {
			roots = append(roots, e.rootsOf(d, r, t)...)
		}
	}
	switch {
	case len(roots) > 0:
		return unique(roots)
	case r.Health == Failed || r.Health == Unknown:
		return []*Cause{e.ownRun(d, r)}
	case d.Paused && !r.finished():
		return []*Cause{e.paused(d)}
	case !r.finished():
		return []*Cause{e.atWork(d, r, "", r.Start)}
	}
	c := e.partition(partition)
	c.Team, c.Owner = d.Team, e.lineage.owner(d.ID)
	c.Known = "the run of " + d.ID + " for " + dayOf(*r) + " is " + r.State + ", and sensors still do not see it"
	c.Ends = "look for the partition in the store; if it is not there, run the day again"
	return []*Cause{c}
}

// instances are the instances of a task in a run, which has its tasks by id.
func instances(r *Run, task string) []Task {
	from, found := firstInstance(r, task)
	if !found {
		return nil
	}
	to := from
	for to < len(r.Tasks) && r.Tasks[to].ID == task {
		to++
	}
	return r.Tasks[from:to]
}

// firstInstance is the place of the first of them.
func firstInstance(r *Run, task string) (at int, found bool) {
	return sort.Find(len(r.Tasks), func(i int) int { return strings.Compare(task, r.Tasks[i].ID) })
}

func unique(causes []*Cause) []*Cause {
	var out []*Cause
	for _, c := range causes {
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}
