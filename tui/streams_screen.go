package tui

import (
	"cmp"
	"strconv"
	"strings"

	"chrononctl/internal/fleet"
	"chrononctl/tui/table"

	tea "charm.land/bubbletea/v2"
)

// streamsScreen is a row a streaming GroupBy, as its keep-alive task reported it.
type streamsScreen struct {
	listing
	streams *table.Table[fleet.Stream]
	chosen  memo[table.Choice, []string] // names of the marked streams, or of the selected one
	want    string                       // to select when it arrives
}

func newStreamsScreen(s *shell) *streamsScreen {
	st := &streamsScreen{listing: listing{shell: s}}
	st.streams = table.New(table.Spec[fleet.Stream]{
		ID:      func(r fleet.Stream) string { return r.GroupBy },
		Match:   matcher(s, fleet.StreamFields(s.clock)),
		Clean:   clean,
		Columns: st.columns(),
	})
	st.streams.SortBy(1, false)
	st.side = about(st.streams.Selected, s.aboutStream)
	st.panes = []pane{{grid: st.streams, blank: "no streaming DAG has reported yet", marks: true, complete: completer(fleet.StreamFields(s.clock))}}
	return st
}

// choose selects a stream as soon as it is there.
func (st *streamsScreen) choose(groupBy string) { st.want = groupBy }

func (st *streamsScreen) title() string   { return "Streaming" }
func (st *streamsScreen) summary() string { return st.counted("stream") }
func (st *streamsScreen) needs() []need   { return nil }

func (st *streamsScreen) sync() {
	snap, ok := st.snapshot()
	if !ok {
		return
	}
	st.streams.SetRows(snap.Streams)
	if st.want != "" && st.streams.Select(st.want) {
		st.want = ""
	}
}

func (st *streamsScreen) view() []string {
	if _, ok := st.snapshot(); !ok {
		return st.waiting(query{topic: topicSnapshot}, "the streams of "+st.options.Context)
	}
	return st.listing.view()
}

// detail says in words what the columns may have no room for.
func (st *streamsScreen) detail() string {
	r, ok := st.streams.Selected()
	if !ok {
		return ""
	}
	parts := nonEmpty(r.Reason, r.GroupBy, r.App)
	if r.Upload != "" {
		parts = append(parts, "on the values of "+r.Upload)
	}
	if !r.At.IsZero() {
		parts = append(parts, "reported "+since(st.now, r.At)+" ago")
	}
	return strings.Join(parts, st.theme.dot)
}

func (st *streamsScreen) bindings() []binding {
	none := func() string { return selected(st.streams) }
	own := []binding{{
		keys: []string{"enter", "right"}, label: "enter", verb: "runs", help: "open the keep-alive runs", disabled: none,
		do: func() tea.Cmd {
			r, _ := st.streams.Selected()
			st.push(newDAGScreen(st.shell, r.DAGID))
			return nil
		},
	}}
	own = append(own, st.logBinding(none, func() (string, func(fleet.Task) bool) {
		r, _ := st.streams.Selected()
		return r.DAGID, r.IsKeptAliveBy
	}))
	own = append(own, st.whyBinding(none, func() string { r, _ := st.streams.Selected(); return r.GroupBy }))
	names := st.chosen.get(st.streams.Choice(), func() []string { return each(st.streams.Chosen(), func(r fleet.Stream) string { return r.GroupBy }) })
	return append(append(own, st.streamBindings(names)...), st.listBindings()...)
}

func (st *streamsScreen) columns() []table.Column[fleet.Stream] {
	dim := func(text string) table.Cell { return table.Cell{Text: text, Style: st.theme.dim} }
	return []table.Column[fleet.Stream]{
		{
			Title: "GROUPBY", Min: 26, Max: 56, Middle: true,
			Cell:    func(r fleet.Stream) table.Cell { return table.Cell{Text: r.GroupBy} },
			Compare: func(a, b fleet.Stream) int { return strings.Compare(a.GroupBy, b.GroupBy) },
		},
		{
			Title: "STATE", Min: 13, Max: 15,
			Cell: func(r fleet.Stream) table.Cell {
				return table.Cell{Text: st.theme.glyph(r.Health) + " " + streamWord(r), Style: st.theme.paintOf(r.Health)}
			},
			Compare: func(a, b fleet.Stream) int { return cmp.Compare(b.Health, a.Health) },
		},
		{
			Title: "SINCE", Min: 9, Max: 9, Align: table.Right,
			Cell:    func(r fleet.Stream) table.Cell { return dim(since(st.now, r.Since)) },
			Compare: func(a, b fleet.Stream) int { return b.Since.Compare(a.Since) },
		},
		{
			Title: "24 H", Min: 4, Max: 4, Align: table.Right,
			Cell:    func(r fleet.Stream) table.Cell { return dim(st.restarts(r)) },
			Compare: func(a, b fleet.Stream) int { return b.Restarts - a.Restarts },
		},
		{
			Title: "LAST TICKS", Min: fewTicks, Max: shownTicks, Priority: 1, Whole: 2,
			Cell: func(r fleet.Stream) table.Cell {
				if strings.Trim(r.Ticks, "n") == "" { // it never ran: why says more than that it did not
					return table.Cell{Text: r.Reason, Short: toggle(r.Why == fleet.WhyNoUpload, "no upload", st.theme.none), Style: st.theme.dim}
				}
				return st.ticks(r.Ticks)
			},
		},
		{
			Title: "NEXT", Min: 6, Max: 9, Priority: 2, Align: table.Right,
			Cell:    func(r fleet.Stream) table.Cell { return dim(until(st.now, r.NextTick)) },
			Compare: func(a, b fleet.Stream) int { return a.NextTick.Compare(b.NextTick) },
		},
		{
			Title: "APPLICATION", Min: 22, Max: 36, Priority: 3,
			Cell: func(r fleet.Stream) table.Cell { return dim(r.App) },
		},
		{
			Title: "VALUES OF", Min: 9, Max: 10, Priority: 4, Optional: true,
			Cell:    func(r fleet.Stream) table.Cell { return dim(r.Upload) },
			Compare: func(a, b fleet.Stream) int { return strings.Compare(a.Upload, b.Upload) },
		},
		{
			Title: "WHY", Min: 24, Max: 80, Priority: 4,
			Cell: func(r fleet.Stream) table.Cell { return dim(r.Reason) },
		},
		{
			Title: "TEAM", Min: 10, Max: 20, Priority: 2,
			Cell:    func(r fleet.Stream) table.Cell { return dim(r.Team) },
			Compare: func(a, b fleet.Stream) int { return strings.Compare(a.Team, b.Team) },
		},
	}
}

// streamWord is how a stream is, as its keep-alive says it.
func streamWord(r fleet.Stream) string {
	return cmp.Or(strings.ReplaceAll(r.State, "_", " "), r.Health.Word())
}

// restarts is how often a stream was restarted, where that is known.
func (st *streamsScreen) restarts(r fleet.Stream) string {
	if r.Health == fleet.Unknown && r.Ticks == "" {
		return st.theme.none
	}
	return strconv.Itoa(r.Restarts)
}

// How many ticks are drawn, and how many where there is little room.
const (
	shownTicks = 24
	fewTicks   = 12
)

// ticks draws the newest of the letters that the runtime publishes (dagspec/runtime): a quiet dot for alive, the state's glyph for the rest.
func (st *streamsScreen) ticks(letters string) table.Cell {
	var cell table.Cell
	for _, l := range letters[max(0, len(letters)-shownTicks):] {
		h := tickHealth(l)
		mark, style := st.theme.glyph(h), st.theme.paintOf(h)
		if h == fleet.OK {
			mark, style = strings.TrimSpace(st.theme.dot), st.theme.faint
		}
		cell.Text += mark
		cell.Parts = append(cell.Parts, table.Part{Text: mark, Style: style})
	}
	cell.ShortParts = cell.Parts[max(0, len(cell.Parts)-fewTicks):]
	for _, p := range cell.ShortParts {
		cell.Short += p.Text
	}
	cell.Style = st.theme.dim
	return cell
}

func tickHealth(letter rune) fleet.Health {
	switch letter {
	case 'a', 's':
		return fleet.OK
	case 'r', 'f':
		return fleet.Restarted
	case 'd', 'x':
		return fleet.Failed
	case 'n':
		return fleet.Waiting
	}
	return fleet.Unknown
}
