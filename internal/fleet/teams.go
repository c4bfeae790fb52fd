package fleet

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"chrononctl/dagspec"
)

// What cells count.
const (
	unitTask    = "task"
	unitStream  = "stream"
	unitJoin    = "join"
	unitFeature = "feature"
)

// Health is the worst of a team's cells.
func (t Team) Health() Health {
	worst := None
	for _, c := range t.Cells {
		worst = Worst(worst, c.Health)
	}
	return worst
}

// Text is a cell in a few words that follow its glyph: "1 of 48 failed", "9 alive", "1 of 4 over".
func (c Cell) Text() string {
	if c.Of == 0 || c.Bad == 0 || c.Health == None {
		return c.Health.Word()
	}
	word := c.Health.Word()
	switch {
	case c.Health == OK && c.Unit == unitStream:
		word = "alive"
	case c.Health == OK:
		word = ""
	case c.Health == Breach:
		word = "over"
	case c.Health == Waiting:
		word = "wait"
	}
	figure := fmt.Sprintf("%d of %d", c.Bad, c.Of)
	if c.Bad == c.Of && c.Health == OK {
		figure = fmt.Sprint(c.Of)
	}
	return strings.TrimSpace(figure + " " + word)
}

// teamsOf sums DAGs, streams and comparisons up by team. Every DAG is in exactly one cell; one without a team is in the row without a name.
func teamsOf(dags []DAG, streams []Stream, joins []Comparison) []Team {
	byTeam := make(map[string]map[dagspec.Kind][]*DAG)
	for i := range dags {
		d := &dags[i]
		if byTeam[d.Team] == nil {
			byTeam[d.Team] = make(map[dagspec.Kind][]*DAG)
		}
		byTeam[d.Team][d.Kind] = append(byTeam[d.Team][d.Kind], d)
	}
	teams := make([]Team, 0, len(byTeam))
	for _, name := range slices.Sorted(maps.Keys(byTeam)) {
		t := Team{Name: name, Cells: make(map[dagspec.Kind]Cell), Day: newestDay(byTeam[name])}
		for kind, group := range byTeam[name] {
			t.Cells[kind] = cellOf(kind, group, streams, joins)
		}
		teams = append(teams, t)
	}
	return teams
}

func cellOf(kind dagspec.Kind, group []*DAG, streams []Stream, joins []Comparison) Cell {
	isOf := func(id string) bool {
		return slices.ContainsFunc(group, func(d *DAG) bool { return d.ID == id })
	}
	switch kind {
	case dagspec.KindStreaming:
		var states []Health
		for _, s := range streams {
			if isOf(s.DAGID) {
				states = append(states, s.Health)
			}
		}
		return lift(tally(unitStream, states), group)
	case dagspec.KindJoin:
		var states []Health
		for _, d := range group {
			states = append(states, d.Health)
		}
		return tally(unitJoin, states)
	case dagspec.KindComparison:
		var own []Comparison
		for _, c := range joins {
			if isOf(c.DAGID) {
				own = append(own, c)
			}
		}
		return lift(featureCell(own), group)
	default:
		return lift(tally(unitTask, jobStates(group)), group)
	}
}

// tally counts how many make the worst state. What was left to a newer day is as good as done beside what was done.
func tally(unit string, states []Health) Cell {
	c := Cell{Unit: unit, Of: len(states)}
	for _, h := range states {
		c.Health = Worst(c.Health, h)
	}
	if c.Health == Skipped && slices.Contains(states, OK) {
		c.Health = OK
	}
	for _, h := range states {
		if h == c.Health || c.Health == OK && h == Skipped {
			c.Bad++
		}
	}
	return c
}

// lift makes the cell no better than the DAGs that should keep it so: a paused, vanished or broken DAG, or one whose runs cannot be read, is told
// even when the tasks that were seen last are well.
func lift(c Cell, group []*DAG) Cell {
	worst := None
	for _, d := range group {
		worst = Worst(worst, d.Health)
	}
	if c.Of == 0 && worst > c.Health || worst >= Paused && worst > c.Health {
		c.Health, c.Bad = worst, 0
	}
	return c
}

// featureCell counts features beyond their budget over the comparisons of a team.
func featureCell(own []Comparison) Cell {
	c := Cell{Unit: unitFeature}
	for _, j := range own {
		c.Health = Worst(c.Health, j.Health)
		c.Of += j.Total
		c.Bad += j.Over
	}
	switch c.Health {
	case Breach:
	case OK:
		c.Bad = c.Of
	default:
		c.Bad = 0
	}
	return c
}

// jobStates is the state of each job of the DAGs over their runs that stand: the worst that still needs something, else how its newest run ended.
func jobStates(group []*DAG) []Health {
	var states []Health
	jobs := make(map[string]Health)
	for _, d := range group {
		clear(jobs)
		for r := range standing(d) {
			addJobs(jobs, r)
		}
		states = slices.AppendSeq(states, maps.Values(jobs))
	}
	return states
}

// overDays adds an older day of a job to what newer ones say. Ended well is ended well, even if the newest day was not due.
func overDays(newer, older Health) Health {
	if newer == Skipped && older == OK || newer == OK && older == Skipped {
		return OK
	}
	return Worst(newer, older)
}

// addJobs adds the state of each job of a run, sensors left out, to what newer runs say. A job that nothing looked at yet waits for its inputs; one
// behind a failed job of the same run waits for that, so that one failure counts once.
func addJobs(jobs map[string]Health, r *Run) {
	failed := false
	for i := range r.Tasks {
		failed = failed || r.Tasks[i].State == stateFailed && !r.Tasks[i].IsSensor()
	}
	for i := 0; i < len(r.Tasks); {
		id, state := r.Tasks[i].ID, None
		for ; i < len(r.Tasks) && r.Tasks[i].ID == id; i++ { // instances of a mapped task stand together
			state = Worst(state, jobState(r, &r.Tasks[i], failed))
		}
		if !dagspec.IsSensor(id) {
			jobs[id] = overDays(jobs[id], state)
		}
	}
}

// jobState is the state of a task instance; failed says whether a job of its run did.
func jobState(r *Run, t *Task, failed bool) Health {
	if t.Health == None && !r.finished() || t.State == stateUpstreamFailed && failed {
		return Waiting
	}
	return t.Health
}

// newestDay is the newest day of which every run that a team wants is done: its staging queries, batch uploads and joins.
// A DAG that runs daily wants every day; one that runs less often wants the days on which it has a run; a paused one and one that never ran want none.
func newestDay(byKind map[dagspec.Kind][]*DAG) string {
	var wanted []*DAG
	days := make(map[string]bool)
	for _, kind := range []dagspec.Kind{dagspec.KindStagingQuery, dagspec.KindBatch, dagspec.KindJoin} {
		for _, d := range byKind[kind] {
			if d.Paused || d.Stale || len(d.Runs) == 0 {
				continue
			}
			wanted = append(wanted, d)
			for i := range d.Runs {
				days[d.Runs[i].Day] = true
			}
		}
	}
	delete(days, "")
	for _, day := range slices.Backward(slices.Sorted(maps.Keys(days))) {
		if !slices.ContainsFunc(wanted, func(d *DAG) bool { return !dayDone(d, day) }) {
			return day
		}
	}
	return ""
}

func dayDone(d *DAG, day string) bool {
	daily := false
	for r := range standing(d) {
		if r.Day == day {
			return r.done()
		}
		daily = daily || r.To.Sub(r.From) <= 24*time.Hour
	}
	return !daily
}
