package fleet

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"chrononctl/dagspec"
)

// job is a task of a DAG that keeps an output up to date, as far as it is known: by its definition, or by its id alone.
type job struct {
	def     *dagspec.Task
	defined bool
	seen    []sighting // of its instances, newest run first
}

// sighting is a task instance in a run that stands.
type sighting struct {
	run  *Run
	task *Task // nil: the run's tasks were not read
}

// keepsOutput says whether a job of the mode keeps something up to date that others wait for or that is served.
func keepsOutput(mode dagspec.Mode) bool {
	switch mode {
	case dagspec.ModeBackfill, dagspec.ModeBackfillFinal, dagspec.ModeModelTransform, dagspec.ModeUpload, dagspec.ModeKVLoad, dagspec.ModeConsistency,
		dagspec.ModeLogFlattener, dagspec.ModeLabelJoin, dagspec.ModeStats, dagspec.ModeLogStats:
		return true
	case dagspec.ModeBackfillLeft, dagspec.ModeStreaming, dagspec.ModeMetadataUpload, dagspec.ModeSummary:
		return false
	default:
		return false
	}
}

// jobsOf lists the jobs of a DAG that keep outputs up to date: those that are defined, or those whose ids its runs show.
func jobsOf(d *DAG, in *Intent) []job {
	var jobs []job
	if def, ok := in.DAG(d.ID); ok && len(def.Tasks) > 0 {
		for i := range def.Tasks {
			t := &def.Tasks[i]
			if keepsOutput(t.Mode) && t.Part == "" {
				jobs = append(jobs, job{def: t, defined: true})
			}
		}
	} else {
		jobs = jobsByID(d)
	}
	seen := make([]sighting, len(jobs)*len(d.Runs))
	for j := range jobs {
		jobs[j].seen, seen = seen[:len(d.Runs)], seen[len(d.Runs):]
		for i := range d.Runs {
			r := &d.Runs[i]
			jobs[j].seen[i].run = r
			if at, found := firstInstance(r, jobs[j].def.ID); found {
				jobs[j].seen[i].task = &r.Tasks[at]
			}
		}
	}
	return jobs
}

// jobsByID reads the jobs out of the ids of the tasks of the runs, as generated DAGs have them.
func jobsByID(d *DAG) []job {
	var jobs []job
	for _, r := range d.Runs {
		for _, t := range r.Tasks {
			mode, ok := dagspec.ModeOf(t.ID)
			isKnown := func(j job) bool { return j.def.ID == t.ID }
			if !ok || !keepsOutput(mode) || slices.ContainsFunc(jobs, isKnown) {
				continue
			}
			conf := d.Join
			if conf == "" {
				_, rest, _ := strings.Cut(t.ID, "__")
				conf = d.Team + "." + strings.ReplaceAll(rest, "__", ".")
			}
			jobs = append(jobs, job{def: &dagspec.Task{ID: t.ID, Conf: conf, Mode: mode}})
		}
	}
	slices.SortFunc(jobs, func(a, b job) int { return strings.Compare(a.def.ID, b.def.ID) })
	return jobs
}

// dataDay is the day of the data that a run's job computes: the run's own less the lag, or the last one of the range that it was started with.
func (j *job) dataDay(r *Run) string {
	if r.Range.To != "" {
		return r.Range.To
	}
	return addDays(r.Day, -j.def.Lag)
}

// addDays moves a day; no day stays none.
func addDays(day string, n int) string {
	if n == 0 || day == "" {
		return day
	}
	d, err := dagspec.ParseDate(day)
	if err != nil {
		return ""
	}
	return d.AddDays(n).String()
}

// overwrites says whether each run of the job replaces what is there, so that not the newest day counts but the newest run: upload tables have no
// partitions (GroupByUpload.scala), and a KV load replaces the values of the one before.
func (j *job) overwrites() bool {
	return j.def.Mode == dagspec.ModeUpload || j.def.Mode == dagspec.ModeKVLoad
}

// landed is the sighting that put there what is there now.
func (j *job) landed() (newest sighting, ok bool) {
	for _, s := range j.seen {
		if s.task == nil || s.task.Health != OK {
			continue
		}
		isNewer := !ok
		switch {
		case !ok:
		case j.overwrites():
			isNewer = s.task.End.After(newest.task.End)
		default:
			isNewer = j.dataDay(s.run) > j.dataDay(newest.run)
		}
		if isNewer {
			newest, ok = s, true
		}
	}
	return newest, ok
}

// wanted is the newest sighting that is due: a job that is skipped was not due on that day, or left it to a newer one. Runs that were made by hand
// for a range want nothing of their own.
func (j *job) wanted() (newest sighting, ok bool) {
	for _, s := range j.seen {
		if s.run.Range.To != "" || s.run.Day == "" || s.task != nil && s.task.Health == Skipped || s.run.Health == None {
			continue
		}
		if !ok || s.run.Day > newest.run.Day {
			newest, ok = s, true
		}
	}
	return newest, ok
}

// samples is the experience that the runs in the picture hold.
func (j *job) samples() []Sample {
	samples := make([]Sample, 0, len(j.seen))
	for _, s := range j.seen {
		if s.task == nil {
			continue
		}
		isKnown := func(o Sample) bool { return o.Day == s.run.Day }
		if sample, ok := sampleOf(s.run, s.task); ok && !slices.ContainsFunc(samples, isKnown) {
			samples = append(samples, sample)
		}
	}
	return samples
}

// jobsOfAll lists the jobs of each DAG.
func jobsOfAll(o observation, dags []DAG) [][]job {
	jobs := make([][]job, len(dags))
	for i := range dags {
		if !isStreaming(dags[i].Kind) {
			jobs[i] = jobsOf(&dags[i], o.intent)
		}
	}
	return jobs
}

// freshness derives the outputs of all DAGs, and what is at work.
func freshness(o observation, dags []DAG, jobs [][]job) (outputs []Output, work []Work) {
	now := o.clock()
	var all []ownedJob
	for i := range dags {
		d := &dags[i]
		if isStreaming(d.Kind) {
			continue
		}
		for n := range jobs[i] {
			all = append(all, ownedJob{d, &jobs[i][n]})
		}
		work = append(work, workOf(d, o)...)
	}
	slices.SortFunc(all, compareJobs)
	outputs = make([]Output, len(all))
	for i, of := range all {
		samples := o.past.samplesOf(TaskRef{of.dag.ID, of.def.ID}, of.samples())
		outputs[i] = outputOf(of.dag, of.job, samples, now)
		outputs[i].serve(of.dag, of.job, o.lifetimes, now)
	}
	withFinish(outputs, work)
	return outputs, work
}

// ownedJob is a job with its DAG.
type ownedJob struct {
	dag *DAG
	*job
}

// compareJobs orders by team, conf and task.
func compareJobs(a, b ownedJob) int {
	if order := cmp.Or(strings.Compare(a.dag.Team, b.dag.Team), strings.Compare(a.def.Conf, b.def.Conf)); order != 0 {
		return order
	}
	return cmp.Or(strings.Compare(a.dag.ID, b.dag.ID), strings.Compare(a.def.ID, b.def.ID))
}

// outputOf derives one output.
func outputOf(d *DAG, j *job, samples []Sample, now time.Time) Output {
	out := Output{
		Team: d.Team, Conf: j.def.Conf, DAGID: d.ID, TaskID: j.def.ID, Mode: j.def.Mode, Table: tableOf(j.def), Usual: UsualOf(landings(samples)),
	}
	if s, ok := j.landed(); ok {
		out.Landed, out.At, out.Proven = j.dataDay(s.run), s.task.End, d.Hash != "" && len(j.def.Outputs) > 0
	} else if day := newestSample(samples); day != "" {
		out.Landed = addDays(day, -j.def.Lag)
	}
	if s, ok := j.wanted(); ok {
		out.Wanted = j.dataDay(s.run)
		out.judge(s, now)
	} else {
		out.idle(d, j)
	}
	out.overrule(d, now)
	return out
}

// tableOf is what the job writes, or for a KV load what it loads from.
func tableOf(t *dagspec.Task) string {
	if len(t.Outputs) > 0 {
		return t.Outputs[0].Table
	}
	return t.Table
}

func newestSample(samples []Sample) string {
	newest := ""
	for _, s := range samples {
		newest = max(newest, s.Day)
	}
	return newest
}

// judge says how far the wanted day is.
func (out *Output) judge(s sighting, now time.Time) {
	if out.Usual.Known() && !s.run.To.IsZero() {
		out.Due = s.run.To.Add(out.Usual.P50)
	}
	health := None
	if s.task != nil {
		health = s.task.Health
	}
	switch {
	case health == OK:
		out.State, out.Health = OutputLanded, OK
		return
	case s.task == nil && s.run.finished():
		out.State, out.Health, out.Reason = OutputUnknown, None, "the tasks of its newest run were not looked at yet"
		if s.run.Health == Unknown {
			out.Health, out.Reason = Unknown, "the tasks of its newest run could not be read"
		}
		return
	case health == Unknown:
		out.State, out.Health, out.Reason = OutputUnknown, Unknown, "its task is in the state "+s.task.Word()+", which this program does not know"
	case health == Failed:
		out.State, out.Health, out.Reason = OutputFailed, Failed, "its task is "+s.task.Word()
	case health == Running:
		out.State, out.Health = OutputRunning, Running
	default:
		out.State, out.Health = OutputExpected, Waiting
	}
	if !out.Usual.Known() || s.run.To.IsZero() {
		return
	}
	if over := now.Sub(s.run.To.Add(out.Usual.P90)); over > slackOf(out.Usual) {
		out.Late = over
		if out.State == OutputExpected {
			out.State = OutputLate
		}
	}
}

// slackOf is by how much something must be over its usual time to be called late: what is always there at the same minute has no spread of its own.
func slackOf(u Usual) time.Duration { return max(5*time.Minute, u.P90/20) }

// idle is an output of which no run in the picture wants a day.
func (out *Output) idle(d *DAG, j *job) {
	unread := slices.ContainsFunc(j.seen, func(s sighting) bool { return s.task == nil && s.run.finished() })
	switch {
	case unread:
		out.State, out.Reason = OutputUnknown, "its older runs were not looked at yet"
	case d.Health == Unknown:
		out.State, out.Health, out.Reason = OutputUnknown, Unknown, "its runs could not be read"
	case out.Landed != "":
		out.State, out.Health = OutputLanded, OK
	default:
		out.State, out.Reason = OutputNever, "no run of it was seen to be due"
	}
}

// overrule says what the runs cannot: a paused DAG computes nothing, a broken or vanished one neither, and a scheduler that is late to make the
// next run shows no newer day.
func (out *Output) overrule(d *DAG, now time.Time) {
	atWork := slices.ContainsFunc(d.Runs, func(r Run) bool { return !r.finished() })
	switch {
	case d.Broken:
		out.Health, out.Reason = Worst(out.Health, Failed), "the file of its DAG does not import"
	case d.Stale:
		out.State, out.Health, out.Reason = OutputUnknown, Unknown, "Airflow finds its DAG in no file any more"
	case d.Paused:
		out.State, out.Health, out.Late = OutputPaused, Worst(Paused, out.Health), 0
		if out.Reason == "" {
			out.Reason = "its DAG is paused"
		}
	case out.State == OutputLanded && !atWork && !d.NextDue.IsZero() && now.Sub(d.NextDue) > overdueRun:
		out.State, out.Late = OutputLate, now.Sub(d.NextDue)
		out.Health = Waiting
		out.Reason = "its next run was due at " + d.NextDue.UTC().Format("2006-01-02 15:04 UTC") + ", and there is none"
		if day := d.NextRun.UTC().Format(time.DateOnly); !d.NextRun.IsZero() && day > out.Wanted {
			out.Wanted = day
		}
	}
}

// overdueRun is how late a run may be made; the list of DAGs, which says when it is due, is up to half an hour old in a large fleet.
const overdueRun = time.Hour
