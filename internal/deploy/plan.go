package deploy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"chrononctl/dagspec"
)

// planSchema is the version of the layout of a plan in JSON.
const planSchema = 1

// Plan is what a deploy would do. It is bound to the state of the target that it was made from.
type Plan struct {
	Schema  int          `json:"schema"`
	Target  string       `json:"target"`
	Airflow string       `json:"airflow,omitempty"` // version of the server; empty when it was not asked
	Base    string       `json:"base,omitempty"`    // release in place; empty: none
	Digest  string       `json:"digest"`            // of the release to be
	DAGs    []DAGChange  `json:"dags"`              // by id
	Files   []FileChange `json:"files"`             // in the order of writing
	Risks   []Risk       `json:"risks"`             // by name and DAG

	operation Operation
	wanted    content
	memory    memory
	seen      picture
	reparse   bool
	held      map[string]string // DAGs that stay as they are, and why; empty: because nobody asked for them
}

// DAGChange is what happens to one DAG.
type DAGChange struct {
	ID     string `json:"id"`
	Change Change `json:"change"`
	File   string `json:"file"`
	Hash   string `json:"hash,omitempty"`   // content to be; empty for one that is removed
	Was    string `json:"was,omitempty"`    // content in the release in place
	Live   Live   `json:"live,omitempty"`   // what Airflow shows now; empty when it was not asked
	Reason string `json:"reason,omitempty"` // what is special about the change

	Details []Detail `json:"details,omitempty"` // what changes in it, in words; empty when that is not known
}

// Detail is one difference between what a DAG is and what it is to be.
type Detail struct {
	Class dagspec.ChangeClass `json:"class"`
	Task  string              `json:"task,omitempty"` // empty: the DAG as a whole
	What  string              `json:"what"`
	Means string              `json:"means"` // what follows for its runs
}

// Operation is what a plan is for.
type Operation string

// The operations.
const (
	OperationDeploy   Operation = "deploy"
	OperationRollback Operation = "rollback"
)

// verb begins the errors of an operation.
func (o Operation) verb() string {
	if o == OperationRollback {
		return "roll back"
	}
	return "deploy to"
}

// Live is what Airflow shows of a DAG before a deploy.
type Live string

// The ways in which Airflow may show a DAG.
const (
	LiveAbsent Live = "absent"
	LiveActive Live = "active"
	LivePaused Live = "paused"
	LiveStale  Live = "stale"  // its file is gone
	LiveBroken Live = "broken" // its file does not import
)

// Changes says whether applying the plan would change anything in the target or in Airflow.
func (p *Plan) Changes() bool {
	return p.writes() || p.unfinished()
}

// writes says whether a file changes.
func (p *Plan) writes() bool { return slices.ContainsFunc(p.Files, FileChange.writes) }

// unfinished says whether the release is not the one on record, or an earlier deploy of it did not come to its end.
func (p *Plan) unfinished() bool {
	ledger := p.memory.ledger
	switch {
	case p.memory.live().Digest != p.Digest || len(ledger.Pending) > 0 || ledger.Journal != nil:
		return true
	case p.Airflow == "":
		return false // what remains needs Airflow
	default:
		return !ledger.Verified || len(p.activations())+len(p.retirements()) > 0
	}
}

// Foreign lists the files that stand in the way.
func (p *Plan) Foreign() []FileChange {
	var foreign []FileChange
	for _, file := range p.Files {
		if file.Change == Foreign {
			foreign = append(foreign, file)
		}
	}
	return foreign
}

// Count is the number of DAGs with a change.
func (p *Plan) Count(change Change) int {
	n := 0
	for _, dag := range p.DAGs {
		if dag.Change == change {
			n++
		}
	}
	return n
}

// dagChanges says for each DAG what the changes of the files mean.
func dagChanges(p *Plan) []DAGChange {
	files := map[string]FileChange{}
	for _, file := range p.Files {
		files[file.Path] = file
	}
	live := p.memory.live().DAGs
	var changes []DAGChange
	for id, dag := range p.wanted.manifest.DAGs {
		was, known := live[id]
		change := DAGChange{ID: id, File: dag.File, Hash: dag.Hash, Was: was.Hash}
		switch file := files[dag.File]; {
		case file.Change == Foreign:
			change.Change, change.Reason = Foreign, "its file is in the way"
		case !known:
			change.Change = Create
		case was.Hash != dag.Hash:
			change.Change = Update
		case file.Change == Create:
			change.Change, change.Reason = Update, "its file is missing"
		case file.Change == Update:
			change.Change, change.Reason = Update, "its file changes, what it runs does not"
		default:
			change.Change = Same
		}
		if why := p.held[id]; why != "" {
			change.Reason = why
		}
		changes = append(changes, change)
	}
	changes = append(changes, p.removals()...)
	for i := range changes {
		changes[i].Live = p.shows(changes[i].ID, changes[i].File)
	}
	slices.SortFunc(changes, func(a, b DAGChange) int { return strings.Compare(a.ID, b.ID) })
	return changes
}

// removals are the DAGs that a release in place, or one that was begun, defines and this one does not.
func (p *Plan) removals() []DAGChange {
	gone := map[string]DAGChange{}
	for _, manifest := range p.memory.current() {
		for id, dag := range manifest.DAGs {
			if _, ok := p.wanted.manifest.DAGs[id]; !ok {
				gone[id] = DAGChange{ID: id, Change: Remove, File: dag.File, Was: dag.Hash}
			}
		}
	}
	return slices.Collect(maps.Values(gone))
}

// shows says how Airflow shows a DAG.
func (p *Plan) shows(id, file string) Live {
	if p.Airflow == "" {
		return ""
	}
	dag, ok := p.seen.dags[id]
	_, broken := p.seen.importError(file)
	switch {
	case broken:
		return LiveBroken
	case !ok:
		return LiveAbsent
	case dag.Stale:
		return LiveStale
	case dag.Paused:
		return LivePaused
	default:
		return LiveActive
	}
}

// activations are the DAGs to unpause once they are verified: those that earlier deploys of ours did not come to unpause,
// those that are new in this release, and those that Airflow does not know. A paused DAG that Airflow knew before was paused by a person.
func (p *Plan) activations() []string {
	before := map[string]bool{} // a deploy of ours is why they are paused
	for _, id := range slices.Concat(p.memory.ledger.Activate, p.memory.ledger.Retire) {
		before[id] = true
	}
	var ids []string
	for _, dag := range p.DAGs {
		fresh := dag.Change == Create && (dag.Live == LiveAbsent || dag.Live == LiveStale || dag.Live == LiveBroken || dag.Live == "")
		if dag.Change != Remove && (before[dag.ID] || fresh || dag.Live == LiveAbsent) {
			ids = append(ids, dag.ID)
		}
	}
	return ids
}

// retirements are the DAGs that have to go from Airflow.
func (p *Plan) retirements() []string {
	var ids []string
	for _, dag := range p.DAGs {
		if dag.Change == Remove {
			ids = append(ids, dag.ID)
		}
	}
	for _, id := range p.memory.ledger.Retire {
		if _, wanted := p.wanted.manifest.DAGs[id]; !wanted {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// marks are the signs in front of changes.
var marks = map[Change]string{Create: "+", Update: "~", Remove: "-", Same: "=", Foreign: "!"}

// String is the plan for people: each DAG that changes, each file in the way, and a line that sums up. It may hold text
// from Airflow's database and from file names, which a terminal must not be given as it is.
func (p *Plan) String() string {
	var b strings.Builder
	switch p.operation {
	case OperationRollback:
		fmt.Fprintf(&b, "Roll back %s to release %s", p.Target, p.wanted.manifest.ID)
	case OperationDeploy:
		fmt.Fprintf(&b, "Deploy to %s", p.Target)
	}
	if p.Airflow != "" {
		fmt.Fprintf(&b, ", Airflow %s", p.Airflow)
	}
	b.WriteString("\n")
	p.writeRisks(&b, func(r Risk) bool { return r.Name == RiskAirflow }) // first: the rest compares with that Airflow
	p.writeDAGs(&b)
	for _, file := range p.Foreign() {
		fmt.Fprintf(&b, "  ! %s: %s\n", file.Path, file.Reason)
	}
	for _, file := range p.Files {
		if file.Adopted {
			fmt.Fprintf(&b, "  ! %s: not ours, taken over\n", file.Path)
		}
	}
	p.writeRisks(&b, func(r Risk) bool { return r.Name != RiskAirflow })
	b.WriteString(p.summary())
	return b.String()
}

func (p *Plan) writeRisks(b *strings.Builder, which func(Risk) bool) {
	for _, risk := range p.Risks {
		if which(risk) {
			fmt.Fprintf(b, "  ? %s\n", risk)
		}
	}
}

func (p *Plan) writeDAGs(b *strings.Builder) {
	for _, dag := range p.DAGs {
		if dag.Change == Same && dag.Reason == "" {
			continue
		}
		fmt.Fprintf(b, "  %s %-7s %s", marks[dag.Change], dag.Change, dag.ID)
		switch {
		case dag.Was != "" && dag.Hash != "" && dag.Was != dag.Hash:
			fmt.Fprintf(b, "  %s → %s", dag.Was, dag.Hash)
		case dag.Hash != "":
			fmt.Fprintf(b, "  %s", dag.Hash)
		}
		if dag.Live == LivePaused || dag.Live == LiveBroken {
			fmt.Fprintf(b, "  (%s in Airflow)", dag.Live)
		}
		if dag.Reason != "" {
			fmt.Fprintf(b, "  %s", dag.Reason)
		}
		b.WriteString("\n")
		if dag.Change == Update {
			writeDetails(b, dag.Details)
		}
	}
}

// shownDetails is how many differences of one DAG the text of a plan lists; JSON has them all.
const shownDetails = 6

func writeDetails(b *strings.Builder, details []Detail) {
	for i, detail := range details {
		if i == shownDetails {
			fmt.Fprintf(b, "      and %d more\n", len(details)-shownDetails)
			return
		}
		what := detail.What
		if detail.Task != "" {
			what = detail.Task + " " + what
		}
		fmt.Fprintf(b, "      %s: %s\n", detail.Class, what)
	}
}

func (p *Plan) summary() string {
	support := 0
	for _, file := range p.Files {
		if file.writes() && isSupport(file.Path) {
			support++
		}
	}
	text := fmt.Sprintf("%s to create, %d to update, %d to remove, %d unchanged", count(p.Count(Create), "DAG"), p.Count(Update), p.Count(Remove), p.Count(Same))
	if support > 0 {
		text += fmt.Sprintf("; %s to add", count(support, "supporting file"))
	}
	if n := len(p.Foreign()); n > 0 {
		text += fmt.Sprintf("; %s in the way", count(n, "file"))
	}
	if n := len(p.refused()); n > 0 {
		text += fmt.Sprintf("; %s to be allowed", count(n, "risk"))
	}
	if n := p.Count(Create) + p.Count(Update) + p.Count(Remove); n == 0 && len(p.Foreign()) == 0 && p.Changes() {
		text += "; an earlier deploy is to be finished"
		if left := p.memory.ledger.Journal; left != nil {
			text += ": " + left.String()
		}
	}
	return text + "\n"
}
