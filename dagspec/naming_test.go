package dagspec

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNamingPresets(t *testing.T) {
	t.Parallel()
	// A repository with a DAG of each kind.
	confs := map[string]object{
		"staging_queries/pay/sq.v1": stagingQuery("pay.sq.v1", nil, nil),
		"group_bys/pay/gb.v1":       groupBy("pay.gb.v1", object{"online": 1}, object{"sources": []object{events("raw.e", "topic")}}),
		"joins/pay/j.v1":            joinConf("pay.j.v1", logged(nil), object{"labelPart": object{"leftEndOffset": 1}}),
	}
	// docs are those of Orchestration.md; boilerplate's those of airflow/helpers.py, dag_names, where it has a DAG of the kind.
	for preset, want := range map[string][]string{
		"docs": {
			"chronon_batch_dag_pay", "chronon_join_pay__j__v1", "chronon_label_join_pay__j__v1", "chronon_log_flattening_pay", "chronon_metadata_upload",
			"chronon_online_offline_comparison_pay__j__v1", "chronon_staging_query_pay", "chronon_stats_pay", "chronon_streaming_dag_pay",
		},
		"boilerplate": {
			"chronon_group_by_batch_pay", "chronon_group_by_streaming_pay", "chronon_join_pay__j__v1", "chronon_label_join_pay__j__v1", "chronon_log_flattening_pay",
			"chronon_metadata_upload", "chronon_online_offline_comparison_pay__j__v1", "chronon_staging_query_batch_pay", "chronon_stats_pay",
		},
	} {
		s := testSettings()
		s.Stats, s.MetadataUpload = true, true
		s.Naming, _ = NamingPreset(preset)
		defs := build(t, testRepo(t, confs), s)
		if diff := cmp.Diff(want, dagIDs(defs)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", preset, diff)
		}
		if errs := defs.Diagnostics.Errors(); len(errs) > 0 {
			t.Errorf("%s: %v", preset, errs)
		}
	}
	if naming, ok := NamingPreset("other"); ok {
		t.Errorf("preset other = %v", naming)
	}
}

func TestPresetsAreCopies(t *testing.T) {
	t.Parallel()
	naming, _ := NamingPreset("docs")
	naming[KindJoin] = "x"
	if again, _ := NamingPreset("docs"); again[KindJoin] == "x" {
		t.Error("a preset can be changed")
	}
}

func TestKindsThatShareATemplateCollide(t *testing.T) {
	t.Parallel()
	s := testSettings()
	s.Naming[KindBatch], s.Naming[KindStagingQuery] = "chronon_{team}", "chronon_{team}"
	defs := build(t, testRepo(t, map[string]object{
		"staging_queries/pay/sq.v1": stagingQuery("pay.sq.v1", nil, nil),
		"group_bys/pay/gb.v1":       groupBy("pay.gb.v1", object{"online": 1}, nil),
	}), s)
	if len(defs.DAGs) != 0 {
		t.Errorf("DAGs = %v", dagIDs(defs))
	}
	var paths []string
	for _, d := range defs.Diagnostics.Errors() {
		if d.Code == codeDAGCollision {
			paths = append(paths, d.Path)
		}
	}
	if diff := cmp.Diff([]string{"naming.batch", "naming.staging_query"}, paths); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
}

func TestLongNames(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("x", n) }
	for name, c := range map[string]struct {
		confs  map[string]object
		layout string
		code   string // empty: all is well
	}{
		"a DAG id of 250": {map[string]object{"joins/pay/" + long(232): joinConf("pay."+long(232), nil, nil)}, LayoutTeam, ""},
		"of 251":          {map[string]object{"joins/pay/" + long(233): joinConf("pay."+long(233), nil, nil)}, LayoutTeam, codeIDUnusable},
		"a task id of 250": {
			map[string]object{"staging_queries/pay/" + long(240): stagingQuery("pay."+long(240), nil, nil)}, LayoutTeam, "",
		},
		"a task id of 251": {
			map[string]object{"staging_queries/pay/" + long(241): stagingQuery("pay."+long(241), nil, nil)}, LayoutTeam, codeIDUnusable,
		},
		"a file of a DAG id of 250": {
			map[string]object{"joins/pay/" + long(232): joinConf("pay."+long(232), nil, nil)}, LayoutDAG, "",
		},
		"a table of 300, waited for": {
			map[string]object{"joins/pay/j.v1": needing("pay.j.v1", nil, "raw."+long(300)+"/ds={{ ds }}")}, LayoutTeam, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testSettings()
			s.Layout = c.layout
			repo, _ := Load(testRepo(t, c.confs), s)
			defs := Build(repo, s)
			want := []string{}
			if c.code != "" {
				want = append(want, c.code)
			}
			if diff := cmp.Diff(want, codes(defs.Diagnostics)); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
			files, err := Render(defs, repo, s)
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range files {
				if slices.ContainsFunc(strings.Split(file.Path, "/"), func(part string) bool { return len(part) > maxFileName }) {
					t.Errorf("%s has a name that file systems refuse", file.Path)
				}
			}
			for _, dag := range defs.DAGs {
				for _, task := range dag.Tasks {
					for _, wait := range task.Waits {
						if id := wait.waitID(); len(id) > maxID {
							t.Errorf("a sensor's id has %d letters", len(id))
						}
					}
				}
			}
		})
	}
}

func TestATeamWhoseFileNameIsTooLong(t *testing.T) {
	t.Parallel()
	team := strings.Repeat("x", 250)
	s := testSettings()
	s.Naming[KindStagingQuery] = "sq"
	fsys := testRepo(t, map[string]object{"staging_queries/" + team + "/v1": stagingQuery(team+".v1", object{"team": team}, nil)})
	fsys["teams.json"].Data = []byte(`{"` + team + `": {}}`)
	if diff := cmp.Diff([]string{codePathCollision}, codes(build(t, fsys, s).Diagnostics)); diff != "" {
		t.Errorf("diagnostics (-want +got):\n%s", diff)
	}
}

func TestDAGsThatGetOneFile(t *testing.T) {
	t.Parallel()
	s := testSettings()
	s.Layout = LayoutDAG
	s.Naming[KindJoin] = "a.b"
	s.Naming[KindBatch] = "a__b"
	defs := build(t, testRepo(t, map[string]object{
		"joins/pay/j.v1":      joinConf("pay.j.v1", nil, nil),
		"group_bys/pay/gb.v1": groupBy("pay.gb.v1", object{"online": 1}, nil),
	}), s)
	if diff := cmp.Diff([]string{codePathCollision}, codes(defs.Diagnostics)); diff != "" {
		t.Errorf("diagnostics (-want +got):\n%s", diff)
	}
}

func TestTeamsThatDifferByLetterCaseAreNamedInTeamsJSON(t *testing.T) {
	t.Parallel()
	fsys := testRepo(t, map[string]object{
		"group_bys/pay/gb.v1": groupBy("pay.gb.v1", object{"online": 1}, nil), "group_bys/Pay/gb.v2": groupBy("Pay.gb.v2", object{"online": 1, "team": "Pay"}, nil),
	})
	fsys[teamsFile].Data = []byte(`{"default": {}, "pay": {"namespace": "pay"}, "Pay": {"namespace": "pay"}}`)
	for _, d := range build(t, fsys, testSettings()).Diagnostics.Errors() {
		if d.File != teamsFile || d.Path != "pay" && d.Path != "Pay" {
			t.Errorf("it is named as a matter of something else: %s", d)
		}
	}
}

func TestModesAreReadFromTaskIDs(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]Mode{
		"backfill__a__v1": ModeBackfill, "backfill_final__a": ModeBackfillFinal, "kv_load__a": ModeKVLoad, "log_stats__a": ModeLogStats,
		"backfill_part__a__b": "", "wait_for__t__0": "", "summary": "", "upload": "", "upload__": "", "": "",
	} {
		if got, ok := ModeOf(id); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v", id, got, ok)
		}
	}
}
