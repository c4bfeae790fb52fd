package history_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chrononctl/dagspec"
	"chrononctl/internal/fleet"
	"chrononctl/internal/history"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// book is the history of a context, with a clock of its own.
type book struct {
	dir string
	at  time.Time
}

func newBook(t *testing.T) *book {
	t.Helper()
	return &book{dir: t.TempDir(), at: noon}
}

func (b *book) open(context, url string) *history.History {
	return history.Open(history.Options{Dir: b.dir, Context: context, URL: url, Now: func() time.Time { return b.at }})
}

// picture has one DAG, whose days landed two hours after midnight, and one of each thing that is not plain text.
func picture(days int) fleet.Snapshot {
	mismatch, agrees := 0.25, 0.0
	d := fleet.DAG{ID: "d", Kind: dagspec.KindJoin, Team: "core", Health: fleet.Breach}
	for back := 1; back <= days; back++ {
		to := noon.Truncate(24*time.Hour).AddDate(0, 0, 1-back)
		d.Runs = append(d.Runs, fleet.Run{
			DAGID: "d", ID: fmt.Sprint(back), Day: to.AddDate(0, 0, -1).Format(time.DateOnly), State: "success", Type: "scheduled", Health: fleet.OK,
			From: to.AddDate(0, 0, -1), To: to,
			Tasks: []fleet.Task{{DAGID: "d", ID: "t", State: "success", Health: fleet.OK, Start: to.Add(time.Hour), End: to.Add(2 * time.Hour)}},
		})
	}
	return fleet.Snapshot{
		At: noon, DAGs: []fleet.DAG{d}, Intent: fleet.IntentOf(dagspec.Definitions{DAGs: []dagspec.DAG{{ID: "d"}}}),
		Teams: []fleet.Team{{Name: "core", Cells: map[dagspec.Kind]fleet.Cell{dagspec.KindJoin: {Health: fleet.Breach}}}},
		Joins: []fleet.Comparison{{Join: "core.j", Trend: []fleet.Measurement{{Day: "2026-11-22", Mismatch: &agrees}, {Day: "2026-11-21"}},
			Features: []fleet.Feature{{Name: "f", Mismatch: &mismatch}, {Name: "g", Mismatch: &agrees, Hours: []fleet.Hour{{Asked: true}}}}}},
		Calendars: []fleet.Calendar{{Join: "core.j", Days: []fleet.CalendarDay{{Day: "2026-11-22", State: fleet.DayLanded}}}},
	}
}

var task = fleet.TaskRef{DAGID: "d", TaskID: "t"}

func TestWhatWasSeenIsKnownTheNextTime(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	first := b.open("prod", "https://airflow")
	if _, ok := first.LastSnapshot(); ok || first.Problem() != "" || len(first.Past()) > 0 {
		t.Fatalf("something is known of nothing: %q", first.Problem())
	}
	seen := picture(4)
	if err := first.Record(seen, func(w io.Writer) error {
		_, err := io.WriteString(w, "as far as this")
		return err
	}, true); err != nil {
		t.Fatal(err)
	}
	again := b.open("prod", "https://airflow")
	if got := string(again.Reading()); got != "as far as this" || first.Reading() != nil {
		t.Errorf("the server was read %q, before %q", got, first.Reading())
	}
	got, ok := again.LastSnapshot()
	seen.Intent = &fleet.Intent{}
	if diff := cmp.Diff(seen, got, cmp.Exporter(func(reflect.Type) bool { return true })); !ok || diff != "" || again.Problem() != "" {
		t.Errorf("it came back otherwise, %q (-want +got):\n%s", again.Problem(), diff)
	}
	took, landing := again.Usual(task)
	if took != (fleet.Usual{N: 4, P50: time.Hour, P90: time.Hour}) || landing != (fleet.Usual{N: 4, P50: 2 * time.Hour, P90: 2 * time.Hour}) {
		t.Errorf("usual is %+v and %+v", took, landing)
	}
	if other := b.open("staging", "https://airflow"); len(other.Past()) > 0 {
		t.Error("another context knows it too")
	}
}

func TestAPictureOfAFewTeamsHidesNoOther(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	if err := b.open("prod", "u").Record(picture(3), unread, false); err != nil {
		t.Fatal(err)
	}
	h := b.open("prod", "u")
	if _, ok := h.LastSnapshot(); ok || len(h.Past()) != 1 {
		t.Errorf("a picture is there: %v; experience of %d tasks", ok, len(h.Past()))
	}
}

// What does not fit is ignored with a reason, and written anew.
func TestWhatDoesNotFitIsIgnored(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		harm func(text []byte) []byte
		says string
	}{
		"a flipped bit":    {func(text []byte) []byte { text[len(text)/2] ^= 1; return text }, "damaged"},
		"a torn end":       {func(text []byte) []byte { return text[:len(text)-9] }, "damaged"},
		"nothing":          {func([]byte) []byte { return nil }, "no such file"},
		"something else":   {func([]byte) []byte { return []byte("{}\n") }, "no such file"},
		"an older format":  {func(text []byte) []byte { return []byte(strings.Replace(string(text), " 2 ", " 1 ", 1)) }, "another version"},
		"a random garbage": {func(text []byte) []byte { return text[200:] }, "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBook(t)
			if err := b.open("prod", "u").Record(picture(3), unread, true); err != nil {
				t.Fatal(err)
			}
			for _, file := range []string{"past", "picture"} {
				path := filepath.Join(history.Dir(b.dir, "prod"), file)
				text, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, tc.harm(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			h := b.open("prod", "u")
			if _, ok := h.LastSnapshot(); ok || len(h.Past()) > 0 || strings.Count(h.Problem(), tc.says) != 2 {
				t.Errorf("a picture %v, %d tasks, problem %q", ok, len(h.Past()), h.Problem())
			}
			if err := h.Record(picture(3), unread, true); err != nil {
				t.Fatal(err)
			}
			if h := b.open("prod", "u"); h.Problem() != "" || len(h.Past()) != 1 {
				t.Errorf("it was not written anew: %q", h.Problem())
			}
		})
	}
}

func TestTheHistoryOfAnotherAirflowIsIgnored(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	if err := b.open("demo", "http://localhost:1").Record(picture(3), unread, true); err != nil {
		t.Fatal(err)
	}
	if h := b.open("demo", "http://localhost:2"); len(h.Past()) > 0 || !strings.Contains(h.Problem(), "another Airflow") {
		t.Errorf("%d tasks, %q", len(h.Past()), h.Problem())
	}
}

// The samples of a task are bounded in number and age, and those of tasks that are gone leave.
func TestHistoryIsBounded(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	h := b.open("prod", "u")
	if err := h.Record(picture(85), unread, true); err != nil {
		t.Fatal(err)
	}
	if samples := h.Past()[task]; len(samples) != 60 || samples[59].Day != "2026-11-22" {
		t.Errorf("%d samples up to %s", len(samples), samples[len(samples)-1].Day)
	}
	b.at = noon.AddDate(0, 0, 80)
	if err := h.Record(fleet.Snapshot{At: b.at}, unread, true); err != nil {
		t.Fatal(err)
	}
	if samples := h.Past()[task]; len(samples) != 10 {
		t.Errorf("%d samples 80 days later", len(samples))
	}
	b.at = noon.AddDate(0, 0, 100)
	if err := h.Record(fleet.Snapshot{At: b.at}, unread, true); err != nil || len(h.Past()) > 0 {
		t.Errorf("%d tasks 100 days later, %v", len(h.Past()), err)
	}
}

func TestADayThatIsComputedAgainHasLandedBefore(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	h := b.open("prod", "u")
	if err := h.Record(picture(1), unread, true); err != nil {
		t.Fatal(err)
	}
	again := picture(1)
	again.DAGs[0].Runs[0].Type = "manual"
	again.DAGs[0].Runs[0].Tasks[0].End = again.DAGs[0].Runs[0].Tasks[0].Start.Add(time.Minute)
	b.at = b.at.Add(time.Hour)
	if err := h.Record(again, unread, true); err != nil {
		t.Fatal(err)
	}
	if s := h.Past()[task]; len(s) != 1 || s[0].Took != time.Minute || s[0].Landing != 2*time.Hour {
		t.Errorf("got %+v", s)
	}
}

// What is written costs more than what is looked at: it is written seldomer, the longer somebody looks.
func TestHistoryIsWrittenSeldomerAndSeldomer(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	h := b.open("prod", "u")
	var written []string
	for begin := b.at; b.at.Sub(begin) < time.Hour; b.at = b.at.Add(10 * time.Second) {
		if err := h.Record(picture(3), unread, true); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(history.Dir(b.dir, "prod")); err == nil {
			written = append(written, b.at.Sub(begin).String())
		}
		if err := os.RemoveAll(history.Dir(b.dir, "prod")); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(written, " "); got != "0s 1m0s 3m0s 7m0s 15m0s 30m0s 45m0s" {
		t.Errorf("written after %s", got)
	}
}

func TestHistoryIsWrittenOnceAMinute(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	h := b.open("prod", "u")
	for range 3 {
		if err := h.Record(picture(3), unread, true); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(history.Dir(b.dir, "prod")); err != nil {
			t.Fatal(err)
		}
		b.at = b.at.Add(10 * time.Second)
	}
	if _, err := os.Stat(history.Dir(b.dir, "prod")); err == nil {
		t.Error("it was written within the minute")
	}
}

func TestAFolderThatCannotBeWrittenIsAnErrorAndNoMore(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	h := history.Open(history.Options{Dir: file, Context: "prod"})
	if err := h.Record(picture(3), unread, true); err == nil {
		t.Error("a file holds a folder")
	}
	if len(h.Past()) != 1 {
		t.Error("what was seen is not known")
	}
	none := history.Open(history.Options{Context: "prod"})
	if err := none.Record(picture(3), unread, true); err != nil {
		t.Errorf("without a folder nothing is kept: %v", err)
	}
}

func TestFoldersOfContextsDiffer(t *testing.T) {
	t.Parallel()
	seen := make(map[string]string)
	for _, name := range []string{"", ".", "..", "prod", "PROD", "prod/eu", "prod_eu", "../prod", strings.Repeat("a", 300), strings.Repeat("a", 301), "ö", "\x1b"} {
		dir := history.Dir("/state", name)
		if other, taken := seen[dir]; taken {
			t.Errorf("%q and %q share %s", name, other, dir)
		}
		if seen[dir] = name; filepath.Dir(dir) != "/state/history" || len(filepath.Base(dir)) > 60 {
			t.Errorf("%q lies in %s", name, dir)
		}
	}
}

// BenchmarkHistory is what a fleet of 3,000 DAGs costs to keep and to know again.
func BenchmarkHistory(b *testing.B) {
	s := picture(0)
	for i := range 3000 {
		d := picture(5).DAGs[0]
		d.ID = fmt.Sprint("chronon_join_team__", i)
		for r := range d.Runs {
			tasks := d.Runs[r].Tasks
			d.Runs[r].Tasks = nil
			for t := range 8 {
				task := tasks[0]
				task.DAGID, task.ID = d.ID, fmt.Sprint("backfill__", t)
				d.Runs[r].Tasks = append(d.Runs[r].Tasks, task)
			}
		}
		s.DAGs = append(s.DAGs, d)
	}
	dir := b.TempDir()
	at := noon
	open := func() *history.History {
		return history.Open(history.Options{Dir: dir, Context: "c", Now: func() time.Time { return at }})
	}
	b.Run("record", func(b *testing.B) {
		h := open()
		for b.Loop() {
			at = at.Add(time.Hour)
			if err := h.Record(s, unread, true); err != nil {
				b.Fatal(err)
			}
		}
		info, err := os.Stat(filepath.Join(history.Dir(dir, "c"), "picture"))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(info.Size())/1e6, "MB")
	})
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			if _, ok := open().LastSnapshot(); !ok {
				b.Fatal("no picture")
			}
		}
	})
}

// unread says that nothing is known of how far the server was read.
func unread(io.Writer) error { return nil }
