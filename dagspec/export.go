package dagspec

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// exportSchema is the version of the engine-neutral JSON. Keys are added, never renamed.
const exportSchema = 1

type exported struct {
	Schema      int           `json:"schema"`
	Generator   string        `json:"generator"`
	Diagnostics Diagnostics   `json:"diagnostics"`
	DAGs        []exportedDAG `json:"dags"`
}

type exportedDAG struct {
	ID        string         `json:"id"`
	Kind      Kind           `json:"kind"`
	Team      string         `json:"team"`
	Join      string         `json:"join"`
	Schedule  string         `json:"schedule"`
	StartDate string         `json:"start_date"`
	Catchup   bool           `json:"catchup"`
	Hash      string         `json:"hash"`
	Owner     string         `json:"owner"`
	Tasks     []exportedTask `json:"tasks"`
}

type exportedTask struct {
	ID       string            `json:"id"`
	Conf     string            `json:"conf"`
	Mode     Mode              `json:"mode"`
	Schedule string            `json:"schedule"`
	Argv     []string          `json:"argv"`
	Env      map[string]string `json:"env"`
	Coalesce bool              `json:"coalesce"`
	Lag      int               `json:"lag"`
	WaitsFor []exportedWait    `json:"waits_for"`
	Outputs  []string          `json:"outputs"`
	After    []string          `json:"after"`
}

type exportedWait struct {
	Spec       string `json:"spec"`
	Start      string `json:"start"`
	End        string `json:"end"`
	ProducedBy string `json:"produced_by"`
	Producer   string `json:"producer"` // conf
}

// Export writes definitions as the engine-neutral JSON of `generate --format json`. generator is the program and its version, "chrononctl 0.1.0".
//
// A day in an argument is written as Chronon's users write it, "{{ ds }}" or "{{ macros.ds_add(ds, -1) }}"; a file as its path below the
// repository. A task's empty schedule is its DAG's; an empty start or end of a wait is no bound. Lists are never null.
func Export(defs Definitions, generator string) ([]byte, error) {
	out := exported{Schema: exportSchema, Generator: generator, Diagnostics: defs.Diagnostics, DAGs: make([]exportedDAG, len(defs.DAGs))}
	if out.Diagnostics == nil {
		out.Diagnostics = Diagnostics{}
	}
	for i, dag := range defs.DAGs {
		out.DAGs[i] = exportDAG(&dag)
	}
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(out); err != nil {
		return nil, fmt.Errorf("write the definitions as JSON: %w", err)
	}
	return buffer.Bytes(), nil
}

func exportDAG(dag *DAG) exportedDAG {
	out := exportedDAG{
		ID: dag.ID, Kind: dag.Kind, Team: dag.Team, Join: dag.Join, Schedule: dag.Schedule, StartDate: dag.Start.String(), Catchup: dag.Catchup,
		Hash: dag.Hash, Owner: dag.Owner, Tasks: make([]exportedTask, len(dag.Tasks)),
	}
	for i := range dag.Tasks {
		out.Tasks[i] = exportTask(&dag.Tasks[i])
	}
	return out
}

func exportTask(t *Task) exportedTask {
	out := exportedTask{
		ID: t.ID, Conf: t.Conf, Mode: t.Mode, Schedule: t.Schedule, Env: t.Env, Coalesce: t.Coalesce, Lag: t.Lag,
		Argv: make([]string, len(t.Argv)), WaitsFor: make([]exportedWait, len(t.Waits)), Outputs: make([]string, len(t.Outputs)),
		After: append([]string{}, t.After...),
	}
	if out.Env == nil {
		out.Env = map[string]string{}
	}
	for i, arg := range t.Argv {
		out.Argv[i] = arg.template()
	}
	for i, wait := range t.Waits {
		out.WaitsFor[i] = exportedWait{wait.Spec, wait.Start.String(), wait.End.String(), wait.ProducedBy, wait.Producer}
	}
	for i, output := range t.Outputs {
		out.Outputs[i] = output.Spec()
	}
	return out
}
