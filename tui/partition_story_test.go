package tui

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"chrononctl/dagspec"
	"chrononctl/internal/fleet"
)

// lateNight is a night in which one partition from outside does not come. A join of payments and an upload of search wait for it.
type lateNight struct {
	wait  dagspec.Wait
	ahead atomic.Int64 // nanoseconds by which the night is further on than the test
}

func newLateNight() *lateNight {
	return &lateNight{wait: dagspec.Wait{Spec: "data.cards/ds={{ ds }}", Partition: dagspec.Partition{
		Table: "data.cards", Fields: []dagspec.Field{{Column: "ds", Value: []dagspec.Arg{{Day: &dagspec.Day{}}}}},
	}}}
}

func (n *lateNight) now() time.Time { return time.Now().Add(time.Duration(n.ahead.Load())) }

// goOn lets the night go on without drawing every second of it.
func (n *lateNight) goOn(d time.Duration) { n.ahead.Add(int64(d)) }

// picture is the night at a moment: the partition is there, or the sensors still look for it.
func (n *lateNight) picture(at time.Time, there bool) fleet.Snapshot {
	s := withOutputs(healthySnapshot(), epoch, lastDays("1999-12-31", shownDays))
	s.At = at
	const join, batch = 3, 5
	s.DAGs[join] = n.dag("chronon_join_payments__checkout__v2", dagspec.KindJoin, "payments", "payments.checkout.v2", "join__checkout_v2", there)
	s.DAGs[batch] = n.dag("chronon_batch_dag_search", dagspec.KindBatch, "search", "", "upload__query_v1", there)
	s.Intent = fleet.IntentOf(dagspec.Definitions{DAGs: []dagspec.DAG{
		n.definition(s.DAGs[join], "payments.checkout.v2", "join__checkout_v2", dagspec.ModeBackfillFinal),
		n.definition(s.DAGs[batch], "search.query.v1", "upload__query_v1", dagspec.ModeUpload),
	}})
	c := &s.Calendars[0]
	c.Parts = []fleet.Part{
		{Name: "data.cards/ds=1999-12-31", TaskID: n.wait.TaskID(), Health: fleet.Waiting, State: "up_for_reschedule", Since: epoch,
			WaitsFor: "data.cards/ds=1999-12-31", Landed: "1999-12-30"},
		{Name: "the join", TaskID: "join__checkout_v2", Mode: dagspec.ModeBackfillFinal},
	}
	s.Work = nil
	c.Output.Due = epoch.Add(20 * time.Minute)
	c.Output.State, c.Output.Health = fleet.OutputExpected, fleet.OK
	if late := s.At.Sub(c.Output.Due); late > 0 {
		c.Output.State, c.Output.Health, c.Output.Late = fleet.OutputLate, fleet.Waiting, late
	}
	if there {
		c.Output.State, c.Output.Health, c.Output.Late, c.Output.Landed = fleet.OutputLanded, fleet.OK, 0, "1999-12-31"
		c.Days[shownDays-1].State = fleet.DayLanded
		c.Parts[0].Health, c.Parts[0].State, c.Parts[1].Health, c.Parts[1].State = fleet.OK, "success", fleet.OK, "success"
	}
	s.Outputs[2] = c.Output
	return s
}

// dag has eight runs whose one job waits for the partition; those of the days before found it after five minutes.
func (n *lateNight) dag(id string, kind dagspec.Kind, team, join, job string, there bool) fleet.DAG {
	d := fleet.DAG{ID: id, Kind: kind, Team: team, Join: join, Hash: "3f2a9c1b7d10", Health: fleet.OK, NextRun: epoch.AddDate(0, 0, 1)}
	days := lastDays("1999-12-31", 8)
	slices.Reverse(days)
	for i, day := range days {
		r := fleet.Run{DAGID: id, ID: "scheduled__" + day + "T00:00:00+00:00", Day: day, State: "success", Type: "scheduled", Health: fleet.OK,
			From: epoch.AddDate(0, 0, -i-1), To: epoch.AddDate(0, 0, -i), Start: epoch.AddDate(0, 0, -i), End: epoch.AddDate(0, 0, -i).Add(time.Hour)}
		sensor := fleet.Task{DAGID: id, RunID: r.ID, ID: n.wait.TaskID(), MapIndex: -1, State: "success", Health: fleet.OK, Try: 1, Start: r.Start, End: r.Start.Add(5 * time.Minute)}
		work := fleet.Task{DAGID: id, RunID: r.ID, ID: job, MapIndex: -1, State: "success", Health: fleet.OK, Try: 1, Start: sensor.End, End: r.End}
		if i == 0 && !there {
			sensor.State, sensor.Health, sensor.End = "up_for_reschedule", fleet.Waiting, time.Time{}
			work = fleet.Task{DAGID: id, RunID: r.ID, ID: job, MapIndex: -1}
			r.State, r.Health, r.End = "running", fleet.Waiting, time.Time{}
			d.Health = fleet.Waiting
		}
		r.Tasks = []fleet.Task{work, sensor}
		d.Runs = append(d.Runs, r)
	}
	return d
}

func (n *lateNight) definition(d fleet.DAG, conf, task string, mode dagspec.Mode) dagspec.DAG {
	return dagspec.DAG{ID: d.ID, Kind: d.Kind, Team: d.Team, Tasks: []dagspec.Task{{ID: task, Conf: conf, Mode: mode, Waits: []dagspec.Wait{n.wait}}}}
}

// A join is late because of one partition: the operator sees that it is late, that one partition explains it and what else waits for it, where that
// ends, and when it is over.
func TestStoryAJoinIsLateBecauseOfOnePartition(t *testing.T) {
	t.Parallel()
	night := newLateNight()
	story(t, setup{width: 140, height: 40, source: sourceOf(night.picture(epoch, false)), options: Options{Now: night.now}}, func(c *console) {
		c.pass(time.Second)
		c.press("4")
		c.sees("payments.checkout.v2", "✔ expected", "by 00:20")

		night.goOn(61 * time.Minute)
		c.source.change(func(f *fakeSource) { f.snap = night.picture(night.now(), false) })
		c.pass(2 * DefaultInterval)
		c.sees("◌ 1 late", "◌ late", "41 m late", "waits for data.cards/ds=1999-12-31")

		c.press("1", "tab", "/")
		c.write("data.cards")
		c.press("enter")
		c.sees("data.cards/ds=1999-12-31 is not there", "2 runs in 2 teams", "payments ", "search ")
		c.seesNot("core   ")
		c.press("enter")
		c.sees("usually 00:05", "no conf that is known here writes data.cards", "it lands; ask whoever writes data.cards", "join_payments__checkout__v2", "batch_dag_search")

		c.press("4", "enter")
		c.pass(time.Second)
		c.sees("◌ 41 m late", "data.cards/ds=1999-12-31", "◌ up_for_reschedule", "12-30")
		c.press("w")
		c.pass(time.Second)
		c.sees("Why payments.checkout.v2", "data.cards/ds=1999-12-31 is not there")

		night.goOn(30 * time.Minute)
		c.source.change(func(f *fakeSource) { f.snap = night.picture(night.now(), true) })
		c.pass(2 * DefaultInterval)
		c.seesNot("1 late", "is not there")
		c.press("esc")
		c.sees("✔ landed", "1999-12-31 is the newest")
		c.press("1")
		c.sees("✔") // the filter for the cause finds nothing any more
		c.seesNot("data.cards/ds")
	})
}
