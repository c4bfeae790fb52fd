package airflowtest_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chrononctl/airflowclient/airflowtest"
)

// large is the scenario of 3,000 DAGs, forty minutes after it began.
func large(tb testing.TB) *airflowtest.Airflow {
	tb.Helper()
	scenario, ok := airflowtest.ScenarioNamed("large")
	if !ok {
		tb.Fatal("there is no large scenario")
	}
	clock := &airflowtest.Clock{}
	a := airflowtest.New(airflowtest.Options{Version: version2, Now: clock.Now})
	scenario.Fill(a)
	clock.Advance(scenario.Past)
	a.Live()
	return a
}

// BenchmarkStartOf3000 is what a start of the large scenario costs; it is to stay below 300 ms.
func BenchmarkStartOf3000(b *testing.B) {
	for b.Loop() {
		large(b)
	}
}

// BenchmarkPageOf3000 is a page of 100 DAGs, and one of 100 runs; each is to stay below 5 ms.
func BenchmarkPageOf3000(b *testing.B) {
	a := large(b)
	for name, path := range map[string]string{"dags": "dags?limit=100&offset=1500", "runs": "dags/~/dagRuns?limit=100&order_by=-start_date"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "http://localhost/api/v1/"+path, http.NoBody)
				if err != nil {
					b.Fatal(err)
				}
				resp, err := a.Transport().RoundTrip(req)
				if err != nil {
					b.Fatal(err)
				}
				if n, err := io.Copy(io.Discard, resp.Body); n < 10_000 || err != nil {
					b.Fatal(n, err)
				}
			}
		})
	}
}

// TestScenariosCanBeSeen holds each scenario to what it is there for, by what a status line would count.
func TestScenariosCanBeSeen(t *testing.T) {
	t.Parallel()
	for _, scenario := range airflowtest.Scenarios() {
		for _, version := range []string{version2, version3} {
			if scenario.Name == "large" && version == version2 {
				continue // once is enough for what differs in size alone
			}
			t.Run(scenario.Name+" "+version, func(t *testing.T) {
				t.Parallel()
				w := &world{t: t, clock: &airflowtest.Clock{}}
				w.clock.Advance(9 * time.Hour)
				w.Airflow = airflowtest.New(airflowtest.Options{Version: version, Now: w.clock.Now})
				w.login()
				scenario.Fill(w.Airflow)
				w.clock.Advance(scenario.Past)
				states := map[string]int{}
				for _, run := range w.Runs() {
					states[run.State]++
				}
				healthy := w.health() == "healthy"
				switch scenario.Name {
				case "healthy", "large":
					if states["failed"] > 0 || states["success"] < len(w.DAGIDs())*9/10 || !healthy {
						t.Errorf("runs: %v, scheduler healthy: %v", states, healthy)
					}
				case "team-down", "streams-flapping":
					if states["failed"] == 0 || states["failed"] > states["success"] {
						t.Errorf("runs: %v", states)
					}
				case "midnight-burst":
					if states["running"] < 100 {
						t.Errorf("runs: %v", states)
					}
				case "scheduler-dead":
					if healthy {
						t.Error("the scheduler is well")
					}
				default:
					t.Error("nobody looks at this scenario")
				}
			})
		}
	}
}

// TestSeedsVaryWhatTheyShould is one scenario with two seeds, each twice.
func TestSeedsVaryWhatTheyShould(t *testing.T) {
	t.Parallel()
	play := func(seed uint64) []airflowtest.RunState {
		clock := &airflowtest.Clock{}
		a := airflowtest.New(airflowtest.Options{Now: clock.Now, Seed: seed})
		airflowtest.Healthy(20)(a)
		clock.Advance(time.Hour)
		return a.Runs()
	}
	if diff := cmp.Diff(play(1), play(1)); diff != "" {
		t.Errorf("the same seed gives another course:\n%s", diff)
	}
	if cmp.Diff(play(1), play(2)) == "" {
		t.Error("another seed gives the same course")
	}
}
