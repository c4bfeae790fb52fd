//go:build real

package cmd_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"chrononctl/internal/demo/simulated"
)

// openDemo opens the console of the simulated demo, and waits for live rows.
func (m terminal) openDemo(t *testing.T, program string, width, height int) *tmuxPane {
	t.Helper()
	p := m.open(t, window{width: width, height: height, command: program + " demo --simulated"})
	p.waitLong(3*time.Minute, "payments", "search", "Fleet", "✔ 3.3")
	return p
}

// TestRealConsoleInATerminal drives the built program in tmux, on an Airflow that is played: an operator's way through it, and each way in which it
// may end. The same on real Airflows is a part of TestRealDemo.
func TestRealConsoleInATerminal(t *testing.T) {
	t.Parallel()
	mux, program := newTerminal(t), build(t, "chrononctl/cmd/chrononctl")
	t.Run("an operator's way", func(t *testing.T) {
		t.Parallel()
		p := mux.openDemo(t, program, 120, 36)
		p.press("2")
		p.waitFor("batch_dag_payments", "enter runs")
		p.press("Space", "Space", "p")
		p.waitFor("Pause 2 DAGs", "type 2 and enter to start")
		p.press("2", "Enter")
		p.waitFor("paused", "esc close")
		p.leave("esc close")
		p.waitFor("‖ 2 paused")
		p.press("/")
		p.write("state:paused")
		p.press("Enter")
		p.waitFor("2 of 17 DAGs")
		p.run("backfill payments.checkout.v1 2026-11-01..2026-11-20")
		p.waitFor("Backfill payments.checkout.v1", "as a command")
		p.leave("as a command")
		p.press("6")
		p.waitFor("Deploy", "verified", "What was deployed")
		p.press("Enter")
		p.waitFor("nothing to change")
		p.press("7")
		p.waitFor("Changed from here", "Pause 2 DAGs", "requests in the last minute")
		p.press("?")
		p.waitFor("Anywhere", "mouse on or off")
		p.leave("Anywhere")
		p.press("1")
		p.tmux("resize-window", "-x", "50", "-y", "12")
		p.waitFor("chrononctl needs 60 columns")
		p.tmux("resize-window", "-x", "60", "-y", "16")
		p.waitFor("payments", "? help")
		p.press("q")
		p.restored()
		p.waitFor("ended=0")
	})
	t.Run("SIGTERM", func(t *testing.T) {
		t.Parallel()
		p := mux.openDemo(t, program, 80, 24)
		p.signal(syscall.SIGTERM)
		p.restored()
	})
	t.Run("a lost terminal", func(t *testing.T) {
		t.Parallel()
		mux.openDemo(t, program, 200, 60).vanish()
	})
}

// TestRealConsoleThatPanics plants defects of the program: on the goroutine of a question that the console asks, and on one of several that a reader of
// the fleet runs side by side.
func TestRealConsoleThatPanics(t *testing.T) {
	t.Parallel()
	mux, program := newTerminal(t), build(t, "./testdata/failing")
	demo, err := simulated.Start(t.Context(), simulated.Options{Airflow: "3.3", Days: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := demo.Stop(); err != nil {
			t.Error(err)
		}
	})
	for name, address := range map[string]string{"alone": "/chronon_join_ads__bidding__v1/details", "side by side": "/xcomEntries"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			panics(t, mux, window{
				width: 120, height: 36, dir: demo.Repo, command: program, env: map[string]string{"CHRONONCTL_CONFIG": demo.ContextFile()},
			}, address, "Basic ", "Bearer ")
		})
	}
}

// panics has the program fail while it reads an address, and holds that this leaves a usable terminal, and says what happened but no secret.
func panics(t *testing.T, mux terminal, w window, address string, secrets ...string) {
	t.Helper()
	w.env["FAILS"] = filepath.Join(t.TempDir(), "fails")
	p := mux.open(t, w)
	p.waitLong(3*time.Minute, "payments", "search", "s ago")
	if err := os.WriteFile(w.env["FAILS"], []byte(address), 0o600); err != nil {
		t.Fatal(err)
	}
	p.press("r")
	p.run("trigger chronon_join_ads__bidding__v1 2026-11-01")
	p.restored()
	p.waitFor("ended=1")
	said := p.everything()
	for _, want := range []string{"planted at", "chrononctl: console: ", "hint: "} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q:\n%s", want, said)
		}
	}
	for _, secret := range secrets {
		if strings.Contains(said, secret) {
			t.Errorf("it gives %q away:\n%s", secret, said)
		}
	}
}
