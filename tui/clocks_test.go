package tui

import (
	"testing"
	"time"

	"chrononctl/internal/fleet"
)

// Two clocks may be minutes apart. What Airflow dates is told by its clock, what the console has done by its own, and the head says that they differ.
func TestAgesAreToldByTheServersClock(t *testing.T) {
	t.Parallel()
	for skew, says := range map[time.Duration]string{12 * time.Minute: "12 m ahead", -7 * time.Minute: "7 m behind"} {
		source := healthyFleet()
		source.change(func(f *fakeSource) {
			f.snap.Server.Skew = skew
			theirs := epoch.Add(skew)
			f.snap.Streams[1].At, f.snap.Streams[1].Since, f.snap.Streams[1].NextTick = theirs.Add(-2*time.Minute), theirs.Add(-3*time.Hour), theirs.Add(9*time.Minute)
			run := &f.snap.DAGs[3].Runs[0]
			run.Start, run.End, run.Health = theirs.Add(-40*time.Minute), time.Time{}, fleet.Running
		})
		story(t, setup{source: source, width: 160, height: 40}, func(c *console) {
			c.pass(1200 * time.Millisecond)
			c.sees("1 s ago", theirsAt(skew)+" UTC", says)
			c.press("3")
			findRow(c, "card_stream")
			c.sees("reported 2 m ago", "3 h", "8 m")
			c.press("2")
			findRow(c, "join_payments")
			c.sees("40 m")

		})
	}
}

// theirsAt is the time of day on a server whose clock is that far ahead when the tests begin.
func theirsAt(skew time.Duration) string { return epoch.Add(skew).UTC().Format("15:04") }
