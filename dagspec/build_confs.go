package dagspec

import "strings"

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
	task.Waits = b.waits(c, meta.needs, "metaData", dag)
	if len(meta.CustomJSON.PartitionColumns.values) == 0 {
		task.Outputs = []Partition{output} // with more columns nobody knows their values, and a sensor needs them all
	}
	dag.Tasks = append(dag.Tasks, task)
	b.writes(dag, task, output)
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
		task.Waits = b.waits(c, meta.needs, "metaData", dag)
		task.Outputs = []Partition{table}
		dag.Tasks = append(dag.Tasks, task)
		b.writes(dag, task, table)
		if c.doc.Incremental.value {
			b.writes(dag, task, Partition{Table: c.table() + suffixIncremental, Fields: table.Fields})
		}
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
	task.Waits = b.waits(c, meta.needs, "metaData", dag)
	task.Outputs = []Partition{output}
	dag.Tasks = append(dag.Tasks, task)
	b.writes(dag, task, output)
	switch {
	case b.s.NoKVLoad:
	case b.s.KVLoad == nil:
		b.about(c.File).warn(codeKVLoad, "metaData.online", "its values are computed every day and never loaded into the KV store",
			"say how in chrononctl.yaml: kv_load with argv or callable, or kv_load: none")
	default:
		load := b.kvLoad(c, &task, output.Table, c.kvDataset())
		dag.Tasks = append(dag.Tasks, load)
	}
}

// kvLoad is the task that loads the table which a job has written into a dataset of the KV store.
func (b *builder) kvLoad(c *Conf, job *Task, table, dataset string) Task {
	load := Task{
		ID: taskID(ModeKVLoad, c), Conf: c.Name, ConfFile: c.File, Mode: ModeKVLoad, Schedule: job.Schedule, Env: b.s.Run.Env, Lag: job.Lag,
		Coalesce: job.Coalesce, After: []string{job.ID}, Table: table, Dataset: dataset,
	}
	for _, template := range b.s.KVLoad.Argv {
		load.Argv = append(load.Argv, b.loadArg(template, &load))
	}
	return load
}

// loadsStats tells whether the rows of statistics and comparisons go into the KV store.
func (s Settings) loadsStats() bool { return s.LoadStats && s.KVLoad != nil && !s.NoKVLoad }

// statsLoad makes the job compute its own day in every run, and returns the load of that day's rows. Their table has a partition for each day
// (SummaryJob.scala, ConsistencyJob.scala), so a day that a newer one computed along with its own would never be loaded.
func (b *builder) statsLoad(c *Conf, job *Task, table, dataset string) Task {
	job.Coalesce = false
	load := b.kvLoad(c, job, table, dataset)
	load.ID = taskWords[ModeKVLoad] + "__" + job.ID
	return load
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
	task.Coalesce, task.Table = false, c.table()+suffixUpload
	if len(dag.Tasks) == 0 {
		dag.Tasks = []Task{{ID: SummaryTask, Mode: ModeSummary}}
	}
	last := len(dag.Tasks) - 1
	summary := dag.Tasks[last]
	summary.After = append(summary.After, task.ID)
	dag.Tasks = append(dag.Tasks[:last], task, summary)
}
