package dagspec

// The ways to fill the table of a join, [Settings.JoinBackfill].
const (
	joinBackfillJob   = "job"
	joinBackfillParts = "parts"
)

// joinBackfill adds the front-fill of a join's table, and the models that run over it.
func (b *builder) joinBackfill(c *Conf) {
	meta := c.doc.Meta
	table := Partition{Table: c.table(), Fields: []Field{b.env.dayField(-meta.lag())}}
	when := meta.schedule()
	if when.never {
		b.unscheduled[producerKey(table)] = "join " + c.Name + " has offlineSchedule @never"
		return
	}
	dag := b.dag(KindJoin, c, when.cron)
	filled := table
	if c.doc.transformed() { // JoinBase.scala 49-52: the models read what the join wrote, and write its table
		filled.Table += suffixPreModel
	}
	waits := b.joinWaits(c, dag)
	var last Task
	if parts := c.doc.parts(); b.s.JoinBackfill == joinBackfillParts && len(parts) > 0 {
		last = b.backfillInParts(c, dag, waits, parts)
	} else {
		last = b.job(c, ModeBackfill, meta.lag())
		last.Waits = waits
	}
	last.Coalesce = meta.fills()
	last.Outputs = []Partition{filled}
	dag.Tasks = append(dag.Tasks, last)
	if c.doc.transformed() {
		models := b.job(c, ModeModelTransform, meta.lag())
		models.Coalesce = meta.fills()
		models.After = []string{last.ID}
		models.Outputs = []Partition{table}
		dag.Tasks = append(dag.Tasks, models)
	}
	b.joinWrites(c, dag, table, filled)
}

// backfillInParts adds the left side of a join and, after it and beside each other, its parts; it returns the task that joins them
// (chronon-ai, join_backfill.py). What a part writes cannot be looked for: its days may lie one before the join's, and a part whose rows are all
// bootstrapped has no table at all (Join.scala, getRightPartsData). The last task finds out.
func (b *builder) backfillInParts(c *Conf, dag *DAG, waits []Wait, parts []partOfJoin) Task {
	lag := c.doc.Meta.lag()
	left := b.job(c, ModeBackfillLeft, lag)
	left.Coalesce = c.doc.Meta.fills()
	left.Waits = waits
	left.Outputs = []Partition{{Table: c.table() + suffixBootstrap, Fields: []Field{b.env.dayField(-lag)}}}
	dag.Tasks = append(dag.Tasks, left)
	final := b.job(c, ModeBackfillFinal, lag)
	for _, part := range parts {
		task := b.job(c, ModeBackfill, lag, words("--selected-join-parts", part.name, "--use-cached-left")...)
		task.ID = "backfill_part__" + idPart(c.rest()) + "__" + idPart(part.name)
		task.Part = part.name
		task.Coalesce = left.Coalesce
		task.After = []string{left.ID}
		final.After = append(final.After, task.ID)
		dag.Tasks = append(dag.Tasks, task)
	}
	return final
}

// joinWrites puts the tables that filling a join writes on its way into the index of producers, and its own.
func (b *builder) joinWrites(c *Conf, dag *DAG, table, filled Partition) {
	written := []Partition{{Table: c.table() + suffixBootstrap}}
	for _, part := range c.doc.JoinParts {
		if part.GroupBy.name() != "" {
			written = append(written, Partition{Table: c.joinPartTable(part)})
		}
	}
	last := len(dag.Tasks) - 1
	if filled.Table != table.Table {
		b.writes(dag, dag.Tasks[last-1], append(written, filled)...)
		b.writes(dag, dag.Tasks[last], table)
		return
	}
	b.writes(dag, dag.Tasks[last], append(written, table)...)
}

// partOfJoin is a part of a join that is computed by itself.
type partOfJoin struct {
	name    string // as --selected-join-parts wants it
	groupBy *embeddedGB
}

// parts are the parts that a join is computed from: its GroupBys, and those that stand in for external parts (join_backfill.py,
// get_regular_and_external_join_parts). Their names are those of utils.py, join_part_name, and external_join_part.py.
func (d *document) parts() []partOfJoin {
	var parts []partOfJoin
	for _, part := range d.JoinParts {
		if part.GroupBy.name() != "" {
			parts = append(parts, partOfJoin{underscored(part.Prefix.value, cleanName(part.GroupBy.name())), part.GroupBy})
		}
	}
	for _, part := range d.ExternalParts {
		if gb := part.Source.OfflineGroupBy; gb != nil {
			name := part.Source.Meta.Name.value
			if name == "" {
				name = gb.name()
			}
			parts = append(parts, partOfJoin{underscored("ext", part.Prefix.value, cleanName(name)), gb})
		}
	}
	return parts
}
