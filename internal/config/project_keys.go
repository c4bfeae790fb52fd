package config

import (
	"time"

	"chrononctl/dagspec"
)

// section is a group of keys with what they are about.
type section struct{ name, doc string }

// sections are the groups of the project file in their order.
func sections() []section {
	return []section{
		{"chronon", "The compiled confs, and how the workers get them."},
		{"run", "How Chronon's run.py is started on a worker."},
		{"dags", "What holds for every DAG. teams.json may say otherwise for a team: dag_start_date, airflow_queue, user, maintainer_emails, team_name."},
		{"sensors", "How a partition is looked for: by the waits, after each job, and to see whether a day may be left to the next."},
		{"streaming", "How streaming jobs are kept alive."},
		{"consistency", "How the result of an online/offline comparison is read and judged."},
		{"serving", "How long rows live in the KV store, which only its owner knows: after that, what is served is wrong or gone."},
		{"targets", "Where deploy puts the DAG files: a section for each place, under a name of your choice."},
	}
}

// Keys is the whole grammar of the project file, in the order in which people read it. The reader, the JSON Schema, the file that init writes,
// config show and the documentation are made from it.
func Keys() []Key {
	keys := []Key{
		setting("version", version(), func(p *Project) *int { return &p.Version }, "Version of this file's format."),
		namingKey(),
		setting("layout", oneOf("team", "dag"), func(p *Project) *string { return &p.Settings.Layout },
			"Which DAGs share a file: a team's DAGs of one kind (`team`), or none (`dag`)."),
		kvLoadKey(),
		setting("chronon.confs", text(), func(p *Project) *string { return &p.Settings.ConfRoot }, "Folder of the compiled confs, below the repository."),
		deliveryKey(),
	}
	keys = append(keys, runKeys()...)
	keys = append(keys, dagKeys()...)
	keys = append(keys, sensorKeys()...)
	keys = append(keys, streamKeys()...)
	keys = append(keys, servingKeys()...)
	keys = append(keys, compareKeys()...)
	return append(keys, targetKeys()...)
}

func runKeys() []Key {
	run := func(p *Project) *dagspec.RunSettings { return &p.Settings.Run }
	return []Key{
		setting("run.python", text(), func(p *Project) *string { return &run(p).Python }, "Python interpreter on the workers that has chronon-ai."),
		setting("run.run_py", text(), func(p *Project) *string { return &run(p).RunPy },
			"Path of run.py on the workers; without it the module ai.chronon.repo.run is run.").like("/srv/chronon/scripts/run.py"),
		setting("run.repo", text(), func(p *Project) *string { return &run(p).Repo },
			"Working directory of every job: the folder on the workers that holds scripts/spark_submit.sh."),
		setting("run.env", pairs(), func(p *Project) *map[string]string { return &run(p).Env },
			"Environment variables of every job, added to those of the worker.").like("{CHRONON_DRIVER_JAR: /srv/chronon/driver.jar}"),
		setting("run.args", texts(), func(p *Project) *[]string { return &run(p).Args },
			"More arguments for run.py, without white space.").like("[--chronon-jar, /srv/chronon/driver.jar]"),
		setting("run.queue", text(), func(p *Project) *string { return &run(p).Queue },
			"Airflow queue of every task whose team has no airflow_queue in teams.json.").like("spark"),
		setting("run.pool", text(), func(p *Project) *string { return &run(p).Pool },
			"Airflow pool of the jobs; it must exist.").like("chronon_jobs"),
		setting("run.runner", callable(), func(p *Project) *string { return &run(p).Runner },
			"Function that returns another Airflow operator (a pod, SSH) for a job's argv; without it jobs run on the worker.").like("ours.chronon:in_a_pod"),
	}
}

func dagKeys() []Key {
	dags := func(p *Project) *dagspec.DAGSettings { return &p.Settings.DAGs }
	return []Key{
		setting("dags.start_date", date(), func(p *Project) *dagspec.Date { return &dags(p).Start },
			"First day of every DAG whose team has no dag_start_date, from which it catches up; without one DAGs do not catch up.").like("2026-01-01"),
		setting("dags.retries", count(), func(p *Project) *int { return &dags(p).Retries }, "How often a failed job is tried again."),
		setting("dags.retry_delay", span(), func(p *Project) *time.Duration { return &dags(p).RetryDelay }, "Pause before a failed job is tried again."),
		setting("dags.timeout", span(), func(p *Project) *time.Duration { return &dags(p).Timeout }, "How long one job may run."),
		setting("dags.alert", callable(), func(p *Project) *string { return &dags(p).Alert },
			"Function that is called with Airflow's context when a task fails.").like("ours.alerts:page"),
		setting("dags.parts", counts(), func(p *Project) *map[string]int { return &dags(p).Parts },
			"Into how many DAGs of each kind the confs of a large team are divided, by team; `validate` says when a DAG is too large for Airflow's database.").like("{payments: 2}"),
		setting("dags.join_backfill", oneOf("job", "parts"), func(p *Project) *string { return &p.Settings.JoinBackfill },
			"How a join's table is filled: by one job, or by tasks for the left side, each part and the join of them (`parts`)."),
		setting("dags.stats", truth(), func(p *Project) *bool { return &p.Settings.Stats }, "Whether each team has a DAG for the daily statistics of its joins."),
		setting("dags.load_stats", truth(), func(p *Project) *bool { return &p.Settings.LoadStats },
			"Whether the rows of statistics and comparisons go into the KV store, with kv_load."),
		setting("dags.metadata_export", text(), func(p *Project) *string { return &p.Settings.MetadataExport },
			"Table into which a task writes every conf each day, with the types of its columns. The workers need the repository.").like("chronon.confs"),
		setting("dags.metadata_upload", truth(), func(p *Project) *bool { return &p.Settings.MetadataUpload },
			"Whether a DAG uploads the confs of the joins into the KV store every day."),
	}
}

func sensorKeys() []Key {
	s := func(p *Project) *dagspec.SensorSettings { return &p.Settings.Sensors }
	return []Key{
		setting("sensors.kind", oneOf("hive", "sql", "command", "callable", "none"), func(p *Project) *string { return &s(p).Kind },
			"Who is asked: the Hive metastore, a database, a command, a Python function, or nobody."),
		setting("sensors.connection", text(), func(p *Project) *string { return &s(p).Connection }, "Airflow connection of the kinds hive and sql."),
		setting("sensors.argv", texts(), func(p *Project) *[]string { return &s(p).Argv },
			"Command of the kind command: exit status 0 is there, 1 is not there, anything else is an error.").like(`[has-partition, "{table}", "{partition}", "{ds}"]`),
		setting("sensors.callable", callable(), func(p *Project) *string { return &s(p).Callable },
			"Function of the kind callable: called with table and partition, it returns whether that is there.").like("ours.tables:is_there"),
		setting("sensors.poke", span(), func(p *Project) *time.Duration { return &s(p).Poke }, "Pause between two looks of a wait."),
		setting("sensors.timeout", span(), func(p *Project) *time.Duration { return &s(p).Timeout }, "How long a wait lasts before it fails."),
		setting("sensors.missing_table", span(), func(p *Project) *time.Duration { return &s(p).MissingTable },
			"How long a wait bears that the table itself does not exist (kind hive); 0s bears it as long as a missing partition."),
		setting("sensors.pool", text(), func(p *Project) *string { return &s(p).Pool }, "Airflow pool of the waits; it must exist.").like("chronon_sensors"),
	}
}

func streamKeys() []Key {
	s := func(p *Project) *dagspec.StreamSettings { return &p.Settings.Stream }
	return []Key{
		setting("streaming.every", span(), func(p *Project) *time.Duration { return &s(p).Every }, "Pause between two looks at a stream: a divisor of an hour."),
		setting("streaming.list_apps", texts(), func(p *Project) *[]string { return &s(p).ListApps },
			"Command that lists the running applications, without white space in an element; without it run.py asks YARN.").like("[yarn, application, -list]"),
		setting("streaming.max_restarts", count(), func(p *Project) *int { return &s(p).MaxRestarts },
			"Restarts within 24 hours after which a stream counts as flapping and is left down."),
	}
}

func servingKeys() []Key {
	return []Key{
		setting("serving.stream_ttl", span(), func(p *Project) *time.Duration { return &p.Serving.Stream },
			"How long what a stream writes lives; once the newest upload is older, streaming features are partly wrong. 0s: not known."),
		setting("serving.batch_ttl", span(), func(p *Project) *time.Duration { return &p.Serving.Batch },
			"How long what an upload loads lives; after that nothing is returned. 0s: not known."),
	}
}

func compareKeys() []Key {
	c := func(p *Project) *dagspec.CompareSettings { return &p.Settings.Compare }
	return []Key{
		setting("consistency.reader", oneOf("spark", "sql", "command"), func(p *Project) *string { return &c(p).Reader },
			"Who reads the table of results: a small Spark job, a database over an Airflow connection, or a command."),
		setting("consistency.connection", text(), func(p *Project) *string { return &c(p).Connection }, "Airflow connection of the reader sql.").like("trino_default"),
		setting("consistency.argv", texts(), func(p *Project) *[]string { return &c(p).Argv },
			"Command that prints one JSON object per row of {table} from {ds_from} to {ds_to} (reader command), or spark-submit with its options (reader spark).").
			like(`[spark-submit, --master, yarn, --deploy-mode, client]`),
		setting("consistency.budgets.mismatch", share(), func(p *Project) *float64 { return &c(p).Mismatch },
			"Highest share of differing values among the rows that have a value on both sides."),
		setting("consistency.budgets.missing", share(), func(p *Project) *float64 { return &c(p).Missing }, "Highest share of rows that lack a value on one side."),
		setting("consistency.min_rows", count(), func(p *Project) *int { return &c(p).MinRows }, "Rows that a rate needs to be judged."),
		setting("consistency.fail_task", truth(), func(p *Project) *bool { return &c(p).FailTask }, "Whether a breach of the budgets fails the summary task."),
	}
}
