package cmd

import (
	"chrononctl/internal/fleet"
)

// The JSON of `status`. Its keys are a promise: a documented field is never removed or renamed.
type (
	statusJSON struct {
		At          string           `json:"at"`
		Context     string           `json:"context"`
		URL         string           `json:"url"`
		Airflow     airflowJSON      `json:"airflow"`
		Health      fleet.Health     `json:"health"`
		Teams       []teamJSON       `json:"teams"`
		DAGs        []dagJSON        `json:"dags"`
		Streams     []streamJSON     `json:"streams"`
		Comparisons []comparisonJSON `json:"comparisons"`
		Findings    []findingJSON    `json:"findings"`
		Broken      []brokenJSON     `json:"import_errors"`
		Problems    []string         `json:"problems"`
		Tasks       []taskJSON       `json:"tasks,omitempty"`
	}
	airflowJSON struct {
		Version string       `json:"version"`
		Health  fleet.Health `json:"health"`
		Parts   []string     `json:"unhealthy_parts"`
	}
	teamJSON struct {
		Team      string              `json:"team"`
		Health    fleet.Health        `json:"health"`
		NewestDay string              `json:"newest_day"`
		Kinds     map[string]cellJSON `json:"kinds"`
	}
	cellJSON struct {
		Health fleet.Health `json:"health"`
		Bad    int          `json:"bad"`
		Of     int          `json:"of"`
		Unit   string       `json:"unit"`
		Text   string       `json:"text"`
	}
	dagJSON struct {
		DAGID     string       `json:"dag_id"`
		Kind      string       `json:"kind"`
		Team      string       `json:"team"`
		Join      string       `json:"join"`
		Hash      string       `json:"hash"`
		Health    fleet.Health `json:"health"`
		Paused    bool         `json:"paused"`
		Stale     bool         `json:"stale"`
		Broken    bool         `json:"broken"`
		NewestRun string       `json:"newest_run"`
		NewestDay string       `json:"newest_day"`
		State     string       `json:"newest_state"`
		NextRun   string       `json:"next_run"`
	}
	streamJSON struct {
		Team     string       `json:"team"`
		GroupBy  string       `json:"group_by"`
		DAGID    string       `json:"dag_id"`
		Health   fleet.Health `json:"health"`
		State    string       `json:"state"`
		Since    string       `json:"since"`
		App      string       `json:"app_id"`
		Restarts int          `json:"restarts_24h"`
		Ticks    string       `json:"ticks"`
		Reason   string       `json:"reason"`
		At       string       `json:"reported_at"`
	}
	comparisonJSON struct {
		Team     string        `json:"team"`
		Join     string        `json:"join"`
		DAGID    string        `json:"dag_id"`
		Health   fleet.Health  `json:"health"`
		State    string        `json:"state"`
		Day      string        `json:"day"`
		Reason   string        `json:"reason"`
		Sampled  float64       `json:"sample_percent"`
		Rows     int64         `json:"matched_rows"`
		Over     int           `json:"features_over"`
		Total    int           `json:"features_total"`
		Features []featureJSON `json:"features"`
	}
	featureJSON struct {
		Name     string   `json:"name"`
		Mismatch *float64 `json:"mismatch"`
		Missing  *float64 `json:"missing_online"`
		SMAPE    *float64 `json:"smape"`
		Over     bool     `json:"over"`
	}
	findingJSON struct {
		Health  fleet.Health `json:"health"`
		Team    string       `json:"team"`
		Subject string       `json:"subject"`
		Detail  string       `json:"detail"`
		DAGID   string       `json:"dag_id"`
		RunID   string       `json:"run_id"`
		TaskID  string       `json:"task_id"`
	}
	brokenJSON struct {
		File  string `json:"file"`
		Trace string `json:"trace"`
		At    string `json:"at"`
		Ours  bool   `json:"ours"`
	}
	taskJSON struct {
		Team     string       `json:"team"`
		DAGID    string       `json:"dag_id"`
		RunID    string       `json:"run_id"`
		Day      string       `json:"day"`
		TaskID   string       `json:"task_id"`
		MapIndex int          `json:"map_index"`
		State    string       `json:"state"`
		Health   fleet.Health `json:"health"`
		Try      int          `json:"try"`
		Start    string       `json:"start"`
		End      string       `json:"end"`
	}
)

// statusOf is the picture in the words of the JSON. Lists are never null.
func statusOf(s fleet.Snapshot, tasks bool) statusJSON {
	out := statusJSON{
		At: stamp(s.At), Context: s.Server.Name, URL: s.Server.URL, Health: s.Health(),
		Airflow:  airflowJSON{s.Server.Version, s.Server.Health, append([]string{}, s.Server.Parts...)},
		Problems: append([]string{}, s.Problems...),
		Teams:    convert(s.Teams, teamOf), DAGs: convert(s.DAGs, dagOf), Streams: convert(s.Streams, streamOf),
		Comparisons: convert(s.Joins, comparisonOf),
		Findings: convert(s.Findings(), func(f fleet.Finding) findingJSON {
			return findingJSON(f)
		}),
		Broken: convert(s.Broken, func(b fleet.BrokenFile) brokenJSON {
			return brokenJSON{b.File, b.Trace, stamp(b.At), b.Ours}
		}),
	}
	if tasks {
		out.Tasks = convert(tasksOf(s), taskOf)
	}
	return out
}

// convert is every value as f has it, and an empty list for none.
func convert[From, To any](all []From, f func(From) To) []To {
	out := make([]To, 0, len(all))
	for _, v := range all {
		out = append(out, f(v))
	}
	return out
}

func teamOf(t fleet.Team) teamJSON {
	out := teamJSON{Team: t.Name, Health: t.Health(), NewestDay: t.Day, Kinds: make(map[string]cellJSON, len(t.Cells))}
	for kind, c := range t.Cells {
		out.Kinds[string(kind)] = cellJSON{c.Health, c.Bad, c.Of, c.Unit, c.Text()}
	}
	return out
}

func dagOf(d fleet.DAG) dagJSON {
	out := dagJSON{
		DAGID: d.ID, Kind: string(d.Kind), Team: d.Team, Join: d.Join, Hash: d.Hash, Health: d.Health,
		Paused: d.Paused, Stale: d.Stale, Broken: d.Broken, NextRun: stamp(d.NextRun),
	}
	if len(d.Runs) > 0 {
		out.NewestRun, out.NewestDay, out.State = d.Runs[0].ID, d.Runs[0].Day, d.Runs[0].State
	}
	return out
}

func streamOf(s fleet.Stream) streamJSON {
	return streamJSON{s.Team, s.GroupBy, s.DAGID, s.Health, s.State, stamp(s.Since), s.App, s.Restarts, s.Ticks, s.Reason, stamp(s.At)}
}

func comparisonOf(c fleet.Comparison) comparisonJSON {
	return comparisonJSON{
		c.Team, c.Join, c.DAGID, c.Health, c.State, c.Day, c.Reason, c.Sampled, c.Rows, c.Over, c.Total,
		convert(c.Features, func(f fleet.Feature) featureJSON { return featureJSON{f.Name, f.Mismatch, f.Missing, f.SMAPE, f.Over} }),
	}
}

func taskOf(r taskRow) taskJSON {
	t := r.task
	return taskJSON{
		r.dag.Team, t.DAGID, t.RunID, r.run.Day, t.ID, t.MapIndex, t.State, t.Health, t.Try, stamp(t.Start), stamp(t.End),
	}
}
