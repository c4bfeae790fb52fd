package fleet

import (
	"cmp"
	"slices"
	"strings"

	"chrononctl/dagspec"
)

// add appends a step. Its causes are where the way ends.
func (w *way) add(s Step, causes ...*Cause) {
	if d := w.e.dags[s.DAGID]; d != nil {
		s.Team, s.Owner = cmp.Or(s.Team, d.Team), cmp.Or(s.Owner, w.e.lineage.owner(d.ID))
	}
	for _, c := range causes {
		w.meet(c, s.Health)
		s.Causes = append(s.Causes, c.ID)
		s.Ends = cmp.Or(s.Ends, c.Ends)
	}
	w.steps = append(w.steps, s)
}

// meet notes that the way ends in a cause. One that nothing in the picture has as its effect is as bad as the step that it is met at.
func (w *way) meet(c *Cause, met Health) {
	w.ends[c.ID] = true
	if len(c.Explains) == 0 {
		c.Health = Worst(c.Health, met)
	}
}

// nameOf is a task by its conf, where that is known.
func (w *way) nameOf(d *DAG, task string) string {
	if conf := w.e.confOf(d, task); conf != "" {
		mode, _, _ := strings.Cut(task, "__")
		if w.e.sharesName(conf, TaskRef{d.ID, task}, mode) {
			return conf + " " + mode + " (" + d.ID + ")"
		}
		return conf + " " + mode
	}
	return strings.TrimSpace(d.ID + " " + task)
}

// sharesName says whether another DAG does the same for a conf of the name: a join and a staging query may share one.
func (e *explainer) sharesName(conf string, ref TaskRef, mode string) bool {
	return slices.ContainsFunc(e.s.Intent.OfConf(conf), func(other TaskRef) bool {
		return other.DAGID != ref.DAGID && strings.HasPrefix(other.TaskID, mode+"__")
	})
}

// task is the step of a task that is not done, and those that it comes from.
func (w *way) task(depth int, d *DAG, r *Run, t Task) {
	step := Step{
		Depth: depth, Health: t.Health, Name: w.nameOf(d, t.ID), DAGID: d.ID, RunID: r.ID, TaskID: t.ID, Day: r.Day, Since: began(*r, t),
		Usual: w.e.usual(TaskRef{d.ID, t.ID}, r.Day), State: stateWords(d, r, t),
	}
	if t.Health == None {
		step.Health = Waiting
	}
	roots := w.e.rootsOf(d, r, t)
	if w.seen[t.Ref()] {
		step.State += ", as above"
		w.add(step)
		return
	}
	w.seen[t.Ref()] = true
	if d.Paused && !r.finished() && t.Health != Failed {
		w.add(step, w.e.paused(d))
		return
	}
	if t.State == "" || t.State == stateUpstreamFailed {
		w.add(step)
		if !w.before(depth+1, d, r, t) {
			w.end(roots)
		}
		return
	}
	if isLooking(t) && !slices.ContainsFunc(roots, func(c *Cause) bool { return c.Kind == CausePool || c.Kind == CauseWorker }) {
		w.partition(depth, d, r, t)
		return
	}
	w.add(step, roots...)
}

// end has the last step end in causes.
func (w *way) end(roots []*Cause) {
	last := &w.steps[len(w.steps)-1]
	for _, c := range roots {
		w.meet(c, last.Health)
		last.Causes = append(last.Causes, c.ID)
		last.Ends = cmp.Or(last.Ends, c.Ends)
	}
}

// stateWords is how a task is, for a day.
func stateWords(d *DAG, r *Run, t Task) string {
	words := "is " + t.Word()
	switch t.State {
	case "":
		words = "waits"
	case stateUpstreamFailed:
		words = "did not run, what comes before it failed"
	case stateFailed:
		words = "failed"
	case stateRetry:
		words = "failed, and is tried again"
	}
	if d.Paused && !r.finished() {
		words += ", and its DAG is paused"
	}
	return words + " for " + dayOf(*r)
}

// before walks what stands before a task and is not done. It says whether there was any.
func (w *way) before(depth int, d *DAG, r *Run, t Task) bool {
	before, known := w.e.lineage.before(TaskRef{d.ID, t.ID})
	found := false
	for _, other := range r.Tasks {
		done := other.Health == OK || other.Health == Skipped
		if done || other.ID == t.ID || known && !slices.Contains(before, other.ID) || !known && other.State == t.State {
			continue
		}
		found = true
		w.task(depth, d, r, other)
	}
	return found
}

// partition is the step of what a sensor waits for, and that of who writes it.
func (w *way) partition(depth int, d *DAG, r *Run, t Task) {
	wait, _, known := w.e.s.Intent.Sensor(TaskRef{d.ID, t.ID})
	day, err := dagspec.ParseDate(r.Day)
	if !known || err != nil {
		w.add(Step{
			Depth: depth, Health: Waiting, Name: t.ID, State: "waits for " + dayOf(*r), DAGID: d.ID, RunID: r.ID, TaskID: t.ID, Day: r.Day, Since: r.Start,
		}, w.e.sensor(d, r, t)...)
		return
	}
	step := Step{
		Depth: depth, Health: Waiting, Name: wait.Partition.On(day), State: "is not there", DAGID: d.ID, RunID: r.ID, TaskID: t.ID, Day: r.Day, Since: r.Start,
	}
	roots := w.e.absent(wait, day)
	writer, inside := w.e.lineage.writer(wait)
	if !inside {
		step.State, step.Usual = "is not there; it comes from outside", w.e.usualOutside(d, r, t.ID)
		w.add(step, roots...)
		return
	}
	by, run := w.run(writer, wait, day)
	if by == nil || run == nil || len(instances(run, writer.TaskID)) == 0 {
		w.add(step, roots...)
		return
	}
	written := instances(run, writer.TaskID)
	if !slices.ContainsFunc(written, func(t Task) bool { return t.Health != OK && t.Health != Skipped }) {
		w.add(step, roots...)
		return
	}
	step.Usual = w.e.usual(writer, run.Day)
	w.add(step)
	for _, other := range written {
		if other.Health != OK && other.Health != Skipped {
			w.task(depth+1, by, run, other)
		}
	}
	if by.Paused || len(w.steps) > 0 && len(w.steps[len(w.steps)-1].Causes) == 0 {
		w.end(roots)
	}
}

// run is the run in which the writer makes what is waited for.
func (w *way) run(writer TaskRef, wait dagspec.Wait, day dagspec.Date) (*DAG, *Run) {
	d := w.e.dags[writer.DAGID]
	if d == nil {
		return nil, nil
	}
	shift, dated := isDated(wait.Partition)
	if !dated {
		return d, w.e.newest(d)
	}
	ran := day.AddDays(shift)
	if job := w.e.lineage.job(writer); job != nil {
		ran = ran.AddDays(job.Lag)
	}
	return d, w.e.days[dagDay{d.ID, ran.String()}]
}

// stream is the step of a stream.
func (w *way) stream(s *Stream) {
	verb := "is "
	if s.Restarts > 0 { // with which the sentence begins
		verb = "had "
	}
	step := Step{Health: s.Health, Name: s.GroupBy + " stream", State: verb + s.Sentence(w.e.s.Clock()), Team: s.Team, DAGID: s.DAGID, Since: s.Since}
	if s.Health <= OK {
		w.add(step)
		return
	}
	w.add(step, w.e.stream(s)...)
}

// comparison is the step of a comparison.
func (w *way) comparison(c Comparison) {
	step := Step{Health: c.Health, Name: c.Join + " consistency", State: "is " + c.Health.Word(), Team: c.Team, DAGID: c.DAGID, Day: c.Day}
	if c.Day != "" {
		step.State += " for " + c.Day
	}
	if roots := w.e.comparisonRoots(c); len(roots) > 0 {
		w.add(step, roots...)
		return
	}
	w.add(step)
}

// Names are all names that can be asked about, in order.
func (x Explanation) Names() []string {
	e := x.picture
	var names []string
	for _, t := range e.s.Teams {
		names = append(names, t.Name)
	}
	for i := range e.s.DAGs {
		d := &e.s.DAGs[i]
		names = append(names, d.ID, d.Join)
		for _, task := range e.jobsOf(d) {
			names = append(names, e.confOf(d, task))
		}
	}
	for _, s := range e.s.Streams {
		names = append(names, s.GroupBy)
	}
	names = append(names, e.s.Intent.Confs()...)
	if e.s.Intent != nil {
		for _, d := range e.s.Intent.DAGs {
			for _, t := range d.Tasks {
				for _, p := range t.Outputs {
					names = append(names, p.Table)
				}
				for _, wait := range t.Waits {
					names = append(names, wait.Partition.Table)
				}
			}
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}
