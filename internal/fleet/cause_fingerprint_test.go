package fleet

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestMessagesAboutTheSameHaveOneFingerprint(t *testing.T) {
	t.Parallel()
	for name, same := range map[string][]string{
		"numbers":       {"Task 12 in stage 3.0 failed 4 times", "Task 7 in stage 11.2 failed 1 times"},
		"days":          {"db.orders/ds=2026-11-21 is not there", "db.orders/ds=2026-11-22 is not there"},
		"times":         {"lost at 2026-11-21T04:15:02Z after 2h0m", "lost at 2026-11-22T14:15:02.123+00:00 after 15m"},
		"ids":           {"application_1790000000000_0231 was killed by 550e8400-e29b-41d4-a716-446655440000", "application_1790000000001_7431 was killed by 660e8400-aaaa-41d4-a716-446655440001"},
		"hashes":        {"conf 3f2a9c1b7d10 is gone", "conf 0ddba11cafe5 is gone"},
		"paths":         {"No such file: '/tmp/x/1.jar' (code 2)", "No such file: '/opt/other/place/b.jar' (code 3)"},
		"addresses":     {"cannot connect to thrift://host-1:9083, given up", "cannot connect to thrift://host-22:9083, given up"},
		"network":       {"connection to 10.0.0.1:443 refused", "connection to 10.12.0.17:8443 refused"},
		"sizes":         {"needs 12GB of memory", "needs 7GB of memory"},
		"escape colour": {"\x1b[31mKeyError: 'a'\x1b[0m", "KeyError: 'a'"},
		"spaces":        {"a  b\tc", "a b c"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, message := range same[1:] {
				if fingerprint(message) != fingerprint(same[0]) {
					t.Errorf("%q is %q, and %q is %q", same[0], fingerprint(same[0]), message, fingerprint(message))
				}
			}
		})
	}
}

func TestMessagesAboutDifferentThingsDiffer(t *testing.T) {
	t.Parallel()
	for name, pair := range map[string][2]string{
		"tables":           {"Table or view not found: data.events_v1", "Table or view not found: data.events_v2"},
		"columns":          {"KeyError: 'amount_sum_7d'", "KeyError: 'amount_sum_1h'"},
		"confs":            {"core.users.v1 is wrong", "core.users.v2 is wrong"},
		"sorts of error":   {"java.lang.OutOfMemoryError", "java.lang.NullPointerException"},
		"what it is about": {"db.orders/ds=2026-11-21 is not there", "db.refunds/ds=2026-11-21 is not there"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if fingerprint(pair[0]) == fingerprint(pair[1]) {
				t.Errorf("%q and %q are both %q", pair[0], pair[1], fingerprint(pair[0]))
			}
		})
	}
}

func TestAnyTextHasAFingerprint(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[\x1b/0-9a-f:.T "\-_hé\xff]{0,600}`)).Draw(t, "text")
		got := fingerprint(text)
		if !utf8.ValidString(got) && utf8.ValidString(text) && len(text) < longestWords {
			t.Errorf("%q became %q", text, got)
		}
		if strings.ContainsAny(got, "\t") || strings.Contains(got, "  ") {
			t.Errorf("%q has spaces in %q", text, got)
		}
	})
}

func TestTheLineThatNamesTheErrorIsFound(t *testing.T) {
	t.Parallel()
	lines := func(texts ...string) []LogLine {
		var out []LogLine
		for _, text := range texts {
			out = append(out, LogLine{Text: text})
		}
		return out
	}
	for name, tc := range map[string]struct {
		log  []LogLine
		want string
	}{
		"a Python traceback": {
			lines("start", "Traceback (most recent call last):", `  File "x.py", line 1, in run`, "KeyError: 'amount'"), "KeyError: 'amount'",
		},
		"the cause below Airflow's own words": {
			lines(`Exception in thread "main" org.apache.spark.SparkException: lost`, "  at org.apache.Foo", "subprocess.CalledProcessError: Command 'x' returned non-zero exit status 1.",
				"[2026-11-22T04:00:00.000+0000] {taskinstance.py:3336} ERROR - Task failed with exception", "AirflowException: exit_status: the job ended with exit status 1. What to do: read the end of the log"),
			`Exception in thread "main" org.apache.spark.SparkException: lost`,
		},
		"the runtime's own exception": {
			lines("AirflowException: validation: Validation failed in x. What to do: read the validation errors"), "validation: Validation failed in x",
		},
		"the innermost cause of a Java trace": {
			lines("java.lang.RuntimeException: outer", "\tat a.b.C(D.java:1)", "Caused by: java.io.IOException: disk full", "\tat e.f.G(H.java:2)"), "Caused by: java.io.IOException: disk full",
		},
		"a level where the text says nothing": {[]LogLine{{Level: "error", Text: "the store said no"}, {Level: "info", Text: "bye"}}, "the store said no"},
		"nothing":                             {lines("start", "all fine so far", "end"), ""},
		"no log":                              {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := errorOf(tc.log); got != tc.want {
				t.Errorf("errorOf = %q, want %q", got, tc.want)
			}
		})
	}
}
