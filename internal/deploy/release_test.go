package deploy_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/internal/deploy"
	"chrononctl/internal/deploy/target"
)

// stateFile is the path of a file in the state of the site's target.
func (s *site) stateFile(name string) string {
	return filepath.Join(filepath.Dir(s.folder), ".chrononctl", "dags", name)
}

func (s *site) history() *deploy.History {
	s.t.Helper()
	history, err := s.engine(nil).History(s.t.Context())
	s.check(err)
	return history
}

// rollback plans and applies, a second after whatever was before.
func (s *site) rollback(id string) (*deploy.Result, error) {
	s.t.Helper()
	time.Sleep(time.Second)
	engine := s.engine(nil)
	plan, err := engine.PlanRollback(s.t.Context(), id)
	if err != nil {
		return &deploy.Result{}, err
	}
	return engine.Apply(s.t.Context(), plan, nil)
}

func TestRollbackByHandGoesToTheLastVerifiedRelease(t *testing.T) {
	bubble(t, func(s *site) {
		first := s.must(releaseA)
		s.must(releaseB)
		result, err := s.rollback("")
		s.check(err)
		equal(t, "live", result.Release, first.Release)
		s.holds(releaseA)
		equal(t, "airflow", s.shows(), "a:active b:active gone:active new:stale")
		s.faults.Arm(0, 0)
		s.must(releaseA)
		equal(t, "changes of a deploy of the same", s.faults.Changes(), 0)
		_, err = s.rollback("r-none")
		unknown, ok := errors.AsType[*deploy.UnknownReleaseError](err)
		if !ok || !slices.Contains(unknown.Known, first.Release) {
			t.Errorf("error is %v", err)
		}
	})
}

func TestRollbackWithoutAnEarlierReleaseIsRefused(t *testing.T) {
	bubble(t, func(s *site) {
		_, err := s.rollback("")
		if _, ok := errors.AsType[*deploy.UnknownReleaseError](err); !ok {
			t.Errorf("nothing deployed: %v", err)
		}
		s.must(releaseA)
		_, err = s.rollback("")
		if _, ok := errors.AsType[*deploy.UnknownReleaseError](err); !ok {
			t.Errorf("one deployed: %v", err)
		}
	})
}

func TestHistoryTellsEveryOperation(t *testing.T) {
	bubble(t, func(s *site) {
		first := s.must(releaseA)
		_, err := s.deploy(release(dag{id: "a", text: "a2", broken: true}, dag{id: "b", text: "b1"}, dag{id: "gone", text: "g1"}))
		if err == nil {
			t.Fatal("no error")
		}
		s.airflow.pauseErr = errors.New("not permitted")
		_, err = s.deploy(releaseB)
		if err == nil {
			t.Fatal("no error")
		}
		s.airflow.pauseErr = nil
		s.must(releaseB)
		_, err = s.rollback(first.Release)
		s.check(err)
		history := s.history()
		var told []string
		for _, entry := range slices.Backward(history.Audit) {
			told = append(told, fmt.Sprintf("%d %s %s +%d ~%d -%d", entry.Seq, entry.Operation, entry.Result, entry.Created, entry.Updated, entry.Removed))
		}
		equal(t, "audit", strings.Join(told, "\n"), "1 deploy verified +3 ~0 -0\n2 deploy rolled_back +0 ~1 -0\n3 deploy pending +1 ~1 -1\n4 deploy verified +0 ~0 -0\n5 rollback verified +1 ~1 -1")
		equal(t, "who", history.Audit[0].Who, "ada")
		equal(t, "live", history.Live, first.Release)
		equal(t, "kept", len(history.Releases), 3)
		if history.Unfinished != nil || history.LockedBy != nil {
			t.Errorf("unfinished %v, locked by %v", history.Unfinished, history.LockedBy)
		}
	})
}

func TestAuditThatWasTamperedWithIsNoticed(t *testing.T) {
	t.Parallel()
	for name, tamper := range map[string]func(lines []string) []string{
		"changed":   func(lines []string) []string { lines[1] = strings.Replace(lines[1], "ada", "eve", 1); return lines },
		"removed":   func(lines []string) []string { return slices.Delete(lines, 0, 1) },
		"cut short": func(lines []string) []string { return lines[:1] },
		"reordered": func(lines []string) []string { slices.Reverse(lines); return lines },
		"gone":      func([]string) []string { return nil },
		"no JSON":   func(lines []string) []string { return append(lines[:1], "x\n") },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(s *site) {
				s.must(releaseA)
				s.must(releaseB)
				data, err := os.ReadFile(s.stateFile("audit.jsonl"))
				s.check(err)
				lines := tamper(slices.Collect(strings.Lines(string(data))))
				s.check(os.WriteFile(s.stateFile("audit.jsonl"), []byte(strings.Join(lines, "")), 0o600))
				_, err = s.engine(nil).History(s.t.Context())
				if _, ok := errors.AsType[*deploy.AuditError](err); !ok {
					t.Errorf("error is %v", err)
				}
				s.must(releaseA)
				_, err = s.engine(nil).History(s.t.Context())
				if err == nil && name != "gone" && name != "cut short" {
					t.Error("the next deploy made it good again")
				}
			})
		})
	}
}

func TestDriftNamesEachDifference(t *testing.T) {
	bubble(t, func(s *site) {
		s.must(releaseA)
		drift, err := s.engine(nil).Drift(s.t.Context(), releaseA)
		s.check(err)
		if drift.Any() {
			t.Fatalf("drift after a deploy:\n%s", drift)
		}
		s.write("a.py", "# edited\n# end\n")
		s.write("stray.py", "# end\n")
		s.check(os.Remove(filepath.Join(s.folder, "gone.py")))
		s.airflow.set("b", func(d *airflowclient.DAG) { d.Paused = true })
		for range 2 {
			time.Sleep(10 * time.Minute)
			_, err = s.airflow.Health(s.t.Context())
			s.check(err)
		}
		drift, err = s.engine(nil).Drift(s.t.Context(), releaseB)
		s.check(err)
		for _, want := range []string{
			"confs    a: to update by the next deploy", "confs    gone: to remove", "confs    new: to create",
			"files    a.py was changed", "files    gone.py is missing", "files    stray.py is in our folder",
			"airflow  a: not discovered", "airflow  gone: not discovered", "paused   b was paused since",
		} {
			if !strings.Contains(drift.String(), want) {
				t.Errorf("%q is missing in\n%s", want, drift)
			}
		}
	})
}

func TestRunsThatLoseTheirDAGNeedToBeAllowedAndOthersAreWarnedOf(t *testing.T) {
	bubble(t, func(s *site) {
		s.must(releaseA)
		s.airflow.runs = []airflowclient.Run{
			{DAGID: "a", ID: "1", State: airflowclient.StateRunning}, {DAGID: "a", ID: "2", State: airflowclient.StateQueued},
			{DAGID: "b", ID: "1", State: airflowclient.StateRunning}, {DAGID: "gone", ID: "1", State: airflowclient.StateRunning},
		}
		before := s.airflow.changes
		_, err := s.deploy(releaseB)
		risk, ok := errors.AsType[*deploy.RiskError](err)
		if !ok || len(risk.Risks) != 1 || risk.Risks[0].DAG != "gone" || risk.Risks[0].Runs != 1 {
			t.Fatalf("error is %v", err)
		}
		s.holds(releaseA)
		equal(t, "changes in airflow", len(s.airflow.changes), len(before))
		kept := release(dag{id: "a", text: "a2"}, dag{id: "b", text: "b1"}, dag{id: "gone", text: "g1"})
		plan, err := s.engine(nil).Plan(s.t.Context(), kept)
		s.check(err)
		if len(plan.Risks) != 1 || !plan.Risks[0].Warning || plan.Refusal() != nil || !strings.Contains(plan.String(), "? running, a warning: a: 1 run at work") {
			t.Errorf("the plan is\n%s", plan)
		}
		s.must(kept)
		equal(t, "taken by nobody", len(s.history().Audit[0].Allowed), 0)
		_, err = s.deployWith(releaseB, func(o *deploy.Options) { o.Allow = []deploy.RiskName{deploy.RiskRunning} })
		s.check(err)
		equal(t, "taken", len(s.history().Audit[0].Allowed), 1)
	})
}

func TestADAGThatAirflowMayNotStoreIsARisk(t *testing.T) {
	bubble(t, func(s *site) {
		tasks := make([]string, 2000)
		for i := range tasks {
			tasks[i] = fmt.Sprintf("upload__%04d", i)
		}
		large := release(dag{id: "a", text: "a1", tasks: strings.Join(tasks, ",")}, dag{id: "b", text: "b1"})
		large.DAGs[0].Team = "ads"
		_, err := s.deploy(large)
		risk, ok := errors.AsType[*deploy.RiskError](err)
		if !ok || len(risk.Risks) != 1 || risk.Risks[0].Name != deploy.RiskSize || !strings.Contains(err.Error(), "parts: {ads: 2}") {
			t.Fatalf("error is %v", err)
		}
		equal(t, "files", len(s.tree()), 0)
	})
}

func TestRemovedDAGGoesWhenItsTasksHaveEnded(t *testing.T) {
	bubble(t, func(s *site) {
		s.must(releaseA)
		s.airflow.runs = []airflowclient.Run{{DAGID: "gone", ID: "1", State: airflowclient.StateRunning}}
		s.airflow.working = []airflowclient.TaskInstance{{DAGID: "gone", RunID: "1", TaskID: "long", State: airflowclient.StateRunning}}
		allow := func(o *deploy.Options) { o.Allow = []deploy.RiskName{deploy.RiskRunning} }
		_, err := s.deployWith(releaseB, allow)
		pending, ok := errors.AsType[*deploy.PendingError](err)
		if !ok || !strings.Contains(pending.What, "1 task of removed DAGs still runs: gone.long") {
			t.Fatalf("error is %v", err)
		}
		if s.read("gone.py") == "" {
			t.Error("the file went while its task ran")
		}
		equal(t, "airflow", s.shows(), "a:active b:active gone:paused new:active")
		time.AfterFunc(time.Minute, func() {
			s.airflow.mutex.Lock()
			defer s.airflow.mutex.Unlock()
			s.airflow.runs, s.airflow.working = nil, nil
		})
		_, err = s.deployWith(releaseB, allow)
		s.check(err)
		s.holds(releaseB)
	})
}

func TestHistoryIsPurgedOnlyOfDAGsThatGo(t *testing.T) {
	bubble(t, func(s *site) {
		s.must(releaseA)
		purge := func(id string) func(*deploy.Options) { return func(o *deploy.Options) { o.Purge = []string{id} } }
		_, err := s.deployWith(releaseB, purge("a"))
		if _, ok := errors.AsType[*deploy.PurgeError](err); !ok {
			t.Fatalf("error is %v", err)
		}
		s.holds(releaseA)
		s.airflow.changes = nil
		_, err = s.deployWith(releaseB, purge("gone"))
		s.check(err)
		equal(t, "changes in airflow", strings.Join(s.airflow.changes, ", "), "unpause new, pause gone, DELETE /dags/gone")
		equal(t, "airflow", s.shows(), "a:active b:active new:active")
	})
}

func TestOneChangedFileOfEachKindGoesFirst(t *testing.T) {
	bubble(t, func(s *site) {
		before := release(dag{id: "a", text: "a1"}, dag{id: "b", text: "b1"}, dag{id: "c", text: "c1"})
		after := release(dag{id: "a", text: "a2"}, dag{id: "b", text: "b2"}, dag{id: "c", text: "c2"}, dag{id: "new", text: "n1"})
		s.must(before)
		s.must(after)
		var first []string
		for _, event := range s.events {
			if event.Step == deploy.StepCanary && strings.HasSuffix(event.Detail, ".py") {
				first = append(first, event.Detail)
			}
		}
		equal(t, "canaries", strings.Join(first, " "), "a.py")
		bad := release(dag{id: "a", text: "a3", broken: true}, dag{id: "b", text: "b3"}, dag{id: "c", text: "c3"}, dag{id: "new", text: "n1"})
		s.airflow.torn = nil
		_, err := s.deploy(bad)
		if _, ok := errors.AsType[*deploy.RolledBackError](err); !ok {
			t.Fatalf("error is %v", err)
		}
		for _, event := range s.events {
			if event.Step == deploy.StepUpload {
				t.Error("the others were uploaded although the first one is broken")
			}
		}
		s.holds(after)
	})
}

func TestLockThatIsBrokenStopsTheDeploy(t *testing.T) {
	t.Parallel()
	for _, step := range []deploy.Step{deploy.StepLock, deploy.StepStage, deploy.StepUpload, deploy.StepCommit, deploy.StepVerify, deploy.StepActivate, deploy.StepPrune} {
		t.Run(string(step), func(t *testing.T) {
			bubble(t, func(s *site) {
				s.must(releaseA)
				engine := s.engine(nil)
				plan, err := engine.Plan(s.t.Context(), releaseB)
				s.check(err)
				var changes int
				_, err = engine.Apply(s.t.Context(), plan, func(e deploy.Event) {
					if holder, herr := s.dir().Holder(s.t.Context()); e.Step == step && herr == nil && holder.ID != "" {
						s.check(s.dir().Break(s.t.Context(), holder.ID))
						s.faults.Arm(0, 0)
					}
				})
				changes = s.faults.Changes()
				_, abandoned := errors.AsType[*deploy.AbandonedError](err)
				_, lost := errors.AsType[*target.LostError](err)
				if step != deploy.StepLock && (!lost || abandoned != (step != deploy.StepStage)) {
					t.Fatalf("error is %v", err)
				}
				if step != deploy.StepLock && changes > 3 {
					t.Errorf("%d more operations on the disk after the lock was broken", changes)
				}
				s.whole(releaseA, releaseB)
				s.must(releaseB)
				s.holds(releaseB)
				equal(t, "airflow", s.shows(), "a:active b:active gone:stale new:active")
			})
		})
	}
}

// dir is another handle on the site's target, as another process would have.
func (s *site) dir() *target.Dir {
	s.t.Helper()
	dir, err := target.NewDir(target.DirOptions{Path: s.folder})
	s.check(err)
	return dir
}

func TestDeployWaitsForTheLockAsLongAsItMay(t *testing.T) {
	bubble(t, func(s *site) {
		session, err := s.dir().Lock(s.t.Context(), target.Owner{Who: "bob", Host: "there"})
		s.check(err)
		_, err = s.deployWith(releaseA, func(o *deploy.Options) { o.LockWait = 30 * time.Second })
		if _, ok := errors.AsType[*target.LockedError](err); !ok {
			t.Fatalf("error is %v", err)
		}
		time.AfterFunc(20*time.Second, func() { s.check(session.Close()) })
		_, err = s.deployWith(releaseA, func(o *deploy.Options) { o.LockWait = time.Minute })
		s.check(err)
	})
}

func TestUnlockIsWrittenDown(t *testing.T) {
	bubble(t, func(s *site) {
		s.must(releaseA)
		session, err := s.dir().Lock(s.t.Context(), target.Owner{Who: "bob", Host: "there"})
		s.check(err)
		s.check(s.engine(nil).Unlock(s.t.Context(), session.Owner().ID))
		entry := s.history().Audit[0]
		equal(t, "operation", entry.Operation+" "+entry.Result+" by "+entry.Who, "unlock done by ada")
		s.must(releaseB)
		s.check(session.Close())
	})
}

func TestMarkerTellsTheReleaseAndStopsAgainstAnother(t *testing.T) {
	bubble(t, func(s *site) {
		marked := func(o *deploy.Options) { o.Marker = "marker" }
		first, err := s.deployWith(releaseA, marked)
		s.check(err)
		if !strings.Contains(s.read("marker.py"), first.Release) {
			t.Errorf("the marker is\n%s", s.read("marker.py"))
		}
		s.faults.Arm(0, 0)
		s.airflow.requests = 0
		_, err = s.deployWith(releaseA, marked)
		s.check(err)
		equal(t, "changes of a deploy of the same", s.faults.Changes(), 0)
		equal(t, "requests", s.airflow.requests, 4)
		second, err := s.deployWith(releaseB, marked)
		s.check(err)
		if second.Elapsed > 20*time.Second {
			t.Errorf("took %s with a forced refresh", second.Elapsed)
		}
		_, err = s.rollback("")
		s.check(err)
		if !strings.Contains(s.read("marker.py"), first.Release) {
			t.Error("the rollback left the marker of another release")
		}
		engine := s.engine(marked)
		plan, err := engine.Plan(s.t.Context(), releaseB)
		s.check(err)
		_, err = engine.Apply(s.t.Context(), plan, func(e deploy.Event) {
			if e.Step == deploy.StepCommit {
				s.airflow.set("marker", func(d *airflowclient.DAG) { d.Description = "Release r-of-somebody [cc:000000000000]" })
			}
		})
		superseded, ok := errors.AsType[*deploy.SupersededError](err)
		if !ok || superseded.Release != "r-of-somebody" {
			t.Errorf("error is %v", err)
		}
	})
}

func TestReleasesThatRunningTasksMayUseAreKept(t *testing.T) {
	bubble(t, func(s *site) {
		s.must(release(dag{id: "a", text: "a1"}))
		s.airflow.runs = []airflowclient.Run{{DAGID: "a", ID: "1", State: airflowclient.StateRunning, Start: time.Now()}}
		allow := func(o *deploy.Options) { o.Allow = []deploy.RiskName{deploy.RiskRunning} }
		deployAll := func(texts ...string) {
			for _, text := range texts {
				_, err := s.deployWith(release(dag{id: "a", text: text}), allow)
				s.check(err)
			}
		}
		deployAll("a2", "a3", "a4", "a5", "a6", "a7", "a8")
		conf := func(text string) bool {
			return s.read("_chronon_rt/confs/"+hexSum(text)[:16]+"/production/joins/team/x") != ""
		}
		equal(t, "the conf that the run began with is there", conf("a1"), true)
		time.Sleep(3 * time.Hour)
		s.airflow.runs = nil
		deployAll("a9")
		equal(t, "it is there when the run has ended", conf("a1"), false)
		equal(t, "that of the last releases is", conf("a5"), true)
	})
}

func TestTargetsWithOtherMannersGetTheSameDeploys(t *testing.T) {
	t.Parallel()
	for name, caps := range map[string]target.Capabilities{
		"a branch: all at once":               {AtomicBatch: true, Hashes: true},
		"a tool: all at once, hashes unknown": {AtomicBatch: true},
		"a bucket: hashes unknown":            {Conditional: true, Writers: 8},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(s *site) {
				shape := &shaped{Target: s.dir(), caps: caps, writes: map[string]int{}}
				use := func(o *deploy.Options) { o.Target = shape }
				steps := []struct {
					release deploy.Release
					fails   bool
				}{
					{releaseA, false},
					{releaseB, false},
					{release(dag{id: "a", text: "a3", broken: true}, dag{id: "b", text: "b1"}, dag{id: "new", text: "n1"}), true},
					{releaseA, false},
				}
				good := deploy.Release{}
				for i, step := range steps {
					_, err := s.deployWith(step.release, use)
					if _, rolled := errors.AsType[*deploy.RolledBackError](err); rolled != step.fails || err != nil && !step.fails {
						t.Fatalf("step %d: %v", i, err)
					}
					if !step.fails {
						good = step.release
					}
					s.holds(good)
				}
				shape.writes, shape.reads = map[string]int{}, 0
				_, err := s.deployWith(releaseA, use)
				s.check(err)
				equal(t, "writes of one more deploy", shape.writes["dags"]+shape.writes["state"], 0)
				if shape.reads > 20 {
					t.Errorf("%d files were read to learn that nothing changes", shape.reads)
				}
				if caps.AtomicBatch {
					want := []string{"Release", "Release", "Remove", "Release", "Roll", "Release", "Remove"}
					for i := range shape.publishes {
						shape.publishes[i], _, _ = strings.Cut(shape.publishes[i], " ")
					}
					equal(t, "commits of DAG files", strings.Join(shape.publishes, " "), strings.Join(want, " "))
				}
				equal(t, "airflow", s.shows(), "a:active b:active gone:active new:stale")
			})
		})
	}
}

func TestLargeDeployWritesWhatChangedAndLittleElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newMemorySite(t)
		const n = 600 // TestRealThreeThousandDAGsInS3… has as many as its name says
		shape := &shaped{Target: s.open(), caps: target.Capabilities{Writers: 8, Hashes: true}, writes: map[string]int{}}
		use := func(o *deploy.Options) { o.Target, o.Airflow, o.NoVerify = shape, nil, true }
		dags := make([]dag, n)
		for i := range dags {
			dags[i] = dag{id: fmt.Sprintf("d%04d", i), text: "one conf for all"}
		}
		unseen := func(release deploy.Release) {
			_, err := s.deployWith(release, use)
			if _, ok := errors.AsType[*deploy.UnverifiedError](err); !ok {
				t.Fatal(err)
			}
		}
		unseen(release(dags...))
		for _, changed := range []int{1, 100} {
			for i := range changed {
				dags[i].text = fmt.Sprintf("changed %d of %d", i, changed)
			}
			shape.writes = map[string]int{}
			unseen(release(dags...))
			equal(t, fmt.Sprintf("DAG files and confs written for %d", changed), shape.writes["dags"], 2*changed)
			if more := shape.writes["state"] - 2*changed; more > 8 {
				t.Errorf("%d changed: %d more writes to the state than contents", changed, more)
			}
		}
		if shape.most < 2 {
			t.Error("nothing was written at the same time")
		}
	})
}
