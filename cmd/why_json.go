package cmd

import (
	"time"

	"chrononctl/internal/fleet"
)

// The JSON of `why`. Its keys are a promise: a documented field is never removed or renamed.
type (
	whyJSON struct {
		At      string         `json:"at"`
		Context string         `json:"context"`
		Name    string         `json:"name"`
		Is      fleet.NameKind `json:"is"`
		Also    []string       `json:"also"` // what else has the name
		Steps   []stepJSON     `json:"steps"`
		Causes  []causeJSON    `json:"causes"`

		Problems []string `json:"problems"`
	}
	stepJSON struct {
		Depth  int          `json:"depth"`
		Health fleet.Health `json:"health"`
		Name   string       `json:"name"`
		State  string       `json:"state"`
		Team   string       `json:"team"`
		Owner  string       `json:"owner"`
		DAGID  string       `json:"dag_id"`
		RunID  string       `json:"run_id"`
		TaskID string       `json:"task_id"`
		Day    string       `json:"day"`
		Since  string       `json:"since"`
		Usual  string       `json:"usual"`
		Causes []string     `json:"cause_ids"`
		Ends   string       `json:"ends"`
	}
	causeJSON struct {
		ID       string          `json:"id"`
		Kind     fleet.CauseKind `json:"kind"`
		Health   fleet.Health    `json:"health"`
		Title    string          `json:"title"`
		Team     string          `json:"team"`
		Owner    string          `json:"owner"`
		Teams    []string        `json:"teams"` // that it has an effect on
		Since    string          `json:"since"`
		Age      int             `json:"age_seconds"` // 0: not known
		Usual    string          `json:"usual"`
		Known    string          `json:"known"`
		Ends     string          `json:"ends"`
		Command  string          `json:"command"`
		Runs     int             `json:"runs"`
		Explains []effectJSON    `json:"explains"`
	}
	effectJSON struct {
		Health   fleet.Health `json:"health"`
		Name     string       `json:"name"`
		Team     string       `json:"team"`
		DAGID    string       `json:"dag_id"`
		RunID    string       `json:"run_id"`
		Day      string       `json:"day"`
		TaskID   string       `json:"task_id"`
		MapIndex int          `json:"map_index"`
		Conf     string       `json:"conf"`
		Stream   string       `json:"stream"`
		Join     string       `json:"join"`
		File     string       `json:"file"`
		Part     string       `json:"part"`
		Since    string       `json:"since"`
	}
)

func whyOf(s fleet.Snapshot, answer fleet.Answer) whyJSON {
	return whyJSON{
		At: stamp(s.Clock()), Context: s.Server.Name, Name: answer.Name, Is: answer.Is, Also: convert(answer.Also, fleet.NameKind.String), Problems: fleet.Sentences(s.Problems),
		Steps: convert(answer.Steps, func(step fleet.Step) stepJSON {
			return stepJSON{
				step.Depth, step.Health, step.Name, step.State, step.Team, step.Owner, step.DAGID, step.RunID, step.TaskID, step.Day, stamp(step.Since),
				stamp(step.Usual), append([]string{}, step.Causes...), step.Ends,
			}
		}),
		Causes: convert(answer.Causes, func(c fleet.Cause) causeJSON { return causeOf(s.Clock(), c) }),
	}
}

func causeOf(now time.Time, c fleet.Cause) causeJSON {
	out := causeJSON{
		ID: c.ID, Kind: c.Kind, Health: c.Health, Title: c.Title, Team: c.Team, Owner: c.Owner, Teams: append([]string{}, c.Teams()...),
		Since: stamp(c.Since), Usual: stamp(c.Usual), Known: c.Known, Ends: c.Ends, Command: c.Command, Runs: c.Runs(),
		Explains: convert(c.Explains, func(e fleet.Effect) effectJSON {
			return effectJSON{
				e.Health, e.Name(), e.Team, e.DAGID, e.RunID, e.Day, e.TaskID, e.MapIndex, e.Conf, e.Stream, e.Join, e.File, e.Part, stamp(e.Since),
			}
		}),
	}
	if !c.Since.IsZero() {
		out.Age = max(0, int(now.Sub(c.Since).Seconds()))
	}
	return out
}
