package fleet

import (
	"slices"
	"strings"
	"testing"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
	"chrononctl/internal/deploy/marker"
)

// release plants a marker whose index has the DAGs, and answers the marker.
func (w *world) release(id string, created time.Time, dags ...marker.DAG) {
	file, hash, err := marker.Render(id, id+".py", marker.Index{Schema: 1, Release: "r1", Created: created, DAGs: dags})
	if err != nil {
		panic(err)
	}
	_, doc, _ := strings.Cut(string(file.Data), `doc_md="`)
	doc, _, _ = strings.Cut(doc, `"`)
	w.docs[id] = doc
	w.dags = append(w.dags, airflowclient.DAG{ID: id, Tags: []string{marker.Tag}, Description: "Release r1 [cc:" + hash + "]", Paused: true})
}

// entry is a DAG of a release, with the content that a planted DAG has.
func entry(id string) marker.DAG {
	return marker.DAG{ID: id, Kind: dagspec.KindBatch, Team: "core", Hash: "0123456789ab", File: id + ".py"}
}

func TestDeviations(t *testing.T) {
	t.Parallel()
	old := noon.AddDate(0, 0, -1)
	for name, tc := range map[string]struct {
		plant  func(*world)
		want   DeviationKind
		health Health
		reason string
	}{
		"a wanted DAG that is not there": {func(w *world) { w.release("m", old, entry("d"), entry("gone")) }, DAGMissing, Failed, "r1 has it in gone.py"},
		"one whose file does not import": {func(w *world) {
			w.release("m", old, entry("d"), entry("gone"))
			w.broken = []airflowclient.ImportError{{File: "/dags/gone.py"}}
		}, DAGMissing, Failed, "does not import"},
		"one that Airflow knows from before": {func(w *world) {
			w.release("m", old, entry("d"), entry("gone"))
			w.dags = append(w.dags, airflowclient.DAG{ID: "gone", Tags: []string{"chronon"}, Stale: true})
		}, DAGStale, Failed, "finds it in no file"},
		"one of a release of a minute ago": {func(w *world) { w.release("m", noon.Add(-time.Minute), entry("d"), entry("gone")) }, DAGMissing, Waiting, "so new"},
		"one that no release has":          {func(w *world) { w.release("m", old) }, DAGOrphaned, Unknown, "left behind"},
		"another content": {func(w *world) {
			other := entry("d")
			other.Hash = "ffffffffffff"
			w.release("m", old, other)
		}, DAGOutdated, Unknown, "ffffffffffff"},
		"wanted and paused": {func(w *world) { w.release("m", old, entry("d")); w.dags[0].Paused = true }, DAGIdle, Paused, "paused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.dag("d", dagspec.KindBatch, "core", "")
			tc.plant(w)
			s := observe(t, w.observer())
			if len(s.Deviations) != 1 {
				t.Fatalf("got %+v", s.Deviations)
			}
			if d := s.Deviations[0]; d.Kind != tc.want || d.Health != tc.health || !strings.Contains(d.Reason, tc.reason) {
				t.Errorf("got %v %v %q, want %v %v %q", d.Kind, d.Health, d.Reason, tc.want, tc.health, tc.reason)
			}
			if len(s.Problems) > 0 {
				t.Errorf("problems: %q", s.Problems)
			}
			isAlarm := func(f Finding) bool { return f.Health == Failed && strings.Contains(f.Detail, tc.reason) }
			if needs := tc.health == Failed; (s.Health() == Failed) != needs || slices.ContainsFunc(s.Findings(), isAlarm) != needs {
				t.Errorf("the whole is %v: %v", s.Health(), s.Findings())
			}
		})
	}
}

// Where a release has a DAG and Airflow runs somebody else's of that name, what that one does says nothing of ours.
func TestADAGThatTookTheNameOfOursIsNotHealthy(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.dag("d", dagspec.KindBatch, "core", "")
	w.day("d", "2026-11-22", "success", "upload__g__v1=success")
	w.dags[0].Description = "somebody else's"
	w.release("m", noon.AddDate(0, 0, -1), entry("d"))
	s := observe(t, w.observer())
	if len(s.Deviations) != 1 || s.Deviations[0].Kind != DAGForeign || s.Deviations[0].Health != Failed || !strings.Contains(s.Deviations[0].Reason, "not the one of release r1") {
		t.Fatalf("got %+v", s.Deviations)
	}
	if cell := s.Teams[0].Cells[dagspec.KindBatch]; cell.Health != Unknown || s.DAGs[0].Health != Unknown {
		t.Errorf("the cell is %+v, the DAG %v", cell, s.DAGs[0].Health)
	}
	causes := Causes(s, Details{})
	if len(causes) != 1 || causes[0].Kind != CauseOutdated || !strings.Contains(causes[0].Title, "d foreign: ") {
		t.Errorf("got %+v", causes)
	}
}

func TestWhatCannotBeToldIsNoDeviation(t *testing.T) {
	t.Parallel()
	for name, plant := range map[string]func(*world){
		"all as it should be":            func(w *world) { w.release("m", noon.AddDate(0, 0, -1), entry("d")) },
		"no release at all":              func(*world) {},
		"two releases, each with a part": func(w *world) { w.release("m", noon, entry("d")); w.release("n", noon) },
		"a DAG that others made":         func(w *world) { w.dags[0].Description = "mine"; w.release("m", noon) },
		"one marker cannot be read": func(w *world) {
			w.release("m", noon)
			w.release("n", noon, entry("d"))
			w.docs["n"] = "# written by hand"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.dag("d", dagspec.KindBatch, "core", "")
			plant(w)
			if s := observe(t, w.observer()); len(s.Deviations) > 0 {
				t.Errorf("got %+v", s.Deviations)
			}
		})
	}
}

func TestAMarkerThatCannotBeReadIsAProblem(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.release("m", noon, entry("d"))
	w.docs["m"] = "# written by hand"
	s := observe(t, w.observer())
	if len(s.Problems) != 1 || !strings.Contains(s.Problems[0].Text, "the release of m") || s.Intent.Known() {
		t.Errorf("problems %q, intent %+v", s.Problems, s.Intent)
	}
}

func TestDefinitionsThatAreNotDeployedAreNoFailure(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.dag("d", dagspec.KindBatch, "core", "")
	w.release("m", noon.AddDate(0, 0, -1), entry("d"))
	o := w.observerOf(Options{Intent: IntentOf(dagspec.Definitions{DAGs: []dagspec.DAG{{ID: "new", Team: "core"}}})})
	s := observe(t, o)
	if len(s.Deviations) != 1 || s.Deviations[0].Health != Waiting || !strings.Contains(s.Deviations[0].Reason, "not deployed") {
		t.Errorf("got %+v", s.Deviations)
	}
	if s.Intent.Source != IntentDefinitions || len(s.Intent.DAGs) != 2 {
		t.Errorf("the intent is %+v", s.Intent)
	}
}

// A release is read once, and again when another one is there.
func TestReleasesAreReadOnce(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.dag("d", dagspec.KindBatch, "core", "")
	w.release("m", noon.AddDate(0, 0, -1), entry("d"))
	o := w.observer()
	for range 40 {
		observe(t, o)
		w.pass(time.Minute)
	}
	if w.requests["details"] != 1 {
		t.Errorf("the marker was read %d times", w.requests["details"])
	}
	w.dags = w.dags[:1]
	w.release("m", noon.AddDate(0, 0, -1), entry("d"), entry("e"))
	w.pass(everyIntent)
	if s := observe(t, o); len(s.Deviations) != 1 || w.requests["details"] != 3 { // the marker, and the DAG that is missing
		t.Errorf("got %+v after %d requests", s.Deviations, w.requests["details"])
	}
}
