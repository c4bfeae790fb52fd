package deploy

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
)

// RiskName names a kind of risk, as it is allowed.
type RiskName string

// The risks. A file in the way is none of them: it is adopted or moved away.
const (
	RiskHistory  RiskName = "history"  // a DAG or a task gets another id, and its history stays under the old one
	RiskCatchUp  RiskName = "catchup"  // Airflow creates more than one run at once
	RiskRemovals RiskName = "removals" // more DAGs go than MaxDelete
	RiskRunning  RiskName = "running"  // a run that is at work loses its DAG; a warning, when its DAG only changes
	RiskEmpty    RiskName = "empty"    // no DAG is left
	RiskShrunken RiskName = "shrunken" // less than half of the DAGs are left
	RiskSize     RiskName = "size"     // a file may take Airflow longer than it gives a file, or a DAG be larger than Airflow's database takes
	RiskAirflow  RiskName = "airflow"  // the Airflow to verify with seems to be another one than reads the target
)

// RiskNames are all risks, in the order in which they are told.
func RiskNames() []RiskName {
	return []RiskName{RiskHistory, RiskCatchUp, RiskRemovals, RiskRunning, RiskEmpty, RiskShrunken, RiskSize, RiskAirflow}
}

// Figures of the risks.
const (
	defaultMaxDelete = 5
	// maxTasks is how many tasks and waits a file may have. Airflow 2.11 took 35 s of CPU for 10,000 tasks, and gives up on a file after 50 s.
	maxTasks = 5000
	// maxRow is how large a DAG may be in Airflow's database. Rows above 1 MB have stopped DAG processors on MySQL (apache/airflow#55589).
	maxRow = 1 << 20
	// shrinkFrom is the number of DAGs from which on a loss of more than half is a risk.
	shrinkFrom = 4
)

// Risk is something that a plan does and that cannot be undone by deploying again.
type Risk struct {
	Name    RiskName `json:"name"`
	DAG     string   `json:"dag,omitempty"`
	What    string   `json:"what"`
	Runs    int      `json:"runs,omitempty"`    // how many are created, or at work
	Warning bool     `json:"warning,omitempty"` // it is only told: nobody has to allow it
	Allowed bool     `json:"allowed"`           // it stops nothing: it was allowed, or is a warning
}

func (r Risk) String() string {
	text := string(r.Name)
	switch {
	case r.Warning:
		text += ", a warning"
	case r.Allowed:
		text += ", allowed"
	}
	if r.DAG != "" {
		text += ": " + r.DAG
	}
	return text + ": " + r.What
}

// RiskError says that a plan has risks that were not allowed. Nothing was changed.
type RiskError struct {
	Risks []Risk // only those
}

func (e *RiskError) Error() string {
	lines := []string{count(len(e.Risks), "risk") + " not allowed"}
	for i, risk := range e.Risks {
		if i == shown {
			lines = append(lines, fmt.Sprintf("and %d more", len(e.Risks)-shown))
			break
		}
		lines = append(lines, risk.String())
	}
	return strings.Join(lines, "\n")
}

// Hint says what to do about it.
func (e *RiskError) Hint() string {
	names := map[RiskName]bool{}
	for _, risk := range e.Risks {
		names[risk.Name] = true
	}
	flags := make([]string, 0, len(names))
	for _, name := range slices.Sorted(maps.Keys(names)) {
		flags = append(flags, "--allow "+string(name))
	}
	hint := "if that is what you want: " + strings.Join(flags, " ")
	if names[RiskAirflow] {
		hint = nameTheAirflow + "; " + hint
	}
	return hint
}

// Refusal is why a plan must not be applied; nil: nothing is.
func (p *Plan) Refusal() error {
	if foreign := p.Foreign(); len(foreign) > 0 {
		return &ForeignError{Files: foreign}
	}
	if risks := p.refused(); len(risks) > 0 {
		return &RiskError{Risks: risks}
	}
	return nil
}

// refused and taken are the risks that are not allowed, and those that somebody allowed.
func (p *Plan) refused() []Risk {
	return slices.DeleteFunc(slices.Clone(p.Risks), func(r Risk) bool { return r.Allowed })
}

func (p *Plan) taken() []Risk {
	return slices.DeleteFunc(slices.Clone(p.Risks), func(r Risk) bool { return !r.Allowed || r.Warning })
}

// assess adds to a plan what changes in each DAG, and the risks of it.
func (e *Engine) assess(ctx context.Context, plan *Plan, defs []dagspec.DAG) error {
	a := assessment{plan: plan}
	if plan.Count(Create)+plan.Count(Update)+plan.Count(Remove) > 0 {
		before, err := readDefinitions(ctx, plan.oldFiles(), blobs(e.opts.Target.State(), plan.memory.live()))
		if err != nil {
			return err
		}
		a.before, a.after = before, plan.definitions(defs)
		a.details(dagspec.DateOf(e.opts.airflowTime()))
		a.identities()
		a.removals(e.opts.MaxDelete)
		a.sizes()
		a.rows()
		if plan.Airflow != "" {
			if err := a.running(ctx, e.opts.Airflow); err != nil {
				return err
			}
		}
	}
	if err := e.elsewhere(ctx, &a); err != nil {
		return err
	}
	for i := range a.risks {
		a.risks[i].Allowed = a.risks[i].Warning || e.allows(a.risks[i].Name)
	}
	slices.SortStableFunc(a.risks, func(x, y Risk) int {
		return cmp.Or(cmp.Compare(slices.Index(RiskNames(), x.Name), slices.Index(RiskNames(), y.Name)), strings.Compare(x.DAG, y.DAG))
	})
	plan.Risks = append([]Risk{}, a.risks...)
	return nil
}

// assessment collects the risks of a plan.
type assessment struct {
	plan          *Plan
	before, after []dagspec.DAG // the DAGs that change, as far as their definitions are known
	risks         []Risk
}

func (a *assessment) add(name RiskName, dag string, runs int, format string, args ...any) {
	a.risks = append(a.risks, Risk{Name: name, DAG: dag, Runs: runs, What: fmt.Sprintf(format, args...)})
}

// oldFiles are the live files of DAGs that change or go.
func (p *Plan) oldFiles() []string {
	files := map[string]bool{}
	live := p.memory.live()
	for _, change := range p.DAGs {
		if dag, known := live.DAGs[change.ID]; known && change.Change != Same {
			files[dag.File] = true
		}
	}
	return slices.Sorted(maps.Keys(files))
}

// definitions are those of the DAGs that the plan changes.
func (p *Plan) definitions(defs []dagspec.DAG) []dagspec.DAG {
	var changed []dagspec.DAG
	for _, dag := range defs {
		if wanted, ok := p.wanted.manifest.DAGs[dag.ID]; ok && wanted.Hash == dag.Hash && p.change(dag.ID) != Same {
			changed = append(changed, dag)
		}
	}
	return changed
}

// change is what happens to a DAG; Same also for one that the plan does not know.
func (p *Plan) change(id string) Change {
	i, ok := slices.BinarySearchFunc(p.DAGs, id, func(c DAGChange, id string) int { return strings.Compare(c.ID, id) })
	if !ok {
		return Same
	}
	return p.DAGs[i].Change
}

// readDefinitions reads the definitions out of DAG files of a release.
func readDefinitions(ctx context.Context, files []string, from content) ([]dagspec.DAG, error) {
	var defs []dagspec.DAG
	for _, name := range files {
		data, err := from.read(ctx, name)
		if err != nil {
			return nil, err
		}
		dags, err := dagspec.ReadBackFile(string(data))
		if err != nil {
			return nil, fmt.Errorf("read the definitions of %s: %w", name, err)
		}
		defs = append(defs, dags...)
	}
	return defs, nil
}

// details tells what changes in each DAG, and which runs follow from it.
func (a *assessment) details(today dagspec.Date) {
	known := map[string]bool{}
	for _, dag := range slices.Concat(a.before, a.after) {
		known[dag.ID] = true
	}
	before := slices.DeleteFunc(slices.Clone(a.before), func(d dagspec.DAG) bool { return a.plan.change(d.ID) == Same })
	details := map[string][]Detail{}
	for _, change := range dagspec.Diff(dagspec.Definitions{DAGs: before}, dagspec.Definitions{DAGs: a.after}, today) {
		details[change.DAG] = append(details[change.DAG], Detail{Class: change.Class, Task: change.Task, What: change.What, Means: change.Means})
		if change.Runs > 1 && a.runsAtOnce(change.DAG) {
			a.add(RiskCatchUp, change.DAG, change.Runs, "Airflow creates %d runs at once: %s", change.Runs, change.What)
		}
	}
	for i := range a.plan.DAGs {
		if dag := &a.plan.DAGs[i]; known[dag.ID] && (dag.Change == Update || dag.Change == Create) {
			dag.Details = details[dag.ID]
		}
	}
}

// runsAtOnce says that a DAG is not one that stays paused.
func (a *assessment) runsAtOnce(id string) bool {
	for _, dag := range a.plan.DAGs {
		if dag.ID == id {
			return dag.Live != LivePaused || slices.Contains(a.plan.activations(), id)
		}
	}
	return false
}

// identities finds DAGs and tasks that are the same but for their id.
func (a *assessment) identities() {
	type purpose struct {
		kind       dagspec.Kind
		team, join string
	}
	gone, before := map[purpose]string{}, map[string]dagspec.DAG{}
	for _, dag := range a.before {
		before[dag.ID] = dag
		if a.plan.change(dag.ID) == Remove {
			gone[purpose{dag.Kind, dag.Team, dag.Join}] = dag.ID
		}
	}
	for _, dag := range a.after {
		if old, ok := gone[purpose{dag.Kind, dag.Team, dag.Join}]; ok && a.plan.change(dag.ID) == Create {
			a.add(RiskHistory, dag.ID, 0, "it was called %s, and its history stays there", old)
		}
		if was, ok := before[dag.ID]; ok {
			a.renamedTasks(was, dag)
		}
	}
}

func (a *assessment) renamedTasks(was, dag dagspec.DAG) {
	type purpose struct {
		conf, part string
		mode       dagspec.Mode
	}
	ids := func(d dagspec.DAG) map[purpose]string {
		found := map[purpose]string{}
		for _, task := range d.Tasks {
			found[purpose{task.Conf, task.Part, task.Mode}] = task.ID
		}
		return found
	}
	now := ids(dag)
	for _, task := range was.Tasks {
		key := purpose{task.Conf, task.Part, task.Mode}
		if id, ok := now[key]; ok && id != task.ID && !slices.ContainsFunc(dag.Tasks, func(t dagspec.Task) bool { return t.ID == task.ID }) {
			a.add(RiskHistory, dag.ID, 0, "task %s is called %s now, and its history stays under the old name", task.ID, id)
		}
	}
}

// removals weighs what goes against what stays.
func (a *assessment) removals(most int) {
	gone, was, is := a.plan.Count(Remove), len(a.plan.memory.live().DAGs), len(a.plan.wanted.manifest.DAGs)
	if gone > max(most, 0) {
		a.add(RiskRemovals, "", 0, "%s to be removed, and at most %d may be", count(gone, "DAG"), max(most, 0))
	}
	switch {
	case is == 0:
		a.add(RiskEmpty, "", 0, "no DAG is left of %d", was)
	case was >= shrinkFrom && 2*is < was:
		a.add(RiskShrunken, "", 0, "%d of %d DAGs are left", is, was)
	}
}

// sizes finds files that Airflow may not finish to parse in time.
func (a *assessment) sizes() {
	tasks := map[string]int{}
	for _, dag := range a.after {
		file := a.plan.wanted.manifest.DAGs[dag.ID].File
		for _, task := range dag.Tasks {
			tasks[file] += 1 + len(task.Waits)
		}
	}
	for _, file := range slices.Sorted(maps.Keys(tasks)) {
		if tasks[file] > maxTasks {
			a.add(RiskSize, "", 0, "%s has %d tasks and waits; Airflow may give up on a file with more than %d: layout: dag writes a file for each DAG", file, tasks[file], maxTasks)
		}
	}
}

// rows finds DAGs that Airflow may not be able to store. One that was as large before is no risk of this plan.
func (a *assessment) rows() {
	before := map[string]int{}
	for i := range a.before {
		before[a.before[i].ID] = dagspec.SerializedSize(&a.before[i])
	}
	for i := range a.after {
		dag := &a.after[i]
		if size := dagspec.SerializedSize(dag); size > max(maxRow, before[dag.ID]) {
			a.add(RiskSize, dag.ID, 0, "up to about %d KB in Airflow's database, where rows above %d KB have stopped DAG processors: divide the team with dags: {parts: {%s: 2}}, or set compress_serialized_dags in Airflow",
				size>>10, maxRow>>10, dag.Team)
		}
	}
}

// running finds runs that are at work while their DAG changes or goes. A streaming DAG's runs are short looks at what runs elsewhere, and do not count.
//
// A change needs no leave: confs and runtimes lie under names that hold their hash, so that a task which has begun ends on what it began with. Only a
// removal takes something away from a run: its later tasks never begin.
func (a *assessment) running(ctx context.Context, airflow Airflow) error {
	changes := map[string]Change{}
	for _, dag := range a.plan.DAGs {
		streaming := a.plan.wanted.manifest.DAGs[dag.ID].Kind == dagspec.KindStreaming
		if (dag.Change == Update && dag.Was != dag.Hash && !streaming || dag.Change == Remove) && dag.Live != LiveAbsent {
			changes[dag.ID] = dag.Change
		}
	}
	if len(changes) == 0 {
		return nil
	}
	runs, err := airflow.Runs(ctx, airflowclient.RunQuery{States: []airflowclient.State{airflowclient.StateRunning}})
	if err != nil {
		return err
	}
	at := map[string]int{}
	for _, run := range runs {
		if changes[run.DAGID] != "" {
			at[run.DAGID]++
		}
	}
	for _, id := range slices.Sorted(maps.Keys(at)) {
		if changes[id] == Remove {
			a.add(RiskRunning, id, at[id], "%s at work when it goes; its running tasks are awaited, the others do not start any more", count(at[id], "run"))
			continue
		}
		a.risks = append(a.risks, Risk{
			Name: RiskRunning, DAG: id, Runs: at[id], Warning: true,
			What: count(at[id], "run") + " at work; running tasks end on what they began with, later ones begin with the new definition",
		})
	}
	return nil
}
