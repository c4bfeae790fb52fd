package fleet

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"chrononctl/dagspec"
)

// pictured is how far back a picture has every run that ended (see Observer.keep): a day whose run would have to be younger has none.
const pictured = 5 * 24 * time.Hour

// mostDays is how many days a calendar has at most.
const mostDays = 366

// calendarsOf derives a calendar for each join that has a DAG.
func calendarsOf(o observation, dags []DAG, jobs [][]job, outputs []Output) []Calendar {
	landed := landedTables(outputs)
	byTask := make(map[TaskRef]int, len(outputs))
	for i := range outputs {
		out := &outputs[i]
		byTask[TaskRef{out.DAGID, out.TaskID}] = i
	}
	calendars := make([]Calendar, 0, len(dags))
	for i := range dags {
		d := &dags[i]
		if d.Kind != dagspec.KindJoin {
			continue
		}
		v := calendarView{o: o, d: d, from: dagspec.DateOf(o.clock().Add(-pictured)).String(), landed: landed}
		if c, ok := v.calendar(jobs[i]); ok {
			c.Output = outputs[byTask[TaskRef{d.ID, v.j.def.ID}]]
			c.Health = Worst(c.Health, c.Output.Health)
			calendars = append(calendars, c)
		}
	}
	slices.SortStableFunc(calendars, func(a, b Calendar) int {
		return cmp.Or(strings.Compare(a.Join, b.Join), strings.Compare(a.DAGID, b.DAGID))
	})
	return calendars
}

// landedTables is the newest day that is there, by table.
func landedTables(outputs []Output) map[string]string {
	landed := make(map[string]string, len(outputs))
	for i := range outputs {
		table := hiveName(outputs[i].Table)
		landed[table] = max(landed[table], outputs[i].Landed)
	}
	return landed
}

// calendarView is what one calendar is made from.
type calendarView struct {
	o      observation
	d      *DAG
	j      job               // that writes the join's table
	from   string            // from this day on, every run is known
	landed map[string]string // newest day by table
}

// calendar derives the calendar; ok is false where no job of the DAG is known that writes the join's table.
func (v *calendarView) calendar(jobs []job) (Calendar, bool) {
	at := slices.IndexFunc(jobs, func(j job) bool { return j.def.Mode == dagspec.ModeModelTransform })
	if at < 0 {
		at = slices.IndexFunc(jobs, func(j job) bool { return j.def.Mode == dagspec.ModeBackfill || j.def.Mode == dagspec.ModeBackfillFinal })
	}
	if at < 0 {
		return Calendar{}, false
	}
	v.j = jobs[at]
	def, _ := v.o.intent.DAG(v.d.ID)
	c := Calendar{
		Team: v.d.Team, Join: cmp.Or(v.d.Join, v.j.def.Conf), DAGID: v.d.ID, Table: tableOf(v.j.def), Health: v.d.Health,
		Start: addDays(def.Start.String(), -v.j.def.Lag), Ranges: v.ranges(), Parts: v.parts(),
	}
	c.Days = v.days(c.Start)
	c.Holes = holesOf(c.Days)
	return c, true
}

// days are those from the first of which something is known to the newest that is due.
func (v *calendarView) days(start string) []CalendarDay {
	known := v.sighted()
	for _, s := range v.o.past[TaskRef{v.d.ID, v.j.def.ID}] {
		day := addDays(s.Day, -v.j.def.Lag)
		if _, ok := known[day]; !ok && day != "" {
			known[day] = CalendarDay{Day: day, State: DayLanded, Reason: "it was seen to land"}
		}
	}
	first, last := "", ""
	newest := ""
	for day, d := range known {
		if first == "" || day < first {
			first = day
		}
		last = max(last, day)
		if d.State == DayLanded {
			newest = max(newest, day)
		}
	}
	if first == "" {
		return nil
	}
	begin, err := dagspec.ParseDate(first)
	end, endErr := dagspec.ParseDate(last)
	if err != nil || endErr != nil {
		return nil
	}
	if oldest := end.AddDays(1 - mostDays); begin.Before(oldest) {
		begin = oldest
	}
	var days []CalendarDay
	for day := begin; !end.Before(day); day = day.AddDays(1) {
		d, ok := known[day.String()]
		if !ok {
			d = v.gap(day.String(), start, newest)
		}
		days = append(days, d)
	}
	return days
}

// sighted is what the runs say of their days. The newest run of a day stands for it; a run for a range speaks of all of them, where no run of a
// day's own says more.
func (v *calendarView) sighted() map[string]CalendarDay {
	known := make(map[string]CalendarDay)
	for _, s := range v.j.seen { // newest run first
		if s.run.Range.To == "" {
			if day := v.j.dataDay(s.run); day != "" {
				if _, ok := known[day]; !ok {
					known[day] = v.dayOf(s, day)
				}
			}
			continue
		}
		for day := s.run.Range.From; day != "" && day <= s.run.Range.To; day = addDays(day, 1) {
			d := v.dayOf(s, day)
			if old, ok := known[day]; !ok || old.State != DayLanded && (d.State == DayLanded || d.State == DayRunning) {
				known[day] = d
			}
			if len(known) > 4*mostDays {
				break
			}
		}
	}
	return v.filled(known)
}

// filled says of days that were left to a newer one whether that has landed since.
func (v *calendarView) filled(known map[string]CalendarDay) map[string]CalendarDay {
	for day, d := range known {
		if d.State != DayNotDue {
			continue
		}
		by := ""
		for other, o := range known {
			if other > day && o.State == DayLanded && (by == "" || other < by) {
				by = other
			}
		}
		isOwn := v.j.def.Schedule == "" && (v.j.def.Coalesce || !v.j.defined)
		switch {
		case by != "" && isOwn:
			d.State, d.Reason = DayLanded, "left to the run of "+by+", which filled it"
		case isOwn:
			d.State, d.Reason = DayWaiting, "left to a newer day, which has not landed yet"
		}
		known[day] = d
	}
	return known
}

// dayOf is what one run says of a day.
func (v *calendarView) dayOf(s sighting, day string) CalendarDay {
	d := CalendarDay{Day: day, RunID: s.run.ID}
	if s.task == nil {
		d.Reason = "its tasks were not looked at yet"
		switch s.run.Health {
		case Failed:
			d.State, d.Reason = DayFailed, ""
		case Running:
			d.State, d.Reason = DayRunning, ""
		case Waiting:
			d.State, d.Reason = DayWaiting, ""
		case None:
			d.Reason = "its run has no task of it"
		default:
		}
		return d
	}
	switch s.task.Health {
	case OK:
		d.State = DayLanded
	case Running:
		d.State = DayRunning
	case Failed, Breach:
		d.State, d.Reason = DayFailed, "its task is "+s.task.Word()
	case Skipped:
		d.State = DayNotDue
	case Waiting, None:
		d.State = DayWaiting
		if s.run.finished() {
			d.State, d.Reason = DayMissing, "its run ended without running its task"
		}
	default:
		d.State, d.Reason = DayUnknown, "its task is in the state "+s.task.Word()+", which this program does not know"
	}
	return d
}

// gap is a day that no run is for.
func (v *calendarView) gap(day, start, newest string) CalendarDay {
	switch {
	case start != "" && day < start:
		return CalendarDay{Day: day, State: DayBeforeStart}
	case addDays(day, v.j.def.Lag) < v.from:
		return CalendarDay{Day: day, State: DayUnknown, Reason: "its run ended too long ago to be in the picture"}
	case v.interval() > 24*time.Hour:
		return CalendarDay{Day: day, State: DayNotDue}
	case v.j.defined && v.j.def.Coalesce && day < newest:
		return CalendarDay{Day: day, State: DayUnknown, Reason: "no run is for it; that of " + newest + " fills what is missing"}
	default:
		return CalendarDay{Day: day, State: DayMissing, Reason: "no run is for it"}
	}
}

// interval is how far two runs of the DAG's schedule are apart.
func (v *calendarView) interval() time.Duration {
	for _, r := range v.d.Runs {
		if r.Type == runScheduled {
			return r.To.Sub(r.From)
		}
	}
	return 0
}

// holesOf are the days that are missing or failed before one that landed.
func holesOf(days []CalendarDay) []string {
	var holes []string
	landed := false
	for _, d := range slices.Backward(days) {
		switch d.State {
		case DayLanded:
			landed = true
		case DayMissing, DayFailed:
			if landed {
				holes = append(holes, d.Day)
			}
		case DayUnknown, DayRunning, DayWaiting, DayBeforeStart, DayNotDue:
		}
	}
	slices.Reverse(holes)
	return holes
}

// ranges are the days that runs compute now.
func (v *calendarView) ranges() []DayRange {
	var ranges []DayRange
	for _, s := range v.j.seen {
		if s.task == nil || s.task.Health != Running {
			continue
		}
		r := s.run.Range
		if r.To == "" {
			day := v.j.dataDay(s.run)
			r = DayRange{day, day}
		}
		if facts := v.o.progress[instanceOf(s.task)]; len(facts.Ranges) > 0 {
			if from, to, ok := strings.Cut(facts.Ranges[len(facts.Ranges)-1], "..."); ok {
				r = DayRange{from, to}
			}
		}
		ranges = append(ranges, r)
	}
	return ranges
}

// parts are the tasks of the newest run that was read.
func (v *calendarView) parts() []Part {
	at := slices.IndexFunc(v.d.Runs, func(r Run) bool { return r.Tasks != nil })
	if at < 0 {
		return nil
	}
	run := &v.d.Runs[at]
	day, dayErr := dagspec.ParseDate(run.Day)
	parts := make([]Part, 0, len(run.Tasks))
	for _, t := range run.Tasks {
		ref := TaskRef{v.d.ID, t.ID}
		p := Part{Name: t.ID, TaskID: t.ID, Health: t.Health, State: t.State, Since: t.Start}
		if def, ok := v.o.intent.Task(ref); ok {
			p.Mode, p.Name = def.Mode, cmp.Or(def.Part, def.Conf, t.ID)
		} else if mode, ok := dagspec.ModeOf(t.ID); ok {
			p.Mode, p.Name = mode, cmp.Or(v.d.Join, t.ID)
		}
		if wait, _, ok := v.o.intent.Sensor(ref); ok && dayErr == nil {
			p.WaitsFor, p.Writer, p.Landed = wait.Partition.On(day), wait.ProducedBy, v.landed[hiveName(wait.Partition.Table)]
			p.Name = p.WaitsFor
		}
		if t.IsSensor() && t.Health == Waiting {
			p.Since = run.Start // a sensor that comes again begins anew each time
		}
		parts = append(parts, p)
	}
	slices.SortStableFunc(parts, func(a, b Part) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.TaskID, b.TaskID))
	})
	return parts
}

// Calendar is a join's calendar over its newest runs, which reach back further than the picture: it lists the runs of the DAG as [Observer.Runs]
// does. ok is false where the picture has no such join. Days before the oldest run that was listed are known as far as they were seen to land.
func (o *Observer) Calendar(ctx context.Context, dagID string) (c Calendar, ok bool, err error) {
	runs, err := o.Runs(ctx, dagID)
	if err != nil {
		return Calendar{}, false, err
	}
	skew := Skew(o.client, o.opts.Now())
	o.mu.Lock()
	made := o.last.Snapshot
	o.mu.Unlock()
	at := slices.IndexFunc(made.DAGs, func(d DAG) bool { return d.ID == dagID && d.Kind == dagspec.KindJoin })
	if at < 0 {
		return Calendar{}, false, nil
	}
	d := made.DAGs[at]
	d.Runs = runs
	v := calendarView{
		o: observation{at: o.opts.Now(), skew: skew, past: o.opts.Past, intent: made.Intent}, d: &d, landed: landedTables(made.Outputs),
	}
	if len(runs) >= recentRuns {
		v.from = runs[len(runs)-1].Day
	}
	if c, ok = v.calendar(jobsOf(&d, made.Intent)); !ok {
		return c, false, nil
	}
	for _, out := range made.Outputs {
		if out.DAGID == dagID && out.TaskID == v.j.def.ID {
			c.Output = out
		}
	}
	return c, true, nil
}
