package fleet

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"chrononctl/dagspec"
)

// streamDAG is a streaming DAG with one tick that ended well.
func streamDAG(tasks ...string) (DAG, Run) {
	run := Run{
		DAGID: "chronon_streaming_dag_payments", ID: "t1", State: "success", From: noon.Add(-15 * time.Minute), To: noon,
		Tasks: tasksFrom(tasks),
	}
	d := DAG{ID: run.DAGID, Kind: dagspec.KindStreaming, Team: "payments", Runs: []Run{run}}
	return d, run
}

func keepAlive(at time.Time, state string, restarts int) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"v": 1, "at": %q, "streams": [{"group_by": "payments.card_stream.v1", "state": %q,
		"since": "2026-11-20T00:00:00Z", "app_id": "application_7_0231", "restarts_24h": %d, "ticks": "aara", "reason": ""}]}`,
		at.Format(time.RFC3339), state, restarts))
}

func TestStreamHealth(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		told   published
		paused bool
		want   Health
		reason string // part of it
	}{
		"alive":                         {published{value: keepAlive(noon, "alive", 0)}, false, OK, ""},
		"alive after a restart today":   {published{value: keepAlive(noon, "alive", 2)}, false, Restarted, ""},
		"started for the first time":    {published{value: keepAlive(noon, "started", 0)}, false, OK, ""},
		"restarted":                     {published{value: keepAlive(noon, "restarted", 1)}, false, Restarted, ""},
		"not started":                   {published{value: keepAlive(noon, "not_started", 0)}, false, Waiting, ""},
		"flapping":                      {published{value: keepAlive(noon, "flapping", 13)}, false, Failed, ""},
		"duplicate":                     {published{value: keepAlive(noon, "duplicate", 0)}, false, Failed, ""},
		"down":                          {published{value: keepAlive(noon, "down", 0)}, false, Failed, ""},
		"unknown to the runtime":        {published{value: keepAlive(noon, "unknown", 0)}, false, Unknown, "not one that this program knows"},
		"a state from the future":       {published{value: keepAlive(noon, "hibernating", 0)}, false, Unknown, `"hibernating"`},
		"a report of two ticks ago":     {published{value: keepAlive(noon.Add(-31*time.Minute), "alive", 0)}, false, OK, ""},
		"an old report tells nothing":   {published{value: keepAlive(noon.Add(-3*time.Hour), "alive", 0)}, false, Unknown, "alive said 3h0m0s ago"},
		"an old report of a paused DAG": {published{value: keepAlive(noon.Add(-3*time.Hour), "alive", 0)}, true, Paused, "its DAG is paused"},
		"a clock some minutes ahead":    {published{value: keepAlive(noon.Add(20*time.Minute), "alive", 0)}, false, OK, ""},
		"a report from the future":      {published{value: keepAlive(noon.AddDate(900, 0, 0), "alive", 0)}, false, Unknown, "has not been yet"},
		"another version":               {published{value: json.RawMessage(`{"v": 2, "at": "2026-11-23T12:00:00Z", "streams": []}`)}, false, Unknown, "version 2"},
		"no version":                    {published{value: json.RawMessage(`{"streams": []}`)}, false, Unknown, "no version"},
		"no object":                     {published{value: json.RawMessage(`"running"`)}, false, Unknown, "not the JSON of this program: it is a string"},
		"nothing":                       {published{value: nil}, false, Unknown, "not the JSON"},
		"Python's repr":                 {published{value: json.RawMessage(`{'v': 1}`)}, false, Unknown, "not the JSON"},
		"wrong types":                   {published{value: json.RawMessage(`{"v": 1, "at": "noon"}`)}, false, Unknown, "not as version 1 should be"},
		"a word for a number":           {published{value: json.RawMessage(`{"v": 1, "streams": [{"restarts_24h": "many"}]}`)}, false, Unknown, "its streams.restarts_24h is a string"},
		"a report without the stream":   {published{value: json.RawMessage(`{"v": 1, "at": "2026-11-23T12:00:00Z", "streams": []}`)}, false, Unknown, "does not name it"},
		"no moment":                     {published{value: json.RawMessage(`{"v": 1, "streams": [{"group_by": "payments.card_stream.v1", "state": "alive"}]}`)}, false, Unknown, "does not say when"},
		"the same stream twice":         {published{value: json.RawMessage(`{"v": 1, "at": "2026-11-23T12:00:00Z", "streams": [{"group_by": "payments.card_stream.v1", "state": "alive"}, {"group_by": "payments.card_stream.v1", "state": "down"}]}`)}, false, Unknown, "payments.card_stream.v1 twice"},
		"a stream without a name":       {published{value: json.RawMessage(`{"v": 1, "at": "2026-11-23T12:00:00Z", "streams": [{"state": "alive"}]}`)}, false, Unknown, "without a name"},
		"nested without end":            {published{value: json.RawMessage(`{"v": 1, "at": ` + strings.Repeat("[", 20_000) + `}`)}, false, Unknown, "not the JSON"},
		"no report":                     {published{problem: "it published no report"}, false, Unknown, "published no report"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, run := streamDAG("keep_alive__card_stream__v1=success", "summary=success")
			d.Paused = tc.paused
			streams := streamsOf(d, run, tc.told, noon)
			if len(streams) != 1 {
				t.Fatalf("got %d streams, want 1: %+v", len(streams), streams)
			}
			s := streams[0]
			if s.Health != tc.want || !strings.Contains(s.Reason, tc.reason) {
				t.Errorf("got %v, reason %q; want %v, reason with %q", s.Health, s.Reason, tc.want, tc.reason)
			}
			if s.GroupBy != "payments.card_stream.v1" || s.Team != "payments" {
				t.Errorf("it is called %s of %s", s.GroupBy, s.Team)
			}
		})
	}
}

func TestStreamsAreNamedBeforeTheFirstReport(t *testing.T) {
	t.Parallel()
	d, _ := streamDAG("keep_alive__a__v1=running", "keep_alive__b__v1=", "summary=")
	d.Runs[0].State = "running"
	streams := streamsBefore(d)
	if len(streams) != 2 || streams[1].GroupBy != "payments.b.v1" || streams[1].Health != None {
		t.Errorf("got %+v", streams)
	}
}

// TestAStreamThatIsDownIsNamedByTheReportOfAFailedSummary is what the runtime does: the summary publishes, and then fails.
func TestAStreamThatIsDownIsNamedByTheReportOfAFailedSummary(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.dag("stream", dagspec.KindStreaming, "payments", "")
	ref := w.tick("stream", 20*time.Minute, "failed", "keep_alive__card_stream__v1=failed", "summary=failed")
	w.xcoms[ref] = string(keepAlive(noon, "flapping", 9))
	s := observe(t, w.observer())
	if len(s.Streams) != 1 || s.Streams[0].State != "flapping" || s.Streams[0].Health != Failed {
		t.Errorf("got %+v", s.Streams)
	}
}

// A report of many megabytes was not written by our runtime. It is not kept, and asked for once.
func TestAHugeReportIsUnknownAndNotKept(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.dag("stream", dagspec.KindStreaming, "payments", "")
	ref := w.tick("stream", 20*time.Minute, "success", "keep_alive__card_stream__v1=success", "summary=success")
	w.xcoms[ref] = strings.TrimSuffix(string(keepAlive(noon, "alive", 0)), "}") + `, "more": "` + strings.Repeat("x", 2<<20) + `"}`
	s := observe(t, w.observer())
	if len(s.Streams) != 1 || s.Streams[0].Health != Unknown || !strings.Contains(s.Streams[0].Reason, "2048 KiB") {
		t.Errorf("got %+v", s.Streams)
	}
	for _, d := range s.DAGs {
		if len(d.Runs) > 0 && len(d.Runs[0].Report) > 0 {
			t.Errorf("%d bytes of it are in the picture", len(d.Runs[0].Report))
		}
	}
}

// What a job published is written by others too: a message of megabytes is no cause's title.
func TestAHugeOutcomeIsNotTaken(t *testing.T) {
	t.Parallel()
	huge := json.RawMessage(`{"v": 1, "failure": {"class": "x", "message": "` + strings.Repeat("x", 2<<20) + `"}}`)
	if err := decodeReport(huge, &struct{}{}); err == nil || !strings.Contains(err.Error(), "2048 KiB") {
		t.Errorf("got %v", err)
	}
}

// What a report says well of a stream whose own task failed in the same run is contradicted: neither is taken for the truth.
func TestAReportIsNotBelievedAgainstItsTask(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]Health{"alive": Unknown, "restarted": Unknown, "down": Failed, "not_started": Waiting} {
		d, run := streamDAG("keep_alive__card_stream__v1=failed", "summary=success")
		streams := streamsOf(d, run, published{value: keepAlive(noon, said, 0)}, noon)
		if len(streams) != 1 || streams[0].Health != want {
			t.Errorf("%s: %+v, want %v", said, streams, want)
		}
		if s := streams[0]; want == Unknown && !strings.Contains(s.Reason, "keep_alive__card_stream__v1 failed") {
			t.Errorf("%s: the reason is %q", said, s.Reason)
		}
	}
}
