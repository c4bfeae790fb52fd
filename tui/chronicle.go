package tui

import (
	"context"
	"fmt"
	"strings"
	"time"

	"chrononctl/internal/action"
)

// Chronicle tells what was changed from this machine, what others did, and what this console costs.
type Chronicle interface {
	// Journal returns the changes made from this machine in this and earlier sessions, newest first.
	Journal(ctx context.Context) ([]action.Entry, error)
	// Events returns Airflow's newest events, newest first. It needs a permission that not every user has.
	Events(ctx context.Context) ([]Event, error)
	// Meter counts the requests that were made. It returns at once.
	Meter() Meter
}

// Event is an entry of Airflow's event log. Its texts are Airflow's own.
type Event struct {
	ID     int64
	At     time.Time
	What   string
	Who    string
	DAGID  string
	RunID  string
	TaskID string
	Extra  string // mostly JSON
}

// Meter is what was asked of Airflow.
type Meter struct {
	Requests int   // since the start
	Received int64 // bytes since the start
	Minute   int   // requests of the last minute
	Purposes []Purpose
}

// Purpose is what requests were for; those with most in the last minute come first.
type Purpose struct {
	Name     string
	Requests int
	Minute   int
}

// shownPurposes is how many purposes of requests are named.
const shownPurposes = 3

// meterText says what was asked, in one line.
func meterText(m Meter, dot string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s in the last minute%s%s and %s since the start", count(m.Minute, "request"), dot, grouped(int64(m.Requests)), bytesText(m.Received))
	named := 0
	for _, p := range m.Purposes {
		if p.Minute > 0 && named < shownPurposes {
			named++
			fmt.Fprintf(&text, "%s%s %d", dot, p.Name, p.Minute)
		}
	}
	return text.String()
}

// bytesText writes an amount of data.
func bytesText(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%d kB", n>>10)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
}
