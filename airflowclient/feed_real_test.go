//go:build real

package airflowclient_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"chrononctl/airflowclient"
	"chrononctl/internal/demo/local"
)

// What the fleet of the measurement is made of.
const (
	fleetFiles   = 18
	dagsPerFile  = 100
	fleetDAGs    = fleetFiles * dagsPerFile
	fleetProgram = `"""%d DAGs of a measurement."""
from datetime import datetime
from airflow import DAG
try:
    from airflow.providers.standard.operators.empty import EmptyOperator
except ImportError:
    from airflow.operators.empty import EmptyOperator

for n in range(%d, %d):
    with DAG(
        f"chronon_join_team{n %% 30}__feature_{n:04d}__v1", description=f"Sample [cc:{n:012x}]", schedule=None, start_date=datetime(2026, 1, 1),
        catchup=False, is_paused_upon_creation=False, tags=["chronon", "kind:join", f"team:team{n %% 30}"],
    ) as dag:
        EmptyOperator(task_id="wait_for__data") >> EmptyOperator(task_id="backfill__feature")
    globals()[dag.dag_id] = dag
`
)

// BenchmarkRealBootstrap is what it takes to know a real Airflow with 1,800 DAGs from nothing: without runs, and with one of each DAG.
// It is no part of the tests: making the fleet takes minutes. Run it by `make bench-real`.
func BenchmarkRealBootstrap(b *testing.B) {
	for _, version := range []string{local.Airflow3, local.Airflow2} {
		b.Run(version, func(b *testing.B) {
			server, c := realFleet(b, version)
			b.Run("no runs", func(b *testing.B) { bootstrap(b, server, 0) })
			runAll(b, c)
			b.Run("a run of each", func(b *testing.B) { bootstrap(b, server, fleetDAGs) })
		})
	}
}

// realFleet starts an Airflow and has it know the fleet.
func realFleet(b *testing.B, version string) (*local.Airflow, *airflowclient.Client) {
	b.Helper()
	dags := b.TempDir()
	server, err := local.Start(b.Context(), local.Options{Version: version, DAGs: dags, Refresh: time.Hour})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := server.Stop(context.WithoutCancel(b.Context())); err != nil {
			b.Error(err)
		}
	})
	for i := range fleetFiles {
		text := fmt.Sprintf(fleetProgram, dagsPerFile, i*dagsPerFile, (i+1)*dagsPerFile)
		if err := os.WriteFile(filepath.Join(dags, fmt.Sprintf("join_%02d.py", i)), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	start := time.Now()
	if output, err := server.Command(b.Context(), "dags", "reserialize").CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, output)
	}
	c := realClient(b, server)
	list, err := c.DAGs(b.Context(), airflowclient.DAGQuery{})
	if err != nil || len(list) != fleetDAGs {
		b.Fatalf("%d DAGs, %v", len(list), err)
	}
	b.Logf("%d DAGs are known after %.0f s", len(list), time.Since(start).Seconds())
	return server, c
}

func realClient(b *testing.B, server *local.Airflow) *airflowclient.Client {
	b.Helper()
	login := airflowclient.Login{User: server.Auth.Username, Password: airflowclient.NewSecret(server.Auth.Password)}
	c, err := airflowclient.New(airflowclient.Config{URL: server.URL, Auth: airflowclient.Auto(login)})
	if err != nil {
		b.Fatal(err)
	}
	return c
}

// runAll makes a run of each DAG.
func runAll(b *testing.B, c *airflowclient.Client) {
	b.Helper()
	dags, err := c.DAGs(b.Context(), airflowclient.DAGQuery{})
	if err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	group, ctx := errgroup.WithContext(b.Context())
	group.SetLimit(3)
	for _, d := range dags {
		group.Go(func() error {
			_, err := c.Trigger(ctx, airflowclient.TriggerRequest{DAGID: d.ID, RunID: "measured", LogicalDate: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
	b.Logf("%d runs were made in %.0f s", len(dags), time.Since(start).Seconds())
}

// bootstrap measures a feed, with a client of its own, from nothing.
func bootstrap(b *testing.B, server *local.Airflow, runs int) {
	b.Helper()
	var first time.Duration
	var cost airflowclient.Meter
	for b.Loop() {
		c := realClient(b, server)
		feed := airflowclient.NewFeed(c, airflowclient.FeedOptions{})
		start := time.Now()
		first = 0
		feed.Step(b.Context(), func(ch airflowclient.Changes) {
			if first == 0 && len(ch.DAGs) > 0 {
				first = time.Since(start)
			}
		})
		p := feed.Picture()
		if len(p.DAGs) != fleetDAGs || len(p.Runs) != runs {
			b.Fatalf("%d DAGs and %d runs: %v", len(p.DAGs), len(p.Runs), p.Parts)
		}
		cost = c.Requests()
	}
	b.ReportMetric(first.Seconds(), "s-to-first-page")
	b.ReportMetric(float64(cost.Requests), "requests")
	b.ReportMetric(float64(cost.Received)/1e6, "MB")
	b.Logf("%s: %v", strings.TrimPrefix(server.URL, "http://"), cost.ByOp)
}
