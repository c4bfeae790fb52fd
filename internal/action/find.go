package action

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
)

// What the tags of a generated DAG begin with (runtime/chronon_rt/build.py, tags).
const (
	tagKind = "kind:"
	tagTeam = "team:"
	tagJoin = "join:"
)

// place is where a conf is computed: a DAG of the server, as the server shows it and as its file describes it, and the conf's tasks there.
type place struct {
	dag   airflowclient.DAGDetails
	tasks []dagspec.Task
}

// find looks for the DAG of the given kinds whose tasks of a conf have one of the modes. It goes by the DAG files that the server has parsed, and
// by no repository: what is deployed decides. A conf that has none is an [UnknownError] with names that come near.
func (p *Planner) find(ctx context.Context, conf string, kinds []dagspec.Kind, modes ...dagspec.Mode) (place, error) {
	team, rest, ok := strings.Cut(conf, ".")
	if !ok || team == "" || rest == "" {
		return place{}, &UnknownError{What: fmt.Sprintf("%q is not the name of a conf", conf), Next: "a conf is named as in its metaData.name, payments.checkout.v1"}
	}
	dags, err := p.Airflow.DAGs(ctx, airflowclient.DAGQuery{Tags: []string{tagTeam + team}})
	if err != nil {
		return place{}, fmt.Errorf("look for the DAG of %s: %w", conf, err)
	}
	known := map[string]bool{}
	read := map[string]bool{} // files
	for _, dag := range dags {
		kind := dagspec.Kind(tagOf(dag, tagKind))
		join := tagOf(dag, tagJoin)
		if !slices.Contains(dag.Tags, dagspec.Tag) || !slices.Contains(kinds, kind) || read[dag.FileLoc] {
			continue
		}
		if join != "" {
			known[join] = true
			if join != conf {
				continue
			}
		}
		read[dag.FileLoc] = dag.FileLoc != ""
		found, err := p.tasksOf(ctx, dag.ID, conf, kinds, modes, known)
		if err != nil || found.dag.ID != "" {
			return found, err
		}
	}
	return place{}, p.unknown(conf, slices.Sorted(maps.Keys(known)))
}

// tasksOf reads the file of a DAG, which may hold others of the team too, and picks the tasks of a conf.
func (p *Planner) tasksOf(ctx context.Context, dagID, conf string, kinds []dagspec.Kind, modes []dagspec.Mode, known map[string]bool) (place, error) {
	source, err := p.Airflow.Source(ctx, dagID, 0)
	if err != nil {
		return place{}, fmt.Errorf("read the file of %s: %w", dagID, err)
	}
	defs, err := dagspec.ReadBackFile(source)
	if err != nil {
		return place{}, fmt.Errorf("read the file of %s: %w", dagID, err)
	}
	for _, def := range defs {
		if !slices.Contains(kinds, def.Kind) {
			continue
		}
		var tasks []dagspec.Task
		for _, task := range def.Tasks {
			if !slices.Contains(modes, task.Mode) {
				continue
			}
			known[task.Conf] = true
			if task.Conf == conf {
				tasks = append(tasks, task)
			}
		}
		if len(tasks) > 0 {
			details, err := p.Airflow.Details(ctx, def.ID)
			if err != nil {
				return place{}, fmt.Errorf("read %s: %w", def.ID, err)
			}
			return place{dag: details, tasks: tasks}, nil
		}
	}
	return place{}, nil
}

// unknown says that nothing computes a conf: because there is no such conf, or because no DAG has it.
func (p *Planner) unknown(conf string, known []string) error {
	e := &UnknownError{What: fmt.Sprintf("no DAG of this Airflow has a job of this kind for %s", conf)}
	if p.Lineage != nil && p.Lineage().Has(conf) {
		e.What += ", though the repository has it"
		e.Next = "it asks for no such job (offlineSchedule @never, no backfillStartDate, not online, no stream), or is not deployed: chrononctl plan shows what would be"
		return e
	}
	best, distance := "", 3+len(conf)/4
	for _, name := range known {
		if d := levenshtein.ComputeDistance(conf, name); d < distance {
			best, distance = name, d
		}
	}
	switch {
	case best != "":
		e.Next = "did you mean " + best + "?"
	case len(known) > 0:
		e.Next = "of this team there are: " + strings.Join(known[:min(len(known), 10)], ", ")
	default:
		e.Next = "its team has no generated DAG here: deploy it first, or choose another --context"
	}
	return e
}

// tagOf is what follows the prefix in the first tag of a DAG that has it.
func tagOf(dag airflowclient.DAG, prefix string) string { return tagIn(dag.Tags, prefix) }

// taskIDs are the ids of the tasks.
func (w place) taskIDs() []string {
	ids := make([]string, len(w.tasks))
	for i, task := range w.tasks {
		ids[i] = task.ID
	}
	return ids
}
