package dagspec

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// maxID is the longest id that Airflow's database takes.
const maxID = 250

// maxFileName is the longest file name that common file systems take, in bytes.
const maxFileName = 255

var idPattern = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

// checkIDs refuses DAGs and tasks that cannot stand beside each other: equal ids, also by letter case (which some of Airflow's databases do not
// tell apart), equal file names, ids that Airflow does not take. What is refused is taken out.
func (b *builder) checkIDs() {
	keys := slices.SortedFunc(maps.Keys(b.dags), func(x, y dagKey) int {
		return cmp.Or(cmp.Compare(x.kind, y.kind), cmp.Compare(x.team, y.team), cmp.Compare(x.join, y.join), cmp.Compare(x.part, y.part))
	})
	byID := map[string][]dagKey{}
	byPath := map[string]dagKey{}
	for _, key := range keys {
		dag := b.dags[key]
		b.checkTaskIDs(dag)
		if len(dag.Tasks) == 0 {
			continue
		}
		if !idPattern.MatchString(dag.ID) || len(dag.ID) > maxID {
			b.refuse(key, codeIDUnusable, fmt.Sprintf("the DAG id %q is no id that Airflow takes: up to 250 letters, digits, _, - and dots", dag.ID),
				"shorten the conf's name, or change the naming template")
			continue
		}
		byID[strings.ToLower(dag.ID)] = append(byID[strings.ToLower(dag.ID)], key)
		b.checkPath(key, byPath)
	}
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		if len(byID[id]) > 1 {
			b.refuseAll(byID[id])
		}
	}
}

// checkPath reports DAGs of different teams, or with the layout of a file per DAG different DAGs, that get one file.
func (b *builder) checkPath(key dagKey, byPath map[string]dagKey) {
	dag := b.dags[key]
	path := dagFile(dag, b.s.Layout)
	folded := strings.ToLower(path)
	other, taken := byPath[folded]
	byPath[folded] = key
	switch {
	case len(path) > maxFileName:
		b.about(teamsFile).err(codePathCollision, key.team, fmt.Sprintf("the file name %q is longer than file systems take", path), "shorten the team's name")
	case !taken:
	case b.s.Layout == LayoutDAG && !strings.EqualFold(b.dags[other].ID, dag.ID):
		b.about(projectFile).err(codePathCollision, "layout", fmt.Sprintf("the DAGs %s and %s get the same file %s", b.dags[other].ID, dag.ID, path),
			"rename a conf, or keep the layout team")
	case b.s.Layout != LayoutDAG && dagFile(b.dags[other], b.s.Layout) != path:
		b.about(teamsFile).err(codePathCollision, key.team, fmt.Sprintf("teams %q and %q get the same file %s", other.team, key.team, path),
			"teams must differ by more than letter case")
	}
}

// refuseAll takes out DAGs that have one id.
func (b *builder) refuseAll(keys []dagKey) {
	ofTeams := !slices.ContainsFunc(keys, func(key dagKey) bool { return key.join != "" || key.kind != keys[0].kind })
	owners := make([]string, len(keys))
	for i, key := range keys {
		owners[i] = firstOf(key.join, "team "+key.team)
	}
	for i, key := range keys {
		others := slices.Delete(slices.Clone(owners), i, i+1)
		message := fmt.Sprintf("the DAG id %q belongs to %s as well", b.dags[key].ID, strings.Join(others, " and "))
		if hint := b.collisionHint(key); ofTeams && strings.Contains(b.template(key.kind), "{team}") {
			b.about(teamsFile).err(codeDAGCollision, key.team, message, hint)
			b.dags[key].Tasks = nil
		} else {
			b.refuse(key, codeDAGCollision, message, hint)
		}
	}
}

// collisionHint says how a DAG gets an id of its own: by the template, where that leaves out what tells the DAGs apart, else by another name.
func (b *builder) collisionHint(key dagKey) string {
	part, rename := "{team}", "rename one of the teams; in a DAG id their names become the same"
	if key.join != "" {
		part, rename = "{join}", "rename one of the confs; in a DAG id their names become the same"
	}
	if !strings.Contains(b.template(key.kind), part) {
		return fmt.Sprintf("put %s into naming.%s of chrononctl.yaml", part, key.kind)
	}
	return rename
}

// refuse takes a DAG out. A join's DAG is the matter of its conf; a team's is one of the settings.
func (b *builder) refuse(key dagKey, code, message, hint string) {
	if key.join != "" {
		b.about(b.dags[key].Tasks[0].ConfFile).err(code, "metaData.name", message, hint)
	} else {
		b.about(projectFile).err(code, "naming."+string(key.kind), message, hint)
	}
	b.dags[key].Tasks = nil
}

// checkTaskIDs takes out the confs of a DAG whose tasks have one id, or one that Airflow does not take.
func (b *builder) checkTaskIDs(dag *DAG) {
	byID := map[string][]Task{}
	for _, task := range dag.Tasks {
		byID[strings.ToLower(task.ID)] = append(byID[strings.ToLower(task.ID)], task)
	}
	bad := map[string]bool{} // files
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		tasks := byID[id]
		for _, task := range tasks {
			switch {
			case len(id) > maxID:
				b.about(task.ConfFile).err(codeIDUnusable, "metaData.name", fmt.Sprintf("the task id %q has more than 250 letters", task.ID), "shorten the conf's name")
			case len(tasks) > 1:
				b.about(task.ConfFile).err(codeTaskCollision, "metaData.name",
					fmt.Sprintf("the task id %q in DAG %s belongs to %s", task.ID, dag.ID, namesOf(tasks)), "rename one of the confs")
			default:
				continue
			}
			bad[task.ConfFile] = true
		}
	}
	dropConfs(dag, bad)
}

func namesOf(tasks []Task) string {
	names := make([]string, len(tasks))
	for i, task := range tasks {
		names[i] = task.Conf
	}
	return strings.Join(names, " and ")
}

// dropConfs takes the tasks of some files out of a DAG, and the DAG's summary when nothing is left to sum up.
func dropConfs(dag *DAG, files map[string]bool) {
	if len(files) == 0 {
		return
	}
	gone := map[string]bool{}
	dag.Tasks = slices.DeleteFunc(dag.Tasks, func(t Task) bool {
		gone[t.ID] = gone[t.ID] || files[t.ConfFile]
		return files[t.ConfFile]
	})
	for i := range dag.Tasks {
		dag.Tasks[i].After = slices.DeleteFunc(dag.Tasks[i].After, func(id string) bool { return gone[id] })
	}
	if len(dag.Tasks) == 1 && dag.Tasks[0].Mode == ModeSummary {
		dag.Tasks = nil
	}
}
