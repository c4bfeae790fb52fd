package tui

import (
	"cmp"
	"fmt"
	"strings"

	"chrononctl/internal/fleet"
	"chrononctl/tui/strip"
	"chrononctl/tui/table"

	tea "charm.land/bubbletea/v2"
)

// consistencyScreen is a row a join that is compared online with offline, and the features of the selected one, worst first.
type consistencyScreen struct {
	listing
	joins    *table.Table[fleet.Comparison]
	features *table.Table[fleet.Feature]
	want     string // what to select when it arrives: a join, perhaps followed by a space and a feature
}

func newConsistencyScreen(s *shell) *consistencyScreen {
	c := &consistencyScreen{listing: listing{shell: s, beside: true, narrow: 78}}
	c.joins = table.New(table.Spec[fleet.Comparison]{
		ID:      func(r fleet.Comparison) string { return r.Join },
		Match:   matcher(s, fleet.ComparisonFields()),
		Clean:   clean,
		Columns: c.joinColumns(),
	})
	c.features = table.New(table.Spec[fleet.Feature]{
		ID:      func(f fleet.Feature) string { return f.Name },
		Search:  func(f fleet.Feature) string { return f.Name },
		Clean:   clean,
		Columns: c.featureColumns(),
	})
	c.joins.SortBy(1, false)
	c.panes = []pane{
		{grid: c.joins, title: "Joins", blank: "no comparison has been made yet", complete: completer(fleet.ComparisonFields())},
		{grid: c.features, title: "Features"},
	}
	c.moved = c.fillFeatures
	return c
}

// choose selects a join, and a feature when its name follows.
func (c *consistencyScreen) choose(subject string) { c.want = subject }

func (c *consistencyScreen) title() string   { return "Consistency" }
func (c *consistencyScreen) summary() string { return c.counted("join") }
func (c *consistencyScreen) needs() []need   { return nil }

func (c *consistencyScreen) sync() {
	snap, ok := c.snapshot()
	if !ok {
		return
	}
	c.joins.SetRows(snap.Joins)
	join, feature, both := strings.Cut(c.want, " ")
	if join != "" {
		c.joins.Select(join)
	}
	c.fillFeatures()
	if both && c.features.Select(feature) {
		c.focus = 1
	}
	c.want = ""
	c.layout()
}

// tallFeatures is the height from which on the features stand below the joins also on a wide terminal: there they have room for whole names, and for
// all that is known of each.
const tallFeatures = 40

func (c *consistencyScreen) setSize(width, height int) {
	c.beside = height < tallFeatures
	c.listing.setSize(width, height)
}

// fillFeatures shows the features of the selected join.
func (c *consistencyScreen) fillFeatures() {
	r, _ := c.joins.Selected()
	c.panes[1].blank = cmp.Or(r.Reason, "no feature was measured")
	c.panes[1].note = toggle(r.Caveat == "", "", strings.TrimSpace(c.theme.dot)+" "+clean(r.Caveat))
	c.features.SetRows(r.Features)
}

func (c *consistencyScreen) view() []string {
	if _, ok := c.snapshot(); !ok {
		return c.waiting(query{topic: topicSnapshot}, "the comparisons of "+c.options.Context)
	}
	return c.listing.view()
}

// detail says what was compared, and what to make of it; of a feature, when in the day it differed.
func (c *consistencyScreen) detail() string {
	r, ok := c.joins.Selected()
	if !ok {
		return ""
	}
	if f, ok := c.features.Selected(); ok && c.focus == 1 {
		return joinWith(c.theme.dot, f.Name, f.HoursSentence())
	}
	if r.Health == fleet.Unmeasured || r.Day == "" {
		return r.Join + c.theme.dot + cmp.Or(r.Reason, "not measured")
	}
	text := fmt.Sprintf("%s%smeasured %s%s%.4g %% drawn%s%s matched", r.Join, c.theme.dot, r.Day, c.theme.dot, r.Sampled, c.theme.dot,
		count(int(r.Rows), "row"))
	if more := r.Total - len(r.Features); more > 0 {
		text += fmt.Sprintf("%s%s not listed", c.theme.dot, count(more, "feature"))
	}
	return text
}

func (c *consistencyScreen) bindings() []binding {
	none := func() string { return selected(c.joins) }
	own := []binding{
		{keys: []string{"enter", "right"}, label: "enter", verb: "features", help: "from a join to its features", disabled: c.noFeatures,
			do: func() tea.Cmd { c.give(1); return nil }},
		{keys: []string{"O"}, label: "O", verb: "runs", help: "open the comparison's runs", disabled: none,
			do: func() tea.Cmd {
				r, _ := c.joins.Selected()
				c.push(newDAGScreen(c.shell, r.DAGID))
				return nil
			}},
		c.logBinding(none, func() (string, func(fleet.Task) bool) {
			r, _ := c.joins.Selected()
			return r.DAGID, anyTask
		}),
		c.whyBinding(none, func() string { r, _ := c.joins.Selected(); return r.DAGID }),
	}
	return append(own, c.listBindings()...)
}

func (c *consistencyScreen) noFeatures() string {
	if c.focus == 1 {
		return "the features have the keyboard"
	}
	if all, _ := c.features.Len(); all == 0 {
		return "this join has no measured features"
	}
	return ""
}

func (c *consistencyScreen) joinColumns() []table.Column[fleet.Comparison] {
	dim := func(text string) table.Cell { return table.Cell{Text: text, Style: c.theme.dim} }
	return []table.Column[fleet.Comparison]{
		{
			Title: "JOIN", Min: 26, Max: 60, Middle: true,
			Cell:    func(r fleet.Comparison) table.Cell { return table.Cell{Text: r.Join} },
			Compare: func(a, b fleet.Comparison) int { return strings.Compare(a.Join, b.Join) },
		},
		{
			Title: "STATE", Min: 14, Max: 14,
			Cell: func(r fleet.Comparison) table.Cell {
				return table.Cell{Text: c.theme.state(r.Health), Style: c.theme.paintOf(r.Health)}
			},
			Compare: func(a, b fleet.Comparison) int { return cmp.Compare(b.Health, a.Health) },
		},
		{
			Title: "OVER", Min: 8, Max: 9, Align: table.Right,
			Cell:    func(r fleet.Comparison) table.Cell { return dim(overText(r)) },
			Compare: func(a, b fleet.Comparison) int { return b.Over - a.Over },
		},
		{
			Title: "DAY", Min: 10, Max: 10,
			Cell:    func(r fleet.Comparison) table.Cell { return dim(r.Day) },
			Compare: func(a, b fleet.Comparison) int { return strings.Compare(a.Day, b.Day) },
		},
		{
			Title: "TREND", Min: weekShown, Max: fortnight, Priority: 1, Whole: 2,
			Cell: c.trendCell,
		},
		{
			Title: "DRAWN", Min: 7, Max: 7, Priority: 2, Align: table.Right,
			Cell: func(r fleet.Comparison) table.Cell { return dim(drawnText(r)) },
		},
		{
			Title: "ROWS", Min: 9, Max: 12, Priority: 3, Align: table.Right,
			Cell:    func(r fleet.Comparison) table.Cell { return dim(rowsText(r)) },
			Compare: func(a, b fleet.Comparison) int { return cmp.Compare(b.Rows, a.Rows) },
		},
	}
}

func overText(r fleet.Comparison) string {
	if r.Total == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d", r.Over, r.Total)
}

func drawnText(r fleet.Comparison) string {
	if r.Total == 0 {
		return ""
	}
	return fmt.Sprintf("%.4g %%", r.Sampled)
}

func rowsText(r fleet.Comparison) string {
	if r.Total == 0 {
		return ""
	}
	return grouped(r.Rows)
}

func (c *consistencyScreen) featureColumns() []table.Column[fleet.Feature] {
	dim := func(text string) table.Cell { return table.Cell{Text: text, Style: c.theme.dim} }
	return []table.Column[fleet.Feature]{
		{
			Title: "FEATURE", Min: 30, Max: 72, Middle: true,
			Cell:    func(f fleet.Feature) table.Cell { return table.Cell{Text: f.Name} },
			Compare: func(a, b fleet.Feature) int { return strings.Compare(a.Name, b.Name) },
		},
		{
			Title: "STATE", Min: 13, Max: 13,
			Cell: func(f fleet.Feature) table.Cell {
				return table.Cell{Text: c.theme.state(featureHealth(f)), Style: c.theme.paintOf(featureHealth(f))}
			},
		},
		{
			Title: "MISMATCH", Min: 9, Max: 10, Align: table.Right,
			Cell:    func(f fleet.Feature) table.Cell { return c.rateCell(f, f.Mismatch) },
			Compare: func(a, b fleet.Feature) int { return compareRates(a.Mismatch, b.Mismatch) },
		},
		{
			Title: "NOT ONLINE", Min: 10, Max: 12, Priority: 1, Align: table.Right,
			Cell:    func(f fleet.Feature) table.Cell { return c.rateCell(f, f.Missing) },
			Compare: func(a, b fleet.Feature) int { return compareRates(a.Missing, b.Missing) },
		},
		{
			Title: "SMAPE", Min: 7, Max: 8, Priority: 2, Align: table.Right,
			Cell: func(f fleet.Feature) table.Cell {
				if f.SMAPE == nil {
					return dim(c.theme.none)
				}
				return dim(fmt.Sprintf("%.3f", *f.SMAPE))
			},
			Compare: func(a, b fleet.Feature) int { return compareRates(a.SMAPE, b.SMAPE) },
		},
		{
			Title: "WEEK", Min: 8, Max: 9, Priority: 2, Align: table.Right,
			Cell:    c.driftCell,
			Compare: func(a, b fleet.Feature) int { return compareRates(a.Drift, b.Drift) },
		},
		{Title: hoursRuler, Min: len(hoursRuler), Priority: 3, Cell: c.hoursCell},
		{
			Title: "NOT OFFLINE", Min: 11, Max: 12, Priority: 3, Optional: true, Align: table.Right,
			Cell:    func(f fleet.Feature) table.Cell { return table.Cell{Text: rate(f.MissingOffline), Style: c.theme.dim} },
			Compare: func(a, b fleet.Feature) int { return compareRates(a.MissingOffline, b.MissingOffline) },
		},
		{
			Title: "ROWS", Min: 9, Max: 12, Priority: 4, Optional: true, Align: table.Right,
			Cell: func(f fleet.Feature) table.Cell {
				if f.Rows == 0 {
					return table.Cell{}
				}
				return dim(grouped(f.Rows))
			},
			Compare: func(a, b fleet.Feature) int { return cmp.Compare(b.Rows, a.Rows) },
		},
	}
}

// trendCell draws the mismatch of the worst feature over the last measured days; a day without a measurement has no bar.
func (c *consistencyScreen) trendCell(r fleet.Comparison) table.Cell {
	values := make([]float64, len(r.Trend))
	for i, m := range r.Trend {
		values[i] = strip.Unknown()
		if m.Mismatch != nil {
			values[i] = *m.Mismatch
		}
	}
	style := c.theme.dim
	if r.Health == fleet.Breach {
		style = c.theme.warn
	}
	top := 2 * r.Budgets.Mismatch // so that the budget is at half the height
	return table.Cell{
		Text: strip.Spark(c.theme.strips(), values, top, fortnight), Short: strip.Spark(c.theme.strips(), values, top, weekShown), Style: style,
	}
}

// hoursRuler is the title of the hours: each number stands above its hour.
const hoursRuler = "HOURS 6     12    18    "

// hoursCell draws the mismatch of each hour of the day: blank without requests, a dot where no row was compared. Bars above the budget stand out, where
// they rest on more than a few rows.
func (c *consistencyScreen) hoursCell(f fleet.Feature) table.Cell {
	if f.Hours == nil {
		return table.Cell{Text: c.theme.none, Style: c.theme.faint}
	}
	r, _ := c.joins.Selected()
	look, budget := c.theme.strips(), r.Budgets.Mismatch
	top := 2 * budget // so that the budget is at half the height, as in the trend; a bad day keeps its shape all the same
	thin := 0.0
	for _, h := range f.Hours {
		if rate, _ := h.MismatchRate(); h.Thin() {
			thin = max(thin, rate)
		} else {
			top = max(top, rate)
		}
	}
	top = cmp.Or(top, thin)
	var cell table.Cell
	for _, h := range f.Hours {
		rate, known := h.MismatchRate()
		value, style := rate, c.theme.dim
		switch {
		case !h.Asked:
			value = strip.Absent()
		case !known:
			value = strip.Unknown()
		case budget > 0 && rate > budget && !h.Thin():
			style = c.theme.warn
		}
		bar := strip.Spark(look, []float64{value}, top, 1)
		cell.Text += bar
		cell.Parts = append(cell.Parts, table.Part{Text: bar, Style: style})
	}
	return cell
}

// driftCell says by how much the mismatch differs from the week before.
func (c *consistencyScreen) driftCell(f fleet.Feature) table.Cell {
	switch {
	case f.Drift == nil:
		return table.Cell{Text: c.theme.none, Style: c.theme.dim}
	case *f.Drift > 0:
		return table.Cell{Text: fmt.Sprintf("+%.2f %%", *f.Drift*100), Style: c.theme.warn}
	}
	return table.Cell{Text: fmt.Sprintf("%.2f %%", *f.Drift*100), Style: c.theme.dim}
}

func featureHealth(f fleet.Feature) fleet.Health {
	switch {
	case f.Over:
		return fleet.Breach
	case f.Mismatch == nil:
		return fleet.Unmeasured
	}
	return fleet.OK
}

// rateCell writes a rate; one that was not measured is a dash and not a zero.
func (c *consistencyScreen) rateCell(f fleet.Feature, r *float64) table.Cell {
	style := c.theme.dim
	if f.Over {
		style = c.theme.text
	}
	return table.Cell{Text: cmp.Or(rate(r), c.theme.none), Style: style}
}

// compareRates orders the largest first and what was not measured last.
func compareRates(a, b *float64) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return cmp.Compare(*b, *a)
}
