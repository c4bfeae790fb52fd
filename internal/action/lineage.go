package action

import (
	"maps"
	"slices"

	"chrononctl/dagspec"
)

// Lineage says which confs read, directly or through others, what a conf computes. It is made from the definitions of a repository; what has
// no DAG there is not in it.
type Lineage struct {
	confs   map[string]bool
	readers map[string][]reader // by table
	writes  map[string][]string // tables by conf
	tasks   map[taskKey]string  // confs
}

// taskKey identifies a task.
type taskKey struct{ dag, task string }

// reader is a task's conf and DAG.
type reader struct{ conf, dag string }

// NewLineage draws the graph of the definitions. confs are the names of all sound confs, with a DAG or without.
func NewLineage(defs dagspec.Definitions, confs []string) *Lineage {
	l := &Lineage{confs: map[string]bool{}, readers: map[string][]reader{}, writes: map[string][]string{}, tasks: map[taskKey]string{}}
	for _, name := range confs {
		l.confs[name] = true
	}
	for _, dag := range defs.DAGs {
		for _, task := range dag.Tasks {
			if task.Conf == "" {
				continue
			}
			l.tasks[taskKey{dag.ID, task.ID}] = task.Conf
			for _, out := range task.Outputs {
				l.writes[task.Conf] = append(l.writes[task.Conf], out.Table)
			}
			for _, wait := range task.Waits {
				l.readers[wait.Partition.Table] = append(l.readers[wait.Partition.Table], reader{task.Conf, dag.ID})
			}
		}
	}
	return l
}

// Has says whether the repository has a sound conf of the name, scheduled or not.
func (l *Lineage) Has(conf string) bool { return l != nil && l.confs[conf] }

// Behind is what reads the tables that the confs write, and what reads those of the readers.
func (l *Lineage) Behind(confs ...string) Downstream {
	if l == nil {
		return Downstream{}
	}
	todo := slices.Clone(confs)
	seen, dags := map[string]bool{}, map[string]bool{}
	for len(todo) > 0 {
		conf := todo[0]
		todo = todo[1:]
		for _, table := range l.writes[conf] {
			for _, by := range l.readers[table] {
				if slices.Contains(confs, by.conf) {
					continue
				}
				dags[by.dag] = true
				if !seen[by.conf] {
					seen[by.conf] = true
					todo = append(todo, by.conf)
				}
			}
		}
	}
	return Downstream{Known: true, Confs: slices.Sorted(maps.Keys(seen)), DAGs: slices.Sorted(maps.Keys(dags))}
}

// behind asks the planner's lineage, if it has one.
func (p *Planner) behind(confs ...string) Downstream {
	if p.Lineage == nil {
		return Downstream{}
	}
	return p.Lineage().Behind(confs...)
}

// behindTasks is what reads what the tasks write.
func (p *Planner) behindTasks(targets []Target) Downstream {
	if p.Lineage == nil {
		return Downstream{}
	}
	l := p.Lineage()
	if l == nil {
		return Downstream{}
	}
	var confs []string
	for _, t := range targets {
		if conf := l.tasks[taskKey{t.DAGID, t.TaskID}]; conf != "" && !slices.Contains(confs, conf) {
			confs = append(confs, conf)
		}
	}
	return l.Behind(confs...)
}
