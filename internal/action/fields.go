package action

import (
	"time"

	"chrononctl/internal/query"
)

// phases are the states of a backfill, as a query may name them.
func phases() []string {
	var words []string
	for _, p := range []Phase{Waiting, Running, Held, Done, Failed, Cancelled, Gone} {
		words = append(words, string(p))
	}
	return words
}

// BackfillFields are what a backfill can be asked.
func BackfillFields(now func() time.Time) []query.Field[BackfillState] {
	return []query.Field[BackfillState]{
		query.Text("id", "of its run, or what those of its runs begin with", func(b BackfillState) string { return b.ID }),
		query.Word("way", "one job over the range, or a run a day", []string{"job", "day"}, func(b BackfillState) string {
			if b.ByDay {
				return "day"
			}
			return "job"
		}),
		query.Word("state", "how far it has come", phases(), func(b BackfillState) string { return string(b.State) }),
		query.Day("from", "its first day", func(b BackfillState) string { return b.From }),
		query.Day("to", "its last day", func(b BackfillState) string { return b.To }),
		query.Number("runs", "how many it is made of", func(b BackfillState) (float64, bool) { return float64(len(b.Runs)), true }),
		query.Age("age", "how long ago it began", func(b BackfillState) (time.Duration, bool) { return now().Sub(b.Began), !b.Began.IsZero() }),
	}
}

// Outcome is what became of a change, in a word.
type Outcome string

// The outcomes.
const (
	OutcomeDone        Outcome = "done"
	OutcomePartly      Outcome = "partly" // some targets were changed
	OutcomeFailed      Outcome = "failed"
	OutcomeInterrupted Outcome = "interrupted" // nobody wrote down how it ended
	OutcomeTakenBack   Outcome = "undone"
)

func outcomes() []string {
	var words []string
	for _, o := range []Outcome{OutcomeDone, OutcomePartly, OutcomeFailed, OutcomeInterrupted, OutcomeTakenBack} {
		words = append(words, string(o))
	}
	return words
}

// Outcome is what became of the change.
func (e Entry) Outcome() Outcome {
	switch {
	case e.UndoneBy != "":
		return OutcomeTakenBack
	case e.Interrupted():
		return OutcomeInterrupted
	case e.Done == e.Total:
		return OutcomeDone
	case e.Done == 0:
		return OutcomeFailed
	default:
		return OutcomePartly
	}
}

// verbs are what a change may have been, as a query may name it.
func verbs(more []Verb) []string {
	var words []string
	for _, v := range append([]Verb{Trigger, Pause, Unpause, Clear, Mark, Restart, Upload, Backfill, Hold, Resume, Cancel, Rerun}, more...) {
		words = append(words, string(v))
	}
	return words
}

// EntryFields are what a change of the journal can be asked, among changes of a planner and of more verbs.
func EntryFields(now func() time.Time, more ...Verb) []query.Field[Entry] {
	each := func(of func(EntryThing) string) func(Entry) []string {
		return func(e Entry) []string {
			var all []string
			for _, thing := range e.Targets {
				if text := of(thing); text != "" {
					all = append(all, text)
				}
			}
			return all
		}
	}
	return []query.Field[Entry]{
		query.Text("change", "what was done, in words", func(e Entry) string { return e.Title }),
		query.Word("verb", "what was done", verbs(more), func(e Entry) string { return string(e.Verb) }),
		query.Word("outcome", "what became of it", outcomes(), func(e Entry) string { return string(e.Outcome()) }),
		query.Text("who", "who asked for it", func(e Entry) string { return e.By }),
		query.Texts("dag", "the DAGs that it changed", each(func(t EntryThing) string { return t.DAGID })),
		query.Texts("run", "the runs that it changed", each(func(t EntryThing) string { return t.RunID })),
		query.Texts("task", "the tasks that it changed", each(func(t EntryThing) string { return t.TaskID })),
		query.Text("command", "the command line that does the same", func(e Entry) string { return e.Command }),
		query.Texts("problem", "why it, or a part of it, was not carried out", func(e Entry) []string {
			return append(each(func(t EntryThing) string { return t.Error })(e), e.Problem)
		}),
		query.Number("targets", "how many it was about", func(e Entry) (float64, bool) { return float64(e.Total), true }),
		query.Number("failed", "how many of them it did not change", func(e Entry) (float64, bool) { return float64(e.Failed), true }),
		query.Age("age", "how long ago it was", func(e Entry) (time.Duration, bool) { return now().Sub(e.At), !e.At.IsZero() }),
	}
}
