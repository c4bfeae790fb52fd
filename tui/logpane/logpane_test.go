package logpane_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"chrononctl/internal/term"
	"chrononctl/tui/logpane"
	"chrononctl/tui/paint"

	"pgregory.net/rapid"
)

func newPane(width, height, limit int) *logpane.Pane {
	p := logpane.New(term.Clean, limit)
	p.SetSize(width, height)
	return p
}

func numbered(from, to int) []string {
	var out []string
	for i := from; i < to; i++ {
		out = append(out, fmt.Sprintf("line %d", i))
	}
	return out
}

var look = logpane.Look{Match: paint.Raw("\x1b[7m"), Current: paint.Raw("\x1b[1m"), Tail: "~"}

func expect(t *testing.T, p *logpane.Pane, want ...string) {
	t.Helper()
	if got := p.View(look); !slices.Equal(got, want) {
		t.Errorf("the pane shows\n%q\nwant\n%q", got, want)
	}
}

func TestFollowShowsTheEnd(t *testing.T) {
	t.Parallel()
	p := newPane(20, 2, 0)
	p.Append(numbered(0, 5)...)
	expect(t, p, "line 3", "line 4")
	p.Scroll(-1)
	p.Append("line 5")
	expect(t, p, "line 2", "line 3")
	p.Bottom()
	p.Append("line 6")
	expect(t, p, "line 5", "line 6")
}

func TestWrapAndShift(t *testing.T) {
	t.Parallel()
	p := newPane(6, 3, 0)
	p.Append("abcdefghij", "漢字漢字")
	expect(t, p, "ghij", "漢字漢", "字")
	p.Scroll(-1)
	expect(t, p, "abcdef", "ghij", "漢字漢")
	p.SetWrap(false)
	expect(t, p, "abcde~", "漢字~")
	p.Shift(4)
	expect(t, p, "efghij", "漢字")
}

func TestWrapPrefersSpaces(t *testing.T) {
	t.Parallel()
	p := newPane(12, 4, 0)
	p.Append("computing the join of payments", "a verylongnamewithoutaspace")
	p.Top()
	expect(t, p, "computing ", "the join of ", "payments", "a verylongna")
}

func TestLinesAreMadeHarmlessAndKeepSimpleColours(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ in, want string }{
		"colour":                        {"\x1b[31mred\x1b[0m plain", "\x1b[31mred\x1b[m plain"},
		"bold colour":                   {"\x1b[1;33mwarn\x1b[m", "\x1b[1;33mwarn\x1b[m"},
		"concealed text is shown":       {"\x1b[8mhidden\x1b[0m", "hidden"},
		"background is not kept":        {"\x1b[41mx\x1b[0m", "x"},
		"clear screen":                  {"a\x1b[2Jb", "ab"},
		"window title":                  {"a\x1b]0;owned\x07b", "ab"},
		"hyperlink":                     {"a\x1b]8;;http://x\x1b\\b", "ab"},
		"unfinished sequence":           {"a\x1b[31", "a^[[31"},
		"tab":                           {"a\tb", "a       b"},
		"a progress bar's last writing": {"10 %\r50 %\r100 %", "100 %"},
		"a line end of another system":  {"text\r", "text"},
		"bidirectional override":        {"a\u202eb", "a\uFFFDb"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPane(40, 3, 0)
			p.Append(tc.in)
			expect(t, p, tc.want)
		})
	}
}

func TestTheOldestLinesLeave(t *testing.T) {
	t.Parallel()
	p := newPane(20, 2, 16)
	for i := range 100 {
		p.Append(fmt.Sprintf("line %d", i))
	}
	kept, dropped := p.Len()
	if kept < 16 || kept > 18 || kept+dropped != 100 {
		t.Errorf("%d kept and %d dropped", kept, dropped)
	}
	expect(t, p, "line 98", "line 99")
	p.Top()
	expect(t, p, fmt.Sprintf("line %d", dropped), fmt.Sprintf("line %d", dropped+1))
}

// TestOfLongLinesFewerAreKept holds that what is kept has a bound, whatever a job writes.
func TestOfLongLinesFewerAreKept(t *testing.T) {
	t.Parallel()
	p := newPane(20, 2, 100)
	long := strings.Repeat("x", 8_000)
	for range 100 {
		p.Append(long)
	}
	if kept, dropped := p.Len(); kept > 5 || kept+dropped != 100 {
		t.Errorf("%d kept and %d dropped of lines of which four have room", kept, dropped)
	}
	p.Append(strings.Repeat(long, 10))
	if kept, _ := p.Len(); kept != 1 {
		t.Errorf("%d kept, of which the newest alone is too long", kept)
	}
	p.Append(numbered(0, 90)...)
	if kept, _ := p.Len(); kept != 90 {
		t.Errorf("%d lines are kept where all have room again", kept)
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	p := newPane(20, 3, 0)
	p.Append(numbered(0, 30)...)
	p.Top()
	p.Search("LINE 2")
	if _, n := p.Query(); n != 11 {
		t.Errorf("%d lines found, want 11", n)
	}
	expect(t, p, "line 0", "line 1", "\x1b[1mline 2\x1b[m")
	p.Next(1)
	if !slices.Contains(p.View(look), "\x1b[1mline 2\x1b[m0") {
		t.Errorf("the next one is not shown: %q", p.View(look))
	}
	p.Next(-1)
	p.Next(-1)
	if !slices.Contains(p.View(look), "\x1b[1mline 2\x1b[m9") {
		t.Errorf("going back from the first does not go round: %q", p.View(look))
	}
	p.Append("line 200")
	if _, n := p.Query(); n != 12 {
		t.Errorf("%d lines found after an append, want 12", n)
	}
}

func TestQuietLinesCanBeHidden(t *testing.T) {
	t.Parallel()
	p := newPane(20, 3, 0)
	at := time.Date(2026, 11, 22, 2, 41, 7, 0, time.UTC)
	p.AppendLines(logpane.Line{Level: 2, Text: "info"}, logpane.Line{Level: 4, Text: "error", Time: at}, logpane.Line{Text: "of the error"},
		logpane.Line{Level: 2, Text: "info again"}, logpane.Line{Level: 3, Text: "warning"})
	p.Top()
	p.SetLeast(4)
	expect(t, p, "error", "of the error")
	p.AppendLines(logpane.Line{Text: "goes with the warning"}, logpane.Line{Level: 4, Text: "another"})
	p.SetLeast(3)
	expect(t, p, "error", "of the error", "warning")
	p.Search("error")
	if _, n := p.Query(); n != 2 {
		t.Errorf("found in %d lines", n)
	}
	p.SetLeast(0)
	expect(t, p, "\x1b[7merror\x1b[m", "of the \x1b[7merror\x1b[m", "info again")
	p.Search("")
	p.SetSigns(true)
	p.SetStamps(true)
	p.Top()
	signs := look
	signs.Levels = []logpane.Mark{4: {Text: "!"}}
	if got := p.View(signs)[1]; got != "! 02:41:07 error" {
		t.Errorf("%q", got)
	}
}

func TestALineThatWasNotCompleteIsReplaced(t *testing.T) {
	t.Parallel()
	p := newPane(20, 3, 0)
	p.Search("b")
	p.SetLeast(3)
	p.AppendLines(logpane.Line{Level: 3, Text: "a"}, logpane.Line{Level: 3, Text: "b"})
	p.ReplaceLast(logpane.Line{Level: 3, Text: "b and more"})
	if _, n := p.Query(); n != 1 || !slices.Equal(p.Text(), []string{"a", "b and more"}) {
		t.Errorf("%q, found in %d", p.Text(), n)
	}
}

var styles = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// TestAnySequenceKeepsTheScreenFull scrolls, resizes, wraps, searches and appends. Nothing may panic, no line may be too wide, and when there are
// enough lines below the top, the screen is full.
func TestAnySequenceKeepsTheScreenFull(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := newPane(10, 4, 40)
		width, height := 10, 4
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				p.Append(rapid.SliceOf(rapid.StringMatching(`[ab漢\x1b\[31m]{0,30}`)).Draw(t, "lines")...)
			},
			"lines": func(t *rapid.T) {
				for range rapid.IntRange(0, 60).Draw(t, "how many") {
					p.AppendLines(logpane.Line{Level: uint8(rapid.IntRange(0, 4).Draw(t, "level")), Text: "abab"})
				}
			},
			"replace": func(*rapid.T) { p.ReplaceLast(logpane.Line{Text: "ba"}) },
			"least":   func(t *rapid.T) { p.SetLeast(uint8(rapid.IntRange(0, 4).Draw(t, "least"))) },
			"stamps":  func(t *rapid.T) { p.SetStamps(rapid.Bool().Draw(t, "stamps")) },
			"scroll":  func(t *rapid.T) { p.Scroll(rapid.IntRange(-20, 20).Draw(t, "rows")) },
			"top":     func(*rapid.T) { p.Top() },
			"bottom":  func(*rapid.T) { p.Bottom() },
			"wrap":    func(t *rapid.T) { p.SetWrap(rapid.Bool().Draw(t, "on")) },
			"search":  func(t *rapid.T) { p.Search(rapid.StringMatching(`[ab]{0,2}`).Draw(t, "text")) },
			"next":    func(t *rapid.T) { p.Next(rapid.SampledFrom([]int{1, -1}).Draw(t, "direction")) },
			"resize": func(t *rapid.T) {
				width, height = rapid.IntRange(2, 30).Draw(t, "width"), rapid.IntRange(1, 9).Draw(t, "height")
				p.SetSize(width, height)
			},
			"": func(t *rapid.T) {
				shown := p.View(look)
				if len(shown) > height {
					t.Fatalf("%d lines on a screen of %d", len(shown), height)
				}
				for _, l := range shown {
					if w := paint.Width(l); w > width {
						t.Fatalf("%d columns on a screen of %d: %q", w, width, l)
					}
					if strings.ContainsRune(styles.ReplaceAllString(l, ""), 0x1b) {
						t.Fatalf("an escape sequence got through: %q", l)
					}
				}
				texts := p.Text()
				if p.Following() && len(texts) >= height && len(shown) < height {
					t.Fatalf("following %d lines, and only %d of %d are shown", len(texts), len(shown), height)
				}
				if q, n := p.Query(); q != "" {
					for _, text := range texts {
						if strings.Contains(text, q) {
							n--
						}
					}
					if n != 0 {
						t.Fatalf("the count of lines that hold %q is off by %d", q, n)
					}
				}
			},
		})
	})
}

const sample = "[2026-11-23T02:41:07Z] {spark.py:120} INFO - [7/20] computing payments.checkout_features_v2 for 2026-11-07, application_1763900000000_0231"

func filled(n int) *logpane.Pane {
	p := newPane(200, 56, n)
	for range n {
		p.Append(sample)
	}
	return p
}

// Budget: 0.2 ms, however long the log is.
func BenchmarkAppendAndDraw(b *testing.B) {
	for _, n := range []int{1_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p := filled(n)
			for b.Loop() {
				p.Append(sample)
				p.View(look)
			}
		})
	}
}

// Budget: 200 ms for a million lines.
func BenchmarkSearchMillion(b *testing.B) {
	p := filled(1_000_000)
	for b.Loop() {
		p.Search("not there")
	}
}
