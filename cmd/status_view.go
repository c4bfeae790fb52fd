package cmd

import (
	"slices"
	"strconv"
	"time"

	"chrononctl/dagspec"
	"chrononctl/internal/fleet"
	"chrononctl/internal/query"
)

// cellRow is the state of one kind of one team.
type cellRow struct {
	team, day string
	kind      dagspec.Kind
	cell      fleet.Cell
}

// cellsOf are the cells of a picture, team by team in the order in which data flows.
func cellsOf(snap fleet.Snapshot) []cellRow {
	var rows []cellRow
	for _, team := range snap.Teams {
		for _, c := range fleetColumns {
			if cell, ok := team.Cells[c.kind]; ok {
				rows = append(rows, cellRow{team.Name, team.Day, c.kind, cell})
			}
		}
	}
	return rows
}

// cellLineJSON is a cell as a line of --watch -o jsonl. Its keys are a promise.
type cellLineJSON struct {
	Team   string       `json:"team"`
	Kind   string       `json:"kind"`
	Health fleet.Health `json:"health"`
	Bad    int          `json:"bad"`
	Of     int          `json:"of"`
	Unit   string       `json:"unit"`
	Text   string       `json:"text"`
	Day    string       `json:"newest_day"`
}

// cellView is how the cells of status are shown on a pipe.
func cellView() view[cellRow] {
	return view[cellRow]{
		columns: []column[cellRow]{
			{title: "TEAM", text: func(c cellRow) string { return c.team }},
			{title: "KIND", text: func(c cellRow) string { return string(c.kind) }},
			{title: "STATE", text: func(c cellRow) string { return c.cell.Health.String() }},
			{title: "BAD", text: func(c cellRow) string { return strconv.Itoa(c.cell.Bad) }},
			{title: "OF", text: func(c cellRow) string { return strconv.Itoa(c.cell.Of) }},
			{title: "UNIT", text: func(c cellRow) string { return c.cell.Unit }},
			{title: "NEWEST DAY", text: func(c cellRow) string { return c.day }},
		},
		fields: []query.Field[cellRow]{
			query.Text("team", "its name", func(c cellRow) string { return c.team }),
			query.Text("kind", "batch, streaming, join, ...", func(c cellRow) string { return string(c.kind) }),
			query.Word("state", "how it is", fleet.HealthWords(), func(c cellRow) string { return c.cell.Health.String() }),
			query.Number("bad", "how many make it so", func(c cellRow) (float64, bool) { return float64(c.cell.Bad), true }),
			query.Day("ds", "newest day of which all is done", func(c cellRow) string { return c.day }),
		},
		name: func(c cellRow) string { return c.team + "/" + string(c.kind) },
		object: func(c cellRow) any {
			return cellLineJSON{c.team, string(c.kind), c.cell.Health, c.cell.Bad, c.cell.Of, c.cell.Unit, c.cell.Text(), c.day}
		},
	}
}

func (r taskRow) name() string { return r.dag.ID + "/" + r.run.ID + "/" + r.task.label() }

// taskRowView is how the tasks of status are shown on a pipe.
func taskRowView(a *app) view[taskRow] {
	return view[taskRow]{
		columns: []column[taskRow]{
			{title: "TEAM", text: func(r taskRow) string { return r.dag.Team }},
			{title: "DAG", text: func(r taskRow) string { return r.dag.ID }},
			{title: "DAY", text: func(r taskRow) string { return r.run.Day }},
			{title: "RUN", text: func(r taskRow) string { return r.run.ID }},
			{title: "TASK", text: func(r taskRow) string { return r.task.label() }},
			{title: "STATE", text: func(r taskRow) string { return r.task.State }},
			{title: "MEANS", text: func(r taskRow) string { return r.task.Health.String() }},
			{title: "TRY", text: func(r taskRow) string { return strconv.Itoa(r.task.Try) }},
			{title: "START", text: func(r taskRow) string { return stamp(r.task.Start) }},
			{title: "END", text: func(r taskRow) string { return stamp(r.task.End) }},
		},
		fields: []query.Field[taskRow]{
			query.Text("team", "who owns it", func(r taskRow) string { return r.dag.Team }),
			query.Text("kind", "batch, streaming, join, ...", func(r taskRow) string { return string(r.dag.Kind) }),
			query.Text("dag", "its DAG", func(r taskRow) string { return r.dag.ID }),
			query.Text("run", "its run", func(r taskRow) string { return r.run.ID }),
			query.Text("task", "its id", func(r taskRow) string { return r.task.ID }),
			query.Text("word", "Airflow's own word for its state", func(r taskRow) string { return r.task.Word() }),
			query.Word("state", "how it is", fleet.HealthWords(), func(r taskRow) string { return r.task.Health.String() }),
			query.Day("ds", "its day", func(r taskRow) string { return r.run.Day }),
			query.Number("tries", "how often it was tried", func(r taskRow) (float64, bool) { return float64(r.task.Try), r.task.Try > 0 }),
			query.Age("age", "how long ago it began", func(r taskRow) (time.Duration, bool) { return a.serverNow().Sub(r.task.Start), !r.task.Start.IsZero() }),
		},
		name:   taskRow.name,
		object: func(r taskRow) any { return taskOf(r) },
	}
}

// keysOf are the members that --json may name.
func (o statusOptions) keysOf() []string {
	switch {
	case o.output.value != formatJSONL:
		return keysOf(statusJSON{})
	case o.tasks:
		return keysOf(taskJSON{})
	case o.watch:
		return keysOf(cellLineJSON{})
	default:
		return keysOf(teamJSON{})
	}
}

// narrowing reads the query: of the tasks with --tasks, else of the cells, and then leaves in a picture only the teams and kinds that meet it.
func (a *app) narrowing(opts statusOptions) (func(fleet.Snapshot) fleet.Snapshot, error) {
	if opts.tasks {
		_, err := readQuery(a, taskRowView(a), opts.viewFlags)
		return func(s fleet.Snapshot) fleet.Snapshot { return s }, err
	}
	asked, err := readQuery(a, cellView(), opts.viewFlags)
	return func(s fleet.Snapshot) fleet.Snapshot {
		wanted := asked()
		if wanted.All() {
			return s
		}
		return narrowed(s, wanted.Match)
	}, err
}

// narrowed is a picture with those teams and kinds alone whose cells meet a condition.
func narrowed(s fleet.Snapshot, meets func(cellRow) bool) fleet.Snapshot {
	kept := make(map[string]map[dagspec.Kind]fleet.Cell)
	for _, row := range cellsOf(s) {
		if meets(row) {
			if kept[row.team] == nil {
				kept[row.team] = make(map[dagspec.Kind]fleet.Cell)
			}
			kept[row.team][row.kind] = row.cell
		}
	}
	has := func(team string, kind dagspec.Kind) bool {
		_, ok := kept[team][kind]
		return ok
	}
	var teams []fleet.Team
	for _, t := range s.Teams {
		if cells := kept[t.Name]; cells != nil {
			teams = append(teams, fleet.Team{Name: t.Name, Cells: cells, Day: t.Day})
		}
	}
	s.Teams = teams
	s.DAGs = only(s.DAGs, func(d fleet.DAG) bool { return has(d.Team, d.Kind) })
	s.Streams = only(s.Streams, func(st fleet.Stream) bool { return has(st.Team, dagspec.KindStreaming) })
	s.Joins = only(s.Joins, func(c fleet.Comparison) bool { return has(c.Team, dagspec.KindComparison) })
	s.Deviations = only(s.Deviations, func(d fleet.Deviation) bool { return has(d.Team, d.Of) })
	ours := make(map[string]bool, len(s.DAGs))
	for _, d := range s.DAGs {
		ours[d.ID] = true
	}
	s.Work = only(s.Work, func(w fleet.Work) bool { return ours[w.DAGID] })
	return s
}

func only[T any](all []T, keep func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(all), func(v T) bool { return !keep(v) })
}

// queriedTasks are the tasks of a picture that meet the query, which was read before.
func (a *app) queriedTasks(snap fleet.Snapshot, opts statusOptions) []taskRow {
	asked, err := readQuery(a, taskRowView(a), opts.viewFlags)
	if err != nil {
		return nil
	}
	return only(tasksOf(snap), asked().Match)
}
