package fleet

import (
	"slices"
	"strings"
	"time"

	"chrononctl/dagspec"
)

// Answer is why something is as it is: the way from what was asked about to where it comes from, and the causes at the ends.
type Answer struct {
	Name   string
	Is     NameKind
	Also   []NameKind // what else has the name, and is not told of
	Steps  []Step     // in the order of a tree: each step comes after the one that it explains, one deeper
	Causes []Cause    // those that the steps end in, worst first
}

// Step is one step of the way: a task of a conf, a partition, a stream, a comparison. A step that nothing comes before ends in causes.
type Step struct {
	Depth  int
	Health Health
	Name   string // conf and task, or partition
	State  string // in words
	Team   string
	Owner  string
	DAGID  string
	RunID  string
	TaskID string
	Day    string
	Since  time.Time // zero: not known
	Usual  time.Time // when it is usually there; zero: not known
	Causes []string  // ids, where the way ends
	Ends   string    // what would unblock it; empty where the steps below say so
}

// daysShown is how many unfinished days of a task are followed, the newest first.
const daysShown = 3

// Why answers for a name. known is false when nothing has that name; see [Explanation.Names]. Of several things that have it, it answers for the first in the
// order of the kinds, and tells the others in Also. It is for one goroutine at a time.
func (x Explanation) Why(name string) (answer Answer, known bool) { return x.WhyAs(NameAll, name) }

// WhyAs answers for a name of one kind; NameAll is any. Partitions are those of NameTable.
func (x Explanation) WhyAs(kind NameKind, name string) (answer Answer, known bool) {
	answer, known = x.why(kind, name)
	for _, other := range NameKinds() {
		if known && name != "" && other != answer.Is && (other != NameTable || answer.Is != NamePartition) && x.picture.has(other, name) {
			answer.Also = append(answer.Also, other)
		}
	}
	return answer, known
}

func (x Explanation) why(kind NameKind, name string) (answer Answer, known bool) {
	e := x.picture
	answer = Answer{Name: name, Is: NameAll}
	if name == "" {
		answer.Causes = x.Causes
		return answer, true
	}
	if (kind == NameAll || kind == NameTeam) && e.has(NameTeam, name) {
		answer.Is = NameTeam
		answer.Causes = filter(x.Causes, func(c Cause) bool { return c.Team == name || slices.Contains(c.Teams(), name) })
		return answer, true
	}
	w := &way{e: e, seen: make(map[InstanceRef]bool), ends: make(map[string]bool)}
	if answer.Is, known = w.start(kind, name); !known {
		return Answer{}, false
	}
	answer.Steps = w.steps
	answer.Causes = filter(x.Causes, func(c Cause) bool { return w.ends[c.ID] })
	for id, c := range e.byID {
		if w.ends[id] && len(c.Explains) == 0 { // what nothing else waits for
			answer.Causes = append(answer.Causes, *c)
		}
	}
	slices.SortFunc(answer.Causes, compareCauses)
	return answer, true
}

// way is the way from a name to its causes, as it is being walked.
type way struct {
	e     *explainer
	steps []Step
	seen  map[InstanceRef]bool
	ends  map[string]bool // ids of causes
}

// start finds what the name stands for, and walks from there.
func (w *way) start(kind NameKind, name string) (NameKind, bool) {
	maybe := func(k NameKind) bool { return kind == NameAll || kind == k }
	switch {
	case maybe(NameConf) && w.fromConf(name):
		return NameConf, true
	case maybe(NameDAG) && w.fromDAG(name):
		return NameDAG, true
	case maybe(NameTask) && w.fromTask(name):
		return NameTask, true
	case maybe(NameTable):
		return w.fromTable(name)
	}
	return NameAll, false
}

// fromConf walks from the tasks of a conf, its stream, and its comparison.
func (w *way) fromConf(name string) bool {
	found := false
	for _, ref := range w.e.s.Intent.OfConf(name) {
		found = true
		switch d := w.e.dags[ref.DAGID]; {
		case d == nil:
			w.fromMissing(ref)
		case !isComparison(d):
			w.fromJob(d, ref.TaskID)
		}
	}
	if !found {
		found = w.fromUndefined(name)
	}
	for i := range w.e.s.Streams {
		if s := &w.e.s.Streams[i]; s.GroupBy == name {
			w.stream(s)
			found = true
		}
	}
	for _, c := range w.e.s.Joins {
		if c.Join == name {
			w.comparison(c)
			found = true
		}
	}
	return found
}

// fromUndefined walks from the tasks of a conf that no definition has: those that are named after it, or the DAGs of a join.
func (w *way) fromUndefined(name string) (found bool) {
	for i := range w.e.s.DAGs {
		d := &w.e.s.DAGs[i]
		if isComparison(d) {
			continue
		}
		if d.Join == name {
			w.fromJobs(d)
			found = true
			continue
		}
		for _, task := range w.e.jobsOf(d) {
			if w.e.confOf(d, task) == name {
				w.fromJob(d, task)
				found = true
			}
		}
	}
	return found
}

// isComparison says whether a DAG does nothing but measure, and did: then what it measured is what there is to tell.
func isComparison(d *DAG) bool { return d.Kind == dagspec.KindComparison && d.Health != Failed }

// fromDAG walks from all jobs of a DAG.
func (w *way) fromDAG(name string) bool {
	if d := w.e.dags[name]; d != nil {
		w.fromJobs(d)
		for i := range w.e.s.Streams {
			if s := &w.e.s.Streams[i]; s.DAGID == name {
				w.stream(s)
			}
		}
		for _, c := range w.e.s.Joins {
			if c.DAGID == name {
				w.comparison(c)
			}
		}
		return true
	}
	if _, defined := w.e.s.Intent.DAG(name); defined {
		w.fromMissing(TaskRef{DAGID: name})
		return true
	}
	return false
}

// fromMissing is a way that ends at once: the DAG is not on the server, or not for the eyes of the user.
func (w *way) fromMissing(ref TaskRef) {
	step := Step{Health: Failed, Name: strings.TrimSpace(ref.DAGID + " " + ref.TaskID), State: "is not on this Airflow", DAGID: ref.DAGID, TaskID: ref.TaskID}
	if dev := w.e.deviations[ref.DAGID]; dev != nil && dev.isUnseen() {
		step.Health, step.State = Unknown, "cannot be read with the user of this context"
		if dev.Kind == DAGUnseen {
			step.State = "is missing, or hidden from the user of this context"
		}
	}
	w.add(step, w.e.notListed(ref.DAGID))
}

// fromTask walks from a task: "DAG/TASK", or an id.
func (w *way) fromTask(name string) bool {
	dag, task, both := strings.Cut(name, "/")
	if both {
		d := w.e.dags[dag]
		if d == nil || !hasTask(d, task) {
			return false
		}
		w.fromJob(d, task)
		return true
	}
	found := false
	for i := range w.e.s.DAGs {
		if d := &w.e.s.DAGs[i]; hasTask(d, name) {
			w.fromJob(d, name)
			found = true
		}
	}
	return found
}

func hasTask(d *DAG, task string) bool {
	return slices.ContainsFunc(d.Runs, func(r Run) bool { return len(instances(&r, task)) > 0 })
}

// fromTable walks from who writes a table, for one day or for those that are not done; of a table from outside, from those who wait for it.
func (w *way) fromTable(name string) (NameKind, bool) {
	is := NameTable
	table, partition, dated := strings.Cut(name, "/")
	if dated {
		is = NamePartition
	}
	if ref, inside := w.e.lineage.writerOf(table); inside {
		d := w.e.dags[ref.DAGID]
		day := oneDay.FindString(partition)
		switch {
		case d == nil:
			w.fromMissing(ref)
		case day != "":
			w.fromDay(d, ref, name, day)
		default:
			w.fromJob(d, ref.TaskID)
		}
		return is, true
	}
	if len(w.e.s.Intent.Waiters(table)) == 0 {
		return is, false
	}
	w.fromOutside(table, name, dated)
	return is, true
}

// fromOutside is the way of a table that nobody here writes: it ends where it begins.
func (w *way) fromOutside(table, name string, dated bool) {
	var found []*Cause
	for _, c := range w.e.byID {
		awaited, ok := strings.CutPrefix(c.ID, CausePartition.String()+":")
		if ok && (awaited == name || !dated && strings.HasPrefix(strings.ToLower(awaited), strings.ToLower(table)+"/")) {
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b *Cause) int { return strings.Compare(b.ID, a.ID) })
	for _, c := range found {
		w.add(Step{Health: Waiting, Name: strings.TrimPrefix(c.ID, CausePartition.String()+":"), State: "is not there; it comes from outside", Usual: c.Usual}, c)
	}
	if len(found) == 0 {
		w.add(Step{Health: OK, Name: name, State: "comes from outside, and nothing waits for it"})
	}
}

// fromJobs walks from each job of a DAG that is not done.
func (w *way) fromJobs(d *DAG) {
	jobs := w.e.jobsOf(d)
	for _, task := range jobs {
		w.fromJob(d, task)
	}
	if len(jobs) == 0 {
		w.idle(d, "")
	}
}

// jobsOf are the ids of the jobs of a DAG, by the runs that stand.
func (e *explainer) jobsOf(d *DAG) []string {
	var ids []string
	for _, r := range e.stands[d.ID] {
		for _, t := range work(r.Tasks) {
			if !slices.Contains(ids, t.ID) {
				ids = append(ids, t.ID)
			}
		}
	}
	return ids
}

// fromJob walks from a job, for each day that it has not done.
func (w *way) fromJob(d *DAG, task string) {
	shown, older, newest := 0, 0, ""
	for _, r := range w.e.stands[d.ID] {
		for _, t := range instances(r, task) {
			if t.Health == OK || t.Health == Skipped {
				newest = max(newest, r.Day)
				continue
			}
			if shown++; shown > daysShown {
				older++
				continue
			}
			w.task(0, d, r, t)
		}
	}
	switch {
	case older > 0:
		w.add(Step{Health: Waiting, Name: w.nameOf(d, task), State: plural(older, "older day") + " not done as well", DAGID: d.ID, TaskID: task})
	case shown == 0 && newest != "":
		w.add(Step{Health: OK, Name: w.nameOf(d, task), State: "is done for " + newest, DAGID: d.ID, TaskID: task, Day: newest})
	case shown == 0:
		w.idle(d, task)
	}
}

// fromDay walks from the run of one day.
func (w *way) fromDay(d *DAG, ref TaskRef, name, day string) {
	ran, err := dagspec.ParseDate(day)
	if err != nil {
		w.fromJob(d, ref.TaskID)
		return
	}
	if job := w.e.lineage.job(ref); job != nil {
		ran = ran.AddDays(job.Lag)
	}
	r := w.e.days[dagDay{d.ID, ran.String()}]
	if r == nil || len(instances(r, ref.TaskID)) == 0 {
		roots := w.e.unwritten(name, ref, ran.String(), true)
		w.add(Step{Health: Waiting, Name: name, State: "has no run that writes it", DAGID: d.ID, TaskID: ref.TaskID, Day: day}, roots...)
		return
	}
	for _, t := range instances(r, ref.TaskID) {
		w.task(0, d, r, t)
	}
}

// idle is a DAG or a job of which no run says anything.
func (w *way) idle(d *DAG, task string) {
	step := Step{Health: Waiting, Name: w.nameOf(d, task), State: "has no run in the picture", DAGID: d.ID, TaskID: task}
	switch {
	case d.Broken:
		step.Health, step.State = Failed, "its file does not import"
		w.add(step, w.e.brokenDAG(d))
	case d.Paused:
		step.Health, step.State = Paused, "is paused"
		w.add(step)
	default:
		if !w.unread(d, step) {
			w.add(step)
		}
	}
}

// unread is a DAG of which too little could be read: its runs, or the tasks of those that are not done. It says whether it is one.
func (w *way) unread(d *DAG, step Step) bool {
	shown := 0
	for _, r := range w.e.stands[d.ID] {
		if r.Tasks != nil || r.Health != Failed && r.Health != Unknown || shown == daysShown {
			continue
		}
		shown++
		step.Health, step.RunID, step.Day, step.Since = r.Health, r.ID, r.Day, r.Start
		step.State = "is not known for " + dayOf(*r) + ": its run is " + runWords(*r)
		w.add(step, w.e.runCause(d, r))
	}
	if dev := w.e.foreign(d.ID); dev != nil && shown == 0 {
		step.Health, step.State = Unknown, "is not known: "+dev.Reason
		w.add(step, w.e.deviation(*dev))
	} else if shown == 0 && d.Health == Unknown {
		step.Health, step.State = Unknown, "is not known: its runs could not be read"
		w.add(step, w.e.unread(w.e.problemOfRuns()))
	}
	return shown > 0 || d.Health == Unknown
}
