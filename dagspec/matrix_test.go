package dagspec

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/charmbracelet/x/exp/golden"
)

// construct is one construct of Chronon or one rule of its scheduling, with a repository that has it. What it must become stands in the golden file
// of its name: every task with its schedule, command line, waits and outputs, and the diagnostics.
type construct struct {
	name     string
	settings func(*Settings)
	teams    string
	confs    map[string]object
}

// constructs has a row for each row of the scheduling matrix and each construct that has a say in it.
func constructs() []construct {
	source := []string{dep("raw.events/ds={{ ds }}", "2026-01-01", "")}
	stream := []object{events("raw.events", "topic")}
	chained := func(name string, left object) []object {
		return []object{{"joinSource": object{"join": object{"metaData": meta(name, object{"online": 1}), "left": left}, "query": object{}}}}
	}
	part := func(name string, more object) object {
		return object{"groupBy": object{"metaData": meta(name, object{"online": 1})}, "prefix": more["prefix"]}
	}
	oneGB := func(metaMore, more object) map[string]object {
		if metaMore["dependencies"] == nil {
			metaMore["dependencies"] = source
		}
		return map[string]object{"group_bys/pay/gb.v1": groupBy("pay.gb.v1", metaMore, more)}
	}
	oneJoin := func(metaMore, more object) map[string]object {
		if metaMore["dependencies"] == nil {
			metaMore["dependencies"] = []string{dep("raw.checkouts/ds={{ ds }}", "2026-01-01", "")}
		}
		return map[string]object{"joins/pay/j.v1": joinConf("pay.j.v1", metaMore, more)}
	}
	oneQuery := func(metaMore, more object) map[string]object {
		return map[string]object{"staging_queries/pay/sq.v1": stagingQuery("pay.sq.v1", metaMore, more)}
	}
	filled := object{"backfillStartDate": "2026-01-01"}
	models := object{"modelTransforms": object{"transforms": []object{{}}}}
	parts := func(s *Settings) { s.JoinBackfill = joinBackfillParts }
	external := object{"prefix": "x", "source": object{"metadata": object{"name": "ext.svc"}, "offlineGroupBy": object{"metaData": object{
		"name": "pay.ext.v1", "dependencies": []string{dep("raw.external/ds={{ ds }}", "", "")},
	}}}}
	label := func(schedule string) object {
		return object{"labelPart": object{"leftStartOffset": 30, "leftEndOffset": 10, "metaData": object{
			"offlineSchedule": schedule, "dependencies": []string{dep("raw.labels/ds={{ ds }}", "", ""), dep("pay.pay_j_v1/ds={{ ds }}", "", "")},
		}}}
	}
	return []construct{
		{name: "staging_query", confs: oneQuery(object{"dependencies": []string{"raw.t/ds={{ ds }}", "raw.u/ds={{ macros.ds_add(ds, -1) }}"}}, nil)},
		{name: "staging_query_never", confs: oneQuery(object{"offlineSchedule": "@never"}, nil)},
		{name: "staging_query_weekly", confs: oneQuery(object{"offlineSchedule": "@weekly"}, nil)},
		{name: "staging_query_view", confs: oneQuery(object{"dependencies": []string{"raw.t/ds={{ ds }}"}}, object{"createView": 1})},
		{name: "staging_query_of_one_day", confs: oneQuery(object{"historicalBackfill": 0}, nil)},
		{name: "staging_query_waits_for_a_view", confs: map[string]object{
			"staging_queries/pay/view.v1": stagingQuery("pay.view.v1", nil, object{"createView": 1}),
			"staging_queries/pay/sq.v1":   stagingQuery("pay.sq.v1", object{"dependencies": []string{"pay.chronon_signal_partitions/ds={{ ds }}/table_name=pay.pay_view_v1"}}, nil),
		}},
		{name: "staging_query_more_columns", confs: oneQuery(object{"customJson": `{"additional_partition_cols": ["region"]}`}, nil)},
		{name: "group_by_upload", confs: oneGB(object{"online": 1}, nil)},
		{name: "group_by_upload_without_load", settings: func(s *Settings) { s.NoKVLoad = true }, confs: oneGB(object{"online": 1}, nil)},
		{name: "group_by_upload_monthly", confs: oneGB(object{"online": 1, "customJson": `{"uploadSchedule": "@monthly"}`}, nil)},
		{name: "group_by_front_fill", confs: oneGB(object{}, filled)},
		{name: "group_by_front_fill_never", confs: oneGB(object{"offlineSchedule": "@never", "online": 1}, filled)},
		{name: "group_by_front_fill_of_one_day", confs: oneGB(object{"historicalBackfill": 0}, filled)},
		{name: "group_by_front_fill_weekly", confs: oneGB(object{"offlineSchedule": "@weekly", "online": 1}, filled)},
		{name: "group_by_front_fill_by_cron", confs: oneGB(object{"offlineSchedule": "0 6 * * 1,4"}, filled)},
		{name: "group_by_lag", confs: oneGB(object{"customJson": `{"lag": 2}`, "dependencies": []string{dep("raw.events/ds={{ macros.ds_add(ds, -2) }}", "", "")}}, filled)},
		{name: "group_by_incremental", confs: oneGB(object{}, object{"backfillStartDate": "2026-01-01", "isIncremental": 1})},
		{name: "group_by_incremental_stream", confs: oneGB(object{}, object{"backfillStartDate": "2026-01-01", "isIncremental": 1, "sources": stream})},
		{name: "group_by_deprecated", confs: oneGB(object{"deprecationDate": "2026-06-30"}, filled)},
		{name: "group_by_sub_partitions", confs: oneGB(object{"dependencies": []string{
			dep("raw.events/ds={{ ds }}/system=mobile", "", ""), dep("raw.events/ds={{ ds }}/system=web", "", ""),
		}}, filled)},
		{name: "group_by_custom_partition_column", confs: oneGB(object{"dependencies": []string{dep("raw.events/datestr={{ ds }}", "", "")}}, filled)},
		{name: "group_by_sources_that_end", settings: func(s *Settings) { s.DAGs.Start, _ = ParseDate("2026-05-01") }, confs: oneGB(object{"dependencies": []string{
			dep("raw.events/ds={{ ds }}", "2025-01-01", "2026-03-31"), dep("raw.events/ds={{ ds }}", "2026-04-01", "2026-06-30"), dep("raw.events/ds={{ ds }}", "2026-07-01", ""),
		}}, filled)},
		{name: "group_by_arguments_and_environment", confs: oneGB(object{
			"customJson": `{"additional_args": ["--step-days=7"]}`, "modeToEnvMap": object{"backfill": object{"EXECUTOR_MEMORY": "8G"}},
		}, filled)},
		{name: "group_by_environment_nobody_reads", confs: oneGB(object{
			"customJson":   `{"additional_args": "--step-days=7"}`,
			"modeToEnvMap": object{"local-streaming": object{"A": "1"}, "batch": object{"A": "1"}, "upload": object{"A": 1}},
		}, filled)},
		{name: "streaming", confs: oneGB(object{"online": 1}, object{"sources": stream})},
		{name: "streaming_offline", confs: oneGB(object{}, object{"sources": stream, "backfillStartDate": "2026-01-01"})},
		{name: "streaming_snapshot", confs: oneGB(object{"online": 1}, object{"sources": stream, "accuracy": 1})},
		{name: "streaming_without_topic", confs: oneGB(object{"online": 1}, object{"accuracy": 0})},
		{name: "streaming_chained", confs: map[string]object{
			"joins/pay/parent.v1": joinConf("pay.parent.v1", object{"online": 1}, object{"left": events("raw.clicks", "clicks")}),
			"group_bys/pay/gb.v1": groupBy("pay.gb.v1", object{"online": 1, "dependencies": []string{dep("pay.pay_parent_v1/ds={{ ds }}", "", "")}},
				object{"sources": chained("pay.parent.v1", events("raw.clicks", "clicks"))}),
		}},
		{name: "streaming_chained_twice", confs: map[string]object{
			"joins/pay/inner.v1": joinConf("pay.inner.v1", object{"online": 1}, object{"left": events("raw.clicks", "clicks")}),
			"joins/pay/outer.v1": joinConf("pay.outer.v1", object{"online": 1, "dependencies": []string{dep("pay.pay_inner_v1/ds={{ ds }}", "", "")}},
				object{"left": chained("pay.inner.v1", events("raw.clicks", "clicks"))[0]}),
			"group_bys/pay/gb.v1": groupBy("pay.gb.v1", object{"online": 1, "dependencies": []string{dep("pay.pay_outer_v1/ds={{ ds }}", "", "")}},
				object{"sources": chained("pay.outer.v1", chained("pay.inner.v1", events("raw.clicks", "clicks"))[0])}),
		}},
		{name: "streaming_mutations", confs: oneGB(object{"online": 1}, object{"sources": []object{{"entities": object{
			"snapshotTable": "raw.stock", "mutationTable": "raw.stock_changes/hr=23", "mutationTopic": "stock", "query": object{},
		}}}})},
		{name: "join_backfill", confs: oneJoin(object{}, nil)},
		{name: "join_never", confs: oneJoin(object{"offlineSchedule": "@never"}, nil)},
		{name: "join_weekly", confs: oneJoin(object{"offlineSchedule": "@weekly"}, nil)},
		{name: "join_deprecated", confs: oneJoin(object{"deprecationDate": "2026-06-30"}, nil)},
		{name: "join_chained_on_models", confs: map[string]object{
			"joins/pay/models.v1": joinConf("pay.models.v1", nil, models),
			"joins/pay/j.v1":      joinConf("pay.j.v1", object{"dependencies": []string{dep("pay.pay_models_v1/ds={{ ds }}", "", "")}}, object{"left": chained("pay.models.v1", events("raw.clicks", ""))[0]}),
		}},
		{name: "join_of_one_day", confs: oneJoin(object{"historicalBackfill": 0}, nil)},
		{name: "join_bootstrapped", confs: oneJoin(object{"dependencies": []string{
			dep("raw.checkouts/ds={{ ds }}", "", ""), dep("raw.bootstrap/ds={{ ds }}", "", ""),
		}}, object{"bootstrapParts": []object{{"table": "raw.bootstrap"}}})},
		{name: "join_bootstrapped_from_its_log", confs: oneJoin(object{"online": 1, "samplePercent": 5, "dependencies": []string{
			dep("raw.checkouts/ds={{ ds }}", "", ""), dep("pay.pay_j_v1_logged/ds={{ ds }}", "", ""),
		}}, nil)},
		{name: "join_external_parts", confs: oneJoin(object{}, object{"onlineExternalParts": []object{external}})},
		{name: "join_models", confs: oneJoin(object{}, models)},
		{name: "join_in_parts", settings: parts, confs: oneJoin(object{}, object{
			"joinParts": []object{part("pay.a.v1", nil), part("pay.b.v1", object{"prefix": "p"})}, "onlineExternalParts": []object{external},
		})},
		{name: "join_in_parts_with_models", settings: parts, confs: oneJoin(object{"historicalBackfill": 0, "customJson": `{"lag": 1}`}, object{
			"joinParts": []object{part("pay.a.v1", nil)}, "modelTransforms": models["modelTransforms"],
		})},
		{name: "join_in_parts_without_parts", settings: parts, confs: oneJoin(object{}, nil)},
		{name: "join_owned_by_another_team", teams: `{"default": {}, "pay": {"airflow_queue": "q"}, "risk": {"team_name": "Risk", "maintainer_emails": ["r@x"], "airflow_queue": "other"}}`,
			confs: oneJoin(object{"customJson": `{"team_override": "risk"}`}, nil)},
		{name: "label_join", confs: oneJoin(object{}, label("@weekly"))},
		{name: "label_join_never", confs: oneJoin(object{}, label("@never"))},
		{name: "log_flattening", confs: oneJoin(object{"online": 1, "samplePercent": 5}, nil)},
		{name: "comparison", confs: oneJoin(logged(object{"customJson": `{"check_consistency": true, "lag": 1}`}), nil)},
		{name: "comparison_without_log", confs: oneJoin(object{"online": 1, "customJson": `{"check_consistency": true}`}, nil)},
		{name: "statistics", settings: func(s *Settings) { s.Stats = true }, confs: oneJoin(object{"online": 1, "samplePercent": 5, "offlineSchedule": "@weekly"}, nil)},
		{name: "statistics_of_models", settings: func(s *Settings) { s.Stats = true }, confs: oneJoin(object{}, models)},
		{name: "statistics_never", settings: func(s *Settings) { s.Stats = true }, confs: oneJoin(object{"offlineSchedule": "@never"}, nil)},
		{name: "statistics_loaded", settings: func(s *Settings) { s.Stats, s.LoadStats = true, true }, confs: oneJoin(logged(nil), nil)},
		{name: "statistics_loaded_weekly", settings: func(s *Settings) { s.Stats, s.LoadStats = true, true }, confs: oneJoin(object{"offlineSchedule": "@weekly"}, nil)},
		{name: "statistics_loaded_by_nobody", settings: func(s *Settings) { s.LoadStats, s.KVLoad = true, nil }, confs: oneJoin(object{}, nil)},
		{name: "metadata_export", settings: func(s *Settings) { s.MetadataExport, s.Bundle = "ns.confs", false }, confs: oneJoin(object{}, nil)},
		{name: "metadata_export_without_repository", settings: func(s *Settings) { s.MetadataExport, s.Bundle = "ns.confs", true }, confs: oneJoin(object{}, nil)},
		{name: "metadata_upload", settings: func(s *Settings) { s.MetadataUpload = true }, confs: map[string]object{
			"joins/pay/a.v1": joinConf("pay.a.v1", object{"online": 1}, nil), "joins/pay/b.v1": joinConf("pay.b.v1", nil, nil),
		}},
		{name: "metadata_upload_of_nothing", settings: func(s *Settings) { s.MetadataUpload = true }, confs: oneJoin(object{}, nil)},
		{name: "team_settings", teams: `{"default": {"team_name": "all", "airflow_queue": "silver", "dag_start_date": "2026-02-01"},
			"pay": {"user": "svc", "maintainer_emails": ["a@x"], "production": {"upload": {"DRIVER_MEMORY": 4}, "uploads": {}}}}`, confs: oneGB(object{"online": 1}, nil)},
		{name: "partition_column_and_format", teams: `{"default": {"common_env": {"PARTITION_COLUMN": "dt", "PARTITION_FORMAT": "yyyyMMdd"}}, "pay": {}}`,
			confs: oneGB(object{}, filled)},
	}
}

func TestEveryConstructBecomesItsTasks(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, c := range constructs() {
		known[c.name+".golden"] = true
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := testSettings()
			if c.settings != nil {
				c.settings(&s)
			}
			fsys := testRepo(t, c.confs)
			if c.teams != "" {
				fsys["teams.json"].Data = []byte(c.teams)
			}
			repo, _ := Load(fsys, s)
			defs := Build(repo, s)
			if _, err := Render(defs, repo, s); err != nil {
				t.Errorf("render: %v", err)
			}
			golden.RequireEqual(t, described(defs))
		})
	}
	entries, err := os.ReadDir(filepath.Join("testdata", t.Name()))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !known[entry.Name()] {
			t.Errorf("%s belongs to no row", entry.Name())
		}
	}
}

// described writes definitions for people: each task with all that decides what it does and when. What every command line begins with is left out.
func described(defs Definitions) string {
	var out strings.Builder
	for _, dag := range defs.DAGs {
		fmt.Fprintf(&out, "%s: %s from %s, catch-up %v, owner %s", dag.ID, dag.Schedule, dag.Start, dag.Catchup, dag.Owner)
		for _, more := range []struct{ name, value string }{{"queue", dag.Queue}, {"user", dag.User}, {"emails", strings.Join(dag.Emails, " ")}} {
			if more.value != "" {
				fmt.Fprintf(&out, ", %s %s", more.name, more.value)
			}
		}
		out.WriteByte('\n')
		for _, task := range dag.Tasks {
			fmt.Fprintf(&out, "  %s\n", task.ID)
			say := func(format string, args ...any) { fmt.Fprintf(&out, "      "+format+"\n", args...) }
			if task.Schedule != "" {
				say("only at %s", task.Schedule)
			}
			if len(task.Argv) > 0 {
				say("%s", strings.TrimPrefix(strings.Join(line(task.Argv), " "), "python3 -m ai.chronon.repo.run "))
			}
			for _, arg := range task.Argv {
				for _, file := range arg.Files {
					say("with %s", file.Path)
				}
			}
			if !task.Coalesce && task.Mode != ModeSummary {
				say("every day for itself")
			}
			for _, wait := range task.Waits {
				by := wait.ProducedBy
				if by == "" {
					by = "outside"
				}
				say("waits for %s [%s...%s] from %s", wait.Partition.Spec(), wait.Start, wait.End, by)
			}
			for _, output := range task.Outputs {
				say("writes %s", output.Spec())
			}
			if len(task.After) > 0 {
				say("after %s", strings.Join(task.After, ", "))
			}
		}
	}
	for _, d := range defs.Diagnostics {
		fmt.Fprintln(&out, d)
	}
	return out.String()
}
