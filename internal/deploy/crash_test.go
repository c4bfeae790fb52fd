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
	for _, mode := range []targettest.Mode{targettest.CrashBefore, targettest.CrashAfter, targettest.CrashTorn, targettest.DiskFull, targettest.FailOnce} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			failed := 0
			for at, ended := 1, false; !ended; at++ {
				synctest.Test(t, func(t *testing.T) { ended = failAndRecover(t, at, mode) })
				failed = at
				if t.Failed() {
					t.Fatalf("at operation %d", at)
				}
			}
			t.Logf("%d operations failed, one after the other", failed-1)
			if failed < 20 {
				t.Errorf("only %d operations could fail; a deploy makes more changes than that", failed-1)
			}
		})
	}
}

// failAndRecover deploys over a good release while the at-th operation fails, checks what is left, and deploys again. It says
// whether the deploy had fewer operations than that.
func failAndRecover(t *testing.T, at int, mode targettest.Mode) bool {
	t.Helper()
	s := newSite(t)
	s.must(matrixBefore)
	s.faults.Arm(at, mode)
	_, err := s.deploy(matrixFailed)
	ended := s.faults.Changes() < at
	s.faults.Arm(0, 0)
	s.whole(matrixBefore, matrixFailed)
	if err == nil {
		s.holds(matrixFailed)
	}
	if _, ok := errors.AsType[*deploy.RolledBackError](err); ok {
		s.holds(matrixBefore)
	}
	next := []deploy.Release{matrixFailed, matrixBefore, matrixOther}[at%3]
	if _, err := s.deploy(next); err != nil {
		t.Errorf("the deploy after it: %v", err)
	}
	s.holds(next)
	for _, dag := range next.DAGs {
		if shown := s.airflow.dags[dag.ID]; shown.Stale || shown.Paused {
			t.Errorf("DAG %s is paused or stale", dag.ID)
		}
	}
	s.faults.Arm(0, 0)
	s.must(next)
	equal(t, "changes of one more deploy", s.faults.Changes(), 0)
	return ended
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
