// Package strip draws numbers in one line: a spark line of bars, and a gauge of how much is done.
//
// It draws plain text; the caller gives it a colour. A value that is not known is drawn as such and never as zero, and where there is nothing that could
// have a value the place stays blank.
package strip

import (
	"math"
	"strings"
)

// Look is what strips are drawn with.
type Look struct {
	Bars  []string // from the lowest to the highest, one column each
	None  string   // a value that is not known, one column
	Full  string   // the part of a gauge that is done, one column
	Empty string   // the part that is not
}

// Unicode and ASCII are the two looks.
var (
	Unicode = Look{Bars: []string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}, None: "·", Full: "█", Empty: "░"}
	ASCII   = Look{Bars: []string{"_", ".", "-", "~", "=", "+", "*", "#"}, None: "?", Full: "#", Empty: "."}
)

// Unknown is a value that nobody measured.
func Unknown() float64 { return math.NaN() }

// Absent is the value of a place where there was nothing to measure.
func Absent() float64 { return math.Inf(-1) }

// Spark draws the newest values, one column each, between nothing and top. With a top of 0 the largest of them is the highest bar.
// A value above nothing is never drawn like nothing.
func Spark(look Look, values []float64, top float64, width int) string {
	values = values[max(0, len(values)-max(0, width)):]
	if top <= 0 {
		for _, v := range values {
			top = max(top, known(v))
		}
	}
	var b strings.Builder
	for _, v := range values {
		b.WriteString(look.bar(v, top))
	}
	return b.String()
}

func known(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}

func (l Look) bar(v, top float64) string {
	last := len(l.Bars) - 1
	switch {
	case math.IsNaN(v):
		return l.None
	case math.IsInf(v, -1):
		return " "
	case v <= 0 || top <= 0:
		return l.Bars[0]
	case v >= top:
		return l.Bars[last]
	}
	return l.Bars[min(last, 1+int(v/top*float64(last)))]
}

// Gauge draws a share between 0 and 1. Nothing but everything is drawn full, and nothing but nothing empty.
func Gauge(look Look, share float64, width int) string {
	if width <= 0 {
		return ""
	}
	share = min(1, max(0, known(share)))
	full := int(math.Round(share * float64(width)))
	if share > 0 {
		full = max(1, full)
	}
	if share < 1 {
		full = min(width-1, full)
	}
	return strings.Repeat(look.Full, full) + strings.Repeat(look.Empty, width-full)
}
