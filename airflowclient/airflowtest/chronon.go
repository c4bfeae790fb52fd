package airflowtest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strings"
	"time"
)

// What tasks of Chronon publish, in the formats of dagspec/runtime/README.md. Each value is a string of JSON text. The day and the
// time are put in when a task runs.
const (
	dayMark  = "{day}"
	timeMark = "{time}"
)

// dated puts day and time into what a task publishes.
func (of sampleDAG) dated(does Outcome, t Attempt) Outcome {
	day := t.Day
	if day.IsZero() {
		day = t.Start
	}
	marks := strings.NewReplacer(dayMark, day.Format(time.DateOnly), timeMark, t.Start.Format(time.RFC3339))
	dated := make(map[string]string, len(does.XComs))
	for key, value := range does.XComs {
		dated[key] = marks.Replace(value)
	}
	does.XComs = dated
	does.Takes = of.varied(does.Takes, t)
	return does
}

// varied makes a duration up to half longer or shorter, the same for the same seed, task and run. Without a seed it stays.
func (of sampleDAG) varied(d time.Duration, t Attempt) time.Duration {
	if of.seed == 0 {
		return d
	}
	h := fnv.New64a()
	fmt.Fprint(h, of.seed, t.DAGID, t.RunID, t.TaskID, t.Try)
	return d/2 + time.Duration(h.Sum64()%1000)*cmp.Or(d, time.Minute)/1000
}

// published is a value as a string of JSON text, which is JSON again.
func published(value any) string {
	inner, err := json.Marshal(value)
	if err != nil {
		panic(err) // only values of this package come here
	}
	outer, err := json.Marshal(string(inner))
	if err != nil {
		panic(err)
	}
	return string(outer)
}

// streamXComs is what a keep-alive task and the summary of its DAG publish.
func streamXComs(of sampleDAG, state string, restarts int, ticks string) map[string]string {
	stream := row{
		"group_by": of.team + "." + of.name, "state": state, "since": timeMark, "app_id": "application_7_0231", "restarts_24h": restarts,
		"ticks": ticks, "reason": "",
	}
	return map[string]string{
		"chronon_stream":     published(stream),
		"chronon_keep_alive": published(row{"v": 1, "at": timeMark, "streams": []row{stream}}),
	}
}

// consistencyXCom is what the summary of a comparison publishes.
func consistencyXCom(of sampleDAG) map[string]string {
	feature := row{
		"name": "purchases_price_sum_3d", "rows": 383, "mismatch": 0.001, "missing_online": 0.002, "missing_offline": nil, "smape": 0.0005,
		"drift": nil, "over": []string{},
	}
	return map[string]string{"chronon_consistency": published(row{
		"v": 1, "join": of.team + "." + of.name, "ds": dayMark, "state": "ok", "reason": "", "sample_percent": 100.0, "total_rows": 400,
		"matched_rows": 400, "budgets": row{"mismatch": 0.01, "missing": 0.05}, "features_total": 1, "features_over": 0,
		"features": []row{feature}, "history": []row{},
	})}
}

// fails turns what a job does into a failure of the class.
func fails(does Outcome, class, message string) Outcome {
	does.Ends, does.Exception = failed, "AirflowException: "+message
	if _, job := does.XComs["chronon_progress"]; job {
		var text string
		var report row
		if json.Unmarshal([]byte(does.XComs["chronon_progress"]), &text) == nil && json.Unmarshal([]byte(text), &report) == nil {
			report["outcome"], report["ranges"] = "failed", []string{}
			report["failure"] = row{"class": class, "message": message, "remedy": "wait for the upstream table"}
			does.XComs = map[string]string{"chronon_progress": published(report)}
		}
	}
	return does
}

// progressXCom is what a job publishes whose output has landed.
func progressXCom(of sampleDAG) map[string]string {
	return map[string]string{"chronon_progress": published(row{
		"v": 1, "conf": of.team + "." + of.name, "mode": "backfill", "ds": dayMark, "outcome": "landed", "ranges": []string{dayMark + "..." + dayMark},
		"minutes": 4.0, "failure": nil, "reason": "",
	})}
}
