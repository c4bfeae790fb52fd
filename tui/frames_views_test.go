package tui

import (
	"time"

	"chrononctl/internal/deploy"
)

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

// findRow narrows the table that has the keyboard down to what a text finds.
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
