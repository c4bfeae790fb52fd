//go:build real

package cmd_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// The join that is filled, and the DAG of it. The sample's tables begin on 2026-10-21; what lies before is filled by nobody but a backfill.
const (
	filledJoin    = "payments.checkout.v1"
	filledJoinDAG = "chronon_join_payments__checkout__v1"
)

// change fills a range of the join's days and follows that to its end, starts another one and takes it back, fills days by runs of their own, and
// pauses and unpauses: each change is planned first, and is in the journal afterwards.
func (s session) change(t *testing.T) {
	t.Helper()
	began := time.Now()
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	s.names(t, 0, []string{"backfill", filledJoin, "2026-10-05..2026-10-10", "--step-days", "2", "--dry-run"},
		"computes what is missing of 6 days", "Read by 1 conf in 1 DAG: payments.checkout_velocity.v1", "takes it back: chrononctl backfill cancel")
	s.names(t, 0, []string{"backfill", filledJoin, "2026-10-05..2026-10-10", "--step-days", "2", "--yes", "--wait", "--interval", "1s", "--timeout", "10m"},
		"done after", "landed, computed 2026-10-05...2026-10-06, 2026-10-07...2026-10-08")
	s.names(t, 0, []string{"backfill", "list", filledJoin}, "chrononctl__backfill__payments.checkout.v1__2026-10-05_2026-10-10__1\t2026-10-05\t2026-10-10\tone job\tdone")

	s.names(t, 0, []string{"backfill", filledJoin, "2026-09-15..2026-10-04", "--step-days", "1", "--yes"}, "is queued")
	s.names(t, 4, []string{"backfill", filledJoin, "2026-10-11", "--yes"})
	s.names(t, 0, []string{"undo", "--yes"}, "marked as failed")
	s.names(t, 9, []string{"backfill", "watch", filledJoin, "--interval", "1s", "--timeout", "10m"}, "failed")

	s.changeByDay(t)
	s.names(t, 0, []string{"pause", filledJoinDAG, "--reason", "late events", "--until", "1s", "--yes"}, "paused")
	s.names(t, 4, []string{"backfill", filledJoin, "2026-10-12", "--yes"})
	s.unpauseDue(t)
	s.names(t, 0, []string{"activity"}, "Unpause "+filledJoinDAG, "taken back\tBackfill payments.checkout.v1 from 2026-09-15 to 2026-10-04")
	t.Logf("changing took %s", time.Since(began).Round(time.Millisecond))
}

// unpauseDue asks until the DAG's second is over.
func (s session) unpauseDue(t *testing.T) {
	t.Helper()
	for asking := time.Now(); time.Since(asking) < 2*time.Minute; {
		if out, code := s.run(t, "unpause", "--due", "--yes"); code == 0 && strings.Contains(out, "late events: unpaused") {
			return
		}
	}
	t.Error("what was paused for a second is not due")
}

// changeByDay takes the run of yesterday away and fills the day again, by a run of its own.
func (s session) changeByDay(t *testing.T) {
	t.Helper()
	out, _ := s.run(t, "api", "GET", "/dags/"+filledJoinDAG+"/dagRuns")
	var list struct {
		Runs []struct {
			ID   string `json:"dag_run_id"`
			Type string `json:"run_type"`
			Day  string `json:"logical_date"`
		} `json:"dag_runs"`
	}
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	for _, run := range list.Runs {
		if run.Type != "scheduled" {
			continue
		}
		day, _, _ := strings.Cut(run.Day, "T")
		s.names(t, 0, []string{"backfill", filledJoin, day, "--by-day", "--yes"}, "they are left alone")
		s.names(t, 0, []string{"api", "DELETE", "/dags/" + filledJoinDAG + "/dagRuns/" + strings.ReplaceAll(run.ID, "+", "%2B"), "--yes"})
		s.names(t, 0, []string{"backfill", filledJoin, day, "--by-day", "--yes", "--wait", "--interval", "1s", "--timeout", "10m"}, "done after")
		return
	}
	t.Errorf("no run of a schedule in %s", out)
}
