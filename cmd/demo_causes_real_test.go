//go:build real

package cmd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// session is a demo that runs, as another terminal sees it.
type session struct{ program, contexts, repo string }

// run runs a command against the demo, and returns what it printed and its exit code.
func (s session) run(t *testing.T, args ...string) (stdout string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 12*time.Minute) // longer than any wait that a test asks for
	defer cancel()
	command := exec.CommandContext(ctx, s.program, args...)
	command.Dir, command.Env = s.repo, append(os.Environ(), "CHRONONCTL_CONFIG="+s.contexts)
	var out, errors bytes.Buffer
	command.Stdout, command.Stderr = &out, &errors
	if err := command.Run(); command.ProcessState == nil {
		t.Fatalf("%v: %v", args, err)
	}
	if errors.Len() > 0 {
		t.Logf("%v: %s", args, errors.String())
	}
	return out.String(), command.ProcessState.ExitCode()
}

// explain asks what is behind the sample, in which a stream dies and a feature differs, and behind a day whose sources have not landed.
func (s session) explain(t *testing.T) {
	t.Helper()
	began := time.Now()
	s.names(t, 1, []string{"check", "fleet"}, "FLEET WARNING", "payments_card_stream_v1_amount_sum_1h", "search.listing_clicks.v1")
	s.names(t, 2, []string{"status", "--exit-code", "-o", "json"}, "payments_card_stream_v1_amount_sum_1h", `"search.listing_clicks.v1"`)
	s.names(t, 0, []string{"consistency", "--features", "--query", "over:yes", "-o", "wide"}, "payments_card_stream_v1_amount_sum_1h", "differs in ", ":00 (")
	s.names(t, 2, []string{"why", "--exit-code"}, "feature\tbreach\tpayments.checkout.v1: 1 of", "stream\trestarted\tsearch.listing_clicks.v1: ")
	s.names(t, 0, []string{"why", "search.listing_clicks.v1", "--exit-code", "-o", "text"}, "↻ search.listing_clicks.v1 stream had ", "whose     team search")
	s.names(t, 2, []string{"why", "payments.checkout.v1", "--exit-code", "-o", "text"}, "▲ payments.checkout.v1 consistency is over budget")
	s.names(t, 11, []string{"why", "payments.chekout.v1"})
	s.explainWaiting(t)
	t.Logf("explaining took %s", time.Since(began).Round(time.Millisecond))
}

// names asks for an exit code and for texts in the answer.
func (s session) names(t *testing.T, code int, args []string, wanted ...string) {
	t.Helper()
	out, got := s.run(t, args...)
	if got != code {
		t.Errorf("%v ended with %d, want %d:\n%s", args, got, code, out)
	}
	for _, text := range wanted {
		if !strings.Contains(out, text) {
			t.Errorf("%v does not name %q:\n%s", args, text, out)
		}
	}
}

// explainWaiting starts today's run of a join and of the staging query that it builds on. Today is not over, so that the sources have not landed:
// the join waits for the staging query's table, and that for its source.
func (s session) explainWaiting(t *testing.T) {
	t.Helper()
	today := time.Now().UTC().Format(time.DateOnly)
	for _, dag := range []string{"chronon_staging_query_core", "chronon_join_ads__bidding__v1"} {
		body := fmt.Sprintf(`{"dag_run_id": "today", "logical_date": "%sT00:00:00Z"}`, today)
		if out, code := s.run(t, "api", "POST", "/dags/"+dag+"/dagRuns", "--data", body, "--yes"); code != 0 {
			t.Fatalf("a run of %s could not be started: %s", dag, out)
		}
	}
	source, bounded := "/ds="+today+" is not there", time.Now().Add(5*time.Minute)
	for ; ; <-time.After(time.Second) {
		out, _ := s.run(t, "why", "ads.bidding.v1", "-o", "json")
		var answer struct {
			Steps []struct {
				Name, State string
				Depth       int
			} `json:"steps"`
			Causes []struct {
				Kind, Title, Health string
			} `json:"causes"`
		}
		if err := json.Unmarshal([]byte(out), &answer); err != nil {
			t.Fatalf("why ads.bidding.v1: %v\n%s", err, out)
		}
		waits, chained := false, false
		for _, c := range answer.Causes {
			waits = waits || c.Kind == "partition" && c.Health == "waiting" && strings.Contains(c.Title, source)
		}
		for _, step := range answer.Steps {
			chained = chained || step.Depth >= 3 && strings.Contains(step.Name, "/ds="+today)
		}
		if waits && chained {
			t.Logf("why ads.bidding.v1 for %s: %d steps, %d causes", today, len(answer.Steps), len(answer.Causes))
			break
		}
		if time.Now().After(bounded) {
			t.Errorf("why ads.bidding.v1 does not say that its sources are not there:\n%s", out)
			return
		}
	}
	text, _ := s.run(t, "why", "ads.bidding.v1", "-o", "text")
	t.Log(text)
	s.names(t, 1, []string{"check", "fleet", "ads", "core", "payments", "search"}, "FLEET WARNING") // to wait is not bad by itself
	s.names(t, 0, []string{"status", "ads"}, "ads\tjoin\twaiting")
}
