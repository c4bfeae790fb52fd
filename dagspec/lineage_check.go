package dagspec

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// checkLineage reports waits that cannot end, or not in time, and what is served or streamed without what it needs.
func (b *builder) checkLineage(g *lineage) {
	places := map[[2]string]string{} // file and producerKey -> path of the dependency in the file
	for _, want := range b.wanted {
		partition, _ := b.mendSignal(want.partition)
		places[[2]string{want.file, producerKey(partition)}] = want.path
	}
	circular := map[int]bool{}
	for _, circle := range g.cycles() {
		for _, step := range circle {
			circular[step.to] = true
		}
		b.reportCircle(g, circle, places)
	}
	slow := slowness{}
	for i := range g.nodes {
		for _, n := range g.nodes[i].need {
			if n.wait != nil && n.to >= 0 && !circular[i] {
				b.checkWait(&g.nodes[i], &g.nodes[n.to], n, places, slow)
			}
		}
	}
	for i := range b.repo.Confs {
		b.checkServing(&b.repo.Confs[i])
	}
}

// reportCircle tells a circle in words, at the first of its confs.
func (b *builder) reportCircle(g *lineage, circle []need, places map[[2]string]string) {
	from := slices.IndexFunc(circle, func(n need) bool { return n.wait != nil })
	first := circle[(from+len(circle)-1)%len(circle)].to // who has the need
	if from < 0 {
		return // tasks of one DAG never need each other in a circle: they are added in order
	}
	var chain []string
	for i := range circle {
		step := circle[(from+i)%len(circle)]
		if step.wait == nil {
			continue
		}
		to := g.nodes[step.to]
		chain = append(chain, fmt.Sprintf("waits for %s, which the %s of %s writes", step.wait.Partition.Spec(), to.task.Mode, to.task.Conf))
	}
	start := g.nodes[first]
	b.about(start.file).warn(codeCycle, places[[2]string{start.file, circle[from].key}],
		fmt.Sprintf("can never start: the %s of %s %s", start.task.Mode, start.task.Conf, strings.Join(chain, ", which ")),
		"take one of these dependencies out, or let it name an earlier day")
}

// checkWait reports a wait that each run, or some, will hold for days.
func (b *builder) checkWait(by, to *node, n need, places map[[2]string]string, slow slowness) {
	place := places[[2]string{by.file, n.key}]
	if n.days > 0 {
		b.about(by.file).warn(codeLate, place, fmt.Sprintf("waits for %s, which the %s of %s writes %s later: it stays %d behind with its lag",
			n.wait.Partition.Spec(), to.task.Mode, to.task.Conf, days(n.days), to.task.Lag), "give the conf the same lag")
	}
	if to.dag == by.dag && to.task.Schedule == by.task.Schedule {
		return
	}
	held := slow.between(by, to)
	switch {
	case held < 0:
		b.about(by.file).warn(codeSlow, place, fmt.Sprintf("waits for ever for most of its days: %s is written by %s only for the days of its own schedule (%s), with historicalBackfill off",
			n.wait.Partition.Table, to.task.Conf, to.cron()), "give both the same offlineSchedule, or switch historicalBackfill on")
	case held > 0:
		limit := ""
		if b.s.Sensors.Timeout > 0 && time.Duration(held)*24*time.Hour > b.s.Sensors.Timeout {
			limit = fmt.Sprintf(", longer than its sensors look (%s)", b.s.Sensors.Timeout)
		}
		b.about(by.file).warn(codeSlow, place, fmt.Sprintf("runs at %s and waits for %s, which %s writes at %s: up to %s%s",
			by.cron(), n.wait.Partition.Table, to.task.Conf, to.cron(), days(held), limit), "give both the same offlineSchedule")
	}
}

func days(n int) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}

// cron is when the task runs.
func (n *node) cron() string { return firstOf(n.task.Schedule, n.dag.Schedule) }

// slowness remembers by pairs of schedules how long one waits for the other.
type slowness map[[5]string]int

// between is the highest number of days that a run of by waits for the run of to that writes its day; -1 if there may be none, 0 also where a
// schedule is not understood. A day is written by the first run of to that is of it or, if the job fills what is missing, of a later day; a run
// starts when its DAG's interval ends.
func (s slowness) between(by, to *node) int {
	if by.dag.Schedule == to.dag.Schedule && by.task.Schedule == to.task.Schedule {
		return 0 // as nearly all are
	}
	key := [5]string{by.dag.Schedule, by.task.Schedule, to.dag.Schedule, to.task.Schedule, fmt.Sprint(to.task.Coalesce)}
	if held, known := s[key]; known {
		return held
	}
	held := 0
	mine, theirs := runsOf(by), runsOf(to)
	for _, run := range mine[:len(mine)*2/3] { // the last ones may wait for a run beyond the horizon
		i := slices.IndexFunc(theirs, func(r runDay) bool { return r.day == run.day || to.task.Coalesce && r.day > run.day })
		if i < 0 {
			held = -1
			break
		}
		held = max(held, theirs[i].starts-run.starts)
	}
	s[key] = held
	return held
}

// runDay is a run: the day that it is of, and the one on which it starts, as days since the beginning of the horizon.
type runDay struct{ day, starts int }

// horizon is how many days of schedules are compared: three years have each month and weekday in many combinations.
const horizon = 3 * 366

// runsOf lists the runs of a task. The calendar is a fixed one, so that the answer is the same on every day.
func runsOf(n *node) []runDay {
	dag, err := cron.ParseStandard(parserCron(n.dag.Schedule))
	if err != nil {
		return nil
	}
	var own cron.Schedule
	if n.task.Schedule != "" {
		if own, err = cron.ParseStandard(parserCron(n.task.Schedule)); err != nil {
			return nil
		}
	}
	begin := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	var runs []runDay
	for tick := dag.Next(begin.Add(-time.Second)); len(runs) < horizon && tick.Before(begin.AddDate(0, 0, horizon)); {
		next := dag.Next(tick)
		if next.IsZero() {
			break
		}
		if own == nil || dayHas(own, tick) {
			runs = append(runs, runDay{int(tick.Sub(begin) / (24 * time.Hour)), int(next.Sub(begin) / (24 * time.Hour))})
		}
		tick = next
	}
	return runs
}

// dayHas says whether a schedule has a tick on the day of t.
func dayHas(s cron.Schedule, t time.Time) bool {
	start := DateOf(t)
	return s.Next(start.Time().Add(-time.Second)).Before(start.AddDays(1).Time())
}

// checkServing reports what is served or streamed without what it needs in the KV store.
func (b *builder) checkServing(c *Conf) {
	if !c.doc.Meta.Online.value {
		return
	}
	switch c.Type {
	case TypeGroupBy:
		if c.doc.streams() {
			b.checkStream(c)
		}
	case TypeJoin:
		b.checkParts(c)
	case TypeStagingQuery:
	}
}

// checkStream reports a stream that cannot start: it reads the GroupBy's serving info, which the load of the upload brings (streaming/GroupBy.scala),
// and, behind a join, that join's metadata.
func (b *builder) checkStream(c *Conf) {
	if b.s.NoKVLoad {
		b.about(c.File).warn(codeNoServingInfo, "metaData.online", "its stream reads what the load of its upload puts into the KV store, and kv_load: none loads nothing",
			"say in chrononctl.yaml how it is loaded, or see to it elsewhere")
	}
	for i := range c.doc.Sources {
		chained := c.doc.Sources[i].Chained
		if chained == nil || chained.Join == nil || chained.Join.Meta == nil || c.doc.Sources[i].topic() == "" {
			continue
		}
		parent := chained.Join.Meta.Name.value
		place := fmt.Sprintf("sources[%d].joinSource.join", i)
		switch conf := b.named(TypeJoin, parent); {
		case conf == nil:
			b.about(c.File).warn(codeParentOffline, place, fmt.Sprintf("its stream goes through the join %s, which is no conf of this repository, so that its metadata never reaches the KV store", parent),
				"compile the join, or remove the source")
		case !conf.doc.Meta.Online.value:
			b.about(c.File).warn(codeParentOffline, place, fmt.Sprintf("its stream goes through the join %s, which is not online, so that its metadata never reaches the KV store", parent),
				"set online on the join")
		}
	}
}

// checkParts reports parts of a served join whose values nobody uploads.
func (b *builder) checkParts(c *Conf) {
	for i, part := range c.doc.JoinParts {
		gb := b.named(TypeGroupBy, part.GroupBy.name())
		if gb == nil || gb.doc.Meta.Online.value {
			continue // a GroupBy of no file of its own may be uploaded from elsewhere
		}
		b.about(c.File).warn(codePartOffline, fmt.Sprintf("joinParts[%d].groupBy", i),
			fmt.Sprintf("the join is served, and its part %s is not online: it is never uploaded, so its values are missing from every answer", gb.Name),
			"set online on the GroupBy")
	}
}
