package fleet

import (
	"time"

	"chrononctl/internal/query"
)

// What rows can be asked, in the language of [chrononctl/internal/query]. now dates the ages.

// HealthWords are the states as a query names them.
func HealthWords() []string {
	words := make([]string, 0, len(faces))
	for h := range faces {
		words = append(words, Health(h).String())
	}
	return words
}

// StateField asks for a row's state.
func StateField[T any](get func(T) Health) query.Field[T] {
	return query.Word("state", "how it is", HealthWords(), func(row T) string { return get(row).String() })
}

// AgeField asks how long ago something was; a row without that moment does not say.
func AgeField[T any](now func() time.Time, name, help string, get func(T) time.Time) query.Field[T] {
	return query.Age(name, help, func(row T) (time.Duration, bool) {
		at := get(row)
		return now().Sub(at), !at.IsZero()
	})
}

// tookField asks how long something ran, or has been running; a row that has not begun does not say.
func tookField[T any](now func() time.Time, get func(T) (start, end time.Time)) query.Field[T] {
	return query.Age("took", "how long it ran", func(row T) (time.Duration, bool) {
		start, end := get(row)
		if end.IsZero() {
			end = now()
		}
		return end.Sub(start), !start.IsZero()
	})
}

// RunFields are what runs can be asked.
func RunFields(now func() time.Time) []query.Field[Run] {
	return []query.Field[Run]{
		query.Text("run", "its id", func(r Run) string { return r.ID }),
		query.Text("type", "scheduled, manual, backfill", func(r Run) string { return r.Type }),
		query.Text("word", "Airflow's own word for its state", func(r Run) string { return r.State }),
		StateField(func(r Run) Health { return r.Health }),
		query.Day("ds", "its day", func(r Run) string { return r.Day }),
		AgeField(now, "age", "how long ago it began", func(r Run) time.Time { return r.Start }),
		tookField(now, func(r Run) (time.Time, time.Time) { return r.Start, r.End }),
	}
}

// TaskFields are what task instances can be asked.
func TaskFields(now func() time.Time) []query.Field[Task] {
	return []query.Field[Task]{
		query.Text("task", "its id", func(t Task) string { return t.ID }),
		query.Text("word", "Airflow's own word for its state", Task.Word),
		StateField(func(t Task) Health { return t.Health }),
		query.Number("tries", "how often it was tried", func(t Task) (float64, bool) { return float64(t.Try), t.Try > 0 }),
		AgeField(now, "age", "how long ago it began", func(t Task) time.Time { return t.Start }),
		tookField(now, func(t Task) (time.Time, time.Time) { return t.Start, t.End }),
	}
}

// StreamFields are what streams can be asked.
func StreamFields(now func() time.Time) []query.Field[Stream] {
	return []query.Field[Stream]{
		query.Text("stream", "its GroupBy", func(s Stream) string { return s.GroupBy }),
		query.Text("team", "who owns it", func(s Stream) string { return s.Team }),
		query.Text("word", "what its keep-alive said", func(s Stream) string { return s.State }),
		query.Text("app", "its application", func(s Stream) string { return s.App }),
		query.Text("reason", "what its keep-alive said of it", func(s Stream) string { return s.Reason }),
		StateField(func(s Stream) Health { return s.Health }),
		query.Number("restarts", "in 24 hours", func(s Stream) (float64, bool) { return float64(s.Restarts), s.State != "" }),
		AgeField(now, "age", "how long it has been so", func(s Stream) time.Time { return s.Since }),
	}
}

// outputWords are the states of outputs as a query names them.
func outputWords() []string {
	var words []string
	for s := OutputUnknown; s <= OutputNever; s++ {
		words = append(words, s.String())
	}
	return words
}

// OutputFields are what outputs can be asked.
func OutputFields() []query.Field[Output] {
	return []query.Field[Output]{
		query.Text("conf", "its conf", func(o Output) string { return o.Conf }),
		query.Text("team", "who owns it", func(o Output) string { return o.Team }),
		query.Text("table", "what it writes", func(o Output) string { return o.Table }),
		query.Text("mode", "upload, backfill, ...", func(o Output) string { return string(o.Mode) }),
		query.Word("word", "how far its newest wanted day is", outputWords(), func(o Output) string { return o.State.String() }),
		StateField(func(o Output) Health { return o.Health }),
		query.Day("ds", "the newest day that landed", func(o Output) string { return o.Landed }),
		query.Age("late", "by how much it is over what is usual", func(o Output) (time.Duration, bool) { return o.Late, o.Usual.Known() }),
		query.Number("days", "how old what is served is", func(o Output) (float64, bool) { return float64(o.Serving.Days), o.Serving.Band != BandNone }),
	}
}

// CalendarFields are what joins can be asked.
func CalendarFields() []query.Field[Calendar] {
	return []query.Field[Calendar]{
		query.Text("join", "its conf", func(c Calendar) string { return c.Join }),
		query.Text("team", "who owns it", func(c Calendar) string { return c.Team }),
		query.Text("table", "what it writes", func(c Calendar) string { return c.Table }),
		query.Word("word", "how far its newest wanted day is", outputWords(), func(c Calendar) string { return c.Output.State.String() }),
		StateField(func(c Calendar) Health { return c.Health }),
		query.Day("ds", "the newest day that landed", func(c Calendar) string { return c.Output.Landed }),
		query.Number("holes", "days missing between days that landed", func(c Calendar) (float64, bool) { return float64(len(c.Holes)), true }),
	}
}

// ComparisonFields are what consistency results can be asked.
func ComparisonFields() []query.Field[Comparison] {
	return []query.Field[Comparison]{
		query.Text("join", "its conf", func(c Comparison) string { return c.Join }),
		query.Text("team", "who owns it", func(c Comparison) string { return c.Team }),
		query.Text("word", "what its report said", func(c Comparison) string { return c.State }),
		StateField(func(c Comparison) Health { return c.Health }),
		query.Day("ds", "the day that was compared", func(c Comparison) string { return c.Day }),
		query.Number("over", "features beyond their budget", func(c Comparison) (float64, bool) { return float64(c.Over), c.Total > 0 }),
		query.Number("sample", "percent of the log that was compared", func(c Comparison) (float64, bool) { return c.Sampled, c.Total > 0 }),
	}
}

// CauseFields are what causes can be asked.
func CauseFields(now func() time.Time) []query.Field[Cause] {
	return []query.Field[Cause]{
		query.Text("what", "what is the matter", func(c Cause) string { return c.Title }),
		query.Texts("team", "whom it touches", func(c Cause) []string { return append(c.Teams(), c.Team) }),
		query.Text("owner", "whose it is", func(c Cause) string { return c.Owner }),
		query.Text("kind", "partition, task, error, stream, ...", func(c Cause) string { return c.Kind.String() }),
		StateField(func(c Cause) Health { return c.Health }),
		query.Number("runs", "in how many runs", func(c Cause) (float64, bool) { return float64(c.Runs()), true }),
		AgeField(now, "age", "how long ago it began", func(c Cause) time.Time { return c.Since }),
	}
}
