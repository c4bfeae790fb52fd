package tui

import (
	"slices"
	"strings"
	"testing"
	"time"

	"chrononctl/dagspec"
	"chrononctl/internal/action"
	"chrononctl/internal/fleet"
)

// shelf keeps the notebook in memory, as a session before would have left it.
type shelf struct{ notes Notebook }

func (s *shelf) Load() (Notebook, error) { return s.notes, nil }
func (s *shelf) Save(n Notebook) error   { s.notes = n; return nil }

func TestThePaletteGoesToScreensTeamsAndDAGs(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][]string{
		"streams":                  {"Streaming", "payments.card_stream.v1"},
		"streams payments":         {"/team:payments  1 of 3 streams"},
		"dags state:failed":        {"/state:failed  1 of 6 DAGs"},
		"payments":                 {"Fleet › payments"},
		"team search":              {"Fleet › search"},
		"dag batch_dag_core":       {"Fleet › chronon_batch_dag_core"},
		"join_payments":            {"chronon_join_payments__checkout__v2"},
		"strems":                   {`there is no command, team or DAG "strems"; did you mean :streams?`},
		"dag batch_dag":            {`3 DAGs are called like "batch_dag"`},
		"trigger batch_dag_core 7": {"a day looks like"},
		"backfill nowhere.v1":      {`there is no conf "nowhere.v1"`},
		"backfill checkout 1..2":   {`"1..2" is no range of days`},
		"backfill checkout --kind": {`--kind "": must be one of join, group_by, staging_query`},
		"upload checkout":          {`there is no conf "checkout"`},
		"theme mauve":              {"a theme is one of"},
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			story(t, setup{source: troubledFleet(), width: 120, height: 30}, func(c *console) {
				c.pass(time.Second)
				c.press(":")
				c.write(line)
				c.press("enter")
				c.pass(time.Second)
				c.sees(want...)
			})
		})
	}
}

func TestAPaletteCommandOpensThePlanAndChangesNothingByItself(t *testing.T) {
	t.Parallel()
	story(t, setup{width: 100, height: 30}, func(c *console) {
		c.pass(time.Second)
		c.press(":")
		c.write("backfill checkout 1999-11-01..1999-11-20")
		c.press("enter")
		c.pass(3 * time.Second)
		c.sees("Backfill payments.checkout.v2", "y start")
		if !slices.Contains(c.source.questions(), "plan backfill payments.checkout.v2 1999-11-01") || len(c.source.applied) != 0 {
			t.Error("the plan was not asked for, or more than it was done")
		}
	})
}

// Chronon keeps names apart within a kind only: a staging query may be called like a join.
func TestThePaletteIsToldWhichOfTwoConfsIsMeant(t *testing.T) {
	t.Parallel()
	source := healthyFleet()
	const dag = "chronon_staging_query_dag_payments"
	source.snap.DAGs = append(source.snap.DAGs, makeDAG(dag, dagspec.KindStagingQuery, "payments", "", fleet.OK))
	slices.SortFunc(source.snap.DAGs, func(a, b fleet.DAG) int { return strings.Compare(a.ID, b.ID) })
	source.snap.Outputs = append(source.snap.Outputs, fleet.Output{Team: "payments", Conf: "payments.checkout.v2", DAGID: dag, Mode: dagspec.ModeBackfill})
	var planned []Request
	source.shape = func(_ *action.Plan, r Request) { planned = append(planned, r) }
	story(t, setup{source: source, width: 100, height: 30}, func(c *console) {
		c.pass(time.Second)
		c.press(":")
		c.write("backfill payments.checkout.v2 ")
		c.press("tab")
		c.sees(":backfill payments.checkout.v2 --kind")
		c.write(" ")
		c.sees("--kind join", "--kind staging_query")
		c.seesNot("group_by")
		c.write("sta")
		c.press("tab")
		c.sees(":backfill payments.checkout.v2 --kind staging_query")
		c.write(" 1999-11-01..1999-11-20")
		c.press("enter")
		c.pass(3 * time.Second)
		c.press("esc", ":")
		c.write("backfill --kind=join checkout.v2")
		c.press("enter", "enter")
		c.pass(3 * time.Second)
		kinds := each(planned, func(r Request) string { return string(r.Kind) })
		if want := []string{"staging_query", "join"}; !slices.Equal(kinds, want) {
			t.Errorf("plans were made for %q, want %q", kinds, want)
		}
	})
}

func TestThePaletteCompletes(t *testing.T) {
	t.Parallel()
	story(t, setup{width: 100, height: 30}, func(c *console) {
		c.pass(time.Second)
		c.press(":")
		c.sees("fleet", "open the teams, and what needs a person", "and 17 more")
		c.write("tr")
		c.press("tab")
		c.sees(":trigger")
		c.write(" batch")
		c.press("tab")
		c.sees(":trigger batch_dag_core")
		c.press("tab")
		c.sees(":trigger batch_dag_payments")
		c.press("esc")
		c.seesNot(":trigger")
	})
}

func TestThePaletteRemembers(t *testing.T) {
	t.Parallel()
	kept := &shelf{notes: Notebook{Commands: []string{"joins", "dags state:failed"}}}
	story(t, setup{options: Options{Shelf: kept}, width: 100, height: 30}, func(c *console) {
		c.pass(time.Second)
		c.press(":", "up")
		c.sees(":dags state:failed")
		c.press("up")
		c.sees(":joins")
		c.press("down", "down")
		c.seesNot(":joins", ":dags")
		c.write("streams")
		c.press("enter")
		c.pass(time.Second)
		if want := []string{"joins", "dags state:failed", "streams"}; !slices.Equal(kept.notes.Commands, want) {
			t.Errorf("kept %q, want %q", kept.notes.Commands, want)
		}
	})
}

func TestAReadOnlyPaletteHasNoCommandThatChanges(t *testing.T) {
	t.Parallel()
	story(t, setup{options: Options{ReadOnly: true}, width: 100, height: 40}, func(c *console) {
		c.pass(time.Second)
		for _, line := range []string{"trigger batch_dag_core", "pause batch_dag_core", "backfill checkout", "restart card", "upload card"} {
			c.press(":")
			c.write(line)
			c.press("enter")
			c.pass(time.Second)
			c.sees("there is no command")
		}
		if asked := c.source.questions(); slices.ContainsFunc(asked, func(q string) bool { return strings.HasPrefix(q, "plan") }) {
			t.Errorf("a read-only console asked %q", asked)
		}
	})
}

func TestAVerbThatIsNotOfferedHasNoKey(t *testing.T) {
	t.Parallel()
	source := healthyFleet()
	source.cannot = []action.Verb{action.Backfill, action.Trigger}
	story(t, setup{source: source}, func(c *console) {
		c.pass(time.Second)
		c.press("4")
		c.seesNot("backfill", "trigger")
		c.press("b", "t", ":")
		c.write("back")
		c.seesNot("backfill CONF", "range of days")
	})
}

func TestFiltersAreReadAndSaved(t *testing.T) {
	t.Parallel()
	kept := &shelf{}
	story(t, setup{source: troubledFleet(), options: Options{Shelf: kept}, width: 110, height: 30}, func(c *console) {
		c.pass(time.Second)
		c.press("2", "/")
		c.write("state:failed team:pay* ")
		c.sees("1 of 6 DAGs", "batch_dag_payments")
		c.write("age>1x")
		c.sees("is not a length of time")
		c.press("enter")
		c.sees("is not a length of time") // and what is wrong is not taken
		c.press("backspace", "h", "enter")
		c.sees("/state:failed team:pay* age>1h  1 of 6 DAGs")
		c.press(":")
		c.write("save bad")
		c.press("enter", "esc")
		c.sees("6 DAGs")
		c.press("/")
		c.write("@bad")
		c.press("enter")
		c.sees("/state:failed team:pay* age>1h  1 of 6 DAGs")
		if len(kept.notes.Filters) != 1 || kept.notes.Filters[0].Name != "bad" {
			t.Errorf("kept %v", kept.notes.Filters)
		}
		c.press("/")
		c.press("esc", "esc", "/")
		c.write("!team:payments")
		c.sees("2 of 6 DAGs")
		c.press("esc", "/")
		c.write("re:^chronon_batch")
		c.sees("3 of 6 DAGs")
	})
}

func TestThemes(t *testing.T) {
	t.Parallel()
	kept := &shelf{}
	story(t, setup{options: Options{Shelf: kept}}, func(c *console) {
		c.pass(time.Second)
		c.press(":")
		c.write("theme none")
		c.press("enter")
		if frame := c.styled(); strings.Contains(frame, "\x1b[38") || strings.Contains(frame, "\x1b[48") {
			t.Error("a theme of no colours has some")
		}
		if kept.notes.Theme != "none" {
			t.Error("the theme is not remembered")
		}
	})
}
