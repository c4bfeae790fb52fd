package joblog

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// runtimeDir holds the other reader of the same logs, and the logs of real runs.
const runtimeDir = "../../dagspec/runtime"

// TestTheRulesAreThoseOfTheRuntime reads the rules out of the runtime's source: class, pattern and remedy, in their order.
func TestTheRulesAreThoseOfTheRuntime(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile(filepath.Join(runtimeDir, "chronon_rt/joblog.py"))
	if err != nil {
		t.Fatal(err)
	}
	theirs := regexp.MustCompile(`(?m)^    _rule\("(\w+)", r(?:"(.*)"|'(.*)'), "(.+)"\),$`).FindAllStringSubmatch(string(source), -1)
	if len(theirs) != len(rules) {
		t.Fatalf("the runtime has %d rules, this package %d", len(theirs), len(rules))
	}
	for i, r := range rules {
		pattern := r.pattern.String()
		if r.except != "" { // what Go's patterns cannot say
			pattern = strings.Replace(pattern, "(.+)", "(?!"+r.except+")(.+)", 1)
		}
		if got, want := []string{r.class, pattern, r.remedy}, []string{theirs[i][1], theirs[i][2] + theirs[i][3], theirs[i][4]}; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("rule %d is %q, the runtime's %q", i, got, want)
		}
	}
}

// realLog reads a log of a real run.
func realLog(tb testing.TB, name string) []string {
	tb.Helper()
	f, err := os.Open(filepath.Join(runtimeDir, "tests/data", name+".log.gz"))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	var lines []string
	scan := bufio.NewScanner(unpacked)
	scan.Buffer(nil, 1<<20)
	for scan.Scan() {
		lines = append(lines, scan.Text())
	}
	if err := scan.Err(); err != nil {
		tb.Fatal(err)
	}
	return lines
}

func factsOf(tb testing.TB, name string) Facts {
	tb.Helper()
	var r Reader
	for _, l := range realLog(tb, name) {
		r.Feed(time.Time{}, l)
	}
	return r.Facts()
}

func TestRealLogsThatFailedHaveAClassAndARemedy(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct{ class, said string }{
		"40_consistency_no_log_table":                {"no_input", "Either partition range needs to have a valid start or"},
		"60_err_staging_bad_column":                  {"range_failed", "no_such_col"},
		"61_err_unknown_driver_arg":                  {"driver_option", "Unknown option 'no-such-arg"},
		"62_err_log_flattener_no_logs_for_join":      {"no_logs_yet", "demo/checkout.v9"},
		"63_err_log_flattener_missing_required_args": {"driver_option", "Required option 'log-table' not found"},
		"71_label_join":                              {"driver", "left side of the join doesn't contain the key user_id"},
		"90_group_by_backfill_no_start":              {"no_start", "demo.clicks.v1"},
		"92_run_py_other_cwd":                        {"script_missing", "returned non-zero exit status 127"},
		"94_run_py_wrong_mode":                       {"invalid_mode", "Invalid mode"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failure, ok := factsOf(t, name).Failure()
			if !ok || failure.Class != want.class || !strings.Contains(failure.Message, want.said) || failure.Remedy == "" {
				t.Errorf("%+v, want %s with %q and a remedy", failure, want.class, want.said)
			}
		})
	}
}

func TestRealLogsTellWhatTheJobDid(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"10_staging_query_backfill":   "unfilled 2026-11-14...2026-11-19, step 1/1, wrote 480 rows to demo.demo_purchases_clean_v1",
		"21_group_by_backfill_again":  "nothing to do",
		"80_join_upstream_not_landed": "missing 2026-11-20, nothing to do",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := sentence(factsOf(t, name)); got != want {
				t.Errorf("%s\nwant %s", got, want)
			}
		})
	}
}

func sentence(f Facts) string {
	var parts []string
	if f.Unfilled != "" {
		parts = append(parts, "unfilled "+f.Unfilled)
	}
	if f.Missing != "" {
		parts = append(parts, "missing "+f.Missing)
	}
	if f.Step > 0 {
		parts = append(parts, fmt.Sprintf("step %d/%d", f.Step, f.Steps))
	}
	if f.Nothing != "" {
		parts = append(parts, "nothing to do")
	}
	for _, w := range f.Writes {
		if w.Finished {
			parts = append(parts, fmt.Sprintf("wrote %d rows to %s", w.Rows, w.Table))
		}
	}
	return strings.Join(parts, ", ")
}

// What the task itself said counts for more than any line of its job: it has looked for the partition.
func TestTheVerdictOfTheTaskCounts(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]Failure{
		"airflow.exceptions.AirflowException: empty_source: a.b/ds=2026-11-22 is not there. What to do: check the input of that day": {
			"empty_source", "a.b/ds=2026-11-22 is not there", "check the input of that day"},
		"AirflowFailException: 2 features are over their budget": {"task", "2 features are over their budget", ""},
	} {
		var r Reader
		r.Feed(time.Time{}, `Exception in thread "main" java.lang.RuntimeException: x`)
		r.Feed(time.Time{}, line)
		r.Feed(time.Time{}, "More than one found, please kill them all")
		if got, _ := r.Facts().Failure(); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}

func TestStepsGiveAnEstimate(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	var r Reader
	for i := range 7 {
		r.Feed(at.Add(time.Duration(i)*6*time.Minute), fmt.Sprintf("Computing join for range: [2026-11-%02d...2026-11-%02d]  | [%d/20]", i+1, i+1, i+1))
	}
	f := r.Facts()
	if f.Step != 7 || f.Steps != 20 || f.Pace != 6*time.Minute || len(f.Ranges) != 7 {
		t.Fatalf("%+v", f)
	}
	left, ok := f.Remaining(at.Add(38 * time.Minute))
	if want := 14*6*time.Minute - 2*time.Minute; !ok || left != want {
		t.Errorf("%v left, want %v", left, want)
	}
	r.Feed(at.Add(time.Hour), "Computing join for range: [2026-11-01...2026-11-01]  | [1/3]")
	if _, ok := r.Facts().Remaining(at); ok {
		t.Error("the pace of another computation is used")
	}
}

func TestStepsWithoutTimesGiveNoEstimate(t *testing.T) {
	t.Parallel()
	var r Reader
	r.Feed(time.Time{}, "Computing join for range: [2026-11-01...2026-11-01]  | [1/2]")
	r.Feed(time.Time{}, "Computing join for range: [2026-11-02...2026-11-02]  | [2/2]")
	if left, ok := r.Facts().Remaining(time.Now()); ok {
		t.Errorf("%v left, out of nothing", left)
	}
}

func TestLevels(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Level{
		"26/11/23 03:06:27 WARN NativeCodeLoader: Unable to load":        Warning,
		"26/11/23 03:06:27 ERROR Executor: Exception in task":            Error,
		"[2026-11-23 03:06:27] {Join} 610 - Computing join":              Unsaid,
		"Traceback (most recent call last):":                             Error,
		"pyspark.errors.exceptions.AnalysisException: no such column":    Error,
		"\tat org.apache.spark.rdd.RDD.iterator(RDD.scala:331)":          Unsaid,
		"From <team_env> setting LOG_LEVEL=ERROR":                        Unsaid,
		"see the table of WARNINGS":                                      Unsaid,
		"Query call path (not an error stack trace): Error: is no level": Unsaid,
	} {
		if got := LevelOf("", text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	if got := LevelOf("info", "26/11/23 03:06:27 ERROR Executor: x"); got != Error {
		t.Errorf("Airflow's word hides the job's: %q", got)
	}
	if got := LevelOf("error", "26/11/23 03:06:27 INFO x"); got != Error {
		t.Errorf("the job's word hides Airflow's: %q", got)
	}
}

// FuzzFeed holds that no line, however odd, breaks the reader.
func FuzzFeed(f *testing.F) {
	for _, l := range []string{"Computing join for range: [1...2] | [99999999999999999999/0]", "   Unfilled ranges: [", "9999999999999999999 rows requested to be written into table x", "[2026-13-45 99:99:99] {"} {
		f.Add(l)
	}
	f.Fuzz(func(t *testing.T, line string) {
		var r Reader
		for range 2 {
			r.Feed(time.Time{}, line)
		}
		facts := r.Facts()
		if left, ok := facts.Remaining(time.Time{}); ok && left < 0 {
			t.Errorf("%v left", left)
		}
		LevelOf("", line)
	})
}

// Budget: 3 µs a line, away from the screen.
func BenchmarkFeed(b *testing.B) {
	lines := realLog(b, "30_join_noisy")
	b.ReportAllocs()
	i := 0
	var r Reader
	for b.Loop() {
		r.Feed(time.Time{}, lines[i%len(lines)])
		i++
	}
}
