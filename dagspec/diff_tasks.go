package dagspec

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// tasks compares the tasks of two sides of a DAG.
func (d *differ) tasks(old, dag *DAG) {
	before, after := tasksByID(old.Tasks), tasksByID(dag.Tasks)
	for _, id := range slices.Sorted(maps.Keys(after)) {
		if was := before[id]; was != nil {
			d.task(dag, was, after[id])
			continue
		}
		d.add(dag, ChangeIdentity, id, "is new: "+jobOf(after[id]), "it runs from the next run on; runs that ended do not get it")
	}
	for _, id := range slices.Sorted(maps.Keys(before)) {
		if after[id] == nil {
			d.add(dag, ChangeIdentity, id, "is gone: "+jobOf(before[id]), "it runs no more; what it wrote stays, and its history is no longer shown")
		}
	}
	d.team(old, dag)
}

func tasksByID(tasks []Task) map[string]*Task {
	index := make(map[string]*Task, len(tasks))
	for i := range tasks {
		index[tasks[i].ID] = &tasks[i]
	}
	return index
}

// jobOf is what a task does, in words.
func jobOf(t *Task) string {
	if t.Conf == "" {
		return string(t.Mode)
	}
	return fmt.Sprintf("%s of %s", t.Mode, t.Conf)
}

func (d *differ) task(dag *DAG, old, task *Task) {
	d.taskSchedule(dag, old, task)
	d.dependencies(dag, old, task)
	d.argv(dag, old, task)
}

func (d *differ) taskSchedule(dag *DAG, old, task *Task) {
	if old.Schedule != task.Schedule {
		word := func(s string) string { return firstOf(s, "every run of its DAG") }
		d.add(dag, ChangeSchedule, task.ID, fmt.Sprintf("runs at %s instead of %s", word(task.Schedule), word(old.Schedule)), "runs of other days skip it")
	}
	if task.Mode == ModeSummary || old.Coalesce == task.Coalesce {
		return
	}
	if task.Coalesce {
		d.add(dag, ChangeSchedule, task.ID, "may leave a day to a newer one", "it fills what is missing, so that a backlog of days is done in one run")
	} else {
		d.add(dag, ChangeSchedule, task.ID, "computes each day for itself", "no day of a backlog is skipped any more, and each costs a job")
	}
}

// dependencies compares what comes before a task and what must be there after it.
func (d *differ) dependencies(dag *DAG, old, task *Task) {
	for _, side := range []struct {
		what, more, moreMeans, less, lessMeans string
		was, is                                []string
	}{
		{
			what: "wait", more: "waits for %s", moreMeans: "a run starts the task only when it is there",
			less: "waits no more for %s", lessMeans: "the task may now start before that is there", was: waitWords(old.Waits), is: waitWords(task.Waits),
		},
		{
			what: "output", more: "promises %s", moreMeans: "the task fails when that is not there after the job",
			less: "promises no more %s", lessMeans: "that is no longer looked for after the job", was: outputWords(old.Outputs), is: outputWords(task.Outputs),
		},
		{
			what: "order", more: "comes after %s", moreMeans: "it waits for that task of the same run",
			less: "comes no more after %s", lessMeans: "it no longer waits for that task of the same run", was: old.After, is: task.After,
		},
	} {
		for _, each := range without(side.is, side.was) {
			d.add(dag, ChangeDependencies, task.ID, fmt.Sprintf(side.more, each), side.moreMeans)
		}
		for _, each := range without(side.was, side.is) {
			d.add(dag, ChangeDependencies, task.ID, fmt.Sprintf(side.less, each), side.lessMeans)
		}
	}
}

// without lists the texts of a that are not in b.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(each string) bool { return slices.Contains(b, each) })
}

func waitWords(waits []Wait) []string {
	words := make([]string, len(waits))
	for i, wait := range waits {
		words[i] = wait.Partition.Spec()
		if !wait.Start.IsZero() {
			words[i] += " from " + wait.Start.String()
		}
		if !wait.End.IsZero() {
			words[i] += " until " + wait.End.String()
		}
	}
	return words
}

func outputWords(outputs []Partition) []string {
	words := make([]string, len(outputs))
	for i, output := range outputs {
		words[i] = output.Spec()
	}
	return words
}

// argv compares the command lines, and the contents of the confs that they name. A KV load's command is part of the settings.
func (d *differ) argv(dag *DAG, old, task *Task) {
	if task.Mode == ModeKVLoad || task.Mode == ModeSummary {
		if old.Table != task.Table || old.Dataset != task.Dataset || old.Lag != task.Lag || old.Sample != task.Sample {
			d.add(dag, ChangeArgv, task.ID, fmt.Sprintf("works on %s, %s", task.Table, firstOf(task.Dataset, fmt.Sprintf("sample %g %%", task.Sample))), "it holds from the next start of the task on")
		}
		return
	}
	was, is := argvWords(old.Argv), argvWords(task.Argv)
	if !slices.Equal(was, is) {
		d.add(dag, ChangeArgv, task.ID, argvChange(was, is), "the job's next start gets the new command line, also when an old day is cleared")
	}
	if sums(old.Argv) != "" && sums(task.Argv) != "" && sums(old.Argv) != sums(task.Argv) {
		d.add(dag, ChangeConf, task.ID, firstOf(task.ConfFile, "the folder of the joins")+" has other contents", confMeans(task.Mode))
	}
}

// confMeans is what other contents of a conf lead to, by the job that reads it.
func confMeans(mode Mode) string {
	switch mode {
	case ModeBackfill, ModeBackfillLeft, ModeBackfillFinal:
		return "days from the next run on are computed by it; a change of meaning makes Chronon archive the table and fill it anew"
	case ModeUpload:
		return "the next upload holds the values of the new conf"
	case ModeStreaming:
		return "the running stream keeps the old conf until somebody restarts it"
	case ModeMetadataExport:
		return "the next export writes it"
	case ModeMetadataUpload:
		return "serving reads the new confs after the next upload"
	case ModeStats, ModeLogStats, ModeConsistency, ModeLogFlattener, ModeLabelJoin, ModeModelTransform:
		return "days from the next run on are computed by it"
	case ModeKVLoad, ModeSummary:
		return "the next run takes it"
	default:
		return "the next run takes it"
	}
}

func argvWords(argv []Arg) []string {
	words := make([]string, len(argv))
	for i, arg := range argv {
		words[i] = arg.template()
	}
	return words
}

// argvChange names the arguments that differ, with the option before each.
func argvChange(was, is []string) string {
	first := 0
	for first < len(was) && first < len(is) && was[first] == is[first] {
		first++
	}
	last := 0
	for last < len(was)-first && last < len(is)-first && was[len(was)-1-last] == is[len(is)-1-last] {
		last++
	}
	if first > 0 && strings.HasPrefix(is[first-1], "--") {
		first-- // the option that the value belongs to
	}
	word := func(args []string) string { return firstOf(strings.Join(args, " "), "nothing") }
	return fmt.Sprintf("runs %s instead of %s", word(is[first:len(is)-last]), word(was[first:len(was)-last]))
}

// sums are the contents of the confs that a command line names; teams.json is none.
func sums(argv []Arg) string {
	var all []string
	for _, arg := range argv {
		if arg.File && arg.Text != "." && arg.Sum != "" {
			all = append(all, arg.Sum)
		}
		for _, file := range arg.Files {
			all = append(all, file.Path+file.Sum)
		}
	}
	return strings.Join(all, " ")
}

// team tells, once for a DAG, that its team's part of teams.json changed.
func (d *differ) team(old, dag *DAG) {
	was, is := teamSum(old.Tasks), teamSum(dag.Tasks)
	if was != "" && is != "" && was != is {
		d.add(dag, ChangeSettings, "", "its team's part of teams.json changed", "jobs that start from now on get the new environment")
	}
}

func teamSum(tasks []Task) string {
	for _, task := range tasks {
		for _, arg := range task.Argv {
			if arg.File && arg.Text == "." {
				return arg.Sum
			}
		}
	}
	return ""
}
