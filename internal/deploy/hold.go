package deploy

import (
	"maps"
	"slices"

	"chrononctl/dagspec"
)

// hold keeps DAGs that miss confs with errors as the live release has them, and says which, with one of the confs that is why.
//
// A file holds all DAGs of one team and kind, and is kept as a whole. Everything that the live release placed beside it stays too: what
// of it the file needs, only Python knows. A DAG that is not live yet is deployed without the conf.
func (c *content) hold(leftOut []dagspec.LeftOut, live content) map[string]string {
	files := map[string]string{}
	for _, left := range leftOut {
		for _, id := range left.DAGs {
			if dag, ok := live.manifest.DAGs[id]; ok {
				files[dag.File] = left.File
			}
		}
	}
	if len(files) == 0 {
		return nil
	}
	held := map[string]string{}
	maps.DeleteFunc(c.manifest.DAGs, func(_ string, dag ManifestDAG) bool { return files[dag.File] != "" })
	for id, dag := range live.manifest.DAGs {
		if conf := files[dag.File]; conf != "" {
			c.manifest.DAGs[id], held[id] = dag, conf
		}
	}
	old := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(live.manifest.Files)) {
		if _, wanted := c.manifest.Files[name]; files[name] != "" || isSupport(name) && !wanted {
			c.manifest.Files[name] = live.manifest.Files[name]
			old[name] = true
		}
	}
	fresh := c.read
	c.read = func(name string) ([]byte, error) {
		if old[name] {
			return live.read(name)
		}
		return fresh(name)
	}
	c.manifest.Digest = c.manifest.digest()
	return held
}
