package airflowclient_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"chrononctl/airflowclient"
)

// growingLog is the log of one try as Airflow's file handler serves it: each answer holds what lies behind the position in the token.
type growingLog struct {
	api     api
	text    string   // as the task has written it so far
	sources []string // where the log was looked for
	working bool     // the task runs
	sent    int      // bytes of answers
	cut     int      // so many of the next answers break off after half of their bytes
}

// position is what a token says. A request without one has none.
type position struct {
	End bool `json:"end_of_log"`
	Pos *int `json:"log_pos"`
}

func (g *growingLog) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var at position
	if token := r.URL.Query().Get("token"); token != "" {
		payload, _, _ := strings.Cut(token, ".")
		text, err := base64.RawURLEncoding.DecodeString(payload)
		if err != nil || json.Unmarshal(text, &at) != nil {
			http.Error(w, `{"detail": "Bad Signature"}`, http.StatusBadRequest)
			return
		}
	}
	body := g.pageV1(at)
	if g.api == apiV2 {
		body = g.pageV2(at)
	}
	g.sent += len(body)
	w.Header().Set("Content-Type", "application/json")
	if g.cut > 0 {
		g.cut--
		body = body[:len(body)/2] + "\x00cut"
	}
	_, _ = io.WriteString(w, body)
}

func (g *growingLog) token(pos int) string {
	text, _ := json.Marshal(position{End: !g.working, Pos: &pos})
	return base64.RawURLEncoding.EncodeToString(text) + ".s"
}

// pageV1 joins lines without a newline at the end and counts characters, as FileTaskHandler of 2.11 does.
func (g *growingLog) pageV1(at position) string {
	characters := []rune(strings.TrimSuffix(g.text, "\n"))
	next := g.token(len(characters))
	if at.Pos != nil {
		characters = characters[min(*at.Pos, len(characters)):]
	} else {
		head := " INFO - ::group::Log message source details\n"
		for _, source := range g.sources {
			head += "*** " + source + "\n"
		}
		characters = append([]rune(head+" INFO - ::endgroup::\n"), characters...)
	}
	quoted := strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`).Replace(string(characters))
	text, _ := json.Marshal(map[string]string{"content": "[('host', '" + quoted + "')]", "continuation_token": next})
	return string(text)
}

// pageV2 counts messages, and has no token when the task is not at work.
func (g *growingLog) pageV2(at position) string {
	var messages []map[string]string
	for line := range strings.Lines(g.text) {
		messages = append(messages, map[string]string{"event": strings.TrimSuffix(line, "\n"), "level": "info"})
	}
	var token any
	if g.working {
		token = g.token(len(messages))
	}
	if at.Pos != nil {
		messages = messages[min(*at.Pos, len(messages)):]
	} else {
		head := []map[string]string{{"event": "::group::Log message source details"}}
		for _, source := range g.sources {
			head = append(head, map[string]string{"event": source})
		}
		messages = append(append(head, map[string]string{"event": "::endgroup::"}), messages...)
	}
	text, _ := json.Marshal(map[string]any{"content": messages, "continuation_token": token})
	return string(text)
}

// follower collects what a tail hands on, as a screen would.
type follower struct {
	lines   []string
	sources []string
}

func (f *follower) take(line airflowclient.TailLine) {
	switch {
	case line.Source:
		f.sources = append(f.sources, line.Text)
	case line.Replaces:
		f.lines[len(f.lines)-1] = line.Text
	default:
		f.lines = append(f.lines, line.Text)
	}
}

func newTail(t *testing.T, a api, log http.Handler, finished bool) (*airflowclient.Tail, *airflowclient.Client) {
	t.Helper()
	f := newFake(a, map[string]http.HandlerFunc{"GET " + a.prefix + logPath: log.ServeHTTP})
	c := newClient(t, transport(func(req *http.Request) (*http.Response, error) {
		resp, err := f.RoundTrip(req)
		if err != nil {
			return resp, err
		}
		body, _ := io.ReadAll(resp.Body)
		if text, broken := strings.CutSuffix(string(body), "\x00cut"); broken {
			resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(text), failing{}))
		} else {
			resp.Body = io.NopCloser(strings.NewReader(text))
		}
		return resp, nil
	}), airflowclient.Config{})
	return c.Tail(logRef, finished), c
}

func TestTailFetchesOnlyWhatIsNew(t *testing.T) {
	t.Parallel()
	for _, a := range bothAPIs {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			log := &growingLog{api: a, working: true, sources: []string{"Found local files:", "  * /x.log"}}
			tail, c := newTail(t, a, log, false)
			if _, err := c.Server(t.Context()); err != nil {
				t.Fatal(err)
			}
			var screen follower
			var most, wrote int
			start := c.Requests().Received
			for poll := range 80 {
				for line := range 10 {
					log.text += fmt.Sprintf("[2024-01-01T10:00:01.000+0000] {x.py:1} INFO - poll %d line %d: it's é ☃ 😀 \\ \"quoted\"\n", poll, line)
				}
				before := c.Requests().Received
				if done, err := tail.Read(t.Context(), screen.take); err != nil || done {
					t.Fatal(done, err)
				}
				most, wrote = max(most, int(c.Requests().Received-before)), len(log.text)
			}
			if got := strings.Join(screen.lines, "\n"); got != strings.TrimSuffix(plain(a, log.text), "\n") {
				t.Fatalf("the screen shows %d lines, the last is %q", len(screen.lines), screen.lines[len(screen.lines)-1])
			}
			// 80 polls of a log of 70 KB; read from the beginning each time, they would be 2.8 MB.
			if received := int(c.Requests().Received - start); received != log.sent || received > 2*wrote || most > 5_000 {
				t.Errorf("received %d bytes of a log of %d, at most %d at a time", received, wrote, most)
			}
			if len(screen.sources) != 4 {
				t.Errorf("the sources are %q", screen.sources)
			}
		})
	}
}

// plain is the text without the header that Airflow 2 puts before each line and the client takes off.
func plain(a api, text string) string {
	if a == apiV1 {
		return strings.ReplaceAll(text, "[2024-01-01T10:00:01.000+0000] {x.py:1} INFO - ", "")
	}
	return text
}

// Airflow 2 is read while a task writes: in the middle of a line, of a character that takes several bytes, right before a newline.
func TestTailJoinsLinesThatWereCut(t *testing.T) {
	t.Parallel()
	const written = "one\ntwo ☃ and 😀\n\nthree\r\n  four"
	for cut := range len([]rune(written)) {
		log := &growingLog{api: apiV1, working: true, text: string([]rune(written)[:cut])}
		tail, _ := newTail(t, apiV1, log, false)
		var screen follower
		for range 2 {
			if _, err := tail.Read(t.Context(), screen.take); err != nil {
				t.Fatal(err)
			}
			if shown := strings.Join(screen.lines, "\n"); strings.Contains(shown, "\uFFFD") {
				t.Fatalf("cut after %d: %q", cut, shown)
			}
			log.text = written
		}
		if diff := cmp.Diff([]string{"one", "two ☃ and 😀", "", "three", "  four"}, screen.lines); diff != "" {
			t.Errorf("cut after %d:\n%s", cut, diff)
		}
	}
}

func TestLogPartSaysThatItGoesOnWithinALine(t *testing.T) {
	t.Parallel()
	log := &growingLog{api: apiV1, working: true, text: "one\ntw"}
	f := newFake(apiV1, map[string]http.HandlerFunc{"GET /api/v1" + logPath: log.ServeHTTP})
	c := newClient(t, f, airflowclient.Config{})
	var joins []bool
	token := ""
	for _, text := range []string{"one\ntw", "one\ntwo", "one\ntwo", "one\ntwo\nthree\n"} {
		log.text = text
		chunk, err := c.Log(t.Context(), logRef, token)
		if err != nil {
			t.Fatal(err)
		}
		joins, token = append(joins, chunk.Joins), chunk.Next
	}
	if !slices.Equal(joins, []bool{false, true, false, false}) {
		t.Errorf("joins: %t", joins)
	}
}

// An answer that breaks off is asked for again, and what was handed on is not handed on twice.
func TestTailSurvivesAnswersThatBreakOff(t *testing.T) {
	t.Parallel()
	for _, a := range bothAPIs {
		for _, cuts := range []int{1, 2, 4} {
			t.Run(fmt.Sprint(a.name, " ", cuts), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					log := &growingLog{api: a, working: true, sources: []string{"Found local files:"}}
					tail, _ := newTail(t, a, log, false)
					var screen follower
					for part := range 3 {
						for line := range 50 {
							log.text += fmt.Sprintf("part %d, line %d\n", part, line)
						}
						log.cut = cuts
						_, err := tail.Read(t.Context(), screen.take)
						if (err != nil) != (cuts > 2) || err != nil && !airflowclient.IsUnavailable(err) {
							t.Fatalf("after %d cuts: %v", cuts, err)
						}
						if log.cut = 0; err == nil {
							continue
						}
						if _, err := tail.Read(t.Context(), screen.take); err != nil { // later, when the server is well again
							t.Fatal(err)
						}
					}
					if got := strings.Join(screen.lines, "\n") + "\n"; got != log.text {
						t.Errorf("the screen shows\n%s", got)
					}
					if len(screen.sources) != 3 {
						t.Errorf("the sources are %q", screen.sources)
					}
				})
			})
		}
	}
}

// A task that waits, and a sensor between two pokes, have a log that Airflow calls complete.
func TestTailGoesOnAfterAnEndThatWasNone(t *testing.T) {
	t.Parallel()
	for _, a := range bothAPIs {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			log := &growingLog{api: a, sources: []string{"Could not read served logs: Client error '404 NOT FOUND' for url 'http://worker:8793/log/x'"}}
			tail, _ := newTail(t, a, log, false)
			var screen follower
			read := func(text string, working, want bool) {
				t.Helper()
				log.text, log.working = log.text+text, working
				if done, err := tail.Read(t.Context(), screen.take); err != nil || done != want {
					t.Fatal(done, err)
				}
			}
			read("", false, true)
			if !strings.HasPrefix(tail.Absent(), "Could not read served logs: Client error '404") {
				t.Errorf("absent: %q", tail.Absent())
			}
			log.sources = []string{"Found local files:", "  * /x.log"}
			read("poke 1\n", true, false)
			read("waits\n", false, true)
			read("poke 2\n", true, false)
			read("there\n", false, true)
			read("", false, true)
			if got := strings.Join(screen.lines, ", "); got != "poke 1, waits, poke 2, there" || tail.Absent() != "" {
				t.Errorf("the screen shows %q, absent %q", got, tail.Absent())
			}
		})
	}
}

func TestTailOfAFinishedTaskOnAirflow3IsOneStream(t *testing.T) {
	t.Parallel()
	stream := typed(200, "application/x-ndjson", `{"event": "::group::Log message source details"}
{"event": "Found local files:"}
{"event": "::endgroup::"}
{"timestamp": "2024-01-01T10:00:01Z", "event": "one", "level": "info"}

no message at all
{"event": "two"}`)
	f := newFake(apiV2, map[string]http.HandlerFunc{"GET /api/v2" + logPath: stream})
	tail := newClient(t, f, airflowclient.Config{}).Tail(logRef, true)
	var screen follower
	done, err := tail.Read(t.Context(), screen.take)
	if err != nil || !done || strings.Join(screen.lines, ", ") != "one, no message at all, two" || len(screen.sources) != 3 {
		t.Errorf("got %t, %v, %+v", done, err, screen)
	}
	if got := f.requests("")[0].Header.Get("Accept"); got != "application/x-ndjson" {
		t.Errorf("asked for %q: Airflow answers with the stream to exactly its name", got)
	}
}

func TestLogErrorsAreThoseOfOtherRequests(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		route http.HandlerFunc
		is    func(error) bool
		words string
	}{
		{"a try that is not there", answer(404, `{"detail": "TaskInstance not found"}`), airflowclient.IsNotFound, "TaskInstance not found"},
		{"a login page", typed(200, "text/html", "<html><title>Sign in</title></html>"), airflowclient.IsNotAirflow, "Sign in"},
		{"no log", answer(200, `[1, 2]`), func(err error) bool { return !airflowclient.IsUnavailable(err) }, "the answer cannot be read: it holds no log"},
		{"no JSON", answer(200, `log?`), func(err error) bool { return !airflowclient.IsUnavailable(err) }, "the answer cannot be read: it holds no log"},
		{"cut off", answer(200, `{"content": "[('h', 'x`), airflowclient.IsUnavailable, "unexpected EOF"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, a := range bothAPIs {
				f := newFake(a, map[string]http.HandlerFunc{"GET " + a.prefix + logPath: test.route})
				_, err := newClient(t, f, airflowclient.Config{}).Log(t.Context(), logRef, "")
				if asError(t, err).Op != "read task log" || !test.is(err) || !strings.Contains(err.Error(), test.words) {
					t.Errorf("%s: got %v", a.name, err)
				}
			}
		})
	}
}

func TestLogOfAVeryLongPartKeepsItsEnd(t *testing.T) {
	t.Parallel()
	log := &growingLog{api: apiV1, text: strings.Repeat("x\n", 70_000) + "end\n"}
	f := newFake(apiV1, map[string]http.HandlerFunc{"GET /api/v1" + logPath: log.ServeHTTP})
	chunk, err := newClient(t, f, airflowclient.Config{}).Log(t.Context(), logRef, "")
	if err != nil || len(chunk.Lines) != 20_000 || chunk.Skipped+len(chunk.Lines) != 70_003 || chunk.Lines[19_999].Text != "end" {
		t.Errorf("got %d lines, %d skipped, %v", len(chunk.Lines), chunk.Skipped, err)
	}
}

// manyLines is the body of a log that is made while it is read: the same thousand lines a thousand times.
type manyLines struct {
	head, block, tail string
	blocks            int
	n                 int
	rest              string
	read              int
}

func (m *manyLines) Read(p []byte) (int, error) {
	for m.rest == "" {
		switch m.n {
		case 0:
			m.rest = m.head
		case m.blocks + 1:
			m.rest = m.tail
		case m.blocks + 2:
			return 0, io.EOF
		default:
			m.rest = m.block
		}
		m.n++
	}
	n := copy(p, m.rest)
	m.rest = m.rest[n:]
	m.read += n
	return n, nil
}

// block is a thousand lines in the given form.
func block(format string) string {
	var b strings.Builder
	for n := range 1000 {
		fmt.Fprintf(&b, format, n)
	}
	return b.String()
}

// Lines go through without being kept: the heap does not grow, and each byte comes once. [TestRealTailOfAMillionLines] has more of them.
func TestTailDoesNotGrow(t *testing.T) { //nolint:paralleltest // It measures the heap.
	checkTailDoesNotGrow(t, 40)
}

// checkTailDoesNotGrow reads so many thousand lines in both forms.
func checkTailDoesNotGrow(t *testing.T, thousands int) {
	t.Helper()
	for _, form := range []struct {
		name, contentType string
		api               api
		body              manyLines
	}{
		{"Airflow 2", "application/json", apiV1, manyLines{
			head: `{"content": "[('host', '`, tail: `')]", "continuation_token": null}`,
			block: block(`[2024-01-01T10:00:01.000+0000] {x.py:1} INFO - line %d\\n`),
		}},
		{"Airflow 3", "application/x-ndjson", apiV2, manyLines{
			block: block(`{"timestamp":"2024-01-01T10:00:01Z","event":"line %d","level":"info"}` + "\n"),
		}},
	} {
		t.Run(form.name, func(t *testing.T) {
			body := form.body
			body.blocks = thousands
			f := newFake(form.api, nil)
			c := newClient(t, transport(func(req *http.Request) (*http.Response, error) {
				if !strings.HasSuffix(req.URL.Path, "/logs/2") {
					return f.RoundTrip(req)
				}
				return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {form.contentType}}, Body: io.NopCloser(&body), Request: req}, nil
			}), airflowclient.Config{})
			if _, err := c.Server(t.Context()); err != nil {
				t.Fatal(err)
			}
			before, known := heapInUse(), c.Requests().Received
			lines, most := 0, uint64(0)
			done, err := c.Tail(logRef, true).Read(t.Context(), func(line airflowclient.TailLine) {
				if lines++; lines%(20*thousands) != 0 {
					return
				}
				most = max(most, heapInUse())
				if !strings.HasPrefix(line.Text, "line ") || line.Level != "info" || !line.Time.Equal(at(1)) {
					t.Errorf("got %+v", line)
				}
			})
			if err != nil || !done || lines != 1000*thousands {
				t.Fatalf("%d lines, done %t, %v", lines, done, err)
			}
			if received := c.Requests().Received - known; received != int64(body.read) {
				t.Errorf("received %d of %d bytes", received, body.read)
			}
			if growth := int64(most) - int64(before); growth > 2<<20 {
				t.Errorf("the heap grew by %d KiB", growth>>10)
			}
		})
	}
}

func heapInUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
