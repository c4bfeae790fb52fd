package action_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/airflowclient/airflowtest"
	"chrononctl/internal/action"
)

// largeFleet is joins of 20 teams with a run a day for two days, a quarter of which failed last night; one DAG more for fifty of them looks after streams every ten minutes.
func largeFleet(tb testing.TB, version string, joins int) (*airflowtest.Airflow, *airflowtest.Clock) {
	tb.Helper()
	clock := &airflowtest.Clock{}
	clock.Advance(6 * time.Hour)
	a := airflowtest.New(airflowtest.Options{Version: version, Now: clock.Now, User: "ana", Password: "secret"})
	var file airflowtest.File
	for i := range joins + joins/50 {
		d := airflowtest.DAG{
			ID: fmt.Sprintf("chronon_join_%04d", i), Unpaused: true, Every: 24 * time.Hour, Tags: []string{"chronon", fmt.Sprintf("team:t%02d", i%20), "kind:join"},
		}
		fails := airflowtest.Outcome{}
		if i%4 == 0 {
			fails.Ends, fails.Exception = "failed", "ValueError: no"
		}
		d.Tasks = []airflowtest.Task{
			{ID: "wait"}, {ID: "backfill", Upstream: []string{"wait"}, Do: func(t airflowtest.Attempt) airflowtest.Outcome {
				if t.Day.Day() == 1 {
					return fails
				}
				return airflowtest.Outcome{}
			}}, {ID: "summary", Upstream: []string{"backfill"}},
		}
		if i >= joins {
			d.ID, d.Every, d.Tags = fmt.Sprintf("chronon_streaming_%04d", i), 10*time.Minute, []string{"chronon", "kind:streaming"}
		}
		file.DAGs = append(file.DAGs, d)
	}
	a.SetPool("default_pool", 4000)
	a.Put(file)
	a.ParseAll()
	a.Live()
	clock.Advance(24 * time.Hour)
	a.Live()
	return a, clock
}

// far is a server that is some time away.
type far struct {
	http.RoundTripper
	away time.Duration
}

func (f far) RoundTrip(r *http.Request) (*http.Response, error) {
	time.Sleep(f.away)
	return f.RoundTripper.RoundTrip(r)
}

func plannerFor(tb testing.TB, a *airflowtest.Airflow, clock *airflowtest.Clock, away time.Duration) (*action.Planner, *airflowclient.Client) {
	tb.Helper()
	client, err := airflowclient.New(airflowclient.Config{
		URL: "https://airflow", Transport: far{a.Transport(), away}, Now: clock.Now,
		Auth: airflowclient.Auto(airflowclient.Login{User: "ana", Password: airflowclient.NewSecret("secret"), Source: "the test"}),
	})
	if err != nil {
		tb.Fatal(err)
	}
	return &action.Planner{Airflow: client, Now: clock.Now}, client
}

// TestClearQueryAsksOnceForTheSameTasksOfADAG counts the dry runs: a request for each DAG, however many of its runs failed in the same way.
func TestClearQueryAsksOnceForTheSameTasksOfADAG(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"3.3.2", "2.11.2"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			a, clock := largeFleet(t, version, 100)
			clock.Advance(48 * time.Hour) // two more nights
			p, client := plannerFor(t, a, clock, 0)
			var told []int
			p.Progress = func(done, total int) { told = append(told, done, total) }
			plan, err := p.PlanClearQuery(t.Context(), action.ClearQuery{Query: "task:backfill", Since: 96 * time.Hour})
			if err != nil {
				t.Fatal(err)
			}
			dags, runs := map[string]bool{}, map[string]bool{}
			for _, target := range plan.Targets {
				dags[target.DAGID], runs[target.DAGID+target.RunID] = true, true
				if target.TaskID != "backfill" {
					t.Errorf("%+v", target)
				}
			}
			if len(dags) != 100 || len(runs) != len(plan.Targets) || len(runs) < 200 {
				t.Errorf("%d targets in %d runs of %d DAGs", len(plan.Targets), len(runs), len(dags))
			}
			if asked := client.Requests().ByOp["clear task instances"]; asked != 100 {
				t.Errorf("%d dry runs", asked)
			}
			if len(told) != 200 || told[198] != 100 || told[199] != 100 {
				t.Errorf("progress ends %v", told[max(len(told)-4, 0):])
			}
		})
	}
}

// BenchmarkClearQuery plans to clear what failed in 500 runs of 2,000 DAGs, on a server 20 ms away.
func BenchmarkClearQuery(b *testing.B) {
	for _, version := range []string{"3.3.2", "2.11.2"} {
		a, clock := largeFleet(b, version, 2000)
		for _, query := range []string{"state:failed", "state:failed team:t04", "backfill"} {
			b.Run(version+"/"+strings.ReplaceAll(query, " ", "_"), func(b *testing.B) {
				p, client := plannerFor(b, a, clock, 20*time.Millisecond)
				var targets int
				for b.Loop() {
					plan, err := p.PlanClearQuery(b.Context(), action.ClearQuery{Query: query, Since: 48 * time.Hour})
					if err != nil {
						b.Log(err)
					}
					targets = len(plan.Targets)
				}
				b.ReportMetric(float64(client.Requests().Requests)/float64(b.N), "requests")
				b.ReportMetric(float64(targets), "targets")
				b.Log(client.Requests().ByOp)
			})
		}
	}
}
