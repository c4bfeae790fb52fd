package tui

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// span writes a duration in its two largest units that say something: "4 s", "6 m", "3 h 12 m", "21 d".
func span(d time.Duration) string {
	switch {
	case d < time.Second:
		return "0 s"
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d m", d/time.Minute)
	case d < 24*time.Hour:
		h, m := d/time.Hour, d%time.Hour/time.Minute
		if m == 0 {
			return fmt.Sprintf("%d h", h)
		}
		return fmt.Sprintf("%d h %02d m", h, m)
	}
	return fmt.Sprintf("%d d", d/(24*time.Hour))
}

// roughly leaves a span its largest unit: "3 h".
func roughly(span string) string {
	units := strings.Fields(span)
	return strings.Join(units[:min(2, len(units))], " ")
}

// since is how long ago a moment was; empty for no moment.
func since(now, then time.Time) string {
	if then.IsZero() {
		return ""
	}
	return span(now.Sub(then))
}

// until is how far ahead a moment is, "now" when it has come; empty for no moment.
func until(now, then time.Time) string {
	switch {
	case then.IsZero():
		return ""
	case !then.After(now):
		return "now"
	}
	return span(then.Sub(now))
}

// took is how long something ran, or has been running.
func took(now, start, end time.Time) string {
	switch {
	case start.IsZero():
		return ""
	case end.IsZero():
		return span(now.Sub(start))
	}
	return span(end.Sub(start))
}

// clock is a moment of today, or a day of another one, in UTC.
func clock(now, at time.Time) string {
	now, at = now.UTC(), at.UTC()
	switch {
	case at.IsZero():
		return ""
	case now.YearDay() == at.YearDay() && now.Year() == at.Year():
		return at.Format("15:04:05")
	}
	return at.Format("01-02 15:04")
}

// shortDay leaves the year out of YYYY-MM-DD.
func shortDay(day string) string {
	if len(day) == len("2006-01-02") {
		return day[len("2006-"):]
	}
	return day
}

// count writes a number and what it counts, "1 DAG", "1,812 DAGs".
func count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(int64(n)) + " " + one + "s"
}

// grouped writes a number with a comma between thousands.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && digits[i-1] != '-' && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// rate writes a rate between 0 and 1 as percent; a rate that was not measured is empty.
func rate(r *float64) string {
	if r == nil {
		return ""
	}
	return fmt.Sprintf("%.2f %%", *r*100)
}
