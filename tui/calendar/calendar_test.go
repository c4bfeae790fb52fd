package calendar_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"chrononctl/tui/calendar"
	"chrononctl/tui/paint"

	"pgregory.net/rapid"
)

var look = calendar.Look{Left: "[", Right: "]"}

// days are n days from the 20th of October 2026, a Tuesday.
func days(n int) []string {
	start := time.Date(2026, 10, 20, 0, 0, 0, 0, time.UTC)
	var out []string
	for i := range n {
		out = append(out, start.AddDate(0, 0, i).Format(time.DateOnly))
	}
	return out
}

// filled has the last digit of the day in each cell.
func filled(n, width, height int) *calendar.Calendar {
	c := &calendar.Calendar{}
	c.SetSize(width, height)
	c.SetDays(days(n), func(day string) calendar.Cell { return calendar.Cell{Mark: day[len(day)-1:]} })
	return c
}

func view(c *calendar.Calendar) string {
	lines := c.View(look)
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.Join(lines, "\n")
}

func TestWeeks(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		n, width, height int
		want             string
	}{
		"one block": {10, 40, 9, "       Mo Tu We Th Fr Sa Su\nOct 19     0  1  2  3  4  5\nOct 26  6  7  8 [9]"},
		"the newest weeks, where there is little room": {24, 30, 3, "       Mo Tu We Th Fr Sa Su\nNov  2  2  3  4  5  6  7  8\nNov  9  9  0  1 [2]"},
		"blocks side by side": {24, 60, 3, "       Mo Tu We Th Fr Sa Su   " + "       Mo Tu We Th Fr Sa Su\n" +
			"Oct 19     0  1  2  3  4  5    Nov  2  2  3  4  5  6  7  8\n" + "Oct 26  6  7  8  9  0  1  1    Nov  9  9  0  1 [2]"},
		"no days": {0, 40, 9, ""},
		"no room": {10, 10, 9, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := strings.ReplaceAll(view(filled(tc.n, tc.width, tc.height)), " \n", "\n")
			if flat(got) != flat(tc.want) {
				t.Errorf("%s\nwant\n%s", got, tc.want)
			}
		})
	}
}

// flat makes runs of blanks one, in front of which the columns are checked by TestAClickSelectsTheDayThatIsDrawnThere.
func flat(s string) string { return strings.Join(strings.Fields(s), " ") }

func TestARangeOfDays(t *testing.T) {
	t.Parallel()
	c := filled(24, 40, 9)
	c.Select("2026-11-05")
	c.Mark()
	c.Move(-7)
	if from, to := c.Range(); from != "2026-10-29" || to != "2026-11-05" {
		t.Errorf("%s to %s", from, to)
	}
	c.Mark()
	if from, to := c.Range(); from != "2026-10-29" || to != from {
		t.Errorf("%s to %s, after the mark was taken back", from, to)
	}
}

func TestASelectionSurvivesNewDays(t *testing.T) {
	t.Parallel()
	c := filled(24, 40, 9)
	c.Move(-3)
	before := c.Selected()
	c.SetDays(days(25), func(string) calendar.Cell { return calendar.Cell{Mark: "x"} })
	if c.Selected() != before {
		t.Errorf("%s, before %s", c.Selected(), before)
	}
}

// TestAClickSelectsTheDayThatIsDrawnThere looks for each day's mark in the picture and clicks on it.
func TestAClickSelectsTheDayThatIsDrawnThere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		width, height := rapid.IntRange(27, 130).Draw(t, "width"), rapid.IntRange(2, 12).Draw(t, "height")
		c := &calendar.Calendar{}
		c.SetSize(width, height)
		c.SetDays(days(rapid.IntRange(1, 120).Draw(t, "days")), func(string) calendar.Cell { return calendar.Cell{Mark: "x"} })
		for y, line := range c.View(calendar.Look{Left: "[", Right: "]"}) {
			if w := paint.Width(line); w > width {
				t.Fatalf("%d columns in %d: %q", w, width, line)
			}
			for x, r := range line {
				if r != 'x' || y == 0 {
					continue
				}
				if !c.Click(x, y) {
					t.Fatalf("no day at %d, %d", x, y)
				}
				if again := c.View(look)[y]; again[x-1:x+2] != "[x]" {
					t.Fatalf("the day at %d is not selected: %q", x, again)
				}
			}
		}
	})
}

// Budget: 0.2 ms for three years of days at 200×60.
func BenchmarkMoveAndDraw(b *testing.B) {
	for _, n := range []int{60, 1100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			c := filled(n, 200, 56)
			step := -1
			for b.Loop() {
				c.Move(step)
				step = -step
				c.View(look)
			}
		})
	}
}
