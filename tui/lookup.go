package tui

import (
	"slices"
	"strings"

	"chrononctl/internal/fleet"
	"chrononctl/tui/paint"
	"chrononctl/tui/table"
)

// findDAG returns the DAG of that id. DAGs are in order of their ids.
func findDAG(snap fleet.Snapshot, id string) (fleet.DAG, bool) {
	i, ok := slices.BinarySearchFunc(snap.DAGs, id, func(d fleet.DAG, id string) int { return strings.Compare(d.ID, id) })
	if !ok {
		return fleet.DAG{}, false
	}
	return snap.DAGs[i], true
}

// shortID leaves out what all our DAG ids begin with.
func shortID(id string) string { return strings.TrimPrefix(id, "chronon_") }

// nothingSelected says why a key that needs a row does nothing.
func nothingSelected[A, B any](first bool, a *table.Table[A], b *table.Table[B]) string {
	_, ok := a.Selected()
	all, shown := a.Len()
	if !first {
		_, ok = b.Selected()
		all, shown = b.Len()
	}
	switch {
	case ok:
		return ""
	case all == 0:
		return "there is nothing to select"
	case shown == 0:
		return "the filter shows nothing to select"
	}
	return "nothing is selected; up and down select"
}

// selected is nothingSelected for one table.
func selected[T any](t *table.Table[T]) string { return nothingSelected(true, t, t) }

// waiting is what a screen shows before its first data: what is being read, or why it could not be.
func (s *shell) waiting(q query, what string) []string {
	e := s.store.get(q)
	if e.err == nil {
		return []string{"", "  " + s.theme.dim.Render(paint.Fit("reading "+clean(what)+" "+s.theme.tail, s.width-4, s.theme.tail))}
	}
	lines := []string{"", "  " + s.theme.bad.Render(paint.Fit(s.theme.glyph(fleet.Failed)+" could not read "+clean(what), s.width-4, s.theme.tail)), ""}
	for _, l := range wrap(errorText(e.err), s.width-6) {
		lines = append(lines, "    "+l)
	}
	return append(lines, "", "  "+s.theme.dim.Render("It is tried again by itself; r tries now."))
}

// blankOf is what stands in place of the rows that a question would bring: they are being read, they could not be, or there are none.
func (s *shell) blankOf(q query, what, none string) string {
	switch e := s.store.get(q); {
	case !e.at.IsZero():
		return none
	case e.err != nil:
		return what + " could not be read: " + errorText(e.err)
	}
	return "reading " + what
}

// wrap breaks a text at spaces into lines of at most width bytes; a longer word is broken where it has to be.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		for len(word) > width && width > 0 {
			if line != "" {
				lines, line = append(lines, line), ""
			}
			cut := runeStart(word, width)
			lines, word = append(lines, word[:cut]), word[cut:]
		}
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// runeStart moves a byte offset back to the beginning of a rune, but never to 0.
func runeStart(s string, at int) int {
	for i := at; i > 0; i-- {
		if s[i]&0xC0 != 0x80 {
			return i
		}
	}
	return at
}

// findingID is what a finding stays the same by, while its detail counts on.
func findingID(n fleet.Finding) string {
	id := []string{n.Subject, n.DAGID, n.RunID, n.TaskID}
	if n.DAGID == "" {
		id = append(id, n.Detail)
	}
	return strings.Join(id, "\x00")
}
