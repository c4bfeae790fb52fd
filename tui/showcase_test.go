package tui

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"chrononctl/dagspec"
	"chrononctl/internal/fleet"
)

// showcaseNow is when the pictures of the documentation were taken, by the console's clock.
var showcaseNow = time.Date(2026, 11, 23, 9, 12, 40, 0, time.UTC)

// showcaseAgo is a moment before the pictures.
func showcaseAgo(d time.Duration) time.Time { return showcaseNow.Add(-d) }

// showcase is the fleet of the pictures: a company with one bad morning.
func showcase() *fakeSource {
	s := fleet.Snapshot{
		At:     showcaseNow,
		Server: fleet.Server{Name: "prod", Version: "3.3.2", Health: fleet.OK},
		Teams: []fleet.Team{
			{Name: "ads", Day: "2026-11-22", Cells: cells(6, 37, 4, 11, 5)},
			{Name: "core", Day: "2026-11-22", Cells: cells(12, 48, 9, 14, 6)},
			{Name: "fraud", Day: "2026-11-22", Cells: cells(3, 22, 8, 6, 6)},
			{Name: "payments", Day: "2026-11-21", Cells: cells(4, 31, 6, 9, 4)},
			{Name: "search", Day: "2026-11-21", Cells: cells(8, 61, 0, 22, 3)},
			{Name: "trust", Day: "2026-11-22", Cells: cells(2, 17, 3, 5, 2)},
		},
		DAGs:    showcaseDAGs(),
		Streams: showcaseStreams(),
		Joins:   showcaseJoins(),
		Broken: []fleet.BrokenFile{{File: "join_ads.py", Ours: true, At: showcaseAgo(9 * time.Minute),
			Trace: "Traceback (most recent call last):\n  File \"join_ads.py\", line 3\nImportError: cannot import name 'Partition'"}},
	}
	for team, troubles := range map[int]map[dagspec.Kind]fleet.Cell{
		2: {dagspec.KindStreaming: {Health: fleet.Restarted, Bad: 1, Of: 8}},
		3: {dagspec.KindBatch: {Health: fleet.Failed, Bad: 2, Of: 31}, dagspec.KindComparison: {Health: fleet.Breach, Bad: 1, Of: 4}},
		4: {dagspec.KindBatch: {Health: fleet.Running, Bad: 7, Of: 61}, dagspec.KindJoin: {Health: fleet.Waiting, Bad: 3, Of: 22},
			dagspec.KindComparison: {Health: fleet.Unmeasured, Bad: 1, Of: 3}},
	} {
		maps.Copy(s.Teams[team].Cells, troubles)
	}
	s = withOutputs(s, showcaseNow, lastDays("2026-11-22", shownDays))
	days := s.Calendars[0].Days
	for i := range days {
		if state := days[i].State; state == fleet.DayLanded || i == len(days)-1 {
			days[i].RunID = "scheduled__" + days[i].Day + "T00:00:00+00:00"
		}
	}
	days[len(days)-1].State = fleet.DayRunning
	f := sourceOf(s)
	f.log = showcaseLog()
	return f
}

// showcaseLog is the log of a job in the middle of its work.
func showcaseLog() []fleet.LogLine {
	var lines []fleet.LogLine
	at := showcaseAgo(42 * time.Minute)
	say := func(format string, args ...any) {
		lines = append(lines, fleet.LogLine{Time: at, Level: "info", Text: fmt.Sprintf(format, args...)})
		at = at.Add(9 * time.Second)
	}
	say("Running ['python3', 'run.py', '--conf', 'production/joins/payments/checkout.v2', '--mode', 'backfill'] in /srv/chronon")
	say("   Unfilled ranges: [2026-11-03...2026-11-22]")
	for i, day := range lastDays("2026-11-09", 7) {
		at = showcaseAgo(time.Duration(41-6*i) * time.Minute)
		say("[2026-11-23 09:12:00] {Join} 610 - Computing join for range: [%s...%s]  | [%d/20]", day, day, i+1)
		say("[2026-11-23 09:12:00] {TableUtils} 733 - %d rows requested to be written into table payments.checkout_v2", 1_400_000+i*3_517)
		if i == 3 {
			say("26/11/23 09:12:00 WARN TaskSetManager: Lost task 12.0 in stage 41.0 (TID 3120) (worker-7 executor 4): ExecutorLostFailure")
		}
		if i < 6 {
			say("[2026-11-23 09:12:00] {TableUtils} 792 - Finished writing to payments.checkout_v2")
		}
	}
	return lines
}

func showcaseDAGs() []fleet.DAG {
	dags := []fleet.DAG{
		showcaseDAG("chronon_batch_dag_payments", dagspec.KindBatch, "payments", "", 9,
			showcaseTask("wait_for__core_events__9c1e07aa", fleet.OK, 1, 41*time.Minute), showcaseTask("upload__merchant_stats_v2", fleet.OK, 1, 9*time.Minute),
			showcaseTask("kv_load__merchant_stats_v2", fleet.OK, 1, 3*time.Minute), showcaseTask("upload__user_spend_v1", fleet.OK, 1, 17*time.Minute),
			showcaseTask("kv_load__user_spend_v1", fleet.OK, 1, 4*time.Minute), showcaseTask("upload__card_stats_v4", fleet.Failed, 3, 12*time.Minute),
			showcaseTask("kv_load__card_stats_v4", fleet.Failed, 0, 0)),
	}
	for _, d := range []struct {
		kind dagspec.Kind
		team string
		join string
	}{
		{dagspec.KindBatch, "ads", ""}, {dagspec.KindBatch, "core", ""}, {dagspec.KindBatch, "fraud", ""}, {dagspec.KindBatch, "search", ""},
		{dagspec.KindStreaming, "fraud", ""}, {dagspec.KindStreaming, "core", ""},
		{dagspec.KindJoin, "payments", "payments.checkout.v2"}, {dagspec.KindComparison, "payments", "payments.checkout.v2"},
	} {
		name := map[dagspec.Kind]string{
			dagspec.KindBatch: "batch_dag_" + d.team, dagspec.KindStreaming: "streaming_dag_" + d.team,
			dagspec.KindJoin: "join_payments__checkout__v2", dagspec.KindComparison: "online_offline_comparison_payments__checkout__v2",
		}[d.kind]
		task := showcaseTask("summary", fleet.OK, 1, time.Minute)
		if d.kind == dagspec.KindJoin {
			task = showcaseTask("join__checkout_v2", fleet.Running, 1, 0)
		}
		dags = append(dags, showcaseDAG("chronon_"+name, d.kind, d.team, d.join, 14, task))
	}
	return dags
}

// showcaseDAG is a DAG with daily runs. The tasks are those of the newest one, and say how it did; the runs before went well.
func showcaseDAG(id string, kind dagspec.Kind, team, join string, days int, tasks ...fleet.Task) fleet.DAG {
	d := fleet.DAG{ID: id, Kind: kind, Team: team, Join: join, Hash: "3f2a9c1b7d10", Health: fleet.OK, NextRun: showcaseAgo(-14*time.Hour - 47*time.Minute)}
	midnight := showcaseNow.Truncate(24 * time.Hour)
	for i := range days {
		begin := midnight.AddDate(0, 0, -i)
		day := begin.AddDate(0, 0, -1).Format(time.DateOnly)
		r := fleet.Run{DAGID: id, ID: "scheduled__" + day + "T00:00:00+00:00", Day: day, State: "success", Type: "scheduled", Health: fleet.OK,
			Start: begin.Add(4 * time.Second)}
		at := r.Start
		for _, t := range tasks {
			t.DAGID, t.RunID = id, r.ID
			if i > 0 && t.Health == fleet.Failed {
				t = showcaseTask(t.ID, fleet.OK, 1, 8*time.Minute)
			}
			if i > 0 && t.Health == fleet.Running {
				t = showcaseTask(t.ID, fleet.OK, 1, 108*time.Minute)
			}
			if took := t.End.Sub(t.Start); took > 0 {
				t.Start, t.End = at, at.Add(took)
				at = t.End
			}
			r.Health = fleet.Worst(r.Health, t.Health)
			r.Tasks = append(r.Tasks, t)
		}
		r.End = at.Add(time.Duration(i*7%11) * time.Minute) // no two nights are alike
		switch r.Health {
		case fleet.Failed:
			r.State, d.Health = "failed", fleet.Failed
		case fleet.Running:
			r.State, r.End = "running", time.Time{}
		default:
		}
		d.Runs = append(d.Runs, r)
	}
	return d
}

// showcaseTask is a task instance that took a while. One that failed without a try is one whose upstream failed.
func showcaseTask(id string, h fleet.Health, try int, took time.Duration) fleet.Task {
	t := fleet.Task{ID: id, MapIndex: -1, Health: h, State: "success", Try: try}
	if took > 0 {
		t.Start = showcaseNow
		t.End = t.Start.Add(took)
	}
	switch {
	case h == fleet.Running:
		t.State, t.Start = "running", showcaseAgo(42*time.Minute)
	case h == fleet.Failed && try == 0:
		t.State = "upstream_failed"
	case h == fleet.Failed:
		t.State = "failed"
	}
	return t
}

func showcaseStreams() []fleet.Stream {
	stream := func(team, name string, age time.Duration, app string) fleet.Stream {
		return fleet.Stream{Team: team, GroupBy: team + "." + name, DAGID: "chronon_streaming_dag_" + team, Health: fleet.OK, State: "alive",
			Since: showcaseAgo(age), App: "application_1763_" + app, Ticks: strings.Repeat("a", 40), At: showcaseAgo(2 * time.Minute)}
	}
	const day = 24 * time.Hour
	streams := []fleet.Stream{
		stream("ads", "impressions.v5", 12*day, "0412"), stream("ads", "click_counts.v2", 12*day, "0413"), stream("core", "page_views.v2", 21*day, "0007"),
		stream("core", "session_length.v1", 21*day, "0009"), stream("core", "user_clicks.v3", 4*day, "0688"),
		stream("fraud", "card_velocity.v4", 6*time.Minute, "0931"), stream("fraud", "device_graph.v2", 9*day, "0501"),
		stream("fraud", "ip_reputation.v1", 9*day, "0502"), stream("payments", "card_stream.v1", 6*time.Hour, "0902"),
		stream("payments", "refunds.v2", 30*day, "0003"), stream("trust", "chargebacks.v1", 2*day, "0795"), stream("trust", "logins.v3", 17*day, "0188"),
	}
	at := slices.IndexFunc(streams, func(s fleet.Stream) bool { return s.GroupBy == "fraud.card_velocity.v4" })
	died := &streams[at]
	died.Health, died.State, died.Restarts, died.Reason = fleet.Restarted, "restarted", 4, "no application of that name was running"
	died.Ticks = strings.Repeat("a", 30) + "raaarraaar"
	return streams
}

func showcaseJoins() []fleet.Comparison {
	feature := func(name string, mismatch, missing, smape float64) fleet.Feature {
		return fleet.Feature{Name: name, Mismatch: new(mismatch), Missing: new(missing), SMAPE: new(smape), Over: mismatch > 0.01,
			Hours: hoursOf(1700, rush(int64(mismatch*1700*4)))}
	}
	join := func(name string, rows int64, total int, features ...fleet.Feature) fleet.Comparison {
		team, _, _ := strings.Cut(name, ".")
		return fleet.Comparison{Team: team, Join: name, DAGID: "chronon_online_offline_comparison_" + strings.ReplaceAll(name, ".", "__"), Health: fleet.OK,
			State: "ok", Day: "2026-11-22", Sampled: 5, Rows: rows, Total: total, Features: features,
			Budgets: fleet.Budgets{Mismatch: 0.01, Missing: 0.05}, Trend: trend(0.002, 0.001, 0.002, 0.002, 0.003, 0.002, 0.001, 0.002)}
	}
	quiet := func(prefix string) []fleet.Feature {
		var all []fleet.Feature
		for i, window := range []string{"1d", "7d", "30d"} {
			all = append(all, feature(fmt.Sprintf("%s_sum_%s", prefix, window), 0.0009-float64(i)*0.0002, 0.0001, 0.0004))
		}
		return all
	}
	checkout := join("payments.checkout.v2", 41_220, 40, append([]fleet.Feature{
		feature("card_stats_v4_amount_sum_7d", 0.0475, 0.0002, 0.031), feature("card_stats_v4_amount_sum_1d", 0.0068, 0.0002, 0.004),
		feature("user_profile_v1_country", 0.0020, 0, 0), feature("user_spend_v1_amount_average_30d", 0.0014, 0.0001, 0.001),
		feature("merchant_stats_v2_refund_rate_7d", 0.0011, 0, 0.001),
	}, quiet("merchant_stats_v2_amount")...)...)
	checkout.Health, checkout.State, checkout.Over = fleet.Breach, "breach", 1
	checkout.Trend = trend(0.002, 0.002, 0.003, 0.002, 0.003, 0.008, 0.021, 0.0475)
	ranking := fleet.Comparison{Team: "search", Join: "search.ranking.v1", DAGID: "chronon_online_offline_comparison_search__ranking__v1",
		Health: fleet.Unmeasured, State: "not_measured", Reason: "no rows were logged on that day"}
	return []fleet.Comparison{
		join("ads.bidding.v3", 190_311, 64, quiet("impressions_v5_price")...), checkout, join("fraud.card_check.v4", 88_044, 52, quiet("card_velocity_v4_amount")...),
		join("fraud.login_check.v1", 60_870, 19, quiet("ip_reputation_v1_hits")...), ranking, join("trust.seller_review.v2", 7_905, 23, quiet("chargebacks_v1_amount")...),
	}
}
