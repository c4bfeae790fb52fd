package deploy_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
	"chrononctl/internal/deploy"
	"chrononctl/internal/deploy/target"
	"chrononctl/internal/deploy/target/targettest"
)

// matrix is what is deployed while the disk fails, and what is deployed afterwards: the same again, the release
// before, or another one.
var (
	matrixBefore = release(dag{id: "a", text: "a1"}, dag{id: "b", text: "b1"}, dag{id: "gone", text: "g1"}, dag{id: "old/c", text: "c1"})
	matrixFailed = release(dag{id: "a", text: "a2"}, dag{id: "b", text: "b1"}, dag{id: "new", text: "n1"}, dag{id: "moved/c", text: "c1"})
	matrixOther  = release(dag{id: "a", text: "a3"}, dag{id: "gone", text: "g2"}, dag{id: "last", text: "l1"})
)

func TestDeployConvergesWhateverOperationFails(t *testing.T) {
	t.Parallel()
	converges(t, newMemorySite, everyOther, targettest.CrashBefore, targettest.CrashAfter, targettest.CrashTorn, targettest.DiskFull, targettest.FailOnce, targettest.Ambiguous, targettest.Interfere)
}

// Which operations fail. On real file systems and servers each one meets each mode; in memory, under the race detector, each one meets every other mode.
const (
	everyOne   = 1
	everyOther = 2
)

// converges lets one operation after the other fail in each way, or every so many, at a new site each time.
func converges(t *testing.T, newSite func(*testing.T) *site, stride int, modes ...targettest.Mode) {
	t.Helper()
	for i, mode := range modes {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			failed := 0
			for at, ended := 1+i%stride, false; !ended; at += stride {
				synctest.Test(t, func(t *testing.T) { ended = failAndRecover(newSite(t), at, mode) })
				failed = at
				if t.Failed() {
					t.Fatalf("at operation %d", at)
				}
			}
			t.Logf("the last operation that failed was number %d", failed-stride)
			if failed < 20 {
				t.Errorf("only %d operations could fail; a deploy makes more changes than that", failed-stride)
			}
		})
	}
}

// failAndRecover deploys over a good release while the at-th operation fails, checks what is left, and deploys or rolls back. It says
// whether the deploy had fewer operations than that.
func failAndRecover(s *site, at int, mode targettest.Mode) bool {
	t := s.t
	t.Helper()
	s.write("theirs.py", "# somebody's own\n# end\n")
	first := s.must(matrixBefore)
	s.faults.interfere(s.breakLock)
	s.faults.Arm(at, mode)
	_, err := s.deployWith(matrixFailed, marked)
	made := s.faults.Changes()
	s.faults.Arm(0, 0)
	s.invariants(err, mode, made-at)
	time.Sleep(s.expires)
	next := []deploy.Release{matrixFailed, matrixBefore, matrixOther, matrixBefore}[at%4]
	if err := s.recover(next, at%4 == 3, first.Release); err != nil {
		t.Errorf("what comes after it: %v", err)
	}
	s.holds(next, "theirs.py", "marker.py")
	for _, dag := range next.DAGs {
		if shown := s.airflow.dags[dag.ID]; shown.Stale || shown.Paused {
			t.Errorf("DAG %s is paused or stale", dag.ID)
		}
	}
	s.faults.Arm(0, 0)
	_, err = s.deployWith(next, marked)
	s.check(err)
	equal(t, "changes of one more deploy", s.faults.Changes(), 0)
	if history := s.history(); history.Unfinished != nil {
		t.Errorf("unfinished: %v", history.Unfinished)
	}
	return made < at
}

// recover deploys a release, or rolls back to an earlier one by its id.
func (s *site) recover(next deploy.Release, back bool, id string) error {
	s.t.Helper()
	if back {
		_, err := s.rollback(id)
		return err
	}
	_, err := s.deployWith(next, marked)
	return err
}

func marked(o *deploy.Options) { o.Marker = "marker" }

// breakLock takes the lock away from whoever has it, as another person would.
func (s *site) breakLock() {
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Second)
	defer cancel()
	place := s.other()
	holder, err := place.Holder(ctx)
	if err == nil && holder.ID != "" {
		err = place.Break(ctx, holder.ID)
	}
	if !errors.Is(err, context.DeadlineExceeded) { // the record is being written: whoever breaks it has to wait
		s.check(err)
	}
}

// invariants are what holds whatever has happened to a deploy of matrixFailed over matrixBefore. Further is how many operations it made beyond the
// one that failed.
func (s *site) invariants(err error, mode targettest.Mode, further int) {
	s.t.Helper()
	s.whole(matrixBefore, matrixFailed) // every visible file is whole and has what it needs
	equal(s.t, "the file of others", s.read("theirs.py"), "# somebody's own\n# end\n")
	s.support(matrixBefore) // running tasks of the release before have what they began with
	if err == nil {
		s.holds(matrixFailed, "theirs.py", "marker.py")
	}
	if _, ok := errors.AsType[*deploy.RolledBackError](err); ok {
		s.holds(matrixBefore, "theirs.py")
	}
	if _, lost := errors.AsType[*target.LostError](err); mode == targettest.Interfere && lost && further > s.slips {
		s.t.Errorf("%d more operations after the lock was broken; at most %d may slip through", further, s.slips)
	}
	history, histErr := s.engine(nil).History(s.t.Context())
	s.check(histErr) // the audit is whole too
	if err == nil || history.Unfinished != nil {
		return
	}
	switch mode {
	case targettest.CrashBefore, targettest.CrashAfter, targettest.CrashTorn:
		s.holds(map[bool]deploy.Release{true: matrixBefore, false: matrixFailed}[len(history.Releases) == 1], "theirs.py", "marker.py")
	case targettest.DiskFull, targettest.FailOnce, targettest.Ambiguous, targettest.Interfere:
	}
}

// support checks that the files are there that a release needs beside its DAG files.
func (s *site) support(release deploy.Release) {
	s.t.Helper()
	for _, file := range release.Files {
		if strings.HasPrefix(file.Path, "_chronon_rt/") && s.read(file.Path) != string(file.Data) {
			s.t.Errorf("%s is gone or not whole", file.Path)
		}
	}
}

// whole checks that every visible file is one of those that releases have, and that what it needs is there.
func (s *site) whole(releases ...deploy.Release) {
	s.t.Helper()
	good := map[string]bool{}
	for _, release := range releases {
		for _, file := range release.Files {
			good[file.Path+"\n"+string(file.Data)] = true
		}
	}
	for _, name := range s.tree() {
		text := s.read(name)
		if filepath.Ext(name) != ".py" {
			continue
		}
		if name == "theirs.py" || name == "marker.py" && strings.HasSuffix(text, "\n)\n") {
			continue
		}
		if !good[name+"\n"+text] {
			s.t.Errorf("%s is not whole: %q", name, text)
		}
		for line := range strings.Lines(text) {
			if need, ok := strings.CutPrefix(strings.TrimSpace(line), "needs "); ok && s.read(need) == "" {
				s.t.Errorf("%s needs %s, which is not there", name, need)
			}
		}
	}
	if len(s.airflow.torn) > 0 {
		s.t.Errorf("Airflow saw files that were not whole: %v", s.airflow.torn)
	}
}

func TestFullDiskIsRolledBackOrChangesNothing(t *testing.T) {
	bubble(t, func(s *site) {
		s.must(matrixBefore)
		s.faults.Arm(1, targettest.DiskFull)
		_, err := s.deploy(matrixFailed)
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("error is %v", err)
		}
		s.faults.Arm(0, 0)
		s.holds(matrixBefore)
	})
}

// denied is a disk on which nothing may be created.
type denied struct{ target.Disk }

func (denied) Create(name string, _ []byte) error {
	return &os.PathError{Op: "open", Path: name, Err: syscall.EACCES}
}

func TestFolderThatMayNotBeWrittenIsNamed(t *testing.T) {
	bubble(t, func(s *site) {
		dir, err := target.NewDir(target.DirOptions{Path: s.folder, Open: func(folder string) (target.Disk, error) {
			disk, err := target.OpenDisk(folder)
			if folder == s.folder {
				return denied{disk}, err
			}
			return disk, err
		}})
		s.check(err)
		_, err = s.deployWith(releaseA, func(o *deploy.Options) { o.Target = dir })
		if !errors.Is(err, os.ErrPermission) || !strings.Contains(err.Error(), s.folder) || !strings.Contains(err.Error(), "write .airflowignore") {
			t.Errorf("error is %v", err)
		}
		equal(t, "files", len(s.tree()), 0)
		s.must(releaseA)
	})
}

func TestClockThatIsWrongChangesNothingButNames(t *testing.T) {
	bubble(t, func(s *site) {
		for i, release := range []deploy.Release{releaseA, releaseB, releaseA, releaseB} {
			years := []int{10, -20, 0, 5}[i]
			_, err := s.deployWith(release, func(o *deploy.Options) {
				o.Now = func() time.Time { return time.Now().AddDate(years, 0, 0) }
			})
			s.check(err)
			s.holds(release)
		}
		_, err := s.rollback("")
		s.check(err)
		s.holds(releaseA)
	})
}

// What running tasks use, and the days that have passed, go by Airflow's clock: the deploy's own may be wrong by hours.
func TestClockThatIsWrongNeitherTakesAwayWhatTasksUseNorCountsOtherRuns(t *testing.T) {
	t.Parallel()
	for name, wrong := range map[string]time.Duration{"behind": -30 * time.Hour, "ahead": 30 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(s *site) {
				off := func(o *deploy.Options) {
					o.Now = func() time.Time { return time.Now().Add(wrong) }
					o.Allow = []deploy.RiskName{deploy.RiskCatchUp}
				}
				_, err := s.deployWith(release(dag{id: "a", text: "a1"}), off)
				s.check(err)
				time.Sleep(10 * time.Hour)
				s.airflow.runs = []airflowclient.Run{{DAGID: "a", ID: "1", State: airflowclient.StateRunning, Start: time.Now()}}
				for _, text := range []string{"a2", "a3", "a4", "a5", "a6", "a7", "a8"} {
					_, err := s.deployWith(release(dag{id: "a", text: text}), off)
					s.check(err)
				}
				equal(t, "the conf that the run began with", s.read("_chronon_rt/confs/"+hexSum("a1")[:16]+"/production/joins/team/x"), "a1")
				daily := release(dag{id: "b", text: "b1"})
				daily.DAGs[0].Schedule, daily.DAGs[0].Catchup, daily.DAGs[0].Start = "0 0 * * *", true, dagspec.DateOf(time.Now().AddDate(0, 0, -4))
				plan, err := s.engine(off).Plan(s.t.Context(), daily)
				s.check(err)
				runs := 0
				for _, risk := range plan.Risks {
					if risk.Name == deploy.RiskCatchUp {
						runs += risk.Runs
					}
				}
				equal(t, "runs at once", runs, 4)
			})
		})
	}
}

func TestInterruptedDeployIsFinishedByTheNext(t *testing.T) {
	t.Parallel()
	for _, step := range []deploy.Step{deploy.StepStage, deploy.StepUpload, deploy.StepCommit, deploy.StepVerify, deploy.StepActivate, deploy.StepPrune} {
		t.Run(string(step), func(t *testing.T) {
			bubble(t, func(s *site) {
				s.must(releaseA)
				engine := s.engine(nil)
				plan, err := engine.Plan(s.t.Context(), releaseB)
				s.check(err)
				ctx, cancel := context.WithCancel(s.t.Context())
				defer cancel()
				_, err = engine.Apply(ctx, plan, func(e deploy.Event) {
					if e.Step == step {
						cancel()
					}
				})
				if _, ok := errors.AsType[*deploy.InterruptedError](err); !ok || !errors.Is(err, context.Canceled) {
					t.Fatalf("error is %v", err)
				}
				s.whole(releaseA, releaseB)
				s.must(releaseB)
				s.holds(releaseB)
				equal(t, "airflow", s.shows(), "a:active b:active gone:stale new:active")
			})
		})
	}
}
