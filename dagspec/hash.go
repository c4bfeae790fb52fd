package dagspec

import (
	"encoding/json"
	"fmt"
)

// hash is the DAG's identity of content: it changes exactly when something that its tasks use does. That is the definition itself, the settings
// that reach it, the bytes of its confs, its team's part of teams.json, and the runtime.
func (b *builder) hash(dag *DAG) string {
	defined := *dag
	defined.Hash = ""
	used, err := json.Marshal(struct {
		DAG      DAG
		Settings string
		Bundle   bool
		Confs    map[string]string
		Team     string
		Runtime  string
	}{defined, renderSettings(dag.Kind, b.s), b.s.Bundle, b.confSums(dag), sumOf(b.repo.teams.part(dag.Team)), runtimeHash()})
	if err != nil {
		panic(fmt.Sprintf("dagspec: a DAG cannot be written as JSON: %v", err)) // only types without that could do it
	}
	return sumOf(used)[:12]
}

// confSums are the contents of the files that a DAG's tasks read.
func (b *builder) confSums(dag *DAG) map[string]string {
	sums := map[string]string{}
	for _, task := range dag.Tasks {
		if c := b.confs[task.ConfFile]; c != nil {
			sums[c.File] = c.sum
		}
		for _, arg := range task.Argv {
			for _, file := range arg.Files {
				sums[file] = b.confs[file].sum
			}
		}
	}
	return sums
}
