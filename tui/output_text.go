package tui

import (
	"fmt"
	"time"

	"chrononctl/internal/fleet"
	"chrononctl/tui/strip"
	"chrononctl/tui/table"
)

// How outputs, and the work on them, are told in a cell.

// outputWord is how far the newest wanted day is.
func outputWord(o fleet.Output) string {
	switch o.State {
	case fleet.OutputLanded:
		return "landed"
	case fleet.OutputExpected:
		return "expected"
	case fleet.OutputRunning:
		return "running"
	case fleet.OutputLate:
		return "late"
	case fleet.OutputFailed:
		return "failed"
	case fleet.OutputPaused:
		return "paused"
	case fleet.OutputNever:
		return "never landed"
	case fleet.OutputUnknown:
		if o.Health == fleet.None {
			return "not read yet"
		}
	}
	return "unknown"
}

func (s *shell) outputCell(o fleet.Output) table.Cell {
	return table.Cell{Text: s.theme.glyph(o.Health) + " " + outputWord(o), Style: s.theme.paintOf(o.Health)}
}

// dueText says when the wanted day is expected, or by how much it is late.
func (s *shell) dueText(o fleet.Output) string {
	switch {
	case o.Late > 0:
		return span(o.Late) + " late"
	case o.State == fleet.OutputLanded:
		return ""
	case o.Due.After(s.now):
		return "by " + moment(s.now, o.Due)
	case !o.Due.IsZero():
		return "usually " + moment(s.now, o.Due)
	}
	return ""
}

// dueShort is that where there is little room.
func (s *shell) dueShort(o fleet.Output) string {
	switch {
	case o.Late > 0:
		return roughly(span(o.Late)) + " late"
	case o.State == fleet.OutputLanded || o.Due.IsZero():
		return ""
	}
	return moment(s.now, o.Due)
}

// moment is a time of today, or of another day with its date, in UTC.
func moment(now, at time.Time) string {
	now, at = now.UTC(), at.UTC()
	if now.YearDay() == at.YearDay() && now.Year() == at.Year() {
		return at.Format("15:04")
	}
	return at.Format("01-02 15:04")
}

// bandWords are what the age of what is served means.
var bandWords = map[fleet.Band]string{fleet.BandFine: "fine", fleet.BandStale: "stale", fleet.BandWrong: "partly wrong", fleet.BandNoData: "no data"}

// servedCell is how old what is served is.
func (s *shell) servedCell(o fleet.Output) table.Cell {
	word, ok := bandWords[o.Serving.Band]
	if !ok {
		return table.Cell{}
	}
	days, health := fmt.Sprintf("%d d", o.Serving.Days), bandHealth(o.Serving.Band)
	return table.Cell{Text: days + " " + word, Short: s.theme.glyph(health) + " " + days, Style: s.theme.paintOf(health)}
}

// bandHealth is the state that a band is drawn like.
func bandHealth(b fleet.Band) fleet.Health {
	switch b {
	case fleet.BandFine:
		return fleet.OK
	case fleet.BandStale:
		return fleet.Waiting
	case fleet.BandWrong:
		return fleet.Breach
	case fleet.BandNoData:
		return fleet.Failed
	case fleet.BandNone:
	}
	return fleet.None
}

// workByDAG is for each DAG the job that says most of how far it is: the one with most steps, and of those the one that will be done last.
func workByDAG(snap fleet.Snapshot) map[string]fleet.Work {
	out := make(map[string]fleet.Work)
	for _, w := range snap.Work {
		if last, ok := out[w.DAGID]; !ok || w.Steps > last.Steps || w.Steps == last.Steps && w.Finish.After(last.Finish) {
			out[w.DAGID] = w
		}
	}
	return out
}

// shortGauge is how wide a gauge in a table is.
const shortGauge = 8

// workCell is how far a job is.
func (s *shell) workCell(w fleet.Work) table.Cell {
	t := s.theme
	if w.Steps == 0 {
		text := t.glyph(fleet.Running) + " " + span(s.now.Sub(w.Since))
		if w.Usual.Known() {
			text += " of " + span(w.Usual.P50)
		}
		return table.Cell{Text: text, Style: t.run}
	}
	short := fmt.Sprintf("[%d/%d]", w.Step, w.Steps)
	return table.Cell{Text: short + " " + strip.Gauge(t.strips(), stepShare(w.Step, w.Steps), shortGauge), Short: short, Style: t.run}
}

// stepShare is how much is done while a step is at work.
func stepShare(step, of int) float64 {
	if of <= 0 {
		return 0
	}
	return float64(max(0, step-1)) / float64(of)
}

// finishText is when a job should be done.
func (s *shell) finishText(w fleet.Work) string {
	switch {
	case w.Finish.IsZero():
		return ""
	case !w.Finish.After(s.now):
		return "any moment"
	}
	return "about " + moment(s.now, w.Finish)
}
