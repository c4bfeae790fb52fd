package marker

import (
	"fmt"

	"chrononctl/dagspec"
)

// Task is what the index tells of a task: what it needs and what it makes, not how it is started. Partitions are specs, "ns.table/ds={{ ds }}".
type Task struct {
	ID       string       `json:"id"`
	Conf     string       `json:"conf,omitempty"`
	Mode     dagspec.Mode `json:"mode"`
	Part     string       `json:"part,omitempty"`
	Schedule string       `json:"schedule,omitempty"` // cron of the conf inside its DAG; empty when it is the DAG's own
	Lag      int          `json:"lag,omitempty"`
	Coalesce bool         `json:"coalesce,omitempty"`
	Waits    []Wait       `json:"waits,omitempty"`
	Outputs  []string     `json:"outputs,omitempty"`
	After    []string     `json:"after,omitempty"`
	Table    string       `json:"table,omitempty"`
	Dataset  string       `json:"dataset,omitempty"`
	Sample   float64      `json:"sample,omitempty"`
}

// Wait is a partition that a task needs.
type Wait struct {
	Spec      string `json:"spec"`                // as the conf has it; the sensor's id is made from it
	Partition string `json:"partition,omitempty"` // what is waited for, where that is not the spec
	Start     string `json:"start,omitempty"`
	End       string `json:"end,omitempty"`
	DAG       string `json:"dag,omitempty"`  // that writes it; empty: from outside
	Conf      string `json:"conf,omitempty"` // that writes it
}

func taskOf(def dagspec.Task) Task {
	t := Task{
		ID: def.ID, Conf: def.Conf, Mode: def.Mode, Part: def.Part, Schedule: def.Schedule, Lag: def.Lag, Coalesce: def.Coalesce,
		After: def.After, Table: def.Table, Dataset: def.Dataset, Sample: def.Sample,
	}
	for _, output := range def.Outputs {
		t.Outputs = append(t.Outputs, output.Spec())
	}
	for _, wait := range def.Waits {
		w := Wait{Spec: wait.Spec, Partition: wait.Partition.Spec(), Start: wait.Start.String(), End: wait.End.String(), DAG: wait.ProducedBy, Conf: wait.Producer}
		if w.Partition == w.Spec {
			w.Partition = ""
		}
		t.Waits = append(t.Waits, w)
	}
	return t
}

// Definition is the DAG as far as the index tells it: everything but how its tasks are started and who is told of failures.
func (d DAG) Definition() (dagspec.DAG, error) {
	def := dagspec.DAG{ID: d.ID, Kind: d.Kind, Team: d.Team, Join: d.Join, Hash: d.Hash, Schedule: d.Schedule, Owner: d.Owner}
	var err error
	if def.Start, err = dateOf(d.Start); err != nil {
		return def, fmt.Errorf("index entry %s: start: %w", d.ID, err)
	}
	for _, task := range d.Tasks {
		defined, err := task.definition()
		if err != nil {
			return def, fmt.Errorf("index entry %s, task %s: %w", d.ID, task.ID, err)
		}
		def.Tasks = append(def.Tasks, defined)
	}
	return def, nil
}

func (t Task) definition() (dagspec.Task, error) {
	def := dagspec.Task{
		ID: t.ID, Conf: t.Conf, Mode: t.Mode, Part: t.Part, Schedule: t.Schedule, Lag: t.Lag, Coalesce: t.Coalesce,
		After: t.After, Table: t.Table, Dataset: t.Dataset, Sample: t.Sample,
	}
	for _, spec := range t.Outputs {
		partition, err := dagspec.ParsePartition(spec)
		if err != nil {
			return def, err
		}
		def.Outputs = append(def.Outputs, partition)
	}
	for _, w := range t.Waits {
		wait, err := w.definition()
		if err != nil {
			return def, err
		}
		def.Waits = append(def.Waits, wait)
	}
	return def, nil
}

func (w Wait) definition() (wait dagspec.Wait, err error) {
	wait = dagspec.Wait{Spec: w.Spec, ProducedBy: w.DAG, Producer: w.Conf}
	spec := w.Partition
	if spec == "" {
		spec = w.Spec
	}
	if wait.Partition, err = dagspec.ParsePartition(spec); err != nil {
		return wait, err
	}
	if wait.Start, err = dateOf(w.Start); err != nil {
		return wait, err
	}
	wait.End, err = dateOf(w.End)
	return wait, err
}

// dateOf reads a day; none is none.
func dateOf(text string) (dagspec.Date, error) {
	if text == "" {
		return dagspec.Date{}, nil
	}
	return dagspec.ParseDate(text)
}
