package deploy_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
	"chrononctl/internal/deploy"
	"chrononctl/internal/deploy/target"
)

var (
	releaseA = release(dag{id: "a", text: "a1"}, dag{id: "b", text: "b1"}, dag{id: "gone", text: "g1"})
	releaseB = release(dag{id: "a", text: "a2"}, dag{id: "b", text: "b1"}, dag{id: "new", text: "n1"})
)

func TestFirstDeployIsVerifiedAndUnpaused(t *testing.T) {
	bubble(t, func(s *site) {
		result := s.must(releaseA)
		s.holds(releaseA)
		equal(t, "airflow", s.shows(), "a:active b:active gone:active")
		equal(t, "verified", result.Verified(), 3)
		equal(t, "activated", strings.Join(result.Activated, " "), "a b gone")
		if result.Elapsed > 10*time.Minute || result.Elapsed < 4*time.Minute {
			t.Errorf("took %s; without a known file Airflow lists its folder after five minutes", result.Elapsed)
		}
	})
}

func TestSecondDeployWritesNothing(t *testing.T) {
	bubble(t, func(s *site) {
		s.must(releaseA)
		before, err := os.Stat(filepath.Join(s.folder, "a.py"))
		s.check(err)
		s.faults.Arm(0, 0)
		s.airflow.requests, s.airflow.changes = 0, nil
		result := s.must(releaseA)
		after, err := os.Stat(filepath.Join(s.folder, "a.py"))
		s.check(err)
		equal(t, "changes on disk", s.faults.Changes(), 0)
		equal(t, "requests", s.airflow.requests, 3)
		equal(t, "changes in airflow", len(s.airflow.changes), 0)
		equal(t, "changed", result.Changed, false)
		equal(t, "verified", result.Verified(), 3)
		equal(t, "time of the file", after.ModTime(), before.ModTime())
	})
}

func TestUpdateCreatesChangesAndRemoves(t *testing.T) {
	bubble(t, func(s *site) {
		s.must(releaseA)
		s.airflow.changes = nil
		same, err := os.Stat(filepath.Join(s.folder, "b.py"))
		s.check(err)
		result := s.must(releaseB)
		s.holds(releaseB)
		equal(t, "airflow", s.shows(), "a:active b:active gone:stale new:active")
		equal(t, "changes in airflow", strings.Join(s.airflow.changes, ", "), "unpause new, pause gone")
		if result.Elapsed > 20*time.Second {
			t.Errorf("took %s with a forced refresh", result.Elapsed)
		}
		still, err := os.Stat(filepath.Join(s.folder, "b.py"))
		s.check(err)
		equal(t, "unchanged file", still.ModTime(), same.ModTime())
		if s.read("_chronon_rt/confs/"+hexSum("a1")[:16]+"/production/joins/team/x") != "a1" {
			t.Error("the conf of the release before is gone; a task may still run on it")
		}
	})
}

func TestDAGThatAPersonPausedStaysPaused(t *testing.T) {
	bubble(t, func(s *site) {
		s.must(releaseA)
		s.airflow.set("a", func(d *airflowclient.DAG) { d.Paused = true })
		s.must(releaseB)
		equal(t, "airflow", s.shows(), "a:paused b:active gone:stale new:active")
	})
}

func TestAirflowWithoutMemoryGetsItsDAGsUnpaused(t *testing.T) {
	bubble(t, func(s *site) {
		s.must(releaseA)
		s.airflow = newFakeAirflow(s.disk)
		_, err := s.deployWith(releaseA, func(o *deploy.Options) { o.Allow = []deploy.RiskName{deploy.RiskAirflow} })
		s.check(err)
		equal(t, "airflow", s.shows(), "a:active b:active gone:active")
	})
}

func TestBrokenReleaseIsRolledBack(t *testing.T) {
	t.Parallel()
	for _, fullPath := range []bool{false, true} {
		t.Run(map[bool]string{false: "path below the bundle", true: "full path"}[fullPath], func(t *testing.T) {
			bubble(t, func(s *site) {
				s.airflow.fullPath = fullPath
				s.must(releaseA)
				bad := release(dag{id: "a", text: "a2", broken: true}, dag{id: "b", text: "b2"}, dag{id: "new", text: "n1"})
				result, err := s.deploy(bad)
				var rolled *deploy.RolledBackError
				if !errors.As(err, &rolled) || !rolled.Verified {
					t.Fatalf("error is %v", err)
				}
				if !strings.Contains(err.Error(), "a: import error in a.py\nTraceback:\n  raise ImportError: cannot import name 'x'") {
					t.Errorf("the trace is missing: %v", err)
				}
				s.holds(releaseA)
				equal(t, "live", result.Release, rolled.To)
				if result.Elapsed > time.Minute {
					t.Errorf("took %s", result.Elapsed)
				}
				s.must(releaseB)
				s.holds(releaseB)
				equal(t, "airflow", s.shows(), "a:active b:active gone:stale new:active")
			})
		})
	}
}

func TestBrokenFirstReleaseIsRemoved(t *testing.T) {
	bubble(t, func(s *site) {
		s.write("theirs.py", "# end\n")
		_, err := s.deploy(release(dag{id: "a", text: "a1", broken: true}))
		var rolled *deploy.RolledBackError
		if !errors.As(err, &rolled) || rolled.To != "" {
			t.Fatalf("error is %v", err)
		}
		equal(t, "DAG file", s.read("a.py"), "")
		s.must(releaseA)
		s.holds(releaseA, "theirs.py")
		equal(t, "airflow", s.shows(), "a:active b:active gone:active")
	})
}

func TestBrokenReleaseIsKeptWhenAsked(t *testing.T) {
	bubble(t, func(s *site) {
		s.must(releaseA)
		bad := release(dag{id: "a", text: "a2", broken: true}, dag{id: "b", text: "b1"}, dag{id: "gone", text: "g1"})
		_, err := s.deployWith(bad, func(o *deploy.Options) { o.NoRollback = true })
		if _, ok := errors.AsType[*deploy.UnverifiedError](err); !ok {
			t.Fatalf("error is %v", err)
		}
		s.holds(bad)
		s.must(releaseA)
	})
}

func TestErrorsFromBeforeAreNotBlamedOnTheDeploy(t *testing.T) {
	bubble(t, func(s *site) {
		s.must(releaseA)
		s.airflow.mutex.Lock()
		s.airflow.broken["b.py"] = airflowclient.ImportError{ID: "1", File: "b.py", Trace: "no module hive", Timestamp: time.Now()}
		s.airflow.retire("b.py")
		s.airflow.mutex.Unlock()
		result, err := s.deploy(releaseB)
		unverified, ok := errors.AsType[*deploy.UnverifiedError](err)
		if !ok {
			t.Fatalf("error is %v", err)
		}
		if !strings.Contains(unverified.Error(), "b: import error in b.py, as before the deploy\nno module hive") {
			t.Errorf("error is %v", err)
		}
		equal(t, "verified", result.Verified(), 2)
		s.holds(releaseB)
		equal(t, "airflow", s.shows(), "a:active b:stale gone:stale new:active")
	})
}

func TestMendingABrokenFileIsNotMistakenForItsOldError(t *testing.T) {
	bubble(t, func(s *site) {
		bad := release(dag{id: "a", text: "a1", broken: true})
		_, err := s.deployWith(bad, func(o *deploy.Options) { o.NoRollback = true })
		if err == nil {
			t.Fatal("no error")
		}
		s.airflow.parse = 20 * time.Second
		s.must(release(dag{id: "a", text: "a1"}))
		equal(t, "airflow", s.shows(), "a:active")
	})
}

func TestStructureMayComeLaterThanTheDescription(t *testing.T) {
	bubble(t, func(s *site) {
		s.must(releaseA)
		s.airflow.lag = 30 * time.Second
		changed := release(dag{id: "a", text: "a2", tasks: "run,more"}, dag{id: "b", text: "b1"}, dag{id: "gone", text: "g1"})
		result := s.must(changed)
		if result.Elapsed < 30*time.Second {
			t.Errorf("verified after %s, before the tasks could be seen", result.Elapsed)
		}
	})
}

func TestMissingDAGSaysNotDiscovered(t *testing.T) {
	bubble(t, func(s *site) {
		s.must(releaseA)
		s.airflow.noNudge, s.airflow.refresh = true, time.Hour
		_, err := s.deployWith(releaseB, func(o *deploy.Options) { o.Timeout = 2 * time.Minute })
		var wrong *deploy.VerifyError
		if !errors.As(err, &wrong) || wrong.Hint() == "" {
			t.Fatalf("error is %v", err)
		}
		if !strings.Contains(err.Error(), "new: not discovered: there is no import error for new.py") {
			t.Errorf("error is %v", err)
		}
		s.holds(releaseA)
	})
}

func TestNamesakeFromAnotherFileIsNamed(t *testing.T) {
	bubble(t, func(s *site) {
		s.must(releaseA)
		s.airflow.dags["new"] = airflowclient.DAG{ID: "new", FileLoc: "/opt/airflow/dags/old/new_dag.py"}
		s.airflow.noNudge, s.airflow.refresh = true, time.Hour
		_, err := s.deployWith(releaseB, func(o *deploy.Options) { o.Timeout = 2 * time.Minute })
		if err == nil || !strings.Contains(err.Error(), "new: not discovered: /opt/airflow/dags/old/new_dag.py defines a DAG of this id") {
			t.Errorf("error is %v", err)
		}
	})
}

func TestForeignFileIsRefusedByName(t *testing.T) {
	bubble(t, func(s *site) {
		s.write("b.py", "# somebody's own\n# end\n")
		_, err := s.deploy(releaseA)
		foreign, ok := errors.AsType[*deploy.ForeignError](err)
		if !ok || len(foreign.Files) != 1 || foreign.Files[0].Path != "b.py" {
			t.Fatalf("error is %v", err)
		}
		equal(t, "files", strings.Join(s.tree(), " "), "b.py")
		_, err = s.deployWith(releaseA, func(o *deploy.Options) { o.Adopt = true })
		s.check(err)
		s.holds(releaseA)
	})
}

func TestAdoptedFileComesBackWithARollback(t *testing.T) {
	bubble(t, func(s *site) {
		s.write("a.py", "# somebody's own\n# end\n")
		_, err := s.deployWith(release(dag{id: "a", text: "a1", broken: true}), func(o *deploy.Options) { o.Adopt = true })
		if _, ok := errors.AsType[*deploy.RolledBackError](err); !ok {
			t.Fatalf("error is %v", err)
		}
		equal(t, "file", s.read("a.py"), "# somebody's own\n# end\n")
	})
}

func TestHandEditedFileIsRefused(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]deploy.Release{"to be updated": releaseB, "unchanged": releaseA, "to be removed": release(dag{id: "b", text: "b1"})} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(s *site) {
				result := s.must(releaseA)
				s.write("a.py", "# edited\n"+s.read("a.py"))
				_, err := s.deploy(next)
				foreign, ok := errors.AsType[*deploy.ForeignError](err)
				if !ok || foreign.Files[0].Reason != "changed since release "+result.Release+" put it there" {
					t.Fatalf("error is %v", err)
				}
				_, err = s.deployWith(next, func(o *deploy.Options) { o.Adopt = true })
				s.check(err)
				s.holds(next)
			})
		})
	}
}

func TestIgnoreFileOfOthersIsShared(t *testing.T) {
	bubble(t, func(s *site) {
		s.write(".airflowignore", "drafts\n")
		_, err := s.deployWith(releaseA, func(o *deploy.Options) { o.Adopt = true })
		if err == nil || !strings.Contains(err.Error(), `add the line "_chronon_rt" to it`) {
			t.Fatalf("error is %v", err)
		}
		s.write(".airflowignore", "drafts\n_chronon_rt\n")
		s.must(releaseA)
		s.must(releaseB)
		equal(t, "file", s.read(".airflowignore"), "drafts\n_chronon_rt\n")
	})
}

func TestMissingFileIsPutBack(t *testing.T) {
	bubble(t, func(s *site) {
		s.must(releaseA)
		s.check(os.Remove(filepath.Join(s.folder, "a.py")))
		s.must(releaseA)
		s.holds(releaseA)
	})
}

func TestDAGsMayMoveBetweenFiles(t *testing.T) {
	bubble(t, func(s *site) {
		s.must(release(dag{id: "one/a", text: "a1"}, dag{id: "one/b", text: "b1"}))
		moved := release(dag{id: "two/a", text: "a1"}, dag{id: "two/b", text: "b1"})
		s.must(moved)
		s.holds(moved)
		equal(t, "airflow", s.shows(), "a:active b:active")
	})
}

func TestUnreachableAirflow(t *testing.T) {
	t.Parallel()
	away := &airflowclient.Error{Op: "list DAGs", Kind: airflowclient.KindUnreachable}
	t.Run("before anything is written", func(t *testing.T) {
		bubble(t, func(s *site) {
			s.airflow.reach = away
			_, err := s.deploy(releaseA)
			equal(t, "is the client's", airflowclient.IsUnavailable(err), true)
			equal(t, "files", len(s.tree()), 0)
		})
	})
	t.Run("while it is verified", func(t *testing.T) {
		bubble(t, func(s *site) {
			s.must(releaseA)
			engine := s.engine(nil)
			plan, err := engine.Plan(s.t.Context(), releaseB)
			s.check(err)
			_, err = engine.Apply(s.t.Context(), plan, func(e deploy.Event) {
				if e.Step == deploy.StepCommit {
					s.airflow.reach = away
				}
			})
			if _, ok := errors.AsType[*deploy.UnverifiedError](err); !ok || !airflowclient.IsUnavailable(err) {
				t.Fatalf("error is %v", err)
			}
			s.airflow.reach = nil
			s.must(releaseB)
			s.holds(releaseB)
			equal(t, "airflow", s.shows(), "a:active b:active gone:stale new:active")
		})
	})
}

func TestWithoutVerificationTheNextDeployFinishes(t *testing.T) {
	bubble(t, func(s *site) {
		_, err := s.deployWith(releaseA, func(o *deploy.Options) { o.NoVerify, o.Airflow = true, nil })
		if _, ok := errors.AsType[*deploy.UnverifiedError](err); !ok {
			t.Fatalf("error is %v", err)
		}
		s.holds(releaseA)
		equal(t, "airflow", s.shows(), "")
		s.must(releaseA)
		equal(t, "airflow", s.shows(), "a:active b:active gone:active")
	})
}

func TestUnpausingIsTriedAgain(t *testing.T) {
	bubble(t, func(s *site) {
		s.airflow.pauseErr = errors.New("not permitted")
		_, err := s.deploy(releaseA)
		if _, ok := errors.AsType[*deploy.PendingError](err); !ok {
			t.Fatalf("error is %v", err)
		}
		s.airflow.pauseErr = nil
		s.must(releaseA)
		equal(t, "airflow", s.shows(), "a:active b:active gone:active")
	})
}

func TestPlanThatWasOvertakenIsRefused(t *testing.T) {
	bubble(t, func(s *site) {
		s.must(releaseA)
		engine := s.engine(nil)
		plan, err := engine.Plan(s.t.Context(), releaseB)
		s.check(err)
		s.must(release(dag{id: "a", text: "a3"}))
		_, err = engine.Apply(s.t.Context(), plan, nil)
		if _, ok := errors.AsType[*deploy.StaleError](err); !ok {
			t.Fatalf("error is %v", err)
		}
		s.holds(release(dag{id: "a", text: "a3"}))
	})
}

func TestOfSixteenDeploysOneWins(t *testing.T) {
	bubble(t, func(s *site) {
		errs := make([]error, 16)
		var ready, group sync.WaitGroup
		ready.Add(len(errs))
		for i := range errs {
			group.Go(func() {
				engine := s.engine(nil)
				plan, err := engine.Plan(s.t.Context(), release(dag{id: "a", text: string(rune('a' + i))}))
				ready.Done()
				ready.Wait()
				if err == nil {
					_, err = engine.Apply(s.t.Context(), plan, nil)
				}
				errs[i] = err
			})
		}
		group.Wait()
		won := 0
		for i, err := range errs {
			_, locked := errors.AsType[*target.LockedError](err)
			_, stale := errors.AsType[*deploy.StaleError](err)
			switch {
			case err == nil:
				won++
				s.holds(release(dag{id: "a", text: string(rune('a' + i))}))
			case !locked && !stale:
				t.Errorf("deploy %d: %v", i, err)
			}
		}
		equal(t, "winners", won, 1)
	})
}

func TestOldContentsGoWhenNoKeptReleaseNeedsThem(t *testing.T) {
	bubble(t, func(s *site) {
		for _, text := range []string{"a1", "a2", "a3", "a4", "a5", "a6", "a7"} {
			s.must(release(dag{id: "a", text: text}))
		}
		for text, kept := range map[string]bool{"a1": false, "a2": false, "a3": true, "a7": true} {
			name := "_chronon_rt/confs/" + hexSum(text)[:16] + "/production/joins/team/x"
			equal(t, "conf "+text, s.read(name) != "", kept)
		}
		releases, err := os.ReadDir(filepath.Join(filepath.Dir(s.folder), ".chrononctl", "dags", "releases"))
		s.check(err)
		equal(t, "manifests", len(releases), 5)
	})
}

func TestInvalidReleasesAreRefused(t *testing.T) {
	t.Parallel()
	twice := release(dag{id: "a", text: "a1"}, dag{id: "other/a", text: "a2"})
	outside := release(dag{id: "a", text: "a1"})
	outside.Files[0].Path = "../.airflowignore"
	folded := release(dag{id: "a", text: "a1"}, dag{id: "A", text: "a2"})
	unknown := release(dag{id: "a", text: "a1"})
	unknown.DAGs = nil
	hashless := release(dag{id: "a", text: "a1"})
	hashless.DAGs[0].Hash = "x"
	for name, bad := range map[string]deploy.Release{"DAG in two files": twice, "path outside": outside, "names differ by case": folded, "DAG not described": unknown, "no hash": hashless} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(s *site) {
				_, err := s.engine(nil).Plan(s.t.Context(), bad)
				if _, ok := errors.AsType[*deploy.InvalidError](err); !ok {
					t.Errorf("error is %v", err)
				}
			})
		})
	}
	t.Run("no DAG", func(t *testing.T) {
		bubble(t, func(s *site) {
			_, err := s.engine(nil).Plan(s.t.Context(), release())
			if _, ok := errors.AsType[*deploy.EmptyError](err); !ok {
				t.Errorf("error is %v", err)
			}
		})
	})
}

func TestDAGsThatMissABrokenConfStayAsTheyAre(t *testing.T) {
	bubble(t, func(s *site) {
		good := release(dag{id: "team/a", text: "a1"}, dag{id: "team/b", text: "b1"}, dag{id: "c", text: "c1"})
		s.must(good)
		partial := release(dag{id: "team/b", text: "b2"}, dag{id: "c", text: "c2"}, dag{id: "new", text: "n1"})
		partial.LeftOut = []dagspec.LeftOut{{File: "production/joins/team/torn.v1", DAGs: []string{"a", "never_deployed"}}}
		s.must(partial)
		equal(t, "held file", s.read("team.py"), string(good.Files[len(good.Files)-2].Data))
		equal(t, "airflow", s.shows(), "a:active b:active c:active new:active")
		s.whole(good, partial)
		s.faults.Arm(0, 0)
		s.must(partial)
		equal(t, "changes of one more deploy", s.faults.Changes(), 0)
		mended := release(dag{id: "team/a", text: "a2"}, dag{id: "team/b", text: "b2"}, dag{id: "c", text: "c2"}, dag{id: "new", text: "n1"})
		s.must(mended)
		s.holds(mended)
	})
}
