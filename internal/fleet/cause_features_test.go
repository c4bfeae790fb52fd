package fleet

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"chrononctl/dagspec"
)

// truth is what is so of a feature, whoever measures it: its rates, and how many requests of the day had it.
type truth struct {
	mismatch, missing, offline float64
	rows                       int
}

// leastRows is how many rows the runtime wants before it calls a rate measured, and the budgets are its defaults.
const (
	leastRows      = 30
	mostMismatch   = 0.01
	mostMissing    = 0.05
	measuredOnDay  = "2026-11-22"
	comparisonDAGs = 40
)

// measure is what the runtime publishes of the truth, given how much of the log is drawn (dagspec/runtime/chronon_rt/consistency.py): no rate of few
// rows, and below all of the log nothing about what is missing offline.
func measure(join string, features []truth, sample float64) (report map[string]any, over int) {
	matched := 0
	var rows []map[string]any
	for i, f := range features {
		drawn := int(float64(f.rows) * sample / 100)
		matched = max(matched, drawn)
		row := map[string]any{"name": fmt.Sprintf("f%d", i), "rows": drawn, "mismatch": nil, "missing_online": nil, "missing_offline": nil, "smape": nil, "over": []string{}}
		if drawn >= leastRows {
			beyond := []string{}
			row["mismatch"], row["missing_online"] = f.mismatch, f.missing
			if sample == 100 {
				row["missing_offline"] = f.offline
			}
			for _, rate := range []struct {
				name        string
				value, most float64
				known       bool
			}{{"mismatch", f.mismatch, mostMismatch, true}, {"missing_online", f.missing, mostMissing, true}, {"missing_offline", f.offline, mostMissing, sample == 100}} {
				if rate.known && rate.value > rate.most {
					beyond = append(beyond, rate.name)
				}
			}
			if row["over"] = beyond; len(beyond) > 0 {
				over++
			}
		}
		rows = append(rows, row)
	}
	state, reason := "ok", ""
	switch {
	case matched < leastRows:
		state, reason = "not_measured", fmt.Sprintf("%d rows matched, %d are needed", matched, leastRows)
	case over > 0:
		state = "breach"
	}
	return map[string]any{
		"v": 1, "join": join, "ds": measuredOnDay, "state": state, "reason": reason, "sample_percent": sample, "total_rows": 1000, "matched_rows": matched,
		"budgets": map[string]any{"mismatch": mostMismatch, "missing": mostMissing}, "features_total": len(features), "features_over": over, "features": rows, "history": []any{},
	}, over
}

// TestConsistencyIsAsPlantedWithAndWithoutSampling plants features that agree and that do not, logged in full or in part, and asks for what can be
// known of them: what is over budget, what was not measured, and never that something is well of which nothing was measured.
func TestConsistencyIsAsPlantedWithAndWithoutSampling(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 3))
		s := Snapshot{At: noon, Server: Server{Health: OK}}
		bad := 0
		for i := range rapid.IntRange(0, comparisonDAGs).Draw(t, "joins") {
			join := fmt.Sprintf("core.j%d.v1", i)
			d := DAG{ID: fmt.Sprintf("chronon_online_offline_comparison_core__j%d__v1", i), Kind: dagspec.KindComparison, Team: "core", Join: join}
			run := Run{DAGID: d.ID, ID: "r", Day: measuredOnDay, State: "success", Health: OK, To: noon}
			d.Runs, d.Health = []Run{run}, OK
			sample := []float64{100, 100, 10, 1}[r.IntN(4)]
			var features []truth
			for range 1 + r.IntN(6) {
				features = append(features, truth{
					mismatch: []float64{0, 0.002, 0.06}[r.IntN(3)], missing: []float64{0, 0.01, 0.2}[r.IntN(3)], offline: []float64{0, 0.9}[r.IntN(2)],
					rows: []int{10, 400, 9000}[r.IntN(3)],
				})
			}
			report, over := measure(join, features, sample)
			value, err := json.Marshal(report)
			if err != nil {
				t.Fatal(err)
			}
			c := comparisonOf(d, run, published{value: value}, noon.Add(12*time.Hour))
			checkComparison(t, c, features, sample, over)
			if c.Health > OK {
				bad++
			}
			s.DAGs, s.Joins = append(s.DAGs, d), append(s.Joins, c)
		}
		var joins []string
		for _, c := range Causes(s, Details{}) {
			if c.Kind != CauseFeature || len(c.Explains) != 1 {
				t.Errorf("got %+v", c)
				continue
			}
			joins = append(joins, c.Explains[0].Join)
		}
		slices.Sort(joins)
		if len(slices.Compact(joins)) != bad {
			t.Errorf("%d joins are not well, and %d have a cause: %v", bad, len(joins), joins)
		}
	})
}

// checkComparison holds what was derived to what is so.
func checkComparison(t *rapid.T, c Comparison, features []truth, sample float64, over int) {
	t.Helper()
	enough := false
	for i, f := range features {
		drawn := int(float64(f.rows)*sample/100) >= leastRows
		enough = enough || drawn
		got := c.Features[i]
		if (got.Mismatch != nil) != drawn || (got.MissingOffline != nil) != (drawn && sample == 100) {
			t.Errorf("at %g %% %+v became %+v", sample, f, got)
		}
		if want := drawn && (f.mismatch > mostMismatch || f.missing > mostMissing || sample == 100 && f.offline > mostMissing); got.Over != want {
			t.Errorf("at %g %% %+v is over budget: %v", sample, f, got.Over)
		}
	}
	want := OK
	switch {
	case !enough:
		want = Unmeasured
	case over > 0:
		want = Breach
	}
	if diff := cmp.Diff(want, c.Health); diff != "" {
		t.Errorf("at %g %% %+v is %v: %s", sample, features, c.Health, diff)
	}
	if (c.Caveat != "") != (sample < 100) {
		t.Errorf("at %g %% the caveat is %q", sample, c.Caveat)
	}
}

// A comparison whose job failed measures nothing, and its summary fails for that: one cause, which is the job's.
func TestAComparisonWhoseJobFailedIsItsJob(t *testing.T) {
	t.Parallel()
	for name, said := range map[string]string{
		"said in a field":                    `"why": "job_failed", "reason": "in other words"`,
		"by an older runtime, in the reason": `"reason": "the comparison itself did not succeed: consistency__j__v1 is failed"`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			comparisonIsItsJob(t, said)
		})
	}
}

func comparisonIsItsJob(t *testing.T, said string) {
	t.Helper()
	s := newScene()
	id := "chronon_online_offline_comparison_core__j__v1"
	s.dag(dagspec.KindComparison, id, "core.j.v1")
	ref := s.run(id, ago(1), "failed", time.Hour, "consistency__j__v1=failed", "summary=failed")
	s.reports[ref] = published{value: json.RawMessage(fmt.Sprintf(`{"v": 1, "join": "core.j.v1", "ds": %q, "state": "not_measured", "features": [], %s}`, ago(1), said))}
	made := s.derive()
	job := InstanceRef{DAGID: ref.DAGID, RunID: ref.RunID, TaskID: "consistency__j__v1", MapIndex: -1}
	causes := Causes(made, Details{Words: map[InstanceRef]Words{job: {Class: "exit_status", Message: "the job ended with exit status 1", Line: "java.io.IOException: no space"}}})
	if len(causes) != 1 || causes[0].Title != "core.j.v1: java.io.IOException: no space" {
		t.Fatalf("got %+v", causes)
	}
	var explained []string
	for _, e := range causes[0].Explains {
		explained = append(explained, e.TaskID+e.Join)
	}
	slices.Sort(explained)
	if want := []string{"consistency__j__v1", "core.j.v1", "summary"}; !slices.Equal(explained, want) {
		t.Errorf("it explains %q, want %q", explained, want)
	}
	failed, _ := wanted(made, nil)
	if len(failed) != 1 || failed[0].ID != "consistency__j__v1" {
		t.Errorf("the words of %d tasks are read: what the summary says is known", len(failed))
	}
}
