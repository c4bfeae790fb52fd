package fleet

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
)

const joinDAG = "chronon_join_core__j"

// days are the states of a calendar by day.
func days(c Calendar) map[string]DayState {
	states := make(map[string]DayState)
	for _, d := range c.Days {
		states[d.Day] = d.State
	}
	return states
}

// TestCalendarsAreAsPlanted plants the days of a join at random and asks them back, and the holes among them.
func TestCalendarsAreAsPlanted(t *testing.T) {
	t.Parallel()
	plants := map[DayState]func(*scene, string){
		DayLanded:  func(s *scene, day string) { s.run(joinDAG, day, "success", time.Hour, "backfill__j=success") },
		DayRunning: func(s *scene, day string) { s.run(joinDAG, day, "running", time.Hour, "backfill__j=running") },
		DayFailed:  func(s *scene, day string) { s.run(joinDAG, day, "failed", time.Hour, "backfill__j=failed") },
		DayWaiting: func(s *scene, day string) { s.run(joinDAG, day, "running", time.Hour, "backfill__j=") },
		DayUnknown: func(s *scene, day string) { s.run(joinDAG, day, "running", time.Hour, "backfill__j=dreaming") },
		DayMissing: func(*scene, string) {},
	}
	states := []DayState{DayLanded, DayRunning, DayFailed, DayWaiting, DayUnknown, DayMissing}
	rapid.Check(t, func(t *rapid.T) {
		s, want, landed := newScene(), make(map[string]DayState), ""
		def := tables("backfill__j", "j", dagspec.ModeBackfill)
		def.Coalesce = false
		s.dag(dagspec.KindJoin, joinDAG, "core.j", def)
		for back := 1; back <= 5; back++ {
			from := states
			if back == 1 || back == 5 {
				from = states[:5] // something is known of the first and the last
			}
			want[ago(back)] = rapid.SampledFrom(from).Draw(t, "state")
			plants[want[ago(back)]](s, ago(back))
			if want[ago(back)] == DayLanded && landed == "" {
				landed = ago(back)
			}
		}
		var holes []string
		for back := 5; back >= 1; back-- {
			if st := want[ago(back)]; (st == DayMissing || st == DayFailed) && ago(back) < landed {
				holes = append(holes, ago(back))
			}
		}
		c := s.derive().Calendars
		if len(c) != 1 || c[0].Join != "core.j" || c[0].Table != "core.j" || c[0].Start != "2026-11-01" {
			t.Fatalf("got %+v", c)
		}
		if diff := cmp.Diff(want, days(c[0])); diff != "" {
			t.Errorf("days (-want +got):\n%s", diff)
		}
		if !slices.Equal(holes, c[0].Holes) {
			t.Errorf("holes %v, want %v", c[0].Holes, holes)
		}
		if c[0].Output.Landed != landed {
			t.Errorf("landed %s, want %s", c[0].Output.Landed, landed)
		}
	})
}

func TestDaysOfACalendar(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		plant func(*scene)
		day   string
		want  DayState
	}{
		"left to a newer day that landed": {func(s *scene) {
			s.run(joinDAG, ago(2), "success", time.Hour, "backfill__j=skipped")
			s.run(joinDAG, ago(1), "success", time.Hour, "backfill__j=success")
		}, ago(2), DayLanded},
		"left to a newer day that runs": {func(s *scene) {
			s.run(joinDAG, ago(2), "success", time.Hour, "backfill__j=skipped")
			s.run(joinDAG, ago(1), "running", time.Hour, "backfill__j=running")
		}, ago(2), DayWaiting},
		"no run, and a newer day of a job that fills": {func(s *scene) {
			s.run(joinDAG, ago(3), "success", time.Hour, "backfill__j=success")
			s.run(joinDAG, ago(1), "success", time.Hour, "backfill__j=success")
		}, ago(2), DayUnknown},
		"no run, too long ago to be in the picture": {func(s *scene) {
			s.run(joinDAG, ago(9), "failed", time.Hour, "backfill__j=failed")
			s.run(joinDAG, ago(1), "success", time.Hour, "backfill__j=success")
		}, ago(8), DayUnknown},
		"seen to land by an earlier look": {func(s *scene) {
			s.run(joinDAG, ago(1), "success", time.Hour, "backfill__j=success")
			s.past = Past{{joinDAG, "backfill__j"}: {{Day: ago(20), Took: time.Hour}}}
		}, ago(20), DayLanded},
		"before the start": {func(s *scene) {
			s.run(joinDAG, "2026-10-20", "failed", time.Hour, "backfill__j=failed")
			s.run(joinDAG, ago(1), "success", time.Hour, "backfill__j=success")
		}, "2026-10-25", DayBeforeStart},
		"a range that runs": {func(s *scene) {
			s.run(joinDAG, ago(1), "success", time.Hour, "backfill__j=success")
			s.run(joinDAG, ago(9), "running", time.Hour, "backfill__j=running")
			s.runs[1].Conf = map[string]any{"chronon": map[string]any{"start_ds": ago(9), "end_ds": ago(7)}}
		}, ago(8), DayRunning},
		"a range that failed over a day that landed": {func(s *scene) {
			s.run(joinDAG, ago(1), "success", time.Hour, "backfill__j=success")
			s.run(joinDAG, ago(2), "failed", time.Hour, "backfill__j=failed")
			s.runs[1].Conf = map[string]any{"chronon": map[string]any{"start_ds": ago(2), "end_ds": ago(1)}}
		}, ago(1), DayLanded},
		"a run that ended without its task": {func(s *scene) {
			s.run(joinDAG, ago(1), "success", time.Hour, "backfill__j=")
		}, ago(1), DayMissing},
		"a run whose tasks were not read": {func(s *scene) {
			delete(s.tasks, s.run(joinDAG, ago(1), "success", time.Hour))
		}, ago(1), DayUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene()
			s.dag(dagspec.KindJoin, joinDAG, "core.j", tables("backfill__j", "j", dagspec.ModeBackfill))
			tc.plant(s)
			c := s.derive().Calendars[0]
			if got := days(c)[tc.day]; got != tc.want {
				t.Errorf("%s is %v, want %v: %+v", tc.day, got, tc.want, c.Days)
			}
		})
	}
}

func TestPartsSayWhatTheyWaitFor(t *testing.T) {
	t.Parallel()
	s := newScene()
	users := tables("backfill__users", "users", dagspec.ModeBackfill)
	s.dag(dagspec.KindStagingQuery, "chronon_staging_query_core", "", users)
	wait := dagspec.Wait{Spec: "core.users/ds={{ ds }}", Partition: users.Outputs[0], ProducedBy: "chronon_staging_query_core"}
	def := tables("backfill__j", "j", dagspec.ModeBackfill)
	def.Waits = []dagspec.Wait{wait}
	s.dag(dagspec.KindJoin, joinDAG, "core.j", def)
	s.run("chronon_staging_query_core", ago(3), "success", time.Hour, "backfill__users=success")
	s.run(joinDAG, ago(1), "running", time.Hour, wait.TaskID()+"=up_for_reschedule", "backfill__j=")
	got := s.derive().Calendars[0].Parts
	if len(got) != 2 || got[0].Mode != dagspec.ModeBackfill {
		t.Fatalf("got %+v", got)
	}
	if p := got[1]; p.WaitsFor != "core.users/ds="+ago(1) || p.Writer != "chronon_staging_query_core" || p.Landed != ago(3) || p.Health != Waiting || p.Since.IsZero() {
		t.Errorf("got %+v", p)
	}
}

func TestACalendarOfAllRunsReachesBackFurther(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.dag(joinDAG, dagspec.KindJoin, "core", "core.j")
	for _, back := range []int{1, 2, 20} {
		w.day(joinDAG, ago(back), "success", "backfill__j=success")
	}
	o := w.observer()
	s := observe(t, o)
	if len(s.Calendars) != 1 || len(s.Calendars[0].Days) != 2 {
		t.Fatalf("the picture has %+v", s.Calendars)
	}
	c, ok, err := o.Calendar(t.Context(), joinDAG)
	if err != nil || !ok || len(c.Days) != 20 || c.Days[10].State != DayMissing || c.Output.Landed != ago(1) {
		t.Errorf("got %+v, %v, %v", c, ok, err)
	}
	if _, ok, err := o.Calendar(t.Context(), "another"); ok || err != nil {
		t.Errorf("a join that is not there: %v, %v", ok, err)
	}
	w.failing["runs"] = errForbidden
	w.pass(time.Hour)
	if _, _, err := o.Calendar(t.Context(), "third"); !airflowclient.IsPermission(err) {
		t.Errorf("the error is %v", err)
	}
}
