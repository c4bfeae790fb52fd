package tui

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"chrononctl/internal/deploy"
	"chrononctl/internal/fleet"
	"chrononctl/tui/table"

	tea "charm.land/bubbletea/v2"
)

// deployScreen is a row a target of the project, with what runs there; below it, what was deployed to the selected one.
type deployScreen struct {
	listing
	targets *table.Table[standing]
	past    *table.Table[deploy.AuditEntry]
}

// standing is what is known of a target: nothing yet, what runs there, or why that could not be read.
type standing struct {
	deploy.Standing
	known bool
	err   error
}

// everyStanding is how often the state of a target is read: it changes when somebody deploys.
const everyStanding = 30 * time.Second

func newDeployScreen(s *shell) *deployScreen {
	d := &deployScreen{listing: listing{shell: s}}
	d.targets = table.New(table.Spec[standing]{
		ID:      func(t standing) string { return t.Target },
		Search:  func(t standing) string { return t.Target + " " + t.Where },
		Clean:   clean,
		Columns: d.targetColumns(),
	})
	d.past = table.New(table.Spec[deploy.AuditEntry]{
		ID: func(e deploy.AuditEntry) string { return strconv.Itoa(e.Seq) },
		Search: func(e deploy.AuditEntry) string {
			return e.Who + " " + e.Operation + " " + e.Release + " " + e.Result + " " + e.Error
		},
		Clean:   clean,
		Columns: d.pastColumns(),
	})
	d.panes = []pane{
		{grid: d.targets, blank: "no deploy target: the console was not started in a Chronon repository whose chrononctl.yaml names one"},
		{grid: d.past, title: "What was deployed", blank: "nothing yet"},
	}
	d.moved = d.followTarget
	return d
}

func (d *deployScreen) title() string   { return "Deploy" }
func (d *deployScreen) summary() string { return d.tally("target") }

func (d *deployScreen) names() []string {
	if d.options.Deploys == nil {
		return nil
	}
	return d.options.Deploys.Targets()
}

func standingQuery(target string) query { return query{topic: topicStanding, target: target} }
func historyQuery(target string) query  { return query{topic: topicHistory, target: target} }

func (d *deployScreen) needs() []need {
	var out []need
	deploys := d.options.Deploys
	for _, name := range d.names() {
		out = append(out, need{query: standingQuery(name), every: everyStanding, load: func(ctx context.Context, _ Source) (any, error) {
			return deploys.Standing(ctx, name)
		}})
	}
	if t, ok := d.targets.Selected(); ok {
		out = append(out, need{query: historyQuery(t.Target), every: everyStanding, load: func(ctx context.Context, _ Source) (any, error) {
			history, err := deploys.History(ctx, t.Target)
			if history != nil && err != nil {
				return pastOf{history, err}, nil //nolint:nilerr // what can be read is shown, with what is wrong with it
			}
			return pastOf{History: history}, err
		}})
	}
	return out
}

// pastOf is a history, with what is wrong with its audit.
type pastOf struct {
	*deploy.History
	fault error
}

func (d *deployScreen) sync() {
	rows := make([]standing, 0, len(d.names()))
	for _, name := range d.names() {
		q := standingQuery(name)
		now, known := value[deploy.Standing](d.store, q)
		now.Target = name
		rows = append(rows, standing{now, known, d.store.get(q).err})
	}
	d.targets.SetRows(rows)
	d.followTarget()
}

// followTarget shows the past of the target that the cursor is on.
func (d *deployScreen) followTarget() {
	d.panes[1].blank = "nothing was deployed here yet"
	t, ok := d.targets.Selected()
	past, known := value[pastOf](d.store, historyQuery(t.Target))
	if !ok || !known {
		d.past.SetRows(nil)
		d.panes[1].blank = d.blankOf(historyQuery(t.Target), "what was deployed", "")
		if !ok {
			d.panes[1].blank = "nothing is selected"
		}
		d.layout()
		return
	}
	d.panes[1].title = "What was deployed to " + clean(t.Target) + strings.TrimRight(d.theme.dot, " ")
	d.past.SetRows(past.Audit)
	d.layout()
}

func (d *deployScreen) view() []string { return d.listing.view() }

// detail says what the columns have no room for: a lock, an operation that did not end, an audit that was touched.
func (d *deployScreen) detail() string {
	t, ok := d.targets.Selected()
	if !ok {
		return ""
	}
	if e, chosen := d.past.Selected(); d.focus == 1 && chosen {
		return strings.TrimSuffix(e.Release+d.theme.dot+e.Error, d.theme.dot)
	}
	if past, _ := value[pastOf](d.store, historyQuery(t.Target)); past.fault != nil {
		return errorText(past.fault)
	}
	switch {
	case t.LockedBy != nil:
		return "locked by " + t.LockedBy.String()
	case t.Unfinished != nil:
		return "unfinished: " + t.Unfinished.String()
	}
	return t.Where
}

func (d *deployScreen) bindings() []binding {
	none := func() string { return selected(d.targets) }
	target := func() string { t, _ := d.targets.Selected(); return t.Target }
	own := []binding{
		{keys: []string{"P"}, label: "P", verb: "plan", help: "what a deploy of the confs would change", disabled: none,
			do: func() tea.Cmd { return d.propose(Deployment{Target: target()}) }},
		{keys: []string{"z"}, label: "z", verb: "roll back", help: "plan to go back to an earlier release", disabled: d.noWayBack,
			do: func() tea.Cmd { return d.propose(Deployment{Target: target(), Back: true, Release: d.release()}) }},
		{keys: []string{"D"}, label: "D", verb: "drift", help: "where confs, files and Airflow differ", disabled: none,
			do: func() tea.Cmd { d.push(newDriftScreen(d.shell, target())); return nil }},
	}
	if d.focus == 0 {
		own[0].keys, own[0].label = append(own[0].keys, "enter"), "enter"
	} else {
		own = append(own, binding{keys: []string{"enter"}, label: "enter", verb: "details", help: "all that is known of the deploy",
			disabled: func() string { return selected(d.past) }, do: d.openEntry})
	}
	if d.running != nil {
		own = append([]binding{{keys: []string{"w"}, label: "w", verb: toggle(d.running.ended, "last deploy", "watch"),
			help: toggle(d.running.ended, "how the last deploy from here went", "the deploy that is under way"),
			do:   func() tea.Cmd { d.push(newRunScreen(d.shell, d.running)); return nil }}}, own...)
	}
	return append(own, d.listBindings()...)
}

// propose opens the plan of a deployment.
func (s *shell) propose(what Deployment) tea.Cmd {
	s.push(newProposalScreen(s, what))
	return nil
}

// noWayBack says why there is nothing to go back to, as far as that is known.
func (d *deployScreen) noWayBack() string {
	t, ok := d.targets.Selected()
	past, known := value[pastOf](d.store, historyQuery(t.Target))
	earlier := func(r deploy.PastRelease) bool { return !r.Live }
	switch {
	case !ok:
		return selected(d.targets)
	case known && past.fault == nil && !slices.ContainsFunc(past.Releases, earlier):
		return "no earlier release is kept to go back to"
	}
	return ""
}

// release is the one to go back to: that of the selected line, or empty for the newest verified one before.
func (d *deployScreen) release() string {
	if e, ok := d.past.Selected(); ok && d.focus == 1 {
		return e.Release
	}
	return ""
}

func (d *deployScreen) openEntry() tea.Cmd {
	e, _ := d.past.Selected()
	lines := []string{
		fmt.Sprintf("%s by %s on %s at %s", e.Operation, e.Who, e.Host, e.Time.UTC().Format("2006-01-02 15:04:05 UTC")),
		fmt.Sprintf("release %s, before it %s, live since %s", orNone(e.Release), orNone(e.From), orNone(e.Live)),
		fmt.Sprintf("%d created, %d updated, %d removed", e.Created, e.Updated, e.Removed),
		"commit " + orNone(e.Source.Commit), "result " + e.Result,
	}
	for _, r := range e.Allowed {
		lines = append(lines, "risk taken: "+r.String())
	}
	if e.Error != "" {
		lines = append(lines, "error: "+e.Error)
	}
	d.push(newTextScreen(d.shell, e.Operation+" "+e.Time.UTC().Format("01-02 15:04"), strings.Join(lines, "\n")))
	return nil
}

func orNone(text string) string { return cmp.Or(text, "none") }

// standingHealth is how a target is.
func standingHealth(t standing) fleet.Health {
	switch {
	case t.err != nil && !t.known:
		return fleet.Unknown
	case !t.known:
		return fleet.Waiting
	case t.LockedBy != nil:
		return fleet.Running
	case t.Unfinished != nil:
		return fleet.Failed
	case t.Live == nil:
		return fleet.None
	case t.Live.Outcome == "verified":
		return fleet.OK
	case t.Live.Outcome == "failed":
		return fleet.Failed
	}
	return fleet.Unknown
}

// standingWord is that in a word or two.
func standingWord(t standing) string {
	switch {
	case t.err != nil && !t.known:
		return "not read"
	case !t.known:
		return "reading"
	case t.LockedBy != nil:
		return "deploying"
	case t.Unfinished != nil:
		return "unfinished"
	case t.Live == nil:
		return "no release"
	}
	return t.Live.Outcome
}

func (d *deployScreen) targetColumns() []table.Column[standing] {
	dim := func(text string) table.Cell { return table.Cell{Text: text, Style: d.theme.dim} }
	live := func(t standing, text func(deploy.PastRelease) string) table.Cell {
		if t.Live == nil {
			return table.Cell{}
		}
		return dim(text(*t.Live))
	}
	return []table.Column[standing]{
		{Title: "TARGET", Min: 8, Max: 20, Cell: func(t standing) table.Cell { return table.Cell{Text: t.Target} }},
		{Title: "STATE", Min: 12, Max: 14, Cell: func(t standing) table.Cell {
			h := standingHealth(t)
			return table.Cell{Text: d.theme.glyph(h) + " " + standingWord(t), Style: d.theme.paintOf(h)}
		}},
		{Title: "RELEASE", Min: 26, Max: 32, Middle: true, Cell: func(t standing) table.Cell {
			return live(t, func(r deploy.PastRelease) string { return r.ID })
		}},
		{Title: "DAGS", Min: 4, Max: 5, Align: table.Right, Cell: func(t standing) table.Cell {
			return live(t, func(r deploy.PastRelease) string { return strconv.Itoa(r.DAGs) })
		}},
		{Title: "SEEN LIVE", Min: 11, Max: 11, Cell: func(t standing) table.Cell {
			return live(t, func(r deploy.PastRelease) string { return clock(d.now, r.Verified) })
		}},
		{Title: "BY", Min: 10, Max: 20, Priority: 1, Cell: func(t standing) table.Cell {
			return live(t, func(r deploy.PastRelease) string { return r.Who })
		}},
		{Title: "COMMIT", Min: 8, Max: 12, Priority: 2, Cell: func(t standing) table.Cell {
			return live(t, func(r deploy.PastRelease) string { return commitText(r.Source) })
		}},
		{Title: "WHERE", Min: 20, Max: 60, Priority: 3, Cell: func(t standing) table.Cell { return dim(t.Where) }},
	}
}

// commitText is a commit as people say it.
func commitText(s deploy.Source) string {
	text := s.Commit[:min(len(s.Commit), 10)]
	if s.Dirty {
		text += "+"
	}
	return text
}

// resultHealth is how an operation ended.
func resultHealth(result string) fleet.Health {
	switch result {
	case deploy.ResultVerified, deploy.ResultDone:
		return fleet.OK
	case deploy.ResultRolledBack, deploy.ResultSuperseded:
		return fleet.Breach
	case deploy.ResultUnverified, deploy.ResultPending, deploy.ResultInterrupted:
		return fleet.Unknown
	}
	return fleet.Failed
}

func (d *deployScreen) pastColumns() []table.Column[deploy.AuditEntry] {
	dim := func(text string) table.Cell { return table.Cell{Text: text, Style: d.theme.dim} }
	number := func(sign string, n int) table.Cell {
		if n == 0 {
			return table.Cell{}
		}
		return table.Cell{Text: sign + strconv.Itoa(n)}
	}
	return []table.Column[deploy.AuditEntry]{
		{Title: "WHEN", Min: 11, Max: 11, Cell: func(e deploy.AuditEntry) table.Cell { return dim(clock(d.now, e.Time)) }},
		{Title: "RESULT", Min: 13, Max: 22, Cell: func(e deploy.AuditEntry) table.Cell {
			h := resultHealth(e.Result)
			return table.Cell{Text: d.theme.glyph(h) + " " + strings.ReplaceAll(e.Result, "_", " "), Style: d.theme.paintOf(h)}
		}},
		{Title: "WHAT", Min: 8, Max: 9, Cell: func(e deploy.AuditEntry) table.Cell { return table.Cell{Text: e.Operation} }},
		{Title: "NEW", Min: 4, Max: 5, Align: table.Right, Cell: func(e deploy.AuditEntry) table.Cell { return number("+", e.Created) }},
		{Title: "CHANGED", Min: 7, Max: 7, Align: table.Right, Cell: func(e deploy.AuditEntry) table.Cell { return number("~", e.Updated) }},
		{Title: "GONE", Min: 4, Max: 5, Align: table.Right, Cell: func(e deploy.AuditEntry) table.Cell { return number("-", e.Removed) }},
		{Title: "WHO", Min: 10, Max: 24, Priority: 1, Cell: func(e deploy.AuditEntry) table.Cell { return dim(strings.Trim(e.Who+"@"+e.Host, "@")) }},
		{Title: "RELEASE", Min: 26, Max: 32, Priority: 2, Middle: true, Cell: func(e deploy.AuditEntry) table.Cell { return dim(e.Release) }},
		{Title: "", Min: 20, Max: 80, Priority: 3, Cell: func(e deploy.AuditEntry) table.Cell { return table.Cell{Text: e.Error, Style: d.theme.warn} }},
	}
}
