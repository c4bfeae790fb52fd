package dagspec

import (
	"encoding/json"
	"fmt"
)

// hash is the DAG's identity of content: it changes exactly when something that its tasks use does. That is the definition itself, which names its
// confs, its team's part of teams.json and the runtime by their contents, and the settings that reach it.
func (b *builder) hash(dag *DAG) string {
	defined := *dag
	defined.Hash = ""
	used, err := json.Marshal(struct {
		DAG    DAG
		Bundle bool
	}{defined, b.s.Bundle})
	if err != nil {
		panic(fmt.Sprintf("dagspec: a DAG cannot be written as JSON: %v", err)) // only types without that could do it
	}
	return sumOf(used)[:12]
}
