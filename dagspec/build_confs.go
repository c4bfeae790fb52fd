package dagspec

import (
	"fmt"
	"math"
	"strings"
)

// stagingQuery adds the daily task of a staging query.
func (b *builder) stagingQuery(c *Conf) {
	meta := c.doc.Meta
	lag, when := meta.lag(), meta.schedule()
	output := Partition{Table: c.table()}
	switch {
	case c.doc.CreateView.value:
		output = c.signal(b.env.dayField(-lag))
	case c.doc.StartPartition.value != "": // without it the table is rewritten as a whole
		output.Fields = []Field{b.env.dayField(-lag)}
	}
	if when.never {
		b.unscheduled[producerKey(output)] = "staging query " + c.Name + " has offlineSchedule @never"
		return
	}
	dag := b.dag(KindStagingQuery, c, cronDaily)
	task := b.job(c, ModeBackfill, lag)
	task.Schedule = taskSchedule(dag, when)
	// A view reports each day for itself, so a day left to a newer one would never be reported.
	task.Coalesce = meta.fills() && !c.doc.CreateView.value
	task.Waits = b.waits(c, meta, "metaData", dag)
	if len(meta.CustomJSON.PartitionColumns.values) == 0 {
		task.Outputs = []Partition{output} // with more columns nobody knows their values, and a sensor needs them all
	}
	dag.Tasks = append(dag.Tasks, task)
	b.writes(dag, c, output)
}

// groupBy adds the tasks of a GroupBy: the upload of its snapshot and the load of it, the front-fill of its table, and its stream.
func (b *builder) groupBy(c *Conf) {
	meta := c.doc.Meta
	when := meta.schedule()
	if meta.Online.value {
		b.upload(c)
	}
	table := Partition{Table: c.table(), Fields: []Field{b.env.dayField(-meta.lag())}}
	switch {
	case c.doc.BackfillStartDate.value == "":
		b.unscheduled[producerKey(table)] = "GroupBy " + c.Name + " has no backfillStartDate"
	case when.never:
		b.unscheduled[producerKey(table)] = "GroupBy " + c.Name + " has offlineSchedule @never"
	default:
		dag := b.dag(KindBatch, c, cronDaily)
		task := b.job(c, ModeBackfill, meta.lag())
		task.Schedule = taskSchedule(dag, when)
		task.Coalesce = meta.fills()
		task.Waits = b.waits(c, meta, "metaData", dag)
		task.Outputs = []Partition{table}
		dag.Tasks = append(dag.Tasks, task)
		b.writes(dag, c, table, Partition{Table: c.table() + suffixIncremental})
	}
	if c.doc.streams() {
		b.keepAlive(c)
	} else if meta.Online.value && c.doc.temporal() {
		b.about(c.File).warn(codeNoTopic, "accuracy", "values are promised to the second (TEMPORAL) and no source has a topic, so they are served as of midnight",
			"give a source its topic, or set the accuracy to SNAPSHOT")
	}
}

// upload adds the upload of a GroupBy's snapshot, and the load of it into the KV store where the project says how. Its
// schedule is its own, daily if nothing is said (group_by.py, upload_schedule): offlineSchedule @never stops no upload, for what is served has to be
// refreshed.
func (b *builder) upload(c *Conf) {
	meta := c.doc.Meta
	when, err := parseSchedule(meta.CustomJSON.UploadSchedule.value)
	if err != nil || when.never {
		when = schedule{cron: cronDaily}
	}
	dag := b.dag(KindBatch, c, cronDaily)
	output := Partition{Table: c.table() + suffixUpload} // without partitions: each run overwrites it (GroupByUpload.scala)
	task := b.job(c, ModeUpload, meta.lag())
	task.Schedule = taskSchedule(dag, when)
	task.Waits = b.waits(c, meta, "metaData", dag)
	task.Outputs = []Partition{output}
	dag.Tasks = append(dag.Tasks, task)
	b.writes(dag, c, output)
	switch {
	case b.s.NoKVLoad:
	case b.s.KVLoad == nil:
		b.about(c.File).warn(codeKVLoad, "metaData.online", "its values are computed every day and never loaded into the KV store",
			"say how in chrononctl.yaml: kv_load with argv or callable, or kv_load: none")
	default:
		load := Task{
			ID: taskID(ModeKVLoad, c), Conf: c.Name, ConfFile: c.File, Mode: ModeKVLoad, Schedule: task.Schedule, Env: b.s.Run.Env, Lag: task.Lag,
			Coalesce: true, After: []string{task.ID}, Table: output.Table, Dataset: c.kvDataset(),
		}
		for _, template := range b.s.KVLoad.Argv {
			load.Argv = append(load.Argv, b.loadArg(template, &load))
		}
		dag.Tasks = append(dag.Tasks, load)
	}
}

// loadArg fills {table}, {dataset} and {ds} in one element of the KV load's command.
func (b *builder) loadArg(template string, load *Task) Arg {
	filled := strings.NewReplacer("{table}", load.Table, "{dataset}", load.Dataset).Replace(template)
	sections := strings.Split(filled, "{ds}")
	var pieces []Arg
	for i, section := range sections {
		if i > 0 {
			pieces = append(pieces, Arg{Day: b.env.day(-load.Lag)})
		}
		if section != "" {
			pieces = append(pieces, Arg{Text: section})
		}
	}
	switch len(pieces) {
	case 0:
		return Arg{}
	case 1:
		return pieces[0]
	default:
		return Arg{Pieces: pieces}
	}
}

// keepAlive adds the check that a GroupBy's stream runs, before the summary that is the last task of the team's streaming DAG.
func (b *builder) keepAlive(c *Conf) {
	cron, err := everyCron(b.s.Stream.Every)
	if err != nil {
		return // reported with the settings
	}
	dag := b.dag(KindStreaming, c, cron)
	var more []Arg
	if len(b.s.Stream.ListApps) > 0 {
		more = words("--list-apps", strings.Join(b.s.Stream.ListApps, " ")) // run.py splits it on spaces
	}
	task := b.job(c, ModeStreaming, 0, more...)
	task.Coalesce = false
	if len(dag.Tasks) == 0 {
		dag.Tasks = []Task{{ID: "summary", Mode: ModeSummary}}
	}
	last := len(dag.Tasks) - 1
	summary := dag.Tasks[last]
	summary.After = append(summary.After, task.ID)
	dag.Tasks = append(dag.Tasks[:last], task, summary)
}

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
}

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
	task := b.job(c, ModeBackfill, meta.lag())
	task.Coalesce = meta.fills()
	task.Waits = b.joinWaits(c, dag)
	task.Outputs = []Partition{table}
	intermediate := []Partition{{Table: c.table() + suffixBootstrap}}
	for _, part := range c.doc.JoinParts {
		if part.GroupBy.name() != "" {
			intermediate = append(intermediate, Partition{Table: c.joinPartTable(part)})
		}
	}
	if c.doc.transformed() {
		before := Partition{Table: c.table() + suffixPreModel, Fields: table.Fields}
		task.Outputs = []Partition{before}
		intermediate = append(intermediate, before)
		models := b.job(c, ModeModelTransform, meta.lag())
		models.Coalesce = task.Coalesce
		models.After = []string{task.ID}
		models.Outputs = []Partition{table}
		dag.Tasks = append(dag.Tasks, task, models)
	} else {
		dag.Tasks = append(dag.Tasks, task)
	}
	b.writes(dag, c, append(intermediate, table)...)
}

// joinWaits are the partitions that computing a join needs: what the compiler listed, and the sources of GroupBys that stand in for external
// parts, which it does not list (join.py walks the join parts only).
func (b *builder) joinWaits(c *Conf, dag *DAG) []Wait {
	waits := b.waits(c, c.doc.Meta, "metaData", dag)
	for i, part := range c.doc.ExternalParts {
		if gb := part.Source.OfflineGroupBy; gb != nil && gb.Meta != nil {
			at := fmt.Sprintf("onlineExternalParts[%d].source.offlineGroupBy.metaData", i)
			waits = addWaits(waits, b.waits(c, gb.Meta, at, dag)...)
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
	b.writes(dag, c, logged)
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
	dag.Tasks = append(dag.Tasks, task, Task{
		ID: "summary", Conf: c.Name, ConfFile: c.File, Mode: ModeSummary, Lag: task.Lag, After: []string{task.ID}, Table: result.Table, Sample: sample,
	})
	b.writes(dag, c, result, Partition{Table: c.table() + suffixComparison}, Partition{Table: result.Table + suffixUpload})
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
	for _, wait := range b.waits(c, meta, "labelPart.metaData", dag) {
		if strings.EqualFold(wait.Partition.Table, c.table()) && lag > 0 {
			wait = ownWait(Partition{Table: c.table(), Fields: []Field{b.env.dayField(-lag)}}) // the join itself stays behind by its lag
		}
		task.Waits = addWaits(task.Waits, wait)
	}
	newest := -lag - (int(part.LeftEndShift.value) - 1)
	labels.Fields = []Field{{Column: "label_ds", Value: b.env.dayField(-lag).Value}, b.env.dayField(newest)}
	task.Outputs = []Partition{labels}
	dag.Tasks = append(dag.Tasks, task)
	b.writes(dag, c, labels, Partition{Table: c.table() + suffixLabeled}, Partition{Table: c.table() + suffixLatestLabel})
}
