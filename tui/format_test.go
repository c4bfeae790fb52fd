package tui

import (
	"testing"
	"time"
)

func TestSpan(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Minute: "0 s", 0: "0 s", 59 * time.Second: "59 s", 6*time.Minute + 40*time.Second: "6 m", time.Hour: "1 h",
		3*time.Hour + 2*time.Minute: "3 h 02 m", 21*24*time.Hour + time.Hour: "21 d",
	} {
		if got := span(d); got != want {
			t.Errorf("span(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestRoughlyIsTheLargestUnit(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"": "", "6 m": "6 m", "3 h 02 m": "3 h", "21 d": "21 d"} {
		if got := roughly(text); got != want {
			t.Errorf("roughly(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestClockNamesTheDayOnlyWhenItIsAnother(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 2, 41, 0, 0, time.UTC)
	for at, want := range map[time.Time]string{
		{}:                                "",
		now.Add(-time.Minute):             "02:40:00",
		now.Add(-3 * time.Hour):           "11-22 23:41",
		now.AddDate(-1, 0, 0):             "11-23 02:41",
		now.In(time.FixedZone("x", 3600)): "02:41:00",
	} {
		if got := clock(now, at); got != want {
			t.Errorf("clock(%v) = %q, want %q", at, got, want)
		}
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0 DAGs", 1: "1 DAG", 999: "999 DAGs", 1812: "1,812 DAGs", 1_234_567: "1,234,567 DAGs"} {
		if got := count(n, "DAG"); got != want {
			t.Errorf("count(%d) = %q, want %q", n, got, want)
		}
	}
	if got := grouped(-1812); got != "-1,812" {
		t.Errorf("grouped(-1812) = %q", got)
	}
}

func TestRateThatWasNotMeasuredIsNoZero(t *testing.T) {
	t.Parallel()
	if got := rate(nil); got != "" {
		t.Errorf("rate(nil) = %q", got)
	}
	if got := rate(new(0.0475)); got != "4.75 %" {
		t.Errorf("rate = %q", got)
	}
}
