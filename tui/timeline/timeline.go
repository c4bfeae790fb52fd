// Package timeline draws stretches of time as bars over a common scale, a line a bar, and the scale itself.
//
// It knows nothing of what the stretches are: each has a kind, which is an index into the marks of the [Look].
package timeline

import (
	"strings"
	"time"

	"chrononctl/tui/paint"
)

// Mark is how stretches of one kind are drawn.
type Mark struct {
	Text  string // one column
	Style paint.Style
}

// Stretch is a stretch of time. One without an end goes on to the end of the scale.
type Stretch struct {
	From, To time.Time
	Kind     int
}

// Piece is a part of a drawn bar.
type Piece struct {
	Text  string
	Style paint.Style
}

// Scale maps a time to a column.
type Scale struct {
	From, To time.Time
	Width    int
}

// Fit makes the scale that holds all the stretches; open ones end now.
func Fit(now time.Time, width int, rows ...[]Stretch) Scale {
	s := Scale{Width: width}
	for _, row := range rows {
		for _, st := range row {
			if st.From.IsZero() {
				continue
			}
			end := st.To
			if end.IsZero() {
				end = now
			}
			if s.From.IsZero() || st.From.Before(s.From) {
				s.From = st.From
			}
			if end.After(s.To) {
				s.To = end
			}
		}
	}
	return s
}

// Column is where a moment is, within the scale's width.
func (s Scale) Column(at time.Time) int {
	whole := s.To.Sub(s.From)
	if whole <= 0 || s.Width <= 0 {
		return 0
	}
	share := float64(at.Sub(s.From)) / float64(whole)
	return min(s.Width-1, max(0, int(share*float64(s.Width))))
}

// Bar draws stretches over one another, the later ones on top. Each takes a column at least, so that what was short is seen. The bar is as wide as
// the scale, and pieces that look the same are one.
func (s Scale) Bar(marks []Mark, stretches []Stretch) []Piece {
	if s.Width <= 0 || s.From.IsZero() {
		return nil
	}
	kinds := make([]int, s.Width)
	for _, st := range stretches {
		if st.From.IsZero() || st.Kind < 0 || st.Kind >= len(marks) {
			continue
		}
		end := s.Width - 1
		if !st.To.IsZero() {
			end = s.Column(st.To)
			if end > s.Column(st.From) && st.To.Before(s.To) {
				end-- // a bar ends before the column in which the next one begins
			}
		}
		for c := s.Column(st.From); c <= end; c++ {
			kinds[c] = st.Kind + 1
		}
	}
	return pieces(marks, kinds)
}

// pieces joins columns of the same kind; kind 0 is nothing.
func pieces(marks []Mark, kinds []int) []Piece {
	var out []Piece
	for from := 0; from < len(kinds); {
		to := from
		for to < len(kinds) && kinds[to] == kinds[from] {
			to++
		}
		if kinds[from] == 0 {
			out = append(out, Piece{Text: paint.Spaces(to - from)})
		} else {
			m := marks[kinds[from]-1]
			out = append(out, Piece{Text: strings.Repeat(m.Text, to-from), Style: m.Style})
		}
		from = to
	}
	return out
}

// steps are the distances that the labels of a scale may have.
var steps = []time.Duration{
	time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute,
	30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 48 * time.Hour, 7 * 24 * time.Hour,
	28 * 24 * time.Hour,
}

// Axis writes moments along the scale, in UTC, at round distances and as many as there is room for. It is at most as wide as the scale.
func (s Scale) Axis() string {
	whole := s.To.Sub(s.From)
	if whole <= 0 || s.Width <= 0 {
		return ""
	}
	for _, step := range steps {
		layout := layoutOf(step)
		if labels := int(whole/step) + 1; labels*(len(layout)+2) > s.Width && step != steps[len(steps)-1] {
			continue
		}
		return s.labels(step, layout)
	}
	return ""
}

func layoutOf(step time.Duration) string {
	switch {
	case step < time.Minute:
		return "15:04:05"
	case step < 24*time.Hour:
		return "15:04"
	}
	return "01-02"
}

func (s Scale) labels(step time.Duration, layout string) string {
	var b strings.Builder
	for at := s.From.UTC().Truncate(step); !at.After(s.To); at = at.Add(step) {
		if at.Before(s.From) {
			continue
		}
		column := s.Column(at)
		if column < b.Len() || column+len(layout) > s.Width {
			continue
		}
		b.WriteString(paint.Spaces(column - b.Len()))
		b.WriteString(at.Format(layout))
		b.WriteByte(' ')
	}
	return strings.TrimRight(b.String(), " ")
}
