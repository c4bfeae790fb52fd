package action

import (
	"cmp"
	"maps"
	"slices"

	"chrononctl/dagspec"
)

// Lineage says which confs read, directly or through others, what a conf computes. It is made from the definitions of a repository; what has
// no DAG there is not in it. Confs are told apart by their files: a join and a staging query may share a name, and what reads one does not read the other.
type Lineage struct {
	named   map[string]bool      // names of all confs
	confs   map[string]ConfName  // by file
	tasks   map[taskKey]string   // files of confs
	readers map[string][]taskKey // tasks that wait for what a conf writes, by its file
	writers map[producer]string  // files of confs
}

// taskKey identifies a task.
type taskKey struct{ dag, task string }

// producer is who writes what is waited for, as a wait says it.
type producer struct{ dag, conf string }

// NewLineage draws the graph of the definitions. confs are the names of all sound confs, with a DAG or without.
func NewLineage(defs dagspec.Definitions, confs []string) *Lineage {
	l := &Lineage{
		named: map[string]bool{}, confs: map[string]ConfName{}, tasks: map[taskKey]string{}, readers: map[string][]taskKey{}, writers: map[producer]string{},
	}
	for _, name := range confs {
		l.named[name] = true
	}
	for _, dag := range defs.DAGs {
		for _, task := range dag.Tasks {
			if task.Conf == "" {
				continue
			}
			file := cmp.Or(task.ConfFile, task.Conf)
			l.tasks[taskKey{dag.ID, task.ID}] = file
			l.writers[producer{dag.ID, task.Conf}] = file
			l.confs[file] = ConfName{task.Conf, confKindIn(dag.Kind)}
		}
	}
	for _, dag := range defs.DAGs {
		for _, task := range dag.Tasks {
			for _, wait := range task.Waits {
				if file, inside := l.writers[producer{wait.ProducedBy, wait.Producer}]; inside && task.Conf != "" {
					l.readers[file] = append(l.readers[file], taskKey{dag.ID, task.ID})
				}
			}
		}
	}
	return l
}

// confKindIn is the kind of the confs whose tasks a kind of DAG has.
func confKindIn(kind dagspec.Kind) ConfKind {
	switch kind {
	case dagspec.KindStagingQuery:
		return StagingQuery
	case dagspec.KindBatch, dagspec.KindStreaming:
		return GroupByConf
	case dagspec.KindJoin, dagspec.KindComparison, dagspec.KindLabelJoin, dagspec.KindLogFlattening, dagspec.KindStats:
		return JoinConf
	case dagspec.KindMetadataUpload:
		return AnyConf
	default:
		return AnyConf
	}
}

// Has says whether the repository has a sound conf of the name, scheduled or not.
func (l *Lineage) Has(conf string) bool { return l != nil && l.named[conf] }

// Behind is what reads what the confs write, and what reads that of the readers. A name without a kind stands for all confs of the name. Of confs without
// a DAG nothing is known.
func (l *Lineage) Behind(confs ...ConfName) Downstream {
	if l == nil {
		return Downstream{}
	}
	var files []string
	for file, conf := range l.confs {
		if slices.ContainsFunc(confs, func(c ConfName) bool { return c.Name == conf.Name && (c.Kind == AnyConf || c.Kind == conf.Kind) }) {
			files = append(files, file)
		}
	}
	return l.behind(files)
}

// behind is Behind for files of confs.
func (l *Lineage) behind(files []string) Downstream {
	if len(files) == 0 {
		return Downstream{}
	}
	todo, met := slices.Clone(files), map[string]bool{}
	for _, file := range files {
		met[file] = true
	}
	names, dags := map[string]bool{}, map[string]bool{}
	for len(todo) > 0 {
		file := todo[0]
		todo = todo[1:]
		for _, by := range l.readers[file] {
			reader := l.tasks[by]
			if slices.Contains(files, reader) {
				continue
			}
			dags[by.dag], names[l.confs[reader].Name] = true, true
			if !met[reader] {
				met[reader] = true
				todo = append(todo, reader)
			}
		}
	}
	return Downstream{Known: true, Confs: slices.Sorted(maps.Keys(names)), DAGs: slices.Sorted(maps.Keys(dags))}
}

// behind asks the planner's lineage, if it has one.
func (p *Planner) behind(conf ConfName) Downstream {
	if p.Lineage == nil {
		return Downstream{}
	}
	return p.Lineage().Behind(conf)
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
	var files []string
	for _, t := range targets {
		if file := l.tasks[taskKey{t.DAGID, t.TaskID}]; file != "" && !slices.Contains(files, file) {
			files = append(files, file)
		}
	}
	return l.behind(files)
}
