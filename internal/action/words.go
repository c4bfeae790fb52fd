package action

import (
	"fmt"
	"strconv"
	"time"
)

// minute writes a moment for people.
func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// plural is a number with its noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// number is what is typed to agree to a change of so many targets; one is agreed to with a yes.
func number(targets int) string {
	if targets <= 1 {
		return ""
	}
	return strconv.Itoa(targets)
}

// span writes a length of time as people say it: 45s, 12m, 3h20m.
func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return d.Round(time.Second).String()
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Round(time.Minute).Minutes()))
	}
	d = d.Round(time.Minute)
	if d%time.Hour == 0 {
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}
