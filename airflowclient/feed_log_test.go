package airflowclient_test

import (
	"fmt"
	"testing"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/airflowclient/airflowtest"
)

const talkerLines = 200

// talker has a task that writes a line of its log every few seconds for ten minutes.
func talker() airflowtest.File {
	var lines []string
	for i := range talkerLines {
		lines = append(lines, fmt.Sprintf("line %d of a log that is long enough to be worth the trouble", i))
	}
	return airflowtest.File{Name: "talker.py", DAGs: []airflowtest.DAG{{ID: "talker", Unpaused: true, Tasks: []airflowtest.Task{{
		ID: "talk", Do: func(airflowtest.Attempt) airflowtest.Outcome {
			return airflowtest.Outcome{Takes: 10 * time.Minute, Log: lines}
		},
	}}}}}
}

// A log is followed to its end: each line comes once, and each answer has only what is new.
func TestFeedFollowsALogToItsEnd(t *testing.T) {
	follow(t, func(f followed) {
		t := f.t
		f.server.Put(talker())
		f.server.ParseAll()
		f.server.Trigger("talker", "now", time.Time{})
		f.after(slowTick)
		f.feed.Follow(&airflowclient.LogRef{DAGID: "talker", RunID: "now", TaskID: "talk", MapIndex: -1, Try: 1})
		seen := map[string]int{}
		done, last := false, 0
		take := func(c airflowclient.Changes) {
			if c.Log == nil {
				return
			}
			if done {
				t.Error("a part after the last one")
			}
			for _, line := range c.Log.Lines {
				seen[line.Text]++
			}
			done = c.Log.Done
			last++
		}
		f.hear(11*time.Minute, take)
		for i := range talkerLines {
			if text := fmt.Sprintf("line %d of a log that is long enough to be worth the trouble", i); seen[text] != 1 {
				t.Errorf("%q was seen %d times", text, seen[text])
			}
		}
		if !done || last < 50 {
			t.Errorf("it came in %d parts, the end was told: %v", last, done)
		}
		before := f.client.Requests()
		f.after(5 * time.Minute)
		if n := f.client.Requests().ByOp["read task log"] - before.ByOp["read task log"]; n != 0 {
			t.Errorf("a log that is complete was asked for %d times", n)
		}
	})
}

// The bytes of a followed log grow with the log, not with how often it is looked at.
func TestFeedFetchesOnlyNewLines(t *testing.T) {
	follow(t, func(f followed) {
		t := f.t
		f.server.Put(talker())
		f.server.ParseAll()
		f.server.Trigger("talker", "now", time.Time{})
		f.after(slowTick)
		ref := airflowclient.LogRef{DAGID: "talker", RunID: "now", TaskID: "talk", MapIndex: -1, Try: 1}
		idle := f.received(8 * time.Minute)
		f.feed.Follow(&ref)
		with := f.received(8 * time.Minute)
		whole := f.client.Requests().Received
		if _, err := f.client.Log(t.Context(), ref, ""); err != nil {
			t.Fatal(err)
		}
		whole = f.client.Requests().Received - whole
		if more := with - idle; more > 3*whole || more < whole/2 {
			t.Errorf("following took %d bytes, the whole log has %d", more, whole)
		}
	})
}

// received is what a while costs.
func (f followed) received(d time.Duration) int64 {
	before := f.client.Requests().Received
	f.after(d)
	return f.client.Requests().Received - before
}
