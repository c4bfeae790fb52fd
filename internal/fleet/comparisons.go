package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// consistencyReport is the XCom chronon_consistency of a comparison DAG.
type consistencyReport struct {
	Join     string          `json:"join"`
	Day      string          `json:"ds"`
	State    string          `json:"state"`
	Reason   string          `json:"reason"`
	Why      *string         `json:"why"` // of what was not measured; nil: an older runtime, which tells it in the reason alone
	Sampled  *float64        `json:"sample_percent"`
	Logged   int64           `json:"total_rows"`
	Matched  int64           `json:"matched_rows"`
	Budgets  budgetReport    `json:"budgets"`
	Total    int             `json:"features_total"`
	Over     int             `json:"features_over"`
	Features []featureReport `json:"features"`
	HoursOf  *int            `json:"hours_of"` // of how many features there are hours; nil: an older runtime, which publishes none
	History  []dayReport     `json:"history"`
}

type budgetReport struct {
	Mismatch float64 `json:"mismatch"`
	Missing  float64 `json:"missing"`
}

type featureReport struct {
	Name     string       `json:"name"`
	Rows     float64      `json:"rows"`
	Mismatch *float64     `json:"mismatch"`
	Missing  *float64     `json:"missing_online"`
	Offline  *float64     `json:"missing_offline"`
	SMAPE    *float64     `json:"smape"`
	Drift    *float64     `json:"drift"`
	Over     []string     `json:"over"`
	Hours    *hoursReport `json:"hours"`
}

type dayReport struct {
	Day      string   `json:"ds"`
	Over     int      `json:"over"`
	Mismatch *float64 `json:"mismatch"`
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
func comparisonOf(d DAG, run Run, told published, now time.Time) Comparison {
	c := Comparison{Team: d.Team, Join: d.Join, DAGID: d.ID, RunID: run.ID, Health: Unknown, Reason: told.problem, Unmeasured: dayAfter(d, run)}
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
	c.Why = r.why()
	c.Rows, c.LoggedRows, c.Over, c.Total = r.Matched, r.Logged, r.Over, r.Total
	c.Budgets = Budgets(r.Budgets)
	if r.Sampled != nil {
		c.Sampled = *r.Sampled
	}
	for _, f := range r.Features {
		c.Features = append(c.Features, featureOf(f, r.HoursOf))
	}
	for _, m := range r.History {
		c.Trend = append(c.Trend, Measurement(m))
	}
	slices.SortStableFunc(c.Trend, func(a, b Measurement) int { return strings.Compare(a.Day, b.Day) })
	c.Trend = c.Trend[max(len(c.Trend)-trendDays, 0):]
	c.Caveat = caveatOf(c)
	c.doubt(now)
	return c
}

// trendDays is how many measurements the runtime publishes at most.
const trendDays = 14

// oldMeasurement is how long after its day a measurement still says how serving is: a daily comparison of a join that stays some days behind.
const oldMeasurement = 5 * 24 * time.Hour

func featureOf(f featureReport, withHours *int) Feature {
	out := Feature{
		Name: f.Name, Mismatch: f.Mismatch, Missing: f.Missing, SMAPE: f.SMAPE, Over: len(f.Over) > 0,
		Rows: int64(f.Rows), MissingOffline: f.Offline, Drift: f.Drift, OverIn: f.Over,
	}
	out.Hours, out.NoHours = hoursOf(f.Hours, withHours)
	return out
}

// doubt takes back what a report cannot know. What was not measured is never fine.
func (c *Comparison) doubt(now time.Time) {
	day, err := time.Parse(time.DateOnly, c.Day)
	switch {
	case c.Health == Unknown && c.Reason == "":
		c.Reason = fmt.Sprintf("its state %q is not one that this program knows", c.State)
	case err != nil && (c.Health == OK || c.Health == Breach):
		c.Health, c.Reason = Unknown, fmt.Sprintf("the report is for %q, which is no day", c.Day)
	case day.After(now.Add(clockSlack)):
		c.Health, c.Reason = Unknown, fmt.Sprintf("the report is for %s, which has not been yet", c.Day)
	// A report that calls itself well and still lists features beyond their budget was not written by our runtime.
	case c.cannotBe() != "":
		c.Health, c.Reason = Unknown, c.cannotBe()
	case c.Health == OK && c.Over > 0:
		c.Health, c.Reason = Unknown, fmt.Sprintf("the report says ok and %d over budget", c.Over)
	case c.Health == OK && !slices.ContainsFunc(c.Features, Feature.measured):
		c.Health, c.Reason = Unmeasured, "the report says ok and holds no rate"
	case c.Health == OK && c.Unmeasured != "":
		c.Health, c.Reason = Unmeasured, fmt.Sprintf("%s was not measured; %s was well", c.Unmeasured, c.Day)
	case c.Health == OK && now.Sub(day) > oldMeasurement:
		c.Health, c.Reason = Unmeasured, fmt.Sprintf("nothing was measured since %s", c.Day)
	}
}

// cannotBe is, in words, what a report of our runtime never says of a feature; empty when there is nothing of the kind.
func (c *Comparison) cannotBe() string {
	for _, f := range c.Features {
		for _, rate := range []struct {
			what  string
			value *float64
		}{{"mismatch", f.Mismatch}, {"missing_online", f.Missing}, {"missing_offline", f.MissingOffline}} {
			if rate.value != nil && (*rate.value < 0 || *rate.value > 1) {
				return fmt.Sprintf("the report has %s %g of %s, which is no rate", rate.what, *rate.value, f.Name)
			}
		}
		if c.Health == OK && c.Budgets != (Budgets{}) && f.Mismatch != nil && *f.Mismatch > c.Budgets.Mismatch {
			return fmt.Sprintf("the report says ok and has mismatch %g of %s, over its budget", *f.Mismatch, f.Name)
		}
	}
	return ""
}

// measured says whether any rate of the feature is known.
func (f Feature) measured() bool {
	return f.Mismatch != nil || f.Missing != nil || f.MissingOffline != nil
}

// caveatOf says what the sample makes unreliable. Below 100 percent the rows of the log that were not drawn look as if they were missing offline,
// and rare differences may not have been drawn at all.
func caveatOf(c Comparison) string {
	switch {
	case c.State == "" || c.Sampled >= 100:
		return ""
	case c.Sampled <= 0:
		return "it is not known how much of the log was compared, so what is missing offline is not told"
	}
	caveat := fmt.Sprintf("%g %% of the log were compared: what is missing offline is not told, because it would count the rows that were not drawn, "+
		"and rare differences may not have been drawn", c.Sampled)
	if thinHours(c.Features) {
		caveat += "; single hours rest on few rows"
	}
	return caveat
}

// dayAfter is the newest day of which a run ended after the one that the report is of, if it is a later day: it measured nothing.
func dayAfter(d DAG, run Run) string {
	for _, r := range d.Runs { // newest first
		if r.finished() && r.Day > run.Day && r.Health != Skipped && r.Health != None {
			return r.Day
		}
	}
	return ""
}

func compareComparisons(a, b Comparison) int {
	return cmp.Or(strings.Compare(a.Join, b.Join), strings.Compare(a.DAGID, b.DAGID))
}
