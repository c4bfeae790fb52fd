package fleet

import (
	"slices"
	"strings"

	"chrononctl/dagspec"
)

// lineage answers what comes before what, out of what should run. Where nobody told what should run it knows nothing, and answers so.
type lineage struct {
	in    *Intent
	tasks map[string]map[string]*dagspec.Task // by DAG and id, of the DAGs that were asked for
}

func newLineage(in *Intent) *lineage {
	return &lineage{in: in, tasks: make(map[string]map[string]*dagspec.Task)}
}

// job is the definition of a task, nil where it is not known.
func (l *lineage) job(ref TaskRef) *dagspec.Task {
	tasks, known := l.tasks[ref.DAGID]
	if !known {
		d, _ := l.in.DAG(ref.DAGID)
		tasks = make(map[string]*dagspec.Task, len(d.Tasks))
		for i := range d.Tasks {
			tasks[d.Tasks[i].ID] = &d.Tasks[i]
		}
		l.tasks[ref.DAGID] = tasks
	}
	return tasks[ref.TaskID]
}

// writerOf is the task that writes a table, which is a table of its own.
func (l *lineage) writerOf(table string) (TaskRef, bool) {
	if writers := l.in.Writers(table); len(writers) > 0 {
		return writers[0], true
	}
	return TaskRef{}, false
}

// writer is the task that writes what is waited for. The DAG alone may be known.
func (l *lineage) writer(w dagspec.Wait) (TaskRef, bool) {
	for _, ref := range l.in.Writers(w.Partition.Table) {
		if w.ProducedBy != "" && ref.DAGID != w.ProducedBy {
			continue
		}
		if slices.ContainsFunc(l.job(ref).Outputs, func(p dagspec.Partition) bool { return samePlace(p, w.Partition) }) {
			return ref, true
		}
	}
	if w.ProducedBy == "" {
		return TaskRef{}, false
	}
	// A table that is written on the way is no output: the conf's job is who writes it.
	for _, ref := range slices.Backward(l.in.OfConf(w.Producer)) {
		if mode := l.job(ref).Mode; ref.DAGID == w.ProducedBy && mode != dagspec.ModeKVLoad && mode != dagspec.ModeSummary {
			return ref, true
		}
	}
	return TaskRef{DAGID: w.ProducedBy}, true
}

// samePlace says whether two partitions may be one, whatever their day. All views of a namespace report to one table, where each has partitions of
// its own: there the fields without a day must be equal. Elsewhere who writes the table writes all its partitions.
func samePlace(a, b dagspec.Partition) bool {
	if !strings.EqualFold(a.Table, b.Table) {
		return false
	}
	for _, left := range a.Fields {
		for _, right := range b.Fields {
			isText := len(left.Value) == 1 && len(right.Value) == 1 && left.Value[0].Day == nil && right.Value[0].Day == nil
			if left.Column == right.Column && isText && !strings.EqualFold(left.Value[0].Text, right.Value[0].Text) {
				return false
			}
		}
	}
	return true
}

// isDated says whether the partition depends on the day of the run, and which is the earliest day that it names, in days after that of the run.
func isDated(p dagspec.Partition) (shift int, dated bool) {
	for _, field := range p.Fields {
		for _, piece := range field.Value {
			if piece.Day != nil && (!dated || piece.Day.Shift < shift) {
				shift, dated = piece.Day.Shift, true
			}
		}
	}
	return shift, dated
}

// before are the tasks that stand directly before a task in its own DAG, sensors included. known is false when the definitions do not have the task.
func (l *lineage) before(ref TaskRef) (tasks []string, known bool) {
	t := l.job(ref)
	if t == nil {
		return nil, false
	}
	tasks = slices.Clone(t.After)
	for _, w := range t.Waits {
		tasks = append(tasks, w.TaskID())
	}
	return tasks, true
}

// owner is who the definitions say owns the DAG.
func (l *lineage) owner(dag string) string { return l.in.Owner(dag) }

// conf is the conf that a task belongs to.
func (l *lineage) conf(dag, task string) string {
	if t := l.job(TaskRef{dag, task}); t != nil {
		return t.Conf
	}
	return ""
}
