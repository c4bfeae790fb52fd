//go:build real

package deploy_test

import (
	"context"
	"errors"
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

// TestRealDeploy deploys the sample's DAGs to a real Airflow: anew, again, with a file that does not import, without a team. On Airflow 3
// the DAG folder is listed as seldom as by default, so that only a forced refresh can be quick; Airflow 2 has none.
func TestRealDeploy(t *testing.T) {
	for version, refresh := range map[string]time.Duration{local.Airflow3: 5 * time.Minute, local.Airflow2: 2 * time.Second} {
		t.Run("Airflow "+version, func(t *testing.T) {
			r := startReal(t, version, refresh)
			full := r.release(t)
			r.step(t, "first deploy", full, func(result *deploy.Result, err error) {
				if err != nil || result.Verified() != len(full.DAGs) || len(result.Activated) != len(full.DAGs) {
					t.Fatalf("verified %d, activated %d of %d: %v", result.Verified(), len(result.Activated), len(full.DAGs), err)
				}
			})
			r.step(t, "the same again", full, func(result *deploy.Result, err error) {
				if err != nil || result.Changed || result.Verified() != len(full.DAGs) {
					t.Fatalf("changed %v, verified %d: %v", result.Changed, result.Verified(), err)
				}
			})
			first := r.live
			r.step(t, "a file that does not import", broken(full), func(result *deploy.Result, err error) {
				rolled, ok := errors.AsType[*deploy.RolledBackError](err)
				if !ok || rolled.To != first || !rolled.Verified || result.Release != first || !strings.Contains(err.Error(), "planned to fail") {
					t.Fatalf("live is %s, error is %v", result.Release, err)
				}
			})
			r.step(t, "without a team", without(full, "ads"), func(result *deploy.Result, err error) {
				if err != nil || result.Removed == 0 {
					t.Fatalf("removed %d: %v", result.Removed, err)
				}
			})
			r.check(t, full, "ads")
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
	target target.Target
	client *airflowclient.Client
	live   string
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
	return &realSite{target: place, client: client}
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
	engine, err := deploy.New(deploy.Options{Target: r.target, Airflow: r.client, Generator: "test", Timeout: 8 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
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

// check looks at Airflow itself: every DAG is active and unpaused, but for those of the removed team.
func (r *realSite) check(t *testing.T, release deploy.Release, removed string) {
	t.Helper()
	dags, err := r.client.DAGs(t.Context(), airflowclient.DAGQuery{Tags: []string{"chronon"}, IncludeStale: true})
	if err != nil || len(dags) != len(release.DAGs) {
		t.Fatalf("%d DAGs: %v", len(dags), err)
	}
	for _, dag := range dags {
		gone := slices.Contains(dag.Tags, "team:"+removed)
		if dag.Stale != gone || dag.Paused != gone {
			t.Errorf("%s: stale %v, paused %v", dag.ID, dag.Stale, dag.Paused)
		}
	}
}

// broken is a release whose first DAG file raises an error.
func broken(release deploy.Release) deploy.Release {
	release.Files = slices.Clone(release.Files)
	i := slices.IndexFunc(release.Files, func(f dagspec.File) bool { return len(f.DAGs) > 0 })
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
