package dagspec

import (
	"fmt"
	"math"
	"strings"
)

// The datasets of the KV store that hold the rows of statistics and comparisons, for all joins (Constants.scala).
const (
	datasetStats       = "CHRONON_STATS_BATCH"
	datasetLogStats    = "CHRONON_LOG_STATS_BATCH"
	datasetConsistency = "CHRONON_CONSISTENCY_METRICS_STATS_BATCH"
)

// join adds the tasks of a join to its own DAGs and to its team's.
func (b *builder) join(c *Conf) {
	b.joinBackfill(c)
	if c.doc.logs() {
		b.flattenLog(c)
	} else {
		b.unscheduled[strings.ToLower(c.table()+suffixLogged)] = "join " + c.Name + " is not online with samplePercent, so its requests are not logged"
	}
	if c.doc.compares() {
		b.comparison(c)
	} else if c.doc.Meta.CustomJSON.CheckConsistency.value {
		b.about(c.File).warn(codeNoLogging, "metaData.customJson.check_consistency", "nothing can be compared: no requests are logged",
			"make the join online and set sample_percent, or take check_consistency out")
	}
	if c.doc.LabelPart != nil {
		b.labelJoin(c)
	}
	if b.s.Stats {
		b.statistics(c)
	}
}

// joinWaits are the partitions that computing a join needs: what the compiler listed, and the sources of GroupBys that stand in for external
// parts, which it does not list (join.py walks the join parts only).
func (b *builder) joinWaits(c *Conf, dag *DAG) []Wait {
	waits := b.waits(c, c.doc.Meta.needs, "metaData", dag)
	for i, part := range c.doc.ExternalParts {
		if gb := part.Source.OfflineGroupBy; gb != nil && gb.Meta != nil {
			at := fmt.Sprintf("onlineExternalParts[%d].source.offlineGroupBy.metaData", i)
			waits = addWaits(waits, b.waits(c, gb.Meta.needs, at, dag)...)
		}
	}
	return waits
}

// flattenLog adds the job that turns a join's logged requests into a table. A lag is about inputs of the join, which this job does not read.
func (b *builder) flattenLog(c *Conf) {
	dag := b.dag(KindLogFlattening, c, cronDaily)
	logTable, schemaTable := b.env.LogTable.value, b.env.SchemaTable.value
	if logTable == "" || schemaTable == "" {
		b.about(teamsFile).warn(codeLogTables, "default.common_env", "CHRONON_LOG_TABLE and CHRONON_SCHEMA_TABLE are not both set, and the log flattener fails without them",
			"name the table of logged requests and the table of their schemas")
	}
	var more []Arg
	for _, table := range []struct{ flag, name string }{{"--log-table", logTable}, {"--schema-table", schemaTable}} {
		if table.name != "" {
			more = append(more, words(table.flag, table.name)...)
		}
	}
	task := b.job(c, ModeLogFlattener, 0, more...)
	if logTable != "" {
		// The schema event is written every day, also when a join had no request (airflow/helpers.py, extract_dependencies).
		published := Partition{Table: logTable, Fields: []Field{b.env.dayField(0), {Column: "name", Value: words("SCHEMA_PUBLISH_EVENT")}}}
		task.Waits = addWaits(task.Waits, ownWait(published))
	}
	if schemaTable != "" {
		task.Waits = addWaits(task.Waits, ownWait(Partition{Table: schemaTable, Fields: []Field{b.env.dayField(0)}}))
	}
	logged := Partition{Table: c.table() + suffixLogged, Fields: []Field{b.env.dayField(0)}}
	task.Outputs = []Partition{logged}
	dag.Tasks = append(dag.Tasks, task)
	b.writes(dag, task, logged)
}

// comparison adds the comparison of served with recomputed values, and its summary. The job computes the join again over the logged requests, so
// it needs the join's own inputs besides the log (ConsistencyJob.scala).
func (b *builder) comparison(c *Conf) {
	meta := c.doc.Meta
	dag := b.dag(KindComparison, c, cronDaily)
	task := b.job(c, ModeConsistency, meta.lag())
	day := b.env.dayField(-meta.lag())
	task.Waits = addWaits([]Wait{ownWait(Partition{Table: c.table() + suffixLogged, Fields: []Field{day}})}, b.joinWaits(c, dag)...)
	result := Partition{Table: c.table() + suffixConsistency, Fields: []Field{day}}
	task.Outputs = []Partition{result}
	sample := 5.0 // what join.py sets where check_consistency is on and nothing is said
	if meta.ConsistencySamplePercent.set {
		sample = meta.ConsistencySamplePercent.value
	}
	if sample <= 0 || sample > 100 || math.IsNaN(sample) {
		b.about(c.File).warn(codeNoSample, "metaData.consistencySamplePercent", "with this sample nothing is compared", "set a percentage above 0 and up to 100")
		sample = 0
	}
	loads := b.s.loadsStats()
	var load Task
	if loads {
		load = b.statsLoad(c, &task, result.Table+suffixUpload, datasetConsistency)
	}
	dag.Tasks = append(dag.Tasks, task)
	if loads {
		dag.Tasks = append(dag.Tasks, load)
	}
	dag.Tasks = append(dag.Tasks, Task{
		ID: SummaryTask, Conf: c.Name, ConfFile: c.File, Mode: ModeSummary, Lag: task.Lag, After: []string{task.ID}, Table: result.Table, Sample: sample,
	})
	b.writes(dag, task, result, Partition{Table: c.table() + suffixComparison}, Partition{Table: result.Table + suffixUpload})
}

// labelJoin adds the job that joins labels to a join's table. A run computes its own label day alone, over the window of left days before it
// (LabelJoin.scala 52-54), so no day is left to a newer one.
func (b *builder) labelJoin(c *Conf) {
	part := c.doc.LabelPart
	meta := part.Meta
	if meta == nil {
		meta = &metaData{}
	}
	when, lag := meta.schedule(), c.doc.Meta.lag()
	labels := Partition{Table: c.table() + suffixLabels}
	if when.never {
		b.unscheduled[producerKey(labels)] = "the label part of join " + c.Name + " has offlineSchedule @never"
		return
	}
	if c.doc.Left != nil && c.doc.Left.Entities != nil {
		b.about(c.File).warn(codeLabelLeft, "left.entities", "labels can be joined to events only: the label join will fail", "make the left side events, or remove the label part")
	}
	dag := b.dag(KindLabelJoin, c, when.cron)
	task := b.job(c, ModeLabelJoin, lag)
	task.Coalesce = false
	for _, wait := range b.waits(c, meta.needs, "labelPart.metaData", dag) {
		if strings.EqualFold(wait.Partition.Table, c.table()) && lag > 0 {
			wait = ownWait(Partition{Table: c.table(), Fields: []Field{b.env.dayField(-lag)}}) // the join itself stays behind by its lag
		}
		task.Waits = addWaits(task.Waits, wait)
	}
	newest := -lag - (int(part.LeftEndShift.value) - 1)
	labels.Fields = []Field{{Column: "label_ds", Value: b.env.dayField(-lag).Value}, b.env.dayField(newest)}
	task.Outputs = []Partition{labels}
	dag.Tasks = append(dag.Tasks, task)
	b.writes(dag, task, labels, Partition{Table: c.table() + suffixLabeled}, Partition{Table: c.table() + suffixLatestLabel})
}

// statistics adds the daily statistics of a join's table, and of its log where it has one. Both jobs fill what their table lacks whatever
// historicalBackfill says (SummaryJob.scala works on unfilled ranges alone). A join that does not run daily has its statistics in its own DAG: a
// run of that starts only when its week or month is over, for which those of a daily DAG would wait.
func (b *builder) statistics(c *Conf) {
	lag, when := c.doc.Meta.lag(), c.doc.Meta.schedule()
	switch {
	case when.never:
	case when.cron == cronDaily:
		dag := b.dag(KindStats, c, cronDaily)
		dag.Tasks = append(dag.Tasks, b.statisticsOf(c, dag, ModeStats, lag, c.table(), datasetStats)...)
	default:
		dag := b.dag(KindJoin, c, when.cron)
		tasks := b.statisticsOf(c, dag, ModeStats, lag, c.table(), datasetStats)
		tasks[0].Waits, tasks[0].After = nil, []string{dag.Tasks[len(dag.Tasks)-1].ID}
		dag.Tasks = append(dag.Tasks, tasks...)
	}
	if c.doc.logs() {
		dag := b.dag(KindStats, c, cronDaily)
		dag.Tasks = append(dag.Tasks, b.statisticsOf(c, dag, ModeLogStats, 0, c.table()+suffixLogged, datasetLogStats)...)
	}
}

// statisticsOf are the task that computes the statistics of a table and, where the project wants it, the load of them.
func (b *builder) statisticsOf(c *Conf, dag *DAG, mode Mode, lag int, table, dataset string) []Task {
	day := b.env.dayField(-lag)
	task := b.job(c, mode, lag)
	task.Waits = []Wait{ownWait(Partition{Table: table, Fields: []Field{day}})}
	task.Outputs = []Partition{{Table: table + suffixStats, Fields: []Field{day}}}
	b.writes(dag, task, task.Outputs[0], Partition{Table: table + suffixStats + suffixUpload})
	if !b.s.loadsStats() {
		return []Task{task}
	}
	load := b.statsLoad(c, &task, table+suffixStats+suffixUpload, dataset)
	return []Task{task, load}
}
