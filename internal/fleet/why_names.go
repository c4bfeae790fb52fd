package fleet

import (
	"fmt"
	"slices"
	"strings"
)

// NameKind is what a name stands for that somebody asks about.
type NameKind uint8

// The kinds of name.
const (
	NameAll       NameKind = iota // no name: everything
	NameTeam                      // a team
	NameConf                      // a join, a GroupBy or a staging query, by full name
	NameDAG                       // a DAG, by id
	NameTask                      // a task, as DAG/TASK or by an id that only some DAGs have
	NameTable                     // a table, as namespace.table
	NamePartition                 // a partition, as namespace.table/ds=2026-11-22
)

// String is the kind's name for programs.
func (k NameKind) String() string {
	names := [...]string{"all", "team", "conf", "dag", "task", "table", "partition"}
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("name_%d", uint8(k))
}

// MarshalText writes the kind's name.
func (k NameKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// NameKinds are the kinds that a name may be said to be of.
func NameKinds() []NameKind { return []NameKind{NameTeam, NameConf, NameDAG, NameTask, NameTable} }

// has says whether something of a kind has the name.
func (e *explainer) has(kind NameKind, name string) bool {
	switch kind {
	case NameTeam:
		return slices.ContainsFunc(e.s.Teams, func(t Team) bool { return t.Name == name })
	case NameConf:
		return len(e.s.Intent.OfConf(name)) > 0 || slices.ContainsFunc(e.s.DAGs, func(d DAG) bool { return d.Join == name }) ||
			slices.ContainsFunc(e.s.Streams, func(s Stream) bool { return s.GroupBy == name })
	case NameDAG:
		_, defined := e.s.Intent.DAG(name)
		return e.dags[name] != nil || defined
	case NameTask:
		for i := range e.s.DAGs {
			if hasTask(&e.s.DAGs[i], name) {
				return true
			}
		}
		return false
	case NameTable, NamePartition:
		table, _, _ := strings.Cut(name, "/")
		_, inside := e.lineage.writerOf(table)
		return inside || len(e.s.Intent.Waiters(table)) > 0
	case NameAll:
		return true
	default:
		return false
	}
}
