package cmd

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"chrononctl/internal/fleet"
	"chrononctl/internal/query"
)

func newConsistencyCmd(a *app) *cobra.Command {
	var flags viewFlags
	features := false
	cmd := &cobra.Command{
		Use:   "consistency [TEAM...]",
		Short: "Show whether serving agrees with training, by join and by feature",
		Long: "Shows the newest comparison of each join: how many features are beyond their budget, of how much of the log. What was not measured is never fine.\n" +
			"With --features it is a line for each feature, worst first (--query asks team, join, feature, over, mismatch, missing, drift).\n\n" +
			"On a pipe a line is: team, join, state, what it means, day, features over, features, sample in percent, rows compared, day that was not measured,\n" +
			"reason or caveat. With --features: team, join, feature, day, over budget in, rows, mismatch, missing online, missing offline, SMAPE, drift, hours.\n\n" +
			"The hours of the day, in UTC, are known of the worst features of each join: -o wide says in words when a feature differed, a pipe has\n" +
			"HOUR=MISMATCHED/ROWS for each hour that had requests, and JSON has their rows, mismatched and missing_online, or says in hours_note why it has none.",
		Example: "  chrononctl consistency\n  chrononctl consistency --features --query 'over:yes'\n  chrononctl consistency --jq '.[] | {join, trend}'",
		RunE: func(cmd *cobra.Command, teams []string) error {
			if features {
				return show(cmd.Context(), a, featureView(), flags, pictured(a, teams, flags, comparedFeatures))
			}
			return show(cmd.Context(), a, comparisonView(), flags, pictured(a, teams, flags, func(s fleet.Snapshot) []fleet.Comparison { return s.Joins }))
		},
	}
	addView(a, cmd, comparisonView(), &flags)
	orView(&flags, "features", featureView())
	cmd.Flags().BoolVar(&features, "features", false, "a line for each feature")
	return cmd
}

// comparisonView is how consistency results are shown.
func comparisonView() view[fleet.Comparison] {
	return view[fleet.Comparison]{
		columns: []column[fleet.Comparison]{
			{title: "TEAM", text: func(c fleet.Comparison) string { return c.Team }},
			{title: "JOIN", text: func(c fleet.Comparison) string { return c.Join }},
			{title: "STATE", text: func(c fleet.Comparison) string { return c.State }, shown: func(a *app, c fleet.Comparison) string {
				return a.mark(c.Health, c.Health.Word())
			}},
			{title: "MEANS", text: func(c fleet.Comparison) string { return c.Health.String() }, wide: true},
			{title: "DAY", text: func(c fleet.Comparison) string { return c.Day }},
			{title: "OVER", text: func(c fleet.Comparison) string { return strconv.Itoa(c.Over) }},
			{title: "FEATURES", text: func(c fleet.Comparison) string { return strconv.Itoa(c.Total) }},
			{title: "SAMPLE %", text: func(c fleet.Comparison) string { return strconv.FormatFloat(c.Sampled, 'f', -1, 64) }},
			{title: "ROWS", text: func(c fleet.Comparison) string { return strconv.FormatInt(c.Rows, 10) }},
			{title: "NOT MEASURED", text: func(c fleet.Comparison) string { return c.Unmeasured }, wide: true},
			{title: "REASON", text: func(c fleet.Comparison) string { return orCaveat(c) }},
		},
		fields: fleet.ComparisonFields(),
		name:   func(c fleet.Comparison) string { return c.Join },
		object: func(c fleet.Comparison) any { return comparisonOf(c) },
		none:   "No comparisons that meet this.",
	}
}

func orCaveat(c fleet.Comparison) string {
	if c.Reason != "" {
		return c.Reason
	}
	return c.Caveat
}

// feature is one feature of a comparison, with its join.
type feature struct {
	of fleet.Comparison
	fleet.Feature
}

func comparedFeatures(s fleet.Snapshot) []feature {
	var all []feature
	for _, c := range s.Joins {
		for _, f := range c.Features {
			all = append(all, feature{c, f})
		}
	}
	return all
}

// percent is a rate, in percent; what was not measured is empty.
func percent(rate *float64) string {
	if rate == nil {
		return ""
	}
	return fmt.Sprintf("%.2f %%", *rate*100)
}

func plain(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'g', 6, 64)
}

// hoursText has a word for each hour that had requests, "7=3/40": of 40 compared rows 3 differed. The values of some features are never compared.
func hoursText(f feature) string {
	var words []string
	for _, h := range hoursOf(f.Hours) {
		differ := "-"
		if h.Mismatch != nil {
			differ = strconv.FormatInt(*h.Mismatch, 10)
		}
		words = append(words, fmt.Sprintf("%d=%s/%d", h.Hour, differ, h.Rows))
	}
	return strings.Join(words, ",")
}

func featureView() view[feature] {
	rate := func(title string, get func(feature) *float64) column[feature] {
		return column[feature]{
			title: title, text: func(f feature) string { return plain(get(f)) }, shown: func(_ *app, f feature) string { return percent(get(f)) },
		}
	}
	number := func(name, help string, get func(feature) *float64) query.Field[feature] {
		return query.Number(name, help, func(f feature) (float64, bool) {
			if v := get(f); v != nil {
				return *v, true
			}
			return 0, false
		})
	}
	mismatch := func(f feature) *float64 { return f.Mismatch }
	missing := func(f feature) *float64 { return f.Missing }
	drift := func(f feature) *float64 { return f.Drift }
	return view[feature]{
		columns: []column[feature]{
			{title: "TEAM", text: func(f feature) string { return f.of.Team }},
			{title: "JOIN", text: func(f feature) string { return f.of.Join }},
			{title: "FEATURE", text: func(f feature) string { return f.Name }},
			{title: "DAY", text: func(f feature) string { return f.of.Day }},
			{title: "OVER IN", text: func(f feature) string { return strings.Join(f.OverIn, ",") }},
			{title: "ROWS", text: func(f feature) string { return strconv.FormatInt(f.Rows, 10) }},
			rate("MISMATCH", mismatch), rate("MISSING ONLINE", missing), rate("MISSING OFFLINE", func(f feature) *float64 { return f.MissingOffline }),
			{title: "SMAPE", text: func(f feature) string { return plain(f.SMAPE) }},
			rate("DRIFT", drift),
			{title: "HOURS", text: hoursText, shown: func(_ *app, f feature) string { return f.HoursSentence() }, wide: true},
		},
		fields: []query.Field[feature]{
			query.Text("team", "who owns it", func(f feature) string { return f.of.Team }),
			query.Text("join", "its conf", func(f feature) string { return f.of.Join }),
			query.Text("feature", "its name", func(f feature) string { return f.Name }),
			query.Word("over", "whether it is beyond its budget", []string{"yes", "no"}, func(f feature) string {
				if f.Over {
					return "yes"
				}
				return "no"
			}),
			number("mismatch", "from 0 to 1", mismatch), number("missing", "online, from 0 to 1", missing),
			number("drift", "mismatch less that of the days before", drift),
		},
		name:   func(f feature) string { return f.of.Join + "/" + f.Name },
		object: func(f feature) any { return featureLineJSON{f.of.Team, f.of.Join, f.of.Day, featureOf(f.Feature)} },
		none:   "No features that meet this.",
	}
}

// featureLineJSON is a line of consistency --features. Its keys are a promise.
type featureLineJSON struct {
	Team    string      `json:"team"`
	Join    string      `json:"join"`
	Day     string      `json:"day"`
	Feature featureJSON `json:"feature"`
}
