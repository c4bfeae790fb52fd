package simulated

import (
	"fmt"
	"slices"
	"time"

	"chrononctl/airflowclient/airflowtest"
	"chrononctl/dagspec"
)

// The story of the sample, as internal/demo/sample/standin/faults.json has it for the demo with a real Airflow.
const (
	flakyConf   = "ads.bidding.v1"           // loses an executor on the first try of each day
	dyingStream = "search.listing_clicks.v1" // dies, and is started again
	wrongJoin   = "payments.checkout.v1"     // one of its features differs online and offline
)

// Budgets of the rates, as the runtime has them where the project says nothing.
const (
	mismatchBudget = 0.01
	missingBudget  = 0.05
)

// feature is what a comparison measures of a column on a usual day.
type feature struct {
	name              string
	mismatch, missing float64
	smape             float64 // below 0: not a number
}

// measured are the features of the joins that are compared.
var measured = map[string][]feature{
	wrongJoin: {
		{"payments_card_stream_v1_amount_sum_1h", 0.0602, 0.0121, 0.0184},
		{"payments_card_stream_v1_amount_sum_1d", 0.0041, 0.0068, 0.0012},
		{"payments_card_stream_v1_amount_count_1h", 0.0025, 0.0068, 0.0004},
		{"payments_card_spend_v1_amount_sum_7d", 0.0008, 0.0022, 0.0001},
		{"payments_card_spend_v1_merchant_id_last3", 0.0008, 0.0022, -1},
		{"core_customer_profile_v1_is_business", 0, 0.0016, 0},
	},
	"search.ranking.v1": {
		{"search_listing_clicks_v1_dwell_seconds_average_6h", 0.0034, 0.0095, 0.0021},
		{"search_listing_clicks_v1_dwell_seconds_count_1d", 0.0012, 0.0041, 0.0003},
		{"search_listing_stock_v1_stock_last", 0, 0.0020, 0},
	},
}

// compare publishes what a comparison measured, chronon_consistency of dagspec/runtime/README.md.
func (p *play) compare(t dagspec.Task, a airflowtest.Attempt) airflowtest.Outcome {
	day := a.Day.AddDate(0, 0, -t.Lag)
	features, over := []published{}, 0
	for i, f := range measured[t.Conf] {
		var beyond []string
		if f.mismatch > mismatchBudget {
			beyond = append(beyond, "mismatch")
		}
		rows := 2380 - 3*i
		row := published{
			"name": f.name, "rows": rows, "mismatch": f.mismatch, "missing_online": f.missing, "missing_offline": nil, "smape": f.smape,
			"drift": nil, "over": slices.Concat([]string{}, beyond), "hours": hoursOf(rows, f),
		}
		if t.Sample == 100 {
			row["missing_offline"] = f.missing / 4
		}
		if f.smape < 0 {
			row["smape"] = nil
		}
		if len(beyond) > 0 {
			over++
		}
		features = append(features, row)
	}
	report := published{
		"v": 1, "join": t.Conf, "ds": day.Format(time.DateOnly), "state": "ok", "reason": "", "why": "", "sample_percent": t.Sample, "total_rows": 2400,
		"matched_rows": 2380, "budgets": published{"mismatch": mismatchBudget, "missing": missingBudget}, "features_total": len(features),
		"features_over": over, "features": features, "hours_of": len(features), "history": history(t.Conf, over, day),
	}
	switch {
	case len(features) == 0:
		report["state"], report["reason"] = "not_measured", "the simulation knows no features of this join"
	case over > 0:
		report["state"] = "breach"
	}
	log := fmt.Sprintf("%s %s: %s (%d of %d features over budget)", t.Conf, day.Format(time.DateOnly), report["state"], over, len(features))
	return airflowtest.Outcome{Takes: 2 * time.Second, Log: []string{log}, XComs: map[string]string{"chronon_consistency": text(report)}}
}

// load is how the requests of a day are shared among its hours: nobody asks at three in the night, and most do in the evening.
var load = [24]int{5, 3, 1, 0, 1, 2, 4, 7, 11, 14, 15, 16, 17, 16, 15, 16, 18, 20, 23, 26, 24, 19, 13, 8}

// hoursOf are the rows of a day, those that differ and those that were not served, by hour. What differs does so where most is asked.
func hoursOf(rows int, f feature) published {
	var busy [24]int
	for hour, share := range load {
		busy[hour] = share * share
	}
	differ, missing := float64(rows)*f.mismatch, float64(rows)*f.missing/(1-f.missing)
	return published{"rows": shared(rows, load), "mismatch": shared(int(differ+0.5), busy), "missing_online": shared(int(missing+0.5), load)}
}

// shared deals a number out by shares, so that nothing is lost in rounding; an hour without requests has none.
func shared(n int, shares [24]int) []any {
	all, passed, dealt := 0, 0, 0
	for _, share := range shares {
		all += share
	}
	out := make([]any, len(shares))
	for hour, share := range shares {
		passed += share
		if load[hour] > 0 {
			out[hour] = n*passed/all - dealt
		}
		dealt = n * passed / all
	}
	return out
}

// history are the measurements of the two days before.
func history(conf string, over int, day time.Time) []published {
	list := []published{}
	for back := 2; back > 0 && len(measured[conf]) > 0; back-- {
		list = append(list, published{"ds": day.AddDate(0, 0, -back).Format(time.DateOnly), "over": over, "mismatch": measured[conf][0].mismatch})
	}
	return list
}
