package deploy

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"chrononctl/dagspec"
)

// incomplete are the live files with DAGs that miss confs with errors, with the reason.
//
// A file holds all DAGs of one team and kind, and is kept as a whole. A DAG that is not live yet is deployed without the conf.
func incomplete(leftOut []dagspec.LeftOut, live Manifest) map[string]string {
	files := map[string]string{}
	for _, left := range leftOut {
		for _, id := range left.DAGs {
			if dag, ok := live.DAGs[id]; ok {
				files[dag.File] = "kept as it is: " + left.File + " has errors"
			}
		}
	}
	return files
}

// UnknownTeamError says that a deploy was to be limited to a team that has no DAG, neither in the release nor in place.
type UnknownTeamError struct {
	Team  string
	Known []string
}

func (e *UnknownTeamError) Error() string { return fmt.Sprintf("team %s has no DAG", e.Team) }

// Hint says what to do about it.
func (e *UnknownTeamError) Hint() string { return fmt.Sprintf("teams with DAGs: %v", e.Known) }

// only takes out of a content the DAGs of all teams but the given ones, and returns the live files that stay as they are for it. A file
// belongs to a team when one of its DAGs does.
func (c *content) only(teams []string, live Manifest) (map[string]string, error) {
	known, chosen := map[string]bool{}, map[string]bool{}
	for _, manifest := range []Manifest{live, c.manifest} {
		for _, dag := range manifest.DAGs {
			known[dag.Team] = true
			chosen[dag.File] = chosen[dag.File] || slices.Contains(teams, dag.Team)
		}
	}
	delete(known, "")
	for _, team := range teams {
		if !known[team] {
			return nil, &UnknownTeamError{Team: team, Known: slices.Sorted(maps.Keys(known))}
		}
	}
	for id, dag := range c.manifest.DAGs {
		if !chosen[dag.File] {
			delete(c.manifest.DAGs, id)
			delete(c.manifest.Files, dag.File)
		}
	}
	others := map[string]string{}
	for _, dag := range live.DAGs {
		if !chosen[dag.File] {
			others[dag.File] = ""
		}
	}
	return others, nil
}

// hold keeps files as the live release has them, and says which DAGs that concerns, with the reason of each file. Everything that the live
// release placed beside them stays too: what of it a file needs, only Python knows.
func (c *content) hold(files map[string]string, live content) map[string]string {
	if len(files) == 0 {
		return nil
	}
	held := map[string]string{}
	kept := func(file string) bool { _, ok := files[file]; return ok }
	maps.DeleteFunc(c.manifest.DAGs, func(_ string, dag ManifestDAG) bool { return kept(dag.File) })
	for id, dag := range live.manifest.DAGs {
		if kept(dag.File) {
			c.manifest.DAGs[id], held[id] = dag, files[dag.File]
		}
	}
	old := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(live.manifest.Files)) {
		if _, wanted := c.manifest.Files[name]; kept(name) || isSupport(name) && !wanted {
			c.manifest.Files[name] = live.manifest.Files[name]
			old[name] = true
		}
	}
	fresh := c.read
	c.read = func(ctx context.Context, name string) ([]byte, error) {
		if old[name] {
			return live.read(ctx, name)
		}
		return fresh(ctx, name)
	}
	return held
}
