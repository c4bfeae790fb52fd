package tui

import (
	"testing"
	"time"

	"chrononctl/internal/action"
)

// What was just changed can be taken back where the activity opens: the cursor stands on it although the journal on disk, which knows it under
// another name, is read only then.
func TestStoryAChangeIsTakenBackFromTheActivity(t *testing.T) {
	t.Parallel()
	source := troubledFleet()
	chronicle := &fakeChronicle{fakeSource: source}
	story(t, setup{source: source, width: 120, height: 30, options: Options{Chronicle: chronicle}}, func(c *console) {
		c.pass(time.Second)
		c.press("3", "R")
		c.pass(3 * time.Second)
		c.press("y")
		c.pass(time.Second)
		source.change(func(*fakeSource) {
			chronicle.journal = []action.Entry{{ID: "a1", At: epoch, Ended: epoch, Verb: action.Pause, Title: "Pause one", Undo: "chrononctl unpause one", Done: 1}}
		})
		c.press("esc", "7")
		c.pass(time.Second)
		c.sees("U undo")
		if got := c.cursorLine(); got == "" {
			t.Error("the cursor is nowhere")
		}
	})
}

// The journal is asked in the language of every table, and of `chrononctl activity --query`.
func TestStoryTheJournalIsFilteredByItsFields(t *testing.T) {
	t.Parallel()
	source := troubledFleet()
	chronicle := &fakeChronicle{fakeSource: source}
	chronicle.journal = []action.Entry{
		{ID: "a1", At: epoch, Ended: epoch, Verb: action.Pause, Title: "Pause one", Undo: "chrononctl unpause one", Total: 1, Done: 1, Targets: []action.EntryThing{{DAGID: "one"}}},
		{ID: "a2", At: epoch, Ended: epoch, Verb: action.Clear, Title: "Clear two", Total: 1, Failed: 1, Targets: []action.EntryThing{{DAGID: "two", Error: "not permitted"}}},
	}
	story(t, setup{source: source, width: 120, height: 30, options: Options{Chronicle: chronicle}}, func(c *console) {
		c.pass(time.Second)
		c.press("7")
		c.pass(time.Second)
		c.sees("Pause one", "Clear two")
		c.press("/")
		c.write("verb:clear problem:*permitted dag:two")
		c.press("enter")
		c.sees("Clear two")
		c.seesNot("Pause one")
	})
}
