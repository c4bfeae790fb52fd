package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"chrononctl/dagspec"
)

// keepAliveReport is the XCom chronon_keep_alive of a streaming DAG.
type keepAliveReport struct {
	At      time.Time      `json:"at"`
	Streams []streamReport `json:"streams"`
}

type streamReport struct {
	GroupBy  string     `json:"group_by"`
	State    string     `json:"state"`
	Since    *time.Time `json:"since"`
	App      string     `json:"app_id"`
	Restarts int        `json:"restarts_24h"`
	Ticks    string     `json:"ticks"`
	Reason   string     `json:"reason"`
	Why      *string    `json:"why"`    // what the state leaves open; nil: an older runtime, which tells it in the reason alone
	Awaits   string     `json:"awaits"` // table that it waits for
}

// minReportAge is how old a keep-alive report may be whatever the DAG's schedule: a tick may wait for a slot.
const minReportAge = 30 * time.Minute

// missedTicks is how many ticks may go by without a report before the last one tells nothing any more.
const missedTicks = 3

// StreamHealth is what a keep-alive state means. A stream that was restarted within a day counts as restarted even if its last tick found it alive:
// it works, and it is still the one to look at.
func StreamHealth(state string, restarts int) Health {
	switch state {
	case "alive":
		if restarts > 0 {
			return Restarted
		}
		return OK
	case "started":
		return OK
	case "restarted":
		return Restarted
	case "not_started":
		return Waiting
	case "flapping", "duplicate", "down":
		return Failed
	default:
		return Unknown
	}
}

// streamsOf derives the streams of one streaming DAG from what one of its runs published.
// The run's own keep-alive tasks name streams that no report speaks of, so that none goes missing with its report.
func streamsOf(d DAG, run Run, told published, now time.Time) []Stream {
	var report keepAliveReport
	problem := told.problem
	if problem == "" {
		if err := decodeReport(told.value, &report); err != nil {
			problem = err.Error()
		}
	}
	if problem == "" {
		problem = report.problem(now)
	}
	var streams []Stream
	if problem == "" {
		for _, s := range report.Streams {
			streams = append(streams, streamOf(d, run, s, report.At, now))
		}
	}
	reason := problem
	if reason == "" {
		reason = "the last report does not name it"
	}
	streams = append(streams, unreported(d, run, streams, Unknown, WhyNoReport, reason)...)
	next := nextTick(d, now)
	for i := range streams {
		streams[i].NextTick = next
	}
	return streams
}

// problem is, in words, what a report of our runtime never says; empty when there is nothing of the kind.
func (r keepAliveReport) problem(now time.Time) string {
	switch {
	case r.At.IsZero():
		return "the report does not say when it was made"
	case r.At.After(now.Add(clockSlack)):
		return fmt.Sprintf("the report says that it was made at %s, which has not been yet", r.At.UTC().Format(time.RFC3339))
	}
	named := make(map[string]bool, len(r.Streams))
	for _, s := range r.Streams {
		switch {
		case s.GroupBy == "":
			return "the report has a stream without a name"
		case named[s.GroupBy]:
			return fmt.Sprintf("the report names %s twice", s.GroupBy)
		}
		named[s.GroupBy] = true
	}
	return ""
}

// streamsBefore are the streams of a DAG of which no run has ended yet, as far as a run that is under way names them.
func streamsBefore(d DAG) []Stream {
	if len(d.Runs) == 0 {
		return nil
	}
	return unreported(d, d.Runs[0], nil, None, WhyNoTick, "no run has ended yet")
}

func streamOf(d DAG, run Run, s streamReport, at, now time.Time) Stream {
	out := Stream{
		Team: d.Team, GroupBy: s.GroupBy, DAGID: d.ID, State: s.State, Health: StreamHealth(s.State, s.Restarts),
		App: s.App, Restarts: s.Restarts, Ticks: s.Ticks, Reason: s.Reason, At: at,
	}
	out.Why, out.Awaits = whyOf(s)
	if s.Since != nil {
		out.Since = *s.Since
	}
	if out.Health == Unknown && out.Reason == "" {
		out.Reason = fmt.Sprintf("its state %q is not one that this program knows", s.State)
	}
	if task, failed := keepAliveFailed(d, run, s.GroupBy); failed && (out.Health == OK || out.Health == Restarted) {
		out.Health, out.Why = Unknown, WhySomethingElse
		out.Reason = fmt.Sprintf("%s failed in the same run in which the report says %s", task, s.State)
	}
	age := now.Sub(at)
	if age <= max(minReportAge, missedTicks*run.To.Sub(run.From)) {
		return out
	}
	said := fmt.Sprintf("%s said %s ago", cmp.Or(s.State, "nothing"), age.Round(time.Minute))
	if d.Paused {
		out.Health, out.Why, out.Reason = Paused, WhyPaused, "nobody looks after it, its DAG is paused; "+said
	} else {
		out.Health, out.Why, out.Reason = Unknown, WhyOldReport, "no newer report; "+said
	}
	return out
}

// nextTick is when the DAG's streams are looked after again: at the first end of an interval that is not over. A DAG with one run says how long
// that is.
func nextTick(d DAG, now time.Time) time.Time {
	if d.Paused || d.Stale || len(d.Runs) == 0 {
		return time.Time{}
	}
	newest := d.Runs[0]
	length := newest.To.Sub(newest.From)
	if length <= 0 {
		return time.Time{}
	}
	if newest.To.After(now) {
		return newest.To
	}
	return newest.To.Add(length * (now.Sub(newest.To)/length + 1))
}

// withUploads says on which values each stream builds.
func withUploads(streams []Stream, outputs []Output) {
	newest := make(map[string]Output)
	for _, o := range outputs {
		if o.Mode != dagspec.ModeUpload && o.Mode != dagspec.ModeKVLoad {
			continue
		}
		if known, ok := newest[o.Conf]; !ok || known.Mode == dagspec.ModeUpload && o.Mode == dagspec.ModeKVLoad {
			newest[o.Conf] = o
		}
	}
	for i := range streams {
		if o, ok := newest[streams[i].GroupBy]; ok {
			streams[i].Upload, streams[i].Uploaded = o.Landed, o.At
		}
	}
}

// IsKeptAliveBy says whether a task of the stream's DAG is the one that looks after it.
func (s Stream) IsKeptAliveBy(t Task) bool {
	conf, ok := confFromTask(s.Team, t.ID, "keep_alive")
	return ok && conf == s.GroupBy
}

// keepAliveFailed says whether the run's own task for a stream failed. The runtime's fails only where the stream does not run.
func keepAliveFailed(d DAG, run Run, groupBy string) (task string, failed bool) {
	for _, t := range run.Tasks {
		if conf, ok := confFromTask(d.Team, t.ID, "keep_alive"); ok && conf == groupBy {
			return t.ID, t.Health == Failed
		}
	}
	return "", false
}

// unreported are the streams of the run's keep-alive tasks that are not among those known.
func unreported(d DAG, run Run, known []Stream, health Health, why StreamWhy, reason string) []Stream {
	var missing []Stream
	for _, t := range run.Tasks {
		groupBy, ok := confFromTask(d.Team, t.ID, "keep_alive")
		isKnown := func(s Stream) bool { return s.GroupBy == groupBy }
		if !ok || slices.ContainsFunc(known, isKnown) {
			continue
		}
		missing = append(missing, Stream{
			Team: d.Team, GroupBy: groupBy, DAGID: d.ID, Health: health, State: "unknown", Why: why, Reason: reason,
		})
	}
	return missing
}

func compareStreams(a, b Stream) int {
	return cmp.Or(strings.Compare(a.Team, b.Team), strings.Compare(a.GroupBy, b.GroupBy), strings.Compare(a.DAGID, b.DAGID))
}
