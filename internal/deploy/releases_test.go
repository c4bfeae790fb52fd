package deploy_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"chrononctl/dagspec"
	"chrononctl/internal/deploy"
	"chrononctl/internal/deploy/target"
)

// releases are the deploys of a project with one target, the site, whose confs ask for what next points at.
func (s *site) releases(next *deploy.Release, diagnostics *dagspec.Diagnostics) *deploy.Releases {
	return &deploy.Releases{
		Targets: []string{"prod"},
		Open:    func(context.Context, string) (target.Target, error) { return s.open(), nil },
		Prepare: func(context.Context) (deploy.Release, dagspec.Diagnostics, error) { return *next, *diagnostics, nil },
		Source:  func(context.Context) deploy.Source { return deploy.Source{Commit: "c0ffee"} },
		Options: deploy.Options{Airflow: s.airflow, Generator: "test", Owner: target.Owner{Who: "ada", Host: "here", PID: 1}},
	}
}

func TestReleasesOfAProjectArePlannedAppliedAndTakenBack(t *testing.T) {
	bubble(t, func(s *site) {
		next, diagnostics := releaseA, dagspec.Diagnostics{}
		r, ctx := s.releases(&next, &diagnostics), s.t.Context()
		before, err := r.Standing(ctx, "prod")
		s.check(err)
		if before.Live != nil || before.Where != s.open().String() {
			t.Errorf("before the first deploy: %+v", before)
		}
		for _, release := range []deploy.Release{releaseA, releaseB} {
			next = release
			plan, err := r.Plan(ctx, "prod", deploy.Choices{})
			s.check(err)
			_, err = plan.Apply(ctx, nil)
			s.check(err)
			s.holds(release)
		}
		now, err := r.Standing(ctx, "prod")
		s.check(err)
		if now.Live == nil || now.Live.Source.Commit != "c0ffee" || now.Live.Verified.IsZero() || now.LockedBy != nil || now.Unfinished != nil {
			t.Errorf("what runs: %+v", now)
		}
		s.write("a.py", "edited by hand\n")
		drift, err := r.Drift(ctx, "prod")
		s.check(err)
		equal(t, "drift", len(drift.Files), 1)
		planning, planned := context.WithCancel(ctx)
		back, err := r.PlanRollback(planning, "prod", "", deploy.Choices{Adopt: true})
		s.check(err)
		planned() // a plan outlives the question that it answers: somebody reads it first
		_, err = back.Apply(ctx, nil)
		s.check(err)
		s.holds(releaseA)
	})
}

func TestARiskOfAProposalIsAllowedWithoutPlanningAgain(t *testing.T) {
	bubble(t, func(s *site) {
		next, diagnostics := release(dag{id: "a", text: "a1"}, dag{id: "b", text: "b1"}, dag{id: "c", text: "c1"}, dag{id: "d", text: "d1"}), dagspec.Diagnostics{}
		s.must(next)
		next = release(dag{id: "a", text: "a1"})
		plan, err := s.releases(&next, &diagnostics).Plan(s.t.Context(), "prod", deploy.Choices{})
		s.check(err)
		if _, err = plan.Apply(s.t.Context(), nil); !strings.Contains(err.Error(), "shrunken") {
			t.Fatalf("error is %v", err)
		}
		plan.Allow(deploy.RiskShrunken)
		_, err = plan.Apply(s.t.Context(), nil)
		s.check(err)
		s.holds(next)
	})
}

func TestReleasesOfAProjectRefuseWhatMustNotBeDeployed(t *testing.T) {
	bubble(t, func(s *site) {
		next := releaseA
		next.LeftOut = []dagspec.LeftOut{{File: "production/joins/team/bad", DAGs: []string{"new"}}}
		diagnostics := dagspec.Diagnostics{{Severity: dagspec.SeverityError, File: "production/joins/team/bad", Message: "it is no JSON"}}
		r, ctx := s.releases(&next, &diagnostics), s.t.Context()
		_, err := r.Plan(ctx, "prod", deploy.Choices{})
		if bad, ok := errors.AsType[*deploy.ConfError](err); !ok || bad.Shared || !strings.Contains(err.Error(), "it is no JSON") {
			t.Errorf("a conf with an error: %v", err)
		}
		_, err = r.Plan(ctx, "prod", deploy.Choices{KeepGoing: true})
		s.check(err)
		diagnostics[0].File = "teams.json"
		if _, err = r.Plan(ctx, "prod", deploy.Choices{KeepGoing: true}); err == nil {
			t.Error("an error of all confs was left out")
		}
		diagnostics, r.ReadOnly = nil, true
		plan, err := r.Plan(ctx, "prod", deploy.Choices{})
		s.check(err)
		if result, err := plan.Apply(ctx, nil); result == nil || !is[*deploy.ReadOnlyError](err) {
			t.Errorf("read-only: %v", err)
		}
		equal(t, "files", len(s.tree()), 0)
		if _, err := r.Standing(ctx, "stage"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("an unknown target: %v", err)
		}
	})
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
