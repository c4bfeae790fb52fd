package dagspec

import (
	"fmt"
	"maps"
	"path"
	"time"
)

// dag is the definition of one DAG for the runtime.
func (r *renderer) dag(dag *DAG) (pyValue, error) {
	var tasks pyTuple
	written := map[string]bool{}
	for i := range dag.Tasks {
		for _, wait := range dag.Tasks[i].Waits {
			if id := wait.waitID(); !written[id] {
				written[id] = true
				tasks = append(tasks, waitValue(id, wait))
			}
		}
	}
	for i := range dag.Tasks {
		task, err := r.task(dag, &dag.Tasks[i])
		if err != nil {
			return nil, fmt.Errorf("task %s: %w", dag.Tasks[i].ID, err)
		}
		tasks = append(tasks, task)
	}
	return call("Dag").
		with("id", dag.ID).with("kind", string(dag.Kind)).with("team", dag.Team).unless("join", dag.Join, "").
		with("cron", dag.Schedule).with("start", dag.Start.String()).with("catchup", dag.Catchup).with("hash", dag.Hash).
		unless("owner", dag.Owner, "").unless("queue", dag.Queue, "").unless("user", dag.User, "").
		withTexts("emails", dag.Emails).with("tasks", tasks), nil
}

// withTexts adds a keyword argument for a list of strings that is not empty.
func (c pyCall) withTexts(key string, values []string) pyCall {
	if len(values) == 0 {
		return c
	}
	return c.with(key, pyTexts(values))
}

func waitValue(id string, w Wait) pyValue {
	return call("Wait").with("id", id).with("partition", partitionValue(w.Partition)).
		unless("start", w.Start.String(), "").unless("end", w.End.String(), "").unless("inside", w.ProducedBy != "", false)
}

func partitionValue(p Partition) pyValue {
	if len(p.Fields) == 0 {
		return call("Partition", p.Table)
	}
	var fields pyTuple
	for _, field := range p.Fields {
		var pieces pyTuple
		for _, piece := range field.Value {
			if piece.Day != nil {
				pieces = append(pieces, dayValue(*piece.Day))
			} else {
				pieces = append(pieces, piece.Text)
			}
		}
		fields = append(fields, pyTuple{field.Column, pieces})
	}
	return call("Partition", p.Table, fields)
}

func dayValue(d Day) pyValue {
	return call("Ds").unless("shift", d.Shift, 0).unless("layout", d.layout(), isoDay)
}

// task is the definition of one task.
func (r *renderer) task(dag *DAG, t *Task) (pyValue, error) {
	switch t.Mode {
	case ModeSummary:
		summary := call("Summary").with("id", t.ID)
		if dag.Kind == KindStreaming {
			summary = summary.with("of", "keep_alive")
		} else {
			summary = summary.with("of", "consistency").with("conf", t.Conf).with("table", t.Table)
			if t.Sample > 0 {
				summary = summary.with("sample_percent", t.Sample)
			}
			summary = summary.unless("lag", t.Lag, 0)
		}
		return summary.withTexts("after", t.After), nil
	case ModeKVLoad:
		return call("KvLoad").with("id", t.ID).with("conf", t.Conf).with("table", t.Table).with("dataset", t.Dataset).
			unless("schedule", t.Schedule, "").unless("lag", t.Lag, 0).unless("keeps_days", dag.Kind != KindBatch, false).withTexts("after", t.After), nil
	case ModeBackfill, ModeBackfillLeft, ModeBackfillFinal, ModeUpload, ModeStreaming, ModeConsistency, ModeLogFlattener, ModeLabelJoin,
		ModeModelTransform, ModeStats, ModeLogStats, ModeMetadataUpload, ModeMetadataExport:
		return r.job(t)
	default:
		return nil, fmt.Errorf("there is no way to write a task of mode %q", t.Mode)
	}
}

func (r *renderer) job(t *Task) (pyValue, error) {
	var argv, outputs pyTuple
	for _, arg := range t.Argv {
		value, err := r.arg(arg)
		if err != nil {
			return nil, err
		}
		argv = append(argv, value)
	}
	for _, output := range t.Outputs {
		outputs = append(outputs, partitionValue(output))
	}
	var after []string
	for _, wait := range t.Waits {
		after = append(after, wait.waitID())
	}
	job := call("Job").with("id", t.ID).with("mode", string(t.Mode)).with("conf", t.Conf).with("argv", argv)
	if env := r.ownEnv(t.Env); len(env) > 0 {
		job = job.with("env", env)
	}
	job = job.unless("schedule", t.Schedule, "").unless("lag", t.Lag, 0).unless("coalesce", t.Coalesce, true)
	if len(outputs) > 0 {
		job = job.with("outputs", outputs)
	}
	return job.withTexts("after", append(after, t.After...)).unless("part", t.Part, "").unless("table", t.Table, ""), nil
}

// ownEnv is what a task's environment has besides that of all tasks, which is in the settings.
func (r *renderer) ownEnv(env map[string]string) pyDict {
	own := pyDict(maps.Clone(env))
	maps.DeleteFunc(own, func(key, value string) bool { return r.s.Run.Env[key] == value })
	return own
}

// arg is one element of a command line. A file of the repository travels with the release, or stays a path below the working directory.
func (r *renderer) arg(arg Arg) (pyValue, error) {
	switch {
	case len(arg.Pieces) > 0:
		return nil, fmt.Errorf("the element %q mixes text and days, which a job's command line cannot", arg.template())
	case arg.Day != nil:
		return dayValue(*arg.Day), nil
	case len(arg.Files) > 0 && r.s.Bundle:
		var files pyTuple
		for _, file := range arg.Files {
			files = append(files, bundledConf(file.Path, file.Sum))
		}
		return call("Gathered", arg.Text, files), nil
	case arg.File && r.s.Bundle && arg.Text == ".":
		return call("Bundled", bundledTeams(arg.Sum)), nil
	case arg.File && r.s.Bundle:
		return call("Bundled", bundledConf(arg.Text, arg.Sum)), nil
	default:
		return arg.Text, nil
	}
}

// bundledConf is where a conf lies below the support folder.
func bundledConf(file, sum string) string { return path.Join("confs", sum, file) }

// bundledTeams is the folder of a team's part of teams.json below the support folder.
func bundledTeams(sum string) string { return path.Join("teams", sum) }

// supply puts the files that a DAG's jobs name into the release.
func (r *renderer) supply(dag *DAG) error {
	if !r.s.Bundle {
		return nil
	}
	for i := range dag.Tasks {
		for _, arg := range dag.Tasks[i].Argv {
			if err := r.supplyArg(dag, arg); err != nil {
				return fmt.Errorf("task %s: %w", dag.Tasks[i].ID, err)
			}
		}
	}
	return nil
}

func (r *renderer) supplyArg(dag *DAG, arg Arg) error {
	if arg.File && arg.Text == "." {
		r.add(File{Path: path.Join(SupportFolder, bundledTeams(arg.Sum), teamsFile), Data: r.repo.teams.part(dag.Team)})
		return nil
	}
	wanted := arg.Files
	if arg.File {
		wanted = []Source{{arg.Text, arg.Sum}}
	}
	for _, file := range wanted {
		c, ok := r.confs[file.Path]
		if !ok || c.sum[:sumLength] != file.Sum {
			return fmt.Errorf("%s is no conf of the repository, or another one than it was", file.Path)
		}
		r.add(File{Path: path.Join(SupportFolder, bundledConf(file.Path, file.Sum)), Data: c.Raw})
	}
	return nil
}

// settingsValue is the project file as far as tasks of a kind need it. What they do not need is left out, so that a change of it leaves their DAGs
// as they are.
func settingsValue(kind Kind, s Settings) pyValue {
	settings := call("Settings").with("repo", s.Run.Repo)
	if len(s.Run.Env) > 0 {
		settings = settings.with("env", pyDict(s.Run.Env))
	}
	settings = settings.unless("queue", s.Run.Queue, "").unless("pool", s.Run.Pool, "").
		with("retries", s.DAGs.Retries).with("retry_delay_s", seconds(s.DAGs.RetryDelay)).with("timeout_s", seconds(s.DAGs.Timeout)).
		unless("alert", s.DAGs.Alert, "").unless("runner", s.Run.Runner, "").with("sensor", sensorValue(s.Sensors))
	switch kind {
	case KindBatch:
		if s.KVLoad != nil && !s.NoKVLoad {
			settings = settings.with("kv_load", loaderValue(*s.KVLoad))
		}
	case KindStreaming:
		settings = settings.with("streaming", call("Streaming").with("tick_s", seconds(s.Stream.Every)).with("max_restarts", s.Stream.MaxRestarts))
	case KindComparison:
		settings = settings.with("consistency", call("Consistency").with("reader", s.Compare.Reader).withTexts("argv", s.Compare.Argv).
			unless("connection", s.Compare.Connection, "").with("mismatch", s.Compare.Mismatch).with("missing", s.Compare.Missing).
			with("min_rows", s.Compare.MinRows).with("fail_task", s.Compare.FailTask))
	case KindStagingQuery, KindJoin, KindLabelJoin, KindLogFlattening, KindStats, KindMetadataUpload:
	}
	if s.loadsStats() && (kind == KindStats || kind == KindJoin || kind == KindComparison) {
		settings = settings.with("kv_load", loaderValue(*s.KVLoad))
	}
	return settings
}

func loaderValue(s CommandOrCallable) pyCall {
	return call("KvLoader").withTexts("argv", s.Argv).unless("callable", s.Callable, "")
}

func sensorValue(s SensorSettings) pyValue {
	return call("Sensor").with("kind", s.Kind).unless("connection", s.Connection, "").withTexts("argv", s.Argv).unless("callable", s.Callable, "").
		with("poke_s", seconds(s.Poke)).with("timeout_s", seconds(s.Timeout)).unless("pool", s.Pool, "").
		unless("missing_table_s", seconds(s.MissingTable), 3600) // the class's default
}

// renderSettings is settingsValue on one line, for the hash of a DAG.
func renderSettings(kind Kind, s Settings) string {
	return pyInline(settingsValue(kind, s))
}

func seconds(d time.Duration) int { return int(d / time.Second) }
