package action

import (
	"fmt"
	"slices"
	"strings"

	"chrononctl/dagspec"
)

// ConfKind is what kind of conf something is about. Chronon keeps names apart within a kind only, by folder: a join and a staging query may share one.
type ConfKind string

// The kinds of conf whose tables are filled.
const (
	AnyConf      ConfKind = "" // whatever has the name, as long as nothing else has it
	JoinConf     ConfKind = "join"
	GroupByConf  ConfKind = "group_by"
	StagingQuery ConfKind = "staging_query"
)

// kindOfDAG is the kind of DAG that fills the tables of confs of a kind.
var kindOfDAG = map[ConfKind]dagspec.Kind{JoinConf: dagspec.KindJoin, GroupByConf: dagspec.KindBatch, StagingQuery: dagspec.KindStagingQuery}

// ConfKinds are the kinds that a conf can be said to be of.
func ConfKinds() []ConfKind { return []ConfKind{JoinConf, GroupByConf, StagingQuery} }

// ConfName names a conf.
type ConfName struct {
	Name string   // full, as in its metaData.name: payments.checkout.v1
	Kind ConfKind // needed where confs of several kinds have the name
}

// words are the name on a command line behind the words of the command.
func (c ConfName) words(command ...string) []string {
	return append(append(command, c.Name), c.Kind.flag()...)
}

// flag is what says the kind on a command line.
func (k ConfKind) flag() []string {
	if k == AnyConf {
		return nil
	}
	return []string{"--kind", string(k)}
}

// among leaves of kinds of DAG the one that the kind of the conf has.
func (c ConfName) among(kinds []dagspec.Kind) ([]dagspec.Kind, error) {
	if c.Kind == AnyConf {
		return kinds, nil
	}
	kind, known := kindOfDAG[c.Kind]
	if !known || !slices.Contains(kinds, kind) {
		return nil, &UnknownError{What: fmt.Sprintf("%q is no kind of conf whose table is filled", c.Kind), Next: "it is one of " + joined(ConfKinds(), ", ")}
	}
	return []dagspec.Kind{kind}, nil
}

// AmbiguousError says that a name stands for several things, and names them. Nothing was chosen, and nothing was done.
type AmbiguousError struct {
	Name   string
	Things []string // "the join that chronon_join_… computes"
	Next   string
}

// Error names what has the name.
func (e *AmbiguousError) Error() string {
	return e.Name + " is the name of " + strings.Join(e.Things, " and of ")
}

// Hint says how to name one of them.
func (e *AmbiguousError) Hint() string { return e.Next }

// ambiguous says what has the name of a conf. Confs of different kinds are told apart by their kind. One conf in two DAGs is two deployments of it on
// one Airflow, of which nobody can say which one is meant.
func ambiguous(conf ConfName, found []computed) error {
	e := &AmbiguousError{Name: conf.Name}
	var kinds []ConfKind
	for _, at := range found {
		kind := confKindOf(at.kind)
		e.Things = append(e.Things, fmt.Sprintf("%s (%s)", kind.article(), at.dagID))
		if !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	e.Next = "say which one: --kind " + joined(kinds, " or --kind ")
	if len(kinds) == 1 {
		e.Next = "one of the DAGs is left from another deployment: pause it and take its file away, or trigger the DAG that you mean"
	}
	return e
}

// confKindOf is the kind of conf whose tables a kind of DAG fills.
func confKindOf(kind dagspec.Kind) ConfKind {
	for of, dag := range kindOfDAG {
		if dag == kind {
			return of
		}
	}
	return ConfKind(kind)
}

// article is the kind in a sentence.
func (k ConfKind) article() string {
	switch k {
	case JoinConf:
		return "a join"
	case GroupByConf:
		return "a GroupBy"
	case StagingQuery:
		return "a staging query"
	case AnyConf:
		return "a conf"
	default:
		return "a conf of kind " + string(k)
	}
}

// joined lists kinds.
func joined(kinds []ConfKind, between string) string {
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = string(k)
	}
	return strings.Join(words, between)
}
