package fleet

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"chrononctl/dagspec"
)

// life is how a stream has lived until now, and what must be said of it.
type life struct {
	name   string
	report streamReport
	health Health
	why    StreamWhy
	cause  string // kind and what it is shared by; empty: nothing is the matter. {} is the stream, [] its DAG
}

const listFailed = "the running applications could not be listed, so nobody knows whether the stream is alive"

// lives are all life stories, as the runtime's rules end them (dagspec/runtime/chronon_rt/keep_alive.py).
var lives = []life{
	{"alive since ever", streamReport{State: "alive", Ticks: "saaa"}, OK, WhyNothing, ""},
	{"started just now", streamReport{State: "started", Ticks: "nns"}, OK, WhyNothing, ""},
	{"restarted just now", streamReport{State: "restarted", Restarts: 1, Ticks: "aaar"}, Restarted, WhyNothing, "stream {}"},
	{"alive after restarts", streamReport{State: "alive", Restarts: 3, Ticks: "rarara"}, Restarted, WhyNothing, "stream {}"},
	{"used its restarts up", streamReport{State: "flapping", Restarts: 12, Reason: "restarted too often in 24 hours, and left down: find out why it dies"}, Failed, WhyRestartsUsed, "stream {}"},
	{"runs twice", streamReport{State: "duplicate", Reason: "more than one application has this name (a, b): kill them all, the next tick starts one"}, Failed, WhyTwoRunning, "stream {}"},
	{"is down", streamReport{State: "down", Reason: "it is not running, and starting it ended with exit status 1"}, Failed, WhyStartFailed, "stream {}"},
	{"never started", streamReport{State: "not_started", Reason: "it never ran, and starting it ended with exit status 1: the first upload and KV load must come before it"}, Waiting, WhyNeverStarted, "stream {}"},
	{"waits for an upload that failed", streamReport{State: "not_started", Reason: "its first upload, db.bad_upload, is not there yet"}, Waiting, WhyNoUpload, "task upload"},
	{"waits for an upload of nobody", streamReport{State: "not_started", Reason: "its first upload, db.other_upload, is not there yet"}, Waiting, WhyNoUpload, "partition other"},
	{"cannot be listed", streamReport{State: "unknown", Reason: listFailed}, Unknown, WhyListFailed, "stream list"},
	{"broke off", streamReport{State: "unknown", Reason: "this tick's task ended failed before it knew"}, Unknown, WhySomethingElse, "stream []"},
	{"is in a state of tomorrow", streamReport{State: "hibernating"}, Unknown, WhySomethingElse, "stream [] hibernating"},
}

// telling is what a DAG as a whole tells, and what must be said of all of its streams then.
type telling struct {
	name   string
	health Health // None: that of each life
	why    StreamWhy
	cause  string
	tell   func(*DAG, *Run, json.RawMessage) published
}

var tellings = []telling{
	{name: "its report", tell: func(_ *DAG, _ *Run, report json.RawMessage) published { return published{value: report} }},
	{name: "its report", tell: func(_ *DAG, _ *Run, report json.RawMessage) published { return published{value: report} }},
	{"nothing", Unknown, WhyNoReport, "stream []", func(*DAG, *Run, json.RawMessage) published {
		return published{problem: "its last run published no report"}
	}},
	{"another version", Unknown, WhyNoReport, "stream []", func(*DAG, *Run, json.RawMessage) published {
		return published{value: json.RawMessage(`{"v": 4, "streams": 7}`)}
	}},
	{"an old report", Unknown, WhyOldReport, "stream []", func(_ *DAG, _ *Run, report json.RawMessage) published {
		return published{value: json.RawMessage(strings.ReplaceAll(string(report), noon.Format(time.RFC3339), noon.Add(-5*time.Hour).Format(time.RFC3339)))}
	}},
	{"an old report, paused", Paused, WhyPaused, "paused []", func(d *DAG, _ *Run, report json.RawMessage) published {
		d.Paused = true
		return published{value: json.RawMessage(strings.ReplaceAll(string(report), noon.Format(time.RFC3339), noon.Add(-5*time.Hour).Format(time.RFC3339)))}
	}},
}

// brook is a planted world of streams.
type brook struct {
	rand    *rand.Rand
	s       Snapshot
	defs    dagspec.Definitions
	planted map[string]map[string]bool // what each cause must explain, by its key
	states  map[string]Stream          // what must be derived of each stream
	details Details
}

// newBrook plants streaming DAGs whose streams have lived in every way, and the upload that some of them wait for, which failed.
func newBrook(seed uint64, dags int) *brook {
	b := &brook{
		rand: rand.New(rand.NewPCG(seed, 11)), s: Snapshot{At: noon, Server: Server{Health: OK}}, planted: map[string]map[string]bool{}, states: map[string]Stream{},
		details: Details{Words: map[InstanceRef]Words{}},
	}
	b.plantUpload()
	for i := range dags {
		b.plantDAG(i)
	}
	slices.SortFunc(b.s.DAGs, func(x, y DAG) int { return strings.Compare(x.ID, y.ID) })
	slices.SortFunc(b.s.Streams, compareStreams)
	b.s.Intent = IntentOf(b.defs)
	return b
}

func (b *brook) note(cause string, effect Effect) {
	if cause == "" {
		return
	}
	if b.planted[cause] == nil {
		b.planted[cause] = map[string]bool{}
	}
	b.planted[cause][effect.Name()] = true
}

func (b *brook) plantUpload() {
	run := Run{DAGID: "chronon_batch_dag_core", ID: "r1", Day: plantedDay, State: "failed", Health: Failed, To: noon}
	run.Tasks = []Task{{DAGID: run.DAGID, RunID: "r1", ID: "upload__bad", MapIndex: -1, State: "failed", Health: Failed, Try: 1}}
	d := DAG{ID: run.DAGID, Kind: dagspec.KindBatch, Team: "core", Runs: []Run{run}}
	d.Health = dagHealth(&d, true)
	b.s.DAGs = append(b.s.DAGs, d)
	b.details.Words[run.Tasks[0].Ref()] = Words{Line: "KeyError: 'x'"}
	b.defs.DAGs = append(b.defs.DAGs, dagspec.DAG{ID: d.ID, Kind: d.Kind, Team: d.Team, Tasks: []dagspec.Task{{
		ID: "upload__bad", Conf: "core.bad", Mode: dagspec.ModeUpload, Outputs: []dagspec.Partition{{Table: "db.bad_upload"}},
	}}})
	b.note("task upload", Effect{DAGID: d.ID, RunID: "r1", Day: plantedDay, TaskID: "upload__bad", MapIndex: -1})
}

// plantDAG plants one DAG with a few streams: what it tells decides about all of them, and else how each has lived.
func (b *brook) plantDAG(i int) {
	team := fmt.Sprintf("team%02d", i%7)
	d := DAG{ID: fmt.Sprintf("chronon_streaming_dag_%s_%d", team, i), Kind: dagspec.KindStreaming, Team: team}
	tells := tellings[b.rand.IntN(len(tellings))]
	run := Run{DAGID: d.ID, ID: "t1", Day: "2026-11-23", State: "success", Health: OK, From: noon.Add(-15 * time.Minute), To: noon, Start: noon}
	report := keepAliveReport{At: noon}
	type row struct {
		GroupBy  string `json:"group_by"`
		State    string `json:"state"`
		Restarts int    `json:"restarts_24h"`
		Ticks    string `json:"ticks"`
		Reason   string `json:"reason"`
	}
	var rows []row
	anyBad := false
	for k := range 1 + b.rand.IntN(4) {
		lived := lives[b.rand.IntN(len(lives))]
		groupBy := fmt.Sprintf("%s.s%d_%d.v1", team, i, k)
		rows = append(rows, row{groupBy, lived.report.State, lived.report.Restarts, lived.report.Ticks, lived.report.Reason})
		task := Task{DAGID: d.ID, RunID: "t1", ID: fmt.Sprintf("keep_alive__s%d_%d__v1", i, k), MapIndex: -1, State: "success", Health: OK, Try: 1}
		want := Stream{GroupBy: groupBy, Health: lived.health, Why: lived.why}
		cause := lived.cause
		if tells.health != None {
			want.Health, want.Why, cause = tells.health, tells.why, tells.cause
		}
		cause = strings.NewReplacer("{}", groupBy, "[]", d.ID).Replace(cause)
		fails := lived.health == Failed || lived.health == Waiting || lived.health == Unknown
		if fails && tells.health == None { // a tick fails unless the stream runs
			task.State, task.Health, anyBad = "failed", Failed, true
			b.note(cause, Effect{DAGID: d.ID, RunID: "t1", Day: run.Day, TaskID: task.ID, MapIndex: -1})
			b.note(cause, Effect{DAGID: d.ID, RunID: "t1", Day: run.Day, TaskID: dagspec.SummaryTask, MapIndex: -1})
		}
		b.note(cause, Effect{DAGID: d.ID, Stream: groupBy})
		b.states[groupBy] = want
		run.Tasks = append(run.Tasks, task)
	}
	summary := Task{DAGID: d.ID, RunID: "t1", ID: dagspec.SummaryTask, MapIndex: -1, State: "success", Health: OK, Try: 1}
	if anyBad {
		summary.State, summary.Health, run.State, run.Health = "failed", Failed, "failed", Failed
	}
	run.Tasks = append(run.Tasks, summary)
	slices.SortFunc(run.Tasks, compareTasks)
	value, err := json.Marshal(map[string]any{"v": 1, "at": report.At.Format(time.RFC3339), "streams": rows})
	if err != nil {
		panic(err)
	}
	told := tells.tell(&d, &run, value)
	d.Runs = []Run{run}
	d.Health = dagHealth(&d, true)
	b.s.DAGs = append(b.s.DAGs, d)
	b.s.Streams = append(b.s.Streams, streamsOf(d, run, told, noon)...)
}

// TestStreamsOfEveryLifeAreAsPlanted plants streams with every life story, in DAGs that tell of them well, badly or not at all: each state is as it
// was planted, and the causes are as few as can be.
func TestStreamsOfEveryLifeAreAsPlanted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := newBrook(rapid.Uint64().Draw(t, "seed"), rapid.IntRange(1, 60).Draw(t, "DAGs"))
		for _, s := range b.s.Streams {
			want := b.states[s.GroupBy]
			if s.Health != want.Health || s.Why != want.Why {
				t.Errorf("%s is %v for %q, planted was %v for %q: %+v", s.GroupBy, s.Health, s.Why, want.Health, want.Why, s)
			}
			delete(b.states, s.GroupBy)
		}
		if len(b.states) > 0 {
			t.Errorf("streams that were planted are not there: %v", b.states)
		}
		var want, got []string
		for cause, effects := range b.planted {
			kind, _, _ := strings.Cut(cause, " ")
			want = append(want, kind+": "+joinedKeys(effects))
		}
		for _, c := range Causes(b.s, b.details) {
			names := map[string]bool{}
			for _, effect := range c.Explains {
				names[effect.Name()] = true
			}
			got = append(got, c.Kind.String()+": "+joinedKeys(names))
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("causes (-planted +found):\n%s", diff)
		}
	})
}

// A scheduler that stopped explains that nothing new is heard of any stream.
func TestAStoppedSchedulerExplainsOldReports(t *testing.T) {
	t.Parallel()
	b := newBrook(3, 0)
	d, run := streamDAG("keep_alive__card_stream__v1=success", "summary=success")
	b.s.DAGs = append(b.s.DAGs, d)
	b.s.Streams = streamsOf(d, run, published{value: keepAlive(noon.Add(-3*time.Hour), "alive", 0)}, noon)
	b.s.Server = Server{Health: Failed, Parts: []Component{{Name: "scheduler", Status: "unhealthy"}}}
	for _, c := range Causes(b.s, b.details) {
		if c.Kind == CauseAirflow && len(c.Explains) == 2 {
			return
		}
	}
	t.Errorf("got %+v", Causes(b.s, b.details))
}
