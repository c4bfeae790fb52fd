package fleet

import (
	"encoding/json"
	"strings"
	"testing"

	"chrononctl/dagspec"
)

const breachReport = `{"v": 1, "join": "payments.checkout.v1", "ds": "2026-11-21", "state": "breach", "reason": "", "sample_percent": 100.0,
 "total_rows": 400, "matched_rows": 383, "budgets": {"mismatch": 0.01, "missing": 0.05}, "features_total": 5, "features_over": 1,
 "features": [{"name": "price_sum_3d", "rows": 383, "mismatch": 0.0496, "missing_online": 0.025, "missing_offline": null, "smape": 0.031,
   "drift": null, "over": ["mismatch"]}, {"name": "country", "rows": 383, "mismatch": 0.0, "missing_online": null, "over": []}],
 "history": [{"ds": "2026-11-20", "over": 1, "mismatch": 0.05}]}`

const okReport = `{"v": 1, "ds": "2026-11-21", "state": "ok", "sample_percent": 5.0, "total_rows": 400, "matched_rows": 120,
 "features_total": 3, "features": [{"name": "country", "rows": 120, "mismatch": 0.0, "over": []}]}`

func TestComparison(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		told   published
		want   Health
		reason string
	}{
		"ok":                       {published{value: json.RawMessage(okReport)}, OK, ""},
		"ok without a rate":        {published{value: json.RawMessage(`{"v": 1, "ds": "2026-11-21", "state": "ok", "features": [{"name": "a"}]}`)}, Unmeasured, "no rate"},
		"ok, long ago":             {published{value: json.RawMessage(strings.Replace(okReport, "11-21", "11-02", 1))}, Unmeasured, "since 2026-11-02"},
		"ok tomorrow":              {published{value: json.RawMessage(strings.Replace(okReport, "11-21", "11-25", 1))}, Unknown, "not been yet"},
		"ok on no day":             {published{value: json.RawMessage(strings.Replace(okReport, "2026-11-21", "soon", 1))}, Unknown, "no day"},
		"breach":                   {published{value: json.RawMessage(breachReport)}, Breach, ""},
		"not measured":             {published{value: json.RawMessage(`{"v": 1, "state": "not_measured", "reason": "19 rows matched"}`)}, Unmeasured, "19 rows matched"},
		"a state from the future":  {published{value: json.RawMessage(`{"v": 1, "state": "splendid"}`)}, Unknown, `"splendid"`},
		"ok, and yet beyond":       {published{value: json.RawMessage(`{"v": 1, "ds": "2026-11-21", "state": "ok", "features_over": 2}`)}, Unknown, "2 over budget"},
		"a rate beyond all":        {published{value: json.RawMessage(strings.Replace(okReport, `"mismatch": 0.0`, `"mismatch": 7`, 1))}, Unknown, "mismatch 7 of country, which is no rate"},
		"a rate below nothing":     {published{value: json.RawMessage(strings.Replace(breachReport, `0.025`, `-0.1`, 1))}, Unknown, "which is no rate"},
		"ok beyond its own budget": {published{value: json.RawMessage(strings.Replace(breachReport, `"breach"`, `"ok"`, 1))}, Unknown, "says ok"},
		"another version":          {published{value: json.RawMessage(`{"v": 7, "state": "ok"}`)}, Unknown, "version 7"},
		"written by hand":          {published{value: json.RawMessage(`{"state": "ok"}`)}, Unknown, "no version"},
		"a list":                   {published{value: json.RawMessage(`[1]`)}, Unknown, "not the JSON"},
		"a rate that is a word":    {published{value: json.RawMessage(`{"v": 1, "state": "ok", "features": [{"name": "a", "mismatch": "low"}]}`)}, Unknown, "not as version 1"},
		"nothing could be read":    {published{problem: "its report could not be read: not permitted"}, Unknown, "not permitted"},
		"hostile reasons are data": {published{value: json.RawMessage(`{"v": 1, "state": "not_measured", "reason": "\u001b[2J"}`)}, Unmeasured, "\x1b[2J"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := comparisonOf(DAG{ID: "d", Kind: dagspec.KindComparison, Team: "payments", Join: "payments.checkout.v1"}, Run{}, tc.told, noon)
			if c.Health != tc.want || !strings.Contains(c.Reason, tc.reason) {
				t.Errorf("got %v, reason %q; want %v, reason with %q", c.Health, c.Reason, tc.want, tc.reason)
			}
			if c.Join != "payments.checkout.v1" {
				t.Errorf("its join is %q", c.Join)
			}
		})
	}
}

func TestComparisonKeepsWhatWasMeasured(t *testing.T) {
	t.Parallel()
	c := comparisonOf(DAG{}, Run{ID: "r"}, published{value: json.RawMessage(breachReport)}, noon)
	if c.Join != "payments.checkout.v1" || c.Day != "2026-11-21" || c.Rows != 383 || c.Sampled != 100 || c.Over != 1 || c.Total != 5 {
		t.Errorf("got %+v", c)
	}
	if c.LoggedRows != 400 || c.Budgets != (Budgets{0.01, 0.05}) || c.RunID != "r" || c.Caveat != "" || len(c.Trend) != 1 || c.Trend[0].Over != 1 {
		t.Errorf("got %+v", c)
	}
	if len(c.Features) != 2 || !c.Features[0].Over || c.Features[1].Over {
		t.Fatalf("got features %+v", c.Features)
	}
	if f := c.Features[1]; f.Mismatch == nil || *f.Mismatch != 0 || f.Missing != nil {
		t.Errorf("a measured zero and an unmeasured rate are not told apart: %+v", f)
	}
	if got, want := c.Features[0].Sentence(), "mismatch 4.96 %, missing online 2.50 %, SMAPE 0.031"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
