package deploy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// SavedPlan is a plan in a file, to be looked at and applied later. It holds no content: applying it makes the plan again, with the same choices, and
// refuses when that is not the same plan any more.
type SavedPlan struct {
	Schema      int         `json:"schema"`
	Made        time.Time   `json:"made"`
	By          string      `json:"by"`
	Choices     PlanChoices `json:"choices"`
	Plan        *Plan       `json:"plan"`
	Fingerprint string      `json:"fingerprint"` // of everything that must not move
	SHA256      string      `json:"sha256"`      // over the file without this field
}

// PlanChoices are the options that a plan was made with.
type PlanChoices struct {
	Only      []string   `json:"only,omitempty"`
	Adopt     bool       `json:"adopt,omitempty"`
	Allow     []RiskName `json:"allow,omitempty"`
	MaxDelete int        `json:"max_delete,omitempty"`
	NoVerify  bool       `json:"no_verify,omitempty"`
	KeepGoing bool       `json:"keep_going,omitempty"`
}

// Save writes a plan for a file. The choices are those that it was made with.
func (p *Plan) Save(made time.Time, by string, choices PlanChoices) ([]byte, error) {
	saved := SavedPlan{Schema: planSchema, Made: made.UTC().Truncate(time.Second), By: by, Choices: choices, Plan: p, Fingerprint: p.fingerprint()}
	data, err := encode(saved)
	if err != nil {
		return nil, err
	}
	saved.SHA256 = sum(data)
	return encode(saved)
}

// PlanFileError says that a file is no plan, or not as it was written.
type PlanFileError struct{ Reason string }

func (e *PlanFileError) Error() string { return "not a plan that chrononctl wrote: " + e.Reason }

// Hint says what to do about it.
func (e *PlanFileError) Hint() string { return "plan again: chrononctl plan --out FILE" }

// ReadPlan reads a plan that was saved, and checks that nobody changed it.
func ReadPlan(data []byte) (*SavedPlan, error) {
	var saved SavedPlan
	if err := json.Unmarshal(data, &saved); err != nil {
		return nil, &PlanFileError{Reason: err.Error()}
	}
	switch {
	case saved.Schema != planSchema:
		return nil, &PlanFileError{Reason: fmt.Sprintf("schema %d, this program knows %d", saved.Schema, planSchema)}
	case saved.Plan == nil:
		return nil, &PlanFileError{Reason: "it has no plan"}
	}
	given := saved.SHA256
	saved.SHA256 = ""
	open, err := encode(saved)
	if err != nil {
		return nil, err
	}
	if sum(open) != given || !bytes.Contains(data, []byte(given)) {
		return nil, &PlanFileError{Reason: "it was changed since it was written"}
	}
	return &saved, nil
}

// Confirm says whether a plan that was made just now is still the one that was saved. What moved is a [StaleError].
func (s *SavedPlan) Confirm(now *Plan) error {
	was := s.Plan
	switch {
	case was.Target != now.Target:
		return &StaleError{Reason: fmt.Sprintf("it is for %s, not for %s", was.Target, now.Target)}
	case was.Digest != now.Digest:
		return &StaleError{Reason: "the confs, the project file or the program have changed since"}
	case was.Base != now.Base:
		return &StaleError{Reason: fmt.Sprintf("release %s is in place, and was %s", orNone(now.Base), orNone(was.Base))}
	case s.Fingerprint != now.fingerprint():
		return &StaleError{Reason: "the target or what it would take to deploy has changed since"}
	}
	for _, risk := range now.Risks {
		if !risk.Warning && !slices.ContainsFunc(was.Risks, func(r Risk) bool { return r.Name == risk.Name && r.DAG == risk.DAG }) {
			return &StaleError{Reason: "it has a new risk: " + risk.String()}
		}
	}
	return nil
}

func orNone(id string) string {
	if id == "" {
		return "none"
	}
	return id
}

// fingerprint is a hash over what a plan does and what it was made from: the ledger, and each file with its version.
func (p *Plan) fingerprint() string {
	var b strings.Builder
	line(&b, string(p.operation), p.Target, p.Airflow, p.Base, p.Digest, string(p.memory.version))
	for _, dag := range p.DAGs {
		line(&b, "dag", dag.ID, string(dag.Change), dag.File, dag.Hash, dag.Was)
	}
	for _, file := range p.Files {
		if file.Path == p.wanted.manifest.markerFile() {
			continue // it names the moment of the plan
		}
		line(&b, "file", file.Path, string(file.Change), file.SHA256, file.Was, fmt.Sprint(file.Adopted), string(file.version))
	}
	return sum([]byte(b.String()))
}
