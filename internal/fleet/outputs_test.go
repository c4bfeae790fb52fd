package fleet

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
	"chrononctl/internal/joblog"
)

// scene is an observation in the making.
type scene struct{ observation }

func newScene() *scene {
	return &scene{observation{
		at: noon, names: presetNamer(), intent: newIntent(IntentDefinitions, nil), tasks: make(map[airflowclient.RunRef][]Task),
		asked: make(map[airflowclient.RunRef]bool), reports: make(map[airflowclient.RunRef]published),
	}}
}

// dag plants a DAG of team core, with its definition when it has tasks.
func (s *scene) dag(kind dagspec.Kind, id, join string, tasks ...dagspec.Task) *airflowclient.DAG {
	tags := []string{"chronon", "kind:" + string(kind), "team:core"}
	if join != "" {
		tags = append(tags, "join:"+join)
	}
	s.dags = append(s.dags, airflowclient.DAG{ID: id, Tags: tags, Description: "A DAG [cc:0123456789ab]"})
	if len(tasks) > 0 {
		start, _ := dagspec.ParseDate("2026-11-01")
		s.intent = newIntent(IntentDefinitions, append(s.intent.DAGs, dagspec.DAG{ID: id, Kind: kind, Team: "core", Join: join, Start: start, Tasks: tasks}))
	}
	return &s.dags[len(s.dags)-1]
}

// run plants a run of a day, and its tasks, "id=state" each, that began an hour before they ended, so long after the day was over.
func (s *scene) run(dag, day, state string, after time.Duration, tasks ...string) airflowclient.RunRef {
	from, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err)
	}
	r := airflowclient.Run{
		DAGID: dag, ID: "scheduled__" + day, State: airflowclient.State(state), Type: "scheduled",
		LogicalDate: from, IntervalFrom: from, IntervalTo: from.AddDate(0, 0, 1), Start: from.AddDate(0, 0, 1),
	}
	for _, ti := range instancesFrom(dag, r.ID, tasks) {
		t := taskOf(ti)
		end := r.IntervalTo.Add(after)
		switch t.Health {
		case OK, Failed:
			t.Start, t.End = end.Add(-time.Hour), end
		case Running:
			t.Start = end.Add(-time.Hour)
		default:
		}
		s.tasks[r.Ref()] = append(s.tasks[r.Ref()], t)
	}
	slices.SortFunc(s.tasks[r.Ref()], compareTasks)
	if hasEnded(r) {
		r.End = r.IntervalTo.Add(after)
	}
	s.runs = append(s.runs, r)
	return r.Ref()
}

func (s *scene) derive() Snapshot { return derive(s.observation, assemble(s.observation)) }

func ago(days int) string { return noon.AddDate(0, 0, -days).Format(time.DateOnly) }

// tables is the definition of a task that writes a table by day.
func tables(id, conf string, mode dagspec.Mode) dagspec.Task {
	partition, err := dagspec.ParsePartition("core." + conf + "/ds={{ ds }}")
	if err != nil {
		panic(err)
	}
	return dagspec.Task{ID: id, Conf: "core." + conf, Mode: mode, Coalesce: true, Outputs: []dagspec.Partition{partition}}
}

// story is what happened to an output, and what must be told of it. Each is told of a DAG whose earlier days landed usually hours after midnight.
type story struct {
	name   string
	hours  int // usual landing
	plant  func(s *scene, dag, task string)
	state  OutputState
	health Health
	landed string
	wanted string
	isLate bool
}

var stories = []story{
	{"landed", 2, func(s *scene, d, t string) { s.run(d, ago(1), "success", 2*time.Hour, t+"=success") }, OutputLanded, OK, ago(1), ago(1), false},
	{"landed late", 2, func(s *scene, d, t string) { s.run(d, ago(1), "success", 9*time.Hour, t+"=success") }, OutputLanded, OK, ago(1), ago(1), false},
	{"at work", 13, func(s *scene, d, t string) { s.run(d, ago(1), "running", 12*time.Hour, t+"=running") }, OutputRunning, Running, ago(2), ago(1), false},
	{"at work, late", 2, func(s *scene, d, t string) { s.run(d, ago(1), "running", 3*time.Hour, t+"=running") }, OutputRunning, Running, ago(2), ago(1), true},
	{"not yet there", 13, func(s *scene, d, t string) { s.run(d, ago(1), "running", 0, "wait_for__x__1=up_for_reschedule", t+"=") }, OutputExpected, Waiting, ago(2), ago(1), false},
	{"late", 2, func(s *scene, d, t string) { s.run(d, ago(1), "running", 0, "wait_for__x__1=up_for_reschedule", t+"=") }, OutputLate, Waiting, ago(2), ago(1), true},
	{"failed", 13, func(s *scene, d, t string) { s.run(d, ago(1), "failed", time.Hour, t+"=failed") }, OutputFailed, Failed, ago(2), ago(1), false},
	{"behind a failure", 13, func(s *scene, d, t string) { s.run(d, ago(1), "failed", time.Hour, t+"=upstream_failed") }, OutputFailed, Failed, ago(2), ago(1), false},
	{"left to a newer day", 2, func(s *scene, d, t string) {
		s.run(d, ago(1), "success", 2*time.Hour, t+"=skipped")
	}, OutputLanded, OK, ago(2), ago(2), false},
	{"paused", 2, func(s *scene, _, _ string) { s.dags[len(s.dags)-1].Paused = true }, OutputPaused, Paused, ago(2), ago(2), false},
	{"a state nobody knows", 2, func(s *scene, d, t string) { s.run(d, ago(1), "running", 0, t+"=dreaming") }, OutputUnknown, Unknown, ago(2), ago(1), true},
	{"tasks not read", 2, func(s *scene, d, _ string) {
		ref := s.run(d, ago(1), "success", 2*time.Hour)
		delete(s.tasks, ref)
	}, OutputUnknown, None, ago(2), ago(1), false},
	{"tasks that may not be read", 2, func(s *scene, d, _ string) {
		ref := s.run(d, ago(1), "success", 2*time.Hour)
		delete(s.tasks, ref)
		s.asked[ref] = true
	}, OutputUnknown, Unknown, ago(2), ago(1), false},
	{"its scheduler is dead", 2, func(s *scene, _, _ string) {
		s.dags[len(s.dags)-1].NextRun, s.dags[len(s.dags)-1].NextRunAfter = noon.AddDate(0, 0, -1).Truncate(24*time.Hour), noon.Truncate(24*time.Hour)
	}, OutputLate, Waiting, ago(2), ago(1), true},
}

// TestOutputsAreAsPlanted tells stories at random, some with definitions and some without, and asks each back.
func TestOutputsAreAsPlanted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := newScene()
		var told []story
		for i, n := range rapid.SliceOfN(rapid.IntRange(0, len(stories)-1), 1, 12).Draw(t, "stories") {
			st, conf := stories[n], fmt.Sprintf("q%d", i)
			dag, task := "chronon_staging_query_part"+conf, "backfill__"+conf
			var defined []dagspec.Task
			if rapid.Bool().Draw(t, "defined") {
				defined = append(defined, tables(task, conf, dagspec.ModeBackfill))
			}
			s.dag(dagspec.KindStagingQuery, dag, "", defined...)
			for day := 2; day <= 5; day++ {
				spread := time.Duration(rapid.IntRange(0, 9).Draw(t, "minutes")) * time.Minute
				s.run(dag, ago(day), "success", time.Duration(st.hours)*time.Hour+spread, task+"=success")
			}
			st.plant(s, dag, task)
			told = append(told, st)
		}
		got := s.derive()
		if len(got.Outputs) != len(told) {
			t.Fatalf("%d outputs of %d stories: %+v", len(got.Outputs), len(told), got.Outputs)
		}
		byConf := make(map[string]Output)
		for _, o := range got.Outputs {
			byConf[o.Conf] = o
		}
		for i, st := range told {
			o := byConf[fmt.Sprintf("core.q%d", i)]
			if o.State != st.state || o.Health != st.health || o.Landed != st.landed || o.Wanted != st.wanted || (o.Late > 0) != st.isLate {
				t.Errorf("%s: %v %v, landed %s, wanted %s, late %v, %q", st.name, o.State, o.Health, o.Landed, o.Wanted, o.Late, o.Reason)
			}
			if (o.State == OutputUnknown || o.State == OutputPaused) && o.Reason == "" {
				t.Errorf("%s: no reason", st.name)
			}
		}
	})
}

func TestServedValuesAreAsOldAsTheirBand(t *testing.T) {
	t.Parallel()
	lives := Lifetimes{Stream: 6 * 24 * time.Hour, Batch: 10 * 24 * time.Hour}
	for days, want := range map[int]struct {
		band   Band
		health Health
	}{1: {BandFine, OK}, 3: {BandFine, OK}, 4: {BandStale, Breach}, 6: {BandStale, Breach}, 8: {BandWrong, Failed}, 12: {BandNoData, Failed}} {
		s := newScene()
		s.lifetimes = lives
		s.dag(dagspec.KindBatch, "chronon_batch_dag_core", "")
		s.run("chronon_batch_dag_core", ago(days), "success", 2*time.Hour, "kv_load__g=success", "upload__g=success")
		for _, o := range s.derive().Outputs {
			if o.Mode == dagspec.ModeUpload && o.Serving.Band != BandNone {
				t.Errorf("an upload that is loaded is served itself: %+v", o)
			}
			if o.Mode == dagspec.ModeKVLoad && (o.Serving.Band != want.band || o.Serving.Days != days || o.Health != want.health) {
				t.Errorf("%d days: %v of %d days, %v, %q", days, o.Serving.Band, o.Serving.Days, o.Health, o.Reason)
			}
		}
	}
}

// An upload overwrites its table: what is there is what was written last, whatever its day.
func TestTheUploadThatEndedLastIsServed(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.dag(dagspec.KindBatch, "chronon_batch_dag_core", "")
	s.run("chronon_batch_dag_core", ago(1), "success", 2*time.Hour, "upload__g=success")
	s.run("chronon_batch_dag_core", ago(9), "success", 8*24*time.Hour+11*time.Hour, "upload__g=success") // again, an hour ago
	if o := s.derive().Outputs[0]; o.Landed != ago(9) || o.Wanted != ago(1) || o.Serving.Band != BandStale {
		t.Errorf("got %+v", o)
	}
}

func TestUsualTimesComeFromThePictureAndThePast(t *testing.T) {
	t.Parallel()
	s := newScene()
	ref := TaskRef{"d", "backfill__q"}
	s.dag(dagspec.KindStagingQuery, "d", "")
	s.run("d", ago(1), "success", 4*time.Hour, ref.TaskID+"=success")
	s.past = Past{ref: {{ago(3), time.Hour, 2 * time.Hour}, {ago(2), time.Hour, 3 * time.Hour}, {ago(1), time.Hour, 9 * time.Hour}}}
	if u := s.derive().Outputs[0].Usual; u != (Usual{N: 3, P50: 3 * time.Hour, P90: 4 * time.Hour}) {
		t.Errorf("got %+v", u)
	}
}

func TestUsualOf(t *testing.T) {
	t.Parallel()
	var ten []time.Duration
	for i := range 10 {
		ten = append(ten, time.Duration(10-i))
	}
	if u := UsualOf(ten); u != (Usual{10, 5, 9}) || !u.Known() {
		t.Errorf("got %+v", u)
	}
	if u := UsualOf(nil); u.Known() || u != (Usual{}) {
		t.Errorf("got %+v of nothing", u)
	}
	if u := UsualOf(ten[:2]); u.Known() {
		t.Errorf("two samples are experience: %+v", u)
	}
}

// A server whose clock is an hour ahead makes nothing late, and the picture says so.
func TestLatenessGoesByTheServersClock(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.dag(dagspec.KindStagingQuery, "d", "")
	for day := 2; day <= 5; day++ {
		s.run("d", ago(day), "success", 12*time.Hour, "backfill__q=success")
	}
	s.run("d", ago(1), "running", 0, "backfill__q=")
	if o := s.derive().Outputs[0]; o.State != OutputExpected {
		t.Errorf("at noon it is %v", o.State)
	}
	s.skew = time.Hour
	if o := s.derive().Outputs[0]; o.State != OutputLate || o.Late != time.Hour {
		t.Errorf("at one o'clock there it is %v by %v", o.State, o.Late)
	}
	w := newWorld()
	w.skew = -7 * time.Minute
	if got := observe(t, w.observer()).Server.Skew; got != -7*time.Minute {
		t.Errorf("the clocks are %v apart", got)
	}
}

func TestWorkSaysWhenItShouldBeDone(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.dag(dagspec.KindJoin, "chronon_join_core__j", "core.j")
	for day := 2; day <= 5; day++ {
		s.run("chronon_join_core__j", ago(day), "success", 2*time.Hour, "backfill__j=success")
	}
	s.run("chronon_join_core__j", ago(1), "running", 12*time.Hour+30*time.Minute, "backfill__j=running", "wait_for__x__1=running")
	got := s.derive()
	if len(got.Work) != 1 {
		t.Fatalf("got %+v", got.Work)
	}
	w := got.Work[0]
	if w.Conf != "core.j" || w.By != ForecastUsual || !w.Finish.Equal(noon.Add(30*time.Minute)) || w.Overdue {
		t.Errorf("got %+v", w)
	}
	if o := got.Outputs[0]; !o.Finish.Equal(w.Finish) {
		t.Errorf("the output is said to be done at %v", o.Finish)
	}
	s.at = noon.Add(2 * time.Hour)
	if w := s.derive().Work[0]; !w.Overdue || w.By != ForecastNone {
		t.Errorf("an hour later: %+v", w)
	}
}

func TestRangesOfRunsThatWereStartedByHand(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		conf map[string]any
		want DayRange
	}{
		"none":             {nil, DayRange{}},
		"another's":        {map[string]any{"start_ds": "2026-11-01"}, DayRange{}},
		"a range":          {map[string]any{"chronon": map[string]any{"start_ds": "2026-11-01", "end_ds": "2026-11-05"}}, DayRange{"2026-11-01", "2026-11-05"}},
		"an end alone":     {map[string]any{"chronon": map[string]any{"end_ds": "2026-11-05"}}, DayRange{"2026-11-05", "2026-11-05"}},
		"the wrong way":    {map[string]any{"chronon": map[string]any{"start_ds": "2026-12-01", "end_ds": "2026-11-05"}}, DayRange{"2026-11-05", "2026-11-05"}},
		"no day":           {map[string]any{"chronon": map[string]any{"start_ds": "2026-11-01", "end_ds": "soon"}}, DayRange{}},
		"numbers":          {map[string]any{"chronon": map[string]any{"start_ds": 1, "end_ds": 2}}, DayRange{}},
		"a list of things": {map[string]any{"chronon": []any{"a"}}, DayRange{}},
	} {
		if got := rangeOf(tc.conf); got != tc.want {
			t.Errorf("%s: got %+v, want %+v", name, got, tc.want)
		}
	}
}

func TestStreamsSayWhyAndWhen(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		report string // a stream of one; those without a why are of older runtimes
		want   StreamWhy
		awaits string
	}{
		"alive":                   {`{"state": "alive", "why": ""}`, WhyNothing, ""},
		"no upload":               {`{"state": "not_started", "why": "no_upload", "awaits": "core.g_upload", "reason": "in other words"}`, WhyNoUpload, "core.g_upload"},
		"no upload, before":       {`{"state": "not_started", "reason": "its first upload, core.g_upload, is not there yet"}`, WhyNoUpload, "core.g_upload"},
		"upload not known":        {`{"state": "not_started", "why": "upload_not_known", "awaits": "core.g_upload", "reason": "it ended with 3"}`, WhySomethingElse, "core.g_upload"},
		"upload not known before": {`{"state": "not_started", "reason": "nobody can say whether its first upload, core.g_upload, is there: it ended with 3"}`, WhySomethingElse, ""},
		"never started":           {`{"state": "not_started", "why": "", "reason": "its first upload was long ago"}`, WhyNeverStarted, ""},
		"never started, before":   {`{"state": "not_started", "reason": "it never ran, and starting it ended with exit status 1: …"}`, WhyNeverStarted, ""},
		"two":                     {`{"state": "duplicate", "why": ""}`, WhyTwoRunning, ""},
		"flapping":                {`{"state": "flapping"}`, WhyRestartsUsed, ""},
		"down":                    {`{"state": "down"}`, WhyStartFailed, ""},
		"list failed":             {`{"state": "unknown", "why": "list_failed", "reason": "in other words"}`, WhyListFailed, ""},
		"list failed, before":     {`{"state": "unknown", "reason": "the running applications could not be listed, so nobody knows whether the stream is alive"}`, WhyListFailed, ""},
		"something else":          {`{"state": "unknown", "reason": "this tick's task ended"}`, WhySomethingElse, ""},
		"a new state":             {`{"state": "levitating", "why": "hover"}`, WhySomethingElse, ""},
	} {
		var report streamReport
		if err := json.Unmarshal([]byte(tc.report), &report); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got, awaits := whyOf(report); got != tc.want || awaits != tc.awaits {
			t.Errorf("%s: %v, awaits %q, want %v and %q", name, got, awaits, tc.want, tc.awaits)
		}
	}
	d, run := streamDAG("keep_alive__card_stream__v1=success", "summary=success")
	s := streamsOf(d, run, published{value: keepAlive(noon, "alive", 0)}, noon)[0]
	if wait := s.NextTick.Sub(noon); wait <= 0 || wait > 15*time.Minute {
		t.Errorf("the next tick is in %v", wait)
	}
	d.Paused = true
	if s := streamsOf(d, run, published{value: keepAlive(noon, "alive", 0)}, noon)[0]; !s.NextTick.IsZero() {
		t.Errorf("a paused DAG ticks at %v", s.NextTick)
	}
}

func TestStreamsSayOnWhichUploadTheyBuild(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.dag(dagspec.KindBatch, "chronon_batch_dag_payments", "").Tags[2] = "team:payments"
	s.run("chronon_batch_dag_payments", ago(1), "success", 2*time.Hour, "upload__card_stream__v1=success", "kv_load__card_stream__v1=running")
	s.run("chronon_batch_dag_payments", ago(2), "success", 2*time.Hour, "upload__card_stream__v1=success", "kv_load__card_stream__v1=success")
	streams := []Stream{{GroupBy: "payments.card_stream.v1"}, {GroupBy: "payments.other.v1"}}
	withUploads(streams, s.derive().Outputs)
	if streams[0].Upload != ago(2) || streams[0].Uploaded.IsZero() || streams[1].Upload != "" {
		t.Errorf("got %+v", streams)
	}
}

// Whatever ids and states a server shows, nothing is healthy that is not known, and nothing crashes.
func TestForeignDAGsMakeNoHealthyOutput(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := newScene()
		word := rapid.SampledFrom([]string{"upload__", "backfill__x", "__", "upload__a__b", "\x1b[2J", "wait_for__y__1", strings.Repeat("a", 300)})
		state := rapid.SampledFrom([]string{"success", "failed", "", "running", "dreaming", "\x1b[31m", "skipped"})
		s.dag(dagspec.Kind(rapid.SampledFrom([]string{"batch", "join", "streaming", "", "odd"}).Draw(t, "kind")), "chronon_x", "")
		s.dags[0].Description = ""
		for day := 1; day < 4; day++ {
			s.run("chronon_x", ago(day), state.Draw(t, "run"), time.Hour, word.Draw(t, "task")+"="+state.Draw(t, "state"))
		}
		for _, o := range s.derive().Outputs {
			if o.Health == OK && o.Proven {
				t.Errorf("proven by others: %+v", o)
			}
			if o.Health == OK && o.Landed == "" {
				t.Errorf("healthy, and nothing landed: %+v", o)
			}
		}
	})
}

func TestLogsSayHowFarAJobIs(t *testing.T) {
	t.Parallel()
	began := noon.Add(-30 * time.Minute)
	facts := joblog.Facts{Step: 3, Steps: 10, Ranges: []string{"2026-11-01...2026-11-02", "2026-11-05...2026-11-06"}, Pace: 10 * time.Minute, StepBegan: noon.Add(-4 * time.Minute)}
	w := Work{Since: began, Usual: Usual{N: 9, P50: time.Minute, P90: time.Minute}}
	w.forecast(facts, DayRange{"2026-11-01", "2026-11-20"}, noon)
	if w.Step != 3 || w.Steps != 10 || w.Range != "2026-11-05...2026-11-06" || w.By != ForecastSteps || !w.Finish.Equal(noon.Add(76*time.Minute)) || w.Overdue {
		t.Errorf("got %+v", w)
	}
	w = Work{Since: began, Usual: Usual{N: 9, P50: time.Hour, P90: time.Hour}}
	if w.forecast(joblog.Facts{}, DayRange{"2026-11-01", "2026-11-20"}, noon); w.By != ForecastNone || w.Overdue {
		t.Errorf("twenty days are said to take as long as one: %+v", w)
	}
	if w.forecast(joblog.Facts{}, DayRange{}, noon.Add(-2*time.Hour)); w.By != ForecastNone {
		t.Errorf("a job that begins later by the clock: %+v", w)
	}
}
