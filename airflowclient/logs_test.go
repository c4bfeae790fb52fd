package airflowclient_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chrononctl/airflowclient"
)

var logRef = airflowclient.LogRef{DAGID: "x", RunID: "r", TaskID: "t", MapIndex: 3, Try: 2}

const logPath = "/dags/x/dagRuns/r/taskInstances/t/logs/2"

// logToken is a continuation token as Airflow signs it.
func logToken(end bool) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"end_of_log": %t, "log_pos": 10}`, end)) + ".signature"
}

// logV1 is an answer of Airflow 2 around content.
func logV1(content string, end bool) http.HandlerFunc {
	body, _ := json.Marshal(map[string]string{"content": content, "continuation_token": logToken(end)})
	return answer(200, string(body))
}

func at(second int) time.Time { return time.Date(2024, 1, 1, 10, 0, second, 0, time.UTC) }

func TestLogOfAirflow2(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		route http.HandlerFunc
		want  []airflowclient.LogLine
		done  bool
	}{
		{
			"pairs of host and text, with levels, and lines that belong to the one before",
			logV1(`[('host', '*** Found local files:\n[2024-01-01T10:00:01.000+0000] {taskinstance.py:3} ERROR - Task failed\nTraceback (most recent call last):\n')]`, true),
			[]airflowclient.LogLine{
				{Text: "*** Found local files:"},
				{Time: at(1), Level: "error", Text: "Task failed"},
				{Time: at(1), Level: "error", Text: "Traceback (most recent call last):"},
			}, true,
		},
		{"every kind of escape", logV1(`[('h', 'it\'s \\ \t \x1b \xe9 \u2603 \U0001f600 "q"\r\n')]`, false), []airflowclient.LogLine{{Text: "it's \\ \t \x1b é ☃ 😀 \"q\""}}, false},
		{"double quotes", logV1(`[('h', "it's")]`, false), []airflowclient.LogLine{{Text: "it's"}}, false},
		{"several hosts", logV1(`[('h1', 'a\nb'), ("h2", 'c')]`, false), []airflowclient.LogLine{{Text: "a"}, {Text: "b"}, {Text: "c"}}, false},
		{"no new text", logV1(`[('h', '')]`, false), nil, false},
		{"text that only looks like it", logV1(`[(1, 'x')]`, false), []airflowclient.LogLine{{Text: `[(1, 'x')]`}}, false},
		{"a literal that does not end", logV1(`[('h', 'x`, false), []airflowclient.LogLine{{Text: "x"}}, false},
		{"an escape that is cut off", logV1(`[('h', 'x\u12`, false), []airflowclient.LogLine{{Text: `x\u12`}}, false},
		{"progress bars", logV1(`[('h', '0%\r50%\r100%\r\ndone\r\n')]`, false), []airflowclient.LogLine{{Text: "100%"}, {Text: "done"}}, false},
		{"nothing at all", answer(200, `{"content": null, "continuation_token": null}`), nil, true},
		{"members in another order", answer(200, `{"continuation_token": "t", "more": {"a": ["]"]}, "content": "[('h', 'x')]"}`), []airflowclient.LogLine{{Text: "x"}}, false},
		{"plain text from a gateway", typed(200, "text/plain; charset=utf-8", "[2024-01-01T10:00:02.000+0200] {a.py:1} INFO - hi\n"),
			[]airflowclient.LogLine{{Time: at(2).Add(-2 * time.Hour), Level: "info", Text: "hi"}}, true},
		{"a token that cannot be looked into", answer(200, `{"content": "[('h', 'x')]", "continuation_token": ".eJw!"}`), []airflowclient.LogLine{{Text: "x"}}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(apiV1, map[string]http.HandlerFunc{"GET /api/v1" + logPath: test.route})
			checkLog(t, f, test.want, test.done)
		})
	}
}

func TestLogOfAirflow3(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		body string
		want []airflowclient.LogLine
		done bool
	}{
		{
			"structured messages",
			`{"content": [{"event": "::group::Sources", "sources": ["/a"]}, {"timestamp": "2024-01-01T10:00:01Z", "event": "two\nlines", "level": "info", "logger": "x"}], "continuation_token": "next"}`,
			[]airflowclient.LogLine{{Text: "::group::Sources"}, {Text: "/a"}, {Time: at(1), Level: "info", Text: "two"}, {Time: at(1), Level: "info", Text: "lines"}}, false,
		},
		{
			"an exception with its cause",
			`{"content": [{"timestamp": "2024-01-01T10:00:01Z", "event": "Task failed", "level": "error", "error_detail": [
				{"exc_type": "ValueError", "exc_value": "outer\nmore", "frames": [{"filename": "/a.py", "lineno": 7, "name": "f"}]}, {"exc_type": "KeyError", "exc_value": ""}]}], "continuation_token": null}`,
			[]airflowclient.LogLine{
				{Time: at(1), Level: "error", Text: "Task failed"},
				{Time: at(1), Level: "error", Text: "Traceback (most recent call last):"},
				{Time: at(1), Level: "error", Text: "KeyError"},
				{Time: at(1), Level: "error", Text: "The above exception was the cause of this one:"},
				{Time: at(1), Level: "error", Text: "Traceback (most recent call last):"},
				{Time: at(1), Level: "error", Text: `  File "/a.py", line 7, in f`},
				{Time: at(1), Level: "error", Text: "ValueError: outer"},
				{Time: at(1), Level: "error", Text: "more"},
			}, true,
		},
		{
			"strings among objects, and things nobody expects",
			`{"content": ["[2024-01-01T10:00:01.000+0000] {a.py:1} WARNING - old", {"event": "new", "timestamp": null}, "", 5, {"event": "odd", "error_detail": "x"}], "continuation_token": null}`,
			[]airflowclient.LogLine{{Time: at(1), Level: "warning", Text: "old"}, {Text: "new"}, {}, {Text: "5"}, {Text: "odd"}}, true,
		},
		{"an empty log of a running task", `{"content": [], "continuation_token": "next"}`, nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(apiV2, map[string]http.HandlerFunc{"GET /api/v2" + logPath: answer(200, test.body)})
			checkLog(t, f, test.want, test.done)
		})
	}
}

func checkLog(t *testing.T, f *fake, want []airflowclient.LogLine, done bool) {
	t.Helper()
	chunk, err := newClient(t, f, airflowclient.Config{}).Log(t.Context(), logRef, "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, chunk.Lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if chunk.Done != done || !done && chunk.Next == "" {
		t.Errorf("done %t, next %q; want done %t", chunk.Done, chunk.Next, done)
	}
}

func TestLogIsFollowedByToken(t *testing.T) {
	t.Parallel()
	for _, a := range bothAPIs {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			first, last := logV1(`[('h', 'one\n')]`, false), logV1(`[('h', 'two\n')]`, true)
			if a == apiV2 {
				first = answer(200, fmt.Sprintf(`{"content": [{"event": "one"}], "continuation_token": %q}`, logToken(false)))
				last = answer(200, `{"content": [{"event": "two"}], "continuation_token": null}`)
			}
			f := newFake(a, map[string]http.HandlerFunc{"GET " + a.prefix + logPath: inTurn(first, last)})
			c := newClient(t, f, airflowclient.Config{})
			var text []string
			token := ""
			for done := false; !done; {
				chunk, err := c.Log(t.Context(), logRef, token)
				if err != nil {
					t.Fatal(err)
				}
				for _, line := range chunk.Lines {
					text = append(text, line.Text)
				}
				token, done = chunk.Next, chunk.Done
			}
			sent := f.requests("")
			if strings.Join(text, " ") != "one two" || len(sent) != 2 || sent[0].Query.Has("token") || sent[1].Query.Get("token") != logToken(false) ||
				sent[0].Query.Get("map_index") != "3" || sent[0].Header.Get("Accept") != "application/json" {
				t.Errorf("read %q with %+v", text, sent)
			}
		})
	}
}
