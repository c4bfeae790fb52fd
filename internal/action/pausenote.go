package action

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"chrononctl/airflowclient"
)

// pausePrefix begins the keys of the variables that say why a DAG is paused; its id follows.
const pausePrefix = "chrononctl_pause__"

// PauseNote says why a DAG is paused, and for how long. It is a variable of Airflow and not a line of a file on somebody's machine, because a
// pause belongs to the Airflow that all share: whoever is on call has to find the reason, and whatever unpauses what is due has to find the time.
// Each DAG has a variable of its own, so that two people never write the same one. Where the user may not write variables the DAG is paused all the
// same, and the reason stays in the journal alone.
type PauseNote struct {
	Reason string    `json:"reason,omitempty"`
	Until  time.Time `json:"until,omitzero"`
	By     string    `json:"by,omitempty"`
	At     time.Time `json:"at,omitzero"`
}

// String is the note as a sentence, "" when there is none.
func (n PauseNote) String() string {
	if n == (PauseNote{}) {
		return ""
	}
	var b strings.Builder
	b.WriteString("paused")
	if n.By != "" {
		b.WriteString(" by " + n.By)
	}
	if !n.At.IsZero() {
		b.WriteString(" at " + minute(n.At))
	}
	if !n.Until.IsZero() {
		b.WriteString(", until " + minute(n.Until))
	}
	if n.Reason != "" {
		b.WriteString(": " + n.Reason)
	}
	return b.String()
}

// PauseNotes reads the notes of all DAGs, by DAG id. What somebody else keeps under such a key is left out.
func (p *Planner) PauseNotes(ctx context.Context) (map[string]PauseNote, error) {
	variables, err := p.Airflow.Variables(ctx)
	if err != nil {
		return nil, err
	}
	notes := map[string]PauseNote{}
	for _, v := range variables {
		id, ours := strings.CutPrefix(v.Key, pausePrefix)
		var note PauseNote
		if ours && json.Unmarshal([]byte(v.Value.Reveal()), &note) == nil {
			notes[id] = note
		}
	}
	return notes, nil
}

// pauseNotesOrNone is for plans that can do without: not every user may read variables.
func (p *Planner) pauseNotesOrNone(ctx context.Context) map[string]PauseNote {
	notes, err := p.PauseNotes(ctx)
	if err != nil {
		return nil
	}
	return notes
}

func (p *Planner) keepNote(ctx context.Context, dagID string, note PauseNote) error {
	value, err := json.Marshal(note)
	if err != nil {
		return fmt.Errorf("write a note: %w", err)
	}
	return p.Airflow.SetVariable(ctx, pausePrefix+dagID, airflowclient.NewSecret(string(value)), "why chrononctl paused this DAG")
}

// dropNote takes a note away; one that is gone already is no error.
func (p *Planner) dropNote(ctx context.Context, dagID string) error {
	err := p.Airflow.DeleteVariable(ctx, pausePrefix+dagID)
	if airflowclient.IsNotFound(err) {
		return nil
	}
	return err
}
