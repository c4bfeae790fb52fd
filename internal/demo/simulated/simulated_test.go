package simulated_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"chrononctl/airflowclient"
	"chrononctl/internal/demo/simulated"
	"chrononctl/internal/deploy"
	"chrononctl/internal/deploy/marker"
)

// handClock is a clock that the test moves.
type handClock struct {
	mu sync.Mutex
	at time.Time
}

func (c *handClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *handClock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// start runs a simulation at half past nine until the test ends.
func start(t *testing.T, o simulated.Options) (*simulated.Demo, *handClock) {
	t.Helper()
	clock := &handClock{at: time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)}
	o.Now = clock.Now
	d, err := simulated.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Stop(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(d.Dir); err == nil {
			t.Errorf("%s is still there", d.Dir)
		}
	})
	return d, clock
}

// TestSampleIsDeployedAndLives is the sample on both versions: every DAG verified, and a run by hand goes its way.
func TestSampleIsDeployedAndLives(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"3.3", "2.11"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			d, clock := start(t, simulated.Options{Airflow: version, Days: 1})
			if got := d.Result.Verified(); got != 17 {
				t.Errorf("%d DAGs were verified", got)
			}
			ctx := t.Context()
			const dag = "chronon_join_ads__bidding__v1"
			day := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
			trigger := airflowclient.TriggerRequest{DAGID: dag, RunID: "by_hand", LogicalDate: day, IntervalFrom: day, IntervalTo: day.AddDate(0, 0, 1)}
			marked, err := d.Client.Details(ctx, deploy.DefaultMarker)
			if err != nil {
				t.Fatal(err)
			}
			if told, err := marker.Decode(marked.Doc); err != nil || len(told.DAGs) != 17 || told.Release != d.Result.Release {
				t.Errorf("the marker tells release %s with %d DAGs (%v), want %s with 17", told.Release, len(told.DAGs), err, d.Result.Release)
			}
			if _, err := d.Client.Trigger(ctx, trigger); err != nil {
				t.Fatal(err)
			}
			clock.pass(10 * time.Minute)
			run, err := d.Client.Run(ctx, dag, "by_hand")
			if err != nil || run.State != airflowclient.StateSuccess {
				t.Errorf("the run is %v, %v", run.State, err)
			}
		})
	}
}

// TestFolderIsReadAgain breaks a file of the release, as an operator would with an editor.
func TestFolderIsReadAgain(t *testing.T) {
	t.Parallel()
	d, clock := start(t, simulated.Options{Airflow: "3.3", Days: 1})
	files, err := filepath.Glob(filepath.Join(d.Dir, "dags", "chronon", "*join*ads*.py"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	look := func() []airflowclient.ImportError {
		clock.pass(2 * time.Second)
		d.Airflow.Live()
		clock.pass(3 * time.Second)
		broken, err := d.Client.ImportErrors(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return broken
	}
	if err := os.WriteFile(files[0], append(slices.Clone(text), "DAGS = ((\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if broken := look(); len(broken) != 1 || !strings.HasSuffix(broken[0].File, filepath.Base(files[0])) {
		t.Errorf("import errors: %+v", broken)
	}
	if err := os.WriteFile(files[0], text, 0o600); err != nil {
		t.Fatal(err)
	}
	if broken := look(); len(broken) != 0 {
		t.Errorf("import errors after it was mended: %+v", broken)
	}
}

func TestWhatCannotBePlayed(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]simulated.Options{
		"another Airflow":  {Airflow: "1.10", Days: 1},
		"another scenario": {Airflow: "3.3", Scenario: "doomsday"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if d, err := simulated.Start(context.WithoutCancel(t.Context()), o); err == nil {
				t.Errorf("it was started (%v)", d.Stop())
			}
		})
	}
}
