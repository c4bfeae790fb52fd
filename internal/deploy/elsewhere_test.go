package deploy_test

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/internal/deploy"
)

// refusedElsewhere demands that a plan is refused for the Airflow that it was made with, and that nothing of the target was touched.
func refusedElsewhere(s *site, err error, says string) {
	s.t.Helper()
	refused, ok := errors.AsType[*deploy.RiskError](err)
	if !ok || len(refused.Risks) != 1 || refused.Risks[0].Name != deploy.RiskAirflow || !strings.Contains(err.Error(), says) {
		s.t.Fatalf("error is %v, want one about the Airflow: %s", err, says)
	}
	if !strings.Contains(refused.Hint(), "--context") || !strings.Contains(refused.Hint(), "--allow airflow") {
		s.t.Errorf("the hint is %q", refused.Hint())
	}
	equal(s.t, "changes", s.faults.Changes(), 0)
}

func TestAirflowThatReadsAnotherTargetIsNamedBeforeAnythingIsWritten(t *testing.T) {
	bubble(t, func(s *site) {
		theirs := newMemorySite(s.t)
		of, err := theirs.deployWith(releaseA, marked)
		s.check(err)
		wrong := func(o *deploy.Options) { o.Marker, o.Airflow = "marker", theirs.airflow }

		_, err = s.deployWith(releaseA, wrong)
		refusedElsewhere(s, err, of.Release)
		equal(t, "files of a first deploy", len(s.tree()), 0)

		first, err := s.deployWith(releaseA, marked)
		s.check(err)
		s.faults.Arm(0, 0)
		for _, next := range []deploy.Release{releaseA, releaseB} {
			_, err = s.deployWith(next, wrong)
			refusedElsewhere(s, err, of.Release+", which was never deployed to")
		}
		s.holds(releaseA, "marker.py")

		_, err = s.deployWith(releaseB, marked)
		s.check(err)
		s.faults.Arm(0, 0)
		plan, err := s.engine(wrong).PlanRollback(s.t.Context(), first.Release)
		s.check(err)
		refusedElsewhere(s, plan.Refusal(), of.Release)
	})
}

func TestAirflowThatShowsNothingOfAVerifiedReleaseIsAskedAbout(t *testing.T) {
	bubble(t, func(s *site) {
		unseen := func(o *deploy.Options) { o.Marker, o.NoVerify, o.Airflow = "marker", true, nil }
		_, err := s.deployWith(releaseA, unseen)
		if _, ok := errors.AsType[*deploy.UnverifiedError](err); !ok {
			t.Fatal(err)
		}
		_, err = s.deployWith(releaseA, marked) // nobody has seen it yet, so that an Airflow without it is no wonder
		s.check(err)
		s.faults.Arm(0, 0)
		s.airflow = newFakeAirflow(s.disk)
		s.airflow.listed = time.Now()
		_, err = s.deployWith(releaseB, marked)
		refusedElsewhere(s, err, "shows no DAG of release")
		_, err = s.deployWith(releaseB, func(o *deploy.Options) {
			o.Marker, o.Allow = "marker", []deploy.RiskName{deploy.RiskAirflow}
		})
		s.check(err)
		s.holds(releaseB, "marker.py")
	})
}

func TestReleaseThatIsNoLongerKeptIsStillOneOfItsTarget(t *testing.T) {
	bubble(t, func(s *site) {
		first, err := s.deployWith(release(dag{id: "a", text: "a1"}), marked)
		s.check(err)
		for _, text := range []string{"a2", "a3", "a4", "a5", "a6", "a7"} {
			_, err := s.deployWith(release(dag{id: "a", text: text}), marked)
			s.check(err)
		}
		for _, kept := range s.history().Releases {
			if kept.ID == first.Release {
				t.Fatal("the first release is still kept")
			}
		}
		late := newFakeAirflow(s.disk) // it parsed the marker when the first release was live, and never since
		late.dags = map[string]airflowclient.DAG{"marker": {ID: "marker", Description: "Release " + first.Release + " [cc:000000000000]", FileLoc: "/opt/airflow/dags/marker.py"}}
		plan, err := s.engine(func(o *deploy.Options) { o.Marker, o.Airflow = "marker", late }).Plan(s.t.Context(), release(dag{id: "a", text: "a8"}))
		s.check(err)
		s.check(plan.Refusal())
	})
}

func TestAirflowAtAnotherAddressIsAskedAboutWhereNoMarkerTellsTheRelease(t *testing.T) {
	bubble(t, func(s *site) {
		here := func(o *deploy.Options) { o.Marker, o.Address = "marker", "https://here" }
		_, err := s.deployWith(releaseA, here)
		s.check(err)
		s.faults.Arm(0, 0)
		shown := s.airflow.dags
		twin := newFakeAirflow(s.disk) // it has the same DAGs, from wherever
		twin.dags, twin.listed = maps.Clone(shown), time.Now()
		delete(twin.dags, "marker")
		there := func(o *deploy.Options) { o.Marker, o.Address, o.Airflow = "marker", "https://there", twin }
		_, err = s.deployWith(releaseB, there)
		refusedElsewhere(s, err, "and not marker, which tells the release; a release was seen live last at https://here, and this is https://there")
		drift, err := s.engine(there).Drift(s.t.Context(), releaseA)
		s.check(err)
		if !strings.Contains(drift.String(), "\n  ! this Airflow shows DAGs of release") || !drift.Any() {
			s.t.Errorf("drift is\n%s", drift)
		}

		// The same Airflow at another address is known by its marker.
		plan, err := s.engine(func(o *deploy.Options) { o.Marker, o.Address = "marker", "https://there" }).Plan(s.t.Context(), releaseB)
		s.check(err)
		s.check(plan.Refusal())
	})
}
