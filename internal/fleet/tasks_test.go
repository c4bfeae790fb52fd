package fleet

import (
	"fmt"
	"testing"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
)

// greenJoins is a thousand joins of which each task of the last day succeeded, but for two, and one that somebody ran by hand before its start.
func greenJoins() *world {
	w := newWorld()
	for i := range 1000 {
		id := fmt.Sprintf("chronon_join_core__j%03d__v1", i)
		w.dag(id, dagspec.KindJoin, "core", fmt.Sprintf("core.j%03d.v1", i))
		switch i {
		case 7:
			w.day(id, "2026-11-22", "success", "backfill=skipped")
		case 8:
			w.day(id, "2026-11-22", "success", "backfill=")
		case 9:
			w.day(id, "2026-11-22", "success")
			w.runs[len(w.runs)-1].Type = "manual"
		default:
			w.day(id, "2026-11-22", "success", "wait=success", "backfill=success")
		}
	}
	return w
}

// Runs in which all is well cost nothing, and not to read them hides nothing.
func TestTasksOfSoundRunsNeedNotBeRead(t *testing.T) {
	t.Parallel()
	w := greenJoins()
	whole := observe(t, w.observer())
	known := func(s Snapshot) (n int) {
		for i, d := range s.DAGs {
			if d.Health != whole.DAGs[i].Health {
				t.Errorf("%s is %v, with all its tasks %v", d.ID, d.Health, whole.DAGs[i].Health)
			}
			if d.Runs[0].Tasks != nil {
				n++
			}
		}
		return n
	}
	if n := known(whole); n != 999 || whole.DAGs[7].Health != Skipped || whole.DAGs[8].Health == OK || whole.DAGs[9].Health == OK {
		t.Fatalf("the tasks of %d runs are known, and the odd ones are %v, %v and %v", n, whole.DAGs[7].Health, whole.DAGs[8].Health, whole.DAGs[9].Health)
	}
	w.requests = map[string]int{}
	if n := known(observe(t, w.observerOf(Options{Sound: SoundNever}))); n != 2 || w.requests["tasks"] > 4 {
		t.Errorf("the tasks of %d runs were read, with %d requests", n, w.requests["tasks"])
	}
	o := w.observerOf(Options{Sound: SoundLater})
	for look, want := range []int{2, 2 + soundPerLook, 2 + 2*soundPerLook, 2 + 3*soundPerLook, 999} {
		if n := known(observe(t, o)); n != want {
			t.Errorf("look %d: the tasks of %d runs are known, want %d", look, n, want)
		}
		w.pass(everyRuns + everyRuns/10)
	}
}

// Who cannot be told which runs are in trouble reads them all.
func TestWithoutWordOfTroubleAllTasksAreRead(t *testing.T) {
	t.Parallel()
	w := greenJoins()
	w.failing["tasks"] = &airflowclient.Error{Op: "ask", Kind: airflowclient.KindPermission, Status: 403}
	s := observe(t, w.observerOf(Options{Sound: SoundNever}))
	if len(s.Problems) == 0 || s.DAGs[0].Health == OK {
		t.Errorf("the tasks cannot be read, and the first DAG is %v; problems %q", s.DAGs[0].Health, s.Problems)
	}
}

// What is only filled in may fail: a run of which nothing is known but that it succeeded is as well as before.
func TestWhatIsFilledInMakesNothingUnknown(t *testing.T) {
	t.Parallel()
	w := greenJoins()
	w.dag("chronon_batch_dag_core", dagspec.KindBatch, "core", "")
	w.day("chronon_batch_dag_core", "2026-11-21", "success", "upload=success")
	w.day("chronon_batch_dag_core", "2026-11-22", "success", "upload=success")
	o := w.observerOf(Options{Sound: SoundLater})
	before := observe(t, o)
	w.fail("tasks", errNoNetwork)
	w.pass(everyRuns + everyRuns/10)
	after := observe(t, o)
	if len(after.Problems) == 0 {
		t.Error("that tasks could not be read is not said")
	}
	for i, d := range after.DAGs {
		if d.Health != before.DAGs[i].Health {
			t.Fatalf("%s is %v, before %v", d.ID, d.Health, before.DAGs[i].Health)
		}
	}
}

// Runs whose tasks could not be read are one thing to explain, however many they are.
func TestTasksThatCannotBeReadAreOneCause(t *testing.T) {
	t.Parallel()
	w := greenJoins()
	w.failing["tasks"] = errNoNetwork
	s := observe(t, w.observer())
	causes := Explain(s, Details{}).Causes
	if len(causes) != 1 || causes[0].Kind != CauseUnread || causes[0].Runs() != 1000 {
		t.Fatalf("%d causes, the first %s of kind %v in %d runs", len(causes), causes[0].Title, causes[0].Kind, causes[0].Runs())
	}
}

// Where joins are few, nobody waits for a second picture to know what their runs had.
func TestTasksOfFewSoundRunsAreReadAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.dag("chronon_join_core__j__v1", dagspec.KindJoin, "core", "core.j.v1")
	w.day("chronon_join_core__j__v1", "2026-11-22", "success", "backfill__j__v1=success")
	s := observe(t, w.observerOf(Options{Sound: SoundLater}))
	if len(s.DAGs) != 1 || len(s.DAGs[0].Runs) != 1 || len(s.DAGs[0].Runs[0].Tasks) != 1 {
		t.Errorf("the first picture: %+v", s.DAGs)
	}
}
