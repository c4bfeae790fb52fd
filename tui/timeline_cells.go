package tui

import (
	"chrononctl/internal/fleet"
	"chrononctl/tui/table"
	"chrononctl/tui/timeline"
)

// The kinds of stretches in a timeline of tasks.
const (
	stretchQueued = iota
	stretchDone
	stretchRunning
	stretchWaiting
	stretchFailed
)

// stretchMarks are how they are drawn: waiting is hollow and work is full, and the colour repeats the state that stands beside it.
func (t *theme) stretchMarks() []timeline.Mark {
	look := t.strips()
	return []timeline.Mark{
		stretchQueued: {Text: look.Empty, Style: t.faint}, stretchDone: {Text: look.Full, Style: t.ok}, stretchRunning: {Text: look.Full, Style: t.run},
		stretchWaiting: {Text: look.Empty, Style: t.wait}, stretchFailed: {Text: look.Full, Style: t.bad},
	}
}

// stretchesOf are how long the newest try of a task waited for a slot, and how long it was at work.
func stretchesOf(t fleet.Task) []timeline.Stretch {
	if t.Start.IsZero() && t.Queued.IsZero() {
		return nil
	}
	var out []timeline.Stretch
	if !t.Queued.IsZero() && (t.Start.IsZero() || t.Queued.Before(t.Start)) {
		out = append(out, timeline.Stretch{From: t.Queued, To: t.Start, Kind: stretchQueued})
	}
	if t.Start.IsZero() {
		return out
	}
	kind := stretchDone
	switch t.Health {
	case fleet.Failed:
		kind = stretchFailed
	case fleet.Running:
		kind = stretchRunning
	case fleet.Waiting:
		kind = stretchWaiting
	case fleet.None, fleet.OK, fleet.Skipped, fleet.Paused, fleet.Unmeasured, fleet.Restarted, fleet.Unknown, fleet.Breach:
	}
	return append(out, timeline.Stretch{From: t.Start, To: t.End, Kind: kind})
}

// scaleOf is the scale on which the tasks of a run are drawn, from the first to the last of them, or to now.
func (d *dagScreen) scaleOf(tasks []fleet.Task) timeline.Scale {
	rows := make([][]timeline.Stretch, len(tasks))
	for i, t := range tasks {
		rows[i] = stretchesOf(t)
	}
	return timeline.Fit(d.now, 0, rows...)
}

func (d *dagScreen) timelineHeading(width int) string {
	scale := d.scale
	scale.Width = width
	if axis := scale.Axis(); axis != "" {
		return axis
	}
	return "TIMELINE"
}

func (d *dagScreen) timelineCell(t fleet.Task, width int) table.Cell {
	scale := d.scale
	scale.Width = width
	var cell table.Cell
	for _, p := range scale.Bar(d.theme.stretchMarks(), stretchesOf(t)) {
		cell.Text += p.Text
		cell.Parts = append(cell.Parts, table.Part{Text: p.Text, Style: p.Style})
	}
	return cell
}
