package dagspec

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// ChangeClass says which side of a DAG changed.
type ChangeClass string

// The classes of change, in the order in which they are told.
const (
	ChangeIdentity     ChangeClass = "identity"     // what exists, and under which id
	ChangeStart        ChangeClass = "start"        // the first day, and whether missed days are caught up
	ChangeSchedule     ChangeClass = "schedule"     // when it runs, and which days it may leave to newer ones
	ChangeDependencies ChangeClass = "dependencies" // what it waits for, what it promises, and the order of its tasks
	ChangeArgv         ChangeClass = "argv"         // the command line, apart from the contents of the files that it names
	ChangeConf         ChangeClass = "conf"         // the content of a conf
	ChangeSettings     ChangeClass = "settings"     // the project file, the team's part of teams.json
	ChangeRuntime      ChangeClass = "runtime"      // the Python package that the DAG runs on
)

// changeClasses is the order of the classes.
var changeClasses = []ChangeClass{
	ChangeIdentity, ChangeStart, ChangeSchedule, ChangeDependencies, ChangeArgv, ChangeConf, ChangeSettings, ChangeRuntime,
}

// Change is one difference between two builds, told in words.
type Change struct {
	DAG   string
	Class ChangeClass
	Task  string // empty: the DAG as a whole
	What  string // what changed, "starts 2026-10-01 instead of 2026-11-01"
	Means string // what follows from it for its runs; one sentence
	Runs  int    // runs that Airflow will create at once to catch up, as far as the change leads to any
}

// Diff tells what changes for each DAG when next takes the place of old, by DAG, class and task. today, the present day in UTC, is what catch-up runs
// are counted to; with none they are not counted. Old may come from [ReadBack]; what that cannot know is not compared.
func Diff(old, next Definitions, today Date) []Change {
	d := differ{today: today}
	before, after := byID(old.DAGs), byID(next.DAGs)
	moved := renamed(before, after)
	for _, id := range slices.Sorted(maps.Keys(after)) {
		was, known := before[id]
		switch from, isMoved := moved[id]; {
		case known:
			d.dag(was, after[id])
		case isMoved:
			d.moved(before[from], after[id])
		default:
			d.added(after[id])
		}
	}
	gone := slices.Collect(maps.Values(moved))
	for _, id := range slices.Sorted(maps.Keys(before)) {
		if after[id] == nil && !slices.Contains(gone, id) {
			d.add(before[id], ChangeIdentity, "", "is gone", "no run starts any more, and its tables stay as they are; its history stays in Airflow until somebody deletes it")
		}
	}
	slices.SortStableFunc(d.changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.DAG, b.DAG), cmp.Compare(slices.Index(changeClasses, a.Class), slices.Index(changeClasses, b.Class)), cmp.Compare(a.Task, b.Task))
	})
	return d.changes
}

func byID(dags []DAG) map[string]*DAG {
	index := make(map[string]*DAG, len(dags))
	for i := range dags {
		index[dags[i].ID] = &dags[i]
	}
	return index
}

// renamed finds DAGs that are the same but for their id: new id -> old id.
func renamed(before, after map[string]*DAG) map[string]string {
	gone := map[dagKey]string{}
	for id, dag := range before {
		if after[id] == nil {
			gone[dag.key()] = id
		}
	}
	moved := map[string]string{}
	for id, dag := range after {
		if from, ok := gone[dag.key()]; ok && before[id] == nil {
			moved[id] = from
		}
	}
	return moved
}

// key is what a DAG is for. A team's DAG names no join.
func (d *DAG) key() dagKey { return dagKey{kind: d.Kind, team: d.Team, join: d.Join} }

// differ collects changes.
type differ struct {
	today   Date
	changes []Change
}

func (d *differ) add(dag *DAG, class ChangeClass, task, what, means string) {
	d.changes = append(d.changes, Change{DAG: dag.ID, Class: class, Task: task, What: what, Means: means})
}

// caughtUp adds to the last change the runs that a DAG without history creates, and says so.
func (d *differ) caughtUp(dag *DAG) {
	last := &d.changes[len(d.changes)-1]
	last.Runs = dag.runsBefore(d.today)
	switch {
	case !dag.Catchup:
		last.Means += "; it begins with the newest day and catches up nothing"
	case last.Runs > 0:
		last.Means += fmt.Sprintf("; it catches up from %s: %s at once", dag.Start, counted(last.Runs, "run"))
	default:
		last.Means += fmt.Sprintf("; its first day is %s", dag.Start)
	}
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (d *differ) added(dag *DAG) {
	d.add(dag, ChangeIdentity, "", "is new, with "+counted(len(dag.Tasks), "task"), "Airflow shows it paused until somebody unpauses it")
	d.caughtUp(dag)
}

func (d *differ) moved(old, dag *DAG) {
	d.add(dag, ChangeIdentity, "", "was called "+old.ID, "to Airflow it is a new DAG: the history stays under the old id, and variables, alerts and links that name it do not follow")
	d.caughtUp(dag)
	d.contents(old, dag)
}

// dag compares the two sides of one DAG.
func (d *differ) dag(old, dag *DAG) {
	found := len(d.changes)
	d.start(old, dag)
	if old.Schedule != dag.Schedule {
		d.add(dag, ChangeSchedule, "", fmt.Sprintf("runs at %s instead of %s", dag.Schedule, old.Schedule),
			"the next run ends the interval that is open now; days that only the old schedule had are not run any more")
	}
	d.contents(old, dag)
	if len(d.changes) == found && old.Hash != dag.Hash {
		d.add(dag, ChangeConf, "", "has other contents under the same names", "the next runs take the confs and the teams.json that lie on the workers then")
	}
}

// start compares first days. Airflow goes on from the last run of a DAG that has one, whatever its start date says.
func (d *differ) start(old, dag *DAG) {
	switch {
	case dag.Start == old.Start:
	case dag.Start.Before(old.Start):
		earlier := dag.runsBetween(dag.Start, old.Start)
		d.add(dag, ChangeStart, "", fmt.Sprintf("starts %s instead of %s", dag.Start, old.Start),
			fmt.Sprintf("Airflow goes on from the last run and does not go back: %s before %s come by a backfill only", counted(earlier, "run"), old.Start))
		if dag.Catchup {
			last := &d.changes[len(d.changes)-1]
			if last.Runs = dag.runsBefore(d.today); last.Runs > 0 {
				last.Means += fmt.Sprintf("; if it never ran, it catches up %s", counted(last.Runs, "run"))
			}
		}
	default:
		d.add(dag, ChangeStart, "", fmt.Sprintf("starts %s instead of %s", dag.Start, old.Start), "no run is created for a day before that any more, also where one is missing")
	}
	switch {
	case dag.Catchup == old.Catchup:
	case dag.Catchup:
		d.add(dag, ChangeStart, "", "catches up", "every day since the last run that has none gets one, at most those since "+dag.Start.String())
		d.changes[len(d.changes)-1].Runs = dag.runsBefore(d.today)
	default:
		d.add(dag, ChangeStart, "", "catches up no more", "after a pause only the newest day runs; what fills what is missing fills the others with it")
	}
}

// runsBefore is how many runs a DAG has whose intervals ended by a day.
func (d *DAG) runsBefore(today Date) int {
	if !d.Catchup || today.IsZero() {
		return 0
	}
	return d.runsBetween(d.Start, today)
}

// runsBetween counts the intervals of the schedule within [from, to).
func (d *DAG) runsBetween(from, to Date) int {
	schedule, err := cron.ParseStandard(parserCron(d.Schedule))
	if err != nil {
		return 0
	}
	runs := 0
	for tick := schedule.Next(from.Time().Add(-time.Second)); !tick.IsZero(); runs++ {
		if tick = schedule.Next(tick); tick.After(to.Time()) {
			break
		}
	}
	return runs
}

// contents compares all but identity, start and schedule of the DAG.
func (d *differ) contents(old, dag *DAG) {
	for _, field := range []struct{ name, was, is string }{
		{"owner", old.Owner, dag.Owner}, {"queue", old.Queue, dag.Queue}, {"user", old.User, dag.User},
		{"mail addresses", strings.Join(old.Emails, " "), strings.Join(dag.Emails, " ")},
	} {
		if field.was != field.is {
			d.add(dag, ChangeSettings, "", fmt.Sprintf("%s %q instead of %q", field.name, field.is, field.was), "it holds for tasks that start from now on")
		}
	}
	if old.Settings != dag.Settings {
		d.add(dag, ChangeSettings, "", settingsChange(old.Settings, dag.Settings), "it holds for tasks that start from now on; running ones keep what they have")
	}
	if old.Runtime != dag.Runtime {
		d.add(dag, ChangeRuntime, "", fmt.Sprintf("runs on chronon_rt_%s instead of chronon_rt_%s", dag.Runtime, old.Runtime),
			"tasks that start from now on use the new one; running ones end on the old")
	}
	d.tasks(old, dag)
}

// settingsChange names the settings that differ.
func settingsChange(old, next string) string {
	was, is := settingsOf(old), settingsOf(next)
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(is)) {
		if before, known := was[key]; !known {
			parts = append(parts, key+" "+is[key])
		} else if before != is[key] {
			parts = append(parts, fmt.Sprintf("%s %s instead of %s", key, is[key], before))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(was)) {
		if _, known := is[key]; !known {
			parts = append(parts, "no "+key)
		}
	}
	return strings.Join(parts, "; ")
}

// settingsOf splits rendered settings into their keys, "sensor.kind" -> "\"hive\"".
func settingsOf(rendered string) map[string]string {
	flat := map[string]string{}
	p := &pyParser{rest: rendered}
	value := p.value()
	if p.err != nil {
		return map[string]string{"settings": rendered}
	}
	flatten(flat, "", value)
	return flat
}

func flatten(flat map[string]string, at string, value pyValue) {
	call, ok := value.(pyCall)
	if !ok {
		flat[at] = pyInline(value)
		return
	}
	for _, arg := range call.args {
		flatten(flat, strings.TrimPrefix(at+"."+arg.key, "."), arg.value)
	}
}
