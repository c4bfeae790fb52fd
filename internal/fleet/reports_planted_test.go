package fleet

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"chrononctl/dagspec"
)

// streamStory is what became of a stream, and what must be told of it.
type streamStory struct {
	state, reason string
	restarts      int
	health        Health
	why           StreamWhy
}

var streamStories = []streamStory{
	{"alive", "", 0, OK, WhyNothing},
	{"alive", "", 2, Restarted, WhyNothing},
	{"started", "", 0, OK, WhyNothing},
	{"restarted", "", 1, Restarted, WhyNothing},
	{"flapping", "restarted too often in 24 hours, and left down: find out why it dies", 9, Failed, WhyRestartsUsed},
	{"duplicate", "more than one application has this name (a, b): kill them all, the next tick starts one", 0, Failed, WhyTwoRunning},
	{"down", "it is not running, and starting it ended with exit status 1", 3, Failed, WhyStartFailed},
	{"not_started", "its first upload, core.g_upload, is not there yet", 0, Waiting, WhyNoUpload},
	{"not_started", "it never ran, and starting it ended with exit status 1: the first upload and KV load must come before it", 0, Waiting, WhyNeverStarted},
	{"unknown", "the running applications could not be listed, so nobody knows whether the stream is alive", 0, Unknown, WhyListFailed},
	{"resting", "", 0, Unknown, WhySomethingElse},
}

// TestStreamsAreAsPlanted plants teams of streams with every life, whose reports are fresh, old, from the future or of another version, under a
// server's clock that is minutes apart from the local one.
func TestStreamsAreAsPlanted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, want := newScene(), make(map[string]streamStory)
		s.skew = time.Duration(rapid.IntRange(-50, 50).Draw(t, "skew")) * time.Minute
		for team := range rapid.IntRange(1, 4).Draw(t, "teams") {
			id := fmt.Sprintf("chronon_streaming_dag_%d", team)
			d := s.dag(dagspec.KindStreaming, id, "")
			d.Tags[2] = fmt.Sprintf("team:t%d", team)
			var streams []map[string]any
			var tasks []string
			for i, n := range rapid.SliceOfN(rapid.IntRange(0, len(streamStories)-1), 1, 5).Draw(t, "lives") {
				l, name := streamStories[n], fmt.Sprintf("t%d.s%d.v1", team, i)
				tasks = append(tasks, fmt.Sprintf("keep_alive__s%d__v1=success", i))
				streams = append(streams, map[string]any{"group_by": name, "state": l.state, "reason": l.reason, "restarts_24h": l.restarts, "ticks": "aa"})
				want[name] = l
			}
			ref := s.run(id, ago(1), "success", 0, append(tasks, "summary=success")...)
			run := &s.runs[len(s.runs)-1]
			run.IntervalTo = run.IntervalFrom.Add(15 * time.Minute)
			made, version := s.clock().Add(-5*time.Minute), 1
			over := func(health Health, why StreamWhy) {
				for i := range streams {
					want[fmt.Sprintf("t%d.s%d.v1", team, i)] = streamStory{health: health, why: why}
				}
			}
			switch rapid.IntRange(0, 4).Draw(t, "report") {
			case 0:
				made = made.Add(-5 * time.Hour)
				over(Unknown, WhyOldReport)
				if d.Paused = rapid.Bool().Draw(t, "paused"); d.Paused {
					over(Paused, WhyPaused)
				}
			case 1:
				made = made.Add(5 * time.Hour)
				over(Unknown, WhyNoReport)
			case 2:
				version = 2
				over(Unknown, WhyNoReport)
			}
			text, err := json.Marshal(map[string]any{"v": version, "at": made.Format(time.RFC3339), "streams": streams})
			if err != nil {
				t.Fatal(err)
			}
			s.reports[ref] = published{value: text}
		}
		got := s.derive().Streams
		if len(got) != len(want) {
			t.Fatalf("%d streams, want %d: %+v", len(got), len(want), got)
		}
		for _, stream := range got {
			l := want[stream.GroupBy]
			if stream.Health != l.health || stream.Why != l.why {
				t.Errorf("%s is %v, %v, want %v, %v: %q", stream.GroupBy, stream.Health, stream.Why, l.health, l.why, stream.Reason)
			}
			if stream.Health.Unhealthy() && stream.Reason == "" {
				t.Errorf("%s: no reason", stream.GroupBy)
			}
		}
	})
}

// TestComparisonsAreAsPlanted plants what comparisons measured, with and without sampling, and asks it back. Only what was measured is fine.
func TestComparisonsAreAsPlanted(t *testing.T) {
	t.Parallel()
	rate := rapid.Custom(func(t *rapid.T) *float64 {
		if !rapid.Bool().Draw(t, "measured") {
			return nil
		}
		r := float64(rapid.IntRange(0, 100).Draw(t, "percent")) / 100
		return &r
	})
	rapid.Check(t, func(t *rapid.T) {
		s := newScene()
		s.dag(dagspec.KindComparison, "chronon_online_offline_comparison_core__j", "core.j")
		ref := s.run("chronon_online_offline_comparison_core__j", ago(1), "success", time.Hour, "consistency__j=success", "summary=success")
		sampled := float64(rapid.SampledFrom([]int{1, 5, 99, 100}).Draw(t, "sampled"))
		var features []map[string]any
		over, measured := 0, false
		for i := range rapid.IntRange(0, 5).Draw(t, "features") {
			mismatch, missing := rate.Draw(t, "mismatch"), rate.Draw(t, "missing")
			var beyond []string
			if mismatch != nil && *mismatch > 0.1 {
				beyond = append(beyond, "mismatch")
			}
			if len(beyond) > 0 {
				over++
			}
			measured = measured || mismatch != nil || missing != nil
			features = append(features, map[string]any{"name": fmt.Sprint("f", i), "rows": 90, "mismatch": mismatch, "missing_online": missing, "over": beyond})
		}
		want, state := OK, "ok"
		switch {
		case over > 0:
			want, state = Breach, "breach"
		case !measured && rapid.Bool().Draw(t, "honest"):
			want, state = Unmeasured, "not_measured"
		case !measured:
			want = Unmeasured
		}
		days := rapid.IntRange(0, 20).Draw(t, "history")
		var history []map[string]any
		for back := days; back >= 1; back-- {
			history = append(history, map[string]any{"ds": ago(back), "over": back})
		}
		text, err := json.Marshal(map[string]any{
			"v": 1, "join": "core.j", "ds": ago(1), "state": state, "sample_percent": sampled, "features_total": len(features), "features_over": over,
			"features": features, "history": history,
		})
		if err != nil {
			t.Fatal(err)
		}
		s.reports[ref] = published{value: text}
		got := s.derive().Joins
		if len(got) != 1 || got[0].Health != want || got[0].Over != over || len(got[0].Features) != len(features) {
			t.Fatalf("want %v with %d over, got %+v", want, over, got)
		}
		c := got[0]
		if (c.Caveat != "") != (sampled < 100) {
			t.Errorf("%g %% were drawn: %q", sampled, c.Caveat)
		}
		if len(c.Trend) != min(days, trendDays) || days > 0 && c.Trend[len(c.Trend)-1].Day != ago(1) {
			t.Errorf("a trend of %d days: %+v", days, c.Trend)
		}
	})
}

// A measurement of an older day stands, and is not called well for the newer day that was not measured.
func TestANewerDayThatWasNotMeasuredIsNamed(t *testing.T) {
	t.Parallel()
	s := newScene()
	id := "chronon_online_offline_comparison_core__j"
	s.dag(dagspec.KindComparison, id, "core.j")
	s.run(id, ago(1), "failed", time.Hour, "consistency__j=failed", "summary=failed")
	s.reports[s.run(id, ago(2), "success", time.Hour, "consistency__j=success", "summary=success")] = published{value: json.RawMessage(okReport)}
	if c := s.derive().Joins[0]; c.Day != "2026-11-21" || c.Unmeasured != ago(1) || c.Health != Unmeasured {
		t.Errorf("got %+v", c)
	}
}
