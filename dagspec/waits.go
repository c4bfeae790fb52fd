package dagspec

import (
	"fmt"
	"slices"
	"strings"
)

// waits are the partitions that a conf depends on, as far as a run of the DAG can need them. at is the path of the metadata that lists them.
func (b *builder) waits(c *Conf, needs []dependency, at string, dag *DAG) []Wait {
	var waits []Wait
	for _, found := range needs {
		b.wanted = append(b.wanted, want{c.File, fmt.Sprintf("%s.dependencies[%d]", at, found.index), found.partition})
		if found.over(dag.Start) {
			continue
		}
		waits = addWaits(waits, Wait{Spec: found.spec, Partition: found.partition, Start: found.start, End: found.end})
	}
	return waits
}

// over says whether the source ended before anything that a DAG with this start can ask of it, or before it began. The end is inclusive, and a
// spec may ask for a day before the run's.
func (d *dependency) over(start Date) bool {
	if d.end.IsZero() {
		return false
	}
	return d.end.Before(start.AddDays(d.partition.earliestShift())) || d.end.Before(d.start)
}

// ownWait is a wait that no conf lists, for a partition of the repository's own jobs.
func ownWait(p Partition) Wait { return Wait{Spec: p.Spec(), Partition: p} }

// addWaits appends the waits that are not there yet. Two waits are one if spec, start and end are equal: a source that ended must never hide one
// that goes on.
func addWaits(waits []Wait, more ...Wait) []Wait {
	for _, wait := range more {
		if !slices.ContainsFunc(waits, wait.same) {
			waits = append(waits, wait)
		}
	}
	return waits
}

// same says whether two waits are one.
func (w Wait) same(other Wait) bool {
	return w.Spec == other.Spec && w.Start == other.Start && w.End == other.End
}

// key identifies a wait within a DAG.
func (w Wait) key() string { return w.Spec + "\x00" + w.Start.String() + "\x00" + w.End.String() }

// waitID is the task id of a wait's sensor: readable, and told from others by what it waits for.
func (w Wait) waitID() string {
	slug := cleanName(w.Partition.Table)
	return sensorPrefix + slug[:min(len(slug), 180)] + "__" + sumOf([]byte(w.key()))[:8]
}

// resolveWaits finds out which DAG and conf write each partition that is waited for, and says where none does.
func (b *builder) resolveWaits() {
	for _, dag := range b.dags {
		for t := range dag.Tasks {
			waits := dag.Tasks[t].Waits
			for w := range waits {
				waits[w].Partition, _ = b.mendSignal(waits[w].Partition)
				if by, ok := b.producers[producerKey(waits[w].Partition)]; ok {
					waits[w].ProducedBy, waits[w].Producer = by.dag.ID, b.confs[by.file].Name
				}
			}
		}
	}
	graph := b.lineage()
	for _, want := range b.wanted {
		partition, mended := b.mendSignal(want.partition)
		key := producerKey(partition)
		if mended {
			b.about(want.file).warn(codeSignalName, want.path, fmt.Sprintf("names the view %s, whose job reports itself as %s; that is waited for",
				signalName(want.partition), signalName(partition)), "write the view's table name with _ for the dots of its conf's name")
		}
		if why, ok := b.unscheduled[key]; ok && b.producers[key].dag == nil {
			b.about(want.file).warn(codeUnscheduled, want.path, fmt.Sprintf("waits for %s, which nothing writes: %s%s", want.partition.Table, why,
				heldUp(graph.behind(want.file, key))), "schedule the one that writes it, or take the dependency out")
		}
	}
	b.checkLineage(graph)
}

// mendSignal corrects the partition of a view's signal whose name has the dots of the conf's name: staging_query.py writes it so, and the job
// reports the table's clean name.
func (b *builder) mendSignal(p Partition) (Partition, bool) {
	name := signalName(p)
	namespace, conf, found := strings.Cut(name, ".")
	if !found || !strings.Contains(conf, ".") {
		return p, false
	}
	fields := slices.Clone(p.Fields)
	for i := range fields {
		if fields[i].Column == signalColumn {
			fields[i].Value = words(namespace + "." + cleanName(conf))
		}
	}
	mended := Partition{Table: p.Table, Fields: fields}
	key := producerKey(mended)
	if _, unscheduled := b.unscheduled[key]; !unscheduled && b.producers[key].dag == nil {
		return p, false
	}
	return mended, true
}

// signalName is the table that a partition of a signal table speaks of, and empty for any other partition.
func signalName(p Partition) string {
	if !strings.HasSuffix(strings.ToLower(p.Table), "."+signalTable) {
		return ""
	}
	for _, field := range p.Fields {
		if field.Column == signalColumn && len(field.Value) == 1 && field.Value[0].Day == nil {
			return field.Value[0].Text
		}
	}
	return ""
}

// TaskID is the id of the task that waits for the partition.
func (w Wait) TaskID() string { return w.waitID() }
