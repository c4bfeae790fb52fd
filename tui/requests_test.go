package tui

import (
	"context"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"chrononctl/airflowclient"
	"chrononctl/airflowclient/airflowtest"
	"chrononctl/internal/action"
	"chrononctl/internal/fleet"
)

// The fleet of these tests: joins, one of which is at work all the time, and one of which failed; what a team serves, a stream, and a comparison.
const (
	workingJoin = "chronon_join_core__long__v1"
	failedJoin  = "chronon_join_core__broken__v1"
	batchDAG    = "chronon_batch_dag_core"
)

// watchedFleet is an Airflow that has been at work for six hours.
func watchedFleet(version string) *airflowtest.Airflow {
	dag := func(id, kind, rest string, every time.Duration, do airflowtest.Outcome, tasks ...string) airflowtest.DAG {
		d := airflowtest.DAG{ID: id, Tags: []string{"chronon", "kind:" + kind, "team:core"}, Every: every, Unpaused: true, MaxActive: 1}
		if rest != "" {
			d.Tags = append(d.Tags, "join:core."+rest)
		}
		for _, task := range tasks {
			d.Tasks = append(d.Tasks, airflowtest.Task{ID: task, Do: func(airflowtest.Attempt) airflowtest.Outcome { return do }})
		}
		return d
	}
	const day = 24 * time.Hour
	steps := append([]string{"Computing join for range: [1999-12-01...1999-12-02]  | [1/5]"}, slices.Repeat([]string{"and so on"}, 100)...)
	a := airflowtest.New(airflowtest.Options{Version: version})
	a.Put(airflowtest.File{Name: "all.py", DAGs: []airflowtest.DAG{
		dag(workingJoin, "join", "long.v1", day, airflowtest.Outcome{Takes: 1000 * time.Hour, Log: steps}, "backfill__long__v1"),
		dag(failedJoin, "join", "broken.v1", day, airflowtest.Outcome{Ends: "failed", Exception: "ValueError: no such column"}, "backfill__broken__v1"),
		dag("chronon_join_core__fine__v1", "join", "fine.v1", day, airflowtest.Outcome{}, "backfill__fine__v1"),
		dag("chronon_online_offline_comparison_core__fine__v1", "comparison", "fine.v1", day, airflowtest.Outcome{}, "consistency__fine__v1", "summary"),
		dag(batchDAG, "batch", "", day, airflowtest.Outcome{}, "upload__cards__v1", "kv_load__cards__v1"),
		dag("chronon_streaming_dag_core", "streaming", "", 20*time.Minute, airflowtest.Outcome{}, "keep_alive__cards__v1", "summary"),
	}})
	a.ParseAll()
	a.Runs() // the first runs are made now
	time.Sleep(6 * time.Hour)
	return a
}

// asker counts what a console asks, on its way to a simulated Airflow and to its other sources.
type asker struct {
	*fleet.Observer
	client *airflowclient.Client
	next   http.RoundTripper

	mu    sync.Mutex
	asked map[string]int       // questions by topic, "runs"
	last  map[string]time.Time // when a request was sent last, by all that it says
	twice map[string]int       // requests that were sent again at once
}

func newAsker(t *testing.T, server *airflowtest.Airflow) *asker {
	t.Helper()
	a := &asker{next: server.Transport(), asked: map[string]int{}, last: map[string]time.Time{}, twice: map[string]int{}}
	client, err := airflowclient.New(airflowclient.Config{URL: "http://localhost:8080", Transport: a, Auth: airflowclient.Auto(airflowclient.Login{})})
	if err != nil {
		t.Fatal(err)
	}
	a.client = client
	a.Observer = fleet.NewObserver(client, fleet.Options{Every: DefaultInterval * 5 / 2, Piecemeal: true, Sound: fleet.SoundLater})
	return a
}

// RoundTrip notes a request that says what another one has said a moment ago.
func (a *asker) RoundTrip(r *http.Request) (*http.Response, error) {
	said := r.Method + " " + r.URL.String()
	if r.GetBody != nil {
		if body, err := r.GetBody(); err == nil {
			text, _ := io.ReadAll(body)
			said += " " + string(text)
		}
	}
	a.mu.Lock()
	if before, ok := a.last[said]; ok && time.Since(before) < time.Second {
		a.twice[said]++
	}
	a.last[said] = time.Now()
	a.mu.Unlock()
	return a.next.RoundTrip(r)
}

// repeated returns what was sent again at once since the last time.
func (a *asker) repeated() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	defer clear(a.twice)
	return slices.Sorted(maps.Keys(a.twice))
}

func (a *asker) note(topic string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked[topic]++
}

// questions returns how often was asked for each thing, and what was sent of it, since the last time.
func (a *asker) questions(before map[string]int) map[string]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := maps.Clone(a.asked)
	for op, n := range a.client.Requests().ByOp {
		now["> "+op] = n
	}
	for topic, n := range before {
		if now[topic] -= n; now[topic] == 0 {
			delete(now, topic)
		}
	}
	return now
}

func (a *asker) Observe(ctx context.Context) (fleet.Snapshot, error) {
	a.note("picture")
	return a.Observer.Observe(ctx)
}

func (a *asker) Runs(ctx context.Context, dagID string) ([]fleet.Run, error) {
	a.note("runs of " + dagID)
	return a.Observer.Runs(ctx, dagID)
}

func (a *asker) Tasks(ctx context.Context, dagID, runID string) ([]fleet.Task, error) {
	a.note("tasks of " + dagID)
	return a.Observer.Tasks(ctx, dagID, runID)
}

func (a *asker) Explain(ctx context.Context, s fleet.Snapshot) (fleet.Explanation, error) {
	a.note("explanation")
	return a.Observer.Explain(ctx, s)
}

func (a *asker) Log(ctx context.Context, task fleet.Task, ended bool, from int) (fleet.LogPart, error) {
	a.note("log of " + task.DAGID)
	return a.Observer.Log(ctx, task, ended, from)
}

func (a *asker) Journal(context.Context) ([]action.Entry, error) {
	a.note("journal")
	return nil, nil
}

func (a *asker) Events(ctx context.Context) ([]Event, error) {
	a.note("events")
	list, err := a.client.Events(ctx, airflowclient.EventQuery{})
	return make([]Event, len(list)), err
}

func (a *asker) Meter() Meter { return Meter{} }

// A screen and what it asks for by itself, a minute: questions by their topic, and after ">" the requests that they cost beyond those of the picture.
type askingScreen struct {
	name string
	open func(*console)
	own  map[string]float64
}

// inPalette runs a command of the palette.
func inPalette(command string) func(*console) {
	return func(c *console) { c.press(":"); c.write(command); c.press("enter") }
}

func askingScreens() []askingScreen {
	explanation := map[string]float64{"explanation": 12}
	return []askingScreen{
		{"streaming", keys("3"), nil},
		{"consistency", keys("5"), nil},
		{"drift", keys("6", "D"), nil},
		{"plan", keys("6", "P"), nil},
		{"fleet", keys("1"), explanation},
		{"cause", keys("1", "tab", "enter"), explanation},
		{"why", keys("2", "w"), explanation},
		{"joins", keys("4"), map[string]float64{"> read task log": 2}},
		{"join", func(c *console) { c.press("4"); findRow(c, "long"); c.press("enter") }, map[string]float64{
			"runs of " + workingJoin: 12, "> list DAG runs": 1, "> read task log": 2}},
		{"deploy", keys("6"), map[string]float64{"standing prod": 2, "standing stage": 2, "history prod": 2}},
		{"activity", keys("7"), map[string]float64{"events": 4, "journal": 4, "> read event log": 4}},
		{"team", inPalette("team core"), map[string]float64{"runs of " + batchDAG: 1, "> list DAG runs": 1}},
		{"DAG that failed", inPalette("dag " + failedJoin), map[string]float64{
			"runs of " + failedJoin: 12, "tasks of " + failedJoin: 12, "> list DAG runs": 1}},
		{"log that is complete", func(c *console) { inPalette("dag " + failedJoin)(c); c.press("l") }, nil},
		{"DAG at work", inPalette("dag " + workingJoin), map[string]float64{
			"runs of " + workingJoin: 12, "tasks of " + workingJoin: 12, "> list DAG runs": 1, "> list task instances": 12}},
		{"log that is written", func(c *console) { inPalette("dag " + workingJoin)(c); c.press("l") }, map[string]float64{
			"log of " + workingJoin: 30, "tasks of " + workingJoin: 12, "> read task log": 30, "> list task instances": 12}},
	}
}

// TestAScreenAsksForWhatItShows holds each screen to the feed's budget (airflowclient: TestFeedIdleBudget), and to what it shows itself. Whatever is open,
// the picture costs the same; what a screen asks for by itself, it is asked for seldomer while another window has the keyboard, and not at all when it was
// left; and nothing is asked for twice at the same time.
func TestAScreenAsksForWhatItShows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, other := newAsker(t, watchedFleet("3.3.2")), healthyFleet()
		c := start(t, setup{width: 60, height: 16, source: other, options: Options{Source: a, Chronicle: a, Deploys: newDeploys(other)}})
		t.Cleanup(c.quit)
		ask := func(settle, d time.Duration) asked {
			c.pass(settle) // what is read once is read
			other.questions()
			before := a.questions(nil)
			a.repeated()
			c.pass(d)
			for _, said := range a.repeated() {
				t.Errorf("sent twice within a second: %s", said)
			}
			all := asked{minutes: d.Minutes(), times: a.questions(before)}
			for _, what := range other.questions() {
				all.times[what]++
			}
			return all
		}
		c.press("2")
		picture := ask(5*time.Minute, 10*time.Minute)
		for _, s := range askingScreens() {
			s.open(c)
			focused := ask(time.Minute, 2*time.Minute)
			s.keeps(t, picture, focused)
			if s.own != nil {
				c.program.Send(tea.BlurMsg{})
				s.slowsDown(t, focused, ask(time.Minute, 90*time.Second))
				c.program.Send(tea.FocusMsg{})
				c.press("2")
				askingScreen{name: "DAGs after " + s.name}.keeps(t, picture, ask(time.Minute, time.Minute))
			}
		}
	})
}

// asked is how often was asked for what.
type asked struct {
	minutes float64
	times   map[string]int
}

// keeps compares what a screen asks with its budget: that of the picture and what it asks by itself, with a bit for what falls into it by chance.
func (s askingScreen) keeps(t *testing.T, picture, asked asked) {
	t.Helper()
	requests, most := 0.0, 20.0
	for what, n := range asked.times {
		budget := (float64(picture.times[what])/picture.minutes + s.own[what]) * asked.minutes
		isPicture := picture.times[what] > 0 || what == "> read XCom" // of a stream, now and then
		if float64(n) > 1.15*budget+3 || !isPicture && s.own[what] == 0 {
			t.Errorf("%s: %s is asked for %d times in %v minutes, and may be %.1f times", s.name, what, n, asked.minutes, budget)
		}
		if strings.HasPrefix(what, "> ") {
			requests += float64(n)
			most += s.own[what]
		}
	}
	if requests > min(most, 60)*asked.minutes+3 {
		t.Errorf("%s: %.0f requests in %v minutes: %v", s.name, requests, asked.minutes, asked.times)
	}
	for what := range s.own {
		if asked.times[what] == 0 && !strings.HasPrefix(what, "> list") {
			t.Errorf("%s: nothing asks for %s", s.name, what)
		}
	}
}

// slowsDown holds that without the keyboard, the same is asked for less than a third as often.
func (s askingScreen) slowsDown(t *testing.T, focused, blurred asked) {
	t.Helper()
	for what, n := range blurred.times {
		if s.own[what] >= 4 && 3*float64(n)/blurred.minutes > float64(focused.times[what])/focused.minutes {
			t.Errorf("%s: without the keyboard, %s is asked for %d times in %v minutes, and with it %d times in %v", s.name, what, n, blurred.minutes,
				focused.times[what], focused.minutes)
		}
	}
}
