package dagspec

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// logged is the metadata of a join whose requests are logged and compared.
func logged(more object) object {
	m := object{"online": 1, "samplePercent": 10, "customJson": `{"check_consistency": true}`, "dependencies": []string{dep("raw.checkouts/ds={{ ds }}", "", "")}}
	maps.Copy(m, more)
	return m
}

func TestJoinDAGs(t *testing.T) {
	t.Parallel()
	label := func(schedule string) object {
		part := object{"labels": []object{}, "leftStartOffset": 30, "leftEndOffset": 10, "metaData": object{"dependencies": []string{dep("pay.pay_j_v1/ds={{ ds }}", "", "")}}}
		if schedule != "" {
			part["metaData"].(object)["offlineSchedule"] = schedule
		}
		return object{"labelPart": part}
	}
	const joinID, comparisonID, labelID = "chronon_join_pay__j__v1", "chronon_online_offline_comparison_pay__j__v1", "chronon_label_join_pay__j__v1"
	for name, c := range map[string]struct {
		meta, conf object
		want       map[string][]string
	}{
		"offline is filled":        {object{}, nil, map[string][]string{joinID: {"backfill__j__v1"}}},
		"@never has nothing":       {object{"offlineSchedule": "@never"}, nil, map[string][]string{}},
		"online without a sample":  {object{"online": 1}, nil, map[string][]string{joinID: {"backfill__j__v1"}}},
		"a sample of nothing":      {object{"online": 1, "samplePercent": 0}, nil, map[string][]string{joinID: {"backfill__j__v1"}}},
		"logged":                   {object{"online": 1, "samplePercent": 0.5}, nil, map[string][]string{joinID: {"backfill__j__v1"}, logDAG: {"log_flattener__j__v1"}}},
		"offline with a sample":    {object{"samplePercent": 10}, nil, map[string][]string{joinID: {"backfill__j__v1"}}},
		"checked without a log":    {object{"online": 1, "customJson": `{"check_consistency": true}`}, nil, map[string][]string{joinID: {"backfill__j__v1"}}},
		"logged and checked":       {logged(nil), nil, map[string][]string{joinID: {"backfill__j__v1"}, logDAG: {"log_flattener__j__v1"}, comparisonID: {"consistency__j__v1", "summary"}}},
		"compared though @never":   {logged(object{"offlineSchedule": "@never"}), nil, map[string][]string{logDAG: {"log_flattener__j__v1"}, comparisonID: {"consistency__j__v1", "summary"}}},
		"models over its output":   {object{}, object{"modelTransforms": object{"transforms": []object{{}}}}, map[string][]string{joinID: {"backfill__j__v1", "model_transform__j__v1"}}},
		"no models in the list":    {object{}, object{"modelTransforms": object{"transforms": []object{}}}, map[string][]string{joinID: {"backfill__j__v1"}}},
		"labels":                   {object{}, label(""), map[string][]string{joinID: {"backfill__j__v1"}, labelID: {"label_join__j__v1"}}},
		"labels of a @never join":  {object{"offlineSchedule": "@never"}, label("@weekly"), map[string][]string{labelID: {"label_join__j__v1"}}},
		"labels that never run":    {object{}, label("@never"), map[string][]string{joinID: {"backfill__j__v1"}}},
		"labels without metadata":  {object{}, object{"labelPart": object{"leftEndOffset": 1}}, map[string][]string{joinID: {"backfill__j__v1"}, labelID: {"label_join__j__v1"}}},
		"customJson is an object":  {object{"online": 1, "samplePercent": 1, "customJson": object{"check_consistency": true}}, nil, map[string][]string{joinID: {"backfill__j__v1"}, logDAG: {"log_flattener__j__v1"}, comparisonID: {"consistency__j__v1", "summary"}}},
		"customJson has null flag": {object{"online": 1, "samplePercent": 1, "customJson": `{"check_consistency": null}`}, nil, map[string][]string{joinID: {"backfill__j__v1"}, logDAG: {"log_flattener__j__v1"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defs := build(t, testRepo(t, map[string]object{"joins/pay/j.v1": joinConf("pay.j.v1", c.meta, c.conf)}), testSettings())
			got := map[string][]string{}
			for _, dag := range defs.DAGs {
				got[dag.ID] = taskIDs(dag)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("tasks (-want +got):\n%s", diff)
			}
			for _, e := range defs.Diagnostics.Errors() {
				t.Errorf("unexpected: %s", e)
			}
		})
	}
}

func TestJoinRunsOnItsOwnSchedule(t *testing.T) {
	t.Parallel()
	defs := buildClean(t, map[string]object{"joins/pay/j.v1": joinConf("pay.j.v1", object{"offlineSchedule": "0 6 * * 1"}, nil)})
	dag := findDAG(t, defs, "chronon_join_pay__j__v1")
	if dag.Schedule != "0 6 * * 1" || dag.Tasks[0].Schedule != "" || dag.Join != "pay.j.v1" {
		t.Errorf("DAG %+v", dag)
	}
}

func TestLogFlattenerWaitsForTheRawLog(t *testing.T) {
	t.Parallel()
	defs := buildClean(t, map[string]object{"joins/pay/j.v1": joinConf("pay.j.v1", logged(nil), nil)})
	task := findDAG(t, defs, logDAG).Tasks[0]
	if diff := cmp.Diff([]string{"raw.log/ds={{ ds }}/name=SCHEMA_PUBLISH_EVENT", "raw.schemas/ds={{ ds }}"}, specs(task.Waits)); diff != "" {
		t.Errorf("waits (-want +got):\n%s", diff)
	}
	argv := line(task.Argv)
	if diff := cmp.Diff([]string{"--log-table", "raw.log", "--schema-table", "raw.schemas"}, argv[len(argv)-4:]); diff != "" {
		t.Errorf("argv (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"pay.pay_j_v1_logged/ds={{ ds }}"}, outputs(task)); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
}

func TestLogFlattenerWithoutItsTablesIsReported(t *testing.T) {
	t.Parallel()
	fsys := testRepo(t, map[string]object{"joins/pay/j.v1": joinConf("pay.j.v1", logged(nil), nil)})
	fsys["teams.json"].Data = []byte(`{"default": {}, "pay": {}}`)
	defs := build(t, fsys, testSettings())
	if diff := cmp.Diff([]string{codeLogTables}, codes(defs.Diagnostics)); diff != "" {
		t.Errorf("diagnostics (-want +got):\n%s", diff)
	}
	if task := findDAG(t, defs, logDAG).Tasks[0]; len(task.Waits) != 0 {
		t.Errorf("waits = %+v", task.Waits)
	}
}

func TestComparisonNeedsTheLogAndTheJoinsInputs(t *testing.T) {
	t.Parallel()
	defs := buildClean(t, map[string]object{"joins/pay/j.v1": joinConf("pay.j.v1", logged(object{
		"customJson": `{"check_consistency": true, "lag": 1}`, "consistencySamplePercent": 25,
	}), nil)})
	dag := findDAG(t, defs, "chronon_online_offline_comparison_pay__j__v1")
	task, summary := dag.Tasks[0], dag.Tasks[1]
	if diff := cmp.Diff([]string{"pay.pay_j_v1_logged/ds={{ macros.ds_add(ds, -1) }}", "raw.checkouts/ds={{ ds }}"}, specs(task.Waits)); diff != "" {
		t.Errorf("waits (-want +got):\n%s", diff)
	}
	if got := task.Waits[0].ProducedBy; got != logDAG {
		t.Errorf("the log comes from %q, want %q", got, logDAG)
	}
	if summary.Table != "pay.pay_j_v1_consistency" || summary.Sample != 25 || !slices.Equal(summary.After, []string{task.ID}) {
		t.Errorf("summary = %+v", summary)
	}
}

func TestModelsTakeOverTheJoinsTable(t *testing.T) {
	t.Parallel()
	defs := buildClean(t, map[string]object{"joins/pay/j.v1": joinConf("pay.j.v1", nil, object{"modelTransforms": object{"transforms": []object{{}}}})})
	dag := findDAG(t, defs, "chronon_join_pay__j__v1")
	if diff := cmp.Diff([]string{"pay.pay_j_v1_pre_mt/ds={{ ds }}"}, outputs(dag.Tasks[0])); diff != "" {
		t.Errorf("outputs of the backfill (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"pay.pay_j_v1/ds={{ ds }}"}, outputs(dag.Tasks[1])); diff != "" {
		t.Errorf("outputs of the models (-want +got):\n%s", diff)
	}
	if !slices.Equal(dag.Tasks[1].After, []string{"backfill__j__v1"}) {
		t.Errorf("the models come after %q", dag.Tasks[1].After)
	}
}

func TestExternalPartsWithAnOfflineGroupByAreWaitedFor(t *testing.T) {
	t.Parallel()
	external := object{"source": object{"offlineGroupBy": object{"metaData": object{"name": "pay.x.v1", "dependencies": []string{dep("raw.external/ds={{ ds }}", "", "")}}}}}
	defs := buildClean(t, map[string]object{"joins/pay/j.v1": joinConf("pay.j.v1", object{
		"dependencies": []string{dep("raw.checkouts/ds={{ ds }}", "", "")},
	}, object{"onlineExternalParts": []object{external, {"source": object{}}}})})
	if diff := cmp.Diff([]string{"raw.checkouts/ds={{ ds }}", "raw.external/ds={{ ds }}"}, specs(findDAG(t, defs, "chronon_join_pay__j__v1").Tasks[0].Waits)); diff != "" {
		t.Errorf("waits (-want +got):\n%s", diff)
	}
}

func TestLabelJoin(t *testing.T) {
	t.Parallel()
	defs := buildClean(t, map[string]object{"joins/pay/j.v1": joinConf("pay.j.v1", object{"customJson": `{"lag": 2}`}, object{"labelPart": object{
		"leftStartOffset": 30, "leftEndOffset": 10,
		"metaData": object{"offlineSchedule": "@weekly", "dependencies": []string{
			dep("raw.labels/ds={{ ds }}", "", ""), dep("pay.pay_j_v1/ds={{ ds }}", "", ""),
		}},
	}})})
	dag := findDAG(t, defs, "chronon_label_join_pay__j__v1")
	task := dag.Tasks[0]
	if dag.Schedule != "0 0 * * 0" || task.Coalesce {
		t.Errorf("schedule %q, coalesce %v", dag.Schedule, task.Coalesce)
	}
	if diff := cmp.Diff([]string{"raw.labels/ds={{ ds }}", "pay.pay_j_v1/ds={{ macros.ds_add(ds, -2) }}"}, specs(task.Waits)); diff != "" {
		t.Errorf("waits (-want +got):\n%s", diff)
	}
	if task.Waits[1].ProducedBy != "chronon_join_pay__j__v1" {
		t.Errorf("the join's table comes from %q", task.Waits[1].ProducedBy)
	}
	// LabelJoin.scala: the newest left day of label day ds is ds - (leftEndOffset - 1).
	if diff := cmp.Diff([]string{"pay.pay_j_v1_labels/label_ds={{ macros.ds_add(ds, -2) }}/ds={{ macros.ds_add(ds, -11) }}"}, outputs(task)); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
}

func TestProducersOfWhatIsWaitedFor(t *testing.T) {
	t.Parallel()
	fsys := testRepo(t, map[string]object{
		"staging_queries/pay/sq.v1":   stagingQuery("pay.sq.v1", nil, nil),
		"staging_queries/pay/view.v1": stagingQuery("pay.view.v1", nil, object{"createView": 1}),
		"group_bys/pay/gb.v1":         groupBy("pay.gb.v1", object{"online": 1}, object{"backfillStartDate": "2026-01-01"}),
		"joins/pay/parent.v1":         joinConf("pay.parent.v1", logged(nil), object{"joinParts": []object{{"prefix": "p", "groupBy": object{"metaData": object{"name": "pay.gb.v1"}}}}}),
		"joins/pay/never.v1":          joinConf("pay.never.v1", object{"offlineSchedule": "@never"}, nil),
	})
	for name, c := range map[string]struct{ spec, want, code string }{
		"staging query":                        {"pay.pay_sq_v1/ds={{ ds }}", stagingDAG, ""},
		"Hive knows no letter case":            {"PAY.Pay_SQ_v1/ds={{ ds }}", stagingDAG, ""},
		"view":                                 {"pay.chronon_signal_partitions/ds={{ ds }}/table_name=pay.pay_view_v1", stagingDAG, ""},
		"view by its conf's name":              {"pay.chronon_signal_partitions/ds={{ ds }}/table_name=pay.pay.view.v1", stagingDAG, codeSignalName},
		"somebody else's view":                 {"pay.chronon_signal_partitions/ds={{ ds }}/table_name=pay.other", "", ""},
		"GroupBy":                              {"pay.pay_gb_v1/ds={{ ds }}", batchDAG, ""},
		"upload of a GroupBy":                  {"pay.pay_gb_v1_upload/ds={{ ds }}", batchDAG, ""},
		"join":                                 {"pay.pay_parent_v1/ds={{ ds }}", "chronon_join_pay__parent__v1", ""},
		"part of a join":                       {"pay.pay_parent_v1_p_pay_gb_v1/ds={{ ds }}", "chronon_join_pay__parent__v1", ""},
		"log of a join":                        {"pay.pay_parent_v1_logged/ds={{ ds }}", logDAG, ""},
		"consistency of a join":                {"pay.pay_parent_v1_consistency/ds={{ ds }}", "chronon_online_offline_comparison_pay__parent__v1", ""},
		"from outside":                         {"raw.checkouts/ds={{ ds }}", "", ""},
		"a join that never runs":               {"pay.pay_never_v1/ds={{ ds }}", "", codeUnscheduled},
		"the log of a join that logs nothing":  {"pay.pay_never_v1_logged/ds={{ ds }}", "", codeUnscheduled},
		"the log of this join, which has none": {"pay.pay_child_v1_logged/ds={{ ds }}", "", codeUnscheduled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := testRepo(t, map[string]object{"joins/pay/child.v1": joinConf("pay.child.v1", object{"dependencies": []string{dep(c.spec, "", "")}}, nil)})
			maps.Copy(files, fsys)
			defs := build(t, files, testSettings())
			wait := findDAG(t, defs, "chronon_join_pay__child__v1").Tasks[0].Waits[0]
			if wait.ProducedBy != c.want || wait.Spec != c.spec {
				t.Errorf("%q is produced by %q, want %q", wait.Spec, wait.ProducedBy, c.want)
			}
			want := []string{}
			if c.code != "" {
				want = append(want, c.code)
			}
			if diff := cmp.Diff(want, codes(defs.Diagnostics)); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheSignalOfAViewIsWaitedForByItsTable(t *testing.T) {
	t.Parallel()
	defs := build(t, testRepo(t, map[string]object{
		"staging_queries/pay/view.v1": stagingQuery("pay.view.v1", nil, object{"createView": 1}),
		"joins/pay/j.v1": joinConf("pay.j.v1", object{"dependencies": []string{
			dep("pay.chronon_signal_partitions/ds={{ ds }}/table_name=pay.pay.view.v1", "", ""),
		}}, nil),
	}), testSettings())
	wait := findDAG(t, defs, "chronon_join_pay__j__v1").Tasks[0].Waits[0]
	if got, want := wait.Partition.Spec(), "pay.chronon_signal_partitions/ds={{ ds }}/table_name=pay.pay_view_v1"; got != want {
		t.Errorf("waits for %q, want %q", got, want)
	}
}

func TestMetadataUploadIsOneTaskForAllOnlineJoins(t *testing.T) {
	t.Parallel()
	s := testSettings()
	s.MetadataUpload, s.Bundle = true, false
	online := map[string]object{"joins/pay/a.v1": joinConf("pay.a.v1", object{"online": 1}, nil), "joins/pay/b.v1": joinConf("pay.b.v1", object{"online": 1}, nil)}
	dag := findDAG(t, build(t, testRepo(t, online), s), "chronon_metadata_upload")
	if argv := line(dag.Tasks[0].Argv); len(dag.Tasks) != 1 || !slices.Contains(argv, "production/joins//") {
		t.Errorf("tasks = %+v", dag.Tasks)
	}
	offline := map[string]object{"joins/pay/a.v1": joinConf("pay.a.v1", nil, nil)}
	if ids := dagIDs(build(t, testRepo(t, offline), s)); slices.Contains(ids, "chronon_metadata_upload") {
		t.Errorf("without an online join there are %v", ids)
	}
}
