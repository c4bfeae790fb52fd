package action

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
)

// confKey is the member of a run's configuration that the runtime reads (runtime/chronon_rt/run_options.py).
const confKey = "chronon"

// maxDays bounds a range: a longer one is a mistake in a date.
const maxDays = 1000

// manyDays is from how many days on a range has to be agreed to by its number.
const manyDays = 31

// backfillKinds are the DAGs that fill tables, and rangeModes the jobs that take a range (run_options.py, RANGE_MODES).
var (
	backfillKinds = []dagspec.Kind{dagspec.KindStagingQuery, dagspec.KindBatch, dagspec.KindJoin}
	rangeModes    = []dagspec.Mode{dagspec.ModeBackfill, dagspec.ModeBackfillLeft, dagspec.ModeBackfillFinal}
)

// BackfillRequest asks to fill a range of days of the table of a join, a GroupBy or a staging query. Both ends belong to it.
type BackfillRequest struct {
	Conf string   // full name
	Kind ConfKind // of the conf; needed where confs of several kinds have the name
	From string   // YYYY-MM-DD
	To   string

	ByDay     bool     // a run a day, instead of one job over the range
	Failed    bool     // by day: also days whose run failed; otherwise days that have a run are left alone
	StepDays  int      // one job: days that it computes in one go; 0: as the conf has it
	AtOnce    int      // one job: in how many jobs run.py splits the range; by day: runs at a time; 0: 1 job, 4 runs
	Parts     []string // one job of a join: these parts alone
	Unchecked bool     // do not wait for the inputs of the last day
}

// runConf is what a run is told, in the words of run_options.py.
type runConf struct {
	Start    string   `json:"start_ds,omitempty"`
	End      string   `json:"end_ds,omitempty"`
	StepDays int      `json:"step_days,omitempty"`
	Parallel int      `json:"parallelism,omitempty"`
	DayOnly  bool     `json:"day_only,omitempty"`
	Confs    []string `json:"confs,omitempty"`
	Parts    []string `json:"parts,omitempty"`
	Wait     *bool    `json:"wait,omitempty"`
}

// json is the run's configuration as it is sent. The mark names the change that made the run; the runtime does not look at it.
func (c runConf) json(mark string) string {
	text, err := json.Marshal(map[string]any{confKey: c, markKey: mark})
	if err != nil {
		panic(err) // strings, numbers and truths always encode
	}
	return string(text)
}

// markKey is the member of a run's configuration that names the backfill a run belongs to.
const markKey = "chrononctl"

// PlanBackfill plans to fill a range of days: as one Chronon job that computes what is missing of it, or by day, as a run for each.
//
// One job is a run of the conf's DAG whose configuration holds the range (runtime/README.md, "What a run accepts"). Only the jobs of this conf that
// take a range run in it. It may begin before the DAG's start, because the run that carries it does not. By day, each run is one that the DAG could
// have made itself, so no day lies before its start, and days that have a run are left alone.
func (p *Planner) PlanBackfill(ctx context.Context, r BackfillRequest) (Plan, error) {
	var wrong refusals
	from, to := p.rangeOver(r, &wrong)
	at, err := p.find(ctx, r.conf(), backfillKinds, rangeModes...)
	if err != nil {
		if len(wrong) > 0 {
			wrong.add(err.Error(), nextStep(err))
			return Plan{}, wrong.err()
		}
		return Plan{}, err
	}
	p.refuseDAG(at.dag, &wrong)
	p.refuseParts(r, at, &wrong)
	past, err := p.backfillsOf(ctx, at.dag.ID, r.conf())
	if err != nil {
		return Plan{}, err
	}
	for _, b := range past {
		if b.State.active() {
			wrong.add(fmt.Sprintf("%s of %s is under way: %s", b.what(), r.Conf, b.ID),
				p.command(r.conf().words("backfill", "watch")...)+" follows it, "+p.command(r.conf().words("backfill", "cancel")...)+" ends it")
		}
	}
	if r.ByDay && !from.IsZero() {
		refuseBeforeStart(at.dag, from, &wrong)
	}
	if err := wrong.err(); err != nil {
		return Plan{}, err
	}
	var plan Plan
	if r.ByDay {
		plan, err = p.planByDay(ctx, r, at, from, to, past)
	} else {
		plan, err = p.planOneJob(ctx, r, at, from, to, past)
	}
	if err != nil {
		return Plan{}, err
	}
	plan.Downstream = p.behind(ConfName{r.Conf, confKindOf(dagspec.Kind(tagOf(at.dag.DAG, dagspec.TagKind)))})
	plan.Command = p.command(r.words()...)
	plan.Undo = p.command(r.conf().words("backfill", "cancel")...)
	if days := daysBetween(from, to); days > manyDays {
		plan.Confirm = number(days)
	}
	return plan, nil
}

// rangeOver reads the ends of the range, and says all that is wrong with them.
func (p *Planner) rangeOver(r BackfillRequest, wrong *refusals) (from, to time.Time) {
	from, fromOK := p.dayOver(r.From, wrong)
	to, toOK := p.dayOver(r.To, wrong)
	if fromOK && toOK {
		switch days := daysBetween(from, to); {
		case days < 1:
			wrong.add(fmt.Sprintf("the range is empty: %s comes after %s", r.From, r.To), "give the first day first; both ends belong to the range")
		case days > maxDays:
			wrong.add(fmt.Sprintf("the range has %d days, more than %d", days, maxDays), "look at the dates again, or fill a part of it at a time")
		case r.AtOnce > days:
			wrong.add(fmt.Sprintf("%d at a time are more than the %d days of the range", r.AtOnce, days), "ask for fewer")
		}
	}
	if r.AtOnce < 0 || r.StepDays < 0 || r.StepDays > maxDays {
		wrong.add("steps and parallelism are numbers from 1 to 1000", "leave them out to have them as the conf has them")
	}
	if r.ByDay && (r.StepDays > 0 || len(r.Parts) > 0) {
		wrong.add("steps and parts belong to one job over the range, and not to a run a day", "leave them out, or leave --by-day out")
	}
	if !r.ByDay && r.Failed {
		wrong.add("one job fills what is missing, whether its run failed or not: there is nothing to choose", "leave --failed out, or add --by-day")
	}
	return from, to
}

// daysBetween counts the days of a range, both ends included.
func daysBetween(from, to time.Time) int { return int(to.Sub(from)/(24*time.Hour)) + 1 }

// refuseParts checks that the join has the parts that are asked for. What it does not compute by itself is known only where its DAG has a task for
// each part; otherwise run.py decides.
func (p *Planner) refuseParts(r BackfillRequest, at place, wrong *refusals) {
	if len(r.Parts) == 0 {
		return
	}
	if tagOf(at.dag.DAG, dagspec.TagKind) != string(dagspec.KindJoin) {
		wrong.add(r.Conf+" is no join: it has no parts", "leave --parts out")
		return
	}
	var known []string
	for _, task := range at.tasks {
		if task.Part != "" {
			known = append(known, task.Part)
		}
	}
	for _, part := range r.Parts {
		if len(known) > 0 && !slices.Contains(known, part) {
			wrong.add(fmt.Sprintf("%s has no part %s", r.Conf, part), "its parts are "+strings.Join(known, ", "))
		}
	}
}

// planOneJob plans the run that carries a range.
func (p *Planner) planOneJob(ctx context.Context, r BackfillRequest, at place, from, to time.Time, past []BackfillState) (Plan, error) {
	id := backfillID(r, past)
	carrier, effects, wait := p.carrier(at, to)
	conf := runConf{Start: r.From, End: r.To, StepDays: r.StepDays, Parallel: r.AtOnce, Confs: []string{r.Conf}, Parts: r.Parts}
	if r.Unchecked || !wait {
		conf.Wait = new(bool)
	}
	when, err := p.freeMoment(ctx, at.dag.ID, carrier)
	if err != nil {
		return Plan{}, err
	}
	days := daysBetween(from, to)
	plan := Plan{
		Verb: Backfill, Title: fmt.Sprintf("Backfill %s from %s to %s as one job", r.Conf, r.From, r.To),
		Targets: []Target{{DAGID: at.dag.ID, RunID: id, Day: carrier.Format(time.DateOnly), At: when, Conf: conf.json(id)}},
	}
	plan.Effects = append(plan.Effects,
		fmt.Sprintf("One run of %s with %s computes what is missing of %s; partitions that are there stay as they are.", at.dag.ID, tasksText(at), plural(days, "day")))
	if conf.Wait == nil {
		plan.Effects = append(plan.Effects, fmt.Sprintf("It waits for the inputs of %s first; --no-wait leaves that out.", carrier.Format(time.DateOnly)))
	}
	plan.Effects = append(plan.Effects, effects...)
	each, sample := p.usual(ctx, at.dag.ID, at.taskIDs()...)
	plan.Cost = costOf(days, each, sample, max(r.AtOnce, 1))
	return plan, nil
}

// carrier is the day of the run that carries a range, which is the one whose job computes the last day of it, unless that day is not over or lies
// before the DAG's start: Airflow would run nothing then. wait says whether the inputs of that day are those of the range.
func (p *Planner) carrier(at place, to time.Time) (day time.Time, effects []string, wait bool) {
	day, wait = to.AddDate(0, 0, at.tasks[0].Lag), true
	start := at.dag.Start.UTC()
	if day.Before(start) {
		day, wait = start.Truncate(24*time.Hour), false
		if day.Before(start) {
			day = day.AddDate(0, 0, 1)
		}
		effects = append(effects, fmt.Sprintf("The range ends before the DAG's start: a run of %s carries it, and waits for no inputs.", day.Format(time.DateOnly)))
	}
	if newest := p.yesterday(); day.After(newest) {
		day = newest
	}
	return day, effects, wait
}

// freeMoment is a logical date within a day that no run has. Midnight is left to the scheduler and to triggers: a date is given once.
func (p *Planner) freeMoment(ctx context.Context, dagID string, day time.Time) (time.Time, error) {
	there, err := p.runsOfDay(ctx, dagID, day)
	if err != nil {
		return time.Time{}, fmt.Errorf("look for the runs of %s: %w", day.Format(time.DateOnly), err)
	}
	at := day.Add(time.Second)
	for slices.ContainsFunc(there, func(r airflowclient.Run) bool { return r.LogicalDate.Equal(at) }) {
		at = at.Add(time.Second)
	}
	return at, nil
}

// tasksText names the tasks that a range goes to.
func tasksText(at place) string {
	if ids := at.taskIDs(); len(ids) > 1 {
		return plural(len(ids), "task")
	}
	return at.tasks[0].ID
}

// backfillID is the id of a new backfill: what is filled, which days, and the how many-th it is. It is also the id of its run, or begins those of
// its runs, so that a plan that is applied twice makes no second run.
func backfillID(r BackfillRequest, past []BackfillState) string {
	base := backfillPrefix + shortened(r.Conf) + "__" + r.From + "_" + r.To + "__"
	n := 1
	for _, b := range past {
		if rest, same := strings.CutPrefix(b.ID, base); same {
			var had int
			if _, err := fmt.Sscanf(rest, "%d", &had); err == nil {
				n = max(n, had+1)
			}
		}
	}
	return fmt.Sprintf("%s%d", base, n)
}

// backfillPrefix begins the ids of the runs of backfills.
const backfillPrefix = runPrefix + "backfill__"

// longestName is how much of a conf's name an id holds: Airflow takes 250 characters.
const longestName = 150

// shortened is a conf's name as a part of an id; the end of a very long one is a hash.
func shortened(conf string) string {
	if len(conf) <= longestName {
		return conf
	}
	return fmt.Sprintf("%s.%x", conf[:longestName], sha256.Sum256([]byte(conf)))[:longestName+9]
}

// conf names the conf of the request.
func (r BackfillRequest) conf() ConfName { return ConfName{Name: r.Conf, Kind: r.Kind} }

// words are the command line of the request.
func (r BackfillRequest) words() []string {
	words := append([]string{"backfill", r.Conf, r.From + ".." + r.To}, r.Kind.flag()...)
	if r.ByDay {
		words = append(words, "--by-day")
	}
	if r.Failed {
		words = append(words, "--failed")
	}
	if r.StepDays > 0 {
		words = append(words, "--step-days", fmt.Sprint(r.StepDays))
	}
	if r.AtOnce > 0 {
		words = append(words, "--parallel", fmt.Sprint(r.AtOnce))
	}
	if len(r.Parts) > 0 {
		words = append(words, "--parts", strings.Join(r.Parts, ","))
	}
	if r.Unchecked {
		words = append(words, "--no-wait")
	}
	return words
}

// nextStep is the hint of an error that has one.
func nextStep(err error) string {
	if hinted, ok := err.(interface{ Hint() string }); ok {
		return cmp.Or(hinted.Hint(), "")
	}
	return ""
}
