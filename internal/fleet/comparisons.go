package fleet

import (
	"cmp"
	"fmt"
	"strings"
)

// consistencyReport is the XCom chronon_consistency of a comparison DAG.
type consistencyReport struct {
	Join     string          `json:"join"`
	Day      string          `json:"ds"`
	State    string          `json:"state"`
	Reason   string          `json:"reason"`
	Sampled  float64         `json:"sample_percent"`
	Matched  int64           `json:"matched_rows"`
	Total    int             `json:"features_total"`
	Over     int             `json:"features_over"`
	Features []featureReport `json:"features"`
}

type featureReport struct {
	Name     string   `json:"name"`
	Mismatch *float64 `json:"mismatch"`
	Missing  *float64 `json:"missing_online"`
	SMAPE    *float64 `json:"smape"`
	Over     []string `json:"over"`
}

// ComparisonHealth is what a consistency state means. Not measured is neither well nor bad: nothing is known.
func ComparisonHealth(state string) Health {
	switch state {
	case "ok":
		return OK
	case "breach":
		return Breach
	case "not_measured":
		return Unmeasured
	default:
		return Unknown
	}
}

// comparisonBefore stands for the comparison of a DAG of which no run has ended yet.
func comparisonBefore(d DAG) Comparison {
	return Comparison{Team: d.Team, Join: d.Join, DAGID: d.ID, Reason: "no run has ended yet"}
}

// comparisonOf derives the comparison of one DAG from what one of its runs published.
func comparisonOf(d DAG, told published) Comparison {
	c := Comparison{Team: d.Team, Join: d.Join, DAGID: d.ID, Health: Unknown, Reason: told.problem}
	if told.problem != "" {
		return c
	}
	var r consistencyReport
	if err := decodeReport(told.value, &r); err != nil {
		c.Reason = err.Error()
		return c
	}
	c.Join = cmp.Or(d.Join, r.Join)
	c.Health, c.State, c.Day, c.Reason = ComparisonHealth(r.State), r.State, r.Day, r.Reason
	c.Sampled, c.Rows, c.Over, c.Total = r.Sampled, r.Matched, r.Over, r.Total
	for _, f := range r.Features {
		c.Features = append(c.Features, Feature{Name: f.Name, Mismatch: f.Mismatch, Missing: f.Missing, SMAPE: f.SMAPE, Over: len(f.Over) > 0})
	}
	if c.Health == Unknown && c.Reason == "" {
		c.Reason = fmt.Sprintf("its state %q is not one that this program knows", r.State)
	}
	// A report that calls itself well and still lists features beyond their budget was not written by our runtime.
	if c.Health == OK && c.Over > 0 {
		c.Health, c.Reason = Unknown, fmt.Sprintf("the report says ok and %d over budget", c.Over)
	}
	return c
}

func compareComparisons(a, b Comparison) int {
	return cmp.Or(strings.Compare(a.Join, b.Join), strings.Compare(a.DAGID, b.DAGID))
}
