package dagspec

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// diffRepo is what the builds of TestDiff begin with.
func diffRepo() map[string]object {
	return map[string]object{
		"joins/pay/j.v1":      needing("pay.j.v1", object{"online": 1}, "raw.a/ds={{ ds }}"),
		"group_bys/pay/gb.v1": groupBy("pay.gb.v1", object{"online": 1}, object{"sources": []object{events("raw.e", "topic")}}),
	}
}

func TestDiffTellsWhatAChangeMeans(t *testing.T) {
	t.Parallel()
	const join = "chronon_join_pay__j__v1"
	today, _ := ParseDate("2026-11-23")
	for name, c := range map[string]struct {
		change func(confs map[string]object, teams *string, s *Settings)
		want   []string
	}{
		"nothing": {func(map[string]object, *string, *Settings) {}, nil},
		"a wait": {
			func(c map[string]object, _ *string, _ *Settings) {
				c["joins/pay/j.v1"]["metaData"].(object)["dependencies"] = []string{dep("raw.b/ds={{ ds }}", "2026-01-01", "")}
			},
			[]string{
				join + " dependencies backfill__j__v1: waits for raw.b/ds={{ ds }} from 2026-01-01 (a run starts the task only when it is there)",
				join + " dependencies backfill__j__v1: waits no more for raw.a/ds={{ ds }} (the task may now start before that is there)",
				join + " conf backfill__j__v1: production/joins/pay/j.v1 has other contents (days from the next run on are computed by it; a change of meaning makes Chronon archive the table and fill it anew)",
			},
		},
		"a lag": {
			func(c map[string]object, _ *string, _ *Settings) {
				c["joins/pay/j.v1"]["metaData"].(object)["customJson"] = `{"lag": 1}`
			},
			[]string{
				join + " dependencies backfill__j__v1: promises pay.pay_j_v1/ds={{ macros.ds_add(ds, -1) }} (the task fails when that is not there after the job)",
				join + " dependencies backfill__j__v1: promises no more pay.pay_j_v1/ds={{ ds }} (that is no longer looked for after the job)",
				join + " argv backfill__j__v1: runs --ds {{ macros.ds_add(ds, -1) }} instead of --ds {{ ds }} (the job's next start gets the new command line, also when an old day is cleared)",
				join + " conf backfill__j__v1: production/joins/pay/j.v1 has other contents (days from the next run on are computed by it; a change of meaning makes Chronon archive the table and fill it anew)",
			},
		},
		"an earlier start": {
			func(_ map[string]object, _ *string, s *Settings) { s.DAGs.Start, _ = ParseDate("2026-10-22") },
			[]string{
				batchDAG + " start: starts 2026-10-22 instead of 2026-11-01 (Airflow goes on from the last run and does not go back: 10 runs before 2026-11-01 come by a backfill only; if it never ran, it catches up 32 runs) 32 runs",
				join + " start: starts 2026-10-22 instead of 2026-11-01 (Airflow goes on from the last run and does not go back: 10 runs before 2026-11-01 come by a backfill only; if it never ran, it catches up 32 runs) 32 runs",
				streamingDAG + " start: starts 2026-10-22 instead of 2026-11-01 (Airflow goes on from the last run and does not go back: 960 runs before 2026-11-01 come by a backfill only)",
			},
		},
		"a schedule": {
			func(c map[string]object, _ *string, _ *Settings) {
				c["joins/pay/j.v1"]["metaData"].(object)["offlineSchedule"] = "@weekly"
			},
			[]string{
				join + " schedule: runs at 0 0 * * 0 instead of 0 0 * * * (the next run ends the interval that is open now; days that only the old schedule had are not run any more)",
				join + " conf backfill__j__v1: production/joins/pay/j.v1 has other contents (days from the next run on are computed by it; a change of meaning makes Chronon archive the table and fill it anew)",
			},
		},
		"a new name": {
			func(_ map[string]object, _ *string, s *Settings) { s.Naming[KindJoin] = "j_{join}" },
			[]string{
				"j_pay__j__v1 identity: was called " + join + " (to Airflow it is a new DAG: the history stays under the old id, and variables, alerts and links that name it do not follow; it catches up from 2026-11-01: 22 runs at once) 22 runs",
			},
		},
		"a new conf, and one that goes": {
			func(c map[string]object, _ *string, _ *Settings) {
				delete(c, "joins/pay/j.v1")
				c["staging_queries/pay/sq.v1"] = stagingQuery("pay.sq.v1", nil, nil)
			},
			[]string{
				join + " identity: is gone (no run starts any more, and its tables stay as they are; its history stays in Airflow until somebody deletes it)",
				stagingDAG + " identity: is new, with 1 task (Airflow shows it paused until somebody unpauses it; it catches up from 2026-11-01: 22 runs at once) 22 runs",
			},
		},
		"a GroupBy beside the other": {
			func(c map[string]object, _ *string, _ *Settings) {
				c["group_bys/pay/x.v1"] = groupBy("pay.x.v1", nil, object{"backfillStartDate": "2026-01-01"})
			},
			[]string{batchDAG + " identity backfill__x__v1: is new: backfill of pay.x.v1 (it runs from the next run on; runs that ended do not get it)"},
		},
		"one day at a time": {
			func(c map[string]object, _ *string, _ *Settings) {
				c["joins/pay/j.v1"]["metaData"].(object)["historicalBackfill"] = 0
			},
			[]string{
				join + " schedule backfill__j__v1: computes each day for itself (no day of a backlog is skipped any more, and each costs a job)",
				join + " conf backfill__j__v1: production/joins/pay/j.v1 has other contents (days from the next run on are computed by it; a change of meaning makes Chronon archive the table and fill it anew)",
			},
		},
		"the KV load": {
			func(_ map[string]object, _ *string, s *Settings) { s.KVLoad = &CommandOrCallable{Callable: "a.b:c"} },
			[]string{
				batchDAG + ` settings: kv_load.callable "a.b:c"; no kv_load.argv (it holds for tasks that start from now on; running ones keep what they have)`,
			},
		},
		"the team's environment": {
			func(_ map[string]object, teams *string, _ *Settings) {
				*teams = strings.Replace(*teams, `"namespace": "pay"`, `"namespace": "pay", "team_name": "Pay", "production": {"upload": {"A": "1"}}`, 1)
			},
			[]string{
				batchDAG + ` settings: owner "Pay" instead of "pay" (it holds for tasks that start from now on)`,
				batchDAG + " settings: its team's part of teams.json changed (jobs that start from now on get the new environment)",
				join + ` settings: owner "Pay" instead of "pay" (it holds for tasks that start from now on)`,
				join + " settings: its team's part of teams.json changed (jobs that start from now on get the new environment)",
				streamingDAG + ` settings: owner "Pay" instead of "pay" (it holds for tasks that start from now on)`,
				streamingDAG + " settings: its team's part of teams.json changed (jobs that start from now on get the new environment)",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			made := func(change func(map[string]object, *string, *Settings)) (Definitions, []File) {
				confs, teams, s := diffRepo(), testTeams, testSettings()
				s.DAGs.Start, _ = ParseDate("2026-11-01")
				change(confs, &teams, &s)
				fsys := testRepo(t, confs)
				fsys["teams.json"].Data = []byte(teams)
				return rendered(t, fsys, s)
			}
			old, oldFiles := made(func(map[string]object, *string, *Settings) {})
			changed, _ := made(c.change)
			got := changeWords(Diff(old, changed, today))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
			readBack, err := ReadBack(folderOf(oldFiles))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got, changeWords(Diff(readBack, changed, today))); diff != "" {
				t.Errorf("changes against the files (-want +got):\n%s", diff)
			}
		})
	}
}

func changeWords(changes []Change) []string {
	var words []string
	for _, c := range changes {
		text := c.DAG + " " + string(c.Class)
		if c.Task != "" {
			text += " " + c.Task
		}
		text += fmt.Sprintf(": %s (%s)", c.What, c.Means)
		if c.Runs > 0 {
			text += " " + counted(c.Runs, "run")
		}
		words = append(words, text)
	}
	return words
}

func TestTheSameBuildHasNoDifference(t *testing.T) {
	t.Parallel()
	today, _ := ParseDate("2026-11-23")
	for _, dir := range []string{sampleDir, "testdata/odd"} {
		for _, bundle := range []bool{true, false} {
			s := everything()
			s.Bundle = bundle
			defs, files := rendered(t, os.DirFS(dir), s)
			old, err := ReadBack(folderOf(files))
			if err != nil {
				t.Fatal(err)
			}
			if got := changeWords(Diff(old, defs, today)); len(got) > 0 {
				t.Errorf("%s, bundle %v: %s", dir, bundle, strings.Join(got, "\n"))
			}
		}
	}
}

func TestAnotherRuntimeIsADifference(t *testing.T) {
	t.Parallel()
	defs := buildClean(t, diffRepo())
	old := Definitions{DAGs: append([]DAG(nil), defs.DAGs...)}
	for i := range old.DAGs {
		old.DAGs[i].Runtime = "0123456789ab"
	}
	got := Diff(old, defs, Date{})
	if len(got) != len(defs.DAGs) || got[0].Class != ChangeRuntime {
		t.Errorf("changes = %v", changeWords(got))
	}
}

func TestContentsThatLieOnTheWorkers(t *testing.T) {
	t.Parallel()
	s := testSettings()
	s.Bundle = false
	confs := diffRepo()
	_, files := rendered(t, testRepo(t, confs), s)
	confs["joins/pay/j.v1"]["x"] = 1
	changed, _ := rendered(t, testRepo(t, confs), s)
	old, err := ReadBack(folderOf(files))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"chronon_join_pay__j__v1 conf: has other contents under the same names (the next runs take the confs and the teams.json that lie on the workers then)"}
	if diff := cmp.Diff(want, changeWords(Diff(old, changed, Date{}))); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}
