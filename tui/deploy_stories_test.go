package tui

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"chrononctl/internal/deploy"
)

// fakeDeploys is a project with one target, whose deploys play a script.
type fakeDeploys struct {
	*fakeSource
	plan   deploy.Plan
	script []playedEvent
	result *deploy.Result
	end    error

	spoil   func(target string, s *deploy.Standing) // what a test wants of targets; nil: nothing
	drift   deploy.Drift
	applied int
	allowed []deploy.RiskName
	stopped bool
	asked   []Deployment
}

// playedEvent is an event after a while.
type playedEvent struct {
	after time.Duration
	deploy.Event
}

func newDeploys(f *fakeSource) *fakeDeploys {
	return &fakeDeploys{
		fakeSource: f,
		plan: deploy.Plan{
			Target: "dir /opt/airflow/dags", Airflow: "3.3.2", Base: "r19991230T041500Z-1a2b3c4d", Digest: "new",
			DAGs: []deploy.DAGChange{
				{ID: "chronon_batch_dag_core", Change: deploy.Same, Hash: "3f2a9c1b7d10", Was: "3f2a9c1b7d10", Live: deploy.LiveActive},
				{ID: "chronon_batch_dag_payments", Change: deploy.Update, Hash: "91c0de55aa12", Was: "3f2a9c1b7d10", Live: deploy.LiveActive,
					Details: []deploy.Detail{{Class: "schedule", What: "from 02:00 to 03:00", Means: "the next run begins an hour later"}}},
				{ID: "chronon_join_ads__bids__v2", Change: deploy.Create, Hash: "77aa00bb11cc", Live: deploy.LiveAbsent},
			},
		},
		drift: deploy.Drift{Files: []deploy.FileDrift{{Path: "join_ads.py", State: deploy.FileMissing}}},
		script: []playedEvent{
			{time.Second, deploy.Event{Step: deploy.StepLock}},
			{time.Second, deploy.Event{Step: deploy.StepStage, Done: 3, Total: 3}},
			{2 * time.Second, deploy.Event{Step: deploy.StepCanary, Done: 1, Total: 1}},
			{3 * time.Second, deploy.Event{Step: deploy.StepVerify, Done: 2, Total: 3, Detail: "chronon_join_ads__bids__v2: not discovered"}},
			{time.Second, deploy.Event{Step: deploy.StepNudge, Detail: "asked Airflow to look for new files"}},
			{3 * time.Second, deploy.Event{Step: deploy.StepVerify, Done: 3, Total: 3}},
		},
		result: &deploy.Result{Release: "r20000101T000000Z-5e6f7a8b", DAGs: []deploy.DAGResult{
			{ID: "a", State: deploy.StateVerified}, {ID: "b", State: deploy.StateVerified}, {ID: "c", State: deploy.StateVerified},
		}},
	}
}

func (f *fakeDeploys) Targets() []string { return []string{"prod", "stage"} }

func (f *fakeDeploys) Standing(ctx context.Context, name string) (deploy.Standing, error) {
	s := deploy.Standing{Target: name, Where: "dir /opt/airflow/" + name}
	if name == "prod" {
		s.Live = &deploy.PastRelease{ID: "r19991230T041500Z-1a2b3c4d", Outcome: "verified", Live: true, Verified: epoch.Add(-20 * time.Hour), Who: "ann", DAGs: 2,
			Source: deploy.Source{Commit: "0123456789abcdef"}}
	}
	if f.spoil != nil {
		f.spoil(name, &s)
	}
	return s, f.answer(ctx, "standing "+name)
}

func (f *fakeDeploys) History(ctx context.Context, name string) (*deploy.History, error) {
	h := &deploy.History{Target: name}
	if name == "prod" {
		h.Releases = []deploy.PastRelease{{ID: "r19991230T041500Z-1a2b3c4d", Live: true}, {ID: "r19991228T020000Z-99887766"}}
		h.Audit = []deploy.AuditEntry{
			{Seq: 2, Time: epoch.Add(-20 * time.Hour), Who: "ann", Host: "bastion", Operation: "deploy", Release: "r19991230T041500Z-1a2b3c4d", Updated: 2, Result: deploy.ResultVerified},
			{Seq: 1, Time: epoch.Add(-70 * time.Hour), Who: "bob", Host: "ci", Operation: "deploy", Release: "r19991228T020000Z-99887766", Created: 2,
				Result: deploy.ResultRolledBack, Error: "1 of 2 DAGs not live at this content"},
		}
	}
	if err := f.answer(ctx, "history "+name); err != nil {
		return nil, err
	}
	return h, nil
}

func (f *fakeDeploys) Drift(ctx context.Context, name string) (*deploy.Drift, error) {
	drift := f.drift
	drift.Target = name
	return &drift, f.answer(ctx, "drift "+name)
}

func (f *fakeDeploys) Propose(ctx context.Context, what Deployment) (Proposal, error) {
	f.change(func(*fakeSource) { f.asked = append(f.asked, what) })
	return deployment{f}, f.answer(ctx, "propose "+what.Target)
}

func (f *fakeDeploys) Shown() *deploy.Plan            { return &f.plan }
func (f *fakeDeploys) Allow(names ...deploy.RiskName) { f.allowed = names }

// deployment is the fake's Proposal: [fakeSource] has an Apply of its own.
type deployment struct{ *fakeDeploys }

func (d deployment) Apply(ctx context.Context, progress deploy.Progress) (*deploy.Result, error) {
	d.change(func(*fakeSource) { d.applied++ })
	for _, e := range d.script {
		select {
		case <-time.After(e.after):
			progress(e.Event)
		case <-ctx.Done():
			d.change(func(*fakeSource) { d.stopped = true })
			return &deploy.Result{Release: d.plan.Base}, &deploy.InterruptedError{During: e.Step, Cause: ctx.Err()}
		}
	}
	return d.result, d.end
}

// deployStory opens the plan of a deploy to prod.
func deployStory(t *testing.T, shape func(*fakeDeploys), tell func(*console, *fakeDeploys)) {
	t.Helper()
	source := healthyFleet()
	deploys := newDeploys(source)
	if shape != nil {
		shape(deploys)
	}
	story(t, setup{source: source, width: 100, height: 30, options: Options{Deploys: deploys}}, func(c *console) {
		c.pass(time.Second)
		c.press("6")
		c.pass(time.Second)
		c.press("enter")
		c.pass(time.Second)
		tell(c, deploys)
	})
}

func TestADeployIsReadAppliedAndWatched(t *testing.T) {
	t.Parallel()
	deployStory(t, nil, func(c *console, f *fakeDeploys) {
		c.sees("plan for prod", "ready to be applied", "~ batch_dag_payments  update", "schedule: from 02:00 to 03:00", "+ join_ads__bids__v2  create")
		c.press("enter", "y")
		if f.applied != 0 {
			t.Fatal("a key that nobody could have meant for it started a deploy")
		}
		c.pass(2 * time.Second)
		c.press("y")
		c.pass(7500 * time.Millisecond)
		c.sees("deploy to prod", "✔ canary", "▶ verify", "2 of 3", "not discovered")
		c.press("1")
		c.pass(5 * time.Second)
		c.sees("the deploy to prod is done", "3 DAGs verified")
		c.press("6")
		c.pass(time.Second)
		c.press("w")
		c.sees("✔ verify", "3 of 3", "✔ nudge", "r20000101T000000Z-5e6f7a8b")
		c.seesNot("✖ verify")
	})
}

// breakAnImport makes a deploy end with a file that does not import, and go back.
func breakAnImport(f *fakeDeploys) {
	f.script = append(f.script[:3:3],
		playedEvent{3 * time.Second, deploy.Event{Step: deploy.StepVerify, Done: 2, Total: 3, Detail: "chronon_join_ads__bids__v2: import error"}},
		playedEvent{time.Second, deploy.Event{Step: deploy.StepRollback, Done: 1, Total: 1}},
		playedEvent{3 * time.Second, deploy.Event{Step: deploy.StepVerify, Done: 2, Total: 2}})
	f.end = &deploy.RolledBackError{To: f.plan.Base, Verified: true, Cause: &deploy.VerifyError{Total: 3, DAGs: []deploy.DAGResult{
		{ID: "chronon_join_ads__bids__v2", File: "join_ads.py", State: deploy.StateImportError, Trace: "ImportError: cannot import name 'x'"},
	}}}
	f.result.Release = f.plan.Base
}

func TestADeployBreaksAnImportAndIsRolledBack(t *testing.T) {
	t.Parallel()
	deployStory(t, breakAnImport, func(c *console, _ *fakeDeploys) {
		c.press("enter")
		c.pass(2 * time.Second)
		c.press("y")
		c.pass(30 * time.Second)
		c.sees("✖ verify", "▲ rollback", "✔ verify", "1 of 3 DAGs not live at this content", "ImportError: cannot import name 'x'",
			"rolled back to r19991230T041500Z-1a2b3c4d", "live now: r19991230T041500Z-1a2b3c4d")
		c.press("7")
		c.sees("Deploy to prod", "✖")
	})
}

func TestLeavingDuringADeployAsksAndSaysWhatHappens(t *testing.T) {
	t.Parallel()
	deployStory(t, nil, func(c *console, f *fakeDeploys) {
		c.press("enter")
		c.pass(2 * time.Second)
		c.press("y")
		c.pass(2 * time.Second)
		for _, key := range []string{"q", "ctrl+c"} {
			c.press(key)
			c.sees("Leave?", "the deploy to prod is under way", "goes on from there")
			c.press("esc")
			c.seesNot("Leave?")
		}
		if f.stopped {
			t.Fatal("a question stopped the deploy")
		}
		c.pass(20 * time.Second)
		c.sees("3 DAGs verified")
	})
	deployStory(t, nil, func(c *console, f *fakeDeploys) {
		c.press("enter")
		c.pass(2 * time.Second)
		c.press("y")
		c.pass(2 * time.Second)
		c.press("q", "y")
		c.pass(time.Second)
		if !f.stopped {
			t.Error("leaving did not stop the deploy")
		}
	})
}

func TestADeployThatTakesARiskAsksForTheNameOfItsTarget(t *testing.T) {
	t.Parallel()
	deployStory(t, func(f *fakeDeploys) {
		f.plan.Risks = []deploy.Risk{{Name: deploy.RiskCatchUp, DAG: "chronon_join_ads__bids__v2", What: "Airflow creates 41 runs at once", Runs: 41}}
	}, func(c *console, f *fakeDeploys) {
		c.sees("1 risk to take", "▲ risk catchup: chronon_join_ads__bids__v2: Airflow creates 41 runs at once")
		c.press("enter")
		c.pass(2 * time.Second)
		c.press("y", "enter")
		c.sees("type prod and enter to deploy")
		c.press("backspace")
		c.write("prod")
		c.press("enter")
		c.pass(2 * time.Second)
		if f.applied != 1 || !slices.Equal(f.allowed, []deploy.RiskName{deploy.RiskCatchUp}) {
			t.Errorf("applied %d times, allowed %v", f.applied, f.allowed)
		}
	})
}

func TestGoingBackNamesTheReleaseOfTheLine(t *testing.T) {
	t.Parallel()
	deployStory(t, nil, func(c *console, f *fakeDeploys) {
		c.press("esc")
		c.pass(time.Second)
		c.sees("✔ verified", "What was deployed to prod", "✔ verified     deploy", "▲ rolled back  deploy")
		c.press("z")
		c.pass(time.Second)
		c.press("esc", "tab", "down", "z")
		c.pass(time.Second)
		want := []Deployment{{Target: "prod"}, {Target: "prod", Back: true}, {Target: "prod", Back: true, Release: "r19991228T020000Z-99887766"}}
		if fmt.Sprint(f.asked) != fmt.Sprint(want) {
			t.Errorf("asked for %v, want %v", f.asked, want)
		}
		c.press("esc", "D")
		c.pass(time.Second)
		c.sees("drift of prod", "join_ads.py is missing")
		c.press("esc", "tab", "down")
		c.pass(time.Second)
		c.press("z")
		c.sees("no earlier release is kept to go back to")
	})
}

func TestAReadOnlyConsoleShowsPlansAndDeploysNothing(t *testing.T) {
	t.Parallel()
	source := healthyFleet()
	deploys := newDeploys(source)
	story(t, setup{source: source, width: 100, height: 30, options: Options{Deploys: deploys, ReadOnly: true}}, func(c *console) {
		c.pass(time.Second)
		c.press("6")
		c.pass(time.Second)
		c.press("enter")
		c.pass(time.Second)
		c.sees("plan for prod")
		c.seesNot("apply")
		c.press("enter")
		c.pass(2 * time.Second)
		c.press("y")
		c.pass(20 * time.Second)
		if deploys.applied != 0 {
			t.Error("a read-only console deployed")
		}
	})
}

func TestWithoutAProjectTheDeployScreenSaysWhy(t *testing.T) {
	t.Parallel()
	story(t, setup{width: 120, height: 30}, func(c *console) {
		c.pass(time.Second)
		c.press("6")
		c.pass(time.Second)
		c.sees("no deploy target")
		c.press("enter")
		c.sees("nothing is selected")
	})
}
