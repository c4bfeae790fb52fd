package cmd

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"chrononctl/internal/fleet"
	"chrononctl/internal/query"
)

func newJoinsCmd(a *app) *cobra.Command {
	var flags viewFlags
	var days, parts bool
	cmd := &cobra.Command{
		Use:   "joins [TEAM...]",
		Short: "Show every join: what landed, what is missing, what is being computed and what waits",
		Long: "Shows each join with the newest day that landed, the holes between days that landed, and the ranges that are being computed. With --days it is a\n" +
			"line for each day of each join (--query asks team, join, word, ds), with --parts one for each part and wait of the newest run (team, join, part,\n" +
			"word, state, waits, writer).\n\n" +
			"On a pipe a line is: team, join, state, what it means, newest day, wanted day, usual time, expected finish, holes, ranges at work, table, DAG.\n" +
			"With --days: team, join, day, state, run, reason. With --parts: team, join, part, task, state, what it means, since, waits for, written by,\n" +
			"newest day of that.",
		Example: "  chrononctl joins\n  chrononctl joins --query 'holes>0' -o json\n  chrononctl joins --days --query 'word:missing,failed'\n  chrononctl joins payments --parts",
		RunE: func(cmd *cobra.Command, teams []string) error {
			ctx := cmd.Context()
			switch {
			case days && parts:
				return usage(errors.New("--days and --parts do not go together"))
			case days:
				return show(ctx, a, dayView(), flags, pictured(a, teams, flags, calendarDays))
			case parts:
				return show(ctx, a, partView(), flags, pictured(a, teams, flags, calendarParts))
			}
			return show(ctx, a, calendarView(), flags, pictured(a, teams, flags, func(s fleet.Snapshot) []fleet.Calendar { return s.Calendars }))
		},
	}
	addView(a, cmd, calendarView(), &flags)
	orView(&flags, "days", dayView())
	orView(&flags, "parts", partView())
	cmd.Flags().BoolVar(&days, "days", false, "a line for each day")
	cmd.Flags().BoolVar(&parts, "parts", false, "a line for each part and wait of the newest run")
	return cmd
}

// calendarView is how joins are shown.
func calendarView() view[fleet.Calendar] {
	return view[fleet.Calendar]{
		columns: []column[fleet.Calendar]{
			{title: "TEAM", text: func(c fleet.Calendar) string { return c.Team }},
			{title: "JOIN", text: func(c fleet.Calendar) string { return c.Join }},
			{title: "STATE", text: func(c fleet.Calendar) string { return c.Output.State.String() }, shown: func(a *app, c fleet.Calendar) string {
				return a.mark(c.Health, c.Output.State.String())
			}},
			{title: "MEANS", text: func(c fleet.Calendar) string { return c.Health.String() }, wide: true},
			{title: "LANDED", text: func(c fleet.Calendar) string { return c.Output.Landed }},
			{title: "WANTED", text: func(c fleet.Calendar) string { return c.Output.Wanted }},
			{title: "USUALLY BY", text: func(c fleet.Calendar) string { return stamp(c.Output.Due) }},
			{title: "DONE BY", text: func(c fleet.Calendar) string { return stamp(c.Output.Finish) }, moves: true},
			{title: "HOLES", text: func(c fleet.Calendar) string { return strings.Join(c.Holes, ",") }},
			{title: "AT WORK", text: func(c fleet.Calendar) string { return rangesText(c.Ranges) }},
			{title: "TABLE", text: func(c fleet.Calendar) string { return c.Table }, wide: true},
			{title: "DAG", text: func(c fleet.Calendar) string { return c.DAGID }, wide: true},
		},
		fields: fleet.CalendarFields(),
		name:   func(c fleet.Calendar) string { return c.Join },
		object: func(c fleet.Calendar) any { return calendarOf(c) },
		none:   "No joins that meet this.",
	}
}

func rangesText(ranges []fleet.DayRange) string {
	parts := make([]string, 0, len(ranges))
	for _, r := range ranges {
		parts = append(parts, r.From+".."+r.To)
	}
	return strings.Join(parts, ",")
}

// The JSON of joins. Its keys are a promise.
type (
	calendarJSON struct {
		Team   string            `json:"team"`
		Join   string            `json:"join"`
		DAGID  string            `json:"dag_id"`
		Table  string            `json:"table"`
		Health fleet.Health      `json:"health"`
		Start  string            `json:"start_day"`
		Days   []calendarDayJSON `json:"days"`
		Holes  []string          `json:"holes"`
		Parts  []partJSON        `json:"parts"`
		Ranges []rangeJSON       `json:"ranges"`
		Output outputJSON        `json:"output"`
	}
	calendarDayJSON struct {
		Day    string         `json:"day"`
		State  fleet.DayState `json:"state"`
		RunID  string         `json:"run_id"`
		Reason string         `json:"reason"`
	}
	partJSON struct {
		Name     string       `json:"part"`
		TaskID   string       `json:"task_id"`
		Mode     string       `json:"mode"`
		Health   fleet.Health `json:"health"`
		State    string       `json:"state"`
		Since    string       `json:"since"`
		WaitsFor string       `json:"waits_for"`
		Writer   string       `json:"written_by"`
		Landed   string       `json:"newest_day"`
	}
	rangeJSON struct {
		From string `json:"from"`
		To   string `json:"to"`
	}
)

func calendarOf(c fleet.Calendar) calendarJSON {
	return calendarJSON{
		c.Team, c.Join, c.DAGID, c.Table, c.Health, c.Start, convert(c.Days, func(d fleet.CalendarDay) calendarDayJSON { return calendarDayJSON(d) }),
		append([]string{}, c.Holes...), convert(c.Parts, partOf),
		convert(c.Ranges, func(r fleet.DayRange) rangeJSON { return rangeJSON(r) }), outputOf(c.Output),
	}
}

func partOf(p fleet.Part) partJSON {
	return partJSON{p.Name, p.TaskID, string(p.Mode), p.Health, p.State, stamp(p.Since), p.WaitsFor, p.Writer, p.Landed}
}

func calendarDays(s fleet.Snapshot) []dayJSON {
	var all []dayJSON
	for _, c := range s.Calendars {
		for _, d := range c.Days {
			all = append(all, dayJSON{c.Team, c.Join, d.Day, d.State, d.RunID, d.Reason})
		}
	}
	return all
}

func dayView() view[dayJSON] {
	return view[dayJSON]{
		columns: []column[dayJSON]{
			{title: "TEAM", text: func(d dayJSON) string { return d.Team }},
			{title: "JOIN", text: func(d dayJSON) string { return d.Join }},
			{title: "DAY", text: func(d dayJSON) string { return d.Day }},
			{title: "STATE", text: func(d dayJSON) string { return d.State.String() }},
			{title: "RUN", text: func(d dayJSON) string { return d.RunID }},
			{title: "REASON", text: func(d dayJSON) string { return d.Reason }},
		},
		fields: []query.Field[dayJSON]{
			query.Text("team", "who owns it", func(d dayJSON) string { return d.Team }),
			query.Text("join", "its conf", func(d dayJSON) string { return d.Join }),
			query.Text("word", "landed, running, waiting, failed, missing, ...", func(d dayJSON) string { return d.State.String() }),
			query.Day("ds", "the day", func(d dayJSON) string { return d.Day }),
		},
		name:   func(d dayJSON) string { return d.Join + "/" + d.Day },
		object: func(d dayJSON) any { return d },
		none:   "No days that meet this.",
	}
}

// dayJSON is a line of joins --days. Its keys are a promise.
type dayJSON struct {
	Team   string         `json:"team"`
	Join   string         `json:"join"`
	Day    string         `json:"day"`
	State  fleet.DayState `json:"state"`
	RunID  string         `json:"run_id"`
	Reason string         `json:"reason"`
}

// joinPart is one part of a join's newest run.
type joinPart struct {
	team, join string
	fleet.Part
}

func calendarParts(s fleet.Snapshot) []joinPart {
	var all []joinPart
	for _, c := range s.Calendars {
		for _, p := range c.Parts {
			all = append(all, joinPart{c.Team, c.Join, p})
		}
	}
	slices.SortStableFunc(all, func(x, y joinPart) int { return cmp.Compare(x.join, y.join) })
	return all
}

func partView() view[joinPart] {
	return view[joinPart]{
		columns: []column[joinPart]{
			{title: "TEAM", text: func(p joinPart) string { return p.team }},
			{title: "JOIN", text: func(p joinPart) string { return p.join }},
			{title: "PART", text: func(p joinPart) string { return p.Name }},
			{title: "TASK", text: func(p joinPart) string { return p.TaskID }, wide: true},
			{title: "STATE", text: func(p joinPart) string { return p.State }, shown: func(a *app, p joinPart) string {
				return a.mark(p.Health, cmp.Or(p.State, "no state yet"))
			}},
			{title: "MEANS", text: func(p joinPart) string { return p.Health.String() }, wide: true},
			{title: "SINCE", text: func(p joinPart) string { return stamp(p.Since) }},
			{title: "WAITS FOR", text: func(p joinPart) string { return p.WaitsFor }},
			{title: "WRITTEN BY", text: func(p joinPart) string { return p.Writer }},
			{title: "NEWEST DAY", text: func(p joinPart) string { return p.Landed }},
		},
		fields: []query.Field[joinPart]{
			query.Text("team", "who owns it", func(p joinPart) string { return p.team }),
			query.Text("join", "its conf", func(p joinPart) string { return p.join }),
			query.Text("part", "its name", func(p joinPart) string { return p.Name }),
			query.Text("word", "Airflow's own word for its state", func(p joinPart) string { return p.State }),
			query.Word("state", "how it is", fleet.HealthWords(), func(p joinPart) string { return p.Health.String() }),
			query.Text("waits", "the partition that it waits for", func(p joinPart) string { return p.WaitsFor }),
			query.Text("writer", "the DAG that writes that", func(p joinPart) string { return p.Writer }),
		},
		name:   func(p joinPart) string { return p.join + "/" + p.TaskID },
		object: func(p joinPart) any { return partLineJSON{p.team, p.join, partOf(p.Part)} },
		none:   "No parts that meet this.",
	}
}

// partLineJSON is a line of joins --parts. Its keys are a promise.
type partLineJSON struct {
	Team string   `json:"team"`
	Join string   `json:"join"`
	Part partJSON `json:"task"`
}
