package fleet

import (
	"strings"
	"time"

	"chrononctl/dagspec"
	"chrononctl/internal/joblog"
)

// instance identifies one try of a task in a run.
type instance struct {
	dag, run, task string
	index, try     int
}

func instanceOf(t *Task) instance { return instance{t.DAGID, t.RunID, t.ID, t.MapIndex, t.Try} }

// workOf lists the jobs of a DAG that run now. Sensors wait, and are no work.
func workOf(d *DAG, o observation) []Work {
	var work []Work
	for i := range d.Runs {
		r := &d.Runs[i]
		if r.finished() {
			continue
		}
		for t := range r.Tasks {
			if task := &r.Tasks[t]; task.Health == Running && task.ID != dagspec.SummaryTask {
				work = append(work, o.workOn(d, r, task))
			}
		}
	}
	return work
}

func (o observation) workOn(d *DAG, r *Run, t *Task) Work {
	w := Work{Team: d.Team, DAGID: d.ID, RunID: r.ID, TaskID: t.ID, MapIndex: t.MapIndex, Day: r.Day, Since: t.Start, Conf: d.Join}
	if def, ok := o.intent.Task(TaskRef{d.ID, t.ID}); ok && def.Conf != "" {
		w.Conf = def.Conf
	} else if rest := taskRest(t.ID); w.Conf == "" && rest != "" {
		w.Conf = d.Team + "." + strings.ReplaceAll(rest, "__", ".")
	}
	var seen []Sample
	for i := range d.Runs {
		for _, other := range instances(&d.Runs[i], t.ID) {
			if sample, ok := sampleOf(&d.Runs[i], &other); ok {
				seen = append(seen, sample)
			}
		}
	}
	w.Usual = UsualOf(durations(o.past.samplesOf(TaskRef{d.ID, t.ID}, seen)))
	w.forecast(o.progress[instanceOf(t)], r.Range, o.clock())
	return w
}

// taskRest is the part of a generated task's id that names the conf, without its team.
func taskRest(taskID string) string {
	_, rest, _ := strings.Cut(taskID, "__")
	return rest
}

// forecast says when the work should be done: by the steps of its log where it tells them, else by how long it usually takes. A run over a range
// of days takes longer than any day did, so that only its steps say something.
func (w *Work) forecast(facts joblog.Facts, over DayRange, now time.Time) {
	w.Step, w.Steps = facts.Step, facts.Steps
	if n := len(facts.Ranges); n > 0 {
		w.Range = facts.Ranges[n-1]
	}
	elapsed := now.Sub(w.Since)
	if w.Since.IsZero() || elapsed < 0 {
		return
	}
	isDay := over.From == over.To && w.Steps <= 1
	w.Overdue = isDay && w.Usual.Known() && elapsed > w.Usual.P90+slackOf(w.Usual)
	if left, ok := facts.Remaining(now); ok {
		w.Finish, w.By = now.Add(left), ForecastSteps
		return
	}
	if !isDay || !w.Usual.Known() {
		return
	}
	switch {
	case elapsed < w.Usual.P50:
		w.Finish, w.By = w.Since.Add(w.Usual.P50), ForecastUsual
	case elapsed < w.Usual.P90:
		w.Finish, w.By = w.Since.Add(w.Usual.P90), ForecastUsual
	}
}

// withFinish says of each output when what computes its wanted day should be done.
func withFinish(outputs []Output, work []Work) {
	finish := make(map[TaskRef]Work, len(work))
	for _, w := range work {
		finish[TaskRef{w.DAGID, w.TaskID}] = w
	}
	for i := range outputs {
		if w, ok := finish[TaskRef{outputs[i].DAGID, outputs[i].TaskID}]; ok {
			outputs[i].Finish = w.Finish
		}
	}
}
