// Package localtest gives tests a real Airflow.
//
// An Airflow takes its time to start, so the tests of a binary share one per version. A package that uses it declares
//
//	func TestMain(m *testing.M) { localtest.Main(m) }
//
// under the build tag "real", which ends what was started and removes its folder. Where that is forgotten, or the binary is killed, the
// processes end all the same, and only a folder among the system's temporary files stays behind.
package localtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"chrononctl/internal/demo/local"
)

// shared are the instances of this test binary. The address space of a test binary is the scope that is wanted here.
var shared = struct {
	sync.Mutex
	instances map[string]*instance
}{instances: map[string]*instance{}}

// instance is started by the first test that asks for it.
type instance struct {
	once    sync.Once
	airflow *local.Airflow
	err     error
}

// Airflow returns a running Airflow of that version, one of local.Versions, with a DAG folder of its own in
// its field DAGs. Without options it is the one that all tests of this binary share, which their DAG ids must respect; with options
// it is started for this test and ends with it.
func Airflow(tb testing.TB, version string, options ...func(*local.Options)) *local.Airflow {
	tb.Helper()
	if len(options) > 0 {
		return own(tb, version, options)
	}
	shared.Lock()
	chosen, known := shared.instances[version]
	if !known {
		chosen = &instance{}
		shared.instances[version] = chosen
	}
	shared.Unlock()
	chosen.once.Do(func() {
		// The context of the first test must not end an instance that others use.
		chosen.airflow, chosen.err = local.Start(context.WithoutCancel(tb.Context()), local.Options{Version: version, Progress: progress(tb)})
	})
	if chosen.err != nil {
		tb.Fatal(chosen.err)
	}
	if err := chosen.airflow.Err(); err != nil {
		tb.Fatal(err)
	}
	return chosen.airflow
}

func own(tb testing.TB, version string, options []func(*local.Options)) *local.Airflow {
	tb.Helper()
	chosen := local.Options{Version: version, Progress: progress(tb)}
	for _, option := range options {
		option(&chosen)
	}
	airflow, err := local.Start(tb.Context(), chosen)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := stop(airflow); err != nil {
			tb.Error(err)
		}
	})
	return airflow
}

// progress tells on stderr, not in the test's log, because a shared instance lives longer than the test.
func progress(tb testing.TB) func(local.Step) {
	tb.Helper()
	name := tb.Name()
	return func(step local.Step) {
		fmt.Fprintf(os.Stderr, "%s: %5.1fs %s\n", name, step.Elapsed.Seconds(), step.Text)
	}
}

// Main runs the tests, ends the shared instances and exits.
func Main(m *testing.M) {
	code := m.Run()
	shared.Lock()
	defer shared.Unlock()
	var failures []error
	for _, i := range shared.instances {
		if i.airflow != nil {
			failures = append(failures, stop(i.airflow))
		}
	}
	if err := errors.Join(failures...); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// stopPatience covers a polite end and a hard one after it.
const stopPatience = time.Minute

func stop(airflow *local.Airflow) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopPatience)
	defer cancel()
	return airflow.Stop(ctx)
}
