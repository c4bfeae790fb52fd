package dagspec

import (
	"fmt"
	"time"
)

// ParseDate reads a day written as YYYY-MM-DD.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("%q is no day, such as 2026-11-21", s)
	}
	return Date{t}, nil
}

// DateOf is the day of t in UTC.
func DateOf(t time.Time) Date {
	y, m, d := t.UTC().Date()
	return Date{time.Date(y, m, d, 0, 0, 0, 0, time.UTC)}
}

// IsZero says whether d is no day.
func (d Date) IsZero() bool { return d.t.IsZero() }

// String is the day as YYYY-MM-DD, and empty for no day.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.t.Format(time.DateOnly)
}

// Before says whether d is an earlier day than other.
func (d Date) Before(other Date) bool { return d.t.Before(other.t) }

// AddDays is the day n days later, or earlier for a negative n.
func (d Date) AddDays(n int) Date { return Date{d.t.AddDate(0, 0, n)} }

// Time is the first moment of the day, in UTC.
func (d Date) Time() time.Time { return d.t }

// MarshalText writes the day as YYYY-MM-DD.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }
