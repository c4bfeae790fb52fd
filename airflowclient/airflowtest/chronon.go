package airflowtest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
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

// tick is what a look of keep_alive.py at a stream found.
type tick struct {
	state, reason string
	restarts      int
	ticks         string
}

// alive is a stream of which there is nothing to say.
var alive = tick{state: "alive", ticks: "aaaaaaaa"}

// streamXComs is what a keep-alive task and the summary of its DAG publish.
func streamXComs(of sampleDAG, s tick) map[string]string {
	stream := row{
		"group_by": of.conf(), "state": s.state, "since": timeMark, "app_id": "application_7_0231", "restarts_24h": s.restarts,
		"ticks": s.ticks, "reason": s.reason,
	}
	if s.state != alive.state {
		stream["app_id"] = ""
	}
	return map[string]string{
		"chronon_stream":     published(stream),
		"chronon_keep_alive": published(row{"v": 1, "at": timeMark, "streams": []row{stream}}),
	}
}

// loses turns what looks after a stream into what it does when the stream is lost: it publishes that, and fails (stream.py).
func loses(of sampleDAG, does Outcome, s tick) Outcome {
	does.Ends, does.Exception = failed, "AirflowException: "+of.conf()+" is "+s.state+": "+s.reason
	does.XComs = streamXComs(of, s)
	return does
}

// consistencyXCom is what the summary of a comparison publishes of a quiet day, but for the members that differ.
func consistencyXCom(of sampleDAG, differs row) map[string]string {
	feature := row{
		"name": "purchases_price_sum_3d", "rows": 383, "mismatch": 0.001, "missing_online": 0.002, "missing_offline": nil, "smape": 0.0005,
		"drift": nil, "over": []string{}, "hours": quietHours(383),
	}
	report := row{
		"v": 1, "join": of.conf(), "ds": dayMark, "state": "ok", "reason": "", "sample_percent": 100.0, "total_rows": 400,
		"matched_rows": 400, "budgets": row{"mismatch": 0.01, "missing": 0.05}, "features_total": 1, "features_over": 0,
		"features": []row{feature}, "hours_of": 1, "history": []row{},
	}
	maps.Copy(report, differs)
	return map[string]string{"chronon_consistency": published(report)}
}

// quietHours are compared rows by hour, none of which differs, with none at three in the night because nobody asked.
func quietHours(rows int) row {
	var counts, nothing [24]any
	for hour := range counts {
		if hour == 3 {
			continue
		}
		counts[hour], nothing[hour] = rows/23, 0
	}
	counts[20] = rows/23 + rows%23
	return row{"rows": counts, "mismatch": nothing, "missing_online": nothing}
}

// fails turns what a job does into a failure of the class, which job.py publishes before its task fails.
func fails(of sampleDAG, does Outcome, class, message string) Outcome {
	does.Ends, does.Exception = failed, "AirflowException: "+message
	does.XComs = progressXCom(of, row{
		"outcome": "failed", "ranges": []string{}, "failure": row{"class": class, "message": message, "remedy": "read the end of the log"},
	})
	return does
}

// measuresNothing is the summary of a comparison whose job failed: it publishes that nothing was measured, and fails (comparison.py).
func measuresNothing(of sampleDAG, does Outcome) Outcome {
	reason := "the comparison itself did not succeed: consistency__" + of.slug() + " is failed"
	does.Ends, does.Exception = failed, "AirflowException: "+reason
	does.XComs = consistencyXCom(of, row{
		"state": "not_measured", "reason": reason, "total_rows": 0, "matched_rows": 0, "features_total": 0, "features": []row{}, "hours_of": 0,
	})
	return does
}

// progressXCom is what a job publishes whose output has landed, but for the members that differ.
func progressXCom(of sampleDAG, differs row) map[string]string {
	report := row{
		"v": 1, "conf": of.conf(), "mode": of.mode(), "ds": dayMark, "outcome": "landed", "ranges": []string{dayMark + "..." + dayMark},
		"minutes": 4.0, "failure": nil, "reason": "",
	}
	maps.Copy(report, differs)
	return map[string]string{"chronon_progress": published(report)}
}
