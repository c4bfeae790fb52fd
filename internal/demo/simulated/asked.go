package simulated

import (
	"fmt"
	"slices"
	"time"

	"chrononctl/airflowclient/airflowtest"
	"chrononctl/dagspec"
)

// asked is what a run asks of its tasks, as far as it is played (dagspec/runtime/chronon_rt/run_options.py).
type asked struct {
	given    bool
	from, to time.Time // of a range; zero: none
	dayOnly  bool
	confs    []string
}

// fillModes are the jobs that take a range of days.
var fillModes = []dagspec.Mode{dagspec.ModeBackfill, dagspec.ModeBackfillLeft, dagspec.ModeBackfillFinal}

func readAsked(conf map[string]any) asked {
	of, given := conf["chronon"].(map[string]any)
	ask := asked{given: given, dayOnly: of["day_only"] == true, from: dayIn(of["start_ds"]), to: dayIn(of["end_ds"])}
	names, _ := of["confs"].([]any)
	for _, name := range names {
		if text, ok := name.(string); ok {
			ask.confs = append(ask.confs, text)
		}
	}
	return ask
}

func dayIn(value any) time.Time {
	text, _ := value.(string)
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}
	}
	return at
}

// skips says why a run has nothing to do for a task, "" when it has.
func (a asked) skips(t dagspec.Task) string {
	switch {
	case t.Conf != "" && len(a.confs) > 0 && !slices.Contains(a.confs, t.Conf):
		return fmt.Sprintf("this run is for %v only", a.confs)
	case (!a.to.IsZero() || a.dayOnly) && !slices.Contains(fillModes, t.Mode):
		return fmt.Sprintf("this run asks for a range of days, which a job of mode %s cannot compute", t.Mode)
	}
	return ""
}

// days are the days that a job computes in the run of a day.
func (a asked) days(day time.Time) []time.Time {
	if a.from.IsZero() || a.to.IsZero() {
		return []time.Time{day}
	}
	var days []time.Time
	for at := a.from; !at.After(a.to); at = at.AddDate(0, 0, 1) {
		days = append(days, at)
	}
	return days
}

// skipped is a task that has nothing to do in a run.
func skipped(why string) airflowtest.Outcome {
	return airflowtest.Outcome{Takes: time.Second, Ends: "skipped", Log: []string{"Skipped: " + why}}
}
