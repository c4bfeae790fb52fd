//go:build real

package deploy_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/dagspec"
	"chrononctl/internal/demo/local"
	"chrononctl/internal/demo/sample"
	"chrononctl/internal/deploy"
	"chrononctl/internal/deploy/target"
)

// TestRealDeploy deploys the sample's DAGs to a real Airflow: anew, again, changed while a task runs, with a file that does not
// import, without a team, and back by hand. On Airflow 3
// the DAG folder is listed as seldom as by default, so that only a forced refresh can be quick; Airflow 2 has none.
func TestRealDeploy(t *testing.T) {
	for version, refresh := range map[string]time.Duration{local.Airflow3: 5 * time.Minute, local.Airflow2: 2 * time.Second} {
		t.Run("Airflow "+version, func(t *testing.T) {
			r := startReal(t, version, refresh)
			folder, sample := t.TempDir(), r.release(t)
			full := withSlow(sample, folder, "1")
			r.step(t, "first deploy", full, func(result *deploy.Result, err error) {
				if err != nil || result.Verified() != len(full.DAGs) || len(result.Activated) != len(full.DAGs) {
					t.Fatalf("verified %d, activated %d of %d: %v", result.Verified(), len(result.Activated), len(full.DAGs), err)
				}
			})
			if *unforced {
				return
			}
			r.step(t, "the same again", full, func(result *deploy.Result, err error) {
				if err != nil || result.Changed || result.Verified() != len(full.DAGs) {
					t.Fatalf("changed %v, verified %d: %v", result.Changed, result.Verified(), err)
				}
			})
			if index := r.index(t); index.Release != r.live || len(index.DAGs) != len(full.DAGs) {
				t.Errorf("the marker tells of %s with %d DAGs", index.Release, len(index.DAGs))
			}
			first, run := r.live, r.running(t, folder)
			second, id := changed(t, withSlow(sample, folder, "2"))
			r.step(t, "a changed conf, while a task runs", second, func(result *deploy.Result, err error) {
				if err != nil || result.Verified() != len(full.DAGs) {
					t.Fatalf("verified %d: %v", result.Verified(), err)
				}
			})
			if used := r.ends(t, folder, run); used != "conf 1 conf 1 code 1" {
				t.Errorf("the task that ran meanwhile used %q", used)
			}
			good, now := r.live, r.hash(t, id)
			r.step(t, "a file that does not import", broken(second), func(result *deploy.Result, err error) {
				rolled, ok := errors.AsType[*deploy.RolledBackError](err)
				if !ok || rolled.To != good || !rolled.Verified || result.Release != good || !strings.Contains(err.Error(), "planned to fail") {
					t.Fatalf("live is %s, error is %v", result.Release, err)
				}
			})
			if got := r.hash(t, id); got != now {
				t.Errorf("%s is at %s after the rollback, and was at %s", id, got, now)
			}
			r.step(t, "without a team", without(second, "ads"), func(result *deploy.Result, err error) {
				if err != nil || result.Removed == 0 {
					t.Fatalf("removed %d: %v", result.Removed, err)
				}
			})
			r.check(t, full, "ads")
			r.rollback(t, first)
			r.check(t, full, "")
			if r.index(t).Release != first {
				t.Error("the marker does not tell of the release that was rolled back to")
			}
		})
	}
}

// theirs is a DAG of somebody else. Airflow knows its file, so it can be asked to look even before the first deploy.
const theirs = `from datetime import datetime
try:
    from airflow.sdk import DAG
except ImportError:
    from airflow import DAG

dag = DAG("theirs", schedule=None, start_date=datetime(2024, 1, 1))
`

// realSite is a DAG folder with a real Airflow that reads it.
type realSite struct {
	target  target.Target
	client  *airflowclient.Client
	airflow deploy.Airflow
	live    string
}

// unforced makes the test deploy once to Airflow 3 without a forced refresh, which takes minutes, and say how long.
var unforced = flag.Bool("unforced", false, "measure a first deploy without a forced refresh")

// patient is an Airflow that is never asked to parse anything now.
type patient struct{ *airflowclient.Client }

func (p patient) Server(ctx context.Context) (airflowclient.Server, error) {
	server, err := p.Client.Server(ctx)
	server.Capabilities.Reparse = false
	return server, err
}

func startReal(t *testing.T, version string, refresh time.Duration) *realSite {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "dags")
	if err := errors.Join(os.Mkdir(folder, 0o755), os.WriteFile(filepath.Join(folder, "theirs.py"), []byte(theirs), 0o644)); err != nil {
		t.Fatal(err)
	}
	airflow, err := local.Start(t.Context(), local.Options{Version: version, DAGs: folder, Refresh: refresh, Progress: func(s local.Step) { t.Log(s.Text) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := airflow.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	client, err := airflowclient.New(airflowclient.Config{URL: airflow.URL, Auth: airflowclient.Auto(airflowclient.Login{
		User: airflow.Auth.Username, Password: airflowclient.NewSecret(airflow.Auth.Password), Source: "test",
	})})
	if err != nil {
		t.Fatal(err)
	}
	place, err := target.NewDir(target.DirOptions{Path: folder, Folder: "chronon"})
	if err != nil {
		t.Fatal(err)
	}
	site := &realSite{target: place, client: client, airflow: client}
	if *unforced {
		site.airflow = patient{client}
	}
	return site
}

// release renders the sample with a start date that never comes, so that nothing runs.
func (r *realSite) release(t *testing.T) deploy.Release {
	t.Helper()
	dir := t.TempDir()
	if err := sample.Write(dir); err != nil {
		t.Fatal(err)
	}
	settings := dagspec.DefaultSettings()
	never, err := dagspec.ParseDate("2100-01-01")
	if err != nil {
		t.Fatal(err)
	}
	settings.DAGs.Start = never
	release, diagnostics, err := deploy.Prepare(os.DirFS(filepath.Join(dir, "repo")), settings)
	if err != nil || len(diagnostics.Errors()) > 0 {
		t.Fatal(err, diagnostics.Errors())
	}
	return release
}

// step deploys, says what it took, and hands the outcome on.
func (r *realSite) step(t *testing.T, what string, release deploy.Release, check func(*deploy.Result, error)) {
	t.Helper()
	before := r.client.Requests().Requests
	start := time.Now()
	engine := r.engine(t)
	plan, err := engine.Plan(t.Context(), release)
	if err != nil {
		t.Fatal(err)
	}
	planned := time.Since(start)
	result, err := engine.Apply(t.Context(), plan, func(e deploy.Event) {
		t.Logf("%5.1fs %s %d/%d %s", time.Since(start).Seconds(), e.Step, e.Done, e.Total, e.Detail)
	})
	t.Logf("%s: plan %.2f s, deploy %.1f s, %d requests, %d files written, %d removed: %v",
		what, planned.Seconds(), result.Elapsed.Seconds(), r.client.Requests().Requests-before, result.Written, result.Removed, err)
	check(result, err)
	r.live = result.Release
}

func (r *realSite) engine(t *testing.T) *deploy.Engine {
	t.Helper()
	engine, err := deploy.New(deploy.Options{
		Target: r.target, Airflow: r.airflow, Generator: "test", Timeout: 8 * time.Minute, Marker: "chronon_release",
		Allow: []deploy.RiskName{deploy.RiskRemovals}, Owner: target.Owner{Who: "test"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

// rollback puts an earlier release back by hand.
func (r *realSite) rollback(t *testing.T, id string) {
	t.Helper()
	start := time.Now()
	engine := r.engine(t)
	plan, err := engine.PlanRollback(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	result, err := engine.Apply(t.Context(), plan, nil)
	t.Logf("rollback by hand: %.1f s, %d files written: %v", time.Since(start).Seconds(), result.Written, err)
	if err != nil || result.Release != id || result.Verified() != len(result.DAGs) {
		t.Fatalf("live is %s, %v", result.Release, err)
	}
}

// check looks at Airflow itself: every DAG is active and unpaused, but for those of the removed team.
func (r *realSite) check(t *testing.T, release deploy.Release, removed string) {
	t.Helper()
	dags, err := r.client.DAGs(t.Context(), airflowclient.DAGQuery{Tags: []string{"chronon"}, IncludeStale: true})
	if err != nil || len(dags) != len(release.DAGs) {
		t.Fatalf("%d DAGs: %v", len(dags), err)
	}
	for _, dag := range dags {
		gone := removed != "" && slices.Contains(dag.Tags, "team:"+removed)
		if dag.Stale != gone || dag.Paused != gone {
			t.Errorf("%s: stale %v, paused %v", dag.ID, dag.Stale, dag.Paused)
		}
	}
}

// broken is a release whose first DAG file raises an error.
func broken(release deploy.Release) deploy.Release {
	release.Files = slices.Clone(release.Files)
	i := slices.IndexFunc(release.Files, func(f dagspec.File) bool { return len(f.DAGs) > 0 && f.Path != "slow.py" })
	release.Files[i].Data = append(slices.Clone(release.Files[i].Data), "\nraise RuntimeError(\"planned to fail\")\n"...)
	return release
}

// without is a release without the DAGs of a team.
func without(release deploy.Release, team string) deploy.Release {
	gone := map[string]bool{}
	var smaller deploy.Release
	for _, dag := range release.DAGs {
		if gone[dag.ID] = dag.Team == team; !gone[dag.ID] {
			smaller.DAGs = append(smaller.DAGs, dag)
		}
	}
	for _, file := range release.Files {
		if len(file.DAGs) == 0 || !gone[file.DAGs[0]] {
			smaller.Files = append(smaller.Files, file)
		}
	}
	return smaller
}
