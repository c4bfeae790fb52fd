package simulated

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"path"
	"strings"
	"time"

	"chrononctl/airflowclient/airflowtest"
	"chrononctl/dagspec"
)

// play is what the tasks of the sample do, and the little that they leave behind: partitions, and the histories of streams. Airflow runs one
// task after the other, so that nothing here is locked.
type play struct {
	present time.Time                       // when the demo began: what went wrong lately is dated by it
	made    map[string]bool                 // tables that jobs of the repository write
	landed  map[partition]time.Time         // what they have written, and when
	streams map[string]*stream              // by full conf name
	reports map[string]map[string]published // the last report of each keep-alive task, by DAG and conf
}

// partition is a day of a table; the whole table has no day.
type partition struct{ table, day string }

// published is a JSON object that a task publishes.
type published = map[string]any

func newPlay(present time.Time) *play {
	return &play{
		present: present, made: map[string]bool{}, landed: map[partition]time.Time{}, streams: map[string]*stream{},
		reports: map[string]map[string]published{},
	}
}

// lateSources are the tables from outside whose days land late; the others have a day once it is over.
var lateSources = map[string]time.Duration{"data.merchant_risk_scores": 20 * time.Hour}

// poke looks for a partition, as the sensor does.
func (p *play) poke(w dagspec.Wait, t airflowtest.Attempt) airflowtest.Outcome {
	day, whole := partitionDay(w.Partition, t.Day)
	name := w.Partition.Table + "/ds=" + day.Format(time.DateOnly)
	there := p.isThere(w.Partition.Table, day, whole, t.Start)
	if outside(w, day) {
		there = true
	}
	if there {
		return airflowtest.Outcome{Takes: time.Second, Log: []string{name + " is there"}}
	}
	return airflowtest.Outcome{Takes: time.Second, Ends: "up_for_reschedule", Again: pokeInterval, Log: []string{name + " is not there yet"}}
}

func (p *play) isThere(table string, day time.Time, whole bool, now time.Time) bool {
	key := partition{table, day.Format(time.DateOnly)}
	if whole {
		key.day = ""
	}
	if p.made[table] {
		at, ok := p.landed[key]
		return ok && !at.After(now)
	}
	return !day.Add(24*time.Hour + lateSources[table]).After(now)
}

// partitionDay is the day that a partition holds for the run of a day.
func partitionDay(of dagspec.Partition, day time.Time) (at time.Time, whole bool) {
	for _, field := range of.Fields {
		for _, piece := range field.Value {
			if piece.Day != nil {
				return day.AddDate(0, 0, piece.Day.Shift), false
			}
		}
	}
	return day, true
}

// outside reports whether a wait does not hold for a day.
func outside(w dagspec.Wait, day time.Time) bool {
	start, end := midnight(w.Start), midnight(w.End)
	return day.Before(start) || !end.IsZero() && day.After(end)
}

// job is one of Chronon's Spark jobs.
func (p *play) job(t dagspec.Task, a airflowtest.Attempt) airflowtest.Outcome {
	ask := readAsked(a.Conf)
	if why := ask.skips(t); why != "" {
		return skipped(why)
	}
	if days := ask.days(a.Day); len(days) > 1 {
		return p.rangeJob(t, a, days)
	}
	does := airflowtest.Outcome{Takes: duration(t, a), Log: commandLog(t, a.Day)}
	ds := a.Day.AddDate(0, 0, -t.Lag).Format(time.DateOnly)
	if t.Conf == flakyConf && t.Mode == dagspec.ModeBackfill && a.Try == 1 {
		does.Log = append(does.Log, `Exception in thread "main" org.apache.spark.SparkException: Job aborted due to stage failure: ExecutorLostFailure (executor 3 exited)`)
		does.Ends, does.Exception = "failed", "AirflowException: an executor was lost"
		does.XComs = progress(t, ds, "failed", does.Takes, published{"class": "executor_lost", "message": "an executor was lost", "remedy": "it is tried again"})
		return does
	}
	outcome := "done"
	for _, output := range t.Outputs {
		day, whole := partitionDay(output, a.Day)
		key := partition{output.Table, day.Format(time.DateOnly)}
		if whole {
			key.day = ""
		}
		p.landed[key] = a.Start.Add(does.Takes)
		does.Log = append(does.Log, fmt.Sprintf("Wrote to table %s, into partitions: [%s...%s] | [1/1]", output.Table, ds, ds), strings.TrimSuffix(output.Table+"/ds="+key.day, "/ds=")+" landed")
		outcome = "landed"
	}
	does.XComs = progress(t, ds, outcome, does.Takes, nil)
	return does
}

// rangeJob fills days from the first to the last, each of which takes as long as a job of one day.
func (p *play) rangeJob(t dagspec.Task, a airflowtest.Attempt, days []time.Time) airflowtest.Outcome {
	does := airflowtest.Outcome{Log: commandLog(t, a.Day)}
	what := map[bool]string{true: "join", false: "group by"}[strings.Contains(t.ConfFile, "/joins/")]
	for i, day := range days {
		does.Takes += duration(t, airflowtest.Attempt{Day: day, Try: a.Try})
		ds := day.Format(time.DateOnly)
		does.Log = append(does.Log, fmt.Sprintf("Computing %s for range: [%s...%s]  | [%d/%d]", what, ds, ds, i+1, len(days)))
		for _, output := range t.Outputs {
			of, _ := partitionDay(output, day)
			p.landed[partition{output.Table, of.Format(time.DateOnly)}] = a.Start.Add(does.Takes)
			does.Log = append(does.Log, fmt.Sprintf("Wrote to table %s, into partitions: [%s...%s] | [%d/%d]", output.Table, ds, ds, i+1, len(days)))
		}
	}
	last := days[len(days)-1].Format(time.DateOnly)
	does.XComs = progress(t, last, "landed", does.Takes, nil)
	return does
}

// kvLoad loads an upload into the key-value store.
func (p *play) kvLoad(t dagspec.Task, a airflowtest.Attempt) airflowtest.Outcome {
	if why := readAsked(a.Conf).skips(t); why != "" {
		return skipped(why)
	}
	return airflowtest.Outcome{
		Takes: duration(t, a) / 3, XComs: progress(t, a.Day.Format(time.DateOnly), "done", 0, nil),
		Log: []string{"Loading " + t.Table + " of " + a.Day.Format(time.DateOnly) + " into " + t.Dataset, "12,480 keys loaded"},
	}
}

// duration is between a quarter of a minute and a minute: the same for the same task and day.
func duration(t dagspec.Task, a airflowtest.Attempt) time.Duration {
	h := fnv.New32a()
	fmt.Fprint(h, t.ID, a.Day.Format(time.DateOnly), a.Try)
	return 15*time.Second + time.Duration(h.Sum32()%45)*time.Second
}

// commandLog is how the log of a job begins: run.py's own lines, and those of the driver.
func commandLog(t dagspec.Task, day time.Time) []string {
	argv := make([]string, 0, len(t.Argv))
	for _, arg := range t.Argv {
		argv = append(argv, argument(arg, day))
	}
	return []string{
		"Running " + strings.Join(argv, " "),
		"From <team_env> setting EXECUTOR_CORES=2",
		"Running command: bash spark_submit.sh --class ai.chronon.spark.Driver (simulated)",
		fmt.Sprintf("[%s] {Driver$} 101 - Starting %s of %s", day.Format(time.DateOnly), t.Mode, t.Conf),
		"Unfilled range computation: [" + day.Format(time.DateOnly) + "]",
	}
}

func argument(arg dagspec.Arg, day time.Time) string {
	switch {
	case arg.Day != nil:
		return day.AddDate(0, 0, arg.Day.Shift).Format(time.DateOnly)
	case len(arg.Pieces) > 0:
		var b strings.Builder
		for _, piece := range arg.Pieces {
			b.WriteString(argument(piece, day))
		}
		return b.String()
	case arg.File:
		return path.Clean(arg.Text)
	}
	return arg.Text
}

// progress is the report of a job, chronon_progress of dagspec/runtime/README.md.
func progress(t dagspec.Task, ds, outcome string, took time.Duration, failure published) map[string]string {
	ranges := []string{}
	if outcome == "landed" {
		ranges = append(ranges, ds+"..."+ds)
	}
	report := published{
		"v": 1, "conf": t.Conf, "mode": string(t.Mode), "ds": ds, "outcome": outcome, "ranges": ranges, "minutes": float64(took/time.Second) / 60,
		"failure": nil, "reason": "",
	}
	if failure != nil {
		report["failure"] = failure
	}
	return map[string]string{"chronon_progress": text(report)}
}

// text is an object as tasks push it: a string of JSON text, in JSON.
func text(object any) string {
	inner, err := json.Marshal(object)
	if err != nil {
		panic(err) // only values of this package come here
	}
	outer, err := json.Marshal(string(inner))
	if err != nil {
		panic(err)
	}
	return string(outer)
}
