//go:build real

package cmd_test

import (
	"testing"
	"time"

	"chrononctl/airflowclient/airflowtest"
)

// The figures of BenchmarkConsoleStart and BenchmarkConsoleIdle, with room for a machine on which other tests run: what is ten times as slow is seen.
func TestRealConsoleIsThereAtOnceAndCostsLittle(t *testing.T) {
	t.Parallel()
	program, server, state := builtProgram(t), simulatedFleet(t, airflowtest.Fleet(manyDAGs), atWork), t.TempDir()
	for _, name := range []string{"cold", "cached"} {
		c := startProgram(t, program, server, state)
		frame, rows := c.after("chrononctl"), c.after("payments")
		c.wait(10 * time.Second)
		before := c.cpu()
		c.wait(15 * time.Second)
		used, resident := (c.cpu()-before).Seconds()/15, c.resident()
		c.quit()
		t.Logf("%s: a frame after %v, teams after %v; %.1f %% of a core, %.0f MB", name, frame, rows, 100*used, resident)
		if frame > 1500*time.Millisecond || rows > 10*time.Second {
			t.Errorf("%s: a frame after %v, teams after %v", name, frame, rows)
		}
		if used > 0.1 || resident > 120 {
			t.Errorf("%s: %.1f %% of a core, %.0f MB", name, 100*used, resident)
		}
	}
}
