//go:build real

package cmd_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestRealDemo runs the built program as a person does with `make demo </dev/null | cat`, on both versions of Airflow, and uses it beside the demo.
func TestRealDemo(t *testing.T) {
	program := build(t, "chrononctl/cmd/chrononctl")
	for _, version := range []string{"3.3", "2.11"} {
		t.Run(version, func(t *testing.T) { runDemo(t, program, version) })
	}
}

// runDemo runs one demo to its end.
func runDemo(t *testing.T, program, version string) {
	t.Helper()
	temp := t.TempDir()
	run := exec.CommandContext(t.Context(), program, "demo", "--airflow", version, "--days", "2", "--keep")
	run.Env = append(os.Environ(), "TMPDIR="+temp)
	run.Cancel = func() error { return run.Process.Signal(os.Interrupt) }
	run.WaitDelay = time.Minute
	var stdout bytes.Buffer
	run.Stdout = &stdout
	stderr, err := run.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	besides := besideTheDemo(t, program, stderr, func() {
		if err := run.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
	})
	if err := run.Wait(); err != nil {
		t.Fatalf("demo: %v\n%s", err, stdout.String())
	}
	checkPicture(t, stdout.String())
	if !besides {
		t.Error("the demo never said how to talk to it from another terminal")
	}
	left, err := os.ReadDir(temp)
	if err != nil || len(left) > 0 {
		t.Errorf("the demo left %v behind (%v)", left, err)
	}
}

// checkPicture looks for what the sample has planted, by name.
func checkPicture(t *testing.T, picture string) {
	t.Helper()
	for what, want := range map[string]string{
		"the feature that differs": `over budget +payments +payments\.checkout\.v1 payments_card_stream_v1_amount_sum_1h +mismatch [4-9]\.\d`,
		"the stream that died":     `restarted +search +search\.listing_clicks\.v1`,
		"the flaky job's retry":    `chronon_join_ads__bidding__v1 .* backfill__bidding__v1 +✔ success +2`,
		"a staging query":          `chronon_staging_query_core .* backfill__customers__v1 +✔ success`,
		"an upload":                `chronon_batch_dag_payments .* upload__card_spend__v1 +✔ success`,
		"a KV load":                `chronon_batch_dag_payments .* kv_load__card_spend__v1 +✔ success`,
		"a keep-alive":             `chronon_streaming_dag_payments .* keep_alive__card_stream__v1 +✔ success`,
		"a label join":             `chronon_label_join_payments__chargeback_training__v1 .* label_join__chargeback_training__v1 +✔ success`,
		"a log flattener":          `chronon_log_flattening_search .* log_flattener__ranking__v1 +✔ success`,
		"a comparison":             `chronon_online_offline_comparison_payments__checkout__v1 .* summary +✔ success`,
		"a join":                   `chronon_join_payments__checkout__v1 .* backfill__checkout__v1 +✔ success`,
	} {
		if !regexp.MustCompile(want).MatchString(picture) {
			t.Errorf("%s is not shown (%s)", what, want)
		}
	}
	for _, wrong := range []string{"✖", "? unknown", "upstream_failed"} {
		if strings.Contains(picture, wrong) {
			t.Errorf("the picture has %q, and nothing should have failed", wrong)
		}
	}
	if t.Failed() {
		t.Log(picture)
	}
}

var invitation = regexp.MustCompile(`export CHRONONCTL_CONFIG=(\S+); cd (\S+);`)

// besideTheDemo reads the demo's progress to its end. When the demo says how, it deploys the same once more, which must change nothing, and
// asks for the picture and for what monitoring sees. When all runs have ended, it asks for what is behind them, changes some of it, does so in the
// console too, and ends the demo.
func besideTheDemo(t *testing.T, program string, progress io.Reader, end func()) (invited bool) {
	t.Helper()
	var kept session
	for lines := bufio.NewScanner(progress); lines.Scan(); {
		t.Log(lines.Text())
		if strings.Contains(lines.Text(), "kept until it is interrupted") {
			kept.explain(t)
			kept.change(t)
			kept.operate(t)
			end()
		}
		match := invitation.FindStringSubmatch(lines.Text())
		if match == nil {
			continue
		}
		invited, kept = true, session{program: program, contexts: match[1], repo: match[2]}
		again := beside(t, program, match[1], match[2], "deploy", "--yes")
		if !strings.Contains(again, "nothing to change") {
			t.Errorf("a second deploy of the same changed something:\n%s", again)
		}
		if status := beside(t, program, match[1], match[2], "status"); !strings.Contains(status, "payments\tbatch\t") {
			t.Errorf("status on a pipe:\n%s", status)
		}
		if check := beside(t, program, match[1], match[2], "check", "fleet"); !strings.HasPrefix(check, "FLEET ") {
			t.Errorf("check fleet:\n%s", check)
		}
	}
	return invited
}

// beside runs one command against the running demo and returns what it printed, with whatever exit code.
func beside(t *testing.T, program, contexts, repo string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, program, args...)
	command.Dir = repo
	command.Env = append(os.Environ(), "CHRONONCTL_CONFIG="+contexts)
	out, err := command.CombinedOutput()
	t.Logf("%v: %v", args, err)
	return string(out)
}
