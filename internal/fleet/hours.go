package fleet

import (
	"fmt"
	"strings"
)

// hoursOfDay is how many hours the day of a comparison has: days of Chronon are days in UTC.
const hoursOfDay = 24

// Hour is what a comparison counted of one feature in one hour of its day, in UTC.
type Hour struct {
	Asked    bool  // whether there were requests in it; without them all else is nothing
	Compared bool  // whether mismatches are counted: of a raw map they never are
	Rows     int64 // with a value on both sides; below 100 percent sampling an hour can have had requests and none of these
	Mismatch int64 // of Rows, those whose values differ
	Missing  int64 // rows that have a value offline and none online
}

// MismatchRate is the share of the compared rows whose values differ, from 0 to 1; known is false when no row was compared.
func (h Hour) MismatchRate() (rate float64, known bool) {
	if !h.Compared || h.Rows == 0 {
		return 0, false
	}
	return float64(h.Mismatch) / float64(h.Rows), true
}

// hoursReport are the hours of a feature as the runtime publishes them: a place an hour, null where it had no requests.
type hoursReport struct {
	Rows     []*int64 `json:"rows"`
	Mismatch []*int64 `json:"mismatch"`
	Missing  []*int64 `json:"missing_online"`
}

// hoursOf are the hours of a feature, or in words why there are none. told is of how many features the report has hours; a runtime that knows of none
// does not say.
func hoursOf(r *hoursReport, told *int) (hours []Hour, why string) {
	switch {
	case told == nil:
		return nil, "no hours published: the runtime that measured it is older"
	case *told <= 0:
		return nil, "no hours published: the rows that were read do not say theirs"
	case r == nil:
		return nil, fmt.Sprintf("no hours published: they are of the worst %s", plural(*told, "feature"))
	case len(r.Rows) != hoursOfDay || len(r.Mismatch) != hoursOfDay || len(r.Missing) != hoursOfDay:
		return nil, "its hours are unknown: the report does not have 24 of them"
	}
	for i, rows := range r.Rows {
		differ, missing := r.Mismatch[i], r.Missing[i]
		if (rows == nil) != (missing == nil) || rows == nil && differ != nil {
			return nil, fmt.Sprintf("its hours are unknown: the report has requests at %s, and has none", HourName(i))
		}
		h := Hour{Asked: rows != nil, Compared: differ != nil, Rows: value(rows), Mismatch: value(differ), Missing: value(missing)}
		if h.Rows < 0 || h.Missing < 0 || h.Mismatch < 0 || h.Mismatch > h.Rows {
			return nil, fmt.Sprintf("its hours are unknown: the counts of %s cannot be", HourName(i))
		}
		hours = append(hours, h)
	}
	return hours, ""
}

func value(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

// HourName is an hour of the day as people write it, "07:00".
func HourName(hour int) string { return fmt.Sprintf("%02d:00", hour) }

// HoursSentence tells when in its day a feature differed and when nobody can know, or why its hours are not known.
func (f Feature) HoursSentence() string {
	if f.NoHours != "" {
		return f.NoHours
	}
	if len(f.Hours) == 0 {
		return ""
	}
	var parts []string
	if text := peak(f.Hours, "differs", differing); text != "" {
		parts = append(parts, text)
	}
	if text := peak(f.Hours, "not online", notServed); text != "" {
		parts = append(parts, text)
	}
	silent, undrawn := 0, 0
	for _, h := range f.Hours {
		switch {
		case !h.Asked:
			silent++
		case h.Rows+h.Missing == 0:
			undrawn++
		}
	}
	if silent > 0 {
		parts = append(parts, "no requests in "+plural(silent, "hour"))
	}
	if undrawn > 0 {
		parts = append(parts, "nothing compared in "+plural(undrawn, "hour"))
	}
	return strings.Join(parts, ", ")
}

// differing are the rows of an hour whose values differ, of those that were compared.
func differing(h Hour) (bad, of int64) {
	if !h.Compared {
		return 0, 0
	}
	return h.Mismatch, h.Rows
}

// notServed are the rows of an hour that have no value online, of those that have one offline.
func notServed(h Hour) (bad, of int64) { return h.Missing, h.Rows + h.Missing }

// peak says in how many hours there was something bad, and in which of them most of it: by number, since one bad row of a quiet hour is a high rate.
func peak(hours []Hour, what string, count func(Hour) (bad, of int64)) string {
	var most, among int64
	worst, with, known := 0, 0, false
	for i, h := range hours {
		bad, of := count(h)
		known = known || of > 0
		if bad > 0 {
			with++
		}
		if bad > most {
			worst, most, among = i, bad, of
		}
	}
	switch {
	case !known:
		return ""
	case with == 0:
		return what + " in no hour"
	}
	return fmt.Sprintf("%s in %s, most at %s (%d of %s)", what, plural(with, "hour"), HourName(worst), most, plural(int(among), "row"))
}

// fewAnHour is how many compared rows an hour has at least where a single one of them does not make a high bar.
const fewAnHour = 30

// Thin says whether so few rows of the hour were compared that its rate says little.
func (h Hour) Thin() bool { return h.Rows < fewAnHour }

// thinHours says whether the hours of a comparison rest on few drawn rows.
func thinHours(features []Feature) bool {
	for _, f := range features {
		var rows, hours int64
		for _, h := range f.Hours {
			if h.Asked {
				rows, hours = rows+h.Rows, hours+1
			}
		}
		if hours > 0 {
			return rows < fewAnHour*hours
		}
	}
	return false
}
