package strip_test

import (
	"math"
	"testing"
	"unicode/utf8"

	"chrononctl/tui/strip"
)

func TestSpark(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		values []float64
		top    float64
		width  int
		want   string
	}{
		"from nothing to the largest": {[]float64{0, 1, 2, 4, 8}, 0, 10, "▁▂▃▅█"},
		"the newest, where too many":  {[]float64{9, 0, 8}, 0, 2, "▁█"},
		"a little is not nothing":     {[]float64{0, 0.001}, 1, 5, "▁▂"},
		"above the top":               {[]float64{0.5, 3}, 1, 5, "▅█"},
		"not known":                   {[]float64{1, strip.Unknown(), 1}, 0, 5, "█·█"},
		"nothing there":               {[]float64{1, strip.Absent(), 0, 1}, 0, 5, "█ ▁█"},
		"all nothing":                 {[]float64{0, 0}, 0, 5, "▁▁"},
		"odd numbers":                 {[]float64{math.Inf(1), -3}, 0, 5, "▁▁"},
		"no room":                     {[]float64{1}, 0, -1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := strip.Spark(strip.Unicode, tc.values, tc.top, tc.width); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}

func TestGauge(t *testing.T) {
	t.Parallel()
	for share, want := range map[float64]string{0: "....", 0.01: "#...", 0.5: "##..", 0.99: "###.", 1: "####", 7: "####", -1: "...."} {
		if got := strip.Gauge(strip.ASCII, share, 4); got != want {
			t.Errorf("%v is %q, want %q", share, got, want)
		}
	}
	if got := strip.Gauge(strip.ASCII, math.NaN(), 4); got != "...." {
		t.Errorf("a share that is not known is %q", got)
	}
	if n := utf8.RuneCountInString(strip.Gauge(strip.Unicode, 0.3, 17)); n != 17 {
		t.Errorf("%d columns", n)
	}
}

// Budget: 2 µs, for a strip in each row of a screen.
func BenchmarkSpark(b *testing.B) {
	values := []float64{0, 0, 0, 0, 1, 2, 3, 1, 2, 8, 3, 3, 3, 9}
	for b.Loop() {
		strip.Spark(strip.Unicode, values, 0, 14)
	}
}
