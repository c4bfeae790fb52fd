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

// place is where a conf is computed: a DAG of the server, as the server shows it and as its file describes it, and the conf's tasks there.
type place struct {
	dag   airflowclient.DAGDetails
	tasks []dagspec.Task
}

// computed is a conf's tasks in a DAG as the DAG's file describes it.
type computed struct {
	dagID string
	kind  dagspec.Kind
	tasks []dagspec.Task
}

// find looks for the DAG of the given kinds whose tasks of a conf have one of the modes. It goes by the DAG files that the server has parsed, and
// by no repository: what is deployed decides. A conf that has none is an [UnknownError] with names that come near; a name that more than one conf has is
// an [AmbiguousError].
func (p *Planner) find(ctx context.Context, conf ConfName, kinds []dagspec.Kind, modes ...dagspec.Mode) (place, error) {
	kinds, err := conf.among(kinds)
	if err != nil {
		return place{}, err
	}
	team, rest, ok := strings.Cut(conf.Name, ".")
	if !ok || team == "" || rest == "" {
		return place{}, &UnknownError{What: fmt.Sprintf("%q is not the name of a conf", conf.Name), Next: "a conf is named as in its metaData.name, payments.checkout.v1"}
	}
	dags, err := p.Airflow.DAGs(ctx, airflowclient.DAGQuery{Tags: []string{dagspec.TagTeam + team}})
	if err != nil {
		return place{}, fmt.Errorf("look for the DAG of %s: %w", conf.Name, err)
	}
	var found []computed
	known := map[string]bool{}
	read := map[string]bool{} // files
	for _, dag := range dags {
		kind := dagspec.Kind(tagOf(dag, dagspec.TagKind))
		if !slices.Contains(dag.Tags, dagspec.Tag) || !slices.Contains(kinds, kind) || read[dag.FileLoc] {
			continue
		}
		if join := tagOf(dag, dagspec.TagJoin); join != "" {
			known[join] = true
			if join != conf.Name {
				continue
			}
		}
		read[dag.FileLoc] = dag.FileLoc != ""
		defs, err := p.definitions(ctx, dag.ID)
		if err != nil {
			return place{}, err
		}
		found = append(found, tasksOf(defs, conf.Name, kinds, modes, known)...)
	}
	switch len(found) {
	case 0:
		return place{}, p.unknown(conf.Name, slices.Sorted(maps.Keys(known)))
	case 1:
		return p.placeOf(ctx, found[0])
	default:
		return place{}, ambiguous(conf, found)
	}
}

// definitions reads the file of a DAG, which may hold others of the team too.
func (p *Planner) definitions(ctx context.Context, dagID string) ([]dagspec.DAG, error) {
	source, err := p.Airflow.Source(ctx, dagID, 0)
	if err != nil {
		return nil, fmt.Errorf("read the file of %s: %w", dagID, err)
	}
	defs, err := dagspec.ReadBackFile(source)
	if err != nil {
		return nil, fmt.Errorf("read the file of %s: %w", dagID, err)
	}
	return defs, nil
}

// tasksOf picks the tasks of a conf, by DAG, and notes the confs that there are.
func tasksOf(defs []dagspec.DAG, conf string, kinds []dagspec.Kind, modes []dagspec.Mode, known map[string]bool) []computed {
	var found []computed
	for _, def := range defs {
		if !slices.Contains(kinds, def.Kind) {
			continue
		}
		at := computed{dagID: def.ID, kind: def.Kind}
		for _, task := range def.Tasks {
			if !slices.Contains(modes, task.Mode) {
				continue
			}
			known[task.Conf] = true
			if task.Conf == conf {
				at.tasks = append(at.tasks, task)
			}
		}
		if len(at.tasks) > 0 {
			found = append(found, at)
		}
	}
	return found
}

// placeOf asks the server for the DAG.
func (p *Planner) placeOf(ctx context.Context, at computed) (place, error) {
	details, err := p.Airflow.Details(ctx, at.dagID)
	if err != nil {
		return place{}, fmt.Errorf("read %s: %w", at.dagID, err)
	}
	return place{dag: details, tasks: at.tasks}, nil
}

// unknown says that nothing computes a conf: because there is no such conf, or because no DAG has it.
func (p *Planner) unknown(conf string, known []string) error {
	e := &UnknownError{What: fmt.Sprintf("no DAG that this user may read on this Airflow has a job of this kind for %s", conf)}
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
