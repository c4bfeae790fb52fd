package timeline_test

import (
	"strings"
	"testing"
	"time"

	"chrononctl/tui/paint"
	"chrononctl/tui/timeline"

	"pgregory.net/rapid"
)

var two = time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)

func at(minutes int) time.Time { return two.Add(time.Duration(minutes) * time.Minute) }

var marks = []timeline.Mark{{Text: "."}, {Text: "="}, {Text: "x"}}

func text(pieces []timeline.Piece) string {
	var b strings.Builder
	for _, p := range pieces {
		b.WriteString(p.Text)
	}
	return b.String()
}

func TestBars(t *testing.T) {
	t.Parallel()
	scale := timeline.Scale{From: at(0), To: at(40), Width: 20}
	for name, tc := range map[string]struct {
		in   []timeline.Stretch
		want string
	}{
		"queued, then running":       {[]timeline.Stretch{{at(0), at(10), 0}, {at(10), at(20), 1}}, ".....=====          "},
		"two tries":                  {[]timeline.Stretch{{at(0), at(10), 2}, {at(20), at(40), 1}}, "xxxxx     =========="},
		"a moment is a column":       {[]timeline.Stretch{{at(20), at(20), 1}}, "          =         "},
		"still at it":                {[]timeline.Stretch{{at(30), time.Time{}, 1}}, "               ====="},
		"before and after the scale": {[]timeline.Stretch{{at(-60), at(600), 1}}, "===================="},
		"never began":                {[]timeline.Stretch{{}}, "                    "},
		"a kind that nobody knows":   {[]timeline.Stretch{{at(0), at(40), 7}}, "                    "},
		"the end of the scale is in": {[]timeline.Stretch{{at(20), at(40), 1}}, "          =========="},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := text(scale.Bar(marks, tc.in)); got != tc.want {
				t.Errorf("%q\nwant %q", got, tc.want)
			}
		})
	}
}

func TestAxis(t *testing.T) {
	t.Parallel()
	for want, scale := range map[string]timeline.Scale{
		"02:00     02:10     02:20     02:30":    {From: at(0), To: at(40), Width: 40},
		"02:00        02:30":                     {From: at(0), To: at(40), Width: 18},
		"02:00:00       02:00:30       02:01:00": {From: at(0), To: at(0).Add(80 * time.Second), Width: 40},
		"11-22     11-23     11-24     11-25":    {From: at(-120), To: at(-120 + 4*24*60), Width: 40},
		"":                                       {From: at(0), To: at(0), Width: 40},
		"02:10   02:15   02:20  02:25   02:30":   {From: at(6), To: at(34), Width: 44},
	} {
		if got := scale.Axis(); strings.TrimSpace(got) != strings.TrimSpace(want) {
			t.Errorf("%q\nwant %q", got, want)
		}
	}
}

func TestAnyBarIsAsWideAsItsScale(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		minute := rapid.IntRange(-300, 300)
		var in []timeline.Stretch
		for range rapid.IntRange(1, 5).Draw(t, "stretches") {
			s := timeline.Stretch{From: at(minute.Draw(t, "from")), Kind: rapid.IntRange(0, 2).Draw(t, "kind")}
			if rapid.Bool().Draw(t, "ended") {
				s.To = at(minute.Draw(t, "to"))
			}
			in = append(in, s)
		}
		scale := timeline.Fit(at(300), rapid.IntRange(0, 60).Draw(t, "width"), in)
		if got := paint.Width(text(scale.Bar(marks, in))); got != scale.Width {
			t.Fatalf("%d columns, want %d", got, scale.Width)
		}
		if got := scale.Axis(); len(got) > scale.Width {
			t.Fatalf("the axis %q is wider than %d", got, scale.Width)
		}
	})
}

// Budget: 20 µs for a bar of a hundred columns.
func BenchmarkBar(b *testing.B) {
	in := []timeline.Stretch{{at(0), at(10), 0}, {at(10), at(20), 2}, {at(22), at(25), 0}, {at(25), at(40), 1}}
	scale := timeline.Fit(at(40), 100, in)
	for b.Loop() {
		scale.Bar(marks, in)
	}
}
