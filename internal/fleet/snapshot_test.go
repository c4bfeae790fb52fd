package fleet

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
)

func observe(t *testing.T, o *Observer) Snapshot {
	t.Helper()
	s, err := o.Observe(context.Background())
	if err != nil {
		t.Fatalf("Observe: %v", err)
	}
	return s
}

func TestCellsOfThePlantedWorld(t *testing.T) {
	t.Parallel()
	s := observe(t, plantedWorld().observer())
	got := make(map[string]string)
	for _, team := range s.Teams {
		for kind, c := range team.Cells {
			got[team.Name+" "+string(kind)] = c.Health.Glyph() + " " + c.Text()
		}
		got[team.Name+" day"] = team.Day
	}
	want := map[string]string{
		"core staging_query": "✔ 2",
		"core batch":         "✔ 2",
		"core join":          "✔ 1",
		"core streaming":     "✔ 1 alive",
		"core comparison":    "✔ 6",
		"core day":           "2026-11-22",

		"payments staging_query": "◌ 1 of 2 wait",
		"payments batch":         "✖ 1 of 3 failed",
		"payments join":          "▶ 1 of 2 running",
		"payments streaming":     "✖ 1 of 3 failed",
		"payments comparison":    "▲ 1 of 5 over",
		"payments day":           "",

		"search staging_query": "– no runs",
		"search batch":         "‖ paused",
		"search join":          "? 1 of 1 unknown",
		"search streaming":     "✖ failed",
		"search comparison":    "· not measured",
		"search day":           "",
	}
	if diff := cmp.Diff(want, got, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
		t.Errorf("cells (-want +got):\n%s", diff)
	}
}

func TestFindingsOfThePlantedWorld(t *testing.T) {
	t.Parallel()
	s := observe(t, plantedWorld().observer())
	var got []string
	for _, f := range s.Findings() {
		got = append(got, strings.Join([]string{f.Health.Glyph(), f.Team, f.Subject, f.Detail}, " | "))
	}
	want := []string{
		"✖ |  | join_search.py | does not import: ImportError: cannot import name 'x'",
		"✖ | payments | chronon_batch_dag_payments upload__g__v1 | failed for 2026-11-20, try 1",
		"✖ | payments | chronon_streaming_dag_payments keep_alive__bids__v1 | failed for 2026-11-23, try 1",
		"✖ | payments | payments.bids.v1 | duplicate; two applications run",
		"✖ | search | chronon_streaming_dag_search summary | failed for 2026-11-23, try 1",
		"▲ | payments | payments.checkout.v1 price_sum_3d | mismatch 4.96 %, missing online 2.50 %, SMAPE 0.031 on 2026-11-21",
		"? | payments | payments.lost.v1 | unknown; the last report does not name it",
		"? | search | chronon_join_search__odd__v1 backfill__odd__v1 | sleep\x1b[31mwalking for 2026-11-22, try 1",
		"? | search | search.query.v1 | unknown; the summary of its last run, for 2026-11-23, is failed",
		"↻ | payments | payments.card.v1 | 4 restarts in 24 h; restarted since 2026-11-23 11:40 UTC",
		"· | search | search.odd.v1 | consistency not measured: 19 rows matched, 30 are needed",
	}
	if diff := cmp.Diff(want, got, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestAFailedDayEndsWithANewerRunOfThatDay(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		plant func(*world)
		want  Health
	}{
		"an older failed day under a newer good one": {func(w *world) {
			w.day("d", "2026-11-20", "failed", "a=failed")
			w.day("d", "2026-11-21", "success", "a=success")
		}, Failed},
		"made good by a second run of that day": {func(w *world) {
			w.day("d", "2026-11-20", "failed", "a=failed")
			at := noon.AddDate(0, 0, -3).Truncate(24 * 3600e9)
			w.runs = append(w.runs, airflowclient.Run{DAGID: "d", ID: "again", State: "success", LogicalDate: at, Start: noon, End: noon})
			w.tasks = append(w.tasks, instancesFrom("d", "again", []string{"a=success"})...)
		}, OK},
		"at work on it again": {func(w *world) {
			w.day("d", "2026-11-20", "running", "a=running")
			w.day("d", "2026-11-21", "success", "a=success")
		}, Running},
		"queued only":     {func(w *world) { w.day("d", "2026-11-21", "queued") }, Waiting},
		"no run at all":   {func(*world) {}, None},
		"only left aside": {func(w *world) { w.day("d", "2026-11-21", "success", "a=skipped") }, Skipped},
		"an old failure is not looked for for ever": {func(w *world) {
			w.day("d", "2026-10-20", "failed", "a=failed")
			w.day("d", "2026-11-21", "success", "a=success")
		}, OK},
		"the last run of a monthly DAG is found": {func(w *world) { w.day("d", "2026-10-01", "success", "a=success") }, OK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.dag("d", dagspec.KindBatch, "core", "")
			tc.plant(w)
			if got := observe(t, w.observer()).DAGs[0].Health; got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestDAGsThatAirflowCannotRun(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*world)
		want   Health
		broken bool
	}{
		"paused":                          {func(w *world) { w.dags[0].Paused = true }, Paused, false},
		"its file does not import":        {func(w *world) { w.dags[0].HasImportErrors = true }, Failed, true},
		"its file is among those broken":  {func(w *world) { w.broken = []airflowclient.ImportError{{File: "d.py"}} }, Failed, true},
		"another file of a like name":     {func(w *world) { w.broken = []airflowclient.ImportError{{File: "bad.py"}} }, OK, false},
		"paused with a failed day":        {func(w *world) { w.dags[0].Paused = true; w.runs[0].State = "failed" }, Failed, false},
		"its runs cannot be listed":       {func(w *world) { w.failing["runs"] = errForbidden }, Unknown, false},
		"its tasks cannot be listed":      {func(w *world) { w.failing["tasks"] = errForbidden }, Unknown, false},
		"a scheduler that is not healthy": {func(w *world) { w.health.Components[1].Status = "unhealthy" }, OK, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.dag("d", dagspec.KindBatch, "core", "")
			w.day("d", "2026-11-21", "success", "a=success")
			tc.change(w)
			d := observe(t, w.observer()).DAGs[0]
			if d.Health != tc.want || d.Broken != tc.broken {
				t.Errorf("got %v, broken %v; want %v, broken %v", d.Health, d.Broken, tc.want, tc.broken)
			}
		})
	}
}

func TestServerHealth(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		components []airflowclient.Component
		want       Health
		parts      []Component
	}{
		"all well, one not run here": {[]airflowclient.Component{{Name: "scheduler", Status: "healthy"}, {Name: "triggerer"}}, OK, nil},
		"a dead scheduler": {[]airflowclient.Component{{Name: "scheduler", Status: "unhealthy"}, {Name: "dag_processor", Status: "unhealthy"}},
			Failed, []Component{{"dag_processor", "unhealthy"}, {"scheduler", "unhealthy"}}},
		"a word nobody knows": {[]airflowclient.Component{{Name: "scheduler", Status: "sleepy"}}, Unknown, []Component{{"scheduler", "sleepy"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := serverOf(observation{health: &airflowclient.Health{Components: tc.components}})
			if got.Health != tc.want || !slices.Equal(got.Parts, tc.parts) {
				t.Errorf("got %v %q, want %v %q", got.Health, got.Parts, tc.want, tc.parts)
			}
		})
	}
}

// The order in which a server lists things makes no difference.
func TestTheOrderOfAnswersMakesNoDifference(t *testing.T) {
	t.Parallel()
	o := plantedWorld().observer()
	picture, err := o.step(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	first := o.observed(picture, airflowclient.Server{Version: "3.3.2"})
	o.readTasks(context.Background(), &first)
	o.readReports(context.Background(), &first, assemble(first))
	first.at, first.problems = noon, []Problem{{Text: "b"}, {Section: SectionTasks, Text: "a"}}
	want := derive(first, assemble(first))
	rapid.Check(t, func(t *rapid.T) {
		obs := first
		obs.dags = rapid.Permutation(obs.dags).Draw(t, "dags")
		obs.runs = rapid.Permutation(obs.runs).Draw(t, "runs")
		obs.broken = rapid.Permutation(obs.broken).Draw(t, "broken")
		obs.problems = rapid.Permutation(obs.problems).Draw(t, "problems")
		for i := range obs.dags {
			obs.dags[i].Tags = rapid.Permutation(obs.dags[i].Tags).Draw(t, "tags")
		}
		got := derive(obs, assemble(obs))
		if diff := cmp.Diff(want, got, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
			t.Fatalf("another order, another picture (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(want.Findings(), got.Findings()); diff != "" {
			t.Fatalf("another order, other findings (-want +got):\n%s", diff)
		}
	})
}
