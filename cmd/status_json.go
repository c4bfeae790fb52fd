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
		Deviations  []deviationJSON  `json:"deviations"`
		Work        []workJSON       `json:"work"`
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

		Why      fleet.StreamWhy `json:"why"`
		NextTick string          `json:"next_tick"`
		Upload   string          `json:"upload_day"`
		Uploaded string          `json:"uploaded_at"`
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

		Logged     int64             `json:"logged_rows"`
		Budgets    *budgetsJSON      `json:"budgets"` // null: the report did not tell
		Trend      []measurementJSON `json:"trend"`
		Caveat     string            `json:"caveat"`
		Unmeasured string            `json:"unmeasured_day"`
		RunID      string            `json:"run_id"`
	}
	budgetsJSON struct {
		Mismatch float64 `json:"mismatch"`
		Missing  float64 `json:"missing"`
	}
	measurementJSON struct {
		Day      string   `json:"day"`
		Over     int      `json:"features_over"`
		Mismatch *float64 `json:"mismatch"`
	}
	featureJSON struct {
		Name     string   `json:"name"`
		Mismatch *float64 `json:"mismatch"`
		Missing  *float64 `json:"missing_online"`
		SMAPE    *float64 `json:"smape"`
		Over     bool     `json:"over"`

		Rows    int64    `json:"rows"`
		Offline *float64 `json:"missing_offline"`
		Drift   *float64 `json:"drift"`
		OverIn  []string `json:"over_in"`

		Hours   []hourJSON `json:"hours"`      // those that had requests; null: not known
		NoHours string     `json:"hours_note"` // why they are not known
	}
	hourJSON struct {
		Hour     int    `json:"hour"` // from 0 to 23, in UTC
		Rows     int64  `json:"rows"`
		Mismatch *int64 `json:"mismatched"` // null: its values are never compared
		Missing  int64  `json:"missing_online"`
	}
	deviationJSON struct {
		Kind   fleet.DeviationKind `json:"deviation"`
		Health fleet.Health        `json:"health"`
		DAGID  string              `json:"dag_id"`
		Of     string              `json:"kind"`
		Team   string              `json:"team"`
		Reason string              `json:"reason"`
	}
	workJSON struct {
		Team     string         `json:"team"`
		Conf     string         `json:"conf"`
		DAGID    string         `json:"dag_id"`
		RunID    string         `json:"run_id"`
		TaskID   string         `json:"task_id"`
		MapIndex int            `json:"map_index"`
		Day      string         `json:"day"`
		Since    string         `json:"since"`
		Step     int            `json:"step"`
		Steps    int            `json:"steps"`
		Range    string         `json:"range"`
		Usual    usualJSON      `json:"usual"`
		Finish   string         `json:"expected_finish"`
		By       fleet.Forecast `json:"forecast_from"`
		Overdue  bool           `json:"overdue"`
	}
	usualJSON struct {
		N   int   `json:"seen"`
		P50 int64 `json:"p50_seconds"`
		P90 int64 `json:"p90_seconds"`
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
func statusOf(s fleet.Snapshot, tasks []taskRow) statusJSON {
	out := statusJSON{
		At: stamp(s.Clock()), Context: s.Server.Name, URL: s.Server.URL, Health: s.Health(),
		Airflow:  airflowJSON{s.Server.Version, s.Server.Health, convert(s.Server.Parts, fleet.Component.String)},
		Problems: fleet.Sentences(s.Problems),
		Teams:    convert(s.Teams, teamOf), DAGs: convert(s.DAGs, dagOf), Streams: convert(s.Streams, streamOf),
		Comparisons: convert(s.Joins, comparisonOf),
		Deviations: convert(s.Deviations, func(d fleet.Deviation) deviationJSON {
			return deviationJSON{d.Kind, d.Health, d.DAGID, string(d.Of), d.Team, d.Reason}
		}),
		Work: convert(s.Work, workOf),
		Findings: convert(s.Findings(), func(f fleet.Finding) findingJSON {
			return findingJSON(f)
		}),
		Broken: convert(s.Broken, func(b fleet.BrokenFile) brokenJSON {
			return brokenJSON{b.File, b.Trace, stamp(b.At), b.Ours}
		}),
	}
	if tasks != nil {
		out.Tasks = convert(tasks, taskOf)
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
	return streamJSON{
		s.Team, s.GroupBy, s.DAGID, s.Health, s.State, stamp(s.Since), s.App, s.Restarts, s.Ticks, s.Reason, stamp(s.At),
		s.Why, stamp(s.NextTick), s.Upload, stamp(s.Uploaded),
	}
}

func comparisonOf(c fleet.Comparison) comparisonJSON {
	return comparisonJSON{
		c.Team, c.Join, c.DAGID, c.Health, c.State, c.Day, c.Reason, c.Sampled, c.Rows, c.Over, c.Total, convert(c.Features, featureOf),
		c.LoggedRows, budgetsOf(c.Budgets),
		convert(c.Trend, func(m fleet.Measurement) measurementJSON { return measurementJSON(m) }), c.Caveat, c.Unmeasured, c.RunID,
	}
}

func budgetsOf(b fleet.Budgets) *budgetsJSON {
	if b == (fleet.Budgets{}) {
		return nil
	}
	told := budgetsJSON(b)
	return &told
}

func featureOf(f fleet.Feature) featureJSON {
	return featureJSON{
		f.Name, f.Mismatch, f.Missing, f.SMAPE, f.Over, f.Rows, f.MissingOffline, f.Drift, append([]string{}, f.OverIn...), hoursOf(f.Hours), f.NoHours,
	}
}

// hoursOf are the hours of a feature that had requests; nil where they are not known.
func hoursOf(day []fleet.Hour) []hourJSON {
	if day == nil {
		return nil
	}
	asked := []hourJSON{}
	for i, h := range day {
		if !h.Asked {
			continue
		}
		told := hourJSON{Hour: i, Rows: h.Rows, Missing: h.Missing}
		if h.Compared {
			told.Mismatch = &h.Mismatch
		}
		asked = append(asked, told)
	}
	return asked
}

func workOf(w fleet.Work) workJSON {
	return workJSON{
		w.Team, w.Conf, w.DAGID, w.RunID, w.TaskID, w.MapIndex, w.Day, stamp(w.Since), w.Step, w.Steps, w.Range, usualOf(w.Usual),
		stamp(w.Finish), w.By, w.Overdue,
	}
}

func usualOf(u fleet.Usual) usualJSON {
	return usualJSON{u.N, int64(u.P50.Seconds()), int64(u.P90.Seconds())}
}

func taskOf(r taskRow) taskJSON {
	t := r.task
	return taskJSON{
		r.dag.Team, t.DAGID, t.RunID, r.run.Day, t.ID, t.MapIndex, t.State, t.Health, t.Try, stamp(t.Start), stamp(t.End),
	}
}
