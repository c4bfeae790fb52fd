package tui

import (
	"slices"
	"strings"
	"time"

	"chrononctl/dagspec"
	"chrononctl/internal/fleet"
)

// minutesAgo is a moment before the tests begin.
func minutesAgo(n int) time.Time { return epoch.Add(-time.Duration(n) * time.Minute) }

// makeDAG is a DAG with three daily runs, the newest in the given state.
func makeDAG(id string, kind dagspec.Kind, team, join string, h fleet.Health) fleet.DAG {
	d := fleet.DAG{ID: id, Kind: kind, Team: team, Join: join, Hash: "3f2a9c1b7d10", Health: h, NextRun: epoch.Add(90 * time.Minute)}
	for i, day := range []string{"1999-12-31", "1999-12-30", "1999-12-29"} {
		r := fleet.Run{
			DAGID: id, ID: "scheduled__" + day + "T00:00:00+00:00", Day: day, State: "success", Type: "scheduled", Health: fleet.OK,
			Start: minutesAgo(120 + i*1440), End: minutesAgo(97 + i*1440),
		}
		if i == 0 && h == fleet.Failed {
			r.Health, r.State = fleet.Failed, "failed"
		}
		if i == 0 && h == fleet.Running {
			r.Health, r.State, r.End = fleet.Running, "running", time.Time{}
		}
		r.Tasks = makeTasks(r)
		d.Runs = append(d.Runs, r)
	}
	return d
}

func makeTasks(r fleet.Run) []fleet.Task {
	tasks := []fleet.Task{
		{ID: "wait_for__core_users__1f2e3d4c", State: "success", Health: fleet.OK, Try: 1},
		{ID: "upload__card_stats_v4", State: "success", Health: fleet.OK, Try: 1},
		{ID: "kv_load__card_stats_v4", State: "success", Health: fleet.OK, Try: 1},
	}
	if r.Health == fleet.Failed {
		tasks[1].State, tasks[1].Health, tasks[1].Try = "failed", fleet.Failed, 2
		tasks[2].State, tasks[2].Health = "upstream_failed", fleet.Failed
	}
	if r.Health == fleet.Running {
		tasks[2].State, tasks[2].Health = "running", fleet.Running
	}
	for i := range tasks {
		t := &tasks[i]
		t.DAGID, t.RunID, t.MapIndex = r.DAGID, r.ID, -1
		t.Start = r.Start.Add(time.Duration(i) * 5 * time.Minute)
		t.Queued = t.Start.Add(-time.Minute)
		if t.State != "running" {
			t.End = t.Start.Add(4 * time.Minute)
		}
	}
	slices.SortFunc(tasks, func(a, b fleet.Task) int { return strings.Compare(a.ID, b.ID) })
	return tasks
}

// sourceOf serves a picture, and the runs and tasks that are in it.
func sourceOf(snap fleet.Snapshot) *fakeSource {
	slices.SortFunc(snap.DAGs, func(a, b fleet.DAG) int { return strings.Compare(a.ID, b.ID) })
	f := &fakeSource{latency: 100 * time.Millisecond, snap: snap, runs: map[string][]fleet.Run{}, tasks: map[string][]fleet.Task{}}
	for _, d := range snap.DAGs {
		f.runs[d.ID] = d.Runs
		for _, r := range d.Runs {
			f.tasks[d.ID+" "+r.ID] = r.Tasks
		}
	}
	return f
}

// cells are the five kinds of a team, all well.
func cells(staging, batch, streaming, joins, comparisons int) map[dagspec.Kind]fleet.Cell {
	out := map[dagspec.Kind]fleet.Cell{}
	for kind, n := range map[dagspec.Kind]int{
		dagspec.KindStagingQuery: staging, dagspec.KindBatch: batch, dagspec.KindStreaming: streaming,
		dagspec.KindJoin: joins, dagspec.KindComparison: comparisons,
	} {
		if n > 0 {
			out[kind] = fleet.Cell{Health: fleet.OK, Of: n}
		}
	}
	return out
}

// trend are measurements of days in a row, with one day before them that was not measured.
func trend(mismatches ...float64) []fleet.Measurement {
	days := lastDays("1999-12-31", len(mismatches)+1)
	out := []fleet.Measurement{{Day: days[0]}}
	for i, m := range mismatches {
		out = append(out, fleet.Measurement{Day: days[i+1], Mismatch: &m})
	}
	return out
}

// hoursOf are the hours of a day with so many compared rows each, of which some differ; nobody asked at three in the night, and of the hour after that no
// row was drawn.
func hoursOf(rows int64, differ func(hour int) int64) []fleet.Hour {
	day := make([]fleet.Hour, 24)
	for i := range day {
		day[i] = fleet.Hour{Asked: true, Compared: true, Rows: rows, Mismatch: differ(i)}
	}
	day[3], day[4] = fleet.Hour{}, fleet.Hour{Asked: true, Compared: true}
	return day
}

// rush is a number of rows that is low in the morning and high in the evening.
func rush(most int64) func(hour int) int64 {
	return func(hour int) int64 { return most * int64(max(0, 6-max(hour-18, 18-hour))) / 6 }
}

func healthySnapshot() fleet.Snapshot {
	return fleet.Snapshot{
		At:     epoch,
		Server: fleet.Server{Name: "prod", Version: "3.3.2", Health: fleet.OK},
		Teams: []fleet.Team{
			{Name: "core", Day: "1999-12-31", Cells: cells(12, 48, 9, 14, 6)},
			{Name: "payments", Day: "1999-12-31", Cells: cells(4, 31, 6, 9, 4)},
			{Name: "search", Day: "1999-12-30", Cells: cells(8, 61, 0, 22, 0)},
		},
		DAGs: []fleet.DAG{
			makeDAG("chronon_batch_dag_core", dagspec.KindBatch, "core", "", fleet.OK),
			makeDAG("chronon_batch_dag_payments", dagspec.KindBatch, "payments", "", fleet.OK),
			makeDAG("chronon_streaming_dag_payments", dagspec.KindStreaming, "payments", "", fleet.OK),
			makeDAG("chronon_join_payments__checkout__v2", dagspec.KindJoin, "payments", "payments.checkout.v2", fleet.Running),
			makeDAG("chronon_online_offline_comparison_payments__checkout__v2", dagspec.KindComparison, "payments", "payments.checkout.v2", fleet.OK),
			makeDAG("chronon_batch_dag_search", dagspec.KindBatch, "search", "", fleet.OK),
		},
		Streams: []fleet.Stream{
			{Team: "core", GroupBy: "core.user_clicks.v3", DAGID: "chronon_streaming_dag_core", Health: fleet.OK, State: "alive", Since: minutesAgo(21 * 1440),
				App: "application_7_0007", Ticks: strings.Repeat("a", 40), At: minutesAgo(2)},
			{Team: "payments", GroupBy: "payments.card_stream.v1", DAGID: "chronon_streaming_dag_payments", Health: fleet.OK, State: "alive",
				Since: minutesAgo(380), App: "application_7_0231", Ticks: strings.Repeat("a", 40), At: minutesAgo(2), NextTick: epoch.Add(9 * time.Minute)},
		},
		Joins: []fleet.Comparison{
			{Team: "payments", Join: "payments.checkout.v2", DAGID: "chronon_online_offline_comparison_payments__checkout__v2", Health: fleet.OK, State: "ok",
				Day: "1999-12-31", Sampled: 5, Rows: 41220, Total: 40,
				Budgets: fleet.Budgets{Mismatch: 0.01}, Trend: trend(0.001, 0.002, 0.002, 0.003, 0.002, 0.004, 0.004, 0.006), Features: []fleet.Feature{
					{Name: "user_profile_v1_country", Mismatch: new(0.002), Missing: new(0.0), Hours: hoursOf(1700, rush(12))},
				}},
			{Team: "search", Join: "search.ranking.v1", DAGID: "chronon_online_offline_comparison_search__ranking__v1", Health: fleet.Unmeasured,
				State: "not_measured", Reason: "no rows were logged on that day"},
		},
	}
}

// withOutputs adds what confs keep up to date: of the team payments a staging query, a GroupBy with its upload and KV load, and a join, whose newest day
// is being computed. The newest day is the last of those.
func withOutputs(s fleet.Snapshot, now time.Time, days []string) fleet.Snapshot {
	newest, before, ago := days[len(days)-1], days[len(days)-2], func(n int) time.Time { return now.Add(-time.Duration(n) * time.Minute) }
	output := func(conf, dag, task string, mode dagspec.Mode, state fleet.OutputState, h fleet.Health) fleet.Output {
		return fleet.Output{Team: "payments", Conf: "payments." + conf, DAGID: dag, TaskID: task, Mode: mode, Table: "payments." + strings.ReplaceAll(conf, ".", "_"),
			Landed: before, Wanted: newest, State: state, Health: h, At: ago(1500), Due: now.Add(20 * time.Minute),
			Usual: fleet.Usual{N: 9, P50: 2 * time.Hour, P90: 3 * time.Hour}}
	}
	const batch, join = "chronon_batch_dag_payments", "chronon_join_payments__checkout__v2"
	load := output("card_stats.v4", batch, "kv_load__card_stats_v4", dagspec.ModeKVLoad, fleet.OutputExpected, fleet.OK)
	load.Serving = fleet.Serving{Band: fleet.BandFine, Days: 1}
	checkout := output("checkout.v2", join, "join__checkout_v2", dagspec.ModeBackfill, fleet.OutputRunning, fleet.Running)
	checkout.Finish = now.Add(75 * time.Minute)
	s.Outputs = []fleet.Output{output("card_stats.v4", batch, "upload__card_stats_v4", dagspec.ModeUpload, fleet.OutputLanded, fleet.OK), load, checkout}
	s.Calendars = []fleet.Calendar{{Team: "payments", Join: "payments.checkout.v2", DAGID: join, Table: "payments.checkout_v2", Health: fleet.OK,
		Start: days[2], Days: calendarDays(days), Output: checkout, Holes: []string{days[21]}, Parts: []fleet.Part{
			{Name: "card_stats.v4", TaskID: "part__card_stats_v4", Mode: dagspec.ModeBackfill, Health: fleet.OK, State: "success", Since: ago(40)},
			{Name: "core.users/ds=" + newest, TaskID: "wait_for__core_users__1f2e3d4c", Health: fleet.OK, State: "success", Since: ago(95),
				WaitsFor: "core.users/ds=" + newest, Writer: "chronon_staging_query_dag_core", Landed: newest},
			{Name: "the join", TaskID: "join__checkout_v2", Mode: dagspec.ModeBackfillFinal, Health: fleet.Running, State: "running", Since: ago(30)},
		}}}
	s.Work = []fleet.Work{{Team: "payments", Conf: "payments.checkout.v2", DAGID: join, RunID: "scheduled__" + newest + "T00:00:00+00:00", TaskID: "join__checkout_v2",
		MapIndex: -1, Day: newest, Since: ago(30), Step: 7, Steps: 20, Range: days[37] + "..." + days[37], Finish: checkout.Finish}}
	return s
}

// shownDays is how many days the calendar of the tests has.
const shownDays = 44

// calendarDays are six weeks of a join with one of each state.
func calendarDays(days []string) []fleet.CalendarDay {
	var out []fleet.CalendarDay
	for i, day := range days {
		d := fleet.CalendarDay{Day: day, State: fleet.DayLanded}
		switch {
		case i < 2:
			d.State = fleet.DayBeforeStart
		case i == 21:
			d.State = fleet.DayMissing
		case i == 30:
			d.State, d.Reason = fleet.DayFailed, "upload__card_stats_v4 failed"
		case i >= 41 && i < 43:
			d.State = fleet.DayRunning
		case i == 43:
			d.State, d.RunID = fleet.DayWaiting, "scheduled__"+day+"T00:00:00+00:00"
		}
		out = append(out, d)
	}
	return out
}

func healthyFleet() *fakeSource {
	return sourceOf(withOutputs(healthySnapshot(), epoch, lastDays("1999-12-31", shownDays)))
}

// troubledSnapshot has one of each trouble: a failed task, a restarted stream, a feature over budget, a file that does not import, a paused DAG,
// a part that could not be read.
func troubledSnapshot() fleet.Snapshot {
	s := withOutputs(healthySnapshot(), epoch, lastDays("1999-12-31", shownDays))
	s.DAGs[1] = makeDAG("chronon_batch_dag_payments", dagspec.KindBatch, "payments", "", fleet.Failed)
	s.DAGs[5].Paused = true
	s.Teams[1].Cells[dagspec.KindBatch] = fleet.Cell{Health: fleet.Failed, Bad: 2, Of: 31}
	s.Teams[1].Cells[dagspec.KindStreaming] = fleet.Cell{Health: fleet.Restarted, Bad: 1, Of: 6}
	s.Teams[1].Cells[dagspec.KindComparison] = fleet.Cell{Health: fleet.Breach, Bad: 1, Of: 4}
	s.Teams[2].Cells[dagspec.KindBatch] = fleet.Cell{Health: fleet.Waiting, Bad: 20, Of: 61}
	st := &s.Streams[1]
	st.Health, st.State, st.Restarts, st.Since, st.Reason = fleet.Restarted, "restarted", 4, minutesAgo(6), "no application of that name was running"
	st.Ticks = strings.Repeat("a", 30) + "raaarraaar"
	s.Streams = append(s.Streams, fleet.Stream{Team: "search", GroupBy: "search.query_emb.v1", DAGID: "chronon_streaming_dag_search", Health: fleet.Waiting, State: "not_started",
		Reason: "waits for its first upload", Why: fleet.WhyNoUpload, Ticks: "nnnn", At: minutesAgo(2)})
	late := &s.Calendars[0].Output
	late.State, late.Health, late.Late, late.Reason = fleet.OutputLate, fleet.Waiting, 41*time.Minute, "its run began 2 h after the usual time"
	s.Outputs[2] = *late
	upload := &s.Outputs[0]
	upload.State, upload.Health, upload.Reason = fleet.OutputFailed, fleet.Failed, "upload__card_stats_v4 failed on 1999-12-31"
	s.Outputs[1].Serving = fleet.Serving{Band: fleet.BandStale, Days: 4}
	j := &s.Joins[0]
	j.Health, j.State, j.Over = fleet.Breach, "breach", 1
	j.Trend = trend(0.001, 0.002, 0.002, 0.003, 0.008, 0.019, 0.033, 0.0475)
	j.Caveat = "not offline is not told: below 100 % it counts the rows that were not drawn"
	j.Features = append([]fleet.Feature{
		{Name: "card_stats_v4_amount_sum_7d", Mismatch: new(0.0475), Missing: new(0.0002), SMAPE: new(0.031), Drift: new(0.046), Rows: 41_009, Over: true, Hours: hoursOf(1700, rush(190))},
	}, j.Features...)
	s.Broken = []fleet.BrokenFile{{File: "join_ads.py", Ours: true, At: minutesAgo(9),
		Trace: "Traceback (most recent call last):\n  File \"join_ads.py\", line 3\nImportError: cannot import name 'x'"}}
	s.Problems = []fleet.Problem{{Section: fleet.SectionTasks, Text: "the tasks of 3 runs: 504 gateway timeout"}}
	return s
}

func troubledFleet() *fakeSource { return sourceOf(troubledSnapshot()) }

// logLines is a log with all that a frame must show well.
func logLines() []fleet.LogLine {
	return []fleet.LogLine{
		{Time: minutesAgo(8), Level: "info", Text: "Running: spark-submit --class ai.chronon.spark.Driver"},
		{Text: "   Unfilled ranges: [1999-12-29...1999-12-31]"},
		{Time: minutesAgo(8), Text: "\x1b[32mINFO\x1b[0m Computing join for range: [1999-12-29...1999-12-29]  | [1/3]"},
		{Time: minutesAgo(7), Text: "41220 rows requested to be written into table payments.checkout_v2 which has a name that makes this line longer than a terminal of eighty columns"},
		{Time: minutesAgo(5), Text: "Finished writing to payments.checkout_v2"},
		{Time: minutesAgo(5), Level: "info", Text: "Computing join for range: [1999-12-30...1999-12-30]  | [2/3]"},
		{Time: minutesAgo(5), Level: "warning", Text: "slot 3 is lost\tretrying"},
		{Time: minutesAgo(4), Level: "error", Text: "Error handling range [1999-12-30...1999-12-30]: cannot resolve column 'amt_v2'"},
		{Text: "\tat org.apache.spark.sql.Dataset.ofRows(Dataset.scala:100)"},
	}
}
