package fleet

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// realReport is what the runtime makes of real rows of T_consistency; its own tests hold it to them.
func realReport(t *testing.T, name string) Comparison {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "dagspec", "runtime", "tests", "data", name+".report.json"))
	if err != nil {
		t.Fatal(err)
	}
	return comparisonOf(DAG{}, Run{}, published{value: text}, noon)
}

func featureNamed(t *testing.T, c Comparison, name string) Feature {
	t.Helper()
	for _, f := range c.Features {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("no feature %s in %+v (%s)", name, c, c.Reason)
	return Feature{}
}

const price = "demo_purchases_v1_price_sum_3d"

func TestHoursOfARealComparison(t *testing.T) {
	t.Parallel()
	f := featureNamed(t, realReport(t, "consistency_v1"), price)
	if len(f.Hours) != 24 || f.NoHours != "" {
		t.Fatalf("%d hours, %q", len(f.Hours), f.NoHours)
	}
	for hour, want := range map[int]Hour{
		0: {Asked: true, Compared: true, Rows: 2}, 1: {Asked: true, Compared: true, Rows: 2, Mismatch: 1}, 2: {},
		16: {Asked: true, Compared: true, Rows: 4, Mismatch: 1, Missing: 1}, 23: {},
	} {
		if got := f.Hours[hour]; got != want {
			t.Errorf("%s is %+v, want %+v", HourName(hour), got, want)
		}
	}
	want := "differs in 4 hours, most at 01:00 (1 of 2 rows), not online in 1 hour, most at 16:00 (1 of 5 rows), no requests in 11 hours"
	if got := f.HoursSentence(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAnHourOfWhichNothingWasDrawnIsNotOneWithoutRequests(t *testing.T) {
	t.Parallel()
	c := realReport(t, "consistency_v5")
	f := featureNamed(t, c, price)
	silent, undrawn := 0, 0
	for _, h := range f.Hours {
		if _, known := h.MismatchRate(); h.Asked && !known {
			undrawn++
		} else if !h.Asked {
			silent++
		}
	}
	if silent != 1 || undrawn != 16 || !strings.Contains(f.HoursSentence(), "no requests in 1 hour, nothing compared in 16 hours") {
		t.Errorf("%d without requests, %d without a drawn row: %q", silent, undrawn, f.HoursSentence())
	}
	if !strings.Contains(c.Caveat, "5 % of the log") || !strings.HasSuffix(c.Caveat, "single hours rest on few rows") {
		t.Errorf("the caveat is %q", c.Caveat)
	}
}

// withHours is a report with one feature, whose hours are those.
func withHours(more, hours string) published {
	return published{value: json.RawMessage(fmt.Sprintf(
		`{"v": 1, "ds": "2026-11-21", "state": "ok", "sample_percent": 100, %s "features": [{"name": "f", "rows": 48, "mismatch": 0, "hours": %s}]}`, more, hours))}
}

// day is a list with the same value at every hour but the first.
func day(first, rest string) string { return "[" + first + strings.Repeat(","+rest, 23) + "]" }

func TestHoursThatCannotBeAreUnknownAndNeverZero(t *testing.T) {
	t.Parallel()
	told := func(rows, mismatch, missing string) string {
		return fmt.Sprintf(`{"rows": %s, "mismatch": %s, "missing_online": %s}`, rows, mismatch, missing)
	}
	good := day("2", "2")
	for name, tc := range map[string]struct {
		more, hours, says string
	}{
		"an older runtime":         {``, `null`, "the runtime that measured it is older"},
		"a reader of whole days":   {`"hours_of": 0,`, `null`, "do not say theirs"},
		"not among the worst":      {`"hours_of": 12,`, `null`, "of the worst 12 features"},
		"a day of 23 hours":        {`"hours_of": 1,`, told(good, "["+strings.Repeat("0,", 22)+"0]", good), "does not have 24"},
		"no lists":                 {`"hours_of": 1,`, `{}`, "does not have 24"},
		"requests and none":        {`"hours_of": 1,`, told(day("null", "2"), day("0", "0"), day("null", "0")), "has requests at 00:00, and has none"},
		"missing without requests": {`"hours_of": 1,`, told(day("null", "2"), day("null", "0"), day("1", "0")), "has requests at 00:00, and has none"},
		"more wrong than compared": {`"hours_of": 1,`, told(good, day("3", "0"), day("0", "0")), "counts of 00:00 cannot be"},
		"fewer than none":          {`"hours_of": 1,`, told(day("-1", "2"), day("0", "0"), day("0", "0")), "counts of 00:00 cannot be"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := comparisonOf(DAG{}, Run{}, withHours(tc.more, tc.hours), noon)
			if c.Health != OK || len(c.Features) != 1 {
				t.Fatalf("the report itself is good: %+v", c)
			}
			if f := c.Features[0]; f.Hours != nil || !strings.Contains(f.NoHours, tc.says) || f.HoursSentence() != f.NoHours {
				t.Errorf("hours %v, %q; want a reason with %q", f.Hours, f.NoHours, tc.says)
			}
		})
	}
	c := comparisonOf(DAG{}, Run{}, withHours(`"hours_of": "all",`, `null`), noon)
	if c.Health != Unknown || !strings.Contains(c.Reason, "not as version 1 should be") {
		t.Errorf("a number that is a word: %v, %q", c.Health, c.Reason)
	}
}

func TestAFeatureThatIsNeverComparedHasNoMismatchAtAnyHour(t *testing.T) {
	t.Parallel()
	hours := fmt.Sprintf(`{"rows": %s, "mismatch": %s, "missing_online": %s}`, day("2", "2"), day("null", "null"), day("0", "0"))
	f := comparisonOf(DAG{}, Run{}, withHours(`"hours_of": 1,`, hours), noon).Features[0]
	if _, known := f.Hours[0].MismatchRate(); known || len(f.Hours) != 24 {
		t.Errorf("%d hours, the first %+v", len(f.Hours), f.Hours[0])
	}
	if got := f.HoursSentence(); got != "not online in no hour" {
		t.Errorf("got %q", got)
	}
}

// One row of eight at four in the night is a higher rate, and says less, than nineteen of two hundred in the evening.
func TestTheWorstHourIsTheOneWithMostOfIt(t *testing.T) {
	t.Parallel()
	hours := make([]Hour, hoursOfDay)
	hours[4], hours[19] = Hour{Asked: true, Compared: true, Rows: 8, Mismatch: 1}, Hour{Asked: true, Compared: true, Rows: 210, Mismatch: 19}
	f := Feature{Hours: hours}
	if got := f.HoursSentence(); !strings.HasPrefix(got, "differs in 2 hours, most at 19:00 (19 of 210 rows), ") {
		t.Errorf("got %q", got)
	}
	if !hours[4].Thin() || hours[19].Thin() {
		t.Error("8 rows are few, and 210 are not")
	}
}

// TestHoursAreAsPlanted plants hours and asks them back: what is told of a day is what its hours had.
func TestHoursAreAsPlanted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var rows, mismatch, missing []*int64
		asked, undrawn, with := 0, 0, 0
		for range hoursOfDay {
			if !rapid.Bool().Draw(t, "asked") {
				rows, mismatch, missing = append(rows, nil), append(mismatch, nil), append(missing, nil)
				continue
			}
			n := rapid.Int64Range(0, 50).Draw(t, "rows")
			bad := rapid.Int64Range(0, n).Draw(t, "mismatch")
			rows, mismatch, missing = append(rows, &n), append(mismatch, &bad), append(missing, new(int64))
			asked++
			if n == 0 {
				undrawn++
			}
			if bad > 0 {
				with++
			}
		}
		told, err := json.Marshal(map[string]any{"rows": rows, "mismatch": mismatch, "missing_online": missing})
		if err != nil {
			t.Fatal(err)
		}
		f := comparisonOf(DAG{}, Run{}, withHours(`"hours_of": 1,`, string(told)), noon).Features[0]
		text := f.HoursSentence()
		says := func(n int, part string) {
			if (n > 0) != strings.Contains(text, part) {
				t.Errorf("%d of %q: %q", n, part, text)
			}
		}
		says(hoursOfDay-asked, fmt.Sprintf("no requests in %s", plural(hoursOfDay-asked, "hour")))
		says(undrawn, fmt.Sprintf("nothing compared in %s", plural(undrawn, "hour")))
		says(with, fmt.Sprintf("differs in %s, most at", plural(with, "hour")))
	})
}
