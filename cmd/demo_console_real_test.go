//go:build real

package cmd_test

import (
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

// console opens the console on the demo, as an operator does in another terminal.
func (s session) console(t *testing.T, mux terminal, program string, width, height int) *tmuxPane {
	t.Helper()
	p := mux.open(t, window{
		width: width, height: height, dir: s.repo, command: program + " console --interval 1s", env: map[string]string{"CHRONONCTL_CONFIG": s.contexts},
	})
	p.waitLong(3*time.Minute, "ads", "core", "payments", "search", "s ago")
	return p
}

// operate drives the console on the demo's Airflow, side by side: an operator's way, and each way in which a console ends.
func (s session) operate(t *testing.T) {
	t.Helper()
	began := time.Now()
	mux, failing := newTerminal(t), build(t, "./testdata/failing")
	t.Run("console", func(t *testing.T) {
		t.Run("an operator's way", func(t *testing.T) {
			t.Parallel()
			s.operateAll(t, mux)
		})
		t.Run("SIGTERM", func(t *testing.T) {
			t.Parallel()
			p := s.console(t, mux, s.program, 200, 60)
			p.signal(syscall.SIGTERM)
			p.restored()
		})
		t.Run("a lost terminal", func(t *testing.T) {
			t.Parallel()
			s.console(t, mux, s.program, 80, 24).vanish()
		})
		t.Run("a defect", func(t *testing.T) {
			t.Parallel()
			panics(t, mux, window{
				width: 120, height: 36, dir: s.repo, command: failing, env: map[string]string{"CHRONONCTL_CONFIG": s.contexts},
			}, "/xcomEntries", s.secrets(t)...)
		})
	})
	t.Logf("operating took %s", time.Since(began).Round(time.Millisecond))
}

// operateAll does what an operator would: finds the stream that died, looks at a join, fills some of its days and takes another range back, is refused
// a day before the start, reads a log, and leaves.
func (s session) operateAll(t *testing.T, mux terminal) {
	t.Helper()
	p := s.console(t, mux, s.program, 120, 40)
	p.press("3")
	p.waitFor("search.listing_clicks.v1", "payments.card_stream.v1")
	p.press("/")
	p.write("state:restarted")
	p.press("Enter")
	p.waitFor("of 4 streams", "search.listing_clicks.v1", "↻ ", "application_")
	s.operateJoin(t, p)
	s.operateBack(p)
	p.press("q")
	p.restored()
	p.waitFor("ended=0")
}

// operateJoin fills two days of the join, follows that to its end, and reads the log of it.
func (s session) operateJoin(t *testing.T, p *tmuxPane) {
	t.Helper()
	p.press("4")
	p.waitFor("JOIN", filledJoin)
	p.press("/")
	p.write("checkout.v1")
	p.press("Enter", "Enter")
	p.waitFor("Joins › "+filledJoin, "landed", "Backfills and runs by hand")
	p.run("backfill " + filledJoin + " 2026-10-12..2026-10-13")
	p.waitFor("2026-10-12_2026-10-13__1", "computes what is", "payments.checkout_velocity.v1", "y start")
	p.press("y")
	p.waitFor("is queued", "esc close")
	p.leave("esc close")
	filled := regexp.MustCompile(`✔ ok +manual .*2026-10-12_2026-10-13__1`)
	if !eventually(5*time.Minute, func() bool { return filled.MatchString(p.screen()) }) {
		t.Fatalf("the backfill is not seen to end:\n%s", p.screen())
	}
	p.waitFor("Oct 12 ■  ■")
	p.press("Tab", "/")
	p.write(filledJoin)
	p.press("Enter", "Enter")
	p.waitFor("backfill__checkout__v1 log", "complete", "landed") // a day's own run may have filled the hole before it
	p.leave("complete")

	p.run("trigger " + filledJoinDAG + " 2026-09-01")
	p.waitFor("would make a run for", "that is green and runs no task")
	p.leave("esc close")
}

// operateBack starts the computation of a range and takes it back from the activity.
func (s session) operateBack(p *tmuxPane) {
	p.t.Helper()
	p.run("backfill " + filledJoin + " 2026-10-01..2026-10-20")
	p.waitFor("2026-10-01_2026-10-20__", "y start")
	p.press("y")
	p.waitFor("is queued", "esc close")
	p.leave("esc close")
	p.press("7")
	p.waitFor("Changed from here", "from 2026-10-01 to 2026-10-20", "Airflow's event log")
	p.press("U")
	p.waitFor("Undo: Backfill", "y start")
	p.press("y")
	p.waitFor("marked as failed", "esc close")
	p.leave("esc close")
	p.waitFor("taken back", "Take back: Backfill")
}

// secrets are what must be on no screen: how credentials begin in a request, and the password of the demo's user, where it has one.
func (s session) secrets(t *testing.T) []string {
	t.Helper()
	var file struct {
		Contexts map[string]struct {
			Password string `yaml:"password_file"`
		}
	}
	data, err := os.ReadFile(s.contexts)
	if err == nil {
		err = yaml.Unmarshal(data, &file)
	}
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{"Basic ", "Bearer "}
	if path := file.Contexts["demo"].Password; path != "" {
		password, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		secrets = append(secrets, strings.TrimSpace(string(password)))
	}
	return secrets
}
