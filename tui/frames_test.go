package tui

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rogpeppe/go-internal/diff"

	"chrononctl/internal/deploy"
	"chrononctl/internal/fleet"

	tea "charm.land/bubbletea/v2"
)

// sizes are those at which every screen has golden frames.
var sizes = []struct{ width, height int }{{80, 24}, {120, 40}, {200, 60}}

// view is a screen, or a dialog over one, as the frames show it.
type view struct {
	name string         // of its archive
	open func(*console) // goes there from the first screen
	deep bool           // it is reached through a picture: there is one before an answer is late, or Airflow is lost
	in   []condition
	also []scene
}

// scene is a state that only one screen has.
type scene struct {
	name string
	of   condition
	set  func(*world) // before the console starts; nil: nothing
	then func(*console)
}

// keys opens a screen by pressing keys.
func keys(names ...string) func(*console) {
	return func(c *console) { c.press(names...) }
}

// everyCondition is what a screen can meet that a number key opens.
var everyCondition = []condition{empty, loading, healthy, failures, stale, forbidden, disconnected, cached}

// deepConditions is what a screen can meet that is opened from another one.
var deepConditions = []condition{empty, loading, healthy, failures, stale, forbidden, disconnected}

// views are all screens of the console, and its dialogs.
func views() []view {
	return append(append(append(fleetViews(), dagViews()...), deployViews()...), dialogViews()...)
}

// find narrows the table that has the keyboard down to what a text finds.
func findRow(c *console, text string) {
	c.press("/")
	c.write(text)
	c.press("enter")
}

func fleetViews() []view {
	return []view{
		{name: "fleet", open: keys(), in: everyCondition, also: []scene{
			{name: "causes", of: failures, then: keys("tab", "down")},
			{name: "nothing matches", of: failures, then: func(c *console) { findRow(c, "zebra") }},
		}},
		{name: "cause", open: func(c *console) { c.press("tab"); findRow(c, "upload"); c.press("enter") }, deep: true, in: []condition{failures, stale},
			also: []scene{{name: "over", of: failures, then: func(c *console) {
				c.source.change(func(f *fakeSource) { f.snap = healthySnapshot(); f.snap.At = epoch.Add(time.Hour) })
				c.pass(12 * time.Second)
			}}}},
		{name: "cause no permission", open: keys("tab", "enter"), deep: true, in: []condition{forbidden}},
		{name: "why", open: keys("2", "down", "w"), deep: true, in: []condition{healthy, failures, stale, forbidden, disconnected},
			also: []scene{
				{name: "a cause", of: failures, then: keys("down", "down")},
				{name: "a team", of: failures, then: keys("esc", "1", "w")},
			}},
		{name: "team", open: func(c *console) { findRow(c, "payments"); c.press("enter") }, deep: true, in: deepConditions[1:],
			also: []scene{
				{name: "empty", of: healthy, set: func(w *world) { w.snap.Outputs = nil }},
				{name: "DAGs", of: failures, then: keys("tab")},
			}},
		{name: "streams", open: keys("3"), in: everyCondition},
		{name: "joins", open: keys("4"), in: everyCondition},
		{name: "join", open: keys("4", "enter"), deep: true, in: deepConditions[1:],
			also: []scene{
				{name: "empty", of: healthy, set: func(w *world) {
					c := &w.snap.Calendars[0]
					c.Days, c.Parts, c.Holes, w.runs = nil, nil, nil, nil
					w.snap.Work = nil
				}},
				{name: "range", of: failures, then: keys("up", "space", "down", "left", "left")},
				{name: "parts", of: failures, then: keys("tab", "down", "down")},
			}},
		{name: "consistency", open: keys("5"), in: everyCondition},
		{name: "features", open: func(c *console) { c.press("5"); findRow(c, "payments"); c.press("enter") }, deep: true, in: []condition{healthy, failures, stale, disconnected},
			also: []scene{{name: "not measured", of: healthy, then: keys("tab", "esc", "g")}}},
		{name: "activity", open: keys("7"), in: everyCondition, also: []scene{
			{name: "details", of: failures, then: keys("down", "enter")},
			{name: "import errors", of: failures, then: keys("i")},
		}},
	}
}

func dagViews() []view {
	noRuns := scene{name: "empty", of: healthy, set: func(w *world) { w.runs = nil; w.snap.DAGs[1].Runs = nil }}
	failed := func(c *console) { findRow(c, "batch_dag_payments"); c.press("enter") }
	log := func(c *console) { c.press("2"); failed(c); c.pass(time.Second); c.press("l") }
	return []view{
		{name: "dags", open: keys("2"), in: everyCondition, also: []scene{
			{name: "marked", of: failures, then: keys("down", "space", "down", "V")},
		}},
		{name: "dag", open: func(c *console) { c.press("2"); failed(c) }, deep: true, in: deepConditions[1:], also: []scene{
			noRuns,
			{name: "gone", of: healthy, then: func(c *console) {
				c.source.change(func(f *fakeSource) { f.snap.DAGs = f.snap.DAGs[2:] })
				c.pass(DefaultInterval + time.Second)
			}},
			{name: "tasks", of: failures, then: keys("tab", "down")},
		}},
		{name: "log", open: log, deep: true, in: deepConditions[1:], also: []scene{
			{name: "empty", of: healthy, set: func(w *world) { w.log = nil }},
			{name: "complete", of: failures, set: func(w *world) { w.logDone = true }},
			{name: "searched", of: failures, then: func(c *console) { findRow(c, "checkout") }},
			{name: "at work", of: healthy, then: func(c *console) {
				c.press("esc", "esc", "esc")
				findRow(c, "join:payments*")
				c.press("enter")
				c.pass(time.Second)
				c.press("l")
				c.pass(time.Second)
			}},
		}},
	}
}

func deployViews() []view {
	risky := func(w *world) {
		w.deploys.plan.Risks = []deploy.Risk{{Name: deploy.RiskCatchUp, DAG: "chronon_join_ads__bids__v2", What: "Airflow creates 41 runs at once", Runs: 41}}
		w.deploys.plan.DAGs = append(w.deploys.plan.DAGs, deploy.DAGChange{ID: "chronon_join_ads__old__v1", Change: deploy.Remove, Was: "0badc0de0000", Live: deploy.LivePaused})
	}
	foreign := func(w *world) {
		w.deploys.plan.Files = []deploy.FileChange{{Path: "join_ads.py", Change: deploy.Foreign, Reason: "no deploy has placed it"}}
	}
	same := func(w *world) {
		p := &w.deploys.plan
		p.DAGs, p.Digest, p.Airflow = p.DAGs[:1], "", "" // no release is on record, and Airflow is not asked
	}
	applied := func(wait time.Duration) func(*console) {
		return func(c *console) {
			c.press("enter")
			c.pass(2 * time.Second)
			c.press("y")
			c.pass(wait)
		}
	}
	return []view{
		{name: "deploy", open: keys("6"), in: []condition{empty, loading, healthy, failures, stale, forbidden}, also: []scene{
			{name: "history", of: healthy, then: keys("tab", "down")},
		}},
		{name: "deploy plan", open: keys("6", "enter"), deep: true, in: []condition{loading, healthy, forbidden, disconnected}, also: []scene{
			{name: "risks", of: healthy, set: risky},
			{name: "files in the way", of: healthy, set: foreign},
			{name: "nothing to change", of: healthy, set: same},
			{name: "confirmation", of: healthy, then: func(c *console) { c.press("enter"); c.pass(2 * time.Second) }},
			{name: "confirmation of a risk", of: healthy, set: risky, then: func(c *console) { c.press("enter"); c.pass(2 * time.Second) }},
		}},
		{name: "deploy run", open: keys("6", "enter"), deep: true, also: []scene{
			{name: "under way", of: healthy, then: applied(7500 * time.Millisecond)},
			{name: "leaving", of: healthy, then: func(c *console) { applied(4 * time.Second)(c); c.press("q") }},
			{name: "done", of: healthy, then: applied(20 * time.Second)},
			{name: "rolled back", of: failures, set: func(w *world) { breakAnImport(w.deploys) }, then: applied(30 * time.Second)},
		}},
		{name: "drift", open: keys("6", "D"), deep: true, in: []condition{loading, healthy, forbidden, disconnected}, also: []scene{
			{name: "none", of: healthy, set: func(w *world) { w.deploys.drift = deploy.Drift{Release: "r19991230T041500Z-1a2b3c4d"} }},
		}},
	}
}

func dialogViews() []view {
	planned := func(c *console) { c.press("enter"); c.pass(2 * time.Second) }
	return []view{
		{name: "help", open: keys("2", "?"), in: []condition{healthy}, also: []scene{{name: "of a log", of: failures, then: keys("esc", "down", "enter", "l", "?")}}},
		{name: "palette", open: keys(":"), in: []condition{healthy}, also: []scene{
			{name: "typed", of: healthy, then: func(c *console) { c.write("tr") }},
			{name: "wrong filter", of: healthy, then: func(c *console) { c.press("esc", "2", "/"); c.write("state:bad") }},
		}},
		{name: "trigger", open: keys("2", "t"), deep: true, in: []condition{healthy}, also: []scene{
			{name: "planning", of: healthy, then: func(c *console) { c.source.change(func(f *fakeSource) { f.latency = time.Hour }); c.press("enter") }},
			{name: "plan", of: healthy, then: planned},
			{name: "plan refused", of: forbidden, then: planned},
			{name: "plan without a server", of: healthy, then: func(c *console) { c.source.change(func(f *fakeSource) { f.err = errRefused }); planned(c) }},
			{name: "done", of: healthy, then: func(c *console) { planned(c); c.press("y"); c.pass(time.Second) }},
			{name: "failed", of: healthy, set: func(w *world) { w.apply = errDenied }, then: func(c *console) { planned(c); c.press("y"); c.pass(time.Second) }},
			{name: "plan of many", of: healthy, set: func(w *world) { w.targets = 60 }, then: planned},
		}},
		{name: "backfill", open: keys("4", "b"), deep: true, in: []condition{healthy}, also: []scene{
			{name: "wrong day", of: healthy, then: keys("backspace", "enter")},
		}},
	}
}

// TestFrames draws every screen in every state that it can be in, at three sizes, with and without colours, and holds the frames to the golden ones
// and to what every frame promises.
func TestFrames(t *testing.T) {
	t.Parallel()
	for _, v := range views() {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			golden := openArchive(t, v.name)
			for _, condition := range v.in {
				t.Run(string(condition), func(t *testing.T) { v.draw(t, golden, scene{name: string(condition), of: condition}) })
			}
			for _, m := range v.also {
				t.Run(m.name, func(t *testing.T) { v.draw(t, golden, m) })
			}
			golden.finish(t)
		})
	}
}

// draw brings a console into the state, and looks at it at each size.
func (v view) draw(t *testing.T, golden *archive, m scene) { //nolint:thelper // it is the test
	w := worldOf(m.of)
	if m.set != nil {
		m.set(w)
	}
	if m.of == loading && !v.deep {
		w.latency = time.Hour
	}
	if (m.of == disconnected || m.of == cached) && !v.deep {
		w.err = errRefused
	}
	story(t, setup{width: sizes[0].width, height: sizes[0].height, source: w.fakeSource, options: w.options(m.of)}, func(c *console) {
		c.pass(time.Second)
		if v.deep {
			c.source.change(func(f *fakeSource) {
				if m.of == loading {
					f.latency = time.Hour
				}
				if m.of == disconnected {
					f.err = errRefused
				}
			})
		}
		v.open(c)
		c.pass(time.Second)
		if m.of == disconnected {
			c.pass(2 * DefaultInterval)
		}
		if m.of == stale {
			c.source.change(func(f *fakeSource) { f.err = errRefused })
			c.pass(40 * time.Second)
		}
		if m.then != nil {
			m.then(c)
		}
		for _, size := range sizes {
			c.program.Send(tea.WindowSizeMsg{Width: size.width, Height: size.height})
			synctest.Wait()
			frame := c.styled()
			shown := look(frame, size.width, size.height)
			promises{t, v, m, shown}.hold(frame, c.withoutColours())
			name := fmt.Sprintf("%s %dx%d", m.name, size.width, size.height)
			golden.holds(t, name, shown.words)
			golden.holds(t, name+" colours", shown.colours)
		}
	})
}

// withoutColours is the frame as the theme without colours draws it.
func (c *console) withoutColours() string {
	r := c.root
	theme := r.options.Theme
	paint := func(name string) string {
		r.options.Theme = name
		r.paintAnew()
		r.top().sync()
		return r.draw()
	}
	defer paint(theme)
	return paint("none")
}

// promises are what every frame holds, whatever it shows.
type promises struct {
	*testing.T
	view
	scene
	picture
}

func (p promises) hold(frame, plain string) {
	p.Helper()
	p.fits(frame)
	p.saysItWithoutColours(frame, plain)
	p.tellsItsAge()
	p.doesNotLie()
}

// fits: exactly as many lines and at most as many columns as the terminal has.
func (p promises) fits(frame string) {
	p.Helper()
	lines := strings.Split(frame, "\n")
	if len(lines) != p.height {
		p.Errorf("%s at %dx%d has %d lines", p.scene.name, p.width, p.height, len(lines))
	}
	for i, line := range lines {
		if w := tea.NewView(line); widest([]string{line}) > p.width {
			p.Errorf("%s at %dx%d: line %d is wider: %s", p.scene.name, p.width, p.height, i+1, w.Content)
		}
	}
}

// colourCode is a sequence that sets a colour.
var colourCode = regexp.MustCompile(`\x1b\[[0-9;:]*\b(3[0-8]|4[0-8]|9[0-7]|10[0-7])\b[0-9;:]*m`)

// saysItWithoutColours: the theme without colours has no colour and the same words, and what a colour marks as a trouble has a word or a glyph.
func (p promises) saysItWithoutColours(frame, plain string) {
	p.Helper()
	if p.scene.name != "searched" && colourCode.MatchString(plain) && !strings.HasPrefix(p.view.name, "log") {
		p.Errorf("%s at %dx%d: the frame without colours has colours: %q", p.scene.name, p.width, p.height, colourCode.FindString(plain))
	}
	if without := look(plain, p.width, p.height); without.words != p.words {
		p.Errorf("%s at %dx%d: without colours it says something else:\n%s", p.scene.name, p.width, p.height, diff.Diff("with", []byte(p.words), "without", []byte(without.words)))
	}
	told := map[colouredRun]bool{} // colours of lines that say it; a sentence that was wrapped goes on below
	for _, r := range p.runs {
		at := colouredRun{line: r.line, letter: r.letter}
		told[at] = told[at] || tellsTrouble(r.text) || told[colouredRun{line: r.line - 1, letter: r.letter}]
		if strings.ContainsRune("!xXw", rune(r.letter)) && !told[at] {
			p.Errorf("%s at %dx%d: only its colour tells that %q is no good", p.scene.name, p.width, p.height, r.text)
		}
	}
}

// troubleWords are what may be drawn in the colour of a trouble without a glyph.
var troubleWords = regexp.MustCompile(`READ-ONLY|may come|remove|\bold\b|\blate\b|\bstale\b|wrong|no data|missing|[Aa]gain|waits|no upload|not |never|is no |drop|risk|stopped|\+\d|:`)

// tellsTrouble says whether a text says that something is no good to who sees no colours.
func tellsTrouble(text string) bool {
	for h := fleet.Waiting; h <= fleet.Failed; h++ {
		if strings.Contains(text, h.Glyph()) {
			return true
		}
	}
	return strings.ContainsAny(text, "□?-!█░") || troubleWords.MatchString(text)
}

// tellsItsAge: what is not known to be true now says how old it is, or that there is nothing.
func (p promises) tellsItsAge() {
	p.Helper()
	head, _, _ := strings.Cut(p.words, "\n")
	want := map[condition]string{stale: " s old", cached: "cached, 3 h old", disconnected: "not reached yet|no answer| ago"}[p.of]
	if p.of == disconnected && p.deep {
		want = "no answer.* old"
	}
	if want != "" && !regexp.MustCompile(want).MatchString(head) {
		p.Errorf("%s at %dx%d: the head does not say how old this is: %s", p.scene.name, p.width, p.height, head)
	}
	if strings.Contains(head, "✔") && !p.of.answered() && p.of != forbidden && p.of != loading {
		p.Errorf("%s at %dx%d: the head says that Airflow is well: %s", p.scene.name, p.width, p.height, head)
	}
}

// wellWords are what may only be said when it is known.
var wellWords = regexp.MustCompile(`nothing failed|nothing waits|as it should be|nothing is wrong|has not run yet|deployed here yet|nothing to change|no events|every DAG|has no DAG|` +
	`no DAG on this|no join has|no streaming|no comparison has|no drift|it is empty|is empty so far|none that|\b0 (?:teams|DAGs|joins|streams|runs)|0 import errors`)

// doesNotLie: nothing is said to be well, or not to be there, that was not looked at.
func (p promises) doesNotLie() {
	p.Helper()
	if p.of != loading && p.of != forbidden && p.of != disconnected {
		return
	}
	if lie := wellWords.FindString(p.words); lie != "" && p.scene.then == nil {
		p.Errorf("%s at %dx%d says %q, which nobody has found out:\n%s", p.scene.name, p.width, p.height, lie, p.words)
	}
}
